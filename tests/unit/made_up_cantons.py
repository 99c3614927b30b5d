"""Made-up square cantons, and a stand-in for the WFS of the IGN that serves them or misbehaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import shapely

WEST, SOUTH, SIDE = 540_000, 6_240_000, 10_000  # Lambert-93, metres
#: Column and row (from the south-west), name and unit of each made-up commune.
SQUARES = {
    "31001": (0, 0, "Ouest-Bas", "3101"), "31002": (0, 1, "Ouest", "3101"), "31003": (0, 2, "Ouest-Haut", "3101"),
    "31004": (2, 0, "Est-Bas", "3102"), "31005": (2, 1, "Est", "3102"), "31006": (2, 2, "Est-Haut", "3102"),
    "31007": (1, 2, "Norville", "3103"), "31008": (1, 0, "Sudville", "3104"), "31555": (1, 1, "Grandville", "3199"),
}  # fmt: skip
POPULATIONS = {code: 1000 + 10 * number for number, code in enumerate(SQUARES)}
NAMES = {"3101": "Ouest", "3102": "Est", "3103": "Grandville-1", "3104": "Grandville-2"}
#: Outline of each made-up canton: west, south, east, north in sides of a square; Grandville is cut in the middle.
RECTANGLES = {"3101": (0, 0, 1, 3), "3102": (2, 0, 3, 3), "3103": (1, 1.5, 2, 3), "3104": (1, 0, 2, 1.5)}


def rectangle(west: float, south: float, east: float, north: float) -> shapely.MultiPolygon:
    """Return a rectangle of the made-up department, in degrees."""
    box = shapely.box(WEST + SIDE * west, SOUTH + SIDE * south, WEST + SIDE * east, SOUTH + SIDE * north)
    return shapely.MultiPolygon([gpd.GeoSeries([box], crs=2154).to_crs(4326).iloc[0]])


def feature(code: str, shape: Any = None, **properties: str) -> dict[str, Any]:
    """Return a canton as the service gives it."""
    return {
        "type": "Feature",
        "id": f"canton.{code}",
        "properties": {
            "code_insee": code,
            "nom_officiel": NAMES.get(code, code),
            "code_departement": "31",
            **properties,
        },
        "geometry": shapely.geometry.mapping(rectangle(*RECTANGLES[code]) if shape is None else shape),
    }


@dataclass
class StandIn:
    """A service on this machine that gives features page by page, or misbehaves as it is told.

    Attributes
    ----------
    features : list
        What it holds.
    bad : list of callable
        Each is used once, in order, instead of an answer; it gets the request handler.
    page_size : int
        It never gives more features at once, whatever is asked.
    """

    url: str = ""
    features: list[dict[str, Any]] = field(default_factory=list)
    crs: str | None = None
    bad: list[Callable[[Any], None]] = field(default_factory=list)
    page_size: int = 1000
    says_how_many: bool = True
    requests: list[dict[str, str]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(handler.path).query).items()}
        self.requests.append(query)
        self.agents.append(handler.headers["User-Agent"])
        if self.bad:
            self.bad.pop(0)(handler)
            return
        chosen = self.features
        if "=" in (rule := query.get("CQL_FILTER", "")):
            name, _, value = rule.partition("=")
            chosen = [one for one in chosen if f"'{one['properties'].get(name)}'" == value]
        start = int(query.get("startIndex", 0))
        page = chosen[start : start + min(int(query["count"]), self.page_size)]
        content: dict[str, Any] = {"type": "FeatureCollection", "features": page}
        if self.says_how_many:
            content["numberMatched"] = len(chosen)
        if self.crs:
            content["crs"] = {"type": "name", "properties": {"name": self.crs}}
        send(handler, 200, json.dumps(content).encode())


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
