"""Builds that must not take the place of the current one without somebody saying so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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


@dataclass(frozen=True, slots=True)
class Before:
    """What the guards need to know of the current build, even where the rest of it cannot be read.

    Attributes
    ----------
    actors : int or None
        None: there is a current build and nobody can tell how many actors it has.
    is_exhaustive : bool
        Whether its actors are everything there is.
    """

    actors: int | None
    is_exhaustive: bool = False

    @classmethod
    def of(cls, manifest: Manifest) -> Before:
        """Return what a manifest says."""
        return cls(manifest.counts["actors"], manifest.completeness["actors"].status == "exhaustive")

    @classmethod
    def written(cls, content: Mapping[str, Any]) -> Before:
        """Return what a manifest of any version says, as it was written; what it does not say is not known."""
        counts, completeness = content.get("counts"), content.get("completeness")
        actors = counts.get("actors") if isinstance(counts, Mapping) else None
        of_actors = completeness.get("actors") if isinstance(completeness, Mapping) else None
        status = of_actors.get("status") if isinstance(of_actors, Mapping) else None
        return cls(actors if isinstance(actors, int) else None, status == "exhaustive")


def refusals(manifest: Manifest, rejected: Mapping[str, int], before: Before | None) -> tuple[str, ...]:
    """Return why a build must not become the current one.

    Parameters
    ----------
    manifest : Manifest
        Of the new build.
    rejected : mapping
        Actor rows it left out, by reason.
    before : Before or None
        The current build of the same department; None: there is none.

    Returns
    -------
    tuple of str
        French sentences; empty: nothing against it.
    """
    found = []
    actors = manifest.counts["actors"]
    if actors == 0:
        found.append(t("guards.empty"))
    if before is not None:
        found += _against_before(manifest, before)
    unexpected = sum(count for reason, count in rejected.items() if reason not in EXPECTED)
    if manifest.rows_in and unexpected > LARGEST_REJECTED * manifest.rows_in:
        share = round(100 * unexpected / manifest.rows_in)
        counts = {"rejected": format_number(unexpected), "rows": format_number(manifest.rows_in)}
        found.append(t("guards.rejected", share=share, limit=round(100 * LARGEST_REJECTED), **counts))
    return tuple(found)


def _against_before(manifest: Manifest, before: Before) -> list[str]:
    actors = manifest.counts["actors"]
    found = []
    if before.is_exhaustive and manifest.completeness["actors"].status != "exhaustive":
        found.append(t("guards.partial"))
    if before.actors is None:
        found.append(t("guards.unknown"))
    elif 0 < actors < (1 - LARGEST_FALL) * before.actors:
        share = round(100 * (1 - actors / before.actors))
        counts = {"before": format_number(before.actors), "after": format_number(actors)}
        found.append(t("guards.fall", share=share, limit=round(100 * LARGEST_FALL), **counts))
    return found
