"""« Accès »: how far the inhabitants of each commune live from the structures of a theme."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import streamlit as st

from essmap.pages.computed import access_of
from essmap.pages.gaps.choice import Choice
from essmap.pages.gaps.parts import download, heading, level_map, scope_of
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view import reach
from essmap.view.findings import theme_name
from essmap.view.format import escape
from essmap.view.map import MapState

MAP_HEIGHT: Final = 480


def show(data: Loaded, chosen: Choice) -> Mapping[str, str]:
    """Draw distances on the map, how many inhabitants live far, and the communes that are farthest."""
    result = access_of(data, chosen.theme, chosen.count)
    name, actors = theme_name(chosen.theme), data.snapshot.table("actors")
    heading(t("access.heading", theme=name, scope=scope_of(data)), reach.access_sentences(result), is_answer=True)
    if result.summary.status == "no_actor":
        return {}
    left, right = st.columns(2, gap="medium")
    with left:
        shown = MapState(fills=reach.access_fills(result), palette=dict(reach.DISTANCE_FILLS), look=name)
        level_map(data, "map_access", t("access.map_title"), shown, height=MAP_HEIGHT)
        st.html(reach.access_legend())
    with right:
        st.html(reach.beyond_table(result))
        limits = reach.access_limits(result)
        if data.is_partial:
            limits.insert(0, t("access.partial"))
        st.html("".join(f'<p class="essmap-meta">{escape(sentence)}</p>' for sentence in limits))
    st.html(reach.farthest_table(result, actors))
    download(
        data,
        chosen,
        partial(reach.access_csv, result, actors),
        name=f"acces-{chosen.theme.key or 'toutes'}",
    )
    return {}
