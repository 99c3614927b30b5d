"""What everybody must be able to do: by keyboard, by ear, on a small screen, with large letters; and what it costs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("access")]

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
CARD = "?acteur=la-cafetiere-31028"
NOTHING = "?q=cafetière&commune=31555"
EMBEDDED = "?embed=true&axe=insertion"
WITH_MAP = {"", "ecarts", "projets-soutenus"}
GRAVE = {"serious", "critical"}
#: Findings of axe that neither a style sheet nor our scripts can mend: (rule, start of the element). None today.
EXCEPTIONS: set[tuple[str, str]] = set()
#: Bytes of the messages of the page, and of the map's part, as the browser reads them (on the wire they are compressed
#: besides). A third of a first view is the list of 696 places, which a filter does not send again.
FIRST_BYTES, FILTER_BYTES, MAP_BYTES = 40_000, 30_000, 5_000

FOCUSED = """() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  return {
    name: node.getAttribute('aria-label') || node.textContent.trim().slice(0, 60),
    tag: node.tagName,
    zone: ['essmap_filters', 'essmap_map', 'essmap_list'].find((key) => node.closest(`.st-key-${key}`)),
    skip: node.className === 'essmap-skip' && box.width > 100 && box.height >= 44,
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== 'none',
    parentRing: [...Array(4)].reduce(([found, up]) => {
      const look = up && getComputedStyle(up);
      const ringed = look && (look.boxShadow !== 'none' || look.outlineStyle !== 'none');
      return [found || Boolean(ringed), up && up.parentElement];
    }, [false, node.parentElement])[0],
  };
}"""


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app on the embedded data."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path_factory.mktemp("snapshots"))})


def drawn(page, path=""):
    """Wait until the page stands, its script has run and its map has its outlines."""
    page.locator(".essmap-embed" if "embed=" in path else ".essmap-third-parties").wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    if path.partition("?")[0] in WITH_MAP:
        page.frame_locator("iframe").locator(".essmap-department").first.wait_for(state="attached")
    return page


def opened(page_at, site, path="", **options):
    """Open a page and wait until it stands."""
    return drawn(page_at(f"{site.url}/{path}", **options).page, path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PAGES, CARD, NOTHING, EMBEDDED])
def test_axe_finds_nothing_grave(page_at, site, path, scheme):
    """In every frame of every page axe-core finds nothing serious or critical."""
    page = opened(page_at, site, path, color_scheme=scheme, bypass_csp=True)
    script = AXE_FILE_PATH.read_text(encoding="utf-8")
    rules = 0
    for frame in page.frames:
        frame.evaluate(script)
        answer = frame.evaluate("axe.run(document, { iframes: false })")
        rules += len(answer["passes"])
        grave = [
            (rule["id"], node["html"][:200])
            for rule in answer["violations"]
            if rule["impact"] in GRAVE
            for node in rule["nodes"]
            if not any(rule["id"] == known and node["html"].startswith(start) for known, start in EXCEPTIONS)
        ]
        assert grave == []
    assert rules > 20


@pytest.mark.parametrize("path", PAGES)
def test_frames_speak_french_and_have_a_title(page_at, site, path):
    """Every frame is in French and titled; every iframe element has a French title; there is one title of level 1."""
    page = opened(page_at, site, path)
    for frame in page.frames:
        assert frame.evaluate("document.documentElement.lang") == "fr"
        assert len(frame.title()) > 4
    for frame in page.locator("iframe").all():
        assert re.search("[Cc]arte", frame.get_attribute("title"))
    expect(page.locator("h1")).to_have_count(1)


def walk(page, most=120):
    """Press Tab from the top of the page; return what has the focus, in order, until the list."""
    page.locator("body").evaluate("node => node.focus()")
    found = []
    for _ in range(most):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        found.append(now)
        if now["zone"] == "essmap_list":
            break
    return found


def test_tab_goes_through_the_page_in_order_and_leaves_the_map(page_at, site):
    """From the top: skip link, menu, filters, « Passer la carte », map, list; each with a visible focus, no trap."""
    found = walk(opened(page_at, site))
    zones = [now["zone"] for now in found]
    assert found[0]["name"] == "Aller au contenu principal"
    skips = [at for at, now in enumerate(found) if now["skip"]]
    order = [
        next(at for at, now in enumerate(found) if now["name"].startswith("Découvrir")),
        zones.index("essmap_filters"),
        skips[0],
        zones.index("essmap_map"),
        zones.index("essmap_list"),
    ]
    assert order == sorted(order)
    assert len(skips) == 1
    assert [now["tag"] for now in found].count("IFRAME") >= 1
    assert [now for now in found if now["tag"] != "IFRAME" and not now["ring"] and not now["parentRing"]] == []


def test_skip_links_move_the_focus_and_leave_the_address(page_at, site):
    """« Passer la carte » goes to the heading of the list; the address bar stays that of the filters."""
    page = opened(page_at, site, "?axe=insertion")
    page.locator("a.essmap-skip").focus()
    expect(page.locator("a.essmap-skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#liste")).to_be_focused()
    expect(page.locator("#liste")).to_be_in_viewport()
    expect(page).to_have_url(re.compile(r"/\?axe=insertion$"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Voir la fiche").first).to_be_focused()


def test_list_stands_for_the_map(page_at, site):
    """The list is a named region, says that it is the map's text, and the map points at it."""
    page = opened(page_at, site)
    region = page.get_by_role("region", name="Les structures")
    expect(region.get_by_role("heading", level=3)).to_have_count(20)
    expect(region).to_have_accessible_description(re.compile("ce que montre la carte"))
    expect(page.locator(".st-key-essmap_map iframe")).to_have_attribute("aria-details", "liste")
    names = region.get_by_role("heading", level=3).all_inner_texts()
    for label in ("Voir la fiche", "Voir sur la carte"):
        buttons = region.get_by_role("button", name=label)
        expect(buttons).to_have_count(20)
        said = [button.get_attribute("aria-label") for button in buttons.all()]
        assert [text.partition("\u00a0: ")[2] for text in said] == names
    shown = region.get_by_role("button", name="Voir sur la carte (commune)").first
    expect(shown).to_be_visible()


