"""The measurement of enrichment: what is kept is right, and the traps are left alone."""

from __future__ import annotations

import pytest

from benchmarks.enrichment import FATES, FINDABLE, TRAPS, Outcome, measured


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """What became of the gathered rows against one planted register."""
    return measured(1)


def test_what_is_kept_is_right(outcome):
    """Of the lines that are kept nearly all are of the true unit: at least 98 in 100, over a hundred and more."""
    assert outcome.kept > 100
    assert outcome.precision >= 0.98


def test_most_of_what_could_be_told_is_found(outcome):
    """Four of five rows whose unit could be told are found; the others are written too differently, or in doubt."""
    assert outcome.findable > 150
    assert outcome.recall >= 0.8


def test_every_trap_is_planted_and_none_is_stepped_into(outcome):
    """Each fate occurs; where only somebody else is in the register, next to nothing is kept."""
    planted = {fate for fate, _ in outcome.by_fate}
    assert planted == set(FATES)
    assert set(TRAPS) | set(FINDABLE) | {"match_and_homonym"} == set(FATES)
    kept = sum(outcome.by_fate[fate, True] for fate in TRAPS)
    assert kept <= 0.02 * outcome.kept
    assert outcome.review > 0
