"""What enrichment found of actors, kept outside the package: one dated line per actor, with its rule and its score.

`read_enrichment` checks every line, since people may change the file: a line that is deleted is undone. Of whom we do
not show a line holds neither number, address nor point, and a mark instead of the numbers (`mark_of`), so that an
opposition by number holds for them too. How builds use the lines: `essmap.build.enrichment_use`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

import pandas as pd
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from essmap.build.classify import is_employer
from essmap.build.register import HOME, NON_EMPLOYER, PARTIAL, SENSITIVE
from essmap.errors import DataError, Problem, SourceError
from essmap.reference import classify_legal_category
from essmap.schema.atomic import write_whole
from essmap.schema.tables import PRECISIONS
from essmap.schema.withheld import Withheld
from essmap.sources.delimited import RawTable, read_delimited
from essmap.texts import t
from essmap.texts.system import system_reason

#: Why a line is there: the number that the actor had; its name in its commune; name and address; somebody's decision;
#: somebody's refusal, which holds nothing and keeps the same find from coming back.
RULES: Final = ("siret", "siren", "name_commune", "name_address", "review", "refused")
REFUSED: Final = "refused"
#: Why nothing finer than the commune is kept of what was found. The first three hide the actor too, whatever its own
#: source says: `essmap.build.join` does so when it meets them in a register.
SAME_HOME: Final = "same_home"
PROTECTS: Final = frozenset({PARTIAL, SENSITIVE, SAME_HOME})
WITHHELD: Final = "withheld"
HIDDEN: Final = ("", PARTIAL, SENSITIVE, SAME_HOME, HOME, NON_EMPLOYER, WITHHELD)
#: What no line of a hidden find may hold.
FINE: Final = ("siren", "siret", "address", "postcode", "lon", "lat", "geo_precision")
_MARK_SIGNS: Final = 10


@dataclass(frozen=True, slots=True)
class Line:
    """What was found of one actor; every field is text, empty where nothing is said.

    Attributes
    ----------
    actor_id, name, commune_code : str
        Whom it is about: a line is used only while all three are still so.
    rule, score, date : str
        One of `RULES`; 0 to 1 with a point; ISO.
    mark : str
        Of the numbers of the unit and of the establishment: `mark_of`.
    hidden : str
        One of `HIDDEN`.
    siren, siret, legal_category, naf, workforce_band, employer, address, postcode, lon, lat, geo_precision : str
        As `essmap.schema.register.REGISTER_COLUMNS` and the table of actors.
    """

    actor_id: str
    name: str
    commune_code: str
    rule: str
    score: str
    date: str
    mark: str
    hidden: str = ""
    siren: str = ""
    siret: str = ""
    legal_category: str = ""
    naf: str = ""
    workforce_band: str = ""
    employer: str = ""
    address: str = ""
    postcode: str = ""
    lon: str = ""
    lat: str = ""
    geo_precision: str = ""


COLUMNS: Final = [one.name for one in fields(Line)]


def mark_of(actor_id: str, siren: str, siret: str = "") -> str:
    """Return a mark of two numbers for one actor: equal numbers give equal marks, and it shows neither.

    Parameters
    ----------
    actor_id, siren, siret : str

    Returns
    -------
    str
        Ten hexadecimal digits for the SIREN, ten for the SIRET (none without one).
    """
    return "".join(_digest(actor_id, number) for number in (siren, siret) if number)


def _digest(actor_id: str, number: str) -> str:
    return hashlib.sha256(f"{actor_id} {number}".encode()).hexdigest()[:_MARK_SIGNS]


@dataclass(frozen=True)
class Enrichment:
    """All lines of the file.

    Attributes
    ----------
    file : str
        Its name.
    lines : tuple of Line
    digest : str
        SHA-256 of the file; the empty string where there is none.
    """

    file: str = ""
    lines: tuple[Line, ...] = ()
    digest: str = ""

    @cached_property
    def found(self) -> dict[str, Line]:
        """The line of each actor, refusals left out."""
        return {line.actor_id: line for line in self.lines if line.rule != REFUSED}

    def refused(self, actor_id: str) -> set[str]:
        """Return the marks of what somebody refused for an actor."""
        return {line.mark for line in self.lines if line.rule == REFUSED and line.actor_id == actor_id}

    def named_by(self, withheld: Withheld) -> set[str]:
        """Return the actors of which the unit that was found is on the list of whom not to show, by its number."""
        return {line.actor_id for line in self.found.values() if _is_named(line, withheld.numbers)}


NOTHING: Final = Enrichment()


def _is_named(line: Line, numbers: Mapping[str, Iterable[str]]) -> bool:
    unit, site = line.mark[:_MARK_SIGNS], line.mark[_MARK_SIGNS:]
    return any(_digest(line.actor_id, number) == unit for number in numbers["siren"]) or any(
        _digest(line.actor_id, number) == site for number in numbers["siret"]
    )


def read_enrichment(path: Path, *, show_non_employer_addresses: bool = False) -> Enrichment:
    """Read the file; one that is not there is empty.

    Parameters
    ----------
    path : Path
    show_non_employer_addresses : bool
        False: of associations not known to employ anybody, lines are read as if they were found so: without number,
        address and point.

    Returns
    -------
    Enrichment

    Raises
    ------
    SourceError
        If it is there and cannot be read.
    DataError
        If a line breaks a rule; carries one located Problem per fault.
    """
    if not path.exists():
        return NOTHING
    table = read_delimited(path, COLUMNS)
    problems = list(table.problems) or _problems(table)
    if problems:
        raise DataError(t("enrich.invalid", n=len(problems), file=table.file), problems)
    lines = [Line(**{str(name): str(cell) for name, cell in row.items()}) for row in table.frame.to_dict("records")]
    if not show_non_employer_addresses:
        unstaffed = _unstaffed(table.frame)
        lines = [_hidden_line(line) if is_one else line for line, is_one in zip(lines, unstaffed, strict=True)]
    return Enrichment(table.file, tuple(lines), table.sha256)


def _unstaffed(frame: pd.DataFrame) -> pd.Series[bool]:
    """Tell which lines are of associations not known to employ anybody."""
    employs = is_employer(frame["employer"], frame["workforce_band"]).fillna(value=False).astype(bool)
    is_association = classify_legal_category(frame["legal_category"])["legal_form"].eq("association")
    return is_association & ~employs & frame["hidden"].eq("") & frame["rule"].ne(REFUSED)


def _hidden_line(line: Line) -> Line:
    return replace(line, hidden=NON_EMPLOYER, **dict.fromkeys(FINE, ""))


def write_enrichment(path: Path, lines: Iterable[Line]) -> None:
    """Write all lines, in the order of communes and names: whole or not at all.

    Parameters
    ----------
    path : Path
    lines : iterable of Line

    Raises
    ------
    SourceError
        If it cannot be written; what was there stays.
    """
    ordered = sorted(lines, key=lambda one: (one.commune_code, one.actor_id, one.rule, one.mark))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) for line in ordered)
    try:
        write_whole(path, text.getvalue().encode())
    except OSError as error:
        raise SourceError(t("enrich.unwritable", path=path.name, reason=system_reason(error))) from error


def _problems(table: RawTable) -> list[Problem]:
    """Return the faults of single lines, and actors that have two."""
    found: list[Problem] = []
    seen: dict[str, int] = {}
    for number, row in table.frame.iterrows():
        line, cells = int(str(number)), {str(name): str(cell) for name, cell in row.items()}
        for column, is_right, expected in _rules():
            if not is_right(cells):
                found.append(Problem(table.file, line, column, cells[column], expected, f"enrichment_{column}"))
        if cells["rule"] != REFUSED:
            first = seen.setdefault(cells["actor_id"], line)
            if first != line:
                expected = t("enrich.expected.once", line=first)
                found.append(Problem(table.file, line, "actor_id", cells["actor_id"], expected, "repeated_id"))
    return found


_Rule = tuple[str, Callable[[Mapping[str, str]], bool], str]


def _rules() -> Sequence[_Rule]:
    """Return what each line must keep: column, test, what is expected."""
    required = [(name, _given(name), t("check.required")) for name in ("actor_id", "name", "commune_code", "mark")]
    hidden = [(name, _empty_if_hidden(name), t("enrich.expected.hidden")) for name in FINE]
    return [
        *required,
        *hidden,
        ("rule", lambda cells: cells["rule"] in RULES, t("check.choice", choices=", ".join(RULES))),
        ("hidden", lambda cells: cells["hidden"] in HIDDEN, t("check.choice", choices=", ".join(filter(None, HIDDEN)))),
        ("score", lambda cells: _is_number(cells["score"], 0, 1), t("enrich.expected.score")),
        ("date", lambda cells: _is_date(cells["date"]), t("enrich.expected.date")),
        ("siren", lambda cells: not cells["siren"] or siren_number.is_valid(cells["siren"]), t("check.siren")),
        ("siret", lambda cells: not cells["siret"] or siret_number.is_valid(cells["siret"]), t("check.siret")),
        ("siret", lambda cells: cells["siret"][:9] in {"", cells["siren"]}, t("check.siret_of_siren")),
        ("employer", lambda cells: cells["employer"] in {"O", "N", ""}, t("check.choice", choices="O, N")),
        ("lon", lambda cells: _is_point(cells, "lon", "lat", 180), t("check.coordinates")),
        ("lat", lambda cells: _is_point(cells, "lat", "lon", 90), t("check.coordinates")),
        ("geo_precision", _is_precision, t("check.choice", choices=", ".join(sorted(PRECISIONS - {"municipality"})))),
    ]


def _given(name: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda cells: bool(cells[name])


def _empty_if_hidden(name: str) -> Callable[[Mapping[str, str]], bool]:
    return lambda cells: not (cells["hidden"] or cells["rule"] == REFUSED) or not cells[name]


def _is_number(text: str, least: float, most: float) -> bool:
    try:
        return least <= float(text) <= most
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_point(cells: Mapping[str, str], name: str, other: str, most: float) -> bool:
    return _is_number(cells[name], -most, most) if cells[name] or cells[other] else True


def _is_precision(cells: Mapping[str, str]) -> bool:
    return cells["geo_precision"] in (PRECISIONS - {"municipality"}) if cells["lon"] else not cells["geo_precision"]
