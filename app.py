"""essmap's entry point: ``streamlit run app.py``.

The web server imports this file once to find ``app``; each visitor's run executes it again to draw a page.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from essmap.build.enrichment import read_enrichment
from essmap.build.imports.trial import try_list
from essmap.build.locals import read_lists
from essmap.build.starter import build_starter, is_embedded_only, is_outdated
from essmap.errors import EssmapError, SettingsError
from essmap.pages import navigation, server, trial
from essmap.pages.loaded import settings, warm_up
from essmap.schema.withheld import read_withheld
from essmap.settings import load_settings
from essmap.store import Store
from essmap.texts import t


@st.cache_resource(show_spinner=False)
def first_snapshot(root: str, department: str) -> None:
    """Build the embedded starter data where there is no snapshot yet, or an upgrade of essmap left it behind."""
    store = Store(root)
    older = store.written_by_another_version(department)
    if older is not None:
        is_behind = is_embedded_only(older)
    else:
        is_behind = store.current(department) is None or is_outdated(store.manifest(department))
    if is_behind:
        chosen = settings()
        found = read_enrichment(Path(chosen.enrichment), show_non_employer_addresses=chosen.show_non_employer_addresses)
        lists = read_lists(Path(chosen.local_lists), department)
        withheld = read_withheld(Path(chosen.withhold))
        store.save(build_starter(department, withheld=withheld, enrichment=found, lists=lists))


def run() -> None:
    """Draw the page that the visitor asked for."""
    chosen = settings()
    st.set_page_config(page_title=chosen.site_title, layout="wide", initial_sidebar_state="auto")
    with st.spinner(t("app.loading")):
        first_snapshot(chosen.snapshots, chosen.department)
    trial.provide(try_list)
    navigation.show()


def prepare() -> None:
    """Build and load what the first visitor would wait for."""
    chosen = settings()
    with suppress(EssmapError):  # each page says it
        first_snapshot(chosen.snapshots, chosen.department)
    warm_up()


if server.is_script_run():
    run()
else:
    try:
        deployment = load_settings()
    except SettingsError as error:
        raise SystemExit(str(error)) from error
    server.set_colour(deployment.primary_colour)
    app = st.App(
        Path(__file__).resolve(),
        middleware=server.middleware(
            site_title=deployment.site_title,
            frame_ancestors=deployment.frame_ancestors,
            tile_origins=deployment.tile_origins,
            publish_again=warm_up,
        ),
        lifespan=server.lifespan(prepare),
        on_script_error=server.error_handler(contact=deployment.contact_email),
    )
