"""Files of open data read by what others would read them with: pandas, openpyxl, GDAL, pyarrow. Nothing of essmap."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import shapely

Row = dict[str, Any]


def rows_of(path: Path) -> list[Row]:
    """Return the rows of a file with its own names; what is missing is None, points are (lon, lat)."""
    readers = {".csv": _csv, ".xlsx": _xlsx, ".geojson": _gdal, ".gpkg": _gdal, ".parquet": _parquet}
    return [{name: _cell(value) for name, value in row.items()} for row in readers[path.suffix](path)]


def text_of(path: Path) -> str:
    """Return all that can be read of a file, descriptors and notices too, but for the digest and size of files."""
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        for resource in content.get("resources", ()):
            resource.pop("hash", None)
            resource.pop("bytes", None)
        return json.dumps(content, ensure_ascii=False)
    told = "\n".join(" | ".join(f"{name}: {value}" for name, value in row.items()) for row in rows_of(path))
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        told += "\n".join(str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line)
        told += f"{book.properties.title} {book.properties.description}"
    if path.suffix in {".gpkg", ".geojson"}:
        told += json.dumps({name: str(value) for name, value in pyogrio.read_info(path).items()}, ensure_ascii=False)
    return told + path.read_bytes().decode("latin-1") if path.suffix in {".gpkg", ".geojson", ".csv"} else told


def _csv(path: Path) -> list[Row]:
    text = path.read_text(encoding="utf-8-sig")
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [
            {name: value or None for name, value in row.items()} for row in csv.DictReader(stream, delimiter=delimiter)
        ]


def _xlsx(path: Path) -> list[Row]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    header, *lines = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, header), line, strict=True)) for line in lines]


def _gdal(path: Path) -> list[Row]:
    frame = pyogrio.read_dataframe(path)
    return frame.to_dict("records")


def _parquet(path: Path) -> list[Row]:
    table = pq.read_table(path)
    return [
        {("geometry" if name == "geometry" else name): shapely.from_wkb(value) if name == "geometry" else value
         for name, value in row.items()}
        for row in table.to_pylist()
    ]  # fmt: skip


def _cell(value: Any) -> Any:
    if isinstance(value, shapely.Point):
        return (value.x, value.y)
    if isinstance(value, shapely.geometry.base.BaseGeometry):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return value
    return None if value is None or pd.isna(value) else value
