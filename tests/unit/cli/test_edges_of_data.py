"""Commands at the edges: nobody, one actor, no inhabitant, an actor from elsewhere. A result and a sentence, always."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from benchmarks.made_up import made_up_snapshot
from essmap.build.starter import new_build_id
from essmap.schema.snapshot import Snapshot
from essmap.store import Store

#: What a program says of a number that is none: nobody may read it.
NO_NUMBER = re.compile(r"\b(?:nan|NaN|None|NaT|inf|Infinity|Traceback)\b|<NA>")
LUCHON, TOULOUSE = "3102", "31555"


@pytest.fixture(scope="module")
def edges(tmp_path_factory):
    """Roots of made-up snapshots declared exhaustive, by what is special in them."""
    folder = tmp_path_factory.mktemp("edges")
    some = made_up_snapshot(80, is_exhaustive=True, projects=10)
    communes, actors = some.table("communes"), some.table("actors")
    abroad = {"commune_code": "09122", "commune_name": "Foix", "canton_code": None, "epci_code": None}
    snapshots = {
        "nobody": made_up_snapshot(0, is_exhaustive=True),
        "alone": made_up_snapshot(1, is_exhaustive=True, projects=1),
        "empty commune": _with(some, communes=communes.assign(population=_emptied(communes, {TOULOUSE}))),
        "empty department": _with(some, communes=communes.assign(population=_emptied(communes, None))),
        "elsewhere": _with(some, actors=actors.assign(**{k: actors[k].where(actors.index > 0, v)
                                                         for k, v in abroad.items()})),
    }  # fmt: skip
    for name, snapshot in snapshots.items():
        Store(str(folder / name)).save(snapshot)
    return folder


def _with(snapshot, **tables):
    manifest = replace(snapshot.manifest, build_id=new_build_id(datetime.now(UTC)))
    return Snapshot(manifest, {**snapshot.tables, **tables})


def _emptied(communes, codes):
    there = communes["commune_code"].isin(codes) if codes else communes["population"].notna()
    return communes["population"].mask(there, 0)


@pytest.fixture
def on(cli, edges):
    """Run a command on one of the snapshots, and check that no number is read that is none."""

    def run(edge, *arguments):
        answer = cli(*arguments, "--snapshot", edges / edge)
        assert answer.code == 0, answer
        assert not NO_NUMBER.search(answer.out + answer.err)
        return answer

    return run


def read_json(answer):
    return json.loads(answer.out, parse_constant=lambda name: pytest.fail(name))


EDGES = ["nobody", "alone", "empty commune", "empty department", "elsewhere"]


@pytest.mark.parametrize("edge", EDGES)
def test_gaps_answer_at_every_edge(on, edge):
    """The sums hold, in each form, and whoever cannot be assessed has neither p nor interval."""
    for level in ("canton", "commune"):
        rows = read_json(on(edge, "gaps", "--level", level, "--count", "all", "--format", "json"))
        inside = [row for row in rows if row["status"] != "outside_coverage"]
        has_people = any(row["population"] for row in inside)
        seen = sum(row["observed"] for row in inside)
        assert sum(row["expected"] for row in inside) == pytest.approx(seen if has_people else 0)
        for row in rows:
            if row["class"] in {"not_assessable", "no_actor"}:
                assert {row[name] for name in ("p_value", "q_value", "ratio_low", "ratio_high", "phi")} == {None}
    asked = ("gaps", "--level", "epci", "--theme", "domain:mobilite", "--count", "all")
    assert len(on(edge, *asked).out.splitlines()) > 18
    assert len(list(csv.DictReader(io.StringIO(on(edge, *asked, "--format", "csv").out)))) >= 18


def test_a_theme_nobody_has_is_said(on):
    """Nobody at all: a class of its own, and a sentence."""
    rows = read_json(on("nobody", "gaps", "--format", "json"))
    assert {row["class"] for row in rows} == {"no_actor"}
    assert "il n’y a rien à comparer" in on("nobody", "gaps").out
    assert "il n’y a pas de distance à dire" in on("nobody", "access").out


def test_one_actor_proves_nothing(on):
    """With a single actor every territory with inhabitants is inconclusive, whatever the level."""
    for level in ("canton", "epci", "commune"):
        rows = read_json(on("alone", "gaps", "--count", "all", "--level", level, "--format", "json"))
        assert {row["class"] for row in rows} == {"inconclusive"}
        assert sum(row["observed"] for row in rows) == 1


def test_a_territory_without_inhabitants_is_not_assessed(on):
    """Its rate and ratio are left out, not zero and not infinite; the others are still assessed."""
    rows = {row["code"]: row for row in read_json(on("empty commune", "gaps", "--level", "commune", "--count", "all",
                                                     "--format", "json"))}  # fmt: skip
    empty = rows[TOULOUSE]
    assert (empty["status"], empty["class"]) == ("no_population", "not_assessable")
    assert (empty["rate_per_10k"], empty["ratio"], empty["expected"]) == (None, None, 0)
    assert {row["status"] for code, row in rows.items() if code != TOULOUSE} == {"assessed"}
    everywhere = read_json(on("empty department", "gaps", "--count", "all", "--format", "json"))
    assert {row["class"] for row in everywhere} == {"not_assessable"}


def test_an_actor_from_elsewhere_is_a_row_of_its_own(on):
    """It is counted and said, is compared with nobody, and takes part in no sum of the department."""
    rows = {row["code"]: row for row in read_json(on("elsewhere", "gaps", "--count", "all", "--format", "json"))}
    outside = rows.pop("outside")
    assert (outside["observed"], outside["status"], outside["class"]) == (1, "outside_coverage", "not_assessable")
    assert sum(row["expected"] for row in rows.values()) == pytest.approx(79)
    assert read_json(on("elsewhere", "access", "--count", "all", "--format", "json"))["summary"]["actors_outside"] == 1


@pytest.mark.parametrize("edge", EDGES)
def test_access_answers_at_every_edge(on, edge):
    """Inhabitants within, beyond and unknown sum to the population, in each form."""
    document = read_json(on(edge, "access", "--count", "all", "--format", "json"))
    total = document["summary"]["population"]
    assert all(part["within"] + part["beyond"] + part["unknown"] == total for part in document["beyond"])
    assert len(document["communes"]) == 586
    assert len(on(edge, "access", "--count", "all").out.splitlines()) > 586


@pytest.mark.parametrize(
    ("edge", "outcome"),
    [("nobody", "planned"), ("alone", "planned"), ("empty commune", "planned"), ("empty department", "no_inhabitant"),
     ("elsewhere", "planned")],
)  # fmt: skip
def test_siting_answers_at_every_edge(on, edge, outcome):
    """A plan that is proven, or why there is none, in words as in JSON."""
    asked = ("siting", "--new", "2", "--reach-km", "5", "--count", "all")
    document = read_json(on(edge, *asked, "--format", "json"))
    assert (document["outcome"], document["is_proven"]) == (outcome, True)
    assert len(on(edge, *asked).out.splitlines()) > 3


@pytest.mark.parametrize("edge", EDGES)
def test_sheets_answer_at_every_edge(on, edge, tmp_path):
    """The sheets of a canton and of a commune can be read, and hold no number that is none."""
    on(edge, "sheet", LUCHON, TOULOUSE, "--out", tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    for path in files:
        text = " ".join(page.extract_text() for page in PdfReader(path).pages)
        assert not NO_NUMBER.search(text)
        assert "Données inventées" in text


@pytest.mark.parametrize("code", ["09122", "31999", "3199x"])
def test_a_territory_outside_the_department_is_refused(cli, edges, tmp_path, code):
    """A sheet of nowhere and a proposal of nowhere: a sentence that names the code, and nothing else."""
    sheet = cli("sheet", code, "--out", tmp_path / "out", "--snapshot", edges / "alone")
    assert (sheet.code, code in sheet.out + sheet.err, (tmp_path / "out").exists()) == (1, True, False)
    asked = ("siting", "--new", "1", "--reach-km", "5", "--count", "all", "--propose", code)
    siting = cli(*asked, "--snapshot", edges / "alone")
    assert (siting.code, siting.out, code in siting.err) == (2, "", True)
