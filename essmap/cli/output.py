"""Tables for programs: CSV that no spreadsheet can be tricked by, and JSON without NaN."""

from __future__ import annotations

import json
from typing import Any, Final

import pandas as pd

#: A cell of text that begins like this is a formula for a spreadsheet.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV (RFC 4180, UTF-8): what is missing is empty, formulas in text are made harmless.

    Notes
    -----
    An apostrophe goes before them, as OWASP advises against CSV injection.
    """
    safe = frame.copy()
    for name in safe.select_dtypes(["str", "object"]).columns:
        safe[name] = [_harmless(value) for value in safe[name]]
    return safe.to_csv(index=False, lineterminator="\n")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def json_text(frame: pd.DataFrame) -> str:
    """Return a table as a JSON list of objects: what is missing is null.

    Raises
    ------
    ValueError
        If a number is infinite.
    """
    records = [
        {str(name): None if pd.isna(value) else value for name, value in record.items()}
        for record in frame.astype(object).to_dict("records")
    ]
    return json.dumps(records, ensure_ascii=False, indent=2, allow_nan=False)
