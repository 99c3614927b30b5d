"""Page Mon territoire. Its question: what is here, what the Department supports here, how does it compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, cast

import numpy as np
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.analysis.coverage import Level
from essmap.analysis.portrait import (
    served_from_elsewhere,
    where_supported,
)
from essmap.pages import frame, state
from essmap.pages.actor_map import background, chosen_territory
from essmap.pages.computed import tables_of
from essmap.pages.funding import territory_lines
from essmap.pages.loaded import Loaded, settings
from essmap.pages.portrait import Place, Portrait, alike, axes, figures, missing, portrait_of, profiles
from essmap.schema.folding import fold_series
from essmap.texts import t
from essmap.view import cards
from essmap.view.filters import UNKNOWN_CANTON, Mask, Where
from essmap.view.format import escape, file_name, integer, listing
from essmap.view.layers import pack_mask
from essmap.view.map import MapOptions, MapState, base_map, state_layer
from essmap.view.places import ADDRESS, territory_link
from essmap.view.rows import each_row
from essmap.view.sheet import sheet_content, sheet_pdf
from essmap.view.supports import known_amounts, projects_table
from essmap.view.tables import Heading, Html, html_table

MAP_HEIGHT: Final = 420
PAGE_SIZE: Final = 20
LEVELS: Final[tuple[Level, ...]] = ("canton", "epci", "commune")
_LIST_PAGE: Final = "territory_list_page"
_MAP: Final = "map_territory"
_CLICKED: Final = "territory_click"


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("territory.title"), t("territory.lead", place=data.in_department))
    frame.partial_banner(data)
    chosen, other = _choices(data)
    if chosen is None:
        _welcome(data)
        return
    portraits = [portrait_of(data, place) for place in (chosen, other) if place is not None]
    st.html(f"<h2>{escape(t('territory.and').join(p.label for p in portraits))}</h2>")
    frame.status(" ".join(_sentence(data, portrait) for portrait in portraits))
    _downloads(data, portraits)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.html(figures(data, portraits))
    with right:
        _map(data, portraits)
    if len(portraits) > 1:  # four columns of numbers need the whole width
        st.html(axes(data, portraits))
    left, right = st.columns(2, gap="medium")
    with left:
        if len(portraits) == 1:
            st.html(axes(data, portraits))
        st.html(profiles(data, portraits, "family"))
    with right:
        st.html(profiles(data, portraits, "domain"))
    for portrait in portraits:
        _supports(data, portrait)
    _supports_limits(data, portraits[0])
    for portrait in portraits:
        st.html(missing(data, portrait))
    if len(portraits) == 1:
        st.html(alike(data, portraits[0]))
    _actors(data, portraits)


def _choices(data: Loaded) -> tuple[Place | None, Place | None]:
    """Draw the choice of one territory, and of a second one to put beside it."""
    # Actors whose canton is not known are a filter of Découvrir, not a territory.
    known = [place for place in data.places if not place[1].endswith(UNKNOWN_CANTON)]
    places = [cast("Place", place) for level in LEVELS for place in known if place[0] == level]
    now = cast("Place | None", state.filters().where)
    left, right = st.columns(2)
    with left:
        chosen = _place_box(data, places, "territory", now)
    other = None
    if chosen is not None:
        with right:
            others = [place for place in places if place != chosen]
            other = _place_box(data, others, "other", cast("Place | None", state.compared()))
    if chosen is not None or now in places:  # a postcode chosen on Découvrir is no territory, and stays its choice
        state.keep_filters(replace(state.filters(), where=cast("tuple[Where, str] | None", chosen)))
    state.compare_with(other)
    return chosen, other


def _place_box(data: Loaded, places: Sequence[Place], name: str, now: Place | None) -> Place | None:
    chosen = st.selectbox(
        t(f"territory.{name}"),
        places,
        index=None,
        format_func=lambda place: data.places.get(place, ""),
        key=state.seed(name, now if now in places else None),
        placeholder=t(f"territory.{name}_hint"),
        on_change=state.touched,
    )
    return cast("Place", tuple(chosen)) if chosen else None


def _welcome(data: Loaded) -> None:
    """Nothing is chosen yet: every canton as a link, with what is known of it."""
    cantons = data.snapshot.table("cantons").sort_values("label", key=fold_series)
    actors = data.snapshot.table("actors")["canton_code"].value_counts()
    projects = where_supported(data.snapshot.table("projects"), tables_of(data), "canton").value_counts()
    headings = [
        Heading(t("territory.canton")),
        Heading(t("territory.inhabitants"), is_number=True),
        Heading(t("territory.actors"), is_number=True),
        Heading(t("territory.projects"), is_number=True),
    ]
    rows: list[list[str | Html]] = [
        [
            territory_link("canton", row.canton_code, row.label),
            integer(row.population),
            integer(actors.get(row.canton_code, 0)),
            integer(projects.get(row.canton_code, 0)),
        ]
        for row in each_row(cantons)
    ]
    st.html(f"<p>{escape(t('territory.start'))}</p>{html_table(t('territory.all_cantons'), headings, rows)}")
    absent = reference.cantons_not_loaded(cantons, data.manifest.department)
    if len(absent):
        said = t("territory.not_loaded", names=listing(absent["canton_name"].tolist()))
        st.html(f'<p class="essmap-meta">{escape(said)} {escape(reference.how_to_load_cantons())}</p>')


def _sentence(data: Loaded, portrait: Portrait) -> str:
    n, projects = len(portrait.actors), len(portrait.supports.projects)
    partial = t("discover.partial") if data.is_partial else ""
    return t(
        "territory.sentence",
        name=portrait.label,
        actors=t("territory.n_actors", n=n, n_text=integer(n)),
        partial=partial,
        projects=t("territory.n_projects", n=projects, n_text=integer(projects)),
    )


def _downloads(data: Loaded, portraits: Sequence[Portrait]) -> None:
    with st.container(horizontal=True, gap="small"):
        for portrait in portraits:
            st.download_button(
                t("territory.pdf", name=portrait.label),
                partial(_pdf, data, portrait),
                file_name=f"{file_name(portrait.label)}.pdf",
                mime="application/pdf",
                key=f"pdf_{portrait.level}_{portrait.code}",
                on_click="ignore",
                icon=":material/download:",
            )


def _pdf(data: Loaded, portrait: Portrait) -> bytes:
    chosen = settings()
    site = chosen.site_url.rstrip("/")
    return sheet_pdf(
        sheet_content(
            data.snapshot,
            portrait.level,
            portrait.code,
            label=portrait.label,
            gaps=portrait.gaps,
            built_on=data.built_on,
            site_title=chosen.site_title,
            page_url=f"{site}/{ADDRESS}?{portrait.level}={portrait.code}" if site else "",
        )
    )


def _map(data: Loaded, portraits: Sequence[Portrait]) -> None:
    mask: Mask = np.logical_or.reduce([portrait.inside for portrait in portraits])
    boxes = [data.place_bounds.get((portrait.level, portrait.code), data.home) for portrait in portraits]
    bounds = [
        [min(box[0][0] for box in boxes), min(box[0][1] for box in boxes)],
        [max(box[1][0] for box in boxes), max(box[1][1] for box in boxes)],
    ]
    names = t("territory.and").join(portrait.label for portrait in portraits)
    drawn = base_map(
        dict(data.assets),
        data.home,
        title=t("map.territory_title", name=names),
        with_actors=True,
        options=MapOptions(level=portraits[0].level, territories="direct", background=background()),
    )
    st_folium(
        drawn,
        key=_MAP,
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=partial(_follow_click, data),
        feature_group_to_add=state_layer(
            MapState(
                mask=pack_mask(mask),
                bounds=bounds,
                look="-".join(p.code for p in portraits),
                territory=(portraits[0].level, portraits[0].code),
            )
        ),
    )


def _follow_click(data: Loaded) -> None:
    """Open the territory just clicked on the map; an old click that comes back with a rerun is not a wish."""
    answer = st.session_state.get(_MAP)
    place = chosen_territory(data, answer)
    state.touched()
    if place is None or answer == st.session_state.get(_CLICKED):
        return
    st.session_state[_CLICKED] = answer
    state.set_filters(replace(state.filters(), where=cast("tuple[Where, str]", place)))


def _supports(data: Loaded, portrait: Portrait) -> None:
    supports = portrait.supports
    st.html(f"<h2>{escape(t('territory.supports', name=portrait.label))}</h2>")
    if supports.projects.empty:
        st.html(f"<p>{escape(t('sheet.no_project'))}</p>")
    else:
        said = known_amounts(supports.known_eur, supports.known, supports.unknown)
        caption = t("territory.supports_caption", name=portrait.label)
        table = projects_table(supports.projects, data.snapshot.table("communes"), caption, data.manifest.source_titles)
        st.html(f"<p>{escape(said)}</p>{table}")
    served = served_from_elsewhere(data.snapshot.table("projects"), tables_of(data), portrait.level, portrait.code)
    if len(served):
        caption = t("territory.served_caption", name=portrait.label)
        table = projects_table(served, data.snapshot.table("communes"), caption, data.manifest.source_titles)
        said = t("territory.served", n=len(served), n_text=integer(len(served)))
        st.html(f"<p>{escape(said)}</p>{table}")
    if lines := territory_lines(data, portrait.level, portrait.code):
        st.html(lines)


def _supports_limits(data: Loaded, portrait: Portrait) -> None:
    """What the supports of any territory leave out, once."""
    everywhere = portrait.supports.everywhere
    sentences = [data.manifest.completeness["projects"].sentence]
    if everywhere:
        sentences.append(t("sheet.everywhere", n=everywhere, n_text=integer(everywhere)))
    st.html(f'<p class="essmap-meta">{escape(" ".join(sentences))}</p>')


def _actors(data: Loaded, portraits: Sequence[Portrait]) -> None:
    """The structures, by name, twenty at a time; a name leads to its card on Découvrir."""
    inside = np.logical_or.reduce([portrait.inside for portrait in portraits])
    found = data.snapshot.table("actors")[inside].sort_values("name", key=fold_series)
    st.html(
        f'<h2 id="liste" tabindex="-1">{escape(t("territory.list", n=len(found), n_text=integer(len(found))))}</h2>'
    )
    if found.empty:
        st.html(f"<p>{escape(t('sheet.no_actor'))}</p>")
        return
    pages = -(-len(found) // PAGE_SIZE)
    number = min(st.session_state.get(_LIST_PAGE, 1), pages)
    shown = found.iloc[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    rows = "".join(cards.list_row(row, is_link=True) for row in each_row(shown))
    st.html(f'<div class="essmap-columns">{rows}</div>')
    if pages > 1:
        st.pagination(pages, key=_LIST_PAGE, on_change=state.touched)
