"""The HTML pages around the app and the rules a browser is given with them: pure functions, no server here.

Streamlit and streamlit-folium send fixed English pages; `app_page` and `frame_page` return them in French.
`security_headers` says what a page may load. Every reason is in `essmap.pages.workarounds`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files

from essmap.texts import t
from essmap.view import assets
from essmap.view.cards import axis_style_sheet

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")

_HEAD_SCRIPTS = ("framework.js", "access.js", "third_parties.js")

# Device features: only what the map may ask for one day, and only for our own pages.
PERMISSIONS = "geolocation=(self), camera=(), microphone=(), payment=(), usb=()"


def framework_files(themes: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Publish our script and style sheet for the head of the app's page and return their paths.

    Parameters
    ----------
    themes : mapping of str to mapping of str to str
        Colours and fonts by ``LIGHT_THEME`` and ``DARK_THEME``, so that the first paint has them already.

    Returns
    -------
    dict of str to str
        Path of ``framework.js``, with the French strings of ``texts/fr/framework.toml`` inside it, of
        ``access.js``, ``third_parties.js``, ``framework.css`` and of ``style.css``, with the drawings of the axes.
    """
    folder = files("essmap.pages").joinpath("web")
    table = tomllib.loads(files("essmap.texts").joinpath("fr", "framework.toml").read_text(encoding="utf-8"))
    groups = [{key: group[key] for key in ("where", "texts") if key in group} for group in table["group"]]
    script = folder.joinpath("framework.js").read_text(encoding="utf-8")
    script = script.replace("__GROUPS__", _json(groups), 1).replace("__THEMES__", _json(themes), 1)
    words = {key: t(f"frame.third_parties.{key}") for key in ("none", "some_one", "some_many")}
    counter = folder.joinpath("third_parties.js").read_text(encoding="utf-8").replace("__TEXTS__", _json(words), 1)
    style = folder.joinpath("style.css").read_text(encoding="utf-8") + axis_style_sheet()
    others = {name: folder.joinpath(name).read_bytes() for name in ("access.js", "framework.css")}
    written = {"framework.js": script, "third_parties.js": counter, "style.css": style}
    return assets.REGISTRY.publish_folder({**{name: text.encode() for name, text in written.items()}, **others})


def app_page(stock: str, *, title: str, head: Mapping[str, str]) -> str:
    """Return Streamlit's page in French, with our script and without what visitors do not need.

    Links stay relative, as Streamlit's own are, so that ``server.baseUrlPath`` and a proxy work.

    Parameters
    ----------
    stock : str
        ``index.html`` as Streamlit sends it.
    title : str
        Title until a visitor's run sets its own.
    head : mapping of str to str
        What `framework_files` returned.

    Returns
    -------
    str
    """
    page = re.sub(r'<html lang="en"', '<html lang="fr"', stock)
    page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{html.escape(title)}</title>", page)
    page = re.sub(r"<!--.*?-->\s*", "", page, flags=re.DOTALL)
    page = re.sub(r'<link rel="service-desc"[^>]*>\s*', "", page)
    page = re.sub(r'<link\s+rel="preload"[^>]*as="font"[^>]*>\s*', "", page)
    page = re.sub(r'(<link rel="shortcut icon" href=)"[^"]*"', r'\1"data:,"', page)
    script = "".join(f'<script src="./{head[name]}"></script>' for name in _HEAD_SCRIPTS)
    style = f'<link rel="stylesheet" href="./{head["framework.css"]}">'
    charset = '<meta charset="UTF-8" />'
    page = page.replace(charset, f"{charset}\n    {script}\n    {style}", 1)
    # At the end, after what Streamlit adds to the head: where two rules weigh the same, ours wins.
    page = page.replace("</body>", f'<link rel="stylesheet" href="./{head["style.css"]}"></body>', 1)
    return _with_noscript(page, f"<p>{html.escape(t('framework.shell.noscript'))}</p>")


def frame_page(stock: str) -> str:
    """Return the page of the map's frame in French.

    Parameters
    ----------
    stock : str
        ``index.html`` as streamlit-folium sends it.

    Returns
    -------
    str
    """
    title = html.escape(t("framework.shell.map_title"))
    page = re.sub(r'<html lang="en"', '<html lang="fr"', stock)
    page = re.sub(r"<title>.*?</title>", lambda _: f"<title>{title}</title>", page)
    page = re.sub(r'<meta name="description"[^>]*>', "", page)
    return _with_noscript(page, html.escape(t("framework.shell.noscript")))


def security_headers(
    page: str,
    *,
    is_frame: bool,
    host: str = "",
    frame_ancestors: str = "'self'",
    tile_origins: Sequence[str] = (),
) -> dict[str, str]:
    """Return the headers that limit what an HTML page may load and who may embed it.

    The app's page needs neither ``eval`` nor inline scripts (the one that Streamlit writes is allowed by its
    digest). The map's frame needs both: streamlit-folium appends the map as an inline script and evaluates
    feature groups.

    Parameters
    ----------
    page : str
        The page as it will be sent.
    is_frame : bool
        Whether it is the map's frame.
    host : str
        ``Host`` of the request, so that browsers that do not count WebSockets under ``'self'`` connect.
    frame_ancestors : str
        Who may embed the app, as the directive of that name says it (``'self' https://www.haute-garonne.fr``).
    tile_origins : sequence of str
        Origins of background tiles. Empty: no image from elsewhere.

    Returns
    -------
    dict of str to str
        Lower-case header names.
    """
    if is_frame:
        scripts = ["'self'", "'unsafe-inline'", "'unsafe-eval'"]
    else:
        scripts = ["'self'", *(f"'sha256-{_sha256(body)}'" for body in _INLINE_SCRIPT.findall(page))]
    sockets = [f"ws://{host}", f"wss://{host}"] if _HOST.fullmatch(host) else []
    policy = {
        "default-src": ["'self'"],
        "script-src": scripts,
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:", *tile_origins],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'", *sockets],
        "frame-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": [frame_ancestors],
    }
    if is_frame:
        # Every page of the chain is checked: the app itself, then whatever may embed the app.
        others = [source for source in frame_ancestors.split() if source not in {"'self'", "'none'"}]
        policy["frame-ancestors"] = ["'self'", *others]
    return {
        "content-security-policy": "; ".join(f"{name} {' '.join(values)}" for name, values in policy.items()),
        "permissions-policy": PERMISSIONS,
        "referrer-policy": "same-origin",
    }


def _with_noscript(page: str, text: str) -> str:
    return re.sub(r"<noscript>.*?</noscript>", lambda _: f"<noscript>{text}</noscript>", page, flags=re.DOTALL)


def _sha256(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
