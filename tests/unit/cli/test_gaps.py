"""`essmap gaps`: three formats that say the same, and nothing is concluded from a partial list."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from essmap.cli.frames import print_csv, print_json, records
from essmap.schema.snapshot import Completeness, Snapshot
from essmap.store import Store

COLUMNS = [
    *("code", "name", "population", "denominator", "denominator_value"),
    *("observed_all", "observed_employers", "observed_unknown", "observed", "reference_rate", "rate_per_10k"),
    *("expected", "ratio", "ratio_low", "ratio_high", "poisson_low", "poisson_high", "p_value", "q_value", "phi"),
    *("class", "shortfall", "missing_to_overturn", "eb_rate_per_10k", "status", "completeness"),
]
VERDICT = re.compile(r"doté|dans la moyenne|à confirmer|non concluant|manqu|désert", re.IGNORECASE)


@pytest.fixture
def root(tmp_path, starter_snapshot):
    """A folder with the starter snapshot."""
    Store(str(tmp_path / "s")).save(starter_snapshot)
    return tmp_path / "s"


@pytest.fixture
def exhaustive(tmp_path, starter_snapshot):
    """A folder with the starter rows declared exhaustive, for the test only."""
    whole = Completeness("exhaustive", "Liste déclarée exhaustive pour un essai.")
    manifest = replace(
        starter_snapshot.manifest, completeness={**starter_snapshot.manifest.completeness, "actors": whole}
    )
    Store(str(tmp_path / "e")).save(Snapshot(manifest, starter_snapshot.tables))
    return tmp_path / "e"


def test_json_describes_the_partial_list(cli, root):
    """22 rows whose sums are those of the department; no class, no p, no q."""
    asked = ("gaps", "--level", "canton", "--theme", "all", "--count", "all")
    answer = cli(*asked, "--snapshot", root, "--format", "json")
    rows = json.loads(answer.out, parse_constant=lambda name: pytest.fail(name))
    assert (answer.code, answer.err, len(rows)) == (0, "", 22)
    assert list(rows[0])[: len(COLUMNS)] == COLUMNS
    assert sum(row["observed"] for row in rows) == 396
    assert sum(row["expected"] for row in rows) == pytest.approx(396, abs=1e-6)
    assert sum(row["population"] for row in rows) == 1_471_468
    for row in rows:
        assert (row["class"], row["status"], row["completeness"]) == ("not_assessable", "described", "partial")
        assert (row["p_value"], row["q_value"], row["ratio_low"]) == (None, None, None)
    lines = csv.DictReader(io.StringIO(cli(*asked, "--snapshot", root, "--format", "csv").out))
    assert {(line["class"], line["p_value"], line["q_value"]) for line in lines} == {("not_assessable", "", "")}


def test_the_exercise_fills_every_column_and_says_so(cli, root):
    """With --exercise all columns hold numbers, and each row says that it is an exercise."""
    rows = json.loads(cli("gaps", "--exercise", "--snapshot", root, "--format", "json").out)
    for row in rows:
        assert row["status"] == "exercise"
        assert row["class"] != "not_assessable"
        is_established = row["class"] in {"under", "over"}
        assert [name for name in COLUMNS if row[name] is None] == ([] if is_established else ["missing_to_overturn"])
        assert 0 <= row["p_value"] <= row["q_value"] <= 1
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
    assert sum(row["observed"] for row in rows) == 396
    assert sum(row["expected"] for row in rows) == pytest.approx(396, abs=1e-6)


@pytest.mark.parametrize("options", [[], ["--exercise"], ["--level", "epci"], ["--theme", "domain:mobilite"]])
def test_csv_and_json_agree(cli, root, options):
    """The same rows and numbers in both; what is missing is empty or null."""
    rows = json.loads(cli("gaps", *options, "--snapshot", root, "--format", "json").out)
    lines = list(csv.DictReader(io.StringIO(cli("gaps", *options, "--snapshot", root, "--format", "csv").out)))
    assert [list(line) for line in lines[:1]] == [list(row) for row in rows[:1]]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        for name, value in row.items():
            if isinstance(value, float):
                assert float(line[name]) == pytest.approx(value)
            else:
                assert line[name] == ("" if value is None else str(value))


def test_table_says_first_what_may_be_concluded(cli, root, exhaustive):
    """The partial list is headed as such without any verdict; exercise and exhaustive lists say what they are."""
    partial = cli("gaps", "--snapshot", root).out
    assert "dans ce jeu de données partiel (396 structures relevées)" in partial.splitlines()[0]
    assert VERDICT.search(partial) is None
    exercise = cli("gaps", "--exercise", "--snapshot", root).out
    assert exercise.splitlines()[1].startswith("CALCUL D’EXERCICE")
    assert "φ" in exercise
    whole = cli("gaps", "--snapshot", exhaustive).out
    assert "partiel" not in whole
    assert "q est inférieur à 0,05" in whole
    assert VERDICT.search(whole.split("\n\n", 1)[1])
    for text in (partial, exercise, whole):
        assert "Cazères" in text
        assert not re.search(r"\bnan\b|<NA>|None", text)


@pytest.mark.parametrize("theme", ["domain:numerique", "axis:bien_vieillir"])
@pytest.mark.parametrize("level", ["canton", "epci", "commune"])
def test_every_level_and_theme_answers(cli, root, level, theme):
    """Axes and domains at each level: the sums are those of the actors of the theme."""
    rows = json.loads(cli("gaps", "--level", level, "--theme", theme, "--snapshot", root, "--format", "json").out)
    assert len(rows) == {"canton": 22, "epci": 18, "commune": 586}[level]
    assert sum(row["expected"] for row in rows) == pytest.approx(sum(row["observed"] for row in rows))


def test_employers_that_nobody_knows_are_said(cli, root):
    """Asked for employers where they are not known: the table says why nothing is assessed, and what to type."""
    said = cli("gaps", "--count", "employers", "--exercise", "--snapshot", root).out
    assert "--count all" in said
    assert VERDICT.search(said) is None


def test_a_target_population_is_used_and_said(cli, root, tmp_path):
    """An indicator table is the denominator; how much of it is used is said apart from the answer."""
    path = tmp_path / "age.csv"
    text = "# title: Essai\n# level: canton\n# year: 2022\n# source: inventé pour un essai\ncode,value\n3101,5\n99,1\n"
    path.write_text(text, encoding="utf-8")
    answer = cli("gaps", "--denominator", path, "--snapshot", root, "--format", "json")
    rows = json.loads(answer.out)
    assert "1 territoires sur 22" in answer.err
    assert [row["denominator_value"] for row in rows if row["code"] == "3101"] == [5]
    assert {row["status"] for row in rows if row["code"] != "3101"} == {"no_denominator"}
    refused = cli("gaps", "--denominator", path, "--level", "epci", "--snapshot", root)
    assert (refused.code, refused.out) == (2, "")
    assert "table par commune" in refused.err
    path.write_text(text.replace("3101,5", "3101,-5"), encoding="utf-8")
    broken = cli("gaps", "--denominator", path, "--snapshot", root)
    assert broken.code == 1
    assert "ligne 6" in broken.out
    assert cli("gaps", "--denominator", tmp_path / "none.csv", "--snapshot", root).code == 4


@pytest.mark.parametrize(
    "options",
    [
        ["--level", "region"], ["--theme", "axis:none"], ["--theme", "domain:x"], ["--theme", "axis"],
        ["--count", "some"], ["--format", "xlsx"],
    ],
)  # fmt: skip
def test_values_that_do_not_exist_are_said(cli, root, options):
    """A value that does not exist is exit code 2, named with those that do."""
    answer = cli("gaps", *options, "--snapshot", root)
    assert (answer.code, answer.out) == (2, "")
    assert options[1] in answer.err


def test_formulas_in_text_are_harmless_and_numbers_stay(capsys):
    """Text that a spreadsheet would compute gets an apostrophe; negative numbers do not."""
    print_csv(pd.DataFrame({"name": ["=1+1", "@x", "-x", "Muret", None], "n": [-1.5, 2, 3, 4, None]}))
    assert capsys.readouterr().out == "name,n\n'=1+1,-1.5\n'@x,2.0\n'-x,3.0\nMuret,4.0\n,\n"


def test_json_has_no_number_that_is_none(capsys):
    """Missing values of any kind are null; an infinite number is a defect."""
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [float("nan"), 1.5], "c": ["x", None]})
    print_json(records(frame))
    found = json.loads(capsys.readouterr().out)
    assert found == [{"a": 1, "b": None, "c": "x"}, {"a": None, "b": 1.5, "c": None}]
    with pytest.raises(ValueError, match="JSON"):
        print_json(records(pd.DataFrame({"a": [float("inf")]})))
