"""Cards and list rows: whatever a row holds, the HTML stays ours."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from essmap import reference
from essmap.view.cards import actor_card, amount, axis_badges, list_row, report_link, source_page, year

SCRIPT = '<script>alert("x")</script><img src=x onerror=alert(1)>'
RIGHT_TO_LEFT = "\u202eجمعية\u2066 onclick='x'"
LONG = "Association " * 25
HOSTILE = {
    "script": SCRIPT,
    "quotes": "\"'><b onmouseover=alert(1)>",
    "entity": "&lt;script&gt;&#x3c;b&#x3e;",
    "right to left": RIGHT_TO_LEFT,
    "long": LONG,
    "braces": "{name} {{n}} %s",
    "comment": "<!-- --><style>*{display:none}</style>",
    "empty": "",
}
BAD_LINKS = [
    "javascript:alert(1)",
    "JAVASCRIPT://x.fr/%0aalert(1)",
    "data:text/html,<script>",
    '"onclick=x',
    "https://a b",
]
ALLOWED = {
    "a", "article", "b", "br", "dd", "dl", "dt", "h2", "h3", "h4", "li", "p", "section", "small", "span", "ul",
}  # fmt: skip


class Reader(HTMLParser):
    """Check every element as it is read; collect links and text."""

    def __init__(self, code: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[dict[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(code)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Read the start of an element."""
        assert tag in ALLOWED, tag
        assert not [name for name, _ in attrs if name.startswith("on") or name in {"src", "srcdoc", "action"}]
        for name, value in attrs:
            assert name != "style" or value.startswith("--axis:#")
        if tag == "a":
            self.links.append(dict(attrs))
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Read the end of an element."""
        assert self.open.pop() == tag

    def handle_comment(self, data):
        """Refuse comments."""
        raise AssertionError(data)

    def handle_data(self, data):
        """Read text."""
        self.text += data


def assert_links_are_safe(read: Reader) -> None:
    """Links go to http(s) pages, opened apart and told nothing, or to a mail."""
    for found in read.links:
        scheme = urlsplit(found["href"]).scheme
        assert scheme in {"http", "https", "mailto"}
        if scheme != "mailto":
            assert found["target"] == "_blank"
            assert "noopener" in found["rel"]


def row_of(**values: object):
    base = {
        "actor_id": "essai-31555", "name": "Essai", "family": "association", "legal_form": "association",
        "domains": ["numerique"], "axes": ["inclusion"], "activity": None, "address": None, "postcode": None,
        "commune_code": "31555", "commune_name": "Toulouse", "siren": None, "website": None, "is_sensitive": False,
        "geo_precision": "municipality", "is_supported": False, "source": "starter_actors", "source_kind": "official",
        "source_url": "https://exemple.fr/page", "source_year": pd.NA, "is_confirmed": pd.NA,
    }  # fmt: skip
    return next(pd.DataFrame([{**base, **values}]).itertuples())


NO_PROJECT = pd.DataFrame(columns=["programme", "support_kind", "year", "amount_eur", "source", "source_url"])


def card(actor, projects=NO_PROJECT, **sources: str) -> Reader:
    page_url = "https://carte.exemple.fr/?a=b&c=d"
    code = actor_card(actor, projects, report_address="ess@exemple.fr", page_url=page_url, sources=sources)
    read = Reader(code)
    assert_links_are_safe(read)
    return read


def project_of(**values: object) -> pd.DataFrame:
    base = {
        "programme": "Label",
        "support_kind": "grant",
        "year": pd.NA,
        "amount_eur": float("nan"),
        "source": "starter_projects",
        "source_url": "https://exemple.fr",
    }
    return pd.DataFrame([{**base, **values}]).astype({"year": "Int64"})


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_stay_words(value):
    """Markup, quotes, long and right-to-left names are shown as they are, and nothing else appears."""
    actor = row_of(
        name=value, activity=value, address=value, postcode=value, commune_name=value, siren=value, actor_id=value,
        geo_precision="housenumber",
    )  # fmt: skip
    for read in (card(actor, project_of(programme=value)), Reader(list_row(actor))):
        assert value.strip() in read.text


@pytest.mark.parametrize("url", BAD_LINKS)
def test_bad_addresses_never_become_links(url):
    """An address that is not plain http(s) is left out, wherever it stands."""
    read = card(row_of(website=url, source_url=url), project_of(source_url=url))
    assert [found for found in read.links if not found["href"].startswith("mailto:")] == []
    assert Reader(source_page(url, "source")).links == []


def test_good_addresses_become_links_with_their_host():
    """Site, source and support page are links that show where they go."""
    read = card(row_of(website="https://www.exemple.org/accueil"), project_of())
    assert [urlsplit(found["href"]).netloc for found in read.links if found["href"].startswith("http")] == [
        "www.exemple.org", "exemple.fr", "exemple.fr",
    ]  # fmt: skip
    assert "exemple.org" in read.text


@pytest.mark.parametrize("kind", list(reference.source_kinds().index))
def test_only_some_sources_are_linked(kind):
    """Official pages, own sites and press are linked; other sources are told by their year alone."""
    read = card(row_of(source_kind=kind, source_year=2021))
    pages = [found for found in read.links if found["href"].startswith("http")]
    assert (
        bool(pages)
        == bool(reference.source_kinds().at[kind, "is_linked"])
        == (kind in {"official", "own_site", "press"})
    )
    assert "2021" in read.text


@pytest.mark.parametrize(("confirmed", "is_said"), [(pd.NA, False), (True, False), (False, True)])
def test_actor_that_no_register_has_is_marked(confirmed, is_said):
    """Only where registers were read and none has it; where none was read nothing is said."""
    assert ("registres publics" in card(row_of(is_confirmed=confirmed)).text) == is_said


def test_unknown_year_and_amount_are_said():
    """What is not known is said, never zero; what is known is written."""
    unknown = card(row_of(), project_of()).text
    assert "année non communiquée" in unknown
    assert "montant non communiqué" in unknown
    known = card(row_of(), project_of(year=2022, amount_eur=15000.0)).text
    assert "2022" in known
    assert "15\u202f000\u202f€" in known
    assert "non communiqu" not in known
    assert "montant" not in card(row_of(), project_of(support_kind="label")).text
    assert (amount(None), amount(float("nan"))) == ("montant non communiqué",) * 2
    assert (year(None), year(pd.NA), year(2020)) == ("année non communiquée", "année non communiquée", "2020")


def test_a_list_that_somebody_brought_in_is_named():
    """Without a page, an actor and a support say which list they come from, escaped; other sources are not named."""
    actor = row_of(source="list_1_actors", source_kind="list")
    given = project_of(source="list_2_projects", source_url="")
    read = card(actor, given, list_1_actors="Annuaire <script>", list_2_projects="Soutiens <b>2026</b>")
    assert "Annuaire <script>" in read.text
    assert "Soutiens <b>2026</b>" in read.text
    alone = card(row_of(source_kind="list"), project_of(source_url=""), starter_actors="A", starter_projects="P")
    assert "montant non communiqué" in alone.text.lower()
    assert "source" not in alone.text.lower().partition("montant non communiqué")[2]


def test_undated_sources_are_said():
    """A source without year says so, linked or not."""
    assert "ne porte pas de date" in card(row_of()).text
    assert "sans date" in card(row_of(source_kind="other")).text


def test_sensitive_place_shows_its_commune_only():
    """A sensitive place says why, and nothing finer than the commune is there to show."""
    text = card(row_of(is_sensitive=True)).text
    assert "Lieu sensible" in text
    assert "Toulouse" in text


def test_error_is_reported_by_mail_with_identifier_and_link():
    """The mail carries the name, the identifier and the link of the view; without an address, it says so."""
    [found] = Reader(report_link(SCRIPT, 'A & B "c"', "ess@exemple.fr", "https://carte.exemple.fr/?a=b&c=d#é")).links
    parts = urlsplit(found["href"])
    assert (parts.scheme, parts.path) == ("mailto", "ess@exemple.fr")
    said = parse_qs(parts.query)
    assert said["subject"] == ['Carte de l’ESS\xa0: A & B "c"']
    assert SCRIPT in said["body"][0]
    assert "https://carte.exemple.fr/?a=b&c=d#é" in said["body"][0]
    assert set(said) == {"subject", "body"}
    without = Reader(report_link("x", "y", "", "z"))
    assert without.links == []
    assert "à compléter" in without.text


def test_address_of_the_deployer_cannot_add_a_recipient():
    """Signs that mean something in a mail address are quoted."""
    [found] = Reader(report_link("x", "y", 'ess@exemple.fr?cc=mal@exemple.fr"', "z")).links
    assert set(parse_qs(urlsplit(found["href"]).query)) == {"subject", "body"}


def test_badges_name_every_axis():
    """Colour and shape never go without the name; no axis has its own badge."""
    labels = reference.axes()["label"]
    read = Reader(axis_badges(["inclusion", "insertion"]))
    assert labels["inclusion"] in read.text
    assert labels["insertion"] in read.text
    assert labels["none"] in Reader(axis_badges([])).text


def test_every_starter_actor_has_a_card_and_a_row(starter_snapshot):
    """Each actor of the starter data gives a card and a row of safe HTML that show its name."""
    actors, projects = starter_snapshot.table("actors"), starter_snapshot.table("projects")
    for actor in actors.itertuples():
        read = card(actor, projects[projects["actor_id"] == actor.actor_id])
        assert actor.name in read.text
        assert actor.name in Reader(list_row(actor)).text
