"""The folium map: tiny, the same script from rerun to rerun, so that the component is never reloaded.

Outlines and actors are fetched by URL (`essmap.view.layers`); what a rerun changes travels in a feature group.
folium's default scripts and styles come from third parties: here they come from the app itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import folium
from branca.element import MacroElement
from folium.template import Template

from essmap.texts import t
from essmap.view.assets import from_component, leaflet_assets, publish
from essmap.view.layers import axis_styles

_JAVASCRIPT: Final = "text/javascript; charset=utf-8"
MAX_ZOOM: Final = 18
MIN_ZOOM: Final = 7

#: Our scripts, in the order they need each other; served as one, because streamlit-folium waits for each in turn.
_SCRIPTS: Final = ("grouping", "parts", "actors", "territories", "background", "controls", "map")
#: Texts of ``texts/fr/map.toml`` that the scripts show or say; the title depends on the page.
_TEXTS: Final = (
    "actor",
    "group",
    "group_one_supported",
    "group_supported",
    "same_place",
    "centre",
    "close",
    "failure",
    "zoom_in",
    "zoom_out",
    "credit",
    "keys",
    "keys_map",
    "step",
    "zoomed",
    "none_in_view",
    "two_fingers",
    "tools",
    "full_screen",
    "leave_full_screen",
    "around_me",
    "locating",
    "located",
    "located_roughly",
    "location_far",
    "location_refused",
    "location_failed",
    "location_slow",
    "see_results",
    "see_department",
    "seen_results",
    "no_results",
    "copy_link",
    "link_copied",
    "link_by_hand",
    "link",
    "tiles",
    "tiles_calls",
    "tiles_unreachable",
    "territory_canton",
    "territory_see",
    "territory_see_about",
)

#: Diverging fills of observed / expected, colour-blind safe (brown to teal), from « moins de la moitié » to
#: « plus du double ». Source: ColorBrewer BrBG, 5 classes.
RATIO_FILLS: Final = {"c0": "#a6611a", "c1": "#dfc27d", "c2": "#f5f5f5", "c3": "#80cdc1", "c4": "#018571"}


Level = Literal["canton", "epci", "commune"]


@dataclass(frozen=True, slots=True)
class Background:
    """A background of tiles, from a server that is not ours.

    Attributes
    ----------
    url : str
        Address of a tile, with ``{z}``, ``{x}`` and ``{y}``.
    credit : str
        What its licence asks to be shown.
    provider : str
        Whose plan it is, in one word: part of the button's name.
    at_once : bool
        Whether it shows before the visitor has asked.
    """

    url: str
    credit: str
    provider: str
    at_once: bool = False


class OfflineMap(folium.Map):
    """A folium map whose scripts and styles are served by the app."""

    def __init__(self, **options: Any) -> None:
        leaflet = leaflet_assets()
        self.default_js = [
            ("leaflet", from_component(leaflet["leaflet.js"])),
            ("essmap", from_component(_scripts())),
        ]
        self.default_css = [
            ("leaflet", from_component(leaflet["leaflet.css"])),
            ("essmap", from_component(publish("map.css", _read("map.css"), "text/css; charset=utf-8"))),
        ]
        # `maxZoom`, not `max_zoom`: the latter does not reach the map when there are no tiles.
        super().__init__(tiles=None, zoom_control=False, maxZoom=MAX_ZOOM, minZoom=MIN_ZOOM, zoomSnap=0.5, **options)
        self._name = "Map"


class _Base(MacroElement):
    _template = Template(
        "{% macro script(this, kwargs) %}essmap.base({{ this._parent.get_name() }}, {{ this.config }});{% endmacro %}"
    )

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "EssmapBase"
        self.config = _script_json(config)


class _State(MacroElement):
    _template = Template("{% macro script(this, kwargs) %}essmap.show(map_div, {{ this.state }});{% endmacro %}")

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "EssmapState"
        self.state = _script_json(state)


@dataclass(frozen=True, slots=True)
class MapState:
    """What a rerun may change on the map.

    Attributes
    ----------
    mask : str
        `essmap.view.layers.pack_mask` of the actors to show.
    selected : int
        Row of the chosen actor, or -1.
    bounds : list or None
        [[south, west], [north, east]] to look at, in degrees.
    look : str
        The map moves to ``bounds`` only when this changes.
    fills : dict
        Code of a territory of the map's level to ``{"class": ..., "label": ...}`` and, where colour alone must not
        say it, ``"pattern": "hatch"`` or ``"mark": "established"`` (a thick outline).
    palette : dict
        Colour (``#rrggbb``) of each class of ``fills``; the default is `RATIO_FILLS`. A class without one is left
        in the colour of the land.
    territory : tuple (kind, code) or None
        The chosen territory, to be outlined; kinds are those of `essmap.view.filters.Where`.
    view : tuple or None
        Latitude, longitude and zoom that a new frame opens on, in place of ``bounds``.
    """

    mask: str = ""
    selected: int = -1
    bounds: list[list[float]] | None = None
    look: str = ""
    fills: dict[str, dict[str, str]] = field(default_factory=dict)
    palette: dict[str, str] = field(default_factory=dict)
    territory: tuple[str, str] | None = None
    view: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What the map of one page does.

    Attributes
    ----------
    level : str
        Which territories `MapState.fills` colours.
    territories : str or None
        What a click on land does: ``ask`` names commune and canton and offers to choose one, ``direct`` chooses the
        territory of ``level``. The page gets ``territory:<kind>:<code>:<counter>`` as the clicked tooltip
        (`essmap.view.messages.read_territory`).
    background : Background or None
        Tiles that the visitor may show; None: there is no such button.
    shares_view : bool
        Whether « Copier le lien » adds what the map looks at: only for pages that read it.
    fills_frame : bool
        Whether the map is as high as its frame, whatever height the page gives.
    """

    level: Level = "canton"
    territories: Literal["ask", "direct"] | None = None
    background: Background | None = None
    shares_view: bool = False
    fills_frame: bool = False


def base_map(
    assets: dict[str, str],
    home: list[list[float]],
    *,
    title: str,
    with_actors: bool,
    options: MapOptions | None = None,
) -> folium.Map:
    """Return the base map; build it anew at each rerun (streamlit-folium changes the object it is given).

    Parameters
    ----------
    assets : dict
        Paths of ``outlines``, ``communes`` and ``actors``.
    home : list
        [[south, west], [north, east]] of the department.
    title : str
        What a screen reader calls the map.
    with_actors : bool
    options : MapOptions, optional
        The same at each rerun of a page: another one loads the map anew.

    Returns
    -------
    folium.Map
    """
    options = options or MapOptions()
    centre = [(home[0][0] + home[1][0]) / 2, (home[0][1] + home[1][1]) / 2]
    result = OfflineMap(location=centre, zoom_start=9)
    config = {
        "outlines": from_component(assets["outlines"]),
        "communes": from_component(assets["communes"]),
        "actors": from_component(assets["actors"]) if with_actors else None,
        "bounds": home,
        "title": title,
        "level": options.level,
        "territories": options.territories,
        "tiles": None if options.background is None else asdict(options.background),
        "share": options.shares_view,
        "fill": options.fills_frame,
    }
    _Base(config).add_to(result)
    return result


def state_layer(state: MapState) -> folium.FeatureGroup:
    """Return the feature group that brings a state to the map already on screen."""
    group = folium.FeatureGroup(name="state", control=False)
    content = {
        "mask": state.mask,
        "selected": state.selected,
        "bounds": state.bounds,
        "look": state.look,
        "fills": state.fills,
        "palette": state.palette,
        "territory": state.territory,
        "view": state.view,
    }
    _State(content).add_to(group)
    return group


def _scripts() -> str:
    return publish("essmap.js", _joined_scripts(), _JAVASCRIPT)


@cache
def _joined_scripts() -> bytes:
    """Return our scripts with what they say and draw the same on every map: it need not travel at each rerun."""
    common = {"axes": axis_styles(), "fills": RATIO_FILLS, "texts": {name: t(f"map.{name}") for name in _TEXTS}}
    last = f"window.essmap.common = {_script_json(common)};\n".encode()
    return b"".join([*(_read(f"{name}.js") for name in _SCRIPTS), last])


@cache
def _read(name: str) -> bytes:
    return files("essmap.view").joinpath("web", name).read_bytes()


def _script_json(content: Any) -> str:
    """Return JSON that is safe inside a script element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
