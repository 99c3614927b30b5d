"""From an INSEE legal category to a family and a legal form.

Only forms that are ESS by right (law 2014-856, art. 1) have a family; any other code is ``unknown``, which
says that the form alone does not tell, not that the organisation is outside the ESS.
"""

from __future__ import annotations

import math
from numbers import Real

import pandas as pd

from essmap.reference.tables import legal_categories

UNKNOWN = "unknown"


def _code(value: object) -> str:
    """Return the four digits of a legal category as it comes (text, whole number, ``9220.0``), else ""."""
    if isinstance(value, str):
        return value.strip().removesuffix(".0")
    if isinstance(value, Real):
        try:
            number = float(value)
        except OverflowError:
            return ""
        if math.isfinite(number) and number.is_integer():
            return f"{int(number):04d}"
    return ""


def classify_legal_category(codes: pd.Series[str]) -> pd.DataFrame:
    """Give each INSEE legal category its family and legal form.

    Never fails on a value: what is missing, malformed or not ESS by form is ``unknown``.

    Parameters
    ----------
    codes : Series, n rows
        Legal categories of four digits, as text or as numbers.

    Returns
    -------
    DataFrame, n rows on the index of ``codes``
        ``family`` and ``legal_form``: keys of the tables `families` and `legal_forms`.
    """
    table = legal_categories()
    found = dict(zip(table.index, zip(table["family"], table["legal_form"], strict=True), strict=True))
    pairs = [found.get(_code(value), (UNKNOWN, UNKNOWN)) for value in codes]
    return pd.DataFrame(pairs, columns=["family", "legal_form"], index=codes.index, dtype="str")
