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
    content, text = _read(path)
    return _raw_table(path.name, content, _cells(path.name, text), columns, first=1)


def read_described(path: Path, columns: list[str]) -> tuple[dict[str, str], RawTable]:
    """Read a comma-separated UTF-8 file that says what it holds in its first lines, each ``# key: value``.

    Parameters
    ----------
    path : Path
    columns : list of str
        As `read_delimited`.

    Returns
    -------
    said : dict of str
        What the first lines say; keys in lower case.
    table : RawTable
        What follows them.

    Raises
    ------
    SourceError
        As `read_delimited`.
    """
    content, text = _read(path)
    lines = text.splitlines(keepends=True)
    said: dict[str, str] = {}
    while lines and lines[0].lstrip().startswith("#"):
        key, _, value = lines.pop(0).strip().lstrip("#").partition(":")
        said[key.strip().lower()] = value.strip().rstrip(",").strip()  # a spreadsheet pads lines with commas
    first = text.count("\n", 0, len(text) - len("".join(lines))) + 1
    return said, _raw_table(path.name, content, _cells(path.name, "".join(lines), first=first), columns, first=first)


def _raw_table(file: str, content: bytes, lines: list[list[str]], columns: list[str], *, first: int) -> RawTable:
    """Return the table of a file whose header is on line ``first``."""
    header = [name.strip() for name in lines[0]]
    problems = _header_problems(file, header, columns, first)
    rows, numbers = [], []
    for number, cells in enumerate(lines[1:], start=first + 1):
        if not any(cell.strip() for cell in cells):  # a blank line is no row, whatever commas a spreadsheet left
            continue
        if len(cells) != len(header):
            expected = t("errors.cells", n=len(header))
            problems.append(Problem(file, number, None, str(len(cells)), expected, "cell_count"))
        padded = [cell.strip() for cell in cells[: len(header)]] + [""] * (len(header) - len(cells))
        rows.append(padded)
        numbers.append(number)
    found = pd.DataFrame(rows, columns=header, index=numbers, dtype="str")
    found = found.loc[:, ~found.columns.duplicated()]
    frame = found.reindex(columns=columns, fill_value="").astype("str")
    return RawTable(file, frame, tuple(problems), hashlib.sha256(content).hexdigest())


def read_header(path: Path) -> list[str]:
    """Return the column names of a comma-separated UTF-8 file.

    Raises
    ------
    SourceError
        As `read_delimited`.
    """
    _, text = _read(path)
    lines = _cells(path.name, text)
    return [name.strip() for name in lines[0]]


def _read(path: Path) -> tuple[bytes, str]:
    """Return a file and its text."""
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
    return content, text


def _cells(file: str, text: str, *, first: int = 1) -> list[list[str]]:
    """Return the lines of cells of a text that begins on line ``first``; there is at least one."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise SourceError(t("errors.file_not_csv", path=file, line=first + reader.line_num - 1)) from error
    if not any(lines):
        raise SourceError(t("errors.file_empty", path=file))
    if len(lines[0]) == 1 and (";" in lines[0][0] or "\t" in lines[0][0]):
        raise SourceError(t("errors.file_separator", path=file))
    return lines


def _header_problems(file: str, header: list[str], columns: list[str], first: int) -> list[Problem]:
    seen = ", ".join(header)
    problems = [
        Problem(file, first, name, seen, t("errors.column_expected", column=name), "missing_column")
        for name in columns
        if name not in header
    ]
    problems += [
        Problem(file, first, name, name, t("errors.column_known", columns=", ".join(columns)), "unknown_column")
        for name in dict.fromkeys(header)
        if name not in columns
    ]
    problems += [
        Problem(file, first, name, name, t("errors.column_once"), "repeated_column")
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    return problems
