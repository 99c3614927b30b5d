"""Communes are found by what people write, points in two systems are told apart and held against the commune."""

from __future__ import annotations

import doctest

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from essmap.build.imports import place_names
from essmap.build.imports.place_names import code_and_name, plain_place
from essmap.build.imports.places import Places, read_pair
from essmap.build.starter import load_geography
from made_up_lists import judged_text

COMMUNES = load_geography("31").communes
PLACES = Places(COMMUNES, 2154)
ROWS = COMMUNES[["commune_code", "commune_name", "postcodes", "point_lon", "point_lat"]].to_dict("records")
TO_LAMBERT = Transformer.from_crs(4326, 2154, always_xy=True)


def without_accents(name: str) -> str:
    from essmap.schema.folding import fold

    return fold(name)


WAYS = [
    lambda name: name,
    str.upper,
    str.lower,
    without_accents,
    lambda name: name.replace("-", " "),
    lambda name: name.replace("Saint-", "St ").replace("Sainte-", "Ste "),
    lambda name: name.replace("Saint-", "ST-").replace("Sainte-", "STE-"),
    lambda name: f"  {name}  ",
    lambda name: f"{name} (31)",
    lambda name: f"{name} CEDEX 9",
    lambda name: f"{name[3:]} ({name[:2]})" if name.startswith(("Le ", "La ")) else name,
    lambda name: f"{name[4:]}, {name[:3]}" if name.startswith("Les ") else name,
    lambda name: name.replace("’", "'").replace("'", " "),
]


@given(st.sampled_from(ROWS), st.sampled_from(WAYS), st.booleans())
def test_every_commune_is_found_however_it_is_written(row, way, with_postcode):
    """Case, accents, hyphens, St and Ste, articles behind, cedex: the commune, or one of the same name to choose."""
    found = PLACES.find(way(row["commune_name"]), row["postcodes"][0] if with_postcode else "")
    assert found.value == row["commune_code"]


@given(st.sampled_from(ROWS))
def test_a_postcode_before_the_name_is_no_part_of_it(row):
    """« 31800 Saint-Gaudens » is Saint-Gaudens."""
    assert PLACES.find(f"{row['postcodes'][0]} {row['commune_name']}").value == row["commune_code"]


@given(st.sampled_from([row for row in ROWS if len(row["commune_name"]) >= 8]), st.data())
def test_a_missing_letter_is_a_fault_that_names_the_commune(row, data):
    """A typing error is never taken for a commune in silence; the right one is among those proposed."""
    name = row["commune_name"]
    place = data.draw(st.integers(1, len(name) - 2))
    found = PLACES.find(name[:place] + name[place + 1 :])
    assert found.value in {"", row["commune_code"]}
    if not found.value and found.rule == "unknown_commune":
        assert row["commune_code"] in str(found.fault)


@given(st.text(max_size=25))
def test_no_name_breaks_the_search(name):
    """Whatever stands there, there is an answer."""
    found = PLACES.find(name)
    assert found.value == "" or found.value in set(COMMUNES["commune_code"])
    assert plain_place(plain_place(name)) == plain_place(name) or not name.isascii()


@given(st.sampled_from([row for row in ROWS if row["point_lon"] == row["point_lon"]]), st.booleans(), st.booleans())
def test_both_systems_and_both_orders_give_one_point(row, is_lambert, is_swapped):
    """Degrees or metres, longitude first or latitude first: the same place, and a swap is said."""
    lon, lat = row["point_lon"], row["point_lat"]
    first, second = TO_LAMBERT.transform(lon, lat) if is_lambert else (lon, lat)
    pair = (second, first) if is_swapped else (first, second)
    found = PLACES.locate(*(f"{value:.6f}".replace(".", ",") for value in pair), row["commune_code"])
    assert found.fault is None
    assert abs(float(found.lon) - lon) < 1e-5
    assert abs(float(found.lat) - lat) < 1e-5
    assert (found.remark is not None) == is_swapped


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(allow_nan=True, allow_infinity=True))
def test_no_numbers_break_the_placing(x, y):
    """Any two numbers are a point of the department or a fault."""
    found = PLACES.locate(str(x), str(y), "31555")
    assert bool(found.lon) == bool(found.lat)
    if found.lon:
        assert PLACES.at(float(found.lon), float(found.lat)) == "31555"


