"""What is kept of a find: no more than may be shown, whatever the register says.

Of a unit of partial diffusion, a sensitive place, or who asked not to be shown, only that; of a home, what it does and
whether it employs anybody. A registered office that is a home hides what the actor's own source says only where that is
the same place, as `essmap.build.join` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import pandas as pd

from essmap.build.doors import same_door
from essmap.build.enrich_candidates import Candidate, Site, Wanted
from essmap.build.enrichment import PROTECTS, REFUSED, SAME_HOME, WITHHELD, Enrichment, Line
from essmap.build.register import PARTIAL, SENSITIVE
from essmap.schema.withheld import NOBODY, Withheld

#: What a find makes of an actor: its establishment is known; its unit, of which several could be meant; what may be
#: told although its address is not shown; it must not be shown finer itself; it objects.
KEPT: Final = ("site", "unit", "commune_only", "protected", "withheld")
#: Two points this close are one home, in degrees (about 100 m), as in `essmap.build.join`.
_SAME_PLACE: Final = 0.001
#: Columns that are told of a unit only where all its establishments in the commune say the same.
_TOLD: Final = ("legal_category", "naf", "workforce_band", "employer")


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a whole run.

    Attributes
    ----------
    enrichment : Enrichment
        What was found or refused before.
    withheld : Withheld
        Who asked not to be shown.
    show_non_employer_addresses : bool
        As `essmap.build.register.register_actors`.
    """

    enrichment: Enrichment
    withheld: Withheld = NOBODY
    show_non_employer_addresses: bool = False


def line_of(wanted: Wanted, found: Candidate, rule: str, day: date, rules: Rules) -> Line:
    """Return what is kept of a find: no more than may be shown.

    Parameters
    ----------
    wanted : Wanted
    found : Candidate
    rule : str
        One of `essmap.build.enrichment.RULES`.
    day : date
        Of the answer.
    rules : Rules
    """
    sites = found.sites if found.site is None else (found.sites[found.site],)
    hidden = _hidden(wanted, sites, rules.withheld)
    score = 1.0 if rule in {"siret", "siren"} else found.score
    line = Line(
        actor_id=wanted.actor_id,
        name=wanted.name,
        commune_code=wanted.commune_code,
        rule=rule,
        score=f"{score:.2f}",
        date=day.isoformat(),
        mark=found.mark(wanted.actor_id),
        hidden=hidden,
    )
    if hidden in PROTECTS or hidden == WITHHELD:
        return line
    told = {name: _common(sites, name) for name in _TOLD}
    if hidden:
        return replace(line, **told)
    if found.site is None:
        return replace(line, siren=found.siren, **told)
    site = sites[0]
    fine = {name: str(site[f"shown_{name}"]) for name in ("address", "lon", "lat")}
    return replace(
        line,
        siren=found.siren,
        siret=str(site["siret"]),
        postcode=str(site["postcode"]),
        geo_precision=str(site["shown_precision"]),
        **fine,
        **told,
    )


def refusal_of(wanted: Wanted, found: Candidate, day: date) -> Line:
    """Return the line that keeps a find from coming back."""
    return Line(
        wanted.actor_id, wanted.name, wanted.commune_code, REFUSED, f"{found.score:.2f}", day.isoformat(),
        found.mark(wanted.actor_id),
    )  # fmt: skip


def without(enrichment: Enrichment, actor_id: str, day: date) -> list[Line] | None:
    """Return all lines with that of one actor turned into a refusal, so that it is not found again.

    Parameters
    ----------
    enrichment : Enrichment
    actor_id : str
    day : date

    Returns
    -------
    list of Line or None
        None: nothing was found of it.
    """
    line = enrichment.found.get(actor_id)
    if line is None:
        return None
    refusal = Line(actor_id, line.name, line.commune_code, REFUSED, line.score, day.isoformat(), line.mark)
    return [refusal if one is line else one for one in enrichment.lines]


def outcome_of(line: Line) -> str:
    """Return what a line makes of its actor: one of `KEPT`."""
    if line.hidden == WITHHELD:
        return "withheld"
    if line.hidden in PROTECTS:
        return "protected"
    if line.hidden:
        return "commune_only"
    return "site" if line.siret else "unit"


def _hidden(wanted: Wanted, sites: Sequence[Site], withheld: Withheld) -> str:
    """Return why nothing finer than the commune is kept, of an establishment or of any that could be meant."""
    if withheld.entries and withheld.matches(pd.DataFrame(sites)[["siren", "siret"]]).any():
        return WITHHELD
    reasons = [str(site["hidden"]) for site in sites]
    for reason in (PARTIAL, SENSITIVE):
        if reason in reasons:
            return reason
    if any(site["hidden"] and _is_there(wanted, site) for site in sites):
        return SAME_HOME
    return next((reason for reason in reasons if reason), "")


def _is_there(wanted: Wanted, home: Site) -> bool:
    """Tell whether an actor is known to be where the register says that somebody lives."""
    if wanted.address and same_door(wanted.address, str(home["address"])) is not False:
        return True
    if wanted.point is None or not home["lon"]:
        return False
    lon, lat = wanted.point
    return max(abs(lon - float(home["lon"])), abs(lat - float(home["lat"]))) < _SAME_PLACE


def _common(sites: Sequence[Site], name: str) -> str:
    """Return what all establishments say, or nothing."""
    distinct = {str(site[name]) for site in sites}
    return distinct.pop() if len(distinct) == 1 else ""
