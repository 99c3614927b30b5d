"""The real app on a snapshot with the 27 electoral cantons: every page draws, the bucket is said and reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from essmap.build.electoral import Loaded, with_electoral_cantons
from essmap.build.starter import build_starter, load_geography
from essmap.sources.canton_outlines import read_outlines
from essmap.sources.canton_populations import read_canton_populations
from essmap.store import Store

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

ROOT = Path(__file__).parents[2]
IGN_2018 = ROOT.parent / "shared" / "data" / "test-only" / "cantons_31_ign2018.geojson"
PAGES = ["", "ecarts", "projets-soutenus", "donnees"]


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app on the 27 cantons."""
    if not IGN_2018.is_file():
        pytest.skip(f"{IGN_2018.name} is not part of the project and is not at hand")
    root = tmp_path_factory.mktemp("snapshots")
    loaded = Loaded(read_outlines(IGN_2018), read_canton_populations("31"), is_embedded=True)
    snapshot = build_starter("31", geography=with_electoral_cantons(load_geography("31"), loaded))
    Store(str(root)).save(snapshot)
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(root)})


def drawn(page):
    """Wait until the page has run and its footer stands."""
    page.locator(".st-key-essmap_footer a").last.wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    return page


@pytest.mark.parametrize("path", PAGES)
def test_every_page_draws(site, page_at, path):
    """No page fails on cantons that share a commune."""
    page = drawn(page_at(f"{site.url}/{path}").page)
    expect(page.locator('[data-testid="stException"], [data-testid="stAlert"]')).to_have_count(0)
    expect(page.locator("h1")).to_have_count(1)


def test_canton_of_toulouse_and_its_bucket(site, page_at):
    """A canton inside Toulouse shows its located actors and leads to those whose canton is not known."""
    page = drawn(page_at(f"{site.url}/?canton=3117").page)
    expect(page.locator("body")).to_contain_text("9 structures sur 396")
    page.get_by_role("link", name="Toulouse, canton inconnu").click()
    page.wait_for_url("**/?canton=31555-inconnu")
    expect(drawn(page).locator("body")).to_contain_text("165 structures sur 396")


def test_data_page_calls_the_level_whole(site, page_at):
    """Toulouse without a canton of its own is shared, not left out; the year of the shares stands in the notes."""
    page = drawn(page_at(f"{site.url}/donnees").page)
    expect(page.locator("body")).to_contain_text("27")
    expect(page.locator("body")).not_to_contain_text("n’en a pas dans les sources")
    expect(page.locator("details", has_text="Limites à connaître")).to_contain_text("2016")
