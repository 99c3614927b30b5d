"""Page Analyse des écarts. Its question: where are more, or fewer, actors than population gives. No verdict here."""

from __future__ import annotations

from typing import Any, Final, Literal

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.analysis.coverage import Level, Question, Tables, Theme, coverage, how_it_was_seen, outside_level
from essmap.analysis.units import OUTSIDE, UNKNOWN
from essmap.pages import frame
from essmap.pages.loaded import Loaded
from essmap.pages.state import filters
from essmap.schema.folding import fold_series
from essmap.texts import t
from essmap.view.format import decimal, escape, integer, listing, signed
from essmap.view.layers import ratio_class
from essmap.view.map import RATIO_FILLS, MapState, base_map, state_layer
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, html_table

MAP_HEIGHT = 460
NAMED_AT_MOST = 4
LEVEL: Level = "canton"
_PARAMETERS: Final[dict[str, Literal["axis", "domain"]]] = {"axe": "axis", "domaine": "domain"}


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("gaps.title"), t("gaps.lead"))
    frame.partial_banner(data)
    theme = _theme_box()
    actors, communes = data.snapshot.table("actors"), data.snapshot.table("communes")
    table = coverage(Tables.of(data.snapshot), Question(LEVEL, theme, count="all")).rename(columns={"name": "label"})
    table = table[~table["code"].isin([UNKNOWN, OUTSIDE])]
    if table.empty:
        st.html(f"<p>{escape(t('gaps.no_level'))}</p>")
        return
    cantons = data.snapshot.table("cantons").set_index("canton_code")
    name = _theme_name(theme)
    scope = t("gaps.scope", n=len(actors), n_text=integer(len(actors))) if data.is_partial else t("gaps.scope_full")
    st.html(f"<h2>{escape(t('gaps.heading', theme=name, scope=scope))}</h2><p>{escape(_sentence(table))}</p>")
    left, right = st.columns([5, 7], gap="medium")
    with left:
        _map(data, table, name)
        st.html(_legend(is_partial=data.is_partial))
    with right:
        st.html(_numbers(_sorted(table), name, scope))
        st.html(f"<p class='essmap-meta'>{escape(t('gaps.units'))}</p>")
    lost = outside_level(actors, level=LEVEL, theme=theme)
    if lost:
        st.html(f"<p>{escape(t('gaps.outside', n=lost, n_text=integer(lost)))}</p>")
    st.html(f"<h2>{escape(t('gaps.how'))}</h2><p>{escape(t('gaps.how_lead'))}</p>")
    st.html(_provenance(how_it_was_seen(actors, communes, level=LEVEL), cantons["label"]))
    st.html(f"<p class='essmap-meta'>{escape(t('gaps.method', date=data.built_on))}</p>")


def _theme_box() -> Theme:
    """Draw the choice of a theme; it lives in the address bar under the same keys as the filters of Découvrir."""
    axes = [key for key in reference.axes().index if key not in {reference.NO_AXIS, reference.SEVERAL_AXES}]
    options = [Theme()]
    options += [Theme("axis", key) for key in axes] + [Theme("domain", key) for key in reference.domains().index]
    asked = [Theme(kind, st.query_params.get(name, "")) for name, kind in _PARAMETERS.items()]
    if "gaps_theme" not in st.session_state:
        asked += [Theme("axis", key) for key in filters().axes]  # chosen on Découvrir a moment ago
        st.session_state["gaps_theme"] = next((theme for theme in asked if theme in options), Theme())
    chosen = st.selectbox(t("gaps.theme"), options, format_func=_theme_name, key="gaps_theme", persist_state="session")
    query = {name: chosen.key for name, kind in _PARAMETERS.items() if kind == chosen.kind}
    if dict(st.query_params) != query:
        st.query_params.from_dict(query)
    return chosen


def _theme_name(theme: Theme) -> str:
    if theme.kind == "all":
        return t("gaps.theme_all")
    if theme.kind == "axis":
        return t("gaps.theme_axis", name=reference.axes().at[theme.key, "label"])
    return t("gaps.theme_domain", name=reference.domains().at[theme.key, "label"])


