"""Compare what people write: case, accents, hyphens, apostrophes and ligatures put aside."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})
_ABBREVIATIONS = (("st", "saint"), ("ste", "sainte"))
_NOT_WORD = re.compile(r"[\W_]+")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 70


def fold(text: str) -> str:
    """Return text reduced to plain lower-case words separated by single spaces; letters of any alphabet are kept.

    Examples
    --------
    >>> fold("  L'Isle-en-DODON ")
    'l isle en dodon'
    >>> fold("Cœur de Garonne")
    'coeur de garonne'
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return _NOT_WORD.sub(" ", plain.casefold()).strip()


def slug(text: str) -> str:
    """Return a text as a part of an identifier.

    Examples
    --------
    >>> slug("L'Atelier d'Ô")
    'l-atelier-d-o'
    """
    return _NOT_SLUG.sub("-", fold(text)).strip("-")[:_SLUG_LENGTH].strip("-") or "x"


def fold_place(name: str) -> str:
    """Return a folded place name, with « St » and « Ste » written out.

    Examples
    --------
    >>> fold_place("St-Gaudens") == fold_place("SAINT GAUDENS")
    True
    """
    words = fold(name).split()
    table = dict(_ABBREVIATIONS)
    return " ".join(table.get(word, word) for word in words)


def fold_series(texts: pd.Series[str]) -> pd.Series[str]:
    """Return a text column folded row by row, on the same index; missing becomes the empty string."""
    return texts.fillna("").map(fold)
