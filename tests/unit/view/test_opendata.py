"""Open data: the same table in every format for every reader, nothing that runs, nothing that must not leave."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import frictionless
import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from opened_files import rows_of, text_of

from essmap.analysis.coverage import Question, Tables, Theme, coverage
from essmap.errors import DataError, SettingsError
from essmap.schema.masked import MASKED_FIELDS
from essmap.schema.snapshot import Snapshot, SourceRecord
from essmap.schema.withheld import Entry, Withheld
from essmap.view.exports import as_written, harmless
from essmap.view.filters import NO_AXIS, UNKNOWN_CANTON, Filters
from essmap.view.opendata.choice import chosen_actors, chosen_projects
from essmap.view.opendata.content import DEGREES, Content, actors_content, gaps_content, projects_content
from essmap.view.opendata.describe import MEDIA_TYPES
from essmap.view.opendata.guard import require_masked
from essmap.view.opendata.package import (
    DESCRIPTOR,
    FORMATS,
    Publisher,
    as_zip,
    one_file,
    package,
    write_files,
)

#: Made-up names that a spreadsheet would run, that break a line or a cell, that turn writing round.
HOSTILE = (
    '=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "\t=1", "'=1", "＝1", " @x", "a;b", "a,b\r\nc", '"',
    "\u202egpj", "\x00\x07\x1b[31m", "<script>alert(1)</script>",
)  # fmt: skip


def with_actors(snapshot: Snapshot, edit) -> Snapshot:
    """Return a snapshot whose actors were edited in place."""
    actors = snapshot.layer("actors").copy()
    edit(actors)
    return replace(snapshot, tables={**snapshot.tables, "actors": actors})


@pytest.fixture(scope="module")
def contents(starter_snapshot) -> dict[str, Content]:
    """Every table of the starter data."""
    question = Question("canton", Theme("axis", "insertion"))
    table = coverage(Tables.of(starter_snapshot), question)
    made = [
        *actors_content(starter_snapshot),
        *projects_content(starter_snapshot),
        *gaps_content(starter_snapshot, table, question),
    ]
    return {content.name: content for content in made}


@pytest.fixture(scope="module")
def folder(contents, tmp_path_factory) -> Path:
    """All of them in all formats, for people; the spreadsheets for machines in a folder below."""
    path = tmp_path_factory.mktemp("opendata")
    write_files(path, package(list(contents.values()), FORMATS))
    write_files(path / "machine", package(list(contents.values()), ["csv", "xlsx"], for_machines=True))
    return path


def expected_rows(content: Content) -> list[dict]:
    """Return the rows of the snapshot as any reader should find them."""
    rows = []
    for row in content.frame.to_dict("records"):
        point = row.pop("geometry")
        cells = {
            name: value if isinstance(value, list) else None if pd.isna(value) else value for name, value in row.items()
        }
        rows.append(cells | {"geometry": None if point is None else (point.x, point.y)})
    return rows


def normal(row: dict, content: Content) -> dict:
    """Return a row as read, in the types of the table: what CSV, sheets and GeoPackage cannot say is put back."""
    kinds = {field.name: field.kind for field in content.fields}
    result = {}
    for name, value in row.items():
        kind = kinds.get(name)
        if kind == "texts" and not isinstance(value, list):
            value = value.split(";") if value else []
        elif kind == "boolean" and value is not None:
            value = value == "true" if isinstance(value, str) else bool(value)
        elif kind in {"integer", "number"} and value is not None:
            value = int(float(value)) if kind == "integer" else float(value)
        elif kind == "text":
            value = as_written(value)
        result[name] = value
    if "geometry" not in result:
        lon, lat = result.pop("lon"), result.pop("lat")
        result["geometry"] = None if lon is None else (lon, lat)
    return result


@pytest.mark.parametrize("name", ["actors", "projects"])
@pytest.mark.parametrize("path", ["machine/{}.csv", "machine/{}.xlsx", "{}.geojson", "{}.gpkg", "{}.parquet"])
def test_every_format_read_back_is_the_same_table(contents, folder, name, path):
    """Each cell of each row, read by another program, is that of the snapshot."""
    content = contents[name]
    found = [normal(row, content) for row in rows_of(folder / path.format(content.stem))]
    assert found == expected_rows(content)


@pytest.mark.parametrize("name", ["actors", "projects"])
def test_the_table_is_that_of_the_snapshot(contents, starter_snapshot, name):
    """Nothing is lost on the way but digits below a centimetre."""
    frame, before = contents[name].frame, starter_snapshot.layer(name)
    assert list(frame.columns) == list(before.columns)
    for column in frame.columns.drop("geometry"):
        there, here = ([*map(_comparable, table[column])] for table in (before, frame))
        assert there == here, column
    assert frame.crs == before.crs
    apart = shapely.distance(frame.geometry.to_numpy(), before.geometry.to_numpy())
    assert (pd.Series(apart).dropna() <= 10.0**-DEGREES).all()


def _comparable(value):
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return list(value)
    return None if pd.isna(value) or value == "" else value  # no page: empty in the table, nothing in a file


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_people_read_headings_and_words(contents, folder, ending):
    """French headings, labels, « oui » and « non »; a page only where the card links it; numbers that compute."""
    content = contents["actors"]
    rows = {row["Identifiant"]: row for row in rows_of(folder / f"{content.stem}.{ending}")}
    assert list(rows) == list(content.frame["actor_id"])
    row = rows["la-cafetiere-31028"]
    assert (row["Nom"], row["Commune"], row["Forme juridique"]) == ("La Cafetière", "Aurignac", "Association")
    assert (row["Axes"], row["Projet soutenu"], row["Employeur"]) == ("Inclusion", "oui", None)
    assert rows["arbres-et-paysages-d-autan-31004"]["Page source"] is None
    assert (
        rows["arbres-et-paysages-d-autan-31004"]["Domaines"] == "Environnement et biodiversité, Éducation et formation"
    )
    hidden = rows["la-colline-cites-caritas-31555"]
    assert (hidden["Adresse"], hidden["Code postal"], hidden["Commune"]) == (None, None, "Toulouse")
    assert {row["Code INSEE de la commune"] for row in rows.values()} <= set(content.frame["commune_code"])
    table = pd.read_csv(folder / f"{content.stem}.csv", sep=";", decimal=",")
    assert table["Longitude"].tolist() == content.frame.geometry.x.tolist()


def test_labels_can_be_parted_again(contents):
    """No word of a list has the sign that parts them."""
    for content in contents.values():
        for field in content.fields:
            if field.kind == "texts" and field.labels is not None:
                assert not [word for word in field.labels.values() if "," in word or ";" in word]


def test_others_find_the_package_valid(folder):
    """Frictionless reads every resource, checks columns, types, keys, allowed values, size and digest."""
    for where in (folder, folder / "machine"):
        report = frictionless.validate(str(where / DESCRIPTOR))
        assert report.flatten(["title", "fieldName", "rowNumber", "message"]) == []
        assert report.valid
        counted = [task.stats["rows"] for task in report.tasks if task.type == "table"]
        assert counted[:2] == [396, 396]


def test_a_wrong_value_would_be_found(contents, tmp_path):
    """The descriptor is not empty praise: a commune without code, an unknown family, a changed byte are faults."""
    for old, new in ((b";31002;", b";x;"), ("Coopérative;".encode(), b"Rien;"), (b"Aignes", b"Aignez")):
        files = package([contents["actors"]], ["csv"])
        name = f"{contents['actors'].stem}.csv"
        write_files(tmp_path, files | {name: files[name].replace(old, new, 1)}, overwrite=True)
        assert not frictionless.validate(str(tmp_path / DESCRIPTOR)).valid


def test_the_descriptor_says_what_has_to_be_said(contents, starter_snapshot):
    """Sources with licence and vintage, our own licence, the day, the sentence on completeness, who publishes."""
    files = package([contents["actors"]], ["csv"], publisher=Publisher("Conseil inventé", "https://example.org/"))
    described = json.loads(files[DESCRIPTOR])
    assert [licence["name"] for licence in described["licenses"]] == ["etalab-2.0"]
    assert described["created"] == starter_snapshot.manifest.built_at
    sentence = starter_snapshot.manifest.completeness["actors"].sentence
    [resource] = described["resources"]
    assert sentence in described["description"]
    assert sentence in resource["description"]
    assert resource["completeness"] == "partial"
    assert [source["vintage"] for source in resource["sources"]] == [starter_snapshot.manifest.sources[0].vintage]
    assert described["contributors"] == [{"title": "Conseil inventé", "role": "publisher"}]
    assert described["homepage"] == "https://example.org/"
    assert "homepage" not in json.loads(package([contents["actors"]], ["csv"])[DESCRIPTOR])


def test_the_workbook_explains_itself(contents, folder, starter_snapshot):
    """Rows first, then « Lisez-moi »; heading in sight with its filter; codes are text; widths are set."""
    book = openpyxl.load_workbook(folder / f"{contents['actors'].stem}.xlsx")
    sheet, notice = book.worksheets
    assert (sheet.title, notice.title) == ("Structures", "Lisez-moi")
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:AD{len(contents['actors'].frame) + 1}"
    headings = {cell.value: cell.column_letter for cell in sheet[1]}
    for heading in ("Code INSEE de la commune", "SIREN de l’intercommunalité", "Code postal"):
        cells = [cell for cell in sheet[headings[heading]][1:] if cell.value is not None]
        assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}
    assert all(8 <= sheet.column_dimensions[letter].width <= 63 for letter in headings.values())
    told = text_of(folder / f"{contents['actors'].stem}.xlsx")
    for words in (
        starter_snapshot.manifest.completeness["actors"].sentence,
        "Licence Ouverte 2.0",
        starter_snapshot.manifest.build_id,
        contents["actors"].built_on,
        starter_snapshot.manifest.sources[0].title,
    ):
        assert words in told
    assert openpyxl.load_workbook(io.BytesIO(one_file(contents["projects"], "xlsx"))).worksheets[0].title == (
        "Projets soutenus"
    )


def test_a_siret_stays_text_with_its_zeros(starter_snapshot):
    """A number with leading zeros is the same text in every spreadsheet."""
    number = "00012345600018"
    snapshot = with_actors(starter_snapshot, lambda actors: actors.__setitem__("siret", number))
    [content] = actors_content(snapshot, [snapshot.table("actors")["actor_id"].iloc[0]])
    sheet = openpyxl.load_workbook(io.BytesIO(one_file(content, "xlsx"))).worksheets[0]
    place = [cell.value for cell in sheet[1]].index("SIRET")
    assert (sheet[2][place].value, sheet[2][place].data_type) == (number, "s")
    assert f";{number};" in one_file(content, "csv").decode("utf-8-sig")


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_is_only_text(starter_snapshot, tmp_path, value):
    """Whatever a name is: one row, one cell, no formula for spreadsheets, no sign that moves a cursor, no link."""

    def edit(actors):
        actors["name"] = actors["activity"] = value
        actors["website"] = f"javascript:{value}"

    snapshot = with_actors(starter_snapshot, edit)
    [content] = actors_content(snapshot, starter_snapshot.table("actors")["actor_id"].head(3).tolist())
    plain = "".join(sign if sign.isprintable() else " " for sign in value)
    for for_machines in (False, True):
        write_files(tmp_path, package([content], FORMATS, for_machines=for_machines), overwrite=True)
        heading = "name" if for_machines else "Nom"
        for ending in FORMATS:
            path = tmp_path / f"{content.stem}.{ending}"
            rows = rows_of(path)
            assert len(rows) == 3
            cells = {row[heading if ending in {"csv", "xlsx"} else "name"] for row in rows}
            assert {as_written(cell) if ending in {"csv", "xlsx"} else cell for cell in cells} == {plain}
            if ending in {"csv", "xlsx"}:
                assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))]
            assert "javascript:" not in text_of(path)
        assert frictionless.validate(str(tmp_path / DESCRIPTOR)).valid
        book = openpyxl.load_workbook(tmp_path / f"{content.stem}.xlsx")
        assert not [
            c for sheet in book for line in sheet.iter_rows() for c in line if c.data_type == "f" or c.hyperlink
        ]


@given(st.text())
def test_what_was_made_harmless_can_be_read_back(text):
    """Exactly the text that was written, control signs apart."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    assert as_written(harmless(text)) == plain


