"""Page Projets soutenus. Its question: what the Department supports, where, when, for how much, as far as is known."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from essmap import reference
from essmap.pages import frame
from essmap.pages.loaded import Loaded
from essmap.texts import t
from essmap.view.filters import Mask
from essmap.view.format import escape, integer
from essmap.view.layers import pack_mask
from essmap.view.map import MapState, base_map, state_layer
from essmap.view.supports import known_amounts, projects_table

MAP_HEIGHT = 420


def show(data: Loaded) -> None:
    """Draw the page."""
    frame.heading(t("supported.title"), t("supported.lead", place=data.in_department))
    st.html(f'<p class="essmap-partial">{escape(data.manifest.completeness["projects"].sentence)}</p>')
    projects = _filtered(data, data.snapshot.table("projects"))
    frame.status(t("supported.count", n=len(projects), n_text=integer(len(projects))))
    if projects.empty:
        st.html(f"<p>{escape(t('supported.nothing'))}</p>")
        return
    st.html(f"<p>{escape(_money(projects))}</p>")
    st.html(f"<h2>{escape(t('supported.map'))}</h2>")
    _map(data, projects)
    st.html(f"<h2>{escape(t('supported.table'))}</h2>")
    st.html(projects_table(projects, data.snapshot.table("communes"), t("supported.caption")))


def _filtered(data: Loaded, projects: pd.DataFrame) -> pd.DataFrame:
    kinds = reference.support_kinds()["label"]
    left, middle, right, last = st.columns(4)
    with left:
        kind = _choice(
            "nature", t("supported.kind"), [k for k in kinds.index if (projects["support_kind"] == k).any()], kinds
        )
    with middle:
        years = sorted((str(year) for year in projects["year"].dropna().unique()), reverse=True)
        unknown = t("supported.year_unknown")
        year = _choice(
            "annee",
            t("supported.year"),
            [*years, "inconnue"],
            pd.Series({**{y: y for y in years}, "inconnue": unknown}),
        )
    with right:
        names = reference.axes()["label"]
        axis = _choice(
            "axe",
            t("supported.axis"),
            [a for a in names.index if projects["axes"].map(lambda axes, a=a: a in list(axes)).any()],
            names,
        )
    with last:
        cantons = data.snapshot.table("cantons").set_index("canton_code")["label"].sort_values()
        canton_of = data.snapshot.table("communes").set_index("commune_code")["canton_code"]
        found = projects["commune_code"].map(canton_of)
        canton = _choice("canton", t("supported.canton"), [c for c in cantons.index if found.eq(c).any()], cantons)
    if canton:
        projects = projects[found.eq(canton).fillna(False)]
    if kind:
        projects = projects[projects["support_kind"] == kind]
    if year:
        projects = projects[
            projects["year"].isna() if year == "inconnue" else projects["year"].eq(int(year)).fillna(False)
        ]
    if axis:
        projects = projects[projects["axes"].map(lambda axes: axis in list(axes))]
    return projects


def _choice(parameter: str, label: str, options: list[str], names: pd.Series[str]) -> str | None:
    """Draw one choice that lives in the address bar."""
    key = f"supported_{parameter}"
    if key not in st.session_state and st.query_params.get(parameter) in options:
        st.session_state[key] = st.query_params[parameter]
    chosen = st.selectbox(
        label,
        options,
        index=None,
        format_func=lambda option: str(names[option]),
        key=key,
        placeholder=t("supported.all_feminine" if parameter in {"nature", "annee"} else "supported.all"),
        persist_state="session",
    )
    if chosen:
        st.query_params[parameter] = chosen
    elif parameter in st.query_params:
        del st.query_params[parameter]
    return chosen


def _money(projects: pd.DataFrame) -> str:
    known = projects["amount_eur"].dropna()
    return known_amounts(float(known.sum()), len(known), len(projects) - len(known))


def _map(data: Loaded, projects: pd.DataFrame) -> None:
    ids = data.index.actors["actor_id"]
    mask: Mask = ids.isin(projects["actor_id"].dropna()).to_numpy(dtype=bool)
    st_folium(
        base_map(dict(data.assets), data.home, title=t("map.projects_title"), with_actors=True),
        key="map_projects",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=state_layer(MapState(mask=pack_mask(mask), bounds=data.home, look="home")),
    )
    apart = int(projects["actor_id"].isna().sum())
    if apart:
        st.html(f"<p class='essmap-meta'>{escape(t('supported.apart', n=apart, n_text=integer(apart)))}</p>")
