"""What our web server adds to Streamlit's: assets, French pages, safety headers, plain errors.

`app.py` gives `middleware` and `error_handler` to ``st.App``; Streamlit and its server stay what they are.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import streamlit as st
import streamlit_folium
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config, runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from essmap.errors import EssmapError
from essmap.pages import shell, transport
from essmap.texts import t
from essmap.view import assets

_LOG = logging.getLogger(__name__)

# Streamlit's own routes that never send its page.
_NOT_PAGES = ("/static/", "/media/", "/_stcore/")
_COMPONENTS = "/component/"
# Request headers that must not reach the stock page: what we send has another length, tag and encoding.
_HIDDEN_REQUEST_HEADERS = {
    b"accept-encoding",
    b"if-none-match",
    b"if-modified-since",
    b"range",
    b"if-range",
}
_STOCK_RESPONSE_HEADERS = ("content-length", "etag", "last-modified", "accept-ranges")
# A file that visitors download runs nothing if it is opened in the site instead.
_DOWNLOAD_HEADERS = {
    **transport.NOSNIFF,
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
}
_COLOURS = ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor")
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Site:
    """What the deployer decides about the pages.

    Attributes
    ----------
    title : str
        Title of the site.
    frame_ancestors : str
        Who may embed the app, as ``frame-ancestors`` of a content security policy says it.
    tile_origins : tuple of str
        Origins that background tiles come from; empty: none.
    """

    title: str
    frame_ancestors: str = "'self'"
    tile_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    """One page ready to send."""

    text: str
    content: bytes
    gzipped: bytes
    etag: str


def is_script_run() -> bool:
    """Tell a visitor's run of `app.py` from its import by the web server.

    Returns
    -------
    bool
        True inside a run (also under ``AppTest``).
    """
    return get_script_run_ctx(suppress_warning=True) is not None


def set_colour(colour: str) -> None:
    """Give the light theme the deployer's own colour; the dark one keeps ours, chosen to be read on dark.

    Parameters
    ----------
    colour : str
        ``#rrggbb``, or empty: nothing changes.
    """
    if colour:
        config.set_option("theme.light.primaryColor", colour)
        config.set_option("theme.light.linkColor", colour)


def lifespan(prepare: Callable[[], None]) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return what ``st.App(lifespan=...)`` takes: something to do before the first visitor is let in.

    Parameters
    ----------
    prepare : callable
        Runs in a thread; the server answers nobody, not even who asks whether it is healthy, until it is done.
    """

    @asynccontextmanager
    async def live(_app: object) -> AsyncIterator[None]:
        await run_in_threadpool(prepare)
        yield

    return live


def middleware(
    *,
    site_title: str,
    frame_ancestors: str = "'self'",
    tile_origins: Sequence[str] = (),
    publish_again: Callable[[], None] | None = None,
) -> list[Middleware]:
    """Return what ``st.App(middleware=...)`` takes.

    Parameters
    ----------
    site_title : str
        Title of the page until a script sets its own.
    frame_ancestors : str
        Who may embed the app (``'self' https://www.haute-garonne.fr``).
    tile_origins : sequence of str
        Origins that background tiles come from.
    publish_again : callable, optional
        Called in a thread when a page asks for an asset that this process does not know; may publish it.

    Returns
    -------
    list of Middleware
    """
    site = Site(site_title, frame_ancestors, tuple(tile_origins))
    return [Middleware(Shell, site=site, publish_again=publish_again), Middleware(transport.StaticCompression)]


def error_handler(*, contact: str = "") -> Callable[[Exception], bool]:
    """Return what ``st.App(on_script_error=...)`` takes.

    An error of ours shows its own sentence; any other shows that the page could not be displayed. Both give
    what to do and a reference that is also in the log. No traceback, no type, no message of a library.

    Parameters
    ----------
    contact : str
        E-mail address to write to. Empty: none is offered.

    Returns
    -------
    callable
        Returns True: Streamlit shows nothing of its own.
    """

    def handle(error: Exception) -> bool:
        reference = secrets.token_hex(4)
        # Streamlit logs the traceback itself just before.
        _LOG.error("script error %s: %s", reference, type(error).__qualname__)
        what = str(error) if isinstance(error, EssmapError) else t("framework.error.unexpected")
        lines = [what, t("framework.error.reference", reference=reference)]
        if contact:
            lines.append(t("framework.error.contact", contact=contact))
        st.error("\n\n".join(lines))
        st.html(f'<p><a href="./" target="_self">{t("framework.error.home")}</a></p>')
        return True

    return handle


