"""The three starter files of a department as a build uses them: read, checked, and told in the manifest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import geopandas as gpd

from essmap.build.check import check_actors, check_figures, check_projects
from essmap.errors import DataError, SourceError
from essmap.schema.holders import Holders
from essmap.schema.snapshot import SourceRecord
from essmap.schema.withheld import Withheld
from essmap.sources import starter
from essmap.sources.delimited import RawTable
from essmap.texts import t

Progress = Callable[[str], None]

#: First word of the keys of sources: the rows embedded in essmap, or a folder that somebody gave.
STARTER: Final = "starter"
GIVEN: Final = "given"

#: The day the starter data was gathered and reviewed (data/README.md).
STARTER_VINTAGE: Final = "2026-11-23"


@dataclass(frozen=True, slots=True)
class StarterFiles:
    """The three starter files of a department, without fault.

    ``is_embedded``: they are those that essmap carries, not somebody else's.
    """

    actors: RawTable
    projects: RawTable
    figures: RawTable
    is_embedded: bool

    @property
    def key(self) -> str:
        """Key of the actors among the sources."""
        return self.key_of("actors")

    def key_of(self, table: str) -> str:
        """Return the key of a table, ``actors`` or ``projects``, among the sources."""
        return f"{STARTER if self.is_embedded else GIVEN}_{table}"

    def holders(self, withheld: Withheld, also: Collection[str] = ()) -> Holders:
        """Return the actors that asked not to be shown, those of some identifiers too."""
        rows = self.actors.frame.rename(columns={"id": "actor_id"})
        found = rows[withheld.matches(rows) | rows["actor_id"].isin(list(also))]
        return Holders.of(found["actor_id"], found["name"], found["commune_code"])


def has_starter(department: str) -> bool:
    """Tell whether essmap carries starter files of a department.

    Parameters
    ----------
    department : str
        INSEE code.
    """
    try:
        starter.starter_folder(department)
    except SourceError:
        return False
    return True


def read_starter(
    department: str, communes: gpd.GeoDataFrame, *, folder: Path | None = None, progress: Progress = lambda _step: None
) -> StarterFiles:
    """Read and check the starter files of a department: one fault refuses them all.

    Parameters
    ----------
    department : str
        INSEE code.
    communes : GeoDataFrame, EPSG:4326
        Of the department.
    folder : Path or None
        Folder with the three files. None: the embedded ones.
    progress : callable
        Called with a French sentence at each step.

    Returns
    -------
    StarterFiles

    Raises
    ------
    SourceError
        If a file is missing or unreadable.
    DataError
        If any row breaks a rule; carries every Problem.
    """
    is_embedded = folder is None
    folder = folder or starter.starter_folder(department)
    progress(t("build.read"))
    actors, projects = starter.read_actors(folder), starter.read_projects(folder)
    figures = starter.read_figures(folder)
    progress(t("build.check", n=len(actors.frame) + len(projects.frame) + len(figures.frame)))
    last_year = datetime.now(UTC).year
    problems = check_actors(actors, communes, last_year=last_year)
    problems += check_projects(projects, communes, actor_ids=set(actors.frame["id"]), last_year=last_year)
    problems += check_figures(figures, last_year=last_year)
    if problems:
        raise DataError(t("errors.rows_invalid", n=len(problems)), problems)
    return StarterFiles(actors, projects, figures, is_embedded)


def starter_record(files: StarterFiles, table: str, *, kept: int, merged: int = 0, withheld: int = 0) -> SourceRecord:
    """Return the record of a starter table; what essmap says of its own rows is not said of somebody else's.

    Parameters
    ----------
    files : StarterFiles
    table : str
        ``actors`` or ``projects``.
    kept, merged, withheld : int
        What became of its rows.
    """
    raw: RawTable = getattr(files, table)
    is_embedded = files.is_embedded
    whose = STARTER if is_embedded else GIVEN
    vintage = STARTER_VINTAGE if is_embedded else t("build.given_vintage")
    return SourceRecord(
        key=files.key_of(table),
        title=t(f"build.starter_{table}") if is_embedded else t("build.given_title", file=raw.file),
        publisher=t(f"build.{whose}_publisher"),
        url="",
        licence=t(f"build.{whose}_licence"),
        vintage=vintage,
        fetched_at=STARTER_VINTAGE if is_embedded else None,
        sha256=raw.sha256,
        rows_in=len(raw.frame),
        rows_kept=kept,
        rows_merged=merged,
        rows_rejected={"withheld": withheld} if withheld else {},
    )
