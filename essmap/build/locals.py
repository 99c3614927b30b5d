"""The folder of local lists: one file per list that somebody brought in, obeyed by every build.

::

    <setting local_lists>/<department>/<identifier>.json

A file is the whole of an import: what it is, when it came in, the rows that came in. It is written whole and taken away
whole, so that a crash leaves the folder as it was or as it shall be. The identifier is made of the content of the list:
the same list brought in again is the same file. A file that was changed by hand stops whoever reads it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from essmap.build.imports.judge import Judged
from essmap.errors import DataError, SettingsError, SourceError
from essmap.schema.atomic import write_whole
from essmap.schema.snapshot import LIST, Span
from essmap.schema.tableschema import Kind
from essmap.texts import t
from essmap.texts.system import system_reason

FORMAT: Final = 1
_NAME: Final = re.compile(r"(?:actors|projects)-[0-9a-f]{12}")

Outcome = Literal["new", "same", "replaced"]


@dataclass(frozen=True, slots=True)
class About:
    """What somebody says of a list, for its entry among the sources."""

    title: str = ""
    publisher: str = ""
    licence: str = ""


@dataclass(frozen=True)
class LocalList:
    """One list that came in.

    Attributes
    ----------
    import_id : str
        ``actors-`` or ``projects-`` and twelve signs of the digest of its content.
    kind : {"actors", "projects"}
    file, sheet : str
        Where it came from, without folder.
    about : About
    imported_at : str
        ISO date and time, UTC.
    sha256 : str
        Of the file.
    rows_in : int
        Rows of the file.
    rejected : mapping
        Rows that were kept out, by reason.
    spans : tuple of Span
        What it holds every support of.
    lines : tuple of int
        Line of each row in the file.
    columns : tuple of str
    rows : tuple of tuples of str
        What came in.
    """

    import_id: str
    kind: Kind
    file: str
    sheet: str
    about: About
    imported_at: str
    sha256: str
    rows_in: int
    rejected: Mapping[str, int]
    spans: tuple[Span, ...]
    lines: tuple[int, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def key(self) -> str:
        """Key of the list among the sources of a snapshot."""
        return f"{LIST}{self.import_id.rpartition('-')[2]}_{self.kind}"

    @property
    def title(self) -> str:
        """What people call it."""
        return self.about.title or t("locals.title", file=self.file)

    def frame(self) -> pd.DataFrame:
        """Return the rows as text, indexed by line."""
        return pd.DataFrame(list(self.rows), columns=list(self.columns), index=list(self.lines), dtype="str")


@dataclass(frozen=True)
class LocalLists:
    """The lists of a department, the oldest first."""

    lists: tuple[LocalList, ...] = ()

    def of(self, kind: Kind) -> tuple[LocalList, ...]:
        """Return the lists of a kind."""
        return tuple(one for one in self.lists if one.kind == kind)


NO_LISTS: Final = LocalLists()


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file of the folder; ``digest`` is that of everything else."""

    format: int
    department: str
    content: LocalList
    digest: str = field(default="")


def as_list(judged: Judged, about: About, now: datetime) -> LocalList:
    """Return a judged list as it is kept.

    Parameters
    ----------
    judged : Judged
    about : About
    now : datetime
        When it comes in; aware.
    """
    frame, grid = judged.frame, judged.layout.grid
    content = "\n".join((judged.wanted.kind, judged.book.sha256, grid.sheet))
    return LocalList(
        import_id=f"{judged.wanted.kind}-{hashlib.sha256(content.encode()).hexdigest()[:12]}",
        kind=judged.wanted.kind,
        file=judged.book.file,
        sheet=grid.sheet,
        about=about,
        imported_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        sha256=judged.book.sha256,
        rows_in=judged.rows_in,
        rejected=judged.rejected,
        spans=judged.wanted.spans,
        lines=tuple(int(line) for line in frame.index),
        columns=tuple(frame.columns),
        rows=tuple(frame.itertuples(index=False, name=None)),
    )


