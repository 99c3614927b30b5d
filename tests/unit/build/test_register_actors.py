"""Establishments of a register become actors: whom we do not show, where they stand, what they are called."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_register import MURET, TOULOUSE, establishment, register_read

from essmap.build.capitals import chosen_names, readable_address, readable_name
from essmap.build.geography import Geography
from essmap.build.privacy import MASKED_FIELDS
from essmap.build.register import RegisterActors, register_actors
from essmap.build.starter import load_geography
from essmap.schema.folding import fold
from essmap.schema.tables import ACTORS, validate


@pytest.fixture(scope="module")
def geography() -> Geography:
    """The communes of Haute-Garonne: shared, read only."""
    return load_geography("31")


@pytest.fixture
def one(geography):
    """Return the actor of one establishment with the given cells."""

    def build(**cells: str) -> pd.Series:
        result = register_actors(register_read([establishment(1, **cells)]), geography)
        assert len(result.frame) == 1, result.rejected
        return result.frame.iloc[0]

    return build


def point_of(geography: Geography, commune: str) -> tuple[float, float]:
    row = geography.communes.set_index("commune_code").loc[commune]
    return row["point_lon"], row["point_lat"]


def test_plain_establishment_is_an_actor(one):
    """What is public is kept and written for people; what the register does not say stays unknown."""
    actor = one(name="COMITE DES FETES DE L ISLE", address="1 RUE DE L EGLISE", naf="", naf25="88.99Y")
    assert (actor["actor_id"], actor["siren"], actor["siret"]) == (
        "siret-90000000100001", "900000001", "90000000100001",
    )  # fmt: skip
    assert (actor["name"], actor["address"]) == ("Comité des Fêtes de l'Isle", "1 rue de l'Église")
    assert (actor["postcode"], actor["commune_name"], actor["naf"]) == ("31000", "Toulouse", "88.99Y")
    assert (actor["source"], actor["source_kind"], actor["source_year"]) == ("api_search", "register", 2026)
    assert actor[["activity", "website", "source_url", "source_note"]].isna().all()
    assert (actor.geometry.x, actor.geometry.y) == (float(TOULOUSE[1]), float(TOULOUSE[2]))
    assert (actor["geo_precision"], bool(actor["is_employer"]), bool(actor["is_supported"])) == (
        "housenumber", True, False,
    )  # fmt: skip


HIDDEN = {
    "partial": {"diffusion": "P"},
    "unknown diffusion": {"diffusion": ""},
    "sensitive name": {"name": "CENTRE D HEBERGEMENT DU NORD"},
    "sensitive sign": {"sign": "CHRS DU LAC"},
    "sensitive acronym": {"acronym": "CADA"},
    "sensitive home for minors": {"name": "MECS LES OLIVIERS"},
    "sensitive nursery": {"name": "POUPONNIERE SAINTE ANNE"},
    "sensitive minors alone": {"name": "SERVICE MNA ESPOIR"},
    "sensitive mothers": {"name": "CENTRE MATERNEL LES PINS"},
    "sensitive child protection": {"name": "SERVICE DE PROTECTION DE L'ENFANCE"},
    "sensitive refugees": {"name": "CPH DU LAC"},
    "sensitive organisation": {"name": "OLYMPE DE GOUGES"},
    "sensitive activity, minors": {"name": "LES OLIVIERS", "naf": "87.90A"},
    "sensitive activity, adults": {"name": "LES OLIVIERS", "naf": "8790B"},
    "sensitive activity, new code": {"name": "LES OLIVIERS", "naf": "", "naf25": "87.99Y"},
    "home in the address": {"address": "CHEZ MME UNETELLE 2 RUE HAUTE"},
    "home in the complement": {"complement": "C/O M UNTEL"},
    "home in the middle": {"complement": "BAT A CHEZ MME UNETELLE"},
    "association without staff": {"employer": "N", "workforce_band": "NN"},
    "association that may have no staff": {"employer": "", "workforce_band": ""},
    "association by its RNA number": {
        "legal_category": "8490", "rna": "W311000000", "employer": "N", "workforce_band": "NN",
    },
}  # fmt: skip


@pytest.mark.parametrize("cells", HIDDEN.values(), ids=HIDDEN.keys())
def test_hidden_rows_keep_their_commune_and_nothing_finer(one, geography, cells):
    """No address, no number, no position, and an identifier that says no more than the map does."""
    actor = one(**cells)
    assert actor[list(MASKED_FIELDS)].isna().all()
    assert actor["geo_precision"] == "municipality"
    assert (actor.geometry.x, actor.geometry.y) == point_of(geography, "31555")
    assert actor["actor_id"].startswith("commune-31555-")
    assert "900000001" not in actor["actor_id"]


def test_sensitive_is_said_only_of_sensitive_places(one):
    """A home or a unit of partial diffusion is not called a sensitive place."""
    said = {name: bool(one(**cells)["is_sensitive"]) for name, cells in HIDDEN.items()}
    assert {name for name, sensitive in said.items() if sensitive} == {
        name for name in HIDDEN if name.startswith("sensitive")
    }


def test_deployer_may_show_associations_without_staff(geography):
    """The setting shows their address; it shows neither homes nor partial diffusion."""
    rows = [establishment(n, employer="N", workforce_band="NN") for n in (1, 2)]
    rows += [establishment(3, employer="N", diffusion="P"), establishment(4, employer="N", complement="CHEZ MME X")]
    result = register_actors(register_read(rows), geography, show_non_employer_addresses=True)
    assert result.frame["address"].notna().tolist() == [True, True, False, False]
    assert result.identities["hidden"].tolist() == ["", "", "partial_diffusion", "home"]


def test_once_one_establishment_is_a_home_its_neighbours_are(geography):
    """Two establishments of a unit at one address: one says that it is a home, so both are; elsewhere is not."""
    rows = [
        establishment(1, siren="911111111", complement="CHEZ MME UNETELLE", address="2 RUE HAUTE"),
        establishment(2, siren="911111111", address="2 rue Haute"),
        establishment(3, siren="911111111", address="9 RUE BASSE"),
        establishment(4, address="2 RUE HAUTE"),
    ]
    result = register_actors(register_read(rows), geography)
    assert dict(zip(result.identities["siret"], result.identities["hidden"], strict=True)) == {
        "91111111100001": "home", "91111111100002": "home", "91111111100003": "", "90000000400004": "",
    }  # fmt: skip


def test_names_of_partial_units_are_those_of_the_unit(one):
    """Sign and acronym are protected; the name of the legal person is not."""
    actor = one(diffusion="P", name="LES AMIS DU LAC", sign="CHEZ JEANNE", acronym="SECRET")
    assert actor["name"] == "Les Amis du Lac"


REJECTED = {
    "natural_person": {"legal_category": "1000", "name": "UNTEL JEAN"},
    "not_ess": {"ess": "no"},
    "no_name": {"name": " "},
    "unknown_commune": {"commune_code": "75056"},
    "malformed": {"siret": "900000001 0001"},
}


@pytest.mark.parametrize(("reason", "cells"), REJECTED.items(), ids=REJECTED.keys())
def test_rows_left_out_are_counted_by_reason(geography, reason, cells):
    """A row that cannot be an actor is left out and counted once."""
    result = register_actors(register_read([establishment(1), establishment(2, **cells)]), geography)
    assert (len(result.frame), dict(result.rejected)) == (1, {reason: 1})


def test_natural_persons_are_counted_as_such_whatever_else_is_wrong(geography):
    """Of several reasons the first is told: a natural person comes before all."""
    row = establishment(1, legal_category="1000", ess="no", name="", commune_code="99999")
    assert dict(register_actors(register_read([row]), geography).rejected) == {"natural_person": 1}


@pytest.mark.parametrize(
    ("cells", "precision", "unused"),
    [
        ({"position_quality": "11"}, "housenumber", {}),
        ({"position_quality": "11", "address": "RUE INVENTEE"}, "street", {}),
        ({"position_quality": "11", "address": ""}, "locality", {}),
        ({"position_quality": "12"}, "street", {}),
        ({"position_quality": "21"}, "locality", {}),
        ({"position_quality": "22"}, "locality", {}),
        ({"position_quality": "77"}, "locality", {}),
        ({"position_quality": ""}, "street", {}),
        ({"position_quality": "33"}, "municipality", {"commune_only": 1}),
        ({"lon": MURET[1], "lat": MURET[2]}, "municipality", {"outside_commune": 1}),
        ({"lon": "43.6045", "lat": "1.4436"}, "municipality", {"outside_commune": 1}),
        ({"lon": "est", "lat": "43.6"}, "municipality", {"unreadable": 1}),
        ({"lon": "inf", "lat": "43.6"}, "municipality", {"unreadable": 1}),
        ({"lon": "", "lat": ""}, "municipality", {}),
    ],
)
def test_positions_claim_no_more_than_is_known(geography, cells, precision, unused):
    """A position outside its commune, of quality 33 or unreadable is refused and counted; the rest is read modestly."""
    result = register_actors(register_read([establishment(1, **cells)]), geography)
    actor = result.frame.iloc[0]
    assert (actor["geo_precision"], dict(result.positions)) == (precision, unused)
    expected = (1.4436, 43.6045) if precision != "municipality" else point_of(geography, "31555")
    assert (actor.geometry.x, actor.geometry.y) == expected


def test_hidden_actors_of_one_name_are_told_apart(geography):
    """Two hidden actors of one name in one commune get identifiers of their own, in the order of the register."""
    rows = [establishment(n, name="FOYER RURAL", employer="N", workforce_band="") for n in (3, 1, 2)]
    rows.append(establishment(4, name="FOYER RURAL 2", employer="N", workforce_band=""))
    frame = register_actors(register_read(rows), geography).frame
    assert frame["actor_id"].tolist() == [
        "commune-31555-foyer-rural", "commune-31555-foyer-rural--2", "commune-31555-foyer-rural--3",
        "commune-31555-foyer-rural-2",
    ]  # fmt: skip


def test_empty_read_gives_an_empty_table(geography):
    """No establishment: no actor, in the right columns."""
    result = register_actors(register_read([]), geography)
    assert (len(result.frame), list(result.frame.columns), dict(result.rejected)) == (0, ACTORS.column_names, {})


CELLS = {
    "legal_category": st.sampled_from(["9220", "1000", "5710", "", "92"]),
    "ess": st.sampled_from(["yes", "no", ""]),
    "name": st.sampled_from(["LES AMIS", "CHRS DU LAC", "", "Été", "<b>"]),
    "sign": st.sampled_from(["", "LE LAC", "SIEGE"]),
    "diffusion": st.sampled_from(["O", "P", ""]),
    "employer": st.sampled_from(["O", "N", ""]),
    "complement": st.sampled_from(["", "CHEZ M UNTEL", "BAT B"]),
    "commune_code": st.sampled_from(["31555", "31395", "99999", ""]),
    "lon": st.sampled_from(["", "1.4436", "x", "nan"]),
    "lat": st.sampled_from(["", "43.6045", "91"]),
    "position_quality": st.sampled_from(["", "11", "33", "?"]),
    "updated": st.sampled_from(["", "2026-05-04", "04/05/2026"]),
}


@settings(max_examples=40)
@given(st.lists(st.fixed_dictionaries(CELLS), max_size=12))
def test_every_row_is_kept_or_counted(rows):
    """Whatever the rows: kept and rejected add up, the table keeps its schema, and hidden means hidden."""
    read = register_read([establishment(n, **cells) for n, cells in enumerate(rows, start=1)])
    result: RegisterActors = register_actors(read, load_cached())
    assert len(result.frame) + sum(result.rejected.values()) == len(read.frame)
    validate(result.frame, ACTORS)
    hidden = result.identities["hidden"].ne("").to_numpy()
    assert result.frame.loc[hidden, list(MASKED_FIELDS)].isna().all(axis=None)
    assert result.frame.loc[hidden, "geo_precision"].eq("municipality").all()
    assert result.identities.index.tolist() == result.frame["actor_id"].tolist()


_CACHE: list[Geography] = []


def load_cached() -> Geography:
    """Return the geography, read once for all examples."""
    if not _CACHE:
        _CACHE.append(load_geography("31"))
    return _CACHE[0]


NAMES = {
    "FOYER RURAL DE L ISLE-EN-DODON": "Foyer Rural de l'Isle-en-Dodon",
    "ADMR DE MURET": "ADMR de Muret",
    "A.D.M.R. DU LAURAGAIS": "A.D.M.R. du Lauragais",
    "AMAP D'ICI": "AMAP d'Ici",
    "MJC ST EXUPERY": "MJC St Exupery",
    "CUMA DE L HERS": "CUMA de l'Hers",
    "ASSOCIATION D ENTRAIDE ET D ECHANGES": "Association d'Entraide et d'Échanges",
    "COMITE DES FETES DE SAINT-ORENS-DE-GAMEVILLE": "Comité des Fêtes de Saint-Orens-de-Gameville",
    "L ARCHE EN PAYS TOULOUSAIN": "L'Arche en Pays Toulousain",
    "AUJOURD'HUI L'AVENIR": "Aujourd'hui l'Avenir",
    "C'EST BON POUR L OREILLE": "C'est Bon pour l'Oreille",
    "CENTRE SOCIAL - LES MINIMES": "Centre Social - Les Minimes",
    "UNION SPORTIVE TC MURET XIII": "Union Sportive TC Muret XIII",
    "FCPE 31": "FCPE 31",
    "PLAN B": "Plan B",
    "D ET L": "D et L",
    "2EME SOUFFLE": "2ème Souffle",
    "4L TROPHY": "4L Trophy",
    "ÉCOLE  ÉMILE": "École Émile",
    "A": "A",
    "": "",
    "La Volte": "La Volte",
    "iPOP": "iPOP",
    "31": "31",
}


@pytest.mark.parametrize(("given_name", "written"), NAMES.items())
def test_names_are_written_for_people(given_name, written):
    """Capitals become small letters where they belong; what has small letters already is left as it is."""
    assert readable_name(given_name) == written
    assert readable_name(written) == written


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CREDIT MUTUEL MIDI ATLANTIQUE", "Crédit Mutuel Midi Atlantique"),
        ("CAISSE D EPARGNE ET DE PREVOYANCE", "Caisse d'Épargne et de Prévoyance"),
        ("FEDERATION DES OEUVRES LAIQUES", "Fédération des Œuvres Laïques"),
        ("ASSOC D AIDE A DOMICILE", "Assoc d'Aide à Domicile"),
        ("CRECHE A", "Crèche A"),
        ("US COLOMIERS RUGBY", "US Colomiers Rugby"),
        ("GAEC DE L ORATOIRE", "GAEC de l'Oratoire"),
        ("GEM BON PIED", "GEM Bon Pied"),
        ("MACIF", "MACIF"),
        ("SCOP LA BROUETTE", "SCOP La Brouette"),
        ("EHPAD LES JARDINS", "EHPAD Les Jardins"),
        ("EHPAD L OREE", "EHPAD L'Oree"),
        ("CRECHE LES LUTINS", "Crèche Les Lutins"),
        ("LIGUE CONTRE LE CANCER", "Ligue Contre le Cancer"),
        ("ADMR DE CARBONNE", "ADMR de Carbonne"),
    ],
)
def test_accents_acronyms_and_articles_of_names(name, expected):
    """Common words get their accents back, acronyms keep their capitals, and a name begins after what it is."""
    assert readable_name(name) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("1 ALL JEAN JAURES", "1 all Jean Jaurès"),
        ("8 CHE DE LA CEPIERE BAT A", "8 che de la Cepiere Bat A"),
        ("BAT A 8 RUE HAUTE", "Bat A 8 rue Haute"),
        ("4 RUE DU FBG BONNEFOY", "4 rue du fbg Bonnefoy"),
        ("3 RUE DU PONT A MOUSSON", "3 rue du Pont à Mousson"),
    ],
)
def test_ways_and_letters_of_addresses(address, expected):
    """Abbreviated ways are small, and the letter of a building is a letter."""
    assert readable_address(address) == expected


def test_acronym_of_the_unit_keeps_its_capitals():
    """The unit's own acronym stays in capitals inside its name."""
    assert readable_name("LUCIOLES ET VERA", "VERA") == "Lucioles et VERA"
    assert readable_name("LUCIOLES ET VERA") == "Lucioles et Vera"


