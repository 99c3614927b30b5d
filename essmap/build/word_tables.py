"""``name_words.csv`` and ``form_words.csv`` of ``data/reference``, checked and ready to be looked for.

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
_CATEGORIES = re.compile(r"[0-9]{4}(?:;[0-9]{4})*")
_NOTHING = phrase_expression([])


@dataclass(frozen=True, slots=True)
class Sense:
    """What a pattern of ``name_words.csv`` tells.

    Attributes
    ----------
    domains : tuple of (str, int)
        Domains and weights, 1 (a hint) to 3 (says it); empty: the pattern only keeps shorter ones from being read.
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


def _cells(table: pd.DataFrame, *columns: str) -> list[tuple[str, ...]]:
    """Return the key and some columns of a table of texts, row by row in the order of the file."""
    return [tuple(map(str, row)) for row in zip(table.index, *(table[column] for column in columns), strict=True)]


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
    rows = _cells(reference.name_words(), "domains", "weights", "unless")
    known = {str(key) for key in reference.domains().index}
    file, problems = "name_words.csv", []
    for line, (pattern, domains, weights, _) in enumerate(rows, start=2):
        if not telling_words(pattern.replace("*", "")):
            problems.append(Problem(file, line, "pattern", pattern, t("classify.expected_pattern"), "pattern"))
        if not _are_weighed(domains, weights, known):
            value = f"{domains} / {weights}"
            problems.append(Problem(file, line, "weights", value, t("classify.expected_weights"), "weights"))
    _refuse(file, problems)
    senses = tuple(
        Sense(tuple(zip(_split(domains), map(int, _split(weights)), strict=True)), _expression(unless))
        for _, domains, weights, unless in rows
    )
    return WordFinder([pattern for pattern, *_ in rows]), senses


@cache
def form_rules() -> tuple[FormRule, ...]:
    """Return the rules of ``form_words.csv`` in the order of the file: the first that fits decides.

    Raises
    ------
    DataError
        If a rule names an unknown form or a category that is not four digits.
    """
    rows = _cells(reference.form_words(), "legal_form", "categories", "unless")
    forms = set(reference.legal_forms().index)
    file, problems = "form_words.csv", []
    for line, (_, form, categories, _) in enumerate(rows, start=2):
        if form not in forms or not _CATEGORIES.fullmatch(categories):
            value = f"{form} / {categories}"
            problems.append(Problem(file, line, "categories", value, t("classify.expected_form"), "form"))
    _refuse(file, problems)
    return tuple(
        FormRule(phrase_expression([pattern]), form, frozenset(_split(categories)), _expression(unless))
        for pattern, form, categories, unless in rows
    )
