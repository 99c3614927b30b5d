"""What a list would change in the data at hand: rows that are new, and rows that are somebody known already."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from essmap.build.local_actors import local_actors
from essmap.build.local_projects import with_local_projects
from essmap.build.locals import LocalList, LocalLists
from essmap.build.merge import merge_actors
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import NOBODY, Withheld


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """What a list would change.

    Attributes
    ----------
    added : int
        Structures or supports that nobody knows yet.
    merged : int
        Structures that are one of those at hand; supports whose holder is one of them.
    contested : int
        Structures that could be several of those at hand: they would be left alone.
    points : GeoDataFrame, EPSG:4326
        Where the rows stand, as the map would show them: ``name`` and ``geo_precision`` (structures only).
    is_known : bool
        Whether the list is a part of the data already.
    gave_way : tuple of str
        French sentences: supports of the data at hand and of the list that would give way to one another, by source.
    """

    added: int
    merged: int
    contested: int
    points: gpd.GeoDataFrame
    is_known: bool
    gave_way: tuple[str, ...] = ()


def effect_of(one: LocalList, snapshot: Snapshot, *, withheld: Withheld = NOBODY) -> Effect:
    """Say what a list would change in a snapshot. Nothing is written.

    Parameters
    ----------
    one : LocalList
    snapshot : Snapshot
    withheld : Withheld

    Returns
    -------
    Effect
    """
    is_known = any(source.key == one.key for source in snapshot.manifest.sources)
    lists = LocalLists((one,))
    if one.kind == "projects":
        manifest, projects = snapshot.manifest, snapshot.layer("projects")
        found = with_local_projects(
            {**snapshot.tables, "projects": projects[projects["source"].ne(one.key)]},
            lists,
            withheld=withheld,
            spans=manifest.completeness["projects"].spans,
            titles=manifest.source_titles,
        )
        new = found.frame[found.frame["source"].eq(one.key)]
        linked = sum(count for rule, count in found.linked.items() if rule != "none")
        total = sum(found.linked.values())
        points = new.loc[new.geometry.notna(), ["holder_name", "geometry"]].rename(columns={"holder_name": "name"})
        points = points.assign(geo_precision="municipality")
        return Effect(total - linked, linked, 0, points, is_known, found.gave_way)
    (local,) = local_actors(lists, snapshot.layer("communes"), withheld=withheld)
    frame = local.listed.frame
    merged = merge_actors([("", snapshot.layer("actors")), (local.listed.key, frame)], masked=local.listed.homes)
    same = merged.counts[""].rows_in + merged.counts[local.listed.key].rows_in - len(merged.actors)
    contested = len(set(merged.contested) & set(frame["actor_id"]))
    return Effect(len(frame) - same, same, contested, frame[["name", "geo_precision", "geometry"]], is_known)
