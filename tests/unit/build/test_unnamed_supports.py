"""Supports whose holder is not to be named, or lives there: hidden by every build as at once. All rows are made up."""

from __future__ import annotations

import pytest
from made_up_register import establishment, register_read

from essmap.build.live import LiveOptions, build_live
from essmap.build.locals import LocalList, LocalLists
from essmap.build.starter import build_starter, load_geography
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import Entry, Withheld, shown
from essmap.view.opendata.guard import require_masked
from made_up_lists import local_list

GEOGRAPHY = load_geography("31")
SIRET, OTHER = "73282932000074", "35600000000048"
UNNAMED = "titulaire non affiché"
ACTORS = local_list(
    f"Nom;Commune;SIRET\nLa Roue imaginaire;Muret;{SIRET}\nLa Roue imaginaire;Seysses;{OTHER}\nLe Fil inventé;Muret;\n"
)
MORE = local_list(f"Nom;Commune;SIRET\nCyclofficine des Étourneaux;Muret;{SIRET}\n", day=21)
HEAD = "Porteur;SIRET;SIREN;Identifiant de la structure;Programme;Année;Montant;Commune\n"
#: Each way in which a row tells its holder, and others that are not the holder; the amount tells rows apart.
ROWS = {
    "siret": f"Un nom sans rapport;{SIRET};;;Vélo inventé;2024;1;",
    "siren": f"Un nom sans rapport;;{SIRET[:9]};;Vélo inventé;2024;2;Toulouse",
    "exact name": "LA ROUE IMAGINAIRE;;;;Vélo inventé;2024;3;Muret",
    "fuzzy name": "Association La Roue Imaginnaire;;;;Vélo inventé;2024;4;Muret",
    "merged name": "Cyclofficine des Étourneaux;;;;Vélo inventé;2024;5;Muret",
    "identifier": "Un nom sans rapport;;;liste-la-roue-imaginaire-31395;Vélo inventé;2024;6;Muret",
    "name without commune": "La Roue imaginaire;;;;Vélo inventé;2024;7;",
    "namesake": f"La Roue imaginaire;{OTHER};;;Vélo inventé;2024;20;Seysses",
    "namesake by name": "La Roue imaginaire;;;;Vélo inventé;2024;21;Seysses",
    "namesake that is no actor": "La Roue imaginaire;;;;Vélo inventé;2024;22;Blagnac",
    "neighbour": "Le Fil inventé;;;;Vélo inventé;2024;23;Muret",
}
THEIRS = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}
SUPPORTS = local_list(HEAD + "\n".join(ROWS.values()), "projects", day=22)
ENTRIES = [Entry("siren", SIRET[:9]), Entry("siret", SIRET), Entry("actor_id", "liste-la-roue-imaginaire-31395")]


def built(*lists: LocalList, entry: Entry | None = None) -> Snapshot:
    more = {} if entry is None else {"withheld": Withheld((entry,), "x")}
    return build_starter("31", geography=GEOGRAPHY, lists=LocalLists(lists), **more)


def hidden(snapshot: Snapshot) -> set[float]:
    table = snapshot.table("projects")
    return set(table.loc[table["holder_name"].eq(UNNAMED), "amount_eur"])


def texts(snapshot: Snapshot) -> str:
    return snapshot.table("projects").drop(columns="geometry").astype(str).to_csv().lower()


@pytest.fixture(scope="module")
def named() -> Snapshot:
    """Nobody has objected yet."""
    return built(ACTORS, MORE, SUPPORTS)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.kind)
