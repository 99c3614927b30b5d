"""Which communes, or parts of communes, make each canton, and how many people live in each part.

Official populations of cantons are older than those of communes. What they say of a commune that several cantons share
is therefore taken as shares, and applied to the commune's present population.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap.errors import DataError, Problem, SourceError
from essmap.schema.folding import fold_place
from essmap.schema.tables import CANTON_PARTS
from essmap.sources.canton_populations import PART_PREFIX
from essmap.sources.delimited import RawTable
from essmap.texts import t

_NUMBER: Final = r"[0-9]{1,9}"
#: Without a column of parts they are what whole communes leave; this much of the commune may be missing or too many.
_REMAINDER_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class CantonPopulations:
    """Checked populations of the electoral cantons of a department.

    Attributes
    ----------
    names : dict
        Name by canton code, sorted by code.
    population : dict
        Inhabitants by canton code.
    year : int
        Of all of them.
    parts : dict
        Per shared commune (code): inhabitants of the part of each canton (code), that year.
    """

    names: dict[str, str]
    population: dict[str, int]
    year: int
    parts: dict[str, dict[str, int]]


def whole_communes(communes: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of a division that shares no commune: each commune in its unit.

    Parameters
    ----------
    communes : DataFrame
        ``commune_code``, ``canton_code``, ``population``; communes without a canton are in no part.

    Returns
    -------
    DataFrame
        `essmap.schema.tables.CANTON_PARTS`, sorted by canton and commune.
    """
    return _sorted(communes.dropna(subset=["canton_code"]))


def parts_of(communes: pd.DataFrame, shared: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return the parts of a division that shares some communes.

    Parameters
    ----------
    communes : DataFrame
        ``commune_code``, ``canton_code`` (missing for a shared commune), ``population`` (inhabitants).
    shared : mapping
        Per shared commune (code), the weight of each canton (code).

    Returns
    -------
    DataFrame
        `essmap.schema.tables.CANTON_PARTS`, sorted by canton and commune; the parts of a commune add up to it.
    """
    population = communes.set_index("commune_code")["population"]
    rows = [
        {"canton_code": canton, "commune_code": commune, "population": inhabitants}
        for commune, weights in shared.items()
        for canton, inhabitants in apportion(int(population[commune]), weights).items()
    ]
    split = pd.DataFrame(rows, columns=CANTON_PARTS.column_names)
    return _sorted(pd.concat([communes.dropna(subset=["canton_code"]), split], ignore_index=True))


def apportion(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Divide whole people by weights so that they add up exactly: largest remainder, ties by key (Hamilton, 1792).

    Parameters
    ----------
    total : int
        People, 0 or more.
    weights : mapping
        Weight of each key, not negative; equal shares if all are 0.

    Returns
    -------
    dict
        People of each key, in the order given; each less than one person from its exact share.

    Examples
    --------
    >>> apportion(10, {"a": 1, "b": 1, "c": 1})
    {'a': 4, 'b': 3, 'c': 3}
    """
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1.0)
    sum_of_weights = sum(weights.values())
    exact = {key: total * weight / sum_of_weights for key, weight in weights.items()}
    result = {key: int(share) for key, share in exact.items()}
    by_remainder = sorted(exact, key=lambda key: (result[key] - exact[key], key))
    for key in by_remainder[: total - sum(result.values())]:
        result[key] += 1
    return result


