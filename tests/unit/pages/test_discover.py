"""The page Découvrir run by Streamlit's own test driver, on the embedded data: what its widgets do to its state."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from essmap.pages import loaded as loaded_module
from essmap.store import Store

DISCOVER = """
from essmap.pages import discover, state
from essmap.pages.filter_bar import known_values
from essmap.pages.loaded import loaded
data = loaded()
state.read("discover", known=known_values(data), actor_ids=data.actor_ids)
discover.show(data)
state.write()
"""


@pytest.fixture
def app(starter_snapshot, tmp_path, monkeypatch):
    """Return the page opened at an address."""
    Store(str(tmp_path)).save(starter_snapshot)
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path))
    loaded_module.settings.clear()

    def opened(**query: str) -> AppTest:
        page = AppTest.from_string(DISCOVER, default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    yield opened
    loaded_module.settings.clear()


def html_of(page: AppTest) -> str:
    return "".join(node.proto.body for node in page.get("html"))


def test_each_row_has_two_buttons(app):
    """Twenty results, each with « Voir la fiche » and « Voir sur la carte »; a commune is said where it is one."""
    page = app()
    labels = [button.label for button in page.button]
    assert labels.count("Voir la fiche") == 20
    assert labels.count("Voir sur la carte") + labels.count("Voir sur la carte (commune)") == 20
    assert labels.count("Voir sur la carte (commune)") > 0


def test_show_on_map_chooses_the_actor_and_asks_for_the_map(app):
    """« Voir sur la carte » opens the card, says what the map shows and wants the focus on the map."""
    page = app(q="cafetière")
    [button] = [button for button in page.button if button.key.startswith("m")]
    button.click().run()
    assert page.query_params["acteur"] == "la-cafetiere-31028"
    assert 'data-essmap-focus="map 1"' in html_of(page)
    assert 'data-essmap-say="map">Sur la carte' in html_of(page)
    page.button(key="close_card").click().run()
    assert "acteur" not in page.query_params
    assert 'data-essmap-focus="back 2"' in html_of(page)


def test_opening_a_link_moves_no_focus(app):
    """A link to a card opens it and leaves the focus where it is."""
    assert "data-essmap-focus" not in html_of(app(acteur="la-cafetiere-31028"))


def test_empty_result_offers_the_nearest(app):
    """Where a place has no answer, the nearest actor outside is told with its distance and opens."""
    page = app(q="cafetière", commune="31555")
    said = html_of(page)
    assert "La plus proche qui répond à vos autres choix\u00a0: La Cafetière, à Aurignac" in said
    assert "du centre de Toulouse à vol d’oiseau" in said
    page.button(key="open_nearest").click().run()
    assert page.query_params["acteur"] == "la-cafetiere-31028"


def test_empty_result_without_place_offers_no_nearest(app):
    """No place, or nobody who answers the other choices: no nearest one."""
    assert "La plus proche" not in html_of(app(q="zeppelin"))
    assert "La plus proche" not in html_of(app(q="zeppelin", commune="31555"))


@pytest.mark.parametrize("place", [{"canton": "3101"}, {"epci": "243100518"}, {"cp": "31600"}])
def test_larger_places_are_measured_from_their_edge(app, place):
    """A canton, an intercommunality and a postcode count from their outline."""
    said = html_of(app(q="cafetière", **place))
    assert ("de la limite de ce territoire" in said) == ("aucune structure" in said.lower())


def test_clear_empties_every_widget(app):
    """« Effacer tous les choix » empties the widgets, the place that was told included."""
    page = app(q="zeppelin", commune="31555", axe="insertion")
    assert page.text_input[0].value == "zeppelin"
    page.button(key="clear_filters").click().run()
    assert not page.exception
    assert (page.text_input[0].value, page.selectbox[0].value) == ("", None)
    assert dict(page.query_params) == {}


def test_a_choice_that_is_dropped_leaves_the_place(app):
    """Dropping the word keeps the place, in its box too."""
    page = app(q="zeppelin", commune="31555")
    page.button(key="relax_words").click().run()
    assert page.query_params["commune"] == "31555"
    assert page.selectbox[0].value == ("commune", "31555")
