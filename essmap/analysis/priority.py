"""Where lacks add up: one order over several axes, and how far it depends on the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from essmap.analysis.coverage import Question, Theme, coverage
from essmap.analysis.robustness import LOW
from essmap.analysis.units import OUTSIDE, UNKNOWN, Tables
from essmap.schema.indicator import Indicator

#: How many weightings are drawn to see how firm an order is, and from which seed.
DRAWS: Final = 1_000
SEED: Final = 20260101

#: The worst quarter.
QUARTER: Final = 0.25

#: Scores that differ by less are equal.
_DECIMALS: Final = 12


def priority(
    tables: Tables, question: Question, weights: Mapping[str, float], *, indicator: Indicator | None = None
) -> pd.DataFrame:
    """Order territories by what they lack over several axes together.

    Parameters
    ----------
    tables : Tables
    question : Question
        Its theme is not used.
    weights : mapping of axis to float
        At least 0, not all 0; only their proportions count.
    indicator : Indicator or None
        As `essmap.analysis.coverage.coverage`.

    Returns
    -------
    DataFrame, one row per territory, sorted by code
        ``code``, ``name``, ``lack_<axis>`` (0 to 1), ``score`` (0 to 1), ``rank`` (1: most is lacking; equals share
        the smallest), ``worst_quarter`` (share of 1,000 random weightings in which it is among the quarter that lacks
        most) and ``established`` (number of weighted axes in which its class is ``under``). All NA where the territory
        cannot be assessed, or where no axis has any actor.

    Raises
    ------
    ValueError
        If a weight is negative or not a number, or none is positive.

    Notes
    -----
    The lack of an axis is max(0, 1 - smoothed rate / department's rate), `empirical_bayes` of Marshall 1991: what
    chance explains is no lack, and plenty in one axis makes up for nothing in another. It is 0 as well where the class
    of the territory in this axis is neither ``under`` nor ``to_confirm_low``. The score is the weighted mean.
    An axis that nobody has orders nothing and is left out.

    Random weightings are uniform over all proportions: Dirichlet(1, ..., 1), fixed seed (such ranges of weights:
    Saisana, Saltelli and Tarantola 2005, JRSS A 168, 307-323). Territories with equal scores share the places left in
    the quarter; who lacks nothing is never in it. Correlated axes count twice: read the axes beside the score.
    """
    wanted = np.asarray(list(weights.values()), dtype=np.float64)
    if not (np.isfinite(wanted).all() and (wanted >= 0).all() and wanted.sum() > 0):
        raise ValueError(f"weights must be at least 0 and not all 0: {dict(weights)}")
    found = {
        axis: coverage(tables, replace(question, theme=Theme("axis", axis)), indicator=indicator) for axis in weights
    }
    first = next(iter(found.values()))
    kept = ~first["code"].isin([UNKNOWN, OUTSIDE])
    result = first.loc[kept, ["code", "name"]].reset_index(drop=True)
    established = np.zeros(len(result), dtype=np.int64)
    for axis, table in found.items():
        rows = table[kept].reset_index(drop=True)
        lack = (1 - rows["eb_rate_per_10k"] / rows["reference_rate"]).clip(lower=0)
        result[f"lack_{axis}"] = lack.mask(lack.notna() & ~rows["class"].isin(LOW), 0.0)
        established += (rows["class"].eq("under") & (weights[axis] > 0)).to_numpy(dtype=bool)
    lacks = result.filter(regex="^lack_").to_numpy(dtype="float64", na_value=np.nan)
    used = ~np.isnan(lacks).all(axis=0)
    rows = ~np.isnan(lacks[:, used]).any(axis=1) & used.any()
    result[["score", "rank", "worst_quarter", "established"]] = np.nan
    if rows.any() and wanted[used].sum() > 0:
        values = lacks[rows][:, used]
        score = _scores(values, wanted[used][None, :])[:, 0]
        draws = np.random.default_rng(SEED).dirichlet(np.ones(used.sum()), size=DRAWS)
        result.loc[rows, "score"] = score
        result.loc[rows, "rank"] = pd.Series(-score).rank(method="min").to_numpy()
        result.loc[rows, "worst_quarter"] = worst_quarter(_scores(values, draws)).mean(axis=1)
        result.loc[rows, "established"] = established[rows]
    return result.astype({"score": "Float64", "rank": "Int64", "worst_quarter": "Float64", "established": "Int64"})


def _scores(lacks: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the weighted means, one row per territory, one column per weighting."""
    means = lacks @ (weights / weights.sum(axis=1, keepdims=True)).T
    return np.asarray(np.round(means, _DECIMALS), dtype=np.float64)


def worst_quarter(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how much of a place in the worst quarter each territory has, per weighting.

    Parameters
    ----------
    scores : ndarray, shape (territories, weightings)

    Returns
    -------
    ndarray in [0, 1], same shape
        Territories with equal scores have equal parts of the places left; a score of 0 has none. At most a quarter of
        the territories, rounded up, in all.
    """
    places = int(np.ceil(QUARTER * len(scores)))
    ordered = np.sort(scores, axis=0)[::-1]
    last = ordered[places - 1]
    above = (scores > last).sum(axis=0)
    equal = scores == last
    part = (places - above) / np.maximum(equal.sum(axis=0), 1)
    return np.where(scores <= 0, 0.0, np.where(scores > last, 1.0, np.where(equal, part, 0.0)))
