"""Words and activities of a place nobody should find on a map: violence, emergency shelter, minors in care, asylum.

A net with wide meshes on purpose: a place wrongly caught is shown at its commune, a place wrongly missed is
shown at its door. The words are in ``data/reference/sensitive_words.csv``, the activity codes of such places, whose
names may say nothing, in ``data/reference/sensitive_activities.csv``.
"""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from essmap.reference.tables import table


def _plain(text: str) -> str:
    """Return a text in lower case, without accents, every run of other signs being one space."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    letters = "".join(sign for sign in folded if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", letters).strip()


def _expression(patterns: list[str]) -> re.Pattern[str]:
    """Compile whole-word patterns where ``*`` stands for the end of a word; none matches nothing."""
    if not patterns:
        return re.compile(r"(?!)")
    words = "|".join(re.escape(pattern).replace(r"\*", "[a-z0-9]*") for pattern in patterns)
    return re.compile(rf"\b(?:{words})\b")


def is_sensitive_text(texts: pd.Series[str]) -> pd.Series[bool]:
    """Tell which texts hold words of a sensitive place.

    Parameters
    ----------
    texts : Series of str, n rows
        Names, activities, or both put together with a space.

    Returns
    -------
    Series of bool, n rows on the index of ``texts``
        False for a missing text.
    """
    words = table("sensitive_words")
    harmless = _expression([pattern for pattern in words["unless"] if pattern])
    sensitive = _expression([str(pattern) for pattern in words.index])
    flags = [isinstance(text, str) and sensitive.search(harmless.sub(" ", _plain(text))) is not None for text in texts]
    return pd.Series(flags, index=texts.index, dtype="bool", name=texts.name)


def is_sensitive_activity(codes: pd.Series[str], nomenclature: str) -> pd.Series[bool]:
    """Tell which activity codes are those of a sensitive place.

    Parameters
    ----------
    codes : Series of str, n rows
        With or without dot; missing or empty: not known.
    nomenclature : {"NAFRev2", "NAF2025"}

    Returns
    -------
    Series of bool, n rows on the index of ``codes``
    """
    activities = table("sensitive_activities")
    mine = activities.index[activities["nomenclature"] == nomenclature]
    starts = tuple(str(pattern).replace(".", "") for pattern in mine)
    plain = [re.sub(r"[^A-Z0-9]", "", code.upper()) if isinstance(code, str) else "" for code in codes]
    return pd.Series([code.startswith(starts) for code in plain], index=codes.index, dtype="bool", name=codes.name)
