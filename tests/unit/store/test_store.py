"""Snapshots: whole or not there, whatever happens while one is written."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from essmap.errors import SettingsError, SnapshotError
from essmap.schema.snapshot import Manifest
from essmap.schema.tables import SCHEMA_VERSION, TABLES
from essmap.store import MANIFEST, POINTER, Store, locate

SEED = 31
KILLS = 20
#: A build kills itself with SIGKILL before the given file operation: open, sync or rename of one of its files.
SUICIDE = """
import os, signal, sys
from pathlib import Path

left = int(sys.argv.pop(1))

def counted(original):
    def call(*arguments, **options):
        global left
        if isinstance(arguments[0], int) or ".part" in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)
    return call

os.fsync = counted(os.fsync)
Path.open = counted(Path.open)
Path.replace = counted(Path.replace)

from essmap.cli import main
main()
"""
OPERATIONS = 3 * (len(TABLES) + 3)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(str(tmp_path / "snapshots"))


@pytest.fixture
def saved(store, fresh_snapshot):
    """A store with one current snapshot."""
    snapshot = fresh_snapshot()
    store.save(snapshot)
    return store, snapshot


def root_of(store: Store) -> Path:
    return Path(store.root)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose lists compare: parquet gives arrays back."""
    lists = [name for name in ("domains", "axes", "postcodes") if name in frame]
    return frame.assign(**{name: frame[name].map(list) for name in lists})


def test_a_manifest_of_another_version_is_given_as_it_was_written(tmp_path, starter_snapshot):
    """Only a manifest of another schema is given raw; a damaged one, or none, is not."""
    store = Store(str(tmp_path))
    assert store.written_by_another_version("31") is None
    store.save(starter_snapshot)
    assert store.written_by_another_version("31") is None
    path = tmp_path / "31" / starter_snapshot.manifest.build_id / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8")) | {"schema_version": 0}
    path.write_text(json.dumps(content))
    assert store.written_by_another_version("31")["build_id"] == starter_snapshot.manifest.build_id
    path.write_text("{")
    assert store.written_by_another_version("31") is None


def test_snapshot_comes_back_equal(saved):
    """Every table, type, geometry and word of the manifest is read as it was saved."""
    store, snapshot = saved
    read = store.load("31")
    assert set(read.tables) == set(snapshot.tables) == set(TABLES)
    for name, table in TABLES.items():
        found, wanted = read.tables[name], snapshot.tables[name]
        pd.testing.assert_frame_equal(
            comparable(pd.DataFrame(found)), comparable(pd.DataFrame(wanted)), check_dtype=len(wanted) > 0
        )
        assert isinstance(found, gpd.GeoDataFrame) is table.is_geographic
        if table.is_geographic:
            assert found.crs == "EPSG:4326"
    told, wanted = read.manifest.as_dict(), snapshot.manifest.as_dict()
    assert set(told.pop("digests")) == set(TABLES)
    wanted.pop("digests")
    assert told == wanted
    assert Manifest.from_dict(read.manifest.as_dict()) == read.manifest


def test_files_are_those_of_the_tables_and_nothing_else(saved):
    """A build folder holds one file per table and the manifest; the department's folder the pointer."""
    store, snapshot = saved
    build = snapshot.manifest.build_id
    expected = {f"31/{build}/{name}.parquet" for name in TABLES} | {f"31/{build}/{MANIFEST}", f"31/{POINTER}"}
    assert set(tree(root_of(store))) == expected


def test_builds_stay_and_the_pointer_goes_back(store, fresh_snapshot):
    """Older builds are kept; `point_to` makes one current again; a build saved aside is not current."""
    first, second, aside = fresh_snapshot(), fresh_snapshot(), fresh_snapshot()
    store.save(first)
    store.save(second)
    store.save(aside, make_current=False)
    assert store.current("31") == second.manifest.build_id
    assert store.builds("31") == sorted(s.manifest.build_id for s in (first, second, aside))
    store.point_to("31", first.manifest.build_id)
    assert store.current("31") == first.manifest.build_id == store.load("31").manifest.build_id
    assert store.load("31", aside.manifest.build_id).manifest.build_id == aside.manifest.build_id
    assert store.departments() == ["31"]