def keep_list(root: Path, department: str, one: LocalList) -> Outcome:
    """Keep a list; the same list brought in again changes nothing.

    Parameters
    ----------
    root : Path
        Folder of local lists; made if need be.
    department : str
        INSEE code.
    one : LocalList

    Returns
    -------
    {"new", "same", "replaced"}
        ``replaced``: the same file came in before, but something else is wanted of it now.

    Raises
    ------
    DataError
        If no row came in.
    SourceError
        If the folder cannot be read or written; it is then as it was.
    """
    if not one.rows:
        raise DataError(t("locals.nothing", file=one.file))
    path = root / department / f"{one.import_id}.json"
    outcome: Outcome = "new"
    if path.exists():
        before = _read(path, department)
        if replace(before, imported_at=one.imported_at, file=one.file) == one:
            return "same"
        outcome = "replaced"
    try:
        write_whole(path, _written(department, one))
    except OSError as error:
        raise SourceError(t("locals.unwritable", folder=root.name, reason=system_reason(error))) from error
    return outcome


def read_lists(root: Path, department: str) -> LocalLists:
    """Read the lists of a department; a folder that is not there holds none.

    Parameters
    ----------
    root : Path
    department : str
        INSEE code.

    Raises
    ------
    SourceError
        If one cannot be read or was changed by hand: no list is left out in silence.
    """
    folder = root / department
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return NO_LISTS
    except OSError as error:
        raise SourceError(t("locals.unreadable", name=folder.name, reason=system_reason(error))) from error
    lists = [_read(path, department) for path in paths]
    return LocalLists(tuple(sorted(lists, key=lambda one: (one.imported_at, one.import_id))))


def find_list(root: Path, department: str, import_id: str) -> LocalList:
    """Return a list by its identifier.

    Parameters
    ----------
    root : Path
    department : str
    import_id : str
        Its identifier, or a beginning that no other one has.

    Raises
    ------
    SettingsError
        If no list, or more than one, has such an identifier.
    SourceError
        If the folder cannot be read.
    """
    present = read_lists(root, department).lists
    wanted = import_id.strip()
    found = [one for one in present if one.import_id.startswith(wanted) or one.import_id.partition("-")[2] == wanted]
    if len(found) != 1 or not wanted:
        known = ", ".join(one.import_id for one in present) or t("locals.none_there")
        raise SettingsError(t("locals.which", identifier=import_id, known=known))
    return found[0]


def undo_import(root: Path, department: str, import_id: str) -> LocalList:
    """Take a list away; what it holds is gone from the next build on.

    Parameters
    ----------
    root : Path
    department : str
    import_id : str
        As `find_list`.

    Returns
    -------
    LocalList
        What was taken away.

    Raises
    ------
    SettingsError
        If no list, or more than one, has such an identifier.
    SourceError
        If the folder cannot be read or changed.
    """
    found = find_list(root, department, import_id)
    try:
        (root / department / f"{found.import_id}.json").unlink()
    except OSError as error:
        raise SourceError(t("locals.unwritable", folder=root.name, reason=system_reason(error))) from error
    return found


def _written(department: str, one: LocalList) -> bytes:
    content = {"format": FORMAT, "department": department, "content": asdict(one)}
    digest = hashlib.sha256(_plain(content)).hexdigest()
    return (json.dumps({**content, "digest": digest}, ensure_ascii=False, indent=0) + "\n").encode()


def _plain(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _read(path: Path, department: str) -> LocalList:
    """Read one file of the folder.

    Raises
    ------
    SourceError
        If it cannot be read, or is not what was written.
    """
    try:
        content = json.loads(path.read_bytes())
        digest = content.pop("digest")
        if hashlib.sha256(_plain(content)).hexdigest() != digest:
            raise SourceError(t("locals.changed", name=path.name))
        stored = TypeAdapter(_Stored).validate_python(content)
    except OSError as error:
        raise SourceError(t("locals.unreadable", name=path.name, reason=system_reason(error))) from error
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
        raise SourceError(t("locals.changed", name=path.name)) from error
    is_ours = stored.format == FORMAT and stored.department == department and stored.content.import_id == path.stem
    if not is_ours or not _NAME.fullmatch(path.stem):
        raise SourceError(t("locals.changed", name=path.name))
    return stored.content
