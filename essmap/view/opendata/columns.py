"""Columns of the tables that leave: names for machines, French headings and words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import geopandas as gpd
import pandas as pd

from essmap import reference
from essmap.schema.tables import Column, Table
from essmap.schema.tableschema import FIELDS
from essmap.schema.tableschema import Kind as ListKind
from essmap.texts import t

#: What columns of ours are called in the lists that people bring in, where the names differ.
_SAME_COLUMN: Final = {
    ("actors", "actor_id"): "id",
    ("actors", "commune_name"): "commune",
}
Kind = Literal["text", "texts", "integer", "number", "boolean"]

#: Parts the keys of a list where a format has no lists (as in our own tables).
LIST_SEPARATOR: Final = ";"
#: Parts the words of a list for people.
_WORD_SEPARATOR: Final = ", "
#: What a code looks like, for whoever checks a file.
_PATTERNS: Final = {
    "siren": "[0-9]{9}",
    "siret": "[0-9]{14}",
    "postcode": "[0-9]{5}",
    "commune_code": "[0-9][0-9AB][0-9]{3}",
    "epci_code": "[0-9]{9}",
    "website": "https?://.+",
    "source_url": "https?://.+",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Attributes
    ----------
    name : str
        Name for machines.
    title : str
        French heading.
    kind : str
    is_required : bool
        Never missing.
    is_unique : bool
    pattern : str or None
        Regular expression of the whole text.
    labels : mapping or None
        French word per key, where the column holds keys of a reference table.
    """

    name: str
    title: str
    kind: Kind
    is_required: bool = False
    is_unique: bool = False
    pattern: str | None = None
    labels: Mapping[str, str] | None = None


def fields_of(table: Table) -> tuple[Field, ...]:
    """Return the columns that actors or projects leave with: those of the table, its geometry as two numbers."""
    return tuple(part for column in table.columns for part in _parts(table, column))


def machine_frame(frame: pd.DataFrame, fields: Sequence[Field]) -> pd.DataFrame:
    """Return a table as machines read it where there are neither lists nor points.

    Lists are keys parted by `LIST_SEPARATOR`; points are ``lon`` and ``lat``, degrees (EPSG:4326).
    """
    flat = _with_coordinates(frame)
    return pd.DataFrame(
        {field.name: _joined(flat[field.name]) if field.kind == "texts" else flat[field.name] for field in fields},
        columns=[field.name for field in fields],
    )


def people_frame(frame: pd.DataFrame, fields: Sequence[Field]) -> pd.DataFrame:
    """Return the same table as people read it: French headings, words instead of keys, « oui » and « non ».

    As on the cards, a page is named only where its kind is one that people get a link to.
    """
    flat = _with_coordinates(frame)
    if {"source_url", "source_kind"} <= set(flat.columns):
        is_linked = flat["source_kind"].map(reference.source_kinds()["is_linked"]).astype(bool)
        flat["source_url"] = flat["source_url"].where(is_linked)
    return pd.DataFrame(
        {field.title: _in_words(flat[field.name], field) for field in fields}, columns=[field.title for field in fields]
    )


def _parts(table: Table, column: Column) -> list[Field]:
    if column.type == "geometry":
        titles = {name: t(f"opendata.{name}") for name in ("lon", "lat")}
        return [Field(name, title, "number", is_required=not column.nullable) for name, title in titles.items()]
    return [
        Field(
            column.name,
            _title(table, column.name),
            column.type,
            # A support of somebody who is not to be named leads to no page.
            is_required=not column.nullable and column.type != "texts" and column.name != "source_url",
            is_unique=column.name == table.key,
            pattern=_PATTERNS.get(column.name),
            labels=_labels(column.name),
        )
    ]


def _title(table: Table, column: str) -> str:
    """Return the heading of a column: that of the lists which people bring in, where these have it."""
    name = _SAME_COLUMN.get((table.name, column), column)
    given = {one.name: one for one in FIELDS[cast("ListKind", table.name)]}
    return given[name].title(cast("ListKind", table.name)) if name in given else t(f"opendata.{table.name}.{column}")


def _labels(column: str) -> Mapping[str, str] | None:
    tables = {
        "family": reference.families,
        "legal_form": reference.legal_forms,
        "domains": reference.domains,
        "axes": reference.axes,
        "geo_precision": reference.positions,
        "source_kind": reference.source_kinds,
        "support_kind": reference.support_kinds,
    }
    return {str(key): str(word) for key, word in tables[column]()["label"].items()} if column in tables else None


def _with_coordinates(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a plain copy whose points are two columns; outlines are left out."""
    if not isinstance(frame, gpd.GeoDataFrame):
        return frame.copy()
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    points = frame.geometry
    if points.dropna().geom_type.eq("Point").all():
        plain["lon"], plain["lat"] = points.x, points.y
    return plain


def _joined(lists: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series([LIST_SEPARATOR.join(keys) or None for keys in lists], index=lists.index, dtype=object)


def _in_words(values: pd.Series[Any], field: Field) -> pd.Series[Any]:
    labels = field.labels
    if field.kind == "texts":
        told = [_WORD_SEPARATOR.join((labels or {}).get(key, key) for key in keys) or None for keys in values]
        return pd.Series(told, index=values.index, dtype=object)
    if field.kind == "boolean":
        words = {True: t("opendata.yes"), False: t("opendata.no")}
        return values.astype(object).map(lambda value: None if pd.isna(value) else words[bool(value)])
    return values if labels is None else values.map(lambda key: labels.get(key, key))
