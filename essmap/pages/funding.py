"""Parts of pages on programmes declared complete: what each canton gets, beside who is there."""

from __future__ import annotations

import streamlit as st

from essmap.analysis.coverage import Level
from essmap.analysis.funding import Funding, funding
from essmap.pages import state
from essmap.pages.computed import tables_of
from essmap.pages.loaded import Loaded
from essmap.schema.snapshot import Span
from essmap.schema.spans import years_of
from essmap.texts import t
from essmap.view.format import escape
from essmap.view.funding import (
    funding_note,
    funding_sentence,
    funding_table,
    quadrant_chart,
    quadrant_list,
    quadrants,
    territory_funding,
)


def show_complete(data: Loaded) -> None:
    """Draw what is complete, one programme at a time; nothing where nothing was declared."""
    spans = _spans(data)
    if not spans:
        return
    st.html(f"<h2>{escape(t('funding.title'))}</h2>")
    span = spans[0]
    if len(spans) > 1:
        place = st.selectbox(
            t("funding.choose"),
            range(len(spans)),
            format_func=lambda place: f"{spans[place].programme}, {years_of(spans[place])}",
            key="funding_span",
            on_change=state.touched,
        )
        span = spans[place]
    found = _funding(data, span, "canton")
    st.html(f"<p>{escape(funding_sentence(found))}</p>{funding_note()}")
    caption = t("funding.caption", programme=span.programme, years=years_of(span))
    if len(quadrants(found)):
        title = t("funding.chart_title_partial" if data.is_partial else "funding.chart_title")
        st.html(f"<h3>{escape(title)}</h3>")
        if data.is_partial:
            st.html(f'<p class="essmap-partial">{escape(t("funding.partial"))}</p>')
        st.altair_chart(quadrant_chart(found), width="stretch", alt=t("funding.chart_alt"))
        st.html(quadrant_list(found, is_partial=data.is_partial))
    st.html(funding_table(found, caption))


def territory_lines(data: Loaded, level: Level, code: str) -> str:
    """Return what a territory gets of each complete programme, as HTML; empty where nothing was declared."""
    said = [territory_funding(_funding(data, span, level), code) for span in _spans(data)]
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in said if sentence)


def _spans(data: Loaded) -> tuple[Span, ...]:
    return tuple(data.manifest.completeness["projects"].spans)


def _funding(data: Loaded, span: Span, level: Level) -> Funding:
    return funding(tables_of(data), data.snapshot.table("projects"), span, level)
