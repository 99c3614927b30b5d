"""Where lacks stand together, and where several add up: words, colours of the map, tables, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from essmap import reference
from essmap.analysis.clusters import CLUSTERS
from essmap.analysis.coverage import Level
from essmap.texts import t
from essmap.view.exports import people_csv
from essmap.view.findings import joined
from essmap.view.format import DASH, decimal, integer
from essmap.view.legend import Entry, legend_html
from essmap.view.places import territory_link
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, bar, html_table

#: Clusters by colour, brown for lacks and teal for plenty as on the map of ratios; odd ones out are lighter.
CLUSTER_FILLS: Final = {
    "low_low": "#a6611a",
    "high_high": "#018571",
    "low_high": "#f0d9a8",
    "high_low": "#5fb3a6",
    "none": "#f5f5f5",
}

#: How often a territory is among the quarter that lacks most: lower end of each class, from often to seldom.
PRIORITY_STEPS: Final = {"always": 0.8, "often": 0.5, "sometimes": 0.2, "seldom": 0.0}
#: Source of the colours: ColorBrewer YlOrBr, 4 classes, readable in grey.
PRIORITY_FILLS: Final = {"always": "#8c3a04", "often": "#d9730d", "sometimes": "#fec44f", "seldom": "#fff1c9"}

_SHOWN: Final = 40
_NAMED: Final = 12


def cluster_fills(table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return how each commune is drawn; hatched where nothing can be said."""
    found = {}
    for row in each_row(table):
        label = t("clusters.tip", name=row.name, cluster=t(f"clusters.class_{row.cluster}"))
        fill = {"class": row.cluster, "label": label}
        if row.cluster == "not_assessable":
            fill["pattern"] = "hatch"
        elif row.cluster == "low_low":
            fill["mark"] = "established"
        found[row.code] = fill
    return found


def cluster_sentences(table: pd.DataFrame) -> list[str]:
    """Return what the clusters say, one plain sentence each."""
    kinds = table["cluster"].value_counts()
    if not (set(kinds.index) - {"not_assessable"}):
        return [t("gaps.nobody")]
    said = []
    for kind in ("low_low", "high_high"):
        chosen = table[table["cluster"] == kind].sort_values("population", ascending=False)
        people = integer(chosen["population"].sum())
        if chosen.empty:
            said.append(t(f"clusters.no_{kind}"))
            continue
        names = chosen["name"].tolist()
        words = {"n_text": integer(len(names)), "people": people, "names": _shown(names)}
        said.append(t(f"clusters.{kind}", n=len(names), **words))
    return said


def cluster_table(table: pd.DataFrame) -> str:
    """Return every commune that stands out, by kind and population: those unlike their neighbours too."""
    kinds = [kind for kind in CLUSTERS if kind not in {"none", "not_assessable"}]
    shown = table[table["cluster"].isin(kinds)]
    if shown.empty:
        return ""
    shown = shown.assign(order=shown["cluster"].map(kinds.index)).sort_values(
        ["order", "population"], ascending=[True, False]
    )
    headings = [
        Heading(t("gaps.territory.commune")),
        Heading(t("gaps.population"), is_number=True),
        Heading(t("gaps.observed"), is_number=True),
        Heading(t("clusters.kind")),
    ]
    rows: list[list[str | Html]] = [
        [
            territory_link("commune", row.code, row.name),
            integer(row.population),
            integer(row.observed),
            t(f"clusters.class_{row.cluster}"),
        ]
        for row in each_row(shown)
    ]
    return html_table(t("clusters.caption"), headings, rows)


def cluster_legend() -> str:
    """Return the legend of the map of clusters, in words."""
    entries = [Entry(t(f"clusters.class_{key}"), colour) for key, colour in CLUSTER_FILLS.items()]
    return legend_html(t("clusters.legend"), [*entries, Entry(t("clusters.class_not_assessable"), mark="hatch")])


