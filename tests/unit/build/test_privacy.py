"""Nothing finer than the commune reaches a snapshot for sensitive places and homes."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from essmap.build.actors import build_actors
from essmap.build.privacy import MASKED_FIELDS, at_home, hide, sensitive, tells_where
from essmap.build.starter import build_starter
from essmap.sources.starter import ACTORS_FILE, read_actors, starter_folder
from essmap.store import Store
from essmap.texts import t

STREET, POSTCODE, LON, LAT = "17 rue du Secret-Bien-Gardé", "31200", "1.44551", "43.62871"
HOMES = [
    "Chez Mme Unetelle, 2 rue Haute", "CHEZ M. UNTEL", "2 rue Haute, chez M. Untel", "c/o M. Untel", "C/O Untel",
    "3 place d'Armes - c / o Untel", "℅ Untel", "aux bons soins de M. Untel, 4 rue Basse", "domicile de la présidente",
    "M. Jean Untel, 3 rue Haute", "Mme Unetelle 3 rue Haute", "3 rue Haute, M UNTEL", "M.UNTEL, 3 rue Haute",
    "12 rue des Lilas - Madame Unetelle", "résidence de M. Untel", "MM. Untel et Autre, 4 rue Basse", "Monsieur Untel",
    "3 rue Haute Mme Unetelle",
]  # fmt: skip
NOT_HOMES = [
    "",
    "12 rue des Chezeaux",
    "5 chemin de Chézy",
    "1 avenue du Docteur Co",
    "Mairie",
    "8 rue Pichez",
    "12 rue Madame",
    "place Monsieur Vincent",
    "8 rue M. Curie",
    "12 av. M. Dassault",
    "M.J.C. du Pont, 3 rue Haute",
    "Impasse Mme de Sévigné",
    "Bât M porte 3",
    "zone M 3",
    "Route de M. Seguin",
    "Mr Bricolage, zone du Lac",
]


def masked_row(snapshot, identifier: str):
    actors = snapshot.layer("actors").set_index("actor_id")
    communes = snapshot.layer("communes").set_index("commune_code")
    row = actors.loc[identifier]
    return row, communes.loc[row["commune_code"]]


def assert_masked(snapshot, identifier: str) -> None:
    row, commune = masked_row(snapshot, identifier)
    assert row[list(MASKED_FIELDS)].isna().all()
    assert row["geo_precision"] == "municipality"
    assert (row.geometry.x, row.geometry.y) == (commune["point_lon"], commune["point_lat"])


@pytest.fixture
def planted(starter_copy):
    """A row of Toulouse with a full address and a position; returns its line and identifier."""
    rows = starter_copy.rows(ACTORS_FILE)
    line, row = next((n, row) for n, row in rows.items() if row["commune_code"] == "31555" and row["lon"] == "")
    cells = {"lon": LON, "lat": LAT, "geo_precision": "housenumber", "postcode": POSTCODE, "address": STREET}
    starter_copy.change(ACTORS_FILE, line, **cells)
    return line, row["id"]


def test_a_precise_row_is_shown_as_it_is(starter_copy, planted):
    """Without a reason to mask, the planted row keeps its address and its position."""
    snapshot = build_starter("31", folder=starter_copy.path)
    row, _ = masked_row(snapshot, planted[1])
    assert (row["address"], row["postcode"], row["geo_precision"]) == (STREET, POSTCODE, "housenumber")
    assert (row.geometry.x, row.geometry.y) == (float(LON), float(LAT))


@pytest.mark.parametrize(
    "cells",
    [
        {"is_sensitive": "yes"},
        {"name": "Centre d'hébergement du Nord"},
        {"activity": "Accueil de femmes victimes de violences"},
        {"activity": "ACCUEIL DE DEMANDEURS D’ASILE"},
    ],
    ids=["list", "name", "activity", "capitals"],
)
def test_sensitive_rows_are_masked_though_the_file_is_precise(starter_copy, planted, cells):
    """A place that is sensitive by list or by its words loses address, postcode and position."""
    line, identifier = planted
    starter_copy.change(ACTORS_FILE, line, **cells)
    snapshot = build_starter("31", folder=starter_copy.path)
    assert_masked(snapshot, identifier)
    assert bool(masked_row(snapshot, identifier)[0]["is_sensitive"])


@pytest.mark.parametrize("address", HOMES)
def test_homes_are_masked_though_the_file_is_precise(starter_copy, planted, communes, address):
    """An address that says it is somebody's home is masked, and the place is not called sensitive for that."""
    line, _ = planted
    starter_copy.change(ACTORS_FILE, line, address=address)
    raw = read_actors(starter_copy.path).frame.loc[[line]]
    actors = build_actors(raw, communes, supported=set(), source="given_actors")
    assert actors[list(MASKED_FIELDS)].isna().all(axis=None)
    assert actors["geo_precision"].tolist() == ["municipality"]
    place = communes.set_index("commune_code").loc["31555"]
    assert (actors.geometry.x[0], actors.geometry.y[0]) == (place["point_lon"], place["point_lat"])
    assert actors["is_sensitive"].tolist() == [False]


