"""Rows of a sheet that are no row of its list: a header that comes again, another table above or below.

None is passed over in silence: each is kept out with a rule of its own, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from essmap.build.imports.heading_words import DROPPED
from essmap.schema.folding import fold

#: The header, once more: nothing is lost by it.
AGAIN: Final = "header_again"
#: A row above the header, below another one that says too little.
ABOVE: Final = "above_header"
#: A row below a header that names the columns in another way.
OTHER: Final = "other_table"
#: Cells of a row that are looked at first: a row of which none is a heading is no header.
_FIRST: Final = 3

Namer = Callable[[Sequence[str]], Mapping[int, str]]


def set_aside(
    rows: Sequence[Sequence[str]],
    header: int,
    columns: Mapping[str, tuple[int, ...]],
    named: Namer,
    required: Sequence[tuple[str, ...]],
) -> dict[int, str]:
    """Return the filled rows that are no row of the list, by position, with the rule that says why.

    Parameters
    ----------
    rows : sequence of sequences of str
        The whole sheet.
    header : int
        Position of the header that is obeyed.
    columns : mapping
        Per column of ours, the positions of those of the file.
    named : callable
        Given the cells of a row, our column of each that is filled; empty where it is none.
    required : sequence of tuples of str
        What a header names: one column of each.
    """
    return {**_above(rows, header, named, required), **_below(rows, header, columns, named, required)}


def _above(
    rows: Sequence[Sequence[str]], header: int, named: Namer, required: Sequence[tuple[str, ...]]
) -> dict[int, str]:
    """Return the rows of a table that stands above; titles, lines of headings and lists of settings are none.

    Settings (« Programme », « Vélo », « Année », « 2024 ») name columns of ours too. A table has a row of headings of
    which every cell but one is known or which names all that is required, and below it a row of at least half as many.
    """
    plausible = [place for place in range(header) if len(_ours(named(rows[place]))) > 1]
    heads = [place for place in plausible if _is_head(rows, place, header, named(rows[place]), required)]
    if not heads:
        return {}
    filled = [place for place in range(heads[0], header) if _is_filled(rows[place])]
    if set(filled) <= set(plausible):
        return {}
    return {place: AGAIN if place in plausible else ABOVE for place in filled}


def _is_head(
    rows: Sequence[Sequence[str]],
    place: int,
    header: int,
    names: Mapping[int, str],
    required: Sequence[tuple[str, ...]],
) -> bool:
    is_full = all(set(group) & set(names.values()) for group in required)
    unknown = sum(not name for name in names.values())
    below = [sum(bool(cell.strip()) for cell in rows[row]) for row in range(place + 1, header)]
    return (is_full or unknown < 2) and any(count > 1 and 2 * count >= len(names) for count in below)


def _below(
    rows: Sequence[Sequence[str]],
    header: int,
    columns: Mapping[str, tuple[int, ...]],
    named: Namer,
    required: Sequence[tuple[str, ...]],
) -> dict[int, str]:
    own = [fold(cell) for cell in rows[header]]
    of_place = {place: name for name, places in columns.items() for place in places}
    found: dict[int, str] = {}
    is_other = False
    for place in range(header + 1, len(rows)):
        cells = rows[place]
        first = [(column, cell) for column, cell in enumerate(cells) if cell.strip()][:_FIRST]
        if not first:
            continue
        if any(named([cell]) != {0: ""} or fold(cell) == _at(own, column) for column, cell in first):
            names = named(cells)
            if _is_header(cells, names, own, required):
                is_other = any(
                    column in of_place if name in {"", DROPPED} else of_place.get(column) != name
                    for column, name in names.items()
                    if fold(cells[column]) != _at(own, column)
                )
                found[place] = AGAIN
                continue
        if is_other:
            found[place] = OTHER
    return found


def _is_header(
    cells: Sequence[str], names: Mapping[int, str], own: Sequence[str], required: Sequence[tuple[str, ...]]
) -> bool:
    """Tell whether a row says all that is required and little else, or is the header word for word."""
    known = [column for column, name in names.items() if name or fold(cells[column]) == _at(own, column)]
    is_ours = all(set(group) & set(names.values()) for group in required)
    return len(known) > 1 and is_ours and 2 * len(known) >= len(names)


def _ours(names: Mapping[int, str]) -> set[str]:
    return set(names.values()) - {"", DROPPED}


def _at(own: Sequence[str], column: int) -> str:
    return own[column] if column < len(own) else ""


def _is_filled(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)
