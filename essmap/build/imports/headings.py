"""Find the header of a list and say which of our columns each heading is (`essmap.build.imports.heading_words`).

Columns about persons are known, and never kept. Nothing of a file is passed over in silence: other sheets, a second
table, columns that say the same are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from essmap.build.imports.doubles import EACH, Found, settle
from essmap.build.imports.heading_words import DROPPED, JOINED, POINT, proposal, recognise, title_of
from essmap.build.imports.places import read_pair
from essmap.build.imports.sensitive import asks_agreement, may_hide
from essmap.build.imports.stacked import set_aside
from essmap.errors import DataError, Problem, SettingsError
from essmap.schema.folding import fold
from essmap.schema.tableschema import FIELDS, Kind, field_names
from essmap.sources.spreadsheet import Book, Grid
from essmap.texts import t

__all__ = ["DROPPED", "JOINED", "POINT", "REQUIRED", "TWINS", "Layout", "find_layout", "proposal", "recognise", "where"]

#: What a list must say: one column of each group.
REQUIRED: Final[Mapping[Kind, tuple[tuple[str, ...], ...]]] = {
    "actors": (("name",), ("commune", "commune_code", "postcode", "lon", POINT)),
    "projects": (("holder_name",), ("programme",)),
}
#: Two numbers of which a list often has but one column, for either.
TWINS: Final[Mapping[str, str]] = {
    "siren": "siret", "siret": "siren", "holder_siren": "holder_siret", "holder_siret": "holder_siren",
}  # fmt: skip
#: Lines among which the header is looked for: titles and blank lines may stand above it.
_HEADER_AMONG: Final = 30
#: Headings that are proposed in one sentence.
_PROPOSED: Final = 5


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
    kind : {"actors", "projects"}
    doubles : tuple of pairs of str
        Headings of columns that say what another one says, which alone is read: theirs, then that one's.
    aside : mapping
        Filled rows that are no row of the list, by position, with the rule that says why
        (`essmap.build.imports.stacked`).
    pointless : tuple of str
        Headings that announce positions over cells none of which is one.
    others : tuple of Grid
        Other sheets of the file that are lists too; they are not read.
    hidden : tuple of str
        Names of hidden sheets that are lists too.
    """

    grid: Grid
    header: int
    columns: Mapping[str, tuple[int, ...]]
    dropped: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    kind: Kind = "actors"
    doubles: tuple[tuple[str, str], ...] = ()
    aside: Mapping[int, str] = field(default_factory=dict)
    pointless: tuple[str, ...] = ()
    others: tuple[Grid, ...] = ()
    hidden: tuple[str, ...] = ()

    @property
    def headings(self) -> list[str]:
        """The headings as they are written."""
        return [" ".join(cell.split()) for cell in self.grid.rows[self.header]]

    def heading(self, name: str) -> str:
        """Return the heading of one of our columns, as the file writes it; our French title where it has none."""
        name = TWINS[name] if name not in self.columns and TWINS.get(name) in self.columns else name
        return self.headings[self.columns[name][0]] if name in self.columns else title_of(name, self.kind)


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
    headers = [_header(grid, kind, wanted, given) for grid in grids]
    _, score, place = max((full, score, -place) for place, (full, score, _) in enumerate(headers))
    grid, header = grids[-place], headers[-place][2]
    if not score:
        raise _no_header(book, grid, kind)
    found, doubles = _columns(grid, header, kind, wanted)
    pointless = _pointless(grid, header, found, wanted)
    own = grid.rows[header]
    _require_mapped(wanted, own)
    layout = Layout(
        grid,
        header,
        {name: tuple(place for place, _ in headings) for name, headings in found.items() if name not in {"", DROPPED}},
        tuple(text for _, text in found.get(DROPPED, [])),
        tuple((text, proposal(text, kind)) for _, text in found.get("", [])),
        kind,
        doubles,
        pointless=pointless,
        others=tuple(one for one in book.grids if one is not grid and _is_list(one, kind, wanted, given, own)),
        hidden=tuple(one.sheet for one in book.hidden if _is_list(one, kind, wanted, given, own)),
    )
    _require(layout, book, found, given)
    aside = set_aside(
        grid.rows,
        header,
        layout.columns,
        lambda cells: dict(_named(cells, kind, wanted)),
        tuple(group for group in REQUIRED[kind] if not set(group) & set(given)),
    )
    return replace(layout, aside=aside)


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