def _sentence(table: pd.DataFrame) -> str:
    total = int(table["observed"].sum())
    if total == 0:
        return t("gaps.nobody")
    empty = table.loc[table["observed"] == 0, "label"].tolist()
    having = t("gaps.sentence", n=total, n_text=integer(total), having=len(table) - len(empty), territories=len(table))
    if not empty or len(empty) > NAMED_AT_MOST:
        return having
    return f"{having} {t('gaps.without', names=listing(empty))}"


def _map(data: Loaded, table: pd.DataFrame, name: str) -> None:
    fills = {
        row.code: {
            "class": klass,
            "label": t("gaps.tooltip", name=row.label, observed=integer(row.observed), expected=decimal(row.expected)),
        }
        for row in each_row(table)
        if (klass := ratio_class(row.ratio)) != "none"
    }
    st_folium(
        base_map(dict(data.assets), data.home, title=t("map.gaps_title"), with_actors=False),
        key="map_gaps",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=state_layer(MapState(fills=fills, look=name)),
    )


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    """Rank only when asked to: on a partial list a ranking reads as a verdict."""
    by_name = t("gaps.sort_name")
    options = [by_name, t("gaps.sort_difference")]
    chosen = st.radio(t("gaps.sort"), options, horizontal=True, key="gaps_sort", persist_state="session")
    if chosen == by_name:
        return table.sort_values("label", key=fold_series)
    return table.sort_values("difference")


def _numbers(table: pd.DataFrame, name: str, scope: str) -> str:
    headings = [
        Heading(t("gaps.canton")),
        Heading(t("gaps.population"), is_number=True),
        Heading(t("gaps.observed"), is_number=True),
        Heading(t("gaps.expected"), is_number=True),
        Heading(t("gaps.difference"), is_number=True),
        Heading(t("gaps.ratio"), is_number=True),
    ]
    rows: list[list[str | Html]] = [
        [
            Html(f'<a href="./?canton={escape(row.code)}" target="_self">{escape(row.label)}</a>'),
            integer(row.population),
            integer(row.observed),
            decimal(row.expected),
            signed(row.difference),
            _ratio(row.ratio),
        ]
        for row in each_row(table)
    ]
    totals = [
        t("gaps.total"),
        integer(table["population"].sum()),
        integer(table["observed"].sum()),
        decimal(table["expected"].sum()),
        signed(0.0),
        "1,00",
    ]
    if table["observed"].sum() == 0:
        totals[-1] = "–"
    return html_table(t("gaps.caption", theme=name, scope=scope), headings, rows, total=totals)


def _ratio(value: Any) -> str:
    return "–" if pd.isna(value) else decimal(value, 2)


def _provenance(seen: pd.DataFrame, labels: pd.Series[str]) -> str:
    kinds = reference.source_kinds()["label"]
    present = [key for key in kinds.index if f"source_{key}" in seen.columns]
    headings = [
        Heading(t("gaps.canton")),
        *(
            Heading(label, is_number=True)
            for label in (t("gaps.rows"), t("gaps.located"), t("gaps.latest"), t("gaps.undated"))
        ),
        *(Heading(str(kinds[key]), is_number=True) for key in present),
    ]
    rows = [
        [
            str(labels.get(row["code"], row["code"])),
            integer(row["actors"]),
            integer(row["located"]),
            "–" if pd.isna(row["latest_year"]) else str(row["latest_year"]),
            integer(row["undated"]),
            *(integer(row[f"source_{key}"]) for key in present),
        ]
        for row in seen.to_dict("records")
    ]
    return html_table(t("gaps.how_caption"), headings, rows)


def _legend(*, is_partial: bool) -> str:
    fill = '<li><span class="essmap-fill" style="background:{}" aria-hidden="true"></span>{}</li>'
    items = "".join(fill.format(colour, escape(t(f"gaps.class_{key}"))) for key, colour in RATIO_FILLS.items())
    title = escape(t("gaps.legend_partial" if is_partial else "gaps.legend"))
    return f'<div class="essmap-legend"><p>{title}</p><ul>{items}</ul></div>'
