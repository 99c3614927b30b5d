"""Positions of addresses from the geocoder of the Géoplateforme (IGN, Base Adresse Nationale), many at a time.

Addresses go as CSV files under the limits of the service. An answer is believed only when it is of the rows that were
asked, in their order: anything else is asked again, then refused. What was answered is kept on disk by address and
commune, so that a refresh asks for what changed. Nothing is judged here: see `essmap.build.geocode`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from essmap.sources.client import Client, Manners
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

#: Rows of one file. The service takes 200,000 lines; files of this size answer well within the time-out.
ROWS_AT_MOST: Final = 5_000
#: Bytes of one file: the service rejects more than 50 MB.
BYTES_AT_MOST: Final = 50_000_000
#: Seconds one answer may take: the service works through a whole file before it says anything.
TIMEOUT_S: Final = 300.0

#: How often rows that the service failed on (they come in blocks of a hundred) are asked again.
ROUNDS: Final = 3
#: Files in a second at most. The service takes 50 requests; a file is far more work than a request.
_RATE: Final = 7
_ROW_OF_RESULTS: Final = 2_000  # bytes that a row of an answer may have on top of what was sent


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
    offline : bool
        Whether only what is on disk is given, however old.
    """

    url: str
    cache: Path
    timeout_s: float = TIMEOUT_S
    rows: int = ROWS_AT_MOST
    size: int = BYTES_AT_MOST
    contact: str = ""
    keep_days: int = KEEP_DAYS
    offline: bool = False

    @property
    def manners(self) -> Manners:
        """How it is asked: an answer is as long as its file, with a few columns more."""
        longest = self.size + self.rows * _ROW_OF_RESULTS
        return Manners(_RATE, self.timeout_s, bytes_at_most=longest, contact=self.contact)


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
    days : set of date
        When the answers were given.
    """

    answers: dict[Question, Answer] = field(default_factory=dict)
    requests: int = 0
    sent: int = 0
    kept: int = 0
    days: set[date] = field(default_factory=set)


def ask_geocoder(
    service: GeocoderService,
    questions: Sequence[Question],
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
    now: datetime | None = None,
    client: Client | None = None,
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
    client : Client, optional
        Asks instead of one made from the service's manners (tests).

    Returns
    -------
    Geocoded
        Every question has an answer; status ``error`` where the service failed on a row each time, ``offline`` where
        nobody was asked.

    Raises
    ------
    SourceError
        If the service does not answer, refuses, answers for other rows than were asked, or an answer cannot be kept.
    """
    keep_days = None if service.offline else service.keep_days
    kept = Answers(service.cache, service.url, now or datetime.now(UTC), keep_days)
    wanted = list(dict.fromkeys(questions))
    result = _from_disk(kept, wanted)
    progress(result.kept, len(wanted))
    left = [question for question in wanted if question not in result.answers]
    if service.offline:
        result.answers.update(dict.fromkeys(left, Answer("offline")))
        return result
    result.sent = len(left)
    with ExitStack() as stack:
        asking = client or stack.enter_context(Client(service.manners))
        before = asking.requests
        for _ in range(ROUNDS):
            failed = []
            for some in _files(left, service):
                answers = dict(zip(some, _ask(asking, service, some), strict=True))
                result.answers.update(answers)
                failed += [one for one, answer in answers.items() if answer.status == "error"]
                good = {one: answer for one, answer in answers.items() if answer.status != "error"}
                kept.add({(one.address, one.citycode): cells_of(answer) for one, answer in good.items()})
                result.days.add(kept.today)
                progress(len(result.answers), len(wanted))
            if not (left := failed):
                break
        result.requests = asking.requests - before
    return result


def _from_disk(kept: Answers, questions: Sequence[Question]) -> Geocoded:
    """Return the answers that are on disk."""
    result = Geocoded()
    for question in questions:
        found = kept.get(question.address, question.citycode)
        if found is not None and (answer := read_cells(found[0])) is not None:
            result.answers[question] = answer
            result.days.add(found[1])
    result.kept = len(result.answers)
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


def _ask(client: Client, service: GeocoderService, questions: Sequence[Question]) -> list[Answer]:
    """Return the answers to one file, asking again while the service has a bad moment."""
    return client.ask(
        f"{service.url.rstrip('/')}/search/csv",
        lambda body: read_answers(body, questions),
        method="POST",
        data={"columns": [ADDRESS, COMMUNE], "citycode": CITYCODE, "result_columns": list(RESULTS)},
        files={"data": ("adresses.csv", to_csv(questions), "text/csv; charset=utf-8")},
    )
