"""How many actors it takes before a difference is told from chance: what a reader may expect of small numbers.

For one territory looked at alone. The family of territories (`essmap.analysis.exact.false_discovery`) and
overdispersion ask for more.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from essmap.analysis import exact

#: Beyond this many actors expected in one territory the search stops.
_EXPECTED_AT_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Told:
    """A count that is told from chance, or is not.

    Attributes
    ----------
    observed, expected : int
        Actors of the territory.
    p : float
        `exact.two_sided`.
    """

    observed: int
    expected: int
    p: float

    @property
    def is_told(self) -> bool:
        """Whether chance alone would hardly do it (p below 0.05)."""
        return self.p < exact.ALPHA


def counts_at(ratio: Fraction, share: float) -> list[Told]:
    """Return the whole counts at a ratio to the expected number, up to the first that is told from chance.

    Parameters
    ----------
    ratio : Fraction
        Observed / expected; not 1, at least 0.
    share : float
        The territory's part of the department's denominator, in ]0, 1[.

    Returns
    -------
    list of Told
        Expected numbers in order: every multiple of the denominator of ``ratio``, so that both counts are whole. The
        last is told from chance; none before it is.

    Raises
    ------
    ValueError
        If the ratio is negative or 1, the share is not between 0 and 1, there would be more actors here than in the
        department, or nothing up to 10,000 actors expected is told from chance.

    Examples
    --------
    >>> [(told.observed, told.expected) for told in counts_at(Fraction(1, 2), 0.001)][-2:]
    [(7, 14), (8, 16)]
    """
    if ratio < 0 or ratio == 1 or not 0 < share < 1 or ratio * share > 1:
        raise ValueError(f"a ratio of {ratio} for a share of {share}")
    expected = np.arange(ratio.denominator, _EXPECTED_AT_MOST + 1, ratio.denominator)
    observed = expected // ratio.denominator * ratio.numerator
    p = exact.two_sided(observed, expected / share, share)
    told = np.flatnonzero(p < exact.ALPHA)
    if not told.size:
        raise ValueError(f"nothing is told from chance at a ratio of {ratio}")
    rows = slice(0, told[0] + 1)
    return [
        Told(int(o), int(e), float(value)) for o, e, value in zip(observed[rows], expected[rows], p[rows], strict=True)
    ]
