"""What the pages read: the current snapshot and what is derived from it once, cached per build.

All caches of the app are here and in `essmap.pages.computed`. A key is a build identifier, so a new build is seen
within `POINTER_TTL_S` and never mixed with an older one.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from essmap import reference
from essmap.errors import EssmapError
from essmap.schema.folding import fold_place, fold_series
from essmap.schema.snapshot import Manifest, Snapshot
from essmap.schema.withheld import Withheld, read_withheld, shown
from essmap.settings import Settings, load_settings
from essmap.store import Store
from essmap.texts import t
from essmap.view.assets import get
from essmap.view.filters import UNKNOWN_CANTON, SearchIndex
from essmap.view.format import day
from essmap.view.layers import bounds, publish_actors, publish_outlines
from essmap.view.map import OfflineMap
from essmap.view.rows import each_row

_LOG = logging.getLogger(__name__)

PARIS: Final = ZoneInfo("Europe/Paris")  # the day that people of the site live in
POINTER_TTL_S: Final = 30
#: The tables of a snapshot that are about territories.
GEOGRAPHY: Final = ("communes", "cantons", "epci", "department")
_BUILDS_KEPT: Final = 2  # the current one, and the one that open pages may still show


@dataclass(frozen=True, slots=True)
class Loaded:
    """A snapshot ready to be shown.

    Attributes
    ----------
    snapshot : Snapshot
    index : SearchIndex
    actor_ids : frozenset of str
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
    actor_ids: frozenset[str]
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

    def place_area(self, place: tuple[str, str] | None) -> BaseGeometry | None:
        """Return where a place is, EPSG:4326: the reference point of a commune, the outline of a larger place.

        None: no place, or its geometry is not known.
        """
        if place is None:
            return None
        kind, code = place
        communes = self.snapshot.layer("communes")
        if kind == "commune":
            found = communes[communes["commune_code"] == code].dropna(subset=["point_lon", "point_lat"])
            return Point(found["point_lon"].iloc[0], found["point_lat"].iloc[0]) if len(found) else None
        if kind == "cp":
            areas = communes.geometry[[code in codes for codes in communes["postcodes"]]]
        else:
            table = self.snapshot.layer("cantons" if kind == "canton" else kind)
            areas = table.geometry[table[f"{kind}_code"] == code]
        known = areas.dropna()
        return known.union_all() if len(known) else None

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
    """Return the current snapshot of the department, ready to be shown, with its assets published.

    Raises
    ------
    SnapshotError
        If there is none or it cannot be read.
    SourceError, DataError
        If the list of whom not to show cannot be read: nothing is shown without it.
    """
    chosen = settings()
    build_id = _current(chosen.snapshots, chosen.department)
    withheld = _withheld(chosen.withhold, _last_change(chosen.withhold))
    result = _load(chosen.snapshots, chosen.department, build_id, withheld.digest, withheld)
    # Asking for an asset also tells that it is in use, so that it is not the one to be dropped when memory is short.
    dropped = [path for path in result.assets.values() if get(path) is None]
    if dropped:
        _load.clear()
        _geography.clear()
        result = _load(chosen.snapshots, chosen.department, build_id, withheld.digest, withheld)
    return result


def warm_up() -> None:
    """Load what the first visitor would wait for, and publish what a page may ask this process for.

    Call it when the process starts, and when a page asks for an asset that this process does not know: the page may
    come from another process behind the same proxy, or from before a restart. Without a readable snapshot it publishes
    Leaflet and our scripts, and leaves it to the pages to say what is wrong.
    """
    OfflineMap()  # publishes the scripts and styles that it names
    _current.clear()  # the other process may have seen a newer build
    try:
        loaded()
    except EssmapError as error:
        _LOG.warning("%s", error)


@st.cache_data(ttl=POINTER_TTL_S, max_entries=8, show_spinner=False)
def _current(root: str, department: str) -> str | None:
    return Store(root).current(department)


def _last_change(path: str) -> tuple[int, int] | None:
    """Return when a file changed last and its size; None: it is not there."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


@st.cache_resource(max_entries=2, show_spinner=False)
def _withheld(path: str, last_change: tuple[int, int] | None) -> Withheld:  # noqa: ARG001  a change is another key
    return read_withheld(Path(path))


@st.cache_resource(max_entries=_BUILDS_KEPT, show_spinner=False)
def _load(root: str, department: str, build_id: str | None, digest: str, _withheld: Withheld) -> Loaded:  # noqa: ARG001
    """Load a build without those who asked not to be shown; the digest of that list is part of the key."""
    snapshot = shown(Store(root).load(department, build_id), _withheld)
    digests = tuple(snapshot.manifest.digests[name] for name in GEOGRAPHY)
    area = _geography(department, digests, snapshot)
    labels = {**reference.domains()["label"], **reference.legal_forms()["label"]}
    actors = snapshot.table("actors")
    result = Loaded(
        snapshot=snapshot,
        index=SearchIndex.build(actors, snapshot.table("communes"), labels),
        actor_ids=frozenset(actors["actor_id"]),
        assets={**area.assets, "actors": publish_actors(snapshot.layer("actors"))},
        home=area.home,
        places=area.places,
        place_bounds=area.place_bounds,
        place_names=area.place_names,
    )
    spare_collector()
    return result


@dataclass(frozen=True, slots=True)
class _Geography:
    """What `Loaded` takes from the territories alone."""

    assets: Mapping[str, str]
    home: list[list[float]]
    places: Mapping[tuple[str, str], str]
    place_bounds: Mapping[tuple[str, str], list[list[float]]]
    place_names: Mapping[tuple[str, str], str]


@st.cache_resource(max_entries=_BUILDS_KEPT, show_spinner=False)
def _geography(department: str, digests: tuple[str, ...], _snapshot: Snapshot) -> _Geography:  # noqa: ARG001
    """Derive what depends on the territories alone; a new build with the same digests of them finds it done."""
    communes, cantons, epci, area = (_snapshot.layer(name) for name in ("communes", "cantons", "epci", "department"))
    places, place_bounds = _places(_snapshot)
    return _Geography(
        assets=publish_outlines(communes, cantons, epci, area, reference.projected_crs(department)),
        home=bounds(area.geometry),
        places=places,
        place_bounds=place_bounds,
        place_names=_place_names(_snapshot, places),
    )


def _places(
    snapshot: Snapshot,
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], list[list[float]]]]:
    """Return communes, cantons, intercommunalities and postcodes with their labels and bounds.

    Labels are short: all of them travel with the first view of the page, a third of what it weighs.
    """
    communes, cantons, epci = (snapshot.layer(name) for name in ("communes", "cantons", "epci"))
    labels: dict[tuple[str, str], str] = {}
    areas: dict[tuple[str, str], list[list[float]]] = {}
    for row in each_row(communes.sort_values("commune_name", key=fold_series)):
        labels["commune", row.commune_code] = row.commune_name
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
        labels["cp", str(code)] = f"{code} ({names[0]}{'…' if len(names) > 1 else ''})"
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
