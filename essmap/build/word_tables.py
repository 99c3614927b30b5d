"""The tables of words of ``data/reference``, checked and ready to be looked for: ``name_words.csv`` and ``form_words.csv``.

People of the Department may edit both files, so a fault is told with its line, as for every table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pandas as pd

from essmap import reference
from essmap.build.words import WordFinder, phrase_expression, telling_words
from essmap.errors import DataError, Problem
from essmap.schema.folding import fold
from essmap.texts import t

_SEPARATOR = ";"
_NOTHING = phrase_expression([])


@dataclass(frozen=True, slots=True)
class Sense:
    """What a pattern of ``name_words.csv`` tells.

    Attributes
    ----------
    domains : tuple of (str, int)
        Domains and their weights, 1 (a hint) to 3 (says it); empty for a pattern that keeps shorter ones from being read.
    unless : compiled expression
        Words that make it void, wherever they stand in the name or the activity.
    """

    domains: tuple[tuple[str, int], ...]
    unless: re.Pattern[str]

    def is_void(self, name: str, activity: str) -> bool:
        """Return whether a name and an activity hold words that make the pattern void."""
        return self.unless is not _NOTHING and self.unless.search(fold(f"{name} · {activity}")) is not None


@dataclass(frozen=True, slots=True)
class FormRule:
    """A pattern of ``form_words.csv``: the form it tells, in which legal categories, unless which words."""

    words: re.Pattern[str]
    legal_form: str
    categories: frozenset[str]
    unless: re.Pattern[str]


def _split(cell: str) -> list[str]:
    return cell.split(_SEPARATOR) if cell else []


def _expression(cell: str) -> re.Pattern[str]:
    return phrase_expression(_split(cell)) if cell else _NOTHING


def _refuse(file: str, problems: list[Problem]) -> None:
    if problems:
        raise DataError(t("classify.broken_words", file=file, first=str(problems[0])), problems)


def _are_weighed(domains: str, weights: str, known: set[str]) -> bool:
    keys, numbers = _split(domains), _split(weights)
    return len(keys) == len(numbers) <= 3 and set(keys) <= known and set(numbers) <= {"1", "2", "3"}


@cache
def word_senses() -> tuple[WordFinder, tuple[Sense, ...]]:
    """Return the finder of ``name_words.csv`` and what each of its patterns tells, at the place the finder gives.

    Raises
    ------
    DataError
        If a pattern says nothing, names an unknown domain, or has not one weight of 1 to 3 per domain.
    """
    words = reference.name_words()
    known = {str(key) for key in reference.domains().index}
    file, problems = "name_words.csv", []
    for line, row in enumerate(words.itertuples(), start=2):
        if not telling_words(row.Index.replace("*", "")):
            problems.append(Problem(file, line, "pattern", row.Index, t("classify.expected_pattern"), "pattern"))
        if not _are_weighed(row.domains, row.weights, known):
            value = f"{row.domains} / {row.weights}"
            problems.append(Problem(file, line, "weights", value, t("classify.expected_weights"), "weights"))
    _refuse(file, problems)
    senses = tuple(
        Sense(tuple(zip(_split(row.domains), map(int, _split(row.weights)), strict=True)), _expression(row.unless))
        for row in words.itertuples()
    )
    return WordFinder([str(pattern) for pattern in words.index]), senses


@cache
def form_rules() -> tuple[FormRule, ...]:
    """Return the rules of ``form_words.csv`` in the order of the file: the first that fits decides.

    Raises
    ------
    DataError
        If a rule names an unknown form or a category that is not four digits.
    """
    table = reference.form_words()
    forms = set(reference.legal_forms().index)
    file, problems = "form_words.csv", []
    for line, row in enumerate(table.itertuples(), start=2):
        codes = pd.Series(_split(row.categories), dtype="str")
        if row.legal_form not in forms or codes.empty or not codes.str.fullmatch("[0-9]{4}").all():
            value = f"{row.legal_form} / {row.categories}"
            problems.append(Problem(file, line, "categories", value, t("classify.expected_form"), "form"))
    _refuse(file, problems)
    return tuple(
        FormRule(
            phrase_expression([str(row.Index)]),
            row.legal_form,
            frozenset(_split(row.categories)),
            _expression(row.unless),
        )
        for row in table.itertuples()
    )
