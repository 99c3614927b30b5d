"""The small map of a sheet, as SVG: outlines, names of towns, actors by the shape of their axis or by their number.

Read in grey too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from essmap import reference
from essmap.view.format import escape, integer

WIDTH: Final = 640  # units of the drawing; the sheet scales it
_TALLEST: Final = 660
_MARGIN: Final = 18
_TOWNS: Final = 7
_TOLERANCE_UNITS: Final = 0.6
_RADIUS: Final = 8.5
#: Actors nearer to each other than this are drawn as one; the next distance where more marks than this are left.
_NEAR: Final = (18.0, 28.0, 40.0, 60.0, 90.0, 130.0)
_MARKS_AT_MOST: Final = 70
#: Where the name of a town may stand, from its place: first choice first.
_OFFSETS: Final = (24, -14, 34, -26, 46, -38)
_INK, _PAPER, _LAND, _LINE = "#1a1f29", "#ffffff", "#eceef2", "#9aa1af"

#: Outlines of the axes' shapes around (0, 0), for a radius of 1.
_SHAPES: Final = {
    "circle": '<circle r="0.95"/>',
    "square": '<path d="M-.88-.88H.88V.88H-.88Z"/>',
    "triangle": '<path d="M0-1.1L1.05 .85H-1.05Z"/>',
    "diamond": '<path d="M0-1.2L1.2 0 0 1.2-1.2 0Z"/>',
    "star": '<path d="M0-1.2L.36-.4 1.2-.3 .55.28 .75 1.15 0 .7-.75 1.15-.55.28-1.2-.3-.36-.4Z"/>',
    "ring": '<circle r="0.72" fill="#fff" stroke="{colour}" stroke-width="0.5"/>',
}


@dataclass(frozen=True, slots=True)
class _Frame:
    """From metres to units of the drawing; y goes down."""

    west: float
    north: float
    scale: float
    height: float

    def place(self, coordinates: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        x = (coordinates[:, 0] - self.west) * self.scale + _MARGIN
        y = (self.north - coordinates[:, 1]) * self.scale + _MARGIN
        return np.column_stack([x, y])


def territory_svg(
    territory: Any, communes: gpd.GeoDataFrame, neighbours: gpd.GeoDataFrame, actors: gpd.GeoDataFrame, metric_crs: int
) -> str:
    """Draw a territory with its communes, what surrounds it and its actors.

    Parameters
    ----------
    territory : shapely geometry, EPSG:4326
    communes : GeoDataFrame, EPSG:4326
        Those of the territory; needs ``commune_name``, ``population``, ``point_lon``, ``point_lat``.
    neighbours : GeoDataFrame, EPSG:4326
        Outlines of the other territories of its level.
    actors : GeoDataFrame, EPSG:4326
        Those of the territory; needs ``axes``, ``is_supported``.
    metric_crs : int
        EPSG code of a projection in metres.

    Returns
    -------
    str
        An SVG document without scripts, links or text from data other than escaped names of communes.
    """
    shape = gpd.GeoSeries([territory], crs=4326).to_crs(metric_crs).iloc[0]
    west, south, east, north = shape.bounds
    scale = min((WIDTH - 2 * _MARGIN) / max(east - west, 1), (_TALLEST - 2 * _MARGIN) / max(north - south, 1))
    west -= (WIDTH - 2 * _MARGIN - (east - west) * scale) / 2 / scale
    frame = _Frame(west, north, scale, (north - south) * scale + 2 * _MARGIN)
    marks = _marks(actors.to_crs(metric_crs), frame)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {frame.height:.0f}" '
        f'width="{WIDTH}" height="{frame.height:.0f}">',
        f'<rect width="100%" height="100%" fill="{_LAND}"/>',
        _outlines(neighbours.geometry.to_crs(metric_crs), frame, f'fill="none" stroke="{_LINE}" stroke-width="1.2"'),
        _outlines([shape], frame, f'fill="{_PAPER}" stroke="none"'),
        _outlines(communes.geometry.to_crs(metric_crs), frame, 'fill="none" stroke="#c9cdd6" stroke-width="0.8"'),
        _outlines([shape], frame, f'fill="none" stroke="{_INK}" stroke-width="2.6"'),
        _drawn(marks),
        _towns(communes, frame, metric_crs, marks),
        "</svg>",
    ]
    return "".join(parts)


def _outlines(shapes: Iterable[Any], frame: _Frame, style: str) -> str:
    tolerance = _TOLERANCE_UNITS / frame.scale
    view = shapely.box(
        frame.west - _MARGIN / frame.scale,
        frame.north - (frame.height - _MARGIN) / frame.scale,
        frame.west + (WIDTH - _MARGIN) / frame.scale,
        frame.north + _MARGIN / frame.scale,
    )
    rings = []
    for shape in shapes:
        if shape is None or not shape.intersects(view):
            continue
        simple = shape.simplify(tolerance)
        for polygon in getattr(simple, "geoms", [simple]):
            for ring in (polygon.exterior, *polygon.interiors):
                points = frame.place(np.asarray(ring.coords))
                rings.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points[:-1]) + "Z")
    return f'<path {style} stroke-linejoin="round" fill-rule="evenodd" d="{"".join(rings)}"/>'


@dataclass(frozen=True, slots=True)
class _Mark:
    """Actors that are drawn as one: a sign of an axis for one of them, their number for several."""

    x: float
    y: float
    count: int
    axis: str
    is_supported: bool

    @property
    def radius(self) -> float:
        return _RADIUS if self.count == 1 else 9 + 5 * len(str(self.count))


def _marks(actors: gpd.GeoDataFrame, frame: _Frame) -> list[_Mark]:
    """Gather actors that would hide each other, from near to far until few enough marks are left."""
    if actors.empty:
        return []
    places = frame.place(shapely.get_coordinates(actors.geometry.to_numpy()))
    for near in _NEAR:
        groups = _gathered(places, near)
        if groups.max() < _MARKS_AT_MOST:
            break
    supported = actors["is_supported"].to_numpy(dtype=bool)
    axes = [reference.main_axis(list(keys)) for keys in actors["axes"]]
    marks = []
    for group in range(groups.max() + 1):
        rows = np.flatnonzero(groups == group)
        x, y = places[rows].mean(axis=0)
        marks.append(_Mark(float(x), float(y), len(rows), axes[rows[0]], bool(supported[rows].any())))
    return marks


def _gathered(places: np.ndarray[Any, np.dtype[np.float64]], near: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the group of each place, shape (n,): that of the first place not farther than ``near``, else its own."""
    groups = np.full(len(places), -1, dtype=np.int64)
    count = 0
    for first in range(len(places)):
        if groups[first] < 0:
            is_near = np.hypot(*(places - places[first]).T) <= near
            groups[is_near & (groups < 0)] = count
            count += 1
    return groups


