"""Outlines of electoral cantons from the WFS of the IGN, fetched once and kept on disk.

The names of properties changed from edition to edition, so the first feature is read before anything is asked for:
it tells which property holds the department. A bad moment of the service (too busy, down, an answer cut short) is
tried again a few times; anything else is said. What was fetched is kept only when the caller found it good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from essmap.errors import SourceError
from essmap.schema.atomic import write_whole
from essmap.sources.canton_outlines import CantonOutlines, frame_of, parse_geojson
from essmap.sources.client import Client, Manners
from essmap.texts import t
from essmap.texts.system import system_reason

LAYER: Final = "ADMINEXPRESS-COG-CARTO.LATEST:canton"
PUBLISHED_AT: Final = "https://geoservices.ign.fr/adminexpress"

#: Names under which editions hold the department and the code of a canton, letters and digits only, lower case.
_DEPARTMENT: Final = (
    "codedepartement", "codeinseedudepartement", "codeinseedepartement", "inseedep", "codedep", "departement", "dep",
)  # fmt: skip
_CODE: Final = ("codeinsee", "codeinseeducanton", "codecanton", "inseecan", "cantoncode", "code")

_PAGE: Final = 1000
_PAGES_AT_MOST: Final = 100
_BYTES_AT_MOST: Final = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Service:
    """Where and how the service is asked.

    Attributes
    ----------
    url : str
    timeout_s : float
        Seconds one answer may take, from the first byte to the last.
    cache : Path
        Folder where answers are kept.
    contact : str
        Address written in the User-Agent; empty: none.
    offline : bool
        Whether only what is on disk is given.
    """

    url: str
    timeout_s: float
    cache: Path
    contact: str = ""
    offline: bool = False


def read_ign_cantons(service: Service, department: str) -> tuple[CantonOutlines, Callable[[], None]]:
    """Return the outlines of the cantons of a department: from disk if they are kept there, else from the service.

    Parameters
    ----------
    service : Service
    department : str
        INSEE code.

    Returns
    -------
    outlines : CantonOutlines
        EPSG:4326 as declared by the answer; rows of other departments may be among them.
    keep : callable
        Keeps the answer on disk, whole or not at all; call it once the outlines were found good. Raises SourceError
        if it cannot be written.

    Raises
    ------
    SourceError
        If the service does not answer, answers something else than features, or not all of them; offline, if nothing
        is kept.
    """
    path = _kept_at(service, department)
    kept = _kept(path)
    if kept is not None:
        return kept, lambda: None
    if service.offline:
        raise SourceError(t("cantons.errors.offline"))
    collection = _fetch(service, department)
    fetched_at = datetime.now(UTC).date().isoformat()
    content = json.dumps({**collection, "fetched_at": fetched_at}, ensure_ascii=False).encode()
    outlines = _outlines(collection, content, fetched_at)

    def keep() -> None:
        """Write the answer whole; raises SourceError if it cannot be written."""
        try:
            write_whole(path, content)
        except OSError as error:
            raise SourceError(t("cantons.errors.not_kept", reason=system_reason(error))) from error

    return outlines, keep


def _kept_at(service: Service, department: str) -> Path:
    source = hashlib.sha256(f"{service.url} {LAYER}".encode()).hexdigest()[:8]
    return service.cache / f"cantons-{department}-{source}.geojson"


def _kept(path: Path) -> CantonOutlines | None:
    """Return what is kept; None where there is nothing or it is damaged: it is then fetched again."""
    try:
        content = path.read_bytes()
        collection = parse_geojson(content)
        fetched_at = date.fromisoformat(str(collection["fetched_at"])).isoformat()
        return _outlines(collection, content, fetched_at)
    except (OSError, ValueError, KeyError, SourceError):
        return None


def _outlines(collection: dict[str, Any], content: bytes, fetched_at: str) -> CantonOutlines:
    name = t("cantons.service")
    return CantonOutlines(name, frame_of(collection, name), hashlib.sha256(content).hexdigest(), fetched_at)


def _fetch(service: Service, department: str) -> dict[str, Any]:
    """Return all features of a department as one collection."""
    manners = Manners(timeout_s=service.timeout_s, bytes_at_most=_BYTES_AT_MOST, contact=service.contact)
    with Client(manners) as client:

        def ask(**parameters: str | int) -> dict[str, Any]:
            query = {
                "service": "WFS", "version": "2.0.0", "request": "GetFeature", "typeNames": LAYER,
                "outputFormat": "application/json", "srsName": "EPSG:4326", **parameters,
            }  # fmt: skip
            return _answer(client, service, query)

        first = ask(count=1)["features"]
        properties = (first[0].get("properties") or {}) if first and isinstance(first[0], dict) else {}
        if not properties:
            raise SourceError(t("cantons.errors.no_feature", url=service.url))
        return _all_pages(ask, {**_only(properties, department), **_sorted(properties)}, service.url)


def _only(properties: Mapping[str, Any], department: str) -> dict[str, str]:
    """Return the parameter that keeps the features of a department; none where no property tells."""
    if (name := _property(properties, _DEPARTMENT)) is not None:
        return {"CQL_FILTER": f"{name}='{department}'"}
    if (name := _property(properties, _CODE)) is not None and len(str(properties[name])) > 2:
        return {"CQL_FILTER": f"{name} LIKE '{department}%'"}
    return {}


def _sorted(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameter without which pages may repeat or skip features."""
    name = _property(properties, _CODE) or next(iter(properties))
    return {"sortBy": name}


def _property(properties: Mapping[str, Any], known: tuple[str, ...]) -> str | None:
    folded = {"".join(sign for sign in name.lower() if sign.isalnum()): name for name in properties}
    return next((folded[name] for name in known if name in folded), None)


def _all_pages(ask: Callable[..., dict[str, Any]], parameters: Mapping[str, str], url: str) -> dict[str, Any]:
    """Ask page after page; a service may give fewer features than asked, or the same ones again and again."""
    features: dict[str, Any] = {}
    collection: dict[str, Any] = {}
    for _ in range(_PAGES_AT_MOST):
        page = ask(**parameters, count=_PAGE, startIndex=len(features))
        collection = collection or page
        before, matched = len(features), page.get("numberMatched", page.get("totalFeatures"))
        features.update((json.dumps(feature, sort_keys=True), feature) for feature in page["features"])
        if isinstance(matched, int) and len(features) >= matched:
            break
        if len(features) == before:
            if isinstance(matched, int):
                raise SourceError(t("cantons.errors.incomplete", url=url, found=len(features), expected=matched))
            break
    return {**{key: collection[key] for key in ("type", "crs") if key in collection}, "features": [*features.values()]}


def _answer(client: Client, service: Service, query: Mapping[str, Any]) -> dict[str, Any]:
    """Return one answer as a feature collection, asking again while the service has a bad moment."""
    try:
        content = client.ask(service.url, bytes, {name: str(value) for name, value in query.items()})
    except SourceError as error:
        raise SourceError(t("cantons.errors.service", reason=error)) from error
    try:
        return parse_geojson(content)
    except ValueError as error:
        start = " ".join(content[:80].decode(errors="replace").split())
        raise SourceError(t("cantons.errors.not_geojson", url=service.url, start=start)) from error
