"""A list is tried in memory: what an import would say, located, and nothing kept. All rows are made up."""

from __future__ import annotations

import io

import openpyxl
import pytest

from essmap.build.imports.effect import effect_of
from essmap.build.imports.trial import LIMITS, try_list
from essmap.build.locals import LocalLists
from essmap.build.starter import build_starter
from essmap.errors import Problem
from essmap.schema.snapshot import Span
from essmap.schema.withheld import NOBODY
from essmap.view.trial import SHOWN, fields_table, problems_table, trial_fills, trial_notes, trial_summary
from made_up_lists import local_list

SIRET = "73282932000074"
ACTORS = (
    "Nom;Commune;Code postall;Téléphone;CP\nLa Cafetière;Aurignac;;06;\n"
    "La Roue inventée;Muret;;06;31059\n<script>alert(1)</script>;Atlantis;;06;\n"
)


def tried(text: str, snapshot, kind="actors"):
    return try_list(text.encode(), "liste.csv", kind, snapshot, NOBODY)


def test_a_trial_says_what_is_new_known_and_kept_out(starter_snapshot):
    """One structure is known, one is new, one row is kept out; where they would stand, by commune."""
    found = tried(ACTORS, starter_snapshot)
    assert (found.rows_in, found.accepted, found.added, found.merged, found.rejected) == (3, 2, 1, 1, 1)
    assert dict(found.by_commune) == {"31028": 1, "31395": 1}
    assert [(one.row, one.column, one.value) for one in found.faults] == [(4, "Commune", "Atlantis")]
    assert [one.column for one in found.remarks] == ["CP"]
    assert "Structures nouvelles\u00a0: 1" in trial_summary(found)
    assert openpyxl.load_workbook(io.BytesIO(found.annotated)).active["A4"].value == "écartée"


def test_a_trial_of_projects_says_whose_holder_is_known(starter_snapshot):
    """Linked or not, each support is counted; nothing of the data in use changes."""
    before = starter_snapshot.table("projects").copy()
    text = "Porteur;Programme;Commune\nLa Cafetière;Vélo inventé;Aurignac\nPersonne d’inventé;Vélo inventé;Muret\n"
    found = tried(text, starter_snapshot, "projects")
    assert (found.accepted, found.merged, found.added) == (2, 1, 1)
    assert "reliés à une structure connue\u00a0: 1" in trial_summary(found)
    assert before.equals(starter_snapshot.table("projects"))


def test_a_trial_says_which_supports_would_give_way(starter_snapshot):
    """Gathered supports, by number; a list that is in use already is not said to take its own place."""
    known = starter_snapshot.table("projects").query("actor_id == 'la-cafetiere-31028' and year == year").iloc[0]
    row = f'"La Cafetière";Aurignac;"{known["programme"]}";{known["year"]}\n'
    text = f"Porteur;Commune;Programme;Année\n{row}A;Muret;Vélo inventé;2024\n"
    assert any("a laissé la place" in note for note in tried(text, starter_snapshot, "projects").notes)
    span = Span("Vélo inventé", 2024, 2024)
    complete = local_list(text.replace(row, ""), "projects", spans=(span,))
    in_use = build_starter("31", lists=LocalLists((complete,)))
    other = tried("Porteur;Commune;Programme;Année\nB;Muret;Vélo inventé;2024\n", in_use, "projects")
    assert any("déclarée complète" in note for note in other.notes)
    assert effect_of(complete, in_use).gave_way == ()
    assert effect_of(complete, in_use).is_known


def test_nothing_is_written_by_a_trial(starter_snapshot, tmp_path, monkeypatch):
    """No file is opened to be written."""
    monkeypatch.chdir(tmp_path)
    tried(ACTORS, starter_snapshot)
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    "too large": (b"a;b\n" * (LIMITS.max_bytes // 4 + 1), "la limite est de 5 Mio"),
    "too many rows": (("Nom;Commune\n" + "A;Muret\n" * 6_000).encode(), "la limite est de 5000"),
    "wrong type": (b"%PDF-1.7", "PDF"),
    "no header": (b"bonjour;a tous\nsalut;vous\n", "n’est pas compris"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_a_sentence(name, starter_snapshot):
    """A file that is too large, of the wrong kind or without header is a refusal, not an error."""
    content, said = REFUSED[name]
    found = try_list(content, "liste", "actors", starter_snapshot, NOBODY)
    assert said in found.refusal
    assert (found.accepted, found.annotated) == (0, b"")


def test_what_a_list_holds_is_escaped(starter_snapshot):
    """A name or a heading that is HTML is shown as text."""
    text = "Nom;Commune;<img src=x onerror=alert(1)>\n<script>alert(1)</script>;<b>Atlantis</b>;x\n"
    found = tried(text, starter_snapshot)
    html = trial_notes(found) + problems_table(found.faults, "Légende", "Attendu")
    assert "&lt;b&gt;Atlantis" in html
    assert not {"<script", "<img", "<b>"} & set(html.replace(">", "> ").split())


def test_long_tables_say_how_many_are_left():
    """The first rows are shown; the others are counted."""
    problems = tuple(Problem("f", line, "Nom", f"x{line}", "y", "rule") for line in range(SHOWN + 3))
    html = problems_table(problems, "Légende", "Attendu")
    assert html.count("<tr") == SHOWN + 1
    assert "et 3 autres" in html


def test_the_same_fault_is_said_once_with_its_lines():
    """Equal cells with the same fault are one row, which names the first lines and counts the others."""
    problems = [Problem("f", line, "Forme", "Assoc", "une forme", "choice") for line in range(2, 22)]
    html = problems_table((*problems, Problem("f", 30, "Forme", "Autre", "une forme", "choice")), "Légende", "Attendu")
    assert html.count("<tr") == 3
    assert "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 et 8 autres" in html


@pytest.mark.parametrize("kind", ["actors", "projects"])
def test_the_columns_of_a_list_are_documented(kind):
    """Every column has a row with its name, meaning and example."""
    from essmap.schema.tableschema import FIELDS

    html = fields_table(kind)
    assert html.count("<tr") == len(FIELDS[kind]) + 1
    assert all(f"<code>{one.name}</code>" in html for one in FIELDS[kind])


def test_communes_of_a_trial_say_how_many_rows():
    """The map names the count, singular and plural."""
    fills = trial_fills({"31395": 1, "31555": 12})
    assert fills["31395"]["label"] == "1 ligne de la liste"
    assert fills["31555"]["label"] == "12 lignes de la liste"


def test_a_trial_names_the_sheets_that_it_does_not_read(starter_snapshot):
    """A second list in the same workbook is said, with what to type."""
    book = openpyxl.Workbook()
    book.active.title = "2022"
    other = book.create_sheet("2023")
    for sheet in (book.active, other):
        sheet.append(["Nom", "Commune"])
        sheet.append(["La Roue inventée", "Muret"])
    buffer = io.BytesIO()
    book.save(buffer)
    found = try_list(buffer.getvalue(), "liste.xlsx", "actors", starter_snapshot, NOBODY)
    assert found.rows_in == 1
    assert "--sheet &quot;2023&quot;" in trial_notes(found)