def test_a_cell_too_long_for_a_workbook_is_refused_with_its_place(starter_snapshot):
    """Nothing is cut in silence: the row, the column and what to do are told; CSV takes it."""
    snapshot = with_actors(starter_snapshot, lambda actors: actors.__setitem__("activity", "x" * 32_768))
    [content] = actors_content(snapshot, starter_snapshot.table("actors")["actor_id"].head(1).tolist())
    with pytest.raises(DataError) as refused:
        one_file(content, "xlsx")
    [problem] = refused.value.problems
    assert (problem.row, problem.column, problem.file) == (2, "Activité", "structures-ess-31.xlsx")
    assert "csv" in problem.expected
    assert "x" * 32_768 in one_file(content, "csv").decode("utf-8-sig")


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("name", ["actors", "projects"])
def test_nothing_found_is_a_readable_file(starter_snapshot, tmp_path, name, file_format):
    """An empty selection has its columns, or its layer, and no row."""
    make = {"actors": actors_content, "projects": projects_content}[name]
    [content] = make(starter_snapshot, [])
    write_files(tmp_path, package([content], [file_format]))
    assert rows_of(tmp_path / f"{content.stem}.{file_format}") == []
    assert frictionless.validate(str(tmp_path / DESCRIPTOR)).valid
    assert content.said[0].startswith("0 ")


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_same_snapshot_is_the_same_file(contents, file_format):
    """Byte for byte, whenever it is made: a digest tells whether anything changed."""
    content = contents["actors"]
    assert one_file(content, file_format) == one_file(content, file_format)
    files = package([content], ["csv"])
    assert as_zip(files, content.manifest.built_at) == as_zip(dict(files), content.manifest.built_at)


