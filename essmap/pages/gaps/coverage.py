"""« Comparer »: observed beside expected per territory, on the map, in the table, as a funnel where it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.analysis.coverage import Level, how_it_was_seen, outside_level
from essmap.analysis.funnel import funnel
from essmap.analysis.units import OUTSIDE, UNKNOWN
from essmap.pages import state
from essmap.pages.actor_map import background, chosen_territory
from essmap.pages.computed import badges_of, coverage_of
from essmap.pages.gaps.choice import Choice, exercise_button, theme_name
from essmap.pages.gaps.parts import download, heading, scope_of, supported_mask
from essmap.pages.loaded import Loaded
from essmap.schema.folding import fold_series
from essmap.texts import t
from essmap.view import findings
from essmap.view.charts import funnel_chart
from essmap.view.format import DASH, escape, integer
from essmap.view.layers import pack_mask
from essmap.view.map import MapOptions, MapState, base_map, state_layer
from essmap.view.rows import each_row
from essmap.view.tables import Heading, html_table

MAP_HEIGHT: Final = 460
PAGE_SIZE: Final = 40
_MAP: Final = "map_gaps"
_CHOSEN: Final = "gaps_territory"


def show(data: Loaded, chosen: Choice) -> Mapping[str, str]:
    """Draw the comparison of territories; return the territory that was clicked, for the address bar."""
    table = coverage_of(data, chosen.question)
    apart = table[table["code"].isin([UNKNOWN, OUTSIDE])]
    table = table[~table["code"].isin([UNKNOWN, OUTSIDE])]
    if table.empty:
        st.html(f"<p>{escape(t('gaps.no_level'))}</p>")
        return {}
    name, scope = theme_name(chosen.theme), scope_of(data)
    heading(t("gaps.heading", theme=name, scope=scope), findings.summary(table, chosen.level))
    caption = t("gaps.caption", theme=name, level=t(f"gaps.by.{chosen.level}"), scope=scope)
    left, right = st.columns([6, 6] if chosen.is_judged else [5, 7], gap="medium")
    with left:
        _map(data, chosen, table, name)
        st.html(findings.legend(is_judged=chosen.is_judged, is_partial=data.is_partial))
        query = _one_territory(table)
    with right:
        if chosen.is_judged:
            _funnel(table)
        else:
            _table(data, chosen, table, caption)
            _apart(data, chosen, apart)
    if chosen.is_judged:  # more columns than half of the page holds
        _table(data, chosen, table, caption)
        _apart(data, chosen, apart)
        return query
    _how_it_was_seen(data, chosen.level)
    st.html(f"<h2>{escape(t('gaps.exercise_title'))}</h2>")
    exercise_button(data, is_on=False)
    return query


def _map(data: Loaded, chosen: Choice, table: pd.DataFrame, name: str) -> None:
    with_supports = st.checkbox(t("gaps.supports"), key="gaps_supports", persist_state="session")
    drawn = base_map(
        dict(data.assets),
        data.home,
        title=t("map.gaps_title", level=t(f"gaps.some.{chosen.level}")),
        with_actors=with_supports,
        options=MapOptions(level=chosen.level, territories="direct", background=background()),
    )
    code = str(st.session_state.get(_CHOSEN, ""))
    st_folium(
        drawn,
        key=f"{_MAP}_{chosen.level}_{int(with_supports)}",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=["last_object_clicked_tooltip"],
        on_change=partial(_follow_click, data, f"{_MAP}_{chosen.level}_{int(with_supports)}"),
        feature_group_to_add=state_layer(
            MapState(
                fills=findings.fills(table),
                mask=pack_mask(supported_mask(data)) if with_supports else "",
                look=f"{chosen.level} {name}",
                territory=(chosen.level, code) if code in set(table["code"]) else None,
            )
        ),
    )


def _follow_click(data: Loaded, key: str) -> None:
    """Say more of the territory that was just clicked."""
    state.touched()
    if (place := chosen_territory(data, st.session_state.get(key))) is not None:
        st.session_state[_CHOSEN] = place[1]


def _one_territory(table: pd.DataFrame) -> Mapping[str, str]:
    """Say in one sentence what may be said of the territory chosen in the box, on the map or in the address."""
    asked = st.query_params.get("territoire")
    codes = table.sort_values("name", key=fold_series)["code"].tolist()
    names = dict(zip(table["code"], table["name"], strict=True))
    now = st.session_state.get(_CHOSEN, asked)
    if now not in names:
        now = asked if asked in names else None
    st.session_state[_CHOSEN] = now
    code = st.selectbox(
        t("gaps.one_box"),
        codes,
        index=None,
        format_func=names.__getitem__,
        key=_CHOSEN,
        placeholder=t("gaps.one_hint"),
        on_change=state.touched,
    )
    if code is None:
        return {}
    row = next(each_row(table[table["code"] == code].rename(columns={"class": "finding"})))
    st.html(f'<p class="essmap-nearest" role="status">{escape(findings.one_sentence(row))}</p>')
    return {"territoire": code}


def _table(data: Loaded, chosen: Choice, table: pd.DataFrame, caption: str) -> None:
    ordered = _sorted(table, is_judged=chosen.is_judged)
    pages = -(-len(ordered) // PAGE_SIZE)
    number = min(st.session_state.get("gaps_page", 1), pages)
    shown = ordered if pages == 1 else ordered.iloc[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    if chosen.is_judged:
        st.html(findings.findings(shown, badges_of(data, chosen.question), caption, chosen.level))
        st.html(f'<p class="essmap-meta">{escape(t("gaps.firm_how"))}</p>')
    else:
        st.html(findings.description(shown, caption, chosen.level, total=ordered))
    if pages > 1:
        st.pagination(pages, key="gaps_page", on_change=state.touched)
    download(
        data,
        chosen,
        partial(findings.findings_csv, table, is_judged=chosen.is_judged),
        name=f"ecarts-{chosen.level}-{chosen.theme.key or 'toutes'}",
    )


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
        return table.sort_values("name", key=fold_series)
    if chosen == "finding":
        return table.assign(order=findings.finding_order(table["class"])).sort_values(["order", "difference"])
    return table.sort_values([chosen, "code"])


def _apart(data: Loaded, chosen: Choice, apart: pd.DataFrame) -> None:
    """Say what is in no territory of the level, and why a city stands as one."""
    said = [t("gaps.units")] if chosen.level == "canton" and data.manifest.canton_division == "units" else []
    said += [
        t("gaps.apart", n=int(row.observed), n_text=integer(row.observed), name=row.name)
        for row in each_row(apart)
        if row.observed
    ]
    lost = outside_level(data.snapshot.table("actors"), level=chosen.level, theme=chosen.theme)
    if lost and apart.empty:
        said.append(t("gaps.outside", n=lost, n_text=integer(lost)))
    if said:
        st.html(f'<p class="essmap-meta">{escape(" ".join(said))}</p>')


def _funnel(table: pd.DataFrame) -> None:
    found = funnel(table)
    if found is None:
        return
    heading(t("gaps.funnel"), [t("gaps.funnel_how")], level=2)
    st.altair_chart(funnel_chart(found), width="stretch", alt=t("gaps.funnel_alt"))


def _how_it_was_seen(data: Loaded, level: Level) -> None:
    """Give what explains the numbers of a partial list: where rows come from, and of when they are."""
    seen = how_it_was_seen(data.snapshot.table("actors"), data.snapshot.table("communes"), level=level)
    heading(t("gaps.how"), [t("gaps.how_lead")], level=2)
    labels = {code: name for (kind, code), name in data.place_names.items() if kind == level}
    seen = seen[seen["actors"] > 0] if level == "commune" else seen
    st.html(_provenance(seen, labels, level))


def _provenance(seen: pd.DataFrame, labels: Mapping[str, str], level: Level) -> str:
    kinds = reference.source_kinds()["label"]
    present = [key for key in kinds.index if f"source_{key}" in seen.columns]
    names = ("rows", "located", "latest", "undated")
    headings = [
        Heading(t(f"gaps.territory.{level}")),
        *(Heading(t(f"gaps.{name}"), is_number=True) for name in names),
        *(Heading(str(kinds[key]), is_number=True) for key in present),
    ]
    return html_table(t("gaps.how_caption"), headings, [_seen_row(row, labels, present) for row in _records(seen)])


def _seen_row(row: Mapping[str, Any], labels: Mapping[str, str], present: list[str]) -> list[str]:
    return [
        labels.get(row["code"], row["code"]),
        integer(row["actors"]),
        integer(row["located"]),
        DASH if pd.isna(row["latest_year"]) else str(row["latest_year"]),
        integer(row["undated"]),
        *(integer(row[f"source_{key}"]) for key in present),
    ]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
