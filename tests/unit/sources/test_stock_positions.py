"""Where the establishments of the stock are: which coordinates are believed, in which system, which are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from essmap.sources.stock_rows import positions

NOTHING = {"lon": "", "lat": "", "quality": "", "x": "", "y": ""}
POINT = {"lon": "1.444", "lat": "43.604", "quality": "11"}
LAMBERT = {"x": "574000.1", "y": "6279000.2"}
#: Town halls, degrees east and north to the nearest hundredth (any map): one in each system.
TOWNS = {
    "31": (2154, 1.44, 43.60), "2A": (2154, 8.74, 41.92), "971": (5490, -61.73, 16.00), "972": (5490, -61.07, 14.60),
    "973": (2972, -52.33, 4.94), "974": (2975, 55.45, -20.88), "976": (4471, 45.23, -12.78),
}  # fmt: skip


def place(department: str = "31", **cells: str) -> tuple[dict[str, str], dict[str, int]]:
    raw = pd.DataFrame([NOTHING | cells], dtype="str")
    places, figures = positions(raw, department)
    return {str(key): value for key, value in places.iloc[0].items()}, {k: n for k, n in figures.items() if n}


def test_point_of_the_geolocation_file_is_preferred():
    """With both, the point and its quality are those of the geolocation file."""
    found, figures = place(**POINT, **LAMBERT)
    assert found == {"lon": "1.4440000", "lat": "43.6040000", "position_quality": "11"}
    assert figures == {"positions_geolocation": 1}


def test_point_drawn_in_the_commune_is_none():
    """Quality 33 is no position, and the Sirene coordinates do not replace it."""
    found, figures = place(**{**POINT, "quality": "33"}, **LAMBERT)
    assert found == {"lon": "", "lat": "", "position_quality": "33"}
    assert figures == {"positions_commune_only": 1}


def test_sirene_coordinates_are_the_second_choice():
    """Without a point, or with one that cannot be, Lambert-93 is converted; its quality is not known."""
    for other in ({}, {"lon": "[ND]", "lat": "[ND]"}, {"lon": "43.604", "lat": "1.444", "quality": "11"}):
        found, figures = place(**LAMBERT, **other)
        assert found["position_quality"] == ""
        assert (float(found["lon"]), float(found["lat"])) == pytest.approx((1.444, 43.604), abs=0.01)
        assert figures == {"positions_lambert": 1}


@pytest.mark.parametrize("department", TOWNS)
def test_each_territory_has_its_system(department):
    """Known towns of the mainland, Corsica and overseas come back where they are, each through its own system."""
    epsg, lon, lat = TOWNS[department]
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    found, figures = place(department, x=str(x), y=str(y))
    assert (float(found["lon"]), float(found["lat"])) == pytest.approx((lon, lat), abs=1e-6)
    assert figures == {"positions_lambert": 1}


@pytest.mark.parametrize(
    "cells",
    [
        {"x": "0", "y": "0"}, {"x": "6279000.2", "y": "574000.1"}, {"x": "1e300", "y": "6279000"},
        {"lon": "0", "lat": "0", "quality": "11"}, {"lon": "43.6", "lat": "1.44", "quality": "11"},
        {"lon": "-61.5", "lat": "16.2", "quality": "12"},
    ],
)  # fmt: skip
def test_coordinates_outside_france_are_refused(cells):
    """Zero, swapped, absurd or of another territory: no position, counted."""
    found, figures = place(**cells)
    assert found == {"lon": "", "lat": "", "position_quality": ""}
    assert figures == {"positions_refused": 1}


@pytest.mark.parametrize(
    "cells", [{}, {"x": "574000"}, {"x": "[ND]", "y": "[ND]"}, {"x": "nan", "y": "inf"}, {"lon": "un", "lat": "deux"}]
)
def test_no_coordinates_is_no_position(cells):
    """Missing, masked, half or no numbers: no position, and nothing to refuse."""
    found, figures = place(**cells)
    assert found == {"lon": "", "lat": "", "position_quality": ""}
    assert figures == {}


@settings(max_examples=50)
@given(st.floats(-4.5, 8), st.floats(42.5, 50.9))
def test_conversion_brings_back_what_was_projected(lon, lat):
    """From degrees to Lambert-93 and back, to the centimetre."""
    x, y = Transformer.from_crs(4326, 2154, always_xy=True).transform(lon, lat)
    found, _ = place(x=repr(float(x)), y=repr(float(y)))
    assert np.allclose([float(found["lon"]), float(found["lat"])], [lon, lat], rtol=0, atol=1e-7)


def test_rows_keep_their_index():
    """The result is on the rows given, whatever their index."""
    raw = pd.DataFrame([NOTHING | POINT, NOTHING], index=[7, 3], dtype="str")
    assert positions(raw, "31")[0].index.tolist() == [7, 3]


def test_no_row_is_no_error():
    """A department where everything was left out has no position to find."""
    raw = pd.DataFrame([], columns=list(NOTHING), dtype="str")
    places, figures = positions(raw, "31")
    assert len(places) == 0
    assert set(figures.values()) == {0}
