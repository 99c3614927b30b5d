"""What a sheet is made of: its figures, sections and tables, as `essmap.view.sheet.render` sets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Gap:
    """What may be said of one axis: numbers described, and a class only where the data allows one.

    Attributes
    ----------
    axis : str
        Key of `essmap.reference.axes`.
    observed : int
    expected : float
    verdict : str
        In words; empty where nothing may be concluded.
    interval : tuple of two floats or None
        Of observed / expected.
    """

    axis: str
    observed: int
    expected: float
    verdict: str = ""
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of the sheet; a wide one takes the room that is left."""

    label: str
    number: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; ``mark`` is the drawing of an axis (``shape``, ``colour``) before its first cell."""

    cells: Sequence[str]
    mark: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table of the sheet."""

    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet: sentences, then a table, then names in columns; each may be missing."""

    title: str
    sentences: Sequence[str] = ()
    table: SheetTable | None = None
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SheetContent:
    """Everything that `essmap.view.sheet.sheet_pdf` sets; field names are those of ``sheet.typ``."""

    title: str
    author: str
    kicker: str
    warning: str | None
    watermark: str | None
    figures: Sequence[dict[str, str]]
    map: dict[str, str]
    axes: Section
    sections: Sequence[Section]
    sources: Sequence[str]
    footer: str
    words: dict[str, str] = field(default_factory=dict)
