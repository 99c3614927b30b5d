"""The polite client: how fast it asks, when it asks again, what it refuses. Nobody waits: the clock is made up."""

from __future__ import annotations

import json
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.errors import SourceError
from essmap.sources.client import Client, Manners, NoAnswerError
from standins.search_api import FakeClock

URL = "https://service.exemple.fr/search"


def client(answers, clock=None, **manners):
    """Return a client whose requests get these answers in turn, and the requests that it sent."""
    clock = clock or FakeClock()
    sent = []
    left = iter(answers)

    def handle(request):
        sent.append((clock.now(), request))
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer(clock) if callable(answer) else answer

    manners = Manners(contact="contact@exemple.fr", **manners)
    return Client(manners, transport=httpx.MockTransport(handle), clock=clock, seed=3), sent


def ok(content=b'{"a": 1}'):
    return httpx.Response(200, content=content)


@given(
    rate=st.integers(1, 9),
    delays=st.lists(st.floats(0, 0.6), min_size=30, max_size=60),
    shares=st.lists(st.floats(0, 1), min_size=60, max_size=60),
)
def test_no_window_of_a_second_holds_more_requests_than_the_rate(rate, delays, shares):
    """However long answers take, and whenever on its way a request arrives, no second holds more than the rate."""
    clock, arrived = FakeClock(), []
    parts = iter(zip(delays, shares, strict=False))

    def handle(_request):
        delay, share = next(parts)
        clock.sleep(delay * share)
        arrived.append(clock.now())
        clock.sleep(delay * (1 - share))
        return ok()

    with Client(Manners(rate=rate), transport=httpx.MockTransport(handle), clock=clock, seed=1) as asking:
        for _ in delays:
            asking.ask(URL, json.loads)
    windows = [sum(start <= moment <= start + 1 for moment in arrived) for start in arrived]
    assert max(windows) <= rate
    assert asking.requests == len(delays)


def test_rate_is_used_up_before_anybody_waits():
    """Seven requests go at once, the eighth a second after the first: the client is not slower than it must be."""
    asking, sent = client([ok() for _ in range(15)])
    for _ in range(15):
        asking.ask(URL, json.loads)
    moments = [moment for moment, _ in sent]
    assert moments[6] == moments[0]
    assert 1.0 < moments[7] - moments[0] < 1.01
    assert moments[13] == moments[7]


class Cut(httpx.SyncByteStream):
    """A body that stops before its end."""

    def __iter__(self):
        yield b'{"a"'
        raise httpx.RemoteProtocolError("peer closed connection")


