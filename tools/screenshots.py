"""Take pictures of the real app in headless Chromium.

``make screenshots`` makes the picture of docs/ again. ``make pictures OUT=folder`` takes every page on four screens and
the PDF sheets in colour and grey, on the embedded data and on made-up data declared exhaustive: to be looked at, not to
be committed. Sheets become pictures where ``pdftoppm`` (poppler-utils) is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.made_up import main as make_up
from essmap.pages.navigation import PAGES

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: A canton and a commune of the department that the embedded data covers, and sheets of the three levels.
VIEWS: Final = {
    **{name: address for name, (_, address, in_menu) in PAGES.items() if in_menu},
    "territory-canton": "mon-territoire?canton=3102",
    "territory-two": "mon-territoire?canton=3109&avec=commune-31483",
}
SHEETS: Final = ("3102", "3114", "31483", "31555", "200072643")
ROWS: Final = 12_000
DOTS_PER_INCH: Final = 80
#: After the last thing that can be waited for, until the canvas is painted.
PAINT_MS: Final = 1500
PATIENCE_MS: Final = 120_000


@dataclass(frozen=True)
class Screen:
    """What the visitor looks at: ``options`` of the browser's context, colours seen or not."""

    options: dict[str, Any]
    is_grey: bool = False


DESKTOP: Final = {"width": 1366, "height": 768}
SCREENS: Final = {
    "desktop": Screen({"viewport": DESKTOP}),
    "phone": Screen({"viewport": {"width": 390, "height": 844}, "has_touch": True}),
    "dark": Screen({"viewport": DESKTOP, "color_scheme": "dark"}),
    "grey": Screen({"viewport": DESKTOP}, is_grey=True),
}


def main() -> None:
    """Make the picture of docs/, or every picture in the folder named."""
    parser = argparse.ArgumentParser(prog="tools/screenshots.py", description=__doc__)
    parser.add_argument("--all", metavar="FOLDER", type=Path, help="every page, screen and sheet, on both data")
    parser.add_argument("--only", metavar="WORD", default="", help="of these, the views whose name holds this word")
    parser.add_argument("--full", action="store_true", help="the whole page, not the first screen of it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _browser() as browser:
        if asked.all is None:
            with _app(Path(folder)) as site:
                _take(browser, f"{site}/", ROOT / "docs" / "discover.png", SCREENS["desktop"])
            return
        views = {name: address for name, address in VIEWS.items() if asked.only in name}
        for data in ("embedded", "made-up"):
            snapshots = Path(folder) / data
            if data == "made-up":
                make_up(["--rows", str(ROWS), "--exhaustive", "--out", str(snapshots)])
            with _app(snapshots) as site:
                for screen, look in SCREENS.items():
                    for name, address in views.items():
                        path = asked.all / data / f"{name}-{screen}.png"
                        _take(browser, f"{site}/{address}", path, look, is_full=asked.full)
            if asked.only in "sheets":
                _sheets(snapshots, asked.all / data / "sheets")


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def _app(snapshots: Path) -> Iterator[str]:
    """Serve the app on a folder of snapshots, which it fills with the embedded data if empty; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        f"--server.port={port}",
        "--server.address=127.0.0.1",
    ]
    environment = {**os.environ, "ESSMAP_SNAPSHOTS": str(snapshots)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait(f"{site}/_stcore/health")
        yield site
    finally:
        server.terminate()
        server.wait()


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url):  # noqa: S310  loopback
                return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _take(browser: Browser, url: str, path: Path, screen: Screen, *, is_full: bool = False) -> None:
    context = browser.new_context(**screen.options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    if screen.is_grey:
        context.new_cdp_session(page).send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    page.goto(url)
    _settle(page)
    if is_full:  # the page scrolls inside the window: a window as tall as the page shows all of it
        size = screen.options["viewport"]
        height = page.locator('[data-testid="stMain"]').evaluate("node => node.scrollHeight + node.offsetTop")
        page.set_viewport_size({**size, "height": max(size["height"], height)})
        _settle(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    context.close()
    sys.stdout.write(f"{path}\n")


def _settle(page: Page) -> None:
    """Wait until the script has run and every map of the page has drawn what it shows."""
    page.locator(".st-key-essmap_footer a").last.wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    for frame in page.locator("iframe").all():
        frame.content_frame.locator(".essmap-department").first.wait_for(state="attached")
    page.wait_for_timeout(PAINT_MS)


def _sheets(snapshots: Path, folder: Path) -> None:
    """Write the PDF sheets and, where it can be done, each of their pages in colour and in grey."""
    command = [sys.executable, "-m", "essmap.cli", "sheet", *SHEETS, "--snapshot", str(snapshots), "--out", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    draw = shutil.which("pdftoppm")
    if draw is None:
        sys.stderr.write("pdftoppm (poppler-utils) is not installed: no pictures of the sheets\n")
        return
    for sheet in sorted(folder.glob("*.pdf")):
        for suffix, options in {"": [], "-grey": ["-gray"]}.items():
            drawn = [draw, "-png", "-r", str(DOTS_PER_INCH), *options, str(sheet), str(sheet.with_suffix("")) + suffix]
            subprocess.run(drawn, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
