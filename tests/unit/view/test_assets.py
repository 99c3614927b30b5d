"""Published assets: immutable paths, one copy, bounded memory, Leaflet whole."""

from __future__ import annotations

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import numpy as np
import pytest

from essmap.view import assets


@pytest.fixture
def registry():
    """An empty registry of 1,000 bytes."""
    return assets.Registry(max_bytes=1000)


def incompressible(seed, size=400):
    """Bytes that gzip cannot shrink."""
    return np.random.default_rng(seed).bytes(size)


def test_publish_gives_a_path_with_the_digest_of_the_bytes(registry):
    """The path is folder, 16 hexadecimal digits, name."""
    path = registry.publish("actors.json", b"{}", "application/json")
    assert path == "assets/44136fa355b3678a/actors.json"


def test_publish_same_bytes_twice_gives_one_asset(registry):
    """The same bytes under the same name have the same path and are stored once."""
    first = registry.publish("a.bin", b"x" * 50, "text/plain")
    asset = registry.get(first)
    assert registry.publish("a.bin", b"x" * 50, "text/plain") == first
    assert registry.get(first) is asset


def test_publish_other_bytes_gives_another_path(registry):
    """A change of content changes the path."""
    assert registry.publish("a", b"1", "text/plain") != registry.publish("a", b"2", "text/plain")


def test_gzip_is_reproducible_and_only_kept_where_it_helps(registry):
    """Text is kept compressed without a date; bytes that do not shrink are not."""
    text = registry.get(registry.publish("t", b"abc" * 100, "text/plain"))
    noise = registry.get(registry.publish("n", incompressible(1), "image/png"))
    assert gzip.decompress(text.gzipped) == text.content
    assert text.gzipped[4:8] == b"\0\0\0\0"
    assert noise.gzipped is None


def test_unknown_path_is_none(registry):
    """A path that was never published gives None."""
    assert registry.get("assets/0000000000000000/x") is None


def test_registry_full_drops_the_asset_unused_for_longest(registry):
    """Beyond the bound the least recently fetched asset goes; fetching keeps one alive."""
    one, two = (registry.publish(f"{n}", incompressible(n), "image/png") for n in (1, 2))
    assert registry.get(one)
    three = registry.publish("3", incompressible(3), "image/png")
    assert registry.get(two) is None
    assert registry.get(one)
    assert registry.get(three)


def test_registry_keeps_one_asset_larger_than_the_bound(registry):
    """An asset that is too large alone is served all the same."""
    assert registry.get(registry.publish("big", incompressible(1, 5000), "image/png"))


def test_pinned_folder_survives_a_full_registry(registry):
    """Files published as a folder are never dropped and do not count."""
    paths = registry.publish_folder({"a.js": b"1", "b.css": b"2"})
    for n in range(5):
        registry.publish(f"{n}", incompressible(n), "image/png")
    assert all(registry.get(path) for path in paths.values())


def test_folder_shares_one_digest_that_covers_names_and_bytes(registry):
    """Files of a folder have one digest; another name or content gives another."""
    paths = registry.publish_folder({"a.js": b"1", "b.css": b"2"})
    digests = {path.split("/")[1] for path in paths.values()}
    renamed = registry.publish_folder({"c.js": b"1", "b.css": b"2"})
    assert len(digests) == 1
    assert digests.isdisjoint({renamed["c.js"].split("/")[1]})


def test_folder_with_unknown_suffix_is_refused(registry):
    """A file whose media type is unknown is an error, not a guess."""
    with pytest.raises(KeyError, match=r"\.exe"):
        registry.publish_folder({"a.exe": b"1", "b.css": b"2"})


def test_publish_from_many_threads_counts_each_asset_once(registry):
    """Threads that publish the same bytes at once leave room for another asset of that size."""
    content = incompressible(1)
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: registry.publish("same", content, "image/png"), range(64)))
    other = registry.publish("other", incompressible(2), "image/png")
    assert len(paths) == 1
    assert registry.get(paths.pop())
    assert registry.get(other)


def test_from_component_resolves_to_the_site_root_under_any_base():
    """Seen from the map's frame the URL leads to the asset, with and without a base path."""
    frame = "component/streamlit_folium.st_folium/index.html"
    for site in ("http://h/", "http://h/ess/haute/"):
        assert urljoin(site + frame, assets.from_component("assets/1/a.js")) == f"{site}assets/1/a.js"


def test_leaflet_assets_hold_script_style_and_every_image_the_style_names():
    """Each relative URL of the style sheet resolves to a published image."""
    paths = assets.leaflet_assets()
    style = assets.get(paths["leaflet.css"])
    names = re.findall(r"url\(['\"]?([^)'\"#]+)", style.content.decode())
    assert b"Leaflet 1.9.4" in assets.get(paths["leaflet.js"]).content[:200]
    assert names
    for name in names:
        if not name.startswith(("data:", "#")):
            assert assets.get(urljoin(paths["leaflet.css"], name)).media_type == "image/png"
