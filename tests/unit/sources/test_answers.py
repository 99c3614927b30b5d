"""Answers on disk: found again, never a damaged or an old one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from essmap.errors import SourceError
from essmap.sources.answers import Answers

URL = "https://service.exemple.fr/search"
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ASKED = {"code_commune": "31555", "page": "2"}
CONTENT = {"results": [{"nom": "ASSOCIATION INVENTÉE \ud800", "n": 1}], "total_results": 1}


@pytest.fixture
def answers(tmp_path):
    return Answers(tmp_path / "cache", timedelta(days=1))


def test_answer_is_found_whatever_the_order_of_parameters(answers):
    """What is kept is found again with its moment and digest; another request finds nothing."""
    kept = answers.keep(URL, ASKED, CONTENT, NOW)
    found = answers.find(URL, dict(reversed(ASKED.items())), NOW + timedelta(hours=23))
    assert found == kept
    assert found.content == CONTENT
    assert answers.find(URL, {**ASKED, "page": "3"}, NOW) is None
    assert answers.find(URL + "2", ASKED, NOW) is None


@pytest.mark.parametrize(
    ("hours", "is_found"), [(0, True), (23.9, True), (24.1, False), (9999, False), (-0.5, True), (-2, False)]
)
def test_old_answers_are_asked_for_again(answers, tmp_path, hours, is_found):
    """Beyond the age limit, or from the future, a file is no answer; without a limit it always is."""
    answers.keep(URL, ASKED, CONTENT, NOW)
    moment = NOW + timedelta(hours=hours)
    assert (answers.find(URL, ASKED, moment) is not None) == is_found
    assert Answers(tmp_path / "cache", None).find(URL, ASKED, moment) is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_file_is_no_answer(answers, data):
    """One byte changed or lost anywhere: the answer is the same or none, never another one."""
    kept = answers.keep(URL, ASKED, CONTENT, NOW)
    path = answers.path(URL, ASKED)
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[place] = data.draw(st.integers(0, 255))
    else:
        del whole[place:]
    path.write_bytes(whole)
    found = answers.find(URL, ASKED, NOW)
    assert found is None or found.content == kept.content


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}\n{}", b"[]\n[]", b"null\n1", b"\xff\n\xff", b'{"fetched_at": 3}\n{}']
)
def test_file_of_another_kind_is_no_answer(answers, content):
    """Whatever lies there, it is asked for again and replaced."""
    answers.keep(URL, ASKED, CONTENT, NOW)
    answers.path(URL, ASKED).write_bytes(content)
    assert answers.find(URL, ASKED, NOW) is None
    answers.keep(URL, ASKED, CONTENT, NOW)
    assert answers.find(URL, ASKED, NOW) is not None


def test_file_of_another_request_is_no_answer(answers):
    """A file copied over another does not answer for it."""
    answers.keep(URL, ASKED, CONTENT, NOW)
    other = {**ASKED, "page": "3"}
    answers.path(URL, other).write_bytes(answers.path(URL, ASKED).read_bytes())
    assert answers.find(URL, other, NOW) is None


def test_folder_that_cannot_be_written_is_said(answers, tmp_path):
    """A file where the folder should be: a sentence that names the setting."""
    (tmp_path / "cache").write_bytes(b"")
    with pytest.raises(SourceError, match="ESSMAP_CACHE"):
        answers.keep(URL, ASKED, CONTENT, NOW)


def test_answers_are_private_and_do_not_stay_for_ever(answers, tmp_path):
    """Nobody else reads them; what is too old, or no answer, is removed, and the rest stays."""
    kept = answers.keep(URL, ASKED, CONTENT, NOW)
    path = answers.path(URL, ASKED)
    assert path.stat().st_mode & 0o777 == 0o600
    (path.parent / "damaged.json").write_bytes(b"{}")
    answers.keep(URL, {**ASKED, "page": "9"}, CONTENT, NOW - timedelta(days=31))
    assert answers.prune(NOW, timedelta(days=30)) == 2
    assert [*path.parent.iterdir()] == [path]
    assert answers.find(URL, ASKED, NOW) == kept
