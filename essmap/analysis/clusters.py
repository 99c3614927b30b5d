"""Whether communes with low or high rates stand together more than chance would put them: local Moran.

For communes only: a department has too few cantons for it.
"""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array, csr_array
from scipy.stats import false_discovery_control

PERMUTATIONS: Final = 9_999
SEED: Final = 20_261_123
ALPHA: Final = 0.05

#: What a commune can be: its own rate beside that of its neighbours (low, high against the mean of all communes).
CLUSTERS: Final = ("low_low", "high_high", "low_high", "high_low", "none", "not_assessable")

_ROWS_AT_ONCE: Final = 1_000


def contiguity(communes: gpd.GeoDataFrame) -> csr_array:
    """Return which communes touch, be it in one point (« queen » contiguity).

    Outlines that overlap a little, as simplified ones do, touch as well.

    Parameters
    ----------
    communes : GeoDataFrame, n rows
        `essmap.schema.tables.COMMUNES`; a commune without outline touches none.

    Returns
    -------
    csr_array of float, shape (n, n)
        Symmetric, 1 where two communes touch, empty diagonal; rows and columns in the order of ``communes``.
    """
    outlines = communes.geometry.to_numpy()
    left, right = shapely.STRtree(outlines).query(outlines, predicate="intersects")
    apart = left != right
    ones = np.ones(int(apart.sum()))
    return csr_array(coo_array((ones, (left[apart], right[apart])), shape=(len(communes), len(communes))))


def local_moran(
    codes: pd.Series[str],
    rates: npt.ArrayLike,
    neighbours: csr_array,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = SEED,
) -> pd.DataFrame:
    """Tell which communes have a low or a high rate amid neighbours of low or high rates.

    With z the standardised rates and w the contiguity standardised by row, I_i = (n - 1) * z_i * sum_j w_ij z_j /
    sum z². Under the null the rate of i stays and those of all others change places (conditional permutation). p is
    twice the smaller tail, at most 1: p = 2 * (1 + min(#{I* >= I}, #{I* <= I})) / (permutations + 1). (PySAL and GeoDa
    print the smaller tail alone, which is half of it.) q: Benjamini-Hochberg over all assessed communes.

    References
    ----------
    Anselin, L. (1995). Local indicators of spatial association: LISA. Geographical Analysis 27(2), 93-115.
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57(1), 289-300.

    Parameters
    ----------
    codes : Series of str, n rows
        INSEE codes.
    rates : array of float, shape (n,)
        Empirical-Bayes rates, in any unit; NaN where there is none (nobody lives there).
    neighbours : csr_array, shape (n, n)
        `contiguity`, in the order of ``codes``. Neighbours without a rate are left out.
    permutations : int
    seed : int
        The same seed and rates give the same answer, whatever the order of the rows.

    Returns
    -------
    DataFrame, one row per commune, sorted by code
        ``code``, ``moran_i``, ``p_sim``, ``q_value`` (NaN where not assessable) and ``cluster``: the quadrant
        (``low_low``, ``high_high``, ``low_high``, ``high_low``: the commune, then its neighbours) where
        q < 0.05, ``none`` elsewhere, ``not_assessable`` without a rate or without a neighbour that has one. When all
        rates are the same nothing stands out: I = 0, p = q = 1.
    """
    order = np.argsort(codes.to_numpy(dtype=str), kind="stable")
    values = np.asarray(rates, dtype=np.float64)[order]
    weights = csr_array(neighbours)[order][:, order]
    result = pd.DataFrame({"code": codes.to_numpy()[order], "moran_i": np.nan, "p_sim": np.nan, "q_value": np.nan})
    result["cluster"] = "not_assessable"
    used = _assessable(values, weights)
    if not used.any():
        return result
    z = values[used] - values[used].mean()
    deviation = z.std()
    if deviation <= 1e-12 * max(1.0, float(np.abs(values[used]).max())):
        result.loc[used, "moran_i"] = 0.0
        result.loc[used, ["p_sim", "q_value"]] = 1.0
        result.loc[used, "cluster"] = "none"
        return result
    z /= deviation
    kept = weights[used][:, used]
    degrees = np.diff(kept.indptr)
    lag = (kept @ z) / degrees
    p_sim = _p_values(z, lag, degrees, permutations, seed)
    q_value = false_discovery_control(p_sim)
    quadrant = np.select(
        [(z > 0) & (lag > 0), (z <= 0) & (lag <= 0), z <= 0], ["high_high", "low_low", "low_high"], "high_low"
    )
    result.loc[used, "moran_i"] = (len(z) - 1) * z * lag / (z @ z)
    result.loc[used, "p_sim"] = p_sim
    result.loc[used, "q_value"] = q_value
    result.loc[used, "cluster"] = np.where(q_value < ALPHA, quadrant, "none")
    return result


def _assessable(values: npt.NDArray[np.float64], weights: Any) -> npt.NDArray[np.bool_]:
    """Tell which communes have a rate and at least one neighbour with a rate."""
    has_rate = np.isfinite(values)
    return np.asarray(has_rate & (weights @ has_rate.astype(np.float64) > 0), dtype=np.bool_)


def _p_values(
    z: npt.NDArray[np.float64],
    lag: npt.NDArray[np.float64],
    degrees: npt.NDArray[np.int32],
    permutations: int,
    seed: int,
) -> npt.NDArray[np.float64]:
    """Return the two-sided pseudo p of each commune.

    I is z_i times the mean of its neighbours times a constant, so it is enough to draw that mean. The draws of places
    are shared by all communes, each being valid for any one of them (as in PySAL); no place is drawn twice in a row.
    """
    n = len(z)
    observed = z * lag
    # Sums in another order differ by rounding: an equal draw counts in both tails.
    tolerance = 1e-12 * np.maximum(1.0, np.abs(observed))
    at_least, at_most = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    drawn = _draws(n - 1, int(degrees.max()), permutations, seed)
    for i in range(n):
        others = np.delete(z, i)  # any commune but i
        simulated = z[i] * others.take(drawn[: degrees[i]]).mean(axis=0)
        at_least[i] = np.count_nonzero(simulated >= observed[i] - tolerance[i])
        at_most[i] = np.count_nonzero(simulated <= observed[i] + tolerance[i])
    return np.minimum(1.0, 2.0 * (np.minimum(at_least, at_most) + 1) / (permutations + 1))


def _draws(places: int, widest: int, permutations: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the first ``widest`` of as many random orders of the places, one per column; few orders at a time."""
    rng = np.random.default_rng(seed)
    drawn = np.empty((widest, permutations), dtype=np.int64)
    for start in range(0, permutations, _ROWS_AT_ONCE):
        size = min(_ROWS_AT_ONCE, permutations - start)
        drawn[:, start : start + size] = np.argsort(rng.random((size, places)), axis=1)[:, :widest].T
    return drawn
