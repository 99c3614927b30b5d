"""How well enrichment finds who is who, against a stand-in of the register that holds matches and traps.

Each gathered row gets a fate: it is in the register, under its name written otherwise; it is there beside somebody of
the same name, or nearly; or only others are there: in another commune, outside the ESS, of another family or activity,
or of a name that is nearly the same. Where a gathered row has an address, its unit has it too in four cases of five.
Precision counts what was kept and right among what was kept, recall what was
found among what could be. Everything but the names of the gathered rows is made up. What nobody could tell by name,
commune, family and activity (another unit that has them all, where the true one is not there under that name) is not
planted.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from benchmarks.made_up import SEED
from benchmarks.merging import VARIATIONS
from essmap.build.enrich import Enriched, enrich, wanted_actors
from essmap.build.enrich_candidates import Wanted
from essmap.build.enrich_lines import Rules
from essmap.build.enrichment import NOTHING, Line, mark_of
from essmap.build.geography import Geography
from essmap.build.names import read_name
from essmap.build.starter import load_geography
from essmap.build.starter_files import read_starter
from essmap.reference.legal import UNKNOWN
from essmap.schema.folding import fold
from essmap.sources.client import Client, Manners
from essmap.sources.search_api import SearchService
from essmap.sources.search_names import ask_names
from tests.standins.made_up_department import Site, Unit, with_key
from tests.standins.search_api import FakeClock, SearchStandIn

#: Fates with their weights.
FATES = {
    "match": 40, "match_and_near": 10, "match_and_homonym_outside_the_ess": 6, "match_and_homonym": 8,
    "homonym_elsewhere": 8, "homonym_outside_the_ess": 5, "homonym_of_another_family": 5,
    "homonym_of_another_activity": 4, "near": 14, "closed": 3, "person": 2, "nobody": 5,
}  # fmt: skip
#: Fates in which the true unit can be told from everybody else.
FINDABLE = ("match", "match_and_near", "match_and_homonym_outside_the_ess")
#: Where nothing may be kept; beside a homonym an address may still tell.
TRAPS = tuple(fate for fate in FATES if not fate.startswith("match"))
ROUNDS = 3
#: Legal categories of families (INSEE).
CATEGORIES = {
    "association": "9220", "cooperative": "5458", "mutual": "8210", "foundation": "9300", "commercial": "5710",
}  # fmt: skip
_OUTSIDE = "5499"
#: Codes that say for sure what a unit is for: a nursery, a recycling centre, a sports club, a vegetable garden.
_TELLING = {
    "88.91A": {"petite_enfance_jeunesse"}, "38.32Z": {"reemploi_dechets"}, "93.12Z": {"sport_loisirs"},
    "01.13Z": {"alimentation_agriculture"},
}  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """What became of the planted rows.

    Attributes
    ----------
    kept, right : int
        Lines, and those whose unit is the true one.
    findable, found : int
        Rows whose unit could be told, and those that were found.
    by_fate : Counter
        Kept and not kept, by fate.
    by_variation : dict
        Rows and finds, by the way their name was written.
    review : int
        Rows left to somebody.
    requests : int
    """

    kept: int = 0
    right: int = 0
    findable: int = 0
    found: int = 0
    by_fate: Counter[tuple[str, bool]] = field(default_factory=Counter)
    by_variation: dict[str, list[int]] = field(default_factory=dict)
    review: int = 0
    requests: int = 0

    @property
    def precision(self) -> float:
        """Share of lines that are right."""
        return self.right / self.kept if self.kept else float("nan")

    @property
    def recall(self) -> float:
        """Share of the findable rows that were found."""
        return self.found / self.findable if self.findable else float("nan")


class Planted:
    """A register for some gathered rows.

    Parameters
    ----------
    wanted : list of Wanted
    geography : Geography
    seed : int

    Attributes
    ----------
    units : list of Unit
    fates : dict of str
        By actor.
    truth : dict of str
        Mark of the true unit, by actor.
    variations : dict of str
        How its name is written, by actor.
    """

    def __init__(self, wanted: list[Wanted], geography: Geography, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311  nothing secret
        self._serial = 0
        communes = geography.communes
        self._places = {
            str(code): (str(name).upper(), str(next(iter(codes))), float(lon), float(lat))
            for code, name, codes, lon, lat in zip(
                communes["commune_code"], communes["commune_name"], communes["postcodes"],
                communes["point_lon"], communes["point_lat"], strict=True,
            )
        }  # fmt: skip
        read = (read_name(one.name, one.commune_name, "31") for one in wanted)
        self._words = [word.text for name in read for word in name.whole.of("own") if len(word.text) > 5]
        self.units: list[Unit] = []
        self.fates: dict[str, str] = {}
        self.truth: dict[str, str] = {}
        self.variations: dict[str, str] = {}
        for one in wanted:
            fate = self._rng.choices(list(FATES), list(FATES.values()))[0]
            if fate == "homonym_of_another_family" and one.family == UNKNOWN:
                fate = "nobody"
            self.fates[one.actor_id] = fate
            self.units += list(self._plant(one, fate))

    def _plant(self, wanted: Wanted, fate: str) -> Iterator[Unit]:
        """Yield the units that a fate puts into the register; the true one is not always the first by number."""
        if self._rng.random() < 0.5:
            yield from self._others(wanted, fate)
            yield from self._true(wanted, fate)
        else:
            yield from self._true(wanted, fate)
            yield from self._others(wanted, fate)

    def _true(self, wanted: Wanted, fate: str) -> Iterator[Unit]:
        if fate.startswith("match"):
            name, acronym = self._written(wanted, fate)
            true = self._unit(wanted, name, acronym=acronym, is_masked=self._rng.random() < 0.05)
            if wanted.address and self._rng.random() < 0.8:
                true.sites[0].street = ("", "", fold(wanted.address).upper())
            self.truth[wanted.actor_id] = mark_of(wanted.actor_id, true.siren, true.sites[0].siret)
            yield true

    def _others(self, wanted: Wanted, fate: str) -> Iterator[Unit]:
        if fate in {"near", "match_and_near"}:
            yield self._unit(wanted, near_name(wanted.name, self._words, self._rng))
        other = {
            "match_and_homonym": {}, "homonym_elsewhere": {"commune": self._elsewhere(wanted)},
            "match_and_homonym_outside_the_ess": {"nature": _OUTSIDE, "is_ess": False},
            "homonym_outside_the_ess": {"nature": _OUTSIDE, "is_ess": False},
            "homonym_of_another_family": {"nature": "9300" if wanted.family == "association" else "9220"},
            "homonym_of_another_activity": {"naf": self._other_activity(wanted)},
            "closed": {"is_open": False}, "person": {"is_person": True, "nature": "1000"},
        }.get(fate)  # fmt: skip
        if other is not None:
            yield self._unit(wanted, wanted.name, **other)

    def _written(self, wanted: Wanted, fate: str) -> tuple[str, str]:
        """Return the name and the acronym as a register may write them."""
        how = "capitals" if fate == "match_and_homonym" else self._rng.choice([*VARIATIONS, *["capitals"] * 3])
        name = VARIATIONS[how](wanted.name, wanted.commune_name, self._rng)
        self.variations[wanted.actor_id] = how if name else "capitals"
        if how == "acronym" and name:
            acronym, _, name = name.partition(" - ")
            return name, acronym
        return name or fold(wanted.name), ""

    def _elsewhere(self, wanted: Wanted) -> str:
        return self._rng.choice([code for code in self._places if code != wanted.commune_code])

    @staticmethod
    def _other_activity(wanted: Wanted) -> str:
        return next(code for code, domains in _TELLING.items() if not wanted.domains & domains)

    def _unit(self, wanted: Wanted, name: str, *, commune: str = "", naf: str = "94.99Z", **said: object) -> Unit:
        self._serial += 1
        commune = commune or wanted.commune_code
        town, postcode, lon, lat = self._places[commune]
        values = {
            "siren": with_key(f"{91_000_000 + self._serial:08}"), "name": fold(name).upper(), "acronym": "",
            "nature": CATEGORIES.get(wanted.family, "9220"), "naf": naf, "section": "S",
            "employer": self._rng.choice(["O", "O", "N", None]), "band": None,
        }  # fmt: skip
        unit = Unit(**{**values, **said})  # type: ignore[arg-type]
        unit.sites.append(
            Site(
                with_key(f"{unit.siren}0001"), commune, town, postcode,
                (str(self._rng.randint(1, 90)), "RUE", f"INVENTEE {self._serial}"),
                is_open=unit.is_open, is_seat=True, is_masked=unit.is_masked, lon=f"{lon}", lat=f"{lat}",
            )
        )  # fmt: skip
        return unit


def near_name(name: str, words: list[str], rng: random.Random) -> str:
    """Return a name that is nearly the same and another: a number, a letter, a place, a kind, a word, a branch more."""
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"{name} 2",
        lambda: f"{name} B",
        lambda: f"{name} {rng.choice(['Comminges', 'Lauragais', 'Volvestre', 'Occitanie'])}",
        lambda: f"{rng.choice(['Crèche', 'Théâtre', 'Garage', 'Librairie'])} {name}",
        lambda: f"{name} {rng.choice(words)}",
        lambda: f"Les amis de {name}",
        lambda: f"{name} – antenne de {rng.choice(words)}",
        lambda: _replaced(name, words, rng),
    )
    return rng.choice(ways)()


def _replaced(name: str, words: list[str], rng: random.Random) -> str:
    """Return a name with its longest word replaced by another one."""
    longest = max(name.split(), key=len)
    return name.replace(longest, rng.choice([word for word in words if fold(word) not in fold(name)]))


def measure(seed: int, raw: pd.DataFrame, geography: Geography, cache: Path, outcome: Outcome) -> Enriched:
    """Enrich the gathered rows against one planted register, and add up what became of them."""
    rules = Rules(NOTHING)
    wanted, _ = wanted_actors(raw, geography, rules)
    planted = Planted(wanted, geography, seed)
    clock = FakeClock()
    stand_in = SearchStandIn(planted.units, seed=seed, clock=clock)
    service = SearchService("http://stand.in", cache)
    with Client(Manners(rate=1000), transport=stand_in.transport(), clock=clock) as client:
        found = enrich(raw, geography, lambda questions: ask_names(service, questions, client=client), rules)
    lines = {line.actor_id: line for line in found.lines}
    for one in wanted:
        _count(outcome, planted, one.actor_id, lines.get(one.actor_id))
    outcome.review += len(found.doubts)
    outcome.requests += found.asked.requests
    return found


def _count(outcome: Outcome, planted: Planted, actor_id: str, line: Line | None) -> None:
    fate, truth = planted.fates[actor_id], planted.truth.get(actor_id, "-")
    is_right = line is not None and truth.startswith(line.mark)
    outcome.by_fate[fate, line is not None] += 1
    if line is not None:
        outcome.kept += 1
        outcome.right += is_right
    if fate in FINDABLE:
        outcome.findable += 1
        outcome.found += is_right
        told = outcome.by_variation.setdefault(planted.variations[actor_id], [0, 0])
        told[0] += 1
        told[1] += is_right


def measured(rounds: int = ROUNDS) -> Outcome:
    """Return what became of the gathered rows of Haute-Garonne against as many planted registers."""
    geography = load_geography("31")
    raw = read_starter("31", geography.communes).actors.frame
    outcome = Outcome()
    for n in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            measure(SEED + n, raw, geography, Path(cache), outcome)
    return outcome


def main(arguments: list[str] | None = None) -> None:
    """Print every measurement; ``--quick``: one register instead of several."""
    start = time.perf_counter()
    outcome = measured(1 if "--quick" in (arguments or []) else ROUNDS)
    spent = time.perf_counter() - start
    print(f"\nEnrichment: {outcome.kept} lines kept, {outcome.right} right: precision {outcome.precision:.4f}, "
          f"recall {outcome.recall:.3f} of {outcome.findable} that could be told; {outcome.review} left to somebody; "
          f"{outcome.requests} requests, {spent:.1f} s without waiting")  # fmt: skip
    print(f"{'what the register holds':<36} {'rows':>6} {'kept':>6}")
    for fate in FATES:
        kept, others = outcome.by_fate[fate, True], outcome.by_fate[fate, False]
        print(f"{fate.replace('_', ' '):<36} {kept + others:>6} {kept:>6}")
    print(f"{'name of the true unit':<36} {'rows':>6} {'found':>6}")
    for how, (rows, found) in sorted(outcome.by_variation.items()):
        print(f"{how:<36} {rows:>6} {found:>6}")


if __name__ == "__main__":
    main()
