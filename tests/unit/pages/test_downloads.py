"""The downloads of the pages: made when asked for, with the rows of the page, without who objected a moment ago."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest
import streamlit as st

from essmap.analysis.coverage import Question, Tables, coverage
from essmap.errors import DataError
from essmap.pages import downloads
from essmap.pages import loaded as loaded_module
from essmap.schema.snapshot import SourceRecord
from essmap.schema.withheld import Entry, withhold
from essmap.texts import t
from essmap.view.filters import Filters
from essmap.view.opendata.package import FORMATS


class Shown:
    """A page as far as downloads need one."""

    def __init__(self, snapshot):
        self.snapshot = snapshot
        self.manifest = snapshot.manifest


@pytest.fixture
def buttons(monkeypatch, tmp_path):
    """What the page offers, by label: file name, type, and what makes the file."""
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    loaded_module.settings.clear()
    offered = {}

    def button(label, data, **options):
        assert options["on_click"] == "ignore"
        offered[label] = (options["file_name"], options["mime"], data)

    monkeypatch.setattr(st, "download_button", button)
    yield offered
    loaded_module.settings.clear()


def read(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), sep=";", decimal=",")


def test_the_menu_offers_the_rows_of_the_page_in_every_format(buttons, starter_snapshot):
    """A file per format and a zip with its descriptor; each is made by a call, none before."""
    ids = starter_snapshot.table("actors")["actor_id"].iloc[[3, 5]].tolist()
    downloads.actors_menu(Shown(starter_snapshot), ids, Filters(words="x"))
    assert [name for name, _, _ in buttons.values()] == [
        *(f"structures-ess-31.{one}" for one in FORMATS), "structures-ess-31.zip",
    ]  # fmt: skip
    assert all(isinstance(make, partial) for _, _, make in buttons.values())
    _, mime, make = buttons[t("opendata.format.csv")]
    assert (mime, read(make())["Identifiant"].tolist()) == ("text/csv", ids)
    for one in FORMATS:
        assert len(buttons[t(f"opendata.format.{one}")][2]()) > 200
    with zipfile.ZipFile(io.BytesIO(buttons[t("opendata.format.zip")][2]())) as archive:
        described = json.loads(archive.read("datapackage.json"))
        assert sorted(archive.namelist()) == [
            "datapackage.json", "structures-ess-31.csv", "structures-ess-31.geojson",
        ]  # fmt: skip
    assert described["resources"][0]["selection"] == {"q": "x"}


def test_supports_and_comparisons_have_the_same_menu(buttons, starter_snapshot):
    """With the rows given, under stable names."""
    projects = starter_snapshot.table("projects")
    downloads.projects_menu(Shown(starter_snapshot), projects.index[:7].tolist(), {"annee": "2025"})
    name, _, make = buttons[t("opendata.format.csv")]
    assert (name, len(read(make()))) == ("projets-soutenus-31.csv", 7)
    question = Question("canton", exercise=True)
    table = coverage(Tables.of(starter_snapshot), question)
    downloads.gaps_menu(Shown(starter_snapshot), table, question)
    name, _, make = buttons[t("opendata.format.csv")]
    assert (name, len(read(make()))) == ("exercice-ecarts-canton-toutes-31.csv", 22)


def test_everything_is_one_zip(buttons, starter_snapshot):
    """Actors and supports, for spreadsheets and maps, with the descriptor."""
    downloads.everything(Shown(starter_snapshot))
    [(name, mime, make)] = buttons.values()
    assert (name, mime) == ("ess-donnees-ouvertes-31.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(make())) as archive:
        assert set(archive.namelist()) == {
            "structures-ess-31.csv", "structures-ess-31.geojson", "projets-soutenus-31.csv",
            "projets-soutenus-31.geojson", "datapackage.json",
        }  # fmt: skip


def test_who_objects_while_the_page_is_open_is_not_in_its_files(buttons, starter_snapshot, tmp_path):
    """The list is read again when the file is made."""
    holder = starter_snapshot.table("projects")["actor_id"].dropna().iloc[0]
    downloads.actors_menu(Shown(starter_snapshot), [holder], Filters())
    make = buttons[t("opendata.format.csv")][2]
    assert len(read(make())) == 1
    downloads.projects_menu(Shown(starter_snapshot), starter_snapshot.table("projects").index.tolist(), {})
    withhold(tmp_path / "withheld.csv", Entry("actor_id", holder))
    assert len(read(make())) == 0
    supports = buttons[t("opendata.format.csv")][2]()
    assert len(read(supports)) == 68
    assert holder not in supports.decode("utf-8-sig")


def test_a_snapshot_that_says_too_much_gives_no_file(buttons, starter_snapshot):
    """The build is looked at again before anything leaves."""
    actors = starter_snapshot.layer("actors").copy()
    actors.loc[actors["is_sensitive"], "address"] = "7890 rue des mots caches"
    bad = replace(starter_snapshot, tables={**starter_snapshot.tables, "actors": actors})
    downloads.everything(Shown(bad))
    [(_, _, make)] = buttons.values()
    with pytest.raises(DataError):
        make()


def test_rows_under_another_licence_make_every_choice_a_zip(buttons, starter_snapshot):
    """Two files, one per licence, cannot be one download otherwise."""
    record = SourceRecord("osm_actors", "Essai", "Essai", "", "ODbL", "2026", None, "", 1, 1)
    actors = starter_snapshot.layer("actors").copy()
    actors.loc[actors.index[0], "source"] = record.key
    manifest = replace(starter_snapshot.manifest, sources=(*starter_snapshot.manifest.sources, record))
    snapshot = replace(starter_snapshot, manifest=manifest, tables={**starter_snapshot.tables, "actors": actors})
    downloads.actors_menu(Shown(snapshot), actors["actor_id"].tolist(), Filters())
    name, mime, make = buttons[t("opendata.format.csv")]
    assert (name, mime) == ("structures-ess-31-csv.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(make())) as archive:
        assert {"structures-ess-31.csv", "structures-ess-31-odbl.csv"} < set(archive.namelist())
