"""Electoral cantons replace the units: their checks on made-up squares, their numbers on the real department."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from made_up_cantons import NAMES, POPULATIONS, RECTANGLES, feature, rectangle

from essmap import reference
from essmap.build.canton_parts import apportion, whole_communes
from essmap.build.electoral import Loaded, place_in_cantons, with_electoral_cantons
from essmap.build.starter import build_starter, is_outdated, load_geography
from essmap.errors import DataError, SourceError
from essmap.schema.tables import CANTON_PARTS, CANTONS, COMMUNES, TABLES, validate
from essmap.sources.canton_outlines import CantonOutlines, frame_of, read_outlines
from essmap.sources.canton_populations import read_canton_populations
from essmap.sources.ign_cantons import Service, read_ign_cantons

TEST_ONLY = Path(__file__).resolve().parents[4] / "shared" / "data" / "test-only"
IGN_2018, TOULOUSE = TEST_ONLY / "cantons_31_ign2018.geojson", TEST_ONLY / "cantons_toulouse.geojson"
POPULATION, CITY = 1_471_468, "31555"


def needs(path: Path) -> None:
    if not path.is_file():
        pytest.skip(f"{path.name} is not part of the project and is not at hand")


# --- made-up squares ---------------------------------------------------------------------------------------------


@pytest.fixture
def load(square_geography, square_populations):
    """Load outlines over the made-up department."""

    def run(features, *, populations=None, crs=None, geography=None):
        collection = {"features": features}
        if crs:
            collection["crs"] = {"properties": {"name": crs}}
        outlines = CantonOutlines("carrés", frame_of(collection, "carrés"), "0" * 64)
        table = square_populations if populations is None else replace(square_populations, frame=populations)
        return with_electoral_cantons(geography or square_geography, Loaded(outlines, table, is_embedded=False))

    return run


def test_squares_become_cantons(load, square_features, square_geography):
    """Whole communes follow INSEE, the shared one is divided, its people by the shares of the table."""
    found = load(square_features)
    for frame, table in ((found.cantons, CANTONS), (found.communes, COMMUNES), (found.canton_parts, CANTON_PARTS)):
        validate(frame, table)
    assert found.cantons["label"].tolist() == list(NAMES.values())
    assert set(found.cantons["kind"]) == {"electoral"}
    assert found.communes["canton_code"].isna().tolist() == (found.communes["commune_code"] == CITY).tolist()
    parts = found.canton_parts.set_index(["commune_code", "canton_code"])["population"]
    assert parts[CITY].to_dict() == {"3103": round(POPULATIONS[CITY] / 3), "3104": round(POPULATIONS[CITY] * 2 / 3)}
    assert found.canton_parts.groupby("commune_code")["population"].sum().to_dict() == POPULATIONS
    assert found.cantons["population"].sum() == sum(POPULATIONS.values())
    assert found.canton_division == "electoral"
    assert square_geography.canton_division == "units"
    assert square_geography.communes["canton_code"].notna().all()


def test_cantons_partition_the_department(load, square_features):
    """Cantons have their borders in common and cover the department, no more and no less."""
    found = load(square_features)
    assert shapely.coverage_is_valid(found.cantons.geometry.to_numpy())
    union = shapely.union_all(found.cantons.geometry.to_numpy())
    whole = found.department.geometry.iloc[0]
    assert shapely.area(shapely.symmetric_difference(union, whole)) < 1e-9 * whole.area


def test_slivers_go_to_the_nearest(load, square_features):
    """Outlines simplified at the border of the shared commune leave no hole: each spot goes to the nearest canton."""
    south = rectangle(1.004, 0, 2, 1.495)  # 50 m short of the city's middle, 40 m of its western border
    found = load(
        [feature("3104", south) if one["properties"]["code_insee"] == "3104" else one for one in square_features]
    )
    cantons = found.cantons.set_index("canton_code").to_crs(2154).geometry
    assert shapely.coverage_is_valid(found.cantons.geometry.to_numpy())
    assert cantons["3104"].area == pytest.approx(1.4975e8, rel=1e-3)
    assert cantons["3103"].area == pytest.approx(1.5025e8, rel=1e-3)


@pytest.mark.parametrize(
    "crs", ["EPSG:2154", "EPSG:3857", "urn:ogc:def:crs:EPSG::27572", "urn:ogc:def:crs:OGC:1.3:CRS84"]
)
def test_any_declared_system(load, square_features, crs):
    """Coordinates in any declared system give the same cantons."""
    shapes = gpd.GeoSeries([shapely.geometry.shape(one["geometry"]) for one in square_features], crs=4326).to_crs(crs)
    moved = [
        one | {"geometry": shapely.geometry.mapping(shape)} for one, shape in zip(square_features, shapes, strict=True)
    ]
    expected, found = load(square_features).cantons, load(moved, crs=crs).cantons
    assert (
        shapely.area(shapely.symmetric_difference(found.geometry.to_numpy(), expected.geometry.to_numpy())).max() < 1e-9
    )


def test_latitude_first_is_put_right_and_said(load, square_features):
    """Coordinates in the other order are recognised by the department's place, put right, and noted."""
    for one in square_features:
        shape = shapely.transform(shapely.geometry.shape(one["geometry"]), lambda xy: xy[:, ::-1])
        one["geometry"] = shapely.geometry.mapping(shape)
    found = load(square_features, crs="urn:ogc:def:crs:EPSG::4326")
    assert [note.key for note in found.notes if "axes" in note.key] == ["canton_axes_swapped"]
    assert found.cantons["population"].sum() == sum(POPULATIONS.values())


