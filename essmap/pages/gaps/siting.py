"""« Où agir »: the communes where new structures of a theme would reach most inhabitants who have none near."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import streamlit as st
from streamlit_folium import st_folium

from essmap.analysis.siting import Siting
from essmap.pages import state
from essmap.pages.actor_map import background, chosen_territory
from essmap.pages.computed import served_of, siting_of
from essmap.pages.gaps.choice import Choice
from essmap.pages.gaps.parts import download, heading, live_sentence, scope_of
from essmap.pages.loaded import Loaded
from essmap.schema.folding import fold_series
from essmap.texts import t
from essmap.view import reach
from essmap.view.findings import theme_name
from essmap.view.format import escape
from essmap.view.map import MapOptions, MapState, base_map, state_layer

MAP_HEIGHT: Final = 480
NEW_AT_MOST: Final = 10
NEW: Final = 3
REACHES_KM: Final = (5, 10, 15, 20)
REACH_KM: Final = 10
_NEW, _REACH, _HERE = "gaps_new", "gaps_reach", "gaps_here"


def show(data: Loaded, chosen: Choice) -> Mapping[str, str]:
    """Draw the plan, or what a commune that somebody proposes would bring."""
    _follow(data, chosen.asked)
    left, right = st.columns(2, gap="medium")
    with left:
        new = st.slider(t("siting.new"), 1, NEW_AT_MOST, key=_NEW, on_change=state.touched, persist_state="session")
    with right:
        reach_km = st.select_slider(
            t("siting.reach"),
            REACHES_KM,
            format_func=lambda km: t("access.km", km=km),
            key=_REACH,
            on_change=state.touched,
            persist_state="session",
        )
    result = siting_of(data, chosen.theme, chosen.count, new=new, reach_km=float(reach_km))
    title = t("siting.heading", theme=theme_name(chosen.theme), scope=scope_of(data))
    heading(title, reach.siting_sentences(result), is_answer=True)
    here = _proposal(data)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        _map(data, result, here)
        st.html(reach.siting_legend(is_proposed=here is not None))
    with right:
        live_sentence(reach.proposed_sentence(result, here) if here is not None else "")
        if result.outcome == "planned":
            st.html(reach.plan_table(result.plan, t("reach.optimal")))
            if result.plan["code"].tolist() != result.greedy["code"].tolist():
                st.html(reach.plan_table(result.greedy, t("reach.one_by_one")))
        st.html(f'<p class="essmap-meta">{escape(t("siting.limits"))}</p>')
        name = f"ou-agir-{chosen.theme.key or 'toutes'}-{new}-{reach_km}km"
        download(data, chosen, partial(reach.siting_csv, result), name=name)
    query = {"nouvelles": str(new), "km": str(reach_km)}
    return query | ({"ici": here} if here else {})


def _follow(data: Loaded, asked: Mapping[str, str] | None) -> None:
    """Take what a link or the back button asks for; else the sliders lead."""
    numbers = {str(number): number for number in range(1, NEW_AT_MOST + 1)}
    reaches = {str(km): km for km in REACHES_KM}
    query = asked or {}
    here = query.get("ici", "")
    wanted = {
        _NEW: numbers.get(query.get("nouvelles", ""), NEW),
        _REACH: reaches.get(query.get("km", ""), REACH_KM),
        _HERE: here if ("commune", here) in data.places else None,
    }
    for key, value in wanted.items():
        if asked is not None or key not in st.session_state:
            st.session_state[key] = value


def _proposal(data: Loaded) -> str | None:
    communes = data.snapshot.table("communes").sort_values("commune_name", key=fold_series)
    names = dict(zip(communes["commune_code"], communes["commune_name"], strict=True))
    chosen: str | None = st.selectbox(
        t("siting.here"),
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=_HERE,
        placeholder=t("siting.here_hint"),
        on_change=state.touched,
        persist_state="session",
    )
    return chosen


def _map(data: Loaded, result: Siting, here: str | None) -> None:
    gained = served_of(data, here, result.reach) if here else []
    st_folium(
        base_map(
            dict(data.assets),
            data.home,
            title=t("siting.map_title"),
            with_actors=False,
            options=MapOptions(level="commune", territories="direct", background=background()),
        ),
        key="map_siting",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=partial(_follow_click, data),
        feature_group_to_add=state_layer(
            MapState(fills=reach.siting_fills(result, here, gained), palette=dict(reach.SERVED_FILLS), look="siting")
        ),
    )


def _follow_click(data: Loaded) -> None:
    """Take the commune that was just clicked as the one proposed: « et si c’était ici ? »."""
    state.touched()
    if (place := chosen_territory(data, st.session_state.get("map_siting"))) is not None:
        st.session_state[_HERE] = place[1]