def test_pointing_to_nothing_is_refused(saved):
    """`point_to` an absent or broken build is refused and changes nothing."""
    store, _ = saved
    before = tree(root_of(store))
    with pytest.raises(SnapshotError, match="illisible"):
        store.point_to("31", "20200101T000000Z-aaaaaa")
    assert tree(root_of(store)) == before


def test_a_build_is_never_written_twice(saved):
    """Saving the same build again is refused and changes nothing."""
    store, snapshot = saved
    before = tree(root_of(store))
    with pytest.raises(SnapshotError, match="existe déjà"):
        store.save(snapshot)
    assert tree(root_of(store)) == before


def test_empty_store_has_nothing(store):
    """A root that does not exist has no build, and reading says what to do."""
    assert (store.current("31"), store.builds("31"), store.departments()) == (None, [], [])
    with pytest.raises(SnapshotError, match="Lancez «\u202fessmap build\u202f»"):
        store.load("31")


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "folder":
        path.unlink()
        path.mkdir()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"empty": b"", "cut": content[:middle], "flipped": flipped}[how])


@pytest.mark.parametrize("how", ["empty", "cut", "flipped", "missing", "folder"])
@pytest.mark.parametrize("name", ["actors", "merges"])
def test_damaged_table_is_a_sentence(saved, cli, name, how):
    """A damaged or missing table is exit code 3 and a sentence that names it."""
    store, snapshot = saved
    damage(root_of(store) / "31" / snapshot.manifest.build_id / f"{name}.parquet", how)
    answer = cli("info", "--snapshot", store.root, "--json")
    assert (answer.code, answer.out) == (3, "")
    assert name in answer.err
    assert "Relancez" in answer.err


def change(store: Store, snapshot, **fields: object) -> Path:
    path = root_of(store) / "31" / snapshot.manifest.build_id / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8")) | fields
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("how", ["empty", "cut", "missing", "folder"])
def test_damaged_manifest_is_a_sentence(saved, cli, how):
    """A manifest that cannot be read is exit code 3 and a sentence."""
    store, snapshot = saved
    damage(root_of(store) / "31" / snapshot.manifest.build_id / MANIFEST, how)
    answer = cli("info", "--snapshot", store.root)
    assert (answer.code, answer.out) == (3, "")
    assert MANIFEST in answer.err


@pytest.mark.parametrize(
    "fields",
    [
        {"counts": {}}, {"counts": {"actors": 3}}, {"counts": [1]}, {"population": "many"}, {"sources": [{"key": "x"}]},
        {"completeness": {"actors": {"status": "whole", "sentence": ""}}}, {"digests": {}}, {"notes": 7},
        {"build_id": "20200101T000000Z-aaaaaa"}, {"department": None}, {"schema_version": "1"},
    ],
    ids=str,
)  # fmt: skip
def test_manifest_that_lies_is_a_sentence(saved, cli, fields):
    """A manifest whose fields are not what they should be is exit code 3, never an unexpected error."""
    store, snapshot = saved
    change(store, snapshot, **fields)
    answer = cli("info", "--snapshot", store.root, "--json")
    assert (answer.code, answer.out) == (3, "")
    assert "Relancez" in answer.err


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"build_id": 3}', '{"build_id": "../../31"}', "\xff"]
)
def test_damaged_pointer_is_a_sentence(saved, cli, content):
    """A pointer that cannot be understood is exit code 3; it never leads out of the store."""
    store, _ = saved
    (root_of(store) / "31" / POINTER).write_bytes(content.encode("latin-1"))
    answer = cli("info", "--snapshot", store.root)
    assert (answer.code, answer.out) == (3, "")
    assert POINTER in answer.err


