"""Actors observed in each territory beside what its population would give: a description, never a verdict.

On a table declared ``partial`` every row has the status ``not_assessable``: a territory with few rows is not a
territory with little ESS. Tests of whether a gap exceeds chance need an exhaustive table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from essmap.schema.snapshot import Status

Level = Literal["canton", "epci", "commune"]

#: Per level: the column of actors and communes that holds the territory's code.
LEVEL_COLUMN: Final[dict[Level, str]] = {"canton": "canton_code", "epci": "epci_code", "commune": "commune_code"}

PER_INHABITANTS: Final = 10_000

#: Breaks of observed / expected, the same for every theme so that maps compare (field notes 3.9).
RATIO_BREAKS: Final = (0.5, 0.8, 1.25, 2.0)


@dataclass(frozen=True, slots=True)
class Theme:
    """Which actors count: all of them, those of an axis, or those of a domain."""

    kind: Literal["all", "axis", "domain"] = "all"
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> Theme:
        """Read ``all``, ``axis:KEY`` or ``domain:KEY``.

        Raises
        ------
        ValueError
            If the text is none of these.
        """
        kind, _, key = text.partition(":")
        if kind == "all" and not key:
            return cls()
        if kind == "axis" and key:
            return cls("axis", key)
        if kind == "domain" and key:
            return cls("domain", key)
        raise ValueError(text)

    def mask(self, actors: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell which actors have the theme; an actor with several domains counts once.

        Parameters
        ----------
        actors : DataFrame, n rows
            Needs ``axes`` and ``domains`` (lists).

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        if self.kind == "all":
            return np.ones(len(actors), dtype=bool)
        column = actors["axes" if self.kind == "axis" else "domains"]
        return np.fromiter((self.key in list(values) for values in column), dtype=bool, count=len(actors))


def territories(communes: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Return the territories of a level with their population inside the department.

    Parameters
    ----------
    communes : DataFrame
        `essmap.schema.tables.COMMUNES`.
    level : {"canton", "epci", "commune"}

    Returns
    -------
    DataFrame
        ``code``, ``population`` (inhabitants), sorted by code. Communes without a territory of that level are
        left out: the level does not cover them.
    """
    column = LEVEL_COLUMN[level]
    sums = communes.dropna(subset=[column]).groupby(column, sort=True)["population"].sum()
    return sums.rename_axis("code").reset_index()


def observed_and_expected(
    actors: pd.DataFrame, communes: pd.DataFrame, *, level: Level, theme: Theme, completeness: Status
) -> pd.DataFrame:
    """Describe each territory: actors observed, expected by population, difference and ratio.

    With O actors of the theme in all the level's territories and P inhabitants, a territory of population p is
    expected to hold E = p * O / P: the department's own average, not a norm.

    Parameters
    ----------
    actors : DataFrame
        `essmap.schema.tables.ACTORS`.
    communes : DataFrame
        `essmap.schema.tables.COMMUNES`.
    level : {"canton", "epci", "commune"}
    theme : Theme
    completeness : {"partial", "exhaustive"}
        Of the actor table.

    Returns
    -------
    DataFrame, one row per territory, sorted by code
        ``code``, ``population``, ``observed`` (count), ``expected`` (count, float), ``difference`` (observed -
        expected), ``ratio`` (observed / expected; NA where nothing is expected), ``rate_per_10k`` (actors per
        10,000 inhabitants; NA where nobody lives), ``completeness``, and ``status``, the first that holds:
        ``not_assessable`` (the table is partial, or nobody lives there), ``no_actor`` (nobody in the department has
        the theme), ``described``.
        Sums of ``observed`` and ``expected`` are equal, unless nobody lives in any territory.
    """
    result = territories(communes, level)
    chosen = actors.loc[theme.mask(actors), LEVEL_COLUMN[level]].value_counts()
    observed = result["code"].map(chosen).fillna(0).astype("int64")
    population = result["population"].astype("int64")
    total, inhabitants = int(observed.sum()), int(population.sum())
    expected = population * (total / inhabitants) if inhabitants else population * 0.0
    result["observed"] = observed
    result["expected"] = expected.astype("float64")
    result["difference"] = result["observed"] - result["expected"]
    result["ratio"] = (observed / expected.where(expected > 0)).astype("Float64")
    result["rate_per_10k"] = (observed * PER_INHABITANTS / population.where(population > 0)).astype("Float64")
    assessable = "described" if total else "no_actor"
    lived_in = population.gt(0) & (completeness == "exhaustive")
    result["status"] = pd.Series(np.where(lived_in, assessable, "not_assessable"), index=result.index, dtype="str")
    result["completeness"] = completeness
    return result


def outside_level(actors: pd.DataFrame, *, level: Level, theme: Theme) -> int:
    """Return how many actors of the theme belong to no territory of the level (counted, never dropped in silence)."""
    return int(actors.loc[theme.mask(actors), LEVEL_COLUMN[level]].isna().sum())


def how_it_was_seen(actors: pd.DataFrame, communes: pd.DataFrame, *, level: Level) -> pd.DataFrame:
    """Return, per territory, what explains its numbers on a partial table.

    Parameters
    ----------
    actors, communes : DataFrame
    level : {"canton", "epci", "commune"}

    Returns
    -------
    DataFrame, one row per territory, sorted by code
        ``code``, ``actors`` (count), ``located`` (count with a position finer than the commune), ``latest_year``
        and ``median_year`` a source names (NA: no row names one), ``undated`` (count without year) and one column
        ``source_<kind>`` per kind of source (count).
    """
    column = LEVEL_COLUMN[level]
    codes = territories(communes, level)["code"]
    groups = actors.groupby(column)
    years = groups["source_year"]
    frame = pd.DataFrame(
        {
            "actors": groups.size(),
            "located": actors["geo_precision"].ne("municipality").groupby(actors[column]).sum(),
            "latest_year": years.max().astype("Int64"),
            "median_year": years.median().round().astype("Int64"),
            "undated": actors["source_year"].isna().groupby(actors[column]).sum(),
        }
    )
    kinds = pd.crosstab(actors[column], actors["source_kind"]).add_prefix("source_")
    frame = frame.join(kinds).reindex(codes)
    counts = [name for name in frame.columns if name not in {"latest_year", "median_year"}]
    frame[counts] = frame[counts].fillna(0).astype("int64")
    return frame.rename_axis("code").reset_index()
