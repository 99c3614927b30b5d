"""Made-up actors for measurements. Nobody in these tables exists; every name says so."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from essmap import reference
from essmap.schema.tables import ACTORS, CRS


def made_up_actors(n: int, communes: gpd.GeoDataFrame, *, seed: int = 20261123) -> gpd.GeoDataFrame:
    """Return ``n`` made-up actors spread like the inhabitants.

    Parameters
    ----------
    n : int
    communes : GeoDataFrame, EPSG:4326
    seed : int

    Returns
    -------
    GeoDataFrame, n rows, EPSG:4326, columns of `essmap.schema.tables.ACTORS`
    """
    rng = np.random.default_rng(seed)
    share = communes["population"].to_numpy(dtype=float)
    place = communes.iloc[rng.choice(len(communes), size=n, p=share / share.sum())].reset_index(drop=True)
    domain_keys = reference.domains().index.to_numpy()
    domains = [list(rng.choice(domain_keys, size=size, replace=False)) for size in rng.integers(1, 4, size=n)]
    forms = reference.legal_forms()
    legal_form = rng.choice(forms.index.to_numpy(), size=n)
    frame = pd.DataFrame(
        {
            "actor_id": [f"invente-{number}" for number in range(n)],
            "name": [f"Structure inventée {number}" for number in range(n)],
            "family": forms.loc[legal_form, "family"].to_numpy(),
            "legal_form": legal_form,
            "domains": domains,
            "axes": [reference.domain_axes(keys) for keys in domains],
            "activity": "Donnée inventée pour une mesure",
            "address": None,
            "postcode": None,
            **{name: place[name] for name in ("commune_code", "commune_name", "canton_code", "epci_code")},
            **dict.fromkeys(("siren", "siret", "naf", "workforce_band", "website", "source_url", "source_note")),
            "is_employer": pd.Series(rng.random(n) < 0.3, dtype="boolean"),
            "is_sensitive": False,
            "geo_precision": rng.choice(["housenumber", "street", "locality", "municipality"], size=n),
            "is_supported": rng.random(n) < 0.05,
            "source": "made_up",
            "source_kind": "other",
            "source_year": pd.Series(rng.integers(2015, 2027, size=n), dtype="Int64"),
        }
    )
    jitter = rng.normal(scale=0.01, size=(2, n))
    points = gpd.points_from_xy(place["point_lon"] + jitter[0], place["point_lat"] + jitter[1])
    return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)[ACTORS.column_names]
