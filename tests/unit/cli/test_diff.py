"""`essmap diff`: every row that differs between two builds, once per way it differs, in three formats."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest
from shapely.geometry import Point

from essmap.build.report import compare
from essmap.schema.snapshot import Snapshot
from essmap.schema.tables import ACTORS, MERGES, PROJECTS
from essmap.schema.withheld import Entry, withhold
from essmap.store import Store
from essmap.view.format import decimal

FIRST, SECOND = "20260101T000000Z-aaaaaa", "20260201T000000Z-bbbbbb"
METRES_PER_DEGREE = 111_320


@pytest.fixture
def builds(tmp_path, monkeypatch, starter_snapshot):
    """Two builds in one root, between which one thing of each kind happened; the rows it happened to."""
    actors, projects = (starter_snapshot.layer(name).copy() for name in ("actors", "projects"))
    placed = actors.index[actors["geo_precision"].eq("street")]
    gone, moved, renamed, hidden = placed[:4]
    point = actors.geometry[moved]
    actors.loc[moved, "geometry"] = Point(point.x, point.y + 1000 / METRES_PER_DEGREE)
    actors.loc[renamed, ["name", "activity"]] = ["=Autre nom", None]
    commune = starter_snapshot.table("communes").set_index("commune_code").loc[actors.at[hidden, "commune_code"]]
    actors.loc[hidden, "geometry"] = Point(commune["point_lon"], commune["point_lat"])
    actors.loc[hidden, ["geo_precision", "address", "postcode"]] = ["municipality", None, None]
    names = {"gone": gone, "moved": moved, "renamed": renamed, "hidden": hidden}
    ids = {key: actors.at[row, "actor_id"] for key, row in names.items()}
    added = actors.loc[[renamed]].assign(actor_id="siret-1", name="Nouvelle")
    actors = pd.concat([actors.drop(index=gone), added], ignore_index=True)
    projects.loc[projects.index[0], "amount_eur"] = 12.5
    tables = {**starter_snapshot.tables, "actors": actors, "projects": projects}
    counts = {**starter_snapshot.manifest.counts, "actors": len(actors)}
    manifest = replace(starter_snapshot.manifest, counts=counts)
    store = Store(str(tmp_path / "s"))
    store.save(replace(starter_snapshot, manifest=replace(starter_snapshot.manifest, build_id=FIRST)))
    store.save(Snapshot(replace(manifest, build_id=SECOND), tables))
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "s"))
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    return ids | {"project": projects["project_id"].iloc[0]}


def test_each_difference_is_told_with_its_fields_and_metres(cli, builds):
    """New, gone, changed with the columns, moved with how far; nobody else."""
    answer = cli("diff", FIRST, SECOND, "--format", "json")
    told = json.loads(answer.out)
    assert (answer.code, told["before"], told["after"]) == (0, FIRST, SECOND)
    found = {(row["table"], row["change"], row["id"]): row for row in told["changes"]}
    assert set(found) == {
        ("actors", "new", "siret-1"),
        ("actors", "gone", builds["gone"]),
        ("actors", "changed", builds["renamed"]),
        ("actors", "changed", builds["hidden"]),
        ("actors", "moved", builds["moved"]),
        ("actors", "moved", builds["hidden"]),
        ("projects", "changed", builds["project"]),
    }
    assert found["actors", "changed", builds["renamed"]]["fields"] == ["name", "activity"]
    assert found["projects", "changed", builds["project"]]["fields"] == ["amount_eur"]
    assert found["actors", "moved", builds["moved"]]["metres"] == pytest.approx(1000, rel=0.01)
    assert found["actors", "moved", builds["moved"]]["fields"] == []


def test_how_far_somebody_hidden_is_from_where_they_were_is_not_told(cli, builds):
    """The distance from the commune's point would say where they were; no value of any field is told either."""
    rows = json.loads(cli("diff", FIRST, SECOND, "--format", "json").out)["changes"]
    hidden = [row for row in rows if row["id"] == builds["hidden"]]
    assert [row["metres"] for row in hidden] == [None, None]
    assert set(hidden[0]) == {"table", "change", "id", "name", "commune_code", "fields", "metres"}