def _names(cells: Sequence[str], kind: Kind, wanted: Mapping[str, tuple[str, str]]) -> set[str]:
    """Return our columns that a row names; a row that names but one is a header only if it holds no more."""
    names = {name for _, name in _named(cells, kind, wanted) if name not in {"", DROPPED}}
    filled = sum(bool(cell.strip()) for cell in cells)
    return names if len(names) > 1 or filled <= 2 else set()


def _header(
    grid: Grid, kind: Kind, wanted: Mapping[str, tuple[str, str]], given: Sequence[str]
) -> tuple[bool, int, int]:
    """Return whether a row of a sheet names all that is required, how many columns it names, and its position.

    The first row that names all that is required is the header, of whatever stands below it; a title of one word is
    one only where no other row is, and so are settings (« Commune », « Muret », « Nom », « Associations »), of which
    half are not known. Without such a row it is the one that names most.
    """
    found, settings = [], []
    for place, cells in enumerate(grid.rows[:_HEADER_AMONG]):
        names = _names(cells, kind, wanted)
        is_full = all(set(group) & {*names, *given} for group in REQUIRED[kind])
        unknown = sum(not name for _, name in _named(cells, kind, wanted))
        settings.append(2 * unknown >= sum(bool(cell.strip()) for cell in cells))
        found.append((is_full and len(names) > 1, is_full and bool(names), len(names), -place))
    full = [one for one in found if one[0]]
    plain = [one for one in full if not settings[-one[3]]]
    best = (plain or full)[0] if full else max(found, default=(False, False, 0, 0))
    return best[1], best[2], -best[3]


def _is_list(
    grid: Grid,
    kind: Kind,
    wanted: Mapping[str, tuple[str, str]],
    given: Sequence[str],
    like: Sequence[str],
) -> bool:
    """Tell whether a sheet has the header of a list, or that of the list that is read, and rows below it."""
    is_full, _, header = _header(grid, kind, wanted, given)
    if not is_full:
        same = [place for place, cells in enumerate(grid.rows[:_HEADER_AMONG])
                if [*map(fold, cells)] == [*map(fold, like)]]  # fmt: skip
        header = same[0] if same else len(grid.rows)
    return any(cell.strip() for cells in grid.rows[header + 1 :] for cell in cells)


def _columns(
    grid: Grid, header: int, kind: Kind, wanted: Mapping[str, tuple[str, str]]
) -> tuple[Found, tuple[tuple[str, str], ...]]:
    """Return the headings of each column of ours, those that are not known under the empty string; then the doubles."""
    cells = grid.rows[header]
    found: Found = {}
    for place, name in _named(cells, kind, wanted):
        found.setdefault(name, []).append((place, " ".join(cells[place].split())))
    return found, settle(found, grid.rows[header + 1 :], kind, wanted)


def _pointless(
    grid: Grid, header: int, found: dict[str, list[tuple[int, str]]], wanted: Mapping[str, tuple[str, str]]
) -> tuple[str, ...]:
    """Take columns out that announce points and hold none: « Coordonnées » is where people write telephone numbers."""
    left = []
    for place, text in found.get(POINT, []):
        cells = (cells[place] for cells in grid.rows[header + 1 :] if place < len(cells))
        if fold(text) in wanted or any(read_pair(cell) for cell in cells):
            continue
        found[POINT] = [one for one in found[POINT] if one[0] != place]
        left.append(text)
    if POINT in found and not found[POINT]:
        del found[POINT]
    return tuple(left)


def _require_mapped(wanted: Mapping[str, tuple[str, str]], cells: Sequence[str]) -> None:
    present = {fold(cell) for cell in cells}
    missing = [heading for key, (heading, _) in wanted.items() if key not in present]
    if missing:
        known = ", ".join(" ".join(cell.split()) for cell in cells if cell.strip())
        raise SettingsError(t("imports.map_missing", column=missing[0], known=known))


