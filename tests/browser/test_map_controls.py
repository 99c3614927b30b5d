"""The tools of the map in the real app: background, full screen, position, link, territories, embedding."""

from __future__ import annotations

import http.server
import re
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("controls")]

ROOT = Path(__file__).parents[2]
#: A grey tile of one pixel: a made-up background.
TILE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da63a8ff0f0001fe01fe5e4a1bbd"
    "0000000049454e44ae426082"
)
VIEW = "(() => { const c = map.getCenter(); return [c.lat, c.lng, map.getZoom()]; })()"
TOULOUSE = {"latitude": 43.6045, "longitude": 1.4442, "accuracy": 40}


class TileServer(http.server.ThreadingHTTPServer):
    """Another company's server: answers tiles, or fails, and remembers what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Tiles)
        self.asked = []
        self.fails = False
        self.url = f"http://127.0.0.1:{self.server_port}/{{z}}/{{x}}/{{y}}.png"


class _Tiles(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(500 if self.server.fails else 200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        if not self.server.fails:
            self.wfile.write(TILE)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def tiles():
    """A tile server on another port."""
    server = TileServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    return str(tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="module")
def site(app_server, snapshots, tiles):
    """The app, whose background comes from the other server when asked."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": snapshots, "ESSMAP_TILES_URL": tiles.url})


@pytest.fixture(autouse=True)
def quiet_tiles(tiles):
    """Each test starts with a server that answers and was asked nothing."""
    tiles.asked.clear()
    tiles.fails = False


def opened(visit):
    """Wait until the map of a visit is drawn; returns the frame and what is inside it."""
    page = visit.page
    inside = page.frame_locator("iframe")
    inside.locator(".essmap-department").wait_for(state="attached")
    inside.locator(".leaflet-container[data-drawn]").wait_for()
    page.locator("iframe").scroll_into_view_if_needed()
    return next(frame for frame in page.frames if frame.parent_frame), inside


def button(inside, name):
    return inside.get_by_role("button", name=name)


def opacity(inside, css):
    return float(inside.locator(css).first.evaluate("node => getComputedStyle(node).fillOpacity"))


def click_land(visit, frame, lat, lon):
    """Press the map at a place where it shows no actor."""
    at = frame.evaluate("([lat, lon]) => map.latLngToContainerPoint([lat, lon])", [lat, lon])
    corner = visit.page.locator("iframe").bounding_box()
    visit.page.mouse.click(corner["x"] + at["x"], corner["y"] + at["y"])


def test_background_is_asked_for_and_goes_again(page_at, site, tiles):
    """Nothing is asked of the other server before the button; then tiles show under outlines, and go at a press."""
    visit = page_at(site.url)
    _, inside = opened(visit)
    ask = button(inside, re.compile("Fond de plan IGN"))
    expect(ask).to_have_attribute("aria-pressed", "false")
    expect(ask).to_contain_text("appelle 127.0.0.1")
    assert tiles.asked == []
    assert opacity(inside, ".essmap-land") == 1
    ask.click()
    expect(ask).to_have_attribute("aria-pressed", "true")
    inside.locator(".leaflet-container.essmap-tiled").wait_for()
    assert tiles.asked
    assert opacity(inside, ".essmap-land") == 0
    expect(inside.locator(".essmap-town span").first).to_be_hidden()
    expect(inside.locator(".leaflet-control-attribution")).to_contain_text("© IGN – Plan IGN v2, Licence Ouverte 2.0")
    ask.click()
    expect(inside.locator(".leaflet-tile")).to_have_count(0)
    assert opacity(inside, ".essmap-land") == 1
    expect(inside.locator(".essmap-town span").first).to_be_visible()
    assert visit.errors == []


def test_background_choice_holds_for_the_visit_only(page_at, site, tiles):
    """A reload of the tab keeps the background; a new visit starts without."""
    visit = page_at(site.url)
    _, inside = opened(visit)
    button(inside, re.compile("Fond de plan")).click()
    inside.locator(".leaflet-container.essmap-tiled").wait_for()
    visit.page.reload()
    _, inside = opened(visit)
    expect(button(inside, re.compile("Fond de plan"))).to_have_attribute("aria-pressed", "true")
    inside.locator(".leaflet-container.essmap-tiled").wait_for()
    other = page_at(site.url)
    _, inside = opened(other)
    expect(button(inside, re.compile("Fond de plan"))).to_have_attribute("aria-pressed", "false")
    assert other.hosts() == {urlsplit(site.url).netloc}


