"""Judge a list of structures: each row as a row of the gathered actors, or the reason why not."""

from __future__ import annotations

import re
from typing import Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.check import FIRST_YEAR, check_actors
from essmap.build.imports.headings import POINT
from essmap.build.imports.people import refuse_examples, refuse_persons, refuse_withheld
from essmap.build.imports.places import Located, Places, read_pair
from essmap.build.imports.rows import Rows
from essmap.build.imports.values import (
    Reading,
    clean,
    read_choice,
    read_domains,
    read_flag,
    read_legal_form,
    read_number,
    read_website,
    read_year,
)
from essmap.schema.folding import fold
from essmap.schema.tableschema import FIELDS, choices_of
from essmap.schema.withheld import Withheld
from essmap.sources.delimited import RawTable
from essmap.sources.starter import ACTOR_COLUMNS
from essmap.texts import t

#: What a list may say beyond the gathered actors.
MORE_COLUMNS: Final = ["naf", "is_employer", "workforce_band"]
COLUMNS: Final = [*ACTOR_COLUMNS, *MORE_COLUMNS]
REQUIRED: Final = ["id", "name", "legal_form", "commune_code", "commune", "source_kind"]

_IDENTIFIER: Final = re.compile(r"[\w.:-]{1,160}")
_SLUG_LENGTH: Final = 70
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
_POSTCODE: Final = re.compile(r"\b(\d{5})\b")
_NAF: Final = re.compile(r"(\d{2})\.?(\d{2})([A-Z])", re.IGNORECASE)


def judge_actors(rows: Rows, places: Places, *, last_year: int, withheld: Withheld) -> pd.DataFrame:
    """Judge the rows of a list of structures.

    Parameters
    ----------
    rows : Rows
        Its faults and remarks grow.
    places : Places
    last_year : int
        No source may be younger.
    withheld : Withheld

    Returns
    -------
    DataFrame of str, `COLUMNS`, indexed by line
        The rows that may come in.
    """
    for name in ("name", "activity", "address", "source_note", "workforce_band"):
        rows.text(name)
    rows.read("legal_form", read_legal_form)
    for name in ("geo_precision", "source_kind"):
        labels = _labels(name)
        rows.read(name, lambda cell, name=name, labels=labels: read_choice(cell, name, labels))  # type: ignore[misc]
    rows.read("domains", read_domains)
    for name in ("is_sensitive", "is_employer"):
        rows.read(name, read_flag)
    for name in ("website", "source_url"):
        rows.read(name, read_website)
    rows.read("source_year", lambda cell: read_year(cell, first=FIRST_YEAR, last=last_year))
    rows.values["naf"] = [_naf(cell) for cell in rows.raw("naf")]
    _no_register(rows)
    _numbers(rows)
    _places(rows, places)
    refuse_examples(rows, "name")
    refuse_persons(rows, "name", rows.values["siren"])
    frame = _frame(rows)
    refuse_withheld(rows, frame.rename(columns={"id": "actor_id"})[["actor_id", "siren", "siret"]], withheld)
    _refuse_repeated(rows, frame)
    _check(rows, frame, places.communes, last_year)
    return frame[~frame.index.isin(list(rows.refused()))]


def slug(text: str) -> str:
    """Return a text as a part of an identifier.

    Examples
    --------
    >>> slug("L'Atelier d'Ô")
    'l-atelier-d-o'
    """
    return _NOT_SLUG.sub("-", fold(text)).strip("-")[:_SLUG_LENGTH].strip("-") or "x"


def numbered(identifiers: list[str]) -> list[str]:
    """Return identifiers each of which is alone: from the second on, one that comes again has its rank behind.

    Examples
    --------
    >>> numbered(["a", "b", "a"])
    ['a', 'b', 'a-2']
    """
    seen: dict[str, int] = {}
    found = []
    for one in identifiers:
        seen[one] = seen.get(one, 0) + 1
        found.append(one if seen[one] == 1 else f"{one}-{seen[one]}")
    return found


def _labels(name: str) -> dict[str, str]:
    one = next(one for one in FIELDS["actors"] if one.name == name)
    labels = choices_of(one)
    if name == "geo_precision":  # what an export says of rows that are known to their commune only
        labels = {**labels, "municipality": str(reference.positions().at["municipality", "label"])}
    return labels


def _no_register(rows: Rows) -> None:
    """Take rows copied from a register as rows of a list: only a register that a build reads confirms anybody."""
    kinds = rows.values["source_kind"]
    for row, kind in enumerate(kinds):
        if kind == "register":
            kinds[row] = "list"
            rows.remark(rows.lines[row], "source_kind", rows.raw("source_kind")[row], t("imports.remarks.register"))


def _naf(cell: str) -> str:
    found = _NAF.fullmatch(clean(cell))
    return f"{found[1]}.{found[2]}{found[3].upper()}" if found else ""


def _numbers(rows: Rows) -> None:
    """Read SIREN and SIRET; a SIRET in the place of a SIREN is taken as what it is."""
    sirets = rows.read("siret", lambda cell: read_number(cell, "siret"))

    def siren(cell: str) -> str:
        return re.sub(r"[\s.]", "", clean(cell))

    as_siret = [len(siren(cell)) == 14 for cell in rows.raw("siren")]
    found = rows.read("siren", lambda cell: read_number(cell, "siret" if len(siren(cell)) == 14 else "siren"))
    rows.values["siret"] = [
        siret or (number if is_siret else "") for siret, number, is_siret in zip(sirets, found, as_siret, strict=True)
    ]
    rows.values["siren"] = [number[:9] or siret[:9] for number, siret in zip(found, rows.values["siret"], strict=True)]


