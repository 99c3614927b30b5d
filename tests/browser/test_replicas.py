"""Several processes behind one proxy: each answers for the assets that a page got from another."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from essmap.store import Store
from essmap.view.layers import publish_actors, publish_outlines
from essmap.view.map import OfflineMap

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages")]

ROOT = Path(__file__).parents[2]
METRIC = 2154


def paths_of(snapshot):
    """The assets that a page of another process names."""
    scripts = OfflineMap()
    linked = [url.removeprefix("../../") for _, url in (*scripts.default_js, *scripts.default_css)]
    layers = [snapshot.layer(name) for name in ("communes", "cantons", "epci", "department")]
    return [*linked, *publish_outlines(*layers, METRIC).values(), publish_actors(snapshot.layer("actors"))]


def statuses(server, paths):
    return {urllib.request.urlopen(f"{server.url}/{path}").status for path in paths}


def test_process_that_nobody_visited_answers_for_the_current_snapshot(app_server, tmp_path, fresh_snapshot):
    """Right after its start, and after another process has seen a newer build."""
    store = Store(str(tmp_path))
    first = fresh_snapshot()
    store.save(first)
    server = app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path)})
    assert statuses(server, paths_of(first)) == {200}
    newer = fresh_snapshot()
    actors = newer.layer("actors").iloc[::-1].reset_index(drop=True)
    newer = replace(newer, tables={**newer.tables, "actors": actors})
    store.save(newer)
    assert statuses(server, paths_of(newer)) == {200}
