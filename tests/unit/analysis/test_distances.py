"""Distances: straight lines between what is located, a default within a commune, never 0 km for what is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_cases import METRIC, SIDE, actors_in, grid, shuffled, situations

from essmap.analysis import distances as module
from essmap.analysis.distances import KINDS, centres, distances, places_of_actors

INNER_KM = 2 / 3 * np.sqrt(SIDE**2 / np.pi) / 1000


def table_of(communes, actors, journeys=None):
    return distances(communes, places_of_actors(actors, crs=METRIC), crs=METRIC, journeys=journeys)


def test_each_kind_of_distance():
    """Located ends are measured; a town hall's own unlocated actor is « within »; other centres are approximate."""
    communes = grid([10, 10, 10], kinds=["town_hall", "town_hall", "surface_point"])
    actors = actors_in(communes, [0, 1], precise=[True, False], shifts=[[300, 400], [0, 0]])
    table = table_of(communes, actors)
    all_distances = table.matrix()
    assert all_distances[0, 0] == pytest.approx(0.5, abs=1e-6)
    assert all_distances[0, 1] == pytest.approx(4, abs=1e-6)
    assert all_distances[1, 1] == pytest.approx(INNER_KM, rel=1e-3)
    nearest, row = table.nearest()
    assert row.tolist() == [0, 1, 1]
    assert table.kinds(row).tolist() == ["located", "within", "approximate"]
    assert nearest[2] == pytest.approx(4, abs=1e-6)


def test_a_located_actor_of_an_unlocated_commune_is_within_it():
    """A commune without a trusted town hall has no distance to its own actors, however precise they are."""
    communes = grid([10], kinds=["surface_point"])
    table = table_of(communes, actors_in(communes, [0], shifts=[[5, 0]]))
    nearest, row = table.nearest()
    assert nearest[0] == pytest.approx(INNER_KM, rel=1e-3)
    assert table.kinds(row).tolist() == ["within"]


def test_default_within_a_commune_is_the_mean_distance_in_a_disc():
    """2/3 of the radius: what points drawn in a disc of the commune's area are from its centre on average."""
    communes = grid([1])
    [inner] = table_of(communes, actors_in(communes, [])).communes["inner"]
    radius = np.sqrt(SIDE**2 / np.pi) / 1000
    drawn = radius * np.sqrt(np.random.default_rng(1).random(200_000))
    assert inner == pytest.approx(drawn.mean(), rel=5e-3)


def test_without_point_or_outline():
    """Without a point only the commune's own actors are known; without outline the median default stands in."""
    communes = grid([10, 10])
    communes.loc[0, ["point_lon", "point_lat"]] = np.nan
    communes.loc[0, "point_kind"] = "missing"
    communes.loc[0, "geometry"] = None
    elsewhere, at_home = actors_in(grid([10, 10]), [1]), actors_in(grid([10, 10]), [0], precise=[False])
    assert table_of(communes, elsewhere).kinds(table_of(communes, elsewhere).nearest()[1])[0] == "unknown"
    table = table_of(communes, at_home)
    nearest, row = table.nearest()
    assert table.kinds(row)[0] == "within"
    assert nearest[0] == pytest.approx(INNER_KM, rel=1e-3)


def test_nobody():
    """Without actors every commune is told so; without communes nothing fails."""
    communes = grid([1, 2])
    nearest, row = table_of(communes, actors_in(communes, [])).nearest()
    assert np.isinf(nearest).all()
    assert row.tolist() == [-1, -1]
    none = table_of(communes.iloc[:0], actors_in(communes, [0, 1]))
    assert none.matrix().shape == (0, 2)
    assert none.nearest()[0].shape == (0,)


def test_actors_of_one_place_are_one_place():
    """Same point or same commune: one place, its count, the least identifier; precise and not are apart."""
    communes = grid([1, 1])
    actors = actors_in(communes, [1, 0, 0, 0, 0], precise=[False, True, True, False, False])
    places = places_of_actors(actors, crs=METRIC)
    assert places["place_id"].tolist() == ["a000", "a001", "a003"]
    assert places["count"].tolist() == [1, 2, 2]


def test_equal_distances_go_to_the_first_identifier():
    """Two actors as far: the one whose identifier comes first, whatever the order of rows."""
    communes = grid([1, 1, 1])
    actors = actors_in(communes, [2, 0])
    for seed in range(4):
        table = table_of(communes, *shuffled(actors, seed=seed))
        _, row = table.nearest()
        assert table.places["place_id"].iloc[row[1]] == "a000"


@settings(max_examples=30)
@given(data=situations(), seed=st.integers(0, 9))
def test_blocks_and_order_change_nothing(data, seed):
    """One place at a time or all at once, rows in any order: the same distances, never 0 unless both ends are known."""
    communes, actors = data
    table = table_of(communes, actors)
    other = table_of(*shuffled(communes, actors, seed=seed))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", 1)
        one_by_one, nearest_one_by_one = table.matrix(), table.nearest()
    np.testing.assert_array_equal(one_by_one, table.matrix())
    np.testing.assert_array_equal(other.matrix(), table.matrix())
    for left, right in zip(nearest_one_by_one, table.nearest(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert int(table.places["count"].sum()) == len(actors)
    nearest, row = table.nearest()
    kinds = table.kinds(row)
    assert set(kinds) <= set(KINDS)
    assert (nearest[kinds != "located"] > 0.5).all()
    np.testing.assert_array_equal(np.isinf(nearest), kinds == "unknown")


def journeys(rows, unit="minutes"):
    return pd.DataFrame(rows, columns=["origin", "destination", unit]).astype({unit: "float64"})


def test_journeys_replace_straight_lines():
    """The table's own value counts, in its direction; a pair that is not there is out of reach."""
    communes = grid([1, 1, 1])
    actors = actors_in(communes, [0, 0, 1], precise=[True, False, False])
    table = table_of(
        communes, actors, journeys([("31002", "31001", 12), ("31001", "31002", 90), ("99999", "31001", 1)])
    )
    assert table.unit == "minutes"
    assert table.matrix().tolist() == [[0, 90], [12, 0], [np.inf, np.inf]]
    assert table.places["count"].tolist() == [2, 1]
    assert table.kinds(np.array([1, 0, -1])).tolist() == ["journey", "journey", "unknown"]
    assert table.kinds(np.array([0, 1, -1])).tolist() == ["within", "within", "unknown"]


def test_a_journey_of_zero_within_a_commune_says_nothing():
    """0 km within a commune gets the default; a positive value is believed."""
    communes = grid([1, 1])
    actors = actors_in(communes, [0, 1])
    table = table_of(communes, actors, journeys([("31001", "31001", 0), ("31002", "31002", 3)], unit="km"))
    assert np.diag(table.matrix()).tolist() == [pytest.approx(INNER_KM, rel=1e-3), 3]


def test_centres_are_known_to_their_commune_only():
    """A new site serves its own commune from the default distance on, others from centre to centre."""
    communes = grid([1, 1])
    all_distances = distances(communes, centres(communes, crs=METRIC), crs=METRIC).matrix()
    np.testing.assert_allclose(all_distances, [[INNER_KM, 4], [4, INNER_KM]], rtol=1e-3)
