"""Download a large file once into a folder: in whole, resumed after a cut, with its size and digest written beside it.

The bytes are kept as they travel (a file sent with ``Content-Encoding: gzip`` stays a gzip): whoever reads them looks
at what they are, not at what they are called. A file that the caller does not find good is not kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpx
import stamina

from essmap import __version__
from essmap.errors import SourceError
from essmap.schema.atomic import write_whole
from essmap.sources.retries import ATTEMPTS, BUSY, BusyError, reason_of, retry_after, when_to_ask_again
from essmap.texts import t
from essmap.texts.system import system_reason

#: Where data.gouv.fr sends who asks for one of its files, besides the host that was asked.
_TRUSTED: Final = ("data.gouv.fr",)
_REDIRECTS_AT_MOST: Final = 5
#: Six times the largest file known (the establishments of the Sirene stock, unpacked: about 10 GB in 2026).
BYTES_AT_MOST: Final = 64 * 2**30
#: What a killed run left is swept away by the next one, unless it may still be at work.
_LEFT_OVER_S: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Downloads:
    """Where and how files are fetched.

    Attributes
    ----------
    cache : Path
        Folder where they are kept.
    timeout_s : float
        Seconds without a byte after which a transfer is given up and tried again.
    contact : str
        Address written in the User-Agent; empty: none.
    max_age : timedelta
        A file kept for longer is fetched again.
    offline : bool
        Whether only files that are kept are given, however old.
    progress : callable, optional
        Called with the name of the file, the bytes that are there and those expected (None: not said).
    """

    cache: Path
    timeout_s: float = 60
    contact: str = ""
    max_age: timedelta = timedelta(days=7)
    offline: bool = False
    progress: Callable[[str, int, int | None], None] | None = None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One file that was fetched.

    Attributes
    ----------
    path : Path
    url : str
        As asked, before any redirection.
    size : int
        Bytes.
    sha256 : str
    fetched_at : str
        ISO date and time, UTC.
    last_modified : str or None
        ISO date the server gives to the file.
    """

    path: Path
    url: str
    size: int
    sha256: str
    fetched_at: str
    last_modified: str | None

    def forget(self) -> None:
        """Make the next run fetch the file again, because this one turned out damaged."""
        _note_of(self.path).unlink(missing_ok=True)


@dataclass(slots=True)
class _Transfer:
    """A file on its way: what tells that the rest belongs to the same file, and what it should be."""

    url: str
    part: Path
    validator: str | None = None
    total: int | None = None
    last_modified: str | None = None


def display_name(url: str) -> str:
    """Return what people call the file of an address: its host and path, without credentials nor query."""
    parts = _parts(url)
    return f"{parts.hostname or ''}{parts.path}"


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # no address: httpx will say so
        return SplitResult("", "", url.partition("?")[0].rpartition("@")[2], "", "")


