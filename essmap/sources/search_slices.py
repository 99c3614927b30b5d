"""Slices of what the API Recherche d'entreprises can be asked, and what is known so far of the units in each.

Pure: nothing here asks anything. A slice is a set of filters; it can be divided along one more filter. Sections divide
before postcodes, since the postcode of a masked establishment is hidden and a CEDEX has one of its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from essmap.sources.search_answers import INNER_AT_MOST, UNIT_FILTERS, sites_of
from essmap.texts import t

#: Sections of NAF rév. 2.
SECTIONS: Final = "ABCDEFGHIJKLMNOPQRSTU"
#: Registers name the districts of three cities, not the city: its code, the first district, how many there are (INSEE,
#: Code officiel géographique).
CITY_DISTRICTS: Final = {"75056": (75101, 20), "69123": (69381, 9), "13055": (13201, 16)}
#: Computed by the service for every unit: with true and false, each parts all units in two.
FLAGS: Final = ("convention_collective_renseignee", "est_association", "est_organisme_formation")
#: What the service takes as a value of a list; it refuses a whole request for one value of another form.
_FORM: Final = {"activite_principale": re.compile(r"\d\d\.\d\d[A-Z]"), "nature_juridique": re.compile(r"\d{4}")}
#: Units expected in one slice of several values: it should fit on one page of 25, where nothing can be skipped.
_ONE_PAGE: Final = 18
#: Values at most in one list, so that no address grows beyond what servers take.
_VALUES_AT_MOST: Final = 150


@dataclass(frozen=True, slots=True)
class Slice:
    """What is asked of the service.

    Attributes
    ----------
    department : str
        INSEE code.
    communes : tuple of str
        INSEE codes; empty: the whole department.
    filters : tuple of (str, str)
        More parameters of the service, in the order in which they were added.
    """

    department: str
    communes: tuple[str, ...] = ()
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> dict[str, str]:
        """The filters as the service takes them."""
        place = {"code_commune": ",".join(self.communes)} if self.communes else {"departement": self.department}
        return {"est_ess": "true", "etat_administratif": "A", **place, **dict(self.filters)}

    def of(self, name: str, value: str) -> Slice:
        """Return the part that has one more filter."""
        return replace(self, filters=(*self.filters, (name, value)))

    def has(self, name: str) -> bool:
        """Tell whether it is filtered on that parameter."""
        return any(name == known for known, _ in self.filters)


@dataclass(slots=True)
class Known:
    """Everything that answers have shown so far.

    Attributes
    ----------
    units : dict
        The last that was shown of each unit, by SIREN.
    sites : dict
        Establishments by SIREN, then SIRET; what the head office's block says wins, since it says more.
    large : set of str
        SIREN of the units that have more establishments than one answer shows.
    """

    units: dict[str, dict[str, Any]] = field(default_factory=dict)
    sites: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    _by_commune: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def add(self, unit: dict[str, Any]) -> None:
        """Note a unit and the establishments that it shows."""
        siren = unit["siren"]
        self.units[siren] = unit
        if unit["nombre_etablissements"] > INNER_AT_MOST:
            self.large.add(siren)
        sites = self.sites.setdefault(siren, {})
        for site in sites_of(unit):
            sites[str(site.get("siret"))] = {**sites.get(str(site.get("siret")), {}), **site}
            places = self._by_commune.setdefault(str(site.get("commune") or ""), {})
            places.setdefault(siren, set()).add(str(site.get("code_postal") or ""))

    def members(self, part: Slice) -> set[str]:
        """Return the known units that are surely in a slice.

        Parameters
        ----------
        part : Slice

        Returns
        -------
        set of str
            SIREN; a unit that only a hidden value puts in the slice is not among them.
        """
        wanted = dict(part.filters)
        postcodes = set(wanted.pop("code_postal", "").split(",")) - {""}
        if set(wanted) - set(UNIT_FILTERS):
            return set()
        tests = [(UNIT_FILTERS[name], frozenset(value.split(","))) for name, value in wanted.items()]
        found = set()
        for siren, codes in self._candidates(part):
            unit = self.units[siren]
            if (not postcodes or postcodes & codes) and all(unit.get(name) in values for name, values in tests):
                found.add(siren)
        return found

    def _candidates(self, part: Slice) -> Iterator[tuple[str, set[str]]]:
        if part.communes:
            communes: Sequence[str] = part.communes
        else:
            communes = [code for code in self._by_commune if code.startswith(part.department)]
        for code in communes:
            yield from self._by_commune.get(code, {}).items()

    def communes_of(self, siren: str) -> set[str]:
        """Return the communes where a unit has shown an establishment, closed ones included."""
        return {str(site.get("commune") or "") for site in self.sites.get(siren, {}).values()}

    def postcodes_in(self, commune: str) -> set[str]:
        """Return the postcodes that establishments of a commune have shown."""
        return {code for codes in self._by_commune.get(commune, {}).values() for code in codes if code.isdigit()}


@dataclass(frozen=True, slots=True)
class Places:
    """The communes of the department.

    Attributes
    ----------
    names : mapping
        Commune code to name.
    postcodes : mapping
        Commune code to postcodes.
    population : mapping
        Commune code to inhabitants.
    """

    names: Mapping[str, str]
    postcodes: Mapping[str, tuple[str, ...]]
    population: Mapping[str, int]

    def groups(self, inhabitants: int) -> list[tuple[str, ...]]:
        """Return all communes in groups of about so many inhabitants, in the order of their codes."""
        return packed(sorted(self.names), self.population.__getitem__, inhabitants)


def with_districts(places: Places) -> Places:
    """Return places where Paris, Lyon and Marseille are followed by their districts, which registers name instead.

    Parameters
    ----------
    places : Places

    Returns
    -------
    Places
        The inhabitants of a city are shared out evenly among its districts, which have its postcodes of their number.
    """
    names, postcodes, population = dict(places.names), dict(places.postcodes), dict(places.population)
    for city, (first, count) in CITY_DISTRICTS.items():
        if city not in places.names:
            continue
        population[city] = 0
        for number in range(1, count + 1):
            code = str(first + number - 1)
            names.setdefault(code, f"{places.names[city]} {number}{'er' if number == 1 else 'e'}")
            own = tuple(postcode for postcode in places.postcodes[city] if postcode[-2:] == f"{number:02}")
            postcodes.setdefault(code, own)
            population.setdefault(code, places.population[city] // count)
    return Places(names, postcodes, population)


def packed(values: Sequence[str], weight: Callable[[str], int], full: int) -> list[tuple[str, ...]]:
    """Return values in groups whose weights add up to at most ``full``, unless one alone is heavier.

    Examples
    --------
    >>> packed(["a", "b", "c"], {"a": 1, "b": 1, "c": 5}.__getitem__, 2)
    [('a', 'b'), ('c',)]
    """
    groups: list[tuple[str, ...]] = []
    group: list[str] = []
    total = 0
    for value in values:
        if group and (total + weight(value) > full or len(group) == _VALUES_AT_MOST):
            groups.append(tuple(group))
            group, total = [], 0
        group.append(value)
        total += weight(value)
    return [*groups, tuple(group)] if group else groups


def divisions(part: Slice, places: Places, known: Known) -> Iterator[list[Slice]]:
    """Yield the ways to divide a slice, the surest first; each is made when it is asked for, from what is known then.

    Parameters
    ----------
    part : Slice
    places : Places
    known : Known

    Yields
    ------
    list of Slice
        Together they need not hold all of the slice: a value may be missing or hidden.
    """
    if len(part.communes) > 1:
        yield [replace(part, communes=group) for group in _smaller(part, known)]
        return
    if not part.has("section_activite_principale"):
        yield [part.of("section_activite_principale", section) for section in SECTIONS]
    if part.communes and not part.has("code_postal"):
        (commune,) = part.communes
        postcodes = sorted({*places.postcodes.get(commune, ()), *known.postcodes_in(commune)})
        if len(postcodes) > 1:
            yield [part.of("code_postal", code) for code in postcodes]
    for name in ("activite_principale", "nature_juridique"):
        if not part.has(name):
            groups = _values_seen(part, name, known)
            if len(groups) > 1:
                yield [part.of(name, ",".join(group)) for group in groups]


def _smaller(part: Slice, known: Known) -> list[tuple[str, ...]]:
    """Return the communes of a slice in groups that should fit on a page each; in halves where they all would."""
    seen = {code: len(known.members(replace(part, communes=(code,)))) for code in part.communes}
    groups = packed(part.communes, lambda code: seen[code] + 1, _ONE_PAGE)
    if len(groups) > 1:
        return groups
    middle = len(part.communes) // 2
    return [part.communes[:middle], part.communes[middle:]]


def _values_seen(part: Slice, name: str, known: Known) -> list[tuple[str, ...]]:
    seen = Counter(known.units[siren].get(UNIT_FILTERS[name]) for siren in known.members(part))
    values = {str(value): count for value, count in seen.items() if _FORM[name].fullmatch(str(value))}
    return packed(sorted(values, key=lambda value: (-values[value], value)), values.__getitem__, _ONE_PAGE)


def repeats(slots: Sequence[str]) -> list[int]:
    """Return for each position of a list how often its unit was shown elsewhere in it.

    Where much was shown twice, something else was skipped.

    Examples
    --------
    >>> repeats(["a", "b", "a"])
    [1, 0, 1]
    """
    seen = Counter(slots)
    return [seen[siren] - 1 for siren in slots]


def describe(part: Slice, places: Places) -> str:
    """Return where a slice is, in French."""
    names = sorted(places.names.get(code, code) for code in part.communes)
    if not names:
        where = t("search_api.where.department")
    elif len(names) == 1:
        where = t("search_api.where.commune", name=names[0])
    else:
        where = t("search_api.where.communes", first=names[0], last=names[-1], n=len(names))
    labels = defaultdict(lambda: "filter", section_activite_principale="section", code_postal="postcode")
    labels |= {"activite_principale": "activity", "nature_juridique": "legal_category"}
    more = [t(f"search_api.where.{labels[name]}", value=value.replace(",", ", ")) for name, value in part.filters]
    return ", ".join([where, *more])
