"""Read the name of an organisation: its parts, its words and the role of each.

Lists write one name in many ways: capitals without accents, apostrophes gone, « Association » or « SCIC » in front, the
commune's name or not, what it runs in brackets. Here a name becomes words of which each has a role
(``data/reference/word_roles.csv``): what `essmap.build.name_scores` compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from essmap import reference
from essmap.schema.folding import fold, fold_place

Role = Literal["stop", "legal", "kind", "section", "place", "commune", "host", "mark", "own"]

#: Texts looked for to find one name, at most; letters of the shortest.
SEARCHED_AT_MOST: Final = 4
_SEARCHED_LETTERS: Final = 3
#: Lengths of words that may be acronyms.
ACRONYM_LETTERS: Final = range(3, 9)
#: Roles of words that tell something of the name they are in.
TELLING: Final[tuple[Role, ...]] = ("kind", "section", "place", "commune", "mark", "own")

_ELISION: Final = re.compile(r"\b(l|d|j|n|s|c|m|t|qu|jusqu|lorsqu|puisqu)['’ʼ´`]\s?", re.IGNORECASE)
_APOSTROPHE: Final = re.compile(r"(?<=\w)['’ʼ´`](?=\w)")
_DOTTED: Final = re.compile(r"\b(?:\w\.){2,}\w?")
_INCLUSIVE: Final = re.compile(r"(?<=\w)[-·.•]e[-·.•]s\b", re.IGNORECASE)
_ORDINAL: Final = re.compile(r"\b(\d+)\s?(?:eres?|ers?|emes?|es?|nde?s?)\b")
_PARTS: Final = re.compile(r"\s[-–—]\s|\s?[–—]\s?|[:;/|,]|(?P<bracket>[(\[«\"“])|[)\]»\"”]")
_LINKS: Final = frozenset({"de", "du", "des", "d", "au", "aux"})
#: « neuf » is left out: it is « new » too.
_NUMBERS: Final = {
    "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "six": "6", "sept": "7", "huit": "8", "dix": "10",
    "cent": "100", "mille": "1000", "ii": "2", "iii": "3", "iv": "4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name: folded, its role, and whether « de », « du »... stands before it."""

    text: str
    role: Role
    is_linked: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A name within a name: between dashes, or in brackets."""

    words: tuple[Word, ...]
    in_brackets: bool

    def of(self, *roles: Role) -> list[Word]:
        """Return its words of some roles."""
        return [word for word in self.words if word.role in roles]


@dataclass(frozen=True, slots=True)
class Name:
    """A name that was read.

    Attributes
    ----------
    parts : tuple of Part
        At least one.
    significant : str
        Words that tell something, for a quick comparison.
    glued : frozenset of str
        All words without spaces, with and without the legal form: « Recyclo'Bat », « RECYCLO BAT ».
    acronyms, initials : frozenset of str
        Words that may be acronyms; the initials of each part, which may be written as one elsewhere.
    """

    parts: tuple[Part, ...]
    significant: str
    glued: frozenset[str]
    acronyms: frozenset[str]
    initials: frozenset[str]

    @property
    def whole(self) -> Part:
        """The name as one part."""
        return Part(tuple(word for part in self.parts for word in part.words), in_brackets=False)


def read_name(name: str, commune: str = "", department: str = "") -> Name:
    """Read a name.

    Parameters
    ----------
    name : str
        As any list writes it.
    commune : str
        Name of its commune, whose words are those of a place.
    department : str
        Its code: « Autisme 31 » names a place, not a number.

    Returns
    -------
    Name
    """
    known = _known(commune, department)
    parts = [Part(tuple(_words(text, known)), in_brackets) for text, in_brackets in _split(name)]
    parts = [part for n, part in enumerate(parts) if part.words and not (n and part.of("host"))]
    parts = [part for part in parts if part.of(*TELLING)] or parts or [Part((), in_brackets=False)]
    words = [word for part in parts for word in part.words]
    significant = [word.text for word in words if word.role not in ("stop", "legal")]
    single = [word for word in words if not _is_article(word)]
    return Name(
        tuple(_without_acronyms(parts)),
        significant=" ".join(sorted(significant)),
        glued=frozenset(("".join(w.text for w in single), "".join(w.text for w in single if w.role != "legal"))) - {""},
        acronyms=frozenset(word for word in significant if len(word) in ACRONYM_LETTERS and word.isalpha()),
        initials=frozenset().union(*(_initials(part) for part in parts)),
    )


def search_texts(name: str, commune: str = "", department: str = "") -> list[str]:
    """Return what to look for in a register to find a name: all of it, then each of its parts.

    Legal forms and little words are left out, the commune too where other words tell more: a register that lacks one
    of the words that are looked for finds nothing.

    Parameters
    ----------
    name, commune, department : str
        As `read_name`.

    Returns
    -------
    list of str
        At least one, at most `SEARCHED_AT_MOST`, in small letters without accents.

    Examples
    --------
    >>> search_texts("L'Atelier des Bricoleurs (tiers-lieu Les Imbriqués)", "Toulouse", "31")
    ['atelier bricoleurs tiers lieu imbriques', 'atelier bricoleurs', 'tiers lieu imbriques']
    """
    known = _known(commune, department)
    found = [_searched(text, known) for text, _ in _split(name)]
    parts = [words for n, words in enumerate(found) if words and not (n and any(role == "host" for _, role in words))]
    whole = [word for words in parts for word in words]
    texts = [_typed(words, whole) for words in (whole, *parts)]
    if (apart := _APOSTROPHE.sub(" ", _ELISION.sub(r"\1 ", name))) != name:
        texts.append(_typed(_searched(apart, known), whole))
    texts = [text for text in dict.fromkeys(texts) if len(text) >= _SEARCHED_LETTERS]
    return texts[:SEARCHED_AT_MOST] or [fold(name)]


def _searched(text: str, known: Mapping[str, Role]) -> list[tuple[str, Role]]:
    """Return the words of a part that a register has too, as they are written, with their roles.

    Ordinals are left out: « 3e », « 3ème » and « 3 EME » are three words.
    """
    ordinals = {match[1] for match in _ORDINAL.finditer(fold_place(text))}
    words = zip(_tokens(text), _words(text, known), strict=True)
    return [(text, word.role) for text, word in words if word.role not in ("stop", "legal") and text not in ordinals]


def _typed(words: Sequence[tuple[str, Role]], whole: Sequence[tuple[str, Role]]) -> str:
    """Return words as one text, without the commune where the name says more than what it is and where."""
    tells = any(role not in ("kind", "section", "commune") for _, role in words)
    tells &= any(role == "own" for _, role in whole)
    return " ".join(dict.fromkeys(word for word, role in words if not (tells and role == "commune")))


def _without_acronyms(parts: Sequence[Part]) -> list[Part]:
    """Leave out a part that is but the initials of another: « MCT – MJC de Castanet-Tolosan »."""
    spelled = [_initials(part) for part in parts]

    def is_acronym(place: int) -> bool:
        words = parts[place].words
        return len(words) == 1 and any(words[0].text in one for n, one in enumerate(spelled) if n != place)

    return [part for n, part in enumerate(parts) if not is_acronym(n)]


def _known(commune: str, department: str) -> dict[str, Role]:
    """Return the roles of the words that say where a name is."""
    known: dict[str, Role] = {department.casefold(): "place"}
    return known | {word: "commune" for word in fold_place(commune).split() if _roles().get(word) != "stop"}


@cache
def _roles() -> dict[str, Role]:
    table = reference.word_roles()
    return {str(word): role for word, role in table["role"].items()}


def _split(name: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a name and whether each is in brackets."""
    start, in_brackets = 0, False
    for match in _PARTS.finditer(name):
        yield name[start : match.start()], in_brackets
        start, in_brackets = match.end(), match.group("bracket") is not None
    yield name[start:], in_brackets


