"""Check actor and project tables: every fault found in one run, each with file, line, column, value, expected.

Rules are columns of booleans over the whole table; none stops at the first fault. Checking changes nothing:
identifiers and codes are judged as they are written, before any repair. One mistake gives one fault: a row with too
many cells or a missing column is said once, and no rule judges what only follows from another fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
#: What the gathered rows must say; a list that somebody keeps says less.
ACTOR_REQUIRED = ("id", "name", "legal_form", "domains", "commune_code", "commune", "source_kind", "source_url")
PROJECT_REQUIRED = ("project_id", "title", "holder_name", "programme", "support_kind", "domains")


class _Faults:
    """Collect the faults of one table, one rule at a time."""

    def __init__(self, table: RawTable) -> None:
        self.frame = table.frame
        self.file = table.file
        self.found: list[Problem] = list(table.problems)
        self._shifted_rows = {problem.row for problem in table.problems if problem.rule == "cell_count"}
        self._absent_columns = {problem.column for problem in table.problems if problem.rule == "missing_column"}

    def add(self, rule: str, column: str, bad: pd.Series[bool], expected: str | pd.Series[str]) -> None:
        """Record one fault per row where ``bad`` holds; ``expected`` is one sentence or one per row."""
        if column in self._absent_columns:
            return
        for row in self.frame.index[bad.to_numpy(dtype=bool)]:
            if row in self._shifted_rows:
                continue
            wanted = expected if isinstance(expected, str) else str(expected[row])
            self.found.append(Problem(self.file, int(row), column, str(self.frame.at[row, column]), wanted, rule))

    def sorted(self) -> list[Problem]:
        """Return the faults in file order."""
        return sorted(self.found, key=lambda problem: problem.row or 0)


def check_actors(
    table: RawTable, communes: gpd.GeoDataFrame, *, last_year: int, required: Sequence[str] = ACTOR_REQUIRED
) -> list[Problem]:
    """Return every fault of an actor table.

    Parameters
    ----------
    table : RawTable
        With the columns of ``starter_actors.csv``.
    communes : GeoDataFrame, EPSG:4326
        The communes of the department (`essmap.schema.tables.COMMUNES`).
    last_year : int
        No source may be younger than this.
    required : sequence of str
        Columns of which no cell may be empty.

    Returns
    -------
    list of Problem
        In file order; empty when the table is right.
    """
    faults = _Faults(table)
    _required(faults, required)
    _unique(faults, "id")
    _choice(faults, "legal_form", set(reference.legal_forms().index))
    _flag(faults, "is_sensitive")
    _choice(faults, "source_kind", SOURCE_KINDS)
    _domains(faults)
    _place(faults, communes, is_optional=False)
    _postcode(faults, communes)
    _url(faults, "website")
    _url(faults, "source_url")
    _year(faults, "source_year", last_year)
    _numbers_agree(faults, "siren", "siret")
    _position(faults, communes)
    return faults.sorted()


def check_projects(
    table: RawTable,
    communes: gpd.GeoDataFrame,
    *,
    actor_ids: set[str] | None,
    last_year: int,
    required: Sequence[str] = PROJECT_REQUIRED,
    needs_page: bool = True,
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
    required : sequence of str
        Columns of which no cell may be empty.
    needs_page : bool
        Whether each support must have the page that shows it.

    Returns
    -------
    list of Problem
        In file order; empty when the table is right.
    """
    faults, frame = _Faults(table), table.frame
    _required(faults, required)
    _unique(faults, "project_id")
    _choice(faults, "support_kind", SUPPORT_KINDS)
    _domains(faults)
    _place(faults, communes, is_optional=True)
    _year(faults, "year", last_year)
    if needs_page:
        faults.add("no_source_page", "source_url", frame["source_url"].eq(""), t("check.source_page"))
    _url(faults, "source_url")
    amount = frame["amount_eur"]
    faults.add("amount", "amount_eur", amount.ne("") & ~_numbers(amount).gt(0), t("check.amount"))
    if {"holder_siren", "holder_siret"} <= set(frame.columns):  # lists say them, the gathered projects do not
        _numbers_agree(faults, "holder_siren", "holder_siret")
    if actor_ids is not None:
        missing = frame["actor_id"].ne("") & ~frame["actor_id"].isin(list(actor_ids))
        faults.add("missing_actor", "actor_id", missing, t("check.actor"))
    return faults.sorted()


