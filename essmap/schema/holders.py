"""Supports whose holder is not to be named, or of whom nothing finer than the commune is said.

Public money stays told. Where the holder asked not to be shown, programme, year, amount and commune stay; what names
the holder or leads to its name goes: identifier (it is made of the name), title, page, note and point. Where the holder
is protected, its name stays and what may lead to its door goes: title, page and note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.schema.folding import fold, fold_series, slug
from essmap.schema.masked import HIDDEN_IDENTIFIER, MASKED_FIELDS, at_home
from essmap.texts import t

#: What a support says freely, beside its programme.
FREE_TEXT: Final = ("title", "programme_raw", "source_url", "note")
_CONTACT: Final = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+"
    r"|(?<!\d)(?:\+33\s?|0033\s?|0)[1-9](?:[\s.-]?\d{2}){4}(?!\d)"
    r"|(?<!\d)(?!(?:19|20)\d{2}\b)\d{1,4}[\s,+_-]*(?:bis|ter|quater)?[\s,+_-]+(?:rue|avenue|av|boulevard|bd|chemin|che|impasse|imp|allées?"
    r"|all|place|pl|route|rte|quai|cours|square|sentier|passage|faubourg|lotissement|résidence)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Holders:
    """Who is not to be named among the holders of supports.

    Attributes
    ----------
    ids : frozenset of str
        Identifiers of actors.
    names : frozenset of pairs of str
        Folded name and code of the commune (empty: not known), for supports that name somebody without naming an actor.
    slugs : frozenset of pairs of str
        The same where all that is known is how an identifier writes the name (`essmap.schema.folding.slug`).
    """

    ids: frozenset[str] = frozenset()
    names: frozenset[tuple[str, str]] = frozenset()
    slugs: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, ids: Iterable[str], names: Iterable[str], communes: Iterable[str] | None = None) -> Holders:
        """Return holders of some identifiers and of some names, written as people write them.

        Parameters
        ----------
        ids, names : iterables of str
        communes : iterable of str or None
            Code of the commune of each name: namesakes elsewhere are somebody else. None: not known.
        """
        listed = list(names)
        places = (
            [""] * len(listed) if communes is None else [code if isinstance(code, str) else "" for code in communes]
        )
        folded = ((fold(name), place) for name, place in zip(listed, places, strict=True))
        return cls(frozenset(ids), frozenset(pair for pair in folded if pair[0]))

    def __or__(self, other: Holders) -> Holders:
        """Return the holders of both."""
        return Holders(self.ids | other.ids, self.names | other.names, self.slugs | other.slugs)

    @classmethod
    def named_in(cls, projects: pd.DataFrame) -> Holders:
        """Return the names that some supports give their holders, where these say their commune.

        Parameters
        ----------
        projects : DataFrame
            ``holder_name`` and ``commune_code``.
        """
        placed = projects[projects["commune_code"].fillna("").ne("")]
        return cls.of([], placed["holder_name"], placed["commune_code"])

    def hold(
        self, projects: pd.DataFrame, others: Iterable[str] = (), is_another: pd.Series[bool] | None = None
    ) -> pd.Series[bool]:
        """Tell which supports are theirs.

        Parameters
        ----------
        projects : DataFrame
            `essmap.schema.tables.PROJECTS`.
        others : iterable of str
            Names of actors that are somebody else.
        is_another : Series of bool or None
            Supports, on the same index, of which a number says that they are somebody else's.

        Returns
        -------
        Series of bool, same index
            By actor. Where none is named: by name in the commune; without a commune, by a name that nobody else has.
        """
        names = fold_series(projects["holder_name"])
        places = projects["commune_code"].fillna("")
        is_open = projects["actor_id"].isna()
        if is_another is not None:
            is_open &= ~is_another
        slugs = [slug(name) if self.slugs else "" for name in names]
        here = pd.Series(
            [(name, code) in self.names or (told, code) in self.slugs
             for name, code, told in zip(names, places, slugs, strict=True)],
            index=projects.index, dtype=bool,
        )  # fmt: skip
        is_theirs = projects["actor_id"].isin(list(self.ids)) | (is_open & places.ne("") & here)
        # Whoever has the name elsewhere may be meant by a support that says no commune.
        elsewhere = names[~is_theirs & (places.ne("") | ~is_open)]
        told = {name for name, _ in self.names} - {fold(name) for name in others} - set(elsewhere)
        return is_theirs | (is_open & places.eq("") & names.isin(list(told)))

    def without(self, projects: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return projects that name none of them, and stand at their commune rather than at the holder's door.

        Parameters
        ----------
        projects : GeoDataFrame, EPSG:4326
            `essmap.schema.tables.PROJECTS`; left unchanged.
        communes : GeoDataFrame, EPSG:4326
            `essmap.schema.tables.COMMUNES`.
        """
        return unnamed(projects, self.hold(projects), communes)


NO_HOLDER = Holders()


