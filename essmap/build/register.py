"""Turn what a national register says of establishments into actors: whom we do not show first, then the rest.

Every row that is left out is counted under a reason. Nothing finer than the commune is kept of units of partial
diffusion, sensitive places and registered offices that are homes, whatever the register says: not even their number,
since it leads to the page of the register that prints the address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from essmap import reference
from essmap.build.actors import or_missing
from essmap.build.capitals import chosen_names, readable_address, readable_name
from essmap.build.classify import domains_of, is_employer, legal_form, naf_domains
from essmap.build.geography import Geography
from essmap.build.privacy import at_commune, at_home, sensitive
from essmap.schema.folding import fold, fold_series
from essmap.schema.masked import NUMBER, without_address
from essmap.schema.register import RegisterRead
from essmap.schema.tables import ACTORS, CRS

#: Why a row keeps nothing finer than its commune.
PARTIAL, SENSITIVE, HOME, NON_EMPLOYER = "partial_diffusion", "sensitive", "home", "non_employer"

#: What a quality of the INSEE geolocation file lets us claim. Only 33 (anywhere in the commune) is documented; the
#: others are read modestly, on the side of the less precise.
PRECISION_OF_QUALITY: Final = {"11": "housenumber", "12": "street", "21": "locality", "22": "locality"}
#: What a position claims that comes without a quality, as those of the search API do.
PRECISION_WITHOUT_QUALITY: Final = "street"
COMMUNE_ONLY: Final = "33"
_FINEST_FIRST: Final = ("housenumber", "street", "locality", "municipality")

#: Registers name the districts of three cities; the geography has the city.
_CITIES: Final = {r"751\d\d": "75056", r"6938\d": "69123", r"132\d\d": "13055"}
_IDENTITY: Final = ("siret", "siren", "commune_code", "address", "lon", "lat")
_NOT_A_WORD: Final = re.compile(r"[^a-z0-9]+")
_LONG_NUMBER: Final = re.compile(rf"{NUMBER}[0-9]*")


@dataclass(frozen=True, slots=True, eq=False)
class RegisterActors:
    """Actors of a register, and what became of its rows.

    Attributes
    ----------
    frame : GeoDataFrame, EPSG:4326
        `essmap.schema.tables.ACTORS`, sorted by SIRET. ``actor_id`` is ``siret-`` and the number, or
        ``commune-<code>-<name>`` where the number is not shown.
    rejected : mapping
        Rows of the read that are no actor, by reason, on top of those that the source left out.
    identities : DataFrame
        ``siret``, ``siren``, ``commune_code``, ``address``, ``lon``, ``lat`` as the register gives them and ``hidden``
        (why nothing finer than the commune is kept, or the empty string), indexed by ``actor_id``. For the build
        alone, which must know what it hides: never written.
    source : str
        Key of the register among the sources.
    positions : mapping
        Positions that were given and not used, by reason: ``outside_commune``, ``commune_only``, ``unreadable``.
    activities : mapping
        Actors by what their activity code told (``status`` of `essmap.build.classify.naf_domains`), and
        ``without_domain``: those to which neither code nor name gave a domain.
    """

    frame: gpd.GeoDataFrame
    rejected: Mapping[str, int]
    identities: pd.DataFrame
    source: str
    positions: Mapping[str, int] = field(default_factory=dict)
    activities: Mapping[str, int] = field(default_factory=dict)


def register_actors(
    read: RegisterRead, geography: Geography, *, show_non_employer_addresses: bool = False
) -> RegisterActors:
    """Turn the establishments of a register into actors.

    Parameters
    ----------
    read : RegisterRead
    geography : Geography
        Of the department.
    show_non_employer_addresses : bool
        True: the address of an association that is not known to employ anybody is shown like any other. Most such
        registered offices are the home of somebody.

    Returns
    -------
    RegisterActors
        ``len(frame) + sum(rejected.values()) == len(read.frame)``.
    """
    communes = geography.communes
    rows = read.frame.assign(commune_code=_city_codes(read.frame["commune_code"], communes))
    rows, rejected = _accepted(rows, communes)
    form, domains, is_employer = _classified(rows)
    hidden = _hidden(rows, form, is_employer, show_non_employer_addresses=show_non_employer_addresses)
    # The sign and the acronym are among what partial diffusion protects; the name of a legal person is not.
    rows.loc[hidden.eq(PARTIAL), ["sign", "acronym"]] = ""
    rows.loc[at_home(rows["sign"]), "sign"] = ""  # it names whose home it is
    names = [readable_name(name, acronym) for name, acronym in zip(chosen_names(rows), rows["acronym"], strict=True)]
    place = communes.set_index("commune_code").loc[rows["commune_code"]].set_axis(rows.index)
    precision, lon, lat, unused = _positions(rows, place, hidden.ne(""))
    frame = pd.DataFrame(
        {
            "actor_id": _identifiers(rows, names, hidden.ne("")),
            "name": pd.Series(names, index=rows.index, dtype="str"),
            "family": form.map(reference.legal_forms()["family"]),
            "legal_form": form,
            "domains": domains,
            "axes": domains.map(reference.domain_axes),
            "activity": _missing(rows),
            "address": or_missing(rows["address"].map(readable_address)),
            "postcode": or_missing(rows["postcode"]),
            "commune_code": rows["commune_code"],
            "commune_name": place["commune_name"],
            "canton_code": place["canton_code"],
            "epci_code": place["epci_code"],
            "siren": rows["siren"],
            "siret": rows["siret"],
            "naf": or_missing(rows["naf"].where(rows["naf"].ne(""), rows["naf25"])),
            "workforce_band": or_missing(rows["workforce_band"]),
            "is_employer": is_employer,
            "is_sensitive": _is_sensitive(rows),
            "website": _missing(rows),
            "geo_precision": precision,
            "is_supported": pd.Series(False, index=rows.index),
            "is_confirmed": pd.Series(True, index=rows.index, dtype="boolean"),
            "source": pd.Series(read.files[0].key, index=rows.index, dtype="str"),
            "source_kind": pd.Series("register", index=rows.index, dtype="str"),
            "source_url": _missing(rows),
            "source_note": _missing(rows),
            "source_year": _years(rows["updated"]),
        }
    )
    actors = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=CRS)[ACTORS.column_names]
    identities = rows[list(_IDENTITY)].assign(hidden=hidden).set_axis(list(frame["actor_id"]))
    masked = at_commune(actors, hidden.ne(""), communes).reset_index(drop=True)
    return RegisterActors(masked, rejected, identities, read.files[0].key, unused, _activities(rows, domains))


def hidden_identifier(commune_code: str, name: str) -> str:
    """Return the identifier of an actor whose number is not shown: it holds nothing that the map does not say.

    Examples
    --------
    >>> hidden_identifier("31555", "Foyer d'Accueil")
    'commune-31555-foyer-d-accueil'
    >>> hidden_identifier("31555", "Foyer 732829320")
    'commune-31555-foyer'
    """
    words = _NOT_A_WORD.sub("-", _LONG_NUMBER.sub(" ", fold(without_address(name)))).strip("-")
    return f"commune-{commune_code}-{words or 'x'}"


def _accepted(rows: pd.DataFrame, communes: gpd.GeoDataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows that may become actors, and how many of the others there are by their first reason."""
    has_point = communes["point_lon"].notna() & communes["point_lat"].notna()
    pointed = communes.loc[has_point, "commune_code"]
    reasons = {
        "natural_person": rows["legal_category"].str.startswith("1"),
        "malformed": ~rows["siret"].str.fullmatch(r"[0-9]{14}"),
        "repeated": rows["siret"].duplicated(),
        "not_ess": rows["ess"].ne("yes"),
        "no_name": rows["name"].str.strip().eq("") & (rows["sign"].str.strip().eq("") | rows["diffusion"].ne("O")),
        "unknown_commune": ~rows["commune_code"].isin(communes["commune_code"]),
        "commune_without_point": ~rows["commune_code"].isin(pointed),
    }
    first = pd.Series("", index=rows.index, dtype="str")
    for reason, is_bad in reasons.items():
        first = first.mask(is_bad.astype(bool) & first.eq(""), reason)
    counts = first[first.ne("")].value_counts()
    kept = rows[first.eq("")].sort_values("siret", ignore_index=True)
    return kept, {str(reason): int(count) for reason, count in counts.items()}


