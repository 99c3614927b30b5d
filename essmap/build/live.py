"""Build a snapshot from a national register, alone or with the gathered list of the department.

The order matters: whom we do not show is settled first, an address is looked up only for whom may be shown, and
supported projects are linked once it is known who is who.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from essmap.build.enrichment_use import UNUSED, Used, all_used, enriched_files, with_activity
from essmap.build.geocode import GeocodeReport
from essmap.build.geography import Geography
from essmap.build.geography_notes import format_number
from essmap.build.join import Fate, Joined, Listed, join, numbers_of
from essmap.build.live_completeness import completeness_of
from essmap.build.local_actors import LocalActors, local_actors, local_notes, local_records
from essmap.build.local_projects import LocalProjects, with_local_projects, with_projects
from essmap.build.locals import NO_LISTS, LocalLists
from essmap.build.overrides import Overrides
from essmap.build.privacy import told_at_home
from essmap.build.register import RegisterActors, register_actors
from essmap.build.starter import load_geography, new_build_id
from essmap.build.starter_files import Progress, StarterFiles, has_starter, read_starter, starter_record
from essmap.schema.holders import NO_HOLDER
from essmap.schema.register import RegisterFile, RegisterRead
from essmap.schema.report import BuildReport
from essmap.schema.snapshot import Manifest, Snapshot, SourceRecord
from essmap.schema.tables import SCHEMA_VERSION
from essmap.schema.withheld import NOBODY, Withheld
from essmap.texts import t

#: Given the actors and the geography, return the actors with more positions and what it took.
Geocode = Callable[[gpd.GeoDataFrame, Geography], tuple[gpd.GeoDataFrame, GeocodeReport]]


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What a build does with a register.

    Attributes
    ----------
    source : str
        What was asked for: ``api``, ``stock``, ``api+starter``, ``stock+starter``.
    with_starter : bool
        Whether the gathered actors of the department, where there are any, are put together with those of the
        register.
    starter_folder : Path or None
        Folder of the gathered files. None: the embedded ones.
    geocode : callable or None
        None: no address is looked up.
    overrides : Overrides or None
        Decisions on who is who.
    withheld : Withheld
        Who asked not to be shown.
    enrichment : Enrichment
        What a register was found to say of the gathered actors, which helps to know who is who.
    show_non_employer_addresses : bool
        As `essmap.build.register.register_actors`.
    notes : tuple of str
        French sentences on what the reading of the register lacks.
    lists : LocalLists
        Lists that somebody brought in.
    """

    source: str
    with_starter: bool = False
    starter_folder: Path | None = None
    geocode: Geocode | None = None
    overrides: Overrides | None = None
    withheld: Withheld = NOBODY
    enrichment: Enrichment = NOTHING
    show_non_employer_addresses: bool = False
    notes: tuple[str, ...] = ()
    lists: LocalLists = NO_LISTS