def test_background_that_fails_is_given_up(page_at, site, tiles):
    """When tiles fail, our land stays, the button goes back, a sentence says so, and nothing is asked again."""
    tiles.fails = True
    visit = page_at(site.url)
    frame, inside = opened(visit)
    ask = button(inside, re.compile("Fond de plan"))
    ask.click()
    expect(inside.locator(".essmap-note")).to_contain_text("Le fond de plan IGN ne répond pas")
    expect(ask).to_have_attribute("aria-pressed", "false")
    assert opacity(inside, ".essmap-land") == 1
    asked = len(tiles.asked)
    frame.evaluate("map.setView([43.5, 1.4], 10, {animate: false})")
    frame.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert len(tiles.asked) == asked


@pytest.mark.parametrize("mode", ["on", "off"])
def test_deployer_decides_on_the_background(app_server, page_at, snapshots, tiles, mode):
    """« on » shows tiles at once, « off » has no button and lets no other origin in."""
    environment = {"ESSMAP_SNAPSHOTS": snapshots, "ESSMAP_TILES_URL": tiles.url, "ESSMAP_TILES": mode}
    visit = page_at(app_server(ROOT / "app.py", env=environment).url)
    frame, inside = opened(visit)
    if mode == "on":
        inside.locator(".leaflet-container.essmap-tiled").wait_for()
        expect(button(inside, re.compile("Fond de plan"))).to_have_attribute("aria-pressed", "true")
    else:
        expect(button(inside, re.compile("Fond de plan"))).to_have_count(0)
        source = tiles.url.format(z=1, x=1, y=1)
        ends = "{onload: () => end(1), onerror: () => end(0), src: u}"
        load = f"(u) => new Promise((end) => Object.assign(new Image(), {ends}))"
        assert frame.evaluate(load, source) == 0
        assert tiles.asked == []


def test_full_screen_and_back(page_at, site):
    """The button fills the screen with the map and changes its name; pressed again it gives the page back."""
    visit = page_at(site.url)
    frame, inside = opened(visit)
    button(inside, "Plein écran").click()
    frame.wait_for_function("document.fullscreenElement === map.getContainer()")
    frame.wait_for_function("map.getSize().y === window.innerHeight && map.getSize().x === window.innerWidth")
    button(inside, "Quitter le plein écran").click()
    frame.wait_for_function("!document.fullscreenElement")
    expect(button(inside, "Plein écran")).to_be_visible()


def test_a_rough_position_shows_its_whole_disc(page_at, site):
    """A position known to 5 km only is seen from far enough for the disc to be in view."""
    visit = page_at(site.url, geolocation=TOULOUSE | {"accuracy": 5000}, permissions=["geolocation"])
    frame, inside = opened(visit)
    button(inside, "Autour de moi").click()
    expect(inside.locator(".essmap-note")).to_contain_text("5\u202f000 m près")
    frame.wait_for_function("map.getZoom() > 9 && map.getBounds().contains(L.latLng(43.6045, 1.4442).toBounds(10000))")


def test_position_is_drawn_and_sent_nowhere(page_at, site):
    """« Autour de moi » centres the map on the visitor; no request and no message holds the position."""
    visit = page_at(site.url, geolocation=TOULOUSE, permissions=["geolocation"])
    sent = []
    visit.page.on("websocket", lambda socket: socket.on("framesent", lambda text: sent.append(str(text))))
    visit.page.reload()
    frame, inside = opened(visit)
    before = len(visit.requests)
    button(inside, "Autour de moi").click()
    expect(inside.locator(".essmap-note")).to_contain_text("à 40 m près")
    expect(inside.locator(".essmap-here")).to_have_count(1)
    frame.wait_for_function("map.getCenter().distanceTo([43.6045, 1.4442]) < 20 && map.getZoom() === 14")
    visit.page.get_by_role("button", name="Insertion").click()
    expect(visit.page).to_have_url(re.compile("axe=insertion"))
    assert sent
    assert not [text for text in [*sent, *visit.requests[before:]] if "43.60" in text or "1.444" in text]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"permissions": []}, "n’a pas le droit de donner votre position"),
        ({"permissions": ["geolocation"], "geolocation": TOULOUSE | {"latitude": 48.8}}, "hors du territoire"),
    ],
)
def test_position_refused_or_far_is_a_sentence(page_at, site, options, said):
    """Refused, or far from the department: a French sentence, and the map stays where it was."""
    visit = page_at(site.url, **options)
    frame, inside = opened(visit)
    before = frame.evaluate(VIEW)
    button(inside, "Autour de moi").click()
    expect(inside.locator(".essmap-note")).to_contain_text(said)
    assert frame.evaluate(VIEW) == before


