"""Page Découvrir. Its question: which ESS actors are near me, or do what I look for."""

from __future__ import annotations

import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.pages import frame, state
from essmap.pages.filter_bar import filter_bar
from essmap.pages.loaded import Loaded, settings
from essmap.texts import t
from essmap.view import cards
from essmap.view.filters import UNKNOWN_CANTON, Filters, Mask, without
from essmap.view.format import escape, integer, markdown_escape
from essmap.view.layers import pack_mask
from essmap.view.map import MapState, base_map, state_layer
from essmap.view.rows import each_row

PAGE_SIZE = 20
MAP_HEIGHT = 520
NEIGHBOURHOOD_DEGREES = 0.03  # about 3 km: what shows around an actor chosen in the list


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("discover.title", place=data.in_department), t("discover.lead"))
    filters = filter_bar(data)
    mask = data.index.mask(filters)
    frame.status(_count_sentence(data, int(mask.sum())))
    _canton_sentence(data, filters)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(key="essmap_map"):
        _map(data, filters, mask)
        st.html(_legend())
    with right:
        _card(data, mask)
        _results(data, filters, mask)


def _count_sentence(data: Loaded, found: int) -> str:
    total = len(data.index.actors)
    partial = t("discover.partial") if data.is_partial else ""
    if found == total:
        return t("discover.count_all", n=total, n_text=integer(total), partial=partial)
    return t("discover.count", n=found, n_text=integer(found), total=integer(total), partial=partial)


def _canton_sentence(data: Loaded, filters: Filters) -> None:
    """Say, of a canton that shares a commune, how many actors of that commune may be in it without showing."""
    kind, code = filters.where or ("", "")
    parts = data.snapshot.table("canton_parts")
    shared = parts[parts["commune_code"].duplicated(keep=False) & parts["canton_code"].eq(code)]
    actors = data.index.actors
    for commune in shared["commune_code"] if kind == "canton" else ():
        unknown = f"{commune}{UNKNOWN_CANTON}"
        n = int((actors["commune_code"].eq(commune) & actors["canton_code"].isna()).sum())
        if n:
            said = t("discover.canton_unknown", n=n, n_text=integer(n))
            link = f'<a href="./?canton={escape(unknown)}" target="_self">{escape(data.places["canton", unknown])}</a>'
            st.html(f"<p class='essmap-meta'>{escape(said)} {link}.</p>")


def _map(data: Loaded, filters: Filters, mask: Mask) -> None:
    bounds, look = _where_to_look(data, filters)
    view = MapState(mask=pack_mask(mask), selected=_row_of(data, state.chosen_actor()), bounds=bounds, look=look)
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
    chosen = _row_of(data, state.chosen_actor())
    if chosen >= 0 and not state.was_chosen_on_map():
        point = data.snapshot.layer("actors").geometry.iloc[chosen]
        margin = NEIGHBOURHOOD_DEGREES
        return [[point.y - margin, point.x - margin], [point.y + margin, point.x + margin]], f"actor-{chosen}"
    if filters.where:
        return data.place_bounds.get(filters.where, data.home), "-".join(filters.where)
    return data.home, "home"


def _row_of(data: Loaded, actor_id: str | None) -> int:
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


def _card(data: Loaded, mask: Mask) -> None:
    chosen = state.chosen_actor()
    found = data.index.actors[data.index.actors["actor_id"] == chosen]
    if chosen is None or found.empty:
        return
    if not mask[_row_of(data, chosen)]:
        st.html(f'<p class="essmap-meta">{escape(t("discover.card_apart"))}</p>')
    projects = data.snapshot.table("projects")
    deployment = settings()
    page_url = f"{deployment.site_url.rstrip('/')}/?{state.ACTOR_PARAMETER}={chosen}"
    st.html(
        cards.actor_card(
            next(each_row(found)),
            projects[projects["actor_id"] == chosen],
            report_address=deployment.contact_email,
            page_url=page_url,
        )
    )
    st.button(t("discover.close_card"), on_click=state.choose_actor, args=(None,), key="close_card")


def _results(data: Loaded, filters: Filters, mask: Mask) -> None:
    st.html(f'<h2 id="liste" tabindex="-1">{escape(t("discover.list"))}</h2>')
    found = data.index.actors[mask]
    if found.empty:
        _nothing(data, filters)
        return
    pages = -(-len(found) // PAGE_SIZE)
    number = min(st.session_state.get(state.LIST_PAGE, 1), pages)
    for actor in each_row(found.iloc[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]):
        with st.container(key=f"row_{actor.Index}", gap="small"):
            st.html(cards.list_row(actor))
            st.button(
                t("discover.open_card", name=markdown_escape(actor.name)),
                key=f"open_{actor.actor_id}",
                on_click=state.choose_actor,
                args=(actor.actor_id,),
                type="tertiary",
            )
    if pages > 1:
        st.pagination(pages, key=state.LIST_PAGE, on_change=state.touched)


def _nothing(data: Loaded, filters: Filters) -> None:
    """An empty result is a question asked back: which one filter to drop."""
    st.html(f"<p>{escape(t('discover.nothing'))}</p>")
    for name, count in data.index.relaxations(filters)[:3]:
        if count:
            st.button(
                t("discover.relax", name=t(f"filters.names.{name}"), n=count, n_text=integer(count)),
                on_click=state.set_filters,
                args=(without(filters, name),),
                key=f"relax_{name}",
            )
    st.button(t("discover.clear"), on_click=state.set_filters, args=(Filters(),), key="clear_filters")
    st.html(cards.report_link("-", t("discover.missing"), settings().contact_email, settings().site_url))


def _legend() -> str:
    def item(look: str, label: str, text: str = "") -> str:
        return f'<li><span class="essmap-look essmap-look-{look}" aria-hidden="true">{text}</span>{escape(label)}</li>'

    axes = "".join(f"<li>{cards.axis_badges([key])}</li>" for key in reference.axes().index)
    looks = [item(look, t(f"discover.look_{look}")) for look in ("exact", "near", "approximate")]
    looks += [item("supported", t("card.supported")), item("group", t("discover.look_group"), "12")]
    title = escape(t("discover.legend"))
    lists = f"<ul>{axes}</ul><ul>{''.join(looks)}</ul>"
    return f'<details class="essmap-legend" open><summary>{title}</summary>{lists}</details>'
