"""The electoral cantons of a department by name: what may be loaded, what a snapshot does not hold yet."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from essmap.reference.tables import data_dir
from essmap.texts import t

_FILE: Final = "cantons_population.csv"


def canton_populations_file(department: str) -> Path | None:
    """Return the table of canton populations that essmap carries for a department, or None.

    Raises
    ------
    SourceError
        If essmap's data folder is missing.
    """
    path = data_dir() / "departments" / department / _FILE
    return path if path.is_file() else None


def electoral_cantons(department: str) -> pd.DataFrame:
    """Return the electoral cantons of a department that essmap knows by name.

    Parameters
    ----------
    department : str
        INSEE code.

    Returns
    -------
    DataFrame, sorted by code
        ``canton_code``, ``canton_name``; no row where essmap carries no table.

    Raises
    ------
    SourceError
        If essmap's data folder is missing.
    """
    path = canton_populations_file(department)
    if path is None:
        return pd.DataFrame({"canton_code": pd.Series(dtype="str"), "canton_name": pd.Series(dtype="str")})
    found = pd.read_csv(path, usecols=["canton_code", "name"], dtype="str", encoding="utf-8")
    return found.rename(columns={"name": "canton_name"}).sort_values("canton_code", ignore_index=True)


def cantons_not_loaded(cantons: pd.DataFrame, department: str) -> pd.DataFrame:
    """Return the electoral cantons that a snapshot does not hold with their true outline.

    Parameters
    ----------
    cantons : DataFrame
        `essmap.schema.tables.CANTONS` of the snapshot.
    department : str
        INSEE code.

    Returns
    -------
    DataFrame, sorted by code
        ``canton_code``, ``canton_name``: Toulouse-1 to Toulouse-11 where only the 22 units of Haute-Garonne are
        loaded; no row with the electoral cantons.

    Raises
    ------
    SourceError
        If essmap's data folder is missing.
    """
    true = cantons.loc[cantons["kind"].isin(["whole", "electoral"]), "canton_code"]
    known = electoral_cantons(department)
    return known[~known["canton_code"].isin(true)].reset_index(drop=True)


def how_to_load_cantons() -> str:
    """Return the French sentence that tells how to load the electoral cantons."""
    return t("reference.how_to_load_cantons")
