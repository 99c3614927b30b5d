"""The nearest actor outside a territory: from where, how far, and how that is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spatial_cases import METRIC, actors_in, grid, shuffled, situations

from essmap.analysis.coverage import Theme
from essmap.analysis.distances import distances, places_of_actors
from essmap.analysis.elsewhere import nearest_outside

ALL, NUMERIC, NOBODY = Theme(), Theme("domain", "numerique"), Theme("domain", "inconnu")


def nearest_of(communes, actors, territory, themes=(ALL,)):
    return nearest_outside(actors, communes, territory, themes, crs=METRIC)


def test_what_is_inside_is_not_looked_for_outside():
    """A row only for themes that nobody inside has, in the order asked; nobody anywhere is said."""
    communes = grid([1] * 8)
    actors = actors_in(communes, [0, 5])
    actors.at[0, "domains"] = ["mobilite"]
    found = nearest_of(communes, actors, ("canton", "C0"), [NOBODY, ALL, NUMERIC])
    assert found[["theme_kind", "theme_key", "kind"]].to_numpy().tolist() == [
        ["domain", "inconnu", "no_actor"],
        ["domain", "numerique", "located"],
    ]
    assert found.loc[0, ["actor_id", "distance_km", "from_code"]].isna().all()
    assert found.loc[1, ["actor_id", "actor_name", "commune_code", "from_code"]].tolist() == [
        "a001", "Structure inventée 1", "31006", "31002",
    ]  # fmt: skip
    assert found.loc[1, "distance_km"] == pytest.approx(4, abs=1e-6)


def test_an_end_known_to_its_commune_is_approximate():
    """From centre to centre is said to be so, whichever end is not located."""
    communes = grid([1, 1], kinds=["town_hall", "surface_point"])
    unlocated = nearest_of(communes, actors_in(communes, [1], precise=[False]), ("commune", "31001"))
    from_surface = nearest_of(communes, actors_in(communes, [0]), ("commune", "31002"))
    assert [*unlocated["kind"], *from_surface["kind"]] == ["approximate", "approximate"]


def test_a_territory_without_point_is_unknown():
    """No centre, or no commune at all: the distance is unknown, not 0."""
    communes = grid([1, 1])
    communes.loc[0, ["point_lon", "point_lat"]] = np.nan
    actors = actors_in(communes, [1])
    for code in ("31001", "99999"):
        found = nearest_of(communes, actors, ("commune", code))
        assert found["kind"].tolist() == ["unknown"]
        assert found["distance_km"].isna().all()


@settings(max_examples=30)
@given(data=situations(), seed=st.integers(0, 9))
def test_nothing_outside_is_nearer(data, seed):
    """Of all actors and communes of the territory no pair is nearer; order of rows does not matter."""
    communes, actors = data
    territory = ("canton", "C1")
    found = nearest_of(communes, actors, territory)
    own = communes[communes["canton_code"] == "C1"]
    if (actors["canton_code"] == "C1").any():
        assert found.empty
    elif own.empty or actors.empty:
        assert found["kind"].tolist() == ["no_actor" if actors.empty else "unknown"]
    else:
        every = distances(own, places_of_actors(actors, crs=METRIC), crs=METRIC).matrix()
        assert found["distance_km"].tolist() == [every.min()]
        assert found["kind"].isin(["located", "approximate"]).all()
    pd.testing.assert_frame_equal(nearest_of(*shuffled(communes, actors, seed=seed), territory), found)


def test_starter_data(starter_snapshot):
    """Every theme of every canton is either inside or has an answer."""
    actors, communes = starter_snapshot.layer("actors"), starter_snapshot.layer("communes")
    themes = [Theme("domain", key) for key in ("mobilite", "numerique", "petite_enfance_jeunesse")]
    for code in starter_snapshot.table("cantons")["canton_code"]:
        found = nearest_of(communes, actors, ("canton", code), themes)
        assert found["distance_km"].gt(0).all()
        assert not (found["commune_code"].map(communes.set_index("commune_code")["canton_code"]) == code).any()
