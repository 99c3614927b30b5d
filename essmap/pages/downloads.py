"""Downloads of open data: a menu of formats with the choices of the page, and everything at once.

A file is made when it is asked for, from a snapshot without those who asked not to be shown until that very moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import streamlit as st

from essmap.analysis.coverage import Question
from essmap.pages.loaded import Loaded, settings
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import read_withheld, shown
from essmap.settings import Settings
from essmap.texts import t
from essmap.view.filters import Filters
from essmap.view.opendata.content import Content, actors_content, gaps_content, gaps_stem, projects_content, stem
from essmap.view.opendata.describe import MEDIA_TYPES
from essmap.view.opendata.guard import require_masked
from essmap.view.opendata.licences import is_apart as is_source_apart
from essmap.view.opendata.package import FORMATS, OPEN_DATA, Format, Publisher, as_zip, one_file, package

Make = Callable[[Snapshot], list[Content]]
_ZIP: Final = "zip"
_Choice = Format | Literal["zip"]


def actors_menu(data: Loaded, ids: Collection[str], filters: Filters) -> None:
    """Offer some actors in every format."""
    make = partial(actors_content, ids=ids, asked=filters.to_query())
    _menu(data, "actors", stem(data.manifest, "actors"), make)


def projects_menu(data: Loaded, index: Collection[Any], asked: dict[str, str]) -> None:
    """Offer some supported projects in every format."""
    make = partial(projects_content, index=index, asked=asked)
    _menu(data, "projects", stem(data.manifest, "projects"), make)


def gaps_menu(data: Loaded, table: pd.DataFrame, question: Question) -> None:
    """Offer a comparison of territories in every format."""
    make = partial(gaps_content, table=table, question=question)
    _menu(data, "gaps", gaps_stem(data.manifest, question), make)


def everything(data: Loaded) -> None:
    """Offer all actors and supported projects as one zip of open data."""
    st.download_button(
        t("opendata.all"),
        partial(_zipped, data.snapshot, settings(), _all, OPEN_DATA),
        file_name=f"{stem(data.manifest, 'opendata')}.{_ZIP}",
        mime=MEDIA_TYPES[_ZIP],
        key="opendata_all",
        on_click="ignore",
        icon=":material/download:",
    )


def _menu(data: Loaded, what: str, name: str, make: Make) -> None:
    # Rows under another licence are another file: then even one format is a zip.
    is_apart = what != "gaps" and any(is_source_apart(source, what) for source in data.manifest.sources)
    choices: tuple[_Choice, ...] = (*FORMATS, _ZIP)
    with st.popover(t(f"opendata.menu.{what}"), icon=":material/download:"):
        for choice in choices:
            formats = OPEN_DATA if choice == _ZIP else (choice,)
            is_zip = is_apart or choice == _ZIP
            st.download_button(
                t(f"opendata.format.{choice}"),
                partial(_zipped if is_zip else _single, data.snapshot, settings(), make, formats),
                file_name=f"{name}-{choice}.{_ZIP}" if is_apart else f"{name}.{choice}",
                mime=MEDIA_TYPES[_ZIP if is_zip else choice],
                key=f"{what[0]}{choice}",  # short: each travels twice
                on_click="ignore",
                type="tertiary",
            )


def _all(snapshot: Snapshot) -> list[Content]:
    return [*actors_content(snapshot), *projects_content(snapshot)]


def _checked(snapshot: Snapshot, deployment: Settings, make: Make) -> list[Content]:
    withheld = read_withheld(Path(deployment.withhold))
    now = shown(snapshot, withheld)
    require_masked(now, withheld)
    return make(now)


def _single(snapshot: Snapshot, deployment: Settings, make: Make, formats: Sequence[Format]) -> bytes:
    [content] = _checked(snapshot, deployment, make)
    return one_file(content, formats[0])


def _zipped(snapshot: Snapshot, deployment: Settings, make: Make, formats: Sequence[Format]) -> bytes:
    contents = _checked(snapshot, deployment, make)
    files = package(contents, formats, publisher=Publisher(deployment.publisher, deployment.site_url))
    return as_zip(files, snapshot.manifest.built_at)
