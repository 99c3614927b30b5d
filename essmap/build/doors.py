"""Tell whether two addresses of one commune may be one place, however each of them is written.

What it is for: a list must not show at its address an association whose registered office the register protects. So a
doubt counts as one place: a number that is missing, a building or a residence more, a street that is mistyped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from essmap.build.addresses import WAYS, prepare_address, without_post
from essmap.schema.folding import fold

#: Words this much alike (0-100, RapidFuzz) are one word mistyped.
_ALIKE: Final = 80
_TOKEN: Final = re.compile(r"[a-z0-9]+")
_NUMBER: Final = re.compile(r"(\d{1,4})[a-z]?")
_BESIDE_A_NUMBER: Final = frozenset({"bis", "ter", "quater", "et", "n", "no"})
_LITTLE: Final = frozenset({
    "a", "au", "aux", "bis", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "no", "quater", "sur", "ter",
})  # fmt: skip
#: Words that say where inside a plot somebody is.
_INSIDE: Final = frozenset({
    "appartement", "appt", "apt", "bat", "batiment", "bloc", "boite", "entree", "esc", "escalier", "etage", "hall",
    "immeuble", "imm", "porte", "rdc", "tour",
})  # fmt: skip
_KINDS: Final = frozenset(
    {*WAYS, *(fold(written).split()[0] for written in WAYS.values()), "allees", "clos", "voie", "lieudit"}
)


@dataclass(frozen=True, slots=True)
class Door:
    """Numbers that stand before the kind of a way, and the words that name the way."""

    numbers: frozenset[str]
    words: frozenset[str]


def read_door(address: str) -> Door:
    """Read number and street of an address.

    Parameters
    ----------
    address : str
        On one line, as any source writes it.

    Returns
    -------
    Door
        Folded. Without words where nothing names a street or a place: a box of the post, a town alone.

    Examples
    --------
    >>> door = read_door("Résidence 3 Pins, 12-14 RUE DES LILAS (2e étage), 31000 Toulouse")
    >>> sorted(door.numbers), sorted(door.words)
    (['12', '14'], ['lilas', 'pins'])
    """
    tokens = _TOKEN.findall(fold(without_post(address)))
    numbers: set[str] = set()
    waiting: set[str] = set()
    leading: set[str] | None = None
    for token in tokens:
        if (found := _NUMBER.fullmatch(token)) is not None:
            waiting.add(found[1])
        elif token in _KINDS:
            numbers |= waiting
            waiting = set()
        elif token not in _BESIDE_A_NUMBER and len(token) > 1:
            leading = waiting if leading is None else leading
            waiting = set()
    plain = _TOKEN.findall(fold(prepare_address(address)))
    words = {word for word in plain if not word[0].isdigit() and len(word) > 1} - _LITTLE - _INSIDE
    return Door(frozenset(numbers or leading or ()), frozenset(words - _KINDS or words - {"rue"}))


def same_door(one: str, other: str) -> bool | None:
    """Tell whether two addresses of one commune may be one place.

    Parameters
    ----------
    one, other : str

    Returns
    -------
    bool or None
        True: they share a number and a word of the street; or one has no number and one street contains the other.
        None: one of them names no street.

    Examples
    --------
    >>> same_door("12 rue des Lilas, bât. B", "12 RUE DES LILAS"), same_door("14 rue des Lilas", "12 RUE DES LILAS")
    (True, False)
    >>> same_door("BP 12", "12 RUE DES LILAS") is None
    True
    """
    here, there = read_door(one), read_door(other)
    if not here.words or not there.words:
        return None
    if here.numbers and there.numbers:
        return bool(here.numbers & there.numbers) and any(_found(here.words, there.words))
    return all(_found(here.words, there.words)) or all(_found(there.words, here.words))


def _found(words: frozenset[str], among: frozenset[str]) -> list[bool]:
    """Tell of each word whether it is, perhaps mistyped, among others."""
    return [any(fuzz.ratio(word, like) >= _ALIKE for like in among) for word in words]
