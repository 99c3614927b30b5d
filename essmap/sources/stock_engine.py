# ruff: noqa: S608  paths and headers, the only texts from outside, go through `stock_columns.literal` and `text_of`.
"""DuckDB as the stock files need it: a bounded memory, a folder to spill to, files as text, errors in French.

Nothing is installed or loaded while it runs: no extension, no network. Its tables are in memory up to the limit and
spill beyond it into a folder of its own, which goes away with it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from essmap.errors import SettingsError, SourceError
from essmap.sources.bulk_file import DamagedFileError, Form, header_of, unpacked
from essmap.sources.stock_columns import Layout, identifier, literal, require_columns, text_of
from essmap.texts import t
from essmap.texts.system import system_reason

_MEMORY: Final = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B)", re.IGNORECASE)
#: Signs that DuckDB would read as a pattern in the name of a file.
_GLOB: Final = re.compile(r"[*?\[]")
_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
#: Errors that come from files, memory or disk; any other one is a fault of ours and is left as it is.
_OUTSIDE: Final = (
    duckdb.OutOfMemoryException,
    duckdb.IOException,
    duckdb.InvalidInputException,
    duckdb.ConversionException,
    duckdb.SerializationException,
)
_DISK: Final = ("max_temp_directory_size", "No space left", "Could not write", "File too large", "offload")


@dataclass(frozen=True, slots=True)
class StockFile:
    """One file on this machine: its layout, what people call it, what it is and the types of its columns.

    Attributes
    ----------
    layout : Layout
    path : Path
    name : str
    form : str
    types : dict
        DuckDB's type by column, in the order of the file.
    """

    layout: Layout
    path: Path
    name: str
    form: Form
    types: dict[str, str]


@dataclass(frozen=True, slots=True)
class Scan:
    """A file while it is read.

    Attributes
    ----------
    name : str
        What people call it.
    table : str
        SQL: its columns by key, as they are in the file.
    text : dict
        SQL by key: the column as text. Millions of rows are left out before most of their columns are looked at, so
        whoever asks says where it is worth it.
    """

    name: str
    table: str
    text: dict[str, str]

    def with_text(self, *keys: str) -> str:
        """Return the table as SQL with some of its columns as text."""
        replaced = ", ".join(f"{self.text[key]} AS {key}" for key in keys)
        return f"(SELECT * REPLACE ({replaced}) FROM {self.table})"

    def only(self, condition: str, keys: Sequence[str]) -> str:
        """Return columns as SQL: as text where the condition holds, else empty."""
        return ", ".join(f"CASE WHEN {condition} THEN {self.text[key]} ELSE '' END AS {key}" for key in keys)


class Engine:
    """One DuckDB database, and the folder it spills to when its memory is full."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, memory_limit: str) -> None:
        self._connection = connection
        self._folder = folder
        self._memory_limit = memory_limit

    def inspect(self, layout: Layout, path: Path, name: str, form: Form) -> StockFile:
        """Return a file with the types of its columns, once they are found to be those it is read for.

        Parameters
        ----------
        layout : Layout
        path : Path
        name : str
            What people call it.
        form : str

        Returns
        -------
        StockFile

        Raises
        ------
        SourceError
            If it cannot be read, is another file, or lacks columns.
        """
        if form == "parquet":
            rows = self.query(f"DESCRIBE SELECT * FROM {_parquet(path)}", name)
            found = {str(column): str(sql_type) for column, sql_type, *_ in rows}
            require_columns(layout, list(found), name)
        else:
            header = header_of(path, form, name, layout.separator)
            require_columns(layout, header, name)
            found = dict.fromkeys(header, "VARCHAR")
            if len(found) != len(header):
                raise SourceError(t("stock.errors.columns_twice", file=name, columns="-"))
        return StockFile(layout, path, name, form, found)

    @contextmanager
    def scanned(self, file: StockFile) -> Iterator[Scan]:
        """Give a file as SQL, unpacked where it must be.

        Parameters
        ----------
        file : StockFile

        Yields
        ------
        Scan
            Of use while the context lasts.

        Raises
        ------
        SourceError
            If it is damaged, or the disk does not take what is unpacked.
        """
        cells = ", ".join(
            f"{identifier(column.name) if column.name in file.types else 'NULL'} AS {identifier(column.key)}"
            for column in file.layout.columns
        )
        text = {column.key: text_of(column, file.types.get(column.name)) for column in file.layout.columns}
        with unpacked(file.path, file.form, file.name, self._folder) as path:
            table = _parquet(path) if file.form == "parquet" else _csv(path, file)
            yield Scan(file.name, f"(SELECT {cells} FROM {table})", text)

    def query(self, sql: str, name: str = "") -> list[tuple[object, ...]]:
        """Run a statement and return the rows of its answer.

        Parameters
        ----------
        sql : str
        name : str
            What people call the file that is read, for errors.

        Returns
        -------
        list of tuple

        Raises
        ------
        SourceError
            If memory, disk or file do not let it be done.
        """
        with self._told(name):
            return list(self._connection.execute(sql).fetchall())

    def frame(self, sql: str) -> pd.DataFrame:
        """Return an answer as a frame of text; parameters and errors as `query`."""
        with self._told(""):
            return self._connection.execute(sql).df().astype("str")

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except _OUTSIDE as error:
            raise self._said(error, name or t("stock.tables")) from error

    def _said(self, error: duckdb.Error, name: str) -> SourceError:
        """Return an error of DuckDB in French; its own words may hold values of the file."""
        words = str(error)
        if any(sign in words for sign in _DISK):
            return SourceError(t("stock.errors.disk", file=name, folder=self._folder.parent.name))
        if isinstance(error, duckdb.OutOfMemoryException):
            return SourceError(t("stock.errors.memory", file=name, limit=self._memory_limit))
        line = _LINE.search(words)
        if line is None:
            return DamagedFileError(t("stock.errors.damaged", file=name))
        key = "not_utf8" if "unicode" in words else "broken_line"
        return DamagedFileError(t(f"stock.errors.{key}", file=name, line=line[1]))


