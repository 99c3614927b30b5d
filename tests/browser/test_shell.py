"""The shell around the pages in a real browser: French, private, and silent in the console."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).parent / "apps" / "elements.py"
NEVER_FRENCH = re.compile(
    r"\b(the|and|with|from|your|please|press|choose|select|clear|remove|open|close|show|hide|download|fullscreen|copy"
    r"|upload|drag|drop|browse|limit|help|skip|sidebar|loading|running|rerun|error|results?|available|search|dismiss"
    r"|titled|scale|axis|mark|bar|add|decrement|increment|start|end|link|value|values|allowed|larger|smaller)\b",
    re.IGNORECASE,
)
# Every text and spoken attribute outside icons and our own content.
COLLECT = """() => {
  const icons = '[data-testid="stIconMaterial"], [data-testid="stExpanderIconCheck"]';
  const own = '.essmap, script, style, noscript, ' + icons;
  const names = ['aria-label', 'title', 'alt', 'placeholder', 'aria-roledescription', 'aria-description'];
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (element.closest(own)) continue;
    if (node.nodeType === Node.TEXT_NODE) found.push(node.nodeValue.trim());
    else names.forEach((name) => found.push((node.getAttribute(name) || '').trim()));
  }
  return found.filter(Boolean);
}"""


@pytest.fixture(scope="module")
def site(app_server):
    """The scratch app with our server pieces."""
    return app_server(SCRIPT)


@pytest.fixture(scope="module")
def stock(app_server):
    """The same app as Streamlit serves it."""
    return app_server(SCRIPT, env={"STOCK": "1"})


@pytest.fixture(scope="module")
def english():
    """Whole English texts that must not be left anywhere."""
    table = tomllib.loads(files("essmap.texts").joinpath("fr", "framework.toml").read_text(encoding="utf-8"))
    pairs = [item for group in table["group"] for item in group["texts"].items()]
    return {key for key, value in pairs if "{" not in key and key != value and " " in key}


def settled(page):
    """Wait until the script of the page has run."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return page


def english_left(page, english):
    """Return what is left of the framework's English on a page."""
    return sorted({text for text in page.evaluate(COLLECT) if text in english or NEVER_FRENCH.search(text)})


def first_page(page_at, site, **options):
    """Open the page of elements and wait until the chart is drawn."""
    visit = page_at(f"{site.url}/", **options)
    settled(visit.page).locator('[data-testid="stVegaLiteChart"] svg').wait_for()
    return visit


def open_list(page, kind, number):
    """Open a list of choices."""
    page.get_by_test_id(kind).nth(number).locator("input").click()
    page.get_by_role("listbox").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_of_every_element_is_french_private_and_quiet(page_at, site, english, scheme):
    """Light and dark: French, one host, no failed request, no console error, no text font to download."""
    visit = first_page(page_at, site, color_scheme=scheme)
    assert visit.page.evaluate("document.documentElement.lang") == "fr"
    assert english_left(visit.page, english) == []
    assert visit.hosts() == {site.url.removeprefix("http://")}
    assert visit.failures == []
    assert visit.errors == []
    assert not [url for url in visit.requests if "SourceSans" in url]


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(14, 18, 23)")])
def test_colours_follow_the_preference_of_the_visitor(page_at, site, scheme, colour):
    """The background is the configured one of the visitor's scheme."""
    page = first_page(page_at, site, color_scheme=scheme).page
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", colour)


def test_lists_of_choices_are_french(page_at, site, english):
    """Open lists, no match, choices to add, the most one may choose, and what is announced: all French."""
    page = first_page(page_at, site).page
    for kind, number, typed in [
        ("stSelectbox", 0, "zzz"),
        ("stSelectbox", 2, "zzz"),
        ("stMultiSelect", 1, "ins"),
        ("stMultiSelect", 1, "in"),
    ]:
        open_list(page, kind, number)
        assert english_left(page, english) == []
        page.keyboard.type(typed)
        page.get_by_role("listbox").wait_for()
        assert english_left(page, english) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    open_list(page, "stMultiSelect", 0)
    page.get_by_role("option", name="insertion").click()
    expect(page.get_by_text("2 choix au plus : retirez-en un d’abord.")).to_be_visible()
    assert english_left(page, english) == []


