"""How well register rows are classified: the scores that the page « Méthode » shows, as they were last measured.

``data/reference/classification_scores.json`` is written by ``python -m benchmarks.classification --write``; a test
computes it again, so it cannot go stale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from essmap.errors import SourceError
from essmap.reference.tables import data_dir
from essmap.texts import t

SCORES_FILE: Final = "classification_scores.json"


@dataclass(frozen=True, slots=True)
class Score:
    """Domains found against domains given by hand, micro-averaged: every pair of a row and a domain counts the same.

    Attributes
    ----------
    n : int
        Rows that were scored, rows for which nothing was found included.
    with_naf : int
        Rows among them that were given an activity code; the others were read by their words alone.
    precision, recall, f1 : float
        Shares, 0 to 1, rounded to three decimals.
    """

    n: int
    with_naf: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class ClassificationScores:
    """The last measure.

    Attributes
    ----------
    data_date : str
        ISO date of the rows with domains given by hand.
    tuned_on : int
        Rows on which the tables of words were tuned; none of them is scored.
    scores : mapping of str to Score
        ``name``; ``name_activity``; ``name_naf``: the name and the activity code that a text makes sure of.
    """

    data_date: str
    tuned_on: int
    scores: Mapping[str, Score]


def classification_scores() -> ClassificationScores:
    """Return how well the domains of rows kept out of the tuning are found again.

    Raises
    ------
    SourceError
        If the file is missing, unreadable or not of this version.
    """
    try:
        content = json.loads((data_dir() / "reference" / SCORES_FILE).read_text(encoding="utf-8"))
        scores = {str(key): Score(**values) for key, values in content["scores"].items()}
        return ClassificationScores(str(content["data_date"]), int(content["tuned_on"]), scores)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = type(error).__name__
        raise SourceError(t("reference.unreadable_table", file=SCORES_FILE, reason=reason)) from error
