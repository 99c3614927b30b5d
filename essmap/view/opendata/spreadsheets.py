"""The formats that spreadsheets open: CSV and XLSX, for people or for machines; nothing in them is a formula."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pandas as pd
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from essmap.errors import DataError, Problem
from essmap.texts import t
from essmap.view.exports import as_cells, harmless, people_csv
from essmap.view.opendata.content import Content

#: Signs that a cell of a workbook holds at most (Microsoft, « Excel specifications and limits »).
CELL_SIGNS: Final = 32_767
#: Rows that a sheet holds at most, its heading included (same source).
SHEET_ROWS: Final = 1_048_576
_WIDEST: Final = 60
_NARROWEST: Final = 8
_HEADING: Final = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
_FORMATS: Final = {"text": {"num_format": "@"}, "amount": {"num_format": "#,##0.00"}, "number": {}}


def to_csv(content: Content, *, for_machines: bool = False) -> bytes:
    """Return a table as CSV.

    For people: French headings, UTF-8 with its mark, semicolons, decimal commas. For machines: names of the schema,
    UTF-8, commas, decimal points, ``true`` and ``false``.
    """
    if not for_machines:
        return people_csv(content.people)
    text: str = as_cells(content.machine, _machine_cell).to_csv(index=False, lineterminator="\r\n")
    return text.encode()


def to_xlsx(content: Content, *, for_machines: bool = False) -> bytes:
    """Return a table as a workbook: the rows first, then a sheet that says what they are.

    The heading stays in sight and filters; codes are text, so that no digit of theirs is lost.

    Raises
    ------
    DataError
        If a cell or the table is larger than a workbook takes.
    """
    frame = content.machine if for_machines else content.people
    _require_room(content, frame)
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        built = datetime.fromisoformat(content.manifest.built_at).replace(tzinfo=None)
        book.set_properties({"title": content.title, "created": built, "comments": " ".join(content.said)})
        formats = {name: book.add_format(form) for name, form in _FORMATS.items()}
        heading = book.add_format(_HEADING)
        sheet = book.add_worksheet(sheet_name(content))
        amounts = {text for field in content.fields if field.name == "amount_eur" for text in (field.name, field.title)}
        for place, name in enumerate(frame.columns):
            sheet.write_string(0, place, str(name), heading)
            form = "amount" if str(name) in amounts else None
            _write_column(sheet, place, str(name), frame[name], formats, form)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)
        _write_notice(book.add_worksheet(t("opendata.notice.sheet")), content, heading, formats["text"])
    return buffer.getvalue()


def sheet_name(content: Content) -> str:
    """Return the name of the sheet that holds the rows."""
    return t(f"opendata.sheets.{content.name.partition('-')[0]}")


def notice(content: Content) -> list[tuple[str, str]]:
    """Return what has to be said of a table, as pairs of what and of which."""
    manifest = content.manifest
    sources = [
        " – ".join(filter(None, (source.title, source.publisher, source.licence, source.vintage, source.url)))
        for source in content.sources
    ]
    lines = [
        (t("opendata.notice.title"), content.title),
        *((t("opendata.notice.said"), sentence) for sentence in content.said),
        (t("opendata.notice.date"), content.built_on),
        (t("opendata.notice.build"), f"{manifest.build_id}, essmap {manifest.code_version}"),
        (t("opendata.notice.licence"), " – ".join(filter(None, (content.licence.title, content.licence.path)))),
        *((t("opendata.notice.source"), source) for source in sources),
        (t("opendata.notice.hidden_title"), t("opendata.notice.hidden")),
        (t("opendata.notice.cells_title"), t("opendata.notice.cells")),
    ]
    return [(what, str(harmless(of_which))) for what, of_which in lines]


def _machine_cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else harmless(value)


def _require_room(content: Content, frame: pd.DataFrame) -> None:
    problems = []
    if len(frame) >= SHEET_ROWS:
        expected = t("opendata.too_many_rows", n=SHEET_ROWS - 1)
        problems.append(Problem(f"{content.stem}.xlsx", None, None, str(len(frame)), expected, "rows"))
    for name in frame.columns:
        sizes = frame[name].map(lambda value: len(value) if isinstance(value, str) else 0)
        for row in sizes.index[sizes >= CELL_SIGNS]:
            expected = t("opendata.too_long", n=CELL_SIGNS - 1)
            found = f"{str(frame[name][row])[:40]}…"
            problems.append(Problem(f"{content.stem}.xlsx", int(row) + 2, str(name), found, expected, "length"))
    if problems:
        raise DataError(t("opendata.no_workbook", n=len(problems)), problems)


def _write_column(
    sheet: Worksheet, place: int, name: str, values: pd.Series[Any], formats: dict[str, Any], kind: str | None
) -> None:
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    form = formats[kind or ("number" if is_number else "text")]
    widths = [len(name)]
    for row, value in enumerate(values.astype(object), start=1):
        if value is None or pd.isna(value):
            continue
        if isinstance(value, bool):
            sheet.write_boolean(row, place, value)
        elif isinstance(value, str):
            sheet.write_string(row, place, str(harmless(value)), form)
        else:
            sheet.write_number(row, place, value, form)
        widths.append(len(str(value)))
    sheet.set_column(place, place, min(max(*widths, _NARROWEST), _WIDEST) + 2, form)


def _write_notice(sheet: Worksheet, content: Content, heading: Any, text: Any) -> None:
    lines: Sequence[tuple[str, str]] = notice(content)
    for row, (what, of_which) in enumerate(lines):
        sheet.write_string(row, 0, what, heading)
        sheet.write_string(row, 1, of_which, text)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
