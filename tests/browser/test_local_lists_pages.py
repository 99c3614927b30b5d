"""A list is dropped to be checked, a complete programme opens its figures: in a real browser. All rows are made up."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import expect

from essmap.build.locals import LocalLists
from essmap.build.starter import build_starter
from essmap.schema.snapshot import Span
from essmap.store import Store
from made_up_lists import local_list

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("local_lists")]

ROOT = Path(__file__).parents[2]
ENGLISH = re.compile(r"\b(the|drag|drop|browse|upload|file|limit|per|error|remove)\b", re.IGNORECASE)
PROJECTS = (
    "Porteur;Programme;Année;Montant;Commune\nA inventée;Vélo inventé;2024;9000;Muret\n"
    "B inventée;Vélo inventé;2024;5000;Blagnac\n"
)
LIST = "Nom;Commune;Couleur\nLa Roue inventée;Muret;x\nLa Cafetière;Aurignac;\n<b>Inventée</b>;Atlantis;\n"


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app on a build that a list of projects, declared complete, is part of."""
    root = tmp_path_factory.mktemp("snapshots")
    lists = LocalLists((local_list(PROJECTS, "projects", spans=(Span("Vélo inventé", 2024, 2024),)),))
    Store(str(root)).save(build_starter("31", lists=lists))
    env = {"ESSMAP_SNAPSHOTS": str(root), "ESSMAP_LOCAL_LISTS": str(root / "lists")}
    return app_server(ROOT / "app.py", env=env)


def settled(page):
    """Wait until the script of the page has run."""
    page.locator(".st-key-essmap_footer a").last.wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return page


def drop(page, name, content, media="text/csv"):
    """Give a file to the box, and wait for what comes of it."""
    page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": media, "buffer": content})
    page.locator(".essmap-status").first.wait_for()
    return settled(page)


def grave(page):
    """Return what axe-core finds serious or critical in any frame of a page."""
    found, passes = [], 0
    for frame in page.frames:
        frame.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
        answer = frame.evaluate("axe.run(document, { iframes: false })")
        passes += len(answer["passes"])
        found += [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in answer["violations"]
            if one["impact"] in {"serious", "critical"}
        ]
    assert passes > 20  # it did read the page
    return found


def plain(text):
    """Return a text with ordinary spaces."""
    return re.sub(r"[\u00a0\u202f]", " ", text)


def test_a_list_is_checked_row_by_row_and_nothing_of_it_is_kept(page_at, site):
    """Counts, the fault at its place, the map of communes, the annotated copy; gone when the file is taken away."""
    visit = page_at(f"{site.url}/donnees")
    page = drop(settled(visit.page), "liste.csv", LIST.encode())
    said = plain(page.locator(".essmap-status").first.inner_text())
    assert "2 lignes sur 3 seraient reprises" in said
    assert "nouvelles : 1 ; déjà connues, rapprochées : 1" in said
    table = page.locator("table", has_text="Lignes écartées, et pourquoi")
    expect(table.locator("tbody tr")).to_have_count(1)
    assert "Atlantis" in table.inner_text()
    page.frame_locator("iframe").locator(".leaflet-container").wait_for()
    with page.expect_download() as copy:
        page.get_by_role("button", name="Copie annotée").click()
    sheet = openpyxl.load_workbook(io.BytesIO(Path(copy.value.path()).read_bytes())).active
    assert [row[0].value for row in sheet.iter_rows()] == ["Verdict", "reprise", "reprise", "écartée"]
    box = page.locator('[data-testid="stFileUploader"]')
    assert ENGLISH.findall(box.inner_text()) == []
    box.get_by_role("button", name=re.compile("Retirer")).click()
    expect(table).to_have_count(0)
    assert visit.errors == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("liste.pdf", b"%PDF-1.7", "PDF"),
        ("liste.xlsx", b"PK\x03\x04 cut", "abîmé"),
        ("liste.csv", b"bonjour;salut\na;b\n", "n’est pas compris"),
    ],
)
def test_a_file_that_is_no_list_ends_in_a_sentence(page_at, site, name, content, said):
    """Whatever is dropped, the page says what it is and goes on."""
    visit = page_at(f"{site.url}/donnees")
    page = drop(settled(visit.page), name, content, "application/octet-stream")
    assert said in page.locator(".essmap-status").first.inner_text()
    assert visit.errors == []


def test_the_models_are_there_to_be_filled_in(page_at, site):
    """Workbook and schema download from the page, whose columns are documented."""
    page = settled(page_at(f"{site.url}/donnees").page)
    with page.expect_download() as model:
        page.get_by_role("button", name="Modèle des structures").click()
    assert openpyxl.load_workbook(io.BytesIO(Path(model.value.path()).read_bytes())).sheetnames[0] == "Structures"
    page.get_by_text("Colonnes attendues, une par une").click()
    expect(page.locator("table", has_text="Colonnes d’une liste de projets soutenus")).to_be_visible()


def test_a_complete_programme_opens_its_figures_and_no_other(page_at, site):
    """Euros per inhabitant, cantons without support and the chart, for that programme and those years."""
    visit = page_at(f"{site.url}/projets-soutenus")
    page = settled(visit.page)
    text = plain(page.locator('[data-testid="stMain"]').inner_text())
    assert "« Vélo inventé », 2024 : 20 cantons sur 22 n’ont aucun soutien (91 %)" in text
    expect(page.locator('[data-testid="stVegaLiteChart"]')).to_be_visible()
    expect(page.locator("table", has_text="ce que reçoit chaque canton").locator("tbody tr")).to_have_count(22)
    assert visit.errors == []
    page = settled(page_at(f"{site.url}/mon-territoire?commune=31395").page)
    assert "1 soutien ici, 9 000 €" in plain(page.locator('[data-testid="stMain"]').inner_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_what_lists_open(page_at, site, scheme):
    """The tried list with its tables and map, and the figures of a complete programme with their legend."""
    page = settled(page_at(f"{site.url}/donnees", color_scheme=scheme).page)
    drop(page, "liste.csv", LIST.encode())
    page.frame_locator("iframe").locator(".leaflet-container").wait_for()
    assert grave(page) == []
    page = settled(page_at(f"{site.url}/projets-soutenus", color_scheme=scheme).page)
    legend = page.locator(".essmap-parts li")
    expect(legend).to_have_count(4)
    assert "moins de structures relevées, moins soutenu que la moyenne" in legend.first.inner_text()
    assert grave(page) == []
