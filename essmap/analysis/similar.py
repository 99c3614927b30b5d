"""Which territories are statistically closest to one: to be compared with one's like, not with the average."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap.analysis.units import OUTSIDE, Tables, membership
from essmap.schema.indicator import Level

#: What makes territories alike.
FEATURES: Final = ("population", "density", "largest_share")

#: Sizes that differ by factors: their logarithms are compared.
_BY_FACTORS: Final = ["population", "density"]

SQUARE_METRES_PER_KM2: Final = 1_000_000


def areas_km2(layer: gpd.GeoDataFrame, key: str, crs: int) -> pd.Series[float]:
    """Return the area of each territory.

    Parameters
    ----------
    layer : GeoDataFrame
        Outlines, any CRS.
    key : str
        Column of the codes.
    crs : int
        EPSG code of the department's projected system, in metres (`essmap.reference.projected_crs`).

    Returns
    -------
    Series of float, indexed by code
        Square kilometres.
    """
    areas = layer.geometry.to_crs(crs).area / SQUARE_METRES_PER_KM2
    return pd.Series(areas.to_numpy(), index=pd.Index(layer[key], name="code"), dtype="float64")


def features(tables: Tables, level: Level, areas: pd.Series[float]) -> pd.DataFrame:
    """Return what makes territories alike.

    Parameters
    ----------
    tables : Tables
    level : {"canton", "epci", "commune"}
    areas : Series of float, indexed by code
        Square kilometres.

    Returns
    -------
    DataFrame indexed by code, sorted
        ``population`` (inhabitants), ``density`` (per square kilometre; NaN without area) and ``largest_share``
        (share of its inhabitants that live in the largest of its communes, or parts of communes; NaN: nobody lives
        there).
    """
    members = membership(tables, level)
    groups = members[members["code"] != OUTSIDE].groupby("code")["population"]
    result = pd.DataFrame({"population": groups.sum().astype("float64")})
    area = areas.reindex(result.index)
    result["density"] = result["population"] / area.where(area > 0)
    result["largest_share"] = groups.max() / result["population"].where(result["population"] > 0)
    return result


def closest(table: pd.DataFrame, code: str, *, n: int = 3) -> pd.DataFrame:
    """Return the territories closest to one.

    Parameters
    ----------
    table : DataFrame indexed by code
        `features`.
    code : str
    n : int
        How many.

    Returns
    -------
    DataFrame, at most ``n`` rows, closest first (by code among equals)
        ``code``, ``distance`` (0: alike; 1: one standard deviation apart in one feature) and the features. Empty where
        nobody lives in the territory asked for; territories without inhabitants or area are never close.

    Raises
    ------
    KeyError
        If there is no such territory.

    Notes
    -----
    Euclidean distance of the features, each standardised over all territories (mean 0, standard deviation 1);
    population and density by their logarithm, as they differ by factors. A feature that is the same everywhere counts
    for nothing.
    """
    values = table.loc[:, list(FEATURES)].astype("float64")
    values[_BY_FACTORS] = np.log(values[_BY_FACTORS].where(values[_BY_FACTORS] > 0))
    spread = values.std(ddof=0)
    standard = (values - values.mean()) / spread.where(spread > 1e-12)
    standard = standard.drop(columns=spread.index[~(spread > 1e-12)])
    distance = np.sqrt(((standard - standard.loc[code]) ** 2).sum(axis=1, skipna=False))
    found = table.assign(distance=distance).drop(index=code).dropna(subset=["distance"])
    if values.loc[code].isna().any():
        found = found.iloc[:0]
    columns = ["code", "distance", *FEATURES]
    return found.rename_axis("code").reset_index().sort_values(["distance", "code"]).head(n)[columns]
