"""Which rows the filters of *Découvrir* keep, for whoever has no page: the same decision as on the page."""

from __future__ import annotations

import pandas as pd

from essmap import reference
from essmap.analysis.coverage import Tables
from essmap.analysis.portrait import where_supported
from essmap.schema.folding import fold, fold_series
from essmap.schema.snapshot import Snapshot
from essmap.view.filters import NO_AXIS, UNKNOWN_CANTON, Filters, SearchIndex, singular

#: Text of a support in which words are looked for.
_TEXTS = ("title", "holder_name", "programme")


def chosen_actors(snapshot: Snapshot, filters: Filters) -> list[str]:
    """Return the identifiers of the actors that answer the filters, in the order of the table."""
    actors = snapshot.table("actors")
    labels = {**reference.domains()["label"], **reference.legal_forms()["label"]}
    index = SearchIndex.build(actors, snapshot.table("communes"), labels)
    return actors.loc[index.mask(filters), "actor_id"].tolist()


def chosen_projects(snapshot: Snapshot, filters: Filters) -> list[int]:
    """Return the index labels of the supported projects that answer the filters, in the order of the table.

    A project lies where `essmap.analysis.portrait.where_supported` puts it; without a known year it is never « since »
    a year. Families and « supported » are no questions to projects.
    """
    projects = snapshot.table("projects")
    kept = pd.Series(True, index=projects.index)
    for word in map(singular, fold(filters.words).split()):
        texts = [fold_series(projects[name]) for name in _TEXTS]
        kept &= pd.concat([text.str.contains(word, regex=False) for text in texts], axis=1).any(axis=1)
    if filters.axes:
        kept &= _has(projects["axes"], filters.axes, or_none=NO_AXIS in filters.axes)
    if filters.domains:
        kept &= _has(projects["domains"], filters.domains)
    if filters.where is not None:
        kept &= _lies_in(snapshot, projects, *filters.where)
    if filters.since is not None:
        kept &= projects["year"].ge(filters.since).fillna(False).astype(bool)
    return projects.index[kept].tolist()


def _has(lists: pd.Series, keys: tuple[str, ...], *, or_none: bool = False) -> pd.Series[bool]:
    return lists.map(lambda found: bool(set(found) & set(keys)) or (or_none and len(found) == 0)).astype(bool)


def _lies_in(snapshot: Snapshot, projects: pd.DataFrame, kind: str, code: str) -> pd.Series[bool]:
    tables = Tables.of(snapshot)
    communes = where_supported(projects, tables, "commune")
    if kind == "canton" and code.endswith(UNKNOWN_CANTON):
        cantons = where_supported(projects, tables, "canton")
        is_known = cantons.isin(list(snapshot.table("cantons")["canton_code"]))
        return communes.eq(code.removesuffix(UNKNOWN_CANTON)).fillna(False).astype(bool) & ~is_known
    if kind == "cp":
        places = snapshot.table("communes")
        inside = places.loc[[code in codes for codes in places["postcodes"]], "commune_code"]
        return communes.isin(list(inside))
    where = (
        communes if kind == "commune" else where_supported(projects, tables, "canton" if kind == "canton" else "epci")
    )
    return where.eq(code).fillna(False).astype(bool)
