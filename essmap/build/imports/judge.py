"""Judge a whole list: what it is, which rows come in, which do not and why. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.imports.actors import judge_actors
from essmap.build.imports.complete import HARMLESS, as_listed, doubts, losses, not_listed, read_span, told
from essmap.build.imports.headings import Layout, find_layout, layout_notes, where
from essmap.build.imports.places import Places
from essmap.build.imports.projects import judge_projects
from essmap.build.imports.rows import Rows
from essmap.errors import DataError, EssmapError, Problem, SettingsError
from essmap.schema.folding import fold
from essmap.schema.snapshot import Span
from essmap.schema.tableschema import Kind
from essmap.schema.withheld import NOBODY, Withheld
from essmap.sources.spreadsheet import Book, Grid
from essmap.texts import t

#: A year in the name of a sheet or in a cell.
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")

__all__ = ["Judged", "NotCompleteError", "Wanted", "judge", "read_span"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody says of a list.

    Attributes
    ----------
    kind : {"actors", "projects"}
    sheet : str or None
        Name or number of the sheet; None: whichever looks like a list.
    mapping : mapping
        Our column of headings that are not known, or known otherwise.
    programme : str
        Programme of the projects that name none.
    spans : tuple of Span
        Programmes and years of which the list holds every support.
    """

    kind: Kind
    sheet: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    programme: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What becomes of a list.

    Attributes
    ----------
    wanted : Wanted
    book : Book
    layout : Layout
    rows_in : int
        Rows that hold anything, below the header; those of another table above it too.
    frame : DataFrame of str, indexed by line
        The rows that come in, as `essmap.build.imports.actors.COLUMNS` or `essmap.build.imports.projects.COLUMNS`.
    faults : tuple of Problem
        Why rows are kept out, in the order of lines.
    remarks : tuple of Problem
        What was set aside or set right in rows that come in; ``expected`` says it. Without line: of the whole list.
    """

    wanted: Wanted
    book: Book
    layout: Layout
    rows_in: int
    frame: pd.DataFrame
    faults: tuple[Problem, ...]
    remarks: tuple[Problem, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """French sentences on how the list was read, and what of the file was not."""
        return (*self.book.notes, *layout_notes(self.layout, self.book))

    @property
    def reasons(self) -> dict[int, list[Problem]]:
        """The faults of each row that is kept out, by line."""
        found: dict[int, list[Problem]] = {}
        for fault in self.faults:
            if fault.row is not None:
                found.setdefault(fault.row, []).append(fault)
        return found

    @property
    def rejected(self) -> dict[str, int]:
        """How many rows are kept out, by the first rule that each broke."""
        first = pd.Series([faults[0].rule for faults in self.reasons.values()], dtype="str")
        return {str(rule): int(count) for rule, count in first.value_counts().items()}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a JSON-ready dictionary."""
        return {
            "file": self.book.file,
            "sheet": self.layout.grid.sheet,
            "kind": self.wanted.kind,
            "sha256": self.book.sha256,
            "rows_in": self.rows_in,
            "accepted": len(self.frame),
            "rejected": self.rejected,
            "columns": {name: [self.layout.headings[place] for place in places]
                        for name, places in self.layout.columns.items()},
            "dropped_columns": list(self.layout.dropped),
            "unknown_columns": [{"heading": text, "proposal": near} for text, near in self.layout.unknown],
            "complete_for": [asdict(span) for span in self.wanted.spans],
            "double_columns": [{"heading": text, "read": other} for text, other in self.layout.doubles],
            "other_sheets": [grid.sheet for grid in self.layout.others],
            "notes": list(self.notes),
            "faults": [fault.as_dict() for fault in self.faults],
            "remarks": [remark.as_dict() for remark in self.remarks],
        }  # fmt: skip


class NotCompleteError(DataError):
    """A list is declared complete and is not: nothing of it is to be kept.

    Attributes
    ----------
    judged : Judged
        What would have become of it, for whoever mends it.
    """

    def __init__(self, message: str, problems: Sequence[Problem], judged: Judged) -> None:
        super().__init__(message, problems)
        self.judged = judged


def judge(
    book: Book, wanted: Wanted, communes: gpd.GeoDataFrame, department: str, *, withheld: Withheld = NOBODY
) -> Judged:
    """Judge a list.

    Parameters
    ----------
    book : Book
    wanted : Wanted
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES` of the department.
    department : str
        INSEE code.
    withheld : Withheld
        Who asked not to be shown.

    Returns
    -------
    Judged
        ``rows_in == len(frame) + len(reasons)``.

    Raises
    ------
    SettingsError
        If a sheet, a heading or a column that somebody named is not there, or a span is declared of structures.
    DataError
        If the file has no header that says what is required.
    NotCompleteError
        If it is declared complete and is not.
    """
    if wanted.spans and wanted.kind != "projects":
        raise SettingsError(t("imports.spans_of_actors"))
    given = ("programme",) if wanted.programme else ()
    layout = find_layout(book, wanted.kind, sheet=wanted.sheet, mapping=wanted.mapping, given=given)
    rows = Rows(where(book, layout.grid), layout)
    places = Places(communes, reference.projected_crs(department))
    last_year = datetime.now(UTC).year
    if wanted.kind == "actors":
        frame = judge_actors(rows, places, last_year=last_year, withheld=withheld)
    else:
        frame = judge_projects(rows, places, last_year=last_year, programme=wanted.programme)
    faults = tuple(sorted(rows.faults, key=lambda fault: fault.row or 0))
    out = rows.refused()
    remarks = tuple(sorted((one for one in rows.remarks if one.row not in out), key=lambda one: one.row or 0))
    unlisted = not_listed(wanted.spans, frame)
    if unlisted:
        judged = Judged(wanted, book, layout, len(rows.lines) + len(rows.aside), frame, faults, remarks)
        raise _unlisted(judged, unlisted)
    wanted = replace(wanted, spans=as_listed(wanted.spans, frame))
    remarks = (*doubts(wanted.spans, rows.file, frame), *remarks)
    judged = Judged(wanted, book, layout, len(rows.lines) + len(rows.aside), frame, faults, remarks)
    if wanted.spans:
        _require_complete(judged, communes, department)
    return judged


