"""Understand which electoral canton a code or a name means, however people write it.

INSEE writes ``3115``, other publishers ``31015`` or ``031-15``; names number the cantons of a city in Arabic or Roman
figures: « Toulouse-1 », « Toulouse I », « Toulouse (1er canton) ».
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from essmap.schema.folding import fold_place

_ORDINAL: Final = r"(?:er|ere|re|eme|ieme|e|nd|nde)?"
_ARABIC: Final = re.compile(rf"0*([1-9][0-9]?){_ORDINAL}", re.ASCII)
_ROMAN: Final = re.compile(rf"(x{{0,3}}(?:ix|iv|v?i{{0,3}})){_ORDINAL}")
_FIGURES: Final = {"i": 1, "v": 5, "x": 10}
#: Words around a name that are not the name: « canton de … », « premier canton ».
_AROUND: Final = frozenset({"canton", "cantons", "de", "du", "d", "des", "no", "n", "numero"})
_ARTICLES: Final = frozenset({"le", "la", "les", "l"})

Key = tuple[str, int | None]


class CantonNames:
    """The electoral cantons of a department, found by code or by name.

    Parameters
    ----------
    department : str
        INSEE code.
    names : mapping
        Official name of each canton, by INSEE code (department and two digits).
    """

    def __init__(self, department: str, names: Mapping[str, str]) -> None:
        self._department = department
        self._codes = frozenset(names)
        self._code = re.compile(rf"0?{department}[ ./_-]?0?([0-9]{{2}})", re.ASCII | re.IGNORECASE)
        numbered = {code: key for code, name in names.items() if (key := _numbered(name))}
        cities = Counter(city for city, _ in numbered.values())  # one number alone is a name that looks like a figure
        self._cities = frozenset(city for city, count in cities.items() if count > 1)
        self._keys = {
            numbered[code] if code in numbered and numbered[code][0] in self._cities else _plain(name): code
            for code, name in names.items()
        }

    def code(self, written: str) -> str | None:
        """Return the INSEE code of the canton that a text means, or None.

        Examples
        --------
        >>> toulouse = CantonNames("31", {"3101": "Auterive", "3117": "Toulouse-3", "3118": "Toulouse-4"})
        >>> [toulouse.code(text) for text in ("3118", "31018", "031-18", "Toulouse IV", "TOULOUSE (4e canton)")]
        ['3118', '3118', '3118', '3118', '3118']
        >>> toulouse.code("canton d’Auterive"), toulouse.code("Toulouse-15"), toulouse.code("0")
        ('3101', None, None)
        """
        text = written.strip()
        if found := self._code.fullmatch(text):
            code = f"{self._department}{found[1]}"
            return code if code in self._codes else None
        return next((self._keys[key] for key in _readings(text) if key in self._keys), None)

    def code_of_number(self, written: str) -> str | None:
        """Return the code of a canton given by its bare number in the department, or None."""
        text = written.strip()
        if not re.fullmatch(r"0?[1-9]|[1-9][0-9]", text, re.ASCII):
            return None
        code = f"{self._department}{int(text):02d}"
        return code if code in self._codes else None

    def is_numbered_beyond(self, written: str) -> bool:
        """Tell whether a text numbers a city further than it has cantons: a name of before 2015.

        Examples
        --------
        >>> CantonNames("31", {"3115": "Toulouse-1", "3116": "Toulouse-2"}).is_numbered_beyond("Toulouse XV")
        True
        """
        key = _numbered(written)
        return key is not None and key not in self._keys and key[0] in self._cities


def _words(text: str) -> list[str]:
    words = fold_place(text.replace("\N{DEGREE SIGN}", " ")).split()
    while words and words[0] in _AROUND:
        del words[0]
    return words


def _plain(text: str) -> Key:
    words = _words(text)
    while len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    return " ".join(words), None


def _numbered(text: str) -> Key | None:
    """Return the city and the number of a numbered name; None where the name ends by no number."""
    words = [word for word in _words(text) if word not in _AROUND]
    if len(words) < 2:
        return None
    number = _number(words[-1])
    return (" ".join(words[:-1]), number) if number else None


def _readings(text: str) -> list[Key]:
    """Return what a text may mean: the name as it is first, since a name may end like a figure."""
    numbered = _numbered(text)
    return [_plain(text), *([numbered] if numbered else [])]


def _number(word: str) -> int | None:
    """Return the number that a word writes in Arabic or Roman figures, as an ordinal or not."""
    if found := _ARABIC.fullmatch(word):
        return int(found[1])
    if (found := _ROMAN.fullmatch(word)) and found[1]:
        values = [_FIGURES[figure] for figure in found[1]]
        followed = zip(values, [*values[1:], 0], strict=True)
        return sum(-value if value < after else value for value, after in followed)
    return {"premier": 1, "premiere": 1}.get(word)
