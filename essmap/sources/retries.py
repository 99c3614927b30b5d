"""When a service that has a bad moment is asked again: too busy, down, cut short; anything else is said at once."""

from __future__ import annotations

import email.utils
import logging
from datetime import UTC, datetime
from typing import Final

import httpx

ATTEMPTS: Final = 5
BUSY: Final = frozenset({429, 500, 502, 503, 504})
_WAIT_AT_MOST_S: Final = 30.0
#: Where a service does not say.
_TOO_BUSY_S: Final = 5.0

# stamina writes a line in English for each retry unless it has somewhere to put it.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class BusyError(Exception):
    """The service asks to come back; ``wait_s`` is when, if it says so."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def when_to_ask_again(error: Exception) -> bool | float:
    """Tell `stamina` whether to ask again, or after how many seconds.

    Parameters
    ----------
    error : Exception

    Returns
    -------
    bool or float
    """
    if isinstance(error, BusyError):
        return error.wait_s if error.wait_s is not None else True
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def retry_after(response: httpx.Response) -> float:
    """Return the seconds to wait that an answer names, as a number or a date.

    Parameters
    ----------
    response : httpx.Response

    Returns
    -------
    float
        Seconds; at most half a minute, five where the answer does not say.
    """
    said = response.headers.get("Retry-After", "")
    try:
        wait = float(said) if said.isdecimal() else _seconds_until(email.utils.parsedate_to_datetime(said))
    except (ValueError, TypeError):
        wait = _TOO_BUSY_S
    return min(max(wait, 0.0), _WAIT_AT_MOST_S)


def _seconds_until(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def reason_of(error: Exception) -> str:
    """Return the key of why there is no answer: ``slow``, ``cut`` or ``unreachable``."""
    if isinstance(error, httpx.TimeoutException):
        return "slow"
    return "cut" if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError) else "unreachable"
