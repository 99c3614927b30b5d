"""Empirical-Bayes rates: against PySAL where its variance is positive, and what PySAL leaves undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.analysis.smoothing import empirical_bayes

ROWS = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 200_000)), min_size=2, max_size=30)


@pytest.fixture(scope="module")
def oracle():
    """PySAL's global empirical-Bayes smoother."""
    return pytest.importorskip("esda.smoothing").Empirical_Bayes


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(8))
def test_rates_are_those_of_pysal(oracle, seed):
    """Where the variance between territories is positive, rates agree with esda to 1e-9."""
    rng = np.random.default_rng(seed)
    people = rng.integers(200, 60_000, size=40)
    actors = rng.poisson(people * rng.gamma(2, 0.001, size=40))
    found = empirical_bayes(actors, people)
    assert found.variance > 0
    np.testing.assert_allclose(found.rates, np.ravel(oracle(actors, people).r), rtol=1e-9)


@given(ROWS)
def test_rates_lie_between_their_own_and_the_mean(rows):
    """Each rate is between the territory's own and the mean; a variance is never negative."""
    actors, people = (np.asarray(values, dtype=float) for values in zip(*rows, strict=True))
    found = empirical_bayes(actors, people)
    raw = actors / people
    assert found.variance >= 0
    slack = 1e-12
    assert (found.rates >= np.minimum(raw, found.mean) - slack).all()
    assert (found.rates <= np.maximum(raw, found.mean) + slack).all()


def test_chance_alone_gives_the_mean_everywhere():
    """Where differences do not exceed chance the variance is 0 and every rate is the mean."""
    found = empirical_bayes([1, 2, 3], [1000, 2000, 3000])
    assert found.variance == 0
    assert found.rates == pytest.approx(1 / 1000)


def test_nobody_lives_there_or_nobody_has_it():
    """A denominator of 0, or unknown, has no rate and moves no other; no actor at all is a rate of 0."""
    found = empirical_bayes([5, 1, 9, 4], [0, 1000, 2000, np.nan])
    assert np.isnan(found.rates).tolist() == [True, False, False, True]
    assert found.rates[[1, 2]] == pytest.approx(empirical_bayes([1, 9], [1000, 2000]).rates)
    assert empirical_bayes([0, 0], [10, 20]).rates.tolist() == [0, 0]
    assert np.isnan(empirical_bayes([1], [0]).rates).all()
    assert empirical_bayes([], []).rates.size == 0
