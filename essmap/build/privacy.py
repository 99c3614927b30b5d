"""Whom the map does not show precisely. Applied once, before anything is written.

Sensitive places (violence, emergency shelter, minors in care, asylum; French law protects who sleeps there) and
addresses that say they are somebody's home (a net with wide meshes too) keep their commune and nothing finer: no
address, no postcode (a large commune has several), no position but the commune's reference point.
"""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.schema.tables import CRS

#: Emptied for every masked row. The position is replaced by `essmap.build.actors`.
MASKED_FIELDS: Final = ("address", "postcode", "siren", "siret", "website", "source_url", "source_note")

#: An address with one of these words, wherever it stands, is somebody's home: « 2 rue Haute, chez Mme Unetelle ».
_HOME_PATTERN: Final = r"\bchez\b|\bc\s*[/⁄]\s*o\b|℅|\baux (?:bons )?soins de\b|\bdomicile\b"


def sensitive(flagged: pd.Series[bool], name: pd.Series[str], activity: pd.Series[str]) -> pd.Series[bool]:
    """Tell which rows are sensitive places: by list or by their words.

    Parameters
    ----------
    flagged : Series of bool
        What the source says.
    name, activity : Series of str
        On the same index; missing is the empty string.

    Returns
    -------
    Series of bool, same index
    """
    return flagged | reference.is_sensitive_text(name + " · " + activity)


def at_home(address: pd.Series[str]) -> pd.Series[bool]:
    """Tell which addresses are somebody's home.

    Examples
    --------
    >>> at_home(pd.Series(["2 rue Haute, chez M. Untel", "c/o Mairie", "12 rue des Chezeaux"])).tolist()
    [True, True, False]
    """
    return address.str.contains(_HOME_PATTERN, case=False, regex=True, na=False).astype(bool)


def at_commune(actors: gpd.GeoDataFrame, masked: pd.Series[bool], communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return actors of which some keep their commune and nothing finer.

    Parameters
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`.
    masked : Series of bool
        On the same index.
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES`; every commune of a masked actor is there and has a reference point.

    Returns
    -------
    GeoDataFrame, EPSG:4326, same index and columns
    """
    result = actors.copy()
    result.loc[masked, list(MASKED_FIELDS)] = None
    result.loc[masked, "geo_precision"] = "municipality"
    places = communes.set_index("commune_code")[["point_lon", "point_lat"]]
    points = places.loc[result.loc[masked, "commune_code"]]
    geometry = result.geometry.to_numpy().copy()
    geometry[masked.to_numpy(dtype=bool)] = gpd.points_from_xy(points["point_lon"], points["point_lat"])
    return result.set_geometry(gpd.GeoSeries(geometry, index=result.index, crs=CRS))
