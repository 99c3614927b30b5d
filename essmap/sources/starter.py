"""The starter data: hand-gathered actors and supported projects of a department, each row with its page.

Four files per department under ``data/departments/<code>/``. Nothing is judged here: see `essmap.build.check`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from essmap.errors import SourceError
from essmap.reference import data_dir
from essmap.sources.delimited import RawTable, read_delimited
from essmap.texts import t

ACTORS_FILE: Final = "starter_actors.csv"
PROJECTS_FILE: Final = "starter_projects.csv"
FIGURES_FILE: Final = "ess_reference.csv"

ACTOR_COLUMNS: Final = [
    "id", "name", "legal_form", "domains", "activity", "address", "postcode", "commune_code", "commune",
    "lon", "lat", "geo_precision", "is_sensitive", "siren", "siret", "website",
    "source_kind", "source_url", "source_note", "source_year",
]  # fmt: skip
PROJECT_COLUMNS: Final = [
    "project_id", "title", "holder_name", "actor_id", "programme", "programme_raw", "support_kind",
    "year", "amount_eur", "domains", "commune_code", "commune", "source_url", "note",
]  # fmt: skip
FIGURE_COLUMNS: Final = ["indicator", "value", "unit", "year", "territory", "source_url", "note", "display"]


def starter_folder(department: str) -> Path:
    """Return the folder that holds the starter files of a department.

    Raises
    ------
    SourceError
        If essmap carries no starter data for it.
    """
    folder = data_dir() / "departments" / department
    if not (folder / ACTORS_FILE).is_file():
        raise SourceError(t("errors.no_starter", department=department))
    return folder


def read_actors(folder: Path) -> RawTable:
    """Return the starter actors as found.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    return read_delimited(folder / ACTORS_FILE, ACTOR_COLUMNS)


def read_projects(folder: Path) -> RawTable:
    """Return the supported projects as found.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    return read_delimited(folder / PROJECTS_FILE, PROJECT_COLUMNS)


def read_figures(folder: Path) -> RawTable:
    """Return the published orders of magnitude as found.

    Raises
    ------
    SourceError
        If the file cannot be read.
    """
    return read_delimited(folder / FIGURES_FILE, FIGURE_COLUMNS)
