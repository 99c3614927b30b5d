"""Whom nothing finer than the commune is said of, as rules that can be checked on a finished table.

`essmap.build.privacy` empties and moves; whoever hands data out asks the same rules again before a file leaves.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

#: Emptied for every masked row: each says where, or leads to a page that does.
MASKED_FIELDS: Final = ("address", "postcode", "siren", "siret", "website", "source_url", "source_note")

#: Identifier of an actor of a register whose number is not shown (`essmap.build.register.hidden_identifier`).
HIDDEN_IDENTIFIER: Final = re.compile(r"commune-[0-9][0-9AB][0-9]{3}-")

#: As many figures in a row as a SIREN has: what holds them may lead to the address of a unit.
NUMBER: Final = r"[0-9]{9}"

#: An address with one of these words, wherever it stands, is somebody's home: « 2 rue Haute, chez Mme Unetelle ».
_HOME_PATTERN: Final = r"\bchez\b|\bc\s*[/⁄]\s*o\b|℅|\baux (?:bons )?soins de\b|\bdomicile\b"
#: Somebody by a title: « M. Untel », « Mme Unetelle », « Madame Unetelle ».
_TITLE: Final = r"(?:mm?\.|mrs?\.?|mmes?\.?|mlles?\.?|messieurs|monsieur|mesdames|madame|mademoiselle)"
_TITLED: Final = re.compile(
    rf"\b{_TITLE}(?<=\.)\s*(?=[^\W\d_]{{2}}|[^\W\d_]\.\s*[^\W\d_]{{2}})|\b{_TITLE}\s+(?=[^\W\d_])"
    r"|(?:^|[,;(/\n]|\s[-–]\s)\s*m\s+(?=[^\W\d_]{2})",
    re.IGNORECASE,
)
#: What stands before the title in the name of a street or a square: « rue de Madame Curie » is nobody's home.
_NAMED_AFTER: Final = re.compile(
    r"\b(?:rue|r|avenue|av|ave|boulevard|bd|bld|place|pl|allees?|allées?|all|chemin|ch|che|impasse|imp|square|sq|quai|cours|"
    r"passage|route|rte|pont|rond[- ]point|esplanade|promenade|parvis|mail|sentier|venelle|cité|espace|salle|gymnase|"
    r"centre|école|collège|lycée)\.?(?:\s+(?:de|du|des|d['’]|la|le|les|l['’]))*\s*$",
    re.IGNORECASE,
)
#: A shop, not a person.
_NOBODY: Final = re.compile(r"\s*bricolage\b", re.IGNORECASE)

#: Words of an activity that say whose home it is at; words that are an address: « 12 bis rue Haute », « 31600 Muret ».
_HOME_IN_WORDS: Final = rf"\bchez\s+{_TITLE}\s*[^\W\d_]|\bdomicile d(?:e|u|es|['’])\s*{_TITLE}\s*[^\W\d_]"
_STREETS: Final = (
    r"(?:rue|avenue|av\.?|boulevard|bd\.?|place|pl\.|all[ée]es?|chemin|impasse|square|quai|cours|passage|route|rte\.?|"
    r"esplanade|promenade|sentier|venelle|faubourg|fbg|lotissement|r[ée]sidence|lieu[- ]dit|hameau|voie|cit[ée]|clos)"
)
_ADDRESS_IN_WORDS: Final = (
    rf"\b\d{{1,4}}\s*(?:bis|ter|quater|[a-d])?\s*,?\s+{_STREETS}\s+\S|(?<![\d.,])(?:2[AB]|[0-9]{{2}})\s?[0-9]{{3}}\s+"
    r"(?-i:[A-ZÀ-Ý])[\w'’-]+"
)

#: A street without a number, behind a sign: « Foyer - rue Haute ».
_STREET_BEHIND: Final = r"(?:^|[,;:(|]|\s[-–—/])\s*(?:rue|avenue|av\.|boulevard|bd|impasse|chemin|all[ée]es?)\s+\S"
_ADDRESS_IN_NAME: Final = re.compile(f"{_ADDRESS_IN_WORDS}|{_HOME_IN_WORDS}|{_STREET_BEHIND}", re.IGNORECASE)


def at_home(address: pd.Series[str]) -> pd.Series[bool]:
    """Tell which addresses are somebody's home: they say so, or name who lives there.

    Examples
    --------
    >>> at_home(pd.Series(["2 rue Haute, chez M. Untel", "c/o Mairie", "12 rue des Chezeaux"])).tolist()
    [True, True, False]
    >>> at_home(pd.Series(["Mme Unetelle, 3 rue Haute", "12 rue Madame de Staël", "8 rue M. Curie"])).tolist()
    [True, False, False]
    """
    says = address.str.contains(_HOME_PATTERN, case=False, regex=True, na=False).astype(bool)
    names = [isinstance(cell, str) and _names_somebody(cell) for cell in address]
    return says | pd.Series(names, index=address.index, dtype=bool)


def _names_somebody(address: str) -> bool:
    return any(
        not _NAMED_AFTER.search(address[: title.start()]) and not _NOBODY.match(address[title.end() :])
        for title in _TITLED.finditer(address)
    )


def told_at_home(address: pd.Series[str], activity: pd.Series[str]) -> pd.Series[bool]:
    """Tell which rows are at somebody's home, by their address or by what they say they do there.

    Examples
    --------
    >>> told_at_home(pd.Series(["", ""]), pd.Series(["Réunions chez Mme Unetelle", "Aide chez soi"])).tolist()
    [True, False]
    """
    return at_home(address) | activity.str.contains(_HOME_IN_WORDS, case=False, regex=True, na=False).astype(bool)


def tells_where(text: pd.Series[str]) -> pd.Series[bool]:
    """Tell which texts hold an address or name at whose home something is.

    Examples
    --------
    >>> tells_where(pd.Series(["Accueil au 12 bis rue Haute", "Accueil, 31600 Muret", "2 places de travail"])).tolist()
    [True, True, False]
    """
    pattern = f"{_ADDRESS_IN_WORDS}|{_HOME_IN_WORDS}"
    return text.str.contains(pattern, case=False, regex=True, na=False).astype(bool)


def without_address(name: str) -> str:
    """Return a name without the address that stands in it, and what is behind; it may be all of the name.

    Examples
    --------
    >>> without_address("Solidarité Femmes 31 - 12 rue Secrète"), without_address("Foyer (12 bis, avenue Haute)")
    ('Solidarité Femmes 31', 'Foyer')
    >>> without_address("12 rue Secrète"), without_address("Les Amis de la rue")
    ('', 'Les Amis de la rue')
    """
    found = _ADDRESS_IN_NAME.search(name)
    return name if found is None else name[: found.start()].rstrip(" ,;:.-–—/(|")


def holds_number(text: str) -> bool:
    """Tell whether a text holds as many figures in a row as a SIREN.

    Examples
    --------
    >>> holds_number("siret-73282932000074"), holds_number("la-roue-31395")
    (True, False)
    """
    return re.search(NUMBER, text) is not None
