"""The measurement of merges: what it plants is found, and nothing is merged into somebody else."""

from __future__ import annotations

import pytest

from benchmarks.merging import VARIATIONS, moved, open_rows, pair_scores, planted


@pytest.fixture(scope="module")
def starter(starter_snapshot):
    return open_rows(starter_snapshot.layer("actors"))


@pytest.mark.parametrize(
    ("variation", "at_least"),
    [
        ("capitals", 0.99), ("without accents", 0.99), ("legal form", 0.99), ("acronym", 0.95), ("acronym alone", 0.3),
        ("typing error", 0.9), ("word order", 0.95), ("commune added", 0.98),
    ],
)  # fmt: skip
def test_names_written_otherwise_are_found(starter, variation, at_least):
    """Of all starter rows planted under another writing, nearly all are found and none is taken for another.

    An acronym alone is enough only where the place is the same too: two rows in three have no place of their own.
    """
    outcome = planted(starter, VARIATIONS[variation])
    assert outcome.planted > 100
    assert outcome.wrong == 0
    assert outcome.recall >= at_least


def test_rows_of_other_communes_are_nobody(starter):
    """The same rows moved to communes where they are not: none is merged."""
    outcome = moved(starter)
    assert outcome.planted > 200
    assert outcome.wrong == 0


def test_every_variation_is_measured_here():
    """No variation of the benchmark goes without a bar."""
    (mark,) = (mark for mark in test_names_written_otherwise_are_found.pytestmark if mark.name == "parametrize")
    assert {name for name, _ in mark.args[1]} == set(VARIATIONS)


def test_real_pairs_meet_the_bars():
    """Precision 1 on the pairs that are two, recall at least 0.85 on those that are one."""
    precision, recall = pair_scores()
    assert precision == 1
    assert recall >= 0.85
