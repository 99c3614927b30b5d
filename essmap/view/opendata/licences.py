"""Under which licence rows leave: our own are Licence Ouverte 2.0, those of other licences are kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from essmap.schema.folding import fold
from essmap.schema.snapshot import LIST, Snapshot, SourceRecord


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
#: Of lists that somebody brought in under another licence, or under none that was said: nobody may take it for ours.
#: Its title is what its sources say.
OTHER: Final = Licence("notspecified", "", "")

_ODBL: Final = re.compile(r"odbl|open\s+database\s+licen[cs]e|openstreetmap", re.IGNORECASE)
#: Words that name the Licence Ouverte, and those that may stand beside them: with any other it is another licence.
_OPEN: Final = re.compile(r"licence ouverte|open licence|etalab|lov?(?: ?[12](?: 0)?)?")
_BESIDE: Final = frozenset(
    {"licence", "ouverte", "open", "etalab", "lo", "lov", "lov1", "lov2", "version", "v", "v1", "v2", "1", "2", "0"}
    | {"de", "la", "sous"}
)
_BESIDE_ODBL: Final = frozenset(
    {"odbl", "open", "database", "license", "licence", "openstreetmap", "osm", "version", "v", "v1", "1", "0", "c"}
    | {"contributors", "contributeurs", "les", "de", "la", "d", "sous"}
)


def licence_of(source: SourceRecord) -> Licence:
    """Return the licence that rows of a source leave under."""
    if not source.key.startswith(LIST):
        return ODBL if _ODBL.search(source.licence) else OPEN
    words = set(fold(source.licence).split())
    if _ODBL.search(source.licence) and words <= _BESIDE_ODBL:
        return ODBL
    return OPEN if _is_open(source.licence) else OTHER


def _is_open(licence: str) -> bool:
    words = fold(licence)
    return bool(_OPEN.search(words)) and set(words.split()) <= _BESIDE


def is_apart(source: SourceRecord, table: str) -> bool:
    """Tell whether rows of a table that come from a source are kept apart from ours."""
    is_of_another = source.key.startswith(LIST) and not source.key.endswith(f"_{table}")
    return licence_of(source) != OPEN and not is_of_another


def licences_of(snapshot: Snapshot, table: str) -> pd.Series[str]:
    """Return the name of the licence of each row of a table, on its index.

    An actor is under another licence than ours if its row, or a row merged into it, comes from such a source: any of
    its fields may; a support also if its holder is, whose place and domains it may have. What nobody may reuse without
    asking goes before what must stay share-alike.

    Parameters
    ----------
    snapshot : Snapshot
    table : {"actors", "projects"}
    """
    frame = snapshot.table(table)
    found = pd.Series(OPEN.name, index=frame.index, dtype="str")
    holders = (
        {}
        if table == "actors"
        else dict(zip(snapshot.table("actors")["actor_id"], licences_of(snapshot, "actors"), strict=True))
    )
    for licence in (ODBL, OTHER):
        keys = [source.key for source in snapshot.manifest.sources if licence_of(source) == licence]
        is_theirs = frame["source"].isin(keys)
        if table == "actors":
            merges = snapshot.table("merges")
            is_theirs |= frame["actor_id"].isin(list(merges.loc[merges["source"].isin(keys), "kept_id"]))
        else:
            is_theirs |= frame["actor_id"].map(holders).eq(licence.name)
        found = found.mask(is_theirs, licence.name)
    return found


def sources_of(snapshot: Snapshot, table: str, rows: pd.DataFrame) -> tuple[SourceRecord, ...]:
    """Return the sources that some rows of a table come from, in the order of the manifest."""
    records = snapshot.manifest.sources
    keys = set(rows["source"])
    if table == "actors":
        merges = snapshot.table("merges")
        keys |= set(merges.loc[merges["kept_id"].isin(list(rows["actor_id"])), "source"])
    return tuple(source for source in records if source.key in keys)


def by_key(records: Iterable[SourceRecord], *beginnings: str) -> tuple[SourceRecord, ...]:
    """Return the sources whose key begins like one of these."""
    return tuple(source for source in records if source.key.startswith(beginnings))
