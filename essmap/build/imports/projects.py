"""Judge a list of supported projects: each row as a row of the gathered projects, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import pandas as pd

from essmap.build.check import FIRST_YEAR, check_projects
from essmap.build.imports.actors import numbered, slug
from essmap.build.imports.people import refuse_examples, refuse_persons
from essmap.build.imports.places import Places
from essmap.build.imports.rows import Rows
from essmap.build.imports.values import (
    Reading,
    clean,
    read_amount,
    read_choice,
    read_domains,
    read_number,
    read_website,
    read_year,
)
from essmap.schema.folding import fold
from essmap.schema.tableschema import FIELDS, choices_of
from essmap.sources.delimited import RawTable
from essmap.sources.starter import PROJECT_COLUMNS
from essmap.texts import t

#: What a list may say beyond the gathered projects.
MORE_COLUMNS: Final = ["holder_siren", "holder_siret", "communes_served", "decision"]
COLUMNS: Final = [*PROJECT_COLUMNS, *MORE_COLUMNS]
REQUIRED: Final = ["project_id", "title", "holder_name", "programme", "support_kind"]

#: Identifiers that essmap gives: kept as they are, so that what was exported comes back as itself.
_OWN_IDENTIFIER: Final = re.compile(r"(?:p\d{3,}|liste)-[\w.:-]{1,180}")
_SAME: Final = (
    *("holder_name", "holder_siren", "holder_siret", "programme", "title", "year", "amount_eur"),
    *("commune_code", "communes_served", "decision", "support_kind"),
)
_BETWEEN_COMMUNES: Final = re.compile(r"[;|\n\r]+")
#: Words for the department as a whole.
_EVERYWHERE: Final = frozenset({"tout le departement", "ensemble du departement", "departement", "toutes", "tout"})


def judge_projects(rows: Rows, places: Places, *, last_year: int, programme: str = "") -> pd.DataFrame:
    """Judge the rows of a list of supported projects.

    Parameters
    ----------
    rows : Rows
        Its faults and remarks grow.
    places : Places
    last_year : int
        No support may be younger.
    programme : str
        Programme of the rows that name none.

    Returns
    -------
    DataFrame of str, `COLUMNS`, indexed by line
        The rows that may come in. Who asked not to be shown is not named by the build; the support stays.
    """
    for name in ("holder_name", "programme", "programme_raw", "actor_id", "decision", "note", "title"):
        rows.text(name)
    rows.values["programme"] = [cell or programme for cell in rows.values["programme"]]
    rows.values["title"] = [
        title or own for title, own in zip(rows.values["title"], rows.values["programme"], strict=True)
    ]
    rows.read("amount_eur", read_amount)
    rows.read("year", lambda cell: read_year(cell, first=FIRST_YEAR, last=last_year))
    rows.read("domains", read_domains)
    rows.read("source_url", read_website)
    kinds = choices_of(next(one for one in FIELDS["projects"] if one.name == "support_kind"))
    rows.read("support_kind", lambda cell: read_choice(cell, "support_kind", kinds))
    for name, kind in (("holder_siret", "siret"), ("holder_siren", "siren")):
        rows.read(name, lambda cell, kind=kind: read_number(cell, kind))  # type: ignore[misc]
    _places(rows, places)
    refuse_examples(rows, "holder_name")
    refuse_examples(rows, "title")
    refuse_persons(rows, "holder_name", [a or b for a, b in _pairs(rows, "holder_siret", "holder_siren")])
    frame = _frame(rows)
    _refuse_repeated(rows, frame)
    frame = frame[~frame.index.isin(list(rows.refused()))]
    frame = frame.assign(project_id=_identifiers(frame))
    _check(rows, frame, places.communes, last_year)
    return frame[~frame.index.isin(list(rows.refused()))]


def _pairs(rows: Rows, one: str, other: str) -> list[tuple[str, str]]:
    return list(zip(rows.values[one], rows.values[other], strict=True))


def _places(rows: Rows, places: Places) -> None:
    """Settle the commune of each project, and the communes it serves."""
    named, codes = rows.raw("commune"), rows.raw("commune_code")
    for row, line in enumerate(rows.lines):  # « Toulouse ; Muret » in the column of the one commune: those it serves
        if len(_BETWEEN_COMMUNES.split(named[row])) > 1 and not rows.raw("communes_served")[row]:
            rows.remark(line, "commune", named[row], t("imports.remarks.several_communes"))
    served = [
        more or (one if len(_BETWEEN_COMMUNES.split(one)) > 1 else "")
        for more, one in zip(rows.raw("communes_served"), named, strict=True)
    ]
    named = ["" if len(_BETWEEN_COMMUNES.split(one)) > 1 else one for one in named]
    rows.values["commune_code"] = [
        _commune(rows, places, line, code, name) for line, code, name in zip(rows.lines, codes, named, strict=True)
    ]
    rows.values["commune"] = [places.name(code) for code in rows.values["commune_code"]]
    rows.values["communes_served"] = [
        _served(rows, places, line, cell) for line, cell in zip(rows.lines, served, strict=True)
    ]


def _commune(rows: Rows, places: Places, line: int, code: str, name: str) -> str:
    plain = clean(code).upper().removesuffix(".0")
    if plain and not places.name(plain):
        rows.refuse(line, "commune_code", code, t("check.commune"), "unknown_commune")
        return ""
    if fold(name) in _EVERYWHERE:
        return plain
    reading = places.find(name) if clean(name) else Reading(plain)
    if plain and reading.value and reading.value != plain:
        rows.refuse(line, "commune", name, t("check.commune_name", name=places.name(plain)), "commune_name")
        return ""
    if not plain:
        rows.note(line, "commune", name, reading)
    return plain or reading.value


def _served(rows: Rows, places: Places, line: int, cell: str) -> str:
    """Return the codes of the communes that a cell names; a comma may part them where no name holds one."""
    if fold(cell) in _EVERYWHERE:
        return ""
    parts = [part for part in _BETWEEN_COMMUNES.split(cell) if clean(part)]
    if len(parts) == 1 and not places.find(parts[0]).value:
        parts = [part for part in re.split(r"[,/]|\bet\b", parts[0]) if clean(part)]
    codes = []
    for part in parts:
        reading = places.find(part)
        if reading.fault is not None:
            rows.refuse(line, "communes_served", part, reading.fault, reading.rule)
        elif reading.value:
            codes.append(reading.value)
    return ";".join(dict.fromkeys(codes))


def _frame(rows: Rows) -> pd.DataFrame:
    values = rows.values
    kinds = [kind or ("grant" if amount else "other") for kind, amount in _pairs(rows, "support_kind", "amount_eur")]
    columns = {
        **values,
        "project_id": [clean(cell) for cell in rows.raw("project_id")],
        "support_kind": kinds,
        "holder_siren": [siren or siret[:9] for siren, siret in _pairs(rows, "holder_siren", "holder_siret")],
    }
    return pd.DataFrame({name: columns[name] for name in COLUMNS}, index=rows.lines, dtype="str")


def _identifiers(frame: pd.DataFrame) -> list[str]:
    """Return an identifier per project: essmap's own as it is, else made of the list's, or of what the project is.

    Never of a number: the number of a protected place leads to its address.
    """
    found = []
    for row in frame.to_dict("records"):
        given = str(row["project_id"])
        if _OWN_IDENTIFIER.fullmatch(given):
            found.append(given)
            continue
        holder = f"{slug(row['holder_name'])}-{row['commune_code'] or 'x'}"
        parts = [slug(row["programme"]), slug(given)] if given else [holder, slug(row["programme"]), row["year"] or "x"]
        found.append("-".join(["liste", *parts]))
    return numbered(found)


def _refuse_repeated(rows: Rows, frame: pd.DataFrame) -> None:
    """Keep out a support that stands in the list already, in every detail."""
    refused = rows.refused()
    first: dict[tuple[str, ...], int] = {}
    for line, row in zip(frame.index, frame.to_dict("records"), strict=True):
        key = (row["project_id"], *(fold(row[name]) if name == "holder_name" else row[name] for name in _SAME))
        if int(line) not in refused and (before := first.setdefault(key, int(line))) != line:
            rows.refuse(
                int(line), "holder_name", row["holder_name"], t("imports.expected.once", line=before), "repeated"
            )


def _check(rows: Rows, frame: pd.DataFrame, communes: gpd.GeoDataFrame, last_year: int) -> None:
    """Hold what was understood against the rules of the projects."""
    table = RawTable(rows.file, frame, (), "")
    options: dict[str, Sequence[str]] = {"required": REQUIRED}
    rows.take(check_projects(table, communes, actor_ids=None, last_year=last_year, needs_page=False, **options))
