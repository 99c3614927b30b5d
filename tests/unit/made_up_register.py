"""Made-up establishments of a register, and stand-ins for the steps of a build that tests do not look at."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from essmap.schema.register import REGISTER_COLUMNS, RegisterFile, RegisterRead
from essmap.schema.tables import MERGES, empty

#: Inside Toulouse and inside Muret.
TOULOUSE, MURET = ("31555", "1.4436", "43.6045"), ("31395", "1.3270", "43.4600")


def establishment(number: int, **cells: str) -> dict[str, str]:
    """Return one made-up establishment of Toulouse: an association that employs people, of full diffusion."""
    siren = cells.pop("siren", f"{900000000 + number}")
    row = dict.fromkeys(REGISTER_COLUMNS, "")
    commune, lon, lat = TOULOUSE
    row |= {
        "siret": f"{siren}{number % 100000:05d}",
        "siren": siren,
        "name": f"ASSOCIATION INVENTEE {number}",
        "legal_category": "9220",
        "naf": "88.99B",
        "workforce_band": "11",
        "employer": "O",
        "ess": "yes",
        "siae": "no",
        "is_head_office": "yes",
        "diffusion": "O",
        "address": f"{number} RUE INVENTEE",
        "postcode": "31000",
        "commune_code": commune,
        "lon": lon,
        "lat": lat,
        "position_quality": "11",
        "updated": "2026-05-04",
    }
    return row | cells


def register_read(rows: list[dict[str, str]], *, rejected: dict[str, int] | None = None, **more: Any) -> RegisterRead:
    """Return what a source would give for some establishments; whole unless told otherwise."""
    frame = pd.DataFrame(rows, columns=list(REGISTER_COLUMNS), dtype="str").sort_values("siret", ignore_index=True)
    file = RegisterFile(
        "api_search", "Registre inventé", "Personne", "https://example.org/", "aucune", "2026-11-20", "2026-11-20",
        "0" * 64,
    )  # fmt: skip
    rejected = rejected or {}
    rows_in = len(frame) + sum(rejected.values())
    return RegisterRead(frame, rows_in, rejected, (file,), **{"is_complete": True, **more})


def stand_in_steps(patch: pytest.MonkeyPatch) -> None:
    """Put a plain stand-in in the place of each step that is not there."""
    for name, step in {
        "essmap.build.classify": _classify,
        "essmap.build.merge": _merge,
    }.items():
        if find_spec(name) is None:
            patch.setitem(sys.modules, name, step(name))


def _classify(name: str) -> ModuleType:
    module: Any = ModuleType(name)
    module.legal_form = lambda category, _name, **_more: pd.Series(
        ["association" if code.startswith("92") else "unknown" for code in category], index=category.index, dtype="str"
    )
    module.domains_of = lambda naf, _name, _activity, **_more: pd.Series(
        [["inclusion_lien_social"] if code else [] for code in naf], index=naf.index, dtype=object
    )
    module.is_employer = lambda employer, _band: employer.map({"O": True, "N": False}).astype("boolean")
    return module


class _Merged:
    def __init__(self, actors: gpd.GeoDataFrame, merges: pd.DataFrame) -> None:
        self.actors, self.merges = actors, merges


def _merge(name: str) -> ModuleType:
    """Rows of one SIRET, or of one name in one commune, are one actor, whose first row is that of the last table."""
    module: Any = ModuleType(name)
    module.merge_actors = _merge_actors
    return module


def _merge_actors(tables: Any, overrides: Any = None, *, masked: Any = frozenset()) -> _Merged:
    rows = pd.concat([frame.assign(table=key) for key, frame in reversed(tables)], ignore_index=True)
    first = dict[tuple[str, ...], int]()
    kept = []
    for row in rows.itertuples():
        keys = [(str(row.siret),)] if isinstance(row.siret, str) else []
        keys.append((row.name.casefold(), row.commune_code, ""))
        found = next((first[key] for key in keys if key in first and rows["table"][first[key]] != row.table), row.Index)
        kept.append(found)
        for key in keys:
            first.setdefault(key, found)
    rows["kept"] = kept
    flags = rows.groupby("kept")[["is_supported", "is_sensitive"]].any()
    numbers = rows.groupby("kept")[["siren", "siret"]].first()
    is_kept = rows["kept"].eq(rows.index)
    actors = rows[is_kept].assign(**{name: flags[name] for name in flags}, **{name: numbers[name] for name in numbers})
    gone = rows[~is_kept]
    merges = pd.DataFrame(
        {"kept_id": rows.loc[gone["kept"], "actor_id"].to_numpy(), "merged_id": gone["actor_id"].to_numpy(),
         "merged_name": gone["name"].to_numpy(), "source": gone["table"].to_numpy(), "rule": "siret", "score": 1.0},
    ) if len(gone) else empty(MERGES)  # fmt: skip
    actors = actors.drop(columns=["table", "kept"]).reset_index(drop=True)
    return _Merged(gpd.GeoDataFrame(actors, geometry="geometry", crs=4326), merges)
