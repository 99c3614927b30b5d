"""The territories of a level: who lives in them, which actors they hold, and the communes that are split between some.

A commune is split where ``parts`` gives it to two cantons or more. Inside it an actor's own canton decides, which needs
a position; elsewhere the commune decides. Actors that fall in no territory are rows of their own, never dropped.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from essmap.schema.indicator import LEVEL_COLUMN, Indicator, Level
from essmap.schema.snapshot import Snapshot, Status

#: Code of the row of actors of a split commune whose canton is not known.
UNKNOWN: Final = "unknown"

#: Code of the row of communes and actors that no territory of the level covers.
OUTSIDE: Final = "outside"

#: Table of a snapshot that tells how cantons share communes; absent where no commune is split.
PARTS_TABLE: Final = "canton_parts"

#: Above this share of a split commune's actors without canton, its cantons are not assessable.
UNLOCATED_AT_MOST: Final = 0.10


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """What the analysis reads.

    Attributes
    ----------
    actors, communes : DataFrame
        `essmap.schema.tables.ACTORS` and `COMMUNES`.
    completeness : {"partial", "exhaustive"}
        Of the actors.
    names : mapping of Level to Series of str, indexed by code
        What territories are called; a code without name stands for itself.
    parts : DataFrame or None
        ``canton_code``, ``commune_code``, ``population``: one row per canton and commune. A commune with two rows or
        more is split; the populations of its parts sum to its own.
    memo : dict
        What was already worked out (`membership`, `placed`, `essmap.analysis.coverage.coverage`): badges and priority
        ask the same again. Actors and communes must therefore not be changed in place.
    """

    actors: pd.DataFrame
    communes: pd.DataFrame
    completeness: Status
    names: Mapping[Level, pd.Series[str]] = field(default_factory=dict)
    parts: pd.DataFrame | None = None
    memo: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Tables:
        """Return what the analysis reads of a snapshot."""
        communes = snapshot.table("communes")
        names: dict[Level, pd.Series[str]] = {
            "commune": communes.set_index("commune_code")["commune_name"],
            "canton": snapshot.table("cantons").set_index("canton_code")["label"],
            "epci": snapshot.table("epci").set_index("epci_code")["epci_name"],
        }
        status = snapshot.manifest.completeness["actors"].status
        return cls(snapshot.table("actors"), communes, status, names, snapshot.tables.get(PARTS_TABLE))


def membership(tables: Tables, level: Level) -> pd.DataFrame:
    """Return which part of which commune belongs to which territory.

    Parameters
    ----------
    tables : Tables
    level : {"canton", "epci", "commune"}

    Returns
    -------
    DataFrame, one row per commune and territory
        ``commune_code``, ``code`` (`OUTSIDE` where no territory covers it), ``population`` (inhabitants of this part),
        ``share`` (of the commune's inhabitants; equal parts where nobody lives) and ``is_split``.
    """
    key = ("membership", level)
    if key not in tables.memo:
        tables.memo[key] = _membership(tables, level)
    found: pd.DataFrame = tables.memo[key]
    return found.copy()


def _membership(tables: Tables, level: Level) -> pd.DataFrame:
    communes = tables.communes
    whole = pd.DataFrame(
        {
            "commune_code": communes["commune_code"].to_numpy(),
            "code": communes[LEVEL_COLUMN[level]].to_numpy(),
            "population": communes["population"].to_numpy(),
            "share": 1.0,
            "is_split": False,
        }
    )
    if level == "canton" and tables.parts is not None:
        parts = tables.parts[tables.parts["commune_code"].isin(communes["commune_code"])]
        split = parts[parts["commune_code"].duplicated(keep=False)].rename(columns={"canton_code": "code"})
        single = parts[~parts["commune_code"].duplicated(keep=False)].set_index("commune_code")["canton_code"]
        own = whole["commune_code"].map(single).astype(object)  # all missing where no commune is whole
        whole["code"] = own.where(own.notna(), whole["code"].astype(object))
        whole = whole[~whole["commune_code"].isin(split["commune_code"])]
        if not split.empty:
            share = _shares(split["population"], split["commune_code"])
            split = split[["commune_code", "code", "population"]].assign(share=share, is_split=True)
            whole = pd.concat([whole, split], ignore_index=True)
    whole["code"] = whole["code"].astype(object).fillna(OUTSIDE)
    return whole


def _shares(values: pd.Series[float], groups: pd.Series[str]) -> pd.Series[float]:
    """Return the share of each value in its group; equal shares where the group holds nothing."""
    total, size = values.groupby(groups).transform("sum"), values.groupby(groups).transform("size")
    return (values / total.where(total > 0)).fillna(1 / size)


def denominators(members: pd.DataFrame, level: Level, indicator: Indicator | None) -> pd.Series[float]:
    """Return what each part is compared to: its inhabitants, or the target population of an indicator table.

    Parameters
    ----------
    members : DataFrame
        `membership`.
    level : {"canton", "epci", "commune"}
    indicator : Indicator or None
        None: inhabitants. Spread like the inhabitants inside the territory it is given for.

    Returns
    -------
    Series of float, on the index of ``members``
        NaN: not known.

    Raises
    ------
    ValueError
        If the indicator is given for territories that do not add up to those of the level.
    """
    if indicator is None:
        return members["population"].astype("float64")
    if indicator.level == "commune":
        return members["commune_code"].map(indicator.values).astype("float64") * members["share"]
    if indicator.level == level:
        return members["code"].map(indicator.values).astype("float64") * _shares(members["population"], members["code"])
    raise ValueError(f"values per {indicator.level} do not add up to {level}")


def placed(tables: Tables, level: Level) -> npt.NDArray[np.object_]:
    """Return the territory that holds each actor.

    Parameters
    ----------
    tables : Tables
        The actors' own code is followed where it is one of the level's; else their commune decides, unless split.
    level : {"canton", "epci", "commune"}

    Returns
    -------
    ndarray of str, shape (number of actors,)
        A code, `UNKNOWN` or `OUTSIDE`. Not to be changed.
    """
    key = ("placed", level)
    if key not in tables.memo:
        tables.memo[key] = _placed(tables, membership(tables, level), level)
    found: npt.NDArray[np.object_] = tables.memo[key]
    return found


def _placed(tables: Tables, members: pd.DataFrame, level: Level) -> npt.NDArray[np.object_]:
    actors = tables.actors
    codes, home = actors[LEVEL_COLUMN[level]], actors["commune_code"]
    whole = members[~members["is_split"]]
    by_commune = home.map(whole.set_index("commune_code")["code"]).astype(object)
    in_split = home.isin(members.loc[members["is_split"], "commune_code"])
    elsewhere = by_commune.fillna(OUTSIDE).mask(in_split, UNKNOWN)
    return np.asarray(codes.astype(object).where(codes.isin(members["code"].unique()), elsewhere), dtype=object)


def territories(
    members: pd.DataFrame, level: Level, indicator: Indicator | None, counted: pd.DataFrame, seen: Container[str]
) -> pd.DataFrame:
    """Return the territories of a level with what they are compared to.

    Parameters
    ----------
    members : DataFrame
        `membership` of the level.
    level : {"canton", "epci", "commune"}
    indicator : Indicator or None
        None: inhabitants.
    counted : DataFrame, one row per actor counted
        ``code`` (`placed`) and ``commune_code``.
    seen : container of str
        Codes of the actors of the theme, counted or not.

    Returns
    -------
    DataFrame indexed by code, sorted, `UNKNOWN` and `OUTSIDE` last where something falls there
        ``population`` (NA: nobody's), ``denominator`` (NaN: not known), ``base`` (the part of the denominator
        whose actors can be placed: what the expected number is computed on) and ``is_unlocated`` (more than 10 % of
        the actors of a commune it shares have no canton).

    Notes
    -----
    In a split commune with N actors of which L have a canton, a part of population p is compared as p L / N and the
    rest, p (1 - L / N), is the base of `UNKNOWN`: what is expected here is what could have been placed here.
    """
    members = members.assign(denominator=denominators(members, level, indicator))
    split = members.loc[members["is_split"], "commune_code"].unique()
    inside = counted[counted["commune_code"].isin(split)]
    lost = inside["code"].eq(UNKNOWN).groupby(inside["commune_code"]).mean()
    members["lost"] = members["commune_code"].map(lost).where(members["is_split"]).astype("float64").fillna(0.0)
    members["base"] = members["denominator"] * (1 - members["lost"])
    groups = members.groupby("code")
    result = groups["population"].sum().astype("Int64").to_frame()
    for name in ("denominator", "base"):
        known = members[name].notna().groupby(members["code"]).all()
        result[name] = groups[name].sum().where(known)
    result["is_unlocated"] = groups["lost"].max() > UNLOCATED_AT_MOST + 1e-12
    last = [code for code in (UNKNOWN, OUTSIDE) if code in result.index or code in seen]
    result = result.reindex([*(code for code in result.index if code not in last), *last])
    if UNKNOWN in last:
        result.loc[UNKNOWN, "base"] = (members["denominator"] - members["base"])[members["is_split"]].sum(skipna=False)
    result["is_unlocated"] = result["is_unlocated"].eq(True)
    return result


def outside_department(tables: Tables, codes: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Tell which actors, placed at ``codes``, lie in no commune of the department: no population answers to them."""
    outside = np.asarray(codes == OUTSIDE, dtype=bool)
    homes = tables.actors["commune_code"][outside]
    outside[outside] = pd.Index(tables.communes["commune_code"]).get_indexer(homes) < 0
    return outside
