"""Read a GeoJSON of points as a table: one row per entity, its properties as they are, then longitude and latitude."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from essmap.errors import SourceError
from essmap.sources.spreadsheet_worker import GEOMETRY_COLUMNS, number_text
from essmap.texts import t

#: Reference systems whose coordinates the import tells apart by itself: WGS84, RGF93 and Lambert-93.
_KNOWN_CRS: Final = frozenset({"4326", "CRS84", "4258", "4171", "2154"})
_LAST_NAME: Final = re.compile(r"([A-Za-z0-9]+)$")


def read_geojson(text: str, file: str, *, max_rows: int) -> list[list[str]]:
    """Read a GeoJSON.

    Parameters
    ----------
    text : str
    file : str
        Name, for messages.
    max_rows : int

    Returns
    -------
    list of list of str
        Header first; an entity without point has no coordinates.

    Raises
    ------
    SourceError
        If it is no GeoJSON of points, or has too many entities.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(t("spreadsheet.json", file=file, line=error.lineno)) from error
    except RecursionError as error:
        raise SourceError(t("spreadsheet.not_features", file=file)) from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise SourceError(t("spreadsheet.not_features", file=file))
    if len(features) + 1 > max_rows:
        raise SourceError(t("spreadsheet.rows", file=file, n=len(features), limit=max_rows))
    _require_known_crs(content, file)
    properties = [_properties(one) for one in features]
    names = list(dict.fromkeys(name for one in properties for name in one))
    rows = [
        [*(_text(one.get(name)) for name in names), *_point(feature, file, place)]
        for place, (feature, one) in enumerate(zip(features, properties, strict=True), start=2)
    ]
    return [[*names, *GEOMETRY_COLUMNS], *rows]


def _require_known_crs(content: dict[str, Any], file: str) -> None:
    crs = content.get("crs")
    if not isinstance(crs, dict):
        return
    properties = crs.get("properties")
    name = str(properties.get("name", "")) if isinstance(properties, dict) else ""
    code = _LAST_NAME.search(name.strip())
    if name and (code is None or code[1].upper() not in _KNOWN_CRS):
        raise SourceError(t("spreadsheet.crs", file=file, found=name[:80]))


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return {str(name): value for name, value in found.items()} if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    """Return a property as a cell; a list becomes its items, parted by semicolons."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return ";".join(_text(item) for item in value)
    if isinstance(value, float):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _point(feature: dict[str, Any], file: str, line: int) -> tuple[str, str]:
    geometry = feature.get("geometry")
    if geometry is None:
        return "", ""
    kind = geometry.get("type") if isinstance(geometry, dict) else geometry
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "MultiPoint" and isinstance(coordinates, list) and len(coordinates) <= 1:  # as QGIS saves points
        if not coordinates:
            return "", ""
        kind, coordinates = "Point", coordinates[0]
    if kind != "Point" or not isinstance(coordinates, list):
        raise SourceError(t("spreadsheet.not_point", file=file, line=line, found=str(kind)[:40]))
    if len(coordinates) < 2 or not all(_is_number(value) for value in coordinates[:2]):
        raise SourceError(t("spreadsheet.not_point", file=file, line=line, found=json.dumps(coordinates)[:40]))
    return str(coordinates[0]), str(coordinates[1])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
