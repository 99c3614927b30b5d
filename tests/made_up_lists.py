"""Made-up lists, as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime

from essmap.build.imports.judge import Judged, Wanted, judge
from essmap.build.locals import About, LocalList, as_list
from essmap.build.starter import load_geography
from essmap.schema.snapshot import Span
from essmap.schema.tableschema import Kind
from essmap.schema.withheld import NOBODY, Withheld
from essmap.sources.spreadsheet import read_bytes

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def judged_text(text: str, kind: Kind, *, spans: tuple[Span, ...] = (), withheld: Withheld = NOBODY) -> Judged:
    """Judge a list that is written here."""
    book = read_bytes(text.encode(), "liste.csv")
    return judge(book, Wanted(kind, spans=spans), load_geography("31").communes, "31", withheld=withheld)


def local_list(text: str, kind: Kind = "actors", *, day: int = 20, spans: tuple[Span, ...] = ()) -> LocalList:
    """Return a list that is written here as it is kept; every row must be sound."""
    judged = judged_text(text, kind, spans=spans)
    assert judged.faults == ()
    return as_list(judged, About(), NOW.replace(day=day))