@given(st.text(alphabet=st.sampled_from("ABCDEHLNSTUXÉÈŒÇabcdé0123 '’.-()/&"), max_size=40))
def test_no_letter_of_a_name_is_lost(text):
    """Whatever the name, writing it for people changes case, accents, spaces and apostrophes, and nothing else."""
    for written in (readable_name(text), readable_address(text)):
        assert fold(written).replace(" ", "") == fold(text).replace(" ", "")
        assert written == " ".join(written.split())


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (["LE LAC", "LA FORET"], ["LE LAC", "LA FORET"]),
        (["LE LAC", ""], ["LE LAC", "UNITE"]),
        (["LE LAC", "LE LAC"], ["UNITE", "UNITE"]),
        (["SIEGE SOCIAL", "AGENCE 2"], ["UNITE", "UNITE"]),
        (["Unité", "LA FORET"], ["UNITE", "LA FORET"]),
    ],
)
def test_sign_is_shown_where_it_tells_establishments_apart(signs, expected):
    """A sign wins only where it tells establishments of one unit from each other."""
    rows = pd.DataFrame({"siren": "1", "name": "UNITE", "sign": pd.Series(signs, dtype="str")})
    assert chosen_names(rows).tolist() == expected


def test_sign_of_a_single_establishment_is_not_its_name():
    """A unit with one establishment keeps its denomination; a sign serves only where there is no name."""
    rows = pd.DataFrame({"siren": ["1", "2"], "name": ["UNITE", ""], "sign": ["LE LAC", "LA FORET"]}, dtype="str")
    assert chosen_names(rows).tolist() == ["UNITE", "LA FORET"]