BAD = {
    "429": lambda: httpx.Response(429),
    "500": lambda: httpx.Response(500, content=b"oops"),
    "502": lambda: httpx.Response(502),
    "503": lambda: httpx.Response(503),
    "504": lambda: httpx.Response(504),
    "slow": lambda: httpx.ReadTimeout("slow"),
    "reset": lambda: httpx.ReadError("reset"),
    "nobody": lambda: httpx.ConnectError("refused"),
    "cut": lambda: httpx.Response(200, stream=Cut()),
    "truncated": lambda: ok(b'{"results": [{"siren"'),
    "html": lambda: httpx.Response(200, html="<html>Maintenance</html>"),
    "empty": lambda: ok(b""),
    "bytes": lambda: ok(b"\xff\xfe"),
    "deep": lambda: ok(b"[" * 100_000),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_moments_are_tried_again(bad):
    """A busy, cut or broken answer is asked for again, a little later each time, and the answer comes."""
    asking, sent = client([*(BAD[bad]() for _ in range(4)), ok()])
    assert asking.ask(URL, json.loads, {"q": "x"}) == {"a": 1}
    waits = [later - sooner for (sooner, _), (later, _) in pairwise(sent)]
    assert len(waits) == 4
    assert all(wait > 0.4 for wait in waits)
    assert bad == "429" or waits[3] > waits[0]


@pytest.mark.parametrize(
    ("bad", "words"),
    [("500", "réponse 500"), ("cut", "coupée"), ("slow", "trop lente"), ("nobody", "injoignable"),
     ("html", "commence par « <html>Maintenance</html>"), ("429", "réponse 429")],
)  # fmt: skip
def test_attempts_are_bounded(bad, words):
    """A service that stays bad is given up after as many attempts as told, with its reason and the next step."""
    asking, sent = client([BAD[bad]() for _ in range(9)], attempts=3)
    with pytest.raises(NoAnswerError) as caught:
        asking.ask(URL, json.loads, {"q": "x"})
    said = str(caught.value).replace("\u202f", " ")
    assert words in said
    assert "relancer plus tard" in said
    assert len(sent) == 3


@pytest.mark.parametrize("seconds", [1, 7, 200])
@pytest.mark.parametrize("is_date", [False, True])
def test_retry_after_is_obeyed_in_both_forms(seconds, is_date):
    """Whether in seconds or as a date, nothing is sent before the time that the service asks for, nor much later."""

    def busy(clock):
        date = format_datetime(clock.today() + timedelta(seconds=seconds), usegmt=True)
        return httpx.Response(429, headers={"Retry-After": date if is_date else str(seconds)})

    asking, sent = client([busy, ok()])
    asking.ask(URL, json.loads)
    assert seconds <= sent[1][0] - sent[0][0] <= seconds + 1.01


@pytest.mark.parametrize("said", ["soon", "-3", "", "1e9", "Wed, 99 Foo 2015 07:28:00 GMT", "٣"])
def test_retry_after_that_makes_no_sense_is_a_few_seconds(said):
    """A busy service that does not say clearly when to come back is left alone for five seconds."""
    asking, sent = client([httpx.Response(429, headers={"Retry-After": said.encode()}), ok()])
    asking.ask(URL, json.loads)
    assert 5 <= sent[1][0] - sent[0][0] <= 6


def test_retry_after_in_the_past_does_not_hurry():
    """A date that has passed means now, not before the usual small pause."""
    asking, sent = client([httpx.Response(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), ok()])
    asking.ask(URL, json.loads)
    assert 0 <= sent[1][0] - sent[0][0] <= 1


def test_service_that_asks_for_an_hour_is_left_alone():
    """A wait longer than a few minutes is said, not sat through, and nothing more is sent."""
    asking, sent = client([httpx.Response(429, headers={"Retry-After": "3600"}), ok()])
    with pytest.raises(SourceError, match="attendre 60 minutes") as caught:
        asking.ask(URL, json.loads)
    assert not isinstance(caught.value, NoAnswerError)
    assert len(sent) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_refusals_are_not_tried_again(status):
    """What the service refuses is said at once, with what it says and the names of parameters, not their values."""
    answer = httpx.Response(status, content='{"erreur": "Paramètre invalide"}'.encode())
    asking, sent = client([answer, ok()])
    with pytest.raises(SourceError, match=f"réponse {status}") as caught:
        asking.ask(URL, json.loads, {"q": "quelqu'un", "page": "1"})
    assert not isinstance(caught.value, NoAnswerError)
    assert "page, q" in str(caught.value)
    assert "Paramètre invalide" in str(caught.value)
    assert "quelqu" not in str(caught.value)
    assert len(sent) == 1


@pytest.mark.parametrize(
    "target",
    ["https://ailleurs.exemple.fr/search", "http://service.exemple.fr/search", "https://service.exemple.fr:8443/"],
)
def test_redirection_to_another_host_is_not_followed(target):
    """Another host, another port, or the same without encryption: nothing is sent there."""
    asking, sent = client([httpx.Response(302, headers={"Location": target}), ok()])
    with pytest.raises(SourceError, match="autre hôte"):
        asking.ask(URL, json.loads)
    assert len(sent) == 1


def test_redirection_within_the_host_is_followed_a_few_times():
    """A new path of the same host is followed; a circle of them is not."""
    moved = [httpx.Response(302, headers={"Location": f"/search/{number}"}) for number in range(9)]
    asking, sent = client([*moved[:2], ok()])
    assert asking.ask(URL, json.loads) == {"a": 1}
    assert [request.url.path for _, request in sent] == ["/search", "/search/0", "/search/1"]
    asking, sent = client(moved)
    with pytest.raises(SourceError, match="sans fin"):
        asking.ask(URL, json.loads)
    assert len(sent) == 3


def test_answer_that_drips_is_given_up():
    """The time of an answer is counted to its last byte."""

    class Drip(httpx.SyncByteStream):
        def __init__(self, clock):
            self.clock = clock

        def __iter__(self):
            for _ in range(100):
                self.clock.sleep(1)
                yield b" "

    asking, sent = client([lambda clock: httpx.Response(200, stream=Drip(clock)) for _ in range(9)], timeout_s=5)
    with pytest.raises(NoAnswerError, match="trop lente"):
        asking.ask(URL, json.loads)
    assert len(sent) == 5
    assert sent[1][0] - sent[0][0] < 5 + 3


def test_answer_without_end_is_refused():
    """An answer larger than any real one is cut and said, not swallowed."""
    asking, _ = client([ok(b" " * 3_000_000)], bytes_at_most=2 * 2**20)
    with pytest.raises(SourceError, match="2\u00a0Mio"):
        asking.ask(URL, json.loads)


@pytest.mark.parametrize("url", ["ftp://service.exemple.fr/", "service", "https:///search", "https://exemple.fr:port/"])
def test_address_that_is_none_is_said(url):
    """An address that cannot be asked is a sentence that names it."""
    asking, sent = client([])
    with pytest.raises(SourceError, match="n’est pas l’adresse"):
        asking.ask(url, json.loads)
    assert sent == []


def test_requests_say_who_asks():
    """Project, version and contact are in every request; a form is sent again whole."""
    asking, sent = client([httpx.Response(500), ok()])
    asking.ask(URL, json.loads, method="POST", files={"data": ("a.csv", b"id\n1\n")}, data={"x": "y"})
    for _, request in sent:
        assert request.headers["User-Agent"].startswith("essmap/")
        assert "(contact@exemple.fr)" in request.headers["User-Agent"]
        assert b"id\n1\n" in request.content