def _tokens(text: str) -> list[str]:
    """Return the words of a part as they are written, folded."""
    text = _DOTTED.sub(lambda match: match.group().replace(".", ""), text)
    text = _INCLUSIVE.sub("s", text)
    text = _APOSTROPHE.sub("", _ELISION.sub(r"\1 ", text))
    return _ORDINAL.sub(r"\1", fold_place(text)).split()


def _words(text: str, known: Mapping[str, Role]) -> Iterator[Word]:
    """Yield the words of a part."""
    texts = _tokens(text)
    is_linked = False
    for place, word in enumerate(texts):
        role = _role(word, known, is_last=place == len(texts) - 1)
        yield Word(_NUMBERS.get(word, word), role, is_linked)
        is_linked = word in _LINKS or (is_linked and role == "stop")


def _role(word: str, known: Mapping[str, Role], *, is_last: bool) -> Role:
    if word in known:
        return known[word]
    if is_last and len(word) == 1 and word.isalpha():  # « Crèche A », « Crèche B »
        return "mark"
    if (role := _roles().get(word)) is not None:
        return role
    if word.isdecimal() or word in _NUMBERS:
        return "mark"
    return "own" if len(word) > 1 else "stop"


def _is_article(word: Word) -> bool:
    return word.role == "stop" and _roles().get(word.text) == "stop"


def _initials(part: Part) -> set[str]:
    """Return the initials of a part, little words left out, then with them, then without the legal form."""
    words = part.words
    choices = (words, [w for w in words if w.role != "stop"], part.of(*TELLING))
    found = {"".join(word.text[0] for word in choice) for choice in choices}
    return {initials for initials in found if len(initials) in ACRONYM_LETTERS}
