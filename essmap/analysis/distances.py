"""How far the inhabitants of each commune are from places: straight lines, or a table of journeys.

An end that is known only to its commune (an actor without address, a commune without town hall) has no distance to
another end in the same commune: the pair is « dans la commune » and gets a default, never 0 km. Straight lines flatter
mountains; a table of journeys between communes can replace them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from essmap.schema.tables import CRS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Unit = Literal["km", "minutes"]


#: How a distance is known. ``located``: both ends finer than a commune. ``approximate``: from centre to centre, an
#: end being known only to its commune. ``within``: same commune, an end known only to it. ``journey``: from the table
#: of journeys. ``unknown``: no distance can be said.
KINDS: Final = ("located", "approximate", "within", "journey", "unknown")

#: Mean distance from the centre of a disc to its points, as a share of its radius (integral of 2 r² over [0, 1]).
MEAN_OF_DISC: Final = 2 / 3

_TOWN_HALL: Final = "town_hall"
_BLOCK: Final = 1_024


@dataclass(frozen=True, slots=True)
class Distances:
    """From each commune to each place, computed by blocks of places so that memory stays small.

    Attributes
    ----------
    unit : {"km", "minutes"}
    communes : DataFrame, n rows sorted by code
        ``code``, ``name``, ``population``, ``x``, ``y`` (metres; NaN: no reference point), ``is_located`` (the point is
        a checked town hall) and ``inner`` (default distance within the commune, in ``unit``; 0 in minutes: no
        duration is made up).
    places : DataFrame, m rows in the order of their identifiers
        ``place_id``, ``commune_code``, ``x``, ``y``, ``is_located``, ``count``.
    """

    unit: Unit
    communes: pd.DataFrame
    places: pd.DataFrame
    _journeys: Floats | None
    _home: Integers

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Yield a slice of the places and the distances to them, shape (n, size of the slice); inf: not known."""
        for start in range(0, len(self.places), _BLOCK):
            part = slice(start, min(start + _BLOCK, len(self.places)))
            yield part, self._block(part)

    def matrix(self) -> Floats:
        """Return all distances at once, shape (n, m); inf: not known."""
        blocks = [block for _, block in self.blocks()]
        return np.hstack(blocks) if blocks else np.empty((len(self.communes), 0))

    def nearest(self) -> tuple[Floats, Integers]:
        """Return, per commune, the distance to the nearest place (inf: none) and its row (-1: none).

        Of several places at the same distance, the first in the order of identifiers.
        """
        best = np.full(len(self.communes), np.inf)
        row = np.full(len(self.communes), -1, dtype=np.int64)
        for part, block in self.blocks():
            closest = block.argmin(axis=1)
            distance = np.take_along_axis(block, closest[:, None], axis=1)[:, 0]
            better = distance < best
            best[better], row[better] = distance[better], part.start + closest[better]
        return best, row

    def kinds(self, rows: Integers) -> npt.NDArray[np.str_]:
        """Return how the distance from each commune to one place is known.

        Parameters
        ----------
        rows : ndarray of int, shape (n,)
            Row of the place of each commune; -1: none.

        Returns
        -------
        ndarray of str, shape (n,)
            Of `KINDS`.
        """
        if self.places.empty:
            return np.full(len(rows), "unknown")
        places = self.places.iloc[rows]
        both = self.communes["is_located"].to_numpy(dtype=bool) & places["is_located"].to_numpy(dtype=bool)
        is_home = self._home[rows] == np.arange(len(rows))
        others = "approximate" if self._journeys is None else "journey"
        return np.select([rows < 0, is_home & ~both, both], ["unknown", "within", "located"], others)

    def _block(self, part: slice) -> Floats:
        places = self.places.iloc[part]
        if self._journeys is None:
            east: Floats = self.communes["x"].to_numpy()[:, None] - places["x"].to_numpy()
            north: Floats = self.communes["y"].to_numpy()[:, None] - places["y"].to_numpy()
            block: Floats = np.hypot(east, north) / 1000
            block[np.isnan(block)] = np.inf
        else:
            block = self._journeys[:, part].copy()
        home = self._home[part]
        has_default = (home >= 0) & ~(places["is_located"].to_numpy(dtype=bool) & self._is_located_home(home))
        columns = np.flatnonzero(has_default)
        rows = home[columns]
        default = self.communes["inner"].to_numpy()[rows]
        if self._journeys is not None:  # a table that says 0 within a commune says nothing
            said = block[rows, columns]
            default = np.where(np.isfinite(said) & (said > 0), said, default)
        block[rows, columns] = default
        return block

    def _is_located_home(self, home: Integers) -> npt.NDArray[np.bool_]:
        if self.communes.empty:
            return np.zeros(len(home), dtype=bool)
        return self.communes["is_located"].to_numpy(dtype=bool)[home]


