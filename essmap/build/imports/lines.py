"""Lines that are no row of the list: an example left in a template, a total, a footnote; what stands beside ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from essmap.build.imports.rows import Rows
from essmap.build.imports.values import clean, is_no_text
from essmap.schema.folding import fold
from essmap.texts import t

#: What the name of an example row begins with; folded, so that nobody escapes it by writing it another way.
EXAMPLE: Final = fold(t("imports.example_mark"))
TOTAL: Final = "total_row"

#: Folded cells that are a total and can be nothing else.
_TOTAL_ALONE: Final = re.compile(
    r"(?:(?:grand|sous) )?tota(?:l|ux)(?: (?:general|generaux|global|partiel|annuel|cumule))?|ensemble|cumul"
    r"|montant total|somme totale|(?:total|montant) (?:ttc|ht|euros?|eur)"
)
#: Words of totals that are names as well.
_WORDS_OF_NAMES: Final = frozenset({"ensemble", "cumul"})
#: Folded cells that may be one: « Total du programme Vélo », « Ensemble des communes », « Total 2024 ».
_TOTAL_PERHAPS: Final = re.compile(
    r"(?:sous total|sous totaux)\b.*"
    r"|(?:(?:grand )?tota(?:l|ux)|ensemble|cumul|montant total|somme)(?: general| des montants)? "
    r"(?:\d+|de|du|des|d|l|la|le|les|par|pour|en|programmes?|dispositifs?|annees?|aides?|subventions?|montants?|communes?|cantons?|axes?|exercices?|hors|ht|ttc)"
    r"\b.*"
)
#: Cells as they are written: a source, a note, a mark of a footnote and, after a space, its text (« (S)cène » is none).
_FOOTNOTE: Final = re.compile(
    r"(?:sources?|nb|n\.\s?b\.?|notes?|nota(?: bene)?|l[ée]gende|remarques?|champ|lecture|mise [àa] jour|m[àa]j)\s*:.*"
    r"|n\.\s?b\.\s.*|\*+\s.*|\(\s*(?:\*+|\d{1,2}|[a-z])\s*\)\s.*|[¹²³†]\s.*",
    re.IGNORECASE | re.DOTALL,
)


def beside(rows: Rows, headings: Collection[str]) -> list[str]:
    """Return, per row, the first filled cell under headings that are no column of ours.

    Parameters
    ----------
    rows : Rows
    headings : collection of str
        Folded.
    """
    used = {place for places in rows.layout.columns.values() for place in places}
    wanted = [
        place for place, heading in enumerate(rows.layout.headings) if fold(heading) in headings and place not in used
    ]
    found = []
    for line in rows.lines:
        cells = rows.layout.grid.rows[line - 1]
        said = (clean(cells[place]) for place in wanted if place < len(cells))
        found.append(next((cell for cell in said if not is_no_text(cell)), ""))
    return found


def refuse_examples(rows: Rows, name: str) -> None:
    """Keep out the example rows of a template.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    """
    for line, cell in zip(rows.lines, rows.values[name], strict=True):
        if fold(cell).startswith(EXAMPLE):
            rows.refuse(line, name, cell, t("imports.expected.no_example"), "example_row")


def refuse_totals(rows: Rows, name: str, *, numbers: Sequence[str], context: Sequence[str]) -> None:
    """Keep out totals, subtotals and footnotes.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    numbers : sequence of str
        Our columns of numbers: a row that has one is a structure.
    context : sequence of str
        Our columns that a total leaves empty: with one of them « Total Festum » is the name of a structure.
    """
    placed = rows.layout.columns.get(name, ())
    said = [rows.raw(column) for column in context]
    known = [rows.raw(column) for column in numbers]
    where = [rows.raw(column) for column in context if column.startswith(("commune", "postcode"))]
    supported = [rows.raw(column) for column in ("amount_eur", "year") if column in rows.layout.columns]
    for row, line in enumerate(rows.lines):
        cells = [clean(cell) for cell in rows.layout.grid.rows[line - 1]]
        first = next((place for place, cell in enumerate(cells) if cell), None)
        named = next((cells[place] for place in placed if place < len(cells) and cells[place]), "")
        if first is None or any(clean(cells_of[row]) for cells_of in known):
            continue
        cell = named or cells[first]
        is_alone = not any(clean(cells_of[row]) for cells_of in where)
        is_bare = is_alone and not any(clean(cells_of[row]) for cells_of in said)
        # Without a name, what stands first in the row says what it is, in whatever column.
        folded = fold(cell)
        is_total = _TOTAL_ALONE.fullmatch(folded) is not None and folded not in _WORDS_OF_NAMES
        perhaps = (
            folded in _WORDS_OF_NAMES
            or _TOTAL_PERHAPS.fullmatch(folded) is not None
            or _FOOTNOTE.fullmatch(cell) is not None
        )
        # What has an amount and a year is what a support has too.
        is_dated = len(supported) == 2 and all(clean(cells_of[row]) for cells_of in supported)
        nameless = not named and (perhaps or folded.split()[:1] == ["total"])
        if is_bare and perhaps and named and is_dated:
            rows.refuse(line, name, cell, t("imports.expected.perhaps_total"), "perhaps_total")
        elif (is_alone and (is_total or nameless)) or (is_bare and perhaps):
            rows.refuse(line, name, cell, t("imports.expected.no_total"), TOTAL)
        elif is_total and "tota" in folded:  # of a commune, or a structure that is called so
            rows.refuse(line, name, cell, t("imports.expected.perhaps_total"), "perhaps_total")


def refuse_nameless(rows: Rows, name: str, rule: str) -> None:
    """Keep out rows whose name is no name: « NC », an address of mail; the fault shows the cell.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column, as it is understood.
    rule : str
        Key of what was expected.
    """
    for row, (line, cell) in enumerate(zip(rows.lines, rows.raw(name), strict=True)):
        if clean(cell) and not rows.values[name][row] and line not in rows.refused():
            rows.refuse(line, name, cell, t(f"imports.expected.{rule}"), "required")


def refuse_bare(rows: Rows, name: str) -> None:
    """Keep out rows of which one cell alone is filled: a heading between rows, a note, a name without a support.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    """
    if len(rows.layout.columns) < 2:
        return
    refused = rows.refused()
    for line in rows.lines:
        filled = [cell for cell in map(clean, rows.layout.grid.rows[line - 1]) if cell]
        if line not in refused and len(filled) == 1:
            rows.refuse(line, name, filled[0], t("imports.expected.more_said"), "nothing_said")


def one_reason(rows: Rows) -> None:
    """Say of a line that is no row just that: what else is wrong with it is no fault of the list."""
    no_rows = {fault.row for fault in rows.faults if fault.rule in {TOTAL, "nothing_said"}}
    rows.faults[:] = [
        fault for fault in rows.faults if fault.row not in no_rows or fault.rule in {TOTAL, "nothing_said"}
    ]
