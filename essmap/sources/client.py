"""Asking a national service politely: never too fast, again when it has a bad moment, never for ever.

`Client` sends one request at a time. It waits its turn, takes no more time and no more bytes for an answer than it was
told, follows no redirection to another host, and asks again a few times when the service is busy, down, cut short or
answers something broken. What the service refuses is said at once. Time is a `Clock`, so that tests never wait.
"""

from __future__ import annotations

import email.utils
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final, TypeVar

import httpx
from pyrate_limiter import InMemoryBucket, Rate, RateItem

from essmap import __version__
from essmap.errors import SourceError
from essmap.sources.clock import Clock, SystemClock
from essmap.texts import t

T = TypeVar("T")

_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_TOO_BUSY_S: Final = 5.0  # a 429 that does not say how long
_LONGEST_WAIT_S: Final = 300.0  # a service that asks for more is left alone: come back another day
_LONGEST_PAUSE_S: Final = 30.0
_REDIRECTIONS_AT_MOST: Final = 3
_SHOWN: Final = 80  # signs of a broken answer that are worth showing


@dataclass(frozen=True, slots=True)
class Manners:
    """How a service is asked.

    Attributes
    ----------
    rate : int
        Requests at most in any window of one second.
    timeout_s : float
        Seconds one answer may take, from the first byte to the last.
    attempts : int
        How often one request is sent before it is given up.
    bytes_at_most : int
        Size of an answer, once unpacked.
    contact : str
        Address written in the User-Agent; empty: none.
    """

    rate: int = 7
    timeout_s: float = 30.0
    attempts: int = 5
    bytes_at_most: int = 16 * 2**20
    contact: str = ""


class NoAnswerError(SourceError):
    """The service gave nothing usable, however often it was asked; another request may well succeed."""


class BrokenAnswerError(ValueError):
    """An answer that cannot be used, with the reason in French."""