def _require(layout: Layout, book: Book, found: Mapping[str, list[tuple[int, str]]], given: Sequence[str]) -> None:
    kind, file, line = layout.kind, where(book, layout.grid), layout.header + 1
    seen = ", ".join(heading for heading in layout.headings if heading)
    problems = []
    for group in REQUIRED[kind]:
        if not set(group) & {*layout.columns, *given}:
            names = t("imports.or").join(title_of(name, kind) for name in group if name != POINT)
            near = [(text, name) for text, name in layout.unknown if name in group]
            left = [text for text, _ in layout.unknown]
            expected = t("imports.expected.column", names=names) + _proposed(near, left, group[0])
            problems.append(Problem(file, line, None, seen, expected, "missing_column"))
    for name, headings in found.items():
        if name in {"", DROPPED} or name in JOINED or name in EACH or len(headings) == 1:
            continue
        texts = t("imports.and").join(f"«\u202f{text}\u202f»" for _, text in headings)
        expected = t("imports.expected.one_column", title=title_of(name, kind), field=name)
        problems.append(Problem(file, line, None, texts, expected, "repeated_column"))
    for text in _hiding(layout, found):
        expected = t("imports.expected.hiding", hide=map_option(text, "is_sensitive"), leave=map_option(text, DROPPED))
        problems.append(Problem(file, line, None, text, expected, "perhaps_hidden"))
    if problems:
        raise DataError(t("imports.header_faults", n=len(problems), file=book.file), problems)


def _hiding(layout: Layout, found: Mapping[str, list[tuple[int, str]]]) -> list[str]:
    """Return headings that are not known and may say which structures are not to be shown."""
    if layout.kind != "actors":
        return []
    rows = layout.grid.rows[layout.header + 1 :]
    unknown = found.get("", [])
    return [text for place, text in unknown if may_hide(text, [row[place] for row in rows if place < len(row)])]


def _proposed(near: Sequence[tuple[str, str]], unknown: Sequence[str], name: str) -> str:
    """Return what to type so that a heading is known: those that are near, else how to name one of the others."""
    if near:
        options = t("imports.or").join(map_option(text, name) for text, name in near[:_PROPOSED])
        return t("imports.perhaps_map", options=options)
    if unknown:
        names = ", ".join(unknown[:_PROPOSED])
        return t("imports.unknown_map", names=names, option=map_option(unknown[0], name))
    return ""


def map_option(heading: str, name: str) -> str:
    """Return what to type so that a heading is one of our columns.

    Examples
    --------
    >>> map_option("Raison soc.", "name")
    '--map "Raison soc.=name"'
    """
    return f'--map "{heading}={name}"'


def _no_header(book: Book, grid: Grid, kind: Kind) -> DataError:
    """Say that no header was found, with what the row that is most like one could mean."""
    rows = [
        (place, [" ".join(cell.split()) for cell in cells if cell.strip()])
        for place, cells in enumerate(grid.rows[:_HEADER_AMONG])
    ]
    rows = [one for one in rows if one[1]]
    if not rows:  # the first line that holds anything stands far below
        rows = [(0, [cell.strip() for row in grid.rows for cell in row if cell.strip()][:1])]
    near = {
        place: [(cell, proposal(cell, kind)) for cell in cells if not recognise(cell, kind)] for place, cells in rows
    }
    telling = {place: len(cells) - sum(not name for _, name in near[place]) for place, cells in rows}
    best, cells = max(rows, key=lambda one: (telling[one[0]], -one[0]))
    known = {recognise(cell, kind) for cell in cells}
    missing = next((group[0] for group in REQUIRED[kind] if not set(group) & known), REQUIRED[kind][0][0])
    unknown = [cell for cell, _ in near[best]] if telling[best] else []
    names = ", ".join(title_of(group[0], kind) for group in REQUIRED[kind])
    options = _proposed([one for one in near[best] if one[1]], unknown, missing)
    expected = t("imports.expected.header", names=names) + options
    problem = Problem(where(book, grid), best + 1, None, ", ".join(cells)[:200], expected, "no_header")
    return DataError(t("imports.header_faults", n=1, file=book.file), [problem])


def where(book: Book, grid: Grid) -> str:
    """Return the name of a file, with that of the sheet where it has several."""
    return t("imports.sheet_of", file=book.file, sheet=grid.sheet) if len(book.grids) > 1 else book.file


def layout_notes(layout: Layout, book: Book) -> tuple[str, ...]:
    """Return French sentences on what of a file is not read: other sheets, columns that say the same, no positions."""
    said = [t("imports.other_list", sheet=grid.sheet, option=f'--sheet "{grid.sheet}"') for grid in layout.others]
    plain = [grid.sheet for grid in book.grids if all(grid is not one for one in (layout.grid, *layout.others))]
    if plain:
        said.append(t("imports.other_sheets", n=len(plain), names=", ".join(plain)))
    said += [t("imports.double", heading=text, read=other) for text, other in layout.doubles]
    flags = [layout.headings[place] for place in layout.columns.get("is_sensitive", ())]
    said += [t("imports.agreement", heading=text) for text in flags if asks_agreement(text)]
    said += [t("imports.pointless", heading=text) for text in layout.pointless]
    return tuple(said)
