"""What the map fetches: columns of one length, outlines that still touch, masks that come back."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.analysis.coverage import RATIO_BREAKS
from essmap.view.assets import get
from essmap.view.layers import LOOKS, axis_styles, bounds, pack_mask, publish_actors, publish_outlines, ratio_class

METRIC = 2154
#: What simplification and rounding to 11 m may lose or gain, as a share of the department.
AREA_TOLERANCE = 0.005


def content_of(path: str):
    return json.loads(get(path).content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.fixture(scope="module")
def payload(starter_snapshot):
    return content_of(publish_actors(starter_snapshot.layer("actors")))


@pytest.fixture(scope="module")
def outlines(starter_snapshot):
    layers = [starter_snapshot.layer(name) for name in ("communes", "cantons", "epci", "department")]
    paths = publish_outlines(*layers, METRIC)
    return {name: content_of(path) for name, path in paths.items()}


def shapes(features) -> np.ndarray:
    return np.array([shapely.geometry.shape(feature["geometry"]) for feature in features["features"]], dtype=object)


def test_columns_of_the_payload_have_one_row_per_actor(payload, starter_snapshot):
    """Each column has as many values as there are actors, in the order of the table."""
    actors = starter_snapshot.layer("actors")
    assert payload["n"] == len(actors) == 396
    columns = ("lon", "lat", "axis", "look", "supported", "name", "commune")
    assert {len(payload[name]) for name in columns} == {396}
    assert set(payload) == {"n", "origin", "step", "communes", *columns}
    assert payload["name"] == actors["name"].tolist()
    assert [payload["communes"][row] for row in payload["commune"]] == actors["commune_name"].tolist()
    places = [
        np.array(payload[name]) * payload["step"] + at
        for name, at in zip(("lon", "lat"), payload["origin"], strict=True)
    ]
    np.testing.assert_allclose(places[0], actors.geometry.x, atol=5.1e-6)
    np.testing.assert_allclose(places[1], actors.geometry.y, atol=5.1e-6)
    assert [int(digit) for digit in payload["supported"]] == actors["is_supported"].astype(int).tolist()


def test_axis_and_look_are_those_of_the_reference(payload, starter_snapshot):
    """The axis is the row of the styles; an approximate position is never drawn as an exact one."""
    actors = starter_snapshot.layer("actors")
    styles = axis_styles()
    assert [style["key"] for style in styles] == list(reference.axes().index)
    for row, axes, look, precision in zip(
        payload["axis"], actors["axes"], payload["look"], actors["geo_precision"], strict=True
    ):
        assert styles[int(row, 36)]["key"] == reference.main_axis(list(axes))
        assert LOOKS[int(look)] == {"housenumber": "exact", "street": "near"}.get(precision, "approximate")


def test_payload_tells_nothing_of_masked_places(starter_snapshot, payload):
    """Sensitive places are drawn approximate, at a point they share with their commune."""
    actors = starter_snapshot.layer("actors")
    looks = np.array([LOOKS[int(digit)] for digit in payload["look"]])[actors["is_sensitive"].to_numpy(dtype=bool)]
    assert len(looks) > 0
    assert set(looks) == {"approximate"}


def test_same_data_has_the_same_path(starter_snapshot):
    """Publishing again gives the same path."""
    actors = starter_snapshot.layer("actors")
    assert publish_actors(actors) == publish_actors(actors.copy())
    assert publish_actors(actors) != publish_actors(actors.iloc[::-1])


def test_outlines_cover_every_territory(outlines):
    """22 cantons, 586 communes, the department, and one label per commune, the largest first."""
    assert len(outlines["outlines"]["cantons"]["features"]) == 22
    assert len(outlines["communes"]["features"]) == 586
    assert len(outlines["outlines"]["department"]["features"]) == 1
    towns = outlines["outlines"]["towns"]
    assert len(towns) == 586
    assert towns[0][0] == "Toulouse"
    assert [town[3] for town in towns] == sorted((town[3] for town in towns), reverse=True)


@pytest.mark.parametrize("layer", ["cantons", "communes"])
def test_simplified_neighbours_still_touch(outlines, starter_snapshot, layer):
    """Simplified outlines are valid, neither overlap nor leave holes, and keep the area of the department."""
    drawn = shapes(outlines["communes"] if layer == "communes" else outlines["outlines"]["cantons"])
    assert shapely.is_valid(drawn).all()
    assert not shapely.is_empty(drawn).any()
    union = shapely.union_all(drawn)
    assert shapely.area(drawn).sum() == pytest.approx(union.area, rel=1e-4)
    whole = starter_snapshot.layer("department").geometry.iloc[0]
    assert union.area == pytest.approx(whole.area, rel=AREA_TOLERANCE)
    assert union.intersection(whole).area / whole.area > 1 - AREA_TOLERANCE
    assert whole.buffer(0.005).contains(union)


def test_territories_have_names_and_communes_their_groups(outlines, starter_snapshot):
    """Every outline names its territory; a commune also says its canton, its EPCI and its postcodes."""
    drawn = outlines["outlines"]
    names = {
        name: {f["properties"]["code"]: f["properties"]["name"] for f in drawn[name]["features"]}
        for name in drawn
        if name != "towns"
    }
    assert names["department"] == {"31": "Haute-Garonne"}
    assert names["cantons"]["3114"] == "Saint-Gaudens"
    assert names["epci"] == starter_snapshot.table("epci").set_index("epci_code")["epci_name"].to_dict()
    communes = {f["properties"]["code"]: f["properties"] for f in outlines["communes"]["features"]}
    assert set(communes["31555"]) == {"code", "name", "canton", "epci", "postcodes"}
    assert [communes["31555"][key] for key in ("name", "canton", "epci")] == ["Toulouse", "3199", "243100518"]
    assert {row["canton"] for row in communes.values()} == set(names["cantons"])
    assert {row["epci"] for row in communes.values()} <= set(names["epci"])
    assert "31600" in communes["31395"]["postcodes"]


def test_coordinates_are_rounded(outlines):
    """No coordinate has more than four decimals."""

    def numbers(node):
        if isinstance(node, float):
            yield node
        elif isinstance(node, list):
            for item in node:
                yield from numbers(item)

    for features in (outlines["communes"], outlines["outlines"]["cantons"], outlines["outlines"]["department"]):
        for feature in features["features"]:
            assert all(value == round(value, 4) for value in numbers(feature["geometry"]["coordinates"]))


@given(st.lists(st.booleans(), max_size=70))
def test_masks_come_back(bits):
    """A packed mask is unpacked to the same bits, eight per byte, the first bit highest."""
    packed = base64.b64decode(pack_mask(np.array(bits, dtype=bool)))
    assert len(packed) == (len(bits) + 7) // 8
    assert [bool(packed[i // 8] >> (7 - i % 8) & 1) for i in range(len(bits))] == bits


def test_large_mask_is_small():
    """100,000 actors are under 17 kB."""
    assert len(pack_mask(np.ones(100_000, dtype=bool))) < 17_000


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (None, "none"), (float("nan"), "none"), (0.0, "c0"), (0.4999, "c0"), (0.5, "c1"), (0.8, "c2"), (1.25, "c3"),
        (2.0, "c4"), (99, "c4"),
    ],
)  # fmt: skip
def test_ratio_classes_have_fixed_breaks(ratio, expected):
    """A ratio has one class, lower bound included; no ratio has the class of its own."""
    assert ratio_class(ratio) == expected
    assert list(RATIO_BREAKS) == sorted(RATIO_BREAKS)


def test_bounds_are_south_west_then_north_east():
    """Leaflet wants latitude first."""
    assert bounds([shapely.box(1, 43, 2, 44), shapely.Point(0.5, 43.5)]) == [[43.0, 0.5], [44.0, 2.0]]
