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


def test_a_corrected_list_takes_the_place_of_the_older_one(cli, places):
    """`--replaces` takes the older list away once the new one is in; a trial and an unknown one change nothing."""
    Path("a.csv").write_text("Nom;Commune\nLa Roue inventée;Muret\n", encoding="utf-8")
    Path("b.csv").write_text("Nom;Commune\nLa Roue inventée;Blagnac\n", encoding="utf-8")

    def listed() -> list[str]:
        return [one["import_id"] for one in json.loads(cli("imports", "list", "--json").out)]

    assert cli("import", "a.csv", "--kind", "actors").code == 0
    [old] = listed()
    unknown = cli("import", "b.csv", "--kind", "actors", "--replaces", "actors-0")
    assert (unknown.code, old in unknown.err) == (2, True)
    assert cli("import", "b.csv", "--kind", "actors", "--replaces", old, "--dry-run").code == 0
    assert listed() == [old]
    answer = cli("import", "b.csv", "--kind", "actors", "--replaces", old)
    assert answer.code == 0
    assert old in answer.out
    [new] = listed()
    assert new != old
    assert cli("import", "b.csv", "--kind", "actors", "--replaces", new).code == 0  # itself: nothing changes
    assert listed() == [new]


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


PROJECTS = "Porteur;Programme;Année\nA inventée;Vélo;2024\nB inventée;Toits;2024\nC inventée;Vélo;\n"
SOUND = PROJECTS.replace("C inventée;Vélo;\n", "")


def test_complete_for_may_come_more_than_once(cli, places):
    """Several programmes of one list are declared in one import."""
    path = written(places, SOUND)
    options = ["--complete-for", "Vélo", "2024", "--complete-for=Toits", "2023-2024"]
    done = cli("import", path, "--kind", "projects", *options)
    assert done.code == 0
    listed = cli("imports", "list").out
    assert "Vélo, 2024" in listed
    assert "Toits, 2023-2024" in listed
    assert "aucune ligne de l’année 2023" in done.out


def test_a_declaration_that_goes_is_said(cli, places):
    """The same file with another programme takes the place of the first declaration: whoever does it reads so."""
    path = written(places, SOUND)
    cli("import", path, "--kind", "projects", "--complete-for", "Vélo", "2024")
    trial = cli("import", path, "--kind", "projects", "--complete-for", "Toits", "2024", "--dry-run")
    assert "ne serait plus déclarée complète pour «\u202fVélo\u202f», 2024" in trial.out
    done = cli("import", path, "--kind", "projects", "--complete-for", "Toits", "2024")
    assert "n’est plus déclarée complète pour «\u202fVélo\u202f», 2024" in done.out
    cli("import", path, "--kind", "projects", "--complete-for", "Vélo", "2024", "--report", "r.json")
    told = json.loads((places / "r.json").read_text(encoding="utf-8"))
    assert told["outcome"] == "replaced"
    assert told["complete_for_gone"] == [{"programme": "Toits", "first_year": 2024, "last_year": 2024}]


def test_a_refusal_writes_its_report_and_copy(cli, places):
    """Of a list that is not complete nothing is kept; the report, the copy and the JSON say each row."""
    path = written(places, PROJECTS)
    options = ["--kind", "projects", "--complete-for", "Vélo", "2024"]
    done = cli("import", path, *options, "--report", "r.json", "--annotated", "a.xlsx")
    assert done.code == 1
    assert not (places / "lists").exists()
    report = json.loads((places / "r.json").read_text(encoding="utf-8"))
    assert "complète" in report["refused"]
    assert report["rejected"] == {"undated": 1}
    sheet = openpyxl.load_workbook(places / "a.xlsx").active
    assert [row[0].value for row in sheet.iter_rows()] == ["Verdict", "reprise", "reprise", "écartée"]
    told = json.loads(cli("import", path, *options, "--json").out)
    assert (told["refused"], told["faults"][0]["row"]) == (report["refused"], 4)


