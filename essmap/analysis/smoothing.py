"""Rates steady enough to be drawn: the smaller a territory, the more its rate is pulled towards the mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Empirical-Bayes rates.

    Attributes
    ----------
    rates : ndarray, shape (n,)
        Actors per unit of the denominator; NaN where the denominator is 0 or not known.
    mean : float
        The rate of all territories together.
    variance : float
        Of the true rates between territories. 0: differences do not exceed chance, and every rate is the mean.
    """

    rates: Numbers
    mean: float
    variance: float


def empirical_bayes(observed: npt.ArrayLike, denominator: npt.ArrayLike) -> Smoothed:
    """Smooth rates by the global empirical-Bayes estimator.

    Parameters
    ----------
    observed : array of counts, shape (n,)
    denominator : array, shape (n,)
        Inhabitants, or another population; 0 or NaN: the territory is left out.

    Returns
    -------
    Smoothed

    Notes
    -----
    Marshall 1991 (Applied Statistics 40, 283-294). With r = O / P, m = sum O / sum P and
    s2 = sum P (r - m)^2 / sum P - m / mean(P), the rate is w r + (1 - w) m, where w = s2 / (s2 + m / P).
    A negative s2 is set to 0, as it is a variance.
    """
    o, p = (np.asarray(value, dtype=np.float64) for value in (observed, denominator))
    rates = np.full(o.shape, np.nan)
    known = p > 0
    if not known.any():
        return Smoothed(rates, 0.0, 0.0)
    o, p = o[known], p[known]
    raw, mean = o / p, float(o.sum() / p.sum())
    variance = max(float((p * (raw - mean) ** 2).sum() / p.sum() - mean / p.mean()), 0.0)
    weight = variance / (variance + mean / p) if variance > 0 else np.zeros_like(p)
    rates[known] = weight * raw + (1 - weight) * mean
    return Smoothed(rates, mean, variance)