class _PassingError(Exception):
    """A bad moment; ``wait_s`` is how long the service asks to be left alone, if it says so."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Client:
    """A connection to one service; use it in a ``with``.

    Parameters
    ----------
    manners : Manners
    transport : httpx.BaseTransport, optional
        What carries the requests: the network unless a test says otherwise.
    clock : Clock, optional
    seed : int, optional
        Of the small random part of each wait, which keeps many clients from coming back together.

    Attributes
    ----------
    requests : int
        How many were sent.
    """

    def __init__(
        self,
        manners: Manners,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        self._manners = manners
        self._clock: Clock = clock or SystemClock()
        self._random = random.Random(seed)  # noqa: S311  nothing is kept secret by it
        self._bucket = InMemoryBucket([Rate(manners.rate, 1000)])
        agent = f"essmap/{__version__}" + (f" ({manners.contact})" if manners.contact else "")
        self._http = httpx.Client(timeout=manners.timeout_s, transport=transport, headers={"User-Agent": agent})
        self.requests = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return self._clock

    def ask(
        self,
        url: str,
        read: Callable[[bytes], T],
        parameters: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        **content: Any,
    ) -> T:
        """Return one answer, asking again while the service has a bad moment.

        Parameters
        ----------
        url : str
        read : callable
            Turns the body into what is wanted; a ValueError means a broken answer, which is asked for again. The
            words of a BrokenAnswerError are shown to people; of any other, the first signs of the answer.
        parameters : mapping, optional
        method : str
        **content
            ``data`` and ``files`` of a form, as httpx takes them (bytes, so that they can be sent again).

        Returns
        -------
        object
            What ``read`` returned.

        Raises
        ------
        NoAnswerError
            If no attempt brought a usable answer.
        SourceError
            If the service refuses the request, asks to be left alone for long, sends elsewhere or answers without
            end, or if ``read`` says so.
        """
        try:
            request = self._http.build_request(method, url, params=parameters, **content)
        except httpx.InvalidURL as error:
            raise SourceError(t("client.errors.address", url=url)) from error
        if request.url.scheme not in {"http", "https"} or not request.url.host:
            raise SourceError(t("client.errors.address", url=url))
        reason = ""
        for attempt in range(1, self._manners.attempts + 1):
            wait_s = None
            try:
                return self._read(self._body(request), read)
            except _PassingError as error:
                reason, wait_s = str(error), error.wait_s
            except httpx.RequestError as error:
                reason = t(f"client.reasons.{_reason(error)}")
            if wait_s is not None and wait_s > _LONGEST_WAIT_S:
                raise SourceError(t("client.errors.later", url=url, minutes=round(wait_s / 60)))
            if attempt < self._manners.attempts:
                self._clock.sleep(self._pause(attempt, wait_s))
        raise NoAnswerError(t("client.errors.no_answer", url=url, attempts=self._manners.attempts, reason=reason))

    def _pause(self, attempt: int, wait_s: float | None) -> float:
        if wait_s is not None:
            return wait_s + self._random.random()
        return float(min(2 ** (attempt - 1), _LONGEST_PAUSE_S) * self._random.uniform(0.5, 1.5))

    def _read(self, body: bytes, read: Callable[[bytes], T]) -> T:
        try:
            return read(body)
        except BrokenAnswerError as error:
            raise _PassingError(str(error)) from error
        except (ValueError, RecursionError) as error:
            start = " ".join(body[:_SHOWN].decode(errors="replace").split())
            raise _PassingError(t("client.reasons.broken", start=start)) from error

    def _body(self, request: httpx.Request) -> bytes:
        """Return the body of the answer, redirections within the host followed."""
        asked = request.url
        for _ in range(_REDIRECTIONS_AT_MOST):
            body, following = self._once(request)
            if following is None:
                return body
            if _leaves(asked, following.url):
                raise SourceError(t("client.errors.elsewhere", url=_bare(asked), host=following.url.host))
            request = following
        raise SourceError(t("client.errors.round", url=_bare(asked)))

    def _once(self, request: httpx.Request) -> tuple[bytes, httpx.Request | None]:
        with self._turn():
            until = self._clock.now() + self._manners.timeout_s
            response = self._http.send(request, stream=True)
        try:
            if response.status_code in _BUSY:
                said = response.headers.get("Retry-After")
                reason = t("client.reasons.status", status=response.status_code)
                raise _PassingError(reason, self._wait(said) if said or response.status_code == 429 else None)
            body = self._content(response, until)
            if response.next_request is not None:
                return b"", response.next_request
            if response.status_code != httpx.codes.OK:
                raise SourceError(_refusal(response, body))
            return body, None
        finally:
            response.close()

    def _content(self, response: httpx.Response, until: float) -> bytes:
        """Return the body; one that drips or never ends is given up."""
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > self._manners.bytes_at_most:
                size = self._manners.bytes_at_most // 2**20
                raise SourceError(t("client.errors.too_long", url=_bare(response.url), n=size))
            if self._clock.now() > until:
                raise httpx.ReadTimeout("")
        if self._clock.now() > until:
            raise httpx.ReadTimeout("")
        return bytes(content)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until one more request is within the rate.

        The service counts a request when it arrives, which is after it was sent and before its answer comes: the
        request is noted at the later of the two, so that the rate holds on the clock of the service too.
        """
        item = RateItem("request", self._milliseconds())
        while not self._bucket.put(item):
            wait = self._bucket.waiting(item)
            self._clock.sleep((wait if isinstance(wait, int) and wait > 0 else 1) / 1000)
            item = RateItem("request", self._milliseconds())
        self._bucket.leak(item.timestamp)
        self.requests += 1
        try:
            yield
        finally:
            item.timestamp = self._milliseconds()

    def _milliseconds(self) -> int:
        return int(self._clock.now() * 1000)

    def _wait(self, said: str | None) -> float:
        """Return the seconds that a Retry-After names, as a number or a date."""
        try:
            text = (said or "").strip()
            if text.isascii() and text.isdigit():
                return float(text)
            moment = email.utils.parsedate_to_datetime(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return max(0.0, (moment - self._clock.today()).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return _TOO_BUSY_S


def _leaves(asked: httpx.URL, target: httpx.URL) -> bool:
    """Tell whether a redirection goes to another host, or gives up encryption."""
    if asked.scheme == "http" and target.scheme == "https":
        return asked.host != target.host
    return (asked.scheme, asked.host, asked.port) != (target.scheme, target.host, target.port)


def _bare(url: httpx.URL) -> str:
    """Return an address without its query, which may hold what somebody looked for."""
    return str(url.copy_with(query=None, fragment=None))


def _refusal(response: httpx.Response, body: bytes) -> str:
    names = ", ".join(sorted(set(response.request.url.params)))
    said = " ".join(body[:400].decode(errors="replace").split())[:200]
    return t("client.errors.status", url=_bare(response.url), status=response.status_code, names=names, said=said)


def _reason(error: httpx.RequestError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "slow"
    is_cut = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.DecodingError)
    return "cut" if is_cut else "unreachable"
