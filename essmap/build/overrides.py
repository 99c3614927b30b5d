"""What somebody decided of merges: a CSV file that forces some and forbids others.

Columns: ``action`` (``merge`` or ``keep_apart``), ``left`` and ``right`` (``actor_id`` of two rows, as the sources or
a snapshot give them), ``reason`` (why, in words). A line that names an actor no source has any more does nothing and is
reported: organisations close.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from essmap.errors import DataError, Problem
from essmap.sources.delimited import RawTable, read_delimited
from essmap.texts import t

OVERRIDE_COLUMNS: Final = ["action", "left", "right", "reason"]
MERGE: Final = "merge"
KEEP_APART: Final = "keep_apart"


@dataclass(frozen=True, slots=True)
class Override:
    """One decision about two actors, and the line it is on."""

    left: str
    right: str
    line: int

    @property
    def pair(self) -> frozenset[str]:
        """The two identifiers, in no order."""
        return frozenset({self.left, self.right})


@dataclass(frozen=True, slots=True)
class Overrides:
    """All decisions of one file.

    Attributes
    ----------
    file : str
        Its name.
    merged, kept_apart : tuple of Override
    """

    file: str = ""
    merged: tuple[Override, ...] = ()
    kept_apart: tuple[Override, ...] = ()

    def unused(self, actor_ids: set[str]) -> tuple[Problem, ...]:
        """Return the decisions that name an actor which is not there, in file order."""
        return tuple(
            Problem(self.file, one.line, column, name, t("merge.expected.actor"), "unknown_actor")
            for one in sorted((*self.merged, *self.kept_apart), key=lambda one: one.line)
            for column, name in (("left", one.left), ("right", one.right))
            if name not in actor_ids
        )


def read_overrides(path: Path) -> Overrides:
    """Read and check a file of decisions.

    Parameters
    ----------
    path : Path
        UTF-8, comma, header; its columns are in the module's description.

    Returns
    -------
    Overrides

    Raises
    ------
    SourceError
        If the file cannot be read.
    DataError
        If a line is wrong or contradicts another; carries one located Problem per fault.
    """
    table = read_delimited(path, OVERRIDE_COLUMNS)
    problems = list(table.problems) or _problems(table)
    if not problems:
        overrides = _overrides(table)
        problems = _contradictions(overrides)
    if problems:
        raise DataError(t("merge.errors.overrides_invalid", file=table.file, n=len(problems)), problems)
    return overrides


def _overrides(table: RawTable) -> Overrides:
    def of(action: str) -> tuple[Override, ...]:
        rows = table.frame[table.frame["action"] == action]
        lines = (int(str(line)) for line in rows.index)
        return tuple(map(Override, rows["left"], rows["right"], lines))

    return Overrides(table.file, of(MERGE), of(KEEP_APART))


def _problems(table: RawTable) -> list[Problem]:
    """Return the faults of single lines, and pairs that are given twice."""
    frame = table.frame
    pairs = pd.Series(
        [" ".join(sorted(pair)) for pair in zip(frame["left"], frame["right"], strict=True)], index=frame.index
    )
    both = frame["left"].ne("") & frame["right"].ne("")
    rules = [
        ("unknown_action", "action", ~frame["action"].isin([MERGE, KEEP_APART]), t("merge.expected.action")),
        ("required", "left", frame["left"].eq(""), t("merge.expected.id")),
        ("required", "right", frame["right"].eq(""), t("merge.expected.id")),
        ("required", "reason", frame["reason"].eq(""), t("merge.expected.reason")),
        ("same_actor", "right", both & frame["left"].eq(frame["right"]), t("merge.expected.different")),
        ("repeated_pair", "right", both & pairs.duplicated(), t("merge.expected.once")),
    ]
    found = [
        Problem(table.file, int(str(line)), column, str(frame.at[line, column]), expected, rule)
        for rule, column, bad, expected in rules
        for line in frame.index[bad.to_numpy(dtype=bool)]
    ]
    return sorted(found, key=lambda problem: problem.row or 0)


def _contradictions(overrides: Overrides) -> list[Problem]:
    """Return the pairs to keep apart that other lines merge, directly or one through another."""
    group: dict[str, set[str]] = {}
    for one in overrides.merged:
        joined = group.get(one.left, {one.left}) | group.get(one.right, {one.right})
        group.update(dict.fromkeys(joined, joined))
    return [
        Problem(overrides.file, one.line, "right", one.right, t("merge.expected.coherent"), "contradiction")
        for one in overrides.kept_apart
        if one.right in group.get(one.left, ())
    ]
