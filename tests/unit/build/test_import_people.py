"""Persons, totals, footnotes and ways to reach somebody never come in; structures that look like them do."""

from __future__ import annotations

import doctest

import pytest
from stdnum.fr import siret as siret_number

from essmap.build.imports import contacts, given_names, people
from essmap.build.imports.complete import read_span
from essmap.build.imports.contacts import holds_contact, without_contact
from essmap.build.imports.judge import Judged, NotCompleteError, Wanted, judge
from essmap.build.imports.people import verdict
from essmap.build.starter import load_geography
from essmap.schema import masked
from essmap.sources.spreadsheet import read_bytes
from essmap.sources.starter import read_actors, read_projects, starter_folder
from made_up_lists import judged_text

SIRET = "73282932000074"
assert siret_number.is_valid(SIRET)


@pytest.mark.parametrize("module", [people, contacts, given_names, masked])
def test_examples_of_the_docstrings_hold(module):
    """What the docstrings show is what the functions do."""
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


def rules(judged: Judged) -> dict[int, str]:
    assert judged.rows_in == len(judged.frame) + len(judged.reasons)
    return {line: faults[0].rule for line, faults in judged.reasons.items()}


def told(name: str, *, number: str = "", is_structure: bool = False) -> str:
    return verdict(name, number=number, is_structure=is_structure, is_place=lambda word: word == "Toulouse")


@pytest.mark.parametrize(
    "name",
    ["M et Mme", "Personne physique", "particulier", "Particuliers", "Personne physique 12", "Personnes physiques (3)",
     "Particulier n°4", "12 particuliers", "Bénéficiaire anonyme", "Anonyme"],
)  # fmt: skip
def test_what_says_that_it_is_a_person_is_one(name):
    """No number and no form tells otherwise."""
    assert told(name) == told(name, number=SIRET) == told(name, is_structure=True) == "natural_person"


@pytest.mark.parametrize(
    "name",
    ["M DUPONT Jean", "M.DUPONT Jean", "Mme DURAND Marie", "Docteur DURAND Jean", "Monsieur DUPONT Jean",
     "DUPONT Jean (EI)", "EI DUPONT Jean", "DUPONT Jean auto-entrepreneur", "Jean DUPONT - EI", "DUPONT Jean EIRL",
     "MADAME DUPONT JEANNE", "DUPONT Jean, M.", "Jean DUPONT (Monsieur)"],
)  # fmt: skip
def test_names_of_persons_are_refused(name):
    """A title or a sole trader beside a name of the usual shape, whatever the number."""
    assert told(name) == told(name, number=SIRET) == "named_person"


@pytest.mark.parametrize(
    "name",
    ["M. Pouce", "Mme la Marquise", "Monsieur Vélo", "Dr Clown", "Mlle Rose", "M Dupont", "MM Danse", "M Mobilité",
     "Me Durand", "Maître Durand", "Monsieur le Maire", "M. et Mme A", "DUPONT Jean-Pierre", "Jean DE LA TOUR"],
)  # fmt: skip
def test_names_that_may_be_a_person_are_refused_with_what_would_tell(name):
    """Nothing is guessed: the fault asks for the form or the number, and either answers it."""
    assert told(name) == "perhaps_person"
    assert told(name, is_structure=True) == told(name, number=SIRET) == ""


@pytest.mark.parametrize(
    "name",
    ["EI JEAN DUPONT", "EI Midi Propreté", "Jean Dupont auto-entrepreneur", "UNAPL profession libérale",
     "Entreprise individuelle d’insertion", "M. Jean Dupont"],
)  # fmt: skip
def test_a_number_does_not_tell_sole_traders_from_structures(name):
    """They have one too; a form tells."""
    assert told(name) == told(name, number=SIRET) == "perhaps_person"
    assert told(name, is_structure=True) == ""


