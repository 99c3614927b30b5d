"""An actor in words: a row of the list and its full card, as HTML built from escaped parts only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pandas as pd

from essmap import reference
from essmap.schema.snapshot import LIST
from essmap.texts import t
from essmap.view.format import escape, euros, integer, link, safe_link
from essmap.view.rows import each_row

#: Where nobody says what sources are called.
NOT_NAMED: Final[Mapping[str, str]] = MappingProxyType({})
#: How the shapes of the map are drawn in CSS.
_SHAPES: Final = {
    "circle": "border-radius: 50%;",
    "square": "",
    "triangle": "clip-path: polygon(50% 0, 100% 100%, 0 100%);",
    "diamond": "clip-path: polygon(50% 0, 100% 50%, 50% 100%, 0 50%);",
    "star": "width: 14px; height: 14px; clip-path: polygon(50% 0, 61% 35%, 98% 35%, 68% 57%, 79% 91%, 50% 70%, "
    "21% 91%, 32% 57%, 2% 35%, 39% 35%);",
    "ring": "background: none; border: 3.5px solid var(--axis); border-radius: 50%;",
}


def axis_badges(axes: Iterable[str]) -> str:
    """Return the badges of some axes: colour and shape never go without the name."""
    table = reference.axes()
    keys = list(axes) or ["none"]
    return "".join(f'<span class="axis-{escape(key)}">{escape(table.at[key, "label"])}</span>' for key in keys)


def axis_style_sheet() -> str:
    """Return the style sheet that draws each axis before its name, with the shape and colour it has on the map.

    Drawn by a class, a badge weighs half of what it would with its drawing inside; screen readers read the name alone.
    """
    rules = (
        f".axis-{row.Index}::before {{ --axis: {row.colour}; {_SHAPES[row.shape]} }}\n"
        for row in each_row(reference.axes())
    )
    return "".join(rules)


def list_row(actor: Any, *, is_link: bool = False) -> str:
    """Return one actor of the result list, without what the style sheet can tell by place: a page sends twenty.

    Parameters
    ----------
    actor : named tuple
        A row of `essmap.schema.tables.ACTORS`.
    is_link : bool
        Whether the name leads to the actor's card on Découvrir.
    """
    name = card_link(actor.actor_id, actor.name) if is_link else escape(actor.name)
    form = reference.legal_forms().at[actor.legal_form, "label"]
    supported = f'<span class="essmap-supported">{escape(t("card.supported"))}</span>' if actor.is_supported else ""
    activity = f"<p>{escape(actor.activity)}</p>" if isinstance(actor.activity, str) else ""
    return (
        f'<article class="essmap-row"><h3>{name}</h3>'
        f"<p>{escape(form)} · {escape(actor.commune_name)}</p>{activity}"
        f"<p>{axis_badges(actor.axes)}{supported}</p></article>"
    )


def actor_card(
    actor: Any, projects: pd.DataFrame, *, report_address: str, page_url: str, sources: Mapping[str, str] = NOT_NAMED
) -> str:
    """Return the full card of an actor.

    Parameters
    ----------
    actor : named tuple
        A row of `essmap.schema.tables.ACTORS`.
    projects : DataFrame
        The supports that name it (`essmap.schema.tables.PROJECTS`).
    report_address : str
        Where corrections go; empty: the deployer has not said.
    page_url : str
        Link that opens this card, for the mail.
    sources : mapping
        What people call each source, by its key.

    Returns
    -------
    str
        HTML: a heading of level 2, a definition list, the supports, the source, the way to report an error.
    """
    forms, domains = reference.legal_forms(), reference.domains()
    family = reference.families().loc[actor.family]
    form = forms.loc[actor.legal_form]
    facts = [
        (t("card.family"), f"{escape(form['label'])}<br><small>{escape(form['explanation'])}</small>"),
        (t("card.domains"), escape(", ".join(str(domains.at[key, "label"]) for key in actor.domains))),
        (t("card.place"), _place(actor)),
    ]
    if form["label"] != family["label"]:
        facts.insert(1, (t("card.big_family"), escape(family["label"])))
    if (site := safe_link(actor.website)) is not None:
        facts.append((t("card.website"), link(site, _host(site))))
    if isinstance(actor.siren, str):
        facts.append((t("card.siren"), escape(actor.siren)))
    facts.append((t("card.seen"), _source(actor, sources) + _unconfirmed(actor)))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in facts)
    activity = f'<p class="essmap-lead">{escape(actor.activity)}</p>' if isinstance(actor.activity, str) else ""
    label = escape(t("card.title", name=actor.name))
    return (
        f'<section class="essmap-card" tabindex="-1" aria-label="{label}">'
        f"<h2>{escape(actor.name)}</h2>"
        f'<p class="essmap-badges">{axis_badges(actor.axes)}</p>{activity}<dl>{rows}</dl>'
        f"{_supports(projects, sources)}{report_link(actor.actor_id, actor.name, report_address, page_url)}</section>"
    )


def card_link(actor_id: str, name: str) -> str:
    """Return a link to the card of an actor on Découvrir."""
    return f'<a href="{escape(f"./?acteur={quote(actor_id)}")}" target="_self">{escape(name)}</a>'


def report_link(identifier: str, name: str, address: str, page_url: str) -> str:
    """Return « Signaler une erreur »: a mail to the deployer with the identifier and the link; nothing is stored."""
    if not address:
        return f'<p class="essmap-meta">{escape(t("card.report_missing"))}</p>'
    subject = quote(t("card.report_subject", name=name))
    body = quote(t("card.report_body", identifier=identifier, url=page_url))
    href = f"mailto:{quote(address, safe='@.+-_')}?subject={subject}&body={body}"
    return f'<p><a href="{escape(href)}">{escape(t("card.report"))}</a></p>'


def amount(value: float | None) -> str:
    """Return an amount, or that it is not known."""
    return t("card.amount_unknown") if value is None or pd.isna(value) else euros(value)


def year(value: object) -> str:
    """Return a year, or that it is not known."""
    return t("card.year_unknown") if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


def source_page(url: str, label: str, *, about: str = "") -> str:
    """Return a link to the page a row comes from, or its label alone if the address is not one.

    ``about`` is read by screen readers after the label, so that links of a table differ.
    """
    address = safe_link(url)
    return link(address, label, about=about) if address else escape(label)


def support_source(project: Any, label: str, sources: Mapping[str, str], *, about: str = "") -> str:
    """Return where a support is said: a link to the page, or the list that somebody brought in; else nothing."""
    if project.source_url:
        return source_page(project.source_url, label, about=about)
    return escape(sources.get(project.source, "")) if project.source.startswith(LIST) else ""


def _place(actor: Any) -> str:
    position = reference.positions().loc[actor.geo_precision]
    address = [part for part in (actor.address, actor.postcode) if isinstance(part, str)]
    line = " ".join([", ".join(address), actor.commune_name]) if address else actor.commune_name
    why = t("card.sensitive") if actor.is_sensitive else position["explanation"]
    return f"{escape(line)}<br><small>{escape(why)}</small>"


def _source(actor: Any, sources: Mapping[str, str]) -> str:
    kind = reference.source_kinds().loc[actor.source_kind]
    known = not pd.isna(actor.source_year)
    when = t("card.seen_in", year=actor.source_year) if known else t("card.seen_undated")
    address = safe_link(actor.source_url)
    if not bool(kind["is_linked"]) or address is None:
        noted = escape(t("card.noted_in", year=actor.source_year) if known else t("card.noted_undated"))
        of_list = sources.get(actor.source) if actor.source.startswith(LIST) else None
        return f"{escape(of_list)}<br><small>{noted}</small>" if of_list else noted
    page = link(address, t("card.source_link", kind=kind["label"], host=_host(address)))
    return f"{page}<br><small>{escape(when)}</small>"


def _unconfirmed(actor: Any) -> str:
    """Return that no register has the actor; nothing where one has it, or none was read."""
    is_missing = not pd.isna(actor.is_confirmed) and not actor.is_confirmed
    return f"<br><small>{escape(t('card.unconfirmed'))}</small>" if is_missing else ""


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _supports(projects: pd.DataFrame, sources: Mapping[str, str]) -> str:
    if projects.empty:
        return f"<h3>{escape(t('card.supports'))}</h3><p>{escape(t('card.no_support'))}</p>"
    kinds = reference.support_kinds()
    items = []
    for project in each_row(projects.sort_values("year", ascending=False)):
        parts = [str(kinds.at[project.support_kind, "label"]), year(project.year)]
        if project.support_kind in {"grant", "capital"} or not pd.isna(project.amount_eur):
            parts.append(amount(project.amount_eur))
        said = [escape(part) for part in parts]
        if where := support_source(project, t("card.support_source"), sources):
            said.append(where)
        items.append(f"<li>{escape(project.programme)}<br><small>{' · '.join(said)}</small></li>")
    title = t("card.supports_count", n=len(projects), n_text=integer(len(projects)))
    return f"<h3>{escape(title)}</h3><ul>{''.join(items)}</ul>"
