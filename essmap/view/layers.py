"""What the map fetches once: outlines, town names and actors, as compact JSON assets named by their content."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Iterable, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap import reference
from essmap.analysis.coverage import RATIO_BREAKS
from essmap.view.assets import publish
from essmap.view.rows import each_row

#: Tolerance of outlines, metres: what a screen shows at the zoom from which each layer is drawn.
CANTON_TOLERANCE_M: Final = 250
COMMUNE_TOLERANCE_M: Final = 80
_DECIMALS: Final = 4  # about 11 m
_ACTOR_DECIMALS: Final = 5  # about 1 m
#: How a position is drawn: filled, half filled, hollow. The scripts know them by row.
LOOKS: Final = ("exact", "near", "approximate")
_JSON: Final = "application/json"
_BASE_36: Final = string.digits + string.ascii_lowercase


def publish_outlines(
    communes: gpd.GeoDataFrame,
    cantons: gpd.GeoDataFrame,
    epci: gpd.GeoDataFrame,
    department: gpd.GeoDataFrame,
    metric_crs: int,
) -> dict[str, str]:
    """Publish the territories: cantons, EPCI, department and town names in one asset, communes in another.

    Neighbours are simplified together, so that their common border stays common.

    Parameters
    ----------
    communes, cantons, epci, department : GeoDataFrame, EPSG:4326
        An EPCI is drawn as far as its outline goes: its part inside the department.
    metric_crs : int
        EPSG code of the department's projection, in metres.

    Returns
    -------
    dict
        Paths of the assets ``outlines`` (``cantons``, ``epci``, ``department``: GeoJSON; ``towns``: rows of name,
        latitude, longitude, population) and ``communes`` (GeoJSON). Every feature has ``code`` and ``name``;
        a commune also has ``canton`` and ``epci`` (codes, or null) and ``postcodes``.
    """
    outlined = communes[communes.geometry.notna()]
    by_size = communes.dropna(subset=["point_lon", "point_lat"]).sort_values("population", ascending=False)
    towns = [
        [row.commune_name, round(row.point_lat, _DECIMALS), round(row.point_lon, _DECIMALS), int(row.population)]
        for row in each_row(by_size)
    ]
    outlines = {
        "cantons": _features(cantons, _names(cantons, "canton_code", "label"), CANTON_TOLERANCE_M, metric_crs),
        "epci": _features(epci, _names(epci, "epci_code", "epci_name"), CANTON_TOLERANCE_M, metric_crs),
        "department": _features(
            department, _names(department, "department_code", "department_name"), CANTON_TOLERANCE_M, metric_crs
        ),
        "towns": towns,
    }
    members = _names(outlined, "commune_code", "commune_name")
    for properties, row in zip(members, each_row(outlined), strict=True):
        properties["canton"] = None if pd.isna(row.canton_code) else row.canton_code
        properties["epci"] = None if pd.isna(row.epci_code) else row.epci_code
        properties["postcodes"] = list(row.postcodes)
    communes_json = _features(outlined, members, COMMUNE_TOLERANCE_M, metric_crs)
    return {
        "outlines": publish("outlines.json", _dump(outlines), _JSON),
        "communes": publish("communes.json", _dump(communes_json), _JSON),
    }


def publish_actors(actors: gpd.GeoDataFrame) -> str:
    """Publish the actors as columns; the row number is the actor's index on the map.

    Parameters
    ----------
    actors : GeoDataFrame, n rows, EPSG:4326

    Returns
    -------
    str
        Path of the asset: ``n``; ``origin`` (lon, lat in degrees) and ``step`` (degrees); ``communes``, a list of
        names; and per actor ``lon``, ``lat`` (steps from the origin), ``commune`` (row of ``communes``), ``name``,
        and one base-36 digit of a string each: ``axis`` (row of `axis_styles`), ``look`` (row of `LOOKS`) and
        ``supported`` (0 or 1).
    """
    order = [style["key"] for style in axis_styles()]
    looks = reference.positions()["look"].map(LOOKS.index)
    communes, names = pd.factorize(actors["commune_name"])
    lon, lat = actors.geometry.x.to_numpy(), actors.geometry.y.to_numpy()
    origin = [round(float(values.min()), _ACTOR_DECIMALS) if len(values) else 0.0 for values in (lon, lat)]
    content = {
        "n": len(actors),
        "origin": origin,
        "step": 10**-_ACTOR_DECIMALS,
        "lon": _steps(lon, origin[0]),
        "lat": _steps(lat, origin[1]),
        "axis": _digits(order.index(reference.main_axis(list(axes))) for axes in actors["axes"]),
        "look": _digits(actors["geo_precision"].map(looks)),
        "supported": _digits(actors["is_supported"].astype(int)),
        "name": actors["name"].tolist(),
        "commune": communes.tolist(),
        "communes": list(names),
    }
    return publish("actors.json", _dump(content), _JSON)


def axis_styles() -> list[dict[str, str]]:
    """Return key, label, colour and shape of each axis, in order: the same everywhere an axis is shown."""
    axes = reference.axes()
    return [
        {"key": str(row.Index), "label": row.label, "colour": row.colour, "shape": row.shape} for row in each_row(axes)
    ]


def bounds(geometries: Sequence[Any] | gpd.GeoSeries) -> list[list[float]]:
    """Return [[south, west], [north, east]] of some geometries, in degrees, as Leaflet wants it."""
    west, south, east, north = shapely.total_bounds(np.asarray(geometries, dtype=object))
    return [[round(south, 4), round(west, 4)], [round(north, 4), round(east, 4)]]


def _names(frame: gpd.GeoDataFrame, code: str, name: str) -> list[dict[str, Any]]:
    return [{"code": key, "name": label} for key, label in zip(frame[code], frame[name], strict=True)]


def _features(
    frame: gpd.GeoDataFrame, properties: Iterable[dict[str, Any]], tolerance_m: float, metric_crs: int
) -> dict[str, Any]:
    metric = frame.geometry.to_crs(metric_crs)
    simplified = gpd.GeoSeries(
        shapely.coverage_simplify(metric.to_numpy(), tolerance_m), index=frame.index, crs=metric_crs
    ).to_crs(4326)
    rounded = shapely.set_precision(simplified.to_numpy(), 10**-_DECIMALS, mode="pointwise")
    features = [
        {"type": "Feature", "properties": row, "geometry": _tidy(shapely.geometry.mapping(shape))}
        for row, shape in zip(properties, rounded, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _tidy(node: Any) -> Any:
    """Return coordinates rounded, so that no binary fraction is written out."""
    if isinstance(node, float):
        return round(node, _DECIMALS)
    if isinstance(node, list | tuple):
        return [_tidy(item) for item in node]
    if isinstance(node, dict):
        return {name: _tidy(item) for name, item in node.items()}
    return node


def _steps(degrees: np.ndarray[Any, np.dtype[np.float64]], origin: float) -> list[int]:
    steps: list[int] = np.rint((degrees - origin) * 10**_ACTOR_DECIMALS).astype(int).tolist()
    return steps


def _digits(values: Iterable[int]) -> str:
    """Return one base-36 digit per value: a column of 100,000 small numbers is 100 kB, and much less compressed."""
    return "".join(_BASE_36[value] for value in values)


def _dump(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def pack_mask(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> str:
    """Return a mask as base64 of its packed bits (big-endian): 100,000 actors are 17 kB.

    Parameters
    ----------
    mask : ndarray of bool, shape (n,)
    """
    return base64.b64encode(np.packbits(mask).tobytes()).decode("ascii")


def ratio_class(ratio: float | None) -> str:
    """Return the class of observed / expected for the map: fixed breaks, the same for every theme."""
    if ratio is None or pd.isna(ratio):
        return "none"
    return f"c{sum(ratio >= limit for limit in RATIO_BREAKS)}"
