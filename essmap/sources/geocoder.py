"""Positions of addresses from the geocoder of the Géoplateforme (IGN, Base Adresse Nationale), many at a time.

Addresses go as CSV files under the limits of the service. An answer is believed only when it is of the rows that were
asked, in their order: anything else is asked again, then refused. What was answered is kept on disk by address and
commune, so that a refresh asks for what changed. Nothing is judged here: see `essmap.build.geocode`.
"""

from __future__ import annotations

import email.utils
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import stamina

from essmap import __version__
from essmap.errors import SourceError
from essmap.sources.geocoder_cache import KEEP_DAYS, Answers
from essmap.sources.geocoder_rows import (
    ADDRESS,
    CITYCODE,
    COMMUNE,
    RESULTS,
    Answer,
    Question,
    cells_of,
    read_answers,
    read_cells,
    to_csv,
)
from essmap.texts import t

#: Rows of one file. The service takes 200,000 lines; files of this size answer well within the time-out.
ROWS_AT_MOST: Final = 5_000
#: Bytes of one file: the service rejects more than 50 MB.
BYTES_AT_MOST: Final = 50_000_000
#: Seconds one answer may take: the service works through a whole file before it says anything.
TIMEOUT_S: Final = 300.0

ATTEMPTS: Final = 5
#: How often rows that the service failed on (they come in blocks of a hundred) are asked again.
ROUNDS: Final = 3
_LONGER_AT_MOST: Final = 10  # how many times as long as the file an answer may be
_WAIT_AT_MOST_S: Final = 60.0
_TOO_BUSY_S: Final = 5.0  # how long the service blocks who asks too much
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

# stamina writes a line in English for each retry unless it has somewhere to put it.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class GeocoderService:
    """Where and how the service is asked.

    Attributes
    ----------
    url : str
        The part before ``/search/csv``.
    cache : Path
        Folder where answers are kept.
    timeout_s : float
        Seconds one answer may take, from the first byte to the last.
    rows, size : int
        Rows and bytes of one file at most.
    contact : str
        Address written in the User-Agent; empty: none.
    keep_days : int
        Age in days from which an answer is asked again.
    """

    url: str
    cache: Path
    timeout_s: float = TIMEOUT_S
    rows: int = ROWS_AT_MOST
    size: int = BYTES_AT_MOST
    contact: str = ""
    keep_days: int = KEEP_DAYS


@dataclass(slots=True)
class Geocoded:
    """Answers, one per question, and what it took.

    Attributes
    ----------
    answers : dict of Question to Answer
    requests : int
        Files sent, those that failed included.
    sent, kept : int
        Addresses that were sent; those whose answer was on disk.
    """

    answers: dict[Question, Answer] = field(default_factory=dict)
    requests: int = 0
    sent: int = 0
    kept: int = 0


