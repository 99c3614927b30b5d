"""The last look at a snapshot before any of it leaves as a file: what the build promised, asked again.

A fault here is a defect of the build or of a hand that changed a snapshot; nothing is written then. What must not be
seen is not in the message either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from essmap import reference
from essmap.errors import DataError, Problem
from essmap.schema.holders import contacts, is_bare, told_by_commune
from essmap.schema.masked import HIDDEN_IDENTIFIER, MASKED_FIELDS, NUMBER, tells_where, told_at_home
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import NOBODY, Withheld
from essmap.texts import t

_LONG_NUMBER: Final = re.compile(rf"{NUMBER}[0-9]*")


def require_masked(snapshot: Snapshot, withheld: Withheld = NOBODY) -> None:
    """Refuse a snapshot that says more of somebody than may leave.

    Sensitive places (by flag or by their words), actors whose number is hidden and addresses that are homes have none
    of `MASKED_FIELDS`, no number in their identifier, no address in the words of their activity; they, and whoever is
    known only to the commune, stand on its reference point, and supports of theirs with them or at their own commune,
    without title, page or note of their own where the holder is protected;
    nobody of the withhold list is there.

    Parameters
    ----------
    snapshot : Snapshot
    withheld : Withheld

    Raises
    ------
    DataError
        One Problem per row and column, without the value.
    """
    problems = list(_faults(snapshot, withheld))
    if problems:
        raise DataError(t("opendata.guard.refused", n=len(problems)), problems)


def masked(actors: pd.DataFrame) -> pd.Series[bool]:
    """Tell of which actors nothing finer than the commune may be said, as far as the table itself tells."""
    words = actors["name"].fillna("") + " · " + actors["activity"].fillna("")
    is_hidden = pd.Series([bool(HIDDEN_IDENTIFIER.match(one)) for one in actors["actor_id"]], index=actors.index)
    is_home = told_at_home(actors["address"], actors["activity"])
    return actors["is_sensitive"].astype(bool) | is_hidden | reference.is_sensitive_text(words) | is_home


def _faults(snapshot: Snapshot, withheld: Withheld) -> Iterator[Problem]:
    actors, projects = snapshot.layer("actors"), snapshot.layer("projects")
    is_masked = masked(actors)
    for column in MASKED_FIELDS:
        yield from _problems(actors, "actors", is_masked & actors[column].notna(), column)
    tells_number = actors["actor_id"].str.contains(NUMBER, regex=True, na=False)
    yield from _problems(actors, "actors", is_masked & tells_number, "actor_id")
    yield from _problems(actors, "actors", is_masked & tells_where(actors["activity"]), "activity")
    at_commune = actors["geo_precision"].eq("municipality")
    yield from _problems(actors, "actors", is_masked & ~at_commune, "geo_precision")
    points = _reference_points(snapshot, actors["commune_code"])
    is_elsewhere = _apart(actors.geometry, points)
    yield from _problems(actors, "actors", (is_masked | at_commune) & is_elsewhere, "geometry")
    yield from _problems(actors, "actors", withheld.matches(actors), None)
    is_bound = _of_masked(projects, actors.loc[is_masked | at_commune, "actor_id"]) & projects.geometry.notna()
    holders = actors.set_index("actor_id").geometry
    at_holder = gpd.GeoSeries(projects["actor_id"].map(holders), index=projects.index, crs=actors.crs)
    of_commune = _reference_points(snapshot, projects["commune_code"])
    is_lost = is_bound & _apart(projects.geometry, at_holder) & _apart(projects.geometry, of_commune)
    yield from _problems(projects, "projects", is_lost, "geometry")
    is_protected, tells = told_by_commune(projects, actors), contacts(projects, actors)
    for column, bare in is_bare(projects).items():
        yield from _problems(projects, "projects", (is_protected & ~bare) | tells[column], column)
    yield from _problems(projects, "projects", withheld.matches(projects[["actor_id"]]), None)


def _of_masked(projects: pd.DataFrame, hidden: pd.Series[str]) -> pd.Series[bool]:
    """Tell which supports have a holder of whom nothing finer than the commune may be said."""
    words = projects["holder_name"].fillna("") + " · " + projects["title"].fillna("")
    is_unnamed = projects["holder_name"].eq(t("withheld.holder"))
    return projects["actor_id"].isin(list(hidden)) | is_unnamed | reference.is_sensitive_text(words)


def _reference_points(snapshot: Snapshot, codes: pd.Series[str]) -> gpd.GeoSeries:
    places = snapshot.table("communes").set_index("commune_code")
    points = gpd.GeoSeries(gpd.points_from_xy(places["point_lon"], places["point_lat"]), index=places.index)
    return gpd.GeoSeries(codes.map(points), index=codes.index, crs=4326)


def _apart(points: gpd.GeoSeries, others: gpd.GeoSeries) -> pd.Series[bool]:
    """Tell which points are not the other ones; a missing one is no other."""
    return pd.Series(~shapely.equals(points.to_numpy(), others.to_numpy()), index=points.index)


def _problems(frame: pd.DataFrame, table: str, is_wrong: pd.Series[bool], column: str | None) -> Iterator[Problem]:
    expected = t("opendata.guard.withheld" if column is None else "opendata.guard.masked")
    key = "actor_id" if table == "actors" else "project_id"
    for identifier in frame.loc[is_wrong.to_numpy(dtype=bool), key]:
        yield Problem(table, None, column, _LONG_NUMBER.sub("…", str(identifier)), expected, "masked")
