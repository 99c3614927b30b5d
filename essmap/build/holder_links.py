"""Find the actor that holds a support, by what a list says of it: identifier, SIRET, SIREN, or name and commune."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final

import pandas as pd

from essmap.build.name_scores import SAME_NAME, name_score, rests_on_initials
from essmap.build.names import TELLING, Name, Role, read_name
from essmap.schema.folding import fold

#: Roles of words that tell names apart wherever one side has them alone (`essmap.build.name_scores`).
_OWN: Final[tuple[Role, ...]] = ("own", "mark")
#: Letters left out of a word to find it mistyped, by its least number of letters: two in words that may be as long as
#: nine with an error more or less, one from four on (`essmap.build.name_scores`).
_ERRORS: Final = ((7, 2), (4, 1))


class HolderIndex:
    """Actors to be found by what a list says of the holder of a support.

    Parameters
    ----------
    actors : DataFrame
        `essmap.schema.tables.ACTORS`. Masked: a holder that shows no number is found by its name only.
    merges : DataFrame
        `essmap.schema.tables.MERGES`: other names and identifiers of actors.
    """

    def __init__(self, actors: pd.DataFrame, merges: pd.DataFrame) -> None:
        self.ids = frozenset(actors["actor_id"])
        self.commune = dict(zip(actors["actor_id"], actors["commune_code"], strict=True))
        self.siren = dict(zip(actors["actor_id"], actors["siren"], strict=True))
        self._of_number = {number: _grouped(actors[number], actors["actor_id"]) for number in ("siret", "siren")}
        self._commune_name = dict(zip(actors["commune_code"], actors["commune_name"], strict=True))
        names = [*zip(actors["actor_id"], actors["name"], strict=True)]
        names += [*zip(merges["kept_id"], merges["merged_name"], strict=True)]
        self._names: dict[str, list[tuple[str, str]]] = {}
        self._exact: dict[tuple[str, str], list[str]] = {}
        for actor, name in dict.fromkeys(names):
            if actor in self.ids:
                self._names.setdefault(self.commune[actor], []).append((actor, name))
                self._exact.setdefault((self.commune[actor], fold(name)), []).append(actor)
        kept = _grouped(merges["merged_id"], merges["kept_id"])
        self._merged = {merged: found[0] for merged, found in kept.items() if len(set(found)) == 1}
        self._ready: dict[str, _Commune] = {}
        self._found: dict[tuple[str, str, str], str | None] = {}

    def holder(self, row: Mapping[Hashable, Any]) -> tuple[str | None, str]:
        """Return the actor that holds a support and how it was found.

        Parameters
        ----------
        row : mapping
            ``actor_id``, ``holder_siret``, ``holder_siren``, ``holder_name``, ``commune_code``; empty: not said.

        Returns
        -------
        (str or None, str)
            ``actor_id``, ``siret``, ``siren``, ``name`` or ``none``.
        """
        given = row["actor_id"]
        for known in (given, self._merged.get(given)):
            if known in self.ids:
                return known, "actor_id"
        of_siret = self._of_number["siret"].get(row["holder_siret"], [])
        if len(of_siret) == 1:
            return of_siret[0], "siret"
        of_siren = self._of_number["siren"].get(row["holder_siren"], [])
        here = [actor for actor in of_siren if self.commune[actor] == row["commune_code"]]
        for found in (here, of_siren):
            if len(found) == 1:
                return found[0], "siren"
        key = (row["holder_name"], row["commune_code"], row["holder_siren"])
        if key not in self._found:
            self._found[key] = self._by_name(*key)
        named = self._found[key]
        return (named, "name") if named is not None else (None, "none")

    def _by_name(self, name: str, commune: str, number: str) -> str | None:
        """Return the one actor of the commune that has the name and no other number."""
        if commune not in self._names:
            return None
        exact = {actor for actor in self._exact.get((commune, fold(name)), ()) if self._may_be(actor, number)}
        if exact:
            return exact.pop() if len(exact) == 1 else None
        if commune not in self._ready:
            self._ready[commune] = _Commune(self._names[commune], self._commune_name.get(commune, ""), commune)
        scores = {
            actor: score for actor, score in self._ready[commune].scores(name).items() if self._may_be(actor, number)
        }
        best = max(scores.values(), default=0.0)
        found = [actor for actor, score in scores.items() if score == best]
        return found[0] if best >= SAME_NAME and len(found) == 1 else None

    def _may_be(self, actor: str, number: str) -> bool:
        siren = self.siren[actor]
        return not (number and isinstance(siren, str) and siren != number)


class _Commune:
    """The names of a commune, read once, and those of them that are worth a close look.

    `essmap.build.name_scores` lets no word of its own stand on one side only. So names that may be one have all words
    of their own of some part of either in common, as they are or mistyped; names of common words only have those that
    say what they are. Acronyms are found by their letters.
    """

    def __init__(self, names: list[tuple[str, str]], commune_name: str, code: str) -> None:
        department = code[:3] if code.startswith("97") else code[:2]
        self._place = (commune_name, department)
        self._actors = [actor for actor, _ in names]
        self._names = [read_name(name, *self._place) for _, name in names]
        self._letters: dict[tuple[str, str], list[int]] = {}
        self._words: dict[str, set[int]] = {}
        self._plain: set[int] = set()
        self._own: list[list[set[str]]] = []
        for row, one in enumerate(self._names):
            for key in _letters(one):
                self._letters.setdefault(key, []).append(row)
            for word in one.whole.of(*TELLING):
                self._words.setdefault(word.text, set()).add(row)
            self._own.append([{word.text for word in part.of(*_OWN)} for part in (one.whole, *one.parts)])
            if not all(self._own[row]):
                self._plain.add(row)
        self._near: dict[str, set[str]] = {}
        self._rows: dict[str, set[int]] = {}
        self._shapes: dict[str, list[str]] = {}
        for text in self._words:
            for shape in _shapes(text):
                self._shapes.setdefault(shape, []).append(text)

    def scores(self, name: str) -> dict[str, float]:
        """Return the best score of each actor whose name may be this one; initials alone prove nothing."""
        wanted = read_name(name, *self._place)
        scores: dict[str, float] = {}
        for row in sorted(self._candidates(wanted)):
            actor, score = self._actors[row], name_score(wanted, self._names[row])
            if score > scores.get(actor, 0.0) and not rests_on_initials(wanted, self._names[row]):
                scores[actor] = score
        return scores

    def _candidates(self, wanted: Name) -> set[int]:
        found: set[int] = set()
        opposite = {"acronym": "initials", "initials": "acronym", "glued": "glued"}
        for kind, letters in _letters(wanted):
            found.update(self._letters.get((opposite[kind], letters), ()))
        near = set().union(*(self._alike(word.text) for word in wanted.whole.of(*TELLING)))
        for part in (wanted.whole, *wanted.parts):
            if own := part.of(*_OWN):
                rows = set.intersection(*(self._with(word.text) for word in own))
            elif kinds := part.of("kind"):
                rows = set.intersection(*(self._with(word.text) for word in kinds)) & self._plain
            else:
                rows = set().union(*(self._with(word.text) for word in part.of("section"))) & self._plain
            found.update(row for row in rows if any(own <= near for own in self._own[row]))
        return found

    def _with(self, text: str) -> set[int]:
        """Return the names that have a word, as it is or mistyped."""
        if text not in self._rows:
            self._rows[text] = set().union(*(self._words[other] for other in self._alike(text)))
        return self._rows[text]

    def _alike(self, text: str) -> set[str]:
        """Return the words of the commune's names that may be this one mistyped, or are it."""
        if text not in self._near:
            self._near[text] = {other for shape in _shapes(text) for other in self._shapes.get(shape, ())}
        return self._near[text]


def _shapes(word: str) -> set[str]:
    """Return a word with up to as many letters left out as it may have typing errors: one of them is in both words.

    A word may be mistyped into one that is longer, and then be allowed the errors of that one.
    """
    errors = next((errors for letters, errors in _ERRORS if len(word) >= letters), 0)
    return {
        "".join(letter for place, letter in enumerate(word) if place not in gone)
        for n in range(errors + 1)
        for gone in combinations(range(len(word)), n)
    }


def _letters(name: Name) -> Iterator[tuple[str, str]]:
    """Yield what finds a name by letters rather than words: without spaces, as an acronym, by its initials."""
    for kind, found in (("glued", name.glued), ("acronym", name.acronyms), ("initials", name.initials)):
        for letters in found:
            yield kind, letters


def _grouped(keys: pd.Series[str], ids: pd.Series[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, actor in zip(keys, ids, strict=True):
        if isinstance(key, str) and key:
            found.setdefault(key, []).append(actor)
    return found
