"""Texts between map, page and links: what is understood, and that nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.view.map import MAX_ZOOM, MIN_ZOOM
from essmap.view.messages import read_actor, read_territory, read_view

HOME = [[42.7, 0.4], [43.9, 2.1]]
PLACES = {("canton", "3114"): "Canton", ("commune", "31555"): "Toulouse", ("cp", "31600"): "31600"}


@pytest.mark.parametrize("text", ["43.6,1.44,11", "43.6,1.44,10.5", "42.9,-0.1,7"])
def test_view_of_a_link_is_read(text):
    """A link made by the map gives back its latitude, longitude and zoom."""
    assert read_view(text, HOME) == tuple(float(part) for part in text.split(","))


@pytest.mark.parametrize(
    "text",
    [
        "", "43.6", "43.6,1.44", "43.6,1.44,11,2", "nan,1.44,11", "inf,1,11", "43.6,1.44,19", "43.6,1.44,6",
        "48.8,2.3,11", "43.6,8,11", "1e1,1,11", "43.6, 1.44,11", "<script>,1,11", "４３,1,11", "43.6;1.44;11",
        "43.6,1.44,11\n",
    ],
)  # fmt: skip
def test_other_views_are_ignored(text):
    """What is no view, or looks elsewhere, is ignored."""
    assert read_view(text, HOME) is None


@given(st.text(max_size=30) | st.tuples(*[st.floats()] * 3).map(lambda view: ",".join(map(str, view))))
def test_any_view_is_near_or_none(text):
    """Whatever a link holds, the map is sent near the department, at a zoom it has, or nowhere."""
    found = read_view(text, HOME)
    if found is not None:
        lat, lon, zoom = found
        assert 41 < lat < 46
        assert -2 < lon < 4
        assert MIN_ZOOM <= zoom <= MAX_ZOOM


def test_known_territory_is_read_whatever_the_counter():
    """Kind and code come back if the territory is known."""
    assert read_territory("territory:canton:3114:1", PLACES) == ("canton", "3114")
    assert read_territory("territory:commune:31555:1764", PLACES) == ("commune", "31555")


@pytest.mark.parametrize(
    "text",
    [
        "", "territory", "territory:canton:3114", "territory:canton:9999:1", "territory:commune:3114:1",
        "canton:3114:1:2",        "Territory:canton:3114:1", "territory:canton:3114:1:2", "abc:12:3",
    ],
)  # fmt: skip
def test_other_territories_are_ignored(text):
    """Unknown kinds, codes and forms are ignored."""
    assert read_territory(text, PLACES) is None


def test_actor_counts_in_its_own_payload_only():
    """A row is read for the payload on the page, within its length; everything else is ignored."""
    payload = "assets/0123456789abcdef/actors.json"
    assert read_actor("0123456789abcdef:7:1", payload, 8) == 7
    for text in (
        "0123456789abcdef:8:1", "fedcba9876543210:7:1", "0123456789abcdef:-1:1", "0123456789abcdef:²:1",
        "0123456789abcdef", "", "territory:canton:7:1", "0123456789abcdef:9999999999:1",
    ):  # fmt: skip
        assert read_actor(text, payload, 8) is None, text
