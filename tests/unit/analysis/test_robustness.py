"""Funnel, badges, closest territories and priority: agree with coverage, and are silent where nothing may be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from essmap import reference
from essmap.analysis.coverage import Question, Theme, coverage
from essmap.analysis.funnel import funnel
from essmap.analysis.priority import priority, worst_quarter
from essmap.analysis.robustness import LOW, badges, largest_commune
from essmap.analysis.similar import areas_km2, closest, features
from essmap.analysis.units import Tables

AXES = ["inclusion", "insertion"]
#: Sixty cantons, three to an EPCI: three poor neighbours, one rich, so few that they pass for no overdispersion.
CLEAR = ([10_000] * 60, [50, 50, 50, 2, 4, 3, 50, 50, 50, 150, *[50] * 50])


def test_funnel_points_lie_outside_as_their_p_says(department):
    """A point is outside the limits of 95 % exactly when its p is below 0.05; limits enclose 1 and close in."""
    table = coverage(department([4_000, 9_000, 20_000, 60_000], [1, 14, 9, 52]), Question())
    drawn = funnel(table)
    assert drawn is not None
    p = table["p_value"].to_numpy(dtype="float64")
    assert (drawn.points["outside"] != "no").tolist() == (p < 0.05).tolist()
    assert (drawn.points["outside"] == "998").tolist() == (p < 0.002).tolist()
    limits = drawn.limits
    assert (limits["low_998"] <= limits["low_95"]).all()
    assert (limits["low_95"] <= 1).all()
    assert (limits["high_95"] >= 1).all()
    assert (limits["high_998"] >= limits["high_95"]).all()
    assert limits["high_95"].is_monotonic_decreasing
    assert limits["expected"].iloc[0] < table["expected"].min()
    assert np.isfinite(limits.to_numpy()).all()


def test_no_funnel_where_nothing_is_judged(department):
    """A partial table and a theme nobody has draw no funnel."""
    assert funnel(coverage(department([1, 2], [3, 4], "partial"), Question())) is None
    assert funnel(coverage(department([1, 2], [0, 0]), Question())) is None


def test_verdicts_that_survive(department):
    """Three poor neighbours of one EPCI survive the level and the reference; the other count cannot be asked."""
    found = badges(department(*CLEAR), Question()).set_index("code")
    poor = found.loc[["C31003", "C31004", "C31005"]]
    assert set(poor["class"]) == {"under"}
    assert poor[["level_epci", "level_commune", "reference"]].all(axis=None)
    assert poor[["level_canton", "count"]].isna().all(axis=None)
    assert (poor["survived"].tolist(), poor["asked"].tolist()) == ([3] * 3, [3] * 3)
    rich = found.loc["C31009"]
    assert (rich["class"], rich["level_commune"], rich["level_epci"]) == ("over", True, True)
    silent = found[found["class"] == "average"]
    assert silent.filter(regex="level|count|reference").isna().all(axis=None)
    assert silent["asked"].sum() == 0


def test_a_verdict_that_the_largest_commune_makes(department):
    """A lack that is one only beside a well-off largest commune does not survive; that commune itself has no badge."""
    data = department([200_000, *[10_000] * 40], [22_000, 900, *[1_000] * 39])
    found = badges(data, Question()).set_index("code")
    assert found["class"].iloc[:2].tolist() == ["over", "under"]
    assert not found["reference"].iloc[1]
    assert pd.isna(found["reference"].iloc[0])


def test_a_verdict_that_the_count_makes(department):
    """A lack of all actors that is none of employers does not survive the count, and is asked only where known."""
    data = department([10_000] * 8, [300, *[100] * 7])
    home = data.actors["canton_code"] == "C31000"
    employs = pd.Series(~home.to_numpy() | (np.arange(len(home)) % 3 == 0), dtype="boolean")
    known = replace(data, actors=data.actors.assign(is_employer=employs.to_numpy()))
    found = badges(known, Question(count="all")).set_index("code")
    assert (found.loc["C31000", "class"], found.loc["C31000", "count"]) == ("over", False)


def test_no_badge_on_a_partial_table(department):
    """Without verdict there is nothing to survive."""
    found = badges(department(*CLEAR, "partial"), Question())
    assert found["asked"].sum() == 0
    assert badges(department(*CLEAR, "partial"), Question(exercise=True))["asked"].sum() > 0


def test_largest_commune():
    """Most inhabitants, the first by code among equals."""
    communes = pd.DataFrame({"commune_code": ["31002", "31001", "31003"], "population": [5, 5, 1]})
    assert largest_commune(communes) == "31001"
    assert largest_commune(communes[:0]) is None


FEATURES = pd.DataFrame(
    {
        "population": [1_000.0, 1_100.0, 50_000.0, 0.0, 900.0],
        "density": [10.0, 11.0, 2_000.0, 0.0, np.nan],
        "largest_share": [0.3, 0.3, 1.0, np.nan, 0.2],
    },
    index=pd.Index(list("ABCDE"), name="code"),
)


def test_closest_by_hand():
    """The like one comes first; who has no inhabitants or no area is never close; two features, distance by hand."""
    found = closest(FEATURES, "A")
    assert found["code"].tolist() == ["B", "C"]
    assert found["distance"].is_monotonic_increasing
    assert closest(FEATURES, "D").empty
    with pytest.raises(KeyError):
        closest(FEATURES, "Z")
    two = pd.DataFrame({"population": [10.0, 1000.0], "density": 1.0, "largest_share": [0.2, 0.8]}, index=["A", "B"])
    assert closest(two, "A")["distance"].tolist() == pytest.approx([np.sqrt(2**2 + 2**2)])  # 2 deviations in each


def test_closest_cantons_of_the_department(starter_snapshot):
    """Rural Luchon is close to other rural cantons, Toulouse far from all; areas sum to the department's."""
    layer = starter_snapshot.layer("cantons")
    areas = areas_km2(layer, "canton_code", reference.projected_crs("31"))
    assert areas.sum() == pytest.approx(6_310, rel=0.01)  # INSEE: 6,309 km2
    table = features(Tables.of(starter_snapshot), "canton", areas)
    assert (len(table), table["population"].sum(), table.at["3199", "largest_share"]) == (22, 1_471_468, 1)
    assert closest(table, "3199")["distance"].min() > closest(table, "3102")["distance"].min()
    assert len(closest(table, "3102", n=5)) == 5


