"""The filters as widgets: where, words and axes at hand; the rest behind one button."""

from __future__ import annotations

from typing import Final, cast

import pandas as pd
import streamlit as st

from essmap import reference
from essmap.pages import state
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.filters import NO_AXIS, Filters, Where
from essmap.view.format import escape

_P: Final = state.WIDGET_PREFIX
_UNKNOWN_PLACE: Final = "unknown_place"


def known_values(data: Loaded) -> dict[str, list[str]]:
    """Return the values that each address-bar parameter may take."""
    places = data.places
    return {
        "axe": [*_axes(), NO_AXIS],
        "domaine": list(reference.domains().index),
        "famille": list(reference.families().index),
        **{kind: [code for found, code in places if found == kind] for kind in ("commune", "cp", "canton", "epci")},
    }


def filter_bar(data: Loaded) -> Filters:
    """Draw the filters and return what they say."""
    now = state.filters()
    left, right = st.columns([3, 2])
    with left:
        where = _place_box(data, now)
    with right:
        words = st.text_input(
            t("filters.words"),
            key=state.seed("words", now.words),
            on_change=state.touched,
            placeholder=t("filters.words_hint"),
            max_chars=100,
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axes = st.pills(
            t("filters.axes"),
            [*_axes(), NO_AXIS],
            selection_mode="multi",
            format_func=lambda key: str(reference.axes().at[key, "label"]),
            key=state.seed("axes", list(now.axes)),
            on_change=state.touched,
            wrap=True,
        )
        finer = sum(map(bool, (now.domains, now.families, now.supported, now.since)))
        label = t("filters.more", n=finer, n_text=finer) if finer else t("filters.more_none")
        with st.popover(label, key="more_filters"):
            domains, families, supported, since = _finer(data, now)
    found = Filters(
        words=words.strip(),
        axes=tuple(axes),
        domains=tuple(domains),
        families=tuple(families),
        where=where,
        supported=supported,
        since=since,
    )
    state.keep_filters(found)
    return found


def _finer(data: Loaded, now: Filters) -> tuple[list[str], list[str], bool, int | None]:
    domains = st.multiselect(
        t("filters.domains"),
        list(reference.domains().index),
        format_func=lambda key: str(reference.domains().at[key, "label"]),
        key=state.seed("domains", list(now.domains)),
        on_change=state.touched,
        placeholder=t("filters.domains_hint"),
    )
    families = st.multiselect(
        t("filters.families"),
        list(reference.families().index),
        format_func=lambda key: str(reference.families().at[key, "label"]),
        key=state.seed("families", list(now.families)),
        on_change=state.touched,
        placeholder=t("filters.families_hint"),
    )
    years = _years(data, now.since)
    since = st.selectbox(
        t("filters.since"),
        years,
        index=None,
        key=state.seed("since", now.since),
        on_change=state.touched,
        placeholder=t("filters.since_hint"),
        help=t("filters.since_help"),
    )
    supported = st.toggle(t("filters.supported"), key=state.seed("supported", now.supported), on_change=state.touched)
    return domains, families, supported, since


def _place_box(data: Loaded, now: Filters) -> tuple[Where, str] | None:
    chosen = st.selectbox(
        t("filters.where"),
        list(data.places),
        index=None,
        format_func=lambda place: data.places.get(place, "") if isinstance(place, tuple) else place,
        key=state.seed("where", now.where),
        placeholder=t("filters.where_hint"),
        accept_new_options=True,  # Streamlit's own search knows neither « saint gaudens » nor « L’Union »
        on_change=_understand_place,
        args=(data,),
    )
    if unknown := st.session_state.pop(_UNKNOWN_PLACE, None):
        st.html(f'<p role="alert">{escape(t("discover.place_unknown", text=unknown))}</p>')
    return cast("tuple[Where, str] | None", tuple(chosen) if isinstance(chosen, tuple | list) else None)


def _understand_place(data: Loaded) -> None:
    """Turn what was typed into a place, whatever case, accents, hyphens, « St » and « Ste »."""
    state.touched()
    key = f"{_P}where"
    typed = st.session_state.get(key)
    if isinstance(typed, str):
        found = data.find_place(typed)
        st.session_state[key] = found
        if found is None:
            st.session_state[_UNKNOWN_PLACE] = typed


def _axes() -> list[str]:
    return [key for key in reference.axes().index if key not in {reference.NO_AXIS, reference.SEVERAL_AXES}]


def _years(data: Loaded, wanted: int | None) -> list[int]:
    found = data.snapshot.table("actors")["source_year"].dropna()
    years = set(pd.unique(found).tolist()) | ({wanted} if wanted is not None else set())
    return sorted((int(year) for year in years), reverse=True)
