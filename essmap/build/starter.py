"""Build a snapshot from the starter data: read, check everything, place, mask, count."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from essmap import __version__
from essmap.build.actors import build_actors
from essmap.build.assemble import (
    canton_notes,
    masking_notes,
    projects_completeness,
    validate_tables,
    whole_tables,
)
from essmap.build.electoral import place_in_cantons
from essmap.build.enrichment import NOTHING, Enrichment
from essmap.build.enrichment_use import Used, all_used, enriched_files, with_activity
from essmap.build.geography import Geography
from essmap.build.geography_files import read_geography
from essmap.build.geography_notes import format_number
from essmap.build.join import Fate, Joined, LeftOut, Listed, join, numbers_of
from essmap.build.local_actors import LocalActors, local_actors, local_notes, local_records
from essmap.build.local_projects import LocalProjects, with_local_projects, with_projects
from essmap.build.locals import NO_LISTS, LocalLists
from essmap.build.privacy import told_at_home
from essmap.build.starter_files import STARTER, Progress, StarterFiles, read_starter, starter_record
from essmap.errors import SourceError
from essmap.reference import data_dir
from essmap.schema.folding import fold_series
from essmap.schema.snapshot import LIST, Completeness, Manifest, Snapshot
from essmap.schema.tables import MERGES, SCHEMA_VERSION, empty
from essmap.schema.withheld import NOBODY, Withheld
from essmap.sources import starter
from essmap.texts import t

#: What is said of the actors, without and with local lists.
_SAID: Final = {False: "build.actors_partial", True: "locals.actors_partial"}


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
    withheld: Withheld = NOBODY,
    enrichment: Enrichment = NOTHING,
    lists: LocalLists = NO_LISTS,
    progress: Progress = lambda _step: None,
) -> Snapshot:
    """Build a snapshot of a department from its starter files, and from lists that somebody brought in.

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
    withheld : Withheld
        Who asked not to be shown.
    enrichment : Enrichment
        What a register was found to say of these actors.
    lists : LocalLists
        Lists that somebody brought in.
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
    if folder is None:
        starter.starter_folder(department)  # without starter data, the geography is not what to ask for
    progress(t("build.geography"))
    geography = geography or load_geography(department)
    files = read_starter(department, geography.communes, folder=folder, progress=progress)
    progress(t("build.place"))
    files, used = enriched_files(files, enrichment, geography.communes)
    gone = files.holders(withheld, enrichment.named_by(withheld))
    gathered = build_actors(files.actors.frame, geography.communes, supported=set(), source=files.key)
    gathered = with_activity(gathered, used, geography.communes)
    local = local_actors(lists, geography.communes, enrichment, withheld=withheld)
    if local:
        raw = files.actors.frame
        homes = frozenset(raw.loc[told_at_home(raw["address"], raw["activity"]), "id"]) | used.protected
        own = Listed(files.key, gathered, homes, gone.ids, numbers_of(raw))
        joined = join(None, [own, *(one.listed for one in local)], geography.communes, withheld=withheld)
    else:  # as they are, in the order in which they were gathered
        is_gone = gathered["actor_id"].isin(list(gone.ids))
        kept, nothing = gathered[~is_gone].reset_index(drop=True), empty(MERGES)
        fate = Fate(len(kept), 0, len(gathered) - len(kept))
        left_out = LeftOut(gathered[is_gone], nothing, **_numbers(gathered[is_gone], files))
        joined = Joined(kept, nothing, {files.key: fate}, withheld=gone, left_out=left_out)
    actors = place_in_cantons(joined.actors, geography)
    unnamed = gone | joined.withheld
    tables = whole_tables(geography, actors, joined.merges, files)
    projects = with_local_projects(tables, lists, withheld=withheld, hidden_holders=unnamed, joined=joined)
    tables = with_projects(tables, projects)
    progress(t("build.validate"))
    validate_tables(tables)
    used = all_used(used, *(one.used for one in local))
    made = _Made(files, joined, tuple(local), projects, lists, used)
    return Snapshot(_manifest(tables, geography, made), tables)


