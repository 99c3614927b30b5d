"""« Comparer »: observed beside expected per territory, on the map, in the table, as a funnel where it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.analysis.coverage import Level
from essmap.analysis.funnel import funnel
from essmap.analysis.seen import how_it_was_seen
from essmap.analysis.units import OUTSIDE, UNKNOWN
from essmap.pages import state
from essmap.pages.actor_map import background, chosen_territory
from essmap.pages.computed import badges_of, coverage_of, tables_of
from essmap.pages.downloads import gaps_menu
from essmap.pages.gaps.choice import Choice, exercise_button
from essmap.pages.gaps.parts import heading, live_sentence, scope_of, shared_communes, supported_mask
from essmap.pages.loaded import Loaded
from essmap.schema.folding import fold_series
from essmap.texts import t
from essmap.view import findings
from essmap.view.charts import funnel_chart
from essmap.view.findings import theme_name
from essmap.view.format import DASH, decimal, escape, integer, listing
from essmap.view.layers import pack_mask
from essmap.view.map import MapOptions, MapState, base_map, state_layer
from essmap.view.rows import each_row
from essmap.view.tables import Heading, html_table

MAP_HEIGHT: Final = 460
PAGE_SIZE: Final = 40
_MAP: Final = "map_gaps"
_CHOSEN: Final = "gaps_territory"
_PAGE: Final = "gaps_page"
_ASKED: Final = "gaps_asked"


def show(data: Loaded, chosen: Choice) -> Mapping[str, str]:
    """Draw the comparison of territories; return the territory that was chosen, for the address bar."""
    whole = coverage_of(data, chosen.question)
    table = whole[~whole["code"].isin([UNKNOWN, OUTSIDE])]
    if table.empty:
        st.html(f"<p>{escape(t('gaps.no_level'))}</p>")
        return {}
    name, scope = theme_name(chosen.theme), scope_of(data)
    heading(t("gaps.heading", theme=name, scope=scope), findings.summary(table, chosen.level), is_answer=True)
    caption = t("gaps.caption", theme=name, level=t(f"gaps.by.{chosen.level}"), scope=scope)
    left, right = st.columns([6, 6] if chosen.is_judged else [5, 7], gap="medium")
    with left:
        code = _one_territory(table, chosen.asked)
        _map(data, chosen, table, name, code)
        st.html(findings.legend(is_judged=chosen.is_judged, is_partial=data.is_partial))
    with right:
        if chosen.is_judged:
            _funnel(table)
        else:
            _table(data, chosen, whole, caption)
    if chosen.is_judged:  # more columns than half of the page holds
        _table(data, chosen, whole, caption)
    else:
        _how_it_was_seen(data, chosen, name)
        st.html(f"<h2>{escape(t('gaps.exercise_title'))}</h2>")
        exercise_button(data, is_on=False)
    return {"territoire": code} if code else {}


def _map(data: Loaded, chosen: Choice, table: pd.DataFrame, name: str, code: str | None) -> None:
    with_supports = st.checkbox(t("gaps.supports"), key="gaps_supports", persist_state="session")
    drawn = base_map(
        dict(data.assets),
        data.home,
        title=t("map.gaps_title", level=t(f"gaps.some.{chosen.level}")),
        with_actors=with_supports,
        options=MapOptions(level=chosen.level, territories="direct", background=background()),
    )
    st_folium(
        drawn,
        key=f"{_MAP}_{chosen.level}_{int(with_supports)}",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=partial(_follow_click, data, f"{_MAP}_{chosen.level}_{int(with_supports)}"),
        feature_group_to_add=state_layer(
            MapState(
                fills=findings.fills(table, is_judged=chosen.is_judged),
                mask=pack_mask(supported_mask(data)) if with_supports else "",
                look=f"{chosen.level} {name}",
                territory=(chosen.level, code) if code else None,
            )
        ),
    )


def _follow_click(data: Loaded, key: str) -> None:
    """Say more of the territory that was just clicked."""
    state.touched()
    if (place := chosen_territory(data, st.session_state.get(key))) is not None:
        st.session_state[_CHOSEN] = place[1]


def _one_territory(table: pd.DataFrame, asked: Mapping[str, str] | None) -> str | None:
    """Say in one sentence what may be said of the territory chosen in the box, on the map or in the address."""
    names = dict(zip(table["code"], table["name"], strict=True))
    if asked is not None:
        st.session_state[_CHOSEN] = asked.get("territoire")
    if st.session_state.get(_CHOSEN) not in names:
        st.session_state[_CHOSEN] = None
    code: str | None = st.selectbox(
        t("gaps.one_box"),
        table.sort_values("name", key=fold_series)["code"].tolist(),
        index=None,
        format_func=names.__getitem__,
        key=_CHOSEN,
        placeholder=t("gaps.one_hint"),
        on_change=state.touched,
    )
    said = ""
    if code is not None:
        said = findings.one_sentence(next(each_row(table[table["code"] == code].rename(columns={"class": "finding"}))))
    live_sentence(said)
    return code


def _table(data: Loaded, chosen: Choice, whole: pd.DataFrame, caption: str) -> None:
    ordered = _sorted(findings.listed(whole), is_judged=chosen.is_judged)
    pages = -(-len(ordered) // PAGE_SIZE)
    asked = (caption, *ordered["code"].head(3))
    if st.session_state.get(_ASKED) != asked:  # another question, or another order: read from its top
        st.session_state[_ASKED] = asked
        st.session_state.pop(_PAGE, None)
    number = min(st.session_state.get(_PAGE, 1), pages)
    shown = ordered if pages == 1 else ordered.iloc[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    if chosen.is_judged:
        st.html(findings.findings(shown, badges_of(data, chosen.question), caption, chosen.level))
        said = [
            t("gaps.scale", low=decimal(findings.SCALE[0], 2), high=decimal(findings.SCALE[1], 0)),
            t("gaps.firm_how"),
        ]
    else:
        st.html(findings.description(shown, caption, chosen.level, total=whole))
        said = []
    if pages > 1:
        st.pagination(pages, key=_PAGE, on_change=state.touched)
    said += _limits(data, chosen, whole)
    if said:
        st.html(f'<p class="essmap-meta">{escape(" ".join(said))}</p>')
    gaps_menu(data, whole, chosen.question)


def _sorted(table: pd.DataFrame, *, is_judged: bool) -> pd.DataFrame:
    """Rank a partial list only when asked to: there, a ranking reads as a verdict."""
    options = ["finding", "name", "difference", "ratio"] if is_judged else ["name", "difference"]
    chosen = st.radio(
        t("gaps.sort"),
        options,
        format_func=lambda key: t(f"gaps.sorts.{key}"),
        horizontal=True,
        key=f"gaps_sort_{'judged' if is_judged else 'described'}",
        on_change=state.touched,
        persist_state="session",
    )
    if chosen == "name":
        ordered = table.sort_values("name", key=fold_series)
    elif chosen == "finding":
        ordered = table.assign(order=findings.finding_order(table["class"])).sort_values(["order", "difference"])
    else:
        ordered = table.sort_values([chosen, "code"])
    is_apart = ordered["code"].isin([UNKNOWN, OUTSIDE])
    return pd.concat([ordered[~is_apart], ordered[is_apart]])


def _limits(data: Loaded, chosen: Choice, whole: pd.DataFrame) -> list[str]:
    """Say why a city stands as one, what is compared in a shared commune, and who is in no territory."""
    said = []
    if chosen.level == "canton" and data.manifest.canton_division == "units":
        said.append(t("gaps.units"))
    if chosen.level == "canton" and (shared := shared_communes(data)):
        said.append(t("gaps.shared", names=listing(shared)))
    abroad = whole[(whole["code"] == OUTSIDE) & whole["population"].isna()]
    said += [t("gaps.abroad", n=int(n), n_text=integer(n)) for n in abroad["observed"] if n]
    return said


def _funnel(table: pd.DataFrame) -> None:
    found = funnel(table)
    if found is None:
        return
    heading(t("gaps.funnel"), [t("gaps.funnel_how"), t("gaps.found_phi", phi=decimal(found.phi, 2))])
    st.altair_chart(funnel_chart(found), width="stretch", alt=t("gaps.funnel_alt"))


def _how_it_was_seen(data: Loaded, chosen: Choice, name: str) -> None:
    """Give what explains the numbers of a partial list: where its rows come from, and of when they are."""
    seen = how_it_was_seen(tables_of(data), chosen.question)
    seen = seen[seen["actors"] > 0] if chosen.level == "commune" else seen
    heading(t("gaps.how"), [t("gaps.how_lead")])
    st.html(_provenance(seen.sort_values("name", key=fold_series), t("gaps.how_caption", theme=name), chosen.level))


def _provenance(seen: pd.DataFrame, caption: str, level: Level) -> str:
    kinds = reference.source_kinds()["label"]
    present = [key for key in kinds.index if f"source_{key}" in seen.columns]
    headings = [
        Heading(t(f"gaps.territory.{level}")),
        *(Heading(t(f"gaps.{name}"), is_number=True) for name in ("rows", "located", "latest", "undated")),
        *(Heading(str(kinds[key]), is_number=True) for key in present),
    ]
    rows = [_seen_row({str(name): value for name, value in row.items()}, present) for row in seen.to_dict("records")]
    return html_table(caption, headings, rows)


def _seen_row(row: Mapping[str, Any], present: list[str]) -> list[str]:
    return [
        row["name"],
        integer(row["actors"]),
        integer(row["located"]),
        DASH if pd.isna(row["latest_year"]) else str(row["latest_year"]),
        integer(row["undated"]),
        *(integer(row[f"source_{key}"]) for key in present),
    ]
