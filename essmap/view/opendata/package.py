"""Files put together: one by one, as a folder with its ``datapackage.json``, or as one zip."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from essmap.errors import SettingsError
from essmap.schema.atomic import write_whole
from essmap.texts import t
from essmap.texts.system import system_reason
from essmap.view.opendata.content import Content
from essmap.view.opendata.describe import about, package_descriptor, resource_descriptor
from essmap.view.opendata.layers import to_geojson, to_gpkg, to_parquet
from essmap.view.opendata.spreadsheets import to_csv, to_xlsx

Format = Literal["csv", "xlsx", "geojson", "gpkg", "parquet"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "xlsx", "geojson", "gpkg", "parquet")
#: What « everything, as open data » holds.
OPEN_DATA: Final[tuple[Format, ...]] = ("csv", "geojson")
DESCRIPTOR: Final = "datapackage.json"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes, and where; empty where not known."""

    name: str = ""
    homepage: str = ""


NOT_SAID: Final = Publisher()


def one_file(content: Content, file_format: Format, *, for_machines: bool = False) -> bytes:
    """Return one table in one format.

    Parameters
    ----------
    content : Content
    file_format : str
        Of `FORMATS`.
    for_machines : bool
        Names and keys of the schema in a spreadsheet too; the other formats always have them.

    Raises
    ------
    DataError
        If the format cannot hold it.
    """
    writers: dict[Format, Callable[[], bytes]] = {
        "csv": lambda: to_csv(content, for_machines=for_machines),
        "xlsx": lambda: to_xlsx(content, for_machines=for_machines),
        "geojson": lambda: to_geojson(content, about(content)),
        "gpkg": lambda: to_gpkg(content, about(content)),
        "parquet": lambda: to_parquet(content),
    }
    return writers[file_format]()


def package(
    contents: Sequence[Content],
    formats: Sequence[Format],
    *,
    for_machines: bool = False,
    publisher: Publisher = NOT_SAID,
    stem: str | None = None,
) -> dict[str, bytes]:
    """Return the files of some tables in some formats by their names, `DESCRIPTOR` last.

    Parameters
    ----------
    contents : sequence of Content
        At least one.
    formats : sequence of str
    for_machines : bool
    publisher : Publisher
    stem : str or None
        Name to use instead of that of the first table; tables apart keep what they end with. None: stable names.

    Raises
    ------
    DataError
        If a format cannot hold a table.
    """
    files: dict[str, bytes] = {}
    resources = []
    for content in contents:
        for file_format in formats:
            name = content.stem if stem is None else content.stem.replace(contents[0].stem, stem, 1)
            path = f"{name}.{file_format}"
            data = files[path] = one_file(content, file_format, for_machines=for_machines)
            resources.append(resource_descriptor(content, path, file_format, data, for_machines=for_machines))
    described = package_descriptor(resources, contents, publisher=publisher.name, homepage=publisher.homepage)
    files[DESCRIPTOR if stem is None else f"{stem}.{DESCRIPTOR}"] = _to_json(described)
    return files


def as_zip(files: Mapping[str, bytes], built_at: str) -> bytes:
    """Return files as one zip; the same files of the same build are the same zip.

    Parameters
    ----------
    files : mapping
        Content by name.
    built_at : str
        ISO 8601 time of the build: the date that the files inside carry.
    """
    when = datetime.fromisoformat(built_at).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()


def write_files(folder: Path, files: Mapping[str, bytes], *, overwrite: bool = False) -> list[Path]:
    """Write files into a folder, each whole, in their order (the descriptor comes last).

    Parameters
    ----------
    folder : Path
        Made if need be.
    files : mapping
        Content by name.
    overwrite : bool
        Whether files that are there may be replaced.

    Returns
    -------
    list of Path

    Raises
    ------
    SettingsError
        If a file is there and may not be replaced (nothing is written then), or the folder cannot be written.
    """
    there = [name for name in files if (folder / name).exists()]
    if there and not overwrite:
        raise SettingsError(t("opendata.there", n=len(there), names=", ".join(there), folder=folder))
    try:
        for name, data in files.items():
            write_whole(folder / name, data)
    except OSError as error:
        raise SettingsError(t("opendata.unwritable", folder=folder, reason=system_reason(error))) from error
    return [folder / name for name in files]


def _to_json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