def check_populations(table: RawTable, communes: gpd.GeoDataFrame, department: str) -> CantonPopulations:
    """Check the table of canton populations and return what it says.

    Parameters
    ----------
    table : RawTable
        From `essmap.sources.canton_populations.read_canton_populations`.
    communes : GeoDataFrame
        ``commune_code``, ``commune_name`` of the department.
    department : str
        INSEE code.

    Returns
    -------
    CantonPopulations

    Raises
    ------
    DataError
        If a row breaks a rule; carries one Problem per fault.
    """
    frame = table.frame
    parts = [column for column in frame.columns if column.startswith(PART_PREFIX)]
    problems = list(table.problems)
    problems += _faults(table, "canton_code", ~frame["canton_code"].str.fullmatch(f"{department}[0-9]{{2}}"), "code")
    problems += _faults(table, "canton_code", frame["canton_code"].duplicated(), "unique")
    problems += _faults(table, "name", frame["name"].eq(""), "name")
    problems += _faults(table, "population", ~frame["population"].str.fullmatch(_NUMBER), "number")
    problems += _faults(table, "year", ~frame["year"].str.fullmatch("[12][0-9]{3}"), "year")
    problems += _faults(table, "year", frame["year"].ne(frame["year"].iloc[0] if len(frame) else ""), "one_year")
    for column in parts:
        problems += _faults(table, column, ~frame[column].str.fullmatch(f"(?:{_NUMBER})?"), "part")
    of_column = {column: _commune_of(column, communes) for column in parts}
    problems += [
        Problem(table.file, 1, column, column, t("cantons.expected.commune"), "canton_part_commune")
        for column, commune in of_column.items()
        if commune is None
    ]
    if problems or frame.empty:
        raise DataError(t("cantons.errors.populations_invalid", file=table.file, n=len(problems)), problems)
    frame = frame.sort_values("canton_code")
    return CantonPopulations(
        names=dict(zip(frame["canton_code"], frame["name"], strict=True)),
        population=_by_canton(frame, "population"),
        year=int(frame["year"].iloc[0]),
        parts={str(commune): _by_canton(frame, column) for column, commune in of_column.items()},
    )


def _by_canton(frame: pd.DataFrame, column: str) -> dict[str, int]:
    """Return the filled cells of a column of numbers, by canton code."""
    cells = zip(frame["canton_code"], frame[column], strict=True)
    return {str(code): int(cell) for code, cell in cells if cell}


def weights_of(
    commune: str, cantons: Iterable[str], populations: CantonPopulations, communes: pd.DataFrame
) -> dict[str, float]:
    """Return how many people of a shared commune live in each canton, the year of the table.

    Without a column for the commune, a canton's part is what its whole communes leave of its population.

    Parameters
    ----------
    commune : str
        INSEE code.
    cantons : iterable of str
        Codes of the cantons that share it.
    populations : CantonPopulations
    communes : DataFrame
        ``commune_code``, ``canton_code`` (missing for a shared commune), ``population``.

    Returns
    -------
    dict
        Inhabitants by canton code.

    Raises
    ------
    SourceError
        If the table has no column for the commune and its rest is far from the commune's population.
    """
    if given := populations.parts.get(commune):
        return {canton: float(given[canton]) for canton in sorted(cantons)}
    elsewhere = communes.groupby("canton_code")["population"].sum()
    rest = {canton: float(populations.population[canton] - elsewhere.get(canton, 0)) for canton in sorted(cantons)}
    row = communes.set_index("commune_code").loc[commune]
    if min(rest.values()) < 0 or abs(sum(rest.values()) - row["population"]) > _REMAINDER_SHARE * row["population"]:
        raise SourceError(t("cantons.errors.no_parts", commune=row["commune_name"], column=f"{PART_PREFIX}{commune}"))
    return rest


def _faults(table: RawTable, column: str, bad: pd.Series[bool], rule: str) -> list[Problem]:
    expected = t(f"cantons.expected.{rule}")
    rows = table.frame.index[np.asarray(bad, dtype=bool)]
    return [
        Problem(table.file, int(row), column, str(table.frame.at[row, column]), expected, f"canton_{rule}")
        for row in rows
    ]


def _commune_of(column: str, communes: pd.DataFrame) -> str | None:
    """Return the commune that a column of parts is about, by code or by name."""
    asked = column.removeprefix(PART_PREFIX)
    codes = communes["commune_code"]
    if re.fullmatch("[0-9][0-9AB][0-9]{3}", asked):
        return asked if codes.eq(asked).any() else None
    found = codes[communes["commune_name"].map(fold_place).eq(fold_place(asked))]
    return str(found.iloc[0]) if len(found) == 1 else None


def _sorted(parts: pd.DataFrame) -> pd.DataFrame:
    ordered = parts[CANTON_PARTS.column_names].sort_values(["canton_code", "commune_code"], ignore_index=True)
    return pd.DataFrame(ordered).astype({"canton_code": "str", "commune_code": "str", "population": "int64"})