def test_other_schema_is_said_with_both_numbers(saved):
    """A snapshot of another version names the schema found and the one expected."""
    store, snapshot = saved
    change(store, snapshot, schema_version=99)
    with pytest.raises(SnapshotError, match=f"schéma 99, attendu {SCHEMA_VERSION}"):
        store.load("31")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize("nth", [0, 4, len(TABLES), len(TABLES) + 1])
def test_failed_write_keeps_what_was_current(saved, fresh_snapshot, monkeypatch, nth, step, code):
    """Whatever write fails, for the disk or for rights: the old snapshot stays, whole, and no part is left."""
    store, old = saved
    calls = iter(range(1000))
    owner, name = (os, "fsync") if step == "fsync" else (Path, step)
    original = getattr(owner, name)

    def failing(*arguments, **options):
        if (step == "fsync" or ".part" in str(arguments[0])) and next(calls) >= nth:
            raise OSError(code, os.strerror(code))
        return original(*arguments, **options)

    before = tree(root_of(store))
    new = fresh_snapshot()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, failing)
        with pytest.raises(SnapshotError, match="L’ancien reste en place") as told:
            store.save(new)
    assert os.strerror(code) not in str(told.value)
    after = tree(root_of(store))
    assert {path: content for path, content in after.items() if new.manifest.build_id not in path} == before
    assert [path for path in after if path.endswith(".part")] == []
    assert store.load("31").manifest.build_id == old.manifest.build_id


def test_disk_full_is_exit_code_3(store, cli, monkeypatch):
    """`essmap build` on a full disk ends with a sentence and exit code 3."""

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = cli("build", "--out", store.root)
    assert (answer.code, answer.out) == (3, "")
    assert "disque plein" in answer.err
    assert store.current("31") is None


def test_root_that_is_a_file_is_a_sentence(tmp_path, cli):
    """A file where the root should be stops build and info with a sentence."""
    path = tmp_path / "file"
    path.write_text("x")
    assert cli("build", "--out", path).code == 3
    assert cli("info", "--snapshot", path).code == 3


@pytest.mark.parametrize("root", ["", "  ", "nowhere://bucket/x"])
def test_root_of_an_unknown_kind_is_a_setting_to_mend(root):
    """An empty root, or one no library knows, is refused in one sentence."""
    with pytest.raises(SettingsError, match="n’est pas comprise"):
        Store(root)


@pytest.mark.parametrize("root", ["memory://essmap-tests/deep/root", "memory://essmap-tests-flat"])
def test_any_fsspec_url_is_a_root(root, fresh_snapshot):
    """A store without renames works the same: save, point, roll back, list, locate."""
    store = Store(root)
    first, second = fresh_snapshot(), fresh_snapshot()
    store.save(first)
    store.save(second)
    assert store.departments() == ["31"]
    assert store.builds("31") == sorted([first.manifest.build_id, second.manifest.build_id])
    store.point_to("31", first.manifest.build_id)
    for given in (root, f"{root}/", f"{root}/31", f"{root}/31/", f"{root}/31/{second.manifest.build_id}/"):
        found, department, build = locate(given, "31")
        wanted = second if second.manifest.build_id in given else first
        assert found.load(department, build).manifest.build_id == wanted.manifest.build_id


def test_top_of_a_url_is_a_root(fresh_snapshot):
    """Snapshots at the very top of a URL are found from a department's folder and from a build."""
    snapshot = fresh_snapshot()
    Store("memory://").save(snapshot)
    build = snapshot.manifest.build_id
    for given in ("memory://", "memory://31", f"memory://31/{build}"):
        store, department, found = locate(given, "31")
        assert store.load(department, found).manifest.build_id == build


@pytest.mark.parametrize(
    "form", ["{root}", "{root}/", "{root}/31", "{root}/31/", "{root}/31/{build}", "{root}/31/{build}/"]
)
@pytest.mark.parametrize("is_relative", [False, True])
def test_locate_understands_what_people_give(saved, monkeypatch, form, is_relative):
    """A root, a department's folder or one build, absolute or relative, with or without a last slash."""
    store, snapshot = saved
    root = root_of(store)
    monkeypatch.chdir(root.parent)
    given = form.format(root=root.name if is_relative else root, build=snapshot.manifest.build_id)
    found, department, build = locate(given, "31")
    assert department == "31"
    assert build == (snapshot.manifest.build_id if "{build}" in form else None)
    assert found.load(department, build).manifest.build_id == snapshot.manifest.build_id