@pytest.mark.parametrize(
    "name",
    ["Mr Bricolage", "M.J.C. Croix-Daurade", "M. J. C. Roguet", "MJC du Pont", "EI Envie Toulouse",
     "ENVIE Toulouse (EI)", "Association des auto-entrepreneurs du Comminges", "Monsieur Loyal", "M&M Création",
     "Mmmh !", "Couveuse de l’auto-entrepreneur", "Atelier DUPONT Jean (EI)", "Eirline", "Drôle de Vélo",
     "ADMR Muret", "ENVIE Toulouse", "Le Particulier", "Mélodie"],
)  # fmt: skip
def test_structures_that_look_like_persons_come_in(name):
    """Shops, acronyms, « entreprises d’insertion », words that say a structure."""
    assert told(name) == ""


@pytest.mark.parametrize(
    ("said", "holder"),
    [
        ("Monsieur le Président du Foyer rural", "Foyer rural"),
        ("Mme la Présidente du Comité des fêtes", "Comité des fêtes"),
        ("Madame la Directrice du CCAS", "CCAS"),
        ("M. le Président de l’ADMR", "ADMR"),
        ("Mme la Présidente - Comité des fêtes", "Comité des fêtes"),
        ("M. le Maire de Muret", "Commune de Muret"),
    ],
)
def test_the_holder_is_whom_an_office_speaks_for(said, holder):
    """A letter to a chair is a support to the structure, and the remark says so."""
    judged = judged_text(f"Porteur;Programme\n{said};Vélo\n", "projects")
    assert judged.frame["holder_name"].tolist() == [holder]
    assert [(one.value, holder in one.expected) for one in judged.remarks] == [(said, True)]


def test_an_office_of_a_person_is_still_a_person():
    """What stands behind is judged as any name is."""
    judged = judged_text("Porteur;Programme\nMme la Directrice de M. DUPONT Jean;Vélo\n", "projects")
    assert rules(judged) == {2: "named_person"}


def test_a_form_under_any_heading_tells():
    """A list of supports has no column of ours for the form; a company is a structure, a person's form is not."""
    rows = "M. Pouce;Vélo;Association\nMonsieur Vélo;Vélo;SARL\nM. Pouce;Vélo;Autre\nLa Roue;Vélo;Micro-entreprise\n"
    judged = judged_text("Porteur;Programme;Forme juridique\n" + rows, "projects")
    assert rules(judged) == {4: "perhaps_person", 5: "natural_person"}
    actors = judged_text("Nom;Commune;Forme juridique\nMadame Vélo;Muret;SARL\n", "actors")
    assert rules(actors) == {}


def test_no_gathered_name_is_taken_for_a_person_a_total_or_a_contact():
    """The rules are held against every name that we know."""
    folder = starter_folder("31")
    actors, projects = read_actors(folder).frame, read_projects(folder).frame
    names = [*actors["name"], *projects["holder_name"]]
    assert len(names) > 400
    assert [name for name in names if told(name) or holds_contact(name)] == []


def test_a_first_name_or_a_title_beside_the_name_is_a_person():
    """« Nom » beside a filled « Prénom » or « Civilité »; not where the form or the name says a structure."""
    text = "Civilité;Nom;Prénom;Commune;Forme\n;Dupont;Jean;Muret;\nMme;Dupond;;Muret;\n;La Roue;;Muret;\n"
    text += ";Le Fil;Jean;Muret;association\nAssociation;Le Pain;;Muret;\n;Théâtre du Fil;Jean;Muret;\n"
    assert rules(judged_text(text, "actors")) == {2: "natural_person", 3: "perhaps_person"}
    other = "Nom de la structure;Prénom;Commune\nDupont;Jean;Muret\n"  # somebody to ask, of a structure
    assert rules(judged_text(other, "actors")) == {}