def test_no_masked_value_is_written(starter_copy, planted, tmp_path):
    """No file of the snapshot holds the masked address or coordinates, whatever the column."""
    line, _ = planted
    starter_copy.change(ACTORS_FILE, line, is_sensitive="yes")
    snapshot = build_starter("31", folder=starter_copy.path)
    store = Store(str(tmp_path / "snapshots"))
    store.save(snapshot)
    read = store.load("31")
    for name, frame in read.tables.items():
        text = frame.drop(columns="geometry", errors="ignore").to_csv()
        assert STREET not in text, name
        assert LON not in text, name
    points = read.layer("actors").geometry
    assert not ((points.x == float(LON)) | (points.y == float(LAT))).any()
    assert STREET not in json.dumps(read.manifest.as_dict())


def test_starter_rows_marked_or_worded_are_masked(starter_snapshot):
    """Every row the starter file marks is sensitive, its words add more, and each is masked."""
    raw = read_actors(starter_folder("31")).frame
    marked = set(raw["id"][raw["is_sensitive"].eq("yes")])
    actors = starter_snapshot.table("actors")
    found = set(actors["actor_id"][actors["is_sensitive"]])
    assert len(marked) == 10
    assert marked < found
    for identifier in found:
        assert_masked(starter_snapshot, identifier)


def test_at_home_reads_addresses():
    """Homes are found wherever the word stands; street names that look like it are not homes."""
    assert at_home(pd.Series(HOMES)).all()
    assert not at_home(pd.Series(NOT_HOMES)).any()
    assert at_home(pd.Series([], dtype="str")).tolist() == []


def test_sensitive_is_list_or_words_on_the_same_index():
    """What the source marks and what the words say are both enough."""
    index = pd.Index([5, 9, 7])
    flagged = pd.Series([True, False, False], index=index)
    name = pd.Series(["Le Jardin", "CHRS du Lac", "Le Jardin"], index=index)
    found = sensitive(flagged, name, pd.Series(["", "", ""], index=index))
    assert found.tolist() == [True, True, False]
    assert found.index.equals(index)


TELLING = ["Accueil au 12 bis rue du Secret", "Permanences, 31200 Toulouse", "Réunions chez Mme Unetelle",
           "Hébergement - 3, place du Secret, au fond", "Au domicile de M. Untel"]  # fmt: skip
PLAIN = ["Centre de 42 places avec accompagnement", "Aide chez soi", "Depuis 2012, 12 000 repas", "Aide à domicile"]


@pytest.mark.parametrize("activity", TELLING)
def test_the_activity_of_a_masked_row_does_not_tell_where_it_is(starter_copy, planted, activity):
    """An address or a name in the words of a sensitive place goes with the rest; the words of others stay."""
    line, identifier = planted
    starter_copy.change(ACTORS_FILE, line, activity=activity, is_sensitive="yes")
    snapshot = build_starter("31", folder=starter_copy.path)
    assert_masked(snapshot, identifier)
    assert masked_row(snapshot, identifier)[0].isna()["activity"]


def test_who_meets_at_somebodys_is_masked(starter_copy, planted):
    """The activity says that it is a home, whatever the address says."""
    line, identifier = planted
    starter_copy.change(ACTORS_FILE, line, activity="Réunions chez Mme Unetelle")
    assert_masked(build_starter("31", folder=starter_copy.path), identifier)


def test_words_that_tell_where_are_told_from_others():
    """Figures and « chez » alone are no address."""
    assert tells_where(pd.Series(TELLING)).all()
    assert not tells_where(pd.Series(PLAIN)).any()


def test_the_gathered_activities_of_masked_rows_stay(starter_snapshot):
    """Not one gathered row loses its words."""
    raw = read_actors(starter_folder("31")).frame.set_index("id")["activity"]
    actors = starter_snapshot.table("actors").set_index("actor_id")["activity"].fillna("")
    assert actors.to_dict() == raw.loc[actors.index].to_dict()


def test_names_of_masked_rows_say_no_address():
    """An address in the name is cut; a name that is nothing else is not shown; other rows keep theirs."""
    names = ["Solidarité - 12 rue Secrète", "12 rue Secrète", "Café, 12 rue Haute"]
    frame = pd.DataFrame({"name": names, "activity": "", **dict.fromkeys(MASKED_FIELDS, "x")}, dtype="str")
    hide(frame, np.array([True, True, False]))
    assert frame["name"].tolist() == ["Solidarité", t("imports.unnamed"), "Café, 12 rue Haute"]
