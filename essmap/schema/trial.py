"""What came of trying a list: the one shape that those who judge lists and those who show it share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from essmap.errors import Problem
from essmap.schema.snapshot import Snapshot
from essmap.schema.tableschema import Kind
from essmap.schema.withheld import Withheld


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What would become of a list.

    Attributes
    ----------
    kind : {"actors", "projects"}
    refusal : str
        French sentence: why the file as a whole cannot be used. Empty: it can.
    notes : tuple of str
        French sentences on how it was read.
    rows_in, accepted, added, merged, contested : int
        Rows of the list; those that would come in; of these, those that nobody knows yet, those that are put together
        with one that is known (for supports: whose holder is known), those that a person would have to look at.
    faults, remarks : tuple of Problem
        Why rows are kept out, and what was set aside or set right in the others.
    unknown : tuple of pairs of str
        Headings that are not known, each with the column of ours it is nearest to, or the empty string.
    dropped : tuple of str
        Headings that are known and not kept.
    by_commune : mapping of int
        Rows that would come in, by code of commune.
    annotated : bytes
        The list with a verdict beside each row (XLSX); empty where the file cannot be used.
    """

    kind: Kind
    refusal: str = ""
    notes: tuple[str, ...] = ()
    rows_in: int = 0
    accepted: int = 0
    added: int = 0
    merged: int = 0
    contested: int = 0
    faults: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    by_commune: Mapping[str, int] = field(default_factory=dict)
    annotated: bytes = b""

    @property
    def rejected(self) -> int:
        """How many rows are kept out."""
        return self.rows_in - self.accepted


#: Given the content and the name of a file, what it is a list of, the data in use and who is not shown: try it.
TryList = Callable[[bytes, str, Kind, Snapshot, Withheld], Trial]
