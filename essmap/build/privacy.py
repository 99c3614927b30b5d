"""Whom the map does not show precisely. Applied once, before anything is written.

Sensitive places (violence, emergency shelter, minors in care, asylum; French law protects who sleeps there) and
addresses that say they are somebody's home (a net with wide meshes too) keep their commune and nothing finer: no
address, no postcode (a large commune has several), no position but the commune's reference point, no activity that
tells an address in its words.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap import reference
from essmap.schema.masked import MASKED_FIELDS, at_home, tells_where, told_at_home, without_address
from essmap.schema.tables import CRS
from essmap.texts import t

__all__ = [
    "MASKED_FIELDS",
    "at_commune",
    "at_home",
    "hide",
    "sensitive",
    "tells_where",
    "told_at_home",
    "without_address",
]


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


def hide(frame: pd.DataFrame, masked: pd.Series[bool] | np.ndarray) -> None:
    """Take, in place, from masked rows what they must not say.

    The fields of `MASKED_FIELDS` and an activity that tells where are emptied; an address in the name is cut.

    Parameters
    ----------
    frame : DataFrame
        Columns of `essmap.schema.tables.ACTORS`.
    masked : Series or array of bool
        Per row of ``frame``.
    """
    rows = pd.Series(np.asarray(masked, dtype=bool), index=frame.index)
    frame.loc[rows, list(MASKED_FIELDS)] = None
    frame.loc[rows, "name"] = [without_address(name) or t("imports.unnamed") for name in frame.loc[rows, "name"]]
    frame.loc[rows & tells_where(frame["activity"]), "activity"] = None


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
    hide(result, masked)
    result.loc[masked, "geo_precision"] = "municipality"
    places = communes.set_index("commune_code")[["point_lon", "point_lat"]]
    points = places.loc[result.loc[masked, "commune_code"]]
    geometry = result.geometry.to_numpy().copy()
    geometry[masked.to_numpy(dtype=bool)] = gpd.points_from_xy(points["point_lon"], points["point_lat"])
    return result.set_geometry(gpd.GeoSeries(geometry, index=result.index, crs=CRS))
