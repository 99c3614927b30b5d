"""The geocoder: what is sent, how a bad moment is survived, which answers are refused, what is kept on disk."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.errors import SourceError
from essmap.sources.client import Manners
from essmap.sources.geocoder import ROUNDS, GeocoderService, ask_geocoder
from essmap.sources.geocoder_rows import Answer, Question, cells_of, read_answers, read_cells, to_csv
from standins.geocoder import Hit, body, cut, geocoder_stand_in, hang_up, status

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


ATTEMPTS = Manners().attempts


@pytest.fixture
def stand_in(waits):
    """A geocoder that finds one point for anything; nobody waits between two attempts."""
    with geocoder_stand_in(default=Hit(1.0, 43.0)) as service:
        yield service


@pytest.fixture
def service(stand_in, tmp_path):
    return GeocoderService(stand_in.url, tmp_path / "cache", timeout_s=5, contact="contact@exemple.fr")


def questions(n, citycode="31555"):
    return [Question(f"{number} rue inventée", "Toulouse", citycode) for number in range(1, n + 1)]


def test_form_is_what_the_service_asks_for(stand_in, service):
    """Address and commune are the question, the INSEE code alone filters, only needed results are asked."""
    result = ask_geocoder(service, questions(2))
    assert stand_in.paths == ["/geocodage/search/csv"]
    (form,) = stand_in.forms
    assert (form["columns"], form["citycode"]) == (["adresse", "commune"], ["code_insee"])
    assert set(form) == {"columns", "citycode", "result_columns"}
    assert {"longitude", "latitude", "result_score", "result_type", "result_citycode", "result_status"} <= set(
        form["result_columns"]
    )
    assert stand_in.files[0][0] == {
        "id": "0",
        "adresse": "1 rue inventée",
        "commune": "Toulouse",
        "code_insee": "31555",
    }
    assert stand_in.agents[0].startswith("essmap/")
    assert "contact@exemple.fr" in stand_in.agents[0]
    assert result.answers[questions(1)[0]] == Answer(
        "ok", 1.0, 43.0, 0.93, "housenumber", "31555", "1 rue inventée, trouvé"
    )


@pytest.mark.parametrize(("rows", "files"), [(1, 5), (2, 3), (5, 1), (6, 1)])
def test_files_have_so_many_rows_at_most(stand_in, service, rows, files):
    """However small the files, each address is asked once and answered."""
    small = GeocoderService(service.url, service.cache, rows=rows)
    result = ask_geocoder(small, questions(5))
    assert [len(file) for file in stand_in.files] == [rows] * (5 // rows) + [5 % rows] * (5 % rows > 0)
    assert (len(result.answers), result.requests, result.sent, result.kept) == (5, files, 5, 0)


def test_files_have_so_many_bytes_at_most(stand_in, service):
    """A file never exceeds the size, unless one row does."""
    size = len(to_csv(questions(3)))
    ask_geocoder(GeocoderService(service.url, service.cache, size=size), questions(7))
    assert [len(file) for file in stand_in.files] == [3, 3, 1]
    assert max(len(to_csv(questions(len(file)))) for file in stand_in.files) <= size


def test_hostile_text_stays_one_cell(stand_in, service):
    """Separators, quotes, line ends and formulas in an address are sent and read back as they are."""
    texts = ['12; rue "du" Bac, bât. A', "=1+1", "rue\tdes\nDeux", "« É »"]
    result = ask_geocoder(service, [Question(text, "Toulouse", "31555") for text in texts])
    assert stand_in.asked == texts
    assert len(result.answers) == len(texts)


BAD = {
    "500": status(500), "503": status(503, Retry_After="0"), "429": status(429, Retry_After="0"),
    "429 date": status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), "429 odd": status(429, Retry_After="soon"),
    "cut": cut, "hang up": hang_up, "page": body(b"<html>Maintenance</html>"), "empty": body(b""),
    "not utf-8": body(b"id,adresse\xff\n"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_moments_are_tried_again(stand_in, service, bad):
    """A busy, broken or senseless answer is asked again, and the result is whole."""
    stand_in.bad = [bad] * (ATTEMPTS - 1)
    result = ask_geocoder(service, questions(3))
    assert {answer.status for answer in result.answers.values()} == {"ok"}
    assert result.requests == ATTEMPTS


def test_service_says_when_to_come_back(stand_in, service, waits):
    """Seconds or a date: the wait that is named is kept; without one it is what the service blocks."""
    later = datetime.now(UTC) + timedelta(seconds=20)
    named = ["7", later.strftime("%a, %d %b %Y %H:%M:%S GMT"), "soon"]
    stand_in.bad = [status(429, Retry_After=value) for value in named]
    ask_geocoder(service, questions(1))
    assert waits == [pytest.approx(seconds, abs=3) for seconds in (7.5, 20, 5.5)]


def test_service_that_wants_to_be_left_alone_is(stand_in, service):
    """A wait of hours is not waited for: it is said."""
    stand_in.bad = [status(429, Retry_After="999999")]
    with pytest.raises(SourceError, match="demande d’attendre"):
        ask_geocoder(service, questions(1))
    assert len(stand_in.files) == 1


@pytest.mark.parametrize(("bad", "words"), [("500", "réponse 500"), ("cut", "coupée"), ("page", "colonnes absentes")])
def test_attempts_are_bounded(stand_in, service, bad, words):
    """A service that stays bad is given up after a fixed number of attempts, with its reason."""
    stand_in.bad = [BAD[bad]] * 50
    with pytest.raises(SourceError, match=words):
        ask_geocoder(service, questions(1))
    assert len(stand_in.files) == ATTEMPTS


@pytest.mark.parametrize(
    ("code", "words"), [(302, "autre hôte"), (400, "réponse 400"), (404, "réponse 404"), (413, "réponse 413")]
)
def test_refusals_are_not_tried_again(stand_in, service, code, words):
    """What the service refuses is said at once, and no address goes to another host."""
    stand_in.bad = [status(code, Location="http://127.0.0.1:1/")] * 2
    with pytest.raises(SourceError, match=f"{words}.*réglages"):
        ask_geocoder(service, questions(1))
    assert len(stand_in.files) == 1


def test_service_that_is_not_there_is_said(tmp_path, waits):
    """Nobody listens: a sentence with the address."""
    with pytest.raises(SourceError, match="injoignable"):
        ask_geocoder(GeocoderService("http://127.0.0.1:1/geocodage", tmp_path), questions(1))


CHANGES = {
    "short": lambda rows: rows[:-1],
    "long": lambda rows: [*rows, rows[-1]],
    "another order": lambda rows: [rows[0], *reversed(rows[1:])],
    "shifted": lambda rows: [
        rows[0],
        *([*row[:4], *other[4:]] for row, other in zip(rows[2:], rows[1:], strict=False)),
    ],
    "other ids": lambda rows: [rows[0], *([str(int(row[0]) + 1), *row[1:]] for row in rows[1:])],
    "other addresses": lambda rows: [rows[0], *([row[0], "ailleurs", *row[2:]] for row in rows[1:])],
    "cells missing": lambda rows: [rows[0], rows[1][:-1], *rows[2:]],
    "column missing": lambda rows: [row[:-1] for row in rows],
    "unknown status": lambda rows: [rows[0], *([*row[:-1], "fine"] for row in rows[1:])],
    "no number": lambda rows: [rows[0], *([*row[:4], "est", *row[5:]] for row in rows[1:])],
    "not a place": lambda rows: [rows[0], *([*row[:4], "1e9", *row[5:]] for row in rows[1:])],
    "not finite": lambda rows: [rows[0], *([*row[:4], "nan", *row[5:]] for row in rows[1:])],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_answer_for_other_rows_is_refused(stand_in, service, change):
    """An answer that is short, long, shifted, in another order or without sense is never paired with the rows sent."""
    stand_in.change = change
    with pytest.raises(SourceError, match="n’a pas répondu comme il faut"):
        ask_geocoder(service, questions(4))
    assert not service.cache.exists()


def test_columns_are_read_by_name(stand_in, service):
    """Columns in another order, with others among them, give the same answers."""
    expected = ask_geocoder(service, questions(3)).answers
    stand_in.change = lambda rows: [["x", *reversed(row)] for row in rows]
    again = GeocoderService(service.url, service.cache / "other")
    assert ask_geocoder(again, questions(3)).answers == expected


def test_rows_the_service_failed_on_are_asked_again(stand_in, service):
    """Blocks of a hundred errors: only these rows are sent again, until they are answered."""
    stand_in.failing = {1: 1}
    result = ask_geocoder(service, questions(250))
    assert [len(file) for file in stand_in.files] == [250, 100]
    assert {answer.status for answer in result.answers.values()} == {"ok"}


def test_rows_that_always_fail_are_said_and_not_kept(stand_in, service):
    """After so many rounds a row is left with status error, and asked again by the next build."""
    stand_in.failing = {0: ROUNDS}
    result = ask_geocoder(service, questions(3))
    assert {answer.status for answer in result.answers.values()} == {"error"}
    assert len(stand_in.files) == ROUNDS
    assert {answer.status for answer in ask_geocoder(service, questions(3)).answers.values()} == {"ok"}


# --- kept on disk --------------------------------------------------------------------------------------------------


def test_refresh_asks_only_for_what_changed(stand_in, service):
    """Addresses already answered come from disk, however they are written; new ones and other communes are asked."""
    first = ask_geocoder(service, questions(3), now=NOW).answers
    shouted = [Question(one.address.upper(), one.commune, one.citycode) for one in questions(3)]
    more = [*shouted, Question("9 rue neuve", "Toulouse", "31555"), Question("1 rue inventée", "Muret", "31395")]
    result = ask_geocoder(service, more, now=NOW)
    assert stand_in.asked[3:] == ["9 rue neuve", "1 rue inventée"]
    assert (result.sent, result.kept) == (2, 3)
    assert [result.answers[one] for one in shouted] == list(first.values())


@pytest.mark.parametrize(("days", "asked"), [(0, 0), (180, 0), (181, 2), (-1, 2)])
def test_old_answers_are_asked_again(stand_in, service, days, asked):
    """An answer is believed for half a year; one from the future is not."""
    ask_geocoder(service, questions(2), now=NOW)
    assert ask_geocoder(service, questions(2), now=NOW + timedelta(days=days)).sent == asked


def test_what_is_not_found_is_kept_too(stand_in, service):
    """An address that the service does not know is not asked at every build."""
    stand_in.default = None
    ask_geocoder(service, questions(1), now=NOW)
    result = ask_geocoder(service, questions(1), now=NOW)
    assert (result.sent, result.answers[questions(1)[0]].status) == (0, "not-found")


def test_offline_nobody_is_asked(stand_in, service):
    """What is on disk serves however old; an address that is not stays unanswered, and is asked by the next build."""
    ask_geocoder(service, questions(2), now=NOW - timedelta(days=900))
    stand_in.files.clear()
    result = ask_geocoder(replace(service, offline=True), questions(3), now=NOW)
    assert [result.answers[one].status for one in questions(3)] == ["ok", "ok", "offline"]
    assert (result.kept, result.sent, result.requests, stand_in.files) == (2, 0, 0, [])
    assert result.days == {(NOW - timedelta(days=900)).date()}
    assert ask_geocoder(service, questions(3), now=NOW - timedelta(days=900)).sent == 1


def test_another_service_has_its_own_answers(stand_in, service):
    """Answers of a mirror are not taken for those of the service."""
    ask_geocoder(service, questions(1), now=NOW)
    with geocoder_stand_in(default=Hit(2.0, 44.0)) as mirror:
        result = ask_geocoder(GeocoderService(mirror.url, service.cache), questions(1), now=NOW)
    assert result.answers[questions(1)[0]].lon == 2.0


def test_interrupted_run_goes_on_where_it_stopped(stand_in, service):
    """What was answered before the service went away is not asked again."""
    small = GeocoderService(service.url, service.cache, rows=2)
    stand_in.bad = []
    calls = []

    def break_after_two(rows):
        calls.append(len(rows))
        return rows if len(calls) <= 2 else rows[:1]

    stand_in.change = break_after_two
    with pytest.raises(SourceError):
        ask_geocoder(small, questions(6), now=NOW)
    stand_in.change = None
    result = ask_geocoder(small, questions(6), now=NOW)
    assert (result.kept, result.sent, len(result.answers)) == (4, 2, 6)


ENTRY = "31555 1 rue inventee"
DAMAGED = [
    b"", b"{", b"[]", b"\xff",
    *(json.dumps({ENTRY: entry}).encode() for entry in (
        3, {"asked_on": "hier", "cells": {}}, {"asked_on": "2026-05-04", "cells": {"result_status": "ok"}}
    )),
]  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED)
def test_damaged_cache_is_asked_again(stand_in, service, content):
    """A file that cannot be read, or an entry without sense, is as if nothing was kept."""
    ask_geocoder(service, questions(1), now=NOW)
    (path,) = service.cache.iterdir()
    path.write_bytes(content)
    assert ask_geocoder(service, questions(1), now=NOW).sent == 1
    assert list(json.loads(path.read_bytes())) == [ENTRY]


def test_answers_that_cannot_be_kept_are_said(stand_in, service):
    """A full or forbidden disk is a sentence."""
    service.cache.write_text("a file where the folder should be")
    with pytest.raises(SourceError, match="ESSMAP_CACHE"):
        ask_geocoder(service, questions(1))


def test_progress_counts_addresses(stand_in, service):
    """What is said goes from what was kept to all, and never back."""
    seen = []
    ask_geocoder(GeocoderService(service.url, service.cache, rows=2), questions(5), progress=lambda *n: seen.append(n))
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_nothing_to_ask_asks_nothing(stand_in, service):
    """No address, no request."""
    assert ask_geocoder(service, []).answers == {}
    assert stand_in.files == []


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(
    st.lists(st.builds(Question, TEXT, TEXT, TEXT), max_size=6, unique=True), st.floats(-180, 180), st.floats(-90, 90)
)
def test_file_and_answer_go_there_and_back(asked, lon, lat):
    """Whatever the texts, an answer with the rows that were sent is read, and kept cells are the same answer."""
    import csv
    import io

    answer = Answer("ok", lon, lat, 0.8, "street", "31555", "x")
    cells = cells_of(answer)
    assert read_cells(cells) == answer
    header, *rows = csv.reader(io.StringIO(to_csv(asked).decode(), newline=""))
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([[*header, *cells], *([*row, *cells.values()] for row in rows)])
    assert read_answers(stream.getvalue().encode(), asked) == [answer] * len(asked)
