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

#: An address with one of these words, wherever it stands, is somebody's home: « 2 rue Haute, chez Mme Unetelle ».
_HOME_PATTERN: Final = r"\bchez\b|\bc\s*[/⁄]\s*o\b|℅|\baux (?:bons )?soins de\b|\bdomicile\b"


def at_home(address: pd.Series[str]) -> pd.Series[bool]:
    """Tell which addresses are somebody's home.

    Examples
    --------
    >>> at_home(pd.Series(["2 rue Haute, chez M. Untel", "c/o Mairie", "12 rue des Chezeaux"])).tolist()
    [True, True, False]
    """
    return address.str.contains(_HOME_PATTERN, case=False, regex=True, na=False).astype(bool)
