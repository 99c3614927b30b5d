"""Check actor and project tables: every fault found in one run, each with file, line, column, value, expected.

Rules are columns of booleans over the whole table; none stops at the first fault. Checking changes nothing:
identifiers and codes are judged as they are written, before any repair.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import geopandas as gpd
import pandas as pd
import shapely
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from essmap import reference
from essmap.errors import Problem
from essmap.schema.folding import fold_place
from essmap.schema.tables import PRECISIONS, SOURCE_KINDS, SUPPORT_KINDS
from essmap.sources.delimited import RawTable
from essmap.texts import t

MAX_DOMAINS = 3
FIRST_YEAR = 1900


class _Faults:
    """Collect the faults of one table, one rule at a time."""

    def __init__(self, table: RawTable) -> None:
        self.frame = table.frame
        self.file = table.file
        self.found: list[Problem] = list(table.problems)

    def add(self, rule: str, column: str, bad: pd.Series[bool], expected: str | pd.Series[str]) -> None:
        """Record one fault per row where ``bad`` holds; ``expected`` is one sentence or one per row."""
        for row in self.frame.index[bad.to_numpy(dtype=bool)]:
            wanted = expected if isinstance(expected, str) else str(expected[row])
            self.found.append(Problem(self.file, int(row), column, str(self.frame.at[row, column]), wanted, rule))

    def sorted(self) -> list[Problem]:
        """Return the faults in file order."""
        return sorted(self.found, key=lambda problem: (problem.row or 0))


def check_actors(table: RawTable, communes: gpd.GeoDataFrame, *, last_year: int) -> list[Problem]:
    """Return every fault of an actor table.

    Parameters
    ----------
    table : RawTable
        With the columns of ``starter_actors.csv``.
    communes : GeoDataFrame, EPSG:4326
        The communes of the department (`essmap.schema.tables.COMMUNES`).
    last_year : int
        No source may be younger than this.

    Returns
    -------
    list of Problem
        In file order; empty when the table is right.
    """
    faults, frame = _Faults(table), table.frame
    _required(faults, ["id", "name", "legal_form", "domains", "commune_code", "commune", "source_kind", "source_url"])
    _unique(faults, "id")
    _choice(faults, "legal_form", set(reference.legal_forms().index))
    _choice(faults, "geo_precision", PRECISIONS - {"municipality"} | {""})
    _choice(faults, "is_sensitive", {"yes", ""})
    _choice(faults, "source_kind", SOURCE_KINDS)
    _domains(faults)
    _place(faults, communes)
    _postcode(faults, communes)
    _url(faults, "website")
    _url(faults, "source_url")
    _year(faults, "source_year", last_year)
    siren, siret = frame["siren"], frame["siret"]
    faults.add("siren", "siren", siren.ne("") & ~siren.map(siren_number.is_valid), t("check.siren"))
    faults.add("siret", "siret", siret.ne("") & ~siret.map(_is_siret), t("check.siret"))
    differs = siren.ne("") & siret.ne("") & (siret.str[:9] != siren)
    faults.add("siret_of_siren", "siret", differs, t("check.siret_of_siren"))
    _position(faults, communes)
    return faults.sorted()


def check_projects(
    table: RawTable, communes: gpd.GeoDataFrame, *, actor_ids: set[str] | None, last_year: int
) -> list[Problem]:
    """Return every fault of a table of supported projects.

    Parameters
    ----------
    table : RawTable
        With the columns of ``starter_projects.csv``.
    communes : GeoDataFrame, EPSG:4326
    actor_ids : set of str or None
        Actors a project may name. None: the actor table is not at hand, links are not checked.
    last_year : int

    Returns
    -------
    list of Problem
        In file order; empty when the table is right.
    """
    faults, frame = _Faults(table), table.frame
    _required(faults, ["project_id", "title", "holder_name", "programme", "support_kind", "domains"])
    _unique(faults, "project_id")
    _choice(faults, "support_kind", SUPPORT_KINDS)
    _domains(faults)
    _place(faults, communes)
    _year(faults, "year", last_year)
    faults.add("no_source_page", "source_url", frame["source_url"].eq(""), t("check.source_page"))
    _url(faults, "source_url")
    amount = pd.to_numeric(frame["amount_eur"], errors="coerce")
    bad_amount = frame["amount_eur"].ne("") & ~(amount.gt(0) & amount.lt(float("inf")))
    faults.add("amount", "amount_eur", bad_amount, t("check.amount"))
    if actor_ids is not None:
        missing = frame["actor_id"].ne("") & ~frame["actor_id"].isin(list(actor_ids))
        faults.add("missing_actor", "actor_id", missing, t("check.actor"))
    return faults.sorted()


def is_web_address(value: str) -> bool:
    """Tell whether a text is a plain http(s) address with a host and neither spaces nor credentials.

    Examples
    --------
    >>> is_web_address("https://exemple.fr/page"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    if any(mark.isspace() or ord(mark) < 0x20 or mark in "<>\"'\\`" for mark in value.replace("'", "")):
        return False
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and "." in host and parts.username is None


def _is_siret(value: str) -> bool:
    """SIRET by Luhn; the sites of La Poste (SIREN 356000000) have a digit sum that is a multiple of five."""
    if value.startswith("356000000") and len(value) == 14 and value.isdecimal():
        return sum(map(int, value)) % 5 == 0
    return bool(value.isdecimal() and siret_number.is_valid(value))


def _required(faults: _Faults, columns: list[str]) -> None:
    for column in columns:
        faults.add("required", column, faults.frame[column].eq(""), t("check.required"))


def _unique(faults: _Faults, column: str) -> None:
    values = faults.frame[column]
    repeated = values.duplicated(keep="first") & values.ne("")
    first = values.map({value: row for row, value in reversed(list(values.items()))})
    expected = first.map(lambda row: t("check.unique", line=row))
    faults.add("repeated_id", column, repeated, expected)


def _choice(faults: _Faults, column: str, allowed: set[str] | frozenset[str]) -> None:
    values = faults.frame[column]
    bad = ~values.isin(list(allowed)) & values.ne("")
    faults.add(f"unknown_{column}", column, bad, t("check.choice", choices=", ".join(sorted(allowed - {""}))))


def _domains(faults: _Faults) -> None:
    values = faults.frame["domains"]
    known = set(reference.domains().index)
    lists = values.map(lambda cell: [item.strip() for item in cell.split(";")] if cell else [])
    unknown = lists.map(lambda items: bool(set(items) - known))
    expected = lists.map(
        lambda items: t("check.domain", unknown=", ".join(i or "—" for i in items if i not in known), known=", ".join(known))
    )
    faults.add("unknown_domain", "domains", unknown, expected)
    faults.add("too_many_domains", "domains", lists.map(len).gt(MAX_DOMAINS), t("check.domains_max", n=MAX_DOMAINS))
    repeated = lists.map(lambda items: len(set(items)) < len(items))
    faults.add("repeated_domain", "domains", repeated, t("check.domains_once"))


def _place(faults: _Faults, communes: gpd.GeoDataFrame) -> None:
    frame = faults.frame
    names = communes.set_index("commune_code")["commune_name"]
    given = frame["commune_code"].ne("")
    unknown = given & ~frame["commune_code"].isin(names.index)
    faults.add("unknown_commune", "commune_code", unknown, t("check.commune"))
    official = frame["commune_code"].map(names)
    differs = official.notna() & (frame["commune"].map(fold_place) != official.fillna("").map(fold_place))
    expected = official.map(lambda name: t("check.commune_name", name=name))
    faults.add("commune_name", "commune", differs, expected)
    faults.add("commune_name", "commune", ~given & frame["commune"].ne(""), t("check.commune_code_missing"))


def _postcode(faults: _Faults, communes: gpd.GeoDataFrame) -> None:
    frame = faults.frame
    postcodes = frame["commune_code"].map(communes.set_index("commune_code")["postcodes"])
    known = postcodes.map(lambda codes: isinstance(codes, str) is False and codes is not None and not _is_missing(codes))
    bad = pd.Series(
        [
            bool(code) and ok and code not in list(codes)
            for code, codes, ok in zip(frame["postcode"], postcodes, known, strict=True)
        ],
        index=frame.index,
        dtype=bool,
    )
    expected = postcodes.map(lambda codes: "" if _is_missing(codes) else t("check.postcode", codes=", ".join(codes)))
    faults.add("postcode_of_commune", "postcode", bad, expected)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and pd.isna(value))


