"""Build a snapshot from the starter data: read, check everything, place, mask, count."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from essmap import __version__
from essmap.build.actors import build_actors
from essmap.build.check import check_actors, check_figures, check_projects
from essmap.build.electoral import place_in_cantons
from essmap.build.geography import Geography
from essmap.build.geography_files import read_geography
from essmap.build.projects import build_figures, build_projects
from essmap.errors import DataError, SourceError
from essmap.reference import data_dir
from essmap.schema.snapshot import Completeness, Manifest, Snapshot, SourceRecord
from essmap.schema.tables import MERGES, SCHEMA_VERSION, TABLES, empty, validate
from essmap.sources import starter
from essmap.sources.delimited import RawTable
from essmap.texts import t

Progress = Callable[[str], None]

#: First word of the keys of sources: the rows embedded in essmap, or a folder that somebody gave.
STARTER: Final = "starter"
GIVEN: Final = "given"

#: The day the starter data was gathered and reviewed (data/README.md).
STARTER_VINTAGE: Final = "2026-11-23"


def load_geography(department: str) -> Geography:
    """Return the committed geography of a department.

    Raises
    ------
    SourceError
        If essmap does not carry it.
    """
    folder = data_dir() / "departments" / department / "geography"
    if not folder.is_dir():
        raise SourceError(t("errors.no_geography", department=department))
    return read_geography(folder)


def build_starter(
    department: str,
    *,
    folder: Path | None = None,
    geography: Geography | None = None,
    progress: Progress = lambda _step: None,
) -> Snapshot:
    """Build a snapshot of a department from its starter files.

    Nothing is written. Every row is checked before any is used: the starter data belongs to the project, so one
    fault refuses the whole build.

    Parameters
    ----------
    department : str
        INSEE code.
    folder : Path or None
        Folder with the three starter files. None: the embedded ones.
    geography : Geography or None
        Of the department. None: the committed one, with its canton units.
    progress : callable
        Called with a French sentence at each step.

    Returns
    -------
    Snapshot

    Raises
    ------
    SourceError
        If a file or the geography is missing or unreadable.
    DataError
        If any row breaks a rule; carries every Problem.
    """
    is_embedded = folder is None
    folder = folder or starter.starter_folder(department)
    progress(t("build.geography"))
    geography = geography or load_geography(department)
    progress(t("build.read"))
    actors_raw, projects_raw = starter.read_actors(folder), starter.read_projects(folder)
    figures_raw = starter.read_figures(folder)
    progress(t("build.check", n=len(actors_raw.frame) + len(projects_raw.frame) + len(figures_raw.frame)))
    now = datetime.now(UTC)
    problems = check_actors(actors_raw, geography.communes, last_year=now.year)
    problems += check_projects(
        projects_raw, geography.communes, actor_ids=set(actors_raw.frame["id"]), last_year=now.year
    )
    problems += check_figures(figures_raw, last_year=now.year)
    if problems:
        raise DataError(t("errors.rows_invalid", n=len(problems)), problems)
    progress(t("build.place"))
    supported = set(projects_raw.frame["actor_id"])
    source = f"{STARTER if is_embedded else GIVEN}_actors"
    actors = build_actors(actors_raw.frame, geography.communes, supported=supported, source=source)
    actors = place_in_cantons(actors, geography)
    projects = build_projects(projects_raw.frame, geography.communes, actors)
    tables: dict[str, pd.DataFrame] = {
        "actors": actors,
        "projects": projects,
        "communes": geography.communes,
        "cantons": geography.cantons,
        "canton_parts": geography.canton_parts,
        "epci": geography.epci,
        "department": geography.department,
        "merges": empty(MERGES),
        "figures": build_figures(figures_raw.frame),
    }
    progress(t("build.validate"))
    for name, table in TABLES.items():
        tables[name] = tables[name][table.column_names]
        validate(tables[name], table)
    manifest = _manifest(
        department, now, tables, geography, {"actors": actors_raw, "projects": projects_raw}, is_embedded=is_embedded
    )
    return Snapshot(manifest, tables)


def new_build_id(now: datetime) -> str:
    """Return a build identifier: sortable by time, unique even for two builds of the same second."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _manifest(
    department: str,
    now: datetime,
    tables: Mapping[str, pd.DataFrame],
    geography: Geography,
    raw: Mapping[str, RawTable],
    *,
    is_embedded: bool,
) -> Manifest:
    row = geography.department.iloc[0]
    actors, projects = tables["actors"], tables["projects"]
    records = (
        _record("actors", raw["actors"], len(actors), is_embedded=is_embedded),
        _record("projects", raw["projects"], len(projects), is_embedded=is_embedded),
        *geography.sources,
    )
    return Manifest(
        schema_version=SCHEMA_VERSION,
        code_version=__version__,
        build_id=new_build_id(now),
        built_at=now.isoformat(timespec="seconds"),
        department=department,
        department_name=str(row["department_name"]),
        population=int(row["population"]),
        counts={name: len(frame) for name, frame in tables.items()},
        completeness={
            "actors": Completeness("partial", t("build.actors_partial", n=len(actors), n_text=_count(len(actors)))),
            "projects": Completeness(
                "partial", t("build.projects_partial", n=len(projects), n_text=_count(len(projects)))
            ),
        },
        sources=records,
        rows_in=len(raw["actors"].frame),
        merged=len(tables["merges"]),
        rejected=len(raw["actors"].frame) - len(actors) - len(tables["merges"]),
        notes=(
            *_masking_notes(gpd.GeoDataFrame(actors)),
            *_canton_notes(actors, geography),
            *(note.text for note in geography.notes),
        ),
        canton_division=geography.canton_division,
    )


