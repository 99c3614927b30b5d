"""The lists that people give: structures and supported projects, each column once, as a Table Schema.

`schema_of` gives the Table Schema (Frictionless, v1) whose files lie in ``data/schemas``: names and keys for programs.
People use the French headings of ``texts/fr/fields.toml`` and the labels of ``data/reference``; the import takes both.
The schema of projects says which field of SCDL *Subventions* 2.1.1 each of its columns is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from essmap import reference
from essmap.schema.tables import PRECISIONS
from essmap.texts import t

Kind = Literal["actors", "projects"]
KINDS: Final[tuple[Kind, ...]] = ("actors", "projects")
#: Of the schemas, not of essmap: raised when a column comes or goes.
VERSION: Final = "1.0.0"
MAX_DOMAINS: Final = 3

FieldType = Literal["string", "integer", "number"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a list.

    Attributes
    ----------
    name : str
        For programs.
    type : str
        Of Table Schema.
    is_required : bool
    choices : str
        Where its allowed values are: ``legal_forms``, ``domains``... of `essmap.reference`, ``yes_no``, or empty.
    is_list : bool
        Several choices may stand in a cell, parted by ``;``.
    pattern : str
        Regular expression of the whole cell.
    scdl : str
        The field of SCDL *Subventions* that it is.
    """

    name: str
    type: FieldType = "string"
    is_required: bool = False
    choices: str = ""
    is_list: bool = False
    pattern: str = ""
    scdl: str = ""

    def title(self, kind: Kind) -> str:
        """Return the French heading."""
        return t(f"fields.{kind}.{self.name}.title")

    def description(self, kind: Kind) -> str:
        """Return what it means, in French."""
        return t(f"fields.{kind}.{self.name}.description")

    def example(self, kind: Kind) -> str:
        """Return an example."""
        return t(f"fields.{kind}.{self.name}.example")


_COMMUNE: Final = r"\d[0-9AB]\d{3}"
_ADDRESS: Final = r"https?://.+"

FIELDS: Final[Mapping[Kind, tuple[Field, ...]]] = {
    "actors": (
        Field("id"),
        Field("name", is_required=True),
        Field("legal_form", choices="legal_forms"),
        Field("domains", choices="domains", is_list=True),
        Field("activity"),
        Field("address"),
        Field("postcode", pattern=r"\d{5}"),
        Field("commune_code", pattern=_COMMUNE),
        Field("commune"),
        Field("lon", "number"),
        Field("lat", "number"),
        Field("geo_precision", choices="positions"),
        Field("is_sensitive", choices="yes_no"),
        Field("siren", pattern=r"\d{9}"),
        Field("siret", pattern=r"\d{14}"),
        Field("naf", pattern=r"\d{2}\.?\d{2}[A-Z]"),
        Field("is_employer", choices="yes_no"),
        Field("workforce_band"),
        Field("website", pattern=_ADDRESS),
        Field("source_kind", choices="source_kinds"),
        Field("source_url", pattern=_ADDRESS),
        Field("source_note"),
        Field("source_year", "integer"),
    ),
    "projects": (
        Field("project_id"),
        Field("title", scdl="objet"),
        Field("holder_name", is_required=True, scdl="nomBeneficiaire"),
        Field("holder_siret", pattern=r"\d{14}", scdl="idBeneficiaire"),
        Field("holder_siren", pattern=r"\d{9}"),
        Field("actor_id"),
        Field("programme", is_required=True, scdl="dispositifAide"),
        Field("programme_raw"),
        Field("support_kind", choices="support_kinds", scdl="nature"),
        Field("year", "integer", scdl="dateConvention"),
        Field("amount_eur", "number", scdl="montant"),
        Field("domains", choices="domains", is_list=True),
        Field("commune_code", pattern=_COMMUNE),
        Field("commune"),
        Field("communes_served"),
        Field("decision", scdl="referenceDecision"),
        Field("source_url", pattern=_ADDRESS),
        Field("note"),
    ),
}


def field_names(kind: Kind) -> list[str]:
    """Return the names of the columns of a list, in order."""
    return [one.name for one in FIELDS[kind]]


def choices_of(one: Field) -> dict[str, str]:
    """Return the allowed values of a column with their French labels, in their order; none: any value."""
    if not one.choices:
        return {}
    if one.choices == "yes_no":
        return {"yes": t("imports.yes"), "no": t("imports.no")}
    labels = reference.tables.table(one.choices)["label"]
    found = {str(key): str(label) for key, label in labels.items()}
    if one.choices == "positions":  # what is known to its commune only has no position to give
        return {key: label for key, label in found.items() if key in PRECISIONS - {"municipality"}}
    return found


def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the Table Schema of a list, ready for JSON."""
    return {
        "$schema": "https://specs.frictionlessdata.io/schemas/table-schema.json",
        "name": f"essmap-{kind}",
        "title": t(f"imports.schemas.{kind}.title"),
        "description": t(f"imports.schemas.{kind}.description"),
        "version": VERSION,
        "missingValues": [""],
        "fields": [_described(one, kind) for one in FIELDS[kind]],
    }


def schema_json(kind: Kind) -> str:
    """Return the Table Schema of a list as it lies in ``data/schemas``."""
    return json.dumps(schema_of(kind), ensure_ascii=False, indent=2) + "\n"


def schema_file(kind: Kind) -> Path:
    """Return where the Table Schema of a list lies: package data."""
    return reference.data_dir() / "schemas" / f"{kind}.schema.json"


def _described(one: Field, kind: Kind) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": True} if one.is_required else {}
    choices = choices_of(one)
    if choices and one.is_list:
        word = "|".join(choices)
        constraints["pattern"] = f"^({word})(;({word})){{0,{MAX_DOMAINS - 1}}}$"
    elif choices:
        constraints["enum"] = list(choices)
    elif one.pattern:
        constraints["pattern"] = f"^{one.pattern}$"
    told: dict[str, Any] = {
        "name": one.name,
        "title": one.title(kind),
        "description": one.description(kind),
        "example": next(iter(choices)) if choices else one.example(kind),
        "type": one.type,
    }
    if constraints:
        told["constraints"] = constraints
    if choices:
        told["labels"] = choices
    if one.scdl:
        told["scdl"] = one.scdl
    return told