def with_axes(data: Tables, seed: int = 0) -> Tables:
    rng = np.random.default_rng(seed)
    axes = pd.Series([[AXES[0]] if draw else [AXES[1]] for draw in rng.random(len(data.actors)) < 0.5], dtype=object)
    return replace(data, actors=data.actors.assign(axes=axes.to_numpy()))


def test_priority_follows_the_weights(department):
    """The poorest come first; the score is the weighted mean of the lacks; weights count by proportion only."""
    data = with_axes(department(*CLEAR))
    found = priority(data, Question(), {"inclusion": 3, "insertion": 1}).set_index("code")
    lacks = found[["lack_inclusion", "lack_insertion"]].astype("float64")
    assert found["score"].tolist() == pytest.approx((0.75 * lacks.iloc[:, 0] + 0.25 * lacks.iloc[:, 1]).tolist())
    assert set(found[found["rank"] <= 3].index) == {"C31003", "C31004", "C31005"}
    assert found.loc[["C31003", "C31004", "C31005"], "worst_quarter"].tolist() == [1, 1, 1]
    assert 3 < found["worst_quarter"].sum() <= 15 + 1e-9
    again = priority(data, Question(), {"inclusion": 300, "insertion": 100}).set_index("code")
    pd.testing.assert_frame_equal(found, again)


def test_priority_counts_only_lacks_that_the_findings_allow(department):
    """Where nothing can be concluded there is no lack, and what is established is counted for weighted axes only."""
    lone = department([10_000] * 8, [1, 0, 0, 0, 0, 0, 0, 0])
    lone = replace(lone, actors=lone.actors.assign(axes=pd.Series([AXES] * len(lone.actors), dtype=object)))
    found = priority(lone, Question(), dict.fromkeys(AXES, 1.0))
    assert found["score"].tolist() == [0] * 8
    assert found["established"].tolist() == [0] * 8
    data = with_axes(department(*CLEAR))
    weights = {"inclusion": 1.0, "insertion": 0.0}
    table = priority(data, Question(), weights).set_index("code")
    kinds = coverage(data, Question(theme=Theme("axis", "inclusion"))).set_index("code")["class"]
    assert (table["established"] > 0).to_dict() == kinds.eq("under").to_dict()
    assert table.loc[~kinds.isin(LOW).to_numpy(), "lack_inclusion"].eq(0).all()
    assert table["established"].max() == 1


def test_priority_treats_equals_alike(department):
    """Territories with the same numbers have the same rank and the same part of the worst quarter."""
    data = department([10_000] * 8, [10, 10, 90, 90, 90, 90, 90, 90])
    data = replace(data, actors=data.actors.assign(axes=pd.Series([AXES] * len(data.actors), dtype=object)))
    found = priority(data, Question(), dict.fromkeys(AXES, 1.0))
    assert found["rank"].tolist() == [1, 1, 3, 3, 3, 3, 3, 3]
    assert found["worst_quarter"].tolist() == [1, 1, 0, 0, 0, 0, 0, 0]


def test_priority_is_silent_where_nothing_may_be_said(department):
    """A partial table, or axes nobody has, are ordered by nothing; an axis nobody has is left out."""
    partial = priority(with_axes(department(*CLEAR, "partial")), Question(), {"inclusion": 1})
    assert partial[["score", "rank", "worst_quarter"]].isna().all(axis=None)
    nobody = priority(with_axes(department(*CLEAR)), Question(), {"bien_vieillir": 1})
    assert nobody[["score", "rank", "worst_quarter"]].isna().all(axis=None)
    some = priority(with_axes(department(*CLEAR)), Question(), {"bien_vieillir": 1, "inclusion": 1})
    assert some["score"].tolist() == pytest.approx(some["lack_inclusion"].tolist())
    assert some["rank"].notna().all()


@pytest.mark.parametrize(
    "weights", [{}, {"inclusion": 0.0}, {"inclusion": -1.0, "insertion": 2.0}, {"inclusion": float("nan")}]
)
def test_weights_that_make_no_sense_are_refused(department, weights):
    """Weights are at least 0 and not all 0."""
    with pytest.raises(ValueError, match="weights"):
        priority(department(*CLEAR), Question(), weights)


@given(arrays(float, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements=st.sampled_from([0.0, 0.1, 0.2, 0.5])))
def test_the_worst_quarter_has_as_many_places_as_a_quarter(scores):
    """Places are shared out entirely, equals alike, higher scores first; who lacks nothing has none."""
    part = worst_quarter(scores)
    places = np.ceil(len(scores) / 4)
    assert ((part >= 0) & (part <= 1)).all()
    for column in range(scores.shape[1]):
        score, own = scores[:, column], part[:, column]
        assert own[score == 0].sum() == 0
        enough = (score > 0).sum() >= places
        assert own.sum() == pytest.approx(places if enough else (score > 0).sum())
        for one in np.unique(score):
            assert np.ptp(own[score == one]) == 0
        assert (np.diff(own[np.argsort(score)]) >= 0).all()