def check_figures(table: RawTable, *, last_year: int) -> list[Problem]:
    """Return every fault of a table of published orders of magnitude.

    Parameters
    ----------
    table : RawTable
        With the columns of ``ess_reference.csv``.
    last_year : int

    Returns
    -------
    list of Problem
        In file order; empty when the table is right.
    """
    faults, value = _Faults(table), table.frame["value"]
    _required(faults, ["indicator", "value", "unit", "year", "territory", "source_url"])
    _flag(faults, "display")
    _year(faults, "year", last_year)
    _url(faults, "source_url")
    faults.add("figure_value", "value", value.ne("") & _numbers(value).isna(), t("check.figure"))
    return faults.sorted()


def is_web_address(value: str) -> bool:
    """Tell whether a text is a plain http(s) address with a host and neither spaces nor credentials.

    Examples
    --------
    >>> is_web_address("https://exemple.fr/page"), is_web_address("javascript:alert(1)")
    (True, False)
    """
    if not value.isprintable() or any(mark in value for mark in ' <>"\\`'):  # invisible marks are not printable
        return False
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and "." in host.strip(".") and parts.username is None


def _is_siren(value: str) -> bool:
    """Tell whether a text is a SIREN as the register writes it: stdnum alone would let spaces and dots pass."""
    return value.isascii() and value.isdecimal() and siren_number.is_valid(value)


def _is_siret(value: str) -> bool:
    """Tell whether a text is a SIRET as the register writes it; stdnum knows the sites of La Poste."""
    return value.isascii() and value.isdecimal() and siret_number.is_valid(value)


def _numbers_agree(faults: _Faults, siren_column: str, siret_column: str) -> None:
    siren, siret = faults.frame[siren_column], faults.frame[siret_column]
    good_siren, good_siret = _each(siren, _is_siren), _each(siret, _is_siret)
    faults.add("siren", siren_column, siren.ne("") & ~good_siren, t("check.siren"))
    faults.add("siret", siret_column, siret.ne("") & ~good_siret, t("check.siret"))
    differs = good_siren & good_siret & (siret.str[:9] != siren)
    faults.add("siret_of_siren", siret_column, differs, t("check.siret_of_siren"))


def _each(values: pd.Series[str], rule: Callable[[str], bool]) -> pd.Series[bool]:
    """Return whether each value keeps a rule, also when there is no row."""
    return pd.Series([rule(value) for value in values], index=values.index, dtype=bool)


def _numbers(texts: pd.Series[str]) -> pd.Series[float]:
    """Return plain decimal numbers; anything else (spaces, commas, exponents, infinity) is missing."""
    plain = texts.str.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?")
    return pd.to_numeric(texts.where(plain, None), errors="coerce").astype("float64")


def _required(faults: _Faults, columns: Sequence[str]) -> None:
    for column in columns:
        faults.add("required", column, faults.frame[column].eq(""), t("check.required"))


def _unique(faults: _Faults, column: str) -> None:
    values = faults.frame[column]
    repeated = values.duplicated(keep="first") & values.ne("")
    first: dict[str, int] = {}
    for row, value in values.items():
        first.setdefault(value, int(str(row)))
    faults.add("repeated_id", column, repeated, values.map(lambda value: t("check.unique", line=first[value])))


def _choice(faults: _Faults, column: str, allowed: set[str] | frozenset[str]) -> None:
    """An empty cell is no choice: `_required` says where there must be one."""
    values = faults.frame[column]
    bad = ~values.isin(list(allowed)) & values.ne("")
    faults.add(f"unknown_{column}", column, bad, t("check.choice", choices=", ".join(sorted(allowed))))


def _flag(faults: _Faults, column: str) -> None:
    faults.add(f"unknown_{column}", column, ~faults.frame[column].isin(["yes", ""]), t("check.flag"))


def _domains(faults: _Faults) -> None:
    values = faults.frame["domains"]
    known = set(reference.domains().index)
    lists = {cell: [item.strip() for item in cell.split(";")] if cell else [] for cell in values.unique()}
    unknown = {cell: [item or "—" for item in items if item not in known] for cell, items in lists.items()}
    named = {cell: [item for item in items if item] for cell, items in lists.items()}
    expected = values.map(lambda cell: t("check.domain", unknown=", ".join(unknown[cell]), known=", ".join(known)))
    faults.add("unknown_domain", "domains", _each(values, lambda cell: bool(unknown[cell])), expected)
    many = _each(values, lambda cell: len(set(named[cell])) > MAX_DOMAINS)
    faults.add("too_many_domains", "domains", many, t("check.domains_max", n=MAX_DOMAINS))
    repeated = _each(values, lambda cell: len(set(named[cell])) < len(named[cell]))
    faults.add("repeated_domain", "domains", repeated, t("check.domains_once"))


