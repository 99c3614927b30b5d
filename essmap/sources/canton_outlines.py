"""Outlines of electoral cantons as a file or a service gives them: shapes, what is written beside them, their system.

Nothing is judged here but the form: `essmap.build.canton_outlines` finds out which canton each outline is.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import CRSError as UnknownSystem
from shapely.errors import ShapelyError

from essmap.errors import SourceError
from essmap.schema.tables import CRS
from essmap.texts import t
from essmap.texts.system import system_reason

_GEOPACKAGE: Final = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class CantonOutlines:
    """Outlines as found.

    Attributes
    ----------
    name : str
        What people call the source: a file name, or the service.
    frame : GeoDataFrame, n rows, with a CRS
        Every column is text (missing: the empty string) but the geometry, which may be missing or of any type.
    sha256 : str
        Digest of what was read.
    fetched_at : str or None
        Day it was fetched from a service; None: a file.
    """

    name: str
    frame: gpd.GeoDataFrame
    sha256: str
    fetched_at: str | None = None


def read_outlines(path: Path) -> CantonOutlines:
    """Read outlines from a GeoJSON or a GeoPackage.

    Parameters
    ----------
    path : Path
        In any declared reference system; a GeoJSON that declares none is in WGS84, as its standard says.

    Returns
    -------
    CantonOutlines

    Raises
    ------
    SourceError
        If the file is missing, is of another kind, cannot be read, or does not say its reference system.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(t("errors.file_missing", path=path.name, folder=path.absolute().parent.name)) from error
    except OSError as error:
        raise SourceError(t("errors.file_unreadable", path=path.name, reason=system_reason(error))) from error
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(_GEOPACKAGE):
        return CantonOutlines(path.name, _read_geopackage(path), digest)
    try:
        collection = parse_geojson(content)
    except ValueError as error:
        raise SourceError(t("cantons.errors.unreadable", file=path.name)) from error
    return CantonOutlines(path.name, frame_of(collection, path.name), digest)


def parse_geojson(content: bytes) -> dict[str, Any]:
    """Return a GeoJSON feature collection.

    Raises
    ------
    ValueError
        If it is none, or holds a number that JSON does not have (NaN, infinity).
    """

    def _refuse(constant: str) -> None:
        raise ValueError(constant)

    collection = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
    if not isinstance(collection, dict) or not isinstance(collection.get("features"), list):
        raise ValueError("no feature collection")
    return collection


def frame_of(collection: dict[str, Any], name: str) -> gpd.GeoDataFrame:
    """Return the features of a GeoJSON collection as a frame, as `CantonOutlines.frame` is.

    Parameters
    ----------
    collection : dict
        From `parse_geojson`.
    name : str
        What people call the source.

    Raises
    ------
    SourceError
        If a feature is no feature or its geometry cannot be read, or the reference system is unknown.
    """
    try:
        shapes = [_shape(feature["geometry"]) for feature in collection["features"]]
        rows = [feature.get("properties") or {} for feature in collection["features"]]
        frame = pd.DataFrame(rows, index=pd.RangeIndex(len(rows)))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ShapelyError) as error:
        raise SourceError(t("cantons.errors.unreadable", file=name)) from error
    declared = collection.get("crs")
    try:
        crs = CRS if declared is None else str(declared["properties"]["name"])
        return _as_texts(gpd.GeoDataFrame(frame, geometry=np.array(shapes, dtype=object), crs=crs))
    except (KeyError, TypeError, UnknownSystem) as error:
        raise SourceError(t("cantons.errors.crs_unknown", file=name)) from error


def _shape(geometry: Any) -> Any:
    return None if geometry is None else shapely.geometry.shape(geometry)


def _read_geopackage(path: Path) -> gpd.GeoDataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's own, in English and with the whole path: what is read is checked
            layers = [str(row.name) for row in gpd.list_layers(path).itertuples(index=False) if row.geometry_type]
            named = [name for name in layers if "canton" in name.lower()]
            chosen = layers if len(layers) == 1 else named
            if len(chosen) != 1:
                raise SourceError(t("cantons.errors.layers", file=path.name, layers=", ".join(layers) or "-"))
            frame = gpd.read_file(path, layer=chosen[0])
    except (RuntimeError, ValueError, ShapelyError) as error:
        raise SourceError(t("cantons.errors.unreadable", file=path.name)) from error
    if frame.crs is None or frame.crs.is_engineering:  # « undefined » in a GeoPackage
        raise SourceError(t("cantons.errors.crs_missing", file=path.name))
    return _as_texts(frame)


def _as_texts(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with every column but the geometry as text; 3115.0 is « 3115 »."""
    result = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)
    for column in result.columns.drop("geometry"):
        result[column] = pd.Series([_text(value) for value in frame[column]], index=frame.index, dtype="str")
    return result.reset_index(drop=True)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
