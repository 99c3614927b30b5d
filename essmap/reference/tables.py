"""The reference tables: where they are, how they are read, what is checked when they are.

Labels, explanations, colours, shapes and nomenclatures are CSV files under ``data/reference`` (its README
tells what each one holds, where it comes from and who may edit it). Nothing is read at import; a table is
read once and every call returns its own copy, so a caller may change what it gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from essmap.errors import DataError, Problem, SettingsError, SourceError
from essmap.texts import t

_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What one table file must look like; its first column is the key."""

    columns: tuple[str, ...]
    integers: tuple[str, ...] = ()
    yes_no: tuple[str, ...] = ()


_LAYOUTS = {
    "axes": _Layout(("key", "label", "explanation", "colour", "shape", "order"), ("order",)),
    "domains": _Layout(("key", "label", "explanation", "axis", "order"), ("order",)),
    "families": _Layout(("key", "label", "explanation", "order", "in_ess_law"), ("order",), ("in_ess_law",)),
    "legal_forms": _Layout(("key", "label", "explanation", "family", "order"), ("order",)),
    "legal_categories": _Layout(("code", "label", "family", "legal_form", "note")),
    "naf_domains": _Layout(("pattern", "domains", "weight", "note"), ("weight",)),
    "name_words": _Layout(("pattern", "domains", "weights", "unless", "note")),
    "form_words": _Layout(("pattern", "legal_form", "categories", "unless", "note")),
    "listed_forms": _Layout(("siren", "legal_form", "name", "source_url", "source_year")),
    "positions": _Layout(("key", "look", "label", "explanation", "order"), ("order",)),
    "source_kinds": _Layout(("key", "label", "explanation", "is_linked", "order"), ("order",), ("is_linked",)),
    "support_kinds": _Layout(("key", "label", "explanation", "order"), ("order",)),
    "departments": _Layout(("code", "name", "projected_epsg", "of_form", "in_form"), ("projected_epsg",)),
    "sensitive_words": _Layout(("pattern", "unless", "reason")),
    "sensitive_activities": _Layout(("pattern", "nomenclature", "reason")),
    "word_roles": _Layout(("word", "role", "note")),
    "trust": _Layout(("field", "sources", "note")),
    "capitals": _Layout(("word", "written")),
    "header_words": _Layout(("header", "actors", "projects")),
    "value_words": _Layout(("word", "legal_form", "domains", "support_kind", "yes_no", "geo_precision", "source_kind")),
}


def data_dir() -> Path:
    """Return the folder ``data/`` that holds the reference tables and the starter data.

    In an installed package it is ``essmap/data``; in a checkout it is ``data`` beside ``pyproject.toml``.

    Returns
    -------
    Path

    Raises
    ------
    SourceError
        If neither folder exists.
    """
    installed = _PACKAGE / "data"
    if (installed / "reference").is_dir():
        return installed
    checkout = _PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "data" / "reference").is_dir():
        return checkout / "data"
    raise SourceError(t("reference.no_data_dir"))


def _faults(frame: pd.DataFrame, layout: _Layout, file: str) -> Iterator[Problem]:
    """Yield every fault of a table read as strings ("" for an empty cell)."""
    if tuple(frame.columns) != layout.columns:
        expected = t("reference.expected_columns", columns=", ".join(layout.columns))
        yield Problem(file, 1, None, ", ".join(map(str, frame.columns)), expected, "columns")
        return
    key = layout.columns[0]
    rules = [
        (key, frame[key] == "", "reference.expected_key", "key"),
        (key, frame[key].duplicated() & (frame[key] != ""), "reference.expected_unique", "unique"),
        *(
            (column, ~frame[column].str.fullmatch("[0-9]+"), "reference.expected_number", "number")
            for column in layout.integers
        ),
        *(
            (column, ~frame[column].isin(["yes", "no"]), "reference.expected_yes_no", "yes_no")
            for column in layout.yes_no
        ),
    ]
    for column, wrong, expected, rule in rules:
        for line, value in enumerate(frame[column], start=2):
            if wrong.iloc[line - 2]:
                yield Problem(file, line, column, value, t(expected), rule)