def test_locate_from_inside(saved, monkeypatch):
    """« . » in a department's folder or in a build is understood."""
    store, snapshot = saved
    for folder in (root_of(store), root_of(store) / "31", root_of(store) / "31" / snapshot.manifest.build_id):
        monkeypatch.chdir(folder)
        found, department, build = locate(".", "31")
        assert found.load(department, build).manifest.build_id == snapshot.manifest.build_id


def test_locate_takes_the_only_department_or_the_one_of_the_settings(saved):
    """Another department in the settings does not hide the only one that is there; a choice of two is not guessed."""
    store, _ = saved
    assert locate(store.root, "09")[1] == "31"
    other = root_of(store) / "81"
    other.mkdir()
    (other / POINTER).write_text("{}")
    assert locate(store.root, "81")[1] == "81"
    assert locate(store.root, "31")[1] == "31"
    with pytest.raises(SnapshotError, match="Aucun jeu de données"):
        locate(store.root, "09")


@pytest.mark.parametrize("given", ["nowhere", "/nowhere/at/all", "/", "memory://nowhere/31"])
def test_locate_nothing_is_a_sentence(tmp_path, monkeypatch, given):
    """Where there is no snapshot, the sentence names what was given and the next step."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SnapshotError, match="Lancez «\u202fessmap build\u202f»") as told:
        locate(given, "31")
    assert given in str(told.value)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8"}


def test_two_builds_at_once_are_both_kept(tmp_path, cli):
    """Two builds started together both finish; both are whole and one of them is current."""
    root = tmp_path / "snapshots"
    command = [sys.executable, "-m", "essmap.cli", "build", "--out", str(root)]
    running = [
        subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [process.communicate()[1] for process in running] == [b"", b""]
    assert [process.returncode for process in running] == [0, 0]
    store = Store(str(root))
    builds = store.builds("31")
    assert len(builds) == 2
    assert store.current("31") in builds
    for build in builds:
        assert len(store.load("31", build).table("actors")) == 396
    assert json.loads(cli("info", "--snapshot", root, "--json").out)["actors"] == 396


@pytest.mark.slow
def test_killed_builds_never_harm_readers(tmp_path, cli, essmap):
    """`kill -9` at twenty random moments of a build: each time, the reader finds a whole snapshot."""
    chance = random.Random(SEED)  # noqa: S311  drawn, not secret
    root = tmp_path / "snapshots"
    store = Store(str(root))
    arguments = ["build", "--out", str(root)]
    begun = time.monotonic()
    assert essmap(*arguments).code == 0
    duration = time.monotonic() - begun
    steps = chance.sample(range(OPERATIONS), KILLS // 2)
    moments = [None] * (KILLS - len(steps))
    killed = 0
    for step in [*steps, *moments]:
        before = store.current("31")
        if step is None:
            process = subprocess.Popen(
                [sys.executable, "-m", "essmap.cli", *arguments],
                cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                process.wait(chance.uniform(0, duration))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        else:
            process = subprocess.run(
                [sys.executable, "-c", SUICIDE, str(step), *arguments],
                cwd=tmp_path, env=environment(), capture_output=True, check=False,
            )  # fmt: skip
            assert process.returncode == -9, process.stderr
            assert store.current("31") == before
        killed += process.returncode != 0
        answer = cli("info", "--snapshot", root, "--json")
        assert answer.code == 0, answer.err
        said = json.loads(answer.out)
        assert (said["actors"], said["projects"], said["communes"]) == (396, 68, 586)
        assert said["build_id"] in store.builds("31")
    assert killed >= len(steps)
    assert json.loads(essmap("info", "--snapshot", root, "--json").out)["build_id"] == store.current("31")
