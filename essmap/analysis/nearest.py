"""Which of some points is nearest to a place, as the crow flies."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from essmap.errors import CRSError
from essmap.texts import t


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest point.

    Attributes
    ----------
    row : int
        Its row, from 0.
    distance_m : float
        Straight line to the place, metres; 0 inside it.
    """

    row: int
    distance_m: float


def nearest(points: gpd.GeoSeries, place: BaseGeometry, place_crs: object, *, metric_crs: int) -> Nearest | None:
    """Return the point nearest to a place, the first one of several at the same distance.

    Parameters
    ----------
    points : GeoSeries of n points
        In any reference system, which it names; missing and empty points are never the nearest.
    place : shapely geometry
        A point (a reference point) or an area (an outline).
    place_crs : anything pyproj understands
        Reference system of ``place``.
    metric_crs : int
        EPSG code of the projection in which the distance is taken, in metres (`essmap.reference.projected_crs`).

    Returns
    -------
    Nearest or None
        None: no point, or no place.

    Raises
    ------
    CRSError
        If the points name no reference system, or ``metric_crs`` is not a projection in metres.

    Notes
    -----
    Planar distance in the projection of the department: Lambert-93 departs from the ground by up to 1.3 in
    1,000 in Haute-Garonne (measured in the tests against the geodesic). A straight line flatters mountains.
    """
    projection = CRS.from_epsg(metric_crs)
    if points.crs is None or not projection.is_projected or projection.axis_info[0].unit_name != "metre":
        raise CRSError(t("errors.crs_metric", found=points.crs, metric=metric_crs))
    shapes = points.to_numpy()
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if not known.any() or place.is_empty:
        return None
    target = gpd.GeoSeries([place], crs=place_crs).to_crs(projection).iloc[0]
    rows = np.flatnonzero(known)
    distances = points[known].to_crs(projection).distance(target).to_numpy()
    best = int(np.argmin(distances))
    return Nearest(row=int(rows[best]), distance_m=float(distances[best]))
