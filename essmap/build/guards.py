"""Builds that must not take the place of the current one without somebody saying so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from essmap.build.geography_notes import format_number
from essmap.schema.snapshot import Manifest
from essmap.texts import t

#: The largest fall of the number of actors, as a share of those of the current build.
LARGEST_FALL: Final = 0.20
#: The largest share of actor rows that may be rejected for a reason that is no part of the plan.
LARGEST_REJECTED: Final = 0.05
#: Reasons for which any number of rows may be left out: what is not an active establishment of the ESS, what we do not
#: show, and rows that a service gives twice.
EXPECTED: Final = frozenset(
    {"closed", "natural_person", "not_ess", "elsewhere", "outside_department", "repeated", "withheld"}
)

#: The option that puts a refused build in use all the same.
OVERRIDE: Final = "--accept-drop"


def refusals(manifest: Manifest, rejected: Mapping[str, int], previous: Manifest | None) -> tuple[str, ...]:
    """Return why a build must not become the current one.

    Parameters
    ----------
    manifest : Manifest
        Of the new build.
    rejected : mapping
        Actor rows it left out, by reason.
    previous : Manifest or None
        Of the current build of the same department; None: there is none.

    Returns
    -------
    tuple of str
        French sentences; empty: nothing against it.
    """
    found = []
    actors = manifest.counts["actors"]
    before = previous.counts["actors"] if previous is not None else 0
    if actors == 0:
        found.append(t("guards.empty"))
    elif actors < (1 - LARGEST_FALL) * before:
        share = round(100 * (1 - actors / before))
        counts = {"before": format_number(before), "after": format_number(actors)}
        found.append(t("guards.fall", share=share, limit=round(100 * LARGEST_FALL), **counts))
    unexpected = sum(count for reason, count in rejected.items() if reason not in EXPECTED)
    if manifest.rows_in and unexpected > LARGEST_REJECTED * manifest.rows_in:
        share = round(100 * unexpected / manifest.rows_in)
        counts = {"rejected": format_number(unexpected), "rows": format_number(manifest.rows_in)}
        found.append(t("guards.rejected", share=share, limit=round(100 * LARGEST_REJECTED), **counts))
    return tuple(found)
