"""How far people are from actors, and where new ones would help, in words, colours of the map and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from essmap.analysis.access import Access
from essmap.analysis.siting import Siting
from essmap.texts import t
from essmap.view.cards import card_link
from essmap.view.exports import people_csv
from essmap.view.format import DASH, decimal, integer
from essmap.view.legend import Entry, legend_html
from essmap.view.places import territory_link
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, bar, html_table

#: From near to far; a commune with an actor that is known only to it has no distance to draw. Source of the colours:
#: ColorBrewer YlOrBr, 5 classes, readable in grey.
DISTANCE_FILLS: Final = {
    "within": "#9ec9b5",
    "near": "#fff1c9",
    "middle": "#fec44f",
    "far": "#d9730d",
    "beyond": "#7a2f04",
}

#: Who serves a commune. Colour-blind safe, in three steps of grey.
SERVED_FILLS: Final = {"existing": "#cfd8dc", "plan": "#2a9d8f", "proposed": "#8e5ea2", "nobody": "#f5f0e6"}

_FARTHEST: Final = 20


def access_fills(result: Access) -> dict[str, dict[str, str]]:
    """Return how each commune is drawn by its distance to the nearest actor; hatched where none can be said."""
    limits = [float(limit) for limit in result.beyond["threshold"]]
    names = ("near", "middle", "far", "beyond")
    found = {}
    for row in each_row(result.communes):
        words = {"name": row.name, "population": integer(row.population)}
        if row.kind == "unknown" or (pd.isna(row.distance) and row.kind != "within"):
            found[row.code] = {"class": "unknown", "pattern": "hatch", "label": t("access.tip_unknown", **words)}
        elif row.kind == "within":
            found[row.code] = {"class": "within", "label": t("access.tip_within", **words)}
        else:
            name = names[sum(row.distance > limit for limit in limits)]
            label = t(f"access.tip_{row.kind}", km=decimal(row.distance), **words)
            found[row.code] = {"class": name, "label": label}
    return found


def access_legend() -> str:
    """Return the legend of the map of distances, in words."""
    entries = [Entry(t(f"access.class_{key}"), colour) for key, colour in DISTANCE_FILLS.items()]
    return legend_html(t("access.legend"), [*entries, Entry(t("access.class_unknown"), mark="hatch")])


def access_sentences(result: Access) -> list[str]:
    """Return what the access of the whole department comes to, one plain sentence each."""
    summary = result.summary
    if summary.status == "no_actor":
        return [t("reach.no_actor")]
    said = [
        t("reach.access_actors", n=summary.actors, n_text=integer(summary.actors),
          located=integer(summary.actors_located), outside=integer(summary.actors_outside)),
    ]  # fmt: skip
    if summary.mean_distance is None:
        said.append(t("reach.no_mean"))
    else:
        share = decimal(100 * (summary.located_share or 0), 0)
        said.append(t("reach.mean", distance=decimal(summary.mean_distance), unit=t("reach.unit.km"), share=share))
    return said


def access_limits(result: Access) -> list[str]:
    """Return what a distance does not say."""
    said = [t("access.straight")]
    summary = result.summary
    if summary.border_communes:
        n = summary.border_communes
        said.append(t("reach.border", n=n, n_text=integer(n), population=integer(summary.border_population)))
    return said


def beyond_table(result: Access) -> str:
    """Return how many inhabitants live farther than each distance."""
    headings = [
        Heading(t("access.farther")),
        *(Heading(t(f"access.{name}"), is_number=True) for name in ("people", "share", "unknown_people")),
    ]
    rows: list[list[str | Html]] = [
        [
            t("access.threshold", km=decimal(row.threshold, 0)),
            integer(row.beyond),
            DASH if pd.isna(row.share_beyond) else bar(f"{decimal(100 * row.share_beyond)} %", row.share_beyond),
            integer(row.unknown),
        ]
        for row in each_row(result.beyond)
    ]
    return html_table(t("access.beyond_caption"), headings, rows)


def farthest_table(result: Access, actors: pd.DataFrame) -> str:
    """Return the communes that are farthest from an actor, with the nearest one."""
    known = result.communes[result.communes["kind"].isin(["located", "approximate"])]
    shown = known.sort_values(["distance", "population"], ascending=[False, False]).head(_FARTHEST)
    names = actors.set_index("actor_id")["name"]
    headings = [
        Heading(t("reach.columns.commune")),
        Heading(t("reach.columns.population"), is_number=True),
        Heading(t("access.distance"), is_number=True),
        Heading(t("reach.columns.actor")),
        Heading(t("access.score"), is_number=True),
    ]
    rows: list[list[str | Html]] = [
        [
            territory_link("commune", row.code, row.name),
            integer(row.population),
            t("access.km" if row.kind == "located" else "access.about_km", km=decimal(row.distance)),
            Html(card_link(row.actor_id, str(names[row.actor_id]))),
            DASH if pd.isna(row.score_per_10k) else decimal(row.score_per_10k, 2),
        ]
        for row in each_row(shown)
    ]
    return html_table(t("access.farthest_caption", n=len(rows)), headings, rows)


def access_csv(result: Access, actors: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """Return the access of every commune as a file for spreadsheets."""
    names = actors.set_index("actor_id")["name"]
    frame = result.communes.assign(
        actor=result.communes["actor_id"].map(names),
        kind=result.communes["kind"].map(lambda kind: t(f"reach.kind.{kind}")),
        border=result.communes["border"].map({True: t("opendata.yes"), False: t("opendata.no")}),
    ).round({"distance": 2, "border_km": 1, "score_per_10k": 4})
    columns = ("code", "name", "population", "distance", "kind", "actor", "in_reach", "score_per_10k", "border")
    table = frame[list(columns)].set_axis([t(f"access.columns.{name}") for name in columns], axis=1)
    return people_csv(table.assign(**dict(about)))


def siting_fills(result: Siting, proposed: str | None, gained: list[str]) -> dict[str, dict[str, str]]:
    """Return how each commune is drawn: reached today, by the plan, by the commune proposed, or by nobody.

    Parameters
    ----------
    result : Siting
    proposed : str or None
        Commune that somebody proposes instead of the plan.
    gained : list of str
        Communes within reach of it.
    """
    sites = {proposed} if proposed else set(result.plan["code"])
    names = dict(zip(result.candidates["code"], result.candidates["name"], strict=True))
    near, found = set(gained), {}
    for row in each_row(result.served):
        if proposed:
            kind = row.by if row.by == "existing" else "proposed" if row.code in near else "nobody"
        else:
            kind = row.by if row.by in {"existing", "nobody"} else "plan"
        fill = {"class": kind, "label": t(f"siting.tip_{kind}", name=names.get(row.code, row.code))}
        if row.code in sites:
            fill |= {"mark": "established", "label": t("siting.tip_site", name=names.get(row.code, row.code))}
        elif kind == "nobody":
            fill["pattern"] = "hatch"
        found[row.code] = fill
    return found


def siting_legend(*, is_proposed: bool) -> str:
    """Return the legend of the map of sites, in words."""
    kinds = ("existing", "proposed" if is_proposed else "plan")
    entries = [
        *(Entry(t(f"siting.class_{kind}"), SERVED_FILLS[kind]) for kind in kinds),
        Entry(t("siting.class_nobody"), SERVED_FILLS["nobody"], mark="hatch"),
        Entry(t("siting.class_site"), mark="established"),
    ]
    return legend_html(t("siting.legend"), entries)


def siting_sentences(result: Siting) -> list[str]:
    """Return what the plan comes to, one plain sentence each."""
    distance = t("access.km", km=decimal(result.reach, 0))
    said = [
        t("reach.reached", reached=integer(result.reached), population=integer(result.population), distance=distance)
    ]
    if result.outcome != "planned":
        return [*said, t(f"reach.outcome.{result.outcome}", distance=distance)]
    n = len(result.plan)
    said.append(t("reach.plan", n=n, n_text=integer(n), total=integer(result.total)))
    if n < result.new:
        said.append(t("reach.fewer", asked=integer(result.new)))
    said.append(t("reach.proven") if result.is_proven else t("reach.not_proven", bound=integer(result.bound)))
    greedy = int(result.greedy["gain"].sum())
    said.append(t("siting.same" if greedy == result.total else "reach.greedy", total=integer(greedy)))
    return said


def proposed_sentence(result: Siting, code: str) -> str:
    """Return what a site in one commune would bring, and how it ranks."""
    row = result.candidate(code)
    ties = int(row["ties"])
    words = {"commune": row["name"], "gain": integer(row["gain"]), "rank": integer(row["rank"])}
    return t("reach.proposed", n=ties, n_text=integer(ties), of=integer(len(result.candidates)), **words)


def plan_table(plan: pd.DataFrame, caption: str) -> str:
    """Return the sites of a plan in the order to open them, with what each adds."""
    longest = max(1.0, float(plan["gain"].max())) if len(plan) else 1.0
    headings = [
        Heading(t("reach.columns.commune")),
        *(Heading(t(f"reach.columns.{name}"), is_number=True) for name in ("order", "gain", "cumulated")),
    ]
    rows: list[list[str | Html]] = [
        [
            territory_link("commune", row.code, row.name),
            integer(row.order),
            bar(integer(row.gain), row.gain / longest),
            integer(row.cumulated),
        ]
        for row in each_row(plan)
    ]
    return html_table(caption, headings, rows)


def siting_csv(result: Siting, about: Mapping[str, str]) -> bytes:
    """Return every commune with what a site there would bring, and its place in the plan, as a file."""
    order = result.plan.set_index("code")["order"]
    frame = result.candidates.assign(order=result.candidates["code"].map(order).astype("Int64"))
    columns = ("code", "name", "population", "gain", "rank", "ties", "order")
    table = frame[list(columns)].set_axis([t(f"siting.columns.{name}") for name in columns], axis=1)
    reach = {t("siting.columns.reach"): decimal(result.reach, 1), t("siting.columns.new"): integer(result.new)}
    return people_csv(table.assign(**reach, **dict(about)))