def test_all_results_come_into_view(page_at, site):
    """« Voir tous les résultats » frames the shown actors, whatever the map looked at, and says how many."""
    visit = page_at(f"{site.url}/?canton=3114")
    frame, inside = opened(visit)
    frame.evaluate("map.setView([43.9, 1.9], 13, {animate: false})")
    assert frame.evaluate("map.essmap.actors.screenPoints().length") == 0
    button(inside, "Voir tous les résultats").click()
    count = int(inside.locator(".leaflet-container").get_attribute("data-drawn"))
    shown = "map.essmap.actors.screenPoints().reduce((sum, point) => sum + point.count, 0)"
    frame.wait_for_function(f"map.getZoom() < 12 && {shown} === {count}")
    expect(inside.locator(".essmap-unseen")).to_contain_text(f"les {count} structures")


def test_link_opens_the_same_view_and_choices(page_at, site):
    """The copied link holds filters and view; who opens it sees the same, and the address bar keeps the filters."""
    visit = page_at(f"{site.url}/?axe=inclusion", permissions=["clipboard-read", "clipboard-write"])
    frame, inside = opened(visit)
    frame.evaluate("map.setView([43.3512, 1.2004], 11.5, {animate: false})")
    button(inside, "Copier le lien").click()
    expect(inside.locator(".essmap-note")).to_contain_text("Lien copié")
    link = frame.evaluate("navigator.clipboard.readText()")
    assert link == f"{site.url}/?axe=inclusion&vue=43.3512,1.2004,11.5"
    other = page_at(link)
    again, _ = opened(other)
    again.wait_for_function("map.essmap.state !== null")
    assert again.evaluate(VIEW) == pytest.approx([43.3512, 1.2004, 11.5], abs=0.01)
    expect(other.page).to_have_url(f"{site.url}/?axe=inclusion")


def test_link_is_offered_where_copying_is_not_allowed(page_at, site):
    """Without a clipboard the link stands selected in a field; Escape gives the focus back."""
    visit = page_at(site.url)
    frame, inside = opened(visit)
    frame.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button(inside, "Copier le lien").click()
    field = inside.get_by_role("textbox", name="Lien vers cette vue")
    expect(field).to_be_focused()
    assert "vue=43." in field.input_value()
    assert field.evaluate("node => node.selectionEnd - node.selectionStart") == len(field.input_value())
    field.press("Escape")
    expect(button(inside, "Copier le lien")).to_be_focused()


def test_view_of_a_link_outlives_a_filter_and_a_new_size(page_at, site):
    """Who opened a shared view, then filters, then turns the phone, still looks at the same place."""
    visit = page_at(f"{site.url}/?vue=43.3512,1.2004,11.5")
    frame, inside = opened(visit)
    frame.wait_for_function("map.essmap.state !== null")
    all_drawn = inside.locator(".leaflet-container").get_attribute("data-drawn")
    visit.page.get_by_role("button", name="Inclusion").click()
    expect(inside.locator(".leaflet-container")).not_to_have_attribute("data-drawn", all_drawn)
    width = frame.evaluate("map.getSize().x")
    visit.page.set_viewport_size({"width": 900, "height": 900})
    frame.wait_for_function(f"map.getSize().x !== {width}")
    assert frame.evaluate(VIEW) == pytest.approx([43.3512, 1.2004, 11.5], abs=0.01)


