"""Link the supported projects of local lists to their holders, and put them beside those that are known already.

A project names its holder by SIRET, by SIREN, or by name and commune; one whose holder is no actor stands alone, at its
commune. What is known twice is kept once: the list that somebody brought in wins, and one that is declared complete for
a programme and years is all that there is of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.check import check_projects
from essmap.build.classify import domains_of
from essmap.build.geography_notes import format_number
from essmap.build.imports.projects import REQUIRED
from essmap.build.join import Fate
from essmap.build.local_actors import local_record
from essmap.build.locals import LocalList, LocalLists
from essmap.build.name_scores import SAME_NAME, name_score
from essmap.build.names import Name, read_name
from essmap.build.projects import build_projects
from essmap.schema.folding import fold
from essmap.schema.holders import NO_HOLDER, Holders
from essmap.schema.snapshot import SourceRecord, Span
from essmap.schema.spans import is_in
from essmap.schema.tables import CRS, PROJECTS
from essmap.schema.withheld import NOBODY, Withheld
from essmap.sources.delimited import RawTable
from essmap.texts import t


@dataclass(frozen=True, slots=True, eq=False)
class LocalProjects:
    """Supported projects of all sources.

    Attributes
    ----------
    frame : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.PROJECTS`.
    records : tuple of SourceRecord
        One per local list of projects.
    superseded : int
        Gathered projects that a local list took the place of.
    spans : tuple of Span
        What is complete.
    linked : mapping
        Projects of local lists by how their holder was found; ``none``: not among the actors.
    """

    frame: gpd.GeoDataFrame
    records: tuple[SourceRecord, ...] = ()
    superseded: int = 0
    spans: tuple[Span, ...] = ()
    linked: Mapping[str, int] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """French sentences on what was linked and what gave way."""
        total = sum(self.linked.values())
        found = []
        if total:
            linked = total - self.linked.get("none", 0)
            counts = {"n": total, "n_text": format_number(total), "linked_text": format_number(linked)}
            found.append(t("locals.note_linked", **counts))
        if self.superseded:
            n_text = format_number(self.superseded)
            found.append(t("locals.note_superseded", n=self.superseded, n_text=n_text))
        return found


def with_local_projects(
    tables: Mapping[str, pd.DataFrame],
    lists: LocalLists,
    *,
    withheld: Withheld = NOBODY,
    hidden_holders: Holders = NO_HOLDER,
) -> LocalProjects:
    """Put the projects of local lists beside those that are known.

    Parameters
    ----------
    tables : mapping of DataFrame
        Of a snapshot. ``actors`` is masked: a holder that shows no number is found by its name only. ``merges`` gives
        other names of actors, ``projects`` what was gathered.
    lists : LocalLists
    withheld : Withheld
        Who asked not to be shown: the support stays, its holder is not named.
    hidden_holders : Holders
        Those of them that the build left out.

    Returns
    -------
    LocalProjects
    """
    known = gpd.GeoDataFrame(tables["projects"], geometry="geometry", crs=CRS)
    given = lists.of("projects")
    if not given:
        return LocalProjects(known)
    communes, actors = gpd.GeoDataFrame(tables["communes"]), gpd.GeoDataFrame(tables["actors"])
    holders = _Actors(actors, tables["merges"])
    frames, counts, linked = [], [], Counter[str]()
    for one in given:
        raw, rejected = _sound(one, communes)
        frame, found = _projects(raw, communes, actors, holders, one.key)
        frames.append(frame)
        counts.append((one, len(frame) + sum(rejected.values()), rejected))
        linked.update(found)
        hidden_holders |= _withheld(raw, withheld)
    first, *others = _once(known, frames, given)
    records = tuple(
        local_record(one, rows_in=rows, fate=Fate(len(left), rows - sum(lost.values()) - len(left), 0), rejected=lost)
        for (one, rows, lost), left in zip(counts, others, strict=True)
    )
    filled = [frame for frame in (first, *others) if len(frame)]
    whole = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True) if filled else known, geometry="geometry", crs=CRS)
    spans = tuple(dict.fromkeys(span for one in given for span in one.spans))
    shown = hidden_holders.without(whole[PROJECTS.column_names], communes)
    return LocalProjects(shown, records, len(known) - len(first), spans, dict(linked))


def with_projects(
    tables: Mapping[str, pd.DataFrame], projects: LocalProjects, supported: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Return the tables of a snapshot with its projects, and with which actors they name.

    Parameters
    ----------
    tables : mapping of DataFrame
    projects : LocalProjects
    supported : collection of str
        Identifiers of actors that gathered projects name.
    """
    actors = tables["actors"]
    named = [*supported, *projects.frame["actor_id"].dropna()]
    return {**tables, "projects": projects.frame, "actors": actors.assign(is_supported=actors["actor_id"].isin(named))}


class _Actors:
    """Actors to be found by what a list says of the holder of a project."""

    def __init__(self, actors: gpd.GeoDataFrame, merges: pd.DataFrame) -> None:
        self._ids = set(actors["actor_id"])
        self._commune = dict(zip(actors["actor_id"], actors["commune_code"], strict=True))
        self._siren = dict(zip(actors["actor_id"], actors["siren"], strict=True))
        self._of_number = {number: _grouped(actors[number], actors["actor_id"]) for number in ("siret", "siren")}
        self._names: dict[str, list[tuple[str, str]]] = {}
        names = [*zip(actors["actor_id"], actors["name"], strict=True)]
        names += [*zip(merges["kept_id"], merges["merged_name"], strict=True)]
        for actor, name in names:
            if actor in self._ids:
                self._names.setdefault(self._commune[actor], []).append((actor, name))
        self._commune_name = dict(zip(actors["commune_code"], actors["commune_name"], strict=True))
        self._read: dict[tuple[str, str], Name] = {}

    def holder(self, row: Mapping[Hashable, Any]) -> tuple[str | None, str]:
        """Return the actor that holds a project and how it was found."""
        if row["actor_id"] in self._ids:
            return row["actor_id"], "actor_id"
        of_siret = self._of_number["siret"].get(row["holder_siret"], [])
        if len(of_siret) == 1:
            return of_siret[0], "siret"
        of_siren = self._of_number["siren"].get(row["holder_siren"], [])
        here = [actor for actor in of_siren if self._commune[actor] == row["commune_code"]]
        for found in (here, of_siren):
            if len(found) == 1:
                return found[0], "siren"
        named = self._by_name(row)
        return (named, "name") if named is not None else (None, "none")

    def _by_name(self, row: Mapping[Hashable, Any]) -> str | None:
        """Return the one actor of the commune that has the name and no other number."""
        commune, number = row["commune_code"], row["holder_siren"]
        wanted = self._name(row["holder_name"], commune)
        scores: dict[str, float] = {}
        for actor, name in self._names.get(commune, []):
            siren = self._siren[actor]
            if number and isinstance(siren, str) and siren != number:
                continue
            is_same = fold(name) == fold(row["holder_name"])
            score = 2.0 if is_same else name_score(wanted, self._name(name, commune))
            scores[actor] = max(score, scores.get(actor, 0.0))
        best = max(scores.values(), default=0.0)
        found = [actor for actor, score in scores.items() if score == best]
        return found[0] if best >= SAME_NAME and len(found) == 1 else None

    def _name(self, name: str, commune: str) -> Name:
        key = (name, commune)
        if key not in self._read:
            department = commune[:3] if commune.startswith("97") else commune[:2]
            self._read[key] = read_name(name, self._commune_name.get(commune, ""), department)
        return self._read[key]


def _grouped(numbers: pd.Series[str], ids: pd.Series[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, actor in zip(numbers, ids, strict=True):
        if isinstance(number, str) and number:
            found.setdefault(number, []).append(actor)
    return found


def _sound(one: LocalList, communes: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that still keep the rules, and how many do not by their first reason."""
    raw = one.frame()
    table = RawTable(one.file, raw, (), one.sha256)
    last_year = max(datetime.now(UTC).year, int(one.imported_at[:4]))
    problems = check_projects(table, communes, actor_ids=None, last_year=last_year, required=REQUIRED, needs_page=False)
    first = {problem.row: problem.rule for problem in reversed(problems)}
    return raw[~raw.index.isin(list(first))], dict(Counter(first.values()))


def _withheld(raw: pd.DataFrame, withheld: Withheld) -> Holders:
    numbers = raw.rename(columns={"holder_siren": "siren", "holder_siret": "siret"})[["actor_id", "siren", "siret"]]
    return Holders.of([], raw.loc[withheld.matches(numbers), "holder_name"])


def _projects(
    raw: pd.DataFrame, communes: gpd.GeoDataFrame, actors: gpd.GeoDataFrame, holders: _Actors, key: str
) -> tuple[gpd.GeoDataFrame, Counter[str]]:
    """Return the projects of a list with their holders, and how these were found."""
    found = [holders.holder(row) for row in raw.to_dict("records")]
    raw = raw.assign(
        actor_id=[actor or "" for actor, _ in found],
        note=[_note(note, decision) for note, decision in zip(raw["note"], raw["decision"], strict=True)],
    )
    projects = build_projects(raw, communes, actors, source=key)
    of_holder = projects["actor_id"].map(actors.set_index("actor_id")["domains"])
    nothing = pd.Series("", index=projects.index, dtype="str")
    told = domains_of(nothing, nothing, projects["title"])
    domains = pd.Series(
        [list(own) or (list(theirs) if isinstance(theirs, list) else list(read))
         for own, theirs, read in zip(projects["domains"], of_holder, told, strict=True)],
        index=projects.index, dtype=object,
    )  # fmt: skip
    projects = projects.assign(domains=domains, axes=domains.map(reference.domain_axes))
    return projects, Counter(rule for _, rule in found)


def _note(note: str, decision: str) -> str:
    said = t("locals.decision", reference=decision) if decision else ""
    return " ; ".join(part for part in (note, said) if part)


def _once(
    known: gpd.GeoDataFrame, tables: list[gpd.GeoDataFrame], given: tuple[LocalList, ...]
) -> list[gpd.GeoDataFrame]:
    """Return the gathered projects and those of each list, none of them twice: a later list wins."""
    kept = [known, *tables]
    for later in range(1, len(kept)):
        spans = given[later - 1].spans
        for place in range(len(kept)):
            if place == later:
                continue
            frame = kept[place]
            gone = _is_covered(frame, spans, () if place < later or place == 0 else given[place - 1].spans)
            if place < later:
                gone |= frame["project_id"].isin(tables[later - 1]["project_id"]) | _is_same(frame, tables[later - 1])
            kept[place] = frame[~gone]
    return kept


def _is_covered(frame: pd.DataFrame, spans: tuple[Span, ...], own: tuple[Span, ...]) -> pd.Series[bool]:
    """Tell which projects a complete list should hold and another list gives, unless that one is complete too."""
    covered = pd.Series(False, index=frame.index)
    for span in spans:
        covered |= is_in(span, frame)
    for span in own:
        covered &= ~is_in(span, frame)
    return covered


def _is_same(frame: pd.DataFrame, other: pd.DataFrame) -> pd.Series[bool]:
    """Tell which projects another table has too: one holder, one programme, one year."""
    taken = set(_keys(other))
    return pd.Series([not taken.isdisjoint(keys) for keys in _key_pairs(frame)], index=frame.index, dtype=bool)


def _keys(frame: pd.DataFrame) -> list[tuple[str, str, int]]:
    return [key for keys in _key_pairs(frame) for key in keys]


def _key_pairs(frame: pd.DataFrame) -> list[list[tuple[str, str, int]]]:
    """Return, per project, what it may be known by; nothing where its year is not known."""
    columns = zip(frame["actor_id"], frame["holder_name"], frame["programme"], frame["year"], strict=True)
    found = []
    for actor, holder, programme, year in columns:
        names = [actor if isinstance(actor, str) else "", fold(holder)]
        dated = [] if pd.isna(year) else [(name, fold(programme), int(year)) for name in names if name]
        found.append(dated)
    return found
