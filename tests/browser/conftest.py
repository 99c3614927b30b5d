"""A real server and a real browser for tests marked ``browser``: nothing but 127.0.0.1 can be reached."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
START_DEADLINE_S = 120
PATIENCE_MS = 60_000  # how long a wait may last on a busy machine; a page that is ready ends it at once
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


expect.set_options(timeout=PATIENCE_MS)


@dataclass
class AppServer:
    """A running app.

    Attributes
    ----------
    url : str
        Address of the site, base path included, without a slash at the end.
    process : Popen
    log : Path
        What the server printed.
    """

    url: str
    process: subprocess.Popen
    log: Path

    def stop(self):
        """End the server and wait for it."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)


@dataclass
class Visit:
    """A page of the browser with what it asked for and said.

    Attributes
    ----------
    page : playwright Page
    requests : list of str
        Address of every request of the page and its frames.
    failures : list of str
        Status and address of every answer from 400 on.
    errors : list of str
        Console errors (policy violations are among them) and uncaught exceptions.
    """

    page: object
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def hosts(self):
        """Return the hosts asked, ``data:`` and ``blob:`` addresses left out."""
        return {urlsplit(url).netloc for url in self.requests if urlsplit(url).scheme not in {"data", "blob"}}


def browser_path():
    """Return the browser to drive.

    Raises
    ------
    RuntimeError
        If none is installed and CHROMIUM names none.
    """
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        raise RuntimeError(f"browser tests need one of {', '.join(BROWSERS)} on PATH, or its path in CHROMIUM")
    return found


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium for the session, cut off from every host but 127.0.0.1."""
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    with sync_playwright() as playwright:
        driven = playwright.chromium.launch(executable_path=browser_path(), args=arguments)
        yield driven
        driven.close()


@pytest.fixture(scope="session")
def app_server(tmp_path_factory):
    """Start an app with ``streamlit run`` and the configuration of the checkout; all are stopped at the end.

    ``app_server(script, env={...}, args=["--server.baseUrlPath", "x"])`` returns an `AppServer` that answers.
    """
    started = []

    def start(script, *, env=None, args=()):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        command += [f"--server.port={port}", "--server.address=127.0.0.1", *args]
        environment = os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        base = next((str(args[i + 1]) for i, arg in enumerate(args) if arg == "--server.baseUrlPath"), "")
        url = f"http://127.0.0.1:{port}/{base.strip('/')}".rstrip("/")
        server = AppServer(url, process, log)
        started.append(server)
        _wait_until_healthy(server)
        return server

    yield start
    for server in started:
        server.stop()


def _wait_until_healthy(server):
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            with suppress(subprocess.TimeoutExpired):  # it may have died: that is known at once
                server.process.wait(0.1)
    raise RuntimeError(f"the app did not start:\n{server.log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def page_at(browser):
    """Open an address in a fresh visitor's browser; returns a `Visit` that records from the first request on.

    Keyword arguments are those of a Playwright context (``locale``, ``color_scheme``, ``viewport``...).
    """
    contexts = []

    def open_page(url, **options):
        context = browser.new_context(**({"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | options))
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        visit = Visit(page)
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("response", lambda answer: _record_failure(visit, answer))
        page.on("console", lambda line: line.type == "error" and visit.errors.append(line.text))
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        page.goto(url)
        return visit

    yield open_page
    for context in contexts:
        context.close()


def _record_failure(visit, answer):
    if answer.status >= 400:
        visit.failures.append(f"{answer.status} {answer.url}")