def _numbers(gone: gpd.GeoDataFrame, files: StarterFiles) -> dict[str, frozenset[Any]]:
    """Return the numbers of gathered actors, those that are not shown too, and who has none."""
    told = numbers_of(files.actors.frame).loc[list(gone["actor_id"])]
    without = gone[told["siren"].eq("").to_numpy()]
    return {
        **{name: frozenset(told[name]) - {""} for name in ("siren", "siret")},
        "unnumbered": frozenset(zip(fold_series(without["name"]), without["commune_code"], strict=True)),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What the manifest is written from."""

    files: StarterFiles
    joined: Joined
    local: tuple[LocalActors, ...]
    projects: LocalProjects
    lists: LocalLists
    used: Used


def new_build_id(now: datetime) -> str:
    """Return a build identifier: sortable by time, unique even for two builds of the same second."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _manifest(tables: Mapping[str, pd.DataFrame], geography: Geography, made: _Made) -> Manifest:
    now = datetime.now(UTC)
    row = geography.department.iloc[0]
    actors, files = tables["actors"], made.files
    fate, gone = made.joined.fates[files.key], made.projects.superseded
    records = (
        starter_record(files, "actors", kept=fate.kept, merged=fate.merged, withheld=fate.withheld),
        starter_record(files, "projects", kept=len(files.projects.frame) - gone, merged=gone),
        *local_records(made.local, made.joined, made.projects.records),
    )
    of_actors = [record for record in records if record.key in made.joined.fates]
    return Manifest(
        schema_version=SCHEMA_VERSION,
        code_version=__version__,
        build_id=new_build_id(now),
        built_at=now.isoformat(timespec="seconds"),
        department=str(row["department_code"]),
        department_name=str(row["department_name"]),
        population=int(row["population"]),
        counts={name: len(frame) for name, frame in tables.items()},
        completeness={
            "actors": Completeness(
                "partial", t(_SAID[bool(made.local)], n=len(actors), n_text=format_number(len(actors)))
            ),
            "projects": projects_completeness(
                len(tables["projects"]), made.projects.spans, has_lists=bool(made.projects.records)
            ),
        },
        sources=(*records, *made.used.records, *geography.sources),
        rows_in=sum(record.rows_in for record in of_actors),
        merged=sum(record.rows_merged for record in of_actors),
        rejected=sum(sum(record.rows_rejected.values()) for record in of_actors),
        notes=(
            *masking_notes(gpd.GeoDataFrame(actors)),
            *made.used.notes,
            *local_notes(made.lists),
            *made.projects.notes,
            *canton_notes(actors, geography),
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
        False for a snapshot built from anything else too, or with electoral cantons that somebody loaded: only they
        can build it again.

    Raises
    ------
    SourceError
        If the embedded files cannot be read.
    """
    if not is_embedded_only(manifest.as_dict()):
        return False
    built_from = {source.key: source.sha256 for source in manifest.sources}
    folder = starter.starter_folder(manifest.department)
    now = {
        f"{STARTER}_actors": starter.read_actors(folder).sha256,
        f"{STARTER}_projects": starter.read_projects(folder).sha256,
    }
    return any(built_from.get(key) != digest for key, digest in now.items())


def is_embedded_only(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a snapshot holds the embedded rows and nothing that somebody added: it can be built again at will.

    Parameters
    ----------
    manifest : mapping
        As it was written, by this version or by an older one.
    """
    rows = {source.get("key"): source.get("rows_in") for source in manifest.get("sources", ())}
    is_whole = rows.get(f"{STARTER}_actors") == manifest.get("rows_in") is not None
    has_lists = any(str(key).startswith(LIST) for key in rows)
    return is_whole and not has_lists and manifest.get("canton_division", "units") == "units"