def cluster_csv(table: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """Return every commune with its test as a file for spreadsheets."""
    frame = table.assign(
        cluster=table["cluster"].map({key: t(f"clusters.class_{key}") for key in CLUSTERS})
    ).round({"moran_i": 4, "p_sim": 5, "q_value": 5})  # fmt: skip
    columns = ("code", "name", "population", "observed", "eb_rate_per_10k", "moran_i", "p_sim", "q_value", "cluster")
    return people_csv(
        frame[list(columns)].set_axis([t(f"clusters.columns.{name}") for name in columns], axis=1).assign(**dict(about))
    )


def priority_class(share: float) -> str:
    """Return how often a territory is in the worst quarter, as a class of `PRIORITY_STEPS`."""
    return next(name for name, least in PRIORITY_STEPS.items() if round(share, 2) >= least)  # as it is shown


def priority_fills(table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return how each territory is drawn by how often it is among those that lack most; hatched: nothing is said."""
    found = {}
    for row in each_row(table):
        if pd.isna(row.score):
            found[row.code] = {
                "class": "unknown",
                "pattern": "hatch",
                "label": t("priority.tip_unknown", name=row.name),
            }
            continue
        words = {"name": row.name, "rank": integer(row.rank), "share": integer(100 * row.worst_quarter)}
        fill = {"class": priority_class(row.worst_quarter), "label": t("priority.tip", **words)}
        if row.score > 0 and not row.established:
            fill |= {"pattern": "hatch", "label": fill["label"] + t("priority.tip_unsure")}
        found[row.code] = fill
    return found


def priority_sentences(table: pd.DataFrame) -> list[str]:
    """Return which territories lack most whatever the weights, in one or two plain sentences."""
    if table["score"].isna().all():
        return [t("priority.nothing")]
    is_often = table["worst_quarter"].round(2).ge(PRIORITY_STEPS["always"]).fillna(False)
    is_sure = table["established"].gt(0).fillna(False)
    firm = table[(is_often & is_sure).to_numpy(dtype=bool)].sort_values("rank")
    if not is_sure.any():
        return [t("priority.none_established")]
    if firm.empty:
        return [t("priority.none_firm")]
    return [t("priority.firm", n=len(firm), n_text=integer(len(firm)), names=_shown(firm["name"].tolist()))]


def priority_legend() -> str:
    """Return the legend of the map of priorities, in words."""
    entries = [Entry(t(f"priority.class_{key}"), colour) for key, colour in PRIORITY_FILLS.items()]
    return legend_html(t("priority.legend"), [*entries, Entry(t("priority.class_unknown"), mark="hatch")])


def priority_table(table: pd.DataFrame, axes: Sequence[str], level: Level) -> str:
    """Return the territories by rank: the score with its parts, and how firm the rank is."""
    labels = reference.axes()["label"]
    headings = [
        Heading(t(f"gaps.territory.{level}")),
        Heading(t("priority.rank"), is_number=True),
        Heading(t("priority.score"), is_number=True),
        *(Heading(t("priority.lack", axis=labels[axis]), is_number=True) for axis in axes),
        Heading(t("priority.worst_quarter"), is_number=True),
        Heading(t("priority.established"), is_number=True),
    ]
    shown = table.dropna(subset=["score"]).sort_values(["rank", "code"]).head(_SHOWN)
    shown = shown[shown["score"] > 0]
    longest = max(float(shown["score"].max()), 1e-9) if len(shown) else 1.0
    rows: list[list[str | Html]] = [
        [
            territory_link(level, row.code, row.name),
            integer(row.rank),
            bar(_percent(row.score), row.score / longest),
            *(_percent(getattr(row, f"lack_{axis}")) for axis in axes),
            _percent(row.worst_quarter),
            integer(row.established),
        ]
        for row in each_row(shown)
    ]
    return html_table(t("priority.caption", n=len(rows)), headings, rows)


def priority_csv(table: pd.DataFrame, weights: Mapping[str, float], about: Mapping[str, str]) -> bytes:
    """Return all territories with their lacks, score, rank and how firm it is, as a file for spreadsheets."""
    labels = reference.axes()["label"]
    names = {f"lack_{axis}": t("priority.lack", axis=labels[axis]) for axis in weights}
    names |= {
        name: t(f"priority.columns.{name}")
        for name in ("code", "name", "score", "rank", "worst_quarter", "established")
    }
    frame = table.round({name: 4 for name in table.columns if name not in {"code", "name", "rank", "established"}})
    said = ", ".join(f"{labels[axis]} {decimal(weight, 0)}" for axis, weight in weights.items())
    return people_csv(frame.rename(columns=names).assign(**{t("priority.columns.weights"): said}, **dict(about)))


def _shown(names: list[str]) -> str:
    """Return names as a sentence lists them, the first ones of many."""
    if len(names) <= _NAMED:
        return joined(names)
    more = len(names) - _NAMED
    return joined([*names[:_NAMED], t("gaps.and_more", n=more, n_text=integer(more))])


def _percent(value: float) -> str:
    return DASH if pd.isna(value) else f"{decimal(100 * value, 0)} %"
