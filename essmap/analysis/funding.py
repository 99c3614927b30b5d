"""What the Department gives where, beside who is there: only for a programme and years declared complete.

Elsewhere « no known support » says something of the list, not of the territory: nothing here may then be computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from essmap.analysis.coverage import Question, coverage
from essmap.analysis.portrait import where_supported
from essmap.analysis.units import OUTSIDE, Tables, membership
from essmap.schema.indicator import Level
from essmap.schema.snapshot import Span
from essmap.schema.spans import is_in


@dataclass(frozen=True, slots=True, eq=False)
class Funding:
    """The supports of a programme over some years, by territory.

    Attributes
    ----------
    span : Span
    table : DataFrame indexed by code, one row per territory of the level, by name
        ``name``, ``population``, ``projects`` (supports that reach it), ``known_eur`` (sum of known amounts, euros),
        ``unknown`` (those of them without a known amount), ``possible`` (supports of a commune that it shares with
        others, which may be its own), ``based`` (supports that lie there and serve other territories only),
        ``per_inhabitant_eur`` (``known_eur / population``; NA where nobody lives, a support that reaches it has no
        known amount or one may be its own) and ``ratio`` (actors observed / expected, `essmap.analysis.coverage`; NA
        where it is not known).
    unplaced : int
        Supports that name no territory: the whole department, or a commune that several territories share.
    per_inhabitant_eur : float
        Of all territories together whose own is known: what is placed there / who lives there; NaN where it is known of
        none.
    """

    span: Span
    table: pd.DataFrame
    unplaced: int
    per_inhabitant_eur: float

    @property
    def is_mean_of_all(self) -> bool:
        """Whether the mean is that of every territory: no amount is unknown, no support may be that of several."""
        return bool(self.table["unknown"].eq(0).all() and self.table["possible"].eq(0).all())

    @property
    def without(self) -> int:
        """Number of territories that no support reaches, those left out of which that is not known."""
        return int((self.table["projects"].eq(0) & self.table["possible"].eq(0)).sum())

    @property
    def share_without(self) -> float:
        """Share of the territories that no support reaches, 0 to 1 (0 where there is no territory)."""
        return self.without / len(self.table) if len(self.table) else 0.0


def funding(tables: Tables, projects: pd.DataFrame, span: Span, level: Level = "canton") -> Funding:
    """Add up the supports of a complete programme by territory.

    Parameters
    ----------
    tables : Tables
    projects : DataFrame
        `essmap.schema.tables.PROJECTS`; all of them.
    span : Span
        Declared complete in the manifest: whoever calls makes sure of it.
    level : {"canton", "epci", "commune"}

    Returns
    -------
    Funding

    Notes
    -----
    A support that names the communes it serves reaches the territories they are in; its amount is shared in proportion
    to their inhabitants (of those communes), so that nothing is counted twice. Any other lies in its commune, else
    where its holder does (`essmap.analysis.portrait.where_supported`).
    """
    chosen = projects[is_in(span, projects)]
    members = membership(tables, level)
    reached = _reached(chosen, tables, members, level)
    inhabitants = members[members["code"] != OUTSIDE].groupby("code")["population"].sum()
    groups = reached.groupby("code")
    table = pd.DataFrame({"population": inhabitants})
    table["projects"] = groups["project_id"].nunique().reindex(table.index).fillna(0).astype("int64")
    table["known_eur"] = groups["amount_eur"].sum().reindex(table.index).fillna(0.0)
    unknown = reached[reached["amount_eur"].isna()].groupby("code")["project_id"].nunique()
    table["unknown"] = unknown.reindex(table.index).fillna(0).astype("int64")
    placed = set(reached["project_id"])
    unplaced = chosen[~chosen["project_id"].isin(list(placed))]
    shared = members[members["is_split"]].merge(unplaced, on="commune_code").groupby("code")["project_id"].nunique()
    table["possible"] = shared.reindex(table.index).fillna(0).astype("int64")
    rate = (table["known_eur"] / table["population"].where(table["population"] > 0)).astype("Float64")
    table["per_inhabitant_eur"] = rate.mask(table["unknown"].gt(0) | table["possible"].gt(0), pd.NA)
    counted = coverage(tables, Question(level=level)).set_index("code")
    table["ratio"] = counted["ratio"].reindex(table.index).astype("Float64")
    table.insert(0, "name", counted["name"].reindex(table.index))
    pairs = set(zip(reached["project_id"], reached["code"], strict=True))
    seats = zip(chosen["project_id"], where_supported(chosen, tables, level), strict=True)
    based = [seat for project, seat in seats if isinstance(seat, str) and (project, seat) not in pairs]
    table["based"] = pd.Series(based, dtype="str").value_counts().reindex(table.index).fillna(0).astype("int64")
    told = table[table["per_inhabitant_eur"].notna()]
    people = float(told["population"].sum())
    mean = float(told["known_eur"].sum()) / people if people else float("nan")
    return Funding(span, table.sort_values("name"), len(unplaced), mean)


def _reached(chosen: pd.DataFrame, tables: Tables, members: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Return one row per support and territory that it reaches: ``project_id``, ``code``, ``amount_eur`` there."""
    serves = chosen["served_codes"].map(len).gt(0)
    own = chosen[~serves]
    at_holder = pd.DataFrame(
        {
            "project_id": own["project_id"],
            "code": where_supported(own, tables, level).astype(object),
            "amount_eur": own["amount_eur"],
        }
    )
    spread = chosen.loc[serves, ["project_id", "amount_eur", "served_codes"]].explode("served_codes")
    spread = spread.merge(members, left_on="served_codes", right_on="commune_code")
    people = spread.groupby("project_id")["population"].transform("sum")
    equal = spread.groupby("project_id")["population"].transform("size")
    share = (spread["population"] / people.where(people > 0)).fillna(1 / equal)
    spread["amount_eur"] = spread["amount_eur"] * share
    columns = ["project_id", "code", "amount_eur"]
    both = pd.concat([at_holder, spread[columns]] if len(spread) else [at_holder], ignore_index=True)
    known = set(members["code"]) - {OUTSIDE}
    return both[both["code"].isin(list(known))]