def moved(code, shape):
    """Return the fault of giving a canton another outline."""
    return lambda by_code: by_code[code].update(geometry=shapely.geometry.mapping(shape))


def renamed(**texts):
    """Return the fault of calling the canton « Est » something else."""
    return lambda by_code: by_code["3102"]["properties"].update(texts)


def exchange(by_code):
    """Call each of two cantons by the other's name."""
    for code, other in (("3101", "3102"), ("3102", "3101")):
        by_code[code]["properties"] |= {"code_insee": other, "nom_officiel": NAMES[other]}


def everywhere(**content):
    """Return the fault of replacing something in every feature."""
    return lambda by_code: [one.update(content) for one in by_code.values()]


def added(*codes):
    """Return the fault of giving the last canton again, under other codes."""
    return lambda by_code: by_code.update({code: feature("3104", code_insee=code.strip()) for code in codes})


FAULTS = {
    "missing": lambda by_code: by_code.pop("3101"),
    "shared missing": lambda by_code: by_code.pop("3103"),
    "unknown": renamed(code_insee="3199", nom_officiel="Ailleurs"),
    "clash": renamed(nom_officiel="Ouest"),
    "old": renamed(code_insee="", nom_officiel="Grandville-VII"),
    "overlap": moved("3101", rectangle(0, 0, 1.1, 3)),
    "hole": moved("3102", rectangle(2.3, 0, 3, 3)),
    "beyond": moved("3102", rectangle(2, 0, 3.4, 3)),
    "city hole": moved("3104", rectangle(1, 0, 2, 1.3)),
    "swapped names": exchange,
    "no surface": moved("3102", shapely.MultiLineString([rectangle(2.4, 1, 2.6, 1.2).geoms[0].exterior.coords[:2]])),
    "metres": everywhere(geometry={"type": "Point", "coordinates": [560_000, 6_250_000]}),
    "no geometry": everywhere(geometry=None),
    "no column": everywhere(properties={"gid": "1"}),
    "empty": lambda by_code: by_code.clear(),
    "twice": added("3104 "),
    "many": added("3130", "3131", "3132"),
}


