"""Answers of a service kept on disk, one file per request: an interrupted run goes on, a finished one can be replayed.

A file is two lines of JSON: what was asked, when, and the digest of the second line; then the answer. A file that is
damaged, of another request or too old is no answer: the service is asked again and the file replaced.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from essmap.errors import SourceError
from essmap.schema.atomic import write_whole
from essmap.texts import t
from essmap.texts.system import system_reason

_CLOCKS_DIFFER: Final = timedelta(hours=1)  # an answer from further in the future is not believed


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes
    ----------
    content : object
        What JSON holds.
    fetched_at : datetime
        UTC.
    digest : str
        SHA-256 of the content as it is kept.
    """

    content: Any
    fetched_at: datetime
    digest: str


class Answers:
    """A folder of answers.

    Parameters
    ----------
    folder : Path
        Made when the first answer is kept.
    max_age : timedelta or None
        Older answers are asked for again; None: however old.
    """

    def __init__(self, folder: Path, max_age: timedelta | None) -> None:
        self._folder = folder
        self._max_age = max_age

    def path(self, url: str, parameters: Mapping[str, str]) -> Path:
        """Return the file of a request, the same in whatever order its parameters come."""
        asked = json.dumps([url, sorted(parameters.items())], ensure_ascii=False)
        return self._folder / f"{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"

    def find(self, url: str, parameters: Mapping[str, str], now: datetime) -> Answer | None:
        """Return what is kept for a request, or None where nothing whole and recent is.

        Parameters
        ----------
        url : str
        parameters : mapping
        now : datetime
            UTC.

        Returns
        -------
        Answer or None
        """
        try:
            head, body = self.path(url, parameters).read_bytes().split(b"\n", 1)
            said = json.loads(head)
            fetched_at = datetime.fromisoformat(said["fetched_at"]).astimezone(UTC)
            is_whole = said["sha256"] == hashlib.sha256(body).hexdigest()
            is_ours = said["url"] == url and said["parameters"] == dict(parameters)
            if not (is_whole and is_ours and self._is_recent(fetched_at, now)):
                return None
            return Answer(json.loads(body), fetched_at, said["sha256"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return None

    def _is_recent(self, fetched_at: datetime, now: datetime) -> bool:
        if self._max_age is None:
            return True
        return -_CLOCKS_DIFFER <= now - fetched_at <= self._max_age

    def keep(self, url: str, parameters: Mapping[str, str], content: Any, now: datetime) -> Answer:
        """Write an answer, whole or not at all.

        Parameters
        ----------
        url : str
        parameters : mapping
        content : object
            What JSON can hold.
        now : datetime
            UTC.

        Returns
        -------
        Answer

        Raises
        ------
        SourceError
            If it cannot be written.
        """
        body = json.dumps(content, sort_keys=True).encode()
        digest = hashlib.sha256(body).hexdigest()
        said = {"url": url, "parameters": dict(parameters), "fetched_at": now.isoformat(), "sha256": digest}
        try:
            whole = json.dumps(said).encode() + b"\n" + body
            write_whole(self.path(url, parameters), whole, is_lasting=False, is_private=True)
        except OSError as error:
            raise SourceError(t("client.errors.not_kept", reason=system_reason(error))) from error
        return Answer(content, now, digest)

    def prune(self, now: datetime, older_than: timedelta) -> int:
        """Remove answers that are too old to be of use, and files that are no answers; return how many.

        Parameters
        ----------
        now : datetime
            UTC.
        older_than : timedelta

        Returns
        -------
        int

        Raises
        ------
        SourceError
            If one cannot be removed: what it holds must not stay for ever.
        """
        removed = 0
        for path in sorted(self._folder.glob("*.json")):
            if now - _moment(path) <= older_than:
                continue
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise SourceError(t("client.errors.not_kept", reason=system_reason(error))) from error
            removed += 1
        return removed


def _moment(path: Path) -> datetime:
    """Return when an answer was fetched; long ago where nobody can tell."""
    try:
        with path.open("rb") as stream:
            return datetime.fromisoformat(json.loads(stream.readline())["fetched_at"]).astimezone(UTC)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)
