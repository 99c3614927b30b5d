"""The electoral cantons by name, and which of them a snapshot lacks."""

from __future__ import annotations

from essmap.reference import cantons_not_loaded, electoral_cantons, how_to_load_cantons


def test_not_loaded_with_the_units(starter_snapshot):
    """With the 22 units the eleven cantons named Toulouse have no true outline."""
    found = cantons_not_loaded(starter_snapshot.table("cantons"), "31")
    assert found["canton_name"].tolist() == [f"Toulouse-{n}" for n in range(1, 12)]
    assert found["canton_code"].tolist() == [f"31{n}" for n in range(15, 26)]
    assert "essmap build --cantons ign" in how_to_load_cantons()


def test_nothing_is_lacking_once_loaded(starter_snapshot):
    """With electoral cantons there is nothing left to load; nor where no table is known."""
    known = electoral_cantons("31")
    assert cantons_not_loaded(known.assign(kind="electoral"), "31").empty
    assert electoral_cantons("09").empty
    assert cantons_not_loaded(starter_snapshot.table("cantons"), "09").empty
