"""Units of the API Recherche d'entreprises by their name in a commune, or by their number.

A number is looked for alone: the service ignores every filter beside one. Every answer is kept on disk, so that what
was interrupted goes on where it stopped and a second run asks for what is new. Nothing is judged here: see
`essmap.build.enrich_candidates`.

Source: annuaire-entreprises-data-gouv-fr/search-api, its code and its ``open-api.yml`` (July 2026).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from essmap.errors import SourceError
from essmap.sources.answers import Answers
from essmap.sources.client import Client, NoAnswerError
from essmap.sources.search_answers import INNER_AT_MOST, check_obeyed, read_answer
from essmap.sources.search_api import SearchService

#: Pages read of one question at most: who shares a name in one commune is among the first hundred, or nobody can tell.
PAGES_AT_MOST: Final = 4
_PER_PAGE: Final = 25
#: Questions in a row that were given up, each after several attempts: the service is down.
_FAILURES_AT_MOST: Final = 8
#: No officers, no accounts.
_ALWAYS: Final = {
    "minimal": "true",
    "include": "siege,complements,matching_etablissements",
    "limite_matching_etablissements": str(INNER_AT_MOST),
    "per_page": str(_PER_PAGE),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: words in a commune (INSEE code), or a SIREN or SIRET anywhere (no commune)."""

    text: str
    commune_code: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What answers one question.

    Attributes
    ----------
    units : tuple of dict
        As `essmap.sources.search_answers.read_answer` keeps them.
    is_cut : bool
        Whether there are more than were read.
    day : date
        Of the oldest page.
    """

    units: tuple[dict[str, Any], ...]
    is_cut: bool
    day: date


@dataclass(slots=True)
class Asked:
    """Answers by question, and what it took.

    Attributes
    ----------
    found : dict
        None: no answer came, or, offline, none is on disk.
    requests : int
        Sent to the service.
    from_disk : int
        Questions that needed none.
    """

    found: dict[Question, Found | None] = field(default_factory=dict)
    requests: int = 0
    from_disk: int = 0


def ask_names(
    service: SearchService,
    questions: Sequence[Question],
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    client: Client | None = None,
) -> Asked:
    """Return the answer to each question: from disk if it is young enough, else from the service.

    Parameters
    ----------
    service : SearchService
    questions : sequence of Question
        Repeated ones are asked once.
    progress : callable
        Called with the number of questions answered and their number in all.
    client : Client, optional
        Asks instead of one made from the service's manners (tests).

    Returns
    -------
    Asked
        Every question is in it.

    Raises
    ------
    SourceError
        If the service is down, no longer what it was, ignores a filter or sends elsewhere; if the disk cannot be
        written.
    """
    wanted = list(dict.fromkeys(questions))
    result = Asked()
    failures = 0
    with ExitStack() as stack:
        asking = client or stack.enter_context(Client(service.manners))
        pages = _Pages(service, asking)
        before = asking.requests
        for question in wanted:
            sent = asking.requests
            try:
                result.found[question] = _read(pages, question)
                failures = 0
            except NoAnswerError as error:
                failures += 1
                if failures == _FAILURES_AT_MOST or not any(result.found.values()):
                    raise SourceError(str(error)) from error
                result.found[question] = None
            result.from_disk += sent == asking.requests and result.found[question] is not None
            progress(len(result.found), len(wanted))
        result.requests = asking.requests - before
    return result


class _Pages:
    """Pages of answers, from the disk or the service."""

    def __init__(self, service: SearchService, client: Client) -> None:
        self._url = f"{service.url.rstrip('/')}/search"
        max_age = None if service.offline else timedelta(days=service.max_age_days)
        self._answers = Answers(service.cache / "search-names", max_age)
        self._client = client
        self._is_offline = service.offline

    def __call__(self, parameters: Mapping[str, str]) -> tuple[dict[str, Any], date] | None:
        """Return one page and its day; None: offline, and it is not on disk."""
        asked = {**_ALWAYS, **parameters}
        now = self._client.clock.today()
        answer = self._answers.find(self._url, asked, now)
        if answer is None:
            if self._is_offline:
                return None
            content = self._client.ask(self._url, read_answer, asked)
            check_obeyed(content, asked)
            answer = self._answers.keep(self._url, asked, content, now)
        return answer.content, answer.fetched_at.date()


def _read(pages: _Pages, question: Question) -> Found | None:
    units: dict[str, dict[str, Any]] = {}
    days: list[date] = []
    total = 0
    for number in range(1, PAGES_AT_MOST + 1):
        page = pages({**_filters(question), "page": str(number)})
        if page is None:
            return None
        content, day = page
        days.append(day)
        units |= {str(unit["siren"]): unit for unit in content["results"]}
        total = int(content["total_results"])
        if total <= number * _PER_PAGE or len(content["results"]) < _PER_PAGE:
            break
    return Found(tuple(_as_asked(question, units.values())), total > len(days) * _PER_PAGE, min(days))


def _filters(question: Question) -> dict[str, str]:
    if not question.commune_code:
        return {"q": question.text}
    return {"q": question.text, "code_commune": question.commune_code, "etat_administratif": "A"}


def _as_asked(question: Question, units: Any) -> Iterator[dict[str, Any]]:
    """Yield the units of an answer; of one that a number found, only if it is of that number."""
    for unit in units:
        if question.commune_code or question.text.startswith(str(unit["siren"])):
            yield unit
