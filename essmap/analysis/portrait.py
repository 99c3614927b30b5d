"""What a territory holds, beside what the department holds: counts, shares and supports. A description, no verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from essmap.analysis.units import OUTSIDE, Tables, membership, placed
from essmap.schema.indicator import Level

Dimension = Literal["axis", "domain", "family"]

#: Column of the actor table that each dimension counts; an actor with several axes or domains counts in each.
DIMENSION_COLUMN: Final[dict[Dimension, str]] = {"axis": "axes", "domain": "domains", "family": "family"}

#: Key of actors that no axis claims (`essmap.reference.axes`).
NO_AXIS: Final = "none"


@dataclass(frozen=True, slots=True)
class Population:
    """Inhabitants of a territory among those of its level.

    Attributes
    ----------
    inhabitants : int
    department : int
        Inhabitants of all territories of the level.
    rank : int
        1 is the most populous; equal populations share the better rank.
    territories : int
        How many territories the level has.
    communes : int
        How many communes the territory has.
    """

    inhabitants: int
    department: int
    rank: int
    territories: int
    communes: int

    @property
    def share(self) -> float:
        """Share of the department's inhabitants, 0 to 1 (0 where nobody lives)."""
        return self.inhabitants / self.department if self.department else 0.0


@dataclass(frozen=True, slots=True)
class Supports:
    """Supported projects of a territory, and what is known of their amounts.

    Attributes
    ----------
    projects : DataFrame
        Rows of `essmap.schema.tables.PROJECTS`, latest first.
    known_eur : float
        Sum of the known amounts, euros.
    known : int
        How many projects have a known amount.
    everywhere : int
        Projects that name neither a commune nor one of the actors: they may reach this territory too.
    """

    projects: pd.DataFrame
    known_eur: float
    known: int
    everywhere: int

    @property
    def unknown(self) -> int:
        """How many projects have no known amount."""
        return len(self.projects) - self.known


