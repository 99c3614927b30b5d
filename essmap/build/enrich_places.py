"""The positions of what enrichment found, where the register gives an address without a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from essmap.build.actors import build_actors
from essmap.build.enrichment import Enrichment, Line
from essmap.build.enrichment_use import KEY, enriched_rows
from essmap.build.geocode import GeocodeReport
from essmap.build.geography import Geography

LookUp = Callable[[gpd.GeoDataFrame, Geography], tuple[gpd.GeoDataFrame, GeocodeReport]]


def place_lines(
    lines: Sequence[Line], raw: pd.DataFrame, geography: Geography, look_up: LookUp
) -> tuple[list[Line], GeocodeReport | None]:
    """Look up the addresses of new lines, or of their actors, that have no position.

    Parameters
    ----------
    lines : sequence of Line
    raw : DataFrame of str
        The gathered rows.
    geography : Geography
    look_up : callable
        `essmap.build.geocode.geocode` with its service.

    Returns
    -------
    lines : list of Line
        In their order; an actor's own address stays its address.
    report : GeocodeReport or None
        None: there is no address to look up.
    """
    open_lines = tuple(line for line in lines if not line.hidden and line.siren)
    rows = raw[raw["id"].isin([line.actor_id for line in open_lines])]
    if not len(rows):
        return list(lines), None
    filled, _ = enriched_rows(rows, Enrichment(lines=open_lines), geography.communes)
    actors = build_actors(filled, geography.communes, supported=set(), source=KEY)
    placed, report = look_up(actors, geography)
    before = dict(zip(actors["actor_id"], actors["geo_precision"], strict=True))
    own = dict(zip(rows["id"], rows["address"], strict=True))
    points = {
        str(row.actor_id): (f"{row.geometry.x:.6f}", f"{row.geometry.y:.6f}", str(row.geo_precision))
        for row in placed.itertuples()
        if before[row.actor_id] == "municipality" != row.geo_precision
    }
    return [_placed(line, points, own.get(line.actor_id, "")) for line in lines], report


def _placed(line: Line, points: Mapping[str, tuple[str, str, str]], own_address: str) -> Line:
    if line.actor_id not in points:
        return line
    lon, lat, precision = points[line.actor_id]
    found = replace(line, lon=lon, lat=lat, geo_precision=precision)
    return replace(found, address="", postcode="") if own_address else found