def _city_codes(codes: pd.Series[str], communes: gpd.GeoDataFrame) -> pd.Series[str]:
    """Return commune codes with the districts of Paris, Lyon and Marseille turned into the city."""
    present = set(communes["commune_code"])
    for district, city in _CITIES.items():
        if city in present:
            codes = codes.mask(codes.str.fullmatch(district) & ~codes.isin(list(present)), city)
    return codes


def _classified(rows: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[Any], pd.Series[bool]]:
    """Return legal form, domains and whether it employs anybody, of each row."""
    words = (rows["name"] + " " + rows["sign"].where(rows["diffusion"].eq("O"), "")).str.strip()
    nothing = pd.Series("", index=rows.index, dtype="str")
    return (
        legal_form(rows["legal_category"], rows["name"], ess=rows["ess"], siren=rows["siren"]),
        domains_of(rows["naf"], words, nothing, naf25=rows["naf25"]),
        is_employer(rows["employer"], rows["workforce_band"]),
    )


def _activities(rows: pd.DataFrame, domains: pd.Series[Any]) -> dict[str, int]:
    told = naf_domains(rows["naf"], rows["naf25"])["status"].value_counts()
    without = int(domains.map(len).eq(0).sum())
    return {**{str(status): int(count) for status, count in told.items()}, "without_domain": without}