def altered(features, what):
    """Return the features with one fault."""
    by_code = {one["properties"]["code_insee"]: one for one in features}
    FAULTS[what](by_code)
    return list(by_code.values())


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("missing", "3 cantons sur 4.*3101 Ouest"),
        ("shared missing", "3103 Grandville-1"),
        ("unknown", "3199 / Ailleurs"),
        ("clash", "porte le code d’un canton et le nom d’un autre"),
        ("old", "avant mars 2015"),
        ("many", "avant mars 2015"),
        ("overlap", "se recouvre.*Ouest"),
        ("hole", "ne recouvrent pas le département"),
        ("beyond", "ne recouvrent pas le département"),
        ("swapped names", "composition des cantons"),
        ("no surface", "n’a pas de surface"),
        ("metres", "Aucun contour"),
        ("no geometry", "Aucun contour"),
        ("no column", "colonnes trouvées.*gid"),
        ("empty", "Aucun contour"),
        ("twice", "3104 Grandville-2"),
    ],
)
def test_faulty_outlines_are_refused_with_a_sentence(load, square_features, what, words):
    """Each fault stops the build, says what is wrong and that nothing changed."""
    with pytest.raises(SourceError, match=words) as told:
        load(altered(square_features, what))
    assert "n’a pas changé" in str(told.value)


def test_hole_in_the_shared_commune_is_refused(load, square_features):
    """Only the cantons that share a commune: their outlines must cover it."""
    features = [
        one for one in altered(square_features, "city hole") if one["properties"]["code_insee"] in {"3103", "3104"}
    ]
    with pytest.raises(SourceError, match="ne recouvrent pas Grandville"):
        load(features)


def test_only_the_sharing_cantons_are_needed(load, square_features):
    """Outlines of the cantons that share a commune give the same cantons as all of them."""
    sharing = [one for one in square_features if one["properties"]["code_insee"] in {"3103", "3104"}]
    found, whole = load(sharing).cantons, load(square_features).cantons
    assert found.drop(columns="geometry").equals(whole.drop(columns="geometry"))
    assert shapely.equals_exact(found.geometry.to_numpy(), whole.geometry.to_numpy(), 1e-9).all()


def test_other_departments_are_left_out(load, square_features):
    """Rows that lie elsewhere are counted as such, whatever they are called."""
    found = load([*square_features, feature("3101", rectangle(8, 8, 9, 9))])
    record = next(source for source in found.sources if source.key == "canton_outlines")
    assert (record.rows_in, record.rows_kept, sum(record.rows_rejected.values())) == (5, 4, 1)


def test_simplified_outlines_never_move_a_commune(load, square_features):
    """A commune whose point lies just in a neighbour's outline stays in the canton INSEE gives."""
    communes = load(square_features).communes
    assert communes.set_index("commune_code")["canton_code"].drop(CITY).to_dict() == {
        "31001": "3101", "31002": "3101", "31003": "3101", "31004": "3102", "31005": "3102", "31006": "3102",
        "31007": "3103", "31008": "3104",
    }  # fmt: skip


def test_service_that_misbehaves_is_refused(wfs, tmp_path, square_geography, square_populations):
    """26 of 27, twice the same canton, an overlap: what a service answers is checked as a file is, and never kept."""
    for what, words in (("missing", "sur 4"), ("twice", "plusieurs contours"), ("overlap", "se recouvre")):
        wfs.features = altered([feature(code) for code in RECTANGLES], what)
        if what == "twice":
            wfs.features[-1]["id"] = "other"
        outlines, _ = read_ign_cantons(Service(wfs.url, 5.0, tmp_path / "cache"), "31")
        with pytest.raises(SourceError, match=words):
            with_electoral_cantons(square_geography, Loaded(outlines, square_populations, is_embedded=False))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("column", "row", "value", "rule"),
    [
        ("canton_code", 2, "0901", "canton_code"),
        ("canton_code", 3, "3101", "canton_unique"),
        ("name", 2, "", "canton_name"),
        ("population", 2, "3 000", "canton_number"),
        ("population", 2, "", "canton_number"),
        ("population_in_grandville", 2, "-1", "canton_part"),
        ("year", 2, "16", "canton_year"),
        ("year", 3, "2017", "canton_one_year"),
    ],
)
def test_faulty_populations_are_listed(load, square_features, square_populations, column, row, value, rule):
    """Each bad cell is named with its line and what was expected."""
    frame = square_populations.frame.copy()
    frame.loc[row, column] = value
    with pytest.raises(DataError) as told:
        load(square_features, populations=frame)
    assert (row, column, rule) in {(p.row, p.column, p.rule) for p in told.value.problems}


