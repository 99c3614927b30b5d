"""How far the reading of a slice has come, and what it takes for it to be whole.

Pure. The limits are those of the API Recherche d'entreprises; its totals are approximate, places of its lists are not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from essmap.sources.search_slices import Slice

PER_PAGE: Final = 25
CAP: Final = 10_000  # a total of 10,000 means that or more; no page goes beyond
#: Totals are exact for a few units and close to it for some hundreds; above, they are wrong by a few percent.
EXACT_UP_TO: Final = 1_000
_WITHOUT_TOLERANCE: Final = 100
_TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A slice that could not be read whole; ``expected`` is None where the service did not say how much it holds."""

    part: Slice
    found: int
    expected: int | None


@dataclass(slots=True)
class Reading:
    """How far the reading of a slice has come.

    Attributes
    ----------
    found : set of str
        SIREN of the units in it.
    total : int or None
        What the service says.
    slots : list of str
        The unit in each place of the list, from the first walk.
    count : int or None
        Units in the slice, counted by places.
    """

    part: Slice
    found: set[str]
    total: int | None = None
    slots: list[str] = field(default_factory=list)
    count: int | None = None
    short: list[Shortfall] = field(default_factory=list)

    @property
    def needed(self) -> int | None:
        """Units below which the slice is short; None where nobody knows."""
        least = None if self.total is None or self.total >= CAP else least_of(self.total)
        known = [number for number in (self.count, least) if number is not None]
        return max(known) if known else None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.needed is not None and len(self.found) >= self.needed

    @property
    def is_sure(self) -> bool:
        """Whether the total, where it is close to exact, does not promise more either."""
        return self.is_whole and not (self.total is not None and len(self.found) < self.total <= EXACT_UP_TO)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a slice over the cap, whose count is only as good as the flags it was parted by, has a short part."""
        return self.total is not None and self.total >= CAP and bool(self.short)


def least_of(total: int) -> int:
    """Return the units that a slice must hold, given its approximate total."""
    return total if total <= _WITHOUT_TOLERANCE else math.ceil(total * (1 - _TOLERANCE))
