"""The report of a build: what changed since the last one, and whether it may take its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap.build.guards import Before, refusals
from essmap.reference import projected_crs
from essmap.schema.report import BuildReport, Change, Changes
from essmap.schema.snapshot import Snapshot
from essmap.schema.tables import ACTORS
from essmap.schema.withheld import NOBODY, Withheld, shown

#: Actors named per kind of change.
NAMED: Final = 8
#: An actor whose point is at least this far from where it was has moved, in metres.
MOVED_M: Final = 50.0
#: Columns that do not describe the actor itself, or that `Changes.moved` is about.
_NOT_DESCRIBED: Final = frozenset({"geometry", "geo_precision", "source", "source_kind", "source_note", "source_year"})


def with_report(
    snapshot: Snapshot,
    previous: Snapshot | None,
    *,
    source: str,
    before: Before | None = None,
    withheld: Withheld = NOBODY,
    is_forced: bool = False,
) -> Snapshot:
    """Return a snapshot with its report complete: precisions, changes, and what speaks against it.

    Parameters
    ----------
    snapshot : Snapshot
        As it was built; a report that it has already is completed.
    previous : Snapshot or None
        The current build of the same department. None: there is none, or it cannot be loaded.
    source : str
        What was asked for.
    before : Before or None
        What is known of a current build that cannot be loaded: the guards hold against it all the same.
    withheld : Withheld
        Who asked not to be shown: not counted among those that are gone where the previous build tells who they are.
    is_forced : bool
        Whether a refused build is to be put in use all the same.

    Returns
    -------
    Snapshot
    """
    report = snapshot.report or BuildReport(source, rejected=_rejected(snapshot))
    known = Before.of(previous.manifest) if previous is not None else before
    against = refusals(snapshot.manifest, report.rejected, known)
    counts = snapshot.table("actors")["geo_precision"].value_counts()
    complete = replace(
        report,
        source=source,
        precisions={str(precision): int(count) for precision, count in counts.items()},
        refusals=against,
        is_forced=is_forced and bool(against),
        is_comparable=previous is not None or before is None,
        changes=changes(shown(previous, withheld), snapshot) if previous is not None else None,
    )
    return replace(snapshot, report=complete)


def changes(previous: Snapshot, now: Snapshot) -> Changes:
    """Compare the actors of two builds of one department by their identifiers.

    Parameters
    ----------
    previous, now : Snapshot

    Returns
    -------
    Changes
        Names are in the order of the alphabet, at most `NAMED` of each kind. Those that are gone are counted and never
        named: one of them may have asked not to be shown by a number that the previous build does not hold.
    """
    before = previous.layer("actors").set_index("actor_id")
    after = now.layer("actors").set_index("actor_id")
    both = after.index.intersection(before.index)
    there, here = before.loc[both], after.loc[both]
    distances = _distances_m(there, here, projected_crs(now.manifest.department))
    is_moved = (distances >= MOVED_M) | there["commune_code"].ne(here["commune_code"]).to_numpy()
    return Changes(
        against=previous.manifest.build_id,
        new=_change(after.loc[after.index.difference(before.index), "name"]),
        gone=Change(len(before.index.difference(after.index)), ()),
        changed=_change(here.loc[_differs(there, here), "name"]),
        moved=_change(here.loc[is_moved, "name"]),
    )


def _rejected(snapshot: Snapshot) -> dict[str, int]:
    """Return what the sources of actors left out, for a build that made no report itself."""
    totals: dict[str, int] = {}
    for source in snapshot.manifest.sources:
        if source.key.endswith("_actors"):
            for reason, count in source.rows_rejected.items():
                totals[reason] = totals.get(reason, 0) + count
    return totals


def _change(names: Iterable[str]) -> Change:
    ordered = sorted(names)
    return Change(len(ordered), tuple(ordered[:NAMED]))


def _distances_m(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, metric_crs: int) -> np.ndarray:
    """Return how far apart the points of the same actors are, in metres."""
    there, here = (frame.geometry.to_crs(metric_crs).to_numpy() for frame in (before, after))
    return np.asarray(shapely.distance(there, here), dtype="float64")


def _differs(before: pd.DataFrame, after: pd.DataFrame) -> pd.Series[bool]:
    """Tell which actors are described otherwise; missing equals missing, a list another list of the same keys."""
    differs = pd.Series(False, index=after.index)
    for column in ACTORS.column_names:
        if column == "actor_id" or column in _NOT_DESCRIBED:
            continue
        there, here = (_comparable(frame[column]) for frame in (before, after))
        differs |= pd.Series([one != other for one, other in zip(there, here, strict=True)], index=after.index)
    return differs


def _comparable(values: pd.Series) -> list[object]:
    return [
        tuple(value) if isinstance(value, list | tuple | np.ndarray) else None if pd.isna(value) else value
        for value in values
    ]
