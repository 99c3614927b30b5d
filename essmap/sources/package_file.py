"""One data file inside a published package: what it is, where it comes from and which bytes were read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from essmap.errors import SourceError
from essmap.schema.snapshot import SourceRecord
from essmap.texts import t


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package, with its producers.

    Attributes
    ----------
    key : str
        Stable key of the source, for manifests.
    title, publisher, url, licence, vintage : str
        French; the publisher is the producer upstream of the package and the address is its page.
    package, package_version : str
        Name and version of the package, read from the package itself.
    package_file : str
        File name of the package (no folder).
    package_sha256 : str
        SHA-256 of the whole package.
    file : str
        Path of the file inside the package.
    sha256 : str
        SHA-256 of that file as stored in the package.
    rows_in, rows_kept : int
        Rows of the file, and how many of them serve the department.
    """

    key: str
    title: str
    publisher: str
    url: str
    licence: str
    vintage: str
    package: str
    package_version: str
    package_file: str
    package_sha256: str
    file: str
    sha256: str
    rows_in: int
    rows_kept: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as a JSON-ready dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PackageFile:
        """Rebuild a file from `as_dict`.

        Raises
        ------
        TypeError
            If a field is missing or unknown.
        """
        return cls(**content)

    def record(self) -> SourceRecord:
        """Return the source as a manifest lists it; rows of other territories count as rejected."""
        elsewhere = self.rows_in - self.rows_kept
        return SourceRecord(
            key=self.key,
            title=self.title,
            publisher=self.publisher,
            url=self.url,
            licence=self.licence,
            vintage=f"{self.vintage} ({self.package} {self.package_version})",
            fetched_at=None,
            sha256=self.sha256,
            rows_in=self.rows_in,
            rows_kept=self.rows_kept,
            rows_rejected={t("geography.rejected.elsewhere"): elsewhere} if elsewhere else {},
        )


@dataclass(frozen=True, slots=True)
class Package:
    """A package on disk: name, version, file name, hash, and the version essmap was written for."""

    name: str
    version: str
    file: str
    sha256: str
    expected_version: str

    def describe(self, source: str, file: str, content: bytes, rows_in: int, *, vintage: str) -> PackageFile:
        """Return the description of one of its files; titles and producers come from the French texts.

        Parameters
        ----------
        source : str
            Key of the source under ``geography.sources``; its licence is the one of the package.
        file : str
            Path of the file inside the package.
        content : bytes
            The file as stored in the package.
        rows_in : int
            Number of rows.
        vintage : str
            French.
        """
        family = source.rpartition("_")[0]
        return PackageFile(
            key=source,
            title=t(f"geography.sources.{source}.title"),
            publisher=t(f"geography.sources.{source}.publisher"),
            url=t(f"geography.sources.{source}.url"),
            licence=t(f"geography.licences.{family}"),
            vintage=vintage,
            package=self.name,
            package_version=self.version,
            package_file=self.file,
            package_sha256=self.sha256,
            file=file,
            sha256=hashlib.sha256(content).hexdigest(),
            rows_in=rows_in,
        )

    def require_columns(self, file: str, found: Iterable[str], needed: Iterable[str]) -> None:
        """Check that a file has the columns it is read for.

        Raises
        ------
        SourceError
            If one is missing; names the missing ones and those found.
        """
        present = list(found)
        missing = [column for column in needed if column not in present]
        if missing:
            raise SourceError(
                t(
                    "geography.errors.columns_missing",
                    file=file,
                    package=self.file,
                    missing=", ".join(missing),
                    found=", ".join(present) or "-",
                    version=self.expected_version,
                )
            )


def read_bytes(path: Path) -> bytes:
    """Read a package whole.

    Raises
    ------
    SourceError
        If there is no such file.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(t("geography.errors.package_missing", file=path.name)) from error


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
