"""Turn local lists of structures into actors that are put together with those of other sources."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.actors import build_actors, or_missing
from essmap.build.check import check_actors
from essmap.build.classify import domains_of
from essmap.build.enrichment import NOTHING, Enrichment
from essmap.build.enrichment_use import UNUSED, Used, enriched_rows, with_activity
from essmap.build.geography_notes import format_number
from essmap.build.imports.actors import REQUIRED
from essmap.build.imports.identifiers import has_own_form
from essmap.build.join import Fate, Joined, Listed, numbers_of
from essmap.build.locals import LocalList, LocalLists
from essmap.build.privacy import told_at_home
from essmap.schema.folding import fold
from essmap.schema.masked import HIDDEN_IDENTIFIER
from essmap.schema.snapshot import SourceRecord
from essmap.schema.withheld import Withheld
from essmap.sources.delimited import RawTable
from essmap.texts import t


@dataclass(frozen=True, slots=True, eq=False)
class LocalActors:
    """The actors of one local list.

    Attributes
    ----------
    local : LocalList
    listed : Listed
    rejected : mapping
        Rows that no longer keep the rules (the commune is gone, say), by rule.
    used : Used
        What a register was found to say of them.
    """

    local: LocalList
    listed: Listed
    rejected: Mapping[str, int]
    used: Used = UNUSED


@dataclass(frozen=True, slots=True, eq=False)
class LocalRows:
    """The rows of one local list of structures that still keep the rules.

    Attributes
    ----------
    local : LocalList
    raw : DataFrame of str, indexed by line
        `essmap.build.imports.actors.COLUMNS`.
    rejected : mapping
        As `LocalActors`.
    """

    local: LocalList
    raw: pd.DataFrame
    rejected: Mapping[str, int]


def local_rows(lists: LocalLists, communes: gpd.GeoDataFrame) -> list[LocalRows]:
    """Return the rows of the local lists of structures.

    Parameters
    ----------
    lists : LocalLists
    communes : GeoDataFrame, EPSG:4326

    Returns
    -------
    list of LocalRows
        In the order of imports. An identifier that two lists give to two structures is told apart in the later list.
    """
    found = []
    known: dict[str, _Bearer] = {}
    for one in lists.of("actors"):
        raw, rejected = _sound(one, communes)
        raw = raw.assign(id=pd.Series(_told_apart(raw, known, one), index=raw.index, dtype="str"))
        found.append(LocalRows(one, raw, rejected))
    return found


def local_actors(
    lists: LocalLists, communes: gpd.GeoDataFrame, enrichment: Enrichment = NOTHING, *, withheld: Withheld
) -> list[LocalActors]:
    """Return the actors of the local lists, each list a source of its own.

    Parameters
    ----------
    lists : LocalLists
    communes : GeoDataFrame, EPSG:4326
    enrichment : Enrichment
        What a register was found to say of them.
    withheld : Withheld
        Who asked not to be shown: flagged, for the whole actor goes.

    Returns
    -------
    list of LocalActors
        In the order of imports.
    """
    objectors = list(enrichment.named_by(withheld))
    found = []
    for one in local_rows(lists, communes):
        raw, used = enriched_rows(one.raw, enrichment, communes)
        numbers = raw.rename(columns={"id": "actor_id"})[["actor_id", "siren", "siret"]]
        is_said = raw["domains"].str.contains(r"[^;\s]", regex=True).astype(bool)
        listed = Listed(
            one.local.key,
            with_activity(_actors(raw, communes, one.local), used, communes),
            frozenset(raw.loc[told_at_home(raw["address"], raw["activity"]), "id"]) | used.protected,
            frozenset(raw.loc[withheld.matches(numbers) | raw["id"].isin(objectors), "id"]),
            numbers_of(raw),
            {"domains": frozenset(raw.loc[~is_said, "id"])},
        )
        found.append(LocalActors(one.local, listed, one.rejected, used))
    return found


def local_record(one: LocalList, *, rows_in: int, fate: Fate, rejected: Mapping[str, int]) -> SourceRecord:
    """Return the entry of a local list among the sources.

    Parameters
    ----------
    one : LocalList
    rows_in : int
        Rows that the folder holds.
    fate : Fate
        What became of them.
    rejected : mapping
        Rows left out by the build, by reason, on top of those withheld.
    """
    left = {**rejected, **({"withheld": fate.withheld} if fate.withheld else {})}
    day = one.imported_at[:10]
    return SourceRecord(
        key=one.key,
        title=one.title,
        publisher=one.about.publisher or t("locals.publisher"),
        url="",
        licence=one.about.licence or t("locals.licence"),
        vintage=day,
        fetched_at=day,
        sha256=one.sha256,
        rows_in=rows_in,
        rows_kept=fate.kept,
        rows_merged=fate.merged,
        rows_rejected=left,
    )


def local_records(
    local: Sequence[LocalActors], joined: Joined, projects: Sequence[SourceRecord]
) -> tuple[SourceRecord, ...]:
    """Return the entries of all local lists among the sources.

    Parameters
    ----------
    local : sequence of LocalActors
    joined : Joined
        Actors of all sources.
    projects : sequence of SourceRecord
        Those of lists of projects.
    """
    found = []
    for one in local:
        fate = joined.fates[one.local.key]
        rows_in = len(one.listed.frame) + sum(one.rejected.values())
        found.append(local_record(one.local, rows_in=rows_in, fate=fate, rejected=one.rejected))
    return (*found, *projects)


def local_notes(lists: LocalLists) -> list[str]:
    """Say how many rows of each list were kept out when it came in."""
    notes = []
    for one in lists.lists:
        if lost := sum(one.rejected.values()):
            day = datetime.fromisoformat(one.imported_at).astimezone(UTC)
            counts = {"n": lost, "n_text": format_number(lost), "rows_text": format_number(one.rows_in)}
            notes.append(t("locals.note_rejected", title=one.title, date=f"{day:%d/%m/%Y}", **counts))
    return notes


def _sound(one: LocalList, communes: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that still keep the rules, and how many do not by their first reason."""
    raw = one.frame()
    last_year = max(datetime.now(UTC).year, int(one.imported_at[:4]))
    problems = check_actors(RawTable(one.file, raw, (), one.sha256), communes, last_year=last_year, required=REQUIRED)
    first = {problem.row: problem.rule for problem in reversed(problems)}
    return raw[~raw.index.isin(list(first))], dict(Counter(first.values()))