def test_map_software_finds_layer_names_and_what_it_is(contents, folder):
    """The layer has its name, title and completeness; outlines of territories are areas."""
    path = folder / f"{contents['actors'].stem}.gpkg"
    info = pyogrio.read_info(path)
    assert (info["layer_name"], info["crs"], info["geometry_type"]) == ("actors", "EPSG:4326", "Point")
    assert "partielle" in info["layer_metadata"]["DESCRIPTION"]
    assert json.loads(info["dataset_metadata"]["essmap"])["licenses"][0]["name"] == "etalab-2.0"
    collection = json.loads((folder / f"{contents['actors'].stem}.geojson").read_text(encoding="utf-8"))
    assert collection["essmap"]["completeness"] == "partial"
    for ending in ("geojson", "gpkg", "parquet"):
        found = (
            gpd.read_parquet(folder / f"{contents['gaps'].stem}.parquet")
            if ending == "parquet"
            else (pyogrio.read_dataframe(folder / f"{contents['gaps'].stem}.{ending}"))
        )
        assert len(found) == 22
        assert found.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
        assert found.geometry.is_valid.all()
        assert found["observed"].tolist() == contents["gaps"].frame["observed"].tolist()


def test_an_exercise_says_so_in_name_rows_and_descriptor(starter_snapshot):
    """What a partial list does not prove is marked wherever it goes; a description has no verdict at all."""
    question = Question("epci", exercise=True)
    [content] = gaps_content(starter_snapshot, coverage(Tables.of(starter_snapshot), question), question)
    assert content.stem == "exercice-ecarts-epci-toutes-31"
    assert content.people["Ce que valent ces chiffres"].str.startswith("CALCUL D’EXERCICE").all()
    assert set(content.frame["status"]) == {"exercise"}
    assert "CALCUL D’EXERCICE" in json.loads(package([content], ["csv"])[DESCRIPTOR])["description"]
    question = Question("epci")
    [content] = gaps_content(starter_snapshot, coverage(Tables.of(starter_snapshot), question), question)
    assert content.stem == "ecarts-epci-toutes-31"
    assert "Constat" not in content.people
    assert content.frame[["p_value", "q_value"]].isna().all().all()