def test_populations_of_other_names_are_refused(load, square_features, square_populations):
    """A table whose names are not INSEE's for the same codes is another division."""
    frame = square_populations.frame.replace({"name": {"Est": "Orient"}})
    for one in square_features:
        one["properties"]["nom_officiel"] = ""
    with pytest.raises(SourceError, match="3102 Est"):
        load(square_features, populations=frame)


def test_parts_column_of_an_unknown_commune_is_refused(load, square_features, square_populations):
    """A column of parts is about one commune of the department, by name or by code."""
    by_code = square_populations.frame.rename(columns={"population_in_grandville": f"population_in_{CITY}"})
    assert load(square_features, populations=by_code).canton_parts.equals(load(square_features).canton_parts)
    unknown = square_populations.frame.rename(columns={"population_in_grandville": "population_in_paris"})
    with pytest.raises(DataError) as told:
        load(square_features, populations=unknown)
    assert {problem.rule for problem in told.value.problems} == {"canton_part_commune"}


def test_without_parts_they_are_what_whole_communes_leave(load, square_features, square_populations):
    """Totals of the same year suffice; totals that do not add up ask for a column of parts."""
    whole = {"3103": POPULATIONS["31007"], "3104": POPULATIONS["31008"]}
    frame = square_populations.frame.drop(columns="population_in_grandville")
    frame.loc[4:5, "population"] = [str(whole["3103"] + 480), str(whole["3104"] + 600)]
    parts = load(square_features, populations=frame).canton_parts.set_index(["commune_code", "canton_code"])[
        "population"
    ]
    assert parts[CITY].to_dict() == {"3103": 480, "3104": 600}
    frame.loc[5, "population"] = "900"
    with pytest.raises(SourceError, match="population_in_31555"):
        load(square_features, populations=frame)


@given(
    st.integers(0, 2_000_000),
    st.dictionaries(st.sampled_from([f"31{n}" for n in range(10, 40)]), st.integers(0, 10**6), min_size=1),
)
def test_apportion_adds_up(total, weights):
    """People are whole, add up exactly, and nobody is more than one away from the exact share."""
    found = apportion(total, weights)
    assert sum(found.values()) == total
    assert list(found) == list(weights)
    if sum(weights.values()):
        assert all(abs(found[key] - total * weight / sum(weights.values())) < 1 for key, weight in weights.items())


@pytest.mark.parametrize(
    ("precision", "is_sensitive", "canton"),
    [("housenumber", False, "3103"), ("street", False, "3103"), ("locality", False, None),
     ("municipality", False, None), ("housenumber", True, None)],
)  # fmt: skip
def test_only_exact_positions_decide_a_canton(load, square_features, precision, is_sensitive, canton):
    """House number or street decide inside the shared commune; a quarter, a commune or a masked row never do."""
    geography = load(square_features)
    actors = gpd.GeoDataFrame(
        {"commune_code": [CITY, "31001"], "canton_code": [None, "3101"], "geo_precision": [precision] * 2,
         "is_sensitive": [is_sensitive] * 2},
        geometry=[rectangle(1.4, 1.7, 1.5, 1.8).centroid, rectangle(1.4, 1.7, 1.5, 1.8).centroid],
        crs=4326,
    )  # fmt: skip
    placed = place_in_cantons(actors, geography)["canton_code"]
    assert [None if pd.isna(code) else code for code in placed] == [canton, "3101"]


