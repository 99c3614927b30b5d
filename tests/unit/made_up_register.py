"""Made-up establishments of a register."""

from __future__ import annotations

from typing import Any

import pandas as pd

from essmap.schema.register import REGISTER_COLUMNS, RegisterFile, RegisterRead

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
