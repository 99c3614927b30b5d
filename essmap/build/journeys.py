"""Read and check a table of journeys between communes, which can replace straight lines in the analysis.

A comma-separated UTF-8 file, one line per pair: ``origin``, ``destination`` (INSEE codes) and ``minutes`` or ``km``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from essmap.errors import DataError, Problem
from essmap.sources.delimited import RawTable, read_delimited, read_header
from essmap.texts import t

_ENDS: Final = ("origin", "destination")
_UNITS: Final = ("km", "minutes")
_CODE: Final = re.compile(r"(\d{2}|2[AB])\d{3}")
_NUMBER: Final = re.compile(r"\d+(\.\d+)?")

#: Faults are listed one by one up to here: a file of a million lines may have a million.
_LISTED: Final = 100


def read_journeys(path: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """Read a table of journeys.

    Parameters
    ----------
    path : Path
    communes : DataFrame
        `essmap.schema.tables.COMMUNES`: at least one journey must start there. Communes of other departments may be
        named.

    Returns
    -------
    DataFrame
        ``origin``, ``destination`` and ``km`` or ``minutes`` (float), each pair once.

    Raises
    ------
    SourceError
        If the file cannot be read.
    DataError
        If it breaks a rule: columns, codes, numbers, a pair twice, no journey from these communes. Carries a Problem
        per fault, the first hundred.
    """
    named = set(read_header(path)) & set(_UNITS)
    unit = "km" if named == {"km"} else "minutes"
    table = read_delimited(path, [*_ENDS, unit])
    problems = [*_unit_problems(table, named), *table.problems]
    if not problems:
        problems = _faults(table, unit, communes)
    if problems:
        raise DataError(t("journeys.invalid", n=len(problems), file=table.file), problems[:_LISTED])
    frame = table.frame.reset_index(drop=True)
    return frame.assign(**{unit: frame[unit].astype("float64")})


def _unit_problems(table: RawTable, named: set[str]) -> list[Problem]:
    if len(named) == 1:
        return []
    return [Problem(table.file, 1, None, ", ".join(sorted(named)), t("journeys.one_unit"), "unit")]


def _faults(table: RawTable, unit: str, communes: pd.DataFrame) -> list[Problem]:
    """Return the faults of the cells, in file order, or what is wrong with the file as a whole."""
    frame = table.frame
    bad = {name: (_not(frame[name], _CODE.fullmatch), t("journeys.code"), "code") for name in _ENDS}
    bad[unit] = (_not(frame[unit], _NUMBER.fullmatch), t("journeys.number"), "number")
    problems = [
        Problem(table.file, int(row), column, str(frame.at[row, column]), expected, rule)
        for column, (mask, expected, rule) in bad.items()
        for row in frame.index[mask]
    ]
    repeated = frame.duplicated(list(_ENDS)).to_numpy()
    problems += [
        Problem(table.file, int(row), None, f"{pair[0]} → {pair[1]}", t("journeys.once"), "repeated")
        for row, pair in zip(frame.index[repeated], frame.loc[repeated, list(_ENDS)].to_numpy(), strict=True)
    ]
    if not problems and not frame["origin"].isin(communes["commune_code"]).any():
        example = str(frame["origin"].iloc[0]) if len(frame) else ""
        problems.append(Problem(table.file, None, "origin", example, t("journeys.from_here"), "elsewhere"))
    return sorted(problems, key=lambda problem: problem.row or 0)


def _not(texts: pd.Series[str], matches: Callable[[str], object]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which texts do not match; each distinct text is looked at once."""
    wrong = {text for text in texts.unique() if not matches(text)}
    return texts.isin(wrong).to_numpy()
