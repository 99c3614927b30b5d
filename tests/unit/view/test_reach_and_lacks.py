"""Distances, sites, clusters and priorities in words, colours and files."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest

from benchmarks.made_up import made_up_snapshot
from essmap import reference
from essmap.analysis.access import access
from essmap.analysis.clusters import CLUSTERS
from essmap.analysis.coverage import Question, Tables, Theme, coverage
from essmap.analysis.funnel import funnel
from essmap.analysis.priority import priority
from essmap.analysis.siting import served_by, siting
from essmap.texts import t
from essmap.view import lacks, reach
from essmap.view.charts import funnel_chart
from essmap.view.sheet import axes_of_the_department

BROKEN = re.compile(r"[{}]|\bnan\b|<NA>|\bNone\b|\binf\b")
THEME = Theme("domain", "numerique")


@pytest.fixture(scope="module")
def snapshot():
    """A complete made-up department."""
    return made_up_snapshot(1_500, is_exhaustive=True)


@pytest.fixture(scope="module")
def crs():
    """The department's projection."""
    return reference.projected_crs("31")


def access_of(snapshot, crs, actors=None):
    return access(
        snapshot.layer("actors") if actors is None else actors,
        snapshot.layer("communes"),
        snapshot.layer("department"),
        theme=THEME,
        completeness="exhaustive",
        crs=crs,
    )


def siting_of(snapshot, crs, *, new=3, km=5.0, actors=None):
    layer = snapshot.layer("actors") if actors is None else actors
    return siting(layer, snapshot.layer("communes"), theme=THEME, new=new, reach=km, crs=crs)


def read(content):
    return pd.read_csv(io.BytesIO(content), sep=";", decimal=",", dtype=str, keep_default_na=False)


def test_every_commune_has_the_colour_of_its_distance(snapshot, crs):
    """Each commune is drawn once, in the class of its distance; only an unknown distance is hatched."""
    result = access_of(snapshot, crs)
    fills = reach.access_fills(result)
    assert set(fills) == set(result.communes["code"])
    limits = {"near": (0, 5), "middle": (5, 10), "far": (10, 20), "beyond": (20, 1e9)}
    for row in result.communes.itertuples():
        fill = fills[row.code]
        assert (fill["class"] == "unknown") == ("pattern" in fill)
        assert (fill["class"] == "within") == (row.kind == "within")
        if fill["class"] in limits:
            low, high = limits[fill["class"]]
            assert low <= row.distance <= high
        assert not BROKEN.search(fill["label"])
    assert len({fill["class"] for fill in fills.values()}) >= 3


def test_distances_in_words_and_files_are_whole(snapshot, crs):
    """Sentences, tables and file hold no hole; the file has a row per commune; the farthest is first."""
    result = access_of(snapshot, crs)
    actors = snapshot.table("actors")
    farthest = reach.farthest_table(result, actors)
    said = [*reach.access_sentences(result), *reach.access_limits(result), reach.beyond_table(result), farthest]
    assert not BROKEN.search(re.sub(r"--part:[\d.]+%", "", " ".join(said)))
    known = result.communes[result.communes["kind"].isin(["located", "approximate"])]
    first = known.sort_values("distance", ascending=False)["name"].iloc[0]
    assert farthest.index(first) < farthest.index("</tr>", farthest.index("<tbody>"))
    assert len(read(reach.access_csv(result, actors, {"Note": "x"}))) == len(result.communes)


def test_access_to_nobody_is_a_sentence(snapshot, crs):
    """Without an actor of the theme there is no distance to say, and every commune is hatched."""
    result = access_of(snapshot, crs, snapshot.layer("actors").iloc[:0])
    assert reach.access_sentences(result) == [t("reach.no_actor")]
    assert {fill["class"] for fill in reach.access_fills(result).values()} == {"unknown"}


def test_sites_are_outlined_and_who_is_served_is_coloured(snapshot, crs):
    """The sites of the plan have a thick outline; with a commune proposed, it alone has one, and the plan is gone."""
    result = siting_of(snapshot, crs)
    assert result.outcome == "planned"
    fills = reach.siting_fills(result, None, [])
    assert {code for code, fill in fills.items() if fill.get("mark")} == set(result.plan["code"])
    assert {fill["class"] for fill in fills.values()} >= {"existing", "plan"}
    here = result.candidates["code"].iloc[5]
    near = served_by(snapshot.layer("communes"), here, reach=5.0, crs=crs)
    proposed = reach.siting_fills(result, here, near)
    assert {code for code, fill in proposed.items() if fill.get("mark")} == {here}
    assert "plan" not in {fill["class"] for fill in proposed.values()}
    gained = {code for code, fill in proposed.items() if fill["class"] == "proposed"}
    assert gained == set(near) - set(result.served.loc[result.served["by"] == "existing", "code"])


