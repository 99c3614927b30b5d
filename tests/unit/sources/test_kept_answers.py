"""What stays on disk of a geocoder, and how days are said: private, not for ever, in French."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from essmap.sources import search_api
from essmap.sources.geocoder_cache import KEEP_DAYS, Answers

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
URL = "https://geocodeur.exemple.fr"


def test_old_addresses_leave_the_disk_with_the_next_answers(tmp_path):
    """An address that nobody asks for any more is removed, and only the owner reads the file."""
    Answers(tmp_path, URL, NOW - timedelta(days=KEEP_DAYS + 1), KEEP_DAYS).add({("1 rue A", "31555"): {"score": "1"}})
    Answers(tmp_path, URL, NOW, KEEP_DAYS).add({("2 rue B", "31555"): {"score": "1"}})
    (path,) = tmp_path.iterdir()
    assert [key.split(" ", 1)[1] for key in json.loads(path.read_text(encoding="utf-8"))] == ["2 rue b"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_entry_that_is_no_answer_is_removed_too(tmp_path):
    """A damaged file stops nothing."""
    answers = Answers(tmp_path, URL, NOW, KEEP_DAYS)
    answers.add({("2 rue B", "31555"): {"score": "1"}})
    (path,) = tmp_path.iterdir()
    path.write_text('{"31555 1 rue a": 3, "31555 2 rue b": []}', encoding="utf-8")
    Answers(tmp_path, URL, NOW, KEEP_DAYS).add({("4 rue D", "31555"): {"score": "1"}})
    assert [*json.loads(path.read_text(encoding="utf-8"))] == ["31555 4 rue d"]


@pytest.mark.parametrize("hours", [[1], [1, 23]])
def test_read_over_midnight_says_its_days_in_french(hours):
    """One day is an ISO date, as everywhere; two are words, and French."""

    class Asker:
        digest = "0" * 64

    Asker.moments = [NOW + timedelta(hours=hour) for hour in hours]
    file = search_api._file(Asker(), URL)
    assert file.vintage == ("2026-09-01" if len(hours) == 1 else "réponses du 01/09/2026 au 02/09/2026")
    assert file.fetched_at[:4] == "2026"
