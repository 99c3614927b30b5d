"""What *Analyse des écarts* computes, kept per build and question: each is asked again at every rerun of the page.

A key holds the build, its actors and everything the answer depends on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import streamlit as st

from essmap import reference
from essmap.analysis.access import Access
from essmap.analysis.access import access as compute_access
from essmap.analysis.clusters import contiguity, local_moran
from essmap.analysis.coverage import PER_INHABITANTS, Count, Question, Tables, Theme, coverage
from essmap.analysis.priority import priority
from essmap.analysis.robustness import badges
from essmap.analysis.siting import Siting, served_by
from essmap.analysis.siting import siting as compute_siting
from essmap.pages.loaded import Loaded

_KEPT: Final = 60
_BUILDS_KEPT: Final = 2
_Key = tuple[str, str]


def _key(data: Loaded) -> _Key:
    return data.manifest.build_id, data.assets["actors"]


def coverage_of(data: Loaded, question: Question) -> pd.DataFrame:
    """Return `essmap.analysis.coverage.coverage` of the snapshot."""
    return coverage(tables_of(data), question)  # the tables keep it


def badges_of(data: Loaded, question: Question) -> pd.DataFrame:
    """Return `essmap.analysis.robustness.badges` of the snapshot."""
    return _badges(_key(data), _words(question), _data=data, _question=question)


def access_of(data: Loaded, theme: Theme, count: Count) -> Access:
    """Return `essmap.analysis.access.access` of the snapshot."""
    return _access(_key(data), str(theme), count, _data=data, _theme=theme)


def siting_of(data: Loaded, theme: Theme, count: Count, *, new: int, reach_km: float) -> Siting:
    """Return `essmap.analysis.siting.siting` of the snapshot."""
    return _siting(_key(data), str(theme), count, new, reach_km, _data=data, _theme=theme)


def served_of(data: Loaded, site: str, reach_km: float) -> list[str]:
    """Return the communes that a site in one commune would serve (`essmap.analysis.siting.served_by`)."""
    return _served(_key(data), site, reach_km, _data=data)


def clusters_of(data: Loaded, question: Question) -> pd.DataFrame:
    """Return the communes with their smoothed rate and `essmap.analysis.clusters.local_moran`, sorted by code.

    ``question`` is asked of communes, whatever its level; ``code``, ``name``, ``population``, ``observed``,
    ``eb_rate_per_10k``, ``reference_rate`` and the columns of the test.
    """
    return _clusters(_key(data), _words(question), _data=data, _question=question)


def priority_of(data: Loaded, question: Question, weights: Mapping[str, float]) -> pd.DataFrame:
    """Return `essmap.analysis.priority.priority` of the snapshot."""
    return _priority(_key(data), _words(question), tuple(weights.items()), _data=data, _question=question)


def tables_of(data: Loaded) -> Tables:
    """Return the tables of the analysis, the same for every question: what they keep in memory serves the next one."""
    return _tables(_key(data), _data=data)


def counted_actors(data: Loaded, count: Count) -> gpd.GeoDataFrame:
    """Return the actors that count: all, or those known to employ somebody."""
    actors = data.snapshot.layer("actors")
    return actors if count == "all" else actors[actors["is_employer"].eq(True).fillna(False).to_numpy(dtype=bool)]


def _words(question: Question) -> tuple[str, ...]:
    return question.level, str(question.theme), str(question.count), str(question.exercise)


def _crs(data: Loaded) -> int:
    return reference.projected_crs(data.manifest.department)


@st.cache_resource(max_entries=_BUILDS_KEPT, show_spinner=False)
def _tables(key: _Key, _data: Loaded) -> Tables:  # noqa: ARG001
    return Tables.of(_data.snapshot)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _badges(key: _Key, words: tuple[str, ...], _data: Loaded, _question: Question) -> pd.DataFrame:  # noqa: ARG001
    return badges(tables_of(_data), _question)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _access(key: _Key, theme: str, count: Count, _data: Loaded, _theme: Theme) -> Access:  # noqa: ARG001
    return compute_access(
        counted_actors(_data, count),
        _data.snapshot.layer("communes"),
        _data.snapshot.layer("department"),
        theme=_theme,
        completeness=_data.manifest.completeness["actors"].status,
        crs=_crs(_data),
    )


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _siting(
    key: _Key,  # noqa: ARG001
    theme: str,  # noqa: ARG001
    count: Count,
    new: int,
    reach_km: float,
    _data: Loaded,
    _theme: Theme,
) -> Siting:
    return compute_siting(
        counted_actors(_data, count),
        _data.snapshot.layer("communes"),
        theme=_theme,
        new=new,
        reach=reach_km,
        crs=_crs(_data),
    )


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _served(key: _Key, site: str, reach_km: float, _data: Loaded) -> list[str]:  # noqa: ARG001
    return served_by(_data.snapshot.layer("communes"), site, reach=reach_km, crs=_crs(_data))


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _clusters(key: _Key, words: tuple[str, ...], _data: Loaded, _question: Question) -> pd.DataFrame:  # noqa: ARG001
    table = coverage(tables_of(_data), replace(_question, level="commune"))
    columns = ["code", "name", "population", "observed", "eb_rate_per_10k", "reference_rate"]
    communes = _data.snapshot.layer("communes").sort_values("commune_code", ignore_index=True)
    frame = table[columns].set_index("code").reindex(communes["commune_code"]).rename_axis("code").reset_index()
    rates = frame["eb_rate_per_10k"].to_numpy(dtype="float64", na_value=np.nan) / PER_INHABITANTS
    return frame.merge(local_moran(communes["commune_code"], rates, contiguity(communes)), on="code", validate="1:1")


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _priority(
    key: _Key,  # noqa: ARG001
    words: tuple[str, ...],  # noqa: ARG001
    weights: tuple[tuple[str, float], ...],
    _data: Loaded,
    _question: Question,
) -> pd.DataFrame:
    return priority(tables_of(_data), _question, dict(weights))
