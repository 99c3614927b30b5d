"""The actor layer alone in Chromium: Leaflet, our scripts and made-up actors on a bare page, no app."""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
from playwright.sync_api import expect

from essmap.texts import t
from essmap.view import map as map_module
from essmap.view.assets import get, leaflet_assets
from essmap.view.layers import LOOKS, axis_styles, pack_mask, publish_actors

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("layer")]

SITE = "http://127.0.0.1:9/"
SCRIPTS = tuple(f"{name}.js" for name in map_module._SCRIPTS)
HOME = [[42.7, 0.4], [43.9, 2.05]]
PRECISIONS = ["housenumber", "street", "locality"]
NOTHING = {"type": "FeatureCollection", "features": []}
HTML = """<!doctype html><html lang="fr"><head><title>Couche</title>
<style>:root { --text-color: #1a1f29; --background-color: #ffffff; }</style>
<link rel="stylesheet" href="leaflet.css"><link rel="stylesheet" href="map.css">
<style>#map { height: 500px; }</style></head><body><div id="map"></div>
<script src="leaflet.js"></script>SCRIPTS</body></html>""".replace(
    "SCRIPTS", "".join(f'<script src="{name}"></script>' for name in SCRIPTS)
)
START = """(config) => {
  window.chosen = [];
  window.rows = () => chosen.map((content) => content.split(":")[1]);
  window.map = L.map('map', {zoomControl: false, minZoom: 7, maxZoom: 18, zoomSnap: 0.5, ...config.map});
  essmap.base(map, config);
  window.layer = map.essmap.actors;
  layer.on('click', (event) => chosen.push(event.sourceTarget.getTooltip().getContent()));
}"""
#: Groups of every level from 7 to 18 for one mask: counts, members once each, no two circles on each other.
CHECK_GROUPS = """(mask) => {
  const shown = essmap.decodeMask(mask, layer.actors.n);
  const found = [];
  for (let zoom = 7; zoom <= 18; zoom += 0.5) {
    const groups = essmap.groupActors(layer.actors, shown, zoom, 6);
    const sizes = new Array(groups.n).fill(0);
    groups.of.forEach((group) => { sizes[group] += 1; });
    let shares = 0;
    groups.shares.forEach((count) => { shares += count; });
    let touching = 0;
    for (let a = 0; a < groups.n; a += 1) {
      for (let b = 0; b < a; b += 1) {
        const reach = (essmap.sizeOf(groups.count[a]) + essmap.sizeOf(groups.count[b])) / 2;
        if (Math.hypot(groups.x[a] - groups.x[b], groups.y[a] - groups.y[b]) < reach) touching += 1;
      }
    }
    found.push({
      zoom, groups: groups.n, touching, shares, placed: groups.of.length,
      sum: groups.count.reduce((total, count) => total + count, 0),
      agree: sizes.every((size, group) => size === groups.count[group] && size > 0),
    });
  }
  return found;
}"""
#: Share of pixels of the canvas, around a point of the frame, that are near a colour.
INK = """([x, y, half, colour]) => {
  const canvas = layer.canvas;
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  const part = canvas.getContext('2d').getImageData(
    (x - half - box.left) * ratio, (y - half - box.top) * ratio, 2 * half * ratio, 2 * half * ratio).data;
  const wanted = colour.match(/../g).map((pair) => parseInt(pair, 16));
  let near = 0;
  for (let i = 0; i < part.length; i += 4) {
    const far = wanted.reduce((sum, value, k) => sum + Math.abs(part[i + k] - value), 0);
    if (part[i + 3] > 200 && far < 40) near += 1;
  }
  return near / (part.length / 4);
}"""


