"""How far the inhabitants are from the actors of a theme, and how many actors they have within reach.

Straight lines unless a table of journeys is given. On a partial actor table this describes the list, not the territory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from essmap.analysis.coverage import PER_INHABITANTS, Theme
from essmap.analysis.distances import Distances, Floats, Unit, distances, places_of_actors, reference_points
from essmap.schema.snapshot import Status
from essmap.schema.tables import CRS

#: Upper ends of the catchments. Kilometres: design of the analysis; minutes: the usual ones of the method.
CATCHMENTS: Final[dict[Unit, tuple[float, ...]]] = {"km": (5.0, 10.0, 20.0), "minutes": (10.0, 20.0, 30.0)}

#: Weight of an actor in each catchment, and beyond the last one (Luo and Qi 2009, fast decay).
WEIGHTS: Final = (1.0, 0.68, 0.22, 0.0)

#: Communes nearer than this to the border may be served from outside the department.
BORDER_KM: Final = max(CATCHMENTS["km"])

_MEASURED: Final = ("located", "journey")


@dataclass(frozen=True, slots=True)
class AccessSummary:
    """The department in a few numbers; None where there is nothing to divide.

    Attributes
    ----------
    status : str
        ``described``, or ``no_actor`` (nobody in the table has the theme).
    completeness : {"partial", "exhaustive"}
    unit : {"km", "minutes"}
        Of every distance.
    population : int
        Inhabitants.
    actors, actors_located, actors_outside : int
        Actors of the theme: all, those with a position finer than the commune, those outside the department.
    mean_distance : float or None
        Mean distance to the nearest actor, weighted by inhabitants, over the communes where both ends are located.
    located_share : float or None
        Share of the inhabitants that this mean stands for.
    supply_in_reach : float
        Actors with at least one inhabitant within the largest catchment: sum of score * population.
    border_communes, border_population : int
        Communes that may be served from outside the department, and their inhabitants.
    """

    status: str
    completeness: Status
    unit: Unit
    population: int
    actors: int
    actors_located: int
    actors_outside: int
    mean_distance: float | None
    located_share: float | None
    supply_in_reach: float
    border_communes: int
    border_population: int


@dataclass(frozen=True, slots=True)
class Access:
    """Access to the actors of a theme.

    Attributes
    ----------
    communes : DataFrame, one row per commune, sorted by code
        ``code``, ``name``, ``population``; ``distance`` to the nearest actor (in the summary's unit; NaN where none can
        be said) and ``kind``, how it is known (`essmap.analysis.distances.KINDS`); ``actor_id`` of that actor (missing:
        none); ``in_reach`` (actors within the largest catchment); ``score_per_10k`` (two-step floating catchment,
        actors per 10,000 inhabitants: 0 where nothing is in reach, NaN where that cannot be known); ``border_km`` (from
        the centre to the department's border; NaN: no centre) and ``border`` (not farther than the largest catchment,
        or not known, while the table has no actor from outside: the score and the distance may miss some);
        ``completeness``.
    beyond : DataFrame, one row per catchment
        ``threshold``, then inhabitants ``within``, ``beyond`` and ``unknown`` (no distance can be said), which sum to
        the population, and ``share_beyond``, ``share_unknown`` of it (NaN where nobody lives).
    summary : AccessSummary
    """

    communes: pd.DataFrame
    beyond: pd.DataFrame
    summary: AccessSummary


def access(
    actors: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    department: gpd.GeoDataFrame,
    *,
    theme: Theme,
    completeness: Status,
    crs: int,
    journeys: pd.DataFrame | None = None,
) -> Access:
    """Describe the access of each commune to the actors of a theme.

    Score: enhanced two-step floating catchment area with S = 1. Step 1, for each actor j, R_j = 1 / sum_i P_i W(d_ij);
    step 2, for each commune i, A_i = sum_j R_j W(d_ij), with W = 1, 0.68, 0.22 up to 5, 10, 20 km (10, 20, 30 minutes)
    and 0 beyond. Sum of A_i P_i = actors with inhabitants in reach. Only inhabitants of the department compete.

    References
    ----------
    Luo, W. and Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for measuring spatial
    accessibility to primary care physicians. Health & Place 15(4), 1100-1107.

    Parameters
    ----------
    actors : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`; those of neighbouring departments count when they are there.
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES`.
    department : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.DEPARTMENT`: its outline is the border.
    theme : Theme
    completeness : {"partial", "exhaustive"}
        Of the actor table.
    crs : int
        EPSG code of a projected system in metres (`essmap.reference.projected_crs`).
    journeys : DataFrame or None
        As in `essmap.analysis.distances.distances`. None: straight lines.

    Returns
    -------
    Access
    """
    chosen = actors[theme.mask(actors)]
    table = distances(communes, places_of_actors(chosen, crs=crs), crs=crs, journeys=journeys)
    frame = table.communes[["code", "name", "population"]].copy()
    nearest, row = table.nearest()
    has_place = row >= 0
    frame["kind"] = table.kinds(row)
    # In minutes a journey within a commune has no length unless the table says one.
    is_said = has_place & ((nearest > 0) | (frame["kind"] != "within").to_numpy())
    frame["distance"] = np.where(is_said, nearest, np.nan)
    identifiers = table.places["place_id"].to_numpy(dtype=object)
    frame["actor_id"] = pd.Series([identifiers[r] if r >= 0 else None for r in row], index=frame.index, dtype="str")
    score, in_reach, supply = _floating_catchments(table)
    is_known = _has_distances(table, journeys) | (in_reach > 0)
    frame["in_reach"] = in_reach
    frame["score_per_10k"] = np.where(is_known, score * PER_INHABITANTS, np.nan)
    outside = int((~chosen["commune_code"].isin(communes["commune_code"])).sum())
    has_neighbours = bool((~actors["commune_code"].isin(communes["commune_code"])).any())
    frame["border_km"] = border_km(communes, department, crs=crs).reindex(frame["code"]).to_numpy()
    frame["border"] = ~(frame["border_km"] > BORDER_KM) & (not has_neighbours)
    frame["completeness"] = completeness
    population = frame["population"].to_numpy(dtype=np.float64)
    measured = frame["kind"].isin(_MEASURED).to_numpy()
    summary = AccessSummary(
        status="described" if len(chosen) else "no_actor",
        completeness=completeness,
        unit=table.unit,
        population=int(population.sum()),
        actors=len(chosen),
        actors_located=int(chosen["geo_precision"].ne("municipality").sum()),
        actors_outside=outside,
        mean_distance=_ratio(float((population * frame["distance"].to_numpy())[measured].sum()), population[measured]),
        located_share=_ratio(float(population[measured].sum()), population),
        supply_in_reach=supply,
        border_communes=int(frame["border"].sum()),
        border_population=int(frame.loc[frame["border"], "population"].sum()),
    )
    columns = ["distance", "kind", "actor_id", "in_reach", "score_per_10k", "border_km", "border", "completeness"]
    return Access(frame[["code", "name", "population", *columns]], _beyond(nearest, population, table.unit), summary)


def border_km(communes: gpd.GeoDataFrame, department: gpd.GeoDataFrame, *, crs: int) -> pd.Series[float]:
    """Return how far the centre of each commune is from the department's border.

    Parameters
    ----------
    communes, department : GeoDataFrame, EPSG:4326
    crs : int
        EPSG code of a projected system in metres.

    Returns
    -------
    Series of float, by code
        Kilometres in straight line; NaN where the centre is not known.
    """
    edge = shapely.union_all(gpd.GeoSeries(department.geometry, crs=CRS).to_crs(crs).to_numpy()).boundary
    points = reference_points(communes).to_crs(crs).to_numpy()
    return pd.Series(shapely.distance(points, edge) / 1000, index=communes["commune_code"].to_numpy())


def _floating_catchments(table: Distances) -> tuple[Floats, npt.NDArray[np.int64], float]:
    """Return each commune's score (actors per inhabitant), the actors it reaches, and those that anybody reaches."""
    population = table.communes["population"].to_numpy(dtype=np.float64)
    upper, weight = np.array(CATCHMENTS[table.unit]), np.array(WEIGHTS)
    counts = table.places["count"].to_numpy(dtype=np.float64)
    score, reached, supply = np.zeros(len(population)), np.zeros(len(population)), 0.0
    for part, block in table.blocks():
        weights = weight[np.searchsorted(upper, block)]  # a distance equal to an upper end is within
        demand = population @ weights
        has_demand = demand > 0
        ratio = np.divide(counts[part], demand, out=np.zeros(len(demand)), where=has_demand)
        score += weights @ ratio
        reached += (weights > 0) @ counts[part]
        supply += float(counts[part][has_demand].sum())
    return score, np.rint(reached).astype(np.int64), supply


def _has_distances(table: Distances, journeys: pd.DataFrame | None) -> npt.NDArray[np.bool_]:
    """Tell which communes have distances at all: a reference point, or a line in the table of journeys."""
    known = table.communes["x"].notna() if journeys is None else table.communes["code"].isin(journeys["origin"])
    return np.asarray(known, dtype=np.bool_)


def _beyond(nearest: Floats, population: Floats, unit: Unit) -> pd.DataFrame:
    total, is_unknown = population.sum(), ~np.isfinite(nearest)
    rows: list[dict[str, Any]] = []
    for threshold in CATCHMENTS[unit]:
        counts = {
            "within": population[nearest <= threshold].sum(),
            "beyond": population[(nearest > threshold) & ~is_unknown].sum(),
            "unknown": population[is_unknown].sum(),
        }
        shares = {f"share_{name}": counts[name] / total if total else np.nan for name in ("beyond", "unknown")}
        rows.append({"threshold": threshold, **{name: int(count) for name, count in counts.items()}, **shares})
    return pd.DataFrame(rows)


def _ratio(above: float, below: Floats) -> float | None:
    total = float(below.sum())
    return above / total if total else None
