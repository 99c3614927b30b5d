"""`essmap export`: files where and as asked, filters as on the page, and a sentence for whatever makes no sense."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import frictionless
import pytest
import shapely
from opened_files import rows_of

from essmap.schema.withheld import Entry, withhold
from essmap.store import Store
from essmap.view.opendata.package import FORMATS


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, starter_snapshot):
    """An empty folder to work in, a root with the starter snapshot, a list of nobody."""
    Store(str(tmp_path / "s")).save(starter_snapshot)
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "s"))
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("file_format", FORMATS)
def test_one_format_goes_into_the_current_folder(cli, here, file_format):
    """A file of a stable name with its descriptor, the paths on the output, what it is worth beside them."""
    answer = cli("export", "--format", file_format)
    assert answer.code == 0
    assert answer.out.split() == [f"structures-ess-31.{file_format}", "datapackage.json"]
    assert "la liste est partielle" in answer.err
    assert names(here) == ["datapackage.json", f"structures-ess-31.{file_format}"]
    assert len(rows_of(here / f"structures-ess-31.{file_format}")) == 396
    assert frictionless.validate(str(here / "datapackage.json")).valid


def test_several_tables_and_formats_are_one_package(cli, here):
    """A folder, or the same as one zip."""
    what = ("--what", "actors", "--what", "projects", "--what", "gaps", "--format", "csv", "--format", "geojson")
    assert cli("export", *what, "--out", "all").code == 0
    assert len(names(here / "all")) == 7
    assert frictionless.validate(str(here / "all" / "datapackage.json")).valid
    assert cli("export", *what, "--out", "all.zip").out.split() == ["all.zip"]
    with zipfile.ZipFile(here / "all.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in (here / "all").iterdir()
        }


def test_one_file_of_a_given_name_has_its_descriptor_beside_it(cli, here):
    """Two tables in one folder do not take each other's descriptor."""
    assert cli("export", "--format", "csv", "--out", "a/actors.csv").code == 0
    assert cli("export", "--format", "csv", "--machine", "--what", "projects", "--out", "a/projects.csv").code == 0
    assert names(here / "a") == [
        "actors.csv", "actors.datapackage.json", "projects.csv", "projects.datapackage.json",
    ]  # fmt: skip
    for name in ("actors", "projects"):
        assert frictionless.validate(str(here / "a" / f"{name}.datapackage.json")).valid
    assert "project_id" in rows_of(here / "a" / "projects.csv")[0]


