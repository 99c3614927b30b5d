"""HTTP details between our server and Streamlit's: paths, compression, added headers."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

# What every answer carries: browsers take the declared type, they do not guess another.
NOSNIFF = {"x-content-type-options": "nosniff"}


def base_path() -> str:
    """Return ``server.baseUrlPath`` as ``/a/b``, or nothing.

    Call it when a middleware is made, not when a module is imported: only then has ``st.App`` told Streamlit
    where the configuration is.

    Returns
    -------
    str
    """
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def path_in_site(scope: Scope, base: str) -> str:
    """Return the path of a request without what comes before the site.

    Parameters
    ----------
    scope : ASGI scope
    base : str
        What `base_path` returned.

    Returns
    -------
    str
        Starts with a slash.
    """
    path = str(scope["path"])
    for prefix in (scope.get("root_path", ""), base):
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix) or "/"
    return path


def negotiate(content: bytes, gzipped: bytes | None, headers: MutableHeaders, asked: Headers) -> bytes:
    """Choose the form of a body that the browser accepts, and say so in the headers.

    Parameters
    ----------
    content : bytes
        The body.
    gzipped : bytes or None
        The same, compressed. None: there is no such form.
    headers : MutableHeaders
        Of the answer; changed in place.
    asked : Headers
        Of the request.

    Returns
    -------
    bytes
    """
    if gzipped is None:
        return content
    headers.add_vary_header("Accept-Encoding")
    if not accepts_gzip(asked):
        return content
    headers["content-encoding"] = "gzip"
    return gzipped


def accepts_gzip(asked: Headers) -> bool:
    """Tell whether a request accepts gzip.

    Parameters
    ----------
    asked : Headers
        Of the request.

    Returns
    -------
    bool
    """
    for item in asked.get("accept-encoding", "").lower().split(","):
        coding, _, weight = item.replace(" ", "").partition(";")
        if coding in {"gzip", "*"}:
            return weight not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


async def send(status: int, body: bytes, headers: MutableHeaders, scope: Scope, sender: Send) -> None:
    """Send a whole answer; none of its body for HEAD.

    Parameters
    ----------
    status : int
    body : bytes
    headers : MutableHeaders
        Without ``Content-Length``.
    scope : ASGI scope
    sender : ASGI send
    """
    if status != 304:
        headers["content-length"] = str(len(body))
    await sender({"type": "http.response.start", "status": status, "headers": headers.raw})
    await sender({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def with_headers(sender: Send, extra: Mapping[str, str]) -> Send:
    """Return a ``send`` that sets headers on whatever answer passes.

    Parameters
    ----------
    sender : ASGI send
    extra : mapping of str to str
        Lower-case names.

    Returns
    -------
    ASGI send
    """

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            headers.update(extra)
            message = {**message, "headers": headers.raw}
        await sender(message)

    return wrapped


class StaticCompression:
    """ASGI middleware: Streamlit's own scripts and style sheets, compressed once and kept.

    Streamlit leaves them uncompressed and counts on a proxy; a site without one would send 2.7 MB instead of
    about 0.8 MB. Their names hold a digest, so a kept copy cannot be stale; there are some 300 of them.

    Parameters
    ----------
    app : ASGI application
        What comes next.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._base = base_path()
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the kept copy, or pass the request on and keep what comes back."""
        if not self._concerns(scope):
            await self._app(scope, receive, send)
            return
        if scope["path"] not in self._kept:
            await self._app(scope, receive, self._keeper(scope, send))
            return
        raw, body = self._kept[scope["path"]]
        await _send_raw(raw, body, send)

    def _concerns(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        asked = Headers(scope=scope)
        plain = not any(name in asked for name in ("range", "if-none-match", "if-modified-since"))
        path = path_in_site(scope, self._base)
        return plain and path.startswith("/static/") and path.endswith((".js", ".css")) and accepts_gzip(asked)

    def _keeper(self, scope: Scope, send: Send) -> Send:
        """Return a ``send`` that holds a script back until it is whole, and sends it compressed."""
        start: Message | None = None
        parts: list[bytes] = []

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_code(message):
                start = message
            elif start is None:
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body", False):
                    headers = MutableHeaders(raw=list(start["headers"]))
                    body = await run_in_threadpool(gzip.compress, b"".join(parts), 6)
                    headers["content-encoding"] = "gzip"
                    headers["content-length"] = str(len(body))
                    headers.add_vary_header("Accept-Encoding")
                    # The stock tag belongs to the uncompressed bytes.
                    for name in ("etag", "last-modified", "accept-ranges"):
                        del headers[name]
                    self._kept[scope["path"]] = (headers.raw, body)
                    await _send_raw(headers.raw, body, send)

        return hold


async def _send_raw(raw: list[tuple[bytes, bytes]], body: bytes, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(raw)})
    await send({"type": "http.response.body", "body": body})


def _is_code(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    media_type = headers.get("content-type", "")
    code = media_type.startswith(("text/javascript", "application/javascript", "text/css"))
    return start["status"] == 200 and code and "content-encoding" not in headers
