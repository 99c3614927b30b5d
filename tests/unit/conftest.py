"""Fixtures of a made-up department: nine square communes, one of them shared by two cantons."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from made_up_cantons import NAMES, POPULATIONS, RECTANGLES, SQUARES, StandIn, feature, rectangle

from essmap.build.geography import Geography
from essmap.schema.tables import CANTONS, COMMUNES, DEPARTMENT, EPCI, empty
from essmap.sources.clock import SystemClock
from essmap.sources.delimited import RawTable


@pytest.fixture
def square_features() -> list[dict[str, Any]]:
    """The four made-up cantons as features."""
    return [feature(code) for code in RECTANGLES]


@pytest.fixture
def square_geography() -> Geography:
    """The made-up department with its units."""
    squares = {code: rectangle(x, y, x + 1, y + 1) for code, (x, y, _, _) in SQUARES.items()}
    points = {code: shape.centroid for code, shape in squares.items()}
    communes = gpd.GeoDataFrame(
        {
            "commune_code": list(SQUARES),
            "commune_name": [name for _, _, name, _ in SQUARES.values()],
            "postcodes": [["31000"] for _ in SQUARES],
            "population": list(POPULATIONS.values()),
            "canton_code": [unit for *_, unit in SQUARES.values()],
            "epci_code": pd.Series([None] * len(SQUARES), dtype="str"),
            "point_lon": [point.x for point in points.values()],
            "point_lat": [point.y for point in points.values()],
            "point_kind": "surface_point",
        },
        geometry=list(squares.values()),
        crs=4326,
    )
    kinds = {"3101": "whole", "3102": "whole", "3103": "partial", "3104": "partial", "3199": "city"}
    members = {unit: communes[communes["canton_code"] == unit] for unit in kinds}
    cantons = gpd.GeoDataFrame(
        {
            "canton_code": list(kinds),
            "canton_name": [NAMES.get(unit, "Grandville") for unit in kinds],
            "label": list(kinds),
            "kind": list(kinds.values()),
            "population": [int(group["population"].sum()) for group in members.values()],
            "communes_count": [len(group) for group in members.values()],
        },
        geometry=[group.geometry.union_all() for group in members.values()],
        crs=4326,
    )
    department = gpd.GeoDataFrame(
        {"department_code": ["31"], "department_name": ["Carré"], "population": [int(communes["population"].sum())],
         "communes_count": [len(communes)]},
        geometry=[communes.geometry.union_all()], crs=4326,
    )  # fmt: skip
    assert [list(frame.columns) for frame in (communes, cantons, department)] == [
        table.column_names for table in (COMMUNES, CANTONS, DEPARTMENT)
    ]
    return Geography(communes, cantons, gpd.GeoDataFrame(empty(EPCI)), department, (), ())


@pytest.fixture
def square_populations() -> RawTable:
    """The table of populations of the made-up cantons: a third of Grandville is in the first."""
    frame = pd.DataFrame(
        {
            "canton_code": list(NAMES),
            "name": list(NAMES.values()),
            "population": ["3000", "3100", "1300", "1600"],
            "year": "2016",
            "population_in_grandville": ["", "", "300", "600"],
        },
        index=range(2, 6),
        dtype="str",
    )
    return RawTable("populations.csv", frame, (), hashlib.sha256(b"made up").hexdigest())


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits between two attempts: the seconds that would have passed, in order."""
    found: list[float] = []
    monkeypatch.setattr(SystemClock, "sleep", lambda _self, seconds: found.append(seconds))
    return found


@pytest.fixture
def wfs(square_features: list[dict[str, Any]], waits: list[float]) -> Iterator[StandIn]:
    """A stand-in for the service, which holds the made-up cantons; nobody waits between two attempts."""
    service = StandIn(features=square_features)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.answer(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_port}/wfs/ows"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()
    thread.join()
