"""The Sirene stock, read with DuckDB: which establishments of the ESS a department has, and what may be known of them.

Four national files: establishments and legal units (INSEE), and where given the unit file of the DINUM, which says
who is of the ESS by a list, and the geolocation file of INSEE. Each is read once, its few columns filtered into
tables that spill to disk: units of the ESS, then their establishments, then the points of these. What a department
does not show leaves DuckDB as a count: no value of a natural person or of a closed unit goes further, nor what
partial diffusion hides.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from essmap import reference
from essmap.errors import SettingsError, SourceError
from essmap.schema.register import RegisterFile, RegisterRead
from essmap.settings import default_cache_folder
from essmap.sources.bulk_file import form_of
from essmap.sources.download import Downloads, display_name, download
from essmap.sources.stock_columns import LAYOUTS, Kind
from essmap.sources.stock_engine import Engine, StockFile, open_engine
from essmap.sources.stock_rows import register_rows
from essmap.sources.stock_tables import Opened, Tables
from essmap.texts import t

#: Key of each file in the manifest, in the order of `RegisterRead.files`.
FILE_KEYS: Final[dict[Kind, str]] = {
    "establishments": "sirene_establishments",
    "units": "sirene_units",
    "dinum": "dinum_units",
    "geolocation": "sirene_geolocation",
}

#: The largest share of the head offices of active ESS units that may be missing from a file of establishments that is
#: said to be whole; a choice of ours: two files of one publication differ by next to none.
LARGEST_MISSING: Final = 0.001


@dataclass(frozen=True, slots=True)
class StockFiles:
    """Where the files are: paths, or addresses that begin with ``http://`` or ``https://``.

    Attributes
    ----------
    establishments, units : str or Path
        StockEtablissement and StockUniteLegale: CSV, CSV in zip or gzip, or Parquet.
    dinum : str or Path, optional
        Legal units of the Annuaire des Entreprises: who is of the ESS by list, who is an SIAE. A unit is of the ESS
        where the list or the flag of Sirene says so; without this file the flag alone decides.
    geolocation : str or Path, optional
        Points of the establishments. Without it the Sirene coordinates are converted.
    """

    establishments: str | Path
    units: str | Path
    dinum: str | Path | None = None
    geolocation: str | Path | None = None

    def given(self) -> dict[Kind, str | Path]:
        """Return the files that are given, by kind."""
        every: dict[Kind, str | Path | None] = {
            "units": self.units,
            "dinum": self.dinum,
            "establishments": self.establishments,
            "geolocation": self.geolocation,
        }
        return {kind: place for kind, place in every.items() if place is not None}


@contextmanager
def open_stock(
    files: StockFiles,
    *,
    memory_limit: str = "2GiB",
    temp_dir: Path,
    threads: int | None = None,
    downloads: Downloads | None = None,
) -> Iterator[Stock]:
    """Open the stock: files fetched where they are addresses, each found to be what it is given for.

    Parameters
    ----------
    files : StockFiles
    memory_limit : str
        What DuckDB may use: ``512MB``, ``2GiB``... The rows of one department come on top.
    temp_dir : Path
        Room for what is unpacked and filtered (the size of the unpacked establishments file for a packed one, plus
        about 1 GB for the whole country); emptied at the end.
    threads : int or None
        None: one per core.
    downloads : Downloads, optional
        How addresses are fetched and where they are kept; by default in the cache folder of essmap.

    Yields
    ------
    Stock

    Raises
    ------
    SettingsError
        If the memory or the threads make no sense.
    SourceError
        If a file is missing, cannot be fetched or read, or is not the one it is given for.
    """
    fetching = downloads or Downloads(Path(default_cache_folder()))
    with open_engine(memory_limit=memory_limit, temp_dir=temp_dir, threads=threads) as engine:
        opened = {kind: _open(engine, kind, place, fetching) for kind, place in files.given().items()}
        yield Stock(Tables(engine, opened), opened)


def _open(engine: Engine, kind: Kind, place: str | Path, downloads: Downloads) -> Opened:
    layout = LAYOUTS[kind]

    def inspected(path: Path, name: str) -> StockFile:
        return engine.inspect(layout, path, name, form_of(path, name))

    if str(place).lower().startswith(("http://", "https://")):
        name = display_name(str(place))

        def check(path: Path) -> None:
            inspected(path, name)

        fetched = download(str(place), downloads, check)
        return Opened(inspected(fetched.path, name), fetched, fetched.sha256)
    path = Path(place)
    file = inspected(path, path.name)
    with path.open("rb") as stream:
        return Opened(file, None, hashlib.file_digest(stream, "sha256").hexdigest())


class Stock:
    """The opened stock. Made by `open_stock`, of use inside its context."""

    def __init__(self, tables: Tables, opened: Mapping[Kind, Opened]) -> None:
        self._tables = tables
        self._opened = opened

    @property
    def notes(self) -> tuple[str, ...]:
        """French sentences on what the reading lacks, for the report."""
        absent = [kind for kind in ("dinum", "geolocation") if kind not in self._opened]
        found = [t(f"stock.notes.without_{kind}") for kind in absent]
        if "nicSiegeUniteLegale" not in self._opened["units"].file.types:
            found.append(t("stock.notes.without_head_offices"))
        return tuple(found)

    def departments(self) -> list[str]:
        """Return the departments that have an establishment of the ESS in the stock, sorted.

        Returns
        -------
        list of str
            INSEE codes of `essmap.reference.departments`; establishments elsewhere (Saint-Pierre-et-Miquelon,
            Saint-Martin, abroad...) have none.

        Raises
        ------
        SourceError
            If a file turns out damaged, or memory or disk are too small.
        """
        self._tables.gather(reference.departments().index)
        return self._tables.departments()

    def gather(self, departments: Sequence[str]) -> None:
        """Read the files once for several departments, before `read` gives one after the other.

        Parameters
        ----------
        departments : sequence of str
            INSEE codes.

        Raises
        ------
        SettingsError, SourceError
            As `read`.
        """
        known = reference.departments().index
        for code in departments:
            if code not in known:
                raise SettingsError(t("reference.unknown_department", code=code))
        self._tables.gather(departments)

    def read(self, department: str) -> RegisterRead:
        """Return the active establishments of active ESS units of a department.

        Parameters
        ----------
        department : str
            INSEE code: ``31``, ``2A``, ``974``.

        Returns
        -------
        RegisterRead
            Counted on the establishments file; ``rejected`` has ``closed``, ``natural_person``, ``malformed`` (SIRET
            or legal category) and ``repeated``. Units outside the ESS are counted nowhere. Not complete where more
            than `LARGEST_MISSING` of the head offices are missing from that file.

        Raises
        ------
        SettingsError
            If there is no such department.
        SourceError
            If a file turns out damaged, memory or disk are too small, or no establishment is found.
        """
        return next(read for _, read in self.read_each([department]))

    def read_each(self, departments: Sequence[str] | Literal["all"]) -> Iterator[tuple[str, RegisterRead]]:
        """Yield the departments one after the other; the files are read once for all of them.

        Parameters
        ----------
        departments : sequence of str, or ``all``
            ``all``: those of `departments`.

        Yields
        ------
        department : str
        read : RegisterRead
            As `read`.

        Raises
        ------
        SettingsError, SourceError
            As `read`.
        """
        wanted = self.departments() if departments == "all" else list(departments)
        self.gather(wanted)
        for code in wanted:
            yield code, self._read(code)

    def _read(self, department: str) -> RegisterRead:
        counts = self._tables.counts(department)
        if not counts:
            name = self._opened["establishments"].file.name
            raise SourceError(t("stock.errors.no_rows", file=name, department=department))
        rows = register_rows(self._tables.rows(department), department)
        rejected = Counter({reason: number for reason, number in counts.items() if reason})
        rejected.update(rows.rejected)
        is_partial = rows.frame["diffusion"] == "P"
        named, missing = self._tables.head_offices()
        is_whole = missing <= LARGEST_MISSING * named
        return RegisterRead(
            frame=rows.frame,
            rows_in=sum(counts.values()),
            rejected=dict(sorted(rejected.items())),
            files=self._files(str(max(rows.frame["updated"], default=""))),
            is_complete=is_whole,
            shortfalls=() if is_whole else (self._cut(named, missing),),
            figures={
                **self._tables.agreement(department),
                **rows.figures,
                "partial_diffusion": int(is_partial.sum()),
                "head_offices_missing": missing,
            },
        )

    def _cut(self, named: int, missing: int) -> str:
        name = self._opened["establishments"].file.name
        return t("stock.cut", n=missing, named=named, file=name)

    def _files(self, latest: str) -> tuple[RegisterFile, ...]:
        """Return what was read; ``latest`` is the last treatment of an establishment of the department."""
        treated: dict[Kind, str] = {"establishments": latest, "units": self._tables.latest_unit}
        files = []
        for kind, key in FILE_KEYS.items():
            if kind not in self._opened:
                continue
            opened = self._opened[kind]
            fetched = opened.fetched
            said = _online(fetched.last_modified) if fetched and fetched.last_modified else treated.get(kind)
            files.append(
                RegisterFile(
                    key=key,
                    title=t(f"stock.sources.{key}.title"),
                    publisher=t(f"stock.sources.{key}.publisher"),
                    url=fetched.url if fetched else t(f"stock.sources.{key}.url"),
                    licence=t(f"stock.sources.{key}.licence"),
                    vintage=said or t("stock.vintage_unknown"),
                    fetched_at=fetched.fetched_at[:10] if fetched else None,
                    sha256=opened.sha256,
                )
            )
        return tuple(files)


def _online(day: str) -> str:
    """Return what the date of a file on its server tells: when it was put there, not of when its data are."""
    return t("stock.vintage_online", date="/".join(reversed(day.split("-"))))
