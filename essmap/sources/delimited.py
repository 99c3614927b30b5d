"""Read a delimited text file exactly as it is: every cell a string, every broken row reported, none dropped."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from essmap.errors import Problem, SourceError
from essmap.texts import t
from essmap.texts.system import system_reason


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as found.

    Attributes
    ----------
    file : str
        File name, without its folder.
    frame : DataFrame
        Strings only, stripped; a missing cell is the empty string. The index is the line a spreadsheet shows
        (header = 1).
    problems : tuple of Problem
        Faults of form: missing, unknown or repeated columns, rows with too many or too few cells.
    sha256 : str
        Digest of the file.
    """

    file: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    sha256: str


def read_delimited(path: Path, columns: list[str]) -> RawTable:
    """Read a comma-separated UTF-8 file (RFC 4180).

    Parameters
    ----------
    path : Path
    columns : list of str
        Columns the table must have. Others are reported, and left out of the frame.

    Returns
    -------
    RawTable
        The frame has exactly ``columns``, in that order.

    Raises
    ------
    SourceError
        If the file cannot be read, is not UTF-8, is empty or has its cells apart by something else than a comma.
    """
    content, lines = _read(path)
    header = [name.strip() for name in lines[0]]
    problems = _header_problems(path.name, header, columns)
    rows, numbers = [], []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):  # a blank line is no row, whatever commas a spreadsheet left
            continue
        if len(cells) != len(header):
            expected = t("errors.cells", n=len(header))
            problems.append(Problem(path.name, number, None, str(len(cells)), expected, "cell_count"))
        padded = [cell.strip() for cell in cells[: len(header)]] + [""] * (len(header) - len(cells))
        rows.append(padded)
        numbers.append(number)
    found = pd.DataFrame(rows, columns=header, index=numbers, dtype="str")
    found = found.loc[:, ~found.columns.duplicated()]
    frame = found.reindex(columns=columns, fill_value="").astype("str")
    return RawTable(path.name, frame, tuple(problems), hashlib.sha256(content).hexdigest())


def read_header(path: Path) -> list[str]:
    """Return the column names of a comma-separated UTF-8 file.

    Raises
    ------
    SourceError
        As `read_delimited`.
    """
    _, lines = _read(path)
    return [name.strip() for name in lines[0]]


def _read(path: Path) -> tuple[bytes, list[list[str]]]:
    """Return a file and its lines of cells; there is at least one."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise SourceError(t("errors.file_missing", path=path.name, folder=path.absolute().parent.name)) from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SourceError(t("errors.file_not_utf8", path=path.name, line=line)) from error
    except OSError as error:
        raise SourceError(t("errors.file_unreadable", path=path.name, reason=system_reason(error))) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise SourceError(t("errors.file_not_csv", path=path.name, line=reader.line_num)) from error
    if not any(lines):
        raise SourceError(t("errors.file_empty", path=path.name))
    if len(lines[0]) == 1 and (";" in lines[0][0] or "\t" in lines[0][0]):
        raise SourceError(t("errors.file_separator", path=path.name))
    return content, lines


def _header_problems(file: str, header: list[str], columns: list[str]) -> list[Problem]:
    seen = ", ".join(header)
    problems = [
        Problem(file, 1, name, seen, t("errors.column_expected", column=name), "missing_column")
        for name in columns
        if name not in header
    ]
    problems += [
        Problem(file, 1, name, name, t("errors.column_known", columns=", ".join(columns)), "unknown_column")
        for name in dict.fromkeys(header)
        if name not in columns
    ]
    problems += [
        Problem(file, 1, name, name, t("errors.column_once"), "repeated_column")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    return problems