def test_buttons_keep_the_names_of_their_rows_after_a_filter(page_at, site):
    """When rows change, the names of the buttons change with them."""
    page = opened(page_at, site)
    page.get_by_role("button", name="Insertion").click()
    expect(page).to_have_url(re.compile("axe=insertion"))
    drawn(page)
    names = page.locator(".st-key-essmap_rows h3").all_inner_texts()
    said = [button.get_attribute("aria-label") for button in page.get_by_role("button", name="Voir la fiche").all()]
    assert said == [f"Voir la fiche\u00a0: {name}" for name in names]


def test_show_on_map_moves_view_focus_and_speech(page_at, site):
    """« Voir sur la carte », by keyboard: the map goes there and has the focus, a status says it; closing goes back."""
    page = opened(page_at, site, "?q=cafetière")
    button = page.get_by_role("button", name=re.compile("Voir sur la carte.*La Cafetière"))
    frame = next(frame for frame in page.frames if frame.parent_frame)
    frame.evaluate("window.stillHere = true")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Sur la carte")).to_contain_text("La Cafetière")
    expect(page.locator(".st-key-essmap_map iframe")).to_be_focused()
    expect(page.locator(".st-key-essmap_map iframe")).to_be_in_viewport()
    frame.wait_for_function("map_div.getZoom() > 11 && map_div.essmap.actors.state.selected >= 0")
    assert frame.evaluate("window.stillHere && document.activeElement.classList.contains('leaflet-container')")
    frame.evaluate("map_div.setView([43, 1], 9, { animate: false })")  # looked elsewhere: asked again, it comes back
    button.focus()
    page.keyboard.press("Enter")
    frame.wait_for_function("map_div.getZoom() > 11")
    page.get_by_role("button", name="Fermer la fiche").click()
    expect(button).to_be_focused()


def test_status_is_announced_once(page_at, site):
    """The region that speaks stays in place; a filter changes its text once, to the new count."""
    page = opened(page_at, site)
    region = page.locator("#essmap-announcer")
    expect(region).to_contain_text("396 structures")
    assert region.get_attribute("role") == "status"
    region.evaluate("""node => {
      window.spoken = [];
      new MutationObserver(() => window.spoken.push(node.textContent)).observe(node, { childList: true });
    }""")
    page.get_by_role("button", name="Insertion").click()
    expect(region).to_contain_text("répondent à vos choix")
    drawn(page)
    spoken = page.evaluate("window.spoken")
    assert len(spoken) == 1
    assert spoken[0].startswith(page.locator(".essmap-status").inner_text())


def test_another_page_of_the_list_starts_at_its_top(page_at, site):
    """Turning the page of the list brings focus and eye to its heading, and says which page it is."""
    page = opened(page_at, site)
    page.get_by_role("button", name="Page suivante").click()
    expect(page.locator('[data-essmap-say="page"]')).to_contain_text("Page 2 sur 20")
    expect(page.locator("#liste")).to_be_focused()
    expect(page.locator("#liste")).to_be_in_viewport()
    expect(page.locator("#essmap-announcer")).to_contain_text("Page 2 sur 20")


def test_nothing_found_offers_the_nearest(page_at, site):
    """An empty result names the nearest actor outside with its distance; its button opens the card."""
    page = opened(page_at, site, NOTHING)
    expect(page.locator(".essmap-nearest")).to_contain_text(re.compile(r"environ \d+ km du centre de Toulouse"))
    page.get_by_role("button", name="Voir la fiche de La Cafetière").click()
    expect(page.locator(".essmap-card")).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(320, 700), (320, 256)])
