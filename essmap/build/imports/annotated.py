"""The list as it was given, with what became of each row beside it: for whoever mends it."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]

from essmap.build.imports.judge import Judged
from essmap.errors import Problem
from essmap.texts import t

#: Signs that a cell of a workbook holds at most.
_LONGEST: Final = 32_000
_WIDTHS: Final = ((0, 0, 14), (1, 1, 70))


def annotated_copy(judged: Judged) -> bytes:
    """Return a workbook with every line of the list at its place, after two columns: what became of it, and why.

    Parameters
    ----------
    judged : Judged

    Returns
    -------
    bytes
        XLSX. Every cell is text: nothing that a list holds can run.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet(t("imports.annotated.sheet"))
        styles = {
            "header": book.add_format({"bold": True, "bg_color": "#DDE7EF"}),
            "out": book.add_format({"bg_color": "#F8D7D3", "text_wrap": True, "valign": "top"}),
            "remark": book.add_format({"bg_color": "#FFF2CC", "text_wrap": True, "valign": "top"}),
            "in": None,
        }
        for first, last, width in _WIDTHS:
            sheet.set_column(first, last, width)
        remarks = _by_line(judged.remarks)
        reasons = judged.reasons
        header = judged.layout.header
        for place, cells in enumerate(judged.layout.grid.rows):
            told = _told(place, header, cells, reasons, remarks)
            style = styles["header"] if place == header else styles.get(told[2])
            for column, text in enumerate((*told[:2], *cells)):
                if text:
                    is_ours = column < 2 or place == header
                    sheet.write_string(place, column, _plain(text), style if is_ours else None)
        sheet.freeze_panes(header + 1, 2)
    return buffer.getvalue()


def _told(
    place: int,
    header: int,
    cells: Sequence[str],
    reasons: Mapping[int, list[Problem]],
    remarks: Mapping[int, list[Problem]],
) -> tuple[str, str, str]:
    """Return the verdict on a line, the reasons and which style shows it."""
    if place == header:
        return t("imports.annotated.verdict"), t("imports.annotated.why"), "header"
    line = place + 1
    if line in reasons:
        return t("imports.annotated.out"), "\n".join(_fault(one) for one in reasons[line]), "out"
    if place < header or not any(cell.strip() for cell in cells):
        return "", "", "in"
    if line in remarks:
        return t("imports.annotated.in"), "\n".join(remark_text(one) for one in remarks[line]), "remark"
    return t("imports.annotated.in"), "", "in"


def _fault(problem: Problem) -> str:
    where = f"{problem.column}\u00a0: " if problem.column else ""
    return t("imports.annotated.fault", where=where, value=problem.value, expected=problem.expected)


def remark_text(problem: Problem) -> str:
    """Return what was set aside or set right in a row, as one French line without its place."""
    where = f"{problem.column}\u00a0: " if problem.column else ""
    return t("imports.annotated.remark", where=where, value=problem.value, said=problem.expected)


def _by_line(problems: Sequence[Problem]) -> dict[int, list[Problem]]:
    found: dict[int, list[Problem]] = {}
    for one in problems:
        if one.row is not None:
            found.setdefault(one.row, []).append(one)
    return found


def _plain(text: Any) -> str:
    return "".join(" " if _is_control(sign) else sign for sign in str(text))[:_LONGEST]


def _is_control(sign: str) -> bool:
    return sign != "\n" and unicodedata.category(sign).startswith("C")