class _BadAnswerError(Exception):
    """A bad moment of the service; ``wait_s`` is when to come back, if it says so."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def ask_geocoder(
    service: GeocoderService,
    questions: Sequence[Question],
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    now: datetime | None = None,
) -> Geocoded:
    """Return the answer to each question: from disk if it is young enough, else from the service.

    Each file's answers are kept on disk at once: what is interrupted goes on where it stopped.

    Parameters
    ----------
    service : GeocoderService
    questions : sequence of Question
        Repeated ones are asked once.
    progress : callable
        Called with the number of addresses answered and their number in all.
    now : datetime or None
        The moment of asking, with its time zone. None: now.

    Returns
    -------
    Geocoded
        Every question has an answer; status ``error`` where the service failed on a row each time.

    Raises
    ------
    SourceError
        If the service does not answer, refuses, answers for other rows than were asked, or an answer cannot be kept.
    """
    kept = Answers(service.cache, service.url, now or datetime.now(UTC), service.keep_days)
    result = Geocoded()
    wanted = list(dict.fromkeys(questions))
    for question in wanted:
        cells = kept.get(question.address, question.citycode)
        if cells is not None and (answer := read_cells(cells)) is not None:
            result.answers[question] = answer
    result.kept = len(result.answers)
    progress(result.kept, len(wanted))
    left = [question for question in wanted if question not in result.answers]
    result.sent = len(left)
    agent = f"essmap/{__version__}" + (f" ({service.contact})" if service.contact else "")
    with httpx.Client(timeout=service.timeout_s, headers={"User-Agent": agent}) as client:
        for _ in range(ROUNDS):
            failed = []
            for some in _files(left, service):
                answers = dict(zip(some, _ask(client, service, some, result), strict=True))
                result.answers.update(answers)
                failed += [one for one, answer in answers.items() if answer.status == "error"]
                good = {one: answer for one, answer in answers.items() if answer.status != "error"}
                kept.add({(one.address, one.citycode): cells_of(answer) for one, answer in good.items()})
                progress(len(result.answers), len(wanted))
            if not (left := failed):
                break
    return result


def _files(questions: Sequence[Question], service: GeocoderService) -> Iterator[list[Question]]:
    """Yield questions in groups that make files of no more than the allowed rows and bytes."""
    some: list[Question] = []
    header = size = len(to_csv([]))
    for number, question in enumerate(questions):
        row = len(to_csv([question], first=number)) - header
        if some and (len(some) == service.rows or size + row > service.size):
            yield some
            some, size = [], header
        some.append(question)
        size += row
    if some:
        yield some


def _ask(
    client: httpx.Client, service: GeocoderService, questions: Sequence[Question], result: Geocoded
) -> list[Answer]:
    """Return the answers to one file, asking again while the service has a bad moment."""
    content = to_csv(questions)
    try:
        for attempt in stamina.retry_context(on=_when_to_ask_again, attempts=ATTEMPTS, timeout=None):
            with attempt:
                result.requests += 1
                answers = _read(_post(client, service, content), questions)
    except (httpx.HTTPError, httpx.InvalidURL, _BadAnswerError) as error:
        reason = str(error) if isinstance(error, _BadAnswerError) else t(f"geocoder.reasons.{_reason(error)}")
        raise SourceError(t("geocoder.errors.no_answer", url=service.url, attempts=ATTEMPTS, reason=reason)) from error
    return answers


def _read(body: bytes, questions: Sequence[Question]) -> list[Answer]:
    try:
        return read_answers(body, questions)
    except ValueError as error:
        raise _BadAnswerError(str(error)) from error


def _post(client: httpx.Client, service: GeocoderService, content: bytes) -> bytes:
    """Send one file and return the body of the answer: the only place where the network is used."""
    until = time.monotonic() + service.timeout_s
    form = {"columns": [ADDRESS, COMMUNE], "citycode": CITYCODE, "result_columns": list(RESULTS)}
    files = {"data": ("adresses.csv", content, "text/csv; charset=utf-8")}
    url = f"{service.url.rstrip('/')}/search/csv"
    with client.stream("POST", url, data=form, files=files) as response:
        if response.status_code in _BUSY:
            reason = t("geocoder.reasons.status", status=response.status_code)
            raise _BadAnswerError(reason, _retry_after(response) if response.status_code in (429, 503) else None)
        if response.status_code != httpx.codes.OK:
            raise SourceError(t("geocoder.errors.status", url=service.url, status=response.status_code))
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > _LONGER_AT_MOST * len(content) + 2**20:
                raise _BadAnswerError(t("geocoder.reasons.too_long"))
            if time.monotonic() > until:
                raise httpx.ReadTimeout("")
    return bytes(body)


def _when_to_ask_again(error: Exception) -> bool | float:
    if isinstance(error, _BadAnswerError):
        return error.wait_s if error.wait_s is not None else True
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _retry_after(response: httpx.Response) -> float:
    """Return the seconds to wait that an answer names, as a number or a date."""
    said = response.headers.get("Retry-After", "")
    try:
        wait = float(said) if said.isdecimal() else _seconds_until(email.utils.parsedate_to_datetime(said))
    except (ValueError, TypeError):
        wait = _TOO_BUSY_S
    return min(max(wait, 0.0), _WAIT_AT_MOST_S)


def _seconds_until(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "slow"
    return "cut" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError) else "unreachable"