@pytest.mark.parametrize("view", ["48.85,2.35,12", "43.6,1.4", "nan,1,11", "<script>,1,11"])
def test_hostile_view_is_ignored(page_at, site, view):
    """A view that is none, or lies elsewhere, opens the map as ever."""
    visit = page_at(f"{site.url}/?vue={view}")
    frame, _ = opened(visit)
    frame.wait_for_function("map.essmap.state !== null")
    assert frame.evaluate("map.getBounds().contains(map.essmap.config.bounds)")
    assert visit.errors == []


def test_land_names_its_territories_and_chooses_one(page_at, site):
    """A click on empty land names commune and canton; a button chooses it, the map outlines and the page follows."""
    visit = page_at(site.url)
    frame, inside = opened(visit)
    frame.evaluate("map.setView([43.225, 1.0], 13, {animate: false})")
    click_land(visit, frame, 43.2253, 1.0116)
    bubble = inside.locator(".essmap-place")
    expect(bubble).to_contain_text("Canton\u00a0: Cazères")
    choose = bubble.get_by_role("button", name=re.compile("Canton"))
    expect(bubble.get_by_role("button").first).to_be_focused()
    choose.click()
    expect(visit.page).to_have_url(re.compile(r"\?canton=\d{4}$"))
    expect(visit.page.get_by_role("combobox", name="Où ?")).to_have_value(re.compile("Cazères"))
    expect(inside.locator(".essmap-chosen")).to_have_count(1)
    expect(inside.locator(".essmap-chosen-gap")).to_have_count(1)
    frame.wait_for_function("map.getZoom() < 12")


@pytest.mark.parametrize(("query", "outlines"), [("commune=31555", 1), ("epci=243100518", 1), ("cp=31600", None)])
def test_chosen_territory_is_outlined(page_at, site, query, outlines):
    """The place of the filter has a double line; a postcode is drawn as each of its communes."""
    visit = page_at(f"{site.url}/?{query}")
    _, inside = opened(visit)
    inside.locator(".essmap-chosen").first.wait_for(state="attached")
    count = inside.locator(".essmap-chosen").count()
    assert count == outlines or (outlines is None and count > 1)
    assert inside.locator(".essmap-chosen-gap").count() == count


def test_view_stays_through_filters_and_moves_for_a_place(page_at, site):
    """A word keeps frame, centre and zoom; a commune moves the map there, in the same frame."""
    visit = page_at(site.url)
    frame, inside = opened(visit)
    page = visit.page
    page.evaluate("document.querySelector('iframe').dataset.mine = 'yes'")
    frame.evaluate("window.mine = true; map.setView([43.4, 1.2], 11.5, {animate: false})")
    box = inside.locator(".leaflet-container")
    box.dispatch_event("pointerdown")
    view = frame.evaluate(VIEW)
    all_drawn = box.get_attribute("data-drawn")
    words = page.get_by_role("textbox", name="Quoi ?")
    words.fill("jardin")
    words.press("Enter")
    expect(box).not_to_have_attribute("data-drawn", all_drawn)
    assert frame.evaluate(VIEW) == view
    place = page.get_by_role("combobox", name="Où ?")
    place.click()
    place.fill("Muret")
    page.get_by_role("option", name="Muret", exact=True).click()
    frame.wait_for_function("map.getBounds().contains([43.4606, 1.3262]) && map.getZoom() > 11.5")
    assert frame.evaluate("window.mine") is True
    expect(page.locator("iframe[data-mine=yes]")).to_have_count(1)


def test_map_comes_back_to_an_actor_asked_for_twice_and_stays_after_clicks(page_at, site):
    """« Voir sur la carte » brings the map there each time; a choice on the map, or a closed card, leaves it."""
    visit = page_at(site.url)
    frame, _ = opened(visit)
    page = visit.page
    near = page.locator(".st-key-essmap_rows button", has_text="Voir sur la carte").first
    said = page.locator('[data-essmap-say="map"]')
    for _ in range(2):
        near.click()
        expect(said).to_have_count(1)
        frame.wait_for_function(
            "(() => { const { selected, bounds } = map.essmap.state;"
            " return selected >= 0 && map.getZoom() >= 12 && L.latLngBounds(bounds).contains(map.getCenter()); })()"
        )
        frame.evaluate("map.setView([43.6, 1.44], 13, {animate: false})")
    view = frame.evaluate(VIEW)
    before = frame.evaluate("map.essmap.state.selected")
    other = next(p for p in frame.evaluate("map.essmap.actors.screenPoints()") if p["count"] == 1 and p["y"] > 100)
    page.locator("iframe").evaluate("node => node.scrollIntoView({ block: 'center' })")
    corner = page.locator("iframe").bounding_box()
    page.mouse.click(corner["x"] + other["x"], corner["y"] + other["y"])
    frame.wait_for_function(f"![-1, {before}].includes(map.essmap.state.selected)")
    assert frame.evaluate(VIEW) == view
    page.get_by_role("button", name="Fermer la fiche").click()
    frame.wait_for_function("map.essmap.state.selected === -1")
    assert frame.evaluate(VIEW) == view


