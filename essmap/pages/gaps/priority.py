"""« Priorités »: where the lacks of the four axes add up, with weights of one's own, and how firm the order is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import streamlit as st

from essmap import reference
from essmap.pages import state
from essmap.pages.computed import priority_of
from essmap.pages.gaps.choice import Choice
from essmap.pages.gaps.parts import download, heading, level_map, scope_of
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view import lacks
from essmap.view.format import escape
from essmap.view.map import MapState
from essmap.view.sheet import axes_of_the_department

MAP_HEIGHT: Final = 460
HEAVIEST: Final = 5


def show(data: Loaded, chosen: Choice) -> Mapping[str, str]:
    """Draw the weights, the order they give, and how often each territory is among those that lack most."""
    weights = _weights(chosen.asked)
    if not any(weights.values()):
        st.html(f"<p>{escape(t('priority.no_weight'))}</p>")
        return {"poids": _said(weights)}
    table = priority_of(data, chosen.question, weights)
    if table.empty:
        st.html(f"<p>{escape(t('gaps.no_level'))}</p>")
        return {}
    heading(t("priority.heading", scope=scope_of(data)), lacks.priority_sentences(table), is_answer=True)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        fills = MapState(fills=lacks.priority_fills(table), palette=dict(lacks.PRIORITY_FILLS), look=chosen.level)
        key = f"map_priority_{chosen.level}"
        level_map(data, key, t("priority.map_title"), fills, level=chosen.level, height=MAP_HEIGHT)
    with right:
        st.html(lacks.priority_legend())
        st.html(f'<p class="essmap-meta">{escape(t("priority.how"))}</p>')
    st.html(lacks.priority_table(table, list(weights), chosen.level))
    download(data, chosen, partial(lacks.priority_csv, table, weights), name=f"priorites-{chosen.level}")
    return {"poids": _said(weights)} if len(set(weights.values())) > 1 else {}


def _weights(asked: Mapping[str, str] | None) -> dict[str, float]:
    """Draw one slider per axis; equal at first, or as a link or the back button asks."""
    labels = reference.axes()["label"]
    axes = axes_of_the_department()
    said = (asked or {}).get("poids", "").split(",")
    known = {str(weight): weight for weight in range(HEAVIEST + 1)}
    start = (
        [known[weight] for weight in said] if len(said) == len(axes) and set(said) <= set(known) else [1] * len(axes)
    )
    weights = {}
    for column, axis, weight in zip(st.columns(len(axes)), axes, start, strict=True):
        key = f"gaps_weight_{axis}"
        if asked is not None or key not in st.session_state:
            st.session_state[key] = weight
        with column:
            weights[axis] = float(
                st.slider(
                    t("priority.weight", axis=labels[axis]),
                    0,
                    HEAVIEST,
                    key=key,
                    on_change=state.touched,
                    persist_state="session",
                )
            )
    return weights


def _said(weights: Mapping[str, float]) -> str:
    return ",".join(str(int(weight)) for weight in weights.values())
