"""Keep snapshots: immutable folders, and one small pointer that is written last.

::

    <root>/<department>/<build id>/communes.parquet ... manifest.json
    <root>/<department>/current.json

A reader follows the pointer, so it never sees a half build: a build that dies leaves a folder that nothing points
to. Two builds at once write two folders; the last pointer wins and neither is lost. Works on any fsspec URL (object
stores have no rename): only the replacement of one small file must be atomic, which a local rename or an object put is.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import fsspec
import geopandas as gpd
import pandas as pd

from essmap.errors import SnapshotError
from essmap.schema.snapshot import Manifest, Snapshot
from essmap.schema.tables import SCHEMA_VERSION, TABLES
from essmap.texts import t

POINTER: Final = "current.json"
MANIFEST: Final = "manifest.json"
BUILD_ID: Final = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{6}$")


class Store:
    """The snapshots of one root.

    Parameters
    ----------
    root : str
        A local path or any fsspec URL.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._fs, self._base = fsspec.core.url_to_fs(root)
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
        try:
            if self._fs.exists(folder):
                raise SnapshotError(t("errors.store_unwritable", root=self.root, reason=manifest.build_id))
            digests = {}
            for name in TABLES:
                content = _to_parquet(snapshot.tables[name])
                digests[name] = hashlib.sha256(content).hexdigest()
                self._put(f"{folder}/{name}.parquet", content)
            manifest = replace(manifest, digests=digests)
            self._put(f"{folder}/{MANIFEST}", _to_json(manifest.as_dict()))
            if make_current:
                self.point_to(manifest.department, manifest.build_id)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SnapshotError(t("errors.store_unwritable", root=self.root, reason=reason)) from error

    def point_to(self, department: str, build_id: str) -> None:
        """Make a stored build the current one (also the way back to an older one).

        Raises
        ------
        SnapshotError
            If there is no such build.
        OSError
            If the pointer cannot be written.
        """
        self.manifest(department, build_id)
        self._put(self._path(department, POINTER), _to_json({"build_id": build_id}))

    def current(self, department: str) -> str | None:
        """Return the identifier of the current build, or None if there is none.

        Raises
        ------
        SnapshotError
            If the pointer cannot be understood.
        """
        try:
            content = self._fs.cat_file(self._path(department, POINTER))
        except FileNotFoundError:
            return None
        try:
            build_id = str(json.loads(content)["build_id"])
        except (ValueError, KeyError, TypeError) as error:
            raise SnapshotError(t("errors.snapshot_broken", build=POINTER, reason="JSON")) from error
        if not BUILD_ID.match(build_id):
            raise SnapshotError(t("errors.snapshot_broken", build=POINTER, reason=build_id[:40]))
        return build_id

    def builds(self, department: str) -> list[str]:
        """Return the complete builds of a department, oldest first."""
        folder = self._path(department)
        if not self._fs.exists(folder):
            return []
        names = [Path(path).name for path in self._fs.ls(folder, detail=False)]
        return sorted(
            name
            for name in names
            if BUILD_ID.match(name) and self._fs.exists(f"{folder}/{name}/{MANIFEST}")
        )

    def departments(self) -> list[str]:
        """Return the departments that have a current build."""
        if not self._fs.exists(self._base):
            return []
        names = sorted(Path(path).name for path in self._fs.ls(self._base, detail=False))
        return [name for name in names if self._fs.exists(self._path(name, POINTER))]

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
                raise SnapshotError(
                    t("errors.snapshot_schema", build=build_id, found=found, expected=SCHEMA_VERSION)
                )
            return Manifest.from_dict(content)
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotError(t("errors.snapshot_broken", build=build_id, reason=MANIFEST)) from error

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
        return Snapshot(manifest, tables)

    def _resolve(self, department: str, build_id: str | None) -> str:
        build_id = build_id or self.current(department)
        if build_id is None:
            raise SnapshotError(t("errors.no_snapshot", root=self.root))
        return build_id

    def _path(self, *parts: str) -> str:
        return "/".join((self._base.rstrip("/"), *parts))

    def _put(self, path: str, content: bytes) -> None:
        """Write one file so that a reader finds the old content or the new one, never a part."""
        if not self._is_local:
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(path, content)
            return
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with partial.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)


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
    trimmed = path.rstrip("/") if "://" in path else str(Path(path).resolve())
    parts = trimmed.split("/")
    if BUILD_ID.match(parts[-1]) and len(parts) > 2:  # noqa: PLR2004  root / department / build
        return Store("/".join(parts[:-2]) or "/"), parts[-2], parts[-1]
    store = Store(trimmed or "/")
    present = store.departments()
    if department in present:
        return store, department, None
    if len(present) == 1:
        return store, present[0], None
    if len(parts) > 1 and parts[-1] in (above := Store("/".join(parts[:-1]) or "/")).departments():
        return above, parts[-1], None
    raise SnapshotError(t("errors.no_snapshot", root=path))


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