def test_the_next_build_hides_the_supports_that_are_hidden_at_once(entry, named):
    """By SIRET, SIREN, exact, near or other name, identifier: the same supports, and the name is nowhere in theirs."""
    withheld = Withheld((entry,), "x")
    at_once, rebuilt = shown(named, withheld), built(ACTORS, MORE, SUPPORTS, entry=entry)
    assert hidden(named) == set()
    assert hidden(rebuilt) == THEIRS == hidden(at_once)
    for snapshot in (at_once, rebuilt):
        assert not {"cyclofficine", "imaginnaire", "rapport"} & set(texts(snapshot).replace("-", " ").split())
        table = snapshot.table("projects")
        theirs = table[table["amount_eur"].isin(list(THEIRS)) & table["programme"].eq("Vélo inventé")]
        assert "imaginaire" not in theirs.drop(columns="geometry").astype(str).to_csv().lower()
        assert theirs["actor_id"].isna().all()
    assert len(rebuilt.table("projects")) == len(named.table("projects"))


RURAL = local_list(f"Nom;Commune;SIRET\nFoyer inventé;Muret;{SIRET}\n")
CLUBS = (
    f"Foyer inventé;{SIRET};;;Vélo inventé;2024;1;\nFoyer inventé;;;;Vélo inventé;2024;2;Muret\n"
    "Foyer inventé;;;;Vélo inventé;2024;3;\n"
)
ELSEWHERE = f"Foyer inventé;;;;Vélo inventé;2024;20;Blagnac\nFoyer inventé;{OTHER};;;Vélo inventé;2024;21;Muret\n"


@pytest.mark.parametrize("entry", [Entry("siren", SIRET[:9]), Entry("siret", SIRET)])
def test_namesakes_elsewhere_stay_named_though_a_row_of_the_holder_says_no_commune(entry):
    """A support without commune that is known by its number hides nobody else of the department."""
    supports = local_list(HEAD + CLUBS + ELSEWHERE, "projects")
    other = local_list(f"Nom;Commune;SIRET\nFoyer inventé;Seysses;{OTHER}\n", day=21)
    rebuilt = built(RURAL, other, supports, entry=entry)
    at_once = shown(built(RURAL, other, supports), Withheld((entry,), "x"))
    assert hidden(rebuilt) == hidden(at_once) == {1.0, 2.0}


def test_a_support_of_an_unknown_unit_with_a_number_of_its_own_stays_named():
    """Same name, same commune, and a number that no actor has: somebody else."""
    supports = local_list(HEAD + CLUBS + ELSEWHERE, "projects")
    assert hidden(built(RURAL, supports, entry=Entry("siret", SIRET))) == {1.0, 2.0}


def test_a_support_that_says_no_commune_is_hidden_where_nobody_else_has_the_name():
    """Nobody but the holder can be meant, by the next build as at once."""
    supports = local_list(HEAD + CLUBS, "projects")
    entry = Entry("siret", SIRET)
    assert hidden(built(RURAL, supports, entry=entry)) == {1.0, 2.0, 3.0}
    assert hidden(shown(built(RURAL, supports), Withheld((entry,), "x"))) == {1.0, 2.0, 3.0}


def test_the_names_that_its_own_supports_give_a_holder_hide_others_of_that_name():
    """A holder known by number under another name: one of that name in that commune is its own."""
    rows = f"La Bécane inventée;{SIRET};;;Vélo inventé;2024;1;Muret\nLa bécane inventée;;;;Vélo inventé;2024;2;Muret\n"
    supports = local_list(HEAD + rows, "projects")
    for entry in ENTRIES[:2]:
        assert hidden(built(RURAL, supports, entry=entry)) == {1.0, 2.0}
        assert hidden(shown(built(RURAL, supports), Withheld((entry,), "x"))) == {1.0, 2.0}


@pytest.mark.parametrize("identifier", ["liste-foyer-invente-31395", "foyer-invente-31395"])
def test_an_opposition_outlives_the_list_that_bore_the_actor(identifier):
    """The actor is in no list any more; a support of that name in that commune is hidden, elsewhere it is not."""
    rows = "Foyer inventé;;;;Vélo inventé;2024;1;Muret\nFoyer inventé;;;;Vélo inventé;2024;2;Blagnac\n"
    supports, entry = local_list(HEAD + rows, "projects"), Entry("actor_id", identifier)
    assert hidden(built(supports, entry=entry)) == {1.0}
    assert hidden(shown(built(supports), Withheld((entry,), "x"))) == {1.0}