def _places(rows: Rows, places: Places) -> None:
    """Settle commune, postcode and position of each row."""
    communes, codes = rows.raw("commune"), rows.raw("commune_code")
    names = ("commune_code", "commune", "postcode", "lon", "lat")
    for name in names:
        rows.values[name] = []
    positions = list(zip(rows.raw("lon"), rows.raw("lat"), rows.raw(POINT), rows.values["geo_precision"], strict=True))
    postcodes = rows.raw("postcode")
    for row, line in enumerate(rows.lines):
        first, second, pair, precision = positions[row]
        is_pointed = precision != "municipality"
        lon, lat = (read_pair(pair) or (pair, pair)) if pair and not first and not second else (first, second)
        told = (_POSTCODE.search(postcodes[row]) or _POSTCODE.search(communes[row]) or [""])[0]
        told = told or (f"0{postcodes[row].strip()}" if re.fullmatch(r"\s*\d{4}\s*", postcodes[row]) else "")
        code = _commune(rows, places, line, (codes[row], communes[row], told))
        point = places.locate(lon, lat, code) if is_pointed else Located()
        if not code and point.lon and not clean(codes[row]) and not clean(communes[row]):
            code = places.at(float(point.lon), float(point.lat))
        _note_point(rows, line, point, pair or f"{lon} {lat}".strip())
        settled = (code, places.name(code), _postcode(rows, places, line, told, code), point.lon, point.lat)
        for name, value in zip(names, settled, strict=True):
            rows.values[name].append(value)
    rows.values["geo_precision"] = [_precision(rows, row, positions[row][3]) for row in range(len(rows.lines))]


def _commune(rows: Rows, places: Places, line: int, told: tuple[str, str, str]) -> str:
    """Return the code of the commune of a row: by its code, which its name must not contradict, else by its name."""
    code, name, postcode = clean(told[0]).upper().removesuffix(".0"), told[1], told[2]
    code = f"0{code}" if re.fullmatch(r"[1-9]\d{3}", code) else code
    if not code:
        reading = places.find(name, postcode)
        rows.note(line, "commune" if clean(name) else "postcode", name or postcode, reading)
        return reading.value
    found = places.find(name, postcode) if clean(name) else Reading()
    if not places.name(code):
        if found.value:
            said = t("imports.remarks.commune_code", name=places.name(found.value), code=found.value)
            rows.remark(line, "commune_code", told[0], said)
            return found.value
        rows.refuse(line, "commune_code", told[0], t("check.commune"), "unknown_commune")
        return ""
    if found.value not in {"", code}:
        rows.refuse(line, "commune", name, t("check.commune_name", name=places.name(code)), "commune_name")
    return code


def _postcode(rows: Rows, places: Places, line: int, told: str, code: str) -> str:
    """Return the postcode of a row; one of no commune (CEDEX) is set aside."""
    if not told or not code or told in places.postcodes(code):
        return told if code else ""
    if places.has_postcode(told):
        expected = t("check.postcode", codes=", ".join(places.postcodes(code)))
        rows.refuse(line, "postcode", told, expected, "postcode_of_commune")
    else:
        rows.remark(line, "postcode", told, t("imports.remarks.postcode"))
    return ""


def _note_point(rows: Rows, line: int, point: Located, cell: str) -> None:
    name = POINT if POINT in rows.layout.columns and "lon" not in rows.layout.columns else "lon"
    if point.fault is not None:
        rows.refuse(line, name, cell, point.fault, point.rule)
    elif point.remark is not None:
        rows.remark(line, name, cell, point.remark)


def _precision(rows: Rows, row: int, told: str) -> str:
    """Return what a position may claim: what the row says, else modestly the street of its address, or a place."""
    if not rows.values["lon"][row]:
        return ""
    return told or ("street" if rows.values["address"][row] else "locality")


def _frame(rows: Rows) -> pd.DataFrame:
    values = rows.values
    given = [cell if _IDENTIFIER.fullmatch(cell) else "" for cell in (clean(cell) for cell in rows.raw("id"))]
    own = [
        f"liste-{slug(name)}-{code or 'x'}" for name, code in zip(values["name"], values["commune_code"], strict=True)
    ]
    free = iter(numbered([one for one, id_ in zip(own, given, strict=True) if not id_]))
    columns = {
        **values,
        "id": [id_ or next(free) for id_ in given],
        "legal_form": [form or "unknown" for form in values["legal_form"]],
        "is_sensitive": ["yes" if flag == "yes" else "" for flag in values["is_sensitive"]],
        "source_kind": [kind or "list" for kind in values["source_kind"]],
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS}, index=rows.lines, dtype="str")


def _refuse_repeated(rows: Rows, frame: pd.DataFrame) -> None:
    """Keep out a structure that stands in the list already."""
    refused = rows.refused()
    first: dict[tuple[str, ...], int] = {}
    for line, row in zip(frame.index, frame.to_dict("records"), strict=True):
        if int(line) in refused:
            continue
        key = (row["siret"],) if row["siret"] else (fold(row["name"]), row["commune_code"], fold(row["address"]))
        if (before := first.setdefault(key, int(line))) != line:
            rows.refuse(int(line), "name", row["name"], t("imports.expected.once", line=before), "repeated")


def _check(rows: Rows, frame: pd.DataFrame, communes: gpd.GeoDataFrame, last_year: int) -> None:
    """Hold what was understood against the rules of the actors."""
    sound = frame[~frame.index.isin(list(rows.refused()))]
    table = RawTable(rows.file, sound, (), "")
    rows.take(check_actors(table, communes, last_year=last_year, required=REQUIRED))