def distances(
    communes: gpd.GeoDataFrame, places: pd.DataFrame, *, crs: int, journeys: pd.DataFrame | None = None
) -> Distances:
    """Prepare the distances from communes to places.

    The default within a commune of area a is 2/3 * sqrt(a / pi): the mean distance from the centre of a disc of that
    area to its points (of the median commune where the outline is missing).

    Parameters
    ----------
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES`.
    places : DataFrame
        `places_of_actors` or `centres`.
    crs : int
        EPSG code of a projected system in metres (`essmap.reference.projected_crs`).
    journeys : DataFrame or None
        ``origin``, ``destination`` (INSEE codes of communes) and either ``km`` or ``minutes``: each pair once. A pair
        that is not there is out of reach. None: straight lines.

    Returns
    -------
    Distances
    """
    unit = unit_of(journeys)
    frame = _communes(communes, crs, unit)
    if journeys is not None:
        places = _by_commune(places)
    position = pd.Series(np.arange(len(frame)), index=frame["code"], dtype="int64")
    home = position.reindex(places["commune_code"]).fillna(-1).to_numpy(dtype=np.int64)
    table = None if journeys is None else _journey_table(journeys, frame["code"], places["commune_code"], unit)
    return Distances(unit, frame, places, table, home)


def unit_of(journeys: pd.DataFrame | None) -> Unit:
    """Return the unit of a table of journeys; kilometres for straight lines (None)."""
    return "minutes" if journeys is not None and "minutes" in journeys.columns else "km"


def places_of_actors(actors: gpd.GeoDataFrame, *, crs: int) -> pd.DataFrame:
    """Gather actors by place: those with a position by point and commune, the others by commune.

    Parameters
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`.
    crs : int
        EPSG code of a projected system in metres.

    Returns
    -------
    DataFrame, one row per place, in the order of ``place_id``
        ``place_id`` (the least ``actor_id`` there), ``commune_code``, ``x``, ``y`` (metres), ``is_located`` (finer than
        the commune), ``count`` (actors).
    """
    points = gpd.GeoSeries(actors.geometry, crs=CRS).to_crs(crs)
    frame = pd.DataFrame(
        {
            "place_id": actors["actor_id"].to_numpy(),
            "commune_code": actors["commune_code"].to_numpy(),
            "x": points.x.to_numpy(),
            "y": points.y.to_numpy(),
            "is_located": actors["geo_precision"].ne("municipality").to_numpy(dtype=bool),
        }
    ).sort_values("place_id", kind="stable")
    spot = frame[["commune_code", "is_located"]].assign(
        x=frame["x"].where(frame["is_located"], 0.0), y=frame["y"].where(frame["is_located"], 0.0)
    )
    same = spot.groupby(list(spot.columns), sort=False, dropna=False).ngroup()
    places = frame[~same.duplicated()].reset_index(drop=True)
    return places.assign(count=np.bincount(same, minlength=len(places)).astype(np.float64))


def centres(communes: gpd.GeoDataFrame, *, crs: int) -> pd.DataFrame:
    """Return each commune as a place that is known only to its commune: where a new site might stand.

    Parameters
    ----------
    communes : GeoDataFrame, EPSG:4326
    crs : int
        EPSG code of a projected system in metres.

    Returns
    -------
    DataFrame, one row per commune, sorted by code
        Columns of `places_of_actors`; ``place_id`` is the code of the commune.
    """
    frame = _communes(communes, crs, "km")
    return pd.DataFrame(
        {
            "place_id": frame["code"],
            "commune_code": frame["code"],
            "x": frame["x"],
            "y": frame["y"],
            "is_located": False,
            "count": 1.0,
        }
    )


def reference_points(communes: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the reference points of communes (EPSG:4326) on their index; None where there is none."""
    points = np.array(gpd.points_from_xy(communes["point_lon"], communes["point_lat"]), dtype=object)
    points[communes[["point_lon", "point_lat"]].isna().any(axis=1).to_numpy()] = None
    return gpd.GeoSeries(points, index=communes.index, crs=CRS)


def _communes(communes: gpd.GeoDataFrame, crs: int, unit: Unit) -> pd.DataFrame:
    points = reference_points(communes).to_crs(crs)
    area: Any = gpd.GeoSeries(communes.geometry, crs=CRS).to_crs(crs).area
    inner = MEAN_OF_DISC * np.sqrt(area.where(area > 0) / np.pi) / 1000
    frame = pd.DataFrame(
        {
            "code": communes["commune_code"],
            "name": communes["commune_name"],
            "population": communes["population"].astype("int64"),
            "x": points.x,
            "y": points.y,
            "is_located": communes["point_kind"].eq(_TOWN_HALL),
            "inner": inner.fillna(inner.median()).fillna(0.0) if unit == "km" else 0.0,
        }
    )
    return frame.sort_values("code").reset_index(drop=True)


def _by_commune(places: pd.DataFrame) -> pd.DataFrame:
    """Return places as a table of journeys sees them: one per commune."""
    counts = places.groupby("commune_code")["count"].sum()
    first = places.drop_duplicates("commune_code").reset_index(drop=True)
    return first.assign(is_located=False, count=counts.reindex(first["commune_code"]).to_numpy())


def _journey_table(journeys: pd.DataFrame, origins: pd.Series, destinations: pd.Series, unit: Unit) -> Floats:
    """Return a long table as an array, origins in rows and destinations in columns; inf: not in the table."""
    table = np.full((len(origins), len(destinations)), np.inf)
    rows = pd.Series(np.arange(len(origins)), index=origins).reindex(journeys["origin"])
    columns = pd.Series(np.arange(len(destinations)), index=destinations).reindex(journeys["destination"])
    known = rows.notna().to_numpy() & columns.notna().to_numpy()
    at = rows.to_numpy()[known].astype(np.int64), columns.to_numpy()[known].astype(np.int64)
    table[at] = journeys[unit].to_numpy(dtype=np.float64)[known]
    return table
