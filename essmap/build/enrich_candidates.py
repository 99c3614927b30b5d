"""Who of a register may be an actor of which only name and commune are known, and how surely.

The score is that of `essmap.build.name_scores`; here it is held against everybody who answers to the name in the
commune, of the ESS or not, and not only against two lists of the ESS. So what is enough there is not enough here:

- `KEPT_FROM`: in that scale a place, a kind, a part that one side has alone costs 0.05 or more. From 0.96 on, names
  differ in nothing but how they are written: capitals, signs, order, legal form, an acronym and what it stands for, a
  typing error in a long name. The commune's own name may be on one side only. The same words, common ones though
  they be (« Foyer rural »), are the same name.
- `WITH_DOOR_FROM`: what makes two lists' rows one actor is enough where number and street are the same too.
- `MARGIN`: another unit of the ESS less than one difference behind could be meant as well: somebody decides.
- `REVIEWED_FROM`: below, no name of ``tests/data/name_pairs.csv`` is of one organisation.

What speaks against a find (`Candidate.doubts`) sends it to somebody, whatever its score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.addresses import door
from essmap.build.classify import legal_form, naf_domains
from essmap.build.enrichment import mark_of
from essmap.build.geography import Geography
from essmap.build.name_scores import SAME_NAME, name_score
from essmap.build.names import TELLING, Name, Part, read_name
from essmap.build.register import register_actors
from essmap.reference.legal import UNKNOWN
from essmap.schema.register import RegisterFile, RegisterRead
from essmap.sources.search_rows import register_rows
from essmap.sources.search_slices import Known

KEPT_FROM: Final = 0.96
WITH_DOOR_FROM: Final = SAME_NAME
REVIEWED_FROM: Final = 0.7
MARGIN: Final = 0.05
#: Lost where both say their family and they differ (as `essmap.build.merge_names`).
_OTHER_FAMILY: Final = 0.1
#: A code of this weight says what a unit is for (`essmap.build.classify`).
_CERTAIN: Final = 3
#: One establishment, by column.
Site = Mapping[str, Any]
_NO_FILE: Final = RegisterFile("api_search", "", "", "", "", "", None, "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An actor to be found.

    Attributes
    ----------
    actor_id, name, commune_code, commune_name, department : str
    family : str
        Key of `essmap.reference.families`; ``unknown``: not said.
    domains : frozenset of str
    address, siren, siret : str
        Empty: not known.
    point : tuple of float or None
        Longitude and latitude, degrees.
    """

    actor_id: str
    name: str
    commune_code: str
    commune_name: str
    department: str
    family: str = UNKNOWN
    domains: frozenset[str] = frozenset()
    address: str = ""
    siren: str = ""
    siret: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A unit that may be the actor, with its open establishments in the commune.

    Attributes
    ----------
    siren : str
    sites : tuple of mapping
        Of `Register.sites`, the surest first.
    scores : tuple of float
        Of each of them, 0 to 1.
    doors : tuple of bool
        Whether each of them is at the number and street of the actor.
    is_same_name : bool
        Whether all words are the same.
    doubts : tuple of str
        What speaks against it: ``not_ess``, ``family``, ``activity``, ``address``.
    is_large : bool
        Whether it may have more establishments in the commune than the service showed.
    """

    siren: str
    sites: tuple[Site, ...]
    scores: tuple[float, ...]
    doors: tuple[bool, ...]
    is_same_name: bool
    doubts: tuple[str, ...]
    is_large: bool = False

    @property
    def score(self) -> float:
        """Score of the surest establishment."""
        return self.scores[0]

    @property
    def has_door(self) -> bool:
        """Whether an establishment is at the number and street of the actor."""
        return any(self.doors)

    @property
    def is_of_ess(self) -> bool:
        """Whether it may be of the ESS at all."""
        return "not_ess" not in self.doubts

    @property
    def is_sure(self) -> bool:
        """Whether its name, and its address where that says as much, are those of the actor."""
        if self.score >= KEPT_FROM or self.is_same_name:
            return True
        return self.has_door and self.score >= WITH_DOOR_FROM

    @property
    def name(self) -> str:
        """Name to show."""
        return str(self.sites[0]["shown_name"])

    @property
    def site(self) -> int | None:
        """Place of the one establishment that can be meant: alone, at the same door, or by its own name; else None."""
        if sum(self.doors) == 1:
            return self.doors.index(True)
        if len(self.scores) == 1:
            return None if self.is_large else 0
        by_name = self.scores[0] >= KEPT_FROM and self.scores[0] - self.scores[1] >= MARGIN
        return 0 if by_name else None

    def mark(self, actor_id: str) -> str:
        """Return the mark of the numbers of the unit and of the establishment that is meant."""
        return mark_of(actor_id, self.siren, "" if self.site is None else str(self.sites[self.site]["siret"]))


@dataclass(frozen=True, slots=True, eq=False)
class Register:
    """Establishments that answers showed.

    Attributes
    ----------
    sites : mapping
        By SIREN, the active establishments of legal persons in the department: `REGISTER_COLUMNS` of
        `essmap.schema.register`;
        ``form``, ``family``, ``domains``, ``is_certain`` as the tables of essmap read them; ``hidden``: why nothing
        finer than the commune may be shown, or the empty string; ``shown_name``, and ``shown_address``,
        ``shown_lon``, ``shown_lat``, ``shown_precision`` (empty where hidden, or not within the commune).
    large : frozenset of str
        SIREN of units with more establishments than are shown.
    """

    sites: Mapping[str, Sequence[Site]]
    large: frozenset[str]

    @classmethod
    def of(
        cls, units: Iterable[Mapping[str, Any]], geography: Geography, *, show_non_employer_addresses: bool
    ) -> Register:
        """Read units as the service gives them, and settle first whom we do not show.

        Parameters
        ----------
        units : iterable of mapping
        geography : Geography
        show_non_employer_addresses : bool
            As `essmap.build.register.register_actors`.

        Returns
        -------
        Register
        """
        known = Known()
        for unit in units:
            known.add(dict(unit))
        frame, _, _ = register_rows(known, geography.department_code)
        rows = _described(frame, geography, shows_all=show_non_employer_addresses)
        sites: dict[str, list[Site]] = {}
        for row in rows.to_dict("records"):
            sites.setdefault(str(row["siren"]), []).append({str(name): cell for name, cell in row.items()})
        return cls(sites, frozenset(known.large))


def _described(frame: pd.DataFrame, geography: Geography, *, shows_all: bool) -> pd.DataFrame:
    """Return the rows of a register with what essmap makes of them, as a build from a register does."""
    read = RegisterRead(frame.assign(ess="yes"), len(frame), {}, (_NO_FILE,), is_complete=False)
    seen = register_actors(read, geography, show_non_employer_addresses=shows_all)
    actors = seen.frame.set_index(pd.Index(seen.identities["siret"], name="number"))
    rows = frame[frame["siret"].isin(list(actors.index))].reset_index(drop=True)
    actors = actors.loc[rows["siret"]].set_axis(rows.index)
    hidden = seen.identities.set_index("siret")["hidden"].loc[rows["siret"]].set_axis(rows.index)
    form = legal_form(rows["legal_category"], rows["name"], ess=rows["ess"], siren=rows["siren"])
    said = naf_domains(rows["naf"], rows["naf25"])
    is_placed = actors["geo_precision"].ne("municipality")
    points = gpd.GeoSeries(actors.geometry)
    return rows.assign(
        form=form,
        family=form.map(reference.legal_forms()["family"]),
        domains=said["domains"],
        is_certain=said["weight"].ge(_CERTAIN),
        hidden=hidden,
        shown_name=actors["name"],
        shown_address=actors["address"].fillna(""),
        shown_lon=points.x.map("{:.6f}".format).where(is_placed, ""),
        shown_lat=points.y.map("{:.6f}".format).where(is_placed, ""),
        shown_precision=actors["geo_precision"].where(is_placed, ""),
    )


def candidates(wanted: Wanted, sirens: Iterable[str], register: Register) -> list[Candidate]:
    """Return the units that may be an actor, the surest first.

    Parameters
    ----------
    wanted : Wanted
    sirens : iterable of str
        Units that answer to its name.
    register : Register

    Returns
    -------
    list of Candidate
        Those from `REVIEWED_FROM` on; those of its own number whatever their name.
    """
    found = []
    for siren in sorted(set(sirens)):
        sites = [site for site in register.sites.get(siren, ()) if site["commune_code"] == wanted.commune_code]
        if wanted.siret:
            sites = [site for site in sites if site["siret"] == wanted.siret]
        if sites:
            found.append(_candidate(wanted, siren, sites, register))
    passing = [one for one in found if one.score >= REVIEWED_FROM or one.siren == wanted.siren]
    return sorted(passing, key=lambda one: (-one.score, not one.has_door, one.siren))


def _candidate(wanted: Wanted, siren: str, sites: Sequence[Site], register: Register) -> Candidate:
    asked = _read(wanted.name, wanted.commune_name, wanted.department)

    def likeness(text: str) -> tuple[float, bool]:
        return _likeness(asked, _read(text, wanted.commune_name, wanted.department)) if text else (0.0, False)

    of_unit = [likeness(text) for text in _names(sites[0])]
    of_signs = [likeness(str(site["sign"]) if site["diffusion"] == "O" else "") for site in sites]
    conflict = _differ(wanted.family, str(sites[0]["family"]))
    best = max(score for score, _ in of_unit)
    scores = [round(max(best, score) - _OTHER_FAMILY * conflict, 4) for score, _ in of_signs]
    doors = [_is_door(wanted.address, str(site["address"])) for site in sites]
    order = sorted(range(len(sites)), key=lambda n: (-scores[n], not doors[n], str(sites[n]["siret"])))
    doubts = {
        "not_ess": sites[0]["ess"] != "yes" and sites[0]["family"] in {UNKNOWN, "commercial"},
        "family": conflict,
        "activity": _is_other_activity(wanted, sites),
        "address": _is_elsewhere(wanted, sites) and not any(doors),
    }
    return Candidate(
        siren,
        tuple(sites[n] for n in order),
        tuple(scores[n] for n in order),
        tuple(doors[n] for n in order),
        is_same_name=any(same for _, same in (*of_unit, *of_signs)),
        doubts=tuple(name for name, holds in doubts.items() if holds),
        is_large=siren in register.large,
    )


def _names(site: Site) -> list[str]:
    """Return how a unit may be called: its name, with and without its acronym, and its acronym."""
    name, acronym = str(site["name"]), str(site["acronym"]) if site["diffusion"] == "O" else ""
    return [name, f"{name} ({acronym})", acronym] if acronym else [name]


def _likeness(one: Name, other: Name) -> tuple[float, bool]:
    """Return the score of two names, and whether all their words are the same; the commune may be in one only."""
    pairs = [(one, other), (_without_commune(one), _without_commune(other))]
    score = max(name_score(*pair) for pair in pairs)
    same = any(bool(a.glued & b.glued and a.whole.of(*TELLING)) for a, b in pairs)
    return score, same


def _without_commune(name: Name) -> Name:
    """Return a name without the words of its commune, unless too little is left to tell."""
    parts = [
        Part(tuple(word for word in part.words if word.role != "commune"), part.in_brackets) for part in name.parts
    ]
    parts = [part for part in parts if part.of(*TELLING)]
    words = [word for part in parts for word in part.words if word.role not in ("stop", "legal")]
    if not any(word.role == "own" for word in words):
        return name
    return replace(name, parts=tuple(parts), glued=frozenset({"".join(word.text for word in words)}))


@lru_cache(maxsize=2**14)
def _read(name: str, commune: str, department: str) -> Name:
    return read_name(name, commune, department)


def _differ(one: str, other: str) -> bool:
    return UNKNOWN not in (one, other) and one != other


def _is_door(one: str, other: str) -> bool:
    """Tell whether two addresses are of one number and street; without a number nothing is told."""
    return door(one) == door(other) and door(one)[0] != ""


def _is_elsewhere(wanted: Wanted, sites: Sequence[Site]) -> bool:
    """Tell whether the actor and every establishment say a number and street."""
    return door(wanted.address)[0] != "" and all(door(str(site["address"]))[0] != "" for site in sites)


def _is_other_activity(wanted: Wanted, sites: Sequence[Site]) -> bool:
    """Tell whether the register says for sure what each establishment is for, and it is nothing that the actor does."""
    if not wanted.domains:
        return False
    return all(site["is_certain"] and site["domains"] and not wanted.domains & set(site["domains"]) for site in sites)