def _hidden(
    rows: pd.DataFrame, form: pd.Series[str], is_employer: pd.Series[bool], *, show_non_employer_addresses: bool
) -> pd.Series[str]:
    """Return why each row keeps nothing finer than its commune; the empty string: it may be shown."""
    is_association = form.eq("association") | rows["rna"].ne("")
    is_unstaffed = is_association & ~is_employer.fillna(False).astype(bool)
    reasons = {
        PARTIAL: rows["diffusion"].ne("O"),
        SENSITIVE: _is_sensitive(rows),
        HOME: _is_home(rows),
        NON_EMPLOYER: is_unstaffed & (not show_non_employer_addresses),
    }
    hidden = pd.Series("", index=rows.index, dtype="str")
    for reason, holds in reasons.items():
        hidden = hidden.mask(holds & hidden.eq(""), reason)
    return hidden


def _is_sensitive(rows: pd.DataFrame) -> pd.Series[bool]:
    words = rows["name"] + " · " + rows["acronym"] + " · " + rows["sign"]
    nothing = pd.Series("", index=rows.index, dtype="str")
    by_activity = reference.is_sensitive_activity(rows["naf"], "NAFRev2")
    by_activity |= reference.is_sensitive_activity(rows["naf25"], "NAF2025")
    return sensitive(by_activity, words, nothing)


def _is_home(rows: pd.DataFrame) -> pd.Series[bool]:
    """Tell which addresses are somebody's home; once an establishment of a unit says so, its neighbours there are."""
    says = at_home(rows["address"]) | at_home(rows["complement"])
    where = rows["siren"] + " " + rows["commune_code"] + " " + fold_series(rows["address"])
    return says | where.isin(list(where[says]))


def _positions(
    rows: pd.DataFrame, place: pd.DataFrame, is_hidden: pd.Series[bool]
) -> tuple[pd.Series[str], pd.Series[float], pd.Series[float], dict[str, int]]:
    """Return precision, longitude and latitude of each row, and the positions that were given and not used.

    What is not placed stands on its commune's reference point.
    """
    lon = pd.to_numeric(rows["lon"], errors="coerce").astype("float64")
    lat = pd.to_numeric(rows["lat"], errors="coerce").astype("float64")
    is_given = (rows["lon"].ne("") | rows["lat"].ne("")) & ~is_hidden
    is_readable = pd.Series(np.isfinite(lon) & np.isfinite(lat), index=rows.index)
    is_fine = rows["position_quality"].ne(COMMUNE_ONLY)
    is_candidate = is_given & is_readable & is_fine
    is_inside = pd.Series(False, index=rows.index)
    here = rows.index[is_candidate]
    points = shapely.points(lon.loc[here].to_numpy(), lat.loc[here].to_numpy())
    is_inside.loc[here] = shapely.covers(place.loc[here, "geometry"].to_numpy(), points)
    counts = {
        "unreadable": int((is_given & ~is_readable).sum()),
        "commune_only": int((is_given & is_readable & ~is_fine).sum()),
        "outside_commune": int((is_candidate & ~is_inside).sum()),
    }
    precision = _precision(rows).where(is_inside, "municipality")
    unused = {reason: count for reason, count in counts.items() if count}
    return precision, lon.where(is_inside, place["point_lon"]), lat.where(is_inside, place["point_lat"]), unused


def _precision(rows: pd.DataFrame) -> pd.Series[str]:
    """Return what each position may claim: no more than its quality, nor than the address it was found from."""
    by_quality = rows["position_quality"].map(PRECISION_OF_QUALITY)
    by_quality = by_quality.where(by_quality.notna(), "locality")  # a quality that we do not know
    by_quality = by_quality.mask(rows["position_quality"].eq(""), PRECISION_WITHOUT_QUALITY)
    has_number = rows["address"].str.match(r"\s*[0-9]")
    by_address = pd.Series("street", index=rows.index).mask(has_number, "housenumber")
    by_address = by_address.mask(rows["address"].str.strip().eq(""), "locality")
    ranks = {precision: rank for rank, precision in enumerate(_FINEST_FIRST)}
    coarser = np.maximum(by_quality.map(ranks).to_numpy(dtype=int), by_address.map(ranks).to_numpy(dtype=int))
    return pd.Series(np.array(_FINEST_FIRST, dtype=object)[coarser], index=rows.index, dtype="str")


def _identifiers(rows: pd.DataFrame, names: list[str], is_hidden: pd.Series[bool]) -> pd.Series[str]:
    """Return an identifier per row; those of one name in one commune are numbered in the order of the register."""
    hidden = pd.Series(
        [hidden_identifier(code, name) for code, name in zip(rows["commune_code"], names, strict=True)],
        index=rows.index,
        dtype="str",
    )
    rank = hidden[is_hidden].groupby(hidden[is_hidden]).cumcount().reindex(rows.index, fill_value=0)
    numbered = hidden + ("--" + (rank + 1).astype("str")).where(rank.gt(0), "")
    return numbered.where(is_hidden, "siret-" + rows["siret"]).astype("str")


def _years(dates: pd.Series[str]) -> pd.Series[int]:
    years = dates.str.extract(r"^([12][0-9]{3})", expand=False)
    return pd.to_numeric(years).astype("Int64")


def _missing(rows: pd.DataFrame) -> pd.Series[str]:
    return pd.Series(None, index=rows.index, dtype="str")
