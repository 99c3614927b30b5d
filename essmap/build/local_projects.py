"""Link the supported projects of local lists to their holders, and put them beside those that are known already.

A project names its holder by SIRET, by SIREN, or by name and commune; one whose holder is no actor stands alone, at its
commune. What is known twice is kept once (`essmap.build.same_supports`). Who asked not to be shown is known until all
is linked and compared, and masked last: the money is counted once whether its holder is named or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.check import check_projects
from essmap.build.classify import domains_of
from essmap.build.geography_notes import format_number
from essmap.build.holder_links import HolderIndex
from essmap.build.imports.projects import REQUIRED
from essmap.build.join import Fate, Joined
from essmap.build.local_actors import local_record
from essmap.build.locals import LocalList, LocalLists
from essmap.build.projects import build_projects
from essmap.build.same_supports import Kept, Supports, once
from essmap.schema.folding import fold, fold_series
from essmap.schema.holders import NO_HOLDER, Holders, discreet, unnamed
from essmap.schema.snapshot import LIST, SourceRecord, Span
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
    gave_way : tuple of str
        French sentences: which supports of which source gave way to a list, and which may be one and are kept.
    """

    frame: gpd.GeoDataFrame
    records: tuple[SourceRecord, ...] = ()
    superseded: int = 0
    spans: tuple[Span, ...] = ()
    linked: Mapping[str, int] = field(default_factory=dict)
    gave_way: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """French sentences on what was linked and what gave way."""
        total = sum(self.linked.values())
        if not total:
            return list(self.gave_way)
        counts = {"n_text": format_number(total), "linked_text": format_number(total - self.linked.get("none", 0))}
        return [t("locals.note_linked", n=total, **counts), *self.gave_way]


def with_local_projects(
    tables: Mapping[str, pd.DataFrame],
    lists: LocalLists,
    *,
    withheld: Withheld = NOBODY,
    hidden_holders: Holders = NO_HOLDER,
    joined: Joined | None = None,
    spans: Sequence[Span] = (),
    titles: Mapping[str, str] | None = None,
) -> LocalProjects:
    """Put the projects of local lists beside those that are known, and mask those whose holder is not to be named.

    Parameters
    ----------
    tables : mapping of DataFrame
        Of a snapshot. ``actors`` is masked: a holder that shows no number is found by its name only. ``merges`` gives
        other names of actors, ``projects`` what is known: as it was gathered, or of a snapshot.
    lists : LocalLists
    withheld : Withheld
        Who asked not to be shown: the support stays, its holder is not named.
    hidden_holders : Holders
        Those of them that are known beside those whom ``joined`` left out.
    joined : Joined or None
        Where the actors come from: it knows whom it left out and who is protected. None: they are a snapshot's.
    spans : sequence of Span
        What is complete among the projects of lists that are known already: it stays so.
    titles : mapping or None
        What people call the sources of the projects that are known.

    Returns
    -------
    LocalProjects
    """
    communes = gpd.GeoDataFrame(tables["communes"])
    actors, merges = gpd.GeoDataFrame(tables["actors"]), tables["merges"]
    everybody, all_merges = actors, merges
    if joined is not None:
        hidden_holders |= joined.withheld
    if joined is not None and joined.left_out is not None and len(joined.left_out.actors):
        everybody = gpd.GeoDataFrame(pd.concat([actors, joined.left_out.actors], ignore_index=True), crs=CRS)
        all_merges = pd.concat([merges, joined.left_out.merges], ignore_index=True)
    known = gpd.GeoDataFrame(tables["projects"], geometry="geometry", crs=CRS)
    is_known = known["actor_id"].isin([*everybody["actor_id"], *hidden_holders.ids])
    known = known.assign(actor_id=known["actor_id"].where(is_known, None), said_commune=known["commune_code"])
    sources = _known_sources(known.assign(is_hidden=False), spans, titles or {})
    before, counts, linked = len(sources), [], Counter[str]()
    declared: list[Span] = []
    incomplete: list[str] = []
    given = lists.of("projects")
    holders = HolderIndex(everybody if given else everybody.iloc[:0], all_merges)
    for one in given:
        raw, rejected = _sound(one, communes)
        frame, found = _projects(raw, communes, everybody, holders, one.key)
        is_hidden = withheld.matches(_numbers(raw)) | _by_hidden_number(raw, found, actors, joined)
        hidden_holders |= Holders.named_in(raw[is_hidden])
        is_another = ~is_hidden & _is_another(raw, joined)
        frame = frame.assign(is_hidden=is_hidden.to_numpy(), is_another=is_another.to_numpy())
        spans_kept = () if rejected else one.spans  # of which rows are lost holds not every support any more
        lost = sum(rejected.values()) if one.spans else 0
        incomplete += _counted("incomplete", lost, title=one.title)
        declared += spans_kept
        sources.append(Supports(one.key, one.title, frame, spans_kept))
        counts.append((one, len(frame) + sum(rejected.values()), rejected))
        linked.update(found)
    sources, said = _one_spelling(sources, declared)
    kept = once(sources)
    records = tuple(
        local_record(one, rows_in=rows, fate=Fate(len(left.frame), left.lost, 0), rejected=lost)
        for (one, rows, lost), left in zip(counts, kept[before:], strict=True)
    )
    whole = _told_apart(kept) if kept else known.assign(is_hidden=False)
    gone = hidden_holders.ids | (set(everybody["actor_id"]) - set(actors["actor_id"]))
    hidden_holders |= Holders(gone, slugs=withheld.names) | Holders.named_in(whole[whole["actor_id"].isin(list(gone))])
    others = whole["is_another"].eq(True).astype(bool) if "is_another" in whole else None
    is_theirs = hidden_holders.hold(whole, [*actors["name"], *merges["merged_name"]], others)
    whole = unnamed(whole, is_theirs | whole["is_hidden"].astype(bool), communes)
    is_actor = whole["actor_id"].isin(actors["actor_id"])
    whole = whole.assign(actor_id=whole["actor_id"].where(is_actor, None))[PROJECTS.column_names]
    shown = discreet(whole, actors, joined.protected if joined is not None else frozenset())
    gathered = sum(one.lost for one in kept if not one.supports.is_list)
    return LocalProjects(shown, records, gathered, said, dict(linked), (*incomplete, *_gave_way(kept, said)))


