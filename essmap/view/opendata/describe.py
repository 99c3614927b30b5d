"""``datapackage.json``: what files hold, from whom, of when, under which licence, how complete (Data Package 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from essmap.schema.snapshot import SourceRecord
from essmap.texts import t
from essmap.view.format import safe_link
from essmap.view.opendata.columns import Field
from essmap.view.opendata.content import Content
from essmap.view.opendata.licences import Licence
from essmap.view.opendata.spreadsheets import sheet_name

MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "parquet": "application/vnd.apache.parquet",
    "zip": "application/zip",
}
_TYPES: Final = {"text": "string", "texts": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
_SPREADSHEETS: Final = ("csv", "xlsx")


def package_descriptor(
    resources: Sequence[dict[str, Any]], contents: Sequence[Content], *, publisher: str = "", homepage: str = ""
) -> dict[str, Any]:
    """Return the descriptor of a package.

    Parameters
    ----------
    resources : sequence of dict
        `resource_descriptor` of each file.
    contents : sequence of Content
        What they hold; at least one.
    publisher, homepage : str
        Who publishes, and where; left out where not known.
    """
    manifest = contents[0].manifest
    described: dict[str, Any] = {
        "name": f"essmap-{manifest.department.lower()}",
        "title": t("opendata.package_title", name=manifest.department_name),
        "description": " ".join(dict.fromkeys(sentence for content in contents for sentence in content.said)),
        "version": manifest.build_id,
        "created": manifest.built_at,
        "keywords": ["économie sociale et solidaire", manifest.department_name],
        "licenses": [_licence(one) for one in dict.fromkeys(content.licence for content in contents)],
        "sources": [_source(one) for one in _distinct(contents)],
        "essmap": {"version": manifest.code_version, "schema": manifest.schema_version, "notes": list(manifest.notes)},
        "resources": list(resources),
    }
    if safe_link(homepage):
        described["homepage"] = homepage
    if publisher:
        described["contributors"] = [{"title": publisher, "role": "publisher"}]
    return described


def about(content: Content) -> dict[str, Any]:
    """Return what has to be said of one table, whatever file it is in."""
    return {
        "title": content.title,
        "description": " ".join(content.said),
        "completeness": content.status,
        "date": content.manifest.built_at,
        "build": content.manifest.build_id,
        "licenses": [_licence(content.licence)],
        "sources": [_source(source) for source in content.sources],
        "selection": dict(content.asked),
    }


def resource_descriptor(
    content: Content, path: str, file_format: str, data: bytes, *, for_machines: bool
) -> dict[str, Any]:
    """Return the descriptor of one file; spreadsheets have a Table Schema.

    Parameters
    ----------
    content : Content
    path : str
        Name of the file.
    file_format : str
        Of `MEDIA_TYPES`.
    data : bytes
        The file.
    for_machines : bool
        Whether a spreadsheet has the names of the schema.
    """
    described: dict[str, Any] = {
        "name": f"{content.name}-{file_format}",
        "path": path,
        "format": file_format,
        "mediatype": MEDIA_TYPES[file_format],
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        **about(content),
    }
    if file_format not in _SPREADSHEETS:
        return described | {"type": "file"}
    if file_format == "csv":
        described |= {"encoding": "utf-8", "dialect": {"delimiter": "," if for_machines else ";"}}
    else:
        described["dialect"] = {"sheet": sheet_name(content)}
    return described | {"schema": table_schema(content, is_csv=file_format == "csv", for_machines=for_machines)}


def table_schema(content: Content, *, is_csv: bool, for_machines: bool) -> dict[str, Any]:
    """Return the Table Schema of the columns of a spreadsheet, in their order."""
    frame = content.machine if for_machines else content.people
    known = {field.name if for_machines else field.title: field for field in content.fields}
    fields = [_field(str(name), known.get(str(name)), is_csv=is_csv, for_machines=for_machines) for name in frame]
    keys = [
        str(name) for name in frame if (field := known.get(str(name))) is not None and field.is_unique and len(frame)
    ]
    return {"fields": fields, "missingValues": [""], **({"primaryKey": keys} if keys else {})}


def _field(name: str, field: Field | None, *, is_csv: bool, for_machines: bool) -> dict[str, Any]:
    if field is None:  # a column that is the same on every row
        return {"name": name, "type": "string"}
    described: dict[str, Any] = {"name": name, "title": field.title, "type": _TYPES[field.kind]}
    if field.kind == "boolean" and not for_machines:
        described |= {"trueValues": [t("opendata.yes")], "falseValues": [t("opendata.no")]}
    if field.kind == "number" and is_csv and not for_machines:
        described["decimalChar"] = ","
    constraints: dict[str, Any] = {}
    if field.is_required:
        constraints["required"] = True
    if field.is_unique:
        constraints["unique"] = True
    if field.pattern is not None:
        constraints["pattern"] = field.pattern
    if field.labels is not None and field.kind == "text":
        constraints["enum"] = list(field.labels if for_machines else field.labels.values())
    return described | ({"constraints": constraints} if constraints else {})


def _distinct(contents: Sequence[Content]) -> list[SourceRecord]:
    return list({source.key: source for content in contents for source in content.sources}.values())


def _licence(licence: Licence) -> dict[str, str]:
    described = {"name": licence.name, "title": licence.title, "path": licence.path}
    return {name: value for name, value in described.items() if value}


def _source(source: SourceRecord) -> dict[str, str]:
    described = {
        "title": source.title,
        "publisher": source.publisher,
        "licence": source.licence,
        "vintage": source.vintage,
        "fetched_at": source.fetched_at or "",
    }
    if safe_link(source.url):
        described["path"] = source.url
    return {name: value for name, value in described.items() if value}
