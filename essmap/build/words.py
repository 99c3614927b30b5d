"""Find the words of a table in short French texts, many texts in one pass.

A pattern is one or more words; ``*`` stands for the end of a word. Case, accents, punctuation, plurals in -s and -x and
little words (« de la », « aux »...) do not count: « Jardins d’insertion » is read like ``jardin insertion``. Where
several patterns begin at one word the longest wins, and its words are not read again: « école de musique » is not an
« école ».
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from essmap.schema.folding import fold

#: Words that tell nothing, and that people put in or leave out.
LITTLE_WORDS: Final = frozenset(
    {
        *(
            "a",
            "au",
            "aux",
            "avec",
            "c",
            "ce",
            "ces",
            "cet",
            "cette",
            "d",
            "dans",
            "de",
            "des",
            "du",
            "en",
            "entre",
            "et",
        ),
        *("j", "l", "la", "le", "les", "leur", "leurs", "n", "ou", "par", "pour", "qu", "que", "s", "sa", "se", "ses"),
        *("son", "sur", "un", "une", "y"),
    }
)
#: A word of at most this many letters keeps its last letter: « bus », « gaz », « eux ».
_SHORT: Final = 3
_STAR: Final = "*"


class _Word(NamedTuple):
    """One word of a pattern: whole and singular, or the beginning of a word."""

    letters: str
    is_beginning: bool

    def fits(self, word: str) -> bool:
        return word.startswith(self.letters) if self.is_beginning else _singular(word) == self.letters


class _Pattern(NamedTuple):
    """A pattern that begins at some word: what must follow, and its place in the table."""

    rest: tuple[_Word, ...]
    place: int


def _singular(word: str) -> str:
    """Return a word without the -s or -x of its plural; the same is done to patterns, so it need not be right."""
    return word[:-1] if len(word) > _SHORT and word[-1] in "sx" else word


def telling_words(text: str) -> list[str]:
    """Return the words of a text that tell something, folded, in their order.

    Examples
    --------
    >>> telling_words("Association de l’École des Parents")
    ['association', 'ecole', 'parents']
    """
    return [word for word in fold(text).split() if word not in LITTLE_WORDS]


def _read(pattern: str) -> tuple[_Word, ...]:
    """Return the words of a pattern; empty when nothing telling is left of it."""
    found = []
    for piece in pattern.split():
        is_beginning = piece.endswith(_STAR)
        letters = fold(piece)
        if letters and letters not in LITTLE_WORDS:
            found.append(_Word(letters if is_beginning else _singular(letters), is_beginning))
    return tuple(found)


def phrase_expression(phrases: Iterable[str]) -> re.Pattern[str]:
    """Compile whole phrases, little words included, where ``*`` stands for the end of a word; none matches nothing.

    Parameters
    ----------
    phrases : iterable of str
        Lower case, without accents nor punctuation; to be looked for in a text that `essmap.schema.folding.fold` gave.
    """
    words = [re.escape(phrase.strip()).replace(r"\*", r"\w*") for phrase in phrases if phrase.strip()]
    return re.compile(rf"\b(?:{'|'.join(words)})\b" if words else r"(?!)")


class WordFinder:
    """The patterns of a table, ready to be looked for in any number of texts.

    Parameters
    ----------
    patterns : sequence of str
        Each one or more words separated by spaces, a word ending in ``*`` standing for all words that begin so.

    Raises
    ------
    ValueError
        If a pattern has no word that tells something.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._whole: dict[str, list[_Pattern]] = {}
        self._beginnings: dict[str, list[_Pattern]] = {}
        self._known: dict[str, tuple[_Pattern, ...]] = {}
        self._keys: list[tuple[int, int, int]] = []
        for place, pattern in enumerate(patterns):
            words = _read(pattern)
            if not words:
                raise ValueError(f"pattern {pattern!r} says nothing")
            first, rest = words[0], words[1:]
            where = self._beginnings if first.is_beginning else self._whole
            where.setdefault(first.letters, []).append(_Pattern(rest, place))
            whole = sum(not word.is_beginning for word in words)
            self._keys.append((len(words), sum(len(word.letters) for word in words), whole))

    def find(self, words: Sequence[str]) -> list[int]:
        """Return the places in the table of the patterns found, each once, in the order of the text.

        Parameters
        ----------
        words : sequence of str
            As `telling_words` gives them.
        """
        found: dict[int, None] = {}
        at = 0
        while at < len(words):
            step = 1
            for pattern in self._starting(words[at]):
                end = at + 1 + len(pattern.rest)
                following = words[at + 1 : end]
                if end <= len(words) and all(map(_Word.fits, pattern.rest, following)):
                    found[pattern.place] = None
                    step = end - at
                    break
            at += step
        return list(found)

    def _starting(self, word: str) -> tuple[_Pattern, ...]:
        """Return the patterns that a word can begin, the longest first; remembered, since words come back."""
        if word not in self._known:
            candidates = list(self._whole.get(_singular(word), ()))
            for length in range(1, len(word) + 1):
                candidates += self._beginnings.get(word[:length], ())
            candidates.sort(key=lambda pattern: self._keys[pattern.place], reverse=True)
            self._known[word] = tuple(candidates)
        return self._known[word]
