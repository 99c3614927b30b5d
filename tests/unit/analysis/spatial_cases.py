"""Small made-up departments on a grid of square communes, in metres around a point of Haute-Garonne."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st

METRIC = 2154
CORNER = np.array([560_000.0, 6_280_000.0])
SIDE = 4_000.0


def grid(populations: list[int], *, columns: int = 4, kinds: list[str] | None = None) -> gpd.GeoDataFrame:
    """Return square communes of 4 km, row by row, their point in the middle."""
    places = np.arange(len(populations))
    low = CORNER + SIDE * np.column_stack([places % columns, places // columns])
    squares = gpd.GeoSeries([shapely.box(x, y, x + SIDE, y + SIDE) for x, y in low], crs=METRIC)
    points = gpd.GeoSeries(gpd.points_from_xy(*(low + SIDE / 2).T), crs=METRIC).to_crs(4326)
    frame = {
        "commune_code": [f"31{number:03}" for number in places + 1],
        "commune_name": [f"Commune inventée {number}" for number in places + 1],
        "population": pd.Series(populations, dtype="int64"),
        "canton_code": [f"C{number // columns}" for number in places],
        "epci_code": "E",
        "point_lon": points.x,
        "point_lat": points.y,
        "point_kind": kinds or ["town_hall"] * len(populations),
    }
    return gpd.GeoDataFrame(frame, geometry=squares.to_crs(4326).to_numpy(), crs=4326)


def department(communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the outline of all communes."""
    whole = shapely.union_all(communes.geometry.to_crs(METRIC).to_numpy(), grid_size=1.0)
    return gpd.GeoDataFrame({"department_code": ["31"]}, geometry=gpd.GeoSeries([whole], crs=METRIC).to_crs(4326))


def actors_in(
    communes: gpd.GeoDataFrame, rows: list[int], *, precise: list[bool] | None = None, shifts: object = None
) -> gpd.GeoDataFrame:
    """Return actors in the communes of given rows, on the reference point or shifted from it (metres)."""
    home = communes.iloc[rows].reset_index(drop=True)
    precise = precise if precise is not None else [True] * len(rows)
    frame = {
        "actor_id": [f"a{number:03}" for number in range(len(rows))],
        "name": [f"Structure inventée {number}" for number in range(len(rows))],
        "commune_code": home["commune_code"].astype("str"),
        "commune_name": home["commune_name"].astype("str"),
        "canton_code": home["canton_code"].astype("str"),
        "epci_code": home["epci_code"].astype("str"),
        "axes": pd.Series([["inclusion"]] * len(rows), dtype=object),
        "domains": pd.Series([["numerique"]] * len(rows), dtype=object),
        "geo_precision": pd.Series(["street" if fine else "municipality" for fine in precise], dtype="str"),
    }
    points = gpd.GeoSeries(gpd.points_from_xy(home["point_lon"], home["point_lat"]), crs=4326).to_crs(METRIC)
    moved = np.asarray(shifts if shifts is not None else np.zeros((len(rows), 2)), dtype=float).reshape(-1, 2)
    moved = moved * np.array(precise, dtype=float)[:, None]
    points = gpd.GeoSeries(gpd.points_from_xy(points.x + moved[:, 0], points.y + moved[:, 1]), crs=METRIC)
    return gpd.GeoDataFrame(pd.DataFrame(frame), geometry=points.to_crs(4326).to_numpy(), crs=4326)


@st.composite
def situations(draw, *, largest: int = 12):
    """Communes with inhabitants, and actors known to the street or only to their commune."""
    count = draw(st.integers(1, largest))
    kinds = draw(st.lists(st.sampled_from(["town_hall", "surface_point"]), min_size=count, max_size=count))
    most = draw(st.sampled_from([2, 30]))  # few inhabitants make ties
    communes = grid(draw(st.lists(st.integers(0, most), min_size=count, max_size=count)), kinds=kinds)
    rows = draw(st.lists(st.integers(0, count - 1), max_size=8))
    precise = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    shifts = draw(st.lists(st.integers(-1900, 1900), min_size=2 * len(rows), max_size=2 * len(rows)))
    return communes, actors_in(communes, rows, precise=precise, shifts=shifts)


def shuffled(*frames: gpd.GeoDataFrame, seed: int) -> list[gpd.GeoDataFrame]:
    """Return the same rows in another order, with another index."""
    return [frame.sample(frac=1, random_state=seed).reset_index(drop=True) for frame in frames]