def _path(path: Path) -> str:
    """Return a path as SQL, none of its signs read as a pattern."""
    return literal(_GLOB.sub(lambda sign: f"[{sign[0]}]", str(path.absolute())))


def _parquet(path: Path) -> str:
    return f"read_parquet({_path(path)}, hive_partitioning=false)"


def _csv(path: Path, file: StockFile) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in file.types)
    return (
        f"read_csv({_path(path)}, auto_detect=false, header=true, columns={{{columns}}}, "
        f"delim={literal(file.layout.separator)}, quote='\"', escape='\"', compression='none', strict_mode=true, "
        "hive_partitioning=false)"
    )


@contextmanager
def open_engine(*, memory_limit: str, temp_dir: Path, threads: int | None) -> Iterator[Engine]:
    """Open a database in a folder of its own, removed afterwards.

    Parameters
    ----------
    memory_limit : str
        What DuckDB may use: ``512MB``, ``2GiB``... Beyond it, it spills to the folder.
    temp_dir : Path
        Where that folder is made.
    threads : int or None
        None: one per core.

    Yields
    ------
    Engine

    Raises
    ------
    SettingsError
        If the limit is no amount of memory or the threads are fewer than one.
    SourceError
        If the folder cannot be made, or the limit does not even let the database open.
    """
    if not _MEMORY.fullmatch(memory_limit.strip()):
        raise SettingsError(t("stock.errors.memory_unknown", value=memory_limit))
    if threads is not None and threads < 1:
        raise SettingsError(t("stock.errors.threads_unknown", value=threads))
    try:
        temp_dir.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="essmap-stock-", dir=temp_dir))
    except OSError as error:
        raise SourceError(t("stock.errors.no_folder", folder=temp_dir.name, reason=system_reason(error))) from error
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit.strip(),
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    if threads is not None:
        config["threads"] = str(threads)
    try:
        try:
            connection = duckdb.connect(":memory:", config=config)
        except duckdb.Error as error:
            raise SourceError(t("stock.errors.memory", file=t("stock.tables"), limit=memory_limit)) from error
        with connection:
            yield Engine(connection, folder, memory_limit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
