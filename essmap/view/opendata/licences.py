"""Under which licence rows leave: our own are Licence Ouverte 2.0, those that must stay ODbL are kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from essmap.schema.snapshot import Snapshot, SourceRecord


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as a Data Package names it."""

    name: str
    title: str
    path: str


OPEN: Final = Licence(
    "etalab-2.0",
    "Licence Ouverte 2.0",
    "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
)
#: Share-alike: what derives from such a database is under it too, so its rows are never mixed with ours.
ODBL: Final = Licence("ODbL-1.0", "Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/")

_ODBL: Final = re.compile(r"odbl|open\s+database\s+licen[cs]e|openstreetmap", re.IGNORECASE)


def is_odbl(source: SourceRecord) -> bool:
    """Tell whether a source is under the Open Database License."""
    return bool(_ODBL.search(source.licence))


def under_odbl(snapshot: Snapshot, table: str) -> pd.Series[bool]:
    """Tell which rows of a table must stay under the Open Database License, on the index of the table.

    An actor is if its row, or a row merged into it, comes from such a source: any of its fields may. Where rows do not
    name their source, all are as soon as one source of the table is.

    Parameters
    ----------
    snapshot : Snapshot
    table : {"actors", "projects"}
    """
    frame, manifest = snapshot.table(table), snapshot.manifest
    keys = {source.key for source in manifest.sources if is_odbl(source)}
    if "source" not in frame:
        return pd.Series(any(key.endswith(f"_{table}") for key in keys), index=frame.index, dtype=bool)
    found = frame["source"].isin(list(keys))
    if table == "actors":
        merges = snapshot.table("merges")
        found |= frame["actor_id"].isin(list(merges.loc[merges["source"].isin(list(keys)), "kept_id"]))
    return found.astype(bool)


def sources_of(snapshot: Snapshot, table: str, rows: pd.DataFrame) -> tuple[SourceRecord, ...]:
    """Return the sources that some rows of a table come from, in the order of the manifest."""
    records = snapshot.manifest.sources
    if "source" not in rows:
        return tuple(source for source in records if source.key.endswith(f"_{table}"))
    keys = set(rows["source"])
    if table == "actors":
        merges = snapshot.table("merges")
        keys |= set(merges.loc[merges["kept_id"].isin(list(rows["actor_id"])), "source"])
    return tuple(source for source in records if source.key in keys)


def by_key(records: Iterable[SourceRecord], *beginnings: str) -> tuple[SourceRecord, ...]:
    """Return the sources whose key begins like one of these."""
    return tuple(source for source in records if source.key.startswith(beginnings))
