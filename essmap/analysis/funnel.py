"""The funnel: how far from the average a territory may lie by chance alone, given how many actors it should have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from essmap.analysis import exact

#: The two pairs of limits, by name: probability of lying outside by chance.
LIMITS: Final = {"95": 0.05, "998": 0.002}

_POINTS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Funnel:
    """What a funnel plot draws.

    Attributes
    ----------
    points : DataFrame, one row per territory that can be assessed
        ``code``, ``name``, ``expected`` (x), ``ratio`` (y), ``outside``: ``"no"``, ``"95"`` or ``"998"``, the widest
        limits it lies outside of.
    limits : DataFrame, sorted by ``expected``
        ``expected``, and ``low_95``, ``high_95``, ``low_998``, ``high_998``: ratios.
    phi : float
        Overdispersion as measured; it widens the limits where above 1.
    """

    points: pd.DataFrame
    limits: pd.DataFrame
    phi: float


def funnel(table: pd.DataFrame) -> Funnel | None:
    """Return the funnel of a table of `coverage`.

    Parameters
    ----------
    table : DataFrame
        `essmap.analysis.coverage.coverage`.

    Returns
    -------
    Funnel or None
        None: no territory can be assessed, or nobody has the theme.

    Notes
    -----
    Spiegelhalter 2005 (Statistics in Medicine 24, 1185-1202), limits by `exact.control_limits`: a point lies outside
    the limits of 95 % exactly when its p is below 0.05. One territory alone: this allows for no family of tests.
    """
    rows = table[table["p_value"].notna()]
    if rows.empty:
        return None
    total, phi = float(rows["reference_observed"].iloc[0]), float(rows["phi"].iloc[0])
    points = rows[["code", "name", "expected", "ratio"]].astype({"expected": "float64", "ratio": "float64"})
    p = rows["p_value"].to_numpy(dtype="float64")
    points["outside"] = np.select([p < LIMITS["998"], p < LIMITS["95"]], ["998", "95"], "no")
    return Funnel(points.reset_index(drop=True), _limits(points["expected"], total, phi), phi)


def _limits(expected: pd.Series[float], total: float, phi: float) -> pd.DataFrame:
    """Return the limits from a little below the smallest expectation to a little above the largest."""
    ends = max(float(expected.min()) * 0.8, 1e-9), min(float(expected.max()) * 1.25, total)
    x = np.geomspace(*ends, _POINTS)
    found = pd.DataFrame({"expected": x})
    for name, alpha in LIMITS.items():
        found[f"low_{name}"], found[f"high_{name}"] = exact.control_limits(x, total, alpha=alpha, phi=phi)
    return found