def test_filters_are_those_of_the_page(cli, here, starter_snapshot):
    """Rows that answer all of them, in the order of the table; the descriptor says what was asked."""
    asked = ("--axis", "insertion", "--axis", "inclusion", "--family", "association", "--commune", "31555")
    asked = (*asked, "--domain", "insertion_emploi", "--since", "2020", "--words", "Toulouse")
    assert cli("export", "--format", "csv", "--machine", *asked).code == 0
    found = [row["actor_id"] for row in rows_of(here / "structures-ess-31.csv")]
    actors = starter_snapshot.table("actors")
    oracle = [
        row.actor_id for row in actors.fillna({"source_year": 0}).itertuples()
        if {"insertion", "inclusion"} & set(row.axes) and row.family == "association" and row.commune_code == "31555"
        and "insertion_emploi" in row.domains and row.source_year >= 2020
    ]  # fmt: skip
    assert found == oracle
    assert 0 < len(found) < 100
    [resource] = json.loads((here / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    assert resource["selection"] == {
        "q": "Toulouse", "axe": "insertion,inclusion", "domaine": "insertion_emploi", "famille": "association",
        "depuis": "2020", "commune": "31555",
    }  # fmt: skip


def test_places_and_supports_narrow_projects_too(cli, here, starter_snapshot):
    """A canton, an intercommunality; an actor list of the supported only."""
    assert cli("export", "--format", "csv", "--supported", "--canton", "3107").code == 0
    found = {row["Identifiant"] for row in rows_of(here / "structures-ess-31.csv")}
    actors = starter_snapshot.table("actors")
    assert found == set(actors.loc[actors["is_supported"] & actors["canton_code"].eq("3107"), "actor_id"])
    assert cli("export", "--format", "csv", "--what", "projects", "--epci", "243100518", "--out", "p").code == 0
    assert 0 < len(rows_of(here / "p" / "projets-soutenus-31.csv")) < 68


def test_gaps_are_those_of_the_command(cli, here):
    """The numbers of `essmap gaps`; an exercise is marked in the name."""
    asked = ("--level", "epci", "--theme", "axis:insertion", "--count", "all")
    told = json.loads(cli("gaps", *asked, "--format", "json").out)
    assert cli("export", "--what", "gaps", "--format", "csv", "--machine", *asked).code == 0
    rows = rows_of(here / "ecarts-epci-insertion-31.csv")
    assert [int(row["observed"]) for row in rows] == [row["observed"] for row in told]
    assert [row["code"] for row in rows] == [row["code"] for row in told]
    assert cli("export", "--what", "gaps", "--format", "xlsx", "--exercise", *asked, "--out", "e").code == 0
    assert "exercice-ecarts-epci-insertion-31.xlsx" in names(here / "e")


def test_what_is_there_is_replaced_only_when_told(cli, here):
    """Nothing at all is written otherwise."""
    assert cli("export", "--format", "csv").code == 0
    (here / "datapackage.json").write_text("mine", encoding="utf-8")
    answer = cli("export", "--format", "csv", "--format", "gpkg")
    assert (answer.code, answer.out) == (2, "")
    assert "--force" in answer.err
    assert names(here) == ["datapackage.json", "structures-ess-31.csv"]
    assert (here / "datapackage.json").read_text(encoding="utf-8") == "mine"
    assert cli("export", "--format", "csv", "--force").code == 0
    assert frictionless.validate(str(here / "datapackage.json")).valid


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "doc"), "csv, xlsx, geojson, gpkg, parquet"),
        (("--format", "csv", "--what", "all"), "actors, projects, gaps"),
        (("--format", "csv", "--axis", "culture"), "bien_vieillir"),
        (("--format", "csv", "--domain", "x"), "tiers_lieu"),
        (("--format", "csv", "--family", "x"), "cooperative"),
        (("--format", "csv", "--commune", "99999"), "--commune 99999"),
        (("--format", "csv", "--canton", "31002-inconnux"), "--canton 31002-inconnux"),
        (("--format", "csv", "--epci", "1"), "--epci 1"),
        (("--format", "csv", "--epci", "243100518", "--commune", "31555"), "un seul lieu"),
        (("--format", "csv", "--what", "gaps", "--axis", "insertion"), "--theme axis:"),
        (("--format", "csv", "--what", "projects", "--family", "association"), "--family"),
        (("--format", "csv", "--what", "projects", "--supported"), "--supported"),
        (("--format", "csv", "--level", "epci"), "--what gaps"),
        (("--format", "csv", "--what", "gaps", "--level", "x"), "canton, epci, commune"),
        (("--format", "csv", "--what", "gaps", "--count", "x"), "all, employers"),
        (("--format", "csv", "--out", "a.xlsx"), ".csv"),
        (("--format", "csv", "--format", "xlsx", "--out", "a.csv"), "un seul fichier"),
        (("--format", "csv", "--since", "1"), "--since"),
        ((), "--format"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(cli, here, arguments, words):
    """Exit code 2, a French sentence, an empty folder."""
    answer = cli("export", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert names(here) == []


def test_who_objects_is_gone_from_the_next_file(cli, here, tmp_path, starter_snapshot):
    """Without a new build; supports of theirs stay and name nobody."""
    holder = starter_snapshot.table("projects")["actor_id"].dropna().iloc[0]
    name = starter_snapshot.table("actors").set_index("actor_id").at[holder, "name"]
    withhold(tmp_path / "withheld.csv", Entry("actor_id", holder))
    assert cli("export", "--format", "csv", "--what", "actors", "--what", "projects").code == 0
    assert len(rows_of(here / "structures-ess-31.csv")) == 395
    assert len(rows_of(here / "projets-soutenus-31.csv")) == 68
    for path in here.iterdir():
        assert holder not in path.read_text(encoding="utf-8")
        assert name not in path.read_text(encoding="utf-8")


def test_a_snapshot_that_says_too_much_is_not_handed_out(cli, here, tmp_path, starter_snapshot):
    """A masked place with an address: exit code 1, located, without the address; nothing is written."""
    actors = starter_snapshot.layer("actors").copy()
    row = actors.index[actors["is_sensitive"]][0]
    actors.at[row, "address"] = "7890 rue des mots caches"
    actors.at[row, "geometry"] = shapely.Point(1.4412347, 43.6098761)
    changed = replace(starter_snapshot, tables={**starter_snapshot.tables, "actors": actors})
    Store(str(tmp_path / "bad")).save(changed)
    answer = cli("export", "--format", "csv", "--snapshot", tmp_path / "bad")
    assert answer.code == 1
    assert "colonne «\u202faddress\u202f»" in answer.out
    assert "colonne «\u202fgeometry\u202f»" in answer.out
    assert "mots caches" not in answer.out + answer.err
    assert names(here) == []
