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
from essmap.schema.tables import ACTORS, Table
from essmap.schema.withheld import NOBODY, Withheld, shown

#: Actors named per kind of change.
NAMED: Final = 8
#: An actor whose point is at least this far from where it was has moved, in metres.
MOVED_M: Final = 50.0
#: How a row may differ from build to build.
CHANGES: Final = ("new", "gone", "changed", "moved")
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
    found = compare(previous, now, ACTORS)
    kinds = {kind: _change(found.loc[found["change"] == kind, "name"]) for kind in CHANGES}
    kinds["gone"] = Change(kinds["gone"].count, ())
    return Changes(against=previous.manifest.build_id, **kinds)


def compare(previous: Snapshot, now: Snapshot, table: Table) -> pd.DataFrame:
    """Compare the rows of two builds of one department by their identifiers, one by one.

    Parameters
    ----------
    previous, now : Snapshot
    table : Table
        Actors or projects.

    Returns
    -------
    DataFrame
        One row per identifier and way it changed, by kind in the order of `CHANGES` then by name: ``change``, ``id``,
        ``name``, ``commune_code``, ``fields`` (names of the columns that differ; empty unless ``changed``) and
        ``metres`` (how far the point is from where it was; missing unless ``moved``, and where the row is now known
        only to its commune but was known better: how far that is says where it was).

    Raises
    ------
    ValueError
        If the table has no key.
    """
    if table.key is None:
        raise ValueError(table.name)
    before, after = (snapshot.layer(table.name).set_index(table.key) for snapshot in (previous, now))
    both = after.index.intersection(before.index)
    there, here = before.loc[both], after.loc[both]
    distances = _distances_m(there, here, projected_crs(now.manifest.department))
    is_placed_otherwise = there.geometry.isna().to_numpy() != here.geometry.isna().to_numpy()
    is_moved = (distances >= MOVED_M) | is_placed_otherwise | _other_commune(there, here)
    fields = pd.Series(_differences(there, here, table), index=here.index, dtype=object)
    gone = before.loc[before.index.difference(after.index)]
    new = after.loc[after.index.difference(before.index)]
    parts = {
        "new": _rows(new, table),
        "gone": _rows(gone, table),
        "changed": _rows(here, table).assign(fields=fields)[fields.map(bool).astype(bool)],
        "moved": _rows(here, table).assign(metres=_told(distances, there, here))[is_moved],
    }
    told = [part.assign(change=kind).sort_values(["name", "id"]) for kind, part in parts.items()]
    result: pd.DataFrame = pd.concat(told, ignore_index=True)
    return result[["change", "id", "name", "commune_code", "fields", "metres"]]


def _rows(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return what names rows, with nothing said yet of how they changed."""
    name = "name" if "name" in frame else "title"
    return pd.DataFrame(
        {
            "id": pd.Series(frame.index, dtype="str").to_numpy(),
            "name": frame[name].to_numpy(),
            "commune_code": frame["commune_code"].to_numpy(),
            "fields": pd.Series([()] * len(frame), dtype=object).to_numpy(),
            "metres": np.full(len(frame), np.nan),
        },
        index=frame.index.rename(table.key),
    ).astype({"name": "str", "commune_code": "str", "metres": "Float64"})


def _other_commune(there: pd.DataFrame, here: pd.DataFrame) -> np.ndarray:
    both_missing = there["commune_code"].isna() & here["commune_code"].isna()
    return np.asarray(there["commune_code"].ne(here["commune_code"]) & ~both_missing, dtype=bool)


def _told(distances: np.ndarray, there: pd.DataFrame, here: pd.DataFrame) -> np.ndarray:
    """Return the distances that may be told: none to where somebody was known better than now."""
    if "geo_precision" not in here:
        return distances
    is_hidden_now = here["geo_precision"].eq("municipality") & there["geo_precision"].ne("municipality")
    return np.where(is_hidden_now.to_numpy(dtype=bool), np.nan, distances)


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


def _differences(before: pd.DataFrame, after: pd.DataFrame, table: Table) -> list[tuple[str, ...]]:
    """Return the columns in which rows differ; missing equals missing, a list another list of the same keys."""
    names: list[list[str]] = [[] for _ in range(len(after))]
    for column in table.column_names:
        if column == table.key or column in _NOT_DESCRIBED:
            continue
        there, here = (_comparable(frame[column]) for frame in (before, after))
        for row, (one, other) in enumerate(zip(there, here, strict=True)):
            if one != other:
                names[row].append(column)
    return [tuple(found) for found in names]


def _comparable(values: pd.Series) -> list[object]:
    return [
        tuple(value) if isinstance(value, list | tuple | np.ndarray) else None if pd.isna(value) else value
        for value in values
    ]