def test_a_number_beside_a_first_name_is_a_structure_whose_contact_is_named():
    """« La Ruche » with its SIRET and the name of its chair; « ADMR » without may be either."""
    text = "Nom du bénéficiaire;SIRET;Civilité;Prénom;Programme\n"
    text += f"La Ruche;{SIRET};Mme;Jeanne;Vélo\nADMR;;M.;Paul;Vélo\nDupont;;M.;Paul;Vélo\nLa Roue;;;Jean;Vélo\n"
    judged = judged_text(text, "projects")
    assert rules(judged) == {3: "perhaps_person", 4: "natural_person", 5: "perhaps_person"}
    assert "SIRET" in judged.reasons[3][0].expected


COMPLETE = "Porteur;Programme;Année;Montant;Prénom\nInventée;Vélo;2024;10;\n"


@pytest.mark.parametrize("row", ["Particulier n°4;Vélo;2024;10;", "Total;;;10;", "Exemple à supprimer;Vélo;2024;1;"])
def test_a_complete_list_loses_nothing_by_what_is_surely_no_structure(row):
    """A person in plain words, a total alone, an example."""
    judged = judged_text(f"{COMPLETE}{row}\n", "projects", spans=(read_span("Vélo", "2024"),))
    assert len(judged.frame) == 1


@pytest.mark.parametrize("name", ["M. Pouce", "Mme DURAND Marie", "Ensemble pour Muret", "NC", "Madame Vélo"])
def test_a_complete_list_is_not_complete_without_what_may_be_a_structure(name):
    """It counts as a loss, and the fault says what to do."""
    book = read_bytes(f"Porteur;Année;Montant\nInventée;2024;10\n{name};2024;20\n".encode(), "liste.csv")
    wanted = Wanted("projects", programme="Vélo", spans=(read_span("Vélo", "2024"),))
    with pytest.raises(NotCompleteError) as error:
        judge(book, wanted, load_geography("31").communes, "31")
    (fault,) = error.value.problems
    assert fault.row == 3
    assert "supprimez la ligne" in fault.expected


PROJECTS = "Porteur,Programme,Année,Montant,Commune\n"


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("Total,,,1000,", "total_row"),
        ("TOTAL GÉNÉRAL,,2024,1000,", "total_row"),
        ("Sous-total vélo,,,10,", "total_row"),
        ("Total,Vélo,,10,", "total_row"),
        (",Total Vélo,,10,", "total_row"),
        ("Ensemble,,,10,", "total_row"),
        ("Ensemble des communes,,,10,", "total_row"),
        ("Source : conseil départemental,,,,", "total_row"),
        ("(*) montants provisoires,,,,", "total_row"),
        ("* provisoire,,,,", "total_row"),
        ("NB : liste arrêtée en mai,,,,", "total_row"),
        ("Total,,,10,Muret", "perhaps_total"),
        ("Communes du nord,,,,", "nothing_said"),
        ("Total Festum,Culture,2024,10,Muret", ""),
        ("Total Festum,Culture,2024,10,", ""),
        ("Ensemble vocal inventé,Culture,2024,10,", ""),
        ("Notes et silences,Culture,2024,10,", ""),
    ],
)
def test_totals_and_footnotes_are_no_rows(row, rule):
    """A total is said to be one, alone; a structure that is called so comes in."""
    judged = judged_text(f"{PROJECTS}Inventée,Vélo,2024,10,Muret\n{row}\n", "projects")
    assert rules(judged) == ({3: rule} if rule else {})
    if rule in {"total_row", "nothing_said"}:
        assert len(judged.faults) == 1


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#VALEUR!", "NC", "-", "?", "", "…"])
@pytest.mark.parametrize("column", ["Porteur", "Programme"])
def test_names_that_are_no_names_are_missing(cell, column):
    """An error of a formula, a sign, « NC »: the row has no holder or no programme, each time it stands there."""
    holder, programme = (cell, "Vélo") if column == "Porteur" else ("Inventée", cell)
    text = "".join(f"{holder},{programme},2024,10,Muret\n" for _ in range(2))
    assert rules(judged_text(PROJECTS + text, "projects")) == {2: "required", 3: "required"}


