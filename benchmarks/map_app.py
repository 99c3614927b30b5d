"""The page that `benchmarks.map` measures: a filter and a map of made-up actors, drawn in one of four ways.

BENCH_KIND: ``ours`` (essmap's own layer), ``markers`` (one folium ``Marker`` per actor in a ``MarkerCluster``),
``fast`` (``FastMarkerCluster``), ``none`` (no map: what the page costs without one). BENCH_ACTORS: how many.
BENCH_SNAPSHOT: a folder of snapshots whose actors are drawn instead of made-up ones. BENCH_PLAIN: leave the baselines
without `essmap.pages.loaded.spare_collector`.
All scripts are served by the app itself; both baselines carry the names that ours shows.
"""

from __future__ import annotations

import html
import os
from importlib.resources import files
from pathlib import Path

import folium
import geopandas as gpd
import streamlit as st
from folium.plugins import FastMarkerCluster, MarkerCluster
from streamlit_folium import st_folium

from benchmarks.made_up import made_up_actors
from essmap import reference
from essmap.build.starter import load_geography
from essmap.pages import server
from essmap.pages.loaded import spare_collector
from essmap.store import Store
from essmap.view import assets
from essmap.view.filters import Filters, Mask, SearchIndex
from essmap.view.layers import bounds, pack_mask, publish_actors, publish_outlines
from essmap.view.map import MAX_ZOOM, MapState, base_map, state_layer

KIND = os.environ.get("BENCH_KIND", "ours")
ACTORS = int(os.environ.get("BENCH_ACTORS", "1000"))
DEPARTMENT = "31"
HEIGHT = 520
CALLBACK = "function callback(row) { return L.marker([row[0], row[1]]).bindTooltip(row[2]).bindPopup(row[2]); }"

Home = list[list[float]]


@st.cache_resource(show_spinner=False)
def data() -> tuple[SearchIndex, gpd.GeoDataFrame, Home, dict[str, str], list[list[object]]]:
    """Make the actors and everything that does not depend on the filter, once per server."""
    geography = load_geography(DEPARTMENT)
    stored = os.environ.get("BENCH_SNAPSHOT")
    actors = Store(stored).load(DEPARTMENT).layer("actors") if stored else made_up_actors(ACTORS, geography.communes)
    labels = {**reference.domains()["label"], **reference.legal_forms()["label"]}
    index = SearchIndex.build(actors, geography.communes, labels)
    paths = publish_outlines(
        geography.communes,
        geography.cantons,
        geography.epci,
        geography.department,
        reference.projected_crs(DEPARTMENT),
    )
    paths["actors"] = publish_actors(actors)
    rows = zip(actors.geometry.y, actors.geometry.x, actors["name"], actors["commune_name"], strict=True)
    listed: list[list[object]] = [
        [round(lat, 5), round(lon, 5), f"{html.escape(name)}, {html.escape(commune)}"]
        for lat, lon, name, commune in rows
        if KIND in {"fast", "markers"}
    ]
    if KIND == "ours" or not os.environ.get("BENCH_PLAIN"):
        spare_collector()  # as essmap does; Streamlit alone does not
    return index, actors, bounds(geography.department.geometry), paths, listed


@st.cache_resource(show_spinner=False)
def baseline_links() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return scripts and styles of the baselines, from installed packages."""
    leaflet = assets.leaflet_assets()
    cluster = files("xstatic.pkg.leaflet_markercluster").joinpath("data")
    jquery = files("xstatic.pkg.jquery").joinpath("data", "jquery.min.js").read_bytes()
    own = {name: cluster.joinpath(name).read_bytes() for name in ("leaflet.markercluster.js", "MarkerCluster.css")}
    own["MarkerCluster.Default.css"] = cluster.joinpath("MarkerCluster.Default.css").read_bytes()
    paths = {**leaflet, **assets.REGISTRY.publish_folder({**own, "jquery.js": jquery})}
    scripts = ["leaflet.js", "jquery.js", "leaflet.markercluster.js"]
    styles = ["leaflet.css", "MarkerCluster.css", "MarkerCluster.Default.css"]
    links = [[(name, assets.from_component(paths[name])) for name in names] for names in (scripts, styles)]
    return links[0], links[1]


class _LocalMap(folium.Map):
    """folium's map without addresses of others."""

    def __init__(self, **options: object) -> None:
        self.default_js, self.default_css = baseline_links()
        super().__init__(tiles=None, maxZoom=MAX_ZOOM, **options)
        self._name = "Map"


def draw_baseline(home: Home, listed: list[list[object]], mask: Mask) -> None:
    """Draw as folium's plugins do; what changes goes through the feature group, which is their faster way."""
    for plugin in (MarkerCluster, FastMarkerCluster):
        plugin.default_js, plugin.default_css = [], []
    middle = [(home[0][k] + home[1][k]) / 2 for k in (0, 1)]
    base = _LocalMap(location=middle, zoom_start=9)
    base.fit_bounds(home)
    group = folium.FeatureGroup(name="actors")
    rows = [row for row, shown in zip(listed, mask, strict=True) if shown]
    if KIND == "fast":
        FastMarkerCluster(rows, callback=CALLBACK).add_to(group)
    else:
        cluster = MarkerCluster().add_to(group)
        for lat, lon, words in rows:
            folium.Marker([lat, lon], tooltip=words, popup=words).add_to(cluster)
    st_folium(
        base,
        key="map",
        height=HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        feature_group_to_add=group,
    )


def draw_ours(home: Home, paths: dict[str, str], mask: Mask) -> None:
    """Draw as the page Découvrir does."""
    st_folium(
        base_map(paths, home, title="Carte de mesure", with_actors=True),
        key="map",
        height=HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        feature_group_to_add=state_layer(MapState(mask=pack_mask(mask), bounds=home, look="home")),
    )


def run() -> None:
    """Draw the page."""
    st.set_page_config(page_title="Mesure", layout="wide")
    index, _, home, paths, listed = data()
    for column, axis in zip(st.columns(5), ("tout", *list(reference.axes().index)[:4]), strict=True):
        if column.button(axis):
            st.session_state["axis"] = axis
    axis = st.session_state.get("axis", "tout")
    mask = index.mask(Filters() if axis == "tout" else Filters(axes=(axis,)))
    st.html(f'<p class="bench-count" data-count="{int(mask.sum())}">Données inventées : {int(mask.sum())}</p>')
    if KIND == "ours":
        draw_ours(home, paths, mask)
    elif KIND != "none":
        draw_baseline(home, listed, mask)


if server.is_script_run():
    run()
else:
    app = st.App(Path(__file__).resolve(), middleware=server.middleware(site_title="Mesure"))
