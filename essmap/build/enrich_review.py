"""What somebody has to decide of enrichment: a table to fill in, and the answers read back.

A table is what people open in a spreadsheet, so it comes back as spreadsheets save: commas or semicolons, UTF-8 or
Windows-1252. Nothing that was written in it is believed but the decision: each find is looked for again by its mark.
Of a find whose address is not shown neither address nor number is in the table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from essmap.build.enrich import Answers, Ask, Doubt, look_for, wanted_actors
from essmap.build.enrich_candidates import Candidate, Wanted
from essmap.build.enrich_lines import Rules, line_of, refusal_of
from essmap.build.enrichment import Line
from essmap.build.geography import Geography
from essmap.errors import DataError, Problem, SourceError
from essmap.texts import t
from essmap.texts.system import system_reason

#: Columns of the table; only the first three are read back.
COLUMNS: Final = [
    "decision", "actor_id", "candidate", "name", "commune", "address", "found_name", "found_siren", "found_siret",
    "found_address", "found_legal_category", "found_naf", "found_employer", "score", "why",
]  # fmt: skip
READ: Final = COLUMNS[:3]
YES: Final = frozenset({"oui", "yes", "o", "y"})
NO: Final = frozenset({"non", "no", "n"})
#: Before a mark, so that no spreadsheet takes it for a number.
_PREFIX: Final = "c-"


def review_table(doubts: Sequence[Doubt]) -> pd.DataFrame:
    """Return the table to fill in: one row per find, those of one actor together.

    Parameters
    ----------
    doubts : sequence of Doubt

    Returns
    -------
    DataFrame of str
        `COLUMNS`; ``decision`` is empty.
    """
    rows = [_row(doubt, candidate) for doubt in doubts for candidate in doubt.candidates]
    return pd.DataFrame(rows, columns=COLUMNS, dtype="str")


def _row(doubt: Doubt, found: Candidate) -> dict[str, str]:
    wanted = doubt.wanted
    site = found.sites[found.site or 0]
    is_hidden = any(one["hidden"] for one in found.sites)
    reasons = [t(f"enrich.why.{name}") for name in doubt.reasons]
    if is_hidden:
        reasons.append(t("enrich.why.hidden"))
    fine = {
        "found_siren": found.siren,
        "found_siret": str(site["siret"]) if found.site is not None else "",
        "found_address": str(site["shown_address"]) if found.site is not None else "",
    }
    return {
        "decision": "",
        "actor_id": wanted.actor_id,
        "candidate": _PREFIX + found.mark(wanted.actor_id),
        "name": wanted.name,
        "commune": wanted.commune_name,
        "address": wanted.address,
        "found_name": found.name,
        **(dict.fromkeys(fine, "") if is_hidden else fine),
        "found_legal_category": str(site["legal_category"]),
        "found_naf": str(site["naf"]),
        "found_employer": str(site["employer"]),
        "score": f"{found.score:.2f}",
        "why": ", ".join(reasons),
    }


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer of somebody: a find of an actor, taken or refused, and the line it is on."""

    actor_id: str
    mark: str
    is_taken: bool
    line: int


def read_decisions(path: Path) -> list[Decision]:
    """Read a table that was filled in; lines without a decision are left alone.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Decision
        In the order of the file.

    Raises
    ------
    SourceError
        If the file cannot be read.
    DataError
        If a column is missing or a line is wrong; carries one located Problem per fault.
    """
    rows = _rows(path)
    header = [name.strip().casefold() for name in rows[0]] if rows else []
    missing = [name for name in READ if name not in header]
    problems = [
        Problem(path.name, 1, name, ", ".join(header), t("errors.column_expected", column=name), "missing_column")
        for name in missing
    ]
    found: list[Decision] = []
    first_yes: dict[str, int] = {}
    for line, cells in enumerate(rows[1:] if not missing else [], start=2):
        said = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        word, actor_id = said.get("decision", ""), said.get("actor_id", "")
        if not word:
            continue
        one = Decision(actor_id, said.get("candidate", "").removeprefix(_PREFIX), word.casefold() in YES, line)
        if (expected := _fault(word.casefold(), one, first_yes)) is not None:
            problems.append(Problem(path.name, line, "decision", word, expected, "decision"))
        found.append(one)
    if problems:
        raise DataError(t("enrich.review_invalid", n=len(problems), file=path.name), problems)
    return found


