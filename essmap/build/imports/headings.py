"""Find the header of a list and say which of our columns each of its headings is.

A heading is known by the name of our column, its French title or a line of ``reference/header_words.csv``. One that is
not known is never guessed: it is proposed. Columns about persons are known, and never kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process

from essmap import reference
from essmap.errors import DataError, Problem, SettingsError
from essmap.schema.folding import fold
from essmap.schema.tableschema import FIELDS, Kind, field_names
from essmap.sources.spreadsheet import Book, Grid
from essmap.sources.spreadsheet_worker import GEOMETRY_COLUMNS
from essmap.texts import t

#: Marks a column that is known and not kept.
DROPPED: Final = "-"
#: A column of two numbers that say where: no column of ours, but read as longitude and latitude.
POINT: Final = "point"
#: Several columns of a file may be one of ours; what joins their cells.
JOINED: Final[Mapping[str, str]] = {
    "domains": ";", "communes_served": ";", "address": " ", "activity": " ", "note": " ; ", "source_note": " ; ",
}  # fmt: skip
#: Columns of which the one that has our very name is the whole: « source » is another one in what essmap writes.
_ALONE: Final = frozenset({"source_note"})
#: What a list must say: one column of each group.
REQUIRED: Final[Mapping[Kind, tuple[tuple[str, ...], ...]]] = {
    "actors": (("name",), ("commune", "commune_code", "postcode", "lon", POINT)),
    "projects": (("holder_name",), ("programme",)),
}
#: Lines among which the header is looked for: titles and blank lines may stand above it.
_HEADER_AMONG: Final = 30
_WORTH_SAYING: Final = 78
#: « Domaine 2 », « Montant 2024 ».
_NUMBER_BEHIND: Final = re.compile(r" \d{1,4}$")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of a sheet is which of ours.

    Attributes
    ----------
    grid : Grid
    header : int
        Position of the header among the rows of the grid.
    columns : mapping
        Per column of ours, the positions of those of the file.
    dropped : tuple of str
        Headings that are known and not kept.
    unknown : tuple of pairs of str
        Headings that are not known, each with the column of ours it is nearest to, or the empty string.
    """

    grid: Grid
    header: int
    columns: Mapping[str, tuple[int, ...]]
    dropped: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]

    @property
    def headings(self) -> list[str]:
        """The headings as they are written."""
        return [" ".join(cell.split()) for cell in self.grid.rows[self.header]]

    def heading(self, name: str) -> str:
        """Return the heading of one of our columns, as the file writes it; our name where it has none."""
        return self.headings[self.columns[name][0]] if name in self.columns else name


def find_layout(
    book: Book, kind: Kind, *, sheet: str | None = None, mapping: Mapping[str, str] | None = None,
    given: Sequence[str] = (),
) -> Layout:  # fmt: skip
    """Find the sheet and the header of a list.

    Parameters
    ----------
    book : Book
    kind : {"actors", "projects"}
    sheet : str or None
        Name or number (from 1) of a sheet. None: the one of which most headings are known.
    mapping : mapping or None
        Per heading as it is written, the column of ours that it is, or ``-``: it is not kept.
    given : sequence of str
        Columns of ours that somebody gives for all rows, and that need not be there.

    Returns
    -------
    Layout

    Raises
    ------
    SettingsError
        If there is no such sheet, or the mapping names a heading or a column that is not there.
    DataError
        If no header is found, a required column is missing, or two headings are one column.
    """
    wanted = _wanted(mapping or {}, kind)
    grids = _grids(book, sheet)
    scored = [(_score(grid.rows[row], kind, wanted), -place, -row) for place, grid in enumerate(grids)
              for row in range(min(len(grid.rows), _HEADER_AMONG))]  # fmt: skip
    score, place, row = max(scored)
    grid, header = grids[-place], -row
    if not score:
        raise _no_header(book, grid, kind)
    found = _columns(grid, header, kind, wanted)
    _require_mapped(wanted, grid.rows[header])
    layout = _layout(grid, header, kind, found)
    _require(layout, book, kind, found, given)
    return layout


def recognise(heading: str, kind: Kind) -> str:
    """Return the column of ours that a heading is, ``-`` where it is known and not kept, else the empty string.

    Examples
    --------
    >>> recognise("Raison sociale *", "actors"), recognise("Montant (€)", "projects"), recognise("Téléphone", "actors")
    ('name', 'amount_eur', '-')
    """
    known = _known(kind)
    folded = fold(heading)
    return known.get(folded) or known.get(_NUMBER_BEHIND.sub("", folded), "")


def proposal(heading: str, kind: Kind) -> str:
    """Return the column of ours that an unknown heading is nearest to; the empty string where none is near."""
    words = {word: name for word, name in _known(kind).items() if name != DROPPED}
    found = process.extractOne(fold(heading), list(words), scorer=fuzz.token_sort_ratio, score_cutoff=_WORTH_SAYING)
    return words[found[0]] if found else ""


@cache
def _known(kind: Kind) -> dict[str, str]:
    words = reference.header_words()[kind]
    known = {str(word): str(name) for word, name in words.items() if name}
    for one in FIELDS[kind]:
        known[fold(one.name)] = known[fold(one.title(kind))] = one.name
    return known


def _wanted(mapping: Mapping[str, str], kind: Kind) -> dict[str, tuple[str, str]]:
    """Return the mapping by folded heading; a name that is none of ours is refused."""
    names = [*field_names(kind), POINT, DROPPED]
    titles = {fold(one.title(kind)): one.name for one in FIELDS[kind]}
    found = {}
    for heading, name in mapping.items():
        column = name if name in names else titles.get(fold(name), "")
        if not column:
            raise SettingsError(t("imports.map_unknown", field=name, known=", ".join(names)))
        found[fold(heading)] = (heading, column)
    return found


