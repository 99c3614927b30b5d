"""What the pages read: the current snapshot and what is derived from it once, cached per build.

All caches of the app are here. A key is a build identifier, so a new build is seen within `POINTER_TTL_S` and never
mixed with an older one.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from essmap import reference
from essmap.schema.folding import fold_place, fold_series
from essmap.schema.snapshot import Manifest, Snapshot
from essmap.settings import Settings, load_settings
from essmap.store import Store
from essmap.texts import t
from essmap.view.filters import UNKNOWN_CANTON, SearchIndex
from essmap.view.format import day, listing
from essmap.view.layers import bounds, publish_actors, publish_outlines
from essmap.view.rows import each_row

PARIS: Final = ZoneInfo("Europe/Paris")  # the day that people of the site live in
POINTER_TTL_S: Final = 30
_BUILDS_KEPT: Final = 2  # the current one, and the one that open pages may still show


@dataclass(frozen=True, slots=True)
class Loaded:
    """A snapshot ready to be shown.

    Attributes
    ----------
    snapshot : Snapshot
    index : SearchIndex
    assets : mapping
        Paths of ``outlines``, ``communes``, ``actors`` for the map.
    home : list
        [[south, west], [north, east]] of the department.
    places : mapping
        Label of every place a visitor may choose, by (kind, code), in the order of the list.
    place_bounds : mapping
        Bounds of each of them.
    place_names : mapping
        Bare name of each of them: what a person would type.
    """

    snapshot: Snapshot
    index: SearchIndex
    assets: Mapping[str, str]
    home: list[list[float]]
    places: Mapping[tuple[str, str], str]
    place_bounds: Mapping[tuple[str, str], list[list[float]]]
    place_names: Mapping[tuple[str, str], str]

    def find_place(self, typed: str) -> tuple[str, str] | None:
        """Return the place that a person wrote their own way: a postcode, a commune, else a canton or EPCI.

        An exact name wins; otherwise the only place whose name begins so. Several: none, rather than a guess.
        """
        wanted = fold_place(typed)
        if not wanted:
            return None
        names = {place: fold_place(name) for place, name in self.place_names.items()}
        exact = [place for place, name in names.items() if name == wanted]
        begins = [place for place, name in names.items() if name.startswith(wanted)]
        return exact[0] if exact else begins[0] if len(begins) == 1 else None

    @property
    def manifest(self) -> Manifest:
        """The manifest of the snapshot."""
        return self.snapshot.manifest

    @property
    def in_department(self) -> str:
        """« en Haute-Garonne »: where the visitor is."""
        return str(reference.departments().at[self.manifest.department, "in_form"])

    @property
    def built_on(self) -> str:
        """The day of the build, in words."""
        return day(datetime.fromisoformat(self.manifest.built_at).astimezone(PARIS))

    @property
    def is_partial(self) -> bool:
        """Whether the actor table is declared partial."""
        return self.manifest.completeness["actors"].status == "partial"


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """Return the settings of this process, read once.

    Raises
    ------
    SettingsError
        If a value makes no sense.
    """
    return load_settings()


def spare_collector() -> None:
    """Tell Python's garbage collector to leave alone what is in memory now; call once something large is loaded.

    Streamlit collects all garbage after each run of a script, looking at every object there is, while the answer
    waits: with a department loaded that is most of the time a filter takes. Objects are still freed when nothing
    refers to them.
    """
    gc.collect()
    gc.freeze()


def loaded() -> Loaded:
    """Return the current snapshot of the department, ready to be shown.

    Raises
    ------
    SnapshotError
        If there is none or it cannot be read.
    """
    chosen = settings()
    return _load(chosen.snapshots, chosen.department, _current(chosen.snapshots, chosen.department))


@st.cache_data(ttl=POINTER_TTL_S, max_entries=8, show_spinner=False)
def _current(root: str, department: str) -> str | None:
    return Store(root).current(department)


@st.cache_resource(max_entries=_BUILDS_KEPT, show_spinner=False)
def _load(root: str, department: str, build_id: str | None) -> Loaded:
    snapshot = Store(root).load(department, build_id)
    communes, cantons = snapshot.layer("communes"), snapshot.layer("cantons")
    area = snapshot.layer("department")
    labels = {**reference.domains()["label"], **reference.legal_forms()["label"]}
    assets = publish_outlines(communes, cantons, area, reference.projected_crs(department))
    assets["actors"] = publish_actors(snapshot.layer("actors"))
    places, place_bounds = _places(snapshot)
    result = Loaded(
        snapshot=snapshot,
        index=SearchIndex.build(snapshot.table("actors"), communes, labels),
        assets=assets,
        home=bounds(area.geometry),
        places=places,
        place_bounds=place_bounds,
        place_names=_place_names(snapshot, places),
    )
    spare_collector()
    return result


def _places(
    snapshot: Snapshot,
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], list[list[float]]]]:
    """Return communes, cantons, intercommunalities and postcodes with their labels and bounds."""
    communes, cantons, epci = (snapshot.layer(name) for name in ("communes", "cantons", "epci"))
    labels: dict[tuple[str, str], str] = {}
    areas: dict[tuple[str, str], list[list[float]]] = {}
    for row in each_row(communes.sort_values("commune_name", key=fold_series)):
        codes = list(row.postcodes)
        shown = ", ".join(codes[:2]) + ("…" if len(codes) > 2 else "")
        labels["commune", row.commune_code] = f"{row.commune_name} ({shown})" if shown else row.commune_name
        if row.geometry is not None:
            areas["commune", row.commune_code] = bounds([row.geometry])
    for row in each_row(cantons.sort_values("label", key=fold_series)):
        labels["canton", row.canton_code] = t("filters.canton", name=row.label)
        areas["canton", row.canton_code] = bounds([row.geometry])
    for code, name in _shared_communes(snapshot).items():
        labels["canton", f"{code}{UNKNOWN_CANTON}"] = t("filters.canton_unknown", commune=name)
        if ("commune", code) in areas:
            areas["canton", f"{code}{UNKNOWN_CANTON}"] = areas["commune", code]
    for row in each_row(epci.sort_values("epci_name", key=fold_series)):
        labels["epci", row.epci_code] = row.epci_name
        areas["epci", row.epci_code] = bounds([row.geometry])
    by_postcode = communes.explode("postcodes").dropna(subset=["postcodes"]).groupby("postcodes")
    for code, group in by_postcode:
        names = group.sort_values("population", ascending=False)["commune_name"].tolist()
        more = [t("filters.more_communes", n=len(names) - 2, n_text=len(names) - 2)] if len(names) > 3 else []
        labels["cp", str(code)] = f"{code} ({listing(names[:2] + more if more else names)})"
        known = group[group.geometry.notna()]
        if len(known):
            areas["cp", str(code)] = bounds(known.geometry)
    return labels, areas


def _shared_communes(snapshot: Snapshot) -> dict[str, str]:
    """Return the names of the communes that several cantons share, by code."""
    parts = snapshot.table("canton_parts")["commune_code"]
    names = snapshot.table("communes").set_index("commune_code")["commune_name"]
    return {str(code): str(names[code]) for code in sorted(set(parts[parts.duplicated()]))}


def _place_names(snapshot: Snapshot, places: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Return the bare name of each place, in the order of the list."""
    communes = snapshot.table("communes").set_index("commune_code")["commune_name"]
    cantons = snapshot.table("cantons").set_index("canton_code")["label"]
    epci = snapshot.table("epci").set_index("epci_code")["epci_name"]
    tables = {"commune": communes, "canton": cantons, "epci": epci}
    return {
        (kind, code): code if kind == "cp" else str(tables[kind].get(code, label))
        for (kind, code), label in places.items()
    }
