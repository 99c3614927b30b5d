"""Siting: as good as trying every plan, the same whatever the order of rows, a defined answer when none helps."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_cases import METRIC, actors_in, grid, shuffled, situations

from benchmarks.made_up import made_up_actors
from essmap.analysis.coverage import Theme
from essmap.analysis.distances import centres, distances, places_of_actors
from essmap.analysis.siting import served_by, siting


def siting_of(communes, actors, *, new=2, reach=5.0, theme=None, journeys=None):
    return siting(actors, communes, theme=theme or Theme(), new=new, reach=reach, crs=METRIC, journeys=journeys)


def demand_and_cover(communes, actors, reach):
    """Return, computed apart, the inhabitants to gain per commune, and which sites serve which commune."""
    existing = distances(communes, places_of_actors(actors, crs=METRIC), crs=METRIC)
    population = existing.communes["population"].to_numpy()
    left = np.where(existing.nearest()[0] <= reach, 0, population)
    return left, distances(communes, centres(communes, crs=METRIC), crs=METRIC).matrix() <= reach


def best_plan(communes, actors, new, reach):
    """Try every plan; return the gain of the best and the plan that ties prefer: fewest sites, then least ranks."""
    left, cover = demand_and_cover(communes, actors, reach)
    ordered = communes.sort_values("commune_code").reset_index(drop=True)
    rank = {row: n for n, row in enumerate(ordered.sort_values(["population", "commune_code"],
                                                              ascending=[False, True]).index)}  # fmt: skip
    plans = [plan for size in range(min(new, len(ordered)) + 1) for plan in combinations(range(len(ordered)), size)]
    keys = [(-int(left[cover[:, list(p)].any(axis=1)].sum()), len(p), sum(rank[site] for site in p)) for p in plans]
    return -min(keys)[0], min(keys)[1:], lambda codes: (len(codes), sum(
        rank[int(np.flatnonzero(ordered["commune_code"] == code)[0])] for code in codes))  # fmt: skip


REACHES = st.sampled_from([0.0, 1.0, 1.6, 4.1, 6.0, 9.0, 100.0])


@settings(max_examples=40)
@given(data=situations(largest=8), new=st.integers(0, 4), reach=REACHES, seed=st.integers(0, 9))
def test_as_good_as_trying_every_plan(data, new, reach, seed):
    """The plan reaches what the best of all plans reaches, is the one that ties prefer, and knows that it is best."""
    communes, actors = data
    result = siting_of(communes, actors, new=new, reach=reach)
    gain, preferred, key = best_plan(communes, actors, new, reach)
    assert (result.total, result.bound, result.gap, result.is_proven) == (gain, gain, 0, True)
    if result.outcome == "planned":
        assert key(result.plan["code"].tolist()) == preferred
        assert result.total > 0
    else:
        assert (result.total, len(result.plan), len(result.greedy)) == (0, 0, 0)
    greedy = result.greedy["gain"].sum()
    assert (1 - 1 / np.e) * gain <= greedy <= gain
    again = siting_of(*shuffled(communes, actors, seed=seed), new=new, reach=reach)
    for name in ("plan", "greedy", "candidates"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(result, name))


@settings(max_examples=25)
@given(data=situations(largest=8), new=st.integers(0, 3), reach=REACHES)
def test_who_serves_each_commune_adds_up_to_what_is_reached(data, new, reach):
    """Each commune is served by an actor, by one site of the plan that is near it, or by nobody; sums agree."""
    communes, actors = data
    result = siting_of(communes, actors, new=new, reach=reach)
    population = communes.set_index("commune_code")["population"]
    served = result.served.set_index("code")["by"]
    assert set(served.index) == set(population.index)
    reached = {by: int(population[group.index].sum()) for by, group in served.groupby(served)}
    assert reached.get("existing", 0) == result.reached
    assert {by: n for by, n in reached.items() if by not in {"existing", "nobody"}} == {
        row.code: row.gain for row in result.plan.itertuples()
    }
    for site in population.index:
        near = served_by(communes, site, reach=reach, crs=METRIC)
        gain = sum(int(population[code]) for code in near if served[code] != "existing")
        assert gain == result.candidate(site)["gain"]
    assert served_by(communes, "99999", reach=reach, crs=METRIC) == []


@settings(max_examples=30)
@given(data=situations(), new=st.integers(1, 5), reach=REACHES)
def test_plans_add_up(data, new, reach):
    """Gains fall from site to site and sum to the total; the first greedy site is the first candidate."""
    communes, actors = data
    result = siting_of(communes, actors, new=new, reach=reach)
    for plan in (result.plan, result.greedy):
        assert len(plan) <= new
        assert plan["gain"].gt(0).all()
        assert plan["gain"].is_monotonic_decreasing
        assert plan["cumulated"].tolist() == plan["gain"].cumsum().tolist()
        assert plan["order"].tolist() == list(range(1, len(plan) + 1))
    assert result.plan["gain"].sum() == result.total
    assert result.reached + result.total <= result.population
    if len(result.greedy):
        assert result.greedy["code"].iloc[0] == result.candidates["code"].iloc[0]
    left, cover = demand_and_cover(communes, actors, reach)
    alone = dict(zip(sorted(communes["commune_code"]), left @ cover, strict=True))
    assert dict(zip(result.candidates["code"], result.candidates["gain"], strict=True)) == alone


def test_greedy_can_be_beaten():
    """The best first site is none of the best two: both plans are shown, and the bound is that of the best."""
    communes = grid([3, 2, 4, 4, 2, 3], columns=6)
    result = siting_of(communes, actors_in(communes, []), new=2, reach=4.1)
    assert (result.greedy["code"].tolist(), result.greedy["gain"].tolist()) == (["31003", "31006"], [10, 5])
    assert (result.plan["code"].tolist(), result.plan["gain"].tolist()) == (["31002", "31005"], [9, 9])
    assert (result.total, result.bound, result.is_proven) == (18, 18, True)


@pytest.mark.parametrize("reach", [5.0, 10.0])
@pytest.mark.filterwarnings("ignore")
def test_optimum_is_that_of_spopt(communes, reach):
    """On the 586 communes with 40 made-up actors, five sites reach what the solver behind spopt says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pulp
        from spopt.locate import MCLP
    actors = made_up_actors(40, communes)
    left, cover = demand_and_cover(communes, actors, reach)
    problem = MCLP.from_cost_matrix(1.0 - cover, left.astype(float), 0.5, p_facilities=5)
    problem.solve(pulp.PULP_CBC_CMD(msg=False))
    theirs = left[cover[:, [bool(served) for served in problem.fac2cli]].any(axis=1)].sum()
    result = siting_of(communes, actors, new=5, reach=reach)
    assert result.total == theirs == result.bound
    assert result.is_proven


