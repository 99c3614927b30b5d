"""Exact tests and intervals: against scipy's own tests, published values and cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from essmap.analysis import exact

PHIS = st.none() | st.floats(0.2, 60)


@st.composite
def counts(draw):
    """A count, the total it is part of, and the share it is compared with."""
    total = draw(st.integers(1, 3000))
    return draw(st.integers(0, total)), total, draw(st.floats(1e-6, 1, exclude_max=True))


@given(counts())
def test_test_and_interval_are_those_of_scipy(case):
    """Both tails and the Clopper-Pearson interval agree with scipy.stats.binomtest."""
    x, n, share = case
    less = stats.binomtest(x, n, share, alternative="less").pvalue
    greater = stats.binomtest(x, n, share, alternative="greater").pvalue
    assert exact.lower_tail(x, n, share) == pytest.approx(less, rel=1e-9, abs=1e-12)
    assert exact.upper_tail(x, n, share) == pytest.approx(greater, rel=1e-9, abs=1e-12)
    assert exact.two_sided(x, n, share) == pytest.approx(min(1, 2 * min(less, greater)), rel=1e-9, abs=1e-12)
    low, high = exact.ratio_interval(x, n, share)
    oracle = stats.binomtest(x, n).proportion_ci(method="exact")
    assert (low * share, high * share) == (pytest.approx(oracle.low, abs=1e-9), pytest.approx(oracle.high, abs=1e-9))


@pytest.mark.parametrize(
    ("x", "n", "share", "p"),
    [
        (0, 3, 0.5, 0.25),  # twice 1/8
        (3, 3, 0.5, 0.25),
        (1, 2, 0.5, 1.0),  # twice 3/4, at most 1
        (0, 2, 0.25, 1.0),  # twice 9/16, at most 1
        (2, 2, 0.25, 0.125),  # twice 1/16
        (4, 4, 1.0, 1.0),  # everybody lives here
    ],
)
def test_hand_computed_cases(x, n, share, p):
    """Small cases worked on paper."""
    assert exact.two_sided(x, n, share) == pytest.approx(p, abs=1e-12)


def test_first_halves_told_from_chance():
    """At half the expected number, 7 of 14 is not told from chance (p about 0.06) and 8 of 16 is the first that is."""
    wide = 1 / 1000
    assert exact.two_sided(7, 14 * 1000, wide) == pytest.approx(0.06, abs=0.005)
    found = [exact.two_sided(e // 2, e * 1000, wide) < 0.05 for e in range(2, 18, 2)]
    assert found == [False] * 7 + [True]


@pytest.mark.parametrize(
    ("observed", "low", "high"),
    [
        (0, 0, 3.69), (1, 0.03, 5.57), (3, 0.62, 8.77), (5, 1.62, 11.67), (10, 4.80, 18.39), (20, 12.22, 30.89),
        (50, 37.1, 65.9), (100, 81.4, 121.6),
    ],
)  # fmt: skip
def test_garwood_limits(observed, low, high):
    """Limits of a Poisson count are the published ones (Garwood 1936)."""
    found = exact.poisson_interval(observed, 1.0)
    exactly = stats.chi2.ppf([0.025, 0.975], [max(2 * observed, 1e-300), 2 * observed + 2]) / 2
    assert found == (pytest.approx(exactly[0], rel=1e-9), pytest.approx(exactly[1], rel=1e-9))
    assert found == (pytest.approx(low, abs=0.05), pytest.approx(high, abs=0.05))
    halved = exact.poisson_interval(observed, 2.0)
    assert [2 * limit for limit in halved] == [pytest.approx(limit) for limit in found]


@given(counts(), PHIS)
def test_interval_and_test_agree(case, phi):
    """The interval holds 1 exactly when p is at least 0.05, whatever the overdispersion."""
    x, n, share = case
    p = float(exact.two_sided(x, n, share, phi=phi))
    assume(abs(p - 0.05) > 1e-9)
    low, high = exact.ratio_interval(x, n, share, phi=phi)
    assert 0 <= low <= x / (n * share) * (1 + 1e-9)
    assert high >= x / (n * share) * (1 - 1e-9)
    assert (low <= 1 <= high) == (p >= 0.05)


def test_nothing_is_told_where_spread_has_no_bounds():
    """Where no double is small enough for the widened level, nothing is told from chance and nothing is NaN."""
    p = exact.two_sided(1000, 2000, 1e-9, phi=1e6)
    low, high = exact.ratio_interval(1000, 2000, 1e-9, phi=1e6)
    assert p > 0.05
    assert low <= 1 <= high
    assert np.isfinite([p, low, high]).all()
    assert np.isinf(exact.actors_to_conclude(0.1, phi=1e6))


@given(counts(), st.floats(1, 30), st.floats(1, 30))
def test_overdispersion_only_takes_certainty_away(case, first, second):
    """The larger phi, the larger p and the wider the interval; at most 1 it changes nothing."""
    small, large = sorted((first, second))
    assert exact.two_sided(*case, phi=small) <= exact.two_sided(*case, phi=large) + 1e-12
    narrow, wide = exact.ratio_interval(*case, phi=small), exact.ratio_interval(*case, phi=large)
    assert wide[0] <= narrow[0] + 1e-12
    assert wide[1] >= narrow[1] - 1e-12
    assert exact.two_sided(*case, phi=0.5) == exact.two_sided(*case)


def test_overdispersion_widens_z_by_its_root():
    """Phi of 4 halves the deviate."""
    plain, widened = exact.two_sided(5, 1000, 0.02), exact.two_sided(5, 1000, 0.02, phi=4)
    assert stats.norm.isf(widened / 2) == pytest.approx(stats.norm.isf(plain / 2) / 2)


def test_overdispersion_by_hand():
    """Phi is the mean of (2 sqrt O - 2 sqrt E) squared, its extremes pulled in; nothing expected says nothing."""
    assert exact.overdispersion([9, 1], [4, 4]) == pytest.approx((1.6**2 + 1.6**2) / 2)  # z = 2 and -2, ends at 1.6
    assert exact.overdispersion([4, 4, 7], [4, 4, 0]) == 0
    assert exact.overdispersion([3], [0]) is None
    assert exact.overdispersion([], []) is None


def test_one_extreme_hardly_moves_phi():
    """A lone outlier among twenty is pulled in."""
    expected = np.full(20, 25.0)
    observed = np.where(np.arange(20) % 2, 30.0, 20.0)
    calm, wild = exact.overdispersion(observed, expected), exact.overdispersion([*observed[:-1], 900], expected)
    assert wild < 2 * calm


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=40))
def test_false_discovery_by_its_definition(p):
    """Q of the i-th smallest p is the smallest p_j m / j of j at least i (Benjamini and Hochberg 1995)."""
    ordered, m = np.sort(p), len(p)
    wanted = [min(min(1, ordered[j] * m / (j + 1)) for j in range(i, m)) for i in range(m)]
    assert np.sort(exact.false_discovery(p)) == pytest.approx(wanted)
    assert exact.false_discovery(p) == pytest.approx(stats.false_discovery_control(p))


@given(st.floats(1e-4, 0.999), st.none() | st.floats(0.5, 20))
def test_actors_to_conclude_is_the_first_number(share, phi):
    """With that many actors none at all here is told from chance; with one less it is not."""
    needed = float(exact.actors_to_conclude(share, phi=phi))
    assert exact.two_sided(0, needed, share, phi=phi) < 0.05
    assert needed == 1 or exact.two_sided(0, needed - 1, share, phi=phi) >= 0.05


def departments():
    return st.lists(st.tuples(st.integers(0, 60), st.integers(1, 50)), min_size=2, max_size=12)


@given(departments(), st.none() | st.floats(0.5, 3))
def test_missing_actors_overturn_and_one_less_does_not(rows, phi):
    """With that many more actors, here or elsewhere, the difference is established no more; with one less it is."""
    observed, weight = (np.asarray(values, dtype=float) for values in zip(*rows, strict=True))
    total, share = observed.sum(), weight / weight.sum()
    assume(total > 0)
    p = exact.two_sided(observed, total, share, phi=phi)
    q = exact.false_discovery(p)
    found = exact.missing_to_overturn(observed, total, share, q=q, phi=phi)
    assert (np.isnan(found) == (q >= 0.05)).all()

    def again(unit: int, k: float) -> float:
        here = observed[unit] + (k if observed[unit] < total * share[unit] else 0)
        changed = p.copy()
        changed[unit] = exact.two_sided(here, total + k, share[unit], phi=phi)
        return exact.false_discovery(changed)[unit]

    for unit in np.flatnonzero(q < 0.05):
        assert again(unit, found[unit]) >= 0.05 - 1e-9
        assert found[unit] == 1 or again(unit, found[unit] - 1) < 0.05


@given(
    st.integers(1, 2000),
    st.lists(st.floats(0.001, 1), min_size=1, max_size=5),
    st.sampled_from([0.05, 0.002]),
    PHIS,
    st.floats(0, 1),
)
def test_funnel_limits_agree_with_the_test(total, shares, alpha, phi, place):
    """A whole count lies outside the limits exactly when its p is below their level."""
    expected = np.asarray(shares) * total
    low, high = exact.control_limits(expected, total, alpha=alpha, phi=phi)
    for e, below, above in zip(expected, low, high, strict=True):
        observed = round(place * min(total, 3 * e + 5))
        p = float(exact.two_sided(observed, total, e / total, phi=phi))
        if abs(p - alpha) > 1e-6:
            outside = observed / e < below * (1 - 1e-9) or observed / e > above * (1 + 1e-9)
            assert outside == (p < alpha)
