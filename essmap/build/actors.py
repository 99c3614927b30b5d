"""Turn a checked table of actors into the snapshot's ``actors``."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.privacy import hide, sensitive, told_at_home
from essmap.schema.tables import ACTORS, CRS


def build_actors(
    raw: pd.DataFrame, communes: gpd.GeoDataFrame, *, supported: set[str], source: str
) -> gpd.GeoDataFrame:
    """Place, classify and mask the actors of a checked table.

    Parameters
    ----------
    raw : DataFrame of str
        Columns of ``starter_actors.csv``, without fault (`essmap.build.check.check_actors`).
    communes : GeoDataFrame, EPSG:4326
    supported : set of str
        Identifiers of actors that a supported project names.
    source : str
        Key of the source in the manifest.

    Returns
    -------
    GeoDataFrame, EPSG:4326, one row per row of ``raw``, columns of `essmap.schema.tables.ACTORS`
        A row with a position keeps it, with its precision; others, and every masked row, stand on their
        commune's reference point with precision ``municipality``.
    """
    place = communes.set_index("commune_code").loc[raw["commune_code"]].set_axis(raw.index)
    is_sensitive = sensitive(raw["is_sensitive"].eq("yes"), raw["name"], raw["activity"])
    masked = is_sensitive | told_at_home(raw["address"], raw["activity"])
    lon, lat = pd.to_numeric(raw["lon"]), pd.to_numeric(raw["lat"])
    placed = lon.notna() & ~masked
    domains = raw["domains"].map(lambda cell: [item.strip() for item in cell.split(";") if item.strip()])
    columns = {
        "actor_id": raw["id"],
        "name": raw["name"],
        "family": raw["legal_form"].map(reference.legal_forms()["family"]),
        "legal_form": raw["legal_form"],
        "domains": domains,
        "axes": domains.map(reference.domain_axes),
        "activity": or_missing(raw["activity"]),
        "address": or_missing(raw["address"]),
        "postcode": or_missing(raw["postcode"]),
        "commune_code": raw["commune_code"],
        "commune_name": place["commune_name"],
        "canton_code": place["canton_code"],
        "epci_code": place["epci_code"],
        "siren": or_missing(raw["siren"].where(raw["siren"].ne(""), raw["siret"].str[:9])),
        "siret": or_missing(raw["siret"]),
        "naf": pd.Series(None, index=raw.index, dtype="str"),
        "workforce_band": pd.Series(None, index=raw.index, dtype="str"),
        "is_employer": pd.Series(pd.NA, index=raw.index, dtype="boolean"),
        "is_sensitive": is_sensitive,
        "website": or_missing(raw["website"]),
        "geo_precision": raw["geo_precision"].where(placed, "municipality"),
        "is_supported": raw["id"].isin(list(supported)),
        "is_confirmed": pd.Series(pd.NA, index=raw.index, dtype="boolean"),
        "source": pd.Series(source, index=raw.index, dtype="str"),
        "source_kind": raw["source_kind"],
        "source_url": or_missing(raw["source_url"]),
        "source_note": or_missing(raw["source_note"]),
        "source_year": to_year(raw["source_year"]),
    }
    frame = pd.DataFrame(columns)
    hide(frame, masked)
    # Its site, the page it was seen on, a note on it or its line in a register print the address we keep to ourselves.
    points = gpd.points_from_xy(lon.where(placed, place["point_lon"]), lat.where(placed, place["point_lat"]))
    actors = gpd.GeoDataFrame(frame, geometry=points, crs=CRS)
    return actors[ACTORS.column_names].reset_index(drop=True)


def or_missing(texts: pd.Series[str]) -> pd.Series[str]:
    """Return texts with empty cells turned into missing values."""
    return texts.where(texts.ne(""), None)


def to_year(texts: pd.Series[str]) -> pd.Series[int]:
    """Return years as nullable integers; an empty cell is missing."""
    return pd.to_numeric(texts.where(texts.ne(""), None)).astype("Int64")
