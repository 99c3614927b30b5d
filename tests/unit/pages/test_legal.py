"""The legal pages: what the law asks is there, what is not set is visibly missing, no setting can inject."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_routes import XSRF_COOKIE_NAME

from essmap.pages import legal, navigation
from essmap.settings import REQUIRED_TO_DEPLOY, Settings
from essmap.texts import page, t
from essmap.view.markup import fill, page_html
from essmap.view.tables import Html

PAGES = ("legal", "privacy", "accessibility")

EMPTY = dict.fromkeys(REQUIRED_TO_DEPLOY, "")
FILLED = {
    "site_url": "https://carte.example.fr/ess",
    "publisher": "Département d’Essai & Cie",
    "publisher_address": "1 rue de l’Essai, 31000 Toulouse",
    "publisher_phone": "00 00 00 00 01",
    "publication_director": "Camille Exemple",
    "host": "Hébergeur d’essai",
    "host_address": "2 rue de l’Essai, 31000 Toulouse",
    "host_phone": "00 00 00 00 02",
    "dpo": "dpo@essai.example",
    "contact_email": "ess@essai.example",
    "log_retention": "six mois",
    "accessibility_plan_url": "https://carte.example.fr/plan",
}

REQUIRED_WORDS = {
    "legal": (
        "Éditeur",
        "publication",
        "Hébergeur",
        "2004-575",
        "Licence Ouverte 2.0",
        "Streamlit",
        "Leaflet",
    ),
    "privacy": (
        "responsable du traitement",
        "CNIL",
        "mission d’intérêt public",
        "rectification",
        "retir",
        "commune",
    ),
    "accessibility": ("non conforme", "RGAA", "4.1.2", "2005-102", "Défenseur des droits", "71120", "audit"),
}


class Tags(HTMLParser):
    """Elements, addresses and text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data):
        """Note some text."""
        self.text += data


def settings_with(**values: str) -> Settings:
    return Settings(**{"site_title": "essmap", **EMPTY, **values})


def draw(name: str, chosen: Settings, monkeypatch) -> list[str]:
    """Run a page as Streamlit does and return its HTML, element by element."""
    monkeypatch.setattr(legal, "settings", lambda: chosen)
    monkeypatch.setattr(legal, "TEST_DATA", SimpleNamespace(in_department="en Haute-Garonne"), raising=False)
    script = f"from essmap.pages import legal\nlegal.show_{name}(legal.TEST_DATA)\n"
    run = AppTest.from_string(script).run()
    assert not run.exception
    assert not run.markdown
    return [element.proto.body for element in run.get("html")]


@pytest.mark.parametrize("name", PAGES)
def test_one_title_and_no_heading_jump(name, monkeypatch):
    """A page has one heading of level 1, first, and never goes down by more than one level."""
    html = "".join(draw(name, settings_with(**FILLED), monkeypatch))
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


@pytest.mark.parametrize("name", PAGES)
def test_required_words(name, monkeypatch):
    """A page says what the law asks of it."""
    text = Tags("".join(draw(name, settings_with(**FILLED), monkeypatch))).text.replace("\u00a0", " ")
    assert [word for word in REQUIRED_WORDS[name] if word not in text] == []


@pytest.mark.parametrize("name", PAGES)
def test_empty_settings_are_marked_each_time(name):
    """Where a setting would stand, an empty one shows a mark, as many times as the page names it."""
    asked = [key for key in re.findall(r"\{([a-z_]+)\}", page(name)) if key in REQUIRED_TO_DEPLOY]
    html = legal.body(name, settings_with(), "en Haute-Garonne")
    assert len(asked) >= 6
    assert html.count("<mark>à compléter</mark>") == len(asked)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_missing_once_ready_to_deploy(name):
    """When `essmap check --deploy` is satisfied, no page says that something is missing."""
    chosen = settings_with(**FILLED)
    assert chosen.missing_to_deploy() == []
    assert t("legal.to_complete") not in legal.body(name, chosen, "en Haute-Garonne")