def test_csv_and_table_say_the_same(cli, builds):
    """A row each; a name that a spreadsheet would run is disarmed."""
    lines = list(csv.DictReader(io.StringIO(cli("diff", FIRST, SECOND, "--format", "csv").out)))
    rows = json.loads(cli("diff", FIRST, SECOND, "--format", "json").out)["changes"]
    assert [(line["change"], line["id"], line["fields"]) for line in lines] == [
        (row["change"], row["id"], ";".join(row["fields"])) for row in rows
    ]
    assert next(line for line in lines if line["fields"] == "name;activity")["name"] == "'=Autre nom"
    table = cli("diff", FIRST, SECOND)
    assert table.code == 0
    [metres] = [row["metres"] for row in rows if row["metres"] is not None]
    for words in (
        "nouvelles lignes\u00a0: 1",
        "lignes déplacées\u00a0: 2",
        f"{decimal(metres)} m",
        "distance non dite",
    ):
        assert words in table.out
    assert "Projets soutenus, lignes changées\u00a0: 1" in table.out


def test_a_build_beside_itself_is_no_difference(cli, builds, tmp_path):
    """By identifier, by folder, from any root."""
    assert "Aucune différence" in cli("diff", FIRST, FIRST).out
    folder = tmp_path / "s" / "31" / FIRST
    assert json.loads(cli("diff", folder, FIRST, "--snapshot", tmp_path / "s", "--format", "json").out)["changes"] == []


def test_who_objects_is_in_no_comparison(cli, builds, tmp_path):
    """Not even among those that are gone."""
    withhold(tmp_path / "withheld.csv", Entry("actor_id", builds["gone"]))
    assert builds["gone"] not in cli("diff", FIRST, SECOND, "--format", "json").out


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_who_objects_by_a_number_that_is_not_shown_is_not_named_either(cli, builds, tmp_path, output):
    """Of a home no build holds the number: whoever is gone without one is counted, not named."""
    named = cli("diff", FIRST, SECOND, "--format", output).out
    assert builds["gone"] in named
    withhold(tmp_path / "withheld.csv", Entry("siren", "900000001"))
    answer = cli("diff", FIRST, SECOND, "--format", output)
    assert answer.code == 0
    assert builds["gone"] not in answer.out
    assert "nom non dit" in answer.out


def test_what_cannot_be_compared_is_said(cli, builds, tmp_path, starter_snapshot):
    """An unknown build, an unknown format, two departments."""
    unknown = cli("diff", FIRST, "20000101T000000Z-000000")
    assert (unknown.code, unknown.out) == (3, "")
    assert FIRST in unknown.err
    assert cli("diff", FIRST, tmp_path / "nowhere").code == 3
    assert cli("diff", FIRST, SECOND, "--format", "pdf").code == 2
    other = replace(starter_snapshot.manifest, department="81")
    Store(str(tmp_path / "o")).save(replace(starter_snapshot, manifest=other))
    answer = cli("diff", FIRST, tmp_path / "o")
    assert answer.code == 2
    assert "31 et 81" in answer.err


def test_projects_that_get_or_lose_their_place_have_moved(starter_snapshot):
    """From the whole department to a commune: moved, without a distance; a table without key is no comparison."""
    projects = starter_snapshot.layer("projects").copy()
    [row, *_] = projects.index[projects.geometry.isna()]
    projects.loc[row, "geometry"] = Point(1.4, 43.6)
    after = replace(starter_snapshot, tables={**starter_snapshot.tables, "projects": projects})
    found = compare(starter_snapshot, after, PROJECTS)
    assert found[["change", "id"]].to_numpy().tolist() == [["moved", projects.at[row, "project_id"]]]
    assert found["metres"].isna().all()
    assert compare(starter_snapshot, after, ACTORS).empty
    with pytest.raises(ValueError, match="merges"):
        compare(starter_snapshot, after, MERGES)
