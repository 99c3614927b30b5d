"""Mon territoire in a real browser: chosen from a list or a link, alone or beside another, and as a sheet."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from test_pages import ROOT, VERDICT, drawn, settled

from essmap import reference

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("territory")]

LUCHON = "mon-territoire?canton=3102"


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app on the embedded data."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path_factory.mktemp("snapshots"))})


def open_page(page_at, site, address, **options):
    """Open a territory and wait until its map has drawn its actors."""
    visit = page_at(f"{site.url}/{address}", **options)
    page = drawn(visit.page)
    page.frame_locator("iframe").locator(".leaflet-container[data-drawn]").wait_for()
    return visit


def table(page, caption):
    """Return the cells of a table, by row."""
    found = page.locator("table").filter(has=page.locator("caption", has_text=caption)).first
    rows = found.locator("tbody tr").all()
    return [[cell.inner_text().split("\n")[0].strip() for cell in row.locator("th, td").all()] for row in rows]


def number(text):
    """Return a number as French readers write it."""
    return float(re.sub(r"[\s\u202f]", "", text).replace(",", "."))


def test_a_link_opens_a_territory_and_every_count_agrees(page_at, site, starter_snapshot):
    """Figures, bars, list and map show the actors that the table holds for the canton."""
    page = open_page(page_at, site, LUCHON).page
    actors = starter_snapshot.table("actors")
    here = actors[actors["canton_code"] == "3102"]
    figures = {row[0]: row[1:] for row in table(page, "Chiffres clés")}
    assert number(figures["Structures relevées"][0]) == len(here)
    assert number(figures["Structures relevées"][1]) == len(actors)
    assert number(figures["Habitants"][0]) == 33129
    families = table(page, "Structures relevées par famille")
    assert sum(number(row[1]) for row in families) == len(here)
    axes = {row[0]: number(row[1]) for row in table(page, "Structures relevées par axe")}
    assert axes["Inclusion"] == sum("inclusion" in list(keys) for keys in here["axes"])
    assert page.locator(".essmap-row").count() == min(20, len(here))
    drawn_on_map = page.frame_locator("iframe").locator(".leaflet-container").get_attribute("data-drawn")
    assert int(drawn_on_map) == len(here)


def test_a_territory_is_chosen_from_the_list_and_written_in_the_address(page_at, site):
    """The box finds a canton by its name; the address then opens the same page."""
    page = drawn(page_at(f"{site.url}/mon-territoire").page)
    box = page.get_by_role("combobox", name="Territoire")
    box.click()
    box.fill("Muret")
    page.get_by_role("option", name=re.compile(r"^Canton\s: Muret")).click()
    expect(page.locator("h2").first).to_have_text("Muret (canton)")
    expect(page).to_have_url(re.compile(r"canton=3109"))


def test_two_territories_stand_side_by_side(page_at, site):
    """A second one is in the address, in the tables and on the map."""
    page = open_page(page_at, site, f"{LUCHON}&avec=commune-31395").page
    expect(page.locator("h2").first).to_have_text("Bagnères-de-Luchon (canton) et Muret (commune)")
    head = page.locator("table").first.locator("thead th").all_inner_texts()
    assert [text.strip() for text in head[1:]] == ["Bagnères-de-Luchon (canton)", "Muret (commune)", "Haute-Garonne"]
    expect(page).to_have_url(re.compile("avec=commune-31395"))
    assert page.get_by_role("button", name=re.compile("Fiche PDF")).count() == 2


def test_choice_is_shared_with_the_other_pages(page_at, site):
    """A territory chosen here is the one that Découvrir shows."""
    page = open_page(page_at, site, LUCHON).page
    page.get_by_role("link", name="Découvrir").click()
    expect(page.locator(".essmap-status")).to_contain_text("répondent à vos choix")
    expect(page).to_have_url(re.compile("canton=3102"))


def test_a_name_leads_to_its_card(page_at, site):
    """The list's names are links to the cards of Découvrir."""
    page = open_page(page_at, site, LUCHON).page
    first = page.locator(".essmap-row h3 a").first
    name = first.inner_text()
    first.click()
    expect(page.locator(".essmap-card h2")).to_have_text(name)


