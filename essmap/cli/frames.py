"""Print frames: for programs as JSON or CSV, for people as a table."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from essmap.cli.report import out
from essmap.errors import SettingsError
from essmap.texts import t
from essmap.view.exports import harmless
from essmap.view.format import one_line

FORMATS: Final = ("table", "csv", "json")


def require_format(name: str) -> None:
    """Check the name of a format.

    Raises
    ------
    SettingsError
        If it is none of `FORMATS`.
    """
    if name not in FORMATS:
        raise SettingsError(t("reach.format_unknown", format=name, known=", ".join(FORMATS)))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON-ready dictionaries; what is missing is None, never NaN."""
    cells = frame.astype(object).where(frame.notna(), None)
    return [{str(name): _plain(value) for name, value in row.items()} for row in cells.to_dict("records")]


def print_json(content: object) -> None:
    """Print a JSON document; NaN is a programming error."""
    print(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False))  # noqa: T201  machines read it


def print_csv(frame: pd.DataFrame) -> None:
    """Print a CSV (comma, UTF-8, header) that no spreadsheet can take for formulas; what is missing is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_cell(value) for value in row.values()] for row in records(frame))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Mapping[int, bool]) -> None:
    """Print aligned columns; those that ``right`` holds are set to the right. Signs that draw are left out."""
    lines = [tuple(one_line(cell) for cell in line) for line in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            cell.rjust(width) if right.get(place) else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        out.print("  ".join(cells).rstrip(), markup=False)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return harmless(value)
