"""Find in a register the actors of which only name and commune are known, and keep what nobody can doubt.

Nobody whom we do not show is asked for: sensitive places, homes, who asked not to be shown. What could be somebody else
goes to somebody who decides: `essmap.build.enrich_review`. The bars, with their reasons:
`essmap.build.enrich_candidates`; what is kept of a find: `essmap.build.enrich_lines`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import pandas as pd

from essmap import reference
from essmap.build.enrich_candidates import MARGIN, Candidate, Register, Wanted, candidates
from essmap.build.enrich_lines import KEPT, Rules, line_of, outcome_of
from essmap.build.enrichment import REFUSED, WITHHELD, Enrichment, Line
from essmap.build.enrichment_use import is_about
from essmap.build.geography import Geography
from essmap.build.names import search_texts
from essmap.build.privacy import sensitive, told_at_home
from essmap.sources.search_names import Asked, Found, Question

Ask = Callable[[Sequence[Question]], Asked]

OUTCOMES: Final = (*KEPT, "review", "nothing", "no_answer", "not_to_ask", "already")


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """An actor that somebody should look at.

    Attributes
    ----------
    wanted : Wanted
    candidates : tuple of Candidate
        The surest first.
    reasons : tuple of str
        ``score`` (names differ in more than how they are written), ``several`` (another one could be meant), ``cut``
        (too many answer to the name), and what speaks against the surest (`Candidate.doubts`).
    """

    wanted: Wanted
    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Enriched:
    """What a run found.

    Attributes
    ----------
    lines : tuple of Line
        New ones.
    doubts : tuple of Doubt
    outcomes : mapping
        Number of actors per outcome, in the order of `OUTCOMES`, zeros included.
    asked : Asked
    """

    lines: tuple[Line, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked)


def wanted_actors(raw: pd.DataFrame, geography: Geography, rules: Rules) -> tuple[list[Wanted], Counter[str]]:
    """Return the actors to look for, and how many others there are by reason.

    Parameters
    ----------
    raw : DataFrame of str
        Columns of ``starter_actors.csv``, without fault.
    geography : Geography
    rules : Rules

    Returns
    -------
    wanted : list of Wanted
    others : Counter
        ``not_to_ask``: whom we do not show precisely or at all; ``already``: found before.
    """
    hidden = sensitive(raw["is_sensitive"].eq("yes"), raw["name"], raw["activity"])
    hidden |= told_at_home(raw["address"], raw["activity"])
    hidden |= rules.withheld.matches(raw.rename(columns={"id": "actor_id"}))
    hidden |= raw["id"].isin(list(rules.enrichment.named_by(rules.withheld)))
    is_found = raw["id"].isin(_found_before(raw, rules)) & ~hidden
    names = geography.communes.set_index("commune_code")["commune_name"]
    families = reference.legal_forms()["family"]
    wanted = [
        Wanted(
            actor_id=row["id"],
            name=row["name"],
            commune_code=row["commune_code"],
            commune_name=str(names[row["commune_code"]]),
            department=geography.department_code,
            family=str(families[row["legal_form"]]),
            domains=frozenset(text.strip() for text in row["domains"].split(";")) - {""},
            address=row["address"],
            siren=row["siren"] or row["siret"][:9],
            siret=row["siret"],
            point=(float(row["lon"]), float(row["lat"])) if row["lon"] else None,
        )
        for row in raw[~hidden & ~is_found].to_dict("records")
    ]
    return wanted, Counter(not_to_ask=int(hidden.sum()), already=int(is_found.sum()))


def _found_before(raw: pd.DataFrame, rules: Rules) -> list[str]:
    """Return the actors that a line is about, unless it only says that they object, which they do no more."""
    lines = rules.enrichment.found
    rows = ({str(name): str(cell) for name, cell in row.items()} for row in raw.to_dict("records"))
    return [
        row["id"]
        for row in rows
        if (line := lines.get(row["id"])) is not None and line.hidden != WITHHELD and is_about(line, row)
    ]


def enrich(raw: pd.DataFrame, geography: Geography, ask: Ask, rules: Rules) -> Enriched:
    """Find actors in a register.

    Parameters
    ----------
    raw : DataFrame of str
        Columns of ``starter_actors.csv``, without fault.
    geography : Geography
    ask : callable
        Answers questions: `essmap.sources.search_names.ask_names`.
    rules : Rules

    Returns
    -------
    Enriched
        Nothing is written.
    """
    wanted, outcomes = wanted_actors(raw, geography, rules)
    answers = look_for(wanted, geography, ask, rules)
    lines, doubts = [], []
    for actor in wanted:
        found = answers.candidates(actor)
        if found is None:
            outcomes["no_answer"] += 1
        elif (told := judge(actor, found, is_cut=answers.is_cut(actor))) is None:
            outcomes["nothing"] += 1
        elif isinstance(told, Doubt):
            outcomes["review"] += 1
            doubts.append(told)
        else:
            candidate, rule = told
            line = line_of(actor, candidate, rule, answers.day(actor), rules)
            outcomes[outcome_of(line)] += 1
            lines.append(line)
    counted = {name: outcomes[name] for name in OUTCOMES}
    return Enriched(tuple(lines), tuple(doubts), counted, answers.asked)


def together(enrichment: Enrichment, lines: Iterable[Line]) -> list[Line]:
    """Return old and new lines; a new one takes the place of the old one of its actor.

    Parameters
    ----------
    enrichment : Enrichment
    lines : iterable of Line
    """
    new = list(lines)
    found = {line.actor_id for line in new if line.rule != REFUSED}
    kept = [line for line in enrichment.lines if line.rule == REFUSED or line.actor_id not in found]
    return list(dict.fromkeys([*kept, *new]))


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was answered for some actors.

    Attributes
    ----------
    asked : Asked
    register : Register
    refused : mapping
        Marks that somebody refused, by actor.
    """

    asked: Asked
    register: Register
    refused: Mapping[str, set[str]]

    def candidates(self, wanted: Wanted) -> list[Candidate] | None:
        """Return who may be an actor, the surest first; None: some answer did not come."""
        answers = self._of(wanted)
        if any(answer is None for answer in answers):
            return None
        sirens = {str(unit["siren"]) for answer in answers if answer for unit in answer.units}
        if wanted.siren:
            sirens &= {wanted.siren}
        found = candidates(wanted, sirens, self.register)
        if wanted.siren and not wanted.siret:
            found = [replace(one, is_large=one.is_large or not self._is_shown(wanted)) for one in found]
        refused = self.refused.get(wanted.actor_id, set())
        return [one for one in found if one.mark(wanted.actor_id) not in refused]

    def is_cut(self, wanted: Wanted) -> bool:
        """Tell whether more units answer to the name than were read."""
        return any(answer.is_cut for answer in self._of(wanted) if answer)

    def day(self, wanted: Wanted) -> date:
        """Return when the oldest answer was given."""
        return min(answer.day for answer in self._of(wanted) if answer)

    def _is_shown(self, wanted: Wanted) -> bool:
        """Tell whether a unit of known number showed all its establishments of the commune: a number alone does not."""
        by_number, *by_name = self._of(wanted)
        if any(unit["siren"] == wanted.siren for answer in by_name if answer for unit in answer.units):
            return True
        return all(unit["nombre_etablissements_ouverts"] == 1 for unit in (by_number.units if by_number else ()))

    def _of(self, wanted: Wanted) -> list[Found | None]:
        return [self.asked.found[question] for question in questions(wanted)]