def test_typing_hints_are_french(page_at, site, english):
    """Hints below fields and the message for a number out of range are French."""
    page = first_page(page_at, site).page
    for label, hint in [("Texte", "Entrée pour valider"), ("Dans le formulaire", "Entrée pour envoyer")]:
        page.get_by_label(label, exact=True).fill("abc")
        expect(page.get_by_text(hint)).to_be_visible()
    page.get_by_label("Zone", exact=True).fill("abc")
    expect(page.get_by_text("Ctrl+Entrée pour valider")).to_be_visible()
    page.get_by_label("Nombre", exact=True).fill("99")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saisissez un nombre entre 0 et 10.")).to_be_visible()
    assert english_left(page, english) == []


def test_file_upload_is_french(page_at, site, english):
    """Limits, refused type, weight and the buttons of an uploaded file are French."""
    page = first_page(page_at, site).page
    expect(page.get_by_text("5 Mo au plus par fichier").first).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(
        [
            {"name": "bon.csv", "mimeType": "text/csv", "buffer": b"a,b"},
            {"name": "mal.exe", "mimeType": "application/x-msdownload", "buffer": b"a"},
        ]
    )
    expect(page.get_by_role("button", name="Retirer bon.csv")).to_be_visible()
    expect(page.get_by_text("Ce type de fichier n’est pas accepté").first).to_be_attached()
    heavy = {"name": "lourd.csv", "mimeType": "text/csv", "buffer": b"a" * 6_000_000}
    page.locator("input[type=file]").nth(1).set_input_files([heavy])
    expect(page.get_by_text("Fichier trop lourd : 5 Mo au plus.").first).to_be_attached()
    settled(page)
    assert english_left(page, english) == []


def test_what_buttons_open_is_french(page_at, site, english):
    """Dialog, message, bubble, waiting and tooltips are French."""
    page = first_page(page_at, site).page
    page.get_by_role("button", name="Ouvrir la fiche").click()
    page.get_by_text("Dans la fiche").wait_for()
    assert english_left(page, english) == []
    page.get_by_role("dialog").get_by_role("button", name="Fermer").first.click()
    settled(page).get_by_role("button", name="Prévenir").click()
    page.get_by_text("Prévenu", exact=True).wait_for()
    assert english_left(page, english) == []
    page.get_by_role("button", name="Bulle").click()
    page.get_by_text("Dans la bulle").wait_for()
    assert english_left(page, english) == []
    page.keyboard.press("Escape")
    settled(page).get_by_role("button", name="Attendre").click()
    page.get_by_test_id("stSpinner").wait_for()
    assert english_left(page, english) == []


def test_tools_of_a_chart_are_french(page_at, site, english):
    """Tooltips above a chart, its table of data and the full screen are French, for eyes and ears."""
    page = first_page(page_at, site).page
    chart = page.get_by_test_id("stFullScreenFrame").filter(has=page.get_by_test_id("stVegaLiteChart"))
    expect(chart.locator('[aria-label^="Axe horizontal"]')).to_be_attached()
    chart.hover()
    chart.get_by_role("button", name="Plein écran").hover()
    page.get_by_test_id("stTooltipContent").get_by_text("Plein écran").wait_for()
    assert english_left(page, english) == []
    chart.get_by_role("button", name="Plein écran").click()
    page.get_by_role("button", name="Quitter le plein écran").first.wait_for()
    assert english_left(page, english) == []


def test_phone_and_folded_sidebar_are_french(page_at, site, english):
    """On a phone the buttons of the side panel and of the pages are French."""
    page = first_page(page_at, site, viewport={"width": 360, "height": 760}).page
    page.get_by_role("button", name="Replier le panneau latéral").click()
    page.get_by_role("button", name="Ouvrir le panneau latéral").wait_for()
    assert english_left(page, english) == []


def test_our_own_words_are_left_alone(page_at, site):
    """Words of our own content stay as they are, though the framework has the same ones."""
    page = first_page(page_at, site).page
    expect(page.get_by_test_id("stMarkdownContainer").get_by_text("Stop", exact=True)).to_be_visible()
    expect(page.locator("ul.essmap[aria-label=Help] li")).to_have_text("Close")
    open_list(page, "stSelectbox", 0)
    expect(page.get_by_role("option", name="Stop")).to_be_visible()


