"""Who asked not to be shown: a list outside the package that every build and every reader obeys.

A CSV file ``kind,value,reason,date,came_with`` (setting ``withhold``), where ``kind`` is ``actor_id``, ``siren`` or
``siret``; ``came_with``, which may be left out, is the line that a line was written with: it goes when that one goes. A
list that cannot be understood stops whoever reads it: an opposition is never ignored because of a typing mistake.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import pandas as pd

from essmap.errors import DataError, Problem, SourceError
from essmap.schema.atomic import write_whole
from essmap.schema.holders import Holders, unnamed
from essmap.schema.snapshot import Snapshot
from essmap.texts import t
from essmap.texts.system import system_reason

COLUMNS: Final = ("kind", "value", "reason", "date", "came_with")
KINDS: Final = ("actor_id", "siren", "siret")
_DIGITS: Final = {"siren": 9, "siret": 14}
#: An identifier that is a number: « siret-73282932000074 ».
_OF_NUMBER: Final = re.compile(r"(siren|siret)-(\d{9}|\d{14})")
#: An identifier that is a name and the code of a commune, with what tells it from others of that name.
_OF_NAME: Final = re.compile(r"(?:liste-)?([a-z0-9]+(?:-[a-z0-9]+)*)-(\d[0-9AB]\d{3})(?:--?\d{1,3}|--[0-9a-f]{8})?")
#: Made of a name alone: it may be somebody else's once the list that bore it is gone.
_OF_LIST: Final = "liste-"


@dataclass(frozen=True)
class Entry:
    """One opposition.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    value : str
        Numbers without spaces.
    reason, date : str
        For those who keep the list; never shown.
    came_with : str
        Value of the entry that somebody asked for, where this one was written because of it.
    """

    kind: str
    value: str
    reason: str = ""
    date: str = ""
    came_with: str = ""


@dataclass(frozen=True)
class Withheld:
    """The whole list.

    Attributes
    ----------
    entries : tuple of Entry
    digest : str
        SHA-256 of the file; the empty string where there is none.
    """

    entries: tuple[Entry, ...] = ()
    digest: str = ""

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        found = {kind: [entry.value for entry in self.entries if entry.kind == kind] for kind in KINDS}
        for kind, number in (match.groups() for one in found["actor_id"] if (match := _OF_NUMBER.fullmatch(one))):
            if len(number) == _DIGITS[kind]:
                found[kind].append(number)
        return found

    @property
    def numbers(self) -> dict[str, list[str]]:
        """Numbers by kind, ``siren`` and ``siret``: those of identifiers too."""
        return {kind: list(self._values[kind]) for kind in _DIGITS}

    @cached_property
    def names(self) -> frozenset[tuple[str, str]]:
        """Name, as identifiers write it, and code of the commune of whoever is on the list by such an identifier."""
        found = (_OF_NAME.fullmatch(value) for value in self._values["actor_id"])
        return frozenset((match[1], match[2]) for match in found if match is not None)

    @cached_property
    def _siren_of(self) -> dict[str, str]:
        """SIREN that was written with an identifier of a list."""
        return {
            entry.came_with: entry.value[:9]
            for entry in self.entries
            if entry.kind in _DIGITS and entry.came_with.startswith(_OF_LIST)
        }

    def matches(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Tell which rows are on the list.

        Parameters
        ----------
        frame : DataFrame
            Any of ``actor_id``, ``siren``, ``siret``; a SIREN withholds all its establishments.

        Returns
        -------
        Series of bool, same index

        Notes
        -----
        An identifier that a list made of a name may be a namesake's once that list is gone: where a number was written
        with it, a row of another SIREN is somebody else.
        """
        found = pd.Series(False, index=frame.index)
        for column in KINDS:
            if column in frame:
                found |= frame[column].isin(self._values[column])
        if self._siren_of and "actor_id" in frame:
            found &= ~self._is_another(frame)
            found |= frame["siren"].isin(self._values["siren"]) if "siren" in frame else False
            found |= frame["siret"].isin(self._values["siret"]) if "siret" in frame else False
        if "siret" in frame:
            found |= frame["siret"].str[:9].isin(self._values["siren"])
        if "actor_id" in frame:
            numbers = frame["actor_id"].str.removeprefix("siret-").where(frame["actor_id"].str.startswith("siret-"))
            found |= numbers.isin(self._values["siret"]) | numbers.str[:9].isin(self._values["siren"])
        return found

    def _is_another(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Tell which rows have an identifier of the list and the number of somebody else."""
        wanted = frame["actor_id"].map(self._siren_of)
        told = pd.Series("", index=frame.index, dtype="str")
        for name in ("siret", "siren"):
            if name in frame:
                own = frame[name].fillna("").str[:9]
                told = told.where(own.eq(""), own)
        return wanted.notna() & told.ne("") & told.ne(wanted.fillna(""))


NOBODY: Final = Withheld()


def read_withheld(path: Path) -> Withheld:
    """Read the list; a file that is not there is an empty one.

    Raises
    ------
    SourceError
        If it is there and cannot be read.
    DataError
        If a line breaks a rule; carries one Problem per fault.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        return NOBODY
    except (OSError, UnicodeDecodeError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else "UTF-8"
        raise SourceError(t("withheld.unreadable", path=path.name, reason=reason)) from error
    rows = list(csv.reader(io.StringIO(text, newline="")))
    header = [name.strip() for name in rows[0]] if rows else list(COLUMNS)
    problems = []
    if header[:2] != list(COLUMNS[:2]):
        problems.append(Problem(path.name, 1, None, ",".join(header), ",".join(COLUMNS), "columns"))
    entries = []
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        entry = _entry([cell.strip() for cell in (*cells, *[""] * len(COLUMNS))[: len(COLUMNS)]])
        if (expected := _fault(entry)) is not None:
            problems.append(Problem(path.name, line, "value", f"{entry.kind} {entry.value}", expected, "withheld"))
        entries.append(entry)
    if problems:
        raise DataError(t("withheld.invalid", n=len(problems), path=path.name), problems)
    return Withheld(tuple(entries), hashlib.sha256(content).hexdigest())


def withhold(path: Path, entry: Entry) -> bool:
    """Put somebody on the list; the file is made if need be.

    Returns
    -------
    bool
        False: already there.

    Raises
    ------
    SourceError
        If the file cannot be read or written; it is then as it was.
    DataError
        If the entry or a line of the file breaks a rule.
    """
    entry = _entry([entry.kind, entry.value, entry.reason, entry.date, entry.came_with])
    if (expected := _fault(entry)) is not None:
        problem = Problem(path.name, None, "value", f"{entry.kind} {entry.value}", expected, "withheld")
        raise DataError(t("withheld.invalid", n=1, path=path.name), [problem])
    with _alone(path):
        present = read_withheld(path).entries
        there = next((one for one in present if (one.kind, one.value) == (entry.kind, entry.value)), None)
        if there is None:
            _write(path, [*present, entry])
        elif there.came_with and not entry.came_with:  # asked for by itself now: it stays when the other goes
            _write(path, [entry if one is there else one for one in present])
    return there is None


def show_again(path: Path, kind: str, value: str) -> bool:
    """Take somebody off the list, with the lines that were written because of it.

    Returns
    -------
    bool
        False: was not there.

    Raises
    ------
    SourceError
        If the file cannot be read or written; it is then as it was.
    DataError
        If a line of the file breaks a rule.
    """
    wanted = _entry([kind, value, "", "", ""])
    with _alone(path):
        present = read_withheld(path).entries
        left = [one for one in present if (one.kind, one.value) != (wanted.kind, wanted.value)]
        if len(left) == len(present):
            return False
        _write(path, [one for one in left if one.came_with != wanted.value])
    return True


def who_goes(snapshot: Snapshot, withheld: Withheld) -> set[str]:
    """Return the identifiers of the actors of a snapshot that are on the list, or of which a merged row is.

    Parameters
    ----------
    snapshot : Snapshot
    withheld : Withheld
    """
    actors, merges = snapshot.tables["actors"], snapshot.tables["merges"]
    merged = merges.rename(columns={"merged_id": "actor_id"})
    return set(actors.loc[withheld.matches(actors), "actor_id"]) | set(merges.loc[withheld.matches(merged), "kept_id"])


def shown(snapshot: Snapshot, withheld: Withheld) -> Snapshot:
    """Return a snapshot without those who are on the list, before the next build leaves them out.

    Parameters
    ----------
    snapshot : Snapshot
        Left unchanged.
    withheld : Withheld

    Returns
    -------
    Snapshot
        Without these actors, nor any row merged into them; supports of theirs as `essmap.schema.holders` leaves them,
        as the next build does; the report does not name them.
        The same snapshot where nobody on the list is in it.
    """
    actors, merges = snapshot.tables["actors"], snapshot.tables["merges"]
    gone = who_goes(snapshot, withheld)
    is_gone = actors["actor_id"].isin(list(gone))
    if not is_gone.any() and not withheld.names:
        return snapshot
    merged = merges[merges["kept_id"].isin(list(gone))]
    place = actors.set_index("actor_id")["commune_code"]
    names = [*actors.loc[is_gone, "name"], *merged["merged_name"]]
    holders = Holders.of(gone, names, [*actors.loc[is_gone, "commune_code"], *merged["kept_id"].map(place)])
    folded = {name for name, _ in holders.names}
    projects = snapshot.layer("projects")
    holders |= Holders.named_in(projects[projects["actor_id"].isin(list(gone))]) | Holders(slugs=withheld.names)
    others = [*actors.loc[~is_gone, "name"], *merges.loc[~merges["kept_id"].isin(list(gone)), "merged_name"]]
    is_theirs = holders.hold(projects, others)
    if not is_gone.any() and not is_theirs.any():
        return snapshot
    tables = {
        **snapshot.tables,
        "actors": actors[~is_gone].reset_index(drop=True),
        "merges": merges[~merges["kept_id"].isin(list(gone))].reset_index(drop=True),
        "projects": unnamed(projects, is_theirs, snapshot.layer("communes")),
    }
    report = snapshot.report.without(gone, folded) if snapshot.report is not None else None
    counts = {**snapshot.manifest.counts, **{name: len(tables[name]) for name in ("actors", "merges", "projects")}}
    return replace(snapshot, manifest=replace(snapshot.manifest, counts=counts), tables=tables, report=report)


def _entry(cells: Sequence[str]) -> Entry:
    kind, value, reason, date, came_with = cells
    plain = "".join(value.split()) if kind in _DIGITS else value.strip()
    return Entry(kind.strip(), plain, reason.strip(), date.strip(), came_with.strip())


def _fault(entry: Entry) -> str | None:
    """Return what was expected of an entry that breaks a rule."""
    if entry.kind not in KINDS:
        return t("withheld.kind", known=", ".join(KINDS))
    digits = _DIGITS.get(entry.kind)
    if digits is None:
        return None if entry.value else t("withheld.identifier")
    is_number = entry.value.isascii() and entry.value.isdecimal() and len(entry.value) == digits
    return None if is_number else t("withheld.number", n=digits)


def _write(path: Path, entries: Sequence[Entry]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    columns = COLUMNS if any(entry.came_with for entry in entries) else COLUMNS[:-1]
    writer.writerow(columns)
    writer.writerows([getattr(entry, name) for name in columns] for entry in entries)
    try:
        write_whole(path, text.getvalue().encode())
    except OSError as error:
        raise SourceError(t("withheld.unwritable", path=path.name, reason=system_reason(error))) from error


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the list while it changes, so that of two changes at once none is lost (where the system can lock)."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f".{path.name}.lock").open("a")
    except OSError as error:
        raise SourceError(t("withheld.unwritable", path=path.name, reason=system_reason(error))) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
