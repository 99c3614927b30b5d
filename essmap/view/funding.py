"""Money of a complete programme beside who is there: its sentence, its table, and a chart in four parts."""

from __future__ import annotations

import math
from typing import Any, Final

import altair as alt
import pandas as pd

from essmap.analysis.funding import Funding
from essmap.schema.folding import fold
from essmap.schema.spans import years_of
from essmap.texts import t
from essmap.view.charts import HEIGHT, LOCALE
from essmap.view.format import DASH, decimal, escape, euros, integer
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, bar, html_table

#: Colour, shape in the chart and shape in CSS of a point, by its part: told apart without colour too, and at least
#: 3:1 on both backgrounds.
_PARTS: Final = {
    "missing_unsupported": ("#a05cc0", "triangle-up", "clip-path:polygon(50% 0,100% 100%,0 100%)"),
    "missing_supported": ("#b87300", "diamond", "clip-path:polygon(50% 0,100% 50%,50% 100%,0 50%)"),
    "present_unsupported": ("#7d8590", "square", ""),
    "present_supported": ("#2f7fc1", "circle", "border-radius:50%"),
}


def funding_sentence(found: Funding) -> str:
    """Return what is known of a complete programme, as sentences."""
    table = found.table
    none = found.without
    said = t(
        "funding.sentence",
        programme=found.span.programme,
        years=years_of(found.span),
        n=none,
        n_text=integer(none),
        total=integer(len(table)),
        share=decimal(100 * found.share_without, 0),
    )
    mean = "mean" if found.is_mean_of_all else "mean_known"
    more = [] if pd.isna(found.per_inhabitant_eur) else [t(f"funding.{mean}", rate=_euros(found.per_inhabitant_eur))]
    possible = int((table["possible"].gt(0) & table["projects"].eq(0)).sum())
    unknown = int(table["unknown"].gt(0).sum())
    more += [t("funding.possible", n=possible, n_text=integer(possible))] if possible else []
    more += [t("funding.unplaced", n=found.unplaced, n_text=integer(found.unplaced))] if found.unplaced else []
    more += [t("funding.unknown", n=unknown, n_text=integer(unknown))] if unknown else []
    return " ".join([said, *more])


def funding_table(found: Funding, caption: str) -> str:
    """Return the HTML table of a complete programme, a row per territory, those that get least first.

    Parameters
    ----------
    found : Funding
    caption : str
    """
    headings = [
        Heading(t("funding.territory")),
        Heading(t("funding.projects"), is_number=True),
        Heading(t("funding.amount"), is_number=True),
        Heading(t("funding.per_inhabitant"), is_number=True),
        Heading(t("funding.ratio"), is_number=True),
    ]
    ordered = found.table.sort_values(["per_inhabitant_eur", "name"], na_position="last")
    highest = float(ordered["per_inhabitant_eur"].max()) if ordered["per_inhabitant_eur"].notna().any() else 0.0
    rows: list[list[str | Html]] = [
        [
            str(row.name_),
            _count(row),
            euros(row.known_eur) if row.projects > row.unknown else DASH,
            _rate(row, highest),
            DASH if pd.isna(row.ratio) else decimal(row.ratio, 2),
        ]
        for row in each_row(ordered.rename(columns={"name": "name_"}))
    ]
    return html_table(caption, headings, rows)


def territory_funding(found: Funding, code: str) -> str:
    """Return what a territory gets of a complete programme, as a sentence; the empty string for an unknown one.

    Parameters
    ----------
    found : Funding
    code : str
    """
    if code not in found.table.index:
        return ""
    (row,) = each_row(found.table.loc[[code]])
    said = {"programme": found.span.programme, "years": years_of(found.span)}
    if not row.projects and row.based:
        return t("funding.here_based", n=int(row.based), n_text=integer(row.based), **said)
    if not row.projects:
        return t("funding.here_possible" if row.possible else "funding.here_none", **said)
    counts = {"n": int(row.projects), "n_text": integer(row.projects)}
    if pd.isna(row.per_inhabitant_eur):
        return t("funding.here_unknown", **said, **counts)
    rates = {"rate": _euros(row.per_inhabitant_eur), "mean": _euros(found.per_inhabitant_eur)}
    whose = "here" if found.is_mean_of_all else "here_known"
    return t(f"funding.{whose}", **said, **counts, **rates, amount=euros(row.known_eur))