def test_many_sites_on_real_communes(communes):
    """Large plans are proven as well, and more sites never reach fewer."""
    actors = made_up_actors(60, communes)
    results = [siting_of(communes, actors, new=new, reach=10) for new in (1, 5, 20, 700)]
    assert all(result.is_proven for result in results)
    totals = [result.total for result in results]
    assert totals == sorted(totals)
    left, _ = demand_and_cover(communes, actors, 10)
    assert totals[-1] == left.sum()
    assert len(results[-1].plan) < 100


@pytest.mark.parametrize(
    ("populations", "actors", "new", "reach", "outcome"),
    [
        ([5, 5], [], 0, 5.0, "none_asked"),
        ([5, 5], [], 2, 0.0, "out_of_reach"),
        ([5, 5], [0, 1], 2, 5.0, "all_reached"),
        ([5, 0], [0], 2, 2.0, "all_reached"),
        ([0, 0], [], 2, 5.0, "no_inhabitant"),
        ([], [], 2, 5.0, "no_inhabitant"),
        ([5, 5], [], 9, 2.0, "planned"),
    ],
)
def test_every_case_has_an_answer(populations, actors, new, reach, outcome):
    """Nothing to place, to gain or to reach: an outcome and empty plans; more sites than communes: those that help."""
    communes = grid(populations or [1])[: len(populations)]
    result = siting_of(communes, actors_in(communes, actors), new=new, reach=reach)
    assert result.outcome == outcome
    assert len(result.plan) == (2 if outcome == "planned" else 0)
    assert (result.total, result.gap, result.is_proven) == (10 if outcome == "planned" else 0, 0, True)
    assert len(result.candidates) == len(populations)


def test_no_more_sites_than_needed():
    """When one site reaches everybody, one is proposed: the most populated of those that do, then the first code."""
    communes = grid([7, 9, 9, 8], columns=2)
    result = siting_of(communes, actors_in(communes, []), new=3, reach=6)
    assert result.plan[["code", "gain"]].to_numpy().tolist() == [["31002", 33]]


def test_ties_go_to_the_most_populated_then_to_the_code():
    """Equal gains: the larger commune first; same size: the smaller code."""
    communes = grid([3, 3, 9, 0, 9, 0], columns=6)
    result = siting_of(communes, actors_in(communes, []), new=1, reach=2)
    assert result.plan["code"].tolist() == ["31003"]
    assert result.candidates["code"].tolist() == ["31003", "31005", "31001", "31002", "31004", "31006"]
    assert result.candidates["rank"].tolist() == [1, 1, 3, 3, 5, 5]
    assert result.candidates["ties"].tolist() == [1] * 6


def test_a_proposed_commune_has_its_gain_and_rank():
    """One row per commune, found by its code; any other code is an error."""
    communes = grid([1, 2, 3], columns=3)
    result = siting_of(communes, actors_in(communes, [0]), new=1, reach=2)
    assert result.candidate("31002")[["gain", "rank"]].tolist() == [2, 2]
    assert result.candidate("31001")["gain"] == 0
    with pytest.raises(KeyError):
        result.candidate("99999")


def test_journeys_decide_who_is_served():
    """With a table in minutes a site serves where the table says; its own commune needs no journey."""
    communes = grid([10, 20, 40], columns=3)
    table = pd.DataFrame({"origin": ["31003", "31002"], "destination": ["31001", "31001"], "minutes": [15.0, 16.0]})
    result = siting_of(communes, actors_in(communes, []), new=1, reach=15, journeys=table)
    assert result.unit == "minutes"
    assert result.plan[["code", "gain"]].to_numpy().tolist() == [["31001", 50]]


@pytest.mark.parametrize(("new", "reach"), [(-1, 5.0), (1, -1.0), (1, np.nan), (1, np.inf)])
def test_nonsense_is_refused(new, reach):
    """Negative or infinite: an error of the caller."""
    communes = grid([1])
    with pytest.raises(ValueError, match="sites within"):
        siting_of(communes, actors_in(communes, []), new=new, reach=reach)
