"""The published schemas and the workbooks to fill in: right by independent readers, in step with the code."""

from __future__ import annotations

import io
import json

import openpyxl
import pandas as pd
import pytest
from frictionless import Resource, Schema, validate

from essmap import reference
from essmap.build.imports.actors import COLUMNS as ACTOR_COLUMNS
from essmap.build.imports.headings import recognise
from essmap.build.imports.judge import Wanted, judge
from essmap.build.imports.projects import COLUMNS as PROJECT_COLUMNS
from essmap.build.starter import load_geography
from essmap.schema.tableschema import FIELDS, KINDS, choices_of, field_names, schema_file, schema_json
from essmap.sources.spreadsheet import read_bytes
from essmap.view.template import template

#: Names of the fields of SCDL Subventions 2.1.1.
SCDL = {
    "nomAttribuant", "idAttribuant", "dateConvention", "referenceDecision", "nomBeneficiaire", "idBeneficiaire",
    "rnaBeneficiaire", "objet", "montant", "nature", "conditionsVersement", "datesPeriodeVersement", "idRAE",
    "notificationUE", "pourcentageSubvention", "dispositifAide",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_schema_is_the_one_of_the_code(kind):
    """The file that is package data is what the code would write."""
    assert schema_file(kind).read_text(encoding="utf-8") == schema_json(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_frictionless_reads_the_schema(kind):
    """The schema is valid Table Schema, every field with French title, description and example."""
    schema = Schema.from_descriptor(json.loads(schema_json(kind)))
    assert [field.name for field in schema.fields] == field_names(kind)
    assert all(field.title and field.description and field.example for field in schema.fields)


@pytest.mark.parametrize("kind", KINDS)
def test_frictionless_validates_a_right_row_and_finds_a_wrong_one(kind):
    """A row of examples passes; a value out of the allowed ones and a missing name do not."""
    right = {}
    for one in FIELDS[kind]:
        choices = choices_of(one)
        example = next(iter(choices)) if choices else one.example(kind)
        right[one.name] = "15000.5" if one.name == "amount_eur" else example
    schema = Schema.from_descriptor(json.loads(schema_json(kind)))

    def verdict(row):
        frame = pd.DataFrame([row], dtype="str")
        content = frame.to_csv(index=False).encode()
        report = validate(Resource(data=content, format="csv", schema=schema, encoding="utf-8"))
        return {error.type for task in report.tasks for error in task.errors}

    assert verdict(right) == set()
    required = next(one.name for one in FIELDS[kind] if one.is_required)
    assert "constraint-error" in verdict({**right, required: ""})
    assert "constraint-error" in verdict({**right, "domains": "nothing"})
    assert "constraint-error" in verdict({**right, "domains": ";".join(list(reference.domains().index)[:4])})


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_understood_by_the_import(kind):
    """Name and French title of each column are recognised, and everything that is kept can be given."""
    for one in FIELDS[kind]:
        assert recognise(one.name, kind) == one.name
        assert recognise(one.title(kind), kind) == one.name
        assert recognise(one.title(kind).upper() + " *", kind) == one.name
    kept = {"actors": ACTOR_COLUMNS, "projects": PROJECT_COLUMNS}[kind]
    assert set(kept) == set(field_names(kind))


def test_headings_of_the_reference_table_name_our_columns():
    """No line of the table points at a column that is not there."""
    words = reference.header_words()
    for kind in KINDS:
        assert set(words[kind]) <= {*field_names(kind), "", "-", "point"}
    values = reference.value_words()
    assert set(values["domains"]) <= {*reference.domains().index, ""}
    assert set(values["legal_form"]) <= {*reference.legal_forms().index, "", "natural_person"}
    assert set(values["support_kind"]) <= {*reference.support_kinds().index, ""}


def test_projects_name_their_scdl_fields():
    """Each field of SCDL is named once, and the import understands every one of them."""
    named = [one.scdl for one in FIELDS["projects"] if one.scdl]
    assert len(named) == len(set(named))
    assert set(named) <= SCDL
    assert {name for name in SCDL if not recognise(name, "projects")} == set()
    for one in FIELDS["projects"]:
        if one.scdl:
            assert recognise(one.scdl, "projects") == one.name


@pytest.mark.parametrize("kind", KINDS)
def test_the_workbook_has_lists_notes_and_examples(kind):
    """An independent reader finds a note per heading, drop-down lists whose ranges hold the labels, two examples."""
    names = load_geography("31").communes["commune_name"].tolist()
    book = openpyxl.load_workbook(io.BytesIO(template(kind, names)))
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    assert headings == [one.title(kind) for one in FIELDS[kind]]
    assert all(cell.comment and cell.comment.text for cell in sheet[1])
    lists = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    for column, one in enumerate(FIELDS[kind], start=1):
        wanted = names if one.name == "commune" else list(choices_of(one).values())
        if not wanted:
            continue
        rule = lists[f"{openpyxl.utils.get_column_letter(column)}2"]
        name, area = rule.formula1.lstrip("=").split("!")
        assert [cell.value for (cell,) in book[name.strip("'")][area.replace("$", "")]] == wanted
    assert sheet.max_row == 3


@pytest.mark.parametrize("kind", KINDS)
def test_examples_left_in_the_workbook_are_refused(kind):
    """The template as it is gives no row; what somebody adds below comes in, read from the first sheet."""
    communes = load_geography("31").communes
    content = template(kind, communes["commune_name"].tolist())
    judged = judge(read_bytes(content, "modele.xlsx"), Wanted(kind), communes, "31")
    assert judged.frame.empty
    assert {faults[0].rule for faults in judged.reasons.values()} == {"example_row"}
    book = openpyxl.load_workbook(io.BytesIO(content))
    added = {"name": "La Roue inventée", "commune": "Muret", "holder_name": "La Roue inventée", "programme": "Vélo"}
    book.worksheets[0].append([added.get(one.name) for one in FIELDS[kind]])
    buffer = io.BytesIO()
    book.save(buffer)
    judged = judge(read_bytes(buffer.getvalue(), "modele.xlsx"), Wanted(kind), communes, "31")
    assert judged.frame["commune_code"].tolist() == ["31395"]
    assert judged.layout.grid.sheet in {"Structures", "Projets soutenus"}
