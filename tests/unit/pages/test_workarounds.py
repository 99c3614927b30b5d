"""Each workaround for a library is still needed: a test that fails here says which one to remove."""

from __future__ import annotations

import inspect
import re
from importlib.resources import files
from pathlib import Path

import folium
import pytest
import streamlit
import streamlit_folium
from streamlit.runtime.scriptrunner import script_runner
from streamlit.web import bootstrap
from streamlit.web.server import starlette as streamlit_server
from streamlit.web.server.starlette.starlette_gzip_middleware import _should_bypass_gzip
from streamlit_folium import generate_js_hash

from essmap.pages.workarounds import WORKAROUNDS

BROWSER_TESTS = Path(__file__).parents[2] / "browser" / "test_shell.py"


@pytest.fixture(scope="module")
def stock_page():
    """Streamlit's page as it is installed."""
    return files(streamlit).joinpath("static", "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bundles():
    """Streamlit's scripts as they are installed, in one text."""
    folder = files(streamlit).joinpath("static", "static", "js")
    heavy = ("PlotlyChart", "DeckGl", "ECharts", "elk-", "GraphViz", "StreamlitSyntax")
    scripts = (file for file in folder.iterdir() if not file.name.startswith(heavy))
    return "\n".join(script.read_text(encoding="utf-8") for script in scripts)


@pytest.fixture(scope="module")
def component():
    """The built page of streamlit-folium's component."""
    return files(streamlit_folium).joinpath("frontend", "build")


def test_every_workaround_has_exactly_one_test_that_names_it():
    """Each key of the list names one test, here or among the browser tests."""
    source = Path(__file__).read_text(encoding="utf-8") + BROWSER_TESTS.read_text(encoding="utf-8")
    found = re.findall(r"^def test_(\w+)_is_still_needed\(", source, re.MULTILINE)
    assert sorted(found) == sorted(item.key for item in WORKAROUNDS)


def test_page_language_is_still_needed(stock_page):
    """Streamlit's page says it is in English."""
    assert '<html lang="en">' in stock_page


def test_page_noscript_is_still_needed(stock_page):
    """Streamlit's page has English words for browsers without JavaScript and a link for programs."""
    assert "You need to enable JavaScript" in stock_page
    assert 'rel="service-desc"' in stock_page


@pytest.mark.parametrize(
    "words",
    [
        "Choose an option",
        "Skip to main content",
        "Press Enter to ",
        "Connection error",
        "Fullscreen",
        "Link to heading",
    ],
)
def test_framework_words_is_still_needed(bundles, words):
    """Streamlit's scripts hold English words for visitors."""
    assert words in bundles


def test_browser_locale_is_still_needed(bundles):
    """Streamlit's scripts ask the browser for its language."""
    assert "navigator.language" in bundles


def test_first_paint_is_still_needed(stock_page):
    """Streamlit's page preloads its own font."""
    assert re.search(r'rel="preload"[^>]*as="font"', stock_page)


def test_safety_headers_is_still_needed():
    """Streamlit's server never mentions a content security policy."""
    folder = Path(inspect.getfile(streamlit_server)).parent
    assert not any("content-security-policy" in file.read_text("utf-8").lower() for file in folder.glob("*.py"))


def test_static_compression_is_still_needed():
    """Streamlit's server keeps its own scripts out of compression."""
    assert _should_bypass_gzip("/static/js/index.js")


def test_outside_address_is_still_needed():
    """Streamlit asks for the outside address of the machine when it prints where it runs."""
    assert "get_external_ip" in inspect.getsource(bootstrap._print_url)


def test_frame_language_is_still_needed(component):
    """The component's page is English."""
    assert '<html lang="en"' in component.joinpath("index.html").read_text(encoding="utf-8")


def test_frame_eval_is_still_needed(component):
    """The component evaluates text."""
    (script,) = [
        item for item in component.joinpath("static", "js").iterdir() if re.fullmatch(r"main\.\w+\.js", item.name)
    ]
    assert "eval(" in script.read_text(encoding="utf-8")


def test_map_assets_is_still_needed():
    """A folium map loads scripts and styles from other servers."""
    links = [link for _, link in [*folium.Map.default_js, *folium.Map.default_css]]
    stock = inspect.getsource(folium.Map) + inspect.getsource(inspect.getmodule(folium.Map))
    assert re.search(r'"https://[^"]+\.js"', stock), links


def test_map_hash_is_still_needed():
    """Two scripts that differ by a word after an underscore have one hash."""
    one, other = (generate_js_hash(f"filter('theme_{word}')", "map") for word in ("culture", "sport"))
    assert one == other


def test_map_max_zoom_is_still_needed():
    """A largest zoom given to folium's map without tiles does not reach Leaflet."""
    assert "maxZoom" not in folium.Map(max_zoom=18, tiles=None).options


def test_forced_collection_is_still_needed():
    """Streamlit collects all garbage after each run of a script."""
    assert "gc.collect(2)" in inspect.getsource(script_runner)
