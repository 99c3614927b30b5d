"""Does a verdict survive another level, another count, and a reference without the largest commune."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, get_args

import numpy as np
import pandas as pd

from essmap.analysis.coverage import Count, Question, coverage
from essmap.analysis.units import OUTSIDE, UNKNOWN, Tables, membership
from essmap.schema.indicator import Indicator, Level

#: Classes that say the same in one direction; only the first of each is a verdict.
LOW: Final = ("under", "to_confirm_low")
HIGH: Final = ("over", "to_confirm_high")

#: A verdict survives another level where this share of the inhabitants lives in the same difference.
MOST: Final = 0.5

_SILENT: Final = ("not_assessable", "no_actor", "inconclusive")


def largest_commune(communes: pd.DataFrame) -> str | None:
    """Return the code of the commune with most inhabitants (the first by code among equals); None without any."""
    if communes.empty:
        return None
    return str(communes.sort_values(["population", "commune_code"], ascending=[False, True])["commune_code"].iloc[0])


def badges(tables: Tables, question: Question, *, indicator: Indicator | None = None) -> pd.DataFrame:
    """Tell which verdicts survive when the question is put another way.

    Parameters
    ----------
    tables, question, indicator
        As `essmap.analysis.coverage.coverage`.

    Returns
    -------
    DataFrame, one row per territory of the level, sorted by code
        ``code``, ``class``, and booleans that are NA where there is no verdict (neither ``under`` nor ``over``) or no
        way to put the question: ``level_canton``, ``level_epci``, ``level_commune`` (at that level, at least half of
        its inhabitants for whom something can be said live where the difference has the same direction; own level:
        NA), ``count`` (same class when the other count is taken), ``reference`` (same class when the largest commune
        is left out of the department; NA for territories that hold some of it); ``survived`` and ``asked``, numbers of
        badges that are true and that are not NA.

    Raises
    ------
    ValueError
        If the indicator does not add up to the level.
    """
    table = coverage(tables, question, indicator=indicator)
    table = table[~table["code"].isin([UNKNOWN, OUTSIDE])].set_index("code")
    verdict = table["class"].where(table["class"].isin(["under", "over"]))
    result = table[["class"]].copy()
    for level in get_args(Level):
        result[f"level_{level}"] = _at_level(tables, question, level, verdict, indicator)
    result["count"] = _same(verdict, _other_count(tables, question, str(table["count"].max()), indicator))
    result["reference"] = _same(verdict, _without_largest(tables, question, indicator))
    asked = result.drop(columns="class")
    result["survived"], result["asked"] = asked.sum(axis=1).astype("int64"), asked.notna().sum(axis=1)
    return result.reset_index()


def _same(verdict: pd.Series[str], other: pd.Series[str] | None) -> pd.Series[bool]:
    """Tell where a class is the verdict again; NA: no verdict, or no class to compare with."""
    if other is None:
        return pd.Series(pd.NA, index=verdict.index, dtype="boolean")
    found = other.reindex(verdict.index)
    asked = verdict.notna() & found.notna() & found.ne("not_assessable")
    return verdict.eq(found).astype("boolean").where(asked)


def _other_count(tables: Tables, question: Question, count: str, indicator: Indicator | None) -> pd.Series[str] | None:
    other: Count = "all" if count == "employers" else "employers"
    return coverage(tables, replace(question, count=other), indicator=indicator).set_index("code")["class"]


def _without_largest(tables: Tables, question: Question, indicator: Indicator | None) -> pd.Series[str] | None:
    largest = largest_commune(tables.communes)
    members = membership(tables, question.level)
    holding = set(members.loc[members["commune_code"] == largest, "code"])
    parts = tables.parts
    rest = replace(
        tables,
        actors=tables.actors[tables.actors["commune_code"] != largest],
        communes=tables.communes[tables.communes["commune_code"] != largest],
        parts=None if parts is None else parts[parts["commune_code"] != largest],
    )
    found = coverage(rest, question, indicator=indicator).set_index("code")["class"]
    return found[~found.index.isin(holding)]


def _at_level(
    tables: Tables, question: Question, level: Level, verdict: pd.Series[str], indicator: Indicator | None
) -> pd.Series[bool]:
    """Tell where most inhabitants live in territories of another level that differ in the same direction."""
    nothing = pd.Series(pd.NA, index=verdict.index, dtype="boolean")
    if level == question.level or (indicator is not None and indicator.level not in {"commune", level}):
        return nothing
    other = coverage(tables, replace(question, level=level), indicator=indicator).set_index("code")["class"]
    ours, theirs = membership(tables, question.level), membership(tables, level)
    pairs = ours.merge(theirs, on="commune_code", suffixes=("", "_there"))
    pairs["weight"] = pairs["population"] * pairs["share_there"]
    pairs["there"] = pairs["code_there"].map(other)
    pairs = pairs[~pairs["there"].isin(_SILENT) & pairs["weight"].gt(0)]
    wanted = pairs["code"].map(verdict)
    agrees = np.where(wanted.eq("under"), pairs["there"].isin(LOW), pairs["there"].isin(HIGH))
    said = pairs["weight"].groupby(pairs["code"]).sum()
    same = (pairs["weight"] * agrees).groupby(pairs["code"]).sum()
    share = (same / said).reindex(verdict.index)
    return share.ge(MOST).astype("boolean").where(verdict.notna() & share.notna())