def is_inside(tables: Tables, level: Level, code: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which actors lie in a territory, shape (number of actors,)."""
    return np.asarray(placed(tables, level) == code, dtype=bool)


def population_of(tables: Tables, level: Level, code: str) -> Population:
    """Return the inhabitants of a territory and its rank among those of its level.

    Raises
    ------
    KeyError
        If the level has no such territory.
    """
    members = membership(tables, level)
    members = members[members["code"] != OUTSIDE]
    table = members.groupby("code")["population"].sum()
    inhabitants = int(table[code])
    return Population(
        inhabitants=inhabitants,
        department=int(table.sum()),
        rank=int((table > inhabitants).sum()) + 1,
        territories=len(table),
        communes=int((members["code"] == code).sum()),
    )


def profile(actors: pd.DataFrame, inside: np.ndarray[tuple[int], np.dtype[np.bool_]], by: Dimension) -> pd.DataFrame:
    """Count the actors of a territory and of the department by axis, domain or family.

    Parameters
    ----------
    actors : DataFrame, n rows
    inside : ndarray of bool, shape (n,)
        `is_inside` of the actors.
    by : {"axis", "domain", "family"}

    Returns
    -------
    DataFrame, one row per key that the department has, by key
        ``here`` and ``department`` (counts); ``share_here`` and ``share_department``, of all actors there (0 to 1,
        NA where there are none). An actor counts once per axis or domain it has: shares may sum to more than one.
    """
    values = actors[DIMENSION_COLUMN[by]]
    if by != "family":
        fallback = [NO_AXIS] if by == "axis" else []
        values = values.map(lambda keys: list(keys) or fallback)
    long = pd.DataFrame({"key": values, "inside": inside}).explode("key").dropna(subset=["key"])
    groups = long.groupby("key")["inside"]
    counts = pd.DataFrame({"here": groups.sum(), "department": groups.size()}).astype("int64")
    for name, total in (("here", int(inside.sum())), ("department", len(actors))):
        shares = counts[name].to_numpy() / total if total else np.full(len(counts), np.nan)
        counts[f"share_{name}"] = pd.Series(shares, index=counts.index, dtype="Float64")
    return counts.sort_index()


def where_supported(projects: pd.DataFrame, tables: Tables, level: Level) -> pd.Series[str]:
    """Return the territory of each project, on the index of ``projects``; missing where it is not known.

    A project lies in its commune, whoever holds it: a federation acts elsewhere than at its seat. In a commune split
    between cantons, only a holder with a known canton there places it. One that says no commune lies where its holder
    does.

    Parameters
    ----------
    projects : DataFrame
        `essmap.schema.tables.PROJECTS`.
    tables : Tables
    level : {"canton", "epci", "commune"}
    """
    members = membership(tables, level)
    actors = tables.actors
    by_holder = projects["actor_id"].map(pd.Series(placed(tables, level), index=actors["actor_id"], dtype=object))
    home = projects["actor_id"].map(actors.set_index("actor_id")["commune_code"])
    is_at_home = projects["commune_code"].isna() | projects["commune_code"].eq(home)
    by_commune = projects["commune_code"].map(members[~members["is_split"]].set_index("commune_code")["code"])
    return by_holder.where(is_at_home & by_holder.notna(), by_commune)


def supports_of(projects: pd.DataFrame, tables: Tables, level: Level, code: str) -> Supports:
    """Return the supported projects of a territory, as `where_supported` places them.

    Parameters
    ----------
    projects : DataFrame
        `essmap.schema.tables.PROJECTS`.
    tables : Tables
    level : {"canton", "epci", "commune"}
    code : str
    """
    where = where_supported(projects, tables, level)
    found = projects[where.eq(code).fillna(False).to_numpy(dtype=bool)]
    found = found.sort_values(["year", "holder_name"], ascending=[False, True], na_position="last")
    amounts = found["amount_eur"].dropna()
    everywhere = int((projects["commune_code"].isna() & ~projects["actor_id"].isin(tables.actors["actor_id"])).sum())
    return Supports(found, float(amounts.sum()), len(amounts), everywhere)


def served_from_elsewhere(projects: pd.DataFrame, tables: Tables, level: Level, code: str) -> pd.DataFrame:
    """Return the supports that serve communes of a territory and lie in another one, in the order of ``projects``.

    Parameters
    ----------
    projects : DataFrame
        `essmap.schema.tables.PROJECTS`.
    tables : Tables
    level : {"canton", "epci", "commune"}
    code : str
    """
    members = membership(tables, level)
    inside = set(members.loc[members["code"].eq(code), "commune_code"])
    serves = projects["served_codes"].map(lambda codes: not inside.isdisjoint(codes)).astype(bool)
    is_here = where_supported(projects, tables, level).eq(code).fillna(False).astype(bool)
    return projects[serves & ~is_here]


def sums_by(projects: pd.DataFrame, keys: pd.Series[Any]) -> pd.DataFrame:
    """Count projects and add up their known amounts, by key.

    Parameters
    ----------
    projects : DataFrame, n rows
        `essmap.schema.tables.PROJECTS`.
    keys : Series, n rows, same index
        One key per project, or a list of them: a project counts under each; missing (or an empty list): not known.

    Returns
    -------
    DataFrame, one row per key, sorted; last, where there are any, those without (key NA)
        ``key``, ``projects``, ``known`` (how many have an amount), ``known_eur`` (their sum, euros) and ``unknown``.
    """
    long = pd.DataFrame({"key": keys, "amount": projects["amount_eur"]}).explode("key")
    groups = long.groupby("key", dropna=False, sort=True)["amount"]
    result = pd.DataFrame({"projects": groups.size(), "known": groups.count(), "known_eur": groups.sum()})
    result["unknown"] = result["projects"] - result["known"]
    return result.rename_axis("key").reset_index().sort_values("key", na_position="last", ignore_index=True)
