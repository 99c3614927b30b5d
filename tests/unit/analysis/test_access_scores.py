"""Access: the numbers of PySAL, sums that agree, and nothing said of what is not known."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_cases import METRIC, actors_in, department, grid, shuffled, situations

from essmap.analysis.access import BORDER_KM, CATCHMENTS, WEIGHTS, access
from essmap.analysis.coverage import PER_INHABITANTS, Theme
from essmap.analysis.distances import distances, places_of_actors


def access_of(communes, actors, *, theme=None, completeness="exhaustive", journeys=None):
    return access(
        actors, communes, department(communes), theme=theme or Theme(), completeness=completeness, crs=METRIC,
        journeys=journeys,
    )  # fmt: skip


def pysal_scores(communes, actors) -> pd.Series:
    """Return the scores of PySAL `access`; communes that it drops, reaching nothing, are absent."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from access.fca import two_stage_fca
        from access.weights import step_fn
    table = distances(communes, places_of_actors(actors, crs=METRIC), crs=METRIC)
    codes, places = table.communes["code"], table.places["place_id"]
    cost = pd.DataFrame(table.matrix(), index=codes, columns=list(places)).stack().rename("cost")
    cost = cost.rename_axis(["origin", "dest"]).reset_index()
    demand = table.communes.set_index("code")[["population"]].rename_axis("geoid")
    supply = pd.DataFrame({"supply": table.places["count"].to_numpy()}, index=pd.Index(places, name="geoid"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return two_stage_fca(
            demand, supply, cost, max_cost=CATCHMENTS["km"][-1] + 1e-9, demand_name="population", supply_name="supply",
            weight_fn=step_fn(dict(zip(CATCHMENTS["km"], WEIGHTS[:-1], strict=True))),
        )  # fmt: skip


def test_scores_are_those_of_pysal():
    """On a grid of 12 x 12 communes the scores agree to 1e-9; those it drops are 0 here."""
    rng = np.random.default_rng(5)
    communes = grid(rng.integers(1, 9_000, 144).tolist(), columns=12)
    actors = actors_in(communes, rng.integers(0, 30, 25).tolist(), precise=(rng.random(25) < 0.5).tolist())
    ours = access_of(communes, actors).communes.set_index("code")["score_per_10k"] / PER_INHABITANTS
    theirs = pysal_scores(communes, actors)
    dropped = ours.index.difference(theirs.index)
    assert len(dropped) > 10
    assert (ours[dropped] == 0).all()
    np.testing.assert_allclose(ours[theirs.index], theirs, rtol=1e-9, atol=1e-15)


@settings(max_examples=30)
@given(data=situations(), completeness=st.sampled_from(["partial", "exhaustive"]), seed=st.integers(0, 9))
def test_sums_agree_and_order_does_not_matter(data, completeness, seed):
    """The weighted sum of scores is the supply in reach; thresholds split the inhabitants; rows may be shuffled."""
    communes, actors = data
    result = access_of(communes, actors, completeness=completeness)
    frame, summary = result.communes, result.summary
    supplied = (frame["score_per_10k"] * frame["population"]).sum() / PER_INHABITANTS
    assert supplied == pytest.approx(summary.supply_in_reach, abs=1e-9)
    if communes["population"].min() > 0:  # the grid is 12 km wide: everybody reaches everybody
        assert summary.supply_in_reach == len(actors)
    parts = result.beyond[["within", "beyond", "unknown"]].sum(axis=1)
    assert (parts == communes["population"].sum()).all()
    assert result.beyond["beyond"].is_monotonic_decreasing
    assert (frame["completeness"] == completeness).all()
    assert not frame[["code", "name", "population", "kind", "in_reach", "border"]].isna().any(axis=None)
    assert (frame["distance"].isna() == (frame["kind"] == "unknown")).all()
    again = access_of(*shuffled(communes, actors, seed=seed), completeness=completeness)
    pd.testing.assert_frame_equal(again.communes, frame)
    pd.testing.assert_frame_equal(again.beyond, result.beyond)


def test_mean_is_over_located_ends_only():
    """A commune whose nearest actor is known only to its commune is out of the mean, and its share is said."""
    communes = grid([300, 100])
    actors = actors_in(communes, [0, 1], precise=[True, False], shifts=[[600, 800], [0, 0]])
    summary = access_of(communes, actors).summary
    assert summary.mean_distance == pytest.approx(1.0, abs=1e-6)
    assert summary.located_share == 0.75
    assert (summary.actors, summary.actors_located, summary.actors_outside) == (2, 1, 0)
    nobody_located = access_of(communes, actors_in(communes, [0], precise=[False])).summary
    assert (nobody_located.mean_distance, nobody_located.located_share) == (None, 0.0)


def test_places_that_reach_nothing_keep_score_zero():
    """Beyond the largest catchment the score is 0 and stays in the table; a commune without point has none."""
    communes = grid([10] * 8, columns=8)
    communes.loc[7, ["point_lon", "point_lat"]] = np.nan
    frame = access_of(communes, actors_in(communes, [0])).communes
    assert frame["score_per_10k"].iloc[6] == 0
    assert frame["in_reach"].tolist() == [1] * 6 + [0, 0]
    assert np.isnan(frame["score_per_10k"].iloc[7])
    assert frame["kind"].iloc[7] == "unknown"
    beyond = access_of(communes, actors_in(communes, [0])).beyond
    assert beyond["unknown"].tolist() == [10, 10, 10]
    assert beyond["beyond"].tolist() == [50, 40, 10]


def test_nobody_has_the_theme():
    """No actor: a status, no distance, unknown inhabitants, score 0; nothing divides by nothing."""
    communes = grid([10, 20])
    result = access_of(communes, actors_in(communes, [0]), theme=Theme("domain", "inconnu"))
    assert result.summary.status == "no_actor"
    assert result.summary.mean_distance is None
    assert result.beyond["unknown"].tolist() == [30, 30, 30]
    assert result.communes["score_per_10k"].tolist() == [0, 0]
    assert result.communes["actor_id"].isna().all()


def test_nobody_lives_there():
    """Population 0: no share, no mean, nobody in reach of the actor."""
    communes = grid([0, 0])
    result = access_of(communes, actors_in(communes, [0]))
    assert (result.summary.mean_distance, result.summary.located_share) == (None, None)
    assert result.summary.supply_in_reach == 0
    assert result.beyond["share_beyond"].isna().all()


def test_border_strip_is_marked_unless_neighbours_are_known():
    """Centres within the largest catchment of the border are marked, until the table has an actor from outside."""
    communes = grid([1] * 169, columns=13)  # 52 km wide: only the middle is far from the border
    actors = actors_in(communes, [0])
    result = access_of(communes, actors)
    inner = result.communes.loc[~result.communes["border"], "code"].tolist()
    assert inner == [f"31{row * 13 + column + 1:03}" for row in (5, 6, 7) for column in (5, 6, 7)]
    assert (result.communes["border_km"] <= BORDER_KM).tolist() == result.communes["border"].tolist()
    assert result.summary.border_communes == 160
    neighbour = actors_in(communes, [1]).assign(actor_id="b", commune_code="09001")
    both = access_of(communes, gpd.GeoDataFrame(pd.concat([actors, neighbour], ignore_index=True)))
    assert not both.communes["border"].any()
    assert both.summary.actors_outside == 1
    assert both.communes["actor_id"].iloc[2] == "b"


def test_journeys_in_minutes():
    """Minutes have their own catchments; within a commune nothing is made up, and it counts as near."""
    communes = grid([10, 20, 30])
    table = pd.DataFrame({"origin": ["31002"], "destination": ["31001"], "minutes": [25.0]})
    result = access_of(communes, actors_in(communes, [0]), journeys=table)
    frame = result.communes
    assert frame["kind"].tolist() == ["within", "journey", "unknown"]
    assert frame["distance"].tolist()[1:2] == [25]
    assert np.isnan(frame["distance"].iloc[0])
    assert result.beyond["threshold"].tolist() == [10, 20, 30]
    assert result.beyond["within"].tolist() == [10, 10, 30]
    assert result.beyond["unknown"].tolist() == [30, 30, 30]
    ratio = 1 / (10 + 0.22 * 20)
    expected = [PER_INHABITANTS * ratio, PER_INHABITANTS * 0.22 * ratio]
    np.testing.assert_allclose(frame["score_per_10k"].to_numpy()[:2], expected)
    assert np.isnan(frame["score_per_10k"].iloc[2])
    assert (result.summary.mean_distance, result.summary.located_share) == (25.0, pytest.approx(1 / 3))


def test_starter_data(starter_snapshot):
    """The 396 actors are all in somebody's reach and most inhabitants are near one."""
    tables = {name: starter_snapshot.layer(name) for name in ("actors", "communes", "department")}
    result = access(**tables, theme=Theme(), completeness="partial", crs=METRIC)
    assert result.summary.supply_in_reach == 396
    assert len(result.communes) == 586
    assert 0.3 < result.summary.located_share < 0.5
    assert (result.communes["distance"] > 0).all()
