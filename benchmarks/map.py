"""Measure the map in Chromium beside two baselines of the same run: ``python -m benchmarks.map [--quick]``.

Made-up actors (`benchmarks.made_up`), one machine, one Chromium with software rendering and an empty cache for each
visitor, every file served by the app, no network. Both baselines are given what essmap has and they lack: local
scripts, the feature group (which does not reload the frame) and the mend for Streamlit's garbage collection
(``--plain-baselines`` takes the last away). Every kind presses the same filters. Websocket bytes are counted before
compression. Clocks of server, browser and this script are one: the machine's. Needs /proc (Linux).

Written to ``benchmarks/out/map.json``. Targets are printed beside what was measured; nothing fails if one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as BrowserTimeout

from essmap.store import Store

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks" / "out" / "map.json"
SIZES = (1_000, 10_000, 100_000)
BASELINE_LIMIT = 10_000
#: How often a first map is measured; the slowest kind takes a quarter of a minute each time.
FIRST_ROUNDS = {"ours": 5, "fast": 5, "markers": 2, "none": 2}
#: Buttons pressed, in order; each gives another set of actors than the one before.
FILTERS = ("insertion", "inclusion", "tout", "bien_vieillir", "bifurcation_ecologique", "inclusion")
QUICK_SIZES = (1_000, 10_000)
QUICK_FILTERS = 3
SCREEN: Any = {"width": 1280, "height": 800}
VISITORS = 20
DEADLINE_MS = 180_000
#: Run in the page: notes when the circles drawn in the map stand for so many actors, in the next frame (it is painted).
WATCH = """
document.addEventListener('click', () => { window.benchClick = Date.now(); }, true);
window.benchSeen = {};
function benchCount() {
  const frame = document.querySelector('iframe');
  const box = frame && frame.contentDocument && frame.contentDocument.querySelector('.leaflet-container');
  if (!box) return -1;
  if (frame.contentWindow.essmap) return box.dataset.drawn === undefined ? -1 : Number(box.dataset.drawn);
  let sum = 0;
  box.querySelectorAll('.leaflet-marker-pane > .leaflet-marker-icon').forEach((node) => {
    sum += node.tagName === 'IMG' ? 1 : Number(node.textContent);
  });
  return sum || -1;
}
(function look() {
  const count = benchCount();
  if (count !== window.benchLast) {
    window.benchLast = count;
    requestAnimationFrame(() => { window.benchSeen[count] = Date.now(); });
  }
  requestAnimationFrame(look);
})();
"""
FRAMES = """() => {
  window.benchFrames = [];
  const tick = (now) => { window.benchFrames.push(now); if (window.benchPanning) requestAnimationFrame(tick); };
  window.benchPanning = true;
  requestAnimationFrame(tick);
}"""


@dataclass
class Case:
    """What was measured for one way of drawing at one size."""

    actors: int
    first_map_s: list[float] = field(default_factory=list)
    filter_s: list[float] = field(default_factory=list)
    first_http_bytes: int = 0
    first_ws_bytes: int = 0
    filter_ws_bytes: list[int] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    is_reloaded: bool = False
    pan_fps: float | None = None


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    first_rounds: dict[str, int]
    filters: tuple[str, ...]


FULL = Effort(FIRST_ROUNDS, FILTERS)
QUICK = Effort(dict.fromkeys(FIRST_ROUNDS, 1), FILTERS[:QUICK_FILTERS])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and write the file."""
    parser = argparse.ArgumentParser(prog="benchmarks.map", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of each, up to 10,000 actors: a minute or two")
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--kinds", nargs="+", default=["ours", "fast", "markers", "none"])
    parser.add_argument("--no-memory", action="store_true", help="leave out the 20 open pages")
    parser.add_argument(
        "--plain-baselines",
        action="store_true",
        help="leave the baselines without essmap's way with the garbage collector (essmap.pages.loaded)",
    )
    parser.add_argument("--snapshot", help="folder of snapshots: draw the actors of the one in use, not made-up ones")
    asked = parser.parse_args(arguments)
    if asked.snapshot:
        os.environ["BENCH_SNAPSHOT"] = str(Path(asked.snapshot).resolve())
        asked.sizes = [len(Store(asked.snapshot).load("31").table("actors"))]
    sizes = asked.sizes or (QUICK_SIZES if asked.quick else SIZES)
    if asked.plain_baselines:
        os.environ["BENCH_PLAIN"] = "1"
    start = time.monotonic()
    cases: dict[tuple[str, int], Case] = {}
    memory: dict[str, float] = {}
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=_chromium(), args=options)
        for size in sizes:
            for kind in asked.kinds:
                if kind in {"ours", "none"} or size <= BASELINE_LIMIT:
                    try:
                        cases[kind, size] = _measure(browser, kind, size, QUICK if asked.quick else FULL)
                    except BrowserTimeout as error:  # the others can still be told
                        print(f"given up on {kind} {size}: {error}", file=sys.stderr, flush=True)
                    else:
                        print(f"measured {kind} {size}", file=sys.stderr, flush=True)
        if not (asked.no_memory or asked.quick):
            memory = _memory(browser, min(10_000, max(sizes)))
        browser.close()
    report = _report(cases, memory)
    report |= {"seconds": round(time.monotonic() - start), "baselines_spared": not asked.plain_baselines}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _print(report)


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise SystemExit("the map benchmark needs Chromium on PATH, or its path in CHROMIUM")
    return found


