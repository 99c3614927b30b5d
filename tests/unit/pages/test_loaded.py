"""What pages read: loaded once per build, territories once per geography, assets there whenever a page asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from essmap.errors import DataError
from essmap.pages import loaded as module
from essmap.schema.withheld import Entry, show_again, withhold
from essmap.settings import load_settings
from essmap.store import Store
from essmap.view import assets
from essmap.view.layers import publish_actors, publish_outlines

METRIC = 2154


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty root that the pages read from, with an empty registry of assets and empty caches."""
    caches = (module._current, module._load, module._geography, module._withheld)
    chosen = load_settings().model_copy(update={"snapshots": str(tmp_path), "department": "31"})
    monkeypatch.setattr(module, "settings", lambda: chosen)
    monkeypatch.setattr(module, "spare_collector", lambda: None)
    monkeypatch.setattr(assets, "REGISTRY", assets.Registry())
    assets.leaflet_assets.cache_clear()
    for cache in caches:
        cache.clear()
    yield Store(str(tmp_path))
    assets.leaflet_assets.cache_clear()
    for cache in caches:
        cache.clear()


@pytest.fixture
def outlines_made(monkeypatch):
    """Count how often outlines are made."""
    made = []

    def counted(*arguments):
        made.append(arguments)
        return publish_outlines(*arguments)

    monkeypatch.setattr(module, "publish_outlines", counted)
    return made


def test_what_is_loaded_is_what_the_snapshot_says(store, starter_snapshot):
    """Assets, places and bounds are those that the tables give, made without any cache."""
    store.save(starter_snapshot)
    data = module.loaded()
    layers = [starter_snapshot.layer(name) for name in ("communes", "cantons", "epci", "department")]
    expected = {**publish_outlines(*layers, METRIC), "actors": publish_actors(starter_snapshot.layer("actors"))}
    assert dict(data.assets) == expected
    assert (dict(data.places), dict(data.place_bounds)) == module._places(starter_snapshot)
    assert dict(data.place_names) == module._place_names(starter_snapshot, data.places)
    assert len(data.index.actors) == 396


def test_new_build_of_the_same_territories_does_not_draw_them_again(store, fresh_snapshot, outlines_made):
    """Outlines are made once for two builds of one geography."""
    builds = [fresh_snapshot(), fresh_snapshot()]
    seen = []
    for build in builds:
        store.save(build)
        module._current.clear()
        seen.append(module.loaded())
    assert [data.manifest.build_id for data in seen] == [build.manifest.build_id for build in builds]
    assert len(outlines_made) == 1
    assert seen[0].places is seen[1].places


def test_new_build_of_other_territories_is_drawn(store, fresh_snapshot, outlines_made):
    """A build whose cantons differ gets outlines of its own."""
    store.save(fresh_snapshot())
    first = module.loaded()
    other = fresh_snapshot()
    cantons = other.layer("cantons").iloc[1:]
    counts = {**other.manifest.counts, "cantons": len(cantons)}
    other = replace(other, manifest=replace(other.manifest, counts=counts), tables={**other.tables, "cantons": cantons})
    store.save(other)
    module._current.clear()
    second = module.loaded()
    assert len(outlines_made) == 2
    assert first.assets["outlines"] != second.assets["outlines"]


def test_assets_that_were_dropped_are_published_again(store, starter_snapshot):
    """When memory was short and the registry let assets go, the next run of a page brings them back."""
    store.save(starter_snapshot)
    paths = module.loaded().assets.values()
    assets.REGISTRY._recent.clear()
    assert {assets.get(path) for path in paths} == {None}
    assert set(module.loaded().assets.values()) == set(paths)
    assert all(assets.get(path) for path in paths)


def test_run_of_a_page_keeps_its_assets_in_use(store, starter_snapshot, monkeypatch):
    """Each run of a page counts as a use: of older assets, those that nobody runs with go first."""
    store.save(starter_snapshot)
    module.loaded()
    unused = assets.publish("unused.json", b"[0]", "application/json")
    paths = set(module.loaded().assets.values())
    order = list(assets.REGISTRY._recent)
    assert order.index(unused) < min(map(order.index, paths))


def test_warm_up_publishes_leaflet_scripts_and_the_snapshot(store, starter_snapshot):
    """After it, the process answers for what the first map of a page asks; a newer build is seen at once."""
    module.warm_up()
    names = {path.rpartition("/")[2] for path in (*assets.REGISTRY._pinned, *assets.REGISTRY._recent)}
    assert names >= {"leaflet.js", "leaflet.css", "essmap.js", "map.css"}
    assert "actors.json" not in names
    store.save(starter_snapshot)
    module.warm_up()
    assert {path.rpartition("/")[2] for path in assets.REGISTRY._recent} >= {
        "outlines.json",
        "communes.json",
        "actors.json",
    }


def test_opposition_holds_before_the_next_build(store, fresh_snapshot, tmp_path, monkeypatch):
    """Who is put on the list is gone at the next run of a page, from every table and asset; taken off, back again."""
    path = tmp_path / "withheld.csv"
    chosen = module.settings().model_copy(update={"withhold": str(path)})
    monkeypatch.setattr(module, "settings", lambda: chosen)
    snapshot = fresh_snapshot()
    store.save(snapshot)
    holder = snapshot.table("projects")["actor_id"].dropna().iloc[0]
    name = snapshot.table("actors").set_index("actor_id").at[holder, "name"]
    before = module.loaded()
    assert holder in before.actor_ids
    withhold(path, Entry("actor_id", holder))
    after = module.loaded()
    assert holder not in after.actor_ids
    assert len(after.index.actors) == after.manifest.counts["actors"] == 395
    assert holder not in set(after.snapshot.table("projects")["actor_id"].dropna())
    assert after.assets["actors"] != before.assets["actors"]
    assert after.assets["outlines"] == before.assets["outlines"]
    assert name.encode() in assets.get(before.assets["actors"]).content
    assert module.loaded() is after
    show_again(path, "actor_id", holder)
    assert holder in module.loaded().actor_ids


def test_list_that_is_not_understood_shows_nothing(store, fresh_snapshot, tmp_path, monkeypatch):
    """Rather than show who asked not to be shown, the pages show nobody."""
    path = tmp_path / "withheld.csv"
    path.write_text("kind,value\nsiren,12\n")
    chosen = module.settings().model_copy(update={"withhold": str(path)})
    monkeypatch.setattr(module, "settings", lambda: chosen)
    store.save(fresh_snapshot())
    with pytest.raises(DataError, match=r"withheld\.csv"):
        module.loaded()
