"""An identifier that a list gives is kept only where it is one of ours: it is public, and may be anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.build.imports.identifiers import kept_actor, kept_support, numbered
from essmap.build.register import hidden_identifier
from essmap.schema.withheld import Entry, Withheld
from essmap.sources.starter import read_actors, read_projects, starter_folder
from made_up_lists import judged_text

SIRET = "73282932000074"


@given(st.lists(st.sampled_from(["a", "b", "a-2", "a-3", "b-2", "a-2-2"]), max_size=9), st.sets(st.sampled_from("ab")))
def test_each_identifier_is_alone_and_its_own_keeps_it(identifiers, taken):
    """No two are equal, none is taken, and what stands there once stays what it is."""
    found = numbered(identifiers, taken)
    assert len(set(found)) == len(found) == len(identifiers)
    assert not taken.intersection(found)
    for before, after in zip(identifiers, found, strict=True):
        assert after == before or identifiers.count(before) > 1 or before in taken
        assert after.startswith(before)


def test_gathered_identifiers_are_ours():
    """Every gathered actor and support would be known again."""
    folder = starter_folder("31")
    actors = read_actors(folder).frame
    for row in actors.to_dict("records"):
        assert kept_actor(row["id"], row["commune_code"], row["siret"], says_where=True)
    assert all(kept_support(one) for one in read_projects(folder).frame["project_id"])


@pytest.mark.parametrize(
    "identifier",
    ["1", "A-12", "asso-lilas-jean.dupont", SIRET, SIRET[:9], f"{SIRET}-31395", "asso-732-829-320-31395", "x-31028",
     f"siret-{SIRET}", "commune-31395-foyer", "La-Roue-31395", "31395", "-31395"],
)  # fmt: skip
def test_what_is_not_ours_is_not_kept(identifier):
    """Ranks, numbers of units, names of persons, another commune; what the build gives to protected units."""
    assert not kept_actor(identifier, "31395", "", says_where=True)


def test_what_the_build_gives_is_kept_where_the_row_is_that_row():
    """The number of the same row; a protected unit of which nothing finer is said."""
    assert kept_actor(f"siret-{SIRET}", "31395", SIRET, says_where=True)
    for identifier in (hidden_identifier("31395", "Foyer d'Accueil"), "commune-31395-foyer--2"):
        assert kept_actor(identifier, "31395", "", says_where=False)


def test_lists_that_number_their_rows_get_names_of_ours():
    """Rank, SIRET or login: the identifier is made of name and commune, beside one that the list gives rightly."""
    text = f"Identifiant;Nom;Commune\n1;La Roue;Muret\n{SIRET};La Roue;Blagnac\nliste-la-roue-31395;Le Fil;Muret\n"
    assert judged_text(text, "actors").frame["id"].tolist() == [
        "liste-la-roue-31395-2", "liste-la-roue-31069", "liste-la-roue-31395",
    ]  # fmt: skip


def test_an_identifier_of_another_commune_is_said():
    """Somebody corrected the commune of a row that was exported: it is another actor, and the remark says so."""
    judged = judged_text("Identifiant;Nom;Commune\nla-cafetiere-31028;La Cafetière;Muret\n", "actors")
    assert judged.frame["id"].tolist() == ["liste-la-cafetiere-31395"]
    assert [remark.column for remark in judged.remarks] == ["Identifiant"]


def test_an_opposition_by_the_identifier_of_a_list_is_obeyed():
    """Who objected by what the list calls them stays out, though we call them otherwise."""
    text = "Identifiant;Nom;Commune\nasso-12;La Roue;Muret\n13;Le Fil;Muret\n"
    for entry in (Entry("actor_id", "asso-12"), Entry("actor_id", "liste-la-roue-31395")):
        judged = judged_text(text, "actors", withheld=Withheld((entry,), "x"))
        assert [(fault.row, fault.rule) for fault in judged.faults] == [(2, "withheld")]


def test_supports_that_a_list_numbers_stay_apart_and_tell_no_unit():
    """A third « 2024-15 » does not take the name of « 2024-15-2 »; the number of a unit is no identifier."""
    rows = "".join(f"{given};Porteur {n};Vélo\n" for n, given in enumerate(
        ["2024-15", "2024-15", "2024-15-2", SIRET[:9], f"liste-{SIRET}"]))  # fmt: skip
    found = judged_text(f"Identifiant;Porteur;Programme\n{rows}", "projects").frame["project_id"].tolist()
    assert found[:3] == ["liste-velo-2024-15", "liste-velo-2024-15-3", "liste-velo-2024-15-2"]
    assert not any(SIRET[:9] in one for one in found)
