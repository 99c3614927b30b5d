"""Persons, totals, footnotes and ways to reach somebody never come in; structures that look like them do."""

from __future__ import annotations

import doctest

import pytest
from stdnum.fr import siret as siret_number

from essmap.build.imports import contacts, people
from essmap.build.imports.contacts import holds_contact, without_contact
from essmap.build.imports.judge import Judged
from essmap.build.imports.people import verdict
from essmap.sources.starter import read_actors, read_projects, starter_folder
from made_up_lists import judged_text

SIRET = "73282932000074"
assert siret_number.is_valid(SIRET)


@pytest.mark.parametrize("module", [people, contacts])
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
    ["M. Dupont", "M DUPONT Jean", "M.DUPONT Jean", "Mmes DUPONT et DURAND", "MM. DUPONT", "Dr Dupont", "M. et Mme A",
     "DUPONT Jean (EI)", "EI DUPONT Jean", "Jean Dupont auto-entrepreneur", "Mr Dupont", "Monsieur Dupont", "M et Mme",
     "Jean DUPONT - EI", "DUPONT Jean EIRL", "Micro-entreprise Dupont", "Personne physique", "particulier",
     "Particuliers", "MADAME DUPONT JEANNE", "Melle Dupont", "DUPONT Jean, M.", "Jean Dupont (Monsieur)"],
)  # fmt: skip
def test_names_of_persons_are_refused(name):
    """Titles, sole traders beside a name, holders that say but « particulier »."""
    assert told(name) == "natural_person"


@pytest.mark.parametrize("name", ["M Dupont", "M Ton Vélo", "EI JEAN DUPONT", "MM Dupont"])
def test_names_that_may_be_a_person_are_refused_with_what_would_tell(name):
    """Nothing is guessed: the fault asks for the whole name or the form, and a known form answers it."""
    assert told(name) == "perhaps_person"
    assert told(name, is_structure=True) == ""


@pytest.mark.parametrize(
    "name",
    ["Mr Bricolage", "M.J.C. Croix-Daurade", "M. J. C. Roguet", "MJC du Pont", "EI Envie Toulouse",
     "ENVIE Toulouse (EI)", "Association des auto-entrepreneurs du Comminges", "Monsieur Loyal", "M&M Création",
     "Mmmh !", "Couveuse de l’auto-entrepreneur", "Atelier DUPONT Jean (EI)", "Eirline", "Drôle de Vélo",
     "DUPONT Jean"],
)  # fmt: skip
def test_structures_that_look_like_persons_come_in(name):
    """Shops, acronyms, « entreprises d’insertion », words that say a structure."""
    assert told(name) == ""


def test_a_title_in_full_begins_a_structure_only_with_a_number_and_no_shape_of_a_person():
    """« Madame Bidule » with a SIRET may be a company; « Monsieur DUPONT Jean » is not, whatever its number."""
    assert told("Madame Bidule", number=SIRET) == ""
    assert told("Monsieur DUPONT Jean", number=SIRET) == "natural_person"
    assert told("MONSIEUR JEAN DUPONT", number=SIRET) == "natural_person"


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
    assert rules(judged_text(text, "actors")) == {2: "natural_person", 3: "natural_person"}
    other = "Nom de la structure;Prénom;Commune\nDupont;Jean;Muret\n"  # somebody to ask, of a structure
    assert rules(judged_text(other, "actors")) == {}


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
             "+33 (0)6 12 34 56 78", "a.b@exemple.fr", "a.b (at) exemple.fr"]
)  # fmt: skip
def test_ways_to_reach_somebody_are_found(cell):
    """Numbers of France in usual groups, addresses of mail; they leave no trace in an address."""
    assert holds_contact(f"voir Jean : {cell}")
    assert without_contact(f"12 rue Haute, tél. : {cell}") == "12 rue Haute"


@pytest.mark.parametrize("cell", [SIRET, "732 829 320 00074", "12 rue Haute 31600 Muret", "2024-0512345678901"])
def test_other_numbers_are_not_taken_for_a_telephone(cell):
    """A SIRET, an address, a long reference."""
    assert not holds_contact(cell)


def test_contacts_are_set_aside_and_said():
    """Activity, note and title go whole, of an address the number alone; the remark does not repeat it."""
    text = "Nom;Commune;Activité;Adresse;Note\n"
    text += "Inventée;Muret;Vélos, voir Jean 0612345678;1 rue Haute - 0561000000;a@b.fr\n"
    judged = judged_text(text, "actors")
    (row,) = judged.frame.to_dict("records")
    assert (row["activity"], row["address"], row["source_note"]) == ("", "1 rue Haute", "")
    assert {remark.column for remark in judged.remarks} == {"Activité", "Adresse", "Note"}
    assert not any(secret in str(judged.remarks) for secret in ("0612345678", "0561000000", "a@b.fr"))
    titled = judged_text("Porteur;Programme;Titre\nInventée;Vélo;Appeler 06 12 34 56 78\n", "projects")
    assert titled.frame["title"].tolist() == ["Vélo"]