def test_sheet_is_a_pdf_of_this_territory(page_at, site, tmp_path):
    """The button gives a tagged PDF named after the territory."""
    page = open_page(page_at, site, LUCHON).page
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Fiche PDF")).click()
    assert waiting.value.suggested_filename == "bagneres-de-luchon-canton.pdf"
    path = tmp_path / "sheet.pdf"
    waiting.value.save_as(path)
    reader = PdfReader(io.BytesIO(Path(path).read_bytes()))
    assert reader.metadata.title == "Bagnères-de-Luchon (canton)"
    assert "/StructTreeRoot" in reader.trailer["/Root"]


@pytest.mark.parametrize("address", ["mon-territoire?canton=9999", "mon-territoire?canton=%3Cscript%3E&avec=x-y"])
def test_unknown_territory_asks_to_choose(page_at, site, address):
    """What the address names and the department has not is ignored, never an error."""
    visit = page_at(f"{site.url}/{address}")
    page = drawn(visit.page)
    expect(page.locator(".essmap-table caption")).to_contain_text("Les cantons")
    assert page.locator(".essmap-table tbody tr").count() == 22
    assert visit.errors == []


def test_an_empty_commune_is_said_and_nothing_is_judged(page_at, site, starter_snapshot):
    """No actor and no project: sentences, an empty map, no verdict and no « aucun » that passes for a fact."""
    actors, communes = starter_snapshot.table("actors"), starter_snapshot.table("communes")
    projects = starter_snapshot.table("projects")
    taken = set(actors["commune_code"]) | set(projects["commune_code"].dropna())
    code = next(code for code in communes["commune_code"] if code not in taken)
    page = open_page(page_at, site, f"mon-territoire?commune={code}").page
    text = settled(page).locator('[data-testid="stMain"]').inner_text()
    assert "Aucune structure relevée dans ce territoire." in text
    assert "Aucun projet connu de cet outil" in text
    assert not VERDICT.search(text)


def test_a_click_on_the_map_opens_the_neighbour(page_at, site):
    """A canton of the map is a way to its page, and the chosen one is outlined."""
    page = open_page(page_at, site, LUCHON).page
    box = page.locator("iframe").first
    box.scroll_into_view_if_needed()
    frame = next(frame for frame in page.frames if frame.parent_frame)
    frame.wait_for_function("document.querySelectorAll('path.essmap-canton').length === 22")
    point = frame.evaluate("(({ x, y }) => [x, y])(map_div.latLngToContainerPoint([43.075, 0.73]))")
    corner = box.bounding_box()
    page.mouse.click(corner["x"] + point[0], corner["y"] + point[1])
    expect(page.locator("h2").first).to_have_text("Saint-Gaudens (canton)")
    expect(page).to_have_url(re.compile("canton=3114"))


def test_what_is_not_recorded_has_a_nearest_one_with_an_honest_distance(page_at, site, starter_snapshot):
    """Each domain without a row here, and no other, is offered elsewhere; nobody calls it absent."""
    page = open_page(page_at, site, LUCHON).page
    actors = starter_snapshot.table("actors")
    here = {key for keys in actors.loc[actors["canton_code"] == "3102", "domains"] for key in keys}
    everywhere = {key for keys in actors["domains"] for key in keys}
    labels = reference.domains()["label"]
    rows = table(page, "Structure la plus proche")
    assert {row[0] for row in rows} == {labels[key] for key in everywhere - here}
    assert all("km" in row[2] for row in rows)
    assert "Non relevé ne veut pas dire absent." in page.locator('[data-testid="stMain"]').inner_text()


def test_cantons_without_outline_are_named_with_the_way_to_load_them(page_at, site):
    """Toulouse-1 to -11 are not in the table of units, but the page says so."""
    text = drawn(page_at(f"{site.url}/mon-territoire").page).locator('[data-testid="stMain"]').inner_text()
    assert "Toulouse-1" in text
    assert "Toulouse-11" in text
    assert "essmap build --cantons ign" in text
