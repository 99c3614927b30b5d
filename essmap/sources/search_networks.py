"""Completing units of more than 100 establishments, of which one answer of the API shows only a part.

The inner list of a unit stops at 100 establishments, and a unit that has more is several documents of the index, of
which an answer shows one. What is tried is documented: the pages of establishments of a SIREN (the service
may leave them empty), then the same filters in smaller places, down to a commune and a postcode. A unit of which as
many open establishments are known as it has open ones is complete. Two documents may still hide each other's
establishments in one commune. Each SIRET of a unit is therefore asked for, as long as there are not too many, where
something points to it: its head office is here, or a smaller place showed what a larger one had not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from stdnum import luhn

from essmap.sources.client import NoAnswerError
from essmap.sources.search_answers import INNER_AT_MOST, department_of
from essmap.sources.search_reading import PER_PAGE
from essmap.sources.search_slices import Known, Places, Slice, packed

#: Pages at most on which large units are looked for: the service sorts by number of open establishments.
_TOP_PAGES: Final = 8
_OPEN: Final = "A"
#: SIRET asked for one by one, over all units: about a minute.
_LOOKUPS_AT_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Cut:
    """A unit whose establishments in a place could not all be shown."""

    siren: str
    part: Slice


class Networks:
    """Completes large units.

    Parameters
    ----------
    ask : callable
        Returns the answer to parameters.
    places : Places
    known : Known
    department : str
        INSEE code.
    """

    def __init__(
        self, ask: Callable[[Mapping[str, str]], dict[str, Any]], places: Places, known: Known, department: str
    ) -> None:
        self._ask = ask
        self._department = department
        self._places = places
        self._known = known
        self._cut: dict[Cut, None] = {}
        self._shown: dict[Cut, set[str]] = {}
        self._lookups = 0

    def complete(self, parts: list[Slice]) -> list[Cut]:
        """Look for the establishments of large units in slices that hold all communes.

        Parameters
        ----------
        parts : list of Slice
            Of communes, with no other filter.

        Returns
        -------
        list of Cut
            What may still be missing.

        Raises
        ------
        SourceError
            If the service is down, or no longer what it was.
        """
        for siren in self._open_ones():
            self._by_siren(siren)
        for part in parts:
            self._within(part)
        doubtful = {cut.siren: cut.part for cut in self._shown if self._is_hiding(cut)}
        doubtful |= {cut.siren: cut.part for cut in self._cut}
        local = (siren for siren in self._open_ones() if self._is_local(siren))
        doubtful = {**{siren: Slice(self._department) for siren in local}, **doubtful}
        for siren in sorted(doubtful, key=self._missing):
            if not self._by_siret(siren):
                self._cut[Cut(siren, doubtful[siren])] = None
        still = set(self._open_ones())
        return [cut for cut in self._cut if cut.siren in still]

    def _open_ones(self) -> list[str]:
        """Return the large units of which open establishments may be missing."""
        return sorted(siren for siren in self._known.large if not self._is_complete(siren))

    def _is_complete(self, siren: str) -> bool:
        sites = self._known.sites[siren].values()
        opened = sum(site.get("etat_administratif") == _OPEN for site in sites)
        unit = self._known.units[siren]
        return bool(len(sites) >= unit["nombre_etablissements"] or opened >= unit["nombre_etablissements_ouverts"])

    def _by_siren(self, siren: str) -> None:
        """Turn the pages of establishments of a unit, for as long as they bring something."""
        pages = math.ceil(self._known.units[siren]["nombre_etablissements"] / INNER_AT_MOST)
        for number in range(1, pages + 1):
            before = len(self._known.sites[siren])
            asked = {"q": siren, "page": "1", "per_page": str(PER_PAGE), "page_etablissements": str(number)}
            try:
                units = self._ask(asked)["results"]
            except NoAnswerError:
                return
            ours = [unit for unit in units if unit["siren"] == siren]
            for unit in ours:
                self._known.add(unit)
            is_empty = not any(unit["matching_etablissements"] for unit in ours)
            if is_empty or (number > 1 and len(self._known.sites[siren]) == before) or self._is_complete(siren):
                return

    def _missing(self, siren: str) -> int:
        """Return how many establishments of a unit were never shown."""
        return int(self._known.units[siren]["nombre_etablissements"] - len(self._known.sites[siren]))

    def _is_local(self, siren: str) -> bool:
        """Tell whether the head office of a unit is in the department, so that most of its establishments may be."""
        seat = self._known.units[siren]["siege"]
        return department_of(str(seat.get("commune") or "")) == self._department

    def _is_hiding(self, cut: Cut) -> bool:
        """Tell whether an answer that had room for more did not show what is known of a unit there."""
        postcodes = set(dict(cut.part.filters).get("code_postal", "").split(",")) - {""}
        there = {
            siret
            for siret, site in self._known.sites[cut.siren].items()
            if site.get("commune") in cut.part.communes and (not postcodes or site.get("code_postal") in postcodes)
        }
        shown = self._shown[cut]
        return len(shown) < INNER_AT_MOST and not there <= shown and not self._is_complete(cut.siren)

    def _by_siret(self, siren: str) -> bool:
        """Ask for each SIRET of a unit that is not known; tell whether all of them are known then.

        A SIRET is the SIREN, a number from 1 in the order of creation, and a check digit (INSEE).
        """
        count = self._known.units[siren]["nombre_etablissements"]
        if not luhn.is_valid(siren) or self._lookups + self._missing(siren) > _LOOKUPS_AT_MOST:
            return False
        for number in range(1, count + 1):
            digits = f"{siren}{number:04}"
            siret = digits + luhn.calc_check_digit(digits)
            if siret in self._known.sites[siren]:
                continue
            self._lookups += 1
            try:
                units = self._ask({"q": siret, "page": "1", "per_page": str(PER_PAGE)})["results"]
            except NoAnswerError:
                continue
            for unit in units:
                if unit["siren"] == siren:
                    self._known.add(unit)
            if self._is_complete(siren):
                return True
        return self._is_complete(siren)

    def _within(self, part: Slice) -> None:
        """Look for large units in a slice, in smaller and smaller places."""
        shown = self._top(part)
        if not shown:
            return
        if len(part.communes) > 1:
            for smaller in self._smaller(part, set(shown)):
                self._within(smaller)
            return
        (commune,) = part.communes
        postcodes = sorted({*self._places.postcodes.get(commune, ()), *self._known.postcodes_in(commune)})
        if not part.has("code_postal") and (len(postcodes) > 1 or max(shown.values()) >= INNER_AT_MOST):
            for values in self._postcodes(postcodes, is_cut=max(shown.values()) >= INNER_AT_MOST):
                self._within(part.of("code_postal", ",".join(values)))
        elif max(shown.values()) >= INNER_AT_MOST:
            self._cut |= {Cut(siren, part): None for siren, rows in shown.items() if rows >= INNER_AT_MOST}

    def _top(self, part: Slice) -> dict[str, int]:
        """Return the large units that a slice shows, with how many establishments it shows of each."""
        wanted = self._open_ones()
        shown: dict[str, int] = {}
        if not wanted:
            return shown
        least = min(self._known.units[siren]["nombre_etablissements_ouverts"] for siren in wanted)
        for number in range(1, _TOP_PAGES + 1):
            try:
                units = self._ask({**part.parameters, "page": str(number), "per_page": str(PER_PAGE)})["results"]
            except NoAnswerError:
                self._cut |= {Cut(siren, part): None for siren in wanted}
                break
            for unit in units:
                self._known.add(unit)
                if unit["siren"] in wanted:
                    rows = {str(site.get("siret")) for site in unit["matching_etablissements"]}
                    self._shown.setdefault(Cut(unit["siren"], part), rows)
                    shown[unit["siren"]] = len(rows)
            if len(units) < PER_PAGE or units[-1]["nombre_etablissements_ouverts"] < least:
                break
        still = set(self._open_ones())
        return {siren: rows for siren, rows in shown.items() if siren in still}

    def _smaller(self, part: Slice, sirens: set[str]) -> Iterator[Slice]:
        """Yield each commune where one of the units was seen, then the others together."""
        seen = set().union(*(self._known.communes_of(siren) for siren in sirens)) & set(part.communes)
        for code in sorted(seen):
            yield replace(part, communes=(code,))
        others = [code for code in part.communes if code not in seen]
        if seen and others:
            yield replace(part, communes=tuple(others))
        elif others:
            yield replace(part, communes=tuple(others[: len(others) // 2]))
            yield replace(part, communes=tuple(others[len(others) // 2 :]))

    @staticmethod
    def _postcodes(postcodes: list[str], *, is_cut: bool) -> Iterator[tuple[str, ...]]:
        """Yield each postcode of a commune; where its list was cut, all others of the department too (a CEDEX)."""
        yield from ((code,) for code in postcodes)
        if is_cut:
            beginnings = sorted({code[:2] for code in postcodes})
            others = [f"{start}{number:03}" for start in beginnings for number in range(1000)]
            yield from packed([code for code in others if code not in postcodes], lambda _: 1, len(others))
