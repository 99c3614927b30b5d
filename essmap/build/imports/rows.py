"""The cells of a list, column by column, as they are understood; every fault and remark with its line and heading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from essmap.build.imports.doubles import EACH
from essmap.build.imports.headings import JOINED, TWINS, Layout
from essmap.build.imports.sensitive import read_flags
from essmap.build.imports.values import Reading, clean
from essmap.errors import Problem
from essmap.texts import t

#: Signs of one cell that are shown in a report.
_SHOWN: Final = 120
#: What people put between the figures of a number.
_PARTING: Final = re.compile(r"[\s.\-_/]")
#: What stands where a letter was lost on the way.
_LOST: Final = "\ufffd"


@dataclass(eq=False)
class Rows:
    """The rows of a list.

    Attributes
    ----------
    file : str
        What messages call it.
    layout : Layout
    lines : list of int
        Line of each row in the file; blank rows are left out, and those that are no row of the list.
    aside : list of int
        Lines of filled rows that are no row of the list: a header that comes again, another table.
    values : dict of lists of str
        Per column of ours, what was understood of each row.
    faults, remarks : list of Problem
        What keeps a row out, and what was set aside or right in a row that comes in.
    """

    file: str
    layout: Layout
    lines: list[int] = field(init=False)
    aside: list[int] = field(init=False)
    values: dict[str, list[str]] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Number the rows that hold anything; tell those that are no row of the list, or that cannot be read whole."""
        rows, start, aside = self.layout.grid.rows, self.layout.header + 1, self.layout.aside
        filled = [place for place in range(start, len(rows)) if any(cell.strip() for cell in rows[place])]
        self.lines = [place + 1 for place in filled if place not in aside]
        self.aside = [place + 1 for place in aside]
        for place, rule in aside.items():
            shown = ", ".join(cell.strip() for cell in rows[place] if cell.strip())
            expected = t(f"imports.expected.{rule}", line=self.layout.header + 1)
            self.faults.append(Problem(self.file, place + 1, None, clean(shown)[:_SHOWN], expected, rule))
        width = len(self.layout.headings)
        for line in self.lines:
            if any(cell.strip() for cell in rows[line - 1][width:]):
                expected = t("errors.cells", n=width)
                self.faults.append(Problem(self.file, line, None, str(len(rows[line - 1])), expected, "cell_count"))
        for name in self.layout.columns:
            for line, cell in zip(self.lines, self.raw(name), strict=True):
                if _LOST in cell:
                    self.refuse(line, name, cell, t("imports.expected.lost_letters"), "lost_letters")

    def raw(self, name: str) -> list[str]:
        """Return the cells of one of our columns as they are; empty where the file has no such column.

        A list that has one column for SIREN and SIRET gives each cell to the number that it is.
        """
        twin = TWINS.get(name, "")
        if twin and (name in self.layout.columns) != (twin in self.layout.columns):
            one = name if name in self.layout.columns else twin
            return [cell if _number_in(cell, one) == name else "" for cell in self._joined(one)]
        return self._joined(name)

    def _joined(self, name: str) -> list[str]:
        places = self.layout.columns.get(name, ())
        glue = JOINED.get(name, " ")
        return [glue.join(filter(None, (self._cell(line, place) for place in places))) for line in self.lines]

    def _cell(self, line: int, place: int) -> str:
        cells = self.layout.grid.rows[line - 1]
        return cells[place].strip() if place < len(cells) else ""

    def text(self, name: str) -> list[str]:
        """Take a column as the text that it is."""
        self.values[name] = [clean(cell) for cell in self.raw(name)]
        return self.values[name]

    def read(self, name: str, understand: Callable[[str], Reading]) -> list[str]:
        """Understand a column cell by cell; equal cells are understood once."""
        if name in EACH:
            return self._read_each(name)
        known: dict[str, Reading] = {}
        found = []
        for line, cell in zip(self.lines, self.raw(name), strict=True):
            reading = known.get(cell) or known.setdefault(cell, understand(cell))
            found.append("" if reading.fault else reading.value)
            self.note(line, name, cell, reading)
        self.values[name] = found
        return found

    def _read_each(self, name: str) -> list[str]:
        """Understand all the columns that are one of ours, each cell by itself: what one says, another may not undo."""
        places = self.layout.columns.get(name, ())
        found = []
        for line in self.lines:
            cells = [(self.layout.headings[place], self._cell(line, place)) for place in places]
            reading = read_flags(cells)
            found.append("" if reading.fault else reading.value)
            self.note(line, name, " | ".join(cell for _, cell in cells if cell), reading)
        self.values[name] = found
        return found

    def note(self, line: int, name: str, cell: str, reading: Reading) -> None:
        """Keep what a reading says of a cell."""
        if reading.fault is not None:
            self.refuse(line, name, cell, reading.fault, reading.rule)
        elif reading.remark is not None:
            self.remarks.append(self._problem(line, name, cell, reading.remark, "remark"))

    def refuse(self, line: int, name: str, cell: str, expected: str, rule: str) -> None:
        """Keep a row out."""
        self.faults.append(self._problem(line, name, cell, expected, rule))

    def remark(self, line: int, name: str, cell: str, said: str) -> None:
        """Say what was set aside in a row that comes in."""
        self.remarks.append(self._problem(line, name, cell, said, "remark"))

    def _problem(self, line: int, name: str, cell: str, said: str, rule: str) -> Problem:
        return Problem(self.file, line, self.layout.heading(name), clean(cell)[:_SHOWN], said, rule)

    def refused(self) -> set[int]:
        """Return the lines that are kept out so far."""
        return {fault.row for fault in self.faults if fault.row is not None}

    def take(self, found: Iterable[Problem]) -> None:
        """Keep faults that somebody else found on our columns, under the headings of the file."""
        for one in found:
            heading = self.layout.heading(one.column) if one.column else None
            self.faults.append(replace(one, file=self.file, column=heading))


def _number_in(cell: str, name: str) -> str:
    """Return which number a cell of a column of SIREN or SIRET is, by its figures; a SIRET may have lost its zeros."""
    digits = _PARTING.sub("", clean(cell).removesuffix(".0"))
    is_siret = name.endswith("siret")
    is_twin = digits.isdecimal() and (len(digits) == 9 if is_siret else len(digits) > 9)
    return TWINS[name] if is_twin else name