@pytest.mark.parametrize(
    ("pair", "rule", "said"),
    [
        (("2.35", "48.85"), "point_outside_commune", "hors du département"),
        (("0.7234", "43.108"), "point_outside_commune", "Saint-Gaudens"),
        (("1.44", ""), "coordinates", "longitude"),
        (("abc", "43"), "coordinates", "longitude"),
        (("500", "900"), "coordinates", "Lambert-93"),
        (("1700000", "2250000"), "coordinates", "Lambert-93"),
    ],
)
def test_points_elsewhere_are_faults_that_say_where_they_fall(pair, rule, said):
    """A point of another commune, of another department, half a point, another system."""
    found = PLACES.locate(*pair, "31555")
    assert found.rule == rule
    assert said in str(found.fault)


def test_a_point_just_outside_is_set_aside_and_said():
    """Outlines differ by some metres: the row comes in, at its commune."""
    outline = COMMUNES.set_index("commune_code").geometry["31395"]
    line = gpd.GeoSeries([outline], crs=4326).to_crs(2154).iloc[0].buffer(100).exterior
    x, y = line.interpolate(0.3, normalized=True).coords[0]
    found = PLACES.locate(str(x), str(y), "31395")
    assert (found.lon, found.fault) == ("", None)
    assert "Muret" in str(found.remark)


def test_zero_is_no_point():
    """0, 0 is what programs write for nothing."""
    assert PLACES.locate("0", "0.0", "31555").remark


def test_several_communes_of_a_name_are_told_apart_by_the_postcode(square_geography):
    """A name that two communes bear needs the code or the postcode."""
    communes = square_geography.communes.copy()
    communes["commune_name"] = ["Même-Nom", "Même-Nom", *communes["commune_name"].iloc[2:]]
    communes["postcodes"] = [["31001"], ["31002"], *communes["postcodes"].iloc[2:]]
    places = Places(communes, 2154)
    assert places.find("même nom").rule == "ambiguous_commune"
    assert places.find("même nom", "31002").value == communes["commune_code"].iloc[1]
    assert places.find("", "31001").value == communes["commune_code"].iloc[0]
    assert places.find("", "31000").rule == "ambiguous_commune"


def test_a_cell_of_two_numbers_is_a_pair():
    """Comma, semicolon, space, WKT; a single number or a text is none."""
    assert read_pair("43,6 ; 1,44") == ("43,6", "1,44")
    assert read_pair("(43.6 1.44)") == ("43.6", "1.44")
    assert read_pair("12 rue des Arts") is None


@pytest.mark.parametrize(
    ("name", "postcode"),
    [("Muret", "38160"), ("38160 Muret", ""), ("Muret (38)", ""), ("38 - Muret", ""), ("Muret (Isère)", ""),
     ("038 - Muret", ""), ("", "38160"), ("38416", ""), ("Muret", "20090")],
)  # fmt: skip
def test_a_code_of_another_department_contradicts_a_name(name, postcode):
    """A commune of the same name elsewhere is not ours: the fault says which department or code is another."""
    found = PLACES.find(name, postcode)
    assert (found.value, found.rule) == ("", "other_department")
    assert "autre département" in str(found.fault)


@pytest.mark.parametrize(
    ("name", "code"),
    [("31 - Muret", "31395"), ("31395 - Muret", "31395"), ("031 - Muret", "31395"), ("Toulouse 3e", "31555"),
     ("Toulouse 1er arr.", "31555"), ("31 600 Muret", "31395"), ("Muret (Haute-Garonne)", "31395"), ("31395", "31395"),
     ("31059 Toulouse", "31555")],
)  # fmt: skip
def test_codes_and_districts_beside_a_name_are_no_part_of_it(name, code):
    """The department, the code, a district of Toulouse; a postcode of the department that no commune has."""
    assert PLACES.find(name).value == code


def test_the_code_of_another_commune_beside_a_name_is_a_fault():
    """« 31395 - Toulouse » says two communes."""
    assert PLACES.find("31395 - Toulouse").rule == "commune_name"