def test_json_is_printed_where_no_row_is_sound_or_no_header_is_found(cli, places):
    """A program that asked for JSON gets JSON, with the reason, and the exit code."""
    for text, rule in (("Nom;Commune\nInventée;Atlantis\n", "unknown_commune"), ("a;b\nc;d\n", "no_header")):
        done = cli("import", written(places, text), "--kind", "actors", "--json", "--report", "r.json")
        assert done.code == 1
        told = json.loads(done.out)
        assert told["refused"]
        assert told["faults"][0]["rule"] == rule
        assert json.loads((places / "r.json").read_text(encoding="utf-8")) == told


def test_a_copy_never_takes_the_place_of_the_list(cli, places):
    """The list, by whatever name it is called, and the other copy are not written over; nothing is kept."""
    book = openpyxl.Workbook()
    book.active.append(["Nom", "Commune"])
    book.active.append(["La Roue inventée", "Muret"])
    path = places / "liste.xlsx"
    book.save(path)
    (places / "lien.xlsx").symlink_to(path)
    before = path.read_bytes()
    for options in (
        ["--annotated", "./liste.xlsx"],
        ["--report", "liste.xlsx"],
        ["--annotated", "lien.xlsx"],
        ["--annotated", "a.xlsx", "--report", "a.xlsx"],
        ["--annotated", "a.csv"],
        ["--report", places],
        ["--report", path / "r.json"],
    ):
        done = cli("import", path, "--kind", "actors", *options)
        assert (done.code, "Traceback" in done.err) == (2, False)
        assert path.read_bytes() == before
        assert not (places / "lists").exists()


LICENCES = {
    "Licence Ouverte 2.0": ("etalab-2.0", "«\u202fLicence Ouverte\u202f»"),
    "ODbL 1.0": ("ODbL-1.0", "«\u202fODbL\u202f»"),
    "CC BY-NC": ("notspecified", "à part dans les données ouvertes"),
    "": ("notspecified", "autre ou non précisée"),
}


@pytest.mark.parametrize("licence", LICENCES)
def test_how_a_licence_was_understood_is_said(licence, cli, places):
    """At the import and in the list, with who gave it."""
    key, said = LICENCES[licence]
    path = written(places, "Nom;Commune\nLa Roue inventée;Muret\n")
    done = cli("import", path, "--kind", "actors", "--licence", licence, "--publisher", "Le réseau")
    assert said in done.out
    listed = cli("imports", "list").out
    assert said in listed
    assert "Le réseau" in listed
    (told,) = json.loads(cli("imports", "list", "--json").out)
    assert (told["licence"], told["licence_read"], told["publisher"]) == (licence, key, "Le réseau")


