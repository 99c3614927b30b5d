"""How surely two names in one commune are of one organisation: a score from 0 to 1.

Many organisations are called almost alike: the same word with another number, letter, place or branch. So the score is
not a distance between two strings. Words are put in pairs (equal, an acronym and what it stands for, a typing error),
and what is left over decides: where each side has something that the other has not, they are two organisations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from essmap.build.names import ACRONYM_LETTERS, TELLING, Name, Part, Role, Word, read_name

#: At least this much alike: one organisation. Every loss below is chosen around it, on the real pairs of
#: ``tests/data/name_pairs.csv``: two small differences pass, three do not.
SAME_NAME: Final = 0.85
_ONLY_PLACE: Final = 0.05  # one side names a place more: « Maison de l'Avenir Comminges »
_ONLY_KIND: Final = 0.06  # one side says what it is: « Ressourcerie Récobrada »
_ONLY_PART: Final = 0.08  # one side has another name too: « L'Amandier – résidence L'Envol »
_COMMON_WORDS: Final = 0.1  # nothing but common words: « Foyer rural »

#: Typing errors allowed in a word, by its least number of letters; shorter words must be equal.
_ERRORS: Final = ((9, 2), (5, 1))
#: Words of an acronym that are neither a place nor a branch, at least.
_TELLING_WORDS: Final = 2
#: Letters that words of their own have in both at least, or they are no better than common words: « & Co ».
_OWN_LETTERS: Final = 3
_ACRONYM_WORDS: Final = 3


def name_score(one: Name, other: Name) -> float:
    """Return how surely two names of one commune are of one organisation.

    Parameters
    ----------
    one, other : Name
        Read with the same commune and department.

    Returns
    -------
    float
        0 to 1; from `SAME_NAME` on they are taken as one. 0 where each has something that the other has not.
        Symmetric.
    """
    if one.glued & other.glued and one.whole.of(*TELLING):
        return 1.0 if one.whole.of("own", "mark") else 1.0 - _COMMON_WORDS
    score = _compare(one.whole, other.whole)
    if len(one.parts) > 1 or len(other.parts) > 1:
        score = max(score, _compare_parts(one.parts, other.parts))
    return round(score, 4)


def name_similarity(one: str, other: str, commune: str = "", department: str = "") -> float:
    """Return `name_score` of two names as they are written.

    Examples
    --------
    >>> name_similarity("L'Atelier des Bricoleurs", "ASSOCIATION L ATELIER DES BRICOLEURS")
    1.0
    >>> name_similarity("Emmaüs Toulouse", "Emmaüs 31", "Toulouse", "31")
    0.0
    """
    return name_score(read_name(one, commune, department), read_name(other, commune, department))


def rests_on_initials(one: Name, other: Name) -> bool:
    """Tell whether two names have nothing of their own in common but letters that are the initials of words.

    Three or four letters are the initials of many organisations: of such a pair the names alone prove nothing. An
    acronym that every list knows for a kind of place or a network (MJC, CUMA) is more than initials.

    Examples
    --------
    >>> rests_on_initials(read_name("ARVL"), read_name("Association régionale des vétérans de Luchon"))
    True
    >>> rests_on_initials(read_name("ARVL"), read_name("ARVL – Association régionale des vétérans de Luchon"))
    False
    """
    if one.glued & other.glued or one.acronyms & other.acronyms & (_own(one) | _own(other)):
        return False
    if any(here == there or _likeness(here, there) > 0 for here in _own(one) for there in _own(other)):
        return False
    return any(
        _run(word, part.words)
        for short, long in ((one, other), (other, one))
        for word in short.acronyms & _own(short)
        for part in long.parts
    )


def _own(name: Name) -> set[str]:
    return {word.text for word in name.whole.of("own")}


@dataclass(slots=True)
class _Pairing:
    """Words of two parts put in pairs: what stays alone on each side, and how alike the pairs are."""

    matched: list[tuple[Word, Word, float]]
    alone: tuple[list[Word], list[Word]]

    @property
    def tells_apart(self) -> bool:
        """Whether what is alone tells two organisations apart."""
        if self.has_on_one("mark", "own"):  # a number, a letter or a word of its own always does
            return True
        return any(
            all(self._has(side, *roles) for side in self.alone) for roles in (("kind", "section"), ("place", "commune"))
        )

    def has_on_one(self, *roles: Role) -> bool:
        """Tell whether a word of these roles is alone on a side."""
        return any(self._has(side, *roles) for side in self.alone)

    @staticmethod
    def _has(side: Sequence[Word], *roles: Role) -> bool:
        return any(word.role in roles for word in side)

    @property
    def own(self) -> list[tuple[Word, Word, float]]:
        """Pairs of words that belong to these names only."""
        return [pair for pair in self.matched if pair[0].role == pair[1].role == "own"]

    @property
    def is_own(self) -> bool:
        """Whether those words are more than an initial or two."""
        return sum(len(one.text) for one, _, _ in self.own) >= _OWN_LETTERS

    @property
    def likeness(self) -> float:
        """Mean likeness of all pairs or of the words of their own, whichever is less; long words count more."""
        return min(_mean(self.matched), _mean(self.own) if self.own else 1.0)


def _mean(pairs: Sequence[tuple[Word, Word, float]]) -> float:
    letters = [len(one.text) + len(other.text) for one, other, _ in pairs]
    return sum(n * pair[2] for n, pair in zip(letters, pairs, strict=True)) / max(sum(letters), 1)


def _compare(one: Part, other: Part) -> float:
    """Return how surely two parts are one name."""
    pairing = _pair(one, other)
    if not pairing.matched or pairing.tells_apart:
        return 0.0
    score = pairing.likeness - _ONLY_PLACE * pairing.has_on_one("place", "commune")
    has_kind = pairing.has_on_one("kind", "section")
    if not pairing.is_own:
        return _common(pairing, score)
    if has_kind and not _stands_alone(pairing, has_place=pairing.has_on_one("place", "commune")):
        return 0.0
    return score - _ONLY_KIND * has_kind


def _common(pairing: _Pairing, score: float) -> float:
    """Judge names of common words only: what they are must be in both, and a place or a number too to be sure.

    The commune's own name may be on one side only: « Foyer rural » is that of the commune.
    """
    roles = {one.role for one, _, _ in pairing.matched}
    if not roles & {"kind", "section"} or pairing.has_on_one("kind", "place"):
        return 0.0
    if not roles & {"place", "commune", "mark"}:
        return 0.0 if pairing.has_on_one("section") else score - _COMMON_WORDS
    return score - _ONLY_KIND * pairing.has_on_one("section")


def _stands_alone(pairing: _Pairing, *, has_place: bool) -> bool:
    """Tell whether the words in both are a name of their own, the side with a kind of place more being that name.

    « Ressourcerie Récobrada » is Récobrada; « Théâtre du Pavé » may be far from « Le Pavé », « Radio Canal Sud » from
    « Canal », « Maison de l'économie solidaire » from « Maison de l'économie ».
    """
    if len(pairing.own) > 1:
        return True
    return not has_place and not any(one.is_linked or other.is_linked for one, other, _ in pairing.own)


def _compare_parts(ones: Sequence[Part], others: Sequence[Part]) -> float:
    """Return how surely two names of several parts are of one organisation, part by part."""
    scores = sorted(
        ((_compare(one, other), i, j) for i, one in enumerate(ones) for j, other in enumerate(others)), reverse=True
    )
    left, right, found = set(range(len(ones))), set(range(len(others))), []
    for score, i, j in scores:
        if score > 0 and i in left and j in right:
            left.remove(i)
            right.remove(j)
            found.append((score, ones[i], others[j]))
    if not found or (left and right):
        return 0.0
    score = min(score for score, _, _ in found)
    alone = [ones[i] for i in left] + [others[j] for j in right]
    if not alone:
        return score
    if any(part.of("section") and part.of("own", "mark") for part in alone):  # a branch is not the whole
        return 0.0
    if not any(_tells_by_itself(one, other, score) for score, one, other in found):
        return 0.0
    return score - _ONLY_PART


def _tells_by_itself(one: Part, other: Part, score: float) -> bool:
    """Tell whether one part in both is enough: words of its own, and no « (crèche X) » that says where it is."""
    is_exact = score > 1 - _ONLY_PLACE
    return bool(one.of("own") and other.of("own")) and (is_exact or not (one.in_brackets or other.in_brackets))


def _pair(one: Part, other: Part) -> _Pairing:
    """Put the words of two parts in pairs: equal, then what an acronym stands for, then typing errors."""
    lefts = [word for word in one.words if word.role not in ("stop", "legal")]
    rights = [word for word in other.words if word.role not in ("stop", "legal")]
    matched: list[tuple[Word, Word, float]] = []
    for left in list(lefts):
        right = next((word for word in rights if word.text == left.text), None)
        if right is not None:
            matched.append((left, right, 1.0))
            lefts.remove(left)
            rights.remove(right)
    matched += _spelled_out(lefts, rights, other) + _spelled_out(rights, lefts, one)
    for likeness, i, j in sorted(_alike(lefts, rights), key=lambda item: (-item[0], item[1:])):
        if lefts[i].role != "stop" and rights[j].role != "stop":
            matched.append((lefts[i], rights[j], likeness))
            lefts[i] = rights[j] = Word("", "stop", is_linked=False)
    return _Pairing(matched, (lefts, rights))


def _alike(lefts: Sequence[Word], rights: Sequence[Word]) -> Iterator[tuple[float, int, int]]:
    for i, left in enumerate(lefts):
        for j, right in enumerate(rights):
            if (likeness := _likeness(left.text, right.text)) > 0:
                yield likeness, i, j


@lru_cache(maxsize=2**16)
def _likeness(one: str, other: str) -> float:
    """Return how alike two words are if one may be the other mistyped, else 0; digits are never mistyped."""
    longest = max(len(one), len(other))
    allowed = next((errors for letters, errors in _ERRORS if longest >= letters), 0)
    if not allowed or [s for s in one if s.isdecimal()] != [s for s in other if s.isdecimal()]:
        return 0.0
    errors = OSA.distance(one, other, score_cutoff=allowed)
    return 1 - errors / longest if errors <= allowed else 0.0


def _spelled_out(lefts: list[Word], rights: list[Word], other: Part) -> list[tuple[Word, Word, float]]:
    """Pair the acronyms of one side with the words they stand for; takes them away from both lists."""
    found = []
    for left in [word for word in lefts if len(word.text) in ACRONYM_LETTERS and word.text.isalpha()]:
        run = _run(left.text, other.words)
        if run and all(word in rights or word.role in ("stop", "legal") for word in run):
            telling = [word for word in run if word in rights]
            if sum(word.role in ("own", "kind") for word in telling) < _TELLING_WORDS:
                continue
            lefts.remove(left)
            rights[:] = [word for word in rights if word not in telling]
            role: Role = "own" if "own" in (left.role, *(word.role for word in telling)) else "kind"
            found.append((replace(left, role=role), replace(telling[0], role=role), 1.0))
    return found


def _run(acronym: str, words: Sequence[Word]) -> list[Word]:
    """Return the words in a row that an acronym stands for, none if there are none."""
    for start in range(len(words) - _ACRONYM_WORDS + 1):
        if words[start].text[0] == acronym[0] and (length := _spelled(acronym, words[start:], 0)):
            return list(words[start : start + length])
    return []


def _spelled(rest: str, words: Sequence[Word], used: int) -> int:
    """Return how many words spell the rest of an acronym by their first one to three letters; 0: they do not.

    Little words may be passed over: « Association pour l'initiative autonome des femmes » is APIAF.
    """
    if not words:
        return 0
    word = words[0]
    for letters in (1, 2, 3):
        if len(rest) >= letters and word.text.startswith(rest[:letters]):
            if len(rest) == letters:
                return 1 if used + 1 >= _ACRONYM_WORDS else 0
            if length := _spelled(rest[letters:], words[1:], used + 1):
                return length + 1
    if word.role == "stop" and used and (length := _spelled(rest, words[1:], used)):
        return length + 1
    return 0