def _drawn(marks: Iterable[_Mark]) -> str:
    styles = reference.axes()
    parts = []
    for mark in marks:
        x, y, radius = mark.x, mark.y, mark.radius
        if mark.count == 1:
            style = styles.loc[mark.axis]
            shape = _SHAPES[str(style["shape"])].format(colour=style["colour"])
            parts.append(
                f'<g transform="translate({x:.1f} {y:.1f}) scale({radius})" fill="{style["colour"]}" '
                f'stroke="{_PAPER}" stroke-width="0.22">{shape}</g>'
            )
        else:
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{_PAPER}" stroke="{_INK}" stroke-width="2"/>'
                f'<text x="{x:.1f}" y="{y + 7.2:.1f}" text-anchor="middle" font-family="Source Sans Pro" '
                f'font-weight="600" font-size="21" fill="{_INK}">{integer(mark.count)}</text>'
            )
        if mark.is_supported:
            at = radius * 0.8
            dot = f'fill="{_INK}" stroke="{_PAPER}" stroke-width="1"'
            parts.append(f'<circle cx="{x + at:.1f}" cy="{y - at:.1f}" r="4" {dot}/>')
    return "".join(parts)


def _towns(communes: gpd.GeoDataFrame, frame: _Frame, metric_crs: int, marks: Iterable[_Mark]) -> str:
    """Write the names of the largest towns where there is room: under their place, above it, or not at all."""
    known = communes.dropna(subset=["point_lon", "point_lat"]).nlargest(_TOWNS, "population")
    if known.empty:
        return ""
    points = gpd.GeoSeries.from_xy(known["point_lon"], known["point_lat"], crs=4326).to_crs(metric_crs)
    places = frame.place(shapely.get_coordinates(points.to_numpy()))
    taken = [(mark.x, mark.y, mark.radius, mark.radius) for mark in marks]
    names = []
    for name, (town_x, town_y) in zip(known["commune_name"], places, strict=True):
        half = len(name) * 5.0
        x = min(max(town_x, half + 2), WIDTH - half - 2)
        for below in _OFFSETS:
            y = min(max(town_y + below, 18), frame.height - 6)
            box = (x, y - 6, half, 9.0)
            if not any(_meet(box, other) for other in taken):
                taken.append(box)
                names.append(
                    f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-family="Source Sans Pro" '
                    f'font-size="20" fill="{_INK}" stroke="{_PAPER}" stroke-width="4" paint-order="stroke">'
                    f"{escape(name)}</text>"
                )
                break
    return "".join(names)


def _meet(box: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Tell whether two boxes overlap: centre x, centre y, half width, half height."""
    return abs(box[0] - other[0]) < box[2] + other[2] and abs(box[1] - other[1]) < box[3] + other[3]
