"""Reading a slice of the API Recherche d'entreprises whole, although its pages repeat some units and skip others.

The service sorts by number of open establishments without any tie-breaker: most units tie, so that two pages may come
in two orders. But a page always holds the next so many *places* of the list. Reading to the last page therefore counts
the slice exactly, whatever the approximate total says, and each unit that was shown twice means that another was
skipped. What was skipped is then looked for: where most was repeated, with pages of another size; then in smaller
slices, since one that fits on a page can skip nothing. What cannot be found is a `Shortfall`, never a silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from essmap.sources.client import NoAnswerError
from essmap.sources.search_answers import check_parted
from essmap.sources.search_reading import CAP, EXACT_UP_TO, PER_PAGE, Reading, Shortfall, least_of
from essmap.sources.search_slices import FLAGS, Known, Places, Slice, divisions, repeats

#: Units from which a slice is divided before it is read: well below the cap, as the contract advises.
DEEPEST: Final = 5_000
#: Sizes of page with which a slice is looked at again: other borders, so other units beside them.
_OTHER_SIZES: Final = (24, 23, 22, 21, 20)
_LAST_SIZES: Final = (19, 18)
_BARREN: Final = 8  # pages in a row that bring nothing: this round has given what it could
_DEPTH: Final = 2  # filters of a slice beyond which it is divided only if it is too large to be read
_REPAIRS_UNTIL: Final = 10_000  # requests after which nothing more is looked for
_HOLE: Final = ""  # a place of the list whose page never came


class Sweep:
    """Reads slices, and notes in ``known`` all that answers show.

    Parameters
    ----------
    ask : callable
        Returns the answer to parameters, as `essmap.sources.search_answers.read_answer` does.
    places : Places
    known : Known
    """

    def __init__(self, ask: Callable[[Mapping[str, str]], dict[str, Any]], places: Places, known: Known) -> None:
        self._ask = ask
        self._places = places
        self.known = known
        self._shown: dict[tuple[Slice, int, int], tuple[list[str], int]] = {}

    def page(self, part: Slice, number: int, size: int = PER_PAGE) -> tuple[list[str], int]:
        """Return the units of a page, and the total that the service says.

        Parameters
        ----------
        part : Slice
        number : int
            From 1.
        size : int
            Units on a page.

        Returns
        -------
        units : list of str
            SIREN.
        total : int

        Raises
        ------
        NoAnswerError
            If this page could not be had; others may be.
        SourceError
            If the service is down, or no longer what it was.
        """
        key = (part, number, size)
        if key not in self._shown:
            answer = self._ask({**part.parameters, "page": str(number), "per_page": str(size)})
            for unit in answer["results"]:
                self.known.add(unit)
            self._shown[key] = [unit["siren"] for unit in answer["results"]], answer["total_results"]
        return self._shown[key]

    def read(self, part: Slice, *, is_checked: bool = False) -> Reading:
        """Read a slice whole, or as far as it can be.

        Parameters
        ----------
        part : Slice
        is_checked : bool
            Whether what holds this slice has been counted: a total that all is found of is then believed.

        Returns
        -------
        Reading
            Whole, or with its shortfalls.

        Raises
        ------
        SourceError
            If the service is down, or no longer what it was.
        """
        reading = Reading(part, self.known.members(part), self.total(part))
        if is_checked and self._is_known(reading):
            return reading
        for step in self._steps(reading):
            try:
                step(reading)
            except NoAnswerError:
                continue
            reading.found |= self.known.members(part)
            reading.short = self._still_short(reading)
            is_proved = reading.is_whole and step.func == self._divide and not reading.short
            if is_proved or (reading.is_sure and not reading.is_in_doubt):
                break
            if len(self._shown) > _REPAIRS_UNTIL:
                break
        is_whole = reading.is_whole or self._is_whole_by_now(reading)
        if reading.is_sure and not reading.is_in_doubt:
            reading.short = []
        elif not is_whole and not reading.short:
            reading.short = [Shortfall(part, len(reading.found), reading.needed)]
        return reading

    def _still_short(self, reading: Reading) -> list[Shortfall]:
        """Return the parts found short that later ones did not complete: of the first way to divide that has some."""
        still: list[Shortfall] = []
        for short in reading.short:
            found = max(short.found, len(self.known.members(short.part)))
            is_same_way = not still or [name for name, _ in short.part.filters] == [
                name for name, _ in still[0].part.filters
            ]
            if is_same_way and (short.expected is None or found < short.expected):
                still.append(Shortfall(short.part, found, short.expected))
        return still

    def _is_known(self, reading: Reading) -> bool:
        """Tell whether all units of a slice are known: by its total, or by its count where that is not exact."""
        if reading.total is None or len(reading.found) < least_of(reading.total):
            return False
        if reading.total <= EXACT_UP_TO:
            return len(reading.found) >= reading.total
        with suppress(NoAnswerError):
            reading.count = self.count(reading.part)
        return reading.count is not None and len(reading.found) >= reading.count

    def total(self, part: Slice) -> int | None:
        """Return how many units the service says a slice holds; None where it does not answer.

        Parameters
        ----------
        part : Slice

        Returns
        -------
        int or None

        Raises
        ------
        SourceError
            If the service is down, or no longer what it was.
        """
        for size in (PER_PAGE, _OTHER_SIZES[0]):
            try:
                return self.page(part, 1, size)[1]
            except NoAnswerError:
                continue
        return None

    def _steps(self, reading: Reading) -> Iterator[partial[None]]:
        """Yield what can be done, one after the other, until the slice is whole."""
        again = partial(partial, self._look_again)
        ways = divisions(reading.part, self._places, self.known)
        if reading.total is not None and reading.total <= PER_PAGE:  # all of it is on one page: nothing is skipped
            yield partial(self._walk)
            yield again(size=_OTHER_SIZES[0])
            if len(reading.part.communes) > 1:  # something is counted and never shown: at least say where
                yield partial(self._divide, division=next(ways))
            return
        if len(reading.part.filters) >= _DEPTH and (reading.total or 0) <= DEEPEST:
            ways = iter(())
        if reading.total is None:
            if len(reading.part.communes) > 1:
                yield partial(self._divide, division=next(ways))
            return
        if reading.total > DEEPEST:
            yield partial(self._count)
            yield from (partial(self._divide, division=division) for division in ways)
            if reading.total >= CAP and reading.count is None:  # too many to be counted or read: its parts tell
                reading.count = None if reading.short else len(reading.found)
                return
        yield partial(self._walk)
        yield from (again(size=size) for size in _OTHER_SIZES)
        yield from (partial(self._divide, division=division) for division in ways)
        yield from (again(size=size) for size in _LAST_SIZES)

    def _walk(self, reading: Reading) -> None:
        """Read page after page to the last: the places are then counted."""
        total, is_counted = reading.total or 0, reading.count is not None
        slots: list[str] = []
        for number in range(1, CAP // PER_PAGE + 1):
            try:
                units = self.page(reading.part, number)[0]
            except NoAnswerError:
                units = [_HOLE] * PER_PAGE
            if units:
                slots += [_HOLE] * ((number - 1) * PER_PAGE - len(slots)) + units
                reading.found.update(units)
            if is_counted and reading.is_sure:
                break
            is_last = len(units) < PER_PAGE or _HOLE in units
            if is_last and number * PER_PAGE >= (total if _HOLE in units else least_of(total)):
                break
        reading.found.discard(_HOLE)
        while slots and slots[-1] == _HOLE:
            slots.pop()
        reading.slots, reading.count = slots, max(len(slots), reading.count or 0)

    def _look_again(self, reading: Reading, size: int) -> None:
        """Ask again with pages of another size, first where most units were repeated, until nothing is missing."""
        is_enough = size != _OTHER_SIZES[0] and len(reading.found) >= (reading.count or 0)
        if not reading.slots or is_enough:  # nothing was skipped, and one other look was enough to see it
            return
        twice = repeats(reading.slots)
        pages = range(1, min(math.ceil(max(len(twice), reading.total or 0) / size), CAP // size) + 1)
        weights = {number: sum(twice[(number - 1) * size : number * size]) for number in pages}
        is_aimed = any(weights.values()) and len(reading.found) < len(twice)
        barren = 0
        for number in sorted(pages, key=lambda number: (-weights[number], number)):
            before = len(reading.found)
            try:
                reading.found.update(self.page(reading.part, number, size)[0])
            except NoAnswerError:
                continue
            barren = 0 if len(reading.found) > before else barren + 1
            if reading.is_sure or (is_aimed and barren == _BARREN):
                break

    def _divide(self, reading: Reading, division: list[Slice]) -> None:
        short: list[Shortfall] = []
        for part in division:
            child = self.read(part, is_checked=reading.count is not None)
            reading.found |= child.found
            short += child.short
            if reading.count is not None and reading.is_sure:
                return
        reading.short += short

    def _count(self, reading: Reading) -> None:
        reading.count = self.count(reading.part)

    def count(self, part: Slice, flags: tuple[str, ...] = FLAGS) -> int | None:
        """Return how many units a slice holds, by where its list ends.

        Parameters
        ----------
        part : Slice
        flags : tuple of str
            What a slice over the cap may be parted by, to be counted in two halves.

        Returns
        -------
        int or None
            None where even the smallest part is over the cap.

        Raises
        ------
        NoAnswerError
            If a page that tells could not be had.
        SourceError
            If the service is down, or no longer what it was.
        """
        total = self.page(part, 1)[1]
        number = self._end(part, total, PER_PAGE) if total < CAP else None
        if number is not None or not flags:
            return number
        parts = [part.of(flags[0], value) for value in ("true", "false")]
        halves = [self.count(half, flags[1:]) for half in parts]
        check_parted(self.page(parts[0], 1)[0], self.page(parts[1], 1)[0], flags[0])
        return None if None in halves else sum(half for half in halves if half is not None)

    def _end(self, part: Slice, total: int, size: int) -> int | None:
        """Return the places of a list, looking for its last page around where the total says it is."""
        full, beyond, step = 0, CAP // size + 1, 1
        number = min(max(math.ceil(total / size), 1), beyond - 1)
        while beyond - full > 1:
            units = len(self.page(part, number, size)[0])
            if 0 < units < size:
                return (number - 1) * size + units
            if units:
                full, number = number, min(number + step, (number + beyond) // 2)
            else:
                beyond, number = number, max(number - step, (full + number) // 2)
            step *= 2
        return full * size if full < CAP // size else None

    def _is_whole_by_now(self, reading: Reading) -> bool:
        """Tell whether the index has changed meanwhile, so that the slice holds fewer units than it did."""
        if reading.total is None or reading.count is None:
            return False
        try:
            count = self._end(reading.part, reading.count, _LAST_SIZES[-1] - 1)
        except NoAnswerError:
            return False
        return count is not None and least_of(reading.total) <= count <= len(reading.found)
