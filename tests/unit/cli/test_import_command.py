"""``essmap import``, ``imports`` and ``template`` as a person types them. All rows are made up."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

LIST = "Dénomination;Ville;Couleur;Code postall\nLa Roue inventée;Muret;bleu;\nLe Fil inventé;Blagnac;;\n"
FAULTY = "Dénomination;Ville;Téléphone\nLa Roue inventée;Muret;06\nLe Fil inventé;Blagnak;06\n"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything in a folder of the test's own."""
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "snapshots"))
    monkeypatch.setenv("ESSMAP_LOCAL_LISTS", str(tmp_path / "lists"))
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str, name: str = "liste.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_list_comes_in_is_listed_is_built_and_is_undone(cli, places):
    """The whole way: import, the same again, list, build, undo, build."""
    path = written(places, LIST)
    assert cli("build").code == 0
    first = cli("import", path, "--kind", "actors", "--title", "Annuaire inventé")
    assert first.code == 0
    assert "Couleur\u202f» non reconnue" in first.out
    assert "Code postall=postcode" in first.out
    assert "structures nouvelles\u00a0: 2" in first.out
    again = cli("import", path, "--kind", "actors", "--title", "Annuaire inventé")
    assert (again.code, "rien n’a changé" in again.out) == (0, True)
    listed = json.loads(cli("imports", "list", "--json").out)
    assert [(one["title"], one["rows"], one["rows_in"]) for one in listed] == [("Annuaire inventé", 2, 2)]
    assert "Annuaire inventé" in cli("imports", "list").out
    built = cli("build")
    assert (built.code, "Source\u00a0: Annuaire inventé" in built.out) == (0, True)
    assert json.loads(cli("info", "--json").out)["actors"] == 398
    assert cli("imports", "undo", listed[0]["import_id"]).code == 0
    assert "Aucune liste locale" in cli("imports", "list").out
    cli("build")
    assert json.loads(cli("info", "--json").out)["actors"] == 396


def test_rows_that_are_kept_out_are_reported_three_ways(cli, places):
    """Console, JSON and annotated copy say line, column, value and expected; the sound rows came in; the code is 1."""
    path = written(places, FAULTY)
    done = cli("import", path, "--kind", "actors", "--report", "r.json", "--annotated", "a.xlsx")
    assert done.code == 1
    assert "liste.csv, ligne 3, colonne «\u202fVille\u202f»" in done.out
    assert "Blagnac (31069)" in done.out
    assert "Téléphone" in done.out
    assert "1 ligne écartée sur 2" in done.err
    report = json.loads((places / "r.json").read_text(encoding="utf-8"))
    assert (report["accepted"], report["rejected"], report["outcome"]) == (1, {"unknown_commune": 1}, "new")
    assert [(fault["row"], fault["value"]) for fault in report["faults"]] == [(3, "Blagnak")]
    sheet = openpyxl.load_workbook(places / "a.xlsx").active
    assert [row[0].value for row in sheet.iter_rows()] == ["Verdict", "reprise", "écartée"]
    assert json.loads(cli("imports", "list", "--json").out)[0]["rows"] == 1


def test_a_dry_run_keeps_nothing(cli, places):
    """The same report, and no folder."""
    done = cli("import", written(places, LIST), "--kind", "actors", "--dry-run")
    assert (done.code, "Rien n’a été gardé" in done.out) == (0, True)
    assert not (places / "lists").exists()
    told = json.loads(cli("import", written(places, LIST), "--kind", "actors", "--dry-run", "--json").out)
    assert (told["accepted"], "outcome" in told) == (2, False)


def test_a_list_of_which_no_row_is_sound_says_why(cli, places):
    """Nothing is kept, and each reason is printed."""
    done = cli("import", written(places, "Nom;Commune\nInventée;Atlantis\n"), "--kind", "actors")
    assert done.code == 1
    assert "ligne 2" in done.out
    assert "rien n’a changé" in done.err
    assert not (places / "lists").exists()