WRONG = {
    "kind": (["--kind", "people"], 2, "people"),
    "pair": (["--kind", "actors", "--map", "Couleur"], 2, "--map"),
    "field": (["--kind", "actors", "--map", "Couleur=colour"], 2, "Colonnes possibles"),
    "heading": (["--kind", "actors", "--map", "Autre=name"], 2, "Colonnes trouvées"),
    "sheet": (["--kind", "actors", "--sheet", "Feuil1"], 2, "Feuil1"),
    "years": (["--kind", "projects", "--complete-for", "Vélo", "hier"], 2, "hier"),
    "no years": (["--kind", "projects", "--complete-for", "Vélo"], 2, "Années"),
    "years to come": (["--kind", "projects", "--complete-for", "Vélo", "2020-2199"], 2, "à venir"),
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


def listed(cli) -> list[str]:
    return [one["import_id"] for one in json.loads(cli("imports", "list", "--json").out)]


def test_what_a_replacement_takes_along_is_said(cli, places):
    """A trial says which list would go, and both say what is no longer declared complete."""
    cli("import", written(places, SOUND), "--kind", "projects", "--complete-for", "Vélo", "2024")
    [old] = listed(cli)
    path = written(places, SOUND + "D inventée;Vélo;2023\n", "autre.csv")
    trial = cli("import", path, "--kind", "projects", "--replaces", old, "--dry-run")
    assert "serait retirée" in trial.out
    assert "ne serait plus déclarée complète pour «\u202fVélo\u202f», 2024" in trial.out
    assert listed(cli) == [old]
    wider = cli(
        "import", path, "--kind", "projects", "--replaces", old, "--complete-for", "velo", "2023-2024", "--dry-run"
    )
    assert "plus déclarée complète" not in wider.out
    done = cli("import", path, "--kind", "projects", "--replaces", old, "--json")
    assert json.loads(done.out)["complete_for_gone"] == [{"programme": "Vélo", "first_year": 2024, "last_year": 2024}]
    assert old not in listed(cli)


def test_the_older_list_stays_while_rows_are_kept_out(cli, places):
    """A row that only the older list says is not lost, and no support counts twice: nothing changes, and it is said."""
    cli("import", written(places, LIST), "--kind", "actors")
    [old] = listed(cli)
    faulty = written(places, FAULTY, "autre.csv")
    done = cli("import", faulty, "--kind", "actors", "--replaces", old)
    assert (done.code, listed(cli)) == (1, [old])
    assert "L’ancienne liste reste tant que des lignes sont écartées" in done.out
    sound = written(places, FAULTY.replace("Blagnak", "Blagnac"), "autre.csv")
    assert cli("import", sound, "--kind", "actors", "--replaces", old).code == 0
    assert old not in listed(cli)


def test_a_list_of_another_kind_is_not_replaced(cli, places):
    """Structures do not take the place of supports."""
    cli("import", written(places, SOUND), "--kind", "projects")
    [old] = listed(cli)
    done = cli("import", written(places, LIST, "a.csv"), "--kind", "actors", "--replaces", old)
    assert (done.code, "autre genre" in done.err, listed(cli)) == (2, True, [old])


def test_a_later_declaration_says_whose_it_takes_over(cli, places):
    """Two lists that are complete for the same years: the later one counts, and whoever brings it in reads so."""
    cli("import", written(places, SOUND), "--kind", "projects", "--title", "Ancienne", "--complete-for", "Vélo", "2024")
    [old] = listed(cli)
    path = written(places, SOUND + "D inventée;Vélo;2023\n", "autre.csv")
    options = [path, "--kind", "projects", "--complete-for", "Vélo", "2023-2024"]
    told = json.loads(cli("import", *options, "--dry-run", "--json").out)
    assert told["complete_for_taken_over"] == [
        {"import_id": old, "programme": "Vélo", "first_year": 2024, "last_year": 2024}
    ]
    assert "«\u202fAncienne\u202f» déclare aussi «\u202fVélo\u202f», 2024, complète" in cli("import", *options).out


def test_every_refusal_writes_its_report(cli, places):
    """An unreadable file, a programme that the list has not, a list without a sound row."""
    broken = places / "liste.csv"
    broken.write_bytes(b"%PDF-1.7 rien")
    assert cli("import", broken, "--kind", "actors", "--report", "r.json").code != 0
    told = json.loads((places / "r.json").read_text(encoding="utf-8"))
    assert (told["file"], "PDF" in told["refused"]) == ("liste.csv", True)
    path, wish = written(places, SOUND), ["--complete-for", "Autre", "2024"]
    done = cli("import", path, "--kind", "projects", *wish, "--report", "r.json", "--annotated", "a.xlsx")
    assert (done.code, "Toits" in done.err) == (1, True)
    assert json.loads((places / "r.json").read_text(encoding="utf-8"))["accepted"] == 2
    path.write_text("Porteur;Programme;Année;Commune\nA;Vélo;2024;Atlantis\n", encoding="utf-8")
    Path("a.xlsx").unlink()
    cli("import", path, "--kind", "projects", "--complete-for", "Vélo", "2024", "--annotated", "a.xlsx")
    assert openpyxl.load_workbook(places / "a.xlsx").active["A2"].value == "écartée"