def is_outdated(manifest: Manifest) -> bool:
    """Tell whether a snapshot was built from embedded data that has changed since (an upgrade of essmap).

    Parameters
    ----------
    manifest : Manifest

    Returns
    -------
    bool
        False for a snapshot built from anything else, or with electoral cantons that somebody loaded: only they can
        build it again.

    Raises
    ------
    SourceError
        If the embedded files cannot be read.
    """
    built_from = {source.key: source.sha256 for source in manifest.sources}
    if f"{STARTER}_actors" not in built_from or manifest.canton_division != "units":
        return False
    folder = starter.starter_folder(manifest.department)
    now = {
        f"{STARTER}_actors": starter.read_actors(folder).sha256,
        f"{STARTER}_projects": starter.read_projects(folder).sha256,
    }
    return any(built_from.get(key) != digest for key, digest in now.items())


def _record(table: str, raw: RawTable, kept: int, *, is_embedded: bool) -> SourceRecord:
    """Return the record of a table; what essmap says of its own rows is not said of somebody else's."""
    whose = STARTER if is_embedded else GIVEN
    vintage = STARTER_VINTAGE if is_embedded else t("build.given_vintage")
    return SourceRecord(
        key=f"{whose}_{table}",
        title=t(f"build.starter_{table}") if is_embedded else t("build.given_title", file=raw.file),
        publisher=t(f"build.{whose}_publisher"),
        url="",
        licence=t(f"build.{whose}_licence"),
        vintage=vintage,
        fetched_at=STARTER_VINTAGE if is_embedded else None,
        sha256=raw.sha256,
        rows_in=len(raw.frame),
        rows_kept=kept,
    )


def _masking_notes(actors: gpd.GeoDataFrame) -> list[str]:
    hidden = int(actors["is_sensitive"].sum())
    placed = int((actors["geo_precision"] != "municipality").sum())
    return [
        t("build.note_sensitive", n=hidden, n_text=_count(hidden)),
        t("build.note_positions", placed=_count(placed), other=_count(len(actors) - placed)),
    ]


def _canton_notes(actors: pd.DataFrame, geography: Geography) -> list[str]:
    """Say how many actors of each shared commune have no known canton."""
    parts = geography.canton_parts
    shared = sorted(set(parts.loc[parts["commune_code"].duplicated(), "commune_code"]))
    names = geography.communes.set_index("commune_code")["commune_name"]
    without = actors.loc[actors["canton_code"].isna(), "commune_code"].value_counts()
    return [
        t("build.note_canton_unknown", n=int(without[code]), n_text=_count(without[code]), commune=names[code])
        for code in shared
        if code in without.index
    ]


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