def test_an_opposition_to_a_row_of_a_register_holds_for_its_number_in_a_list():
    """« siret-N » is N: the register is no longer read, a list bears the number."""
    supports = local_list(HEAD + f"Un nom sans rapport;{SIRET};;;Vélo inventé;2024;1;Blagnac\n", "projects")
    snapshot = built(RURAL, supports, entry=Entry("actor_id", f"siret-{SIRET}"))
    assert hidden(snapshot) == {1.0}
    assert "Foyer inventé" not in set(snapshot.table("actors")["name"])


def test_a_namesake_next_door_is_named_where_its_number_tells_it():
    """Two structures of one name in one commune: a support by number names the other one, one by name alone neither."""
    actors = local_list(f"Nom;Commune;SIRET\nLe Double inventé;Muret;{SIRET}\nLe Double inventé;Muret;{OTHER}\n")
    rows = (
        f"Le Double inventé;{SIRET};;;Vélo inventé;2024;1;Muret\n"
        f"Le Double inventé;{OTHER};;;Vélo inventé;2024;2;Muret\n"
        "Le Double inventé;;;;Vélo inventé;2024;3;Muret\n"
    )
    supports = local_list(HEAD + rows, "projects")
    entry = Entry("siret", SIRET)
    assert hidden(built(actors, supports, entry=entry)) == {1.0, 3.0}
    assert hidden(shown(built(actors, supports), Withheld((entry,), "x"))) == {1.0, 3.0}


def test_the_commune_of_a_hidden_holder_stays_where_its_row_named_none(named):
    """A row that says only a SIRET lies in its holder's commune, before and after."""
    for snapshot in (named, built(ACTORS, MORE, SUPPORTS, entry=ENTRIES[1])):
        table = snapshot.layer("projects").set_index("amount_eur")
        assert (table["commune_code"][1.0], table.geometry[1.0] is not None) == ("31395", True)


def test_a_support_is_counted_once_whether_its_holder_is_named_or_not(starter_snapshot):
    """A list row takes the place of the gathered support of a holder that is withheld, as of any other."""
    known = starter_snapshot.table("projects").query("actor_id == 'la-cafetiere-31028' and year == year").iloc[0]
    row = f'La Cafetière;Aurignac;"{known["programme"]}";{known["year"]};1234\n'
    one = local_list(f"Porteur;Commune;Programme;Année;Montant\n{row}", "projects")
    snapshot = built(one, entry=Entry("actor_id", "la-cafetiere-31028"))
    assert len(snapshot.table("projects")) == len(starter_snapshot.table("projects"))
    assert hidden(snapshot) >= {1234.0}
    assert "cafetière" not in texts(snapshot)


def test_a_number_that_is_not_shown_still_hides_the_support():
    """A unit of partial diffusion shows no SIRET; a support that gives it names nobody once the unit objects."""
    read = register_read([establishment(71, siren=SIRET[:9], siret=SIRET, diffusion="P"), establishment(72)])
    one = local_list(HEAD + f"Un nom sans rapport;{SIRET};;;Vélo inventé;2024;1;Toulouse", "projects")
    options = LiveOptions("api", lists=LocalLists((one,)))
    actors = build_live(read, "31", options, geography=GEOGRAPHY).table("actors")
    (identifier,) = actors.loc[actors["actor_id"].str.startswith("commune-"), "actor_id"]
    entry = Withheld((Entry("actor_id", identifier),), "x")
    snapshot = build_live(read, "31", LiveOptions("api", lists=LocalLists((one,)), withheld=entry), geography=GEOGRAPHY)
    assert hidden(snapshot) >= {1.0}


