"""Keep each support once: what a complete list leaves no room for goes first, then what a later list says again.

Between two lists a support is one only where holder, programme and year are equal and nothing that both say differs:
amount, title, decision. Two supports of one holder in one year are two. Against what was gathered, which says little,
holder, programme, year and an amount that does not contradict are enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap.schema.folding import fold
from essmap.schema.snapshot import Span
from essmap.schema.spans import is_in
from essmap.texts import t

#: Identifiers of gathered supports: such a one in a list is an export that came back. Identifiers that were made from
#: the numbers of a list say nothing of another list: each may count from 1.
_GATHERED_ID: Final = re.compile(r"p\d{3,}-.+")
#: Amounts less far apart are one, in euros.
_CENT: Final = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Supports:
    """The supports of one source.

    Attributes
    ----------
    key, title : str
        Of the source.
    frame : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.PROJECTS`, and ``said_commune``, the commune that the row itself names, if there is one.
    spans : tuple of Span
        What the source holds every support of.
    is_list : bool
        Whether somebody brought it in; else it was gathered.
    """

    key: str
    title: str
    frame: gpd.GeoDataFrame
    spans: tuple[Span, ...] = ()
    is_list: bool = True


@dataclass(slots=True, eq=False)
class Kept:
    """What is left of one source.

    Attributes
    ----------
    supports : Supports
        As they were given.
    frame : GeoDataFrame
        Those that stay.
    same : dict
        Position of each support that went because a later source has it too: position of that source and of its row.
    covered : frozenset of int
        Positions of those that a complete list leaves no room for.
    alike : int
        Those that stay beside one of an earlier list with the same holder, programme and year.
    """

    supports: Supports
    frame: gpd.GeoDataFrame
    same: dict[int, tuple[int, int]] = field(default_factory=dict)
    covered: frozenset[int] = frozenset()
    alike: int = 0

    @property
    def lost(self) -> int:
        """How many supports gave way."""
        return len(self.same) + len(self.covered)


@dataclass(frozen=True, slots=True)
class _Support:
    """What a support is known by."""

    identifier: str
    actor: str
    name: str
    commune: str
    said_commune: str
    programme: str
    year: int | None
    amount: float | None
    title: str
    decision: str

    @property
    def holders(self) -> Iterator[tuple[str, ...]]:
        """What its holder may be found by."""
        if self.actor:
            yield ("actor", self.actor)
        yield ("name", self.name, self.commune)


def once(sources: Sequence[Supports]) -> list[Kept]:
    """Return the supports of each source, none of them twice.

    Parameters
    ----------
    sources : sequence of Supports
        What was gathered first, then lists in the order in which they came in.

    Returns
    -------
    list of Kept
        In the same order. Latest first, each row of a list takes the place of at most one row of each earlier source;
        what takes a place stays itself.
    """
    rows = [_supports(one.frame) for one in sources]
    kept = [Kept(one, one.frame) for one in sources]
    alive = []
    for number, one in enumerate(sources):
        kept[number].covered = _covered(one, sources[:number], sources[number + 1 :])
        alive.append(set(range(len(one.frame))) - kept[number].covered)
    for later in reversed(range(len(sources))):
        if not sources[later].is_list:
            continue
        for earlier in range(later):
            loose = alive[earlier] - _held(sources[earlier], sources[later])
            pairs = _pairs(rows[later], alive[later], rows[earlier], loose, is_list=sources[earlier].is_list)
            for mine, theirs in pairs:
                alive[earlier].discard(theirs)
                kept[earlier].same[theirs] = (later, mine)
    seen: set[tuple[Any, ...]] = set()
    for number, one in enumerate(sources):
        kept[number].frame = one.frame.iloc[sorted(alive[number])]
        if one.is_list:
            dated = [rows[number][place] for place in alive[number] if rows[number][place].year is not None]
            kept[number].alike = sum(any(key in seen for key in _loosely(support)) for support in dated)
            seen.update(key for support in dated for key in _loosely(support))
    return kept


def _covered(one: Supports, earlier: Iterable[Supports], later: Iterable[Supports]) -> frozenset[int]:
    """Return the supports that a complete list should hold and this source gives, unless it is complete too.

    Of two lists that both hold every support of a programme and year, the later one does.
    """
    covered = pd.Series(False, index=one.frame.index)
    for span in (span for other in earlier for span in other.spans):
        covered |= is_in(span, one.frame)
    for span in one.spans:
        covered &= ~is_in(span, one.frame)
    for span in (span for other in later for span in other.spans):
        covered |= is_in(span, one.frame)
    return _positions(covered)


def _held(one: Supports, later: Supports) -> frozenset[int]:
    """Return the supports of a complete list that a later list, not complete for them, cannot take the place of."""
    held = pd.Series(False, index=one.frame.index)
    for span in one.spans:
        held |= is_in(span, one.frame)
    for span in later.spans:
        held &= ~is_in(span, one.frame)
    return _positions(held)


def _positions(flags: pd.Series[bool]) -> frozenset[int]:
    return frozenset(int(place) for place in flags.to_numpy(dtype=bool).nonzero()[0])


def _supports(frame: pd.DataFrame) -> list[_Support]:
    said = frame["said_commune"] if "said_commune" in frame else frame["commune_code"]
    found = []
    for row, commune in zip(frame.to_dict("records"), said, strict=True):
        programme, title = fold(row["programme"]), fold(row["title"])
        found.append(
            _Support(
                identifier=row["project_id"],
                actor=_text(row["actor_id"]),
                name=fold(row["holder_name"]),
                commune=_text(row["commune_code"]),
                said_commune=_text(commune),
                programme=programme,
                year=None if pd.isna(row["year"]) else int(row["year"]),
                amount=None if pd.isna(row["amount_eur"]) else float(row["amount_eur"]),
                title="" if title == programme else title,
                decision=_decision(_text(row["note"])),
            )
        )
    return found


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""


def _decision(note: str) -> str:
    """Return the decision that the last part of a note names (`essmap.build.local_projects` writes it there)."""
    start = fold(t("locals.decision", reference=""))
    last = fold(note.rpartition(" ; ")[2])
    return last.removeprefix(start).strip() if last.startswith(start) else ""


def _loosely(support: _Support) -> list[tuple[Any, ...]]:
    return [(*holder, support.programme, support.year) for holder in support.holders]


def _pairs(
    mine: Sequence[_Support], here: set[int], theirs: Sequence[_Support], there: set[int], *, is_list: bool
) -> Iterator[tuple[int, int]]:
    """Yield the rows of two sources that are one support, each row once, the surest first."""
    places: dict[tuple[Any, ...], list[int]] = {}
    for place in sorted(there):
        for holder in theirs[place].holders:
            places.setdefault((*holder, theirs[place].year), []).append(place)
    found = []
    for one in sorted(here):
        near = {place for holder in mine[one].holders for place in places.get((*holder, mine[one].year), ())}
        found += [(_order(mine[one], theirs[other]), one, other) for other in near
                  if _is_same(mine[one], theirs[other], is_list=is_list)]  # fmt: skip
    used: tuple[set[int], set[int]] = (set(), set())
    for _, one, other in sorted(found):
        if one not in used[0] and other not in used[1]:
            used[0].add(one)
            used[1].add(other)
            yield one, other


def _order(one: _Support, other: _Support) -> tuple[bool, bool, bool]:
    return one.identifier != other.identifier, one.amount != other.amount, one.title != other.title


def _is_same(one: _Support, other: _Support, *, is_list: bool) -> bool:
    """Tell whether two rows of one year are one support; `is_list`: of two lists, else one was gathered."""
    if not _is_same_holder(one, other):
        return False
    if one.identifier == other.identifier and _GATHERED_ID.fullmatch(one.identifier):
        return True
    if one.programme != other.programme or not _is_same_amount(one, other):
        return False
    if not is_list:
        return one.year is not None
    agree = all(
        not here or not there or here == there
        for here, there in (
            (one.title, other.title),
            (one.decision, other.decision),
            (one.said_commune, other.said_commune),
        )
    )
    # Without a year, the same words may be those of two years: only a row that came back whole is one.
    is_dated = one.year is not None or (one.identifier == other.identifier and one.amount == other.amount)
    return agree and is_dated


def _is_same_holder(one: _Support, other: _Support) -> bool:
    if one.actor and other.actor:
        return one.actor == other.actor
    return one.name == other.name and one.commune == other.commune


def _is_same_amount(one: _Support, other: _Support) -> bool:
    """Tell whether two amounts may be one: equal, or one of them is not known."""
    return one.amount is None or other.amount is None or abs(one.amount - other.amount) < _CENT
