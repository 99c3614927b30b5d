"""The web shell: assets, French pages, safety headers and errors, asked over ASGI without a network."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
import streamlit
import streamlit_folium
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from streamlit import config
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_gzip_middleware import SelectiveGZipMiddleware

from essmap.errors import SnapshotError
from essmap.pages import server, shell
from essmap.view import assets

ROOT = Path(__file__).parents[3]
INDEX = Path(str(files(streamlit).joinpath("static", "index.html")))
FRAME = Path(str(files(streamlit_folium).joinpath("frontend", "build", "index.html")))


class FakeStreamlit:
    """Answers as Streamlit does: its page anywhere, the component's page, a script, an HTML download."""

    def __init__(self):
        from starlette.applications import Starlette

        routes = [
            Route("/component/streamlit_folium.st_folium/index.html", lambda _: FileResponse(FRAME)),
            Route("/component/x/main.js", lambda _: PlainTextResponse("js", media_type="text/javascript")),
            Route("/static/js/index.1.js", lambda _: Response("a" * 2000, media_type="text/javascript")),
            Route("/media/report.html", lambda _: Response("<html lang='en'>", media_type="text/html")),
            Route("/_stcore/health", lambda _: PlainTextResponse("ok")),
            Route("/favicon.png", lambda _: Response(b"png", media_type="image/png")),
            Route("/{path:path}", lambda _: FileResponse(INDEX, headers={"cache-control": "no-cache"})),
        ]
        self.app = Starlette(routes=[Mount("/base", routes=routes), *routes])

    async def __call__(self, scope, receive, send):
        """Answer, compressing as Streamlit does."""
        await SelectiveGZipMiddleware(self.app)(scope, receive, send)


class Answer:
    """Status, headers (lower case) and body of one answer."""

    def __init__(self, messages):
        start, *rest = messages
        self.status = start["status"]
        self.raw_headers = [(k.decode().lower(), v.decode()) for k, v in start["headers"]]
        self.headers = dict(self.raw_headers)
        self.body = b"".join(message.get("body", b"") for message in rest)


@pytest.fixture
def ask():
    """Ask the shell around a fake Streamlit: method, path, headers; options for the site."""

    def asked(path, method="GET", headers=(), **options):
        shell_app = FakeStreamlit()
        for layer in reversed(server.middleware(**({"site_title": "ESS & Co"} | options))):
            shell_app = layer.cls(shell_app, **layer.kwargs)
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"carte.example.fr"), *((k.encode(), v.encode()) for k, v in headers)],
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
            "extensions": {},
        }
        messages = []

        sent = []

        async def receive():
            if sent:
                await asyncio.Event().wait()  # the browser stays connected
            sent.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            messages.append(message)

        # In a thread of its own: the browser tests of the same session keep a loop running in this one.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(shell_app(scope, receive, send))).result()
        return Answer(messages)

    return asked


@pytest.fixture
def option():
    """Set options of Streamlit for one test."""
    before = {}

    def set_option(name, value):
        before.setdefault(name, config.get_option(name))
        config.set_option(name, value)

    yield set_option
    for name, value in before.items():
        config.set_option(name, value)


GZIP = [("accept-encoding", "gzip, deflate, br")]


# --- assets ---


