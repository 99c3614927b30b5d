"""What somebody declared complete: every support of a programme over some years, and nothing else."""

from __future__ import annotations

import pandas as pd

from essmap.schema.folding import fold, fold_series
from essmap.schema.snapshot import Span


def is_in(span: Span, projects: pd.DataFrame) -> pd.Series[bool]:
    """Tell which projects are of a programme and of its years; one without year is not.

    Parameters
    ----------
    span : Span
    projects : DataFrame
        ``programme`` and ``year``.

    Returns
    -------
    Series of bool, same index
    """
    is_of_programme = fold_series(projects["programme"]).eq(fold(span.programme))
    return is_of_programme & projects["year"].between(span.first_year, span.last_year).fillna(False).astype(bool)


def years_of(span: Span) -> str:
    """Return the years of a span in figures: « 2024 », « 2022-2024 »."""
    first, last = span.first_year, span.last_year
    return str(first) if first == last else f"{first}-{last}"
