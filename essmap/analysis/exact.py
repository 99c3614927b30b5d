"""Is a count more, or less, than chance: exact tests, intervals and the families they are judged in.

The question asked of every territory: of ``total`` actors, each falls here with probability ``share`` (its part of the
department's denominator). The count is then Binomial(total, share): a law that knows that the territory is itself part
of the reference. Everything works on whole arrays.

Overdispersion. Where counts vary more than chance (``phi`` > 1), a deviate z counts for z / sqrt(phi). An exact p is
turned into its deviate, divided, and turned back; an interval of 95 % becomes the exact interval of the confidence
whose deviate is sqrt(phi) times that of 95 %. Both are the same test, so an interval holds 1 exactly when p >= 0.05.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

Numbers = npt.NDArray[np.float64]

#: Below this a difference is told from chance.
ALPHA: Final = 0.05

#: Share of the deviates at each end that is pulled in before their spread is measured (field notes 3.3).
WINSORISED: Final = 0.1

#: Beyond this deviate a double holds no probability any more; further ones are set to it.
_FURTHEST: Final = 37.0


def lower_tail(observed: npt.ArrayLike, total: npt.ArrayLike, share: npt.ArrayLike) -> Numbers:
    """Return P(X <= observed) for X ~ Binomial(total, share), by the incomplete beta function.

    Parameters
    ----------
    observed, total : array of counts
    share : array in [0, 1]

    Returns
    -------
    ndarray of the common shape

    Notes
    -----
    P(X <= x) = 1 - I_share(x + 1, total - x): Abramowitz and Stegun 1964, 26.5.24.
    """
    x, n, p = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (observed, total, share)))
    return np.where(x >= n, 1.0, special.betaincc(x + 1, np.where(x >= n, 1.0, n - x), p))


def upper_tail(observed: npt.ArrayLike, total: npt.ArrayLike, share: npt.ArrayLike) -> Numbers:
    """Return P(X >= observed) for X ~ Binomial(total, share); parameters as `lower_tail`."""
    x, n, p = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (observed, total, share)))
    return np.where(x <= 0, 1.0, special.betainc(np.maximum(x, 1), n - x + 1, p))


def two_sided(
    observed: npt.ArrayLike, total: npt.ArrayLike, share: npt.ArrayLike, *, phi: float | None = None
) -> Numbers:
    """Return the exact p of a count: twice the smaller tail, at most 1; widened where ``phi`` > 1.

    Parameters
    ----------
    observed, total : array of counts
    share : array in [0, 1]
    phi : float or None
        Overdispersion; None or at most 1: none.

    Returns
    -------
    ndarray in [0, 1]
    """
    tails = np.minimum(lower_tail(observed, total, share), upper_tail(observed, total, share))
    p = np.minimum(1.0, 2 * tails)
    return p if _spread(phi) == 1 else two_sided_of(deviate(p) / _spread(phi))


def deviate(p: npt.ArrayLike) -> Numbers:
    """Return the normal deviate, at least 0, of a two-sided p; at most 37, which is all a double can tell."""
    return np.asarray(np.minimum(-special.ndtri(np.asarray(p, dtype=np.float64) / 2), _FURTHEST), dtype=np.float64)


def two_sided_of(z: npt.ArrayLike) -> Numbers:
    """Return the two-sided p of a normal deviate."""
    return np.asarray(2 * special.ndtr(-np.asarray(z, dtype=np.float64)), dtype=np.float64)


def exact_level(alpha: float, phi: float | None) -> float:
    """Return the level of the exact test that is one of level ``alpha`` once overdispersion is allowed for.

    0 where no double is small enough: then nothing is told from chance.
    """
    if _spread(phi) == 1:
        return alpha
    z = float(-special.ndtri(alpha / 2)) * _spread(phi)
    return float(2 * special.ndtr(-z)) if z < _FURTHEST else 0.0


def _spread(phi: float | None) -> float:
    return 1.0 if phi is None or not phi > 1 else float(np.sqrt(phi))


def ratio_interval(
    observed: npt.ArrayLike, total: npt.ArrayLike, share: npt.ArrayLike, *, phi: float | None = None
) -> tuple[Numbers, Numbers]:
    """Return the exact 95 % interval of observed / expected, given the total.

    Parameters
    ----------
    observed, total : array of counts
    share : array in ]0, 1]
    phi : float or None
        Overdispersion.

    Returns
    -------
    low, high : ndarray
        Holds 1 exactly when `two_sided` of the same arguments is at least 0.05.

    Notes
    -----
    Clopper and Pearson 1934 (Biometrika 26, 404-413) for the probability that an actor falls here, divided by
    ``share``.
    """
    x, n, p = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (observed, total, share)))
    tail = exact_level(ALPHA, phi) / 2
    low = np.where(x > 0, special.betaincinv(np.maximum(x, 1), n - x + 1, tail), 0.0)
    high = np.where(x < n, special.betainccinv(x + 1, np.maximum(n - x, 1), tail), 1.0)
    return low / p, high / p


def poisson_interval(observed: npt.ArrayLike, expected: npt.ArrayLike) -> tuple[Numbers, Numbers]:
    """Return the 95 % interval of observed / expected for a Poisson count with a known expectation.

    The textbook check beside `ratio_interval`: it ignores that the territory is part of the reference, and knows no
    overdispersion.

    Parameters
    ----------
    observed : array of counts
    expected : array, > 0

    Returns
    -------
    low, high : ndarray

    Notes
    -----
    Garwood 1936 (Biometrika 28, 437-442): chi2(0.025; 2 O) / (2 E) and chi2(0.975; 2 O + 2) / (2 E).
    """
    x, e = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in (observed, expected)))
    low = np.where(x > 0, special.gammaincinv(np.maximum(x, 1), ALPHA / 2), 0.0)  # half of the chi2 quantile
    return low / e, special.gammaincinv(x + 1, 1 - ALPHA / 2) / e


def overdispersion(observed: npt.ArrayLike, expected: npt.ArrayLike) -> float | None:
    """Return by how much counts vary more than chance would make them.

    Parameters
    ----------
    observed : array of counts
    expected : array, same shape
        Territories where nothing is expected say nothing and are left out.

    Returns
    -------
    float or None
        phi: about 1 for pure chance, above where actors flock together. None: no territory to measure it on.

    Notes
    -----
    z = 2 (sqrt O - sqrt E), the tenth at each end pulled in to the quantile, phi = mean z squared: Spiegelhalter 2005
    (Statistics in Medicine 24, 1185-1202), with the square root that steadies the variance of a count.
    """
    o, e = (np.asarray(value, dtype=np.float64) for value in (observed, expected))
    o, e = o[e > 0], e[e > 0]
    if not o.size:
        return None
    z = 2 * (np.sqrt(o) - np.sqrt(e))
    return float(np.mean(np.clip(z, *np.quantile(z, [WINSORISED, 1 - WINSORISED])) ** 2))


def false_discovery(p: npt.ArrayLike) -> Numbers:
    """Return q: each p once the number of territories looked at is allowed for.

    Parameters
    ----------
    p : array, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Notes
    -----
    Benjamini and Hochberg 1995 (JRSS B 57, 289-300): q of the i-th smallest p is the smallest p_j n / j of j >= i.
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)[::-1]  # the largest p first
    scaled = values[order] * len(values) / np.arange(len(values), 0, -1)
    q = np.empty_like(values)
    q[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return q


def actors_to_conclude(share: npt.ArrayLike, *, phi: float | None = None) -> Numbers:
    """Return how many actors the department would need before none at all here is told from chance.

    Parameters
    ----------
    share : array in ]0, 1]
    phi : float or None
        Overdispersion, held as it is.

    Returns
    -------
    ndarray
        The smallest total n with (1 - share)^n below half the level of the test; infinite: no number is enough.
    """
    p = np.asarray(share, dtype=np.float64)
    with np.errstate(divide="ignore"):
        n = np.maximum(np.floor(np.log(exact_level(ALPHA, phi) / 2) / np.log1p(-p)), 1.0)
    told = two_sided(0, np.where(np.isfinite(n), n, 1.0), p, phi=phi) < ALPHA
    return np.asarray(np.where(told, n, n + 1), dtype=np.float64)


def missing_to_overturn(
    observed: Numbers, total: float, share: Numbers, *, q: Numbers, phi: float | None = None
) -> Numbers:
    """Return how many actors the list would have to miss for each established difference not to be one.

    For a territory with too few: missing from the list here. For one with many: missing from the list elsewhere.

    Parameters
    ----------
    observed : ndarray of counts, shape (n,)
    total : float
        Actors of the department.
    share : ndarray, shape (n,)
    q : ndarray, shape (n,)
        `false_discovery` of the same territories.
    phi : float or None
        Overdispersion, held as it is.

    Returns
    -------
    ndarray, shape (n,)
        NaN where no difference is established; infinite where no number is enough (nobody lives elsewhere).

    Notes
    -----
    Everything else held as it is. With the other p fixed, a rejected territory stays rejected exactly while its p is
    below 0.05 * R / m, R of the m territories being rejected; the smallest number is found by bisection.
    """
    result = np.full(len(observed), np.nan)
    is_established = q < ALPHA
    level = exact_level(ALPHA * is_established.sum() / max(len(q), 1), phi)
    result[is_established] = np.inf
    established = np.flatnonzero(is_established & (share < 1))
    x, p = observed[established], share[established]
    is_low = x < total * p

    def overturned(k: Numbers) -> npt.NDArray[np.bool_]:
        tail = np.where(is_low, lower_tail(x + k, total + k, p), upper_tail(x, total + k, p))
        return 2 * tail >= level

    low, high = np.zeros(len(x)), np.ones(len(x))
    while not (done := overturned(high)).all():
        low, high = np.where(done, low, high), np.where(done, high, 2 * high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        done = overturned(middle)
        low, high = np.where(done, low, middle), np.where(done, middle, high)
    result[established] = high
    return result


def control_limits(
    expected: npt.ArrayLike, total: float, *, alpha: float, phi: float | None = None
) -> tuple[Numbers, Numbers]:
    """Return between which observed / expected a territory is not told from chance at level ``alpha``.

    Parameters
    ----------
    expected : array in ]0, total]
    total : float
        Actors of the department.
    alpha : float
        For instance 0.05 or 0.002.
    phi : float or None
        Overdispersion.

    Returns
    -------
    low, high : ndarray
        A ratio is below ``low`` or above ``high`` exactly when `two_sided` is below ``alpha``.

    Notes
    -----
    The funnel of Spiegelhalter 2005 (Statistics in Medicine 24, 1185-1202); the count whose tail is alpha / 2, in the
    continuous form of the binomial law (`lower_tail`), so that the curve is smooth and agrees with every whole count.
    """
    e = np.asarray(expected, dtype=np.float64)
    share, tail = e / total, exact_level(alpha, phi) / 2
    return _count_at(tail, total, share) / e, (total - _count_at(tail, total, 1 - share)) / e


def _count_at(tail: float, total: float, share: Numbers) -> Numbers:
    """Return the continuous count x with P(X <= x) = tail; 0 where even none is likelier than that."""
    low, high = np.zeros_like(share), np.full_like(share, total)
    for _ in range(45):  # to a billionth of an actor among 30,000
        middle = (low + high) / 2
        below = lower_tail(middle, total, share) < tail
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(low, dtype=np.float64)
