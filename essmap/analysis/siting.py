"""Where new sites would bring an actor of a theme within reach of most inhabitants who have none.

Not to be run as a verdict on a partial actor table: inhabitants count as not reached when the list merely forgot who
reaches them. Whoever shows this says « exercice » there, or refuses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from essmap.analysis.coverage import Theme
from essmap.analysis.distances import Unit, centres, distances, places_of_actors

#: ``planned``: sites were found. Else why none was: no site asked, nobody lives there, everybody is reached already,
#: or no commune is near enough to anybody who is not.
Outcome = Literal["planned", "none_asked", "no_inhabitant", "all_reached", "out_of_reach"]

_Mask = npt.NDArray[np.bool_]
_Integers = npt.NDArray[np.int64]

#: Branching stops here, whatever the machine: the answer is then the best found, with its bound, and said not proven.
NODE_LIMIT: Final = 20_000

_PLAN_COLUMNS: Final = ("order", "code", "name", "population", "gain", "cumulated")


@dataclass(frozen=True, slots=True)
class Siting:
    """Where to put new sites, and how far that is from the best there is.

    Attributes
    ----------
    outcome : str
    new, reach, unit : int, float, str
        What was asked: sites, and the distance within which an actor serves.
    population, reached : int
        Inhabitants, and those an existing actor reaches already.
    total : int
        Inhabitants the plan reaches in addition.
    bound : int
        No plan of that many sites can reach more in addition.
    gap : float
        (bound - total) / bound; 0 where the plan is proven best.
    is_proven : bool
        Whether the solver proved it: the bound is the total.
    plan : DataFrame
        The best plan: ``order`` (1: the site to open first), ``code``, ``name``, ``population`` of the commune,
        ``gain`` (inhabitants newly reached by this site after those before it), ``cumulated``. Fewer rows than asked
        when fewer sites reach as many.
    greedy : DataFrame
        The same when each site is chosen for itself, without looking ahead.
    candidates : DataFrame, one row per commune, sorted by rank, then population (largest first), then code
        ``code``, ``name``, ``population``, ``gain`` (inhabitants newly reached if this were the only new site),
        ``rank`` (1: largest gain; equal gains share it), ``ties`` (other communes of the same gain).
    served : DataFrame, one row per commune, sorted by code
        ``code`` and ``by``: ``existing`` (an actor reaches it already), the code of the first site of the plan that
        newly reaches it, or ``nobody``.
    """

    outcome: Outcome
    new: int
    reach: float
    unit: Unit
    population: int
    reached: int
    total: int
    bound: int
    gap: float
    is_proven: bool
    plan: pd.DataFrame
    greedy: pd.DataFrame
    candidates: pd.DataFrame
    served: pd.DataFrame

    def candidate(self, code: str) -> pd.Series:
        """Return the row of a commune that somebody proposes: its gain alone and its rank among all.

        Raises
        ------
        KeyError
            If the commune is not a candidate.
        """
        found = self.candidates[self.candidates["code"] == code]
        if found.empty:
            raise KeyError(code)
        return found.iloc[0]


def siting(
    actors: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    *,
    theme: Theme,
    new: int,
    reach: float,
    crs: int,
    journeys: pd.DataFrame | None = None,
) -> Siting:
    """Choose communes for new sites so that most inhabitants not yet reached come within reach.

    Maximal covering location problem, solved exactly: max sum_i P_i y_i with y_i <= sum of x_j over the sites j within
    reach of commune i, sum_j x_j <= new, x binary, over the communes i that no existing actor of the theme reaches.
    A commune is reached as a whole or not at all. Distances are those of `essmap.analysis.distances`: a site serves its
    own commune from the default inner distance on, not from 0 km. Of plans that reach as many, the one with fewest
    sites, then with the most populated communes (least sum of ranks by population, then code). The greedy plan beside
    it reaches at least 1 - 1/e of the best.

    References
    ----------
    Church, R. and ReVelle, C. (1974). The maximal covering location problem. Papers of the Regional Science
    Association 32, 101-118.
    Nemhauser, G., Wolsey, L. and Fisher, M. (1978). An analysis of approximations for maximizing submodular set
    functions. Mathematical Programming 14, 265-294.

    Parameters
    ----------
    actors, communes : GeoDataFrame, EPSG:4326
    theme : Theme
    new : int
        Sites to place, 0 or more.
    reach : float
        Distance within which an actor serves, 0 or more: km, or minutes if ``journeys`` are in minutes.
    crs : int
        EPSG code of a projected system in metres (`essmap.reference.projected_crs`).
    journeys : DataFrame or None
        As in `essmap.analysis.distances.distances`. None: straight lines.

    Returns
    -------
    Siting

    Raises
    ------
    ValueError
        If ``new`` or ``reach`` is negative or not finite.
    """
    if new < 0 or reach < 0 or not math.isfinite(reach):
        raise ValueError(f"{new} sites within {reach}")
    ranked = communes.sort_values(["population", "commune_code"], ascending=[False, True])
    existing = distances(communes, places_of_actors(actors[theme.mask(actors)], crs=crs), crs=crs, journeys=journeys)
    nearest, _ = existing.nearest()
    is_reached = nearest <= reach
    demand = np.where(is_reached, 0, existing.communes["population"].to_numpy(dtype=np.int64))
    sites = distances(communes, centres(communes, crs=crs), crs=crs, journeys=journeys)
    # Columns in the order that breaks ties: the most populated first, then by code.
    rank_order = pd.Index(sites.places["place_id"]).get_indexer(ranked["commune_code"])
    covers = (sites.matrix() <= reach)[:, rank_order]
    names = ranked[["commune_code", "commune_name", "population"]].set_axis(["code", "name", "population"], axis=1)
    names = names.reset_index(drop=True)
    gains = demand @ covers
    outcome = _outcome(existing.communes["population"], is_reached, gains, new)
    greedy = best = _greedy(demand, covers, new)
    bound, is_proven = int(_gained(demand, covers, best)), True
    if outcome == "planned":
        best, bound, is_proven = _exact(demand, covers, new, greedy)
    plan = _plan(names, demand, covers, best)
    total = int(plan["gain"].sum())
    near = pd.DataFrame(covers, columns=names["code"])
    return Siting(
        outcome=outcome,
        new=new,
        reach=float(reach),
        unit=existing.unit,
        population=int(existing.communes["population"].sum()),
        reached=int(existing.communes.loc[is_reached, "population"].sum()),
        total=total,
        bound=bound,
        gap=(bound - total) / bound if bound else 0.0,
        is_proven=is_proven,
        plan=plan,
        greedy=_plan(names, demand, covers, greedy),
        candidates=_candidates(names, gains),
        served=_served(existing.communes["code"], is_reached, plan["code"], near),
    )


def served_by(
    communes: gpd.GeoDataFrame, site: str, *, reach: float, crs: int, journeys: pd.DataFrame | None = None
) -> list[str]:
    """Return the codes of the communes that a site in one commune would serve, sorted.

    Parameters
    ----------
    communes : GeoDataFrame, EPSG:4326
    site : str
        INSEE code of the commune that somebody proposes; an unknown one serves none.
    reach, crs, journeys
        As in `siting`.
    """
    places = centres(communes, crs=crs)
    there = places[places["place_id"] == site].reset_index(drop=True)
    table = distances(communes, there, crs=crs, journeys=journeys)
    is_near = (table.matrix() <= reach).any(axis=1)
    return sorted(table.communes["code"][np.asarray(is_near, dtype=bool)])


def _served(codes: pd.Series, is_reached: _Mask, plan: pd.Series, covers: pd.DataFrame) -> pd.DataFrame:
    """Return who reaches each commune: an actor of today, a site of the plan, or nobody."""
    by = ["existing" if reached else "nobody" for reached in is_reached]
    for site in plan:
        by = [site if near and who == "nobody" else who for near, who in zip(covers[site], by, strict=True)]
    frame = pd.DataFrame({"code": codes.to_numpy(), "by": by}).astype("str")
    return frame.sort_values("code", ignore_index=True)


def _outcome(population: pd.Series, is_reached: _Mask, gains: _Integers, new: int) -> Outcome:
    if not population.sum():
        return "no_inhabitant"
    if not population[~is_reached].sum():
        return "all_reached"
    if new == 0:
        return "none_asked"
    return "planned" if gains.any() else "out_of_reach"


def _greedy(demand: _Integers, covers: _Mask, new: int, among: list[int] | None = None) -> list[int]:
    """Return candidates in the order of what each adds to those before it; the first of equals; none that adds 0."""
    left = demand.copy()
    allowed = np.arange(covers.shape[1]) if among is None else np.array(sorted(among), dtype=np.int64)
    chosen: list[int] = []
    while len(chosen) < min(new, len(allowed)):
        gains = left @ covers[:, allowed]
        first = int(gains.argmax())
        if gains[first] == 0:
            break
        chosen.append(int(allowed[first]))
        left[covers[:, allowed[first]]] = 0
    return chosen


def _exact(demand: _Integers, covers: _Mask, new: int, greedy: list[int]) -> tuple[list[int], int, bool]:
    """Return the best plan, a bound no plan can pass, and whether the solver proved the plan to be best.

    A plan costs less than one inhabitant: by its number of sites first, then by their ranks. So the solver's one
    optimum is a best plan, and the one that the order of the candidates prefers.
    """
    useful = np.flatnonzero(demand @ covers)
    rows = np.flatnonzero(demand * covers[:, useful].any(axis=1))
    sites = min(new, len(useful))
    unit = 0.5 / (sites + 1)
    cost = unit * (1 + np.arange(len(useful)) / (len(useful) * sites))
    near = csr_array(covers[np.ix_(rows, useful)].astype(np.float64))
    served = hstack([-near, eye_array(len(rows))])
    count = csr_array(np.concatenate([np.ones(len(useful)), np.zeros(len(rows))])[None, :])
    limits = np.concatenate([np.zeros(len(rows)), [sites]])
    solution = milp(
        np.concatenate([cost, -demand[rows].astype(np.float64)]),
        integrality=np.concatenate([np.ones(len(useful)), np.zeros(len(rows))]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(vstack([served, count]).tocsr(), -np.inf, limits),
        options={"mip_rel_gap": 0.0, "node_limit": NODE_LIMIT},
    )
    best = greedy
    if solution.x is not None:
        found = [int(useful[j]) for j in np.flatnonzero(solution.x[: len(useful)] > 0.5)]
        if _gained(demand, covers, found) >= _gained(demand, covers, greedy):
            best = found
    gained, everybody = _gained(demand, covers, best), int(demand[rows].sum())
    dual = -math.inf if solution.mip_dual_bound is None else float(solution.mip_dual_bound)
    # The cost hides less than half an inhabitant, and the solver rounds.
    bound = min(everybody, math.floor(0.5 - dual + 1e-3)) if math.isfinite(dual) else everybody
    return best, max(gained, bound), solution.status == 0 and bound <= gained


def _gained(demand: _Integers, covers: _Mask, chosen: list[int]) -> int:
    return int(demand[covers[:, chosen].any(axis=1)].sum())


def _plan(names: pd.DataFrame, demand: _Integers, covers: _Mask, chosen: list[int]) -> pd.DataFrame:
    """Return chosen candidates in the order to open them, with what each adds."""
    order = _greedy(demand, covers, len(chosen), among=chosen)
    cumulated = [_gained(demand, covers, order[: place + 1]) for place in range(len(order))]
    frame = names.iloc[order].reset_index(drop=True)
    frame["order"] = np.arange(1, len(order) + 1)
    frame["cumulated"] = np.array(cumulated, dtype=np.int64)
    frame["gain"] = np.diff(cumulated, prepend=0).astype(np.int64)
    return frame[list(_PLAN_COLUMNS)]


def _candidates(names: pd.DataFrame, gains: _Integers) -> pd.DataFrame:
    frame = names.assign(gain=gains)
    frame["rank"] = frame["gain"].rank(method="min", ascending=False).astype("int64")
    frame["ties"] = (frame.groupby("gain")["gain"].transform("size") - 1).astype("int64")
    return frame.sort_values("rank", kind="stable").reset_index(drop=True)
