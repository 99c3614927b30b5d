"""Supports whose holder asked not to be shown: public money stays told, the holder does not.

Programme, year, amount and commune stay. What names the holder or leads to its name goes: identifier (it is made of
the name), title, page, note and point.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd

from essmap.schema.folding import fold, fold_series
from essmap.texts import t


@dataclass(frozen=True)
class Holders:
    """Who is not to be named among the holders of supports.

    Attributes
    ----------
    ids : frozenset of str
        Identifiers of actors.
    names : frozenset of str
        Folded names: a support may name somebody without naming an actor.
    """

    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ids: Iterable[str], names: Iterable[str]) -> Holders:
        """Return holders of some identifiers and of some names, written as people write them."""
        return cls(frozenset(ids), frozenset(fold(name) for name in names) - {""})

    def __or__(self, other: Holders) -> Holders:
        """Return the holders of both."""
        return Holders(self.ids | other.ids, self.names | other.names)

    def without(self, projects: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return projects that name none of them, and stand at their commune rather than at the holder's door.

        Parameters
        ----------
        projects : GeoDataFrame, EPSG:4326
            `essmap.schema.tables.PROJECTS`; left unchanged.
        communes : GeoDataFrame, EPSG:4326
            `essmap.schema.tables.COMMUNES`.
        """
        is_theirs = projects["actor_id"].isin(list(self.ids))
        is_theirs |= fold_series(projects["holder_name"]).isin(list(self.names))
        if not is_theirs.any():
            return projects
        places = communes.set_index("commune_code")
        points = gpd.GeoSeries(gpd.points_from_xy(places["point_lon"], places["point_lat"]), index=places.index)
        at_commune = projects["commune_code"].map(points)
        geometry = projects.geometry.astype(object).where(~is_theirs, at_commune)
        own = t("withheld.support_id") + "-"
        number = is_theirs.cumsum() + projects["project_id"].str.startswith(own).sum()
        plain = {
            "project_id": own + number.astype("str"),
            "title": projects["programme"],
            "holder_name": t("withheld.holder"),
            "actor_id": None,
            "programme_raw": None,
            "source_url": "",
            "note": None,
        }
        told = {name: projects[name].where(~is_theirs, value) for name, value in plain.items()}
        result = projects.assign(**told)
        return result.set_geometry(gpd.GeoSeries(list(geometry), index=projects.index, crs=projects.crs))


NO_HOLDER = Holders()
