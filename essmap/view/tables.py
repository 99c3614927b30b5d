"""Real HTML tables: a caption, headers with a scope, every value escaped. `st.dataframe` is a canvas and is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from essmap.view.format import escape


@dataclass(frozen=True, slots=True)
class Heading:
    """A column heading; numbers are set to the right."""

    label: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Html:
    """A cell that is HTML already: built from escaped parts only."""

    code: str


def bar(text: str, part: float, *, is_reference: bool = False) -> Html:
    """Return a number with a bar under it: the table is its own chart.

    Parameters
    ----------
    text : str
        The number as it is read.
    part : float
        Length, 0 to 1 of the longest; 0: no bar. The same part is as long in every column.
    is_reference : bool
        Drawn hollow: what the number beside it is compared with.
    """
    if part <= 0:
        return Html(escape(text))
    kind = "essmap-bar essmap-bar-reference" if is_reference else "essmap-bar"
    return Html(f'{escape(text)}<span class="{kind}" style="--part:{min(part, 1.0):.3f}" aria-hidden="true"></span>')


def html_table(
    caption: str,
    headings: Sequence[Heading],
    rows: Iterable[Sequence[str | Html]],
    *,
    total: Sequence[str | Html] | None = None,
) -> str:
    """Return an HTML table whose first column heads its rows.

    Parameters
    ----------
    caption : str
        Read first by a screen reader: says what the table holds.
    headings : sequence of Heading
    rows : iterable of sequences
        One cell per heading: plain text, escaped here, or `Html`.
    total : sequence or None
        A last row, set apart.

    Returns
    -------
    str
        In a region that scrolls sideways on a narrow screen and can be reached by keyboard.
    """
    classes = [' class="number"' if heading.is_number else "" for heading in headings]
    head = "".join(
        f'<th scope="col"{kind}>{escape(heading.label)}</th>' for heading, kind in zip(headings, classes, strict=True)
    )
    body = [f"<tr>{_cells(row, classes)}</tr>" for row in rows]
    if total is not None:
        body.append(f'<tr class="essmap-total">{_cells(total, classes)}</tr>')
    return (
        f'<div class="essmap-table" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _cells(row: Sequence[str | Html], classes: Sequence[str]) -> str:
    return "".join(
        f'<th scope="row"{kind}>{_cell(cell)}</th>' if place == 0 else f"<td{kind}>{_cell(cell)}</td>"
        for place, (cell, kind) in enumerate(zip(row, classes, strict=True))
    )


def _cell(cell: str | Html) -> str:
    return cell.code if isinstance(cell, Html) else escape(cell)
