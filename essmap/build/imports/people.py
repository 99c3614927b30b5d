"""Rows that are no structure: an example left in a template, a person, somebody who asked not to be shown."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from essmap.build.imports.rows import Rows
from essmap.schema.folding import fold
from essmap.schema.withheld import Withheld
from essmap.texts import t

#: What the name of an example row begins with; folded, so that nobody escapes it by writing it another way.
EXAMPLE: Final = fold(t("imports.example_mark"))
_TITLE: Final = re.compile(r"(?:m\.|mr\.?|mme|mlle)(?:\s+et\s+(?:m\.|mr\.?|mme|mlle))?\s+\S", re.IGNORECASE)
_TITLE_IN_FULL: Final = re.compile(r"(?:monsieur|madame|mademoiselle)\s+\S", re.IGNORECASE)


def refuse_examples(rows: Rows, name: str) -> None:
    """Keep out the example rows of a template.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    """
    for line, cell in zip(rows.lines, rows.values[name], strict=True):
        if fold(cell).startswith(EXAMPLE):
            rows.refuse(line, name, cell, t("imports.expected.no_example"), "example_row")


def refuse_persons(rows: Rows, name: str, numbers: list[str]) -> None:
    """Keep out rows that name a person rather than a structure.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    numbers : list of str
        Per row, its SIREN or SIRET: with one, « Madame » may begin the name of a structure.
    """
    for line, cell, number in zip(rows.lines, rows.values[name], numbers, strict=True):
        if _TITLE.match(cell) or (not number and _TITLE_IN_FULL.match(cell)):
            rows.refuse(line, name, cell, t("imports.expected.natural_person"), "natural_person")


def refuse_withheld(rows: Rows, frame: pd.DataFrame, withheld: Withheld) -> None:
    """Keep out structures that asked not to be shown.

    Parameters
    ----------
    rows : Rows
    frame : DataFrame
        ``actor_id``, ``siren``, ``siret``, indexed by line.
    withheld : Withheld
    """
    for line in frame.index[withheld.matches(frame)]:
        rows.refuse(int(line), "name", "", t("imports.expected.not_withheld"), "withheld")
