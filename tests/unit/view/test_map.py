"""The map's script: small, the same from rerun to rerun, safe; what changes travels in the state."""

from __future__ import annotations

import json

import pytest
from streamlit_folium import _get_feature_group_string, _get_map_string

from essmap.view.map import Background, MapOptions, MapState, base_map, state_layer

ASSETS = {name: f"assets/0123456789abcdef/{name}.json" for name in ("outlines", "communes", "actors")}
HOME = [[42.6921, 0.4421], [43.9234, 2.0512]]
EVERYTHING = {
    "title": "Carte des structures",
    "with_actors": True,
    "options": MapOptions(
        territories="ask",
        shares_view=True,
        fills_frame=True,
        background=Background("https://tuiles.example.org/wmts?" + "a" * 300 + "{z}/{x}/{y}", "© Producteur", "IGN"),
    ),
}


def script_of(state=None, **options):
    """Return what streamlit-folium hashes, and what it sends beside it."""
    drawn = base_map(ASSETS, HOME, **(EVERYTHING | options))
    drawn.get_root().render()
    script = _get_map_string(drawn)
    return script, _get_feature_group_string(state_layer(state or MapState()), drawn)


def test_script_is_small_and_the_same_whatever_the_state():
    """The script is under 4 kB, and neither filter, selection, territory, view nor fills change it."""
    first, _ = script_of()
    states = [
        MapState(mask="AAAA", selected=4, bounds=HOME, look="x", territory=("canton", "3114"), view=(43.6, 1.4, 11.0)),
        MapState(
            fills={"3114": {"class": "c1", "label": "Saint-Gaudens", "pattern": "hatch"}}, palette={"c1": "#123456"}
        ),
    ]
    assert len(first.encode()) < 4000
    assert {script_of(state)[0] for state in states} == {first}


def test_state_travels_beside_the_script():
    """Territory, view, fills with their pattern and palette are in the feature group."""
    _, sent = script_of(
        MapState(
            territory=("epci", "243100518"), view=(43.6, 1.44, 11.5), palette={"low": "#123456"},
            fills={"3114": {"class": "low", "label": "A", "pattern": "hatch"}},
        )
    )  # fmt: skip
    state = json.loads(sent.split("essmap.show(map_div, ", 1)[1].split(");", 1)[0])
    assert state["territory"] == ["epci", "243100518"]
    assert state["view"] == [43.6, 1.44, 11.5]
    assert state["fills"]["3114"]["pattern"] == "hatch"
    assert state["palette"] == {"low": "#123456"}


@pytest.mark.parametrize("hostile", ["</script><script>alert(1)</script>", "&lt;", "\u2028"])
def test_hostile_words_stay_inside_their_string(hostile):
    """A title or a label never ends the script it stands in."""
    script, sent = script_of(MapState(fills={"1": {"class": "c1", "label": hostile}}), title=hostile)
    assert hostile not in script
    assert hostile not in sent


def test_map_without_background_names_no_other_server():
    """Where tiles are off, the script holds no address but those of the app's own assets."""
    script, _ = script_of(options=MapOptions())
    assert "http" not in script