def test_a_title_that_is_none_is_the_programme():
    """A support is called by its programme where its title is an error."""
    judged = judged_text("Porteur;Programme;Titre\nInventée;Vélo;#REF!\n", "projects")
    assert judged.frame["title"].tolist() == ["Vélo"]


@pytest.mark.parametrize(
    "cell", ["0612345678", "06 12 34 56 78", "06.12.34.56.78", "+33 6 12 34 56 78", "0033612345678",
             "+33 (0)6 12 34 56 78", "a.b@exemple.fr", "a.b (at) exemple.fr", "06 123 456 78", "0612 345 678",
             "06·12·34·56·78", "06–12–34–56–78", "33612345678", "a.b arobase exemple.fr", "a.b « arobase » exemple.fr",
             "05 61 00 00 00/06 12 34 56 78"]
)  # fmt: skip
def test_ways_to_reach_somebody_are_found(cell):
    """Numbers of France in usual groups, addresses of mail; they leave no trace in an address."""
    assert holds_contact(f"voir Jean : {cell}")
    assert without_contact(f"12 rue Haute, tél. : {cell}") == "12 rue Haute"


@pytest.mark.parametrize(
    "cell", ["Action 01/01/2024-30/06/2024", "(2024-01-01/2024-12-31)", "DEL 05-2024-12-15", "06/07/2024 - 08/07/2024",
             "06.07.2024/08.07.2024", "CP-2024-03-12-05-12-15", "01-01-2024-31-12-2024", "Ici@Toulouse"]
)  # fmt: skip
def test_dates_are_not_taken_for_a_telephone(cell):
    """They stay as they are."""
    assert not holds_contact(cell)
    assert without_contact(cell) == cell


def test_a_cell_without_a_sign_of_mail_is_not_searched_for_one(monkeypatch):
    """The search is not even begun."""

    class Refusing:
        def search(self, text: str) -> None:
            raise AssertionError(text)

    monkeypatch.setattr(contacts, "_MAILS", Refusing())
    assert not holds_contact("a" * 200_000)
    with pytest.raises(AssertionError):
        holds_contact("a@b")


@pytest.mark.parametrize("piece", ["a", "0", "01", "0 ", "a@", "@", "tel ", "a.b", "33"])
def test_endless_cells_are_gone_through_once(piece):
    """A quadratic search takes minutes here, and nobody would wait for the end of the tests."""
    cell = (piece * 200_000)[:200_000]
    assert not holds_contact(cell + "@")
    assert without_contact(cell) == cell


@pytest.mark.parametrize("cell", [SIRET, "732 829 320 00074", "12 rue Haute 31600 Muret", "2024-0512345678901"])
def test_other_numbers_are_not_taken_for_a_telephone(cell):
    """A SIRET, an address, a long reference."""
    assert not holds_contact(cell)


def test_contacts_are_set_aside_and_said():
    """Activity and note go whole, of an address the number alone; the remark does not repeat it."""
    text = "Nom;Commune;Activité;Adresse;Note\n"
    text += "Inventée;Muret;Vélos, voir Jean 0612345678;1 rue Haute - 0561000000;a@b.fr\n"
    judged = judged_text(text, "actors")
    (row,) = judged.frame.to_dict("records")
    assert (row["activity"], row["address"], row["source_note"]) == ("", "1 rue Haute", "")
    assert {remark.column for remark in judged.remarks} == {"Activité", "Adresse", "Note"}
    assert not any(secret in str(judged.remarks) for secret in ("0612345678", "0561000000", "a@b.fr"))