def test_map_is_drawn_in_a_french_frame_from_a_deep_link(page_at, site, english):
    """Opened by its address, the page of the map draws it, names its frame, and nothing fails."""
    visit = page_at(f"{site.url}/carte")
    visit.page.frame_locator("iframe").locator("#map_div path.leaflet-interactive").wait_for()
    frame = visit.page.frames[-1]
    assert frame.evaluate("[document.documentElement.lang, document.title]") == ["fr", "Carte interactive"]
    expect(visit.page.locator("iframe")).to_have_attribute("title", "Carte interactive")
    assert english_left(visit.page, english) == []
    assert visit.failures == []
    assert visit.errors == []
    assert visit.hosts() == {site.url.removeprefix("http://")}


def test_unknown_page_is_said_in_french(page_at, site, english):
    """An address without a page opens the first one and says so."""
    page = page_at(f"{site.url}/nulle-part").page
    expect(page.get_by_role("dialog")).to_contain_text("Cette page n’existe pas. Voici l’accueil.")
    assert english_left(page, english) == []


def test_exception_shows_a_sentence_and_the_way_home(page_at, site, english):
    """An exception shows what to do and a reference, nothing of itself; the link leads home."""
    page = first_page(page_at, site).page
    page.get_by_role("button", name="Casser").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("La page n’a pas pu s’afficher.")
    shown = settled(page).inner_text("body")
    assert re.search(r"Référence de l’incident\s: [0-9a-f]{8}", shown)
    assert not re.search(r"Traceback|ValueError|secret|elements\.py", shown)
    assert english_left(page, english) == []
    page.get_by_role("link", name="Revenir à l’accueil").click()
    settled(page).get_by_role("button", name="Casser").wait_for()


def test_site_works_below_a_base_path(page_at, app_server, english):
    """Below a base path: pages, map, links between pages and downloads work, French and quiet."""
    site = app_server(SCRIPT, args=["--server.baseUrlPath", "ess/haute"])
    visit = page_at(f"{site.url}/carte")
    page = visit.page
    page.frame_locator("iframe").locator("#map_div path.leaflet-interactive").wait_for()
    page.get_by_role("link", name="Éléments").click()
    page.get_by_test_id("stVegaLiteChart").wait_for()
    assert page.url == f"{site.url}/"
    with page.expect_download() as download:
        page.get_by_role("button", name="Exporter").click()
    assert download.value.suggested_filename == "x.txt"
    assert english_left(settled(page), english) == []
    assert visit.failures == []
    assert visit.errors == []


@pytest.mark.slow
def test_lost_server_is_said_in_french(page_at, app_server, english):
    """When the server goes away the visitor reads so in French."""
    site = app_server(SCRIPT)
    page = first_page(page_at, site).page
    site.stop()
    expect(page.get_by_role("dialog")).to_contain_text("Connexion perdue", timeout=60_000)
    assert english_left(page, english) == []


def test_first_page_weighs_little_without_a_proxy(page_at, site):
    """Scripts and styles of Streamlit come compressed: the map's page stays below 1.5 MB."""
    visit = page_at("about:blank")
    sizes = []
    visit.page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    visit.page.goto(f"{site.url}/carte")
    visit.page.frame_locator("iframe").locator("#map_div path.leaflet-interactive").wait_for()
    assert 100_000 < sum(sizes) < 1_500_000


def test_deep_link_is_still_needed(page_at, stock):
    """Streamlit alone asks for addresses that do not exist when a page is opened by its address."""
    visit = page_at(f"{stock.url}/carte")
    settled(visit.page)
    assert f"404 {stock.url}/carte/_stcore/health" in visit.failures


def test_component_registration_is_still_needed(page_at, stock):
    """Streamlit alone does not serve the frame of a component imported by the module that holds the app."""
    visit = page_at(f"{stock.url}/carte")
    with visit.page.expect_response(lambda answer: "/component/" in answer.url) as answered:
        visit.page.reload()
    assert answered.value.status == 404


def test_pagination_font_is_still_needed(page_at, stock):
    """Streamlit alone shows the page numbers in its own font, not in the configured one."""
    page = first_page(page_at, stock).page
    family = page.get_by_test_id("stPaginationPage").first.evaluate("e => getComputedStyle(e).fontFamily")
    assert family.startswith('"Source Sans"')


def test_frame_title_is_still_needed(page_at, stock):
    """Streamlit alone titles the map's frame with the technical name of the component."""
    page = page_at(f"{stock.url}/carte").page
    expect(page.locator("iframe")).to_have_attribute("title", "streamlit_folium.st_folium")