@pytest.mark.parametrize("path", ["", "ecarts"])
def test_small_and_enlarged_screens_reach_everything(page_at, site, path, width, height):
    """At 320 pixels, and at 400 % of 1280 by 1024: no sideways scroll, and every control can be brought into view."""
    page = opened(page_at, site, path, viewport={"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator('[data-testid="stMain"]').evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    controls = page.locator("[data-testid='stMain'] :is(button, input, summary, a[href]):visible:not(.essmap-skip)")
    assert controls.count() > 3
    outside = controls.evaluate_all("""nodes => nodes.filter((node) => {
      node.scrollIntoView({ block: 'center', behavior: 'instant' });
      const box = node.getBoundingClientRect();
      const scrolled = node.closest('.essmap-table');
      return !scrolled && (box.left < -1 || box.right > innerWidth + 1 || box.bottom < 0 || box.top > innerHeight);
    }).map((node) => node.outerHTML.slice(0, 120))""")
    assert outside == []


@pytest.mark.parametrize("path", ["", CARD, "accessibilite"])
def test_controls_are_large_enough_for_a_finger(page_at, site, path):
    """On a touch screen our buttons, fields, menu links and legend are 44 pixels high."""
    page = opened(page_at, site, path, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    small = page.locator(
        "[data-testid='stMain'] :is(button, input, summary, [data-testid='stPageLink'] a):visible"
    ).evaluate_all("""nodes => nodes.filter((node) => !node.closest('[data-testid="stTooltipIcon"], .essmap-skip'))
      .map((node) => [node.closest('[role="group"]') || node, node])
      .filter(([box]) => box.getBoundingClientRect().height < 43.5)
      .map(([, node]) => node.outerHTML.slice(0, 160))""")
    assert small == []


def test_reduced_motion_is_kept(page_at, site):
    """Who asks for less movement gets no transition and no animation."""
    page = opened(page_at, site, "", reduced_motion="reduce")
    longest = page.evaluate("""[...document.querySelectorAll('.stApp *')].reduce((most, node) => {
      const style = getComputedStyle(node);
      return Math.max(most, parseFloat(style.transitionDuration), parseFloat(style.animationDuration));
    }, 0)""")
    assert longest <= 0.001


THIRD = ".essmap-third-parties"


@pytest.mark.parametrize("path", PAGES)
def test_footer_counts_no_third_party(page_at, site, path):
    """By default no page asks another host for anything, and its footer says so."""
    expect(opened(page_at, site, path).locator(THIRD)).to_have_text("Tiers appelés par cette page\u00a0: 0")


def test_footer_counts_third_parties_that_are_asked(page_at, site):
    """Images of other hosts, in the page or in the map's frame, failed ones too, are counted and named, each once."""
    page = opened(page_at, site, "", bypass_csp=True)
    ask = "address => new Promise((done) => { const image = new Image(); image.onerror = done; image.src = address; })"
    page.evaluate(ask, "http://127.0.0.1:9/pixel.png")
    expect(page.locator(THIRD)).to_have_text("Tiers appelé par cette page\u00a0: 1 (127.0.0.1:9)")
    frame = next(frame for frame in page.frames if frame.parent_frame)
    for _ in range(2):
        frame.evaluate(ask, "http://127.0.0.1:10/tile.png")
    expect(page.locator(THIRD)).to_have_text("Tiers appelés par cette page\u00a0: 2 (127.0.0.1:10, 127.0.0.1:9)")
    page.get_by_role("link", name="Données", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Données")
    expect(page.locator(THIRD)).to_contain_text("127.0.0.1:9")


def test_footer_does_not_count_what_the_policy_stops(page_at, site):
    """What the content security policy stops before it leaves is no third party asked."""
    page = opened(page_at, site)
    page.evaluate("new Promise((done) => { const i = new Image(); i.onerror = done; i.src = 'http://127.0.0.1:9/x'; })")
    expect(page.locator(THIRD)).to_have_text("Tiers appelés par cette page\u00a0: 0")


def test_messages_stay_light_and_the_map_stays(page_at, site):
    """A first view, and each filter, sends little; the map's part is small and its frame is never loaded again."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    visit = page_at("about:blank")
    page = visit.page
    frames = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda content: frames.append(content)))

    def spent(what):
        expect(page.locator(".essmap-row")).to_have_count(20)
        drawn(page)
        messages = [ForwardMsg.FromString(content) for content in frames if isinstance(content, bytes)]
        total = sum(len(content) for content in frames)
        of_map = sum(
            message.ByteSize()
            for message in messages
            if message.delta.new_element.WhichOneof("type") == "component_instance"
        )
        print(f"{what}: {total} bytes, map {of_map}")  # noqa: T201  a measurement, shown with -s
        frames.clear()
        assert 0 < of_map < MAP_BYTES, what
        return total

    page.goto(f"{site.url}/")
    drawn(page)
    assert spent("first view") < FIRST_BYTES
    frame = next(frame for frame in page.frames if frame.parent_frame)
    frame.evaluate("window.stillHere = true")
    visit.requests.clear()
    for axis in ("Insertion", "Inclusion", "Bifurcation écologique"):
        page.get_by_role("button", name=axis, exact=True).click()
        expect(page.get_by_role("button", name=axis, exact=True)).to_have_attribute("aria-pressed", "true")
        page.wait_for_url(re.compile({"Insertion": "insertion", "Inclusion": "inclusion"}.get(axis, "bifurcation")))
        assert spent(axis) < FILTER_BYTES
    assert frame.evaluate("window.stillHere")
    assert [url for url in visit.requests if "streamlit_folium" in url] == []
