"""Méthode in a real browser: links to a section arrive there, formulas are set, heard and fit, all without network."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from test_pages import ROOT, drawn

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

#: How far below the top of the screen a heading may stand that a link has just led to: under the menu, and no lower.
UNDER_MENU = (40, 140)

BEYOND = """() => [...document.querySelectorAll('.katex-html')].map((node) => {
  const boxes = [...node.querySelectorAll('.base')].map((base) => base.getBoundingClientRect());
  return Math.max(...boxes.map((box) => box.right));
}).filter((right) => right > document.documentElement.clientWidth)"""


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app on the embedded data."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path_factory.mktemp("snapshots"))})


def whole(page):
    """Wait until the page and its last formula stand."""
    drawn(page)
    page.locator(".st-key-essmap_method .katex").last.wait_for()
    return page


def stands_at_the_top(page, anchor):
    """Wait until a section stands just under the menu."""
    page.wait_for_function(
        "([id, low, high]) => { const y = document.getElementById(id)?.getBoundingClientRect().top;"
        " return y > low && y < high; }",
        arg=[anchor, *UNDER_MENU],
    )


def test_formulas_are_drawn_and_heard_without_network(page_at, site):
    """Each formula is drawn, has MathML for who hears it, none is broken, and only our host is asked."""
    visit = page_at(f"{site.url}/methode")
    page = whole(visit.page)
    drawings = page.locator(".st-key-essmap_method .katex-display")
    assert drawings.count() > 20
    assert page.locator(".katex-mathml math").count() == drawings.count()
    assert page.locator('.katex-html[aria-hidden="true"]').count() == drawings.count()
    assert page.locator(".katex-error").count() == 0
    assert visit.hosts() == {urlsplit(site.url).netloc}
    assert visit.errors == []


@pytest.mark.parametrize("anchor", ["ecarts", "implantation"])
def test_a_link_to_a_section_arrives_there(page_at, site, anchor):
    """An address with a section shows it, however late formulas come, until the visitor scrolls; the address stays."""
    page = whole(page_at(f"{site.url}/methode#{anchor}").page)
    stands_at_the_top(page, anchor)
    expect(page.locator(f"#{anchor}")).to_be_focused()
    expect(page).to_have_url(re.compile(rf"/methode#{anchor}$"))
    page.mouse.move(400, 400)
    page.mouse.wheel(0, 600)
    page.wait_for_function("id => document.getElementById(id).getBoundingClientRect().top < 0", arg=anchor)
    top = page.evaluate(
        """async (id) => {
      document.body.append(document.createElement('i'));  // something changes on the page
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return document.getElementById(id).getBoundingClientRect().top;
    }""",
        anchor,
    )
    assert top < 0


def test_contents_stay_in_sight_and_lead_to_a_section(page_at, site):
    """On a wide screen the contents are open, stay beside the text, and lead to a section."""
    page = whole(page_at(f"{site.url}/methode", viewport={"width": 1366, "height": 768}).page)
    contents = page.get_by_role("navigation", name="Sommaire")
    contents.get_by_role("link", name="Le taux lissé").click()
    stands_at_the_top(page, "taux-lisse")
    expect(contents.get_by_role("link", name="Les huit constats")).to_be_in_viewport()


def test_on_a_phone_contents_open_and_formulas_fit(page_at, site):
    """On a phone the contents are folded until asked for, and no formula runs off the screen, at 390 and 320 pixels."""
    for width in (390, 320):
        page = whole(page_at(f"{site.url}/methode", viewport={"width": width, "height": 844}).page)
        assert page.evaluate(BEYOND) == []
    link = page.get_by_role("link", name="Où implanter")
    expect(link).to_be_hidden()
    page.locator(".essmap-contents summary").click()
    link.click()
    stands_at_the_top(page, "implantation")


def test_lines_are_short_enough_to_read(page_at, site):
    """No line of prose is longer than 85 times the width of a zero, on the widest of screens."""
    page = whole(page_at(f"{site.url}/methode", viewport={"width": 1920, "height": 1080}).page)
    longest = page.evaluate("""() => {
      const zero = document.createElement('span');
      zero.textContent = '0'.repeat(85);
      zero.style.position = 'absolute';
      document.querySelector('.st-key-essmap_method p').append(zero);
      const most = zero.getBoundingClientRect().width;
      zero.remove();
      return Math.max(...[...document.querySelectorAll('.st-key-essmap_method p, .st-key-essmap_method li')]
        .map((node) => node.getBoundingClientRect().width)) / most;
    }""")
    assert 0.5 < longest <= 1