def _grids(book: Book, sheet: str | None) -> list[Grid]:
    if sheet is None:
        return list(book.grids)
    chosen = [grid for grid in book.grids if fold(grid.sheet) == fold(sheet)]
    if not chosen and sheet.isdecimal() and 1 <= int(sheet) <= len(book.grids):
        chosen = [book.grids[int(sheet) - 1]]
    if not chosen:
        names = ", ".join(grid.sheet for grid in book.grids if grid.sheet) or t("imports.no_sheets")
        raise SettingsError(t("imports.sheet_unknown", sheet=sheet, file=book.file, known=names))
    return chosen[:1]


def _named(cells: Sequence[str], kind: Kind, wanted: Mapping[str, tuple[str, str]]) -> Iterator[tuple[int, str]]:
    for place, cell in enumerate(cells):
        if cell.strip():
            yield place, wanted[fold(cell)][1] if fold(cell) in wanted else recognise(cell, kind)


def _score(cells: Sequence[str], kind: Kind, wanted: Mapping[str, tuple[str, str]]) -> int:
    """Return how many of our columns a row names; a row that names but one is a header only if it holds no more."""
    names = {name for _, name in _named(cells, kind, wanted) if name not in {"", DROPPED}}
    filled = sum(bool(cell.strip()) for cell in cells)
    return len(names) if len(names) > 1 or filled <= 2 else 0


def _columns(
    grid: Grid, header: int, kind: Kind, wanted: Mapping[str, tuple[str, str]]
) -> dict[str, list[tuple[int, str]]]:
    """Return the headings of each column of ours; those that are not known under the empty string."""
    cells = grid.rows[header]
    found: dict[str, list[tuple[int, str]]] = {}
    for place, name in _named(cells, kind, wanted):
        found.setdefault(name, []).append((place, " ".join(cells[place].split())))
    for name, headings in found.items():
        if name in {"", DROPPED} or (name in JOINED and name not in _ALONE) or len(headings) == 1:
            continue
        found[name] = _preferred(name, headings, kind, wanted)
    return found


def _preferred(
    name: str, headings: list[tuple[int, str]], kind: Kind, wanted: Mapping[str, tuple[str, str]]
) -> list[tuple[int, str]]:
    """Return the headings that say most plainly that they are a column of ours."""
    one = next((one for one in FIELDS[kind] if one.name == name), None)
    own = {fold(one.name), fold(one.title(kind))} if one else set()
    for plain in (
        [item for item in headings if fold(item[1]) in wanted],
        [item for item in headings if item[1] not in GEOMETRY_COLUMNS],
        [item for item in headings if fold(item[1]) in own],
    ):
        if len(plain) == 1:
            return plain
    return headings


def _layout(grid: Grid, header: int, kind: Kind, found: Mapping[str, list[tuple[int, str]]]) -> Layout:
    columns = {
        name: tuple(place for place, _ in headings) for name, headings in found.items() if name not in {"", DROPPED}
    }
    used = {place for places in columns.values() for place in places}
    unknown = tuple((text, proposal(text, kind)) for _, text in found.get("", []))
    cells = grid.rows[header]
    left = {place for place, _ in found.get("", [])}
    dropped = tuple(
        " ".join(cell.split()) for place, cell in enumerate(cells) if cell.strip() and place not in used | left
    )
    return Layout(grid, header, columns, dropped, unknown)


def _require_mapped(wanted: Mapping[str, tuple[str, str]], cells: Sequence[str]) -> None:
    present = {fold(cell) for cell in cells}
    missing = [heading for key, (heading, _) in wanted.items() if key not in present]
    if missing:
        known = ", ".join(" ".join(cell.split()) for cell in cells if cell.strip())
        raise SettingsError(t("imports.map_missing", column=missing[0], known=known))


def _require(
    layout: Layout, book: Book, kind: Kind, found: Mapping[str, list[tuple[int, str]]], given: Sequence[str]
) -> None:
    file, line = where(book, layout.grid), layout.header + 1
    seen = ", ".join(heading for heading in layout.headings if heading)
    titles = {one.name: one.title(kind) for one in FIELDS[kind]}
    problems = []
    for group in REQUIRED[kind]:
        if not set(group) & {*layout.columns, *given}:
            names = t("imports.or").join(titles.get(name, name) for name in group if name in titles)
            expected = t("imports.expected.column", names=names)
            problems.append(Problem(file, line, None, seen, expected, "missing_column"))
    for name, headings in found.items():
        if name in {"", DROPPED} or name in JOINED or len(headings) == 1:
            continue
        texts = t("imports.and").join(f"«\u202f{text}\u202f»" for _, text in headings)
        expected = t("imports.expected.one_column", title=titles.get(name, name), field=name)
        problems.append(Problem(file, line, None, texts, expected, "repeated_column"))
    if problems:
        raise DataError(t("imports.header_faults", n=len(problems), file=book.file), problems)


def _no_header(book: Book, grid: Grid, kind: Kind) -> DataError:
    first = next(row for row in grid.rows if any(cell.strip() for cell in row))
    seen = ", ".join(cell.strip() for cell in first if cell.strip())[:200]
    names = ", ".join(one.title(kind) for one in FIELDS[kind] if one.is_required)
    problem = Problem(where(book, grid), 1, None, seen, t("imports.expected.header", names=names), "no_header")
    return DataError(t("imports.header_faults", n=1, file=book.file), [problem])


def where(book: Book, grid: Grid) -> str:
    """Return the name of a file, with that of the sheet where it has several."""
    return t("imports.sheet_of", file=book.file, sheet=grid.sheet) if len(book.grids) > 1 else book.file