def _url(faults: _Faults, column: str) -> None:
    values = faults.frame[column]
    faults.add(f"bad_{column}", column, values.ne("") & ~values.map(is_web_address), t("check.url"))


def _year(faults: _Faults, column: str, last_year: int) -> None:
    values = faults.frame[column]
    years = pd.to_numeric(values.where(values.str.fullmatch(r"\d{4}"), None), errors="coerce")
    bad = values.ne("") & ~years.between(FIRST_YEAR, last_year)
    faults.add(f"bad_{column}", column, bad, t("check.year", first=FIRST_YEAR, last=last_year))


def _position(faults: _Faults, communes: gpd.GeoDataFrame) -> None:
    frame = faults.frame
    lon = pd.to_numeric(frame["lon"], errors="coerce")
    lat = pd.to_numeric(frame["lat"], errors="coerce")
    has_point = lon.between(-180, 180) & lat.between(-90, 90)
    for column, number, other in (("lon", lon, "lat"), ("lat", lat, "lon")):
        bad = (frame[column].ne("") & ~has_point & number.isna()) | (frame[column].eq("") & frame[other].ne(""))
        faults.add("coordinates", column, bad, t("check.coordinates"))
    out_of_range = lon.notna() & lat.notna() & ~has_point
    faults.add("coordinates", "lon", out_of_range, t("check.coordinates"))
    faults.add("precision_without_point", "geo_precision", ~has_point & frame["geo_precision"].ne(""), t("check.precision_alone"))
    faults.add("point_without_precision", "geo_precision", has_point & frame["geo_precision"].eq(""), t("check.precision_missing"))
    outlines = frame["commune_code"].map(communes.set_index("commune_code").geometry)
    candidates = has_point & outlines.notna()
    rows = frame.index[candidates.to_numpy(dtype=bool)]
    inside = shapely.covers(
        outlines.loc[rows].to_numpy(), shapely.points(lon.loc[rows].to_numpy(), lat.loc[rows].to_numpy())
    )
    outside = pd.Series(False, index=frame.index)
    outside.loc[rows] = ~inside
    expected = frame["commune"].map(lambda name: t("check.point", commune=name))
    faults.add("point_outside_commune", "lon", outside, expected)


def problems_by_rule(problems: list[Problem]) -> Iterator[tuple[str, int]]:
    """Yield each rule with the number of faults it found, most frequent first."""
    counts = pd.Series([problem.rule for problem in problems], dtype="str").value_counts()
    yield from ((str(rule), int(count)) for rule, count in counts.items())