def test_made_up_data_says_so(starter_snapshot):
    """In the names of files and in what is said of them."""
    made_up = replace(starter_snapshot, manifest=replace(starter_snapshot.manifest, is_made_up=True))
    for [content] in (actors_content(made_up), projects_content(made_up)):
        assert content.stem.startswith("donnees-inventees-")
        assert "DONNÉES INVENTÉES" in content.said[0].upper()


# --- Licences


def with_odbl(snapshot: Snapshot, ids: list[str]) -> Snapshot:
    """Return a snapshot in which some actors come from a made-up source under the ODbL."""
    record = SourceRecord("osm_actors", "Essai", "Essai", "", "ODbL 1.0", "2026", None, "", len(ids), len(ids))
    actors = snapshot.layer("actors").copy()
    actors.loc[actors["actor_id"].isin(ids), "source"] = record.key
    manifest = replace(snapshot.manifest, sources=(*snapshot.manifest.sources, record))
    return Snapshot(manifest, {**snapshot.tables, "actors": actors})


def test_rows_under_the_odbl_are_kept_apart(starter_snapshot, tmp_path):
    """A row of such a source, or into which one was merged, is in another resource with that licence."""
    ids = starter_snapshot.table("actors")["actor_id"].head(3).tolist()
    snapshot = with_odbl(starter_snapshot, ids[:2])
    merge = pd.DataFrame(
        [
            {
                "kept_id": ids[2],
                "merged_id": "x",
                "merged_name": "x",
                "source": "osm_actors",
                "rule": "siret",
                "score": 1.0,
            }
        ]
    )
    snapshot = Snapshot(snapshot.manifest, {**snapshot.tables, "merges": merge})
    ours, theirs = actors_content(snapshot)
    assert theirs.frame["actor_id"].tolist() == ids
    assert len(ours.frame) == 393
    write_files(tmp_path, package([ours, theirs], FORMATS))
    assert frictionless.validate(str(tmp_path / DESCRIPTOR)).valid
    described = json.loads((tmp_path / DESCRIPTOR).read_text(encoding="utf-8"))
    assert {licence["name"] for licence in described["licenses"]} == {"etalab-2.0", "ODbL-1.0"}
    for resource in described["resources"]:
        is_apart = "-odbl" in resource["path"]
        assert [one["name"] for one in resource["licenses"]] == ["ODbL-1.0" if is_apart else "etalab-2.0"]
        found = text_of(tmp_path / resource["path"])
        assert [one for one in ids if one in found] == (ids if is_apart else [])
    [alone] = actors_content(snapshot, ["none of these"])
    assert alone.licence.name == "etalab-2.0"


