"""Every page on made-up data: lists declared exhaustive (verdicts are seen), a list of nobody, a list of one."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pypdf import PdfReader
from test_pages import ROOT, settled

from benchmarks.made_up import made_up_snapshot
from essmap.pages.navigation import PAGES
from essmap.store import Store
from standins.registers import made_up_register_snapshot

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("made_up")]

MADE_UP = "Données inventées pour les essais"
#: What a program says of a number that is none, and of its own faults.
NO_NUMBER = re.compile(r"\b(?:nan|NaN|None|NaT|undefined|Infinity|Traceback)\b|<NA>")
ADDRESSES = {address if key != "discover" else "": in_menu for key, (_, address, in_menu) in PAGES.items()}
TERRITORIES = ["mon-territoire?canton=3102", "mon-territoire?commune=31555&avec=canton-3109"]
LISTS = {"exhaustive": 3_000, "nobody": 0, "alone": 1}
#: A department of 12,000 units as a build from a register leaves it.
REGISTER = "register"
#: Legal pages, which the menu does not show, say nothing of the list: one list is enough.
VISITS = [
    (name, address)
    for name in [*LISTS, REGISTER]
    for address in [*(a for a, in_menu in ADDRESSES.items() if in_menu or name == "exhaustive"), *TERRITORIES]
]


def snapshot_of(name):
    """Return the snapshot of a list."""
    if name == REGISTER:
        return made_up_register_snapshot()
    return made_up_snapshot(LISTS[name], is_exhaustive=True, projects=min(LISTS[name], 120))


@pytest.fixture(scope="module")
def sites(app_server, tmp_path_factory):
    """Return the app on a list, started when it is first asked for."""
    started = {}

    def site(name):
        if name not in started:
            root = tmp_path_factory.mktemp(name)
            Store(str(root)).save(snapshot_of(name))
            started[name] = app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(root)})
        return started[name]

    return site


def opened(page_at, site, address):
    """Open a page and wait until it and its maps are drawn."""
    visit = page_at(f"{site.url}/{address}")
    page = visit.page
    page.locator(".st-key-essmap_footer a").last.wait_for()
    settled(page)
    for frame in page.locator("iframe").all():
        frame.content_frame.locator(".essmap-department").first.wait_for(state="attached")
    return visit


def text_of(page):
    """Return every text of the page and of its frames."""
    return "\n".join(frame.locator("body").inner_text() for frame in page.frames)


def check(visit, site):
    """A page is whole: said to be made up above its title, silent, its own, and without a number that is none."""
    page = visit.page
    banner, title = page.locator(".essmap-made-up"), page.locator("h1")
    assert MADE_UP in banner.inner_text()
    assert banner.bounding_box()["y"] < title.bounding_box()["y"]
    assert visit.errors == []
    assert visit.failures == []
    assert visit.hosts() == {urlsplit(site.url).netloc}
    assert page.get_by_test_id("stException").count() == 0
    found = NO_NUMBER.findall(text_of(page))
    assert found == []


@pytest.mark.parametrize(("name", "address"), VISITS)
def test_every_page_stands_on_made_up_data(page_at, sites, name, address):
    """Whatever the list holds, each page draws and says that it is made up."""
    site = sites(name)
    visit = opened(page_at, site, address)
    check(visit, site)
    assert "Traceback" not in site.log.read_text(errors="replace")


@pytest.mark.parametrize("name", ["exhaustive", REGISTER])
def test_verdicts_are_seen_on_an_exhaustive_list(page_at, sites, name):
    """A territory of a list declared exhaustive says, axis by axis, what may be concluded, with its interval."""
    page = opened(page_at, sites(name), TERRITORIES[0]).page
    table = page.locator("table").filter(has=page.locator("caption", has_text="Structures relevées par axe"))
    said = table.locator("tbody td:last-child").all_inner_texts()
    assert len(said) == 4
    assert all(re.search(r"rapport entre \d+,\d\d et \d+,\d\d", text) for text in said)


@pytest.mark.parametrize(
    ("name", "address", "sentence"),
    [
        ("nobody", "", "0 structure"),
        ("nobody", "mon-territoire?canton=3102", "Aucune structure relevée dans ce territoire."),
        ("nobody", "projets-soutenus", "Aucun soutien n’est connu de cet outil."),
        ("alone", "", "1 structure"),
        ("alone", "projets-soutenus", "1 soutien connu de cet outil"),
    ],
)
def test_little_or_nothing_is_a_sentence(page_at, sites, name, address, sentence):
    """With nobody and with one actor, pages say so in words."""
    page = opened(page_at, sites(name), address).page
    assert sentence in page.locator('[data-testid="stMain"]').inner_text()


@pytest.mark.parametrize("name", LISTS)
def test_sheet_says_that_it_is_made_up(page_at, sites, tmp_path, name):
    """The PDF of a territory opens, is tagged, and says on each page that nothing of it exists."""
    page = opened(page_at, sites(name), TERRITORIES[0]).page
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Fiche PDF")).click()
    path = tmp_path / "sheet.pdf"
    waiting.value.save_as(path)
    reader = PdfReader(io.BytesIO(Path(path).read_bytes()))
    texts = [sheet.extract_text() for sheet in reader.pages]
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    assert all("DONNÉES INVENTÉES" in text for text in texts)
    assert MADE_UP in texts[0]
    assert not any(NO_NUMBER.search(text) for text in texts)
