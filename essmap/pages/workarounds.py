"""Every workaround for Streamlit, streamlit-folium and folium, in one list.

Each has a test, named after its key, in ``tests/unit/pages/test_workarounds.py`` or
``tests/browser/test_shell.py``, that fails when the workaround is no longer needed. Raising the pinned
versions in ``pyproject.toml`` starts there.
"""

from __future__ import annotations

from dataclasses import dataclass

_STREAMLIT = "https://github.com/streamlit/streamlit/issues"


@dataclass(frozen=True, slots=True)
class Workaround:
    """One thing done because a library does not.

    Attributes
    ----------
    key : str
        Name of its test: ``test_<key>_is_still_needed``.
    what : str
        What we do, and where.
    why : str
        What the library does.
    upstream : str
        Address of the report. Empty: none is known.
    gone_when : str
        What must be true for us to remove it.
    """

    key: str
    what: str
    why: str
    upstream: str
    gone_when: str


WORKAROUNDS = (
    Workaround(
        "page_language",
        "shell.app_page and web/framework.js set the language of the page to French",
        'Streamlit fixes <html lang="en">; screen readers then read French with English sounds',
        f"{_STREAMLIT}/15726",
        "the language of the page is an option",
    ),
    Workaround(
        "page_noscript",
        "shell.app_page replaces the text shown without JavaScript, and drops the link for programs",
        "Streamlit shows visitors an English text about a programming interface that is off here",
        "",
        "the text can be set",
    ),
    Workaround(
        "framework_words",
        "web/framework.js replaces Streamlit's words with the French of texts/fr/framework.toml",
        "Streamlit has no translation: placeholders, tooltips, dialogs and labels are English",
        f"{_STREAMLIT}/1353",
        "Streamlit can be told a language or every word can be passed",
    ),
    Workaround(
        "browser_locale",
        "web/framework.js makes the browser's language French before Streamlit starts",
        "numbers and what screen readers are told follow the browser, not the page",
        f"{_STREAMLIT}/1353",
        "Streamlit takes the locale from the page or an option",
    ),
    Workaround(
        "first_paint",
        "shell.app_page drops the font preload; web/framework.js gives colours and fonts at once",
        "Streamlit first paints its own theme and downloads its font (170 kB), then asks for ours",
        "",
        "the configured theme is in the first page",
    ),
    Workaround(
        "pagination_font",
        "web/framework.css gives st.pagination the font around it",
        "Streamlit gives it its own font whatever the configuration says, which downloads that font",
        "",
        "st.pagination follows theme.font",
    ),
    Workaround(
        "deep_link",
        "web/framework.js tells Streamlit where the site is",
        "on any page but the first, Streamlit first asks two addresses that do not exist",
        f"{_STREAMLIT}/7074",
        "opening a page by its address makes no failing request",
    ),
    Workaround(
        "safety_headers",
        "server.Shell adds a content security policy and its companions to HTML answers",
        "Streamlit sends none and has no option for them",
        f"{_STREAMLIT}/9160",
        "Streamlit lets headers be configured",
    ),
    Workaround(
        "static_compression",
        "transport.StaticCompression sends Streamlit's scripts and style sheets compressed",
        "Streamlit leaves them as they are: 2.7 MB for the first page",
        "",
        "Streamlit compresses /static/ or ships compressed files",
    ),
    Workaround(
        "outside_address",
        ".streamlit/config.toml sets browser.serverAddress",
        "otherwise Streamlit asks an outside service for the address of the machine when it starts",
        f"{_STREAMLIT}/7721",
        "Streamlit asks nobody by default",
    ),
    Workaround(
        "component_registration",
        "server.Shell registers streamlit-folium's component with the server that runs",
        "a component imported before the server exists is never registered: its frame is a 404",
        "",
        "a component imported by the module that holds st.App is served",
    ),
    Workaround(
        "frame_language",
        "shell.frame_page sets language, title and text without JavaScript of the map's frame",
        "streamlit-folium's page is English and called after the component",
        "",
        "the page of the component takes language and title",
    ),
    Workaround(
        "frame_title",
        "framework.toml translates the title of the map's frame",
        "Streamlit titles the frame of a component with its technical name (RGAA 2.1, 2.2)",
        f"{_STREAMLIT}/16607",
        "the title of a component's frame can be passed",
    ),
    Workaround(
        "frame_eval",
        "shell.security_headers allows inline scripts and eval in the map's frame, and only there",
        "streamlit-folium appends the map as an inline script and evaluates feature groups",
        "",
        "streamlit-folium builds maps without evaluating text",
    ),
    Workaround(
        "map_assets",
        "view.assets publishes Leaflet; the map lists it in place of folium's addresses",
        "folium's default scripts and styles come from other companies' servers",
        "",
        "folium ships its scripts",
    ),
    Workaround(
        "map_hash",
        "what changes a map is written without underscores in its script, or goes through a feature group",
        "streamlit-folium strips every `_token` before it compares two scripts, and keeps the old map",
        "",
        "two scripts that differ by such a token have different hashes",
    ),
    Workaround(
        "map_max_zoom",
        "the map is made with maxZoom=..., not max_zoom=...",
        "folium drops max_zoom when there are no tiles",
        "https://github.com/python-visualization/folium/issues/1395",
        "folium.Map(max_zoom=18, tiles=None) sets maxZoom",
    ),
    Workaround(
        "forced_collection",
        "loaded.spare_collector freezes what is loaded, out of sight of the garbage collector",
        "Streamlit collects all garbage after every run, before the last messages leave: 60 ms of a filter's 120",
        "",
        "Streamlit no longer forces a full collection after each run",
    ),
)