def _fault(word: str, one: Decision, first_yes: dict[str, int]) -> str | None:
    """Return what was expected of a decision that cannot be followed; notes the first yes of each actor."""
    if word not in YES | NO:
        return t("enrich.expected.decision")
    if one.is_taken and first_yes.setdefault(one.actor_id, one.line) != one.line:
        return t("enrich.expected.one_yes", line=first_yes[one.actor_id])
    return None


def has_decisions(path: Path) -> bool:
    """Tell whether somebody has begun to fill in a table; a file that cannot be understood counts as begun."""
    if not path.exists():
        return False
    try:
        rows = _rows(path)
    except SourceError:
        return True
    if not rows or "decision" not in rows[0]:
        return True
    place = rows[0].index("decision")
    return any(len(cells) > place and cells[place].strip() for cells in rows[1:])


def decided(
    path: Path, decisions: Sequence[Decision], raw: pd.DataFrame, geography: Geography, ask: Ask, rules: Rules
) -> list[Line]:
    """Return the lines that decisions make; every find is asked for again, and obeys the same protection.

    Parameters
    ----------
    path : Path
        Of the table, for what is said of its lines.
    decisions : sequence of Decision
    raw : DataFrame of str
        Columns of ``starter_actors.csv``, without fault.
    geography : Geography
    ask : callable
        As `essmap.build.enrich.enrich`.
    rules : Rules

    Returns
    -------
    list of Line

    Raises
    ------
    DataError
        If an actor is none that may be looked for, or a find is not there; carries one located Problem per fault.
    """
    named = {one.actor_id for one in decisions}
    wanted = {one.actor_id: one for one in wanted_actors(raw, geography, rules)[0] if one.actor_id in named}
    answers = look_for(list(wanted.values()), geography, ask, rules)
    finds = {name: _by_mark(answers, actor) for name, actor in wanted.items()}
    lines, problems = [], []
    for one in decisions:
        actor = wanted.get(one.actor_id)
        if actor is None:
            expected = t("enrich.expected.actor")
            problems.append(Problem(path.name, one.line, "actor_id", one.actor_id, expected, "unknown_actor"))
            continue
        found = finds[one.actor_id].get(one.mark)
        if found is None:
            expected = t("enrich.expected.candidate")
            problems.append(Problem(path.name, one.line, "candidate", _PREFIX + one.mark, expected, "gone"))
            continue
        day: date = answers.day(actor)
        lines.append(line_of(actor, found, "review", day, rules) if one.is_taken else refusal_of(actor, found, day))
    if problems:
        raise DataError(t("enrich.review_invalid", n=len(problems), file=path.name), problems)
    return lines


def _by_mark(answers: Answers, wanted: Wanted) -> Mapping[str, Candidate]:
    return {one.mark(wanted.actor_id): one for one in answers.candidates(wanted) or ()}


def _rows(path: Path) -> list[list[str]]:
    """Return the cells of a file as spreadsheets save it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(t("errors.file_missing", path=path.name, folder=path.absolute().parent.name)) from error
    except OSError as error:
        raise SourceError(t("errors.file_unreadable", path=path.name, reason=system_reason(error))) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    reader: Any = csv.reader(io.StringIO(text, newline=""), delimiter=max(";,\t", key=first.count))
    try:
        return list(reader)
    except csv.Error as error:
        raise SourceError(t("errors.file_not_csv", path=path.name, line=reader.line_num)) from error
