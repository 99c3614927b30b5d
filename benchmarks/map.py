"""Measure the map in Chromium beside two baselines of the same run: ``python -m benchmarks.map``.

Made-up actors (`benchmarks.made_up`), one machine, one Chromium with software rendering, no network. Written to
``benchmarks/out/map.json``. Clocks of server, browser and this script are one: the machine's. Needs /proc (Linux).
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

ROOT = Path(__file__).parents[1]
OUT = ROOT / "benchmarks" / "out" / "map.json"
SIZES = (1_000, 10_000, 100_000)
BASELINE_LIMIT = 10_000
FIRST_ROUNDS = {"ours": 5, "fast": 5, "markers": 2, "none": 1}
#: Buttons pressed, in order; each gives another set of actors than the one before.
FILTERS = {
    "ours": ("insertion", "inclusion", "tout", "bien_vieillir", "insertion", "bifurcation_ecologique", "inclusion"),
    "fast": ("insertion", "inclusion", "bien_vieillir", "insertion", "bifurcation_ecologique", "inclusion"),
    "markers": ("insertion", "inclusion", "bien_vieillir"),
    "none": ("insertion", "inclusion", "tout", "bien_vieillir"),
}
SCREEN: Any = {"width": 1280, "height": 800}
VISITORS = 20
DEADLINE_MS = 90_000
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

    first_map_s: list[float] = field(default_factory=list)
    filter_s: list[float] = field(default_factory=list)
    first_http_bytes: int = 0
    first_ws_bytes: int = 0
    filter_ws_bytes: list[int] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    is_reloaded: bool = False
    pan_fps: float | None = None


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table and write the file."""
    parser = argparse.ArgumentParser(prog="benchmarks.map", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--kinds", nargs="+", default=["ours", "fast", "markers", "none"])
    parser.add_argument("--no-memory", action="store_true", help="leave out the 20 open pages")
    parser.add_argument(
        "--spare-baselines",
        action="store_true",
        help="give the baselines essmap's way with the garbage collector too (essmap.pages.loaded.spare_collector)",
    )
    asked = parser.parse_args(arguments)
    if asked.spare_baselines:
        os.environ["BENCH_SPARE"] = "1"
    cases: dict[tuple[str, int], Case] = {}
    memory: dict[str, float] = {}
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=_chromium(), args=options)
        for size in asked.sizes:
            for kind in asked.kinds:
                if kind in {"ours", "none"} or size <= BASELINE_LIMIT:
                    cases[kind, size] = _measure(browser, kind, size)
                    print(f"measured {kind} {size}", file=sys.stderr, flush=True)
        if not asked.no_memory:
            memory = _memory(browser, min(10_000, max(asked.sizes)))
        browser.close()
    report = _report(cases, memory)
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


def _measure(browser: Browser, kind: str, size: int) -> Case:
    case = Case()
    with _server(kind, size) as (url, pid):
        with _visit(browser) as (page, _):  # warms the server: made-up data, imports, templates
            _open(page, url, kind)
        for _ in range(FIRST_ROUNDS[kind]):
            with _visit(browser) as (page, received):
                case.first_map_s.append(_open(page, url, kind))
                case.first_http_bytes, case.first_ws_bytes = received["http"], received["ws"]
        with _visit(browser) as (page, received):
            _open(page, url, kind)
            _settle(page)
            if kind != "none":
                _map_frame(page).evaluate("window.benchStays = true")
            for axis in FILTERS[kind]:
                before, cpu = received["ws"], _cpu_s(pid)
                case.filter_s.append(_filter(page, axis, kind))
                _settle(page)
                case.cpu_s.append(_cpu_s(pid) - cpu)
                case.filter_ws_bytes.append(received["ws"] - before)
            if kind != "none":
                case.is_reloaded = not _map_frame(page).evaluate("window.benchStays === true")
            if kind == "ours":
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