#: Shows, on the map of a page, fills of one level for the territories of some codes.
FILL = """([level, territories, fills]) => {
  Object.assign(map.essmap.territories.config, { level, territories });
  map.essmap.territories.show({ fills, palette: { low: "#a6611a", high: "#018571" } });
}"""


@pytest.mark.parametrize(
    ("level", "code", "at"),
    [("canton", "3102", None), ("epci", "243100518", None), ("commune", "31555", (43.6045, 1.444))],
)
def test_fills_of_every_level_are_drawn_and_named(page_at, site, level, code, at):
    """A canton, an EPCI, a commune is coloured by its class; striped where it must be, with its stripes drawn."""
    frame, inside = opened(page_at(site.url))
    fills = {code: {"class": "low", "label": "Bien moins que prévu", "pattern": "hatch"}}
    frame.evaluate(FILL, [level, None, fills])
    shape = inside.locator(f'.essmap-filled[data-code="{code}"]')
    shape.wait_for(state="attached")
    expect(inside.locator(".essmap-filled")).to_have_count(1)
    name = re.search(r"#([\w-]+)", shape.evaluate("node => getComputedStyle(node).fill"))[1]
    pattern = inside.locator(f"pattern#{name}")
    expect(pattern.locator(".essmap-hatch-ground")).to_have_css("fill", "rgb(166, 97, 26)")
    stripe = pattern.locator(".essmap-hatch-stripe")
    assert stripe.evaluate("node => [getComputedStyle(node).fillOpacity > 0.5, node.width.baseVal.value]") == [True, 2]
    frame.evaluate(FILL, [level, None, {code: {"class": "high", "label": "Plus que prévu"}}])
    expect(shape).to_have_css("fill", "rgb(1, 133, 113)")
    if at:
        frame.evaluate(
            "(at) => map.essmap.territories.onHover({ latlng: L.latLng(at), containerPoint: [-99, -99] })", at
        )
        expect(inside.locator(".leaflet-tooltip")).to_have_text("Plus que prévu")
    frame.evaluate(FILL, [level, None, {}])
    expect(shape).to_have_count(0)


@pytest.mark.parametrize(("level", "kind"), [("canton", "canton"), ("epci", "epci"), ("commune", "commune")])
def test_a_direct_click_chooses_the_territory_of_the_level(page_at, site, level, kind):
    """Where the map chooses directly, a press on land chooses that level's territory, without a bubble."""
    visit = page_at(site.url)
    frame, inside = opened(visit)
    frame.evaluate(FILL, [level, "direct", {}])
    frame.evaluate("map.setView([43.225, 1.0], 13, {animate: false})")
    click_land(visit, frame, 43.2253, 1.0116)
    expect(visit.page).to_have_url(re.compile(rf"\?{kind}=\d+$"))
    expect(inside.locator(".leaflet-popup")).to_have_count(0)
    expect(inside.locator(".essmap-chosen")).to_have_count(1)


@pytest.mark.parametrize("zoom", [8.5, 10.5, 12])
def test_names_of_towns_are_not_hidden_by_actors(page_at, site, zoom):
    """No name of a town is under an actor or a group, nor over another name; some are named at every zoom."""
    frame, inside = opened(page_at(site.url))
    frame.evaluate("(zoom) => map.setView([43.5, 1.4], zoom, {animate: false})", zoom)
    inside.locator(".essmap-town").first.wait_for(state="attached")
    names = inside.locator(".essmap-town span").evaluate_all(
        "nodes => nodes.map((node) => node.getBoundingClientRect()).map((b) => [b.left, b.top, b.right, b.bottom])"
    )
    points = frame.evaluate("map.essmap.actors.screenPoints()")
    assert names
    for left, top, right, bottom in names:
        assert not [p for p in points if left < p["x"] < right and top < p["y"] < bottom]