def test_gathered_supports_of_who_objects_name_nobody_beside_a_register_alone(starter_snapshot):
    """The gathered actors are not shown, their supports are: that of an objector without name."""
    read = register_read([establishment(72)])
    withheld = Withheld((Entry("actor_id", "la-cafetiere-31028"),), "x")
    snapshot = build_live(read, "31", LiveOptions("api", withheld=withheld), geography=GEOGRAPHY)
    n = int(starter_snapshot.table("projects")["actor_id"].eq("la-cafetiere-31028").sum())
    assert int(snapshot.table("projects")["holder_name"].eq(UNNAMED).sum()) == n > 0
    assert "cafetière" not in texts(snapshot)


PRIVATE = "Travaux du local, 78901 rue des Mots-Cachés"
TOLD = "Porteur;Commune;Programme;Année;Montant;Objet;Décision;Note;Source\n"


@pytest.mark.parametrize(
    ("name", "address"),
    [("Foyer de femmes victimes de violences", ""), ("Le Fil inventé", "2 rue Haute, chez Mme Unetelle")],
    ids=["sensitive", "home"],
)
def test_supports_of_protected_holders_say_no_more_than_their_programme(name, address):
    """A sensitive place and a home: title, note, decision and page, which may name the door, are not there."""
    actors = local_list(f'Nom;Commune;Adresse\n{name};Toulouse;"{address}"\n')
    row = f'{name};Toulouse;Vélo inventé;2024;100;"{PRIVATE}";CP-78901;"{PRIVATE}";https://mots-caches.fr/78901\n'
    snapshot = built(actors, local_list(TOLD + row, "projects"))
    (support,) = snapshot.table("projects").query("programme == 'Vélo inventé'").to_dict("records")
    assert (support["title"], support["source_url"], support["amount_eur"]) == ("Vélo inventé", "", 100)
    assert isinstance(support["actor_id"], str)
    assert not {"78901", "mots-cach", "mots cach"} & {
        word for word in ("78901", "mots-cach") if word in texts(snapshot)
    }
    require_masked(snapshot)


def test_supports_of_sensitive_holders_that_are_no_actor_are_no_different():
    """Its words are enough."""
    row = f'Foyer de femmes victimes de violences;Toulouse;Vélo inventé;2024;100;"{PRIVATE}";;"{PRIVATE}";\n'
    snapshot = built(local_list(TOLD + row, "projects"))
    assert "78901" not in texts(snapshot)
    require_masked(snapshot)


def test_supports_of_a_unit_that_the_register_protects_say_no_more_than_their_programme():
    """Partial diffusion: known to the build, which the table alone does not tell from who has no employee."""
    read = register_read([establishment(71, siren=SIRET[:9], siret=SIRET, diffusion="P"), establishment(72)])
    name = build_live(read, "31", LiveOptions("api"), geography=GEOGRAPHY).table("actors")
    name = name.loc[name["actor_id"].str.startswith("commune-"), "name"].iloc[0]
    one = local_list(TOLD + f'"{name}";Toulouse;Vélo inventé;2024;100;Un atelier;;Une note;\n', "projects")
    snapshot = build_live(read, "31", LiveOptions("api", lists=LocalLists((one,))), geography=GEOGRAPHY)
    (support,) = snapshot.table("projects").query("programme == 'Vélo inventé'").to_dict("records")
    assert isinstance(support["actor_id"], str)
    assert support["title"] == "Vélo inventé"
    assert not isinstance(support["note"], str)
    require_masked(snapshot)


def test_what_anybody_else_is_supported_for_stays_told():
    """A title, a note and a page of a structure that is not protected are as the list gave them."""
    row = "Le Fil inventé;Muret;Vélo inventé;2024;100;Un atelier;CP 7;Une note;https://exemple.fr/page\n"
    snapshot = built(ACTORS, local_list(TOLD + row, "projects"))
    (support,) = snapshot.table("projects").query("programme == 'Vélo inventé'").to_dict("records")
    assert (support["title"], support["source_url"]) == ("Un atelier", "https://exemple.fr/page")
    assert support["note"] == "Une note ; Décision CP 7"