def test_projects_declared_complete_open_their_figures(cli, places):
    """--complete-for goes into the manifest, by the name that the list writes."""
    text = "Porteur;Programme;Année;Montant;Commune\nA inventée;Aide au Vélo;2024;1 000 €;Muret\n"
    done = cli("import", written(places, text), "--kind", "projects", "--complete-for", "aide au velo", "2023-2024")
    assert done.code == 0
    assert "déclarée complète\u00a0: Aide au Vélo, 2023-2024" in cli("imports", "list").out
    assert cli("build").code == 0
    (pointer,) = (places / "snapshots").rglob("current.json")
    build = json.loads(pointer.read_text())["build_id"]
    manifest = json.loads((pointer.parent / build / "manifest.json").read_text(encoding="utf-8"))
    (span,) = manifest["completeness"]["projects"]["spans"]
    assert span == {"programme": "Aide au Vélo", "first_year": 2023, "last_year": 2024}


WRONG = {
    "kind": (["--kind", "people"], 2, "people"),
    "pair": (["--kind", "actors", "--map", "Couleur"], 2, "--map"),
    "field": (["--kind", "actors", "--map", "Couleur=colour"], 2, "Colonnes possibles"),
    "heading": (["--kind", "actors", "--map", "Autre=name"], 2, "Colonnes trouvées"),
    "sheet": (["--kind", "actors", "--sheet", "Feuil1"], 2, "Feuil1"),
    "years": (["--kind", "projects", "--complete-for", "Vélo", "hier"], 2, "hier"),
    "span of structures": (["--kind", "actors", "--complete-for", "Vélo", "2024"], 2, "--complete-for"),
    "annotated": (["--kind", "actors", "--annotated", "a.csv"], 2, ".xlsx"),
    "department": (["--kind", "actors", "--department", "09"], 4, "09"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wishes_that_make_no_sense_are_sentences(name, cli, places):
    """Each wrong option says what is wrong and what there is; nothing is kept."""
    options, code, said = WRONG[name]
    done = cli("import", written(places, LIST), *options)
    assert (done.code, said in done.err + done.out) == (code, True)
    assert "Traceback" not in done.err
    if name != "annotated":
        assert not (places / "lists").exists()


def test_a_mapping_makes_an_unknown_column_known(cli, places):
    """--map names a column of ours by its name or its French title; « - » leaves one out."""
    path = written(places, "Raison soc.;Ville;Nom\nLa Roue inventée;Muret;X\n")
    done = cli("import", path, "--kind", "actors", "--map", "Raison soc.=Nom", "--map", "Nom=-", "--json", "--dry-run")
    told = json.loads(done.out)
    assert told["columns"]["name"] == ["Raison soc."]
    assert told["dropped_columns"] == ["Nom"]


@pytest.mark.parametrize(("kind", "name"), [("actors", "structures"), ("projects", "projets-soutenus")])
def test_templates_and_schemas_are_written(kind, name, cli, places):
    """The workbook and the schema land where they are asked for."""
    assert cli("template", "--kind", kind).code == 0
    assert len(openpyxl.load_workbook(places / f"modele-{name}.xlsx").worksheets) == 3
    assert cli("template", "--kind", kind, "--schema", "--out", "s.json").code == 0
    assert json.loads((places / "s.json").read_text(encoding="utf-8"))["name"] == f"essmap-{kind}"


def test_a_missing_file_and_an_unwritable_report_are_sentences(cli, places):
    """A path that is not there, a report that is a folder."""
    assert cli("import", "nothing.csv", "--kind", "actors").code == 4
    done = cli("import", written(places, LIST), "--kind", "actors", "--report", places)
    assert (done.code, "Traceback" in done.err) == (2, False)


def test_a_changed_list_stops_the_build_with_its_name(cli, places):
    """A list is never left out in silence: the build stops and says which file to look at."""
    cli("import", written(places, LIST), "--kind", "actors")
    (path,) = (places / "lists").rglob("*.json")
    path.write_text(path.read_text(encoding="utf-8").replace("Roue", "Rue"), encoding="utf-8")
    done = cli("build")
    assert (done.code, path.name in done.err) == (4, True)
