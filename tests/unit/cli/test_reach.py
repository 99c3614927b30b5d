"""`essmap access` and `essmap siting`: the same numbers in three forms, and no verdict on a partial list."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from benchmarks.made_up import made_up_actors
from essmap.build.starter import new_build_id
from essmap.schema.snapshot import Completeness, Snapshot
from essmap.store import Store

HOSTILE = '=HYPERLINK("x")\x1b[31m'
VERDICTS = ("Avec", "Optimum", "rang")


@pytest.fixture(scope="module")
def roots(starter_snapshot, tmp_path_factory):
    """Two snapshot roots: the starter data (partial), and 60 made-up actors declared exhaustive."""
    folder = tmp_path_factory.mktemp("roots")
    Store(str(folder / "partial")).save(starter_snapshot)
    actors = made_up_actors(60, starter_snapshot.layer("communes"))
    actors.loc[:, "name"] = HOSTILE
    manifest = starter_snapshot.manifest
    manifest = replace(
        manifest,
        build_id=new_build_id(datetime.now(UTC)),
        counts={**manifest.counts, "actors": 60},
        completeness={**manifest.completeness, "actors": Completeness("exhaustive", "Données inventées.")},
        is_made_up=True,
    )
    Store(str(folder / "made_up")).save(Snapshot(manifest, {**starter_snapshot.tables, "actors": actors}))
    return folder


@pytest.fixture
def on(cli, roots):
    """Run a command on one of the two snapshots."""

    def run(root, *arguments):
        return cli(*arguments, "--snapshot", roots / root)

    return run


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def refuse(constant):
    raise AssertionError(constant)


def json_of(text):
    return json.loads(text, parse_constant=refuse)


def test_access_says_the_same_in_three_forms(on):
    """586 communes, the list's completeness in each form, the numbers of JSON and CSV alike, no NaN."""
    document = json_of(on("partial", "access", "--format", "json").out)
    assert (document["status"], document["completeness"]) == ("described", "partial")
    assert "partielle" in document["completeness_sentence"]
    assert len(document["communes"]) == 586
    assert document["summary"]["supply_in_reach"] == 396
    total = document["summary"]["population"]
    assert all(part["within"] + part["beyond"] + part["unknown"] == total == 1_471_468 for part in document["beyond"])
    comma = on("partial", "access", "--format", "csv")
    rows = rows_of(comma.out)
    assert [row["code"] for row in rows] == [row["code"] for row in document["communes"]]
    assert {row["completeness"] for row in rows} == {"partial"}
    assert [float(row["distance"]) for row in rows] == [row["distance"] for row in document["communes"]]
    assert "partielle" in comma.err
    table = on("partial", "access")
    assert (table.code, table.err) == (0, "")
    assert "partielle" in table.out
    assert "à vol d’oiseau" in table.out
    assert sum(line[:2] == "31" and line[:5].isdigit() for line in table.out.splitlines()) == 586


def test_access_to_a_theme_nobody_has(on, monkeypatch):
    """A sentence, unknown distances, null and empty cells: no NaN, no traceback."""
    monkeypatch.setattr("essmap.analysis.coverage.Theme.mask", lambda _, actors: actors["name"].isna().to_numpy())
    document = json_of(on("partial", "access", "--theme", "axis:inclusion", "--format", "json").out)
    assert document["status"] == "no_actor"
    assert {(row["distance"], row["kind"], row["actor_id"]) for row in document["communes"]} == {
        (None, "unknown", None)
    }
    comma = on("partial", "access", "--theme", "axis:inclusion", "--format", "csv")
    assert {(row["distance"], row["actor_name"]) for row in rows_of(comma.out)} == {("", "")}
    assert "il n’y a pas de distance à dire" in comma.err
    assert not re.search(r"\bnan\b", on("partial", "access", "--theme", "axis:inclusion").out)


def test_cells_cannot_be_formulas_nor_draw(on):
    """A name that begins like a formula is put aside by an apostrophe; control signs never leave."""
    rows = rows_of(on("made_up", "access", "--format", "csv").out)
    assert {row["actor_name"] for row in rows} == {'\'=HYPERLINK("x") [31m'}
    assert "\x1b" not in on("made_up", "access").out


def test_siting_refuses_a_partial_list(on):
    """No verdict on a partial list: a sentence that says why and how to try all the same."""
    answer = on("partial", "siting", "--new", "3", "--reach-km", "10")
    assert (answer.code, answer.out) == (2, "")
    assert "partielle" in answer.err
    assert "--exercise" in answer.err
    assert not any(word in answer.err for word in VERDICTS)


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_an_exercise_is_marked_in_every_form(on, output):
    """With --exercise the answer comes, and says in each form that it is an exercise on a partial list."""
    answer = on("partial", "siting", "--new", "2", "--reach-km", "10", "--exercise", "--format", output)
    assert answer.code == 0
    if output == "json":
        document = json_of(answer.out)
        assert (document["status"], document["completeness"]) == ("exercise", "partial")
    elif output == "csv":
        assert {(row["status"], row["completeness"]) for row in rows_of(answer.out)} == {("exercise", "partial")}
    assert output == "json" or "CALCUL D’EXERCICE" in (answer.out + answer.err).splitlines()[0] + answer.err


