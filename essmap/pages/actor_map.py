"""The map of the actors: what it shows, where it looks, and what a click on it chooses."""

from __future__ import annotations

import streamlit as st
from streamlit_folium import st_folium

from essmap.pages import state
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.filters import Filters, Mask
from essmap.view.layers import pack_mask
from essmap.view.map import MapState, base_map, state_layer

MAP_HEIGHT = 520
NEIGHBOURHOOD_DEGREES = 0.03  # about 3 km: what shows around an actor chosen in the list


def actor_map(data: Loaded, filters: Filters, mask: Mask) -> None:
    """Draw the map of the actors and follow what is chosen on it."""
    bounds, look = _where_to_look(data, filters)
    view = MapState(mask=pack_mask(mask), selected=row_of(data, state.chosen_actor()), bounds=bounds, look=look)
    answer = st_folium(
        base_map(dict(data.assets), data.home, title=t("map.discover_title"), with_actors=True),
        key="map_discover",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=state.touched,
        feature_group_to_add=state_layer(view),
    )
    _follow_click(data, (answer or {}).get("last_object_clicked_tooltip"))


def _where_to_look(data: Loaded, filters: Filters) -> tuple[list[list[float]], str]:
    """Return the bounds to show and a name for them: the map moves only when the name changes."""
    chosen = row_of(data, state.chosen_actor())
    if chosen >= 0 and not state.was_chosen_on_map():
        point = data.snapshot.layer("actors").geometry.iloc[chosen]
        margin = NEIGHBOURHOOD_DEGREES
        return [[point.y - margin, point.x - margin], [point.y + margin, point.x + margin]], f"actor-{chosen}"
    if filters.where:
        return data.place_bounds.get(filters.where, data.home), "-".join(filters.where)
    return data.home, "home"


def row_of(data: Loaded, actor_id: str | None) -> int:
    """Return the row of an actor, or -1."""
    found = (data.index.actors["actor_id"] == actor_id).to_numpy().nonzero()[0]
    return int(found[0]) if len(found) else -1


def _follow_click(data: Loaded, clicked: str | None) -> None:
    """Open the card of the actor just chosen on the map; an old click that comes back with a rerun is not a wish."""
    if not clicked or clicked == st.session_state.get("map_click"):
        return
    st.session_state["map_click"] = clicked
    # The frame may still show the actors of an older snapshot: a row number counts in its own table only.
    digest, _, rest = clicked.partition(":")
    number = rest.partition(":")[0]
    if digest == data.assets["actors"].split("/")[1] and number.isdecimal() and int(number) < len(data.index.actors):
        state.choose_actor(str(data.index.actors["actor_id"].iloc[int(number)]), on_map=True)
        st.rerun()