def test_of_titles_programmes_and_decisions_only_the_contact_goes():
    """The rest says what was supported; nothing of the contact ends in an identifier."""
    text = "Porteur;Programme;Programme selon la source;Titre;Référence de la décision;Montant\n"
    text += "La Roue 0561000000;Vélo a@b.fr;Aide a@b.fr;Atelier, contact c@d.fr;12 06 12 34 56 78;10\n"
    (row,) = judged_text(text, "projects").frame.to_dict("records")
    assert [row[name] for name in ("holder_name", "programme", "programme_raw", "title", "decision")] == [
        "La Roue", "Vélo", "Aide", "Atelier", "12",
    ]  # fmt: skip
    assert row["project_id"] == "liste-la-roue-x-velo-x"


def test_two_supports_that_differ_by_what_is_cut_are_two():
    """The file says two; what is left of them is no reason to lose one."""
    text = "Porteur;Programme;Titre;Montant\nA;Vélo;Atelier, a@b.fr;10\nA;Vélo;Atelier, c@d.fr;10\n"
    judged = judged_text(text + "A;Vélo;Atelier, c@d.fr;10\n", "projects")
    assert judged.frame["title"].tolist() == ["Atelier", "Atelier"]
    assert rules(judged) == {4: "repeated"}


@pytest.mark.parametrize("cell", ["Artistes@work.fr", "NC", "Néant"])
def test_a_name_that_is_none_is_shown(cell):
    """Whoever mends the list finds the cell."""
    for text, kind in ((f"Nom;Commune\n{cell};Muret\n", "actors"), (f"Porteur;Programme\n{cell};V\n", "projects")):
        judged = judged_text(text, kind)
        assert [(fault.rule, fault.value) for fault in judged.faults] == [("required", cell)]


def test_an_address_in_the_name_of_a_protected_place_is_cut():
    """From the name and the identifier, with a remark that does not repeat it; a name that is nothing else is out."""
    text = "Id;Nom;Commune;Adresse;Activité\n"
    text += ";Solidarité Inventée 31 - 12 rue Secrète;Muret;;violences conjugales\n"
    text += ";12 rue Secrète;Muret;;violences conjugales\n;Club, 3 rue Basse;Muret;chez Mme Unetelle;\n"
    text += "lieu-12-rue-secrete-31395;Lieu;Muret;;violences conjugales\n;Café, 3 rue Basse;Muret;;\n"
    judged = judged_text(text, "actors")
    assert rules(judged) == {3: "address_as_name"}
    assert judged.frame["name"].tolist() == ["Solidarité Inventée 31", "Club", "Lieu", "Café, 3 rue Basse"]
    assert judged.frame["id"].tolist()[:3] == [
        "liste-solidarite-inventee-31-31395",
        "liste-club-31395",
        "liste-lieu-31395",
    ]
    assert not any("rue" in remark.value for remark in judged.remarks)
    held = judged_text("Porteur;Programme\nViolences conjugales - 12 rue Secrète;V\n", "projects")
    assert held.frame["holder_name"].tolist() == ["Violences conjugales"]
    assert "secrete" not in held.frame["project_id"].iloc[0]


def test_a_protected_place_stays_one_where_its_activity_is_set_aside():
    """The cell that said so goes for its telephone number; the row is marked instead."""
    text = "Nom;Commune;Adresse;Activité\nLieu;Muret;3 rue Haute;Femmes victimes de violences, 05 61 00 00 00\n"
    (row,) = judged_text(text, "actors").frame.to_dict("records")
    assert (row["activity"], row["is_sensitive"]) == ("", "yes")


def test_zeros_are_no_number():
    """Some programs write them where none is known."""
    text = f"Nom;Commune;SIRET\nA inventée;Muret;{'0' * 14}\nB inventée;Muret;0\n"
    judged = judged_text(text, "actors")
    assert (judged.frame["siret"].tolist(), judged.faults) == (["", ""], ())


def test_too_many_domains_are_shown_as_the_list_says_them():
    """Not as our keys."""
    said = "sport, culture, vélo, énergie"
    judged = judged_text(f'Nom;Commune;Domaines\nInventée;Muret;"{said}"\n', "actors")
    assert [(fault.rule, fault.value) for fault in judged.faults] == [("too_many_domains", said)]
