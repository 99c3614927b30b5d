"""Page Découvrir. Its question: which ESS actors are near me, or do what I look for."""

from __future__ import annotations

from typing import Any

import streamlit as st

from essmap import reference
from essmap.analysis.nearest import nearest
from essmap.pages import frame, state
from essmap.pages.actor_map import actor_map, embedded_map, row_of
from essmap.pages.downloads import actors_menu
from essmap.pages.filter_bar import filter_bar
from essmap.pages.loaded import Loaded, settings
from essmap.texts import t
from essmap.view import cards
from essmap.view.filters import UNKNOWN_CANTON, Filters, Mask, without
from essmap.view.format import decimal, escape, integer, markdown_escape
from essmap.view.rows import each_row

PAGE_SIZE = 20
NEAR_KM = 10  # below, distances are told to 100 m


def show(data: Loaded) -> None:
    """Draw the page."""
    if st.context.is_embedded:
        embedded_map(data, said=_count_sentence(data, int(data.index.mask(state.filters()).sum())))
        return
    frame.heading(t("discover.title", place=data.in_department), t("discover.lead"))
    filters = filter_bar(data)
    mask = data.index.mask(filters)
    skip = frame.skip_link("liste", t("discover.skip_map"))
    frame.status(_count_sentence(data, int(mask.sum())), skip=skip)
    _canton_sentence(data, filters)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(key="essmap_map"):
        actor_map(data, filters, mask)
        _on_map(data, mask)
        st.html(_legend())
    with right:
        _card(data, mask)
        with st.container(key="essmap_list"):
            _results(data, filters, mask)
    frame.focus_wish()


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


def _on_map(data: Loaded, mask: Mask) -> None:
    """Say in words what the map shows of the actor just asked for."""
    row = row_of(data, state.chosen_actor())
    if row < 0 or not mask[row] or not state.focus_wish().startswith("map"):
        return
    actor = data.index.actors.iloc[row]
    position = str(reference.positions().at[actor["geo_precision"], "explanation"])
    said = escape(t("discover.on_map", name=actor["name"], position=position))
    st.html(f'<p class="essmap-meta" data-essmap-say="map">{said}</p>')


def _card(data: Loaded, mask: Mask) -> None:
    chosen = state.chosen_actor()
    found = data.index.actors[data.index.actors["actor_id"] == chosen]
    if chosen is None or found.empty:
        return
    if not mask[row_of(data, chosen)]:
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
            sources=data.manifest.source_titles,
        )
    )
    st.button(t("discover.close_card"), on_click=state.choose_actor, args=(None,), key="close_card")


def _results(data: Loaded, filters: Filters, mask: Mask) -> None:
    found = data.index.actors[mask]
    pages = max(1, -(-len(found) // PAGE_SIZE))
    number = min(st.session_state.get(state.LIST_PAGE, 1), pages)
    first = (number - 1) * PAGE_SIZE
    shown = found.iloc[first : first + PAGE_SIZE]
    st.html(_list_head(number, pages, first, len(shown)))
    if found.empty:
        _nothing(data, filters)
        return
    with st.container(key="essmap_rows", horizontal=True, gap="xsmall"):
        for actor in each_row(shown):
            _row(actor)
    if pages > 1:
        st.pagination(pages, key=state.LIST_PAGE, on_change=state.turn_page)
    actors_menu(data, found["actor_id"].tolist(), filters)


def _list_head(number: int, pages: int, first: int, shown: int) -> str:
    """Return the heading, that the list stands for the map, and which part of it is shown."""
    part = t("discover.list_page", page=number, pages=pages, first=integer(first + 1), last=integer(first + shown))
    page = f'<p class="essmap-meta" data-essmap-say="page">{escape(part)}</p>' if pages > 1 else ""
    return (
        f'<h2 id="liste" tabindex="-1">{escape(t("discover.list"))}</h2>'
        f'<p id="liste-role" class="essmap-meta">{escape(t("discover.alternative"))}</p>{page}'
    )


def _row(actor: Any) -> None:
    """Draw one result; short keys, because each travels twice. web/access.js adds the name to its buttons."""
    st.html(cards.list_row(actor))
    is_placed = actor.geo_precision != "municipality"
    st.button(t("discover.open_card"), key=f"o{actor.Index}", on_click=state.choose_actor, args=(actor.actor_id,))
    st.button(
        t("discover.show_on_map") if is_placed else t("discover.show_commune"),
        key=f"m{actor.Index}",
        on_click=state.choose_actor,
        args=(actor.actor_id,),
        kwargs={"focus": "map"},
    )


def _nothing(data: Loaded, filters: Filters) -> None:
    """An empty result is a question asked back: which one filter to drop, or how far to go."""
    nothing = t("discover.nothing_partial") if data.is_partial else t("discover.nothing")
    st.html(f"<p>{escape(nothing)}</p>")
    for name, count in data.index.relaxations(filters)[:3]:
        if count:
            st.button(
                t("discover.relax", name=t(f"filters.names.{name}"), n=count, n_text=integer(count)),
                on_click=state.set_filters,
                args=(without(filters, name),),
                key=f"relax_{name}",
            )
    _nearest(data, filters)
    st.button(t("discover.clear"), on_click=state.set_filters, args=(Filters(),), key="clear_filters")
    st.html(cards.report_link("-", t("discover.missing"), settings().contact_email, settings().site_url))


def _nearest(data: Loaded, filters: Filters) -> None:
    """Offer the nearest actor that answers everything but the place."""
    area = data.place_area(filters.where)
    if area is None or filters.where is None:
        return
    others = data.snapshot.layer("actors")[data.index.mask(without(filters, "where"))]
    found = nearest(others.geometry, area, "EPSG:4326", metric_crs=reference.projected_crs(data.manifest.department))
    if found is None:
        return
    actor = next(each_row(others.iloc[[found.row]]))
    words = {
        "name": actor.name,
        "commune": actor.commune_name,
        "position": reference.positions().at[actor.geo_precision, "explanation"],
    }
    place = data.place_names[filters.where]
    origin = t("discover.from_centre", name=place) if area.geom_type == "Point" else t("discover.from_edge", name=place)
    km = found.distance_m / 1000
    said = (
        t("discover.nearest", **words, distance=decimal(km) if km < NEAR_KM else integer(km), place=origin)
        if found.distance_m
        else t("discover.nearest_inside", **words)
    )
    st.html(f'<p class="essmap-nearest">{escape(said)}</p>')
    st.button(
        t("discover.nearest_open", name=markdown_escape(actor.name)),
        key="open_nearest",
        on_click=state.choose_actor,
        args=(actor.actor_id,),
    )


def _legend() -> str:
    def item(look: str, label: str, text: str = "") -> str:
        return f'<li><span class="essmap-look essmap-look-{look}" aria-hidden="true">{text}</span>{escape(label)}</li>'

    axes = "".join(f"<li>{cards.axis_badges([key])}</li>" for key in reference.axes().index)
    looks = [item(look, t(f"discover.look_{look}")) for look in ("exact", "near", "approximate")]
    looks += [item("supported", t("card.supported")), item("group", t("discover.look_group"), "12")]
    looks += [item("group essmap-look-marked", t("discover.look_group_supported"))]
    title = escape(t("discover.legend"))
    lists = f"<ul>{axes}</ul><ul>{''.join(looks)}</ul>"
    return f'<details class="essmap-legend" open><summary>{title}</summary>{lists}</details>'
