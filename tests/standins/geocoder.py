"""A stand-in for the geocoder of the Géoplateforme: a real server on this machine that keeps its contract, or not.

It reads the multipart form, joins the named columns, filters on the column of INSEE codes, and answers a CSV with the
same separator and line ends, the sent columns first. What it finds is decided by the text alone: the same file gives
the same answer. Rows go in groups of a hundred, so that its own failures come in blocks.
"""

from __future__ import annotations

import csv
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from essmap.schema.folding import fold

GROUP = 100
RESULTS = (
    *("longitude", "latitude", "result_score", "result_score_next", "result_label", "result_type", "result_id"),
    *("result_housenumber", "result_name", "result_street", "result_postcode", "result_city", "result_context"),
    *("result_citycode", "result_oldcitycode", "result_index", "result_status"),
)


@dataclass(frozen=True)
class Hit:
    """What it finds for one address."""

    lon: float
    lat: float
    score: float = 0.93
    type: str = "housenumber"
    citycode: str | None = None  # None: the one that was asked


@dataclass
class GeocoderStandIn:
    """The server's state.

    Attributes
    ----------
    url : str
        What goes before ``/search/csv``.
    places : dict
        What it finds, by folded address (the first of the joined columns) and INSEE code.
    default : Hit or None
        What it finds for any other address. None: nothing.
    bad : list of callable
        Each is used once, in order, instead of an answer; it gets the request handler.
    failing : dict
        Number of a group of a hundred rows to how many times it still fails.
    change : callable or None
        Changes the rows of each answer, header first, before they are written.
    """

    url: str = ""
    places: dict[tuple[str, str], Hit] = field(default_factory=dict)
    default: Hit | None = None
    bad: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    failing: dict[int, int] = field(default_factory=dict)
    change: Callable[[list[list[str]]], list[list[str]]] | None = None
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    files: list[list[dict[str, str]]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """Addresses of all files, in order."""
        return [row[form["columns"][0]] for form, rows in zip(self.forms, self.files, strict=True) for row in rows]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        form, data = read_form(handler)
        self.paths.append(handler.path)
        self.agents.append(handler.headers["User-Agent"])
        text = data.decode("utf-8")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        self.forms.append(form)
        self.files.append([dict(zip(header, row, strict=True)) for row in rows])
        if self.bad:
            self.bad.pop(0)(handler)
            return
        unknown = [name for name in (*form.get("columns", []), *form.get("citycode", [])) if name not in header]
        if handler.path != "/geocodage/search/csv" or unknown or len(rows) > 200_000:
            send(handler, 404 if not unknown else 400, b'{"code": 400, "message": "Columns or path"}')
            return
        kept = [name for name in RESULTS if name in form.get("result_columns", RESULTS)]
        found = [[*header, *kept]]
        for number, row in enumerate(rows):
            cells = dict(zip(header, row, strict=True))
            result = self._result(cells, form, header, number // GROUP)
            found.append([*row, *(result.get(name, "") for name in kept)])
        for group in list(self.failing):
            self.failing[group] -= 1
        stream = io.StringIO(newline="")
        end = "\r\n" if "\r\n" in text else "\n"
        csv.writer(stream, delimiter=separator, lineterminator=end).writerows(
            self.change(found) if self.change else found
        )
        send(handler, 200, stream.getvalue().encode(), Content_Type="text/csv; charset=utf-8")

    def _result(
        self, cells: dict[str, str], form: dict[str, list[str]], header: list[str], group: int
    ) -> dict[str, str]:
        columns = form.get("columns") or header
        query = " ".join(cells[name] for name in columns).strip()
        if self.failing.get(group, 0) > 0:
            return {"result_status": "error"}
        if len(cells[columns[0]]) < 3 or not query[0].isalnum():
            return {"result_status": "skipped"}
        citycode = cells[form["citycode"][0]] if form.get("citycode") else ""
        hit = self.places.get((fold(cells[columns[0]]), citycode), self.default)
        if hit is None:
            return {"result_status": "not-found"}
        return {
            "longitude": str(hit.lon), "latitude": str(hit.lat), "result_score": str(hit.score),
            "result_type": hit.type, "result_label": f"{cells[columns[0]]}, trouvé",
            "result_citycode": hit.citycode or citycode, "result_index": "address", "result_status": "ok",
        }  # fmt: skip


def read_form(handler: BaseHTTPRequestHandler) -> tuple[dict[str, list[str]], bytes]:
    """Return the fields of a multipart form, repeated ones as lists, and its file ``data``."""
    body = handler.rfile.read(int(handler.headers["Content-Length"]))
    message = message_from_bytes(b"Content-Type: " + handler.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    fields: dict[str, list[str]] = {}
    data = b""
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if part.get_filename() is None:
            fields.setdefault(name, []).append(content.decode())
        elif name == "data":
            data = content
    return fields, data


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return a bad moment: a status without content."""
    return lambda handler: send(handler, code, b"", **headers)


def body(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Return a bad moment: something else with a 200."""
    return lambda handler: send(handler, 200, content)


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"id,adresse")


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing at all."""
    handler.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def geocoder_stand_in(**state: Any) -> Iterator[GeocoderStandIn]:
    """Serve a stand-in on this machine until the block ends."""
    service = GeocoderStandIn(**state)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.answer(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/geocodage"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
