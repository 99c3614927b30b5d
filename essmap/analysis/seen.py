"""How the actors of each territory came to be known: what explains its numbers on a partial table."""

from __future__ import annotations

import pandas as pd

from essmap.analysis.coverage import Question, default_count, names_of
from essmap.analysis.units import OUTSIDE, UNKNOWN, Tables, membership, placed


def how_it_was_seen(tables: Tables, question: Question) -> pd.DataFrame:
    """Return, per territory, what explains its numbers on a partial table.

    Parameters
    ----------
    tables : Tables
    question : Question
        The actors it counts are those described; its exercise changes nothing.

    Returns
    -------
    DataFrame, one row per territory, sorted by code; last `UNKNOWN` and `OUTSIDE`, where actors fall there
        ``code``, ``name``, ``actors`` (count), ``located`` (count with a position finer than the commune),
        ``latest_year`` and ``median_year`` a source names (NA: no row names one), ``undated`` (count without year)
        and one column ``source_<kind>`` per kind of source (count).
    """
    level, count = question.level, question.count or default_count(tables.actors)
    members = membership(tables, level)
    actors = tables.actors.assign(code=placed(tables, level))
    chosen = question.theme.mask(actors)
    if count == "employers":
        chosen &= actors["is_employer"].astype("boolean").eq(True).fillna(False).to_numpy(dtype=bool)
    actors = actors[chosen]
    last = [code for code in (UNKNOWN, OUTSIDE) if actors["code"].eq(code).any()]
    codes = [*sorted(set(members["code"]) - {UNKNOWN, OUTSIDE}), *last]
    groups = actors.groupby("code")
    years = groups["source_year"]
    frame = pd.DataFrame(
        {
            "actors": groups.size(),
            "located": actors["geo_precision"].ne("municipality").groupby(actors["code"]).sum(),
            "latest_year": years.max().astype("Int64"),
            "median_year": years.median().round().astype("Int64"),
            "undated": actors["source_year"].isna().groupby(actors["code"]).sum(),
        }
    )
    kinds = pd.crosstab(actors["code"], actors["source_kind"]).add_prefix("source_")
    frame = frame.join(kinds).reindex(pd.Index(codes, name="code"))
    counts = [name for name in frame.columns if name not in {"latest_year", "median_year"}]
    frame[counts] = frame[counts].fillna(0).astype("int64")
    split = set(actors.loc[actors["code"] == UNKNOWN, "commune_code"])
    frame.insert(0, "name", names_of(frame.index, tables, level, split))
    return frame.reset_index()
