"""Numbers, dates and lists as French readers expect them; what may become a link."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.view import format as formats
from essmap.view.format import day, decimal, escape, euros, integer, link, listing, safe_link, signed


def test_examples_of_the_module_hold():
    """The examples in the docstrings are true."""
    assert doctest.testmod(formats).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (integer(0), "0"), (integer(-1234), "\u22121\u202f234"), (integer(-0.2), "0"), (integer(999.6), "1\u202f000"),
        (decimal(0.05), "0,1"), (decimal(-0.04), "0,0"), (decimal(-1234.5), "\u22121\u202f234,5"), (decimal(2, 0), "2"),
        (signed(0), "0,0"), (signed(-0.04), "0,0"), (signed(0.06), "+0,1"), (signed(-3), "\u22123,0"),
        (signed(1234.5, 2), "+1\u202f234,50"), (euros(15000.5), "15\u202f000,50\u202f€"), (euros(0), "0\u202f€"),
        (day(datetime(2026, 12, 31, tzinfo=UTC)), "31 décembre 2026"),
        (day(datetime(2026, 8, 1, tzinfo=UTC)), "1er août 2026"),
        (listing([]), ""), (listing(["a"]), "a"), (listing(["a", "b"]), "a et b"),
    ],
)  # fmt: skip
def test_written_as_french_readers_expect(text, expected):
    """Thousands, decimal comma, minus sign, euros and months."""
    assert text == expected


@given(st.integers(-(10**12), 10**12))
def test_integers_read_back(value):
    """A whole number is read back from its digits, in groups of three."""
    text = integer(value)
    assert int(text.replace("\u202f", "").replace("\u2212", "-")) == value
    assert all(len(group) == 3 for group in text.split("\u202f")[1:])


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_decimals_read_back(value, places):
    """A number is read back to its last place; the sign is shown once and never on zero."""
    text = decimal(value, places)
    number = float(text.replace("\u202f", "").replace("\u2212", "-").replace(",", "."))
    assert abs(number - value) <= 0.5 * 10**-places + 1e-6
    assert number != 0 or text[0] == "0"
    assert signed(value, places).lstrip("+") == text
    assert signed(value, places).startswith("+") == (number > 0)


@pytest.mark.parametrize("url", ["https://exemple.fr", "http://exemple.fr/a?b=c", "HTTPS://EXEMPLE.FR/é"])
def test_addresses_that_may_become_links(url):
    """Plain http(s) addresses are links."""
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None, float("nan"), 3, "", "exemple.fr", "/page", "//exemple.fr", "https://", "mailto:a@b.fr",
        "data:text/html,x",
        "javascript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "jAvAsCrIpT://exemple.fr/%0aalert(1)",
        "https://vrai.fr@faux.fr", "https://exemple.fr/\u202efdp", "https://exem\u200bple.fr", "https://exemple.fr/a b",
        "https://[exemple", "https://exemple.fr/\n", "vbscript:x", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_addresses_that_may_not(url):
    """Other schemes, missing hosts, credentials and invisible signs are no links."""
    assert safe_link(url) is None


@given(st.text())
def test_links_are_escaped(text):
    """Neither part of a link can leave its place."""
    code = link(text, text)
    assert code.count("<") == code.count(">") == 2
    assert code.count('"') == 6
    assert 'rel="noopener' in code
    assert not {"<", ">", '"', "'"} & set(escape(text))