def test_siting_says_the_same_in_three_forms(on):
    """The plan, its proof, the greedy one and the commune proposed, by name or code."""
    asked = ("siting", "--new", "3", "--reach-km", "8", "--propose", "BAGNERES DE LUCHON")
    document = json_of(on("made_up", *asked, "--format", "json").out)
    assert (document["status"], document["outcome"], document["is_proven"]) == ("assessed", "planned", True)
    assert sum(row["gain"] for row in document["plan"]) == document["total"] == document["bound"]
    assert document["proposed"]["code"] == "31042"
    rows = rows_of(on("made_up", *asked, "--format", "csv").out)
    by_plan = {name: [row["code"] for row in rows if row["plan"] == name] for name in ("optimal", "greedy", "proposed")}
    assert by_plan["optimal"] == [row["code"] for row in document["plan"]]
    assert by_plan["greedy"] == [row["code"] for row in document["greedy"]]
    assert by_plan["proposed"] == ["31042"]
    said = on("made_up", *asked)
    assert "Avec 3 nouvelles structures" in said.out
    assert "Optimum prouvé" in said.out
    assert "Et si c’était ici, Bagnères-de-Luchon" in said.out
    assert "EXERCICE" not in said.out


@pytest.mark.parametrize(
    ("new", "reach", "said"),
    [("0", "10", "n’est demandée"), ("2", "0", "ne servirait personne"), ("2", "500", "ont déjà"),
     ("700", "10", "étaient demandées")],
)  # fmt: skip
def test_every_case_has_its_sentence(on, new, reach, said):
    """Nothing asked, nobody in reach, nothing to gain, more than needed: a French sentence, exit code 0."""
    answer = on("made_up", "siting", "--new", new, "--reach-km", reach)
    assert answer.code == 0
    assert said in answer.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["access", "--theme", "axis:rien"], "insertion, "),
        (["access", "--theme", "axis:several"], "Thème inconnu"),
        (["access", "--theme", "nonsense"], "Thème inconnu"),
        (["access", "--count", "some"], "Comptage inconnu"),
        (["access", "--format", "xml"], "Forme inconnue"),
        (["siting", "--new", "1"], "--reach-km"),
        (["siting", "--new", "1", "--reach-km", "nan"], "--reach-km"),
        (["siting", "--new", "1", "--reach-km", "inf"], "--reach-km"),
        (["siting", "--new", "1", "--reach-km", "3", "--reach-minutes", "3"], "--reach-km"),
        (["siting", "--new", "-1", "--reach-km", "3"], "--new"),
        (["siting", "--new", "1", "--reach-km", "3", "--propose", "Nulle-Part"], "Commune inconnue"),
    ],
)
def test_nonsense_is_a_sentence(on, arguments, said):
    """Exit code 2, nothing printed but the sentence."""
    answer = on("made_up", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_only_employers(on):
    """Employers alone are counted when asked, and the share for which it is known is said."""
    everybody = json_of(on("made_up", "access", "--format", "json").out)
    answer = on("made_up", "access", "--format", "json", "--count", "employers")
    employers = json_of(answer.out)
    assert everybody["count"] == "employers"  # known for all: the default
    assert employers["summary"] == everybody["summary"]
    assert "100" in answer.err
    assert json_of(on("made_up", "access", "--count", "all", "--format", "json").out)["summary"]["actors"] == 60
    assert 0 < employers["summary"]["actors"] < 60
    none = json_of(on("partial", "access", "--count", "employers", "--format", "json").out)
    assert none["summary"]["actors"] == 0


def test_journeys_replace_straight_lines(on, tmp_path):
    """A table in minutes changes the unit, asks for --reach-minutes, and is refused with its faults."""
    path = tmp_path / "trajets.csv"
    path.write_text("origin,destination,minutes\n31042,31555,110\n31555,31042,9\n", encoding="utf-8")
    document = json_of(on("made_up", "access", "--matrix", path, "--count", "all", "--format", "json").out)
    assert document["summary"]["unit"] == "minutes"
    luchon = next(row for row in document["communes"] if row["code"] == "31042")
    assert (luchon["kind"], luchon["distance"]) == ("journey", 110)
    assert "table de trajets" in on("made_up", "access", "--matrix", path).out
    refused = on("made_up", "siting", "--new", "1", "--reach-km", "10", "--matrix", path)
    assert refused.code == 2
    assert "--reach-minutes" in refused.err
    assert on("made_up", "siting", "--new", "1", "--reach-minutes", "10", "--matrix", path).code == 0
    path.write_text("origin,destination,minutes\nici,31555,beaucoup\n", encoding="utf-8")
    broken = on("made_up", "access", "--matrix", path)
    assert broken.code == 1
    assert broken.out.count("ligne 2") == 2