def test_asset_is_served_for_ever_with_its_type(ask):
    """A published asset comes whole, with its media type, immutable and not to be sniffed."""
    path = assets.publish("unit.json", b'{"a": 1}', "application/json")
    answer = ask(f"/{path}")
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_asset_is_sent_compressed_once_when_accepted(ask):
    """With gzip accepted, one decompression gives the asset, and caches are told."""
    path = assets.publish("unit.txt", b"abc" * 1000, "text/plain")
    answer = ask(f"/{path}", headers=GZIP)
    assert gzip.decompress(answer.body) == b"abc" * 1000
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
def test_asset_is_sent_plain_when_gzip_is_not_accepted(ask, accepted):
    """Without gzip the bytes come as they are, still marked as varying."""
    path = assets.publish("unit.txt", b"abc" * 1000, "text/plain")
    answer = ask(f"/{path}", headers=[("accept-encoding", accepted)])
    assert answer.body == b"abc" * 1000
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_asset_head_has_length_and_no_body(ask):
    """HEAD answers like GET, without the bytes."""
    path = assets.publish("unit.txt", b"abc" * 1000, "text/plain")
    answer = ask(f"/{path}", method="HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "3000")


@pytest.mark.parametrize("path", ["/assets/0000000000000000/x.js", "/assets/", "/assets/../app.py"])
def test_unknown_asset_is_404_in_french_and_not_cached(ask, path):
    """A path that was not published is a 404 that no cache keeps."""
    answer = ask(path)
    assert answer.status == 404
    assert "Rechargez la page" in answer.body.decode()
    assert answer.headers["cache-control"] == "no-store"


def test_unknown_asset_may_be_published_on_demand(ask):
    """An asset of another process behind the same proxy is answered for, once this one has published it."""
    content = b"published on demand"
    path = f"assets/{hashlib.sha256(content).hexdigest()[:16]}/demand.txt"
    answer = ask(f"/{path}", publish_again=lambda: assets.publish("demand.txt", content, "text/plain"))
    assert (answer.status, answer.body) == (200, content)


@pytest.mark.parametrize(
    ("path", "asked"),
    [("/assets/0000000000000000/x.js", 1), ("/assets/", 0), ("/assets/0000/x.js", 0), ("/assets/../app.py", 0)],
)
def test_only_what_could_be_an_asset_is_published_again(ask, path, asked):
    """A path that no asset can have makes nobody work; one that could and is not there stays a 404."""
    calls = []
    assert ask(path, publish_again=lambda: calls.append(path)).status == 404
    assert len(calls) == asked


def test_nobody_is_let_in_before_the_preparation_is_done():
    """The server starts when what is given has run, and it runs once."""
    calls = []

    async def start():
        async with server.lifespan(lambda: calls.append("prepared"))(object()):
            calls.append("open")

    with ThreadPoolExecutor(1) as thread:  # a browser test of the same process may have left a loop in this one
        thread.submit(lambda: asyncio.run(start())).result()
    assert calls == ["prepared", "open"]


def test_asset_refuses_other_methods(ask):
    """Anything but GET and HEAD is refused."""
    assert ask("/assets/0000000000000000/x.js", method="POST").status == 405


def test_asset_is_found_under_the_base_path(ask, option):
    """With a base path, assets live below it."""
    option("server.baseUrlPath", "/base/")
    path = assets.publish("unit.json", b"{}", "application/json")
    assert ask(f"/base/{path}").body == b"{}"


# --- pages ---


@pytest.mark.parametrize("path", ["/", "/analyse", "/index.html"])
def test_app_page_is_french_with_our_script_first(ask, path):
    """The page says French, has the escaped title of the site and our script before Streamlit's."""
    page = ask(path).body.decode()
    assert '<html lang="fr">' in page
    assert "<title>ESS &amp; Co</title>" in page
    assert 0 < page.index('<script src="./assets/') < page.index('src="./static/js/')
    assert "Cette application a besoin de JavaScript" in page
    for gone in (
        "service-desc",
        "agent",
        "You need to enable",
        '"preload"',
        "favicon.png",
        'lang="en"',
        "<!--",
    ):
        assert gone not in page


def test_app_page_script_is_served_and_holds_the_french_words(ask):
    """The script named in the page is an asset; its table is filled."""
    page = ask("/").body.decode()
    script = page.split('<script src=".')[1].split('"')[0]
    text = ask(script).body.decode()
    assert "Aller au contenu principal" in text
    assert "__GROUPS__" not in text
    assert "__THEMES__" not in text


def test_app_page_carries_the_configured_colours(ask, option):
    """Colours and fonts of the configuration are in the script, so that the first paint has them."""
    option("theme.light.primaryColor", "#123456")
    page = ask("/").body.decode()
    assert '"LIGHT_THEME":{"primaryColor":"#123456"' in ask(page.split('<script src=".')[1].split('"')[0]).body.decode()


def test_frame_page_is_french(ask):
    """The page of the map's frame says French and is called a map."""
    page = ask("/component/streamlit_folium.st_folium/index.html").body.decode()
    assert '<html lang="fr"' in page
    assert "<title>Carte interactive</title>" in page
    assert "You need" not in page
    assert "main." in page


def test_page_is_compressed_and_revalidated(ask):
    """The page comes compressed; asked again with its tag it is 304 without a body."""
    first = ask("/", headers=GZIP)
    again = ask("/", headers=[("if-none-match", first.headers["etag"])])
    assert b'lang="fr"' in gzip.decompress(first.body)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_page_tag_is_ours_not_the_stock_one(ask):
    """A browser that holds the stock page (Streamlit's tag, a range) gets ours in full."""
    answer = ask("/", headers=[("if-none-match", '"stock"'), ("range", "bytes=0-5")])
    assert answer.status == 200
    assert answer.body.endswith(b"</html>\n")
    assert "last-modified" not in answer.headers


def test_page_head_has_the_length_of_the_rewritten_page(ask):
    """HEAD gives the length of what GET sends."""
    assert ask("/", method="HEAD").headers["content-length"] == str(len(ask("/").body))
    assert ask("/", method="HEAD").body == b""


def test_page_under_base_path_keeps_relative_links(ask, option):
    """Under a base path the page is rewritten too, with the same relative URLs."""
    option("server.baseUrlPath", "base")
    assert '<script src="./assets/' in ask("/base/").body.decode()


@pytest.mark.parametrize("path", ["/_stcore/health", "/component/x/main.js", "/favicon.png"])
def test_other_answers_pass_unchanged_but_for_nosniff(ask, path):
    """What is not a page passes through with one header more, once."""
    answer = ask(path)
    assert answer.status == 200
    assert answer.body in {b"ok", b"js", b"png"}
    assert [value for name, value in answer.raw_headers if name == "x-content-type-options"] == ["nosniff"]


def test_html_download_is_not_taken_for_a_page(ask):
    """An HTML file that visitors download keeps its bytes and may not run anything when opened."""
    answer = ask("/media/report.html")
    assert answer.body == b"<html lang='en'>"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def test_static_script_is_compressed_once_and_kept(ask):
    """Streamlit's scripts come compressed when accepted, plain when not."""
    packed = ask("/static/js/index.1.js", headers=GZIP)
    plain = ask("/static/js/index.1.js")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == b"a" * 2000


# --- safety headers ---


def policy(answer):
    """Content security policy as a mapping of directive to values."""
    parts = answer.headers["content-security-policy"].split("; ")
    return {part.split()[0]: part.split()[1:] for part in parts}


def test_app_policy_allows_own_scripts_only(ask):
    """The app's page runs scripts of its own origin and the inline one by digest; no eval, no inline."""
    scripts = policy(ask("/"))["script-src"]
    assert scripts[0] == "'self'"
    assert all(source.startswith("'sha256-") for source in scripts[1:])
    assert len(scripts) == 2


def test_app_policy_connects_to_its_own_host_only(ask):
    """Connections go to the origin and to WebSockets of the host asked."""
    assert policy(ask("/"))["connect-src"] == ["'self'", "ws://carte.example.fr", "wss://carte.example.fr"]


def test_policy_ignores_a_host_that_is_none():
    """A forged Host header cannot add a directive."""
    headers = shell.security_headers("", is_frame=False, host="x; script-src *")
    assert "*" not in headers["content-security-policy"]


def test_frame_policy_allows_eval_and_inline_there_only(ask):
    """The map's frame may evaluate; who may embed it includes the app itself."""
    answer = ask("/component/streamlit_folium.st_folium/index.html", frame_ancestors="https://cd31.example")
    assert {"'unsafe-eval'", "'unsafe-inline'"} <= set(policy(answer)["script-src"])
    assert policy(answer)["frame-ancestors"] == ["'self'", "https://cd31.example"]


@pytest.mark.parametrize(("value", "frame"), [("'self'", ["'self'"]), ("'none'", ["'self'"])])
def test_frame_ancestors_default_and_none(ask, value, frame):
    """The app obeys the setting; its own frame always works."""
    assert policy(ask("/", frame_ancestors=value))["frame-ancestors"] == [value]
    component = ask("/component/streamlit_folium.st_folium/index.html", frame_ancestors=value)
    assert policy(component)["frame-ancestors"] == frame


def test_images_come_from_elsewhere_only_where_tiles_are_declared(ask):
    """Tile origins are added to images, and to nothing else."""
    assert policy(ask("/"))["img-src"] == ["'self'", "data:", "blob:"]
    with_tiles = ask("/", tile_origins=["https://data.geopf.fr"])
    assert policy(with_tiles)["img-src"][-1] == "https://data.geopf.fr"
    assert with_tiles.headers["content-security-policy"].count("geopf") == 1


def test_page_keeps_addresses_and_devices_private(ask):
    """Other sites get no referrer; only our own pages may ask for the position."""
    answer = ask("/")
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "geolocation=(self)" in answer.headers["permissions-policy"]
    assert "camera=()" in answer.headers["permissions-policy"]


# --- errors ---

SCRIPT = """
from essmap.errors import SnapshotError
from essmap.pages import server
assert server.is_script_run()
server.error_handler(contact="{contact}")({error})
"""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("ValueError('secret /srv/x')", "La page n’a pas pu s’afficher."),
        ("SnapshotError('Aucun jeu de données.')", "Aucun jeu de données."),
    ],
)
def test_error_shows_a_sentence_and_a_reference_never_the_exception(error, sentence, caplog):
    """An unknown exception shows our sentence, one of ours its own; the reference is in the log."""
    page = AppTest.from_string(SCRIPT.format(contact="ess@cd31.example", error=error)).run()
    (shown,) = page.error
    assert sentence in shown.value
    assert "ess@cd31.example" in shown.value
    assert "secret" not in shown.value
    assert not page.exception
    (record,) = [record for record in caplog.records if record.name == "essmap.pages.server"]
    assert record.args[0] in shown.value


