"""How many actors it takes: against scipy's own test, and the cases everybody quotes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from essmap.analysis import exact
from essmap.analysis.needed import counts_at


def test_eight_of_sixteen_is_the_first_half_told_from_chance():
    """At half the expected number, 7 of 14 is not told from chance and 8 of 16 is."""
    before, first = counts_at(Fraction(1, 2), 1 / 25)[-2:]
    assert (before.observed, before.expected, before.is_told) == (7, 14, False)
    assert (first.observed, first.expected, first.is_told) == (8, 16, True)
    assert before.p == pytest.approx(0.0584, abs=1e-4)
    assert first.p == pytest.approx(0.0402, abs=1e-4)


def test_none_at_all_agrees_with_actors_to_conclude():
    """The first total at which none here is told from chance is the one that `actors_to_conclude` names, rounded up."""
    for one_in in (10, 25, 100):
        expected = counts_at(Fraction(0), 1 / one_in)[-1].expected
        assert (expected - 1) * one_in < exact.actors_to_conclude(1 / one_in) <= expected * one_in


@settings(max_examples=30, deadline=None)
@given(
    ratio=some.sampled_from([Fraction(*pair) for pair in ((0, 1), (1, 4), (1, 2), (2, 3), (3, 2), (2, 1))]),
    one_in=some.integers(4, 500),
)
def test_only_the_last_is_told_and_scipy_agrees(ratio, one_in):
    """Counts keep the ratio, only the last is told from chance, and each p is that of scipy's exact test."""
    found = counts_at(ratio, 1 / one_in)
    assert [told.is_told for told in found] == [False] * (len(found) - 1) + [True]
    for told in found[-2:]:
        assert told.observed == ratio * told.expected
        tails = [
            stats.binomtest(told.observed, told.expected * one_in, 1 / one_in, alternative=side).pvalue
            for side in ("less", "greater")
        ]
        assert told.p == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-6)


@pytest.mark.parametrize(
    ("ratio", "share"),
    [
        (Fraction(-1, 2), 0.1),
        (Fraction(1), 0.1),
        (Fraction(1, 2), 0.0),
        (Fraction(1, 2), 1.0),
        (Fraction(3), 0.5),
        (Fraction(9999, 10000), 0.1),
    ],
)
def test_questions_without_answer_are_refused(ratio, share):
    """No ratio below 0, no ratio of 1, no share outside ]0, 1[, no more actors than there are, no endless search."""
    with pytest.raises(ValueError, match="ratio"):
        counts_at(ratio, share)
