"""Names, postcodes, populations and EPCI from the archive of the package @etalab/decoupage-administratif."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from essmap.errors import SourceError
from essmap.sources.package_file import Package, PackageFile, read_bytes, sha256
from essmap.texts import t

#: The version whose files were examined; another one is read as long as it has the same fields.
EXPECTED_VERSION: Final = "6.0.0"
PACKAGE: Final = "@etalab/decoupage-administratif"

#: Year of the data per version of the package (table « Millésimes » of its own README).
YEAR_OF_VERSION: Final = {"6.0.0": "2026"}

COMMUNES: Final = "package/data/communes.json"
EPCI: Final = "package/data/epci.json"
DEPARTMENTS: Final = "package/data/departements.json"
_MANIFEST: Final = "package/package.json"

#: Fields that are read, per file.
FIELDS: Final = {
    COMMUNES: ("code", "nom", "type", "departement", "codesPostaux", "population"),
    EPCI: ("code", "nom", "type", "membres"),
    DEPARTMENTS: ("code", "nom"),
}
_SOURCES: Final = {
    COMMUNES: "decoupage_communes",
    EPCI: "decoupage_epci",
    DEPARTMENTS: "decoupage_departements",
}
_PRESENT_COMMUNE: Final = "commune-actuelle"


@dataclass(frozen=True, slots=True)
class Decoupage:
    """The tables of all France, with what was read.

    Attributes
    ----------
    communes : DataFrame
        Present communes: ``code``, ``nom`` (with article), ``departement``, ``codesPostaux`` (list or
        missing), ``population`` (inhabitants or missing).
    epci : DataFrame
        ``code``, ``nom``, ``type`` (CC, CA, CU, METRO, MET69), ``membres`` (list of commune codes).
    departments : DataFrame
        ``code``, ``nom``.
    files : tuple of PackageFile
        One per table, in that order; ``rows_kept`` is still zero.
    """

    communes: pd.DataFrame
    epci: pd.DataFrame
    departments: pd.DataFrame
    files: tuple[PackageFile, ...]


def read_decoupage(path: Path) -> Decoupage:
    """Read communes, EPCI and departments from the archive of @etalab/decoupage-administratif.

    Parameters
    ----------
    path : Path
        The ``.tgz`` file.

    Returns
    -------
    Decoupage

    Raises
    ------
    SourceError
        If the archive is missing or unreadable, or lacks one of the files or one of their fields.
    """
    content = read_bytes(path)
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            manifest = _parse(_member(archive, path.name, _MANIFEST), path.name, _MANIFEST)
            version = str(manifest.get("version", "?")) if isinstance(manifest, dict) else "?"
            package = Package(PACKAGE, version, path.name, sha256(content), EXPECTED_VERSION)
            read = [_read_table(archive, package, file) for file in FIELDS]
    except (tarfile.TarError, EOFError, OSError) as error:
        expected = t("geography.errors.tarball_expected", version=EXPECTED_VERSION)
        raise SourceError(
            t("geography.errors.package_unreadable", file=path.name, reason=error, expected=expected)
        ) from error
    (communes, epci, departments), files = zip(*read, strict=True)
    communes = communes[communes["type"] == _PRESENT_COMMUNE].drop(columns="type").reset_index(drop=True)
    epci = epci.assign(membres=[[member["code"] for member in members] for members in epci["membres"]])
    return Decoupage(communes, epci, departments, files)


def _member(archive: tarfile.TarFile, package: str, file: str) -> bytes:
    try:
        stream = archive.extractfile(file)
    except KeyError:
        stream = None
    if stream is None:
        raise SourceError(t("geography.errors.member_missing", package=package, file=file, version=EXPECTED_VERSION))
    return stream.read()


def _parse(content: bytes, package: str, file: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise SourceError(t("geography.errors.member_unreadable", package=package, file=file, reason=error)) from error


def _read_table(archive: tarfile.TarFile, package: Package, file: str) -> tuple[pd.DataFrame, PackageFile]:
    """Read one JSON list of records; a field that no record has is a missing column."""
    content = _member(archive, package.file, file)
    records = _parse(content, package.file, file)
    table = pd.DataFrame(records)
    package.require_columns(file, [str(column) for column in table.columns], FIELDS[file])
    vintage = _vintage(file, package.version)
    described = package.describe(_SOURCES[file], file, content, len(table), vintage=vintage)
    return table[list(FIELDS[file])], described


def _vintage(file: str, version: str) -> str:
    year = YEAR_OF_VERSION.get(version)
    if year is None:
        return t("geography.vintages.unknown")
    return t(f"geography.vintages.{_SOURCES[file]}", year=year)