def with_projects(tables: Mapping[str, pd.DataFrame], projects: LocalProjects) -> dict[str, pd.DataFrame]:
    """Return the tables of a snapshot with its projects, and with which actors they name.

    Parameters
    ----------
    tables : mapping of DataFrame
    projects : LocalProjects
    """
    actors = tables["actors"]
    named = list(projects.frame["actor_id"].dropna())
    return {**tables, "projects": projects.frame, "actors": actors.assign(is_supported=actors["actor_id"].isin(named))}


def _known_sources(known: gpd.GeoDataFrame, spans: Sequence[Span], titles: Mapping[str, str]) -> list[Supports]:
    """Return the projects that are known: what was gathered as one source, then all lists as one.

    In a build, what lies in a complete span is of the one list that holds it, and no list gives way to another.
    """
    is_list = known["source"].str.startswith(LIST)
    found = [Supports("", "", known[~is_list], is_list=False)]
    keys = list(known.loc[is_list, "source"].unique())
    if keys:
        title = titles.get(keys[0], keys[0]) if len(keys) == 1 else t("locals.known_lists")
        found.append(Supports(keys[0], title, known[is_list], tuple(spans)))
    return found


def _sound(one: LocalList, communes: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that still keep the rules, and how many do not by their first reason."""
    raw = one.frame()
    table = RawTable(one.file, raw, (), one.sha256)
    last_year = max(datetime.now(UTC).year, int(one.imported_at[:4]))
    problems = check_projects(table, communes, actor_ids=None, last_year=last_year, required=REQUIRED, needs_page=False)
    first = {problem.row: problem.rule for problem in reversed(problems)}
    return raw[~raw.index.isin(list(first))], dict(Counter(first.values()))


def _numbers(raw: pd.DataFrame) -> pd.DataFrame:
    return raw.rename(columns={"holder_siren": "siren", "holder_siret": "siret"})[["actor_id", "siren", "siret"]]


def _by_hidden_number(
    raw: pd.DataFrame, found: Sequence[str], actors: pd.DataFrame, joined: Joined | None
) -> pd.Series[bool]:
    """Tell which rows that name no actor have a number, not shown, of somebody who was left out."""
    if joined is None or joined.left_out is None:
        return pd.Series(False, index=raw.index)
    alone = pd.Series([rule == "none" for rule in found], index=raw.index, dtype=bool)
    siren = joined.left_out.siren - set(actors["siren"].dropna())  # else another establishment may be meant
    return alone & (raw["holder_siret"].isin(list(joined.left_out.siret)) | raw["holder_siren"].isin(list(siren)))


def _is_another(raw: pd.DataFrame, joined: Joined | None) -> pd.Series[bool]:
    """Tell which rows have a number of somebody else: none of those who were left out, all of whose numbers are known.

    One who has no number may be the one that a number stands for.
    """
    left = joined.left_out if joined is not None else None
    if left is None:
        return raw["holder_siren"].ne("")
    pairs = zip(fold_series(raw["holder_name"]), raw["commune_code"], strict=True)
    is_open = pd.Series([pair in left.unnumbered for pair in pairs], index=raw.index, dtype=bool)
    siret, siren = raw["holder_siret"], raw["holder_siren"]
    own = siret.isin(list(left.siret)) | (siret.eq("") & siren.isin(list(left.siren)))
    return siren.ne("") & ~own & ~is_open


def _projects(
    raw: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    everybody: gpd.GeoDataFrame,
    holders: HolderIndex,
    key: str,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the projects of a list with their holders, and how these were found."""
    found = [holders.holder(row) for row in raw.to_dict("records")]
    raw = raw.assign(
        actor_id=[actor or "" for actor, _ in found],
        note=[_note(note, decision) for note, decision in zip(raw["note"], raw["decision"], strict=True)],
    )
    projects = build_projects(raw, communes, everybody, source=key)
    of_holder = projects["actor_id"].map(everybody.set_index("actor_id")["domains"])
    nothing = pd.Series("", index=projects.index, dtype="str")
    told = domains_of(nothing, nothing, projects["title"])
    domains = pd.Series(
        [list(own) or (list(theirs) if isinstance(theirs, list) else list(read))
         for own, theirs, read in zip(projects["domains"], of_holder, told, strict=True)],
        index=projects.index, dtype=object,
    )  # fmt: skip
    said = raw["commune_code"].to_numpy()
    projects = projects.assign(domains=domains, axes=domains.map(reference.domain_axes), said_commune=said)
    return projects, [rule for _, rule in found]


def _note(note: str, decision: str) -> str:
    said = t("locals.decision", reference=decision) if decision else ""
    return " ; ".join(part for part in (note, said) if part)


def _one_spelling(sources: Sequence[Supports], spans: Iterable[Span]) -> tuple[list[Supports], tuple[Span, ...]]:
    """Return supports and spans that write each programme in one way: the first one, in the order of the sources.

    Filters and sums compare what is written. The source's own way stays in ``programme_raw``.
    """
    ways: dict[str, str] = {}
    written: list[Supports] = []
    for one in sources:
        frame = one.frame
        own = frame["programme"]
        for programme in own.unique():
            ways.setdefault(fold(programme), programme)
        common = own.map({programme: ways[fold(programme)] for programme in own.unique()}).astype("str")
        differs = common.ne(own)
        frame = frame.assign(
            programme=common,
            title=frame["title"].where(~differs | frame["title"].ne(own), common),
            programme_raw=frame["programme_raw"].where(~differs | frame["programme_raw"].notna(), own),
        )
        written.append(replace(one, frame=frame))
    said = [replace(span, programme=ways.setdefault(fold(span.programme), span.programme)) for span in spans]
    return written, tuple(dict.fromkeys(said))


def _told_apart(kept: Sequence[Kept]) -> gpd.GeoDataFrame:
    """Return all supports under identifiers that are theirs alone: two lists may both count from 1."""
    taken: set[str] = set()
    frames = []
    for one in kept:
        own = one.supports.key.removeprefix(LIST).partition("_")[0]
        names = []
        for given in one.frame["project_id"]:
            free = (name for rank in range(len(taken) + 2) for name in [_ranked(given, own, rank)])
            names.append(next(name for name in free if name not in taken))
            taken.add(names[-1])
        if names:
            frames.append(one.frame.assign(project_id=pd.Series(names, index=one.frame.index, dtype="str")))
    if not frames:
        return kept[0].frame
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=CRS)


def _ranked(given: str, own: str, rank: int) -> str:
    if rank == 0:
        return given
    return f"{given}--{own}" if rank == 1 else f"{given}--{own}-{rank}"


def _gave_way(kept: Sequence[Kept], spans: Sequence[Span]) -> list[str]:
    """Say of each source what gave way, and what may be one and is kept."""
    said = []
    for one in kept:
        title = one.supports.title
        if not one.supports.is_list:
            said += _counted("superseded", one.lost)
            undated = one.frame[one.frame["year"].isna()]
            complete = pd.Series(False, index=undated.index)
            for span in spans:
                complete |= is_in(span, undated.assign(year=span.first_year))
            said += _counted("undated", int(complete.sum()))
            continue
        said += _counted("same", len(one.same), title=title)
        said += _counted("covered", len(one.covered), title=title)
        said += _counted("alike", one.alike, title=title)
    return said


def _counted(key: str, n: int, **values: str) -> list[str]:
    return [t(f"locals.note_{key}", n=n, n_text=format_number(n), **values)] if n else []
