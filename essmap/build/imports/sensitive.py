"""Columns of a list that say whether a place may be shown: none of them is passed over, each cell counts.

« Confidentiel », « À ne pas publier » hide with a yes; « Accord de diffusion » hides with a no, and where nothing is
said: an agreement that nobody wrote down is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from essmap.build.imports.values import Reading, clean
from essmap.build.imports.words import read_flag, read_sensitive
from essmap.schema.folding import fold
from essmap.texts import t

#: Words of headings that ask for an agreement, unless a negation stands beside them.
_AGREEMENT: Final = frozenset({"accord", "autorisation", "autorise", "autorisee", "diffusable", "publiable"})
_NEGATION: Final = frozenset({"non", "ne", "pas", "refus", "sans"})
#: Words that may speak of what is to be hidden; the public is whom a structure is there for.
_HIDING: Final = re.compile(r"confidenti|masqu(?!es?$)")
_SHOWING: Final = re.compile(r"publi(?!cs?$|ques?$)|diffus")


def asks_agreement(heading: str) -> bool:
    """Tell whether a yes below a heading says that a place may be shown.

    Examples
    --------
    >>> [asks_agreement(one) for one in ("Accord de diffusion", "Non diffusable", "Confidentiel ?")]
    [True, False, False]
    """
    words = set(fold(heading).split())
    return bool(words & _AGREEMENT) and not words & _NEGATION


def may_hide(heading: str, cells: Sequence[str]) -> bool:
    """Tell whether a column whose heading is not known may say which places are not to be shown.

    Parameters
    ----------
    heading : str
    cells : sequence of str
        What stands below it.

    Examples
    --------
    >>> may_hide("Confidentialité RGPD", ["niveau 2"]), may_hide("Publié", ["oui"]), may_hide("Publications", ["Revue"])
    (True, True, False)
    >>> may_hide("Ouvert au public", ["oui"]), may_hide("Confidentialité RGPD", [""])
    (False, False)
    """
    words, filled = fold(heading).split(), [cell for cell in cells if clean(cell)]
    if any(_HIDING.match(word) for word in words):
        return bool(filled)
    return any(_SHOWING.match(word) for word in words) and any(read_flag(cell).value for cell in filled)


def read_flags(cells: Sequence[tuple[str, str]]) -> Reading:
    """Read all the cells of a row that say whether its place is sensitive: any that says so wins.

    Parameters
    ----------
    cells : sequence of pairs of str
        Heading and cell.

    Examples
    --------
    >>> read_flags([("Lieu sensible ?", "non"), ("Adresse confidentielle", "oui")]).value
    'yes'
    >>> read_flags([("Accord de diffusion", "oui")]).value, read_flags([("Accord de diffusion", "")]).value
    ('no', 'yes')
    """
    found = [_read(heading, cell) for heading, cell in cells]
    unclear = [one for one in found if one.fault is not None]
    values = [one.value for one in found]
    if unclear:
        return unclear[0]
    return Reading("yes" if "yes" in values else "no" if "no" in values else "", remark=_remark(found))


def _read(heading: str, cell: str) -> Reading:
    reading = read_sensitive(cell)
    if reading.fault is not None or not asks_agreement(heading):
        return reading
    if not reading.value:
        return Reading("yes", remark=t("imports.remarks.no_agreement"))
    return Reading("no" if reading.value == "yes" else "yes")


def _remark(found: Sequence[Reading]) -> str | None:
    """Return what is said of a cell that hides without a word: only where no other cell hides with one."""
    if any(one.value == "yes" and one.remark is None for one in found):
        return None
    return next((one.remark for one in found if one.remark is not None), None)
