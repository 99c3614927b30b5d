"""Pairs of rows of different sources that their names in one commune make one actor."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from essmap.build.name_scores import SAME_NAME, name_score, rests_on_initials
from essmap.build.names import Name, read_name
from essmap.schema.folding import fold

#: Names less alike than this by their words (0-100, RapidFuzz) are not compared closely: no pair of one organisation
#: in ``tests/data/name_pairs.csv`` is under it, apart from acronyms, which are found by their letters.
_WORTH_A_LOOK: Final = 65
#: Rows compared with all others of the commune at once, so that memory stays small.
_AT_ONCE: Final = 500
#: Two points less far apart than this in longitude and latitude are one place, in degrees (about 100 m).
_NEAR: Final = 0.001
#: Lost where both say their family and they differ: only the same name passes.
_OTHER_FAMILY: Final = 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two rows (positions in the table) that may be one actor, how surely, and whether they share an address.

    ``is_enough`` is false where the names have but initials in common and nothing else says that they are one.
    """

    score: float
    same_address: bool
    one: int
    other: int
    is_enough: bool = True


def candidates(rows: pd.DataFrame) -> list[Candidate]:
    """Return every pair of rows that names make one actor, in no particular order.

    Rows of one source are never paired, nor are two units of different SIREN or two establishments of different SIRET.

    Parameters
    ----------
    rows : DataFrame
        Columns of `essmap.schema.tables.ACTORS` and ``table``, the source each row was read from; index 0 to n - 1.

    Returns
    -------
    list of Candidate
        ``one < other``; scores from `SAME_NAME` to 1.
    """
    found: list[Candidate] = []
    for _, group in rows.groupby("commune_code", sort=True):
        is_open = group["siret"].isna()
        if group["table"].nunique() > 1 and is_open.any():
            found += _of_commune(group, is_open)
    return found


def _of_commune(group: pd.DataFrame, is_open: pd.Series[bool]) -> Iterator[Candidate]:
    """Yield the candidates of one commune; one of the two has no SIRET."""
    commune, code = str(group["commune_name"].iloc[0]), str(group["commune_code"].iloc[0])
    department = code[:3] if code.startswith("97") else code[:2]
    read = {name: read_name(name, commune, department) for name in group["name"].unique()}
    names = [read[name] for name in group["name"]]
    rows = group[["table", "siren", "siret", "family"]].to_dict("records")
    address = [fold(text) if isinstance(text, str) else "" for text in group["address"]]
    places = [
        None if precision == "municipality" else (point.x, point.y)
        for precision, point in zip(group["geo_precision"], group["geometry"], strict=True)
    ]
    asked = np.flatnonzero(is_open.to_numpy(dtype=bool))
    seen: set[tuple[int, int]] = set()
    for i, j in (*_by_words(names, asked), *_by_letters(names, asked)):
        pair = (min(i, j), max(i, j))
        if pair in seen or not _may_be_one(rows[i], rows[j]):
            continue
        seen.add(pair)
        score = name_score(names[i], names[j]) - _OTHER_FAMILY * _differ(rows[i]["family"], rows[j]["family"])
        if round(score, 4) >= SAME_NAME:
            one, other = (int(group.index[k]) for k in pair)
            same_address = bool(address[i]) and address[i] == address[j]
            is_enough = same_address or _is_near(places[i], places[j]) or not rests_on_initials(names[i], names[j])
            yield Candidate(round(score, 2), same_address, one, other, is_enough)


def _is_near(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    """Tell whether two rows have a position of their own, and the same but for the error of a geocoder."""
    return one is not None and other is not None and max(abs(a - b) for a, b in zip(one, other, strict=True)) < _NEAR


def _by_words(names: list[Name], asked: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the rows that have words in common, or the same letters once spaces are gone."""
    texts = [name.significant for name in names]
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        alike = process.cdist(
            [texts[i] for i in some], texts, scorer=fuzz.token_set_ratio, score_cutoff=_WORTH_A_LOOK, dtype=np.uint8
        )
        for i, j in zip(*np.nonzero(alike), strict=True):
            yield int(some[i]), int(j)
    glued: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        for letters in name.glued:
            glued.setdefault(letters, []).append(j)
    for i in asked:
        yield from ((int(i), j) for letters in names[i].glued for j in glued[letters])


def _by_letters(names: list[Name], asked: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the rows of which one may be the acronym of the other."""
    acronyms: dict[str, list[int]] = {}
    initials: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        for letters in name.acronyms:
            acronyms.setdefault(letters, []).append(j)
        for letters in name.initials:
            initials.setdefault(letters, []).append(j)
    for i in asked:
        for letters in names[i].initials:
            yield from ((int(i), j) for j in acronyms.get(letters, ()))
        for letters in names[i].acronyms:
            yield from ((int(i), j) for j in initials.get(letters, ()))


def _may_be_one(one: Mapping[Hashable, object], other: Mapping[Hashable, object]) -> bool:
    """Tell whether nothing forbids that two rows are one actor."""
    if one["table"] == other["table"]:
        return False
    return not any(_differ(one[column], other[column]) for column in ("siren", "siret"))


def _differ(one: object, other: object) -> bool:
    """Tell whether two values are known and differ."""
    known = [value for value in (one, other) if isinstance(value, str) and value != "unknown"]
    return len(known) == 2 and known[0] != known[1]