def _unlisted(judged: Judged, spans: Sequence[Span]) -> NotCompleteError:
    """Say that no row that comes in is of a programme that is declared complete; rows that are kept out may be."""
    known = ", ".join(sorted(set(judged.frame["programme"]), key=fold))
    found = t("imports.span_unknown", programme=spans[0].programme)
    lost = len(judged.reasons)
    said = [
        found,
        t("imports.span_known", known=known) if known else t("imports.span_none"),
        *([t("imports.span_kept_out", n=lost, n_text=lost)] if lost else []),
    ]
    return NotCompleteError(" ".join(said), judged.faults, judged)


def _require_complete(judged: Judged, communes: gpd.GeoDataFrame, department: str) -> None:
    """Refuse a list that is declared complete while rows of it are kept out, cannot be put in time or stand elsewhere.

    Raises
    ------
    NotCompleteError
        If one is.
    """
    judged = replace(judged, faults=told(judged.faults))
    spans, layout, frame = judged.wanted.spans, judged.layout, judged.frame
    file = where(judged.book, layout.grid)
    lost = losses(spans, layout, file, frame, [faults[0] for faults in judged.reasons.values()])
    key = "one_sheet" if judged.wanted.sheet is None else "other_years"
    elsewhere = [
        Problem(file, None, None, grid.sheet, t(f"imports.expected.{key}"), "other_sheet")
        for grid in layout.others
        if judged.wanted.sheet is None or _has_supports(judged, grid, communes, department)
    ]
    hidden = t("imports.expected.no_hidden_list")
    elsewhere += [Problem(file, None, None, name, hidden, "other_sheet") for name in layout.hidden]
    if not lost and not elsewhere:
        return
    shown = {id(one) for one in judged.faults}
    added = [one for one in lost if id(one) not in shown]
    undated = [one.row for one in added if one.rule == "undated"]
    refused = replace(
        judged,
        frame=frame[~frame.index.isin(undated)],
        faults=tuple(sorted((*judged.faults, *added, *elsewhere), key=lambda fault: fault.row or 0)),
    )
    raise NotCompleteError(_refusal(lost, judged.wanted.sheet), [*lost, *elsewhere], refused)


def _refusal(lost: Sequence[Problem], sheet: str | None) -> str:
    if not lost:
        return t("imports.not_alone" if sheet is None else "imports.not_alone_chosen")
    if all(one.rule == "no_year_column" for one in lost):
        return t("imports.no_years")
    return t("imports.not_complete", n=len(lost), n_text=len(lost))


def _has_supports(judged: Judged, grid: Grid, communes: gpd.GeoDataFrame, department: str) -> bool:
    """Tell whether another sheet may hold supports of what is declared complete, or of a year that it does not say.

    Rows that are kept out count by what they say of programme and year; a sheet that is called by another year, as
    « 2023 » is, is of that year where its rows say none.
    """
    wanted = replace(judged.wanted, sheet=grid.sheet, spans=())
    try:
        other = judge(judged.book, wanted, communes, department)
    except EssmapError:
        return True
    called = {int(year) for year in _YEAR.findall(grid.sheet)}
    listed = other.frame[["programme", "year"]].to_dict("records")
    said = [{"programme": str(row["programme"]), "year": str(row["year"])} for row in listed] + _kept_out(other)
    return any(
        (
            (not row["programme"] or fold(row["programme"]) == fold(span.programme))
            and any(
                span.first_year <= year <= span.last_year for year in ({int(row["year"])} if row["year"] else called)
            )
        )
        or (fold(row["programme"]) == fold(span.programme) and not row["year"] and not called)
        for row in said
        for span in judged.wanted.spans
    )


def _kept_out(judged: Judged) -> list[dict[str, str]]:
    """Return what rows that are kept out say of programme and year; lines that are no row of a list say nothing."""
    layout, found = judged.layout, []
    for line, faults in judged.reasons.items():
        if faults[0].rule in HARMLESS:
            continue
        cells = layout.grid.rows[line - 1]
        said = {
            name: next((cells[place] for place in layout.columns.get(name, ()) if place < len(cells)), "")
            for name in ("programme", "year")
        }
        years = _YEAR.findall(said["year"])
        found.append({
            "programme": " ".join(said["programme"].split()) or judged.wanted.programme,
            "year": years[0] if len(years) == 1 else "",
        })  # fmt: skip
    return found