def questions(wanted: Wanted) -> list[Question]:
    """Return what to ask of an actor: its number where it has one, and its name in its commune unless it has a SIRET.

    Parameters
    ----------
    wanted : Wanted
    """
    if wanted.siret:
        return [Question(wanted.siret)]
    texts = search_texts(wanted.name, wanted.commune_name, wanted.department)
    by_name = [Question(text, wanted.commune_code) for text in texts]
    return [Question(wanted.siren), *by_name] if wanted.siren else by_name


def look_for(wanted: Sequence[Wanted], geography: Geography, ask: Ask, rules: Rules) -> Answers:
    """Ask for some actors.

    Parameters
    ----------
    wanted : sequence of Wanted
    geography : Geography
    ask : callable
    rules : Rules

    Returns
    -------
    Answers
    """
    asked = ask([question for actor in wanted for question in questions(actor)])
    units: Iterable[Mapping[str, Any]] = (unit for answer in asked.found.values() if answer for unit in answer.units)
    register = Register.of(units, geography, show_non_employer_addresses=rules.show_non_employer_addresses)
    refused = {actor.actor_id: rules.enrichment.refused(actor.actor_id) for actor in wanted}
    return Answers(asked, register, refused)


def judge(wanted: Wanted, found: Sequence[Candidate], *, is_cut: bool = False) -> tuple[Candidate, str] | Doubt | None:
    """Decide who of some candidates an actor is.

    Parameters
    ----------
    wanted : Wanted
    found : sequence of Candidate
        The surest first.
    is_cut : bool
        Whether there may be more of them.

    Returns
    -------
    (Candidate, str), Doubt or None
        The one, with the rule that tells; who should be looked at; nobody.
    """
    if wanted.siren:
        return (found[0], "siret" if wanted.siret else "siren") if found else None
    if not found:
        return None
    sure = [one for one in found if one.is_sure and one.is_of_ess]
    if not sure:
        reasons = ["score"] if not any(one.is_sure for one in found) else []
        return Doubt(wanted, tuple(found), tuple(dict.fromkeys([*reasons, *found[0].doubts])))
    best = sure[0]
    rivals = [one for one in found if one is not best and _may_be_meant(one, best)]
    reasons = [*best.doubts, *(["several"] if rivals else []), *(["cut"] if is_cut else [])]
    if reasons:
        return Doubt(wanted, tuple(found), tuple(reasons))
    return best, "name_address" if best.has_door else "name_commune"


def _may_be_meant(other: Candidate, best: Candidate) -> bool:
    """Tell whether another unit of the ESS could be meant as well; a common door settles it."""
    is_close = round(best.score - other.score, 4) < MARGIN
    return other.is_of_ess and is_close and not (best.has_door and not other.has_door)
