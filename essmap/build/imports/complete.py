"""Lists that are declared complete for a programme and some years: what that asks, and what puts it in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pandas as pd

from essmap.build.imports.headings import Layout, map_option
from essmap.build.imports.stacked import AGAIN
from essmap.errors import Problem, SettingsError
from essmap.schema.folding import fold
from essmap.schema.snapshot import Span
from essmap.texts import t

#: No support of a department is older: before the laws of decentralisation.
FIRST_YEAR: Final = 1980
#: Reasons that do not make a list incomplete: no support of a structure is lost by them. What has but the shape of a
#: person's name (``named_person``), or may be a structure, is not among them.
HARMLESS: Final = frozenset({"natural_person", "example_row", "total_row", AGAIN})


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
        If the years make no sense: none, not in order, before `FIRST_YEAR`, yet to come.
    """
    bounds = [part.strip() for part in years.replace("–", "-").split("-")]
    if not programme.strip() or len(bounds) > 2 or not all(len(one) == 4 and one.isdecimal() for one in bounds):
        raise SettingsError(t("imports.span_bad", years=years))
    first, last, now = int(bounds[0]), int(bounds[-1]), datetime.now(UTC).year
    if first > last:
        raise SettingsError(t("imports.span_bad", years=years))
    if not FIRST_YEAR <= first <= last <= now:
        raise SettingsError(t("imports.span_range", years=years, first=FIRST_YEAR, last=now))
    return Span(" ".join(programme.split()), first, last)


def not_listed(spans: Sequence[Span], frame: pd.DataFrame) -> list[Span]:
    """Return the spans of whose programme no row is."""
    names = set(frame["programme"].map(fold)) if spans else set()
    return [span for span in spans if fold(span.programme) not in names]


def as_listed(spans: Sequence[Span], frame: pd.DataFrame) -> tuple[Span, ...]:
    """Return spans, each of a programme of the list, as the list writes it and once."""
    if not spans:
        return ()
    names = {fold(name): name for name in sorted(set(frame["programme"]), reverse=True)}
    return tuple(dict.fromkeys(replace(span, programme=names[fold(span.programme)]) for span in spans))


def losses(
    spans: Sequence[Span], layout: Layout, file: str, frame: pd.DataFrame, reasons: Sequence[Problem]
) -> list[Problem]:
    """Return why a list is not complete: rows that are kept out, and those that cannot be put in time.

    Parameters
    ----------
    spans : sequence of Span
    layout : Layout
    file : str
        What messages call it.
    frame : DataFrame
        The rows that come in.
    reasons : sequence of Problem
        The first fault of each row that is kept out.
    """
    lost = [one for one in reasons if one.rule not in HARMLESS]
    if "year" not in layout.columns:
        names = ", ".join(text for text, _ in layout.unknown) or t("imports.none")
        option = map_option(layout.unknown[0][0], "year") if layout.unknown else "--map"
        expected = t("imports.expected.year_column", names=names, option=option)
        seen = ", ".join(heading for heading in layout.headings if heading)
        return [*lost, Problem(file, None, None, seen, expected, "no_year_column")]
    names_of = {fold(span.programme) for span in spans}
    undated = frame[frame["year"].eq("") & frame["programme"].map(fold).isin(list(names_of))]
    heading = layout.heading("year")
    return lost + [
        Problem(file, int(line), heading, "", t("imports.expected.dated"), "undated") for line in undated.index
    ]


def told(faults: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return faults as they are said of a complete list: two equal payments may both be real, only its keeper knows."""
    more = t("imports.expected.once_complete")
    return tuple(replace(one, expected=one.expected + more) if one.rule == "repeated" else one for one in faults)


def doubts(spans: Sequence[Span], file: str, frame: pd.DataFrame) -> list[Problem]:
    """Return what is to be looked at of a list that may be complete: a year that is not over, years without a row."""
    now, found = datetime.now(UTC).year, []
    for span in spans:
        if span.last_year == now:
            found.append(Problem(file, None, None, span.programme, t("imports.remarks.running", year=now), "remark"))
        years = set(frame.loc[frame["programme"].map(fold).eq(fold(span.programme)), "year"])
        empty = [str(year) for year in range(span.first_year, span.last_year + 1) if str(year) not in years]
        if empty:
            said = t("imports.remarks.empty_years", n=len(empty), years=", ".join(empty))
            found.append(Problem(file, None, None, span.programme, said, "remark"))
    return found
