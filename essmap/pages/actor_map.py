"""The map of the actors: what it shows, where it looks, and what a click on it chooses.

`background` and `chosen_territory` serve the maps of other pages too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlencode

import streamlit as st
from streamlit_folium import st_folium

from essmap.pages import state
from essmap.pages.loaded import Loaded, settings
from essmap.texts import t
from essmap.view.filters import Filters, Mask, Where
from essmap.view.format import escape
from essmap.view.layers import pack_mask
from essmap.view.map import Background, MapOptions, MapState, base_map, state_layer
from essmap.view.messages import read_actor, read_territory, read_view

MAP_HEIGHT: Final = 520
NEIGHBOURHOOD_DEGREES: Final = 0.03  # about 3 km: what shows around an actor chosen in the list
_MAP: Final = "map_discover"
_LOOK: Final = "map_look"  # where the map was last asked to look
_EMBED_STYLE: Final = Path(__file__).parent / "web" / "embed.css"


def actor_map(data: Loaded, filters: Filters, mask: Mask) -> None:
    """Draw the map of the actors that the mask shows."""
    _draw(data, filters, mask, on_change=partial(_follow_click, data), is_embedded=False)


def embedded_map(data: Loaded, *, said: str) -> None:
    """Draw the bare map that another site embeds, with one line under it.

    Parameters
    ----------
    data : Loaded
    said : str
        How many structures there are, in words.
    """
    filters = state.filters()
    st.html(_EMBED_STYLE)
    with st.container(key="essmap_embed"):
        _draw(data, filters, data.index.mask(filters), on_change=partial(_follow_click, data), is_embedded=True)
        query = filters.to_query()
        chosen = row_of(data, state.chosen_actor())
        if chosen >= 0:
            said = str(data.index.actors["name"].iloc[chosen])
            query = {state.ACTOR_PARAMETER: str(state.chosen_actor())}
        label = t("map.embed_card") if chosen >= 0 else t("map.embed_open")
        address = f"./?{urlencode(query)}" if query else "./"
        st.html(
            f'<p class="essmap-embed"><span role="status">{escape(said)}</span> '
            f'<a href="{escape(address)}" target="_blank" rel="noopener">{escape(label)}</a></p>'
        )


def background() -> Background | None:
    """Return the background of tiles that the deployer allows, for `essmap.view.map.base_map`."""
    chosen = settings()
    if chosen.tiles == "off":
        return None
    return Background(chosen.tiles_url, chosen.tiles_credit, chosen.tiles_provider, at_once=chosen.tiles == "on")


def chosen_territory(data: Loaded, answer: Mapping[str, object] | None) -> tuple[str, str] | None:
    """Return the territory (kind, code) that was clicked, from the answer of ``st_folium``; None if there is none."""
    return read_territory(_clicked(answer), data.places)


def row_of(data: Loaded, actor_id: str | None) -> int:
    """Return the row of an actor, or -1."""
    found = (data.index.actors["actor_id"] == actor_id).to_numpy().nonzero()[0]
    return int(found[0]) if len(found) else -1


def _draw(data: Loaded, filters: Filters, mask: Mask, *, on_change: Callable[[], None], is_embedded: bool) -> None:
    bounds, look = _where_to_look(data, filters)
    view = MapState(
        mask=pack_mask(mask),
        selected=row_of(data, state.chosen_actor()),
        bounds=bounds,
        look=look,
        territory=filters.where,
        view=read_view(state.asked_view(), data.home),
    )
    drawn = base_map(
        dict(data.assets),
        data.home,
        title=t("map.embed_title" if is_embedded else "map.discover_title"),
        with_actors=True,
        options=MapOptions(
            territories=None if is_embedded else "ask",
            background=background(),
            shares_view=True,
            fills_frame=is_embedded,
        ),
    )
    st_folium(
        drawn,
        key=_MAP,
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=on_change,
        feature_group_to_add=state_layer(view),
    )


def _where_to_look(data: Loaded, filters: Filters) -> tuple[list[list[float]], str]:
    """Return the bounds to show and a name for them: the map moves only when the name changes.

    It changes with the place, and each time an actor is chosen elsewhere than on the map; a choice made on the map,
    or a card that is closed, leaves it.
    """
    chosen = row_of(data, state.chosen_actor())
    place = "-".join(filters.where) if filters.where else "home"
    if chosen >= 0 and not state.was_chosen_on_map():
        point = data.snapshot.layer("actors").geometry.iloc[chosen]
        margin = NEIGHBOURHOOD_DEGREES
        bounds = [[point.y - margin, point.x - margin], [point.y + margin, point.x + margin]]
        found = (bounds, f"{place} actor-{chosen} {state.choice_number()}")
    else:
        where = data.place_bounds.get(filters.where, data.home) if filters.where else data.home
        kept: tuple[list[list[float]], str] | None = st.session_state.get(_LOOK)
        found = kept if kept and kept[1].split()[0] == place else (where, place)
    st.session_state[_LOOK] = found
    return found


def _clicked(answer: Mapping[str, object] | None) -> str:
    found = (answer or {}).get("last_object_clicked_tooltip")
    return found if isinstance(found, str) else ""


def _follow_click(data: Loaded) -> None:
    """Open the card of the actor, or choose the territory, that was just clicked on the map."""
    clicked = _clicked(st.session_state.get(_MAP))
    state.touched()
    if not clicked or clicked == st.session_state.get("map_click"):  # an old click that comes back is not a wish
        return
    st.session_state["map_click"] = clicked
    row = read_actor(clicked, data.assets["actors"], len(data.index.actors))
    if row is not None:
        state.choose_actor(str(data.index.actors["actor_id"].iloc[row]), on_map=True)
    elif (place := read_territory(clicked, data.places)) is not None:
        state.set_filters(replace(state.filters(), where=cast("tuple[Where, str]", place)))