def made_up(points, *, names=None, precision="housenumber", axes=(("insertion",),), supported=False):
    """Return made-up actors at some (lon, lat)."""
    n = len(points)
    rows = {
        "name": list(names) if names is not None else [f"Structure inventée {i}" for i in range(n)],
        "commune_name": ["Commune inventée"] * n,
        "axes": [list(axes[i % len(axes)]) for i in range(n)],
        "geo_precision": [precision] * n if isinstance(precision, str) else precision,
        "is_supported": [supported] * n if isinstance(supported, bool) else supported,
    }
    lon, lat = np.array(points, dtype=float).reshape(-1, 2).T
    return gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(lon, lat), crs=4326)


def spread(n, seed=1):
    """Return n points, most of them in one town."""
    rng = np.random.default_rng(seed)
    town = rng.normal([1.44, 43.6], 0.03, (n // 2, 2))
    return np.vstack([town, rng.uniform([0.5, 42.8], [2.0, 43.8], (n - n // 2, 2))]).round(5)


@pytest.fixture
def layer_of(page_at, browser):
    """Open a bare page with some actors shown; returns the Playwright page."""
    contexts = []

    def start(actors, *, mask=None, selected=-1, texts=None, map_options=None, **options):
        context = browser.new_context(**({"viewport": {"width": 900, "height": 700}} | options))
        contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("dialog", lambda dialog: page.errors.append(dialog.message))
        leaflet = leaflet_assets()
        web = files("essmap.view").joinpath("web")
        served = {"": HTML.encode(), "actors.json": get(publish_actors(actors)).content}
        served |= {name: get(leaflet[name]).content for name in ("leaflet.js", "leaflet.css")}
        served |= {name: web.joinpath(name).read_bytes() for name in (*SCRIPTS, "map.css")}
        outlines = {"cantons": NOTHING, "epci": NOTHING, "department": NOTHING, "towns": []}
        served |= {"outlines.json": json.dumps(outlines).encode(), "communes.json": json.dumps(NOTHING).encode()}
        types = {"js": "text/javascript", "css": "text/css", "json": "application/json"}

        def answer(route):
            name = route.request.url.removeprefix(SITE)
            body = served.get(name)
            kind = types.get(name.rpartition(".")[2], "text/html; charset=utf-8")
            route.fulfill(status=200 if body is not None else 404, body=body or b"", content_type=kind)

        page.route("**/*", answer)
        page.goto(SITE)
        words = {name: t(f"map.{name}") for name in map_module._TEXTS}
        config = {
            "actors": "actors.json", "outlines": "outlines.json", "communes": "communes.json", "axes": axis_styles(),
            "fills": {}, "bounds": HOME, "texts": words | (texts or {}), "title": "Carte", "map": map_options or {},
        }  # fmt: skip
        page.evaluate(START, config)
        page.mask = pack_mask(np.ones(len(actors), dtype=bool) if mask is None else mask)
        show(page, page.mask, selected)
        page.locator("#map[data-drawn]").wait_for()
        return page

    yield start
    for context in contexts:
        context.close()


def show(page, mask, selected=-1):
    page.evaluate("(state) => essmap.show(map, state)", {"mask": mask, "selected": selected, "fills": {}})


def points(page):
    return page.evaluate("layer.screenPoints()")


def look_at(page, lat, lon, zoom):
    page.evaluate("([at, zoom]) => map.setView(at, zoom, {animate: false})", [[lat, lon], zoom])


def click(page, point):
    page.mouse.click(point["x"], point["y"])


def test_mask_is_that_of_numpy(layer_of):
    """The rows read from a mask are those that numpy packed, for any length."""
    page = layer_of(made_up([[1.4, 43.6]]))
    rng = np.random.default_rng(7)
    for n in (0, 1, 7, 8, 9, 63, 64, 1000, 4097):
        mask = rng.random(n) < rng.random()
        rows = page.evaluate("([text, n]) => [...essmap.decodeMask(text, n)]", [pack_mask(mask), n])
        assert rows == np.flatnonzero(mask).tolist()


def test_payload_places_are_those_of_the_table(layer_of):
    """Positions read back through Leaflet are those of the table, to the metre."""
    actors = made_up(spread(200))
    page = layer_of(actors)
    place = "const p = map.unproject([x, layer.actors.y[i]], 0); return [p.lng, p.lat];"
    found = page.evaluate(f"[...layer.actors.x].map((x, i) => {{ {place} }})")
    np.testing.assert_allclose(found, np.c_[actors.geometry.x, actors.geometry.y], atol=1e-5)


def test_groups_hold_every_shown_actor_once_at_every_zoom(layer_of):
    """At each half level, for random masks: counts sum to the mask, members agree, circles do not overlap."""
    n = 1500
    page = layer_of(made_up(spread(n), axes=(("insertion",), ("inclusion",), ())))
    rng = np.random.default_rng(3)
    for share in (0, 0.001, 0.02, 0.4, 1):
        mask = rng.random(n) < share
        for level in page.evaluate(CHECK_GROUPS, pack_mask(mask)):
            total = int(mask.sum())
            assert (level["sum"], level["placed"], level["shares"]) == (total, total, total), level
            assert level["agree"], level
            assert level["touching"] == 0, level


def test_what_is_drawn_sums_to_the_mask(layer_of):
    """With the whole department in view, the drawn circles hold every actor once; data-drawn says how many."""
    page = layer_of(made_up(spread(800)))
    rng = np.random.default_rng(5)
    for share in (1, 0.3, 0.01):
        mask = rng.random(800) < share
        show(page, pack_mask(mask))
        drawn = points(page)
        assert sorted(i for point in drawn for i in point["members"]) == np.flatnonzero(mask).tolist()
        assert all(point["count"] == len(point["members"]) for point in drawn)
        assert page.locator("#map").get_attribute("data-drawn") == str(mask.sum())


def test_zooming_in_splits_groups(layer_of):
    """Half a level deeper there are never fewer circles, and at the deepest far more than at the first."""
    page = layer_of(made_up(spread(1000)))
    levels = [level["groups"] for level in page.evaluate(CHECK_GROUPS, page.mask)]
    assert levels[-1] > 20 * levels[0]
    assert sum(after < before for before, after in pairwise(levels)) <= 2


def test_panning_changes_no_group(layer_of):
    """Groups that stay in view while the map is dragged keep members and place on the ground."""
    page = layer_of(made_up(spread(1000)))
    look_at(page, 43.6, 1.44, 11)
    where = "layer.visible.map((item) => [item.group, item.x, item.y, item.count])"
    before = page.evaluate(where)
    seen = {point["label"]: tuple(sorted(point["members"])) for point in points(page)}
    page.mouse.move(450, 250)
    page.mouse.down()
    page.mouse.move(380, 290, steps=8)
    page.mouse.up()
    page.wait_for_function("map.dragging && !map.dragging.moving()")
    after = page.evaluate(where)
    assert len({tuple(item) for item in before} & {tuple(item) for item in after}) > len(before) / 2
    by_group = {item[0]: item for item in before}
    assert all(by_group[item[0]] == item for item in after if item[0] in by_group)
    assert seen


def test_canvas_follows_a_long_drag(layer_of):
    """A drag farther than the drawn margin shows what comes into view while the button is still down."""
    page = layer_of(made_up([[0.4 + 0.04 * i, 43.6] for i in range(60)]))
    look_at(page, 43.6, 1.6, 11)
    page.mouse.move(100, 250)
    page.mouse.down()
    page.mouse.move(700, 250, steps=12)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    leftmost = min(points(page), key=lambda point: point["x"])
    assert leftmost["x"] < 100
    assert page.evaluate(INK, [leftmost["x"], leftmost["y"], 20, "5e80ff"]) > 0.1
    page.mouse.up()


def test_nearest_is_hit_and_far_is_not(layer_of):
    """A point beside an actor hits it, the nearest of two wins, and empty ground hits nothing."""
    page = layer_of(made_up([[1.40, 43.6], [1.41, 43.6]]))
    look_at(page, 43.6, 1.405, 13)
    left, right = sorted(points(page), key=lambda point: point["x"])
    box = page.locator("#map").bounding_box()

    def hit(x, y):
        return page.evaluate(
            "([x, y]) => { const item = layer.hit(L.point(x, y), 14); return item && item.first; }",
            [x - box["x"], y - box["y"]],
        )

    assert hit(left["x"] + 10, left["y"] - 6) == left["members"][0]
    assert hit(right["x"] - 10, right["y"] + 6) == right["members"][0]
    assert hit((left["x"] + right["x"]) / 2, left["y"]) is None
    assert hit(left["x"], left["y"] + 40) is None


def test_click_chooses_and_counts(layer_of):
    """A click on an actor tells its row, a second click tells it again with another counter; ground tells nothing."""
    page = layer_of(made_up(spread(40)), mask=np.arange(40) == 17)
    (point,) = points(page)
    click(page, point)
    click(page, point)
    page.mouse.click(point["x"] + 60, point["y"] + 60)
    assert page.evaluate("rows()") == ["17", "17"]
    assert len(set(page.evaluate("chosen"))) == 2


def test_hover_names_and_points(layer_of):
    """The pointer over an actor shows its name and commune and becomes a hand; elsewhere both go."""
    page = layer_of(made_up([[1.4, 43.6]], names=["Épicerie inventée"]))
    (point,) = points(page)
    page.mouse.move(point["x"] + 5, point["y"])
    expect(page.locator(".essmap-tip")).to_have_text("Épicerie inventée, Commune inventée")
    assert page.locator("#map").evaluate("node => getComputedStyle(node).cursor") == "pointer"
    page.mouse.move(point["x"] + 90, point["y"] + 90)
    expect(page.locator(".essmap-tip")).to_be_hidden()
    assert page.locator("#map").evaluate("node => getComputedStyle(node).cursor") != "pointer"


def test_group_opens_by_zooming_in(layer_of):
    """A click on a group of distant actors zooms in until they part, with all of them in view."""
    page = layer_of(made_up([[1.40, 43.60], [1.402, 43.601], [1.404, 43.6]]))
    (group,) = points(page)
    click(page, group)
    page.wait_for_function("layer.zoom > 12 && layer.screenPoints().length > 1")
    assert sorted(i for point in points(page) for i in point["members"]) == [0, 1, 2]


def test_200_actors_of_one_point_are_all_listed(layer_of):
    """A group at one point opens a list of all its names in French order; each chooses its actor; Escape closes it."""
    rng = np.random.default_rng(11)
    words = ["Écluse", "Zébulon", "éclair", "Abeille", "Été", "œuvre", "Côté"]
    names = [f"{words[i % len(words)]} {i}" for i in rng.permutation(200)]
    page = layer_of(made_up([[1.4, 43.6]] * 200, names=names))
    (group,) = points(page)
    assert group["count"] == 200
    click(page, group)
    buttons = page.locator(".essmap-list button")
    expect(buttons).to_have_count(200)
    listed = buttons.all_inner_texts()
    assert sorted(listed) == sorted(names)
    assert [word[0] for word in listed[:1]] == ["A"]
    firsts = list(dict.fromkeys(name.split()[0] for name in listed))
    assert firsts == ["Abeille", "Côté", "éclair", "Écluse", "Été", "œuvre", "Zébulon"]
    expect(buttons.first).to_be_focused()
    last = buttons.nth(199)
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
    last.click()
    assert page.evaluate("rows()") == [f"{names.index(listed[-1])}"]
    expect(page.locator(".essmap-list")).to_have_count(0)
    click(page, points(page)[0])
    expect(buttons.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".essmap-list")).to_have_count(0)
    expect(page.locator("#map")).to_be_focused()


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(2)</script>",
    "L'« Atelier » d'\"Ici\" & Cie",
    "\u202eאבג عربي\u202c",
    "🎈🚲 Vélo 👩‍🌾",
    "x" * 300,
    "{name} {commune} {n}",
]  # fmt: skip


def test_hostile_names_are_only_text(layer_of):
    """Names that look like markup, run right to left or are very long are shown as they are, and run nothing."""
    page = layer_of(made_up([[1.4, 43.6]] * len(HOSTILE), names=HOSTILE))
    (group,) = points(page)
    click(page, group)
    assert sorted(page.locator(".essmap-list button").evaluate_all("nodes => nodes.map(n => n.textContent)")) == sorted(
        HOSTILE
    )
    assert page.locator(".essmap-list").evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    page.keyboard.press("Escape")
    expect(page.locator(".leaflet-popup")).to_have_count(0)
    for i, name in enumerate(HOSTILE):
        show(page, pack_mask(np.arange(len(HOSTILE)) == i))
        (point,) = points(page)
        page.mouse.move(5, 5)
        page.mouse.move(point["x"], point["y"])
        assert page.locator(".essmap-tip").evaluate("node => node.textContent").startswith(name)
        tip, box = page.locator(".essmap-tip").bounding_box(), page.locator("#map").bounding_box()
        assert tip["x"] >= box["x"]
        assert tip["x"] + tip["width"] <= box["x"] + box["width"]
    assert page.locator("#map img, #map script").count() == 0
    assert page.errors == []


def test_zero_and_one_result(layer_of):
    """Nothing to show draws nothing and breaks nothing; one actor is drawn as itself."""
    page = layer_of(made_up(spread(50)), mask=np.zeros(50, dtype=bool))
    assert points(page) == []
    page.locator("#map").focus()
    page.keyboard.press("n")
    expect(page.locator(".essmap-unseen")).to_have_text(t("map.none_in_view"))
    show(page, pack_mask(np.arange(50) == 3))
    (point,) = points(page)
    assert point["members"] == [3]
    show(page, "")
    assert points(page) == []
    assert page.errors == []


def test_no_actor_at_all(layer_of):
    """An empty table draws an empty map."""
    page = layer_of(made_up(np.empty((0, 2))))
    assert points(page) == []
    assert page.errors == []


def test_three_looks_differ_without_colour(layer_of):
    """Exact is filled, near half filled, approximate hollow with a dashed border: by pixels, not by hue."""
    page = layer_of(made_up([[1.3 + 0.1 * i, 43.6] for i in range(3)], precision=PRECISIONS, axes=(("inclusion",),)))
    look_at(page, 43.6, 1.4, 11)
    shares = {}
    for point in points(page):
        look = LOOKS[point["members"][0]]
        shares[look] = page.evaluate(INK, [point["x"], point["y"], 12, "e37603"])
    assert shares["exact"] > 1.3 * shares["near"]
    assert shares["near"] > 1.3 * shares["approximate"]
    assert shares["approximate"] > 0.05


def test_supported_and_selected_are_marked(layer_of):
    """A supported actor carries a dot of ink that others lack; the selected one a ring of ink."""
    actors = made_up([[1.3, 43.6], [1.4, 43.6], [1.5, 43.6]], supported=[True, False, False])
    page = layer_of(actors, selected=2)
    look_at(page, 43.6, 1.4, 11)
    ink = {point["members"][0]: page.evaluate(INK, [point["x"], point["y"], 22, "1a1f29"]) for point in points(page)}
    assert ink[0] > 0.01
    assert ink[1] < 0.001
    assert ink[2] > 3 * ink[0]


def test_ring_shows_the_share_of_axes(layer_of):
    """The ring of a group has the colour of each axis, in proportion."""
    axes = [("insertion",)] * 3 + [("inclusion",)]
    page = layer_of(made_up([[1.4, 43.6]] * 40, axes=axes))
    (group,) = points(page)
    blue, orange = (page.evaluate(INK, [group["x"], group["y"], 30, colour]) for colour in ("5e80ff", "e37603"))
    assert 2 < blue / orange < 4


def test_colours_follow_the_theme(layer_of):
    """When the frame's colours change, the count is drawn in the new ink, at once."""
    page = layer_of(made_up([[1.4, 43.6]] * 40))
    (group,) = points(page)
    at = [group["x"], group["y"], 12]
    light = page.evaluate(INK, [*at, "1a1f29"])
    page.evaluate(
        "() => { const s = document.createElement('style');"
        " s.textContent = ':root { --text-color: #fafafa; --background-color: #101418; }'; document.head.append(s); }"
    )
    page.wait_for_function("layer.colours.ink === '#fafafa'")
    assert light > 0.03
    assert page.evaluate(INK, [*at, "fafafa"]) > 0.03
    assert page.evaluate(INK, [*at, "101418"]) > 0.5


def test_twice_as_many_pixels_on_dense_screens(layer_of):
    """On a screen of two pixels per point the canvas has twice the width and the same places and hits."""
    actors = made_up(spread(60))
    plain, dense = layer_of(actors), layer_of(actors, device_scale_factor=2)
    assert points(plain) == points(dense)
    width = "layer.canvas.width / layer.canvas.getBoundingClientRect().width"
    assert plain.evaluate(width) == pytest.approx(1, abs=0.01)
    assert dense.evaluate(width) == pytest.approx(2, abs=0.01)
    show(dense, pack_mask(np.arange(60) == 5))
    (point,) = points(dense)
    click(dense, point)
    assert dense.evaluate("rows()") == ["5"]


def test_keyboard_alone_reaches_opens_and_leaves(layer_of):
    """Tab enters with a visible ring, N and P walk over what is in view and say it, Enter opens, Escape, Tab leaves."""
    page = layer_of(made_up([[1.2, 43.6], [1.4, 43.6], [1.6, 43.6]], names=["Un", "Deux", "Trois"]))
    box, live = page.locator("#map"), page.locator(".essmap-unseen")
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    assert box.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    assert "Entrée" in box.get_attribute("aria-description")
    look_at(page, 43.6, 1.4, 10)
    for key, name in (("n", "Un"), ("n", "Deux"), ("PageDown", "Trois"), ("p", "Deux")):
        page.keyboard.press(key)
        expect(live).to_have_text(
            t("map.step").format(label=f"{name}, Commune inventée", k=["Un", "Deux", "Trois"].index(name) + 1, n=3)
        )
        expect(page.locator(".essmap-tip")).to_have_text(f"{name}, Commune inventée")
    page.keyboard.press("Enter")
    assert page.evaluate("rows()") == ["1"]
    page.keyboard.press("Escape")
    expect(page.locator(".essmap-tip")).to_be_hidden()
    page.keyboard.press("Enter")
    assert page.evaluate("rows()") == ["1"]
    page.keyboard.press("Tab")
    expect(box).not_to_be_focused()
    assert page.errors == []


def test_keyboard_opens_a_group(layer_of):
    """Enter on a group of one place opens its list with the focus inside; Escape gives the focus back to the map."""
    page = layer_of(made_up([[1.4, 43.6]] * 5))
    page.locator("#map").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator(".essmap-list button").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert len(page.evaluate("chosen")) == 1


def test_a_new_mask_does_not_take_the_focus(layer_of):
    """When the filter changes while a list is open, the list closes and what had the focus keeps it."""
    page = layer_of(made_up([[1.4, 43.6]] * 5))
    click(page, points(page)[0])
    expect(page.locator(".essmap-list")).to_be_visible()
    page.evaluate(
        "() => { const b = document.createElement('button'); b.id = 'other'; document.body.append(b); b.focus(); }"
    )
    show(page, pack_mask(np.arange(5) < 3))
    expect(page.locator(".essmap-list")).to_have_count(0)
    expect(page.locator("#other")).to_be_focused()


def touch(session, kind, spots):
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in spots]})


def test_one_finger_scrolls_two_move_the_map(layer_of):
    """On a touch screen one finger leaves the map and shows the note; two fingers move it."""
    page = layer_of(made_up(spread(30)), has_touch=True, is_mobile=True, viewport={"width": 390, "height": 700})
    look_at(page, 43.6, 1.4, 11)
    centre = "(() => { const c = map.getCenter(); return [c.lat, c.lng]; })()"
    before = page.evaluate(centre)
    session = page.context.new_cdp_session(page)
    touch(session, "touchStart", [(200, 300)])
    for y in (290, 270, 240):
        touch(session, "touchMove", [(200, y)])
    expect(page.locator(".essmap-fingers")).to_be_visible()
    touch(session, "touchEnd", [])
    assert page.evaluate(centre) == before
    touch(session, "touchStart", [(150, 300), (250, 300)])
    for y in (290, 270, 240, 210):
        touch(session, "touchMove", [(150, y), (250, y)])
    touch(session, "touchEnd", [])
    page.wait_for_function(f"{centre}[0] < {before[0]}")


def test_fingers_have_larger_targets(layer_of):
    """A tap 20 pixels beside an actor opens it; a mouse click as far does not."""
    options = {"mask": np.arange(30) == 4}
    page = layer_of(made_up(spread(30)), has_touch=True, **options)
    (point,) = points(page)
    page.mouse.click(point["x"] + 20, point["y"])
    assert page.evaluate("chosen") == []
    page.touchscreen.tap(point["x"] + 20, point["y"])
    page.wait_for_function("chosen.length === 1")


def test_reduced_motion_zooms_at_once(layer_of):
    """Where the visitor asked for less movement, opening a group and panning by keys happen in one step."""
    page = layer_of(made_up([[1.40, 43.60], [1.404, 43.6]]), reduced_motion="reduce")
    page.evaluate("() => { window.animated = 0; map.on('zoomanim', () => { animated += 1; }); }")
    click(page, points(page)[0])
    assert len(points(page)) == 2
    before = page.evaluate("map.getCenter().lng")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("map.getCenter().lng") > before
    assert page.evaluate("animated") == 0


def test_grouping_costs_no_more_than_sorting(layer_of):
    """At every level, 100,000 actors are grouped within four times what sorting as many numbers takes here and now."""
    page = layer_of(made_up([[1.4, 43.6]]))
    found = page.evaluate(
        """() => {
      const n = 100000;
      const random = (() => { let s = 1; return () => { s = (s * 16807) % 2147483647; return s / 2147483647; }; })();
      const [axis, supported] = [new Uint8Array(n), new Uint8Array(n)];
      const actors = { x: new Float64Array(n), y: new Float64Array(n), axis, supported };
      for (let i = 0; i < n; i += 1) {
        actors.x[i] = 128 + random() * (i % 2 ? 1 : 0.1);
        actors.y[i] = 93 + random() * (i % 2 ? 1 : 0.1);
      }
      const shown = Int32Array.from({ length: n }, (_, i) => i);
      const best = (action) => {
        let least = Infinity;
        for (let round = 0; round < 7; round += 1) {
          const start = performance.now();
          action();
          least = Math.min(least, performance.now() - start);
        }
        return least;
      };
      const sorting = best(() => Array.from(actors.x).sort((a, b) => a - b));
      const levels = [7, 9, 11, 13, 15, 18].map((zoom) => best(() => essmap.groupActors(actors, shown, zoom, 6)));
      return { sorting, levels };
    }"""
    )
    assert max(found["levels"]) < 4 * found["sorting"], found


def test_missing_payload_is_said(layer_of):
    """When the actors cannot be fetched the map says so in French, and tries no more."""
    page = layer_of(made_up([[1.4, 43.6]]))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("() => new essmap.ActorLayer({...layer.config, actors: 'none.json'}).addTo(map)")
    expect(page.get_by_role("alert")).to_contain_text("La liste reste complète")
    assert len(asked) == 1