# --- the real department -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def build_from():
    """Build the starter snapshot with the cantons of a file."""
    built = {}

    def run(path):
        needs(path)
        if path not in built:
            loaded = Loaded(read_outlines(path), read_canton_populations("31"), is_embedded=True)
            built[path] = build_starter("31", geography=with_electoral_cantons(load_geography("31"), loaded))
        return built[path]

    return run


@pytest.fixture(params=[IGN_2018, TOULOUSE], ids=lambda path: path.stem)
def snapshot(request, build_from):
    return build_from(request.param)


def test_27_cantons_of_the_department(snapshot):
    """27 cantons, valid tables, every inhabitant once."""
    for name, table in TABLES.items():
        validate(snapshot.tables[name], table)
    cantons, parts, communes = (snapshot.table(name) for name in ("cantons", "canton_parts", "communes"))
    assert len(cantons) == 27 == snapshot.manifest.counts["cantons"]
    assert cantons["population"].sum() == parts["population"].sum() == POPULATION
    of_commune = parts.groupby("commune_code")["population"].sum()
    assert of_commune.to_dict() == dict(zip(communes["commune_code"], communes["population"], strict=True))
    assert communes.loc[communes["canton_code"].isna(), "commune_code"].tolist() == [CITY]
    assert parts["commune_code"].value_counts().loc[lambda n: n > 1].to_dict() == {CITY: 11}
    assert not parts.duplicated(["canton_code", "commune_code"]).any()
    assert snapshot.manifest.canton_division == "electoral"
    assert cantons["canton_name"].tolist() == reference.electoral_cantons("31")["canton_name"].tolist()


def test_whole_communes_stay_where_insee_puts_them(snapshot, starter_snapshot):
    """Outside Toulouse nothing moves: the same communes in the same cantons as the units have."""
    units, cantons = (
        s.table("communes").set_index("commune_code")["canton_code"] for s in (starter_snapshot, snapshot)
    )
    assert cantons.drop(CITY).to_dict() == units.drop(CITY).to_dict()
    old, new = (s.table("cantons").set_index("canton_code") for s in (starter_snapshot, snapshot))
    whole = old.index[old["kind"] == "whole"]
    assert new.loc[whole, "population"].to_dict() == old.loc[whole, "population"].to_dict()


def test_each_actor_is_counted_once(snapshot):
    """27 cantons and the bucket hold every actor; only exact positions inside Toulouse have a canton there."""
    actors = snapshot.table("actors")
    assert actors["canton_code"].value_counts(dropna=False).sum() == len(actors) == 396
    city = actors[actors["commune_code"] == CITY]
    assert actors["canton_code"].isna().sum() == city["canton_code"].isna().sum() == 165
    exact = city["geo_precision"].isin(["housenumber", "street"]) & ~city["is_sensitive"]
    assert city["canton_code"].notna().tolist() == exact.tolist()
    assert any("Toulouse, canton inconnu" in note and "165" in note for note in snapshot.manifest.notes)


def test_actors_stand_in_their_canton(snapshot):
    """An actor with an exact position stands in the outline of its canton."""
    actors = snapshot.layer("actors")
    city = actors[actors["commune_code"].eq(CITY) & actors["canton_code"].notna()]
    outlines = snapshot.layer("cantons").set_index("canton_code").geometry
    assert len(city) == 31
    assert shapely.covers(outlines.loc[city["canton_code"]].to_numpy(), city.geometry.to_numpy()).all()