def download(url: str, downloads: Downloads, check: Callable[[Path], None]) -> Downloaded:
    """Return a file: from disk if it is kept there and recent, else from its address.

    Parameters
    ----------
    url : str
        ``http`` or ``https``. It may lead to another host of data.gouv.fr, never from https to http.
    downloads : Downloads
    check : callable
        Called with the path of what was fetched before it is kept; raises to refuse it.

    Returns
    -------
    Downloaded

    Raises
    ------
    SourceError
        If the server does not answer, refuses, or cuts every attempt short; if the disk does not take the file;
        offline, if it is not kept.
    """
    path = downloads.cache / _file_name(url)
    kept = _kept(path, timedelta.max if downloads.offline else downloads.max_age)
    if kept is not None:
        return kept
    if downloads.offline:
        raise SourceError(t("stock.errors.offline", url=display_name(url)))
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        transfer = _Transfer(url, part)
        _fetch(transfer, downloads)
        check(part)
        with part.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        fetched = Downloaded(path, url, part.stat().st_size, sha256, now, transfer.last_modified)
        fetched.forget()  # an old note never describes the new file
        part.replace(path)
        note = {key: value for key, value in asdict(fetched).items() if key != "path"}
        write_whole(_note_of(path), json.dumps(note, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        folder, reason = downloads.cache.name, system_reason(error)
        raise SourceError(t("stock.errors.not_kept", url=display_name(url), folder=folder, reason=reason)) from error
    finally:
        with suppress(OSError):
            part.unlink()
    return fetched


def _file_name(url: str) -> str:
    """Return a name that two addresses never share and that any file system takes."""
    last = _parts(url).path.rpartition("/")[2]
    plain = "".join(sign for sign in last if sign.isascii() and (sign.isalnum() or sign in "._-")).lstrip(".")
    return f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{plain[-60:] or 'file'}"


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _kept(path: Path, max_age: timedelta) -> Downloaded | None:
    """Return the file that is kept; None where there is none, it is old, or it is not the one its note describes."""
    try:
        note = json.loads(_note_of(path).read_bytes())
        kept = Downloaded(path, **note)
        age = datetime.now(UTC) - datetime.fromisoformat(kept.fetched_at)
        return kept if path.stat().st_size == kept.size and age <= max_age else None
    except (OSError, ValueError, TypeError):
        return None


def _sweep(path: Path) -> None:
    for left in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):  # another run has just finished with it
            if time.time() - left.stat().st_mtime > _LEFT_OVER_S:
                left.unlink()


def _fetch(transfer: _Transfer, downloads: Downloads) -> None:
    """Receive the whole file, going on where an attempt was cut."""
    agent = f"essmap/{__version__}" + (f" ({downloads.contact})" if downloads.contact else "")
    headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
    try:
        with httpx.Client(timeout=downloads.timeout_s, headers=headers) as client:
            for attempt in stamina.retry_context(on=when_to_ask_again, attempts=ATTEMPTS, timeout=None):
                with attempt:
                    _receive(client, transfer, downloads)
    except (httpx.HTTPError, httpx.InvalidURL, BusyError) as error:
        reason = str(error) if isinstance(error, BusyError) else t(f"stock.reasons.{reason_of(error)}")
        name = display_name(transfer.url)
        raise SourceError(t("stock.errors.no_answer", url=name, attempts=ATTEMPTS, reason=reason)) from error


def _receive(client: httpx.Client, transfer: _Transfer, downloads: Downloads) -> None:
    have = transfer.part.stat().st_size if transfer.part.exists() else 0
    headers = {}
    if have and transfer.validator:
        headers = {"Range": f"bytes={have}-", "If-Range": transfer.validator}
    response = _answer(client, transfer.url, headers)
    try:
        goes_on = _judge(response, transfer, have)
        with transfer.part.open("ab" if goes_on else "wb") as target:
            for chunk in response.iter_raw():  # as it comes: what a cut leaves is kept
                target.write(chunk)
                if target.tell() > BYTES_AT_MOST:
                    raise SourceError(
                        t("stock.errors.too_long", url=display_name(transfer.url), n=BYTES_AT_MOST // 2**30)
                    )
                if downloads.progress is not None:
                    downloads.progress(display_name(transfer.url), target.tell(), transfer.total)
    finally:
        response.close()
    if transfer.total is not None and transfer.part.stat().st_size != transfer.total:
        raise httpx.RemoteProtocolError("shorter or longer than said")


def _answer(client: httpx.Client, url: str, headers: dict[str, str]) -> httpx.Response:
    """Return an answer whose body is still to be read, after the redirections that may be followed."""
    request = client.build_request("GET", url, headers=headers)
    for _ in range(_REDIRECTS_AT_MOST + 1):
        response = client.send(request, stream=True)
        if response.next_request is None:
            return response
        response.close()
        target = response.next_request.url
        if not _may_lead(httpx.URL(url), request.url, target):
            raise SourceError(t("stock.errors.redirected", url=display_name(url), target=display_name(str(target))))
        request = response.next_request
    raise SourceError(t("stock.errors.redirected_often", url=display_name(url)))


def _may_lead(asked: httpx.URL, left: httpx.URL, target: httpx.URL) -> bool:
    is_known = target.host == asked.host or any(
        target.host == host or target.host.endswith(f".{host}") for host in _TRUSTED
    )
    return is_known and target.scheme in {"http", "https"} and not (left.scheme == "https" and target.scheme == "http")


def _judge(response: httpx.Response, transfer: _Transfer, have: int) -> bool:
    """Tell whether the body goes on where the part ends; note what the server says of the file."""
    status = response.status_code
    if status in BUSY:
        reason = t("stock.reasons.status", status=status)
        raise BusyError(reason, retry_after(response) if status == 429 else None)
    goes_on = status == httpx.codes.PARTIAL_CONTENT and _range_start(response) == have
    if not goes_on and status != httpx.codes.OK:
        if have:  # the server does not resume as it should: from the start
            transfer.validator = None
            transfer.part.unlink(missing_ok=True)
            raise httpx.RemoteProtocolError("no range")
        raise SourceError(t("stock.errors.status", url=display_name(transfer.url), status=status))
    said: Any = response.headers
    length = said.get("Content-Length", "")
    transfer.total = int(length) + (have if goes_on else 0) if length.isdecimal() else None
    etag = said.get("ETag", "")
    strong = etag if etag and not etag.startswith("W/") else None
    transfer.validator = strong or said.get("Last-Modified")
    transfer.last_modified = _day(said.get("Last-Modified"))
    return goes_on


def _range_start(response: httpx.Response) -> int | None:
    start = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(start) if start.isdecimal() else None


def _day(said: str | None) -> str | None:
    try:
        return parsedate_to_datetime(said or "").date().isoformat()
    except ValueError:
        return None
