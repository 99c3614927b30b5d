"""The identifiers of rows that come in: those that essmap gives, and no others.

An identifier is public: it stands in addresses of pages and in every file. One that a list gives may be anything: a
rank that the next list gives to somebody else, the number of a home, the name of a person. Only one that has our own
form comes back as itself, so that what was exported can be brought in again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from essmap.schema.folding import slug as slug
from essmap.schema.masked import HIDDEN_IDENTIFIER, holds_number

#: Of gathered actors and of lists: a name, the code of the commune, a rank where several have one name, or what tells
#: them apart between lists (`essmap.build.local_actors`).
_OF_NAME: Final = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)-(\d[0-9AB]\d{3})(?:--?\d{1,3}|--[0-9a-f]{8})?")
#: Of actors of a register (`essmap.build.register`).
_OF_NUMBER: Final = re.compile(r"siret-(\d{14})")
_OF_HIDDEN: Final = re.compile(HIDDEN_IDENTIFIER.pattern + r"[a-z0-9]+(?:-{1,2}[a-z0-9]+)*")
#: Of supports: gathered ones, and those of lists.
_OF_SUPPORT: Final = re.compile(r"(?:p\d{3,}|liste)-[\w.:-]{1,180}")
_LONG_RUN: Final = re.compile(r"\d{9,}")
#: The same written in groups: « 732-829-320 ».
_GROUPED_RUN: Final = re.compile(r"\d(?:[\W_]?\d){8,}")


def numbered(identifiers: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """Return identifiers each of which is alone: from the second on, one that comes again has a rank behind.

    Parameters
    ----------
    identifiers : sequence of str
    taken : collection of str
        Identifiers that others have.

    Examples
    --------
    >>> numbered(["a", "b", "a"]), numbered(["a", "a", "a-2"]), numbered(["a"], taken=["a"])
    (['a', 'b', 'a-2'], ['a', 'a-3', 'a-2'], ['a-2'])
    """
    given, used = {*identifiers, *taken}, set(taken)
    last: dict[str, int] = {}
    found = []
    for one in identifiers:
        name, rank = one, last.get(one, 1)
        while name in used or (name != one and name in given):
            rank += 1
            name = f"{one}-{rank}"
        last[one] = rank
        used.add(name)
        found.append(name)
    return found


def has_own_form(identifier: str, commune_code: str) -> bool:
    """Tell whether an identifier is one that essmap gives to an actor of a commune, and tells no number.

    Examples
    --------
    >>> has_own_form("la-cafetiere-31028", "31028"), has_own_form("la-cafetiere-31028", "31395")
    (True, False)
    >>> has_own_form("asso-732829320-31395", "31395"), has_own_form("12", "31395")
    (False, False)
    """
    found = _OF_NAME.fullmatch(identifier)
    return found is not None and found[2] == commune_code and _GROUPED_RUN.search(found[1]) is None


def own_form_elsewhere(identifier: str, commune_code: str) -> bool:
    """Tell whether an identifier is one of ours, of another commune."""
    found = _OF_NAME.fullmatch(identifier)
    return found is not None and found[2] != commune_code and has_own_form(identifier, found[2])


def kept_actor(identifier: str, commune_code: str, siret: str, *, says_where: bool) -> bool:
    """Tell whether the identifier that a list gives to a structure is kept.

    Parameters
    ----------
    identifier : str
    commune_code : str
    siret : str
        Of the same row; the empty string where it says none.
    says_where : bool
        Whether the row says anything that is not said of a protected unit.

    Examples
    --------
    >>> kept_actor("siret-73282932000074", "31395", "73282932000074", says_where=True)
    True
    >>> kept_actor("siret-73282932000074", "31395", "", says_where=True)
    False
    """
    if (number := _OF_NUMBER.fullmatch(identifier)) is not None:
        return number[1] == siret
    if _OF_HIDDEN.fullmatch(identifier) and identifier.startswith(f"commune-{commune_code}-"):
        return not says_where and not holds_number(identifier)
    # What the build gives to protected units is no name of anybody else.
    return not HIDDEN_IDENTIFIER.match(identifier) and has_own_form(identifier, commune_code)


def kept_support(identifier: str) -> bool:
    """Tell whether the identifier that a list gives to a support is one of ours.

    Examples
    --------
    >>> kept_support("p012-velo"), kept_support("liste-velo-732829320"), kept_support("2024-15")
    (True, False, False)
    """
    return _OF_SUPPORT.fullmatch(identifier) is not None and not tells_unit(identifier)


def tells_unit(text: str) -> bool:
    """Tell whether a text holds a valid SIREN or SIRET: it leads to the address of a unit.

    Examples
    --------
    >>> tells_unit("2024-732829320"), tells_unit("dossier 0001234567")
    (True, False)
    """
    runs = [run for run in _LONG_RUN.findall(text) if len(run) in {9, 14}]
    return any((siren_number if len(run) == 9 else siret_number).is_valid(run) for run in runs)
