"""Made-up actors for tests: one row per dictionary, everything not said is what a source that knows nothing gives."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from essmap.schema.tables import ACTORS, CRS

#: Reference points of two made-up communes, degrees.
CENTRES = {"31001": (1.0, 43.0), "31002": (2.0, 44.0)}
NAMES = {"31001": "Ouest-Bas", "31002": "Ouest"}
_TYPES = {"text": "str", "integer": "Int64", "boolean": "boolean"}


def actor_rows(source: str, *rows: dict[str, Any], kind: str = "press") -> gpd.GeoDataFrame:
    """Return rows of the table of actors that one source gives; ``at`` is a point, ``id`` the identifier."""
    records = [_record(source, kind, number, row) for number, row in enumerate(rows)]
    frame = pd.DataFrame(records, columns=ACTORS.column_names)
    types = {c.name: _TYPES[c.type] for c in ACTORS.columns if c.type in _TYPES}
    frame = frame.astype({**types, "is_sensitive": bool, "is_supported": bool})
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=CRS)


def register_rows(*rows: dict[str, Any], source: str = "api_search") -> gpd.GeoDataFrame:
    """Return rows as a register gives them: the identifier is the SIRET."""
    whole = [{"id": f"siret-{row['siret']}", "siren": row["siret"][:9], **row} for row in rows]
    return actor_rows(source, *whole, kind="register")


def _record(source: str, kind: str, number: int, row: dict[str, Any]) -> dict[str, Any]:
    commune = row.get("commune_code", "31001")
    point = row.get("at", CENTRES[commune])
    said = {key: value for key, value in row.items() if key not in ("id", "at")}
    return {
        **dict.fromkeys(ACTORS.column_names),
        "actor_id": row.get("id", f"{source}-{number}"),
        "name": f"Inventée pour {source} {number}",
        "family": "unknown",
        "legal_form": "unknown",
        "domains": ["numerique"],
        "axes": ["inclusion"],
        "commune_code": commune,
        "commune_name": NAMES[commune],
        "is_sensitive": False,
        "geo_precision": "municipality" if "at" not in row else "housenumber",
        "is_supported": False,
        "source": source,
        "source_kind": kind,
        "geometry": shapely.Point(point),
        **said,
    }
