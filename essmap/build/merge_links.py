"""Which rows of several sources are one actor: decisions of a person, identifiers, then names.

An actor is one thing whatever lists name it. Rules in order: what somebody forced; the same identifier of essmap; the
same SIRET; the same SIREN in the same commune where only one establishment can be meant; the same name in the same
commune. By name, rows of one source are never one; the surest pairs go first; rows that could be several are left
alone and counted; nothing is merged through a third row that it does not match itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, groupby, product

import pandas as pd

from essmap.build.merge_names import Candidate, candidates
from essmap.build.overrides import Overrides

#: The first rows of two actors, the lower one first.
Ends = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """Why two rows are one actor."""

    one: int
    other: int
    rule: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Links:
    """What was decided.

    Attributes
    ----------
    group : list of int
        Per row, the first row of its actor.
    links : tuple of Link
        They join the rows of each actor without a loop.
    contested : frozenset of int
        Rows left alone because several rows of one source could be them, or because nothing but initials says who
        they are.
    rivals : frozenset of pairs of int
        The first rows of actors that were left alone although one could be the other.
    """

    group: list[int]
    links: tuple[Link, ...]
    contested: frozenset[int]
    rivals: frozenset[Ends]


class _Actors:
    """Rows that become actors as links are made; knows what must stay apart."""

    def __init__(self, rows: pd.DataFrame, overrides: Overrides) -> None:
        self.ids = rows["actor_id"].tolist()
        self.table = rows["table"].tolist()
        self._numbers = [rows[column].where(rows[column].notna(), "").tolist() for column in ("siren", "siret")]
        self.first = list(range(len(rows)))
        self.rows = {row: [row] for row in self.first}
        self.links: list[Link] = []
        self._apart: dict[str, set[str]] = {}
        for one in overrides.kept_apart:
            self._apart.setdefault(one.left, set()).add(one.right)
            self._apart.setdefault(one.right, set()).add(one.left)

    def of(self, row: int) -> list[int]:
        """Return all rows of the actor that a row is of."""
        return self.rows[self.first[row]]

    def tables(self, row: int) -> set[str]:
        """Return the sources of the actor that a row is of."""
        return {self.table[member] for member in self.of(row)}

    def must_stay_apart(self, one: int, other: int) -> bool:
        """Tell whether somebody decided that two actors are two."""
        if not self._apart:
            return False
        there = {self.ids[member] for member in self.of(other)}
        return any(self._apart.get(self.ids[member], set()) & there for member in self.of(one))

    def may_match(self, one: int, other: int) -> bool:
        """Tell whether a name may make two actors one: of other sources, of no other number, not forbidden."""
        if self.first[one] == self.first[other] or self.tables(one) & self.tables(other):
            return False
        for numbers in self._numbers:
            here, there = ({numbers[row] for row in self.of(end)} - {""} for end in (one, other))
            if here and there and not here & there:
                return False
        return not self.must_stay_apart(one, other)

    def link(self, one: int, other: int, rule: str, score: float | None) -> bool:
        """Make two rows one actor unless they must stay apart; True if they are one now."""
        if self.first[one] == self.first[other]:
            return True
        if self.must_stay_apart(one, other):
            return False
        low, high = sorted((self.first[one], self.first[other]))
        for member in self.rows[high]:
            self.first[member] = low
        self.rows[low] += self.rows.pop(high)
        self.links.append(Link(one, other, rule, score))
        return True


def link_rows(rows: pd.DataFrame, overrides: Overrides) -> Links:
    """Decide which rows are one actor.

    Parameters
    ----------
    rows : DataFrame
        Columns of `essmap.schema.tables.ACTORS` and ``table``, the source each row was read from; index 0 to n - 1,
        in an order that does not depend on how sources arrived.
    overrides : Overrides

    Returns
    -------
    Links
    """
    actors = _Actors(rows, overrides)
    of_id = rows.groupby("actor_id").indices
    for decision in overrides.merged:
        here = [int(row) for name in (decision.left, decision.right) for row in of_id.get(name, ())]
        if {rows["actor_id"].iat[row] for row in here} == decision.pair:
            _link_all(actors, here, "forced", None)
    for rule, column in (("same_id", "actor_id"), ("siret", "siret")):
        repeated = rows[rows[column].duplicated(keep=False) & rows[column].notna()]
        for _, places in sorted(repeated.groupby(column).indices.items()):
            _link_all(actors, repeated.index[places].tolist(), rule, 1.0)
    _same_siren(actors, rows)
    contested, rivals = _same_name(actors, candidates(rows))
    return Links(actors.first, tuple(actors.links), frozenset(contested), frozenset(rivals))


def _link_all(actors: _Actors, rows: Iterable[int], rule: str, score: float | None) -> None:
    """Link rows to the first of them that they may be one with."""
    heads: list[int] = []
    for row in rows:
        if not any(actors.link(head, row, rule, score) for head in heads):
            heads.append(row)


def _same_siren(actors: _Actors, rows: pd.DataFrame) -> None:
    """Link rows without SIRET to the one establishment of their unit in their commune, or to one another."""
    known = rows[rows["siren"].notna() & rows.duplicated(["siren", "commune_code"], keep=False)]
    has_siret = rows["siret"].notna().tolist()
    for _, places in sorted(known.groupby(["siren", "commune_code"]).indices.items()):
        group = known.index[places].tolist()
        with_siret = {actors.first[row] for row in group if has_siret[row]}
        loose = sorted({actors.first[row] for row in group} - with_siret)
        if len(with_siret) > 1 or not loose:  # several establishments: a name may tell which, a SIREN does not
            continue
        tables = pd.Series([table for row in loose for table in actors.tables(row)]).value_counts()
        alone = [row for row in loose if all(tables[table] == 1 for table in actors.tables(row))]
        chosen = [*with_siret, *alone]
        for row in chosen[1:]:
            if not actors.tables(chosen[0]) & actors.tables(row):
                actors.link(chosen[0], row, "siren_commune", 1.0)


def _same_name(actors: _Actors, found: list[Candidate]) -> tuple[set[int], set[Ends]]:
    """Link actors by name, the surest first; return the rows that could be several, and which could be which."""
    scores = _between_actors(actors, found)
    sure = {pair: best for pair, best in scores.items() if best.is_enough}
    ends = frozenset(end for pair in scores for end in pair)
    blocked: set[int] = set()
    rivals: set[Ends] = set()
    for _, level in groupby(sorted(sure.items(), key=lambda item: (_level(item[1]), item[0])), lambda i: _level(i[1])):
        here = {
            pair: best
            for pair, best in level
            if not blocked & set(pair) and _is_possible(actors, pair, scores.keys(), ends)
        }
        blocked |= _competing(actors, here.keys())
        rivals |= {pair for pair in here if blocked & set(pair)}
        for pair, best in here.items():
            if not blocked & set(pair) and _is_possible(actors, pair, scores.keys(), ends):
                actors.link(best.one, best.other, "name_commune", best.score)
    doubtful = {pair for pair, best in scores.items() if not best.is_enough and actors.may_match(*pair)}
    alone = blocked | {end for pair in doubtful for end in pair}
    return {row for end in alone for row in actors.of(end)}, rivals | doubtful


def _level(pair: Candidate) -> tuple[float, bool]:
    """Return how soon a pair is judged: by score, then by a common address."""
    return -pair.score, not pair.same_address


def _between_actors(actors: _Actors, found: list[Candidate]) -> dict[Ends, Candidate]:
    """Return the best pair of rows of any two actors that identifiers have made so far."""
    best: dict[Ends, Candidate] = {}
    for pair in sorted(found, key=lambda pair: (not pair.is_enough, *_level(pair), pair.one, pair.other)):
        low, high = sorted((actors.first[pair.one], actors.first[pair.other]))
        if actors.may_match(low, high):
            best.setdefault((low, high), pair)
    return best


def _is_possible(actors: _Actors, pair: Ends, scores: Collection[Ends], ends: frozenset[int]) -> bool:
    """Tell whether every actor that one has become matches every actor that the other has become."""
    if not actors.may_match(*pair):
        return False
    sides = [[row for row in actors.of(end) if row in ends] for end in pair]
    return all((min(one, other), max(one, other)) in scores for one, other in product(*sides))


def _competing(actors: _Actors, pairs: Iterable[Ends]) -> set[int]:
    """Return the actors of pairs that want one actor for two rows of one source."""
    partners: dict[int, set[int]] = {}
    for one, other in pairs:
        partners.setdefault(one, set()).add(other)
        partners.setdefault(other, set()).add(one)
    found: set[int] = set()
    for end, wanted in partners.items():
        for one, other in combinations(sorted(wanted), 2):
            if actors.tables(one) & actors.tables(other):
                found |= {end, one, other}
    return found


def rules_of(links: Links, kept: dict[int, int]) -> Iterator[tuple[int, Link]]:
    """Yield each row that is not the kept one of its actor, with the link that leads to it from there.

    Parameters
    ----------
    links : Links
    kept : dict of int
        First row of each actor to the row that is kept.
    """
    reached: dict[int, list[tuple[int, Link]]] = {}
    for link in links.links:
        reached.setdefault(link.one, []).append((link.other, link))
        reached.setdefault(link.other, []).append((link.one, link))
    for start in kept.values():
        seen, waiting = {start}, [start]
        while waiting:
            for row, link in reached.get(waiting.pop(0), ()):
                if row not in seen:
                    seen.add(row)
                    waiting.append(row)
                    yield row, link