class Shell:
    """ASGI middleware: answers for assets, rewrites the two HTML pages, adds safety headers.

    Parameters
    ----------
    app : ASGI application
        What comes next: Streamlit's own middleware and routes.
    site : Site
    publish_again : callable, optional
        See `middleware`.
    """

    def __init__(self, app: ASGIApp, site: Site, publish_again: Callable[[], None] | None = None) -> None:
        self._app = app
        self._site = site
        self._publish_again = publish_again
        self._base = transport.base_path()
        self._pages: dict[bytes, _Page] = {}
        self._head = shell.framework_files(_themes())
        _register_map_component()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = transport.path_in_site(scope, self._base)
        if path.startswith(f"/{assets.FOLDER}/"):
            await self._send_asset(path[1:], scope, send)
        elif scope["method"] in {"GET", "HEAD"} and _may_be_page(path):
            await self._send_page(path, scope, receive, send)
        else:
            extra = _DOWNLOAD_HEADERS if path.startswith("/media/") else transport.NOSNIFF
            await self._app(scope, receive, transport.with_headers(send, extra))

    async def _send_asset(self, path: str, scope: Scope, send: Send) -> None:
        """Send a published asset, or say in plain text that there is none."""
        asked = Headers(scope=scope)
        headers = MutableHeaders(raw=[])
        headers["x-content-type-options"] = "nosniff"
        headers["content-type"] = "text/plain; charset=utf-8"
        asset = assets.get(path)
        if asset is None and self._publish_again and assets.is_path(path):
            await run_in_threadpool(self._publish_again)
            asset = assets.get(path)
        if scope["method"] not in {"GET", "HEAD"}:
            headers["allow"] = "GET, HEAD"
            await transport.send(405, b"", headers, scope, send)
        elif asset is None:
            headers["cache-control"] = "no-store"
            await transport.send(404, t("framework.shell.not_found").encode(), headers, scope, send)
        else:
            headers["content-type"] = asset.media_type
            headers["cache-control"] = _FOREVER
            content = transport.negotiate(asset.content, asset.gzipped, headers, asked)
            await transport.send(200, content, headers, scope, send)

    async def _send_page(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, hold back an HTML answer and send ours instead."""
        stock: list[bytes] = []
        start: Message | None = None

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if _is_html(message):
                    start = message
                else:
                    await transport.with_headers(send, transport.NOSNIFF)(message)
            elif start is None:
                await send(message if scope["method"] == "GET" else {**message, "body": b""})
            else:
                stock.append(message.get("body", b""))
                if not message.get("more_body", False):
                    page = self._page(b"".join(stock), is_frame=path.startswith(_COMPONENTS))
                    await self._send_rewritten(page, path, start, scope, send)

        headers = [item for item in scope["headers"] if item[0] not in _HIDDEN_REQUEST_HEADERS]
        # GET, so that the body is there to be measured for HEAD too; no extension, so that it comes as bytes.
        await self._app({**scope, "method": "GET", "headers": headers, "extensions": {}}, receive, hold)

    def _page(self, stock: bytes, *, is_frame: bool) -> _Page:
        """Rewrite a stock page, once for each there is."""
        if stock not in self._pages:
            text = stock.decode("utf-8")
            title, head = self._site.title, self._head
            text = shell.frame_page(text) if is_frame else shell.app_page(text, title=title, head=head)
            content = text.encode("utf-8")
            etag = f'W/"{hashlib.sha256(content).hexdigest()[:16]}"'
            self._pages[stock] = _Page(text, content, gzip.compress(content, mtime=0), etag)
        return self._pages[stock]

    async def _send_rewritten(self, page: _Page, path: str, start: Message, scope: Scope, send: Send) -> None:
        asked = Headers(scope=scope)
        headers = MutableHeaders(raw=list(start["headers"]))
        for name in _STOCK_RESPONSE_HEADERS:
            del headers[name]
        headers["etag"] = page.etag
        headers["x-content-type-options"] = "nosniff"
        headers.update(
            shell.security_headers(
                page.text,
                is_frame=path.startswith(_COMPONENTS),
                host=asked.get("host", ""),
                frame_ancestors=self._site.frame_ancestors,
                tile_origins=self._site.tile_origins,
            )
        )
        if asked.get("if-none-match") == page.etag:
            await transport.send(304, b"", headers, scope, send)
        else:
            content = transport.negotiate(page.content, page.gzipped, headers, asked)
            await transport.send(200, content, headers, scope, send)


def _register_map_component() -> None:
    """Make the server know the map's frame, wherever streamlit-folium was imported first.

    A component registers itself with the running server when its module is imported; imported together with the
    web server's own modules, there is none yet.
    """
    if runtime.exists():
        runtime.get_instance().component_registry.register_component(streamlit_folium._component_func)


def _themes() -> dict[str, dict[str, str]]:
    """Return the configured colours and fonts as Streamlit's page takes them before it connects."""
    themes = {}
    for name in ("light", "dark"):
        options = {
            key: config.get_option(f"theme.{name}.{key}") or config.get_option(f"theme.{key}") for key in _COLOURS
        }
        options["bodyFont"] = config.get_option("theme.font")
        options["codeFont"] = config.get_option("theme.codeFont")
        themes[f"{name.upper()}_THEME"] = {key: str(value) for key, value in options.items() if value}
    return themes


def _may_be_page(path: str) -> bool:
    if path.startswith(_COMPONENTS):
        return path.endswith(("/", ".html"))
    return not path.startswith(_NOT_PAGES)


def _is_html(start: Message) -> bool:
    return start["status"] == 200 and Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
