"""From an activity code to domains, and from domains to axes.

The reading of the NAF is ours, a proposal to be validated (see the README of ``data/reference``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

import pandas as pd

from essmap.errors import DataError
from essmap.reference.tables import axes, domains, naf_patterns
from essmap.texts import t

Status = Literal["mapped", "no_domain", "unknown_code"]

NO_AXIS = "none"
SEVERAL_AXES = "several"

_FULL_CODE = re.compile(r"[0-9]{4}[A-Z]")
# The letters that end a rév. 2 code (INSEE, NAF rév. 2, 2008); a 2025 code ends with others (88.99Y).
_CURRENT_CODE = re.compile(r"[0-9]{4}[A-FZ]")
_CURRENT = "NAFREV2"
# The register writes the new nomenclature NAF25 in its column names; both spellings are accepted.
_NEXT = ("NAF25", "NAF2025")


def _letters(value: object) -> str:
    """Return a code without dot nor spaces, in capitals; "" for what is not text."""
    return re.sub(r"[.\s]", "", value).upper() if isinstance(value, str) else ""


def _decide(code: str, nomenclature: str, table: dict[str, tuple[list[str], int]]) -> tuple[list[str], int, Status]:
    """Return the domains of one cleaned code, their weight and how they were found; the longest prefix wins."""
    prefixes: list[str] = []
    if nomenclature == _CURRENT and _CURRENT_CODE.fullmatch(code):
        prefixes = [code[:length] for length in (5, 4, 3, 2)]
    elif nomenclature in _NEXT and _FULL_CODE.fullmatch(code):
        prefixes = [code]
    for prefix in prefixes:
        if prefix in table:
            keys, weight = table[prefix]
            return list(keys), weight, "mapped" if keys else "no_domain"
    return [], 0, "unknown_code"


def naf_to_domains(codes: pd.Series[str], *, nomenclature: str | pd.Series[str] = "NAFRev2") -> pd.DataFrame:
    """Give each activity code its domains.

    Never fails on a value. A NAF rév. 2 code follows the longest prefix of the table. A NAF 2025 code follows
    it only when it is written exactly like a full rév. 2 code of the table; any other is ``unknown_code``, to
    be counted and said. Older nomenclatures are ``unknown_code`` too.

    Parameters
    ----------
    codes : Series, n rows
        Codes of four digits and a letter, with or without dot, any case.
    nomenclature : str or Series of n rows in the order of ``codes``
        ``NAFRev2`` or ``NAF25``, any case; one for all or one per code.

    Returns
    -------
    DataFrame, n rows on the index of ``codes``
        ``domains``: lists of keys of the table `domains`, most telling first, empty when unknown.
        ``weight``: 3 where the code says the domain, 2 where it is wide, 1 where it is a mere hint, 0 without domain.
        ``status``: ``mapped``, ``no_domain`` (a real activity with no honest domain), ``unknown_code``.

    Raises
    ------
    ValueError
        If ``nomenclature`` is a Series of another length.
    """
    patterns = naf_patterns()
    table = {
        _letters(pattern): (keys.split(";") if keys else [], int(weight))
        for pattern, keys, weight in zip(patterns.index, patterns["domains"], patterns["weight"], strict=True)
    }
    names = [nomenclature] * len(codes) if isinstance(nomenclature, str) else list(nomenclature)
    if len(names) != len(codes):
        raise ValueError(f"{len(names)} nomenclatures for {len(codes)} codes")
    found = [_decide(_letters(code), _letters(name), table) for code, name in zip(codes, names, strict=True)]
    return pd.DataFrame(
        {
            "domains": pd.Series([keys for keys, _, _ in found], index=codes.index, dtype=object),
            "weight": pd.Series([weight for _, weight, _ in found], index=codes.index, dtype="int64"),
            "status": pd.Series([status for _, _, status in found], index=codes.index, dtype="str"),
        },
        index=codes.index,
    )


@cache
def _axis_of_domains() -> dict[str, str]:
    """Return the axis ("" for none) of each domain; cached because `domain_axes` is called per actor."""
    return {str(key): axis for key, axis in domains()["axis"].items()}


@cache
def _axis_order() -> tuple[str, ...]:
    return tuple(str(key) for key in axes().index)


def domain_axes(keys: Iterable[str]) -> list[str]:
    """Return the axes of some domains, each once, in the order of the table `axes`.

    Parameters
    ----------
    keys : iterable of str
        Keys of the table `domains`.

    Returns
    -------
    list of str
        Empty when none of the domains has an axis.

    Raises
    ------
    DataError
        If a domain is not in the table.
    """
    axis_of = _axis_of_domains()
    found = set()
    for key in keys:
        if key not in axis_of:
            raise DataError(t("reference.unknown_domain", domain=key, known=", ".join(axis_of)))
        found.add(axis_of[key])
    return [axis for axis in _axis_order() if axis in found]


def main_axis(keys: Iterable[str]) -> str:
    """Return the row of the table `axes` that gives an actor its one colour and shape.

    Parameters
    ----------
    keys : iterable of str
        The axes of the actor.

    Returns
    -------
    str
        The axis when there is one, ``several`` when there are more, ``none`` when there is none.
    """
    distinct = set(keys)
    if not distinct:
        return NO_AXIS
    return distinct.pop() if len(distinct) == 1 else SEVERAL_AXES
