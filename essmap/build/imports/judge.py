"""Judge a whole list: what it is, which rows come in, which do not and why. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.imports.actors import judge_actors
from essmap.build.imports.headings import Layout, find_layout, where
from essmap.build.imports.places import Places
from essmap.build.imports.projects import judge_projects
from essmap.build.imports.rows import Rows
from essmap.errors import DataError, Problem, SettingsError
from essmap.schema.folding import fold
from essmap.schema.snapshot import Span
from essmap.schema.tableschema import Kind
from essmap.schema.withheld import NOBODY, Withheld
from essmap.sources.spreadsheet import Book
from essmap.texts import t

#: Reasons that do not make a list incomplete: no support of a structure is lost by them.
_HARMLESS: Final = frozenset({"natural_person", "repeated", "example_row", "total_row"})


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
        Rows that hold anything, below the header.
    frame : DataFrame of str, indexed by line
        The rows that come in, as `essmap.build.imports.actors.COLUMNS` or `essmap.build.imports.projects.COLUMNS`.
    faults : tuple of Problem
        Why rows are kept out, in the order of lines.
    remarks : tuple of Problem
        What was set aside or set right in rows that come in; ``expected`` says it.
    """

    wanted: Wanted
    book: Book
    layout: Layout
    rows_in: int
    frame: pd.DataFrame
    faults: tuple[Problem, ...]
    remarks: tuple[Problem, ...]

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
            "notes": list(self.book.notes),
            "faults": [fault.as_dict() for fault in self.faults],
            "remarks": [remark.as_dict() for remark in self.remarks],
        }  # fmt: skip


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
        If the file has no header that says what is required, or is declared complete and is not.
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
    wanted = replace(wanted, spans=_as_listed(wanted.spans, frame))
    judged = Judged(wanted, book, layout, len(rows.lines), frame, faults, remarks)
    _require_complete(judged)
    return judged


def read_span(programme: str, years: str) -> Span:
    """Return the programme and the years that somebody declares complete.

    Parameters
    ----------
    programme : str
    years : str
        « 2024 » or « 2022-2024 ».

    Raises
    ------
    SettingsError
        If the years make no sense.
    """
    bounds = [part.strip() for part in years.replace("–", "-").split("-")]
    if not programme.strip() or len(bounds) > 2 or not all(len(one) == 4 and one.isdecimal() for one in bounds):
        raise SettingsError(t("imports.span_bad", years=years))
    first, last = int(bounds[0]), int(bounds[-1])
    if first > last:
        raise SettingsError(t("imports.span_bad", years=years))
    return Span(" ".join(programme.split()), first, last)


def _as_listed(spans: Sequence[Span], frame: pd.DataFrame) -> tuple[Span, ...]:
    """Return spans whose programme is written as the list writes it.

    Raises
    ------
    SettingsError
        If no row is of such a programme.
    """
    if not spans:
        return ()
    names = {fold(name): name for name in sorted(set(frame["programme"]), reverse=True)}
    for span in spans:
        if fold(span.programme) not in names:
            known = ", ".join(names[key] for key in sorted(names))
            raise SettingsError(t("imports.span_unknown", programme=span.programme, known=known))
    return tuple(replace(span, programme=names[fold(span.programme)]) for span in spans)


def _require_complete(judged: Judged) -> None:
    """Refuse a list that is declared complete while rows of it are kept out or cannot be put in time.

    Raises
    ------
    DataError
        If one is.
    """
    spans, frame = judged.wanted.spans, judged.frame
    if not spans:
        return
    lost = [fault for faults in judged.reasons.values() for fault in faults[:1] if fault.rule not in _HARMLESS]
    names = {fold(span.programme) for span in spans}
    undated = frame[frame["year"].eq("") & frame["programme"].map(fold).isin(list(names))]
    heading = judged.layout.heading("year")
    file = where(judged.book, judged.layout.grid)
    lost += [Problem(file, int(line), heading, "", t("imports.expected.dated"), "undated") for line in undated.index]
    if lost:
        raise DataError(t("imports.not_complete", n=len(lost), n_text=len(lost)), lost)
