"""« Zones »: communes with few, or many, structures that stand together more than chance would put them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import streamlit as st

from essmap.pages.computed import clusters_of
from essmap.pages.gaps.choice import Choice
from essmap.pages.gaps.parts import download, heading, level_map, scope_of
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view import lacks
from essmap.view.findings import theme_name
from essmap.view.format import escape
from essmap.view.map import MapState

MAP_HEIGHT: Final = 520


def show(data: Loaded, chosen: Choice) -> Mapping[str, str]:
    """Draw the clusters of communes on the map and say them."""
    table = clusters_of(data, chosen.question)
    name = theme_name(chosen.theme)
    heading(t("clusters.heading", theme=name, scope=scope_of(data)), lacks.cluster_sentences(table), is_answer=True)
    fills = MapState(fills=lacks.cluster_fills(table), palette=dict(lacks.CLUSTER_FILLS), look=name)
    level_map(data, "map_clusters", t("clusters.map_title"), fills, height=MAP_HEIGHT)
    st.html(lacks.cluster_legend())
    if shown := lacks.cluster_table(table):
        st.html(shown)
    st.html(f'<p class="essmap-meta">{escape(t("clusters.how"))}</p>')
    download(data, chosen, partial(lacks.cluster_csv, table), name=f"zones-{chosen.theme.key or 'toutes'}")
    return {}
