"""The establishments of the ESS of a department, from the API Recherche d'entreprises (DINUM).

`read_api` asks for all communes in groups, completes what pages skipped (`essmap.sources.search_sweep`) and what large
units hide (`essmap.sources.search_networks`), then counts the department by sections, which no commune can escape.
Every answer is kept on disk: an interrupted read goes on where it stopped, a finished one can be replayed offline.

Source: annuaire-entreprises-data-gouv-fr/search-api, its code and its ``open-api.yml`` (July 2026).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd

from essmap.errors import SourceError
from essmap.schema.register import RegisterFile, RegisterRead
from essmap.sources.answers import Answer, Answers
from essmap.sources.client import Client, Manners, NoAnswerError
from essmap.sources.search_answers import INNER_AT_MOST, INNER_DEFAULT, check_obeyed, may_be_cut, read_answer
from essmap.sources.search_networks import Cut, Networks
from essmap.sources.search_reading import PER_PAGE, Shortfall
from essmap.sources.search_rows import register_rows
from essmap.sources.search_slices import SECTIONS, Known, Places, Slice, describe, with_districts
from essmap.sources.search_sweep import Sweep
from essmap.texts import t

Progress = Callable[[int, int], None]

PUBLISHED_AT: Final = "https://recherche-entreprises.api.gouv.fr"
#: Inhabitants of the communes asked together: some 500 units, of about 8 for 1,000 inhabitants.
_GROUP: Final = 60_000
#: Requests in a row that were given up, each after several attempts.
_FAILURES_AT_MOST: Final = 8
#: Older answers are removed from the disk when the service is asked again.
_KEPT_AT_MOST: Final = timedelta(days=30)
#: What is kept of a request that was given up.
_GIVEN_UP: Final = {"given_up": True}
_LIMIT: Final = "limite_matching_etablissements"
#: Sent with every request: no officers, no accounts.
_ALWAYS: Final = {
    "minimal": "true",
    "include": "siege,complements,matching_etablissements",
    _LIMIT: str(INNER_AT_MOST),
}


@dataclass(frozen=True, slots=True)
class SearchService:
    """Where and how the service is asked.

    Attributes
    ----------
    url : str
        The part before ``/search``.
    cache : Path
        Folder where answers are kept, below which this source has its own.
    manners : Manners
        Rate, time, attempts, contact.
    max_age_days : float
        Older answers are asked for again.
    offline : bool
        Whether only what is on disk is read, however old.
    """

    url: str
    cache: Path
    manners: Manners = field(default_factory=Manners)
    max_age_days: float = 1.0
    offline: bool = False


class _Asker:
    """Asks the service, or the disk; counts, and remembers which answers were used."""

    def __init__(self, service: SearchService, client: Client, progress: Progress) -> None:
        self.url = f"{service.url.rstrip('/')}/search"
        max_age = None if service.offline else timedelta(days=service.max_age_days)
        self._answers = Answers(service.cache / "search-api", max_age)
        if not service.offline:
            self._answers.prune(client.clock.today(), max(timedelta(days=service.max_age_days), _KEPT_AT_MOST))
        self._client = client
        self._is_offline = service.offline
        self._progress = progress
        self._used: dict[Path, Answer] = {}
        self._failures = 0
        self._is_limit_proved = False
        self.expected = 1
        self.from_disk = 0

    def __call__(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        asked = {**_ALWAYS, **parameters}
        path = self._answers.path(self.url, asked)
        now = self._client.clock.today()
        answer = self._answers.find(self.url, asked, now)
        if answer is not None and answer.content == _GIVEN_UP:
            if self._is_offline:
                raise NoAnswerError(t("search_api.errors.offline", n=len(self._used)))
            answer = None
        if answer is None:
            if self._is_offline:
                raise SourceError(t("search_api.errors.offline", n=len(self._used)))
            answer = self._answers.keep(self.url, asked, self._fetched(asked, now), now)
        else:
            self.from_disk += path not in self._used
        self._used[path] = Answer(None, answer.fetched_at, answer.digest)
        self.report()
        content = answer.content if isinstance(answer.content, dict) else {}
        try:
            self._check_limit(content, parameters)
        except SourceError:
            if not self._is_offline:
                path.unlink(missing_ok=True)  # it shows a part: it must not be read again when the service is mended
            raise
        return content

    def _check_limit(self, content: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        """Ask once more, for fewer establishments, where a unit shows as many as a service does that ignores the limit.

        An answer that shows more than were asked for is refused (`check_obeyed`); one that shows more than a service
        does by itself proves that the limit holds.
        """
        if self._is_limit_proved or not content.get("results"):
            return
        most = max(len(unit["matching_etablissements"]) for unit in content["results"])
        if most > INNER_DEFAULT:
            self._is_limit_proved = True
        elif _LIMIT not in parameters and may_be_cut(content, INNER_DEFAULT):
            with suppress(NoAnswerError):
                fewer = self({**parameters, _LIMIT: str(INNER_DEFAULT - 1)})
                self._is_limit_proved = may_be_cut(fewer, INNER_DEFAULT - 1)

    def _fetched(self, asked: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """Return an answer of the service; after too many in a row that did not come, it is down.

        That a request was given up is kept too: offline, the same read then comes to the same shortfalls.
        """
        try:
            content = self._client.ask(self.url, read_answer, asked)
        except NoAnswerError as error:
            self._failures += 1
            if not self._used or self._failures == _FAILURES_AT_MOST:
                raise SourceError(str(error)) from error
            self._answers.keep(self.url, asked, _GIVEN_UP, now)
            raise
        self._failures = 0
        check_obeyed(content, asked)
        return content

    def report(self, *, is_finished: bool = False) -> None:
        """Tell how many answers there are, of how many expected."""
        done = len(self._used)
        self._progress(done, done if is_finished else max(self.expected, done + 1))

    @property
    def moments(self) -> list[datetime]:
        """When each answer used was fetched."""
        return sorted(answer.fetched_at for answer in self._used.values())

    @property
    def digest(self) -> str:
        """One digest for all answers used."""
        return hashlib.sha256("".join(sorted(answer.digest for answer in self._used.values())).encode()).hexdigest()


def read_api(
    service: SearchService,
    department: str,
    communes: pd.DataFrame,
    *,
    progress: Progress = lambda _done, _expected: None,
    client: Client | None = None,
) -> RegisterRead:
    """Read all active establishments of ESS units of a department.

    Parameters
    ----------
    service : SearchService
    department : str
        INSEE code.
    communes : DataFrame
        ``commune_code``, ``commune_name``, ``postcodes`` (lists), ``population``: every commune of the department.
    progress : callable, optional
        Called after each answer with the answers had so far and those expected, more than had until the end.
    client : Client, optional
        Asks instead of one made from the service's manners (tests).

    Returns
    -------
    RegisterRead
        ``figures``: ``requests`` sent, ``answers`` used, ``answers_from_disk``, ``units``, ``elsewhere``
        (establishments of other departments shown too), ``networks`` (units of more than 100 establishments).

    Raises
    ------
    SourceError
        If the service is down, no longer what it was, ignores a filter, or sends elsewhere; offline, if an answer is
        not on disk; if the disk cannot be written.
    """
    places = _places(communes)
    with ExitStack() as stack:
        asking = client or stack.enter_context(Client(service.manners))
        sent = asking.requests
        asker = _Asker(service, asking, progress)
        known = Known()
        short, cut = _read_all(asker, known, places, department)
        requests = asking.requests - sent
        asker.report(is_finished=True)
    frame, rejected, elsewhere = register_rows(known, department)
    shortfalls = [_sentence(one, places) for one in short] + _cut_sentences(cut, places)
    return RegisterRead(
        frame=frame,
        rows_in=len(frame) + sum(rejected.values()),
        rejected=rejected,
        files=(_file(asker, asker.url),),
        is_complete=not shortfalls,
        shortfalls=tuple(dict.fromkeys(shortfalls)),
        figures={
            "requests": requests,
            "answers": len(asker.moments),
            "answers_from_disk": asker.from_disk,
            "units": len(known.units),
            "elsewhere": elsewhere,
            "networks": len(known.large),
        },
    )


def _read_all(asker: _Asker, known: Known, places: Places, department: str) -> tuple[list[Shortfall], list[Cut]]:
    """Read the department by communes, complete large units, and check by sections that nothing escaped."""
    sweep = Sweep(asker, places, known)
    groups = [Slice(department, group) for group in places.groups(_GROUP)]
    totals = [sweep.total(part) or 0 for part in groups]
    asker.expected = sum(max(1, -(-total // PER_PAGE)) for total in totals) + 3 * len(SECTIONS)
    short = [one for part in groups for one in sweep.read(part).short]
    cut = Networks(asker, places, known, department).complete(groups)
    escaped = [one for section in SECTIONS for one in _check_section(sweep, Slice(department), section)]
    if not short and not escaped:
        escaped = _check_part(sweep, Slice(department))
    return short or escaped, cut


def _check_section(sweep: Sweep, whole: Slice, section: str) -> list[Shortfall]:
    """Count a section in the whole department, and read it where some of its units are in no known commune."""
    return _check_part(sweep, whole.of("section_activite_principale", section))


def _check_part(sweep: Sweep, part: Slice) -> list[Shortfall]:
    """Count a part of the department, and read it where some of its units are not known; the whole has them all.

    The whole is counted too, since a unit may have no section. What nobody can count is not known to be whole.
    """
    try:
        count = sweep.count(part)
    except NoAnswerError:
        count = None
    found = len(sweep.known.members(part))
    if count is None:
        return [Shortfall(part, found, None)]
    return [] if found >= count else sweep.read(part).short


def _places(communes: pd.DataFrame) -> Places:
    codes = communes["commune_code"].astype(str).tolist()
    return with_districts(
        Places(
            names=dict(zip(codes, communes["commune_name"].astype(str), strict=True)),
            postcodes={code: tuple(map(str, found)) for code, found in zip(codes, communes["postcodes"], strict=True)},
            population={code: int(number) for code, number in zip(codes, communes["population"], strict=True)},
        )
    )


def _file(asker: _Asker, url: str) -> RegisterFile:
    days = sorted({moment.date().isoformat() for moment in asker.moments})
    vintage = (
        days[0] if len(days) == 1 else t("search_api.vintage", first=_in_french(days[0]), last=_in_french(days[-1]))
    )
    return RegisterFile(
        key="api_search",
        title=t("search_api.title"),
        publisher=t("search_api.publisher"),
        url=url,
        licence="Licence Ouverte 2.0",
        vintage=vintage,
        fetched_at=days[-1],
        sha256=asker.digest,
    )


def _in_french(day: str) -> str:
    return "/".join(reversed(day.split("-")))


def _sentence(short: Shortfall, places: Places) -> str:
    where = describe(short.part, places)
    if short.expected is None:
        return t("search_api.shortfall.unknown", where=where, found=_number(short.found))
    return t("search_api.shortfall.known", where=where, found=_number(short.found), expected=_number(short.expected))


def _cut_sentences(cut: list[Cut], places: Places) -> list[str]:
    """Say in which places large units may have more, and how many they are: never which, since some are not shown."""
    sirens: dict[str, set[str]] = {}
    for one in cut:
        sirens.setdefault(describe(one.part, places), set()).add(one.siren)
    return [t("search_api.shortfall.cut", where=where, n=len(found)) for where, found in sirens.items()]


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