@dataclass(frozen=True, slots=True)
class _Bearer:
    """Who bears an identifier."""

    siret: str
    commune_code: str
    name: str

    def may_be(self, other: _Bearer, identifier: str) -> bool:
        """Tell whether another row of the same identifier may be the same structure.

        Two numbers are two structures, two communes too. One of our own identifiers names its structure, whatever a
        list has made of the name since; any other is a rank or a file number that says nothing.
        """
        if self.siret and other.siret:
            return self.siret == other.siret
        if self.commune_code != other.commune_code:
            return False
        return self.name == other.name or has_own_form(identifier, self.commune_code)


def _told_apart(raw: pd.DataFrame, known: dict[str, _Bearer], one: LocalList) -> list[str]:
    """Return identifiers none of which an earlier list gave to another structure; ``known`` grows by them."""
    # Not by a rank, which one list more or less would give to somebody else, and an opposition to it too. Nor by the
    # number: whoever tries them all would read it there. By what the list is called, and where two are called alike, by
    # what it holds: a list that was corrected keeps its name.
    marks = [hashlib.sha256(told.encode()).hexdigest()[:8] for told in (fold(one.title), one.key)]
    found: list[str] = []
    own: dict[str, _Bearer] = {}
    given = set(raw["id"])
    for row in raw.to_dict("records"):
        id_, bearer = row["id"], _Bearer(row["siret"], row["commune_code"], fold(row["name"]))
        apart = [f"{id_}--{mark}" for mark in marks]
        ranked = (f"{apart[-1]}-{rank}" for rank in range(2, len(known) + len(given) + 3))
        free = chain((id_, *apart), ranked)
        name = next(
            name
            for name in free
            if name not in own
            and (name == id_ or name not in given)
            and (name not in known or bearer.may_be(known[name], name))
        )
        found.append(name)
        own[name] = bearer
    known.update({name: bearer for name, bearer in own.items() if bearer.siret or name not in known})
    return found


def _actors(raw: pd.DataFrame, communes: gpd.GeoDataFrame, one: LocalList) -> gpd.GeoDataFrame:
    actors = build_actors(raw, communes, supported=set(), source=one.key)
    plain = raw.reset_index(drop=True)
    told = domains_of(plain["naf"], plain["name"], plain["activity"])
    # A note says what the source is; a list that says nothing of its own is its own note.
    is_shown = ~(actors["is_sensitive"] | told_at_home(plain["address"], plain["activity"]))
    is_shown &= ~plain["id"].str.match(HIDDEN_IDENTIFIER).astype(bool)
    note = actors["source_note"].where(actors["source_note"].notna() | ~is_shown, one.title)
    domains = pd.Series(
        [own or read for own, read in zip(actors["domains"], told, strict=True)], index=actors.index, dtype=object
    )
    flags: Mapping[str, Any] = {"yes": True, "no": False}
    return actors.assign(
        domains=domains,
        axes=domains.map(reference.domain_axes),
        naf=or_missing(plain["naf"]),
        workforce_band=or_missing(plain["workforce_band"]),
        is_employer=plain["is_employer"].map(flags).astype("boolean"),
        source_note=note,
    )
