"""How well merging tells organisations apart, and how long it takes.

Real pairs of names (``tests/data/name_pairs.csv``); the starter rows against themselves written otherwise, as a
register of the same communes; against rows of other communes moved there, which are never them; and the time of a whole
department. Everything but the starter names is made up. Sensitive rows are left out: what is merged into one is not
written down.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.made_up import SEED, made_up_actors
from essmap.build.merge import merge_actors
from essmap.build.name_scores import SAME_NAME, name_similarity
from essmap.build.names import read_name
from essmap.build.starter import build_starter
from essmap.schema.folding import fold

PAIRS = Path(__file__).resolve().parents[1] / "tests" / "data" / "name_pairs.csv"
REGISTER_ROWS = 20_000
_WORD = re.compile(r"\w{5,}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the starter rows beside a planted register."""

    planted: int
    right: int
    wrong: int

    @property
    def recall(self) -> float:
        """Share of planted rows that were merged into the row they came from."""
        return self.right / self.planted if self.planted else float("nan")


def capitals(name: str, _commune: str, _rng: random.Random) -> str:
    """As registers write: capitals, no accent, no sign but spaces."""
    return fold(name).upper()


def without_accents(name: str, _commune: str, _rng: random.Random) -> str:
    """No accent, signs kept."""
    return "".join(fold(sign) or sign for sign in name)


def legal_form(name: str, _commune: str, rng: random.Random) -> str:
    """A legal form before or behind."""
    return rng.choice(
        ("ASSOCIATION {}", "Association {}", "{} SCIC", "SCOP SARL {}", "{} (association loi 1901)")
    ).format(name)


def acronym(name: str, commune: str, _rng: random.Random) -> str:
    """The initials of the first part where it has at least three telling words, before what they stand for."""
    words = [word.text for word in read_name(name, commune, "31").parts[0].words if word.role != "stop"]
    initials = "".join(word[0] for word in words if word[0].isalpha())
    return f"{initials.upper()} - {name}" if len(initials) >= 3 else ""


def acronym_alone(name: str, commune: str, rng: random.Random) -> str:
    """The same initials alone."""
    return acronym(name, commune, rng).partition(" - ")[0]


def typing_error(name: str, _commune: str, rng: random.Random) -> str:
    """Two letters exchanged, one left out or doubled in a word of at least five."""
    words = list(_WORD.finditer(name))
    if not words:
        return ""
    word = rng.choice(words)
    place = rng.randrange(word.start() + 1, word.end() - 1)
    one, two = name[place], name[place + 1]
    return name[:place] + rng.choice((two + one, two, one + one + two)) + name[place + 2 :]


def word_order(name: str, _commune: str, _rng: random.Random) -> str:
    """Parts between dashes exchanged; else the words in reverse."""
    parts = re.split(r"\s[-–]\s", name)
    return " – ".join(reversed(parts)) if len(parts) > 1 else " ".join(reversed(name.split()))


def commune_added(name: str, commune: str, _rng: random.Random) -> str:
    """The commune behind, where it is not in the name."""
    return "" if fold(commune) in fold(name) else f"{name} {commune}"


VARIATIONS: dict[str, Callable[[str, str, random.Random], str]] = {
    function.__name__.replace("_", " "): function
    for function in (
        capitals, without_accents, legal_form, acronym, acronym_alone, typing_error, word_order, commune_added
    )
}  # fmt: skip


