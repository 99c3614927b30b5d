"""Page Projets soutenus. Its question: what the Department supports, where, when, for how much, as far as is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.analysis.portrait import sums_by, where_supported
from essmap.pages import frame, state
from essmap.pages.actor_map import background
from essmap.pages.computed import tables_of
from essmap.pages.downloads import projects_menu
from essmap.pages.funding import show_complete
from essmap.pages.loaded import Loaded
from essmap.schema.folding import fold, fold_series
from essmap.texts import t
from essmap.view.filters import Mask
from essmap.view.format import DASH, escape, integer
from essmap.view.layers import pack_mask
from essmap.view.map import MapOptions, MapState, base_map, state_layer
from essmap.view.supports import known_amounts, latest_first, projects_table, sums_table

MAP_HEIGHT: Final = 420
PAGE_SIZE: Final = 100
_TABLE_PAGE: Final = "supported_table_page"
_PREFIX: Final = "supported_"
_UNKNOWN_YEAR: Final = "inconnue"


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("supported.title"), t("supported.lead", place=data.in_department))
    st.html(f'<p class="essmap-partial">{escape(data.manifest.completeness["projects"].sentence)}</p>')
    everything = data.snapshot.table("projects")
    where = where_supported(everything, tables_of(data), "canton")
    projects, query = _filtered(data, everything, where)
    frame.status(t("supported.count", n=len(projects), n_text=integer(len(projects))))
    if projects.empty:
        st.html(f"<p>{escape(t('supported.nothing' if len(everything) else 'supported.none'))}</p>")
        return
    communes = data.snapshot.table("communes")
    st.html(f"<p>{escape(_money(projects))}</p>")
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.html(f"<h2>{escape(t('supported.timeline'))}</h2>{_by_year(projects)}")
    with right:
        st.html(f"<h2>{escape(t('supported.map'))}</h2>")
        _map(data, projects)
    _table(data, projects, communes)
    projects_menu(data, projects.index.tolist(), query)
    show_complete(data)
    _sums(data, projects, where)


def _table(data: Loaded, projects: pd.DataFrame, communes: pd.DataFrame) -> None:
    """The supports themselves, a hundred at a time."""
    pages = -(-len(projects) // PAGE_SIZE)
    number = min(st.session_state.get(_TABLE_PAGE, 1), pages)
    shown = latest_first(projects).iloc[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    title = f"<h2>{escape(t('supported.table'))}</h2>"
    st.html(title + projects_table(shown, communes, t("supported.caption"), data.manifest.source_titles))
    if pages > 1:
        st.pagination(pages, key=_TABLE_PAGE, on_change=state.touched)


def _by_year(projects: pd.DataFrame) -> str:
    """The years between the first and the last, those without a known support too: a hole is seen."""
    sums = sums_by(projects, projects["year"])
    years = projects["year"].dropna().astype(int)
    if len(years):
        span = pd.DataFrame({"key": pd.array(range(years.min(), years.max() + 1), dtype="Int64")})
        known = span.merge(sums.dropna(subset=["key"]).astype({"key": "Int64"}), on="key", how="left").fillna(0)
        sums = pd.concat([known, sums[sums["key"].isna()]], ignore_index=True)
    caption = t("supported.by_year")
    return sums_table(t("supported.year"), sums, {}, caption, missing=t("supported.year_unknown"))


def _sums(data: Loaded, projects: pd.DataFrame, where: pd.Series[str]) -> None:
    """What is known, by programme, axis and canton."""
    axes = _words(reference.axes()["label"])
    cantons = _words(data.snapshot.table("cantons").set_index("canton_code")["label"])
    by_programme = sums_by(projects, projects["programme"]).sort_values("projects", ascending=False, kind="stable")

    def table(name: str, sums: pd.DataFrame, labels: Mapping[str, str], missing: str) -> str:
        return sums_table(t(f"supported.{name}"), sums, labels, t(f"supported.by_{name}"), missing=missing)

    st.html(f"<h2>{escape(t('supported.sums'))}</h2><p>{escape(t('supported.sums_how'))}</p>")
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(table("axis", sums_by(projects, projects["axes"]), axes, axes[reference.NO_AXIS]))
    with right:
        by_canton = sums_by(projects, where[projects.index]).sort_values("projects", ascending=False, kind="stable")
        st.html(table("canton", by_canton, cantons, t("supported.canton_unknown")))
    st.html(table("programme", by_programme, {}, DASH))


def _filtered(data: Loaded, projects: pd.DataFrame, where: pd.Series[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Draw the choices, which live in the address bar; return the projects that answer all of them, and the choices."""
    kinds, axes = _words(reference.support_kinds()["label"]), _words(reference.axes()["label"])
    cantons = _words(data.snapshot.table("cantons").set_index("canton_code")["label"].sort_values(key=fold_series))
    years = sorted({str(int(year)) for year in projects["year"].dropna()}, reverse=True)
    programmes = sorted(projects["programme"].unique(), key=fold)
    has_axis = {axis: projects["axes"].map(lambda keys, axis=axis: axis in list(keys)) for axis in axes}
    choices: dict[str, tuple[str, dict[str, str], Callable[[str], pd.Series[bool]]]] = {
        "programme": (
            t("supported.programme"),
            {name: name for name in programmes},
            lambda name: projects["programme"].eq(name),
        ),
        "nature": (
            t("supported.kind"),
            {key: label for key, label in kinds.items() if projects["support_kind"].eq(key).any()},
            lambda key: projects["support_kind"].eq(key),
        ),
        "annee": (
            t("supported.year"),
            {**{year: year for year in years}, _UNKNOWN_YEAR: t("supported.year_unknown")},
            lambda year: projects["year"].isna() if year == _UNKNOWN_YEAR else projects["year"].eq(int(year)),
        ),
        "axe": (
            t("supported.axis"),
            {key: label for key, label in axes.items() if has_axis[key].any()},
            lambda key: has_axis[key],
        ),
        "canton": (
            t("supported.canton"),
            {key: label for key, label in cantons.items() if where.eq(key).any()},
            where.eq,
        ),
    }
    asked = state.asked_by_address("supported")
    if asked is not None:  # unknown values are left out
        for name, (_, labels, _) in choices.items():
            st.session_state[f"{_PREFIX}{name}"] = asked[name] if asked.get(name) in labels else None
    kept = pd.Series(data=True, index=projects.index)
    query = {}
    for column, (name, (label, labels, holds)) in zip(st.columns(len(choices)), choices.items(), strict=True):
        with column:
            chosen = st.selectbox(
                label,
                list(labels),
                index=None,
                format_func=labels.__getitem__,
                key=f"{_PREFIX}{name}",
                on_change=state.touched,
                placeholder=t("supported.all_feminine" if name in {"nature", "annee"} else "supported.all"),
                persist_state="session",
            )
        if chosen:
            query[name] = chosen
            kept &= holds(chosen).fillna(False).astype(bool)
    state.say_in_address("supported", query)
    return projects[kept], query


def _words(labels: pd.Series[str]) -> dict[str, str]:
    return {str(key): label for key, label in labels.items()}


def _money(projects: pd.DataFrame) -> str:
    known = projects["amount_eur"].dropna()
    return known_amounts(float(known.sum()), len(known), len(projects) - len(known))


def _map(data: Loaded, projects: pd.DataFrame) -> None:
    ids = data.index.actors["actor_id"]
    mask: Mask = ids.isin(projects["actor_id"].dropna()).to_numpy(dtype=bool)
    st_folium(
        base_map(
            dict(data.assets),
            data.home,
            title=t("map.projects_title"),
            with_actors=True,
            options=MapOptions(background=background()),
        ),
        key="map_projects",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=state_layer(MapState(mask=pack_mask(mask), bounds=data.home, look="home")),
    )
    apart = int(projects["actor_id"].isna().sum())
    if apart:
        st.html(f"<p class='essmap-meta'>{escape(t('supported.apart', n=apart, n_text=integer(apart)))}</p>")
