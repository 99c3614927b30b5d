"""A file of millions of rows on this machine: what it really is, its header, and the plain file inside a packed one.

A packed file is unpacked in a stream onto the disk, its checksum verified, before anything is read of it: a file cut
short, or that swells beyond reason, is refused and never read in part. DuckDB itself checks no checksum of a gzip and
reads no zip.
"""

from __future__ import annotations

import csv
import gzip
import io
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, Literal, cast

from essmap.errors import SourceError
from essmap.texts import t
from essmap.texts.system import system_reason

Form = Literal["csv", "gzip", "zip", "parquet"]

_MAGIC: Final[tuple[tuple[bytes, Form], ...]] = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b", "gzip"), (b"PAR1", "parquet"),
)  # fmt: skip
#: A packed file may grow so many times (the stock files: 4 to 6; deflate could reach 1,032), once it is that large.
SWELLS_AT_MOST: Final = 100
_SWELLS_FROM: Final = 64 * 2**20
_HEAD: Final = 64 * 2**10
_CHUNK: Final = 2**20
_SHOWN_MEMBERS: Final = 5


class DamagedFileError(SourceError):
    """The file is cut short or corrupt: another copy of it may be good."""


def form_of(path: Path, name: str) -> Form:
    """Return what a file is, from what it holds.

    Parameters
    ----------
    path : Path
    name : str
        What people call it.

    Returns
    -------
    str
        ``csv`` where it is none of the others: `header_of` finds out whether it is one.

    Raises
    ------
    SourceError
        If it is missing, cannot be read or is empty.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
    except FileNotFoundError as error:
        raise SourceError(t("errors.file_missing", path=name, folder=path.absolute().parent.name)) from error
    except OSError as error:
        raise SourceError(t("errors.file_unreadable", path=name, reason=system_reason(error))) from error
    if not head:
        raise SourceError(t("errors.file_empty", path=name))
    return next((form for magic, form in _MAGIC if head.startswith(magic)), "csv")


def header_of(path: Path, form: Form, name: str, separator: str) -> list[str]:
    """Return the columns of a CSV, packed or not, without unpacking more than its beginning.

    Parameters
    ----------
    path : Path
    form : str
        As `form_of` says, but not ``parquet``.
    name : str
        What people call it.
    separator : str
        What parts cells in a good file.

    Returns
    -------
    list of str

    Raises
    ------
    SourceError
        If it is no text in UTF-8, is a page of the web, or has its cells apart by something else.
    """
    with _opened(path, form, name) as stream, _told(name):
        head = stream.read(_HEAD)
    text = _text(head, name)
    first, newline, _ = text.partition("\n")
    if not newline and len(head) == _HEAD:
        raise SourceError(t("stock.errors.not_csv", file=name))
    found = [cell.strip() for cell in next(csv.reader([first.strip("\r")], delimiter=separator), [])]
    if len(found) < 2:
        other = next((sign for sign in ",;\t|" if sign != separator and first.count(sign) > 1), None)
        if other is None:
            raise SourceError(t("stock.errors.not_csv", file=name))
        signs = {"\t": t("stock.tabulation")}
        raise SourceError(t("stock.errors.separator", file=name, found=signs.get(other, other), expected=separator))
    return found


def _text(head: bytes, name: str) -> str:
    """Return the beginning of a file as text; a sign may be cut at its end."""
    if head.lstrip()[:1] == b"<":
        raise SourceError(t("stock.errors.web_page", file=name))
    if b"\x00" in head or not head.strip():
        raise SourceError(t("stock.errors.not_csv", file=name))
    try:
        return head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            line = head[: error.start].count(b"\n") + 1
            raise SourceError(t("errors.file_not_utf8", path=name, line=line)) from error
        return head[: error.start].decode("utf-8-sig")


@contextmanager
def unpacked(path: Path, form: Form, name: str, folder: Path) -> Iterator[Path]:
    """Give the plain CSV or Parquet file, unpacked if it must be; what was unpacked is removed afterwards.

    Parameters
    ----------
    path : Path
    form : str
    name : str
        What people call it.
    folder : Path
        Where there is room for what is unpacked.

    Yields
    ------
    Path

    Raises
    ------
    SourceError
        If it is damaged, swells beyond `SWELLS_AT_MOST`, holds no CSV or several, or the disk is full.
    """
    if form in {"csv", "parquet"}:
        if form == "csv":
            _require_last_newline(path, name)
        yield path
        return
    target = folder / f"{secrets.token_hex(4)}.csv"
    try:
        with _opened(path, form, name) as stream:
            _unpack(stream, target, name, path.stat().st_size)
        _require_last_newline(target, name)
        yield target
    finally:
        target.unlink(missing_ok=True)


def _unpack(stream: IO[bytes], target: Path, name: str, packed_size: int) -> None:
    limit = max(_SWELLS_FROM, packed_size * SWELLS_AT_MOST)
    try:
        written = 0
        with target.open("xb") as plain:
            while True:
                with _told(name):
                    chunk = stream.read(_CHUNK)
                if not chunk:
                    return
                written += len(chunk)
                if written > limit:
                    raise SourceError(t("stock.errors.swells", file=name, n=SWELLS_AT_MOST))
                plain.write(chunk)
    except OSError as error:
        reason, folder = system_reason(error), target.parent.parent.name
        raise SourceError(t("stock.errors.not_unpacked", file=name, folder=folder, reason=reason)) from error


def _require_last_newline(path: Path, name: str) -> None:
    """Refuse a file whose last line does not end: a cut in its last cells would not be seen."""
    with path.open("rb") as stream:
        stream.seek(0, io.SEEK_END)
        stream.seek(max(stream.tell() - 1, 0))
        if stream.read(1) != b"\n":
            raise DamagedFileError(t("stock.errors.no_last_newline", file=name))


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Say in French what is wrong with a packed file."""
    try:
        yield
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedFileError(t("stock.errors.damaged", file=name)) from error
    except (NotImplementedError, RuntimeError) as error:  # another way of packing, a password
        raise SourceError(t("stock.errors.packed_otherwise", file=name)) from error


@contextmanager
def _opened(path: Path, form: Form, name: str) -> Iterator[IO[bytes]]:
    """Give the bytes of the CSV inside a file, from the first."""
    with ExitStack() as stack:
        try:
            if form == "csv":
                stream: IO[bytes] = stack.enter_context(path.open("rb"))
            elif form == "gzip":
                stream = cast(IO[bytes], stack.enter_context(gzip.open(path, "rb")))
            else:
                with _told(name):
                    archive = stack.enter_context(zipfile.ZipFile(path))
                    stream = stack.enter_context(archive.open(_only_csv(archive, name)))
        except OSError as error:
            raise SourceError(t("errors.file_unreadable", path=name, reason=system_reason(error))) from error
        yield stream


def _only_csv(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX/" not in info.filename]
    chosen = [info for info in members if info.filename.lower().endswith(".csv")]
    if len(chosen) != 1:
        shown = ", ".join(info.filename for info in members[:_SHOWN_MEMBERS]) or "-"
        raise SourceError(t("stock.errors.members", file=name, found=shown))
    return chosen[0]