def test_error_without_contact_offers_none():
    """Without an address nobody is told to write."""
    page = AppTest.from_string(SCRIPT.format(contact="", error="ValueError()")).run()
    assert "écrire" not in page.error[0].value


def test_error_handler_tells_streamlit_to_stay_quiet():
    """The handler returns True outside a run too, so that nothing of Streamlit's is shown."""
    assert SnapshotError.exit_code == 3
    assert not server.is_script_run()


# --- configuration and words ---


def flat(table, prefix=""):
    """Options of a configuration file by dotted name."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@pytest.fixture(scope="module")
def options():
    """What `.streamlit/config.toml` sets."""
    return dict(flat(tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))))


def test_config_sets_only_options_that_exist(options):
    """Every option of the file is known to the installed Streamlit."""
    assert set(options) <= set(config._config_options_template)


def test_config_sends_no_statistics_and_shows_no_details(options):
    """Nothing goes to Streamlit's makers and no exception to the screen."""
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorDetails"] == "none"
    assert options["client.toolbarMode"] == "minimal"
    assert options["server.enableAgentApi"] is False
    assert options["server.enableStaticServing"] is False


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Contrast of two colours, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_config_colours_have_enough_contrast(options, theme):
    """Text and links reach 4.5:1 and edges 3:1 on both backgrounds, in light and dark."""
    for background in ("backgroundColor", "secondaryBackgroundColor"):
        for name, least in (("textColor", 7), ("linkColor", 4.5), ("primaryColor", 4.5), ("borderColor", 3)):
            found = contrast(options[f"theme.{theme}.{name}"], options[f"theme.{theme}.{background}"])
            assert found >= least, (theme, name, background, round(found, 2))


def test_framework_words_keep_their_placeholders():
    """Each French text uses only what its English one captures, and differs from it or is a name."""
    import re

    table = tomllib.loads(files("essmap.texts").joinpath("fr", "framework.toml").read_text(encoding="utf-8"))
    for group in table["group"]:
        for english, french in group["texts"].items():
            assert set(re.findall(r"\{(\w+)\}", french)) <= set(re.findall(r"\{(\w+)\}", english)), english
            assert french == french.strip() != ""
    assert json.dumps(table, ensure_ascii=False).count("\\u") == 0
