"""Cells that leave the app: nothing in them can run in a spreadsheet. What the files hold: `essmap.view.opendata`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from essmap.view.format import one_line

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
    text = one_line(value)
    return f"'{text}" if _looks_like_formula(text) else text


def as_written(value: Any) -> Any:
    """Return the text that `harmless` made a cell of, for whoever reads such a file back.

    Examples
    --------
    >>> as_written(harmless("=1+1")), as_written(harmless("'=1+1")), as_written("'t Hof")
    ('=1+1', "'=1+1", "'t Hof")
    """
    is_guarded = isinstance(value, str) and value.startswith("'") and _looks_like_formula(value)
    return value[1:] if is_guarded else value


def people_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as the CSV that French spreadsheets open right: UTF-8 with its mark, semicolons, decimal commas.

    Parameters
    ----------
    frame : DataFrame
        Its headings are what people read; what is missing is empty.
    """
    text: str = as_cells(frame).to_csv(index=False, sep=";", decimal=",", lineterminator="\r\n")
    return text.encode("utf-8-sig")


def as_cells(frame: pd.DataFrame, form: Callable[[Any], Any] = harmless) -> pd.DataFrame:
    """Return each cell in its form, what is missing as None; whole numbers stay whole beside missing ones."""
    columns = {
        name: pd.Series(
            [None if pd.isna(value) else form(value) for value in frame[name]],
            frame.index,
            dtype="float64" if pd.api.types.is_float_dtype(frame[name]) else object,
        )
        for name in frame.columns
    }
    return pd.DataFrame(columns, columns=frame.columns)


def _looks_like_formula(text: str) -> bool:
    """Tell whether a text begins like a formula, or like one that an apostrophe holds back already."""
    return text.lstrip("' ").startswith(_FORMULA)
