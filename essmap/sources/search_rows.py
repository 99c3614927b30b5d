"""Rows of the register from what the API Recherche d'entreprises showed of each unit.

Masks become nothing; of a unit or an establishment with partial diffusion nothing finer than the commune is kept,
whatever the service shows. The one-line address of an establishment ends with postcode and commune, which are cut off;
the head office has its parts apart.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

from essmap.schema.register import REGISTER_COLUMNS
from essmap.sources.search_addresses import kept_of_site
from essmap.sources.search_answers import MASK, department_of, is_partial
from essmap.sources.search_slices import Known

_SIREN: Final = re.compile(r"[0-9]{9}")
_SIRET: Final = re.compile(r"[0-9]{14}")
#: What must not be shown of a unit with partial diffusion.
_FINER_THAN_THE_COMMUNE: Final = ("address", "complement", "postcode", "lon", "lat")
_STREET: Final = ("numero_voie", "indice_repetition", "type_voie", "libelle_voie")


def register_rows(known: Known, department: str) -> tuple[pd.DataFrame, dict[str, int], int]:
    """Return the active establishments of a department.

    Parameters
    ----------
    known : Known
    department : str
        INSEE code.

    Returns
    -------
    frame : DataFrame
        `essmap.schema.register.REGISTER_COLUMNS`, one row per SIRET, sorted by SIRET.
    rejected : dict
        Establishments of the department left out, by reason: ``malformed``, ``natural_person``, ``closed``.
    elsewhere : int
        Establishments of other departments that were shown too.
    """
    rows: dict[str, dict[str, str]] = {}
    rejected: Counter[str] = Counter()
    elsewhere = 0
    for siren, siret, site in _sites(known):
        if department_of(_text(site.get("commune"))) != department:
            elsewhere += 1
            continue
        unit = known.units[siren]
        reason = _reason_against(siren, siret, unit, site)
        if reason:
            rejected[reason] += 1
        else:
            rows[siret] = _row(unit, site)
    ordered = [rows[siret] for siret in sorted(rows)]
    return pd.DataFrame(ordered, columns=list(REGISTER_COLUMNS), dtype="str"), dict(sorted(rejected.items())), elsewhere


def _sites(known: Known) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for siren in sorted(known.sites):
        for siret, site in known.sites[siren].items():
            yield siren, siret, site


def _reason_against(siren: str, siret: str, unit: Mapping[str, Any], site: Mapping[str, Any]) -> str | None:
    if not (_SIREN.fullmatch(siren) and _SIRET.fullmatch(siret) and siret.startswith(siren)):
        return "malformed"
    if unit["natural_person"]:
        return "natural_person"
    if unit.get("etat_administratif") != "A" or site.get("etat_administratif") != "A":
        return "closed"
    return None


def _row(unit: Mapping[str, Any], site: Mapping[str, Any]) -> dict[str, str]:
    """Return one row of the register."""
    complements, seat = unit["complements"], unit["siege"]
    site = kept_of_site(site, is_hidden=is_partial(unit, site))
    complement, address = _text(site.get("complement_adresse")), _address(site)
    lon, lat = _degrees(site.get("longitude"), 180), _degrees(site.get("latitude"), 90)
    has_point = bool(lon and lat)
    is_hidden = is_partial(unit, site)
    is_seat = site["est_siege"] if isinstance(site.get("est_siege"), bool) else site.get("siret") == seat.get("siret")
    row = {
        "siret": _text(site["siret"]),
        "siren": unit["siren"],
        "name": _text(unit.get("nom_raison_sociale")) or _text(unit.get("nom_complet")),
        "sign": _text(site.get("nom_commercial")) or _first(site.get("liste_enseignes")),
        "acronym": _text(unit.get("sigle")),
        "legal_category": _text(unit.get("nature_juridique")),
        "naf": _either(site, unit, "activite_principale"),
        "naf25": _either(site, unit, "activite_principale_naf25"),
        "workforce_band": _either(site, unit, "tranche_effectif_salarie"),
        "employer": _either(site, unit, "caractere_employeur"),
        "ess": "yes" if complements["est_ess"] else "no",
        "siae": _text(complements.get("type_siae")) if complements.get("est_siae") is not False else "",
        "rna": _text(complements.get("identifiant_association")),
        "is_head_office": "yes" if is_seat else "no",
        "diffusion": "P" if is_hidden else "O",
        "address": address,
        "complement": complement,
        "postcode": _text(site.get("code_postal")),
        "commune_code": _text(site["commune"]),
        "lon": lon if has_point else "",
        "lat": lat if has_point else "",
        "position_quality": "",
        "updated": _either(site, unit, "date_mise_a_jour_insee")[:10],
    }
    return row | dict.fromkeys(_FINER_THAN_THE_COMMUNE, "") if is_hidden else row


def _text(value: Any) -> str:
    """Return a value as one line of text; nothing where it is missing, masked or no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = " ".join(str(value).encode(errors="replace").decode().split())
    return "" if MASK in text else text


def _first(values: Any) -> str:
    return next((text for text in map(_text, values) if text), "") if isinstance(values, list) else ""


def _either(site: Mapping[str, Any], unit: Mapping[str, Any], name: str) -> str:
    """Return what is said of the establishment, else of its unit."""
    return _text(site.get(name)) or _text(unit.get(name))


def _degrees(value: Any, most: float) -> str:
    text = _text(value)
    try:
        return text if text and math.isfinite(float(text)) and abs(float(text)) <= most else ""
    except ValueError:
        return ""


def _address(site: Mapping[str, Any]) -> str:
    """Return the number and street of an establishment."""
    street = " ".join(text for text in (_text(site.get(name)) for name in _STREET) if text)
    return street or _without_place(_text(site.get("adresse")), site)


def _without_place(line: str, site: Mapping[str, Any]) -> str:
    """Return an address line without the postcode and the commune that end it."""
    postcode, commune = _text(site.get("code_postal")), _text(site.get("libelle_commune"))
    endings = [f"{postcode} {commune}", postcode, commune] if postcode else [commune]
    for ending in endings[:1]:
        if ending and line.upper().endswith(ending.upper()):
            return line[: len(line) - len(ending)].strip()
    if postcode and (found := line.rfind(f" {postcode} ")) >= 0:
        return line[:found].strip()
    if postcode and line.startswith(f"{postcode} "):
        return ""
    return re.sub(r"(?:^|\s+)\d{5}\s+\D+(?:\d+\s*)?$", "", line).strip()
