"""Read any table file that people keep lists in, as text: CSV, XLSX, ODS, GeoJSON, GeoPackage, Parquet.

What a file is, its first bytes say, not its name. Nothing is judged here; what cannot be read ends in a sentence, a
hostile file too: sizes are bounded before anything is unpacked, and workbooks are read by a process of their own
(`essmap.sources.spreadsheet_worker`).
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from essmap.errors import SourceError
from essmap.sources import spreadsheet_worker
from essmap.sources.spreadsheet_geojson import read_geojson
from essmap.sources.spreadsheet_text import decode, read_text_table
from essmap.texts import t
from essmap.texts.system import system_reason

MIB: Final = 1024 * 1024
_ENTRIES: Final = 2_000
_CHUNK: Final = 1 * MIB

#: First bytes of files that people take for a table, by what they are.
_WRONG: Final = (
    (b"\xd0\xcf\x11\xe0", "old_or_locked"),
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"\x1f\x8b", "archive"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
)
#: What people call the encodings of old computers.
_ENCODINGS: Final = {"cp1252": "Windows-1252", "cp850": "DOS 850", "mac_roman": "Macintosh"}
_PARQUET: Final = b"PAR1"
_SQLITE: Final = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be: bytes, rows and columns of a sheet, bytes once unpacked; what reading it may take."""

    max_bytes: int = 100 * MIB
    max_rows: int = 200_000
    max_columns: int = 300
    max_unpacked: int = 1024 * MIB
    max_memory: int = 3 * 1024 * MIB
    max_seconds: int = 120


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet: ``rows[i]`` is line ``i + 1``. ``sheet`` is empty where the file has no sheets."""

    sheet: str
    rows: list[list[str]]
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """A file as found.

    Attributes
    ----------
    file : str
        Name, without folder.
    form : str
        ``csv``, ``xlsx``, ``ods``, ``geojson``, ``gpkg`` or ``parquet``.
    grids : tuple of Grid
        Its sheets or layers that hold anything; hidden sheets are left out.
    sha256 : str
    notes : tuple of str
        French sentences on how it was read.
    hidden : tuple of Grid
        Its hidden sheets that hold anything.
    """

    file: str
    form: str
    grids: tuple[Grid, ...]
    sha256: str
    notes: tuple[str, ...] = ()
    hidden: tuple[Grid, ...] = ()


def read_file(path: Path, limits: Limits | None = None) -> Book:
    """Read a file.

    Parameters
    ----------
    path : Path
    limits : Limits or None
        None: those of `Limits`.

    Returns
    -------
    Book

    Raises
    ------
    SourceError
        If it cannot be read, is too large or is of no kind that is read.
    """
    limits = limits or Limits()
    try:
        if not path.is_file():
            folder = path.absolute().parent.name
            raise SourceError(t("errors.file_missing", path=path.name, folder=folder))
        if (size := path.stat().st_size) > limits.max_bytes:
            raise _too_large(path.name, size, limits.max_bytes)
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(t("errors.file_unreadable", path=path.name, reason=system_reason(error))) from error
    return read_bytes(content, path.name, limits)


def read_bytes(content: bytes, file: str, limits: Limits | None = None) -> Book:
    """Read the content of a file.

    Parameters
    ----------
    content : bytes
    file : str
        Its name, without folder: for messages only.
    limits : Limits or None
        None: those of `Limits`.

    Returns
    -------
    Book

    Raises
    ------
    SourceError
        If it is too large, empty, broken or of no kind that is read.
    """
    limits = limits or Limits()
    if len(content) > limits.max_bytes:
        raise _too_large(file, len(content), limits.max_bytes)
    if not content.strip():
        raise SourceError(t("errors.file_empty", path=file))
    for magic, kind in _WRONG:
        if content.startswith(magic):
            raise SourceError(t(f"spreadsheet.wrong.{kind}", file=file))
    form, grids, notes = _read(content, file, limits)
    filled = tuple(grid for grid in grids if any(cell.strip() for row in grid.rows for cell in row))
    hidden = tuple(grid for grid in filled if grid.is_hidden)
    shown = tuple(grid for grid in filled if not grid.is_hidden)
    if hidden:
        names = ", ".join(grid.sheet for grid in hidden)
        notes = (*notes, t("spreadsheet.hidden", n=len(hidden), n_text=len(hidden), names=names))
    if not shown:
        raise SourceError(" ".join((t("errors.file_empty", path=file), *(notes[-1:] if hidden else ()))))
    return Book(file, form, shown, hashlib.sha256(content).hexdigest(), notes, hidden)


def _read(content: bytes, file: str, limits: Limits) -> tuple[str, list[Grid], tuple[str, ...]]:
    if content.startswith(b"PK"):
        form = _workbook_form(content, file, limits)
        return form, _isolated("workbook", content, file, limits), ()
    if content.startswith(_PARQUET):
        return "parquet", _isolated("parquet", content, file, limits), ()
    if content.startswith(_SQLITE):
        return "gpkg", _isolated("geopackage", content, file, limits), ()
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<svg")):
        raise SourceError(t("spreadsheet.wrong.markup", file=file))
    if start.startswith((b"{", b"[")):
        text, _ = decode(content, file)
        return "geojson", [Grid("", read_geojson(text.lstrip("\ufeff"), file, max_rows=limits.max_rows))], ()
    table = read_text_table(content, file, max_rows=limits.max_rows)
    if max(map(len, table.rows)) > limits.max_columns:
        found = max(map(len, table.rows))
        raise SourceError(t("spreadsheet.columns", file=file, n=found, limit=limits.max_columns))
    separator = t(
        f"spreadsheet.separators.{ {';': 'semicolon', ',': 'comma', '|': 'bar'}.get(table.separator, 'tab') }"
    )
    encoding = _ENCODINGS.get(table.encoding, table.encoding.upper())
    notes = [t("spreadsheet.read_as", encoding=encoding, separator=separator)]
    if table.mended:
        notes.append(t("spreadsheet.mended", n=table.mended, n_text=table.mended))
    return "csv", [Grid("", table.rows)], tuple(notes)


def _too_large(file: str, size: int, limit: int) -> SourceError:
    return SourceError(t("spreadsheet.large", file=file, size=-(-size // MIB), limit=limit // MIB))


def _workbook_form(content: bytes, file: str, limits: Limits) -> str:
    """Return what a zip holds, once it is known that it is whole and not too large unpacked.

    Raises
    ------
    SourceError
        If it is not a workbook, or one that is not read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if len(entries) > _ENTRIES or sum(entry.file_size for entry in entries) > limits.max_unpacked:
                raise SourceError(t("spreadsheet.bomb", file=file, limit=limits.max_unpacked // MIB))
            if any(entry.flag_bits & 1 for entry in entries):
                raise SourceError(t("spreadsheet.wrong.old_or_locked", file=file))
            form = _form_of(names, archive, file)
            for entry in entries:  # what an entry says of its size may be a lie: its checksum then does not fit
                with archive.open(entry) as stream:
                    while stream.read(_CHUNK):
                        pass
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise SourceError(t("spreadsheet.broken", file=file)) from error
    return form


def _form_of(names: set[str], archive: zipfile.ZipFile, file: str) -> str:
    if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
        raise SourceError(t("spreadsheet.wrong.macro", file=file))
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names and archive.read("mimetype").strip() == b"application/vnd.oasis.opendocument.spreadsheet":
        return "ods"
    kind = "document" if names & {"word/document.xml", "ppt/presentation.xml", "content.xml"} else "archive"
    raise SourceError(t(f"spreadsheet.wrong.{kind}", file=file))


def _isolated(what: str, content: bytes, file: str, limits: Limits) -> list[Grid]:
    """Read a workbook, a GeoPackage or a Parquet file in a process of its own.

    Raises
    ------
    SourceError
        If it cannot be read within bounds.
    """
    bounds = [str(limits.max_rows), str(limits.max_columns), str(limits.max_memory)]
    command = [sys.executable, "-I", str(Path(spreadsheet_worker.__file__)), what, *bounds]
    try:
        done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=limits.max_seconds)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise SourceError(t("spreadsheet.slow", file=file, n=limits.max_seconds)) from error
    except OSError as error:
        raise SourceError(t("errors.file_unreadable", path=file, reason=system_reason(error))) from error
    answer = _answer(done)
    if (error_key := answer.get("error")) is not None:
        raise _refusal(str(error_key), answer, file, limits)
    return [Grid(str(sheet["name"]), sheet["rows"], bool(sheet.get("is_hidden", False))) for sheet in answer["sheets"]]


def _answer(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """Return what the process said; one that ended without a word asked for more memory than there is."""
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        return {"error": "memory"}


def _refusal(key: str, answer: dict[str, Any], file: str, limits: Limits) -> SourceError:
    known = {
        "rows": lambda: t("spreadsheet.rows", file=file, n=answer["n"], limit=limits.max_rows),
        "columns": lambda: t("spreadsheet.columns", file=file, n=answer["n"], limit=limits.max_columns),
        "memory": lambda: t("spreadsheet.memory", file=file),
        "not_points": lambda: t("spreadsheet.not_points", file=file),
    }
    return SourceError(known.get(key, lambda: t("spreadsheet.broken", file=file))())
