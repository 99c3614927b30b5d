"""Files that are sent to the geocoder and files it answers with: addresses out, positions in.

An answer is read only if it is of the rows that were sent, in their order and with their cells: rows are never paired
by their place alone.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from essmap.sources.client import BrokenAnswerError
from essmap.texts import t

_ID, ADDRESS, COMMUNE, CITYCODE = "id", "adresse", "commune", "code_insee"
_SENT: Final = (_ID, ADDRESS, COMMUNE, CITYCODE)
RESULTS: Final = (
    "longitude", "latitude", "result_score", "result_type", "result_citycode", "result_label", "result_status",
)  # fmt: skip
_STATUSES: Final = frozenset({"ok", "not-found", "skipped", "error"})


@dataclass(frozen=True, slots=True)
class Question:
    """One address to place: prepared text, name of its commune and INSEE code, which alone filters."""

    address: str
    commune: str
    citycode: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says of one address; coordinates in degrees WGS84, 0 and without meaning unless it was found.

    ``status`` is ``ok``, ``not-found``, ``skipped`` (the service cannot read it), ``error`` (it failed), or ``offline``
    (nobody was asked).
    """

    status: str
    lon: float = 0.0
    lat: float = 0.0
    score: float = 0.0
    type: str = ""
    citycode: str = ""
    label: str = ""


def to_csv(questions: Sequence[Question], *, first: int = 0) -> bytes:
    """Return the file to send, its rows numbered from ``first``."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(_SENT)
    writer.writerows((n, one.address, one.commune, one.citycode) for n, one in enumerate(questions, first))
    return stream.getvalue().encode()


def read_answers(body: bytes, questions: Sequence[Question]) -> list[Answer]:
    """Return one answer per question.

    Parameters
    ----------
    body : bytes
        UTF-8, separated by commas as the file that was sent; columns by name, others are left out.
    questions : sequence of Question
        What was sent.

    Returns
    -------
    list of Answer
        In the order of ``questions``.

    Raises
    ------
    BrokenAnswerError
        If it is not a table, lacks a column, has other rows than were sent or makes no sense.
    """
    try:
        header, *rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise BrokenAnswerError(t("geocoder.reasons.not_csv")) from error
    place = {name: n for n, name in reversed(list(enumerate(header)))}
    missing = [name for name in (*_SENT, *RESULTS) if name not in place]
    if missing:
        start = " ".join(body[:60].decode(errors="replace").split())
        raise BrokenAnswerError(t("geocoder.reasons.columns", columns=", ".join(missing), start=start))
    rows = [row for row in rows if row]
    if len(rows) != len(questions) or any(len(row) != len(header) for row in rows):
        raise BrokenAnswerError(t("geocoder.reasons.rows", found=len(rows), expected=len(questions)))
    answers = []
    for number, (row, one) in enumerate(zip(rows, questions, strict=True)):
        sent = [row[place[name]] for name in _SENT]
        if sent != [str(number), one.address, one.commune, one.citycode]:
            raise BrokenAnswerError(t("geocoder.reasons.other_row", row=number + 1))
        answer = read_cells({name: row[place[name]] for name in RESULTS})
        if answer is None:
            raise BrokenAnswerError(t("geocoder.reasons.values", row=number + 1))
        answers.append(answer)
    return answers


def read_cells(cells: Mapping[str, str]) -> Answer | None:
    """Return an answer from its cells; None where they make no sense."""
    try:
        status = cells["result_status"]
        if status not in _STATUSES:
            return None
        if status != "ok":
            return Answer(status)
        lon, lat, score = (float(cells[name]) for name in ("longitude", "latitude", "result_score"))
        if not (-180 <= lon <= 180 and -90 <= lat <= 90 and math.isfinite(score)):
            return None
        return Answer(status, lon, lat, score, cells["result_type"], cells["result_citycode"], cells["result_label"])
    except (KeyError, ValueError):
        return None


def cells_of(answer: Answer) -> dict[str, str]:
    """Return an answer as the cells it was read from, to be kept."""
    numbers = {"longitude": answer.lon, "latitude": answer.lat, "result_score": answer.score}
    texts = {"result_type": answer.type, "result_citycode": answer.citycode, "result_label": answer.label}
    return {"result_status": answer.status, **texts, **{name: repr(number) for name, number in numbers.items()}}