def quadrant_chart(found: Funding) -> Any:
    """Return « where we support » against « where it is missing »: a point per territory, in four parts.

    Parameters
    ----------
    found : Funding
        Territories without a known rate or ratio are left out: the table has them.

    Returns
    -------
    altair.LayerChart
        Observed / expected actors across, euros per inhabitant up; the lines are the department's own.
    """
    points = quadrants(found)
    frame = points.assign(
        rate_text=points["per_inhabitant_eur"].map(_euros),
        ratio_text=points["ratio"].map(lambda value: decimal(value, 2)),
    )
    colours, shapes = ([look[place] for look in _PARTS.values()] for place in (0, 1))
    marks = (
        alt.Chart(frame)
        .mark_point(filled=True, size=80, opacity=0.9)
        .encode(
            x=alt.X("ratio:Q", title=t("funding.ratio"), axis=alt.Axis(format="~r", grid=False)),
            y=alt.Y("per_inhabitant_eur:Q", title=t("funding.per_inhabitant"), axis=alt.Axis(format="~r", grid=False)),
            color=alt.Color("part:N", scale=alt.Scale(domain=list(_PARTS), range=colours), legend=None),
            shape=alt.Shape("part:N", scale=alt.Scale(domain=list(_PARTS), range=shapes), legend=None),
            tooltip=[
                alt.Tooltip("name:N", title=t("funding.territory")),
                alt.Tooltip("ratio_text:N", title=t("funding.ratio")),
                alt.Tooltip("rate_text:N", title=t("funding.per_inhabitant")),
            ],
        )
    )
    across = alt.Chart(pd.DataFrame({"y": [found.per_inhabitant_eur]})).mark_rule(color="#6b7280").encode(y="y:Q")
    up = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(color="#6b7280").encode(x="x:Q")
    return alt.layer(across, up, marks).properties(height=HEIGHT).configure(locale=LOCALE).configure_view(strokeWidth=0)


def quadrant_list(found: Funding, *, is_partial: bool) -> str:
    """Return the legend of the chart as HTML: what each part means, and which territories it holds.

    Parameters
    ----------
    found : Funding
    is_partial : bool
        Whether the actors come from a partial list: what is missing may then be missing from the list alone.
    """
    names = quadrants(found).groupby("part")["name"].agg(list)
    words = "parts_partial" if is_partial else "parts"
    items = []
    for part, (colour, _, shape) in _PARTS.items():
        own = sorted(names.get(part, []), key=fold)
        mark = f'<span class="essmap-part" style="--ground:{colour};{shape}" aria-hidden="true"></span>'
        said = t("funding.part", part=t(f"funding.{words}.{part}"), n_text=integer(len(own)))
        items.append(f"<li>{mark}<span>{escape(said)}{escape(', '.join(own) or DASH)}</span></li>")
    return f'<ul class="essmap-parts">{"".join(items)}</ul>'


def quadrants(found: Funding) -> pd.DataFrame:
    """Return the territories that the chart shows, each with its ``part``.

    Parameters
    ----------
    found : Funding

    Returns
    -------
    DataFrame
        ``name``, ``ratio``, ``per_inhabitant_eur`` (floats) and ``part``: ``missing`` where there are fewer actors than
        the department's rate would give, else ``present``; ``supported`` from the department's mean amount on.
    """
    table = found.table.dropna(subset=["ratio", "per_inhabitant_eur"])
    points = table[["name", "ratio", "per_inhabitant_eur"]].astype(
        {"ratio": "float64", "per_inhabitant_eur": "float64"}
    )
    missing = points["ratio"].lt(1).map({True: "missing", False: "present"})
    is_supported = points["per_inhabitant_eur"].ge(found.per_inhabitant_eur) & points["per_inhabitant_eur"].gt(0)
    supported = is_supported.map({True: "supported", False: "unsupported"})
    return points.assign(part=missing + "_" + supported).reset_index(drop=True)


def funding_note() -> str:
    """Return how the amounts are shared and what the chart does not prove, as HTML."""
    return f'<p class="essmap-meta">{escape(t("funding.how"))}</p>'


def _euros(rate: float) -> str:
    """Return euros per inhabitant with two decimals, or as many as two figures take: little is not nothing."""
    decimals = 2 if rate == 0 or rate >= 0.1 else 1 - math.floor(math.log10(rate))
    return decimal(rate, decimals)


def _count(row: Any) -> str:
    if row.projects:
        return integer(row.projects)
    return t("funding.not_known") if row.possible else t("funding.none")


def _rate(row: Any, highest: float) -> str | Html:
    if row.possible:
        return t("funding.not_known")
    if pd.isna(row.per_inhabitant_eur):
        return t("funding.rate_unknown") if row.unknown else DASH
    return bar(_euros(row.per_inhabitant_eur), row.per_inhabitant_eur / highest if highest else 0)
