"""``essmap sheet``: the sheets of the territories asked for, or a sentence and no file at all."""

from __future__ import annotations

import pytest
from pypdf import PdfReader

from essmap.store import Store


@pytest.fixture
def run(tmp_path, starter_snapshot, cli):
    """Run the command on the starter snapshot, writing to a new folder."""
    Store(str(tmp_path / "snapshots")).save(starter_snapshot)

    def sheet(*arguments):
        return cli("sheet", *arguments, "--snapshot", str(tmp_path / "snapshots"), "--out", str(tmp_path / "out"))

    sheet.folder = tmp_path / "out"
    return sheet


def titles(folder):
    """Return the titles of the sheets in a folder, by file name."""
    return {path.name: PdfReader(path).metadata.title for path in sorted(folder.iterdir())}


def test_codes_of_every_level_give_their_sheet(run):
    """A canton, an intercommunality and a commune are told apart by their codes."""
    answer = run("3102", "243100518", "31395")
    assert answer.code == 0
    assert titles(run.folder) == {
        "bagneres-de-luchon-canton-3102.pdf": "Bagnères-de-Luchon (canton)",
        "muret-commune-31395.pdf": "Muret (commune)",
        "toulouse-metropole-243100518.pdf": "Toulouse Métropole",
    }
    assert all(name in answer.out for name in titles(run.folder))


def test_all_gives_one_sheet_per_canton(run):
    """The 22 units of the starter snapshot."""
    assert run("--all").code == 0
    assert len(titles(run.folder)) == 22


def test_exercise_is_written_on_every_page(run):
    """A partial list is judged only when asked, and each page says so."""
    assert run("3102", "--exercise").code == 0
    (path,) = run.folder.iterdir()
    assert all("CALCUL D’EXERCICE" in page.extract_text() for page in PdfReader(path).pages)


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("3102", "--all"), 2), (("3102", "9999", "x"), 1)])
def test_nonsense_is_a_sentence_and_writes_nothing(run, arguments, code):
    """Nothing, too much, or codes of no territory: what is wrong, and no file."""
    answer = run(*arguments)
    assert answer.code == code
    assert answer.out + answer.err
    assert "Traceback" not in answer.out + answer.err
    assert not run.folder.exists()
