"""The small map of a sheet, as SVG: outlines, names of towns, actors by the shape of their axis. Read in grey too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from essmap import reference
from essmap.view.format import escape
from essmap.view.rows import each_row

WIDTH: Final = 640  # units of the drawing; the sheet scales it
_TALLEST: Final = 700
_MARGIN: Final = 18
_TOWNS: Final = 7
_TOLERANCE_UNITS: Final = 0.6
_RADIUS: Final = 7.5
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
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {frame.height:.0f}" '
        f'width="{WIDTH}" height="{frame.height:.0f}">',
        f'<rect width="100%" height="100%" fill="{_LAND}"/>',
        _outlines(neighbours.geometry.to_crs(metric_crs), frame, f'fill="none" stroke="{_LINE}" stroke-width="1.2"'),
        _outlines([shape], frame, f'fill="{_PAPER}" stroke="none"'),
        _outlines(communes.geometry.to_crs(metric_crs), frame, 'fill="none" stroke="#c9cdd6" stroke-width="0.8"'),
        _outlines([shape], frame, f'fill="none" stroke="{_INK}" stroke-width="2.6"'),
        _actors(actors.to_crs(metric_crs), frame),
        _towns(communes, frame, metric_crs),
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


def _actors(actors: gpd.GeoDataFrame, frame: _Frame) -> str:
    styles = reference.axes()
    marks = []
    if actors.empty:
        return ""
    for actor, (x, y) in zip(
        each_row(actors), frame.place(shapely.get_coordinates(actors.geometry.to_numpy())), strict=True
    ):
        style = styles.loc[reference.main_axis(list(actor.axes))]
        shape = _SHAPES[str(style["shape"])].format(colour=style["colour"])
        marks.append(
            f'<g transform="translate({x:.1f} {y:.1f}) scale({_RADIUS})" fill="{style["colour"]}" '
            f'stroke="{_PAPER}" stroke-width="0.22">{shape}</g>'
        )
        if actor.is_supported:
            dot = f'fill="{_INK}" stroke="{_PAPER}" stroke-width="1"'
            marks.append(f'<circle cx="{x + _RADIUS:.1f}" cy="{y - _RADIUS:.1f}" r="3.2" {dot}/>')
    return "".join(marks)


def _towns(communes: gpd.GeoDataFrame, frame: _Frame, metric_crs: int) -> str:
    known = communes.dropna(subset=["point_lon", "point_lat"]).nlargest(_TOWNS, "population")
    if known.empty:
        return ""
    points = gpd.GeoSeries.from_xy(known["point_lon"], known["point_lat"], crs=4326).to_crs(metric_crs)
    names = []
    taken: list[tuple[float, float, float]] = []
    for name, (x, y) in zip(
        known["commune_name"], frame.place(shapely.get_coordinates(points.to_numpy())), strict=True
    ):
        half = len(name) * 4.6
        x = min(max(x, half + 2), WIDTH - half - 2)
        y = min(max(y + 24, 18), frame.height - 6)
        if any(abs(x - other) < half + width and abs(y - level) < 20 for other, level, width in taken):
            continue
        taken.append((x, y, half))
        names.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-family="Source Sans Pro" font-size="18" '
            f'fill="{_INK}" stroke="{_PAPER}" stroke-width="4" paint-order="stroke">{escape(name)}</text>'
        )
    return "".join(names)