def test_supports_of_an_odbl_source_are_under_it(starter_snapshot):
    """A support names its source as an actor does: those of such a source are apart."""
    record = SourceRecord("osm_projects", "Essai", "Essai", "", "Open Database License", "2026", None, "", 1, 1)
    ours, theirs = projects_content(with_supports_of(starter_snapshot, record))
    assert (len(ours.frame), len(theirs.frame), theirs.licence.name) == (66, 2, "ODbL-1.0")


def with_supports_of(snapshot: Snapshot, record: SourceRecord) -> Snapshot:
    """Return a snapshot whose first two supports come from a source that is made up."""
    projects = snapshot.layer("projects").copy()
    projects.loc[projects.index[:2], "source"] = record.key
    manifest = replace(snapshot.manifest, sources=(*snapshot.manifest.sources, record))
    return Snapshot(manifest, {**snapshot.tables, "projects": projects})


@pytest.mark.parametrize(
    ("licence", "stems"),
    [
        ("Licence Ouverte 2.0", ["projets-soutenus-31"]),
        ("Licence ouverte / Etalab v2.0", ["projets-soutenus-31"]),
        ("non précisée", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
        ("CC BY-NC 4.0", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
        ("Convention Vélo 2024, réutilisation interdite", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
        ("Pas de licence ouverte : interne", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
        ("Licence ouverte pour les adresses", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
        ("LO 2.0", ["projets-soutenus-31"]),
        ("lov2", ["projets-soutenus-31"]),
        ("Open Licence / Licence Ouverte 2.0 (Etalab)", ["projets-soutenus-31"]),
        ("ODbL", ["projets-soutenus-31", "projets-soutenus-31-odbl"]),
        (
            "Open Database License (ODbL) v1.0, © les contributeurs d’OpenStreetMap",
            ["projets-soutenus-31", "projets-soutenus-31-odbl"],
        ),
        ("Pas ODbL", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
        ("ODbL, réutilisation interdite", ["projets-soutenus-31", "projets-soutenus-31-autre-licence"]),
    ],
)
def test_a_list_without_our_licence_is_not_given_it(starter_snapshot, licence, stems, tmp_path):
    """What somebody brought in leaves under its own licence: apart, and saying whom to ask where none is known."""
    record = SourceRecord("list_0123456789ab_projects", "Liste", "Réseau", "", licence, "2026", None, "", 2, 2)
    contents = projects_content(with_supports_of(starter_snapshot, record))
    assert [content.stem for content in contents] == stems
    write_files(tmp_path, package(contents, FORMATS))
    assert frictionless.validate(str(tmp_path / DESCRIPTOR)).valid
    if stems[-1].endswith("autre-licence"):
        assert contents[-1].licence.name == "notspecified"
        assert "Demandez à qui a remis la liste" in " ".join(contents[-1].said)
        assert licence in contents[-1].licence.title


def test_a_row_of_two_licences_goes_under_the_one_that_nobody_may_reuse(starter_snapshot):
    """Share-alike is no permission for what another source gave without one."""
    [actor] = starter_snapshot.table("actors")["actor_id"].head(1)
    snapshot = with_odbl(starter_snapshot, [actor])
    record = SourceRecord("list_0123456789ab_actors", "Liste", "Réseau", "", "CC BY-NC-ND", "2026", None, "", 1, 1)
    merge = {
        "kept_id": actor,
        "merged_id": "x",
        "merged_name": "x",
        "source": record.key,
        "rule": "siret",
        "score": 1.0,
    }
    manifest = replace(snapshot.manifest, sources=(*snapshot.manifest.sources, record))
    contents = actors_content(Snapshot(manifest, {**snapshot.tables, "merges": pd.DataFrame([merge])}))
    assert [content.stem for content in contents] == ["structures-ess-31", "structures-ess-31-autre-licence"]


def test_supports_of_a_holder_of_another_licence_leave_under_it(starter_snapshot):
    """What a support knows of its holder (place, domains) is the holder's: it is handed out with it."""
    projects = starter_snapshot.table("projects")
    holder = projects["actor_id"].dropna().iloc[0]
    ours, theirs = projects_content(with_odbl(starter_snapshot, [holder]))
    assert set(theirs.frame["actor_id"]) == {holder}
    assert theirs.licence.name == "ODbL-1.0"
    assert holder not in set(ours.frame["actor_id"])
    assert len(ours.frame) + len(theirs.frame) == len(projects)


# --- What may not leave


@pytest.mark.parametrize("column", [*MASKED_FIELDS, "geo_precision", "geometry"])
def test_a_masked_row_that_says_more_is_refused(starter_snapshot, column):
    """Each field that must be empty, each position that must be the commune's; the value is not in the message."""
    secret = (
        shapely.Point(1.4412347, 43.6098761)
        if column == "geometry"
        else "street"
        if column == "geo_precision"
        else "SECRET"
    )

    def edit(actors):
        row = actors.index[actors["is_sensitive"]][0]
        actors.at[row, column] = secret

    require_masked(starter_snapshot)
    with pytest.raises(DataError) as refused:
        require_masked(with_actors(starter_snapshot, edit))
    [problem] = refused.value.problems
    assert (problem.file, problem.column) == ("actors", column)
    assert "SECRET" not in str(problem)


@pytest.mark.parametrize(
    "cells",
    [
        {"name": "Foyer de femmes victimes de violences"},
        {"activity": "Hébergement d’urgence"},
        {"actor_id": "commune-31555-les-amis"},
        {"address": "2 rue Haute, chez Mme Unetelle"},
    ],
    ids=["words of the name", "words of the activity", "hidden number", "home"],
)
def test_rows_that_should_have_been_masked_are_refused(starter_snapshot, cells):
    """By their words, by their identifier, by an address that is somebody's home."""

    def edit(actors):
        [row] = actors.index[actors["actor_id"] == "arbres-et-paysages-d-autan-31004"]
        for name, value in cells.items():
            actors.at[row, name] = value

    with pytest.raises(DataError) as refused:
        require_masked(with_actors(starter_snapshot, edit))
    assert {"address", "postcode", "geo_precision"} <= {problem.column for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("column", "value", "secret"),
    [("actor_id", "asso-732829320-31555", "732829320"), ("activity", "Accueil au 12 rue du Secret", "Secret")],
)
def test_a_masked_row_whose_identifier_or_words_lead_to_it_is_refused(starter_snapshot, column, value, secret):
    """The number of a unit is no identifier, and an activity no address; neither is in the message."""

    def edit(actors):
        actors.at[actors.index[actors["is_sensitive"]][0], column] = value

    with pytest.raises(DataError) as refused:
        require_masked(with_actors(starter_snapshot, edit))
    [problem] = refused.value.problems
    assert (problem.file, problem.column) == ("actors", column)
    assert secret not in str(problem)


def test_who_is_withheld_and_where_holders_stand_are_looked_at_again(starter_snapshot):
    """An actor of the list, and a support that stands elsewhere than its holder whose place is not said."""
    holder = starter_snapshot.table("projects")["actor_id"].dropna().iloc[0]
    with pytest.raises(DataError):
        require_masked(starter_snapshot, Withheld((Entry("actor_id", holder),), "x"))
    projects = starter_snapshot.layer("projects").copy()
    hidden = starter_snapshot.table("actors").query("geo_precision == 'municipality'")["actor_id"]
    row = projects.index[projects["actor_id"].isin(list(hidden))][0]
    projects.loc[row, "geometry"] = shapely.Point(1.4412347, 43.6098761)
    with pytest.raises(DataError) as refused:
        require_masked(replace(starter_snapshot, tables={**starter_snapshot.tables, "projects": projects}))
    [problem] = refused.value.problems
    assert (problem.file, problem.column, problem.value) == ("projects", "geometry", projects.at[row, "project_id"])


@pytest.mark.parametrize(
    ("column", "value"),
    [("title", "Travaux, 12 rue Secrète"), ("note", "M. Secret"), ("source_url", "https://secret.fr"),
     ("programme_raw", "Secret")],
)  # fmt: skip
def test_supports_of_a_protected_holder_say_no_more_than_their_programme(starter_snapshot, column, value):
    """A title, a page or a note of a sensitive place's support may lead to its door: nothing leaves then."""
    actors, projects = starter_snapshot.table("actors"), starter_snapshot.layer("projects").copy()
    sensitive = actors.loc[actors["is_sensitive"], "actor_id"]
    row = projects.index[projects["actor_id"].isin(list(sensitive))][0]
    projects.loc[row, column] = value
    with pytest.raises(DataError) as refused:
        require_masked(replace(starter_snapshot, tables={**starter_snapshot.tables, "projects": projects}))
    assert [(one.column, one.value) for one in refused.value.problems] == [(column, projects.at[row, "project_id"])]


@pytest.mark.parametrize("words", ["12 bis, rue Cachée", "06 12 34 56 78", "qui@exemple.fr", "+33 5 61 00 00 00"])
def test_supports_of_a_holder_that_is_not_placed_say_not_how_to_reach_it(starter_snapshot, words):
    """Its title may stay, an address, a number of telephone or an e-mail address in it not."""
    actors, projects = starter_snapshot.table("actors"), starter_snapshot.layer("projects").copy()
    unplaced = actors[actors["geo_precision"].eq("municipality") & actors["address"].isna() & ~actors["is_sensitive"]]
    row = projects.index[projects["actor_id"].isin(list(unplaced["actor_id"]))][0]
    projects.loc[row, "title"] = "Dix nouveaux lieux, place de chacun"
    tables = {**starter_snapshot.tables, "projects": projects}
    require_masked(replace(starter_snapshot, tables=tables))
    projects.loc[row, "title"] = f"Travaux ({words})"
    with pytest.raises(DataError) as refused:
        require_masked(replace(starter_snapshot, tables=tables))
    assert [one.column for one in refused.value.problems] == ["title"]


# --- Choices


def test_supports_follow_the_same_filters(starter_snapshot):
    """Each filter keeps what a plain reading of the table keeps."""
    projects = starter_snapshot.table("projects")
    communes = starter_snapshot.table("communes").set_index("commune_code")

    def kept(**filters) -> set[int]:
        return set(chosen_projects(starter_snapshot, Filters(**filters)))

    def that(test) -> set[int]:
        return {row.Index for row in projects.itertuples() if test(row)}

    assert kept() == set(projects.index)
    assert kept(axes=("insertion",)) == that(lambda row: "insertion" in row.axes)
    assert kept(axes=(NO_AXIS,)) == that(lambda row: len(row.axes) == 0)
    assert kept(domains=("mobilite",)) == that(lambda row: "mobilite" in row.domains)
    assert kept(since=2024) == that(lambda row: not pd.isna(row.year) and row.year >= 2024)
    assert kept(where=("commune", "31555")) == that(lambda row: row.commune_code == "31555")
    assert kept(where=("cp", "31450")) == that(
        lambda row: isinstance(row.commune_code, str) and "31450" in communes.at[row.commune_code, "postcodes"]
    )
    epci = communes.at["31555", "epci_code"]
    assert kept(where=("epci", epci)) == that(
        lambda row: isinstance(row.commune_code, str) and communes.at[row.commune_code, "epci_code"] == epci
    )
    assert kept(where=("canton", "3107")) == that(
        lambda row: isinstance(row.commune_code, str) and communes.at[row.commune_code, "canton_code"] == "3107"
    )
    assert kept(where=("canton", f"31555{UNKNOWN_CANTON}")) == set()
    assert 0 < len(kept(words="arbres paysages")) < 10
    assert kept(words="ARBRES autan") == that(lambda row: "Arbres" in row.holder_name and "utan" in row.holder_name)


def test_actors_follow_the_filters_of_the_page(starter_snapshot):
    """Axis, place and support narrow each other."""
    found = chosen_actors(starter_snapshot, Filters(axes=("insertion",), where=("commune", "31555"), supported=True))
    actors = starter_snapshot.table("actors")
    oracle = [
        row.actor_id for row in actors.itertuples()
        if "insertion" in row.axes and row.commune_code == "31555" and row.is_supported
    ]  # fmt: skip
    assert found == oracle
    assert oracle


# --- Writing


def test_files_that_are_there_stay_unless_told(contents, tmp_path):
    """One that is there stops all of them before any is written; told to, they are replaced, each whole."""
    files = package([contents["actors"]], ["csv", "geojson"])
    (tmp_path / DESCRIPTOR).write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"--force"):
        write_files(tmp_path, files)
    assert [path.name for path in tmp_path.iterdir()] == [DESCRIPTOR]
    assert (tmp_path / DESCRIPTOR).read_text(encoding="utf-8") == "mine"
    written = write_files(tmp_path, files, overwrite=True)
    assert {path.name: path.read_bytes() for path in written} == files
    assert len(list(tmp_path.iterdir())) == len(files)


def test_a_folder_that_cannot_be_written_is_a_sentence(contents, tmp_path):
    """A file where a folder should be."""
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    with pytest.raises(SettingsError, match="taken"):
        write_files(tmp_path / "taken", package([contents["projects"]], ["csv"]))


def test_the_zip_holds_the_same_files(contents):
    """Every file under its name, openable by anybody."""
    files = package([contents["actors"], contents["projects"]], ["csv", "geojson"])
    with zipfile.ZipFile(io.BytesIO(as_zip(files, contents["actors"].manifest.built_at))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_names_are_the_same_from_build_to_build(contents):
    """Of letters, digits and hyphens, without a date."""
    assert [content.stem for content in contents.values()] == [
        "structures-ess-31", "projets-soutenus-31", "ecarts-canton-insertion-31",
    ]  # fmt: skip
    assert all(re.fullmatch("[a-z0-9-]+", content.stem) for content in contents.values())
    assert set(FORMATS) < set(MEDIA_TYPES)
