"""Everything that can go wrong, in one tree. A leaf: it imports nothing of essmap.

::

    EssmapError                 exit code 70 (unexpected)
    ├── DataError               1   a table breaks its rules; carries one Problem per fault
    ├── SettingsError           2   a setting or an argument makes no sense
    ├── SnapshotError           3   no snapshot, or one this version cannot read
    ├── SourceError             4   an input file or service is missing or changed
    └── CRSError                70  coordinates in the wrong reference system (a programming error)

Messages are French: they are shown to people. They say what failed, where, what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


class EssmapError(Exception):
    """Base of every error essmap raises on purpose; ``str()`` is a French sentence fit for the screen."""

    exit_code = 70


class SettingsError(EssmapError):
    """A setting or an argument makes no sense."""

    exit_code = 2


class SnapshotError(EssmapError):
    """There is no snapshot to read, or this version of essmap cannot read it."""

    exit_code = 3


class SourceError(EssmapError):
    """An input file or service is missing, unreadable or no longer what it was."""

    exit_code = 4


class CRSError(EssmapError, ValueError):
    """Coordinates are in another reference system than the computation needs."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in one table, located well enough to be mended without asking anybody.

    Attributes
    ----------
    file : str
        Name of the file (never an absolute path).
    row : int or None
        Line in the file as a spreadsheet numbers it: the header is line 1. None: the whole file.
    column : str or None
        Column name. None: the whole row.
    value : str
        What was found.
    expected : str
        What was expected, in French.
    rule : str
        Stable key of the rule, for counts and tests.
    """

    file: str
    row: int | None
    column: str | None
    value: str
    expected: str
    rule: str

    def __str__(self) -> str:
        """Return the fault as one French line: where, what was found, what was expected."""
        where = self.file
        if self.row is not None:
            where += f", ligne {self.row}"
        if self.column is not None:
            where += f", colonne «\u202f{self.column}\u202f»"
        found = "".join(sign if sign.isprintable() else " " for sign in self.value)
        return f"{where}\u00a0: «\u202f{found}\u202f»\u202f; attendu\u00a0: {self.expected}"

    def as_dict(self) -> dict[str, str | int | None]:
        """Return the fault as a JSON-ready dictionary."""
        return asdict(self)


class DataError(EssmapError, ValueError):
    """A table breaks its rules.

    Attributes
    ----------
    problems : tuple of Problem
        Every fault found in one run, in file order.
    """

    exit_code = 1

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