def test_real_cantons_partition_the_department(snapshot):
    """Borders in common, nothing left over, and every commune in its canton's outline."""
    cantons, whole = snapshot.layer("cantons"), snapshot.layer("department").geometry.iloc[0]
    assert shapely.coverage_is_valid(cantons.geometry.to_numpy())
    union = shapely.union_all(cantons.geometry.to_numpy())
    assert shapely.area(shapely.symmetric_difference(union, whole)) < 1e-12
    communes = snapshot.layer("communes").dropna(subset=["canton_code"])
    outlines = cantons.set_index("canton_code").geometry.loc[communes["canton_code"]].to_numpy()
    assert shapely.area(shapely.difference(communes.geometry.to_numpy(), outlines)).max() < 1e-12


def test_year_of_the_shares_is_said(snapshot):
    """The manifest says of which year the shares are and what they hide."""
    record = next(source for source in snapshot.manifest.sources if source.key == "canton_populations")
    assert record.vintage == "2016"
    assert any("2016" in note and "croissance inégale" in note for note in snapshot.manifest.notes)
    assert not any("absents des unités" in note for note in snapshot.manifest.notes)
    assert not is_outdated(replace(snapshot.manifest, sources=()))


def test_upgrade_never_takes_the_cantons_away(snapshot):
    """Newer embedded rows do not make the app rebuild a snapshot with cantons that only its owner can load."""
    changed = tuple(replace(source, sha256="0") for source in snapshot.manifest.sources)
    assert is_outdated(replace(snapshot.manifest, sources=changed, canton_division="units"))
    assert not is_outdated(replace(snapshot.manifest, sources=changed))


def test_two_editions_agree(build_from):
    """Two independent outlines of the Toulouse cantons put the same located actors in the same canton, but two."""
    one, other = (build_from(path).table("actors")["canton_code"] for path in (IGN_2018, TOULOUSE))
    assert (one.fillna("") != other.fillna("")).sum() <= 2


def test_units_have_trivial_parts(starter_snapshot):
    """By default each commune is one part, in its unit; nothing else changed."""
    parts, communes = starter_snapshot.table("canton_parts"), starter_snapshot.table("communes")
    assert parts.equals(whole_communes(communes))
    assert parts.set_index("commune_code")["canton_code"].to_dict() == dict(
        zip(communes["commune_code"], communes["canton_code"], strict=True)
    )
    assert parts["population"].sum() == POPULATION
    assert starter_snapshot.manifest.canton_division == "units"


def test_geopackage_is_read_as_geojson(tmp_path, build_from):
    """The same cantons from a GeoPackage in Lambert-93, numbered as numbers."""
    needs(IGN_2018)
    frame = gpd.read_file(IGN_2018).to_crs(2154)
    frame["code"] = frame["code"].astype(int)
    frame.to_file(tmp_path / "cantons.gpkg", layer="limites")
    snapshot = build_from(IGN_2018)
    loaded = Loaded(read_outlines(tmp_path / "cantons.gpkg"), read_canton_populations("31"), is_embedded=True)
    found = with_electoral_cantons(load_geography("31"), loaded)
    assert found.canton_parts.equals(snapshot.table("canton_parts"))


def test_division_of_before_2015_is_recognised(tmp_path):
    """Twice as many cantons, Toulouse numbered up to 15: refused by name."""
    needs(IGN_2018)
    content = json.loads(IGN_2018.read_text(encoding="utf-8"))
    old = [one | {"properties": {"nom": f"TOULOUSE-{n}"}} for n, one in enumerate(content["features"][:15], start=1)]
    many = [one | {"properties": {"code": f"31{n:03}"}} for n, one in enumerate(content["features"] * 2, start=1)][:53]
    for features in (old, many):
        path = tmp_path / "avant2015.geojson"
        path.write_text(json.dumps({**content, "features": features}), encoding="utf-8")
        loaded = Loaded(read_outlines(path), read_canton_populations("31"), is_embedded=True)
        with pytest.raises(SourceError, match="avant mars 2015"):
            with_electoral_cantons(load_geography("31"), loaded)
