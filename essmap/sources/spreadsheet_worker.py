"""Read workbooks, GeoPackages and Parquet files in a process of its own: a script, run by `essmap.sources.spreadsheet`.

The libraries that read these formats are not written for hostile files: one cell at the far corner of a sheet makes
them ask for hundreds of gigabytes and abort the whole process. Here such a file ends this process alone, whose memory
is bounded. The content comes on the standard input, the answer goes to the standard output as JSON::

    {"sheets": [{"name": "Feuil1", "rows": [["Nom", "Commune"], ...], "is_hidden": false}, ...]}
    {"error": "rows", "n": 250000}

Nothing of essmap is imported: the process starts in a fraction of a second.
"""

from __future__ import annotations

import io
import json
import sys
from datetime import date, datetime, time
from typing import Any

#: Headings of what a geometry gives (`data/reference/header_words.csv` knows them).
GEOMETRY_COLUMNS = ("longitude (géométrie)", "latitude (géométrie)")


#: Rows that are read of a hidden sheet.
HIDDEN_ROWS = 50


class _RefusedError(Exception):
    """The file is not read; the arguments are the answer."""

    def __init__(self, error: str, **values: object) -> None:
        super().__init__(error)
        self.answer = {"error": error, **values}


def main() -> None:
    """Read what comes in; arguments: a name of `read` below; rows, columns and bytes of memory at most."""
    what, rows, columns, memory = sys.argv[1], *map(int, sys.argv[2:5])
    read = {"workbook": _workbook, "geopackage": _geopackage, "parquet": _parquet}[what]
    _bound_memory(memory)
    content = sys.stdin.buffer.read()
    try:
        answer: dict[str, Any] = {"sheets": read(content, rows, columns)}
    except _RefusedError as refused:
        answer = refused.answer
    except MemoryError:
        answer = {"error": "memory"}
    except Exception as error:  # noqa: BLE001  whatever a library says of a broken file, the reader makes a sentence
        answer = {"error": "unreadable", "reason": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


def _bound_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _workbook(content: bytes, max_rows: int, max_columns: int) -> list[dict[str, Any]]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum, load_workbook

    book = load_workbook(io.BytesIO(content))
    sheets = []
    for place, sheet in enumerate(book.sheets_metadata):
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        found, is_hidden = book.get_sheet_by_index(place), sheet.visible != SheetVisibleEnum.Visible
        if is_hidden:  # its first rows tell whether it is a list; however large it is, it keeps nobody from the others
            rows = found.to_python(skip_empty_area=False, nrows=HIDDEN_ROWS) if found.total_width <= max_columns else []
        elif found.total_height > max_rows:
            raise _RefusedError("rows", n=found.total_height, sheet=sheet.name)
        elif found.total_width > max_columns:
            raise _RefusedError("columns", n=found.total_width, sheet=sheet.name)
        else:
            rows = found.to_python(skip_empty_area=False)
        sheets.append({"name": sheet.name, "rows": [[_text(cell) for cell in row] for row in rows],
                       "is_hidden": is_hidden})  # fmt: skip
    return sheets


def number_text(number: float) -> str:
    """Return a number as text that nobody takes for another one.

    A whole number keeps no decimals. « 333.125 » would be read as a third of a thousand or as many thousands: four
    decimals are not.

    Examples
    --------
    >>> number_text(15000.0), number_text(1.5), number_text(333.125)
    ('15000', '1.5', '333.1250')
    """
    if number.is_integer() and abs(number) < 1e17:
        return str(int(number))
    text = repr(number)
    return f"{text}0" if "e" not in text and len(text.partition(".")[2]) == 3 else text


def _text(cell: Any) -> str:
    """Return a cell as a person would type it; a whole number keeps no decimals."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _geopackage(content: bytes, max_rows: int, max_columns: int) -> list[dict[str, Any]]:
    import pyogrio  # type: ignore[import-untyped]

    sheets = []
    for name, _ in pyogrio.list_layers(content):
        told = pyogrio.read_info(content, layer=name, force_feature_count=True)
        if told["features"] + 1 > max_rows:
            raise _RefusedError("rows", n=int(told["features"]) + 1, sheet=str(name))
        if len(told["fields"]) + 2 > max_columns:
            raise _RefusedError("columns", n=len(told["fields"]) + 2, sheet=str(name))
        sheets.append({"name": str(name), "rows": _layer(content, str(name))})
    return sheets


def _layer(content: bytes, name: str) -> list[list[str]]:
    from pyogrio.raw import read  # type: ignore[import-untyped]

    meta, _, geometry, columns = read(content, layer=name)
    header = [str(field) for field in meta["fields"]]
    values = [[_field(cell) for cell in column] for column in columns]
    count = len(columns[0]) if len(columns) else 0 if geometry is None else len(geometry)
    if geometry is not None:
        header += GEOMETRY_COLUMNS
        values += _points(geometry, meta["crs"])
    return [header, *([column[row] for column in values] for row in range(count))]


def _field(cell: Any) -> str:
    plain = cell.item() if hasattr(cell, "item") else cell
    if plain is None or plain != plain or str(plain) == "NaT":
        return ""
    return str(plain)[:10] if type(cell).__name__ == "datetime64" else _text(plain)


def _parquet(content: bytes, max_rows: int, max_columns: int) -> list[dict[str, Any]]:
    import pyarrow.parquet as parquet

    file = parquet.ParquetFile(io.BytesIO(content))
    if file.metadata.num_rows + 1 > max_rows:
        raise _RefusedError("rows", n=file.metadata.num_rows + 1)
    if len(file.schema_arrow.names) + 2 > max_columns:
        raise _RefusedError("columns", n=len(file.schema_arrow.names) + 2)
    told = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    shape, table = told.get("primary_column"), file.read()
    header = [name for name in table.column_names if name != shape]
    values = [[_listed(cell) for cell in table.column(name).to_pylist()] for name in header]
    if shape is not None:
        header += GEOMETRY_COLUMNS
        values += _points(table.column(shape).to_pylist(), _crs(told["columns"][shape]))
    return [{"name": "", "rows": [header, *([column[row] for column in values] for row in range(table.num_rows))]}]


def _listed(cell: Any) -> str:
    """Return a cell as text; the items of a list are parted by semicolons."""
    return ";".join(map(_field, cell)) if isinstance(cell, list) else _field(cell)


def _crs(column: dict[str, Any]) -> str:
    """Return the system of the points; a file that names none is in longitudes and latitudes (GeoParquet 1.1)."""
    told = (column.get("crs") or {}).get("id") or {"authority": "OGC", "code": "CRS84"}
    return f"{told['authority']}:{told['code']}"


def _points(geometry: Any, crs: str | None) -> list[list[str]]:
    """Return longitudes and latitudes, WGS84 where the layer says its system; as they are where it does not."""
    import shapely

    shapes = shapely.from_wkb(geometry)
    kinds, counts = shapely.get_type_id(shapes), shapely.get_num_geometries(shapes)
    is_point = (kinds == -1) | (kinds == 0) | ((kinds == 4) & (counts <= 1))  # QGIS saves points as groups of one
    if not is_point.all():
        raise _RefusedError("not_points")
    shapes = shapely.get_geometry(shapes, 0)
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    if crs is not None and crs not in {"EPSG:4326", "OGC:CRS84"}:
        from pyproj import Transformer

        x, y = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    return [["" if value != value else repr(round(float(value), 7)) for value in column] for column in (x, y)]


if __name__ == "__main__":
    main()