@cache
def _table(name: str) -> pd.DataFrame:
    """Read and check one table; the result is shared, so callers get a copy (`table`)."""
    file = f"{name}.csv"
    layout = _LAYOUTS[name]
    path = data_dir() / "reference" / file
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = type(error).__name__
        raise SourceError(t("reference.unreadable_table", file=file, reason=reason)) from error
    problems = list(_faults(frame, layout, file))
    if problems:
        raise DataError(t("reference.broken_table", file=file, first=str(problems[0])), problems)
    for column in layout.integers:
        frame[column] = frame[column].astype("int64")
    for column in layout.yes_no:
        frame[column] = frame[column] == "yes"
    frame = frame.set_index(layout.columns[0])
    return frame.sort_values("order") if "order" in frame.columns else frame


def table(name: str) -> pd.DataFrame:
    """Return a copy of one reference table, indexed by its key and sorted by ``order`` where it has one.

    Parameters
    ----------
    name : str
        File name under ``data/reference``, without ``.csv``.

    Returns
    -------
    DataFrame
        Strings everywhere (an empty cell is the empty string, never a missing value), except whole numbers
        (``order``, ``projected_epsg``, ``weight``) and booleans (``in_ess_law``, ``is_linked``).

    Raises
    ------
    SourceError
        If the file is missing or unreadable.
    DataError
        If its columns, keys or values break its rules.
    KeyError
        If there is no such table.
    """
    return _table(name).copy()


def axes() -> pd.DataFrame:
    """Return the axes and the pseudo axes ``several`` and ``none``: label, explanation, colour, shape."""
    return table("axes")


def domains() -> pd.DataFrame:
    """Return the 21 domains: label, explanation, axis ("" for none)."""
    return table("domains")


def families() -> pd.DataFrame:
    """Return the legal families: label, explanation, whether the law of 2014 names them."""
    return table("families")


def legal_forms() -> pd.DataFrame:
    """Return the legal forms: label, explanation, family."""
    return table("legal_forms")


def legal_categories() -> pd.DataFrame:
    """Return the INSEE legal categories that decide a family, by code of four digits."""
    return table("legal_categories")


def naf_patterns() -> pd.DataFrame:
    """Return the NAF rév. 2 prefixes, their domains (keys separated by ``;``, "" for none) and how sure they are."""
    return table("naf_domains")


def name_words() -> pd.DataFrame:
    """Return the words that tell domains: domains and weights (separated by ``;``), words that make them void."""
    return table("name_words")


def form_words() -> pd.DataFrame:
    """Return the words of a name that tell a cooperative form, and the legal categories where they may."""
    return table("form_words")


def listed_forms() -> pd.DataFrame:
    """Return the companies whose form is known from a public page, by SIREN."""
    return table("listed_forms")


def positions() -> pd.DataFrame:
    """Return the precisions of a position: look on the map, label, explanation."""
    return table("positions")


def source_kinds() -> pd.DataFrame:
    """Return the kinds of sources: label, explanation, whether people get a link to it."""
    return table("source_kinds")


def support_kinds() -> pd.DataFrame:
    """Return the kinds of support by the Department: label, explanation."""
    return table("support_kinds")


def word_roles() -> pd.DataFrame:
    """Return the words of names that many organisations have, in lower case without accents: their role."""
    return table("word_roles")


def trust() -> pd.DataFrame:
    """Return, per field of an actor, the sources in order of trust (keys or kinds of sources, parted by ``;``)."""
    return table("trust")


def capitals() -> pd.DataFrame:
    """Return how words in capitals are written in a name: ``written``, by word."""
    return table("capitals")


def header_words() -> pd.DataFrame:
    """Return the headings of columns as lists write them, folded: the field of ``actors`` and ``projects`` they are.

    ``-``: known and never kept (persons, what is computed); "": not known in that table.
    """
    return table("header_words")


def value_words() -> pd.DataFrame:
    """Return the words that lists use for our keys, folded: one column per field, "" where they are none of it."""
    return table("value_words")


def departments() -> pd.DataFrame:
    """Return the 101 departments: name, projected EPSG code, « de la … » and « en … » forms."""
    return table("departments")


def projected_crs(department: str) -> int:
    """Return the EPSG code in which lengths and areas of a department are computed.

    Parameters
    ----------
    department : str
        INSEE code, for instance ``"31"``, ``"2A"``, ``"974"``; any case.

    Returns
    -------
    int
        EPSG code of a projected system in metres.

    Raises
    ------
    SettingsError
        If there is no such department.
    """
    codes = _table("departments")["projected_epsg"]
    code = str(department).strip().upper()
    if code not in codes.index:
        raise SettingsError(t("reference.unknown_department", code=department))
    return int(codes[code])
