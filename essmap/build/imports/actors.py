"""Judge a list of structures: each row as a row of the gathered actors, or the reason why not."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.check import FIRST_YEAR, check_actors
from essmap.build.imports.contacts import set_aside
from essmap.build.imports.headings import POINT
from essmap.build.imports.identifiers import kept_actor, numbered, own_form_elsewhere, slug
from essmap.build.imports.lines import one_reason, refuse_examples, refuse_nameless, refuse_totals
from essmap.build.imports.names import cut_addresses
from essmap.build.imports.people import refuse_persons, refuse_withheld
from essmap.build.imports.place_names import code_and_name
from essmap.build.imports.places import Located, Places, read_pair
from essmap.build.imports.rows import Rows
from essmap.build.imports.values import (
    Reading,
    clean,
    is_no_text,
    read_naf,
    read_number,
    read_postcode,
    read_website,
    read_year,
)
from essmap.build.imports.words import (
    is_structure_form,
    read_choice,
    read_domains,
    read_flag,
    read_legal_form,
    read_sensitive,
)
from essmap.build.privacy import sensitive, tells_where, told_at_home
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

#: What a row says that is not said of a protected unit.
_WHERE: Final = ("address", "postcode", "siren", "siret", "website", "source_url", "lon")


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
        rows.values[name] = ["" if is_no_text(cell) else cell for cell in rows.text(name)]
    context = ("legal_form", "commune", "commune_code", "postcode", "lon", POINT)
    refuse_totals(rows, "name", numbers=("siret", "siren"), context=context)
    refuse_examples(rows, "name")
    set_aside(rows, whole=("activity", "source_note"), part=("name", "address"))
    rows.read("legal_form", read_legal_form)
    for name in ("geo_precision", "source_kind"):
        labels = _labels(name)
        rows.read(name, lambda cell, name=name, labels=labels: read_choice(cell, name, labels))  # type: ignore[misc]
    rows.read("domains", read_domains)
    rows.read("is_sensitive", read_sensitive)
    rows.read("is_employer", read_flag)
    for name in ("website", "source_url"):
        rows.read(name, read_website)
    rows.read("source_year", lambda cell: read_year(cell, first=FIRST_YEAR, last=last_year))
    rows.read("naf", read_naf)
    _no_register(rows)
    _numbers(rows)
    _places(rows, places)
    forms = [cell if is_structure_form(cell) else "" for cell in rows.raw("legal_form")]
    is_place = lambda word: bool(places.find(word).value)  # noqa: E731
    refuse_persons(rows, "name", numbers=rows.values["siren"], forms=forms, is_place=is_place)
    refuse_nameless(rows, "name", "no_name")
    masked = _mask(rows)
    frame = _frame(rows, masked)
    numbers = frame[["siren", "siret"]]
    for identifiers in (frame["id"].tolist(), [clean(cell) for cell in rows.raw("id")]):  # ours, and that of the list
        refuse_withheld(rows, numbers.assign(actor_id=identifiers), withheld)
    _refuse_repeated(rows, frame)
    _check(rows, frame, places.communes, last_year)
    one_reason(rows)
    return frame[~frame.index.isin(list(rows.refused()))]


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
    postcodes = rows.read("postcode", read_postcode)
    rows.values["postcode"] = []
    for row, line in enumerate(rows.lines):
        first, second, pair, precision = positions[row]
        is_pointed = precision != "municipality"
        lon, lat = (read_pair(pair) or (pair, pair)) if pair and not first and not second else (first, second)
        told = postcodes[row] or _within(communes[row], places)
        code = _commune(rows, places, line, (codes[row], communes[row], told))
        point = places.locate(lon, lat, code) if is_pointed else Located()
        if not code and point.lon and not clean(codes[row]) and not clean(communes[row]):
            code = places.at(float(point.lon), float(point.lat))
        _note_point(rows, line, point, pair or f"{lon} {lat}".strip())
        settled = (code, places.name(code), _postcode(rows, places, line, told, code), point.lon, point.lat)
        for name, value in zip(names, settled, strict=True):
            rows.values[name].append(value)
    rows.values["geo_precision"] = [_precision(rows, row, positions[row][3]) for row in range(len(rows.lines))]


def _within(commune: str, places: Places) -> str:
    """Return the postcode that stands beside the name of a commune; its INSEE code may stand there too."""
    found = read_postcode(commune).value
    return found if places.has_postcode(found) or places.is_elsewhere(found) or not places.name(found) else ""


def _commune(rows: Rows, places: Places, line: int, told: tuple[str, str, str]) -> str:
    """Return the code of the commune of a row: by its code, which its name must not contradict, else by its name."""
    code, beside = code_and_name(told[0])
    name, postcode = told[1] or beside, told[2]
    if is_no_text(code):
        reading = places.find(name, postcode)
        rows.note(line, "commune" if clean(name) else "postcode", name or postcode, reading)
        return reading.value
    if places.is_elsewhere(code):
        expected = t("imports.expected.other_department_code", code=code)
        rows.refuse(line, "commune_code", told[0], expected, "other_department")
        return ""
    found = places.find(name, postcode) if clean(name) else Reading()
    if found.rule == "other_department":
        rows.note(line, "commune", name, found)
        return ""
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
    """Return the postcode of a row; one of no commune (CEDEX) is set aside, one of another department is not."""
    if not told or not code or told in places.postcodes(code):
        return told if code else ""
    if places.is_elsewhere(told):
        expected = t("imports.expected.other_department", code=told)
        rows.refuse(line, "postcode", told, expected, "other_department")
    elif places.has_postcode(told):
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


def _mask(rows: Rows) -> list[bool]:
    """Cut the address from the names of places whose address is not shown; tell per row whether it is one.

    A cell that was set aside for a telephone number may be what said so: the row is then marked as such a place.
    """
    values = rows.values
    flagged = pd.Series([flag == "yes" for flag in values["is_sensitive"]], dtype=bool)
    name, address, activity = (pd.Series(values[one], dtype="str") for one in ("name", "address", "activity"))
    whole = pd.Series([clean(cell) for cell in rows.raw("activity")], dtype="str")
    shown = sensitive(flagged, name, activity) | told_at_home(address, activity)
    masked = shown | sensitive(flagged, name, whole) | told_at_home(address, whole)
    for row in masked.index[masked & ~shown]:
        values["is_sensitive"][row] = "yes"
        rows.remark(rows.lines[row], "activity", "", t("imports.remarks.protected"))
    cut_addresses(rows, "name", masked.tolist())
    return masked.tolist()


def _frame(rows: Rows, masked: list[bool]) -> pd.DataFrame:
    values = rows.values
    given = [
        "" if hidden and tells_where(pd.Series([cell.replace("-", " ")])).any() else _given(rows, row, clean(cell))
        for row, (cell, hidden) in enumerate(zip(rows.raw("id"), masked, strict=True))
    ]
    own = [
        f"liste-{slug(name)}-{code or 'x'}" for name, code in zip(values["name"], values["commune_code"], strict=True)
    ]
    made = [one for one, id_ in zip(own, given, strict=True) if not id_]
    free = iter(numbered(made, taken=[id_ for id_ in given if id_]))
    columns = {
        **values,
        "id": [id_ or next(free) for id_ in given],
        "legal_form": [form or "unknown" for form in values["legal_form"]],
        "is_sensitive": ["yes" if flag == "yes" else "" for flag in values["is_sensitive"]],
        "source_kind": [kind or "list" for kind in values["source_kind"]],
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS}, index=rows.lines, dtype="str")


def _given(rows: Rows, row: int, identifier: str) -> str:
    """Return the identifier of a row where it is one of ours, else the empty string."""
    values = rows.values
    code, siret = values["commune_code"][row], values["siret"][row]
    says_where = any(values[name][row] for name in _WHERE)
    if kept_actor(identifier, code, siret, says_where=says_where):
        return identifier
    if code and own_form_elsewhere(identifier, code):
        rows.remark(rows.lines[row], "id", identifier, t("imports.remarks.other_id"))
    return ""


def _refuse_repeated(rows: Rows, frame: pd.DataFrame) -> None:
    """Keep out a structure that stands in the list already."""
    refused = rows.refused()
    first: dict[tuple[str, ...], int] = {}
    lettered: dict[tuple[str, ...], bool] = {}
    count = Counter(frame["id"])
    once = [clean(told) == id_ and count[id_] == 1 for told, id_ in zip(rows.raw("id"), frame["id"], strict=True)]
    for line, is_own, row in zip(frame.index, once, frame.to_dict("records"), strict=True):
        if int(line) in refused or not row["name"]:
            continue
        key = (row["siret"],) if row["siret"] else (fold(row["name"]), row["commune_code"], fold(row["address"]))
        before = first.setdefault(key, int(line))
        # Identifiers of essmap tell apart what nothing else does: units that it does not show have but a name.
        is_told = lettered.setdefault(key, is_own) and is_own
        if before != line and not is_told:
            rows.refuse(int(line), "name", row["name"], t("imports.expected.once", line=before), "repeated")


def _check(rows: Rows, frame: pd.DataFrame, communes: gpd.GeoDataFrame, last_year: int) -> None:
    """Hold what was understood against the rules of the actors."""
    sound = frame[~frame.index.isin(list(rows.refused()))]
    table = RawTable(rows.file, sound, (), "")
    rows.take(check_actors(table, communes, last_year=last_year, required=REQUIRED))