@pytest.mark.parametrize(("new", "km", "outcome"), [(3, 5.0, "planned"), (3, 200.0, "all_reached")])
def test_a_plan_in_words(snapshot, crs, new, km, outcome):
    """Whatever the outcome there are sentences without a hole, and a row per commune in the file."""
    result = siting_of(snapshot, crs, new=new, km=km)
    assert result.outcome == outcome
    said = [
        *reach.siting_sentences(result),
        reach.proposed_sentence(result, "31555"),
        reach.plan_table(result.plan, "x"),
    ]
    assert not BROKEN.search(" ".join(said))
    assert len(read(reach.siting_csv(result, {}))) == 586


def test_clusters_have_a_colour_and_a_sentence_each():
    """Every kind of commune is drawn; lacks that stand together are named and outlined, the unknown is hatched."""
    table = pd.DataFrame(
        {
            "code": [f"3100{n}" for n in range(len(CLUSTERS))],
            "name": [f"Commune {n}" for n in range(len(CLUSTERS))],
            "population": 100,
            "cluster": list(CLUSTERS),
        }
    )
    fills = lacks.cluster_fills(table)
    assert [fills[code]["class"] for code in table["code"]] == list(CLUSTERS)
    assert {code for code, fill in fills.items() if fill.get("mark")} == {table["code"][CLUSTERS.index("low_low")]}
    assert {fill["class"] for fill in fills.values() if fill.get("pattern")} == {"not_assessable"}
    said = lacks.cluster_sentences(table)
    assert table["name"][CLUSTERS.index("low_low")] in said[0]
    assert table["name"][CLUSTERS.index("high_high")] in said[1]
    assert lacks.cluster_sentences(table[table["cluster"] == "not_assessable"]) == [t("gaps.nobody")]


def test_priorities_name_only_what_holds_whatever_the_weights(snapshot):
    """The sentence names those that are nearly always among the worst quarter, and the legend has their class."""
    axes = axes_of_the_department()
    table = priority(Tables.of(snapshot), Question(count="all"), dict.fromkeys(axes, 1.0))
    sure = table.assign(established=[1] * 4 + [0] * (len(table) - 4))
    is_firm = (sure["worst_quarter"] >= lacks.PRIORITY_STEPS["always"]) & (sure["established"] > 0)
    said = " ".join(lacks.priority_sentences(sure))
    assert all((row.name in said) == firm for row, firm in zip(sure.itertuples(), is_firm, strict=True))
    assert lacks.priority_sentences(table.assign(established=0)) == [t("priority.none_established")]
    fills = lacks.priority_fills(sure)
    assert {fills[row.code]["class"] for row in sure.itertuples() if row.worst_quarter >= 0.8} <= {"always"}
    for row in sure.itertuples():
        assert ("pattern" in fills[row.code]) == (row.score > 0 and row.established == 0)
    shown = lacks.priority_table(table, axes, "canton")
    assert shown.count("<tr>") == int((table["score"] > 0).sum()) + 1
    assert not BROKEN.search(re.sub(r"--part:[\d.]+%", "", shown))
    file = read(lacks.priority_csv(table, dict.fromkeys(axes, 1.0), {}))
    assert len(file) == len(table)


@pytest.mark.parametrize(
    ("share", "name"), [(1.0, "always"), (0.8, "always"), (0.5, "often"), (0.2, "sometimes"), (0.0, "seldom")]
)
def test_classes_of_priority_begin_where_the_legend_says(share, name):
    """The lower end belongs to the class."""
    assert lacks.priority_class(share) == name


def test_the_funnel_draws_a_point_per_territory_with_french_numbers(snapshot):
    """The chart holds each territory, both pairs of limits and decimal commas; nothing of it comes from elsewhere."""
    table = coverage(Tables.of(snapshot), Question("canton", THEME, "all"))
    found = funnel(table)
    chart = funnel_chart(found).to_dict()
    rows = [row for rows in chart["datasets"].values() for row in rows]
    assert {row["name"] for row in rows if "name" in row} == set(table["name"])
    assert {"low_95", "high_95", "low_998", "high_998"} <= {key for row in rows for key in row}
    assert all("." not in row["ratio_text"] for row in rows if "ratio_text" in row)
    assert chart["config"]["locale"]["number"]["decimal"] == ","
    assert "http" not in str({key: value for key, value in chart.items() if key != "$schema"})
