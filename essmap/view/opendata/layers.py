"""The formats that map software opens, always for machines: GeoJSON, GeoPackage and GeoParquet, EPSG:4326."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio  # type: ignore[import-untyped]
import shapely

from essmap.texts import t
from essmap.view.opendata.columns import LIST_SEPARATOR
from essmap.view.opendata.content import Content

#: GDAL reads its clock from an option of the whole process.
_CLOCK: Final = Lock()


def to_geojson(content: Content, about: Mapping[str, Any]) -> bytes:
    """Return a table as GeoJSON (RFC 7946), lists as lists; who has no point has a null geometry.

    Parameters
    ----------
    content : Content
    about : mapping
        Its descriptor, which travels in the file as the member ``essmap``.
    """
    frame = _layer(content)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype(object)
    cells = cells.where(cells.map(_is_known), None)
    features = [
        {
            "type": "Feature",
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
            "properties": {str(name): _plain(value) for name, value in row.items()},
        }
        for row, shape in zip(cells.to_dict("records"), frame.geometry, strict=True)
    ]
    collection = {"type": "FeatureCollection", "name": content.name, "essmap": dict(about), "features": features}
    return (json.dumps(collection, ensure_ascii=False, allow_nan=False) + "\n").encode()


def to_gpkg(content: Content, about: Mapping[str, Any]) -> bytes:
    """Return a table as a GeoPackage of one layer; a list is its keys parted by semicolons.

    Parameters
    ----------
    content : Content
    about : mapping
        Its descriptor, which travels in the file as metadata.
    """
    frame = _layer(content)
    for field in content.fields:
        if field.kind == "texts":
            frame[field.name] = pd.Series([LIST_SEPARATOR.join(keys) for keys in frame[field.name]], dtype="str")
    buffer = io.BytesIO()
    with _CLOCK:  # the same table is the same file, whenever it is written
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{content.manifest.built_at[:19]}Z"})
        try:
            pyogrio.write_dataframe(
                frame,
                buffer,
                driver="GPKG",
                layer=content.name,
                geometry_type=_geometry_type(frame),
                layer_metadata={"IDENTIFIER": content.title, "DESCRIPTION": " ".join(content.said)},
                dataset_metadata={"essmap": json.dumps(dict(about), ensure_ascii=False)},
            )
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return buffer.getvalue()


def to_parquet(content: Content) -> bytes:
    """Return a table as GeoParquet, lists as lists."""
    buffer = io.BytesIO()
    _layer(content).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _layer(content: Content) -> gpd.GeoDataFrame:
    if not isinstance(content.frame, gpd.GeoDataFrame):
        raise TypeError(t("opendata.no_geometry", name=content.name))
    return content.frame.copy()


def _geometry_type(frame: gpd.GeoDataFrame) -> str:
    kinds = set(frame.geometry.dropna().geom_type)
    return "Point" if kinds <= {"Point"} else "MultiPolygon"


def _is_known(value: Any) -> bool:
    return isinstance(value, list) or not pd.isna(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
