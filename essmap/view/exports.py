"""Tables that leave the app as files: nothing in them can run in a spreadsheet."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

#: A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection); full-width signs too.
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; control signs become spaces, other values stay.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Muret"), harmless(-2)
    ("'=1+1", 'Muret', -2)
    """
    if not isinstance(value, str):
        return value
    text = "".join(sign if sign.isprintable() else " " for sign in value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def people_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as the CSV that French spreadsheets open right: UTF-8 with its mark, semicolons, decimal commas.

    Parameters
    ----------
    frame : DataFrame
        Its headings are what people read; what is missing is empty.
    """
    cells = frame.astype(object).where(frame.notna(), None).map(harmless)
    text: str = cells.to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    return text.encode("utf-8-sig")