def unnamed(projects: gpd.GeoDataFrame, is_theirs: pd.Series[bool], communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return projects of which some do not name their holder, and stand at their commune.

    Parameters
    ----------
    projects : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.PROJECTS`; left unchanged.
    is_theirs : Series of bool
        Which ones, on the same index.
    communes : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.COMMUNES`.
    """
    if not is_theirs.any():
        return projects
    places = communes.set_index("commune_code")
    points = gpd.GeoSeries(gpd.points_from_xy(places["point_lon"], places["point_lat"]), index=places.index)
    at_commune = projects["commune_code"].map(points)
    geometry = projects.geometry.astype(object).where(~is_theirs, at_commune)
    own = t("withheld.support_id") + "-"
    number = is_theirs.cumsum() + projects["project_id"].str.startswith(own).sum()
    plain = {"project_id": own + number.astype("str"), "holder_name": t("withheld.holder"), "actor_id": None}
    told = {name: projects[name].where(~is_theirs, value) for name, value in plain.items()}
    result = _bare(projects.assign(**told), is_theirs)
    return result.set_geometry(gpd.GeoSeries(list(geometry), index=projects.index, crs=projects.crs))


def discreet(
    projects: gpd.GeoDataFrame, actors: pd.DataFrame, protected: Collection[str] = frozenset()
) -> gpd.GeoDataFrame:
    """Return projects that say nothing by which a protected holder would be found.

    Parameters
    ----------
    projects : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.PROJECTS`; left unchanged.
    actors : DataFrame
        `essmap.schema.tables.ACTORS`, masked.
    protected : collection of str
        Identifiers of actors that the build knows to be protected, beside those that the table tells.

    Returns
    -------
    GeoDataFrame
        Title, page, note and source's own programme say nothing more than the programme where the holder is protected;
        where it is only not placed, those of them go that hold an address, a number of telephone or an e-mail address.
    """
    result = _bare(projects, told_by_commune(projects, actors) | projects["actor_id"].isin(list(protected)))
    for name, tells in contacts(result, actors).items():
        result = _bare(result, tells, (name,))
    return result


def told_by_commune(projects: pd.DataFrame, actors: pd.DataFrame) -> pd.Series[bool]:
    """Tell which supports have a protected holder, as far as the tables themselves tell.

    A sensitive place by flag or words, somebody who is not named, and an actor of a list of which every field that
    could lead to it is empty. An actor of a register may have none of them because nobody works there: that is no
    secret of the same kind.
    """
    actors = actors[actors["actor_id"].isin(projects["actor_id"])]
    is_empty = actors[list(MASKED_FIELDS)].isna().all(axis=1)
    is_hidden = pd.Series([bool(HIDDEN_IDENTIFIER.match(one)) for one in actors["actor_id"]], index=actors.index)
    of_actor = actors["name"].fillna("") + " · " + actors["activity"].fillna("")
    is_protected = actors["is_sensitive"].astype(bool) | reference.is_sensitive_text(of_actor)
    is_protected |= at_home(actors["address"]) | (is_empty & ~is_hidden)
    words = projects["holder_name"].fillna("") + " · " + projects["title"].fillna("")
    ids = list(actors.loc[is_protected.to_numpy(dtype=bool), "actor_id"])
    is_unnamed = projects["holder_name"].eq(t("withheld.holder"))
    return projects["actor_id"].isin(ids) | is_unnamed | reference.is_sensitive_text(words)


def contacts(projects: pd.DataFrame, actors: pd.DataFrame) -> dict[str, pd.Series[bool]]:
    """Tell, by column of `FREE_TEXT`, where supports of a holder known to its commune only hold how to reach it."""
    at_commune = actors["geo_precision"].eq("municipality") & actors["address"].isna()
    is_theirs = projects["actor_id"].isin(list(actors.loc[at_commune.to_numpy(dtype=bool), "actor_id"]))
    says_more = {name: projects[name].ne(projects["programme"]) for name in FREE_TEXT}
    return {name: is_theirs & says_more[name] & _holds_contact(projects[name]) for name in FREE_TEXT}


def _holds_contact(cells: pd.Series[str]) -> pd.Series[bool]:
    found = [isinstance(cell, str) and bool(_CONTACT.search(cell)) for cell in cells]
    return pd.Series(found, index=cells.index, dtype=bool)


def is_bare(projects: pd.DataFrame) -> dict[str, pd.Series[bool]]:
    """Tell, by column of `FREE_TEXT`, which supports say nothing in it beyond their programme."""
    return {
        "title": projects["title"].eq(projects["programme"]),
        "programme_raw": projects["programme_raw"].isna(),
        "source_url": projects["source_url"].eq(""),
        "note": projects["note"].isna(),
    }


def _bare(projects: gpd.GeoDataFrame, which: pd.Series[bool], columns: Iterable[str] = FREE_TEXT) -> gpd.GeoDataFrame:
    plain = {"title": projects["programme"], "programme_raw": None, "source_url": "", "note": None}
    return projects.assign(**{name: projects[name].where(~which, plain[name]) for name in columns})
