"""Make the pictures of docs/ again: the real app, embedded data, in headless Chromium.

Run it with ``make screenshots``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "discover": "",
    "gaps": "ecarts",
    "supported": "projets-soutenus",
    "method": "methode",
    "data": "donnees",
}
WITHOUT_MAP = {"method", "data"}
SCREENS = {"": (1366, 768, "light"), "-phone": (390, 844, "light"), "-dark": (1366, 768, "dark")}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main(folder: Path) -> None:
    """Write one PNG per page and screen into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as snapshots:
        command = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            f"--server.port={port}",
            "--server.address=127.0.0.1",
        ]
        environment = {**os.environ, "ESSMAP_SNAPSHOTS": snapshots}
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
                for suffix, (width, height, scheme) in SCREENS.items():
                    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                    for name, path in PAGES.items():
                        page.goto(f"http://127.0.0.1:{port}/{path}")
                        _settled(page, has_map=name not in WITHOUT_MAP)
                        page.screenshot(path=folder / f"{name}{suffix}.png")
                    page.close()
                browser.close()
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


def _settled(page: Page, *, has_map: bool) -> None:
    page.locator(".st-key-essmap_footer").wait_for()
    if has_map:
        page.frame_locator("iframe").locator(".essmap-department").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs")
