"""Put the tables of a snapshot together, whatever its actors come from, and say what their limits are."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from essmap.build.geography import Geography
from essmap.build.geography_notes import format_number
from essmap.build.projects import build_figures, build_projects
from essmap.build.starter_files import StarterFiles
from essmap.schema.snapshot import Completeness, Span
from essmap.schema.spans import years_of
from essmap.schema.tables import CRS, FIGURES, PROJECTS, TABLES, empty, validate
from essmap.texts import t


def whole_tables(
    geography: Geography,
    actors: gpd.GeoDataFrame,
    merges: pd.DataFrame,
    files: StarterFiles | None,
) -> dict[str, pd.DataFrame]:
    """Return all tables of a snapshot.

    Parameters
    ----------
    geography : Geography
    actors : GeoDataFrame, EPSG:4326
        Masked and placed.
    merges : DataFrame
        `essmap.schema.tables.MERGES`.
    files : StarterFiles or None
        Where supported projects and published figures come from. None: no project, no figure.

    Notes
    -----
    Projects are as they were gathered, and may name who is none of the actors or asked not to be shown: nobody can be
    compared with a list once it is masked. `essmap.build.local_projects.with_local_projects` comes next and masks.
    """
    projects, figures = empty(PROJECTS), empty(FIGURES)
    if files is None:
        projects = gpd.GeoDataFrame(projects, geometry="geometry", crs=CRS)
    else:
        projects = build_projects(files.projects.frame, geography.communes, actors, source=files.key_of("projects"))
        figures = build_figures(files.figures.frame)
    return {
        "actors": actors,
        "projects": projects,
        "communes": geography.communes,
        "cantons": geography.cantons,
        "canton_parts": geography.canton_parts,
        "epci": geography.epci,
        "department": geography.department,
        "merges": merges,
        "figures": figures,
    }


def validate_tables(tables: dict[str, pd.DataFrame]) -> None:
    """Put the columns of each table in order and check them.

    Raises
    ------
    DataError
        If a table does not keep its schema.
    """
    for name, table in TABLES.items():
        tables[name] = tables[name][table.column_names]
        validate(tables[name], table)


def projects_completeness(
    count: int, spans: Sequence[Span] = (), *, is_any: bool = True, has_lists: bool = False
) -> Completeness:
    """Return what may be concluded from the supported projects: registers know nothing of them.

    Parameters
    ----------
    count : int
        Projects of the snapshot.
    spans : sequence of Span
        Programmes and years of which somebody declared every support to be there.
    is_any : bool
        Whether there is a source of projects at all.
    has_lists : bool
        Whether somebody brought lists of them in.
    """
    if not is_any:
        return Completeness("partial", t("live.no_projects"))
    said = "locals.projects_partial" if has_lists else "build.projects_partial"
    sentence = t(said, n=count, n_text=format_number(count))
    if not spans:
        return Completeness("partial", sentence)
    named = ", ".join(t("locals.spans.span", programme=one.programme, years=years_of(one)) for one in spans)
    return Completeness("partial", f"{sentence} {t('locals.spans.complete', n=len(spans), spans=named)}", tuple(spans))


def masking_notes(actors: gpd.GeoDataFrame) -> list[str]:
    """Say how many actors are shown at their commune only."""
    hidden = int(actors["is_sensitive"].sum())
    placed = int((actors["geo_precision"] != "municipality").sum())
    return [
        t("build.note_sensitive", n=hidden, n_text=format_number(hidden)),
        t("build.note_positions", placed=format_number(placed), other=format_number(len(actors) - placed)),
    ]


def canton_notes(actors: pd.DataFrame, geography: Geography) -> list[str]:
    """Say how many actors of each shared commune have no known canton."""
    parts = geography.canton_parts
    shared = sorted(set(parts.loc[parts["commune_code"].duplicated(), "commune_code"]))
    names = geography.communes.set_index("commune_code")["commune_name"]
    without = actors.loc[actors["canton_code"].isna(), "commune_code"].value_counts()
    return [
        t("build.note_canton_unknown", n=int(without[code]), n_text=format_number(without[code]), commune=names[code])
        for code in shared
        if code in without.index
    ]
