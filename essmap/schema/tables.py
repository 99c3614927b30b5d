"""The tables of a snapshot: every column with its type, unit and meaning, once.

`validate` checks a frame against its table with pandera; the documentation and the exports read the same
catalogue. Geometry columns are EPSG:4326 (longitude, latitude in degrees).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from essmap.errors import DataError, Problem
from essmap.texts import t

SCHEMA_VERSION: Final = 4
CRS: Final = "EPSG:4326"

ColumnType = Literal["text", "texts", "integer", "number", "boolean", "geometry"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, type, whether it may be missing, its allowed values and what it means."""

    name: str
    type: ColumnType
    meaning: str
    nullable: bool = False
    values: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, key column, columns, and whether it carries a geometry."""

    name: str
    key: str | None
    columns: tuple[Column, ...]

    @property
    def is_geographic(self) -> bool:
        """Whether the table has a geometry column."""
        return any(column.type == "geometry" for column in self.columns)

    @property
    def column_names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]


PRECISIONS: Final = frozenset({"housenumber", "street", "locality", "municipality"})
FAMILIES: Final = frozenset({"association", "cooperative", "mutual", "foundation", "commercial", "unknown"})
SOURCE_KINDS: Final = frozenset({"official", "own_site", "press", "register", "list", "other"})
#: The 22 units of Haute-Garonne are whole cantons, a city as a whole and parts of cantons outside it; loaded outlines
#: replace them all by electoral cantons.
CANTON_KINDS: Final = frozenset({"whole", "city", "partial", "electoral"})
#: Why two rows are one actor, in the order in which they are tried.
MERGE_RULES: Final = frozenset({"forced", "same_id", "siret", "siren_commune", "name_commune"})
SUPPORT_KINDS: Final = frozenset({"grant", "label", "capital", "technical", "other"})

ACTORS: Final = Table(
    "actors",
    "actor_id",
    (
        Column("actor_id", "text", "identifier, stable across builds"),
        Column("name", "text", "name of the establishment"),
        Column("family", "text", "family of law 2014-856, article 1", values=FAMILIES),
        Column("legal_form", "text", "finer legal form (reference/legal_forms.csv)"),
        Column("domains", "texts", "one to three domains (reference/domains.csv)"),
        Column("axes", "texts", "axes of those domains, in the order of reference/axes.csv"),
        Column("activity", "text", "what it does, in one French sentence", nullable=True),
        Column(
            "address", "text", "number and street; missing where nothing finer than the commune is shown", nullable=True
        ),
        Column("postcode", "text", "postcode; missing as the address is", nullable=True),
        Column("commune_code", "text", "INSEE code of the commune"),
        Column("commune_name", "text", "name of the commune, with its article"),
        Column(
            "canton_code",
            "text",
            "canton or unit; missing where the level does not exist or is not known",
            nullable=True,
        ),
        Column("epci_code", "text", "SIREN of the intercommunality", nullable=True),
        Column("siren", "text", "nine digits", nullable=True),
        Column("siret", "text", "fourteen digits", nullable=True),
        Column("naf", "text", "activity code of the register", nullable=True),
        Column("workforce_band", "text", "workforce band of the register", nullable=True),
        Column("is_employer", "boolean", "employs at least one person; missing: not known", nullable=True),
        Column("is_sensitive", "boolean", "sensitive place: never anything finer than its commune"),
        Column("website", "text", "own site, http(s)", nullable=True),
        Column("geo_precision", "text", "how precise the point is (reference/positions.csv)", values=PRECISIONS),
        Column("is_supported", "boolean", "named by at least one supported project"),
        Column(
            "is_confirmed",
            "boolean",
            "a national register has it too; missing: no register was read, or it has several that may be it",
            nullable=True,
        ),
        Column("source", "text", "key of the source in the manifest"),
        Column("source_kind", "text", "kind of page it was seen on", values=SOURCE_KINDS),
        Column("source_url", "text", "page it was seen on, http(s)", nullable=True),
        Column("source_note", "text", "what the source is, in words", nullable=True),
        Column("source_year", "integer", "latest year the source names; missing: not known", nullable=True),
        Column("geometry", "geometry", "point; the commune's reference point where nothing better is known or shown"),
    ),
)

PROJECTS: Final = Table(
    "projects",
    "project_id",
    (
        Column("project_id", "text", "identifier"),
        Column("title", "text", "what is supported"),
        Column("holder_name", "text", "who holds it"),
        Column("actor_id", "text", "the holder among the actors; missing: not one of them", nullable=True),
        Column("programme", "text", "programme of the Department"),
        Column("programme_raw", "text", "programme as the source writes it", nullable=True),
        Column("support_kind", "text", "kind of support", values=SUPPORT_KINDS),
        Column("year", "integer", "year of the support; missing: not said", nullable=True),
        Column("amount_eur", "number", "amount in euros; missing: not said, never guessed", nullable=True),
        Column("axes", "texts", "axes of its domains"),
        Column("domains", "texts", "one to three domains"),
        Column("commune_code", "text", "commune; missing: the whole department", nullable=True),
        Column("served_codes", "texts", "INSEE codes of the communes that it serves; empty: not said"),
        Column("source", "text", "key of the source that it comes from"),
        Column("source_url", "text", "page that shows it, http(s); empty: a list that somebody gave"),
        Column("note", "text", "note of the source", nullable=True),
        Column(
            "geometry",
            "geometry",
            "the holder's point, else its commune's; missing: the whole department",
            nullable=True,
        ),
    ),
)

COMMUNES: Final = Table(
    "communes",
    "commune_code",
    (
        Column("commune_code", "text", "INSEE code"),
        Column("commune_name", "text", "name with its article"),
        Column("postcodes", "texts", "its postcodes"),
        Column("population", "integer", "legal municipal population, inhabitants"),
        Column(
            "canton_code",
            "text",
            "canton or unit; missing: several share the commune (canton_parts), or the level does not exist here",
            nullable=True,
        ),
        Column("epci_code", "text", "SIREN of the intercommunality", nullable=True),
        Column("point_lon", "number", "reference point, degrees east; missing as `point_kind` says", nullable=True),
        Column("point_lat", "number", "reference point, degrees north", nullable=True),
        Column("point_kind", "text", "town_hall, surface_point, town_hall_unverified or missing"),
        Column("geometry", "geometry", "outline", nullable=True),
    ),
)

CANTONS: Final = Table(
    "cantons",
    "canton_code",
    (
        Column("canton_code", "text", "INSEE code of the unit"),
        Column("canton_name", "text", "name of the canton"),
        Column("label", "text", "what the screen shows; says what a partial unit is"),
        Column("kind", "text", "electoral, or a unit: whole, city or partial", values=CANTON_KINDS),
        Column("population", "integer", "inhabitants: the sum of its parts (canton_parts)"),
        Column("communes_count", "integer", "number of communes, those it shares included"),
        Column("geometry", "geometry", "outline: the union of its communes and of its parts of shared ones"),
    ),
)

CANTON_PARTS: Final = Table(
    "canton_parts",
    None,
    (
        Column("canton_code", "text", "canton or unit"),
        Column("commune_code", "text", "commune that lies in it, whole or in part"),
        Column("population", "integer", "inhabitants of that part; a commune's parts add up to the commune"),
    ),
)

EPCI: Final = Table(
    "epci",
    "epci_code",
    (
        Column("epci_code", "text", "SIREN"),
        Column("epci_name", "text", "name"),
        Column("epci_type", "text", "CC, CA, CU or METRO"),
        Column("population_inside", "integer", "inhabitants within the department"),
        Column("population_outside", "integer", "inhabitants outside the department"),
        Column("communes_inside", "integer", "communes within the department"),
        Column("communes_total", "integer", "communes in all"),
        Column("geometry", "geometry", "outline of the part within the department"),
    ),
)

DEPARTMENT: Final = Table(
    "department",
    "department_code",
    (
        Column("department_code", "text", "INSEE code"),
        Column("department_name", "text", "name"),
        Column("population", "integer", "inhabitants"),
        Column("communes_count", "integer", "number of communes"),
        Column("geometry", "geometry", "outline"),
    ),
)

MERGES: Final = Table(
    "merges",
    None,
    (
        Column("kept_id", "text", "actor that stays"),
        Column(
            "merged_id", "text", "row that was merged into it; « masqué » where nothing finer than a commune is shown"
        ),
        Column("merged_name", "text", "its name; that of the actor where nothing finer is shown"),
        Column("source", "text", "its source"),
        Column("rule", "text", "rule that decided", values=MERGE_RULES),
        Column("score", "number", "score of the rule, 0 to 1", nullable=True),
    ),
)

FIGURES: Final = Table(
    "figures",
    None,
    (
        Column("indicator", "text", "what is counted"),
        Column("value", "number", "published order of magnitude"),
        Column("unit", "text", "unit, in French"),
        Column("year", "integer", "year it was published"),
        Column("territory", "text", "territory it is about"),
        Column("source_url", "text", "page that publishes it"),
        Column("note", "text", "words of the page and limits", nullable=True),
        Column("is_shown", "boolean", "shown on screen"),
    ),
)

TABLES: Final = {
    table.name: table
    for table in (ACTORS, PROJECTS, COMMUNES, CANTONS, CANTON_PARTS, EPCI, DEPARTMENT, MERGES, FIGURES)
}


def empty(table: Table) -> pd.DataFrame:
    """Return the table with its columns and no row (plain frame; geometry columns become objects)."""
    dtypes = {"text": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}
    return pd.DataFrame({c.name: pd.Series(dtype=dtypes.get(c.type, "object")) for c in table.columns})


def validate(frame: pd.DataFrame, table: Table) -> None:
    """Check a frame against its table.

    Parameters
    ----------
    frame : DataFrame
        Must have exactly the columns of the table, in order, its key unique and never missing.
    table : Table

    Raises
    ------
    DataError
        If it does not; carries one Problem per fault. This is a fault of the build, not of the data officer.
    """
    import pandera.pandas as pa  # half a second to import: only builds need it

    schema = pa.DataFrameSchema(
        {c.name: pa.Column(nullable=c.nullable, checks=_checks(c, pa)) for c in table.columns},
        strict=True,
        ordered=True,
        unique=[table.key] if table.key else None,
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        problems = [
            Problem(
                file=table.name,
                row=None,
                column=None if pd.isna(case.column) else str(case.column),
                value=str(case.failure_case),
                expected=str(case.check),
                rule="schema",
            )
            for case in error.failure_cases.itertuples()
        ]
        raise DataError(t("errors.table_invalid", table=table.name, n=len(problems)), problems) from error


def _checks(column: Column, pa: Any) -> list[Any]:
    def of_type(kind: type | tuple[type, ...]) -> Any:
        return pa.Check(lambda value: isinstance(value, kind), element_wise=True, error=column.type)

    checks = {
        "text": [of_type(str)],
        "texts": [
            pa.Check(lambda value: all(isinstance(item, str) for item in value), element_wise=True, error="texts")
        ],
        "integer": [pa.Check(lambda series: pd.api.types.is_integer_dtype(series), error="integer")],
        "number": [pa.Check(lambda series: pd.api.types.is_numeric_dtype(series), error="number")],
        "boolean": [pa.Check(lambda series: pd.api.types.is_bool_dtype(series), error="boolean")],
        "geometry": [
            pa.Check(lambda value: value.is_valid and not value.is_empty, element_wise=True, error="valid geometry")
        ],
    }[column.type]
    if column.values is not None:
        checks.append(pa.Check.isin(sorted(column.values), error=f"one of {sorted(column.values)}"))
    return checks
