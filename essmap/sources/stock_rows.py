"""From the text of stock files to register rows: names, addresses, codes and positions of one department.

The rows that come here are those that may be shown: `essmap.sources.stock` has left out natural persons and closed
units, and emptied what partial diffusion hides, before this module sees them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer
from stdnum.fr import siret as siret_number

from essmap.reference import projected_crs
from essmap.schema.register import REGISTER_COLUMNS

#: `qualite_xy` of a point drawn at random inside its commune (INSEE, geolocation file).
COMMUNE_ONLY: Final = "33"
_NAF_REV2: Final = "NAFRev2"
_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_WGS84: Final = 4326


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one department.

    Attributes
    ----------
    frame : DataFrame
        `REGISTER_COLUMNS`, sorted by SIRET, each once.
    rejected : mapping
        ``malformed`` and ``repeated``, where there are any.
    figures : mapping
        Where positions come from, how many were refused.
    """

    frame: pd.DataFrame
    rejected: Mapping[str, int]
    figures: Mapping[str, int]


def register_rows(raw: pd.DataFrame, department: str) -> Rows:
    """Return the rows of a department as every register source gives them.

    Parameters
    ----------
    raw : DataFrame
        Columns of the layouts ``establishments``, ``units`` and ``geolocation`` by key, all text, and ``siae``.
    department : str
        INSEE code.

    Returns
    -------
    Rows
    """
    is_good = raw["siret"].map(siret_number.is_valid).astype(bool) & raw["siret"].str.fullmatch(r"\d{14}")
    is_good &= raw["siret"].str[:9] == raw["siren"]
    good = raw[is_good]
    places, figures = positions(good, department)
    frame = pd.concat([_said(good), places], axis=1)[list(REGISTER_COLUMNS)].astype("str")
    frame, repeated = _each_once(frame)
    rejected = {"malformed": int((~is_good).sum()), "repeated": repeated}
    return Rows(frame, {reason: count for reason, count in rejected.items() if count}, figures)


def _said(raw: pd.DataFrame) -> pd.DataFrame:
    """Return every column but those of the position."""
    same = ("siret", "siren", "legal_category", "workforce_band", "employer", "siae", "rna", "diffusion",
            "postcode")  # fmt: skip
    naf25 = _first(raw["naf25"], raw["unit_naf25"])
    return pd.DataFrame(
        {
            **{column: raw[column] for column in same},
            "commune_code": raw["commune_code"].str.upper(),
            "name": _folded(_first(raw["name"], raw["usual_name"])),
            "sign": _folded(_first(raw["sign"], raw["usual_sign"])),
            "acronym": _folded(raw["acronym"]),
            "naf": _first(
                raw["naf"].where(raw["nomenclature"] == _NAF_REV2, ""),
                raw["unit_naf"].where(raw["unit_nomenclature"] == _NAF_REV2, ""),
            ),
            "naf25": naf25,
            "ess": "yes",
            "is_head_office": np.where(raw["head_office"].str.lower().isin(["true", "1"]), "yes", "no"),
            "address": _address(raw),
            "complement": _folded(raw["complement"]),
            "updated": raw["updated"].str.extract(f"^({_DAY})", expand=False).fillna(""),
        },
        index=raw.index,
    )


def _first(preferred: pd.Series[str], other: pd.Series[str]) -> pd.Series[str]:
    return preferred.where(preferred != "", other)


def _folded(text: pd.Series[str]) -> pd.Series[str]:
    """Return texts on one line, however they were broken."""
    return text.str.split().str.join(" ")


def _address(raw: pd.DataFrame) -> pd.Series[str]:
    """Return number and street: « 12 B-14 RUE DES LILAS »."""
    last = raw["last_number"].where(raw["last_number"] != raw["number"], "")
    number = _folded(raw["number"] + " " + raw["repetition"])
    joined = number + np.where((number != "") & (last != ""), "-", "") + last
    return _folded(joined + " " + raw["street_type"] + " " + raw["street"])


def _each_once(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the rows sorted by SIRET, each once, and how many were left out.

    Which row of a SIRET stays does not hang on the order of the file: one of partial diffusion before any other.
    """
    twice = frame["siret"].duplicated(keep=False)
    if twice.any():
        rest = [column for column in REGISTER_COLUMNS if column not in {"siret", "diffusion"}]
        chosen = frame[twice].sort_values(
            ["siret", "diffusion", *rest], ascending=[True, False, *[False for _ in rest]]
        )
        kept = pd.concat([frame[~twice], chosen.drop_duplicates("siret")])
    else:
        kept = frame
    return kept.sort_values("siret", ignore_index=True), len(frame) - len(kept)


def positions(raw: pd.DataFrame, department: str) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the position of each row: the point of the geolocation file, else the Sirene coordinates converted.

    A point of quality 33 is no position (it is drawn at random in the commune): the row says so and has none. A point
    outside the area where the department's reference system may be used (EPSG registry) is refused.

    Parameters
    ----------
    raw : DataFrame
        ``lon``, ``lat`` (degrees), ``quality``, ``x``, ``y`` (metres, in the system of the department:
        `essmap.reference.projected_crs`), as text.
    department : str
        INSEE code.

    Returns
    -------
    places : DataFrame on the index of ``raw``
        ``lon`` and ``lat`` in degrees, EPSG:4326, as text of seven decimals (1 cm), and ``position_quality``.
    figures : dict
        ``positions_geolocation``, ``positions_lambert``, ``positions_commune_only``, ``positions_refused``.
    """
    system = CRS.from_epsg(projected_crs(department))
    is_drawn = (raw["quality"] == COMMUNE_ONLY).to_numpy()
    lon, lat = _number(raw["lon"]), _number(raw["lat"])
    x, y = _number(raw["x"]), _number(raw["y"])
    has_point = np.isfinite(lon) & np.isfinite(lat) & ~is_drawn
    has_lambert = np.isfinite(x) & np.isfinite(y) & ~is_drawn
    is_located = has_point & _is_within(system, lon, lat)
    converted = has_lambert & ~is_located
    lon, lat = np.where(is_located, lon, np.nan), np.where(is_located, lat, np.nan)
    if converted.any():
        to_degrees = Transformer.from_crs(system, _WGS84, always_xy=True)
        lon[converted], lat[converted] = to_degrees.transform(x[converted], y[converted])
    is_converted = converted & _is_within(system, lon, lat)
    is_placed = is_located | is_converted
    quality = raw["quality"].where(is_located | is_drawn, "")
    places = pd.DataFrame(
        {
            "lon": [f"{value:.7f}" if placed else "" for value, placed in zip(lon, is_placed, strict=True)],
            "lat": [f"{value:.7f}" if placed else "" for value, placed in zip(lat, is_placed, strict=True)],
            "position_quality": quality,
        },
        index=raw.index,
    )
    figures = {
        "positions_geolocation": int(is_located.sum()),
        "positions_lambert": int(is_converted.sum()),
        "positions_commune_only": int(is_drawn.sum()),
        "positions_refused": int(((has_point | has_lambert) & ~is_placed).sum()),
    }
    return places, figures


def _number(text: pd.Series[str]) -> np.ndarray:
    return np.array(pd.to_numeric(text, errors="coerce"), dtype=float)


def _is_within(system: CRS, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    area = system.area_of_use
    if area is None:  # no system of the reference table
        return np.asarray(np.isfinite(lon + lat), dtype=bool)
    inside = (lon >= area.west) & (lon <= area.east) & (lat >= area.south) & (lat <= area.north)
    return np.asarray(inside, dtype=bool)
