"""The box « Vérifier un fichier » of page Données: a list is tried in memory, and nothing of it is kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

import streamlit as st
from streamlit_folium import st_folium

from essmap.pages import frame, state
from essmap.pages.actor_map import background
from essmap.pages.loaded import Loaded, settings
from essmap.schema.tableschema import KINDS, Kind, schema_file
from essmap.schema.trial import Trial, TryList
from essmap.schema.withheld import read_withheld
from essmap.texts import t
from essmap.view.format import escape
from essmap.view.map import MapOptions, MapState, base_map, state_layer
from essmap.view.template import template
from essmap.view.trial import fields_table, problems_table, trial_fills, trial_notes, trial_summary

MAP_HEIGHT: Final = 420
#: Lists that are tried at the same time by one process; others are asked to wait.
_AT_ONCE: Final = 2
_FILL: Final = {"in": "#4c9a8f"}
_LAST: Final = "trial_last"

_room: Final = BoundedSemaphore(_AT_ONCE)
_tries: Final[list[TryList]] = []


def provide(try_list: TryList) -> None:
    """Say what tries a list: pages know nothing of how lists are read and judged."""
    _tries[:] = [try_list]


def show(data: Loaded) -> None:
    """Draw the box; nothing where nobody can try a list."""
    if not _tries:
        return
    st.html(f"<h2 id='verifier'>{escape(t('trial.title'))}</h2><p>{escape(t('trial.lead'))}</p>")
    _models(data)
    kind: Kind = st.radio(
        t("trial.kind"),
        KINDS,
        format_func=lambda one: t(f"trial.kinds.{one}"),
        horizontal=True,
        key="trial_kind",
        on_change=state.touched,
    )
    file = st.file_uploader(t("trial.file"), key="trial_file", on_change=state.touched, max_upload_size=5)
    if file is None:
        st.session_state.pop(_LAST, None)
        return
    key = (file.file_id, kind, data.manifest.build_id)
    last = st.session_state.get(_LAST)
    if last is None or last[0] != key:
        tried = _tried(data, file.getvalue(), file.name, kind)
        if tried is None:
            st.html(f'<p class="essmap-partial">{escape(t("trial.busy"))}</p>')
            return
        last = st.session_state[_LAST] = (key, tried)  # of this visit alone: gone with it, or with the file
    _result(data, last[1], file.name)


def _tried(data: Loaded, content: bytes, name: str, kind: Kind) -> Trial | None:
    """Return what comes of a list; None: too many are being tried."""
    if not _room.acquire(blocking=False):
        return None
    try:
        with st.spinner(t("trial.running")):
            withheld = read_withheld(Path(settings().withhold))
            return _tries[0](content, Path(name).name, kind, data.snapshot, withheld)
    finally:
        _room.release()


def _models(data: Loaded) -> None:
    """The workbooks to fill in, the schemas, and what their columns are."""
    names = data.snapshot.table("communes")["commune_name"].tolist()
    with st.container(horizontal=True, gap="small"):
        for kind in KINDS:
            st.download_button(
                t(f"trial.template.{kind}"),
                partial(template, kind, names),
                file_name=t(f"trial.template_name.{kind}"),
                mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                key=f"trial_template_{kind}",
                on_click="ignore",
                icon=":material/download:",
            )
        for kind in KINDS:
            st.download_button(
                t(f"trial.schema.{kind}"),
                schema_file(kind).read_bytes(),
                file_name=f"{kind}.schema.json",
                mime="application/json",
                key=f"trial_schema_{kind}",
                on_click="ignore",
                icon=":material/download:",
            )
    tables = "".join(fields_table(kind) for kind in KINDS)
    st.html(f"<details><summary>{escape(t('trial.columns'))}</summary>{tables}</details>")


def _result(data: Loaded, found: Trial, name: str) -> None:
    if found.refusal:
        frame.status(found.refusal)
        if found.faults:
            st.html(problems_table(found.faults, t("trial.faults"), t("trial.expected")))
        return
    frame.status(trial_summary(found))
    st.html(trial_notes(found))
    if found.faults:
        st.html(problems_table(found.faults, t("trial.faults"), t("trial.expected")))
    if found.remarks:
        st.html(problems_table(found.remarks, t("trial.remarks"), t("trial.done")))
    st.download_button(
        t("trial.annotated"),
        found.annotated,
        file_name=t("trial.annotated_name", stem=Path(name).stem),
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        on_click="ignore",
        icon=":material/download:",
    )
    if found.by_commune:
        _map(data, found)


def _map(data: Loaded, found: Trial) -> None:
    """Where the rows would stand, by commune: what a list says more precisely travels no further than its owner."""
    st.html(f"<h3>{escape(t('trial.map'))}</h3>")
    st_folium(
        base_map(
            dict(data.assets),
            data.home,
            title=t("trial.map"),
            with_actors=False,
            options=MapOptions(level="commune", background=background()),
        ),
        key="map_trial",
        height=MAP_HEIGHT,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=state_layer(
            MapState(bounds=data.home, look="trial", fills=trial_fills(found.by_commune), palette=_FILL)
        ),
    )
