"""The workbook that people fill in to give a list: headings, notes, drop-down lists, and two examples to be deleted."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]

from essmap.schema.tableschema import FIELDS, Field, Kind, choices_of
from essmap.texts import t

#: Rows that drop-down lists and formats are prepared for.
_PREPARED: Final = 2_000
_WIDTH: Final = 22
#: Columns whose text a spreadsheet would spoil if it took it for a number.
_TEXT: Final = frozenset(
    {"postcode", "commune_code", "siren", "siret", "holder_siren", "holder_siret", "workforce_band"}
)
#: Our columns that name the structure: the examples say there what they are.
_MARKED: Final = {"actors": "name", "projects": "holder_name"}
#: Left out of the second example: an essential row is enough to come in.
_ESSENTIAL: Final = frozenset({"name", "commune", "legal_form", "holder_name", "programme", "year", "amount_eur"})


def template(kind: Kind, communes: Sequence[str]) -> bytes:
    """Return the workbook to fill in.

    Parameters
    ----------
    kind : {"actors", "projects"}
    communes : sequence of str
        Names of the communes of the department, for their drop-down list.

    Returns
    -------
    bytes
        XLSX: the list, how to fill it in, and the allowed values.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(t(f"template.sheets.{kind}"))
        guide = book.add_worksheet(t("template.sheets.guide"))
        values = book.add_worksheet(t("template.sheets.values"))
        styles = {
            "header": book.add_format({"bold": True, "bg_color": "#DDE7EF", "text_wrap": True, "valign": "top"}),
            "required": book.add_format({"bold": True, "bg_color": "#FCE4B6", "text_wrap": True, "valign": "top"}),
            "example": book.add_format({"italic": True, "font_color": "#6B7280"}),
            "text": book.add_format({"num_format": "@"}),
            "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        ranges = _write_values(values, kind, communes, styles)
        _write_list(sheet, kind, ranges, styles)
        _write_guide(guide, kind, styles)
        sheet.activate()
    return buffer.getvalue()


def _choices(one: Field, communes: Sequence[str]) -> list[str]:
    return list(communes) if one.name == "commune" else list(choices_of(one).values())


def _write_values(sheet: Any, kind: Kind, communes: Sequence[str], styles: dict[str, Any]) -> dict[str, str]:
    """Write the allowed values, a column each; return where those of each column are."""
    ranges = {}
    listed = [one for one in FIELDS[kind] if _choices(one, communes)]
    for column, one in enumerate(listed):
        labels = _choices(one, communes)
        sheet.write_string(0, column, one.title(kind), styles["header"])
        for row, label in enumerate(labels, start=1):
            sheet.write_string(row, column, label)
        sheet.set_column(column, column, _WIDTH * 1.5)
        letter = chr(ord("A") + column)
        ranges[one.name] = f"='{sheet.get_name()}'!${letter}$2:${letter}${len(labels) + 1}"
    return ranges


def _write_list(sheet: Any, kind: Kind, ranges: dict[str, str], styles: dict[str, Any]) -> None:
    for column, one in enumerate(FIELDS[kind]):
        is_text = one.name in _TEXT
        sheet.set_column(column, column, _WIDTH, styles["text"] if is_text else None)
        sheet.write_string(0, column, one.title(kind), styles["required" if one.is_required else "header"])
        sheet.write_comment(0, column, one.description(kind), {"x_scale": 2, "y_scale": 1.5})
        if one.name in ranges:
            # Several domains may stand in a cell: the list helps, and does not forbid.
            rule = {"validate": "list", "source": ranges[one.name], "ignore_blank": True}
            if one.is_list or one.name == "commune":
                rule["error_type"] = "information"
            sheet.data_validation(1, column, _PREPARED, column, rule)
        for row in (1, 2):
            if (text := _example(one, kind, row)) != "":
                sheet.write_string(row, column, text, styles["example"])
    sheet.set_row(0, 36)
    sheet.freeze_panes(1, 0)


def _example(one: Field, kind: Kind, row: int) -> str:
    if row == 2 and one.name not in _ESSENTIAL:
        return ""
    if one.name in {"id", "project_id", "actor_id"}:
        return ""
    text = one.example(kind)
    return t("template.example", name=text) if one.name == _MARKED[kind] else text


def _write_guide(sheet: Any, kind: Kind, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90, styles["wrapped"])
    sheet.set_column(2, 2, 34)
    for row, line in enumerate((t(f"template.lead.{kind}"), t("template.delete"), t("template.persons"))):
        sheet.write_string(row, 0, line)
    for column, name in enumerate(("column", "meaning", "example_of")):
        sheet.write_string(4, column, t(f"template.guide.{name}"), styles["header"])
    for row, one in enumerate(FIELDS[kind], start=5):
        sheet.write_string(row, 0, one.title(kind), styles["required"] if one.is_required else None)
        sheet.write_string(row, 1, one.description(kind), styles["wrapped"])
        sheet.write_string(row, 2, one.example(kind))