def build_live(
    read: RegisterRead,
    department: str,
    options: LiveOptions,
    *,
    geography: Geography | None = None,
    progress: Progress = lambda _step: None,
) -> Snapshot:
    """Build a snapshot of a department from what a register says of it.

    Nothing is written, and nobody is asked but the geocoder.

    Parameters
    ----------
    read : RegisterRead
    department : str
        INSEE code.
    options : LiveOptions
    geography : Geography or None
        Of the department. None: the committed one.
    progress : callable
        Called with a French sentence at each step.

    Returns
    -------
    Snapshot
        With a report that `essmap.build.report.with_report` completes.

    Raises
    ------
    SourceError
        If the geography or a gathered file is missing or unreadable, or the geocoder fails.
    DataError
        If a gathered row breaks a rule; carries every Problem.
    """
    progress(t("build.geography"))
    geography = geography or load_geography(department)
    files = _starter(department, geography, options, progress)
    progress(t("live.actors", n=len(read.frame), n_text=format_number(len(read.frame))))
    registered = register_actors(read, geography, show_non_employer_addresses=options.show_non_employer_addresses)
    progress(t("live.merge"))
    listed, used = [], UNUSED
    if files is not None and options.with_starter:
        files, used = enriched_files(files, options.enrichment, geography.communes)
        listed = [_listed(files, geography, used, options)]
    local = local_actors(options.lists, geography.communes, options.enrichment, withheld=options.withheld)
    listed += [one.listed for one in local]
    used = all_used(used, *(one.used for one in local))
    joined = join(registered, listed, geography.communes, withheld=options.withheld, overrides=options.overrides)
    actors, geocoding = joined.actors, None
    if options.geocode is not None:
        progress(t("live.geocode"))
        actors, geocoding = options.geocode(actors, geography)
    actors = place_in_cantons(actors, geography)
    named = options.enrichment.named_by(options.withheld)
    unnamed = joined.withheld | (files.holders(options.withheld, named) if files is not None else NO_HOLDER)
    tables = whole_tables(geography, actors, joined.merges, files)
    projects = with_local_projects(
        tables, options.lists, withheld=options.withheld, hidden_holders=unnamed, joined=joined
    )
    tables = with_projects(tables, projects)
    progress(t("build.validate"))
    validate_tables(tables)
    made = _Made(read, registered, joined, geocoding, files, options, used, tuple(local), projects)
    return Snapshot(_manifest(made, tables, geography), tables, _report(made))


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What the manifest and the report are written from."""

    read: RegisterRead
    registered: RegisterActors
    joined: Joined
    geocoding: GeocodeReport | None
    files: StarterFiles | None
    options: LiveOptions
    used: Used
    local: tuple[LocalActors, ...]
    projects: LocalProjects

    @property
    def rejected(self) -> dict[str, int]:
        """Rows of the register left out, by reason."""
        totals = dict(self.read.rejected)
        fate = self.joined.fates.get(self.read.files[0].key, Fate(0, 0, 0))
        for reason, count in (*self.registered.rejected.items(), ("withheld", fate.withheld)):
            if count:
                totals[reason] = totals.get(reason, 0) + count
        return totals


def _starter(department: str, geography: Geography, options: LiveOptions, progress: Progress) -> StarterFiles | None:
    """Return the gathered files: those of the folder given, else the embedded ones; None where there are none."""
    if options.starter_folder is None and not has_starter(department):
        return None
    return read_starter(department, geography.communes, folder=options.starter_folder, progress=progress)


def check_starter(department: str, geography: Geography, options: LiveOptions) -> None:
    """Check that the gathered files of a department can be read, before a long reading of a register begins.

    Parameters
    ----------
    department : str
        INSEE code.
    geography : Geography
    options : LiveOptions

    Raises
    ------
    SourceError
        If a gathered file is missing or unreadable.
    DataError
        If a gathered row breaks a rule; carries every Problem.
    """
    _starter(department, geography, options, lambda _step: None)


def _listed(files: StarterFiles, geography: Geography, used: Used, options: LiveOptions) -> Listed:
    raw = files.actors.frame
    actors = build_actors(raw, geography.communes, supported=set(), source=files.key)
    actors = with_activity(actors, used, geography.communes)
    homes = frozenset(raw.loc[told_at_home(raw["address"], raw["activity"]), "id"]) | used.protected
    objectors = frozenset(options.enrichment.named_by(options.withheld))
    return Listed(files.key, actors, homes, objectors, numbers_of(raw))


def _manifest(made: _Made, tables: Mapping[str, pd.DataFrame], geography: Geography) -> Manifest:
    now = datetime.now(UTC)
    row = geography.department.iloc[0]
    actors = tables["actors"]
    records = (
        *_register_records(made),
        *_starter_records(made),
        *local_records(made.local, made.joined, made.projects.records),
    )
    if made.geocoding is not None and made.geocoding.source is not None:
        records = (*records, SourceRecord(**_described(made.geocoding.source), rows_in=0, rows_kept=0))
    records = (*records, *made.used.records)
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
            "actors": completeness_of(made.read, made.rejected, len(actors)),
            "projects": projects_completeness(
                len(tables["projects"]),
                made.projects.spans,
                is_any=made.files is not None or bool(made.projects.records),
                has_lists=bool(made.projects.records),
            ),
        },
        sources=(*records, *geography.sources),
        rows_in=sum(record.rows_in for record in of_actors),
        merged=sum(record.rows_merged for record in of_actors),
        rejected=sum(sum(record.rows_rejected.values()) for record in of_actors),
        notes=(
            *masking_notes(gpd.GeoDataFrame(actors)),
            *_register_notes(made),
            *made.used.notes,
            *local_notes(made.options.lists),
            *made.projects.notes,
            *canton_notes(actors, geography),
            *(note.text for note in geography.notes),
        ),
        canton_division=geography.canton_division,
    )


def _register_records(made: _Made) -> list[SourceRecord]:
    """Return one record per file of the register; the rows are counted on the first."""
    first, *others = made.read.files
    fate = made.joined.fates.get(first.key, Fate(0, 0, 0))
    counted = SourceRecord(
        **_described(first),
        rows_in=made.read.rows_in,
        rows_kept=fate.kept,
        rows_merged=fate.merged,
        rows_rejected=made.rejected,
    )
    return [counted, *(SourceRecord(**_described(file), rows_in=0, rows_kept=0) for file in others)]


def _described(file: RegisterFile) -> dict[str, Any]:
    return {one.name: getattr(file, one.name) for one in fields(file)}


def _starter_records(made: _Made) -> list[SourceRecord]:
    files = made.files
    if files is None:
        return []
    gone = made.projects.superseded
    records = [starter_record(files, "projects", kept=len(files.projects.frame) - gone, merged=gone)]
    if (fate := made.joined.fates.get(files.key)) is not None:
        told = {"kept": fate.kept, "merged": fate.merged, "withheld": fate.withheld}
        records.insert(0, starter_record(files, "actors", **told))
    return records


def _register_notes(made: _Made) -> list[str]:
    """Say whom the register hides, which of its positions were not used, and what could not be read."""
    hidden = made.registered.identities["hidden"].value_counts()
    notes = [
        t(f"live.hidden.{reason}", n=int(count), n_text=format_number(int(count)))
        for reason, count in hidden.items()
        if reason
    ]
    if made.options.with_starter and made.files is None:
        notes.append(t("live.no_starter"))
    if made.options.show_non_employer_addresses:
        notes.append(t("live.non_employers_shown"))
    notes += [
        t(f"live.unused.{reason}", n=count, n_text=format_number(count))
        for reason, count in made.registered.positions.items()
    ]
    return [*notes, t("live.quality"), *made.options.notes, *made.read.shortfalls]


def _report(made: _Made) -> BuildReport:
    hidden = made.registered.identities["hidden"].value_counts()
    rejected = made.rejected
    for one in made.local:
        for reason, count in one.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    for key, fate in made.joined.fates.items():
        if key != made.read.files[0].key and fate.withheld:
            rejected["withheld"] = rejected.get("withheld", 0) + fate.withheld
    return BuildReport(
        made.options.source,
        rejected=rejected,
        hidden={str(reason): int(count) for reason, count in hidden.items() if reason},
        unused_positions=made.registered.positions,
        figures=made.read.figures,
        activities=made.registered.activities,
        geocoding=made.geocoding.counts if made.geocoding is not None else {},
        contested=made.joined.contested,
        # Where they stand and no more: what they name may be a number that is not shown.
        unused_decisions=tuple(
            t("report.unused_decision", file=one.file, line=one.row, column=one.column) for one in made.joined.unused
        ),
        shortfalls=made.read.shortfalls,
    )
