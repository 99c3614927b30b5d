"""Large files are fetched once, whole or not at all, from a stand-in that cuts, repeats, redirects and refuses."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st
from made_up_stock import MadeUpStock, siret

from essmap.errors import SourceError
from essmap.sources import download as module
from essmap.sources.download import Downloads, display_name, download
from essmap.sources.retries import ATTEMPTS
from essmap.sources.stock import StockFiles, open_stock

BODY = bytes(range(256)) * 40
DAY = "Sat, 01 Aug 2026 10:00:00 GMT"


@dataclass
class FileServer:
    """A stand-in: files by path; ``bad`` answers come first, one a request."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=lambda: {"/f.csv": BODY})
    bad: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    etag: str | None = '"v1"'
    has_ranges: bool = True
    requests: list[dict[str, str]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.requests.append(dict(handler.headers))
        if self.bad:
            self.bad.pop(0)(handler)
            return
        body = self.files.get(handler.path.partition("?")[0])
        if body is None:
            send(handler, 404, b"absent")
            return
        asked = handler.headers.get("Range")
        headers = {"Last-Modified": DAY, **({"ETag": self.etag} if self.etag else {})}
        if asked and self.has_ranges and handler.headers.get("If-Range") in {self.etag, DAY}:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            send(handler, 206, body[start:], **headers)
            return
        send(handler, 200, body, **headers)


def send(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, *, length: int | None = None, **headers: str
) -> None:
    """Send an answer that may say another length than it has, and closes."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


def cut(at: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer that stops before its end."""
    said = {"ETag": '"v1"', "Last-Modified": DAY} | headers
    return lambda handler: send(handler, 200, BODY[:at], length=len(BODY), **said)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return an answer that is only a status."""
    return lambda handler: send(handler, code, b"", **{key.replace("_", "-"): value for key, value in headers.items()})


@pytest.fixture
def server() -> Iterator[FileServer]:
    """A stand-in on this machine; nobody waits between two attempts."""
    service = FileServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            service.answer(self)

        def log_message(self, *_: object) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield service
    listening.shutdown()
    listening.server_close()
    thread.join()


@pytest.fixture
def downloads(tmp_path) -> Downloads:
    return Downloads(tmp_path / "cache", timeout_s=2, contact="contact@exemple.fr")


def good(path: Path) -> None:
    """Find every file good."""


def names(downloads: Downloads) -> list[str]:
    return sorted(path.name for path in downloads.cache.iterdir()) if downloads.cache.exists() else []


def test_file_is_fetched_once(server, downloads):
    """The second time it comes from the disk, with the same size, digest and dates."""
    first = download(f"{server.url}/f.csv", downloads, good)
    second = download(f"{server.url}/f.csv", downloads, good)
    assert first == second
    assert first.path.read_bytes() == BODY
    assert (first.size, first.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert first.last_modified == "2026-08-01"
    assert len(server.requests) == 1
    assert "contact@exemple.fr" in server.requests[0]["User-Agent"]
    assert server.requests[0]["Accept-Encoding"] == "identity"
    assert len(names(downloads)) == 2


def test_offline_nobody_is_asked(server, downloads):
    """What was fetched before serves however old; a file that was not is said, with what to do."""
    offline = replace(downloads, max_age=timedelta(seconds=-1), offline=True)
    with pytest.raises(SourceError, match="--offline"):
        download(f"{server.url}/f.csv", offline, good)
    assert server.requests == []
    fetched = download(f"{server.url}/f.csv", downloads, good)
    assert download(f"{server.url}/f.csv", offline, good) == fetched
    assert len(server.requests) == 1


def test_old_forgotten_or_changed_copy_is_fetched_again(server, downloads):
    """A copy past its age, one found damaged, one that no longer has its size, one whose note is broken."""
    fetched = download(f"{server.url}/f.csv", downloads, good)
    download(f"{server.url}/f.csv", replace(downloads, max_age=timedelta(seconds=-1)), good)
    assert len(server.requests) == 2
    fetched.forget()
    download(f"{server.url}/f.csv", downloads, good)
    assert len(server.requests) == 3
    fetched.path.write_bytes(BODY[:-1])
    assert download(f"{server.url}/f.csv", downloads, good).path.read_bytes() == BODY
    assert len(server.requests) == 4
    note = fetched.path.with_name(fetched.path.name + ".json")
    for broken in (b"{", b"[]", json.dumps({"url": 1}).encode()):
        note.write_bytes(broken)
        download(f"{server.url}/f.csv", downloads, good)
    assert len(server.requests) == 7


@pytest.mark.parametrize("etag", ['"v1"', None])
def test_transfer_goes_on_where_it_was_cut(server, downloads, etag):
    """Only what is missing is asked for again, and only if the file is still the same."""
    server.etag = etag
    headers = {} if etag else {"ETag": ""}
    server.bad = [cut(1000, **headers)]
    assert download(f"{server.url}/f.csv", downloads, good).path.read_bytes() == BODY
    assert [request.get("Range") for request in server.requests] == [None, "bytes=1000-"]
    assert server.requests[1]["If-Range"] == (etag or DAY)


def test_file_that_changed_meanwhile_is_taken_from_the_start(server, downloads):
    """Two halves of two versions are never put together."""
    server.bad = [cut(1000, ETag='"v0"', **{"Last-Modified": "Fri, 31 Jul 2026 10:00:00 GMT"})]
    server.files["/f.csv"] = BODY[::-1]
    assert download(f"{server.url}/f.csv", downloads, good).path.read_bytes() == BODY[::-1]


def test_server_that_does_not_resume_is_asked_from_the_start(server, downloads):
    """No ranges, a range that is refused, or one that begins elsewhere: the file is whole all the same."""
    server.has_ranges = False
    wrong = {"Content-Range": f"bytes 5-{len(BODY) - 1}/{len(BODY)}"}
    for name, then in {
        "a": [], "b": [status(416)], "c": [lambda handler: send(handler, 206, BODY[5:], **wrong)]
    }.items():  # fmt: skip
        server.files[f"/{name}.csv"] = BODY
        server.bad = [cut(1000), *then]
        assert download(f"{server.url}/{name}.csv", downloads, good).path.read_bytes() == BODY


def test_weak_tag_does_not_prove_that_bytes_are_the_same(server, downloads):
    """With a weak tag the date is the proof."""
    server.bad = [cut(1000, ETag='W/"v1"')]
    download(f"{server.url}/f.csv", downloads, good)
    assert server.requests[1]["If-Range"] == DAY


@pytest.mark.parametrize("wait", [{}, {"Retry_After": "0"}, {"Retry_After": "Sat, 01 Aug 2020 10:00:00 GMT"}])
def test_bad_moments_are_survived(server, downloads, wait):
    """Too busy, down, cut: up to the last attempt."""
    server.bad = [status(429, **wait), status(503), cut(10), status(500)]
    assert download(f"{server.url}/f.csv", downloads, good).path.read_bytes() == BODY


def test_bad_moments_that_last_are_said(server, downloads):
    """After the last attempt: what, why, what to do; nothing is left."""
    server.bad = [status(503)] * 10
    with pytest.raises(SourceError, match=r"5 essais \(réponse 503\).*donnez son chemin"):
        download(f"{server.url}/f.csv", downloads, good)
    assert (len(server.requests), names(downloads)) == (ATTEMPTS, [])


def test_transfer_always_cut_is_said(server, downloads):
    """A file that never comes whole is never kept."""
    server.bad = [cut(10, ETag="", **{"Last-Modified": ""})] * 10
    with pytest.raises(SourceError, match="réponse coupée"):
        download(f"{server.url}/f.csv", downloads, good)
    assert names(downloads) == []


def test_refusal_is_said_at_once(server, downloads):
    """What is not there is not asked for again."""
    with pytest.raises(SourceError, match=r"refusé \(réponse 404\)"):
        download(f"{server.url}/absent.csv?token=secret", downloads, good)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/f.csv", "http://[bad/f.csv", "https:///f.csv"])
def test_nobody_there_is_said(downloads, url):
    """A closed port, an address that is none."""
    with pytest.raises(SourceError, match="injoignable"), stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        download(url, downloads, good)


def test_redirection_on_the_same_host_is_followed(server, downloads):
    """As data.gouv.fr does for a file whose address does not change."""
    server.bad = [status(302, Location="/f.csv")]
    fetched = download(f"{server.url}/datasets/r/1234", downloads, good)
    assert (fetched.path.read_bytes(), fetched.url) == (BODY, f"{server.url}/datasets/r/1234")


def test_redirection_to_another_host_is_refused(server, downloads):
    """Nobody is asked who was not named."""
    server.bad = [status(302, Location=server.url.replace("127.0.0.1", "localhost") + "/f.csv")]
    with pytest.raises(SourceError, match="un autre site"):
        download(f"{server.url}/r/1234", downloads, good)
    assert len(server.requests) == 1


def test_redirections_end(server, downloads):
    """A server that sends in circles is given up."""
    server.bad = [status(302, Location="/r/1234")] * 20
    with pytest.raises(SourceError, match="sans fin"):
        download(f"{server.url}/r/1234", downloads, good)
    assert len(server.requests) < 10


def test_file_that_is_not_good_is_not_kept(server, downloads):
    """What the caller refuses leaves nothing: the next run asks again."""

    def refuse(path: Path) -> None:
        assert path.read_bytes() == BODY
        raise SourceError("non")

    with pytest.raises(SourceError, match="non"):
        download(f"{server.url}/f.csv", downloads, refuse)
    assert names(downloads) == []


def test_endless_file_is_given_up(server, downloads, monkeypatch):
    """A file larger than any known one is not what was asked for."""
    monkeypatch.setattr(module, "BYTES_AT_MOST", 5000)
    with pytest.raises(SourceError, match="pas le fichier attendu"):
        download(f"{server.url}/f.csv", downloads, good)
    assert names(downloads) == []


def test_cache_that_cannot_be_written_is_said(server, downloads, tmp_path):
    """A file where the folder should be."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(SourceError, match="Impossible de garder"):
        download(f"{server.url}/f.csv", downloads, good)


def test_what_a_killed_run_left_is_swept_away(server, downloads):
    """Parts of another day go; a part that may be another run's stays."""
    path = download(f"{server.url}/f.csv", downloads, good).path
    old, new = (path.with_name(f".{path.name}.{name}.part") for name in ("old", "new"))
    for part in (old, new):
        part.write_bytes(b"x")
    os.utime(old, (0, 0))
    download(f"{server.url}/f.csv", replace(downloads, max_age=timedelta(seconds=-1)), good)
    assert (old.exists(), new.exists()) == (False, True)


def test_progress_is_told(server, downloads):
    """Bytes that are there and bytes expected, up to the end."""
    told: list[tuple[str, int, int | None]] = []
    download(f"{server.url}/f.csv", replace(downloads, progress=lambda *step: told.append(step)), good)
    assert told[-1] == ("127.0.0.1/f.csv", len(BODY), len(BODY))


@given(st.text(max_size=80))
def test_any_address_has_a_plain_name_of_its_own(text):
    """Whatever an address ends with, its file has a name that any system takes and that no other address has."""
    url = f"http://exemple.fr/{text}"
    name = module._file_name(url)
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>| ')
    assert len(name) <= 73
    assert name != module._file_name(url + "x")


def test_address_is_shown_without_what_is_secret():
    """Neither credentials nor the query are in a sentence."""
    assert display_name("https://moi:mot@exemple.fr/a/b.csv?cle=secret") == "exemple.fr/a/b.csv"


def test_stock_is_read_from_addresses(server, downloads, tmp_path):
    """Four addresses: fetched, read, described with their address and their day, and read again without a request."""
    stock = MadeUpStock()
    stock.locate(stock.add(1))
    stock.enlist(1)
    written = stock.write(tmp_path, "zip")
    for kind, path in written.given().items():
        server.files[f"/{kind}"] = Path(path).read_bytes()
    files = StockFiles(*(f"{server.url}/{kind}" for kind in ("establishments", "units", "dinum", "geolocation")))
    for _ in range(2):
        with open_stock(files, temp_dir=tmp_path / "work", downloads=downloads) as one:
            result = one.read("31")
    assert result.frame["siret"].tolist() == [siret(1)]
    assert [(file.url, file.vintage) for file in result.files][:2] == [
        (files.establishments, "fichier mis en ligne le 01/08/2026"),
            (files.units, "fichier mis en ligne le 01/08/2026"),
    ]  # fmt: skip
    assert all(file.fetched_at for file in result.files)
    assert result.files[0].sha256 == hashlib.sha256(server.files["/establishments"]).hexdigest()
    assert len(server.requests) == 4


def test_page_sent_for_a_file_is_not_kept(server, downloads, tmp_path):
    """A page of the web with status 200 is said, and asked for again next time."""
    server.files = {"/f": b"<html>maintenance</html>\n"}
    files = StockFiles(f"{server.url}/f", f"{server.url}/f")
    for n in (1, 2):
        with (
            pytest.raises(SourceError, match="page web"),
            open_stock(files, temp_dir=tmp_path / "work", downloads=downloads),
        ):
            pass
        assert (len(server.requests), names(downloads)) == (n, [])


def test_copy_that_turns_out_damaged_is_fetched_again(server, downloads, tmp_path):
    """A file whose beginning is good and whose end is not is asked for again by the next run."""
    stock = MadeUpStock()
    for number in range(3000):
        stock.add(number)
    written = stock.write(tmp_path, "gzip")
    good_units = Path(written.units).read_bytes()
    server.files = {"/e": Path(written.establishments).read_bytes(), "/u": good_units[:-4]}
    files = StockFiles(f"{server.url}/e", f"{server.url}/u")
    with (
        open_stock(files, temp_dir=tmp_path / "work", downloads=downloads) as one,
        pytest.raises(SourceError, match="incomplet ou abîmé"),
    ):
        one.read("31")
    server.files["/u"] = good_units
    with open_stock(files, temp_dir=tmp_path / "work", downloads=downloads) as one:
        assert len(one.read("31").frame) == 3000
    assert len(server.requests) == 3