def test_groups_say_how_many_are_supported(page_at, site):
    """The label of a group counts the supported structures among its members."""
    frame, _ = opened(page_at(site.url))
    points = frame.evaluate("map.essmap.actors.screenPoints()")
    supported = frame.evaluate("[...map.essmap.actors.actors.supported]")
    for point in points:
        k = sum(supported[row] for row in point["members"])
        if point["count"] > 1:
            said = re.search(r"dont (\d+) soutenue(s?)", point["label"])
            assert (said is None) == (k == 0)
            assert said is None or (int(said[1]), said[2]) == (k, "s" if k > 1 else "")
    assert any("dont" in point["label"] for point in points)


def test_tools_are_native_french_and_reached_by_keyboard(page_at, site):
    """Every tool is a button with a French name, and the Tab key walks over all of them with a visible ring."""
    visit = page_at(site.url)
    _, inside = opened(visit)
    tools = inside.locator(".essmap-tool:visible")
    names = [tool.get_attribute("aria-label") or tool.inner_text() for tool in tools.all()]
    assert [name.split("\n")[0] for name in names] == [
        "Agrandir la carte", "Réduire la carte", "Plein écran", "Autour de moi", "Voir tous les résultats",
        "Copier le lien", "Fond de plan IGN",
    ]  # fmt: skip
    assert set(tools.evaluate_all("nodes => nodes.map((node) => `${node.tagName} ${node.type}`)")) == {"BUTTON button"}
    inside.locator(".leaflet-container").focus()
    for _ in names:
        visit.page.keyboard.press("Tab")
        focused = inside.locator(".essmap-tool:focus")
        expect(focused).to_have_count(1)
        assert focused.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


def test_tools_fold_on_a_phone_and_fit_a_finger(page_at, site):
    """At 390 pixels the tools hide under one button; each target is 44 pixels or more."""
    visit = page_at(site.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    _, inside = opened(visit)
    expect(button(inside, "Copier le lien")).to_be_hidden()
    fold = button(inside, "Outils de la carte")
    fold.tap()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(button(inside, "Copier le lien")).to_be_visible()
    for tool in inside.locator(".essmap-tool:visible").all():
        box = tool.bounding_box()
        assert min(box["width"], box["height"]) >= 44


def test_embedded_page_is_the_bare_map_with_its_filters(page_at, site):
    """With embed=true the map fills the window but one line, which counts, says partial and leads to the whole page."""
    visit = page_at(f"{site.url}/?embed=true&axe=insertion", viewport={"width": 700, "height": 420})
    frame, inside = opened(visit)
    page = visit.page
    caption = page.locator(".essmap-embed")
    expect(caption).to_contain_text("(liste partielle)")
    count = int(re.match(r"\d+", caption.inner_text()).group())
    expect(inside.locator(f'.leaflet-container[data-drawn="{count}"]')).to_be_visible()
    link = caption.get_by_role("link", name="Ouvrir la carte complète")
    assert link.get_attribute("href") == "./?axe=insertion"
    assert link.get_attribute("target") == "_blank"
    assert "noopener" in link.get_attribute("rel").split()
    frame.wait_for_function("window.innerHeight > 350 && map.getSize().y === window.innerHeight")
    expect(caption).to_be_in_viewport(ratio=1)
    assert page.locator("h1").count() == 0
    assert page.locator(".st-key-essmap_footer").count() == 0
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    assert visit.errors == []


def test_embedded_map_leads_to_the_card(page_at, site):
    """An actor chosen on the embedded map is named in the line, with a link to its card on the whole page."""
    visit = page_at(f"{site.url}/?embed=true&commune=31020", viewport={"width": 700, "height": 500})
    frame, _ = opened(visit)
    point = next(p for p in frame.evaluate("map.essmap.actors.screenPoints()") if p["count"] == 1)
    corner = visit.page.locator("iframe").bounding_box()
    visit.page.mouse.click(corner["x"] + point["x"], corner["y"] + point["y"])
    link = visit.page.locator(".essmap-embed").get_by_role("link", name="Voir la fiche")
    expect(link).to_have_attribute("href", re.compile(r"^\./\?acteur="))
