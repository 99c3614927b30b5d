"""Keep snapshots: immutable folders, and one small pointer that is written last.

::

    <root>/<department>/<build id>/communes.parquet ... report.json manifest.json
    <root>/<department>/current.json

A reader follows the pointer, so it never sees a half build: a build that dies leaves a folder that nothing points
to. Two builds at once write two folders; the last pointer wins and neither is lost. Works on any fsspec URL (object
stores have no rename): only the replacement of one small file must be atomic, which a local rename or an object put is.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import fsspec
import geopandas as gpd
import pandas as pd

from essmap.errors import SettingsError, SnapshotError
from essmap.schema.atomic import write_whole
from essmap.schema.report import BuildReport
from essmap.schema.snapshot import Manifest, Snapshot
from essmap.schema.tables import SCHEMA_VERSION, TABLES
from essmap.texts import t
from essmap.texts.system import system_reason

POINTER: Final = "current.json"
MANIFEST: Final = "manifest.json"
REPORT: Final = "report.json"
BUILD_ID: Final = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{6}$")


class Store:
    """The snapshots of one root.

    Parameters
    ----------
    root : str
        A local path or any fsspec URL.

    Raises
    ------
    SettingsError
        If the root is empty, or of a kind that fsspec does not know or has no library for.
    """

    def __init__(self, root: str) -> None:
        if not root.strip():
            raise SettingsError(t("errors.root_unknown", root=root))
        self.root = root
        try:
            self._fs, self._base = fsspec.core.url_to_fs(root)
        except (ValueError, ImportError) as error:
            raise SettingsError(t("errors.root_unknown", root=root)) from error
        self._is_local = "file" in _protocols(self._fs)

    def save(self, snapshot: Snapshot, *, make_current: bool = True) -> None:
        """Write a snapshot, then point to it.

        Parameters
        ----------
        snapshot : Snapshot
        make_current : bool
            False: keep it beside the current one.

        Raises
        ------
        SnapshotError
            If anything cannot be written, or the build exists already; what was current stays so.
        """
        manifest = snapshot.manifest
        folder = self._path(manifest.department, manifest.build_id)
        if self._exists(folder):
            raise SnapshotError(t("errors.store_exists", root=self.root, build=manifest.build_id))
        digests = {}
        for name in TABLES:
            content = _to_parquet(snapshot.tables[name])
            digests[name] = hashlib.sha256(content).hexdigest()
            self._put(f"{folder}/{name}.parquet", content)
        if snapshot.report is not None:
            content = _to_json(snapshot.report.as_dict())
            digests[REPORT] = hashlib.sha256(content).hexdigest()
            self._put(f"{folder}/{REPORT}", content)
        self._put(f"{folder}/{MANIFEST}", _to_json(replace(manifest, digests=digests).as_dict()))
        if make_current:
            self.point_to(manifest.department, manifest.build_id)

    def point_to(self, department: str, build_id: str) -> None:
        """Make a stored build the current one (also the way back to an older one).

        Raises
        ------
        SnapshotError
            If there is no such build, or the pointer cannot be written.
        """
        self.manifest(department, build_id)
        self._put(self._path(department, POINTER), _to_json({"build_id": build_id}))

    def current(self, department: str) -> str | None:
        """Return the identifier of the current build, or None if there is none.

        Raises
        ------
        SnapshotError
            If the pointer cannot be read or understood.
        """
        try:
            content = self._fs.cat_file(self._path(department, POINTER))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            build_id = str(json.loads(content)["build_id"])
        except (ValueError, KeyError, TypeError) as error:
            raise SnapshotError(t("errors.snapshot_broken", build=POINTER, reason="JSON")) from error
        if not BUILD_ID.fullmatch(build_id):
            raise SnapshotError(t("errors.snapshot_broken", build=POINTER, reason=build_id[:40]))
        return build_id

    def builds(self, department: str) -> list[str]:
        """Return the complete builds of a department, oldest first.

        Raises
        ------
        SnapshotError
            If the folder cannot be read.
        """
        names = [name for name in self._names(self._path(department)) if BUILD_ID.fullmatch(name)]
        return [name for name in names if self._exists(self._path(department, name, MANIFEST))]

    def departments(self) -> list[str]:
        """Return the departments that have a current build.

        Raises
        ------
        SnapshotError
            If the root cannot be read.
        """
        return [name for name in self._names(self._base) if self._exists(self._path(name, POINTER))]

    def manifest(self, department: str, build_id: str | None = None) -> Manifest:
        """Return the manifest of a build (the current one by default).

        Raises
        ------
        SnapshotError
            If there is none, or it cannot be read by this version.
        """
        build_id = self._resolve(department, build_id)
        try:
            content = json.loads(self._fs.cat_file(self._path(department, build_id, MANIFEST)))
            found = content["schema_version"]
            if found != SCHEMA_VERSION:
                raise SnapshotError(t("errors.snapshot_schema", build=build_id, found=found, expected=SCHEMA_VERSION))
            manifest = Manifest.from_dict(content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(t("errors.snapshot_broken", build=build_id, reason=MANIFEST)) from error
        if manifest.build_id != build_id:
            raise SnapshotError(t("errors.snapshot_broken", build=build_id, reason=f"{MANIFEST}, build_id"))
        return manifest

    def written_by_another_version(self, department: str) -> dict[str, Any] | None:
        """Return the current manifest as it was written, where its schema is not this version's; else None.

        Raises
        ------
        SnapshotError
            If the pointer cannot be read or understood.
        """
        if (build_id := self.current(department)) is None:
            return None
        try:
            content = json.loads(self._fs.cat_file(self._path(department, build_id, MANIFEST)))
            return dict(content) if content["schema_version"] != SCHEMA_VERSION else None
        except (OSError, ValueError, KeyError, TypeError):
            return None  # damaged: whoever loads it says so

    def load(self, department: str, build_id: str | None = None) -> Snapshot:
        """Return a whole snapshot (the current one by default), every file checked against its digest.

        Raises
        ------
        SnapshotError
            If there is none, a file is missing or damaged, or it is of another version.
        """
        manifest = self.manifest(department, build_id)
        tables = {}
        for name in TABLES:
            path = self._path(department, manifest.build_id, f"{name}.parquet")
            try:
                content = self._fs.cat_file(path)
            except OSError as error:
                raise SnapshotError(t("errors.snapshot_broken", build=manifest.build_id, reason=name)) from error
            if hashlib.sha256(content).hexdigest() != manifest.digests.get(name):
                raise SnapshotError(t("errors.snapshot_broken", build=manifest.build_id, reason=f"{name}, sha256"))
            tables[name] = _from_parquet(content, is_geographic=TABLES[name].is_geographic)
            if len(tables[name]) != manifest.counts.get(name):
                raise SnapshotError(t("errors.snapshot_broken", build=manifest.build_id, reason=f"{name}, {MANIFEST}"))
        return Snapshot(manifest, tables, self._report(manifest))

    def _report(self, manifest: Manifest) -> BuildReport | None:
        """Return the report of a build; older builds have none."""
        digest = manifest.digests.get(REPORT)
        if digest is None:
            return None
        try:
            content = self._fs.cat_file(self._path(manifest.department, manifest.build_id, REPORT))
            if hashlib.sha256(content).hexdigest() == digest:
                return BuildReport.from_dict(json.loads(content))
        except (OSError, ValueError) as error:
            raise SnapshotError(t("errors.snapshot_broken", build=manifest.build_id, reason=REPORT)) from error
        raise SnapshotError(t("errors.snapshot_broken", build=manifest.build_id, reason=f"{REPORT}, sha256"))

    def _resolve(self, department: str, build_id: str | None) -> str:
        build_id = build_id or self.current(department)
        if build_id is None:
            raise SnapshotError(t("errors.no_snapshot", root=self.root))
        return build_id

    def _path(self, *parts: str) -> str:
        return "/".join((self._base.rstrip("/"), *parts))

    def _exists(self, path: str) -> bool:
        try:
            return bool(self._fs.exists(path))
        except OSError as error:
            raise self._unreadable(error) from error

    def _names(self, folder: str) -> list[str]:
        """Return the sorted names of what a folder holds; none if there is no such folder."""
        try:
            return sorted(path.rstrip("/").rpartition("/")[2] for path in self._fs.ls(folder, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> SnapshotError:
        return SnapshotError(t("errors.store_unreadable", root=self.root, reason=system_reason(error)))

    def _put(self, path: str, content: bytes) -> None:
        """Write one file so that a reader finds the old content or the new one, never a part."""
        try:
            self._write(path, content)
        except OSError as error:
            reason = system_reason(error)
            raise SnapshotError(t("errors.store_unwritable", root=self.root, reason=reason)) from error

    def _write(self, path: str, content: bytes) -> None:
        if not self._is_local:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(path, content)
            return
        write_whole(Path(path), content)


def locate(path: str, department: str) -> tuple[Store, str, str | None]:
    """Understand what a person gave as « the snapshot »: a root, a department's folder or one build.

    Parameters
    ----------
    path : str
    department : str
        Used when ``path`` is a root that holds several departments.

    Returns
    -------
    store : Store
    department : str
    build_id : str or None
        None: the current one.

    Raises
    ------
    SnapshotError
        If there is no snapshot there.
    """
    trimmed = path.rstrip("/") if "://" in path else Path(path).resolve().as_posix()
    parent, _, name = trimmed.rpartition("/")
    if BUILD_ID.fullmatch(name):
        above, _, folder = parent.rpartition("/")
        return _store_at(above), folder, name
    store = _store_at(trimmed)
    present = store.departments()
    if department in present:
        return store, department, None
    if len(present) == 1:
        return store, present[0], None
    if name and name in (above_store := _store_at(parent)).departments():
        return above_store, name, None
    raise SnapshotError(t("errors.no_snapshot", root=path))


def _store_at(path: str) -> Store:
    """Return the store at a path that lost its last slashes: the root of a disk or of a URL needs them."""
    if path.endswith((":", ":/")):
        return Store(path.rstrip("/") + "//")
    return Store(path or "/")


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)


def _to_json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _to_parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _from_parquet(content: bytes, *, is_geographic: bool) -> pd.DataFrame:
    read: Callable[[io.BytesIO], pd.DataFrame] = gpd.read_parquet if is_geographic else pd.read_parquet
    return read(io.BytesIO(content))
