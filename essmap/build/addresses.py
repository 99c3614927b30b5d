"""Write an address as a geocoder finds it best: abbreviations in full, nothing of the post that is not a place."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from essmap.schema.folding import fold

#: Kinds of ways as Sirene (INSEE, variable typeVoieEtablissement) and the post abbreviate them: « CHE », « BD ».
WAYS: Final = {
    "all": "allée", "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "bvd": "boulevard",
    "car": "carrefour", "ch": "chemin", "che": "chemin", "chem": "chemin", "chs": "chaussée", "cor": "corniche",
    "crs": "cours", "ctr": "centre", "dom": "domaine", "dsc": "descente", "eca": "écart", "esp": "esplanade",
    "fbg": "faubourg", "fg": "faubourg", "gr": "grande rue", "ham": "hameau", "hle": "halle", "imp": "impasse",
    "ld": "lieu-dit", "lot": "lotissement", "mar": "marché", "mte": "montée", "pas": "passage", "pl": "place",
    "pln": "plaine", "plt": "plateau", "pro": "promenade", "prom": "promenade", "prv": "parvis", "qua": "quartier",
    "qu": "quai", "r": "rue", "res": "résidence", "rle": "ruelle", "roc": "rocade", "rpt": "rond-point",
    "rte": "route", "sen": "sentier", "sq": "square", "tpl": "terre-plein", "tra": "traverse", "vla": "villa",
    "vlge": "village", "za": "zone artisanale", "zac": "zone d'aménagement concerté", "zi": "zone industrielle",
}  # fmt: skip
#: Words of the names of ways, wherever they stand after the kind.
_TITLES: Final = {
    "st": "saint", "ste": "sainte", "gal": "général", "gen": "général", "mal": "maréchal", "dr": "docteur",
    "pdt": "président", "cdt": "commandant", "col": "colonel", "cne": "capitaine", "lt": "lieutenant",
    "prof": "professeur", "nd": "notre dame",
}  # fmt: skip

#: Boxes and sorting of the post (BP 12, CS 40001, TSA, CEDEX 9), and what follows a postcode: a town.
_POSTAL: Final = re.compile(
    r"\b(?:B\.?\s?P\.?|C\.?\s?S\.?|T\.?\s?S\.?\s?A\.?)\s*(?:n\s?°\s?)?\d+\b|\bcedex\b(?:\s*\d{1,2}\b)?|\b\d{5}\b.*$",
    re.IGNORECASE,
)
#: « 12-14 rue », « 1 et 3 rue »: a geocoder wants one number.
_NUMBERS: Final = re.compile(r"^(\d+)(?:\s*(?:-|/|,|&|et|à|a)\s*\d+)+\s", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9]+")
_NOT_WORD: Final = re.compile(r"[^\w'’.]+")
_LEADING: Final = re.compile(r"^(?:n\s?°|[\W_])+", re.IGNORECASE)
_INDEX: Final = re.compile(r"\d+\w?|bis|ter|quater|[a-d]", re.IGNORECASE)


def prepare_address(address: str) -> str:
    """Return an address as it is sent to a geocoder.

    Parameters
    ----------
    address : str
        Number and street, on one line, as any source writes it.

    Returns
    -------
    str
        Without boxes of the post, postcode and town; hyphens and punctuation are spaces; abbreviations in full. Empty
        where nothing is left that could be found (fewer than three signs, or no letter).

    Examples
    --------
    >>> prepare_address("12-14 BD DU GAL LECLERC - BP 40012, 31000 TOULOUSE CEDEX 9")
    '12 boulevard DU général LECLERC'
    >>> prepare_address("BP 12")
    ''
    """
    text = _LEADING.sub("", without_post(address))
    words = _NOT_WORD.sub(" ", _NUMBERS.sub(r"\1 ", text)).split()
    written, is_named = [], False
    for word in words:
        plain = word.rstrip(".").casefold()
        if not is_named and _INDEX.fullmatch(word):
            written.append(word)
            continue
        written.append(_TITLES.get(plain, word) if is_named else WAYS.get(plain, word))
        is_named = True
    found = " ".join(written)
    return found if len(found) >= 3 and any(sign.isalpha() for sign in found) else ""


def without_post(address: str) -> str:
    """Return an address without boxes of the post, postcode and town.

    Examples
    --------
    >>> without_post("12 rue Haute BP 40012 31000 TOULOUSE").strip()
    '12 rue Haute'
    """
    return _POSTAL.sub(" ", address)


def door(address: str) -> tuple[str, str]:
    """Return what tells one door of a commune from another: the number and the last word of the street.

    Examples
    --------
    >>> door("12 BIS RUE DES POTIERS"), door("12 rue de l'Église"), door("")
    (('12', 'potiers'), ('12', 'eglise'), ('', ''))
    """
    words = fold(address).split()
    number = next((found[0] for word in words if (found := _NUMBER.match(word))), "")
    return number, words[-1] if words else ""


def prepare_addresses(addresses: pd.Series[str]) -> pd.Series[str]:
    """Return a column of addresses prepared, on the same index; missing becomes the empty string."""
    return addresses.fillna("").map(prepare_address)
