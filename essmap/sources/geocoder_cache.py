"""Answers of the geocoder kept on disk, by address and commune: a refresh asks only for what changed.

One JSON file per service and department. A file that is missing or damaged is as if nothing was kept; each answer has
the day it was given, and is asked again when it is too old.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from essmap.errors import SourceError
from essmap.schema.atomic import write_whole
from essmap.schema.folding import fold
from essmap.texts import t
from essmap.texts.system import system_reason

#: The Base Adresse Nationale changes every week, an address seldom: half a year keeps new streets from waiting long.
KEEP_DAYS: Final = 180

#: Cells of an answer, as the service names them.
Cells = Mapping[str, str]


class Answers:
    """What a service answered, on disk.

    Parameters
    ----------
    folder : Path
    url : str
        Of the service: another one answers otherwise.
    now : datetime
        Answers older than ``keep_days`` are not given; new ones are of this day.
    keep_days : int or None
        None: however old.
    """

    def __init__(self, folder: Path, url: str, now: datetime, keep_days: int | None) -> None:
        self._folder = folder
        self._source = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:8]
        self._today = now.date()
        self._keep_days = keep_days
        self._read: dict[str, dict[str, Any]] = {}

    @property
    def today(self) -> date:
        """The day of new answers."""
        return self._today

    def get(self, address: str, citycode: str) -> tuple[Cells, date] | None:
        """Return the answer for an address and its day; None where there is none that is young enough."""
        entry = self._entries(citycode).get(_key(address, citycode))
        try:
            day = date.fromisoformat(entry["asked_on"])  # type: ignore[index]
            cells = {str(name): str(value) for name, value in entry["cells"].items()}  # type: ignore[index]
        except (TypeError, KeyError, ValueError, AttributeError):
            return None
        is_young = self._keep_days is None or 0 <= (self._today - day).days <= self._keep_days
        return (cells, day) if is_young else None

    def add(self, answers: Mapping[tuple[str, str], Cells]) -> None:
        """Keep answers by address and commune, whole or not at all.

        Raises
        ------
        SourceError
            If they cannot be written.
        """
        changed = set()
        for (address, citycode), cells in answers.items():
            entry = {"asked_on": self._today.isoformat(), "cells": dict(cells)}
            self._entries(citycode)[_key(address, citycode)] = entry
            changed.add(self._path(citycode))
        for path in sorted(changed):
            self._prune(self._read[str(path)])
            content = json.dumps(self._read[str(path)], ensure_ascii=False, sort_keys=True).encode()
            try:
                write_whole(path, content, is_private=True)
            except OSError as error:
                raise SourceError(t("geocoder.errors.not_kept", reason=system_reason(error))) from error

    def _prune(self, entries: dict[str, Any]) -> None:
        """Leave out what is too old to be given: an address that nobody asks for any more does not stay."""
        if self._keep_days is None:
            return
        oldest = (self._today - timedelta(days=self._keep_days)).isoformat()
        for key, entry in [*entries.items()]:
            if not isinstance(entry, dict) or str(entry.get("asked_on", "")) < oldest:
                del entries[key]

    def _path(self, citycode: str) -> Path:
        department = citycode[:3] if citycode.startswith("97") else citycode[:2]
        return self._folder / f"geocoder-{department}-{self._source}.json"

    def _entries(self, citycode: str) -> dict[str, Any]:
        path = self._path(citycode)
        if str(path) not in self._read:
            try:
                found = json.loads(path.read_bytes())
            except (OSError, ValueError):
                found = {}
            self._read[str(path)] = found if isinstance(found, dict) else {}
        return self._read[str(path)]


def _key(address: str, citycode: str) -> str:
    return f"{citycode} {fold(address)}"