def test_every_setting_asked_for_is_printed():
    """Each setting that a deployment must give is printed on at least one of the pages."""
    texts = [Tags(legal.body(name, settings_with(**FILLED), "en Haute-Garonne")).text for name in PAGES]
    assert set(FILLED) == set(REQUIRED_TO_DEPLOY) == set(legal.PRINTED) - {"site_title"}
    assert [key for key in REQUIRED_TO_DEPLOY if not any(FILLED[key] in text for text in texts)] == []


def test_addresses_become_links():
    """An e-mail address can be written to and a web address opened, apart."""
    parsed = Tags(legal.body("legal", settings_with(**FILLED), "en Haute-Garonne"))
    assert "mailto:ess@essai.example" in parsed.addresses
    assert "https://carte.example.fr/ess" in parsed.addresses
    assert legal.shown("Dupont et dpo@essai.example").code == "Dupont et dpo@essai.example"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><a href="javascript:alert(1)">x</a>',
        "[x](javascript:alert(1))",
        "javascript:alert(1)",
        "*gras* **gras** `code` $x$ :red[x]",
        "\n\n# Titre\n\n- liste",
        "{host} {dpo} {contact_email}",
        "https://a.example/ onmouseover=alert(1)",
        "a@b.fr?bcc=x@y.fr",
    ],
)
@pytest.mark.parametrize("name", PAGES)
def test_hostile_settings_are_inert(name, hostile):
    """Whatever a setting holds, the page has the same elements and is read as typed."""
    free = ("publisher", "publisher_address", "publication_director", "host", "host_address", "dpo")
    plain = Tags(legal.body(name, settings_with(**FILLED).model_copy(update=dict.fromkeys(free, "mot")), "ici"))
    attacked = Tags(legal.body(name, settings_with(**FILLED).model_copy(update=dict.fromkeys(free, hostile)), "ici"))
    assert attacked.names == plain.names
    assert attacked.attributes == plain.attributes
    assert attacked.addresses == plain.addresses
    assert hostile.strip() in attacked.text


@given(value=some.text())
def test_a_value_is_shown_as_it_is(value):
    """Any text at all comes back as text, unchanged, and as nothing else."""
    parsed = Tags(fill("<p>{x}</p>", {"x": value}))
    assert parsed.names == ["p"]
    assert parsed.text == value


def test_values_are_not_filled_twice():
    """A placeholder inside a value stays as typed."""
    assert fill("{a}{b}", {"a": "{b}", "b": Html("<b>{a}</b>")}) == "{b}<b>{a}</b>"


def test_unknown_placeholder_is_refused():
    """A text that names a value nobody gives is an error of ours, not an empty place."""
    with pytest.raises(KeyError, match="nobody"):
        page_html("Bonjour {nobody}", {})


def test_our_markdown_cannot_hold_html():
    """HTML typed in a page's Markdown is shown, not obeyed; a `javascript:` link is no link."""
    parsed = Tags(page_html("<b>x</b> [y](javascript:alert(1))", {}))
    assert parsed.names == ["p"]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_pages_that_exist(name):
    """Links without a host go to an address of the app; the others are https."""
    addresses = Tags(legal.body(name, settings_with(), "ici")).addresses
    inside = {"./", *(address for key, (_, address, _) in navigation.PAGES.items() if key != "discover")}
    assert addresses
    assert [a for a in addresses if a not in inside and not a.startswith("https://")] == []


@pytest.mark.parametrize("name", PAGES)
def test_typography(name):
    """Double punctuation and guillemets have no ordinary space that could end a line."""
    assert re.findall(r"[^\n] [;:!?»]|« |'", page(name)) == []


def test_privacy_names_the_cookie():
    """The cookie that Streamlit sets is named."""
    assert XSRF_COOKIE_NAME in page("privacy")
