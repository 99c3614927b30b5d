"""The geography of a department as files: four GeoParquet tables and ``provenance.json``.

The same input gives the same bytes, with the same versions of the libraries named in the provenance.
"""

from __future__ import annotations

import io
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from essmap.build.geography import Geography
from essmap.build.geography_notes import Note
from essmap.errors import SourceError
from essmap.schema.atomic import write_whole
from essmap.schema.tables import CANTONS, COMMUNES, DEPARTMENT, EPCI, Table
from essmap.sources.package_file import PackageFile
from essmap.texts import t
from essmap.texts.system import system_reason

PROVENANCE: Final = "provenance.json"
_TABLES: Final = (COMMUNES, CANTONS, EPCI, DEPARTMENT)

#: Libraries whose version may change a byte of the files.
_LIBRARIES: Final = ("geopandas", "pandas", "pyarrow", "shapely")


def write_geography(geography: Geography, folder: Path) -> list[Path]:
    """Write the geography of a department to a folder, which is made if need be.

    Parameters
    ----------
    geography : Geography
    folder : Path
        Files of a previous build there are overwritten.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    SourceError
        If the folder cannot be written.
    """
    contents: dict[Path, bytes] = {}
    for table in _TABLES:
        buffer = io.BytesIO()
        getattr(geography, table.name).to_parquet(buffer, index=False, compression="zstd")
        contents[folder / f"{table.name}.parquet"] = buffer.getvalue()
    text = json.dumps(_provenance(geography), ensure_ascii=False, indent=2)
    contents[folder / PROVENANCE] = f"{text}\n".encode()
    try:
        for path, content in contents.items():
            write_whole(path, content)
    except OSError as error:
        raise SourceError(t("geography.unwritable", folder=folder.name, reason=system_reason(error))) from error
    return list(contents)


def read_geography(folder: Path) -> Geography:
    """Read a geography written by `write_geography`.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Geography

    Raises
    ------
    SourceError
        If a file is missing, unreadable or lacks a column.
    """
    communes, cantons, epci, department = (_read_table(folder, table) for table in _TABLES)
    communes["postcodes"] = pd.Series([list(codes) for codes in communes["postcodes"]], dtype=object)
    try:
        content = json.loads(_require(folder, PROVENANCE).read_text(encoding="utf-8"))
        notes = tuple(Note.from_dict(note) for note in content["notes"])
        files = tuple(PackageFile.from_dict(file) for file in content["sources"])
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(folder, PROVENANCE, error) from error
    return Geography(communes, cantons, epci, department, notes, files)


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that may change a byte of the files."""
    return {**{name: version(name) for name in _LIBRARIES}, "geos": shapely.geos_version_string}


def _provenance(geography: Geography) -> dict[str, Any]:
    return {
        "department": geography.department_code,
        "recipe": geography.recipe,
        "libraries": library_versions(),
        "sources": [file.as_dict() for file in geography.files],
        "notes": [note.as_dict() for note in geography.notes],
    }


def _require(folder: Path, file: str) -> Path:
    path = folder / file
    if not path.is_file():
        raise SourceError(t("geography.errors.folder_incomplete", folder=folder.name, file=file))
    return path


def _read_table(folder: Path, table: Table) -> gpd.GeoDataFrame:
    file = f"{table.name}.parquet"
    path = _require(folder, file)
    try:
        return gpd.read_parquet(path, columns=table.column_names)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueError or OSError
        raise _unreadable(folder, file, error) from error


def _unreadable(folder: Path, file: str, error: Exception) -> SourceError:
    return SourceError(t("geography.errors.folder_unreadable", folder=folder.name, file=file, reason=error))
