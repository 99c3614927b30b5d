"""Judge a list of supported projects: each row as a row of the gathered projects, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.build.check import check_projects
from essmap.build.imports.contacts import set_aside
from essmap.build.imports.identifiers import kept_support, numbered, slug, tells_unit
from essmap.build.imports.lines import beside, one_reason, refuse_bare, refuse_examples, refuse_nameless, refuse_totals
from essmap.build.imports.names import cut_addresses
from essmap.build.imports.people import forms_beside, refuse_persons
from essmap.build.imports.place_names import code_and_name
from essmap.build.imports.places import Places
from essmap.build.imports.rows import Rows
from essmap.build.imports.values import (
    clean,
    is_no_text,
    read_amount,
    read_number,
    read_postcode,
    read_website,
    read_year,
)
from essmap.build.imports.words import read_choice, read_domains
from essmap.schema.folding import fold
from essmap.schema.masked import without_address
from essmap.schema.tableschema import FIELDS, choices_of
from essmap.sources.delimited import RawTable
from essmap.sources.starter import PROJECT_COLUMNS
from essmap.texts import t

#: What a list may say beyond the gathered projects.
MORE_COLUMNS: Final = ["holder_siren", "holder_siret", "communes_served", "decision"]
COLUMNS: Final = [*PROJECT_COLUMNS, *MORE_COLUMNS]
REQUIRED: Final = ["project_id", "title", "holder_name", "programme", "support_kind"]

#: No support of a department to the social economy is older; a spreadsheet makes 1900 of an empty date.
FIRST_SUPPORT: Final = 1980
#: The postcode of the holder is no column of ours: it only tells communes of one name apart.
_POSTCODES: Final = frozenset(
    {"code postal", "cp", "codepostal", "code post", "postcode", "code postal du beneficiaire", "cp beneficiaire",
     "code postal beneficiaire", "code postal du porteur", "code postal porteur", "cp du beneficiaire"}
)  # fmt: skip
_SAME: Final = (
    *("holder_name", "holder_siren", "holder_siret", "programme", "title", "year", "amount_eur"),
    *("commune_code", "communes_served", "decision", "support_kind"),
)
_BETWEEN_COMMUNES: Final = re.compile(r"[;|\n\r]+")
_WITHIN_LINE: Final = re.compile(r"[,/&+]|\bet\b", re.IGNORECASE)
_DASHED: Final = re.compile(r"\s[-–—]\s")
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
        rows.values[name] = ["" if is_no_text(cell) else cell for cell in rows.text(name)]
    context = ("programme", "commune", "commune_code", "communes_served")
    refuse_totals(rows, "holder_name", numbers=("holder_siret", "holder_siren"), context=context)
    refuse_bare(rows, "holder_name")
    refuse_examples(rows, "holder_name")
    refuse_examples(rows, "title")
    for line, name in zip(rows.lines, rows.values["holder_name"], strict=True):
        if fold(name) == fold(t("withheld.holder")):  # an export that came back: the build knows the support itself
            rows.refuse(int(line), "holder_name", name, t("imports.expected.named_holder"), "withheld")
    # What the file says tells two supports apart, not what is left of it.
    said = [clean(cell) for cell in rows.raw("title")]
    named = ("title", "holder_name", "programme", "programme_raw", "decision")
    set_aside(rows, whole=("note",), part=named)
    rows.values["programme"] = [cell or programme for cell in rows.values["programme"]]
    rows.values["title"] = [
        title or own for title, own in zip(rows.values["title"], rows.values["programme"], strict=True)
    ]
    rows.read("amount_eur", read_amount)
    rows.read("year", lambda cell: read_year(cell, first=FIRST_SUPPORT, last=last_year))
    rows.read("domains", read_domains)
    rows.read("source_url", read_website)
    kinds = choices_of(next(one for one in FIELDS["projects"] if one.name == "support_kind"))
    rows.read("support_kind", lambda cell: read_choice(cell, "support_kind", kinds))
    for name, kind in (("holder_siret", "siret"), ("holder_siren", "siren")):
        rows.read(name, lambda cell, kind=kind: read_number(cell, kind))  # type: ignore[misc]
    _places(rows, places)
    numbers = [a or b for a, b in _pairs(rows, "holder_siret", "holder_siren")]
    is_place = lambda word: bool(places.find(word).value)  # noqa: E731
    refuse_persons(rows, "holder_name", numbers=numbers, forms=forms_beside(rows), is_place=is_place)
    refuse_nameless(rows, "holder_name", "no_name")
    refuse_nameless(rows, "programme", "no_programme")
    _mask(rows)
    frame = _frame(rows)
    _refuse_repeated(rows, frame.assign(title=said))
    frame = frame[~frame.index.isin(list(rows.refused()))]
    frame = frame.assign(project_id=_identifiers(frame))
    _check(rows, frame, places.communes, last_year)
    one_reason(rows)
    return frame[~frame.index.isin(list(rows.refused()))]


def _mask(rows: Rows) -> None:
    """Cut the address from what names a protected place; a title that is nothing else is the programme."""
    values = rows.values
    texts = pd.Series([f"{a} · {b}" for a, b in _pairs(rows, "holder_name", "title")], dtype="str")
    masked = reference.is_sensitive_text(texts).tolist()
    for row, title in enumerate(values["title"]):
        if masked[row] and not without_address(title):
            values["title"][row] = values["programme"][row]
    for name in ("holder_name", "title"):
        cut_addresses(rows, name, masked)


def _pairs(rows: Rows, one: str, other: str) -> list[tuple[str, str]]:
    return list(zip(rows.values[one], rows.values[other], strict=True))


def _places(rows: Rows, places: Places) -> None:
    """Settle the commune of each project, and the communes it serves."""
    named, codes = rows.raw("commune"), rows.raw("commune_code")
    postcodes = [read_postcode(cell).value for cell in beside(rows, _POSTCODES)]
    told_served = rows.raw("communes_served")
    rows.values.update({name: [] for name in ("commune_code", "commune", "communes_served")})
    for row, line in enumerate(rows.lines):
        # « Toulouse ; Muret » in the column of the one commune: those it serves
        several = _several(places, named[row])
        if several and not told_served[row]:
            rows.remark(line, "commune", named[row], t("imports.remarks.several_communes"))
        served, column = (told_served[row], "communes_served") if told_served[row] else (named[row], "commune")
        one = "" if several else named[row]
        code = _commune(rows, places, line, codes[row], one, postcodes[row])
        rows.values["commune_code"].append(code)
        rows.values["commune"].append(places.name(code))
        is_told = bool(told_served[row]) or several
        rows.values["communes_served"].append(_served(rows, places, line, column, served) if is_told else "")


def _commune(rows: Rows, places: Places, line: int, code: str, name: str, postcode: str) -> str:
    plain, beside_code = code_and_name(code)
    plain, name = ("" if is_no_text(plain) else plain), name if not is_no_text(name) else beside_code
    if places.is_elsewhere(plain):
        expected = t("imports.expected.other_department_code", code=plain)
        rows.refuse(line, "commune_code", code, expected, "other_department")
        return ""
    if plain and not places.name(plain):
        rows.refuse(line, "commune_code", code, t("check.commune"), "unknown_commune")
        return ""
    if fold(name) in _EVERYWHERE:
        return plain
    if not clean(name):
        return plain or _of_postcode(rows, places, line, postcode)
    reading = places.find(name, postcode)
    if plain and reading.value and reading.value != plain:
        rows.refuse(line, "commune", name, t("check.commune_name", name=places.name(plain)), "commune_name")
        return ""
    if not plain or reading.rule == "other_department":
        rows.note(line, "commune", name, reading)
    return plain or reading.value


def _of_postcode(rows: Rows, places: Places, line: int, postcode: str) -> str:
    """Return the one commune of a postcode; without a commune a support is still a support, of its holder."""
    reading = places.find("", postcode)
    if reading.rule == "other_department":
        rows.remark(line, "commune", postcode, t("imports.remarks.other_department"))
    elif reading.fault is not None:
        said = t("imports.remarks.postcode_of_several", names=places.of_postcode(postcode))
        rows.remark(line, "commune", postcode, said)
    return reading.value


def _parts(places: Places, cell: str) -> list[str]:
    """Return the names that a cell holds; a comma, a slash, « et » may part them where no name holds one."""
    parts = [part for part in _BETWEEN_COMMUNES.split(cell) if clean(part)]
    if len(parts) == 1 and not places.find(parts[0], codes_first=True).value:
        cell = parts[0]
        parts = [part for part in _WITHIN_LINE.split(cell) if clean(part)]
        dashed = [part for part in _DASHED.split(cell) if clean(part)]
        # « 31395 - Muret » is one; between dashes every part must be a commune.
        if len(parts) == 1 and all(places.find(part, codes_first=True).value for part in dashed):
            return dashed
    return parts


def _several(places: Places, cell: str) -> bool:
    """Tell whether a cell holds several communes; words that are none do not make them several."""
    parts = _parts(places, cell) if clean(cell) and fold(cell) not in _EVERYWHERE else []
    is_parted = len(_BETWEEN_COMMUNES.split(cell)) > 1
    return len(parts) > 1 and (is_parted or any(places.find(part).value for part in parts))


def _served(rows: Rows, places: Places, line: int, column: str, cell: str) -> str:
    """Return the codes of the communes that a cell names."""
    if fold(cell) in _EVERYWHERE:
        return ""
    codes = []
    for part in _parts(places, cell):
        reading = places.find(part, codes_first=True)
        if reading.fault is not None:
            rows.refuse(line, column, part, reading.fault, reading.rule)
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
    given = [str(cell) if kept_support(str(cell)) else "" for cell in frame["project_id"]]
    made = []
    for row in frame[[not one for one in given]].to_dict("records"):
        told = "" if tells_unit(str(row["project_id"])) else str(row["project_id"])
        holder = f"{slug(row['holder_name'])}-{row['commune_code'] or 'x'}"
        parts = [slug(row["programme"]), slug(told)] if told else [holder, slug(row["programme"]), row["year"] or "x"]
        made.append("-".join(["liste", *parts]))
    kept = numbered([one for one in given if one])
    own, free = iter(kept), iter(numbered(made, taken=kept))
    return [next(own) if one else next(free) for one in given]


def _refuse_repeated(rows: Rows, frame: pd.DataFrame) -> None:
    """Keep out a support that stands in the list already, in every detail."""
    refused = rows.refused()
    first: dict[tuple[str, ...], int] = {}
    for line, row in zip(frame.index, frame.to_dict("records"), strict=True):
        key = (row["project_id"], *(fold(row[name]) if name == "holder_name" else row[name] for name in _SAME))
        is_out = int(line) in refused or not row["holder_name"] or not row["programme"]
        if not is_out and (before := first.setdefault(key, int(line))) != line:
            rows.refuse(
                int(line), "holder_name", row["holder_name"], t("imports.expected.once", line=before), "repeated"
            )


def _check(rows: Rows, frame: pd.DataFrame, communes: gpd.GeoDataFrame, last_year: int) -> None:
    """Hold what was understood against the rules of the projects."""
    table = RawTable(rows.file, frame, (), "")
    options: dict[str, Sequence[str]] = {"required": REQUIRED}
    rows.take(check_projects(table, communes, actor_ids=None, last_year=last_year, needs_page=False, **options))
