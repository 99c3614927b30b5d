"""The nearest point: compared with a plain search, and with one distance that is known."""

from __future__ import annotations

import math

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import Point, box

from essmap.analysis.nearest import nearest
from essmap.errors import CRSError

METRIC = 2154
coordinate = st.floats(-50_000, 50_000, allow_nan=False).map(lambda value: round(value, 1))
places = st.tuples(coordinate, coordinate).map(lambda xy: Point(560_000 + xy[0], 6_260_000 + xy[1]))


def series(points: list[Point], crs: object = METRIC) -> gpd.GeoSeries:
    return gpd.GeoSeries(points, crs=crs)


@given(st.lists(places, min_size=1, max_size=15), places)
def test_no_other_point_is_nearer(points: list[Point], origin: Point) -> None:
    """The row is the first of the smallest distances of a plain search, and the distance is that one."""
    found = nearest(series(points), origin, METRIC, metric_crs=METRIC)
    distances = [math.dist((point.x, point.y), (origin.x, origin.y)) for point in points]
    assert found is not None
    assert found.distance_m == pytest.approx(min(distances), abs=1e-6)
    assert distances[found.row] == pytest.approx(min(distances), abs=1e-6)


@given(st.lists(places, min_size=1, max_size=8), places, places)
def test_one_more_point_never_makes_it_farther(points: list[Point], more: Point, origin: Point) -> None:
    """Adding a point shortens the distance or leaves it."""
    before = nearest(series(points), origin, METRIC, metric_crs=METRIC)
    after = nearest(series([*points, more]), origin, METRIC, metric_crs=METRIC)
    assert before is not None
    assert after is not None
    assert after.distance_m <= before.distance_m + 1e-6


@given(st.floats(0.45, 2.04), st.floats(42.7, 43.9), st.floats(0.45, 2.04), st.floats(42.7, 43.9))
def test_distance_is_that_on_the_ellipsoid(lon: float, lat: float, to_lon: float, to_lat: float) -> None:
    """Anywhere in Haute-Garonne, from degrees, the distance is within 1.3 in 1,000 of the geodesic (Karney 2013)."""
    found = nearest(series([Point(lon, lat)], 4326), Point(to_lon, to_lat), 4326, metric_crs=METRIC)
    assert found is not None
    assert found.distance_m == pytest.approx(Geod(ellps="GRS80").inv(lon, lat, to_lon, to_lat)[2], rel=1.3e-3, abs=0.01)


def test_inside_an_area_is_no_distance_and_outside_counts_from_its_edge() -> None:
    """A point in the area is at 0 m; another is measured to the outline."""
    area = box(500_000, 6_200_000, 501_000, 6_201_000)
    inside, outside = Point(500_500, 6_200_500), Point(504_000, 6_200_500)
    assert nearest(series([outside, inside]), area, METRIC, metric_crs=METRIC).distance_m == 0
    assert nearest(series([outside]), area, METRIC, metric_crs=METRIC).distance_m == pytest.approx(3000)


def test_nothing_to_measure_is_none() -> None:
    """No point, only missing or empty points, or an empty place: None, never NaN; a missing one is passed over."""
    origin = Point(560_000, 6_260_000)
    assert nearest(series([]), origin, METRIC, metric_crs=METRIC) is None
    assert nearest(series([None, Point()]), origin, METRIC, metric_crs=METRIC) is None
    assert nearest(series([origin]), Point(), METRIC, metric_crs=METRIC) is None
    assert nearest(series([None, origin]), origin, METRIC, metric_crs=METRIC).row == 1


def test_degrees_are_refused() -> None:
    """A distance in degrees, or without reference system, is an error that says so."""
    with pytest.raises(CRSError, match="4326"):
        nearest(series([Point(1, 43)], 4326), Point(1, 43), 4326, metric_crs=4326)
    with pytest.raises(CRSError, match="None"):
        nearest(series([Point(1, 43)], None), Point(1, 43), 4326, metric_crs=METRIC)
