"""Files that the browser fetches by URL: map data, our scripts, Leaflet.

An asset is immutable: its path holds a digest of its bytes, so browsers and proxies may keep it for ever, and
publishing the same bytes again gives the same path. Assets live in memory, one registry per process; the web
server (`essmap.pages.server`) answers for them. Nothing here knows Streamlit or folium.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

# First segment of every path.
FOLDER = "assets"
# What assets that nobody pinned may weigh together (raw + compressed). A department of 100,000 actors is
# about 5 MB, so this keeps dozens of them: enough for any page still open on an older snapshot.
MAX_BYTES = 256 * 1024 * 1024

_PATH = re.compile(FOLDER + "/[0-9a-f]{16}/[^/].*")
# Of 1 to 9. The highest takes three times as long for actors that weigh 2 % less.
_LEVEL = 6

_MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One published file.

    Attributes
    ----------
    content : bytes
        The file itself.
    gzipped : bytes or None
        The same, compressed. None where compression gains less than a tenth (images).
    media_type : str
        Value of ``Content-Type``.
    """

    content: bytes
    gzipped: bytes | None
    media_type: str

    @property
    def weight(self) -> int:
        """Bytes held in memory."""
        return len(self.content) + len(self.gzipped or b"")


class Registry:
    """Published assets by path; safe to use from several threads.

    Parameters
    ----------
    max_bytes : int
        Weight beyond which the asset that was longest neither fetched nor published again is dropped.
        Pinned assets are neither counted nor dropped.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._pinned: dict[str, Asset] = {}
        self._recent: OrderedDict[str, Asset] = OrderedDict()
        self._weight = 0

    def publish(self, name: str, content: bytes, media_type: str) -> str:
        """Publish one file and return its path; see the function `publish`."""
        path = f"{FOLDER}/{_digest({name: content})}/{name}"
        self._store(path, content, media_type, pinned=False)
        return path

    def publish_folder(self, contents: Mapping[str, bytes]) -> dict[str, str]:
        """Publish files that refer to each other by relative URL, and never drop them.

        Parameters
        ----------
        contents : mapping of str to bytes
            Bytes by name; a name may hold slashes (``images/layers.png``). The media type follows its suffix.

        Returns
        -------
        dict of str to str
            Path by name. All share one folder, named after the digest of the whole.

        Raises
        ------
        KeyError
            If a suffix has no known media type.
        """
        digest = _digest(contents)
        paths = {name: f"{FOLDER}/{digest}/{name}" for name in contents}
        for name, path in paths.items():
            self._store(path, contents[name], _MEDIA_TYPES[name[name.rindex(".") :]], pinned=True)
        return paths

    def get(self, path: str) -> Asset | None:
        """Return the asset at a path, or None if it is unknown or was dropped."""
        with self._lock:
            if path in self._recent:
                self._recent.move_to_end(path)
                return self._recent[path]
            return self._pinned.get(path)

    def _store(self, path: str, content: bytes, media_type: str, *, pinned: bool) -> None:
        if self.get(path) is not None:
            return
        asset = Asset(content, _compressed(content), media_type)
        with self._lock:
            if pinned:
                self._pinned[path] = asset
                return
            if path not in self._recent:
                self._weight += asset.weight
            self._recent[path] = asset
            while self._weight > self._max_bytes and len(self._recent) > 1:
                _, dropped = self._recent.popitem(last=False)
                self._weight -= dropped.weight


def _digest(contents: Mapping[str, bytes]) -> str:
    """Return 16 hexadecimal digits: of the one file's bytes, or of all names and bytes of a folder."""
    if len(contents) == 1:
        return hashlib.sha256(next(iter(contents.values()))).hexdigest()[:16]
    total = hashlib.sha256()
    for name in sorted(contents):
        total.update(hashlib.sha256(name.encode()).digest())
        total.update(hashlib.sha256(contents[name]).digest())
    return total.hexdigest()[:16]


def _compressed(content: bytes) -> bytes | None:
    packed = gzip.compress(content, _LEVEL, mtime=0)
    return packed if len(packed) < 0.9 * len(content) else None


REGISTRY = Registry()


def publish(name: str, content: bytes, media_type: str) -> str:
    """Publish a file for this process and return where the browser finds it.

    Cheap when the bytes are known already; call it on every rerun rather than keeping the path, so that an
    asset in use is never the one that is dropped.

    Parameters
    ----------
    name : str
        File name, for people who read the URL; no slash needed.
    content : bytes
        The file.
    media_type : str
        Value of ``Content-Type``.

    Returns
    -------
    str
        Path relative to the root of the site, ``assets/<16 hexadecimal digits>/<name>``.
    """
    return REGISTRY.publish(name, content, media_type)


def get(path: str) -> Asset | None:
    """Return the asset published at a path, or None.

    Parameters
    ----------
    path : str
        What `publish` returned.

    Returns
    -------
    Asset or None
    """
    return REGISTRY.get(path)


def is_path(path: str) -> bool:
    """Tell whether a path is one that `publish` could have returned."""
    return _PATH.fullmatch(path) is not None


def from_component(path: str) -> str:
    """Return the URL of an asset as seen from the map's frame.

    The frame is ``<site>/component/streamlit_folium.st_folium/index.html``: two levels down, so that the URL
    holds under any ``server.baseUrlPath`` and behind any proxy.

    Parameters
    ----------
    path : str
        What `publish` returned.

    Returns
    -------
    str
    """
    return f"../../{path}"


@cache
def leaflet_assets() -> dict[str, str]:
    """Publish Leaflet from the installed package ``django-js-lib-leaflet`` and return its paths.

    Returns
    -------
    dict of str to str
        Path by name: ``leaflet.js``, ``leaflet.css`` and the images that the style sheet names
        (``images/layers.png``...), all in one folder so that its relative URLs hold.
    """
    root = files("js_lib_leaflet").joinpath("static", "js_lib_leaflet")
    contents = {name: root.joinpath(name).read_bytes() for name in ("leaflet.js", "leaflet.css")}
    contents |= _images(root.joinpath("images"))
    return REGISTRY.publish_folder(contents)


def _images(folder: Traversable) -> dict[str, bytes]:
    images = (file for file in folder.iterdir() if file.name.endswith(".png"))
    return {f"images/{file.name}": file.read_bytes() for file in images}