def _pan(page: Page) -> float:
    """Drag the map to and fro for some seconds; returns frames per second."""
    frame = _map_frame(page)
    box = page.locator("iframe").bounding_box()
    if box is None:
        raise SystemExit("the map has no place on the screen")
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    for _ in range(2):  # two levels in: more to draw, and ground on every side
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(700)
    before = frame.evaluate("map.getCenter().lng")
    page.mouse.down()
    frame.evaluate(FRAMES)
    for side in (1, -1, 1, -1):
        page.mouse.move(middle[0] + side * 400, middle[1] + side * 150, steps=60)
    frame.evaluate("window.benchPanning = false")
    page.mouse.up()
    if frame.evaluate("map.getCenter().lng") == before:
        raise SystemExit("the map did not move: no frames to count")
    times = frame.evaluate("window.benchFrames")
    return 1000 * (len(times) - 1) / (times[-1] - times[0])


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _memory(browser: Browser, size: int) -> dict[str, float]:
    """Return what the server holds with one and with twenty open pages, in MB."""
    result: dict[str, float] = {"actors": size}
    with _server("ours", size) as (url, pid):
        context = browser.new_context(viewport=SCREEN, bypass_csp=True)
        context.set_default_timeout(DEADLINE_MS)
        context.add_init_script(WATCH)
        for number in range(1, VISITORS + 1):
            page = context.new_page()
            _open(page, url, "ours")
            if number in {1, VISITORS}:
                _settle(page)
                result[f"server_mb_{number}"] = _resident_mb(pid)
        context.close()
    result["mb_per_visitor"] = (result[f"server_mb_{VISITORS}"] - result["server_mb_1"]) / (VISITORS - 1)
    return result


def _report(cases: dict[tuple[str, int], Case], memory: dict[str, float]) -> dict[str, Any]:
    sizes: dict[str, dict[str, Any]] = {}
    prefixes = {"ours": "", "markers": "baseline_", "fast": "fast_"}
    for (kind, size), case in cases.items():
        if kind == "none":
            continue
        row = sizes.setdefault(str(size), {})
        empty = cases.get(("none", size))
        without = statistics.median(empty.filter_ws_bytes) if empty else 0
        values = {
            "first_map_s": _rounded(case.first_map_s),
            "filter_s": _rounded(case.filter_s),
            "first_http_bytes": case.first_http_bytes,
            "first_ws_bytes": case.first_ws_bytes,
            "filter_ws_bytes": round(statistics.median(case.filter_ws_bytes)),
            "filter_map_ws_bytes": round(statistics.median(case.filter_ws_bytes) - without),
            "cpu_per_rerun_s": _rounded(case.cpu_s),
            "frame_reloaded": case.is_reloaded,
        }
        row |= {f"{prefixes[kind]}{name}": value for name, value in values.items()}
        if case.pan_fps is not None:
            row["pan_fps"] = round(case.pan_fps, 1)
    return {"data": "made up", "actors": sizes, "memory": {name: round(value, 2) for name, value in memory.items()}}


def _rounded(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def _print(report: dict[str, Any]) -> None:
    print("Map of made-up actors in Chromium with software rendering (medians; x: times slower than ours)")
    heading = ("actors", "drawn by", "first map", "x", "filter", "x", "ws/filter", "of the map", "CPU/rerun", "http")
    print("{:>8} {:>16} {:>10} {:>6} {:>9} {:>6} {:>10} {:>11} {:>10} {:>9}".format(*heading))
    names = {"": "essmap", "baseline_": "MarkerCluster", "fast_": "FastMarkerCluster"}
    for size, row in report["actors"].items():
        for prefix, name in names.items():
            if f"{prefix}first_map_s" not in row:
                continue
            first, change = row[f"{prefix}first_map_s"], row[f"{prefix}filter_s"]
            print(
                f"{size:>8} {name:>17} {first:>8.2f}s {first / row['first_map_s']:>6.1f} {change:>8.3f}s"
                f" {change / row['filter_s']:>6.1f} {row[f'{prefix}filter_ws_bytes'] / 1000:>7.1f} kB"
                f" {row[f'{prefix}filter_map_ws_bytes'] / 1000:>8.1f} kB {row[f'{prefix}cpu_per_rerun_s']:>9.3f}s"
                f" {row[f'{prefix}first_http_bytes'] / 1e6:>6.2f} MB"
            )
        if "pan_fps" in row:
            reloaded = "reloaded" if row["frame_reloaded"] else "never reloaded"
            print(f"{'':>8} panning at {row['pan_fps']} frames per second; frame {reloaded}")
    if report["memory"]:
        print("server memory, MB:", report["memory"])


if __name__ == "__main__":
    main()