def _place(faults: _Faults, communes: gpd.GeoDataFrame, *, is_optional: bool) -> None:
    frame = faults.frame
    names = communes.set_index("commune_code")["commune_name"]
    given, named = frame["commune_code"].ne(""), frame["commune"].ne("")
    unknown = given & ~frame["commune_code"].isin(names.index)
    faults.add("unknown_commune", "commune_code", unknown, t("check.commune"))
    official = frame["commune_code"].map(names)
    differs = official.notna() & (frame["commune"].map(fold_place) != official.fillna("").map(fold_place))
    if is_optional:
        faults.add("commune_code_missing", "commune_code", ~given & named, t("check.commune_code_missing"))
    else:
        differs &= named  # an empty cell is already said by `_required`
    faults.add("commune_name", "commune", differs, official.map(lambda name: t("check.commune_name", name=name)))


def _postcode(faults: _Faults, communes: gpd.GeoDataFrame) -> None:
    frame = faults.frame
    postcodes = dict(zip(communes["commune_code"], communes["postcodes"].map(tuple), strict=True))
    allowed = [postcodes.get(code, ()) for code in frame["commune_code"]]
    bad = [
        bool(postcode and codes and postcode not in codes)
        for postcode, codes in zip(frame["postcode"], allowed, strict=True)
    ]
    expected = [t("check.postcode", codes=", ".join(codes)) for codes in allowed]
    faults.add(
        "postcode_of_commune",
        "postcode",
        pd.Series(bad, index=frame.index, dtype=bool),
        pd.Series(expected, index=frame.index, dtype="str"),
    )


def _url(faults: _Faults, column: str) -> None:
    values = faults.frame[column]
    faults.add(f"bad_{column}", column, values.ne("") & ~_each(values, is_web_address), t("check.url"))


def _year(faults: _Faults, column: str, last_year: int) -> None:
    values = faults.frame[column]
    bad = values.ne("") & ~(_numbers(values).between(FIRST_YEAR, last_year) & values.str.fullmatch("[0-9]{4}"))
    faults.add(f"bad_{column}", column, bad, t("check.year", first=FIRST_YEAR, last=last_year))


def _position(faults: _Faults, communes: gpd.GeoDataFrame) -> None:
    frame = faults.frame
    numbers = {column: _numbers(frame[column]) for column in ("lon", "lat")}
    in_range = {"lon": numbers["lon"].between(-180, 180), "lat": numbers["lat"].between(-90, 90)}
    for column, other in (("lon", "lat"), ("lat", "lon")):
        bad = ~in_range[column] & (frame[column].ne("") | frame[other].ne(""))
        faults.add("coordinates", column, bad, t("check.coordinates"))
    has_point = in_range["lon"] & in_range["lat"]
    no_point = frame["lon"].eq("") & frame["lat"].eq("")
    precision = frame["geo_precision"]
    allowed = PRECISIONS - {"municipality"}
    faults.add("precision_without_point", "geo_precision", no_point & precision.ne(""), t("check.precision_alone"))
    faults.add("point_without_precision", "geo_precision", has_point & precision.eq(""), t("check.precision_missing"))
    unknown = ~no_point & precision.ne("") & ~precision.isin(list(allowed))
    faults.add("unknown_geo_precision", "geo_precision", unknown, t("check.choice", choices=", ".join(sorted(allowed))))
    outlines = frame["commune_code"].map(communes.set_index("commune_code").geometry)
    candidates = has_point & outlines.notna()
    rows = frame.index[candidates.to_numpy(dtype=bool)]
    points = shapely.points(numbers["lon"].loc[rows].to_numpy(), numbers["lat"].loc[rows].to_numpy())
    inside = shapely.covers(outlines.loc[rows].to_numpy(), points)
    outside = pd.Series(False, index=frame.index)
    outside.loc[rows] = ~inside
    names = communes.set_index("commune_code")["commune_name"]
    expected = frame["commune_code"].map(names).map(lambda name: t("check.point", commune=name))
    faults.add("point_outside_commune", "lon", outside, expected)


def problems_by_rule(problems: list[Problem]) -> Iterator[tuple[str, int]]:
    """Yield each rule with the number of faults it found, most frequent first."""
    counts = pd.Series([problem.rule for problem in problems], dtype="str").value_counts()
    yield from ((str(rule), int(count)) for rule, count in counts.items())
