"""Turn a checked table of supported projects into the snapshot's ``projects``; and published ``figures``."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.actors import or_missing, to_year
from essmap.schema.tables import CRS, FIGURES, PROJECTS


def build_projects(
    raw: pd.DataFrame, communes: gpd.GeoDataFrame, actors: gpd.GeoDataFrame, *, source: str
) -> gpd.GeoDataFrame:
    """Place the supported projects; what the source does not say stays unknown.

    Parameters
    ----------
    raw : DataFrame of str
        Columns of ``starter_projects.csv``, without fault (`essmap.build.check.check_projects`); ``communes_served``
        if the list has it: INSEE codes parted by ``;``.
    communes : GeoDataFrame, EPSG:4326
    actors : GeoDataFrame, EPSG:4326
        The actors already placed and masked: a project never stands anywhere finer than its holder.
    source : str
        Key of their source in the manifest.

    Returns
    -------
    GeoDataFrame, EPSG:4326, one row per row of ``raw``, columns of `essmap.schema.tables.PROJECTS`
        The point is the holder's, else the commune's reference point, else missing (whole department). The commune is
        the one said, else the holder's.
    """
    communes_by_code = communes.set_index("commune_code")
    commune_points = gpd.GeoSeries(
        gpd.points_from_xy(communes_by_code["point_lon"], communes_by_code["point_lat"]),
        index=communes_by_code.index,
        crs=CRS,
    )
    holders = actors.set_index("actor_id")
    of_holder = raw["actor_id"].map(holders.geometry)
    # A row that names no commune lies in its holder's: what stays said of it when the holder is not.
    told, seat = or_missing(raw["commune_code"]), raw["actor_id"].map(holders["commune_code"])
    commune_code = told.where(told.notna(), seat)
    of_commune = commune_code.map(commune_points)
    domains = raw["domains"].map(lambda cell: [item.strip() for item in cell.split(";") if item.strip()])
    served = raw["communes_served"] if "communes_served" in raw else pd.Series("", index=raw.index, dtype="str")
    frame = pd.DataFrame(
        {
            "project_id": raw["project_id"],
            "title": raw["title"],
            "holder_name": raw["holder_name"],
            "actor_id": or_missing(raw["actor_id"]),
            "programme": raw["programme"],
            "programme_raw": or_missing(raw["programme_raw"]),
            "support_kind": raw["support_kind"],
            "year": to_year(raw["year"]),
            "amount_eur": pd.to_numeric(raw["amount_eur"].where(raw["amount_eur"].ne(""), None)).astype("float64"),
            "axes": domains.map(reference.domain_axes),
            "domains": domains,
            "commune_code": commune_code,
            "served_codes": served.map(lambda cell: cell.split(";") if cell else []),
            "source": pd.Series(source, index=raw.index, dtype="str"),
            "source_url": raw["source_url"],
            "note": or_missing(raw["note"]),
        }
    )
    points = gpd.GeoSeries(of_holder.where(of_holder.notna(), of_commune).to_numpy(), index=raw.index, crs=CRS)
    projects = gpd.GeoDataFrame(frame, geometry=points, crs=CRS)
    return projects[PROJECTS.column_names].reset_index(drop=True)


def build_figures(raw: pd.DataFrame) -> pd.DataFrame:
    """Return the published orders of magnitude (`essmap.schema.tables.FIGURES`).

    Parameters
    ----------
    raw : DataFrame of str
        Columns of ``ess_reference.csv``.
    """
    frame = pd.DataFrame(
        {
            "indicator": raw["indicator"],
            "value": pd.to_numeric(raw["value"]),
            "unit": raw["unit"],
            "year": pd.to_numeric(raw["year"]).astype("Int64"),
            "territory": raw["territory"],
            "source_url": raw["source_url"],
            "note": or_missing(raw["note"]),
            "is_shown": raw["display"].eq("yes"),
        }
    )
    return frame[FIGURES.column_names].reset_index(drop=True)
