"""For what a territory does not hold: the nearest actor outside it, said no more precisely than it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from essmap.analysis.coverage import LEVEL_COLUMN, Level, Theme
from essmap.analysis.distances import distances, places_of_actors


def nearest_outside(
    actors: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    territory: tuple[Level, str],
    themes: Sequence[Theme],
    *,
    crs: int,
) -> pd.DataFrame:
    """Find the nearest actor outside a territory, for each theme that no actor inside it has.

    The distance is the shortest straight line from the centre of one of the territory's communes; that commune is
    named, so that a sentence can say from where.

    Parameters
    ----------
    actors, communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS` and `essmap.schema.tables.COMMUNES`.
    territory : (level, code)
        Level ``canton``, ``epci`` or ``commune``, and the territory's code.
    themes : sequence of Theme
    crs : int
        EPSG code of a projected system in metres (`essmap.reference.projected_crs`).

    Returns
    -------
    DataFrame, one row per theme not found inside, in the order of ``themes``
        ``theme_kind``, ``theme_key``; ``kind``: ``located`` (both ends finer than a commune), ``approximate`` (from
        centre to centre of communes), ``no_actor`` (nobody in the whole table has the theme) or ``unknown`` (an end has
        no point); and, missing unless a distance is known: ``actor_id``, ``actor_name``, ``commune_code``,
        ``commune_name`` of the actor, ``distance_km``, ``from_code``, ``from_name`` (the commune it is nearest to).
    """
    level, code = territory
    column = LEVEL_COLUMN[level]
    own = communes[communes[column] == code]
    inside = (actors[column] == code).to_numpy(dtype=bool)
    rows = []
    for theme in themes:
        has_theme = theme.mask(actors)
        if not (has_theme & inside).any():
            rows.append({"theme_kind": theme.kind, "theme_key": theme.key, **_nearest(actors[has_theme], own, crs)})
    columns = {"theme_kind": "str", "theme_key": "str", "kind": "str", "actor_id": "str", "actor_name": "str"}
    columns |= {"commune_code": "str", "commune_name": "str", "distance_km": "float64"}
    columns |= {"from_code": "str", "from_name": "str"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _nearest(actors: gpd.GeoDataFrame, own: gpd.GeoDataFrame, crs: int) -> dict[str, Any]:
    if actors.empty:
        return {"kind": "no_actor"}
    table = distances(own, places_of_actors(actors, crs=crs), crs=crs)
    distance, place = table.nearest()
    if not (place >= 0).any():
        return {"kind": "unknown"}
    start = int(distance.argmin())
    actor = actors.set_index("actor_id").loc[table.places["place_id"].iloc[place[start]]]
    return {
        "kind": str(table.kinds(place)[start]),
        "actor_id": str(actor.name),
        "actor_name": actor["name"],
        "commune_code": actor["commune_code"],
        "commune_name": actor["commune_name"],
        "distance_km": float(distance[start]),
        "from_code": table.communes["code"].iloc[start],
        "from_name": table.communes["name"].iloc[start],
    }