def open_rows(starter: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows that are not sensitive, numbered anew."""
    return starter[~starter["is_sensitive"]].reset_index(drop=True)


def planted(starter: gpd.GeoDataFrame, vary: Callable[[str, str, random.Random], str], *, seed: int = SEED) -> Outcome:
    """Merge the starter rows with a register that holds each of them under a varied name.

    A variation that gives nothing, or the same name, plants nothing.
    """
    rng = random.Random(seed)  # noqa: S311  nothing secret
    names = [vary(name, commune, rng) for name, commune in zip(starter["name"], starter["commune_name"], strict=True)]
    is_planted = [bool(new) and new != old for new, old in zip(names, starter["name"], strict=True)]
    register = starter.assign(name=names)[is_planted]
    return _merged(starter, register, dict(zip(_ids(register), register["actor_id"], strict=True)))


def moved(starter: gpd.GeoDataFrame, *, seed: int = SEED) -> Outcome:
    """Merge the starter rows with a register of as many that stand in other communes than their own."""
    order = np.random.default_rng(seed).permutation(len(starter))
    place = starter[["commune_code", "commune_name"]].take(order).reset_index(drop=True)
    register = starter.reset_index(drop=True).assign(**place)
    return _merged(starter, register[register["commune_code"].to_numpy() != starter["commune_code"].to_numpy()], {})


def _ids(register: gpd.GeoDataFrame) -> list[str]:
    return [f"siret-{number:014d}" for number in register.index]


def _merged(starter: gpd.GeoDataFrame, register: gpd.GeoDataFrame, origin: dict[str, str]) -> Outcome:
    """Return how many rows of a register went where they come from, and elsewhere."""
    ids = _ids(register)
    register = register.assign(
        actor_id=ids, siret=[one.removeprefix("siret-") for one in ids], source="made_up", source_kind="register"
    )
    register["siren"] = register["siret"].str[5:]
    bare = starter.assign(siren=pd.Series(None, index=starter.index, dtype="str"), siret=None)
    merges = merge_actors([("starter_actors", bare), ("made_up", register)]).merges
    right = sum(origin.get(row.merged_id) == row.kept_id for row in merges.itertuples())
    return Outcome(len(register), right, len(merges) - right)


def pair_scores() -> tuple[float, float]:
    """Return precision (share of « no » pairs left apart) and recall on the real pairs."""
    pairs = pd.read_csv(PAIRS, dtype=str, keep_default_na=False)
    cells = zip(pairs["name_a"], pairs["name_b"], pairs["commune"], strict=True)
    found = np.array([name_similarity(one, other, commune, "31") >= SAME_NAME for one, other, commune in cells])
    wanted = pairs["same"].eq("yes").to_numpy()
    return float((~found[~wanted]).mean()), float(found[wanted].mean())


def seconds(starter: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, rows: int = REGISTER_ROWS) -> float:
    """Return how long it takes to merge the starter rows with so many made-up rows of a register.

    Their names are made of the words of starter names, so that many share words.
    """
    rng = np.random.default_rng(SEED)
    words = np.array([word for name in starter["name"] for word in name.split()])
    register = made_up_actors(rows, communes)
    register["name"] = [" ".join(rng.choice(words, size=size)).upper() for size in rng.integers(2, 6, size=rows)]
    siret = pd.Series([f"{number:014d}" for number in range(rows)], dtype="str")
    register = register.assign(actor_id="siret-" + siret, siret=siret, siren=siret.str[5:], source_kind="register")
    start = time.perf_counter()
    merge_actors([("starter_actors", starter), ("made_up", register)])
    return time.perf_counter() - start


def main() -> None:
    """Print every measurement."""
    snapshot = build_starter("31")
    starter = open_rows(snapshot.layer("actors"))
    precision, recall = pair_scores()
    print(f"\nMerging: real pairs of names: precision on « no » {precision:.3f}, recall on « yes » {recall:.3f}")
    print(f"{'starter names written otherwise':<34} {'planted':>8} {'found':>8} {'recall':>8} {'wrong':>6}")
    for name, vary in VARIATIONS.items():
        outcome = planted(starter, vary)
        print(f"{name:<34} {outcome.planted:>8} {outcome.right:>8} {outcome.recall:>8.3f} {outcome.wrong:>6}")
    elsewhere = moved(starter)
    print(f"{'rows of other communes, moved':<34} {elsewhere.planted:>8} {'':>8} {'':>8} {elsewhere.wrong:>6}")
    spent = seconds(starter, snapshot.layer("communes"))
    print(f"{REGISTER_ROWS} rows of a register x {len(starter)} starter rows: {spent:.1f} s")


if __name__ == "__main__":
    main()
