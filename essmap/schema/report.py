"""What a build says of itself beside its manifest: what it left out and why, what changed since the last one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from essmap.schema.folding import fold


@dataclass(frozen=True, slots=True)
class Change:
    """Some actors that changed in one way: how many, and the names of a handful."""

    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """How the actors differ from those of the build that was current.

    Attributes
    ----------
    against : str
        Identifier of that build.
    new, gone, changed, moved : Change
        Actors that were not there, that are no more, whose description differs, whose point differs.
    """

    against: str
    new: Change
    gone: Change
    changed: Change
    moved: Change


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did, for people who answer for the data.

    Attributes
    ----------
    source : str
        What was asked for: ``starter``, ``api+starter``...
    rejected : mapping
        Actor rows left out, by reason, of all sources.
    hidden : mapping
        Actors of the register that keep nothing finer than their commune, by reason.
    unused_positions : mapping
        Positions that the register gives and that were not used, by reason.
    precisions : mapping
        Actors by precision of their position (``reference/positions.csv``).
    figures, geocoding : mapping
        Counts of the source (requests, answers from disk...) and of the geocoder.
    activities : mapping
        Actors of the register by what their activity code told, and those without any domain.
    contested : mapping
        Names, by identifier, of actors left alone because several rows of another source could be them.
    unused_decisions : tuple of str
        French sentences, one per decision on merges that names an actor nobody has.
    shortfalls : tuple of str
        French sentences, one per part of the source that could not be read whole.
    refusals : tuple of str
        French sentences: why this build must not take the place of the current one.
    is_forced : bool
        Whether somebody put it in use all the same.
    is_comparable : bool
        False: there was a current build and it could not be loaded.
    changes : Changes or None
        None: there was no build to compare with, or none that could be.
    """

    source: str
    rejected: Mapping[str, int] = field(default_factory=dict)
    hidden: Mapping[str, int] = field(default_factory=dict)
    unused_positions: Mapping[str, int] = field(default_factory=dict)
    precisions: Mapping[str, int] = field(default_factory=dict)
    figures: Mapping[str, int] = field(default_factory=dict)
    geocoding: Mapping[str, int] = field(default_factory=dict)
    activities: Mapping[str, int] = field(default_factory=dict)
    contested: Mapping[str, str] = field(default_factory=dict)
    unused_decisions: tuple[str, ...] = ()
    shortfalls: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    is_forced: bool = False
    is_comparable: bool = True
    changes: Changes | None = None

    def without(self, ids: Collection[str], names: Collection[str]) -> BuildReport:
        """Return the report without the names of some actors; what is counted stays.

        Parameters
        ----------
        ids : collection of str
        names : collection of str
            Folded (`essmap.schema.folding.fold`).
        """

        def unnamed(one: Change) -> Change:
            return replace(one, names=tuple(name for name in one.names if fold(name) not in names))

        changes = self.changes
        if changes is not None:
            kept = (unnamed(one) for one in (changes.new, changes.gone, changes.changed, changes.moved))
            changes = Changes(changes.against, *kept)
        contested = {id_: name for id_, name in self.contested.items() if id_ not in ids and fold(name) not in names}
        return replace(self, changes=changes, contested=contested)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as a JSON-ready dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> BuildReport:
        """Rebuild a report from `as_dict`; a field this version does not know is left out.

        Raises
        ------
        ValueError
            If a field is missing or is not of its type.
        """
        return _reader().validate_python(dict(content))


@cache
def _reader() -> TypeAdapter[BuildReport]:
    return TypeAdapter(BuildReport)
