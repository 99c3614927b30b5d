"""Read an indicator table: a number per territory that a deployer brings, with what it counts and from whom.

::

    # title: Habitants de 75 ans et plus
    # level: commune
    # year: 2022
    # source: INSEE, recensement de la population
    code,value
    31001,12
    31002,

An empty value is a number that is not known (a statistical secret for instance), which is not 0.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, cast

import pandas as pd

from essmap.errors import DataError, Problem
from essmap.schema.indicator import LEVEL_COLUMN, Indicator, Level
from essmap.sources.delimited import RawTable, read_described
from essmap.texts import t

COLUMNS: Final = ["code", "value"]

_NUMBER: Final = re.compile(r"\d+(\.\d+)?")
_YEAR: Final = re.compile(r"(19|20)\d\d")


def read_indicator(path: Path) -> Indicator:
    """Read an indicator table.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Indicator

    Raises
    ------
    SourceError
        If the file cannot be read, or is no comma-separated UTF-8 file.
    DataError
        If it does not say what it holds, or a code or value breaks the rules; carries one Problem per fault.
    """
    said, table = read_described(path, COLUMNS)
    problems = [*_said_problems(table.file, said), *table.problems, *_row_problems(table)]
    if problems:
        raise DataError(t("errors.indicator_invalid", n=len(problems), path=path.name), problems)
    values = pd.to_numeric(table.frame["value"].replace("", None)).astype("float64")
    values.index = pd.Index(table.frame["code"])
    return Indicator(said["title"], cast("Level", said["level"]), int(said["year"]), said["source"], values)


def _said_problems(file: str, said: dict[str, str]) -> list[Problem]:
    holds = {
        "title": bool(said.get("title")),
        "level": said.get("level") in LEVEL_COLUMN,
        "year": bool(_YEAR.fullmatch(said.get("year", ""))),
        "source": bool(said.get("source")),
    }
    return [
        Problem(file, None, key, said.get(key, ""), t(f"errors.indicator_{key}"), f"indicator_{key}")
        for key, is_said in holds.items()
        if not is_said
    ]


def _row_problems(table: RawTable) -> list[Problem]:
    problems, seen = [], set[str]()
    for line, code, value in zip(table.frame.index, table.frame["code"], table.frame["value"], strict=True):
        if value and not _NUMBER.fullmatch(value):
            expected = t("errors.indicator_value")
            problems.append(Problem(table.file, line, "value", value, expected, "indicator_value"))
        if not code or code in seen:
            problems.append(Problem(table.file, line, "code", code, t("errors.indicator_code"), "indicator_code"))
        seen.add(code)
    return problems