@contextmanager
def _server(kind: str, size: int) -> Iterator[tuple[str, int]]:
    """Serve the page; yields its address and the process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "benchmarks" / "map_app.py")]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--logger.level=error"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "BENCH_KIND": kind, "BENCH_ACTORS": str(size)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()  # noqa: S310
                break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"the page of {kind} did not start") from None
                time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _visit(browser: Browser) -> Iterator[tuple[Page, dict[str, int]]]:
    """Open a visitor with an empty cache; yields the page and the bytes it received."""
    context = browser.new_context(viewport=SCREEN, locale="fr-FR", bypass_csp=True)
    context.set_default_timeout(DEADLINE_MS)
    context.add_init_script(WATCH)
    page = context.new_page()
    bytes_in = {"http": 0, "ws": 0}

    def count(kind: str, amount: int) -> None:
        bytes_in[kind] += amount

    page.on("websocket", lambda ws: ws.on("framereceived", lambda frame: count("ws", len(frame))))
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: count("http", int(event["encodedDataLength"])))
    yield page, bytes_in
    context.close()


def _measure(browser: Browser, kind: str, size: int, effort: Effort) -> Case:
    case = Case(size)
    with _server(kind, size) as (url, pid):
        with _visit(browser) as (page, _):  # warms the server: made-up data, imports, templates
            _open(page, url, kind)
        for _ in range(effort.first_rounds[kind]):
            with _visit(browser) as (page, received):
                case.first_map_s.append(_open(page, url, kind))
                case.first_http_bytes, case.first_ws_bytes = received["http"], received["ws"]
        with _visit(browser) as (page, received):
            _open(page, url, kind)
            _settle(page)
            if kind != "none":
                _map_frame(page).evaluate("window.benchStays = true")
            for axis in effort.filters:
                before, cpu = received["ws"], _cpu_s(pid)
                case.filter_s.append(_filter(page, axis, kind))
                _settle(page)
                case.cpu_s.append(_cpu_s(pid) - cpu)
                case.filter_ws_bytes.append(received["ws"] - before)
            if kind != "none":
                case.is_reloaded = not _map_frame(page).evaluate("window.benchStays === true")
                page.get_by_role("button", name="tout").click()
                _settle(page)
                case.pan_fps = _pan(page)
    return case


def _map_frame(page: Page) -> Any:
    page.locator("iframe").wait_for()
    return next(frame for frame in page.frames if frame.parent_frame)


def _count(page: Page) -> int:
    return int(page.locator(".bench-count").get_attribute("data-count") or 0)


def _settle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(400)  # streamlit-folium waits 250 ms before it speaks


def _open(page: Page, url: str, kind: str) -> float:
    """Open the page; returns seconds until all actors are drawn."""
    start = time.time()
    page.goto(url, wait_until="commit")
    page.locator(".bench-count").wait_for()
    if kind == "none":
        return time.time() - start
    wanted = _count(page)
    page.wait_for_function(f"window.benchSeen[{wanted}]")
    return float(page.evaluate(f"window.benchSeen[{wanted}]")) / 1000 - start


def _filter(page: Page, axis: str, kind: str) -> float:
    """Press a filter; returns seconds from the click until the actors it keeps are drawn."""
    page.evaluate("window.benchSeen = {}")
    before = page.locator(".bench-count").get_attribute("data-count")
    page.get_by_role("button", name=axis).click()
    page.wait_for_function(f"document.querySelector('.bench-count').dataset.count !== '{before}'")
    if kind == "none":
        return 0.0
    wanted = _count(page)
    page.wait_for_function(f"window.benchSeen[{wanted}]")
    return float(page.evaluate(f"window.benchSeen[{wanted}] - window.benchClick")) / 1000


def _pan(page: Page) -> float | None:
    """Drag the map to and fro for some seconds; returns frames per second, or None if it did not follow."""
    frame = _map_frame(page)
    box = page.locator("iframe").bounding_box()
    if box is None:
        raise SystemExit("the map has no place on the screen")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    for _ in range(2):  # two levels in: more to draw, and ground on every side
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(700)
        frame.wait_for_function("!map._animatingZoom")
    before = frame.evaluate("map.getCenter().lng")
    page.mouse.down()
    frame.evaluate(FRAMES)
    for side in (1, -1, 1, -1):
        page.mouse.move(middle[0] + side * 400, middle[1] + side * 150, steps=60)
    frame.evaluate("window.benchPanning = false")
    page.mouse.up()
    if frame.evaluate("map.getCenter().lng") == before:
        print("the map did not follow the mouse: no frames to count", file=sys.stderr)
        return None
    times = frame.evaluate("window.benchFrames")
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _memory(browser: Browser, size: int) -> dict[str, float]:
    """Return what the server holds with no, one and twenty open pages, in MB resident."""
    result: dict[str, float] = {"actors": size}
    with _server("ours", size) as (url, pid):
        with _visit(browser) as (page, _):  # loads the data
            _open(page, url, "ours")
            _settle(page)
        result["server_mb_0"] = _resident_mb(pid)
        context = browser.new_context(viewport=SCREEN, bypass_csp=True)
        context.set_default_timeout(DEADLINE_MS)
        context.add_init_script(WATCH)
        for number in range(1, VISITORS + 1):
            page = context.new_page()
            _open(page, url, "ours")
            page.get_by_role("button", name=FILTERS[0]).click()  # a visitor does something
            _settle(page)
            if number in {1, VISITORS}:
                result[f"server_mb_{number}"] = _resident_mb(pid)
        context.close()
    result["mb_per_visitor_1"] = result["server_mb_1"] - result["server_mb_0"]
    result[f"mb_per_visitor_{VISITORS}"] = (result[f"server_mb_{VISITORS}"] - result["server_mb_0"]) / VISITORS
    return result


def _report(cases: dict[tuple[str, int], Case], memory: dict[str, float]) -> dict[str, Any]:
    sizes: dict[str, dict[str, Any]] = {}
    prefixes = {"ours": "", "markers": "baseline_", "fast": "fast_"}
    for (kind, size), case in cases.items():
        row = sizes.setdefault(str(size), {})
        if kind == "none":
            row |= {"page_without_map_s": _rounded(case.first_map_s), "page_cpu_per_rerun_s": _mean(case.cpu_s)}
            continue
        empty = cases.get(("none", size))
        without = statistics.median(empty.filter_ws_bytes) if empty else 0
        values = {
            "first_map_s": _rounded(case.first_map_s),
            "filter_s": _rounded(case.filter_s),
            "first_http_bytes": case.first_http_bytes,
            "first_ws_bytes": case.first_ws_bytes,
            "filter_ws_bytes": round(statistics.median(case.filter_ws_bytes)),
            "filter_map_ws_bytes": round(statistics.median(case.filter_ws_bytes) - without),
            "cpu_per_rerun_s": _mean(case.cpu_s),
            "frame_reloaded": case.is_reloaded,
            "pan_fps": None if case.pan_fps is None else round(case.pan_fps, 1),
        }
        row |= {f"{prefixes[kind]}{name}": value for name, value in values.items()}
    return {"data": "made up", "actors": sizes, "memory": {name: round(value, 2) for name, value in memory.items()}}


def _mean(values: list[float]) -> float:
    """Return the mean: what a clock of 10 ms counts is right only in sum."""
    return round(statistics.mean(values), 3)


def _rounded(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def _print(report: dict[str, Any]) -> None:
    print("Map of MADE-UP actors in Chromium with software rendering: medians; x: times slower than essmap;")
    print("ws: websocket bytes of a filter change, all of the page and of the map alone, before compression.")
    heading = (
        "actors",
        "drawn by",
        "first map",
        "x",
        "filter",
        "x",
        "ws",
        "of map",
        "CPU/rerun",
        "first http",
        "pan fps",
    )
    print("{:>7} {:>17} {:>9} {:>6} {:>8} {:>6} {:>10} {:>10} {:>9} {:>10} {:>7}".format(*heading))
    names = {"": "essmap", "fast_": "FastMarkerCluster", "baseline_": "MarkerCluster"}
    for size, row in report["actors"].items():
        for prefix, name in names.items():
            if f"{prefix}first_map_s" in row and "first_map_s" in row:
                print(_line(size, name, {key: row[f"{prefix}{key}"] for key in _SHOWN}, row))
        if "page_without_map_s" in row:
            cpu = f"{row['page_cpu_per_rerun_s']:.3f}s"
            print(f"{'':>7} {'page without map':>17} {row['page_without_map_s']:>8.2f}s {'':>44} {cpu:>9}")
    if memory := report["memory"]:
        one, many = memory["mb_per_visitor_1"], memory[f"mb_per_visitor_{VISITORS}"]
        print(
            f"server memory at {memory['actors']:.0f} actors: {memory['server_mb_0']:.0f} MB without visitors, "
            f"{one:.2f} MB more with 1 open page, {many:.2f} MB for each of {VISITORS}"
        )
    print("\nTargets (printed, never asserted)")
    for name, target, is_met, measured in _targets(report["actors"]):
        print(f"  {'met   ' if is_met else 'MISSED'} {name}: {measured} (target {target})")
    print(f"whole run: {report['seconds']} s")


_SHOWN = (
    "first_map_s", "filter_s", "filter_ws_bytes", "filter_map_ws_bytes", "cpu_per_rerun_s", "first_http_bytes",
    "pan_fps", "frame_reloaded",
)  # fmt: skip


def _line(size: str, name: str, values: dict[str, Any], ours: dict[str, Any]) -> str:
    first, change = values["first_map_s"], values["filter_s"]
    return (
        f"{size:>7} {name:>17} {first:>8.2f}s {first / ours['first_map_s']:>6.1f} {change:>7.3f}s"
        f" {change / ours['filter_s']:>6.1f} {values['filter_ws_bytes'] / 1000:>7.1f} kB"
        f" {values['filter_map_ws_bytes'] / 1000:>7.1f} kB {values['cpu_per_rerun_s']:>8.3f}s"
        f" {values['first_http_bytes'] / 1e6:>7.2f} MB {values['pan_fps'] or '–':>7}"
        f"{'  frame reloaded' if values['frame_reloaded'] else ''}"
    )


def _targets(sizes: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, bool, str]]:
    """Yield name, target, whether it is met, and what was measured, of each target that this run can tell."""
    ten, hundred = sizes.get("10000", {}), sizes.get("100000", {})

    def ratio(name: str, above: tuple[dict[str, Any], str], below: tuple[dict[str, Any], str], least: float) -> Any:
        if above[1] in above[0] and below[1] in below[0]:
            value = above[0][above[1]] / below[0][below[1]]
            yield name, f">= {least:g} x", value >= least, f"{value:.2f} x"

    def limit(name: str, row: dict[str, Any], key: str, most: float, unit: str) -> Any:
        if key in row:
            yield name, f"< {most:g} {unit}", row[key] / 1000 < most, f"{row[key] / 1000:.1f} {unit}"

    first, change = (ten, "first_map_s"), (ten, "filter_s")
    yield from ratio("10,000: first map, faster than MarkerCluster", (ten, "baseline_first_map_s"), first, 6)
    yield from ratio("10,000: filter, faster than MarkerCluster", (ten, "baseline_filter_s"), change, 15)
    yield from ratio("10,000: first map, beside FastMarkerCluster", (ten, "fast_first_map_s"), first, 1)
    yield from ratio("10,000: filter, faster than FastMarkerCluster", (ten, "fast_filter_s"), change, 3)
    yield from limit("10,000: what the map adds to a filter", ten, "filter_map_ws_bytes", 6, "kB")
    yield from limit("100,000: what the map adds to a filter", hundred, "filter_map_ws_bytes", 25, "kB")
    if "filter_s" in ten and "filter_s" in hundred:
        value = hundred["filter_s"] / ten["filter_s"]
        yield "100,000: filter beside 10,000", "<= 1.5 x", value <= 1.5, f"{value:.2f} x"
    if hundred.get("pan_fps"):
        yield "100,000: panning", ">= 30 fps", hundred["pan_fps"] >= 30, f"{hundred['pan_fps']} fps"


if __name__ == "__main__":
    main()
