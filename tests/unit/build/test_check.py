"""Planted faults: each rule finds its own, says where it is, and no other rule speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.build.check import check_actors, check_figures, check_projects, is_web_address, problems_by_rule
from essmap.errors import Problem
from essmap.sources.starter import (
    ACTORS_FILE,
    FIGURES_FILE,
    PROJECTS_FILE,
    read_actors,
    read_figures,
    read_projects,
    starter_folder,
)

YEAR = datetime.now(UTC).year
SIREN, SIRET_ELSEWHERE = "732829320", "35600000000048"
Row = dict[str, str]


def any_row(row: Row) -> bool:
    return True


def placed(row: Row) -> bool:
    return row["lon"] != ""


def unplaced(row: Row) -> bool:
    return row["lon"] == "" and row["siren"] == ""


def with_commune(row: Row) -> bool:
    return row["commune_code"] != ""


def held(row: Row) -> bool:
    return row["actor_id"] != ""


@dataclass(frozen=True)
class Fault:
    """One mistake in one row, and the one message it must give."""

    rule: str
    column: str
    cells: Row
    pick: Callable[[Row], bool] = any_row
    expected: str = ""

    @property
    def name(self) -> str:
        """Name of the case."""
        return f"{self.rule}-{self.column}-{self.found}"

    @property
    def found(self) -> str:
        """The value that the message must show."""
        return self.cells.get(self.column, "")


def required(*columns: str) -> list[Fault]:
    return [Fault("required", column, {column: ""}, any_row, "obligatoire") for column in columns]


FOUR = "numerique;mobilite;tiers_lieu;culture_medias"
ACTOR_FAULTS = [
    *required("id", "name", "legal_form", "domains", "commune_code", "commune", "source_kind", "source_url"),
    Fault("repeated_id", "id", {"id": "cuma-d-aignes-31002"}, unplaced, "ligne 2"),
    Fault("unknown_commune", "commune_code", {"commune_code": "99999"}, placed, "INSEE"),
    Fault("unknown_commune", "commune_code", {"commune_code": "31O55"}, unplaced, "INSEE"),
    Fault("commune_name", "commune", {"commune": "Ailleurs-sur-Mer"}, placed, "le nom de la commune"),
    Fault("postcode_of_commune", "postcode", {"postcode": "75001"}, unplaced, "code postal de cette commune"),
    Fault("bad_website", "website", {"website": "www.exemple.fr"}, any_row, "https://"),
    Fault("bad_source_url", "source_url", {"source_url": "javascript:alert(1)"}, any_row, "https://"),
    Fault("bad_source_year", "source_year", {"source_year": str(YEAR + 1)}, any_row, str(YEAR)),
    Fault("bad_source_year", "source_year", {"source_year": "vers 2020"}, any_row, "quatre chiffres"),
    Fault("siren", "siren", {"siren": "732829321"}, unplaced, "9 chiffres"),
    Fault("siren", "siren", {"siren": "732 829 320"}, unplaced, "9 chiffres"),
    Fault("siren", "siren", {"siren": "732829321", "siret": SIRET_ELSEWHERE}, unplaced, "9 chiffres"),
    Fault("siret", "siret", {"siret": "73282932000075"}, unplaced, "14 chiffres"),
    Fault("siret", "siret", {"siret": "٧٣٢٨٢٩٣٢٠٠٠٠٧٤"}, unplaced, "14 chiffres"),
    Fault("siret_of_siren", "siret", {"siren": SIREN, "siret": SIRET_ELSEWHERE}, unplaced, "SIREN de la même ligne"),
    Fault("unknown_domain", "domains", {"domains": "numerique;jardinage_lunaire"}, any_row, "jardinage_lunaire"),
    Fault("unknown_domain", "domains", {"domains": "numerique;"}, any_row, "inconnu"),
    Fault("too_many_domains", "domains", {"domains": FOUR}, any_row, "au plus 3"),
    Fault("repeated_domain", "domains", {"domains": "numerique;numerique"}, any_row, "une seule fois"),
    Fault("unknown_legal_form", "legal_form", {"legal_form": "gie"}, any_row, "scop"),
    Fault("unknown_source_kind", "source_kind", {"source_kind": "blog"}, any_row, "own_site"),
    Fault("unknown_is_sensitive", "is_sensitive", {"is_sensitive": "oui"}, any_row, "yes"),
    Fault("unknown_geo_precision", "geo_precision", {"geo_precision": "municipality"}, placed, "housenumber"),
    Fault("precision_without_point", "geo_precision", {"geo_precision": "street"}, unplaced, "pas de position"),
    Fault("precision_without_point", "geo_precision", {"geo_precision": "exact"}, unplaced, "pas de position"),
    Fault("point_without_precision", "geo_precision", {"geo_precision": ""}, placed, "housenumber"),
    Fault("coordinates", "lon", {"lon": "1,44"}, placed, "degrés décimaux"),
    Fault("coordinates", "lon", {"lon": ""}, placed, "toutes les deux"),
    Fault("coordinates", "lat", {"lat": "nan"}, placed, "degrés décimaux"),
    Fault("coordinates", "lat", {"lat": "91"}, placed, "degrés décimaux"),
    Fault("point_outside_commune", "lon", {"lon": "2.3522", "lat": "48.8566"}, placed, "à l’intérieur de la commune"),
]
PROJECT_FAULTS = [
    *required("project_id", "title", "holder_name", "programme", "support_kind", "domains"),
    Fault("repeated_id", "project_id", {"project_id": "p002-la-cafetiere-31028"}, any_row, "ligne 3"),
    Fault("missing_actor", "actor_id", {"actor_id": "nobody-31555"}, held, "fichier des acteurs"),
    Fault("no_source_page", "source_url", {"source_url": ""}, any_row, "la page qui montre"),
    Fault("bad_source_url", "source_url", {"source_url": "ftp://exemple.fr/a"}, any_row, "http"),
    Fault("unknown_support_kind", "support_kind", {"support_kind": "gift"}, any_row, "grant"),
    Fault("unknown_domain", "domains", {"domains": "Numérique"}, any_row, "numerique"),
    Fault("too_many_domains", "domains", {"domains": FOUR}, any_row, "au plus 3"),
    Fault("repeated_domain", "domains", {"domains": "numerique;mobilite;numerique"}, any_row, "une seule fois"),
    Fault("unknown_commune", "commune_code", {"commune_code": "75056"}, with_commune, "INSEE"),
    Fault("commune_code_missing", "commune_code", {"commune_code": ""}, with_commune, "INSEE"),
    Fault("commune_name", "commune", {"commune": "Ailleurs-sur-Mer"}, with_commune, "le nom de la commune"),
    Fault("commune_name", "commune", {"commune": ""}, with_commune, "le nom de la commune"),
    Fault("bad_year", "year", {"year": "21"}, any_row, "quatre chiffres"),
    Fault("amount", "amount_eur", {"amount_eur": "15 000"}, any_row, "sans espace"),
    Fault("amount", "amount_eur", {"amount_eur": "-5"}, any_row, "positif"),
    Fault("amount", "amount_eur", {"amount_eur": "1e9"}, any_row, "positif"),
]
FIGURE_FAULTS = [
    *required("indicator", "value", "unit", "year", "territory", "source_url"),
    Fault("bad_year", "year", {"year": "1066"}, any_row, "1900"),
    Fault("bad_source_url", "source_url", {"source_url": "exemple.fr"}, any_row, "http"),
    Fault("unknown_display", "display", {"display": "non"}, any_row, "yes"),
    Fault("figure_value", "value", {"value": "plus de 4 800"}, any_row, "un nombre"),
]
PLAN = {ACTORS_FILE: ACTOR_FAULTS, PROJECTS_FILE: PROJECT_FAULTS, FIGURES_FILE: FIGURE_FAULTS}
ALL = [(name, fault) for name, faults in PLAN.items() for fault in faults]


def plant(folder, name: str, faults: list[Fault]) -> list[tuple[str, int | None, str | None, str, str]]:
    """Plant each fault in a row of its own; return what must be said: rule, line, column, value, expectation."""
    named = {row["actor_id"] for row in folder.rows(PROJECTS_FILE).values()}
    rows = folder.rows(name)
    free = [line for line, row in rows.items() if line > 3 and row.get("id") not in named]
    planted = []
    for fault in faults:
        line = next(line for line in free if fault.pick(rows[line]))
        free.remove(line)
        folder.change(name, line, **fault.cells)
        planted.append((fault.rule, line, fault.column, fault.found, fault.expected))
    return planted


def check_all(folder: Path, communes) -> list[Problem]:
    actors, projects = read_actors(folder), read_projects(folder)
    return [
        *check_actors(actors, communes, last_year=YEAR),
        *check_projects(projects, communes, actor_ids=set(actors.frame["id"]), last_year=YEAR),
        *check_figures(read_figures(folder), last_year=YEAR),
    ]


def located(problems: list[Problem]) -> list[tuple[str, int | None, str | None, str]]:
    return sorted((p.rule, p.row or 0, p.column or "", p.value) for p in problems)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_starter_files_have_no_fault(communes):
    """The untouched starter files keep every rule."""
    assert check_all(starter_folder("31"), communes) == []


@pytest.mark.parametrize(("name", "fault"), ALL, ids=[f"{name}:{fault.name}" for name, fault in ALL])
def test_one_mistake_gives_one_located_message(starter_copy, communes, name, fault):
    """A single mistake gives exactly one problem, with its file, line, column, value and expectation."""
    [(rule, line, column, value, expected)] = plant(starter_copy, name, [fault])
    [problem] = check_all(starter_copy.path, communes)
    assert (problem.file, problem.rule, problem.row, problem.column) == (name, rule, line, column)
    assert problem.value == value
    assert expected in problem.expected


def test_shifted_row_is_said_once(starter_copy, communes):
    """A row with a stray comma gives one problem, not one per cell that moved."""
    lines = starter_copy.lines(ACTORS_FILE)
    lines[6].insert(4, "stray")
    starter_copy.write(ACTORS_FILE, lines)
    [problem] = check_all(starter_copy.path, communes)
    assert (problem.rule, problem.row, problem.column, problem.value) == ("cell_count", 7, None, "21")


@pytest.mark.parametrize(
    "column", ["domains", "commune_code", "commune", "lat", "siren", "source_url", "geo_precision"]
)
def test_missing_column_is_said_once(starter_copy, communes, column):
    """A missing column gives one problem on the header, not one per row."""
    lines = starter_copy.lines(ACTORS_FILE)
    place = lines[0].index(column)
    starter_copy.write(ACTORS_FILE, [[*cells[:place], *cells[place + 1 :]] for cells in lines])
    problems = [p for p in check_all(starter_copy.path, communes) if p.file == ACTORS_FILE]
    assert [(p.rule, p.row, p.column) for p in problems] == [("missing_column", 1, column)]


def plant_everything(folder) -> dict[str, list[tuple[str, int | None, str | None, str, str]]]:
    """Plant every fault of the plan, and those of form, in one copy."""
    planted = {name: plant(folder, name, faults) for name, faults in PLAN.items()}
    lines = folder.lines(ACTORS_FILE)
    lines[-1].append("stray")
    folder.write(ACTORS_FILE, lines)
    planted[ACTORS_FILE].append(("cell_count", len(lines), None, str(len(lines[-1])), ""))
    lines = folder.lines(PROJECTS_FILE)
    lines[0][lines[0].index("note")] = "remarque"
    lines[0].append("title")
    folder.write(PROJECTS_FILE, [lines[0], *([*cells, ""] for cells in lines[1:])])
    planted[PROJECTS_FILE] += [
        ("missing_column", 1, "note", ", ".join(lines[0]), "note"),
        ("unknown_column", 1, "remarque", "remarque", "note"),
        ("repeated_column", 1, "title", "title", "une seule fois"),
    ]
    return planted


def test_build_lists_every_fault_in_one_run_and_writes_nothing(starter_copy, essmap, tmp_path):
    """One build says every planted fault, where it is, and nothing else; the snapshot in service is untouched."""
    root = tmp_path / "snapshots"
    assert essmap("build", "--out", root).code == 0
    before = tree(root)
    planted = plant_everything(starter_copy)
    answer = essmap("build", "--starter-dir", starter_copy.path, "--out", root)
    assert answer.code == 1
    said = answer.out.strip().splitlines()
    count = sum(map(len, planted.values()))
    assert count > 60
    assert len(said) == count
    for name, faults in planted.items():
        for _rule, line, column, value, expected in faults:
            where = f"{name}, ligne {line}" + (f", colonne «\u202f{column}\u202f»" if column else "")
            matching = [text for text in said if text.startswith(f"{where}\u00a0: «\u202f{value}\u202f»")]
            assert any(expected in text for text in matching), (where, value, expected)
    assert f"{count} défauts" in answer.err
    assert "n’a pas changé" in answer.err
    assert tree(root) == before


@pytest.mark.parametrize("name", [ACTORS_FILE, PROJECTS_FILE])
def test_check_lists_every_fault_of_a_file(starter_copy, cli, name):
    """`essmap check FILE` says the same faults, as text and as JSON; links are checked against the file beside it."""
    planted = plant_everything(starter_copy)[name]
    path = starter_copy.path / name
    before = path.read_bytes()
    text, machine = cli("check", path), cli("check", path, "--json")
    assert (text.code, machine.code) == (1, 1)
    assert len(text.out.strip().splitlines()) == len(planted)
    problems = [Problem(**item) for item in json.loads(machine.out)]
    assert located(problems) == located(
        [Problem(name, line, column, value, "", rule) for rule, line, column, value, _ in planted]
    )
    assert [str(problem) for problem in problems] == text.out.strip().splitlines()
    assert f"{len(planted)} défauts" in text.err
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "rows"), [(ACTORS_FILE, 396), (PROJECTS_FILE, 68)])
def test_check_of_a_right_file_says_how_many_lines(starter_copy, cli, name, rows):
    """A file without fault gives exit code 0, the number of its lines, and an empty list for programs."""
    answer = cli("check", starter_copy.path / name)
    assert (answer.code, answer.err) == (0, "")
    assert f"{rows} lignes, aucun défaut" in answer.out
    machine = cli("check", starter_copy.path / name, "--json")
    assert (machine.code, json.loads(machine.out)) == (0, [])


def test_problems_are_in_file_order(starter_copy, communes):
    """The faults of a table come by line."""
    plant(starter_copy, ACTORS_FILE, ACTOR_FAULTS)
    rows = [p.row for p in check_all(starter_copy.path, communes)]
    assert rows == sorted(rows)


def test_counts_by_rule_are_those_of_the_problems(starter_copy, communes):
    """The count of each rule is that of its problems, most frequent first."""
    plant(starter_copy, ACTORS_FILE, ACTOR_FAULTS)
    problems = check_all(starter_copy.path, communes)
    counts = list(problems_by_rule(problems))
    assert dict(counts) == {rule: sum(p.rule == rule for p in problems) for rule in {p.rule for p in problems}}
    assert [n for _, n in counts] == sorted((n for _, n in counts), reverse=True)
    assert list(problems_by_rule([])) == []


def test_empty_tables_have_no_fault(starter_copy, communes):
    """Headers without a row keep every rule."""
    for name in PLAN:
        starter_copy.write(name, starter_copy.lines(name)[:1])
    assert check_all(starter_copy.path, communes) == []


@pytest.mark.parametrize("written", ["SAINT-GAUDENS", "St Gaudens", "saint‐gaudens", "St. Gaudens"])
def test_spelling_of_a_commune_may_vary(starter_copy, communes, written):
    """Case, hyphens, accents and « St » do not make a name wrong."""
    rows = starter_copy.rows(ACTORS_FILE)
    line = next(line for line, row in rows.items() if row["commune"] == "Saint-Gaudens")
    starter_copy.change(ACTORS_FILE, line, commune=written)
    assert check_all(starter_copy.path, communes) == []


@pytest.mark.parametrize("siret", ["73282932000074", "35600000000048", "35600000049837"])
def test_valid_identifiers_pass(starter_copy, communes, siret):
    """SIRETs by Luhn, the head office of La Poste and its other sites are right, alone or with their SIREN."""
    for siren in ("", siret[:9]):
        starter_copy.change(ACTORS_FILE, 2, siren=siren, siret=siret)
        assert check_all(starter_copy.path, communes) == []


@pytest.mark.parametrize(
    "address",
    [
        "http://exemple.fr", "HTTPS://Exemple.FR/a?b=c#d", "https://exemple.fr:8443/", "https://l-été.fr/é",
        "https://exemple.fr/l'article(1)", "https://127.0.0.1/x",
    ],
)  # fmt: skip
def test_web_addresses_pass(address):
    """Plain http(s) addresses are addresses."""
    assert is_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "exemple.fr", "//exemple.fr", "https:exemple.fr", "https:/exemple.fr", "https://", "https://localhost",
        "https://...", "http://moi:secret@exemple.fr", "http://moi@exemple.fr", "https://exemple.fr:99999",
        "https://[exemple.fr", "javascript:alert(1)", "JaVaScRiPt://exemple.fr/%0Aalert(1)", "data:text/html,x",
        "https://exemple.fr/a b", "https://exemple.fr/\u202efr", "https://exem\u200bple.fr", "https://exemple.fr/\n",
        'https://exemple.fr/"onclick=', "https://exemple.fr/<b>", "https://exemple.fr/`", "https://exemple.fr\\@x.fr",
        "\x01https://exemple.fr", "ht\ttps://exemple.fr", "mailto:moi@exemple.fr",
    ],
)  # fmt: skip
def test_other_texts_are_no_web_addresses(address):
    """Other schemes, hosts without a dot, credentials and invisible marks are refused."""
    assert not is_web_address(address)


@given(st.text())
def test_whatever_passes_for_an_address_is_one(text):
    """No text makes the rule fail, and what passes begins with http."""
    assert not is_web_address(text) or text.lower().startswith(("http://", "https://"))
