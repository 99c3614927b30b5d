"""What a snapshot is: its tables and its manifest. How it is stored is the business of `essmap.store`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Final, Literal

import geopandas as gpd
import pandas as pd
from pydantic import TypeAdapter

from essmap.schema.report import BuildReport

Status = Literal["partial", "exhaustive"]
#: What the table ``cantons`` holds: units of whole communes, or the electoral cantons with their true outlines.
Division = Literal["units", "electoral"]


#: First word of the keys of lists that somebody brought in.
LIST: Final = "list_"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One source of a build: who publishes it, under which licence, and what became of its rows.

    ``rows_in = rows_kept + rows_merged + sum(rows_rejected.values())``.
    """

    key: str
    title: str
    publisher: str
    url: str
    licence: str
    vintage: str
    fetched_at: str | None
    sha256: str
    rows_in: int
    rows_kept: int
    rows_merged: int = 0
    rows_rejected: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A programme of the Department and the years, both included, of which every support is known."""

    programme: str
    first_year: int
    last_year: int


@dataclass(frozen=True, slots=True)
class Completeness:
    """Whether a table may be read as everything there is, with the French sentence that says so.

    ``spans``: of supported projects, what is complete within a table that is not.
    """

    status: Status
    sentence: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds, where it comes from and what may be concluded from it."""

    schema_version: int
    code_version: str
    build_id: str
    built_at: str
    department: str
    department_name: str
    population: int
    counts: Mapping[str, int]
    completeness: Mapping[str, Completeness]
    sources: tuple[SourceRecord, ...]
    rows_in: int
    merged: int
    rejected: int
    notes: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    is_made_up: bool = False
    canton_division: Division = "units"

    @property
    def source_titles(self) -> dict[str, str]:
        """What people call each source, by its key."""
        return {source.key: source.title for source in self.sources}

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as a JSON-ready dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Manifest:
        """Rebuild a manifest from `as_dict`; a field this version does not know is left out.

        Raises
        ------
        ValueError
            If a field is missing or is not of its type.
        """
        return _reader().validate_python(dict(content))


@cache
def _reader() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All tables of one build, with its manifest. Frames are shared: read them, never write to them.

    ``report`` is None for a build that nobody compared with the one before.
    """

    manifest: Manifest
    tables: Mapping[str, pd.DataFrame]
    report: BuildReport | None = None

    def table(self, name: str) -> pd.DataFrame:
        """Return a table without geometry.

        Raises
        ------
        KeyError
            If there is no such table.
        """
        return self.tables[name]

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """Return a table with geometry (EPSG:4326).

        Raises
        ------
        KeyError
            If there is no such table.
        TypeError
            If the table has no geometry.
        """
        frame = self.tables[name]
        if not isinstance(frame, gpd.GeoDataFrame):
            raise TypeError(f"{name} has no geometry")
        return frame