def test_a_postcode_in_the_place_of_a_name_is_a_postcode():
    """Of several communes it is a fault that names them all; a number that is also an INSEE code is one too."""
    several = PLACES.find("31600")
    assert several.rule == "ambiguous_commune"
    assert "Muret (31395)" in str(several.fault)
    both = PLACES.find("31100")
    assert both.rule == "ambiguous_commune"
    assert all(name in str(both.fault) for name in ("Calmont", "Toulouse"))
    assert PLACES.find("31100", codes_first=True).value == "31100"


@pytest.mark.parametrize("typed", ["Ramonville", "Luchon", "Villeneuve", "Montesquieu", "Castelnau"])
def test_communes_whose_name_holds_the_words_are_all_named(typed):
    """The short name that people say: every commune it may be, none taken in silence."""
    found = PLACES.find(typed)
    assert found.rule == "unknown_commune"
    holding = [row["commune_name"] for row in ROWS if f" {typed.lower()} " in f" {plain_place(row['commune_name'])} "]
    assert holding
    assert [name for name in holding if name not in str(found.fault)] == []


def test_points_of_code_and_name():
    """A code with its name beside it, a lost zero, a number of a spreadsheet."""
    assert [code_and_name(cell) for cell in ("31395 - Muret", "31395 Muret", "9122", "2a004", "31395.0", "NC")] == [
        ("31395", "Muret"), ("31395", "Muret"), ("09122", ""), ("2A004", ""), ("31395", ""), ("NC", ""),
    ]  # fmt: skip
    assert doctest.testmod(place_names).failed == 0


ACTORS = [
    ("Nom;Commune;CP\nInventée;Muret;38160\n", "other_department", ""),
    ("Nom;Commune;Code INSEE\nInventée;Muret;38416\n", "other_department", ""),
    ("Nom;Code INSEE\nInventée;31395 - Muret\n", "", "31395"),
    ("Nom;Commune;CP\nInventée;Muret;31059\n", "", "31395"),
    ("Nom;Commune;CP\nInventée;Muret;316000\n", "", "31395"),
    ("Nom;Commune;CP\nInventée;Muret;31 600\n", "", "31395"),
]


@pytest.mark.parametrize(("text", "rule", "code"), ACTORS)
def test_structures_of_other_departments_do_not_land_here(text, rule, code):
    """Only a postcode of the department without a commune, or none at all, is set aside."""
    judged = judged_text(text, "actors")
    assert [faults[0].rule for faults in judged.reasons.values()] == ([rule] if rule else [])
    assert judged.frame["commune_code"].tolist() == ([code] if code else [])
    assert bool(judged.remarks) == ("31059" in text or "316000" in text)


@pytest.mark.parametrize(
    ("commune", "postcode", "code", "served"),
    [("Muret, Toulouse", "", "", "31395;31555"), ("Muret / Toulouse", "", "", "31395;31555"),
     ("Muret - Toulouse", "", "", "31395;31555"), ("31395 - Muret", "", "31395", ""),
     ("Muret - Atlantis", "", None, None),
     ("Toulouse 3e", "", "31555", ""), ("31 - Muret", "", "31395", ""), ("", "38160", "", ""),
     ("", "31600", "", ""), ("Muret", "31600", "31395", ""),
     ("Muret", "75011", None, None), ("Muret, Atlantis", "", None, None), ("31600", "", None, None)],
)  # fmt: skip
def test_communes_of_supports_people_write(commune, postcode, code, served):
    """Several in one cell are those served; the postcode contradicts a name, alone it refuses nothing."""
    judged = judged_text(f'Porteur,Programme,Commune,Code postal\nInventée,Vélo,"{commune}",{postcode}\n', "projects")
    assert judged.rows_in == len(judged.frame) + len(judged.reasons) == 1
    if code is None:
        assert len(judged.reasons) == 1
        return
    assert judged.frame[["commune_code", "communes_served"]].to_numpy().tolist() == [[code, served]]


def test_supports_are_not_older_than_1980():
    """1900 is what a spreadsheet makes of nothing."""
    rows = "".join(f"Porteur {n};Vélo;{year}\n" for n, year in enumerate(["1900", "01/01/1900", "1979", "1980"]))
    judged = judged_text(f"Porteur;Programme;Année\n{rows}", "projects")
    assert {line: faults[0].rule for line, faults in judged.reasons.items()} == {2: "year", 3: "year", 4: "year"}
