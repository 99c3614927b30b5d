"""One answer of the search service: its shape, what is kept, whether filters were obeyed; and rows made of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.errors import SourceError
from essmap.schema.register import REGISTER_COLUMNS
from essmap.sources.search_answers import (
    MASK,
    check_obeyed,
    check_parted,
    department_of,
    is_natural_person,
    read_answer,
)
from essmap.sources.search_rows import register_rows
from essmap.sources.search_slices import Known, Places, Slice, describe, divisions, packed

ASKED = {"est_ess": "true", "etat_administratif": "A", "code_commune": "31555,31149", "page": "1", "per_page": "25"}


def site(**said):
    """An establishment as the inner list gives it."""
    return {
        "siret": "90000000100020", "commune": "31555", "code_postal": "31100", "libelle_commune": "TOULOUSE",
        "adresse": "2 PLACE IMAGINAIRE 31100 TOULOUSE", "latitude": "43.58", "longitude": "1.41",
        "etat_administratif": "A", "est_siege": False, "statut_diffusion_etablissement": "O", **said,
    }  # fmt: skip


def unit(**said):
    """A unit as the contract shows it."""
    return {
        "siren": "900000001", "nom_complet": "ASSOCIATION INVENTÉE DES LUCIOLES (LUCIOLES)",
        "nom_raison_sociale": "ASSOCIATION INVENTÉE DES LUCIOLES", "sigle": "LUCIOLES", "nombre_etablissements": 3,
        "nombre_etablissements_ouverts": 2, "activite_principale": "88.99B", "activite_principale_naf25": "88.99Y",
        "section_activite_principale": "Q", "nature_juridique": "9220", "caractere_employeur": "O",
        "tranche_effectif_salarie": "11", "etat_administratif": "A", "statut_diffusion": "O",
        "date_mise_a_jour_insee": "2026-05-04T02:11:00",
        "siege": site(siret="90000000100012", code_postal="31000", numero_voie="1", indice_repetition="B",
                      type_voie="RUE", libelle_voie="INVENTEE", complement_adresse="BATIMENT A", est_siege=True),
        "matching_etablissements": [site()],
        "complements": {"est_ess": True, "est_siae": True, "type_siae": "ACI, EI", "est_association": True,
                        "est_entrepreneur_individuel": False, "identifiant_association": "W310000000"},
        "dirigeants": [{"nom": "SECRETE"}], **said,
    }  # fmt: skip


def answer(*units, **said):
    whole = {"results": list(units), "total_results": len(units), "page": 1, "per_page": 25, "total_pages": 1, **said}
    return read_answer(json.dumps(whole).encode())


def rows(*units, department="31"):
    known = Known()
    for one in answer(*units)["results"]:
        known.add(one)
    return register_rows(known, department)


def test_contract_example_becomes_two_rows():
    """The example of the contract gives its head office and its other establishment, every column as promised."""
    frame, rejected, elsewhere = rows(unit())
    assert list(frame.columns) == list(REGISTER_COLUMNS)
    assert (rejected, elsewhere) == ({}, 0)
    seat, other = frame.to_dict("records")
    assert seat == {
        "siret": "90000000100012", "siren": "900000001", "name": "ASSOCIATION INVENTÉE DES LUCIOLES", "sign": "",
        "acronym": "LUCIOLES", "legal_category": "9220", "naf": "88.99B", "naf25": "88.99Y", "workforce_band": "11",
        "employer": "O", "ess": "yes", "siae": "ACI, EI", "rna": "W310000000", "is_head_office": "yes",
        "diffusion": "O", "address": "1 B RUE INVENTEE", "complement": "BATIMENT A", "postcode": "31000",
        "commune_code": "31555", "lon": "1.41", "lat": "43.58", "position_quality": "", "updated": "2026-05-04",
    }  # fmt: skip
    assert (other["address"], other["postcode"], other["is_head_office"]) == ("2 PLACE IMAGINAIRE", "31100", "no")


def test_what_is_said_of_the_establishment_wins_over_its_unit():
    """Activity, workforce and employer of the establishment are taken where the service has them."""
    own = site(activite_principale="94.99Z", tranche_effectif_salarie="01", caractere_employeur="N",
               liste_enseignes=["ENSEIGNE INVENTÉE"])  # fmt: skip
    frame, _, _ = rows(unit(siege={}, matching_etablissements=[own]))
    row = frame.iloc[0]
    assert (row["naf"], row["workforce_band"], row["employer"]) == ("94.99Z", "01", "N")
    assert (row["sign"], row["is_head_office"]) == ("ENSEIGNE INVENTÉE", "no")


@pytest.mark.parametrize(
    ("said", "address", "complement"),
    [
        ({"adresse": "2 PLACE IMAGINAIRE 31100 TOULOUSE"}, "2 PLACE IMAGINAIRE", ""),
        ({"adresse": "31100 TOULOUSE"}, "", ""),
        ({"adresse": "2 PLACE IMAGINAIRE 31100 TOULOUSE CEDEX 3"}, "2 PLACE IMAGINAIRE", ""),
        ({"adresse": "2 PLACE IMAGINAIRE 31076 TOULOUSE CEDEX 3"}, "2 PLACE IMAGINAIRE", ""),
        ({"adresse": "2 RUE DU 31100 IMAGINE 31100 TOULOUSE"}, "2 RUE DU 31100 IMAGINE", ""),
        ({"adresse": "12 RUE DE TOULOUSE 31100 TOULOUSE"}, "12 RUE DE TOULOUSE", ""),
        ({"adresse": "CHEZ MME INVENTÉE 2 PLACE IMAGINAIRE 31100 TOULOUSE"}, "2 PLACE IMAGINAIRE", "CHEZ"),
        ({"adresse": "MME DUPONT MARIE 2 B RUE IMAGINAIRE 31100 TOULOUSE"}, "2 B RUE IMAGINAIRE", "CHEZ"),
        ({"adresse": "DUPONT MARIE 2 BIS R IMAGINAIRE 31100 TOULOUSE"}, "2 BIS R IMAGINAIRE", ""),
        ({"adresse": "APT 4 MME DUPONT 12-14 AV IMAGINAIRE 31100 TOULOUSE"}, "12-14 AV IMAGINAIRE", "CHEZ"),
        ({"adresse": "DUPONT MARIE IMPASSE IMAGINAIRE 31100 TOULOUSE"}, "IMPASSE IMAGINAIRE", ""),
        ({"adresse": "DUPONT MARIE LES HAUTS 31100 TOULOUSE"}, "", ""),
        ({"adresse": "4 MME DUPONT 31100 TOULOUSE"}, "", "CHEZ"),
        ({"adresse": "2 RUE MADAME CURIE 31100 TOULOUSE"}, "2 RUE MADAME CURIE", ""),
        ({"adresse": "BATIMENT A 2 RUE IMAGINAIRE 31100 TOULOUSE"}, "2 RUE IMAGINAIRE", ""),
        ({"adresse": "4 LES HAUTS 31100 TOULOUSE"}, "4 LES HAUTS", ""),
        ({"libelle_voie": "CHEZ MME DUPONT 2 RUE IMAGINAIRE"}, "2 RUE IMAGINAIRE", "CHEZ"),
        ({"libelle_voie": "MADAME CURIE", "type_voie": "RUE", "numero_voie": 2}, "2 RUE MADAME CURIE", ""),
        ({"adresse": "C/O M INVENTÉ 31100 TOULOUSE"}, "", "CHEZ"),
        ({"adresse": "2 PLACE IMAGINAIRE", "code_postal": None}, "2 PLACE IMAGINAIRE", ""),
        ({"adresse": "2 PLACE IMAGINAIRE TOULOUSE", "code_postal": None}, "2 PLACE IMAGINAIRE", ""),
        ({"adresse": None}, "", ""),
        ({"adresse": MASK}, "", ""),
        ({"adresse": 3.5, "code_postal": ["x"]}, "3.5", ""),
    ],
)
def test_address_line_loses_postcode_and_commune(said, address, complement):
    """Only number and street stay of an address line; a person's name at its beginning becomes the complement."""
    frame, _, _ = rows(unit(siege={}, matching_etablissements=[site(**said)]))
    assert (frame["address"][0], frame["complement"][0]) == (address, complement)


@pytest.mark.parametrize(
    ("lat", "lon", "is_point"),
    [("43.6", "1.44", True), (43.6, 1.44, True), (MASK, "1.44", False), (None, "1.44", False), ("nan", "1.4", False),
     ("43,6", "1.44", False), ("91", "1", False), ("1e999", "1", False), (True, "1", False), ("", "", False)],
)  # fmt: skip
def test_point_is_a_pair_of_numbers_or_nothing(lat, lon, is_point):
    """Coordinates come as text; what is no pair of degrees is no point."""
    frame, _, _ = rows(unit(siege={}, matching_etablissements=[site(latitude=lat, longitude=lon)]))
    assert (frame["lat"][0], frame["lon"][0]) == ((str(lat), str(lon)) if is_point else ("", ""))


@pytest.mark.parametrize(
    "said",
    [
        {"statut_diffusion": "P"},
        {"statut_diffusion": None},
        {"statut_diffusion": "p"},
        {"siege": {}, "matching_etablissements": [site(statut_diffusion_etablissement=None)]},
        {"siege": {}, "matching_etablissements": [site(statut_diffusion_etablissement="P")]},
        {"statut_diffusion": "P", "sigle": MASK, "siege": site(
            siret="90000000100012", adresse=MASK, code_postal=MASK, latitude=MASK, longitude=MASK, numero_voie=MASK,
            type_voie=MASK, libelle_voie=MASK, complement_adresse=MASK)},
    ],
)  # fmt: skip
def test_partial_diffusion_keeps_nothing_finer_than_the_commune(said):
    """Of a partial unit or establishment no address, postcode or point is kept, even where the service shows them."""
    frame, _, _ = rows(unit(**said))
    assert set(frame["diffusion"]) == {"P"}
    for name in ("address", "complement", "postcode", "lon", "lat"):
        assert set(frame[name]) == {""}
    assert set(frame["commune_code"]) == {"31555"}
    assert MASK not in frame.to_csv()


@pytest.mark.parametrize(
    "said",
    [
        {"nature_juridique": "1000"},
        {"nature_juridique": "2310"},
        {"nom_complet": MASK, "nature_juridique": None},
        {"nom_raison_sociale": None, "complements": {"est_ess": True, "est_entrepreneur_individuel": True}},
    ],
)
def test_nothing_of_a_natural_person_is_kept(said):
    """A natural person, or a group of them, is counted and left out; nor does its name reach the disk."""
    kept = answer(unit(**said))
    assert kept["results"][0]["natural_person"]
    text = json.dumps(kept, ensure_ascii=False)
    for secret in ("LUCIOLES", "IMAGINAIRE", "INVENTEE", "43.58", "SECRETE", "W310000000X"):
        assert secret not in text
    frame, rejected, _ = rows(unit(**said))
    assert (len(frame), rejected) == (0, {"natural_person": 2})


def test_what_must_not_be_shown_never_reaches_the_disk():
    """Of partial diffusion nothing finer than the commune is kept, and nobody whose home an address is."""
    at_home = site(complement_adresse="CHEZ MME DUPONT", adresse="CHEZ MME DUPONT 2 PLACE IMAGINAIRE 31100 TOULOUSE")
    text = json.dumps(answer(unit(siege=at_home, matching_etablissements=[at_home])), ensure_ascii=False)
    assert "DUPONT" not in text
    assert "2 PLACE IMAGINAIRE" in text
    for said in (
        {"statut_diffusion": "P"},
        {
            "siege": {},
            "matching_etablissements": [
                site(
                    statut_diffusion_etablissement="P", liste_enseignes=["ENSEIGNE INVENTÉE"], nom_commercial="INVENTÉE"
                )
            ],
        },
    ):
        text = json.dumps(answer(unit(**said)), ensure_ascii=False)
        for secret in ("IMAGINAIRE", "INVENTEE", "43.58", "1.41", "31100", "ENSEIGNE", "BATIMENT"):
            assert secret not in text
        assert "ASSOCIATION INVENTÉE DES LUCIOLES" in text
    assert '"LUCIOLES"' not in json.dumps(answer(unit(statut_diffusion="P")))


def test_officers_never_reach_the_disk():
    """What was not asked for, such as officers, is not kept when the service sends it."""
    assert "SECRETE" not in json.dumps(answer(unit()))


def test_rows_left_out_are_counted_by_reason():
    """Closed, malformed and foreign establishments: each is counted, none becomes a row."""
    others = [site(siret="90000000100038", etat_administratif="F"), site(siret="12"), site(siret=None),
              site(siret="80000000100038"), site(siret="90000000100046", commune="09122")]  # fmt: skip
    frame, rejected, elsewhere = rows(unit(siege={}, matching_etablissements=[site(), *others]))
    assert frame["siret"].tolist() == ["90000000100020"]
    assert (rejected, elsewhere) == ({"closed": 1, "malformed": 3}, 1)
    assert rows(unit(etat_administratif="C"))[1] == {"closed": 2}


@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"results": [', b"\xff", b"nope"])
def test_broken_answer_is_worth_asking_again(body):
    """What is no JSON is a bad moment of the service, not a change."""
    with pytest.raises(ValueError):  # noqa: PT011  of json
        read_answer(body)


def without_status():
    return {name: value for name, value in site().items() if name != "statut_diffusion_etablissement"}


def without(name):
    return {key: value for key, value in unit().items() if key != name}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ([], "objet"), (None, "objet"), ({}, "results"), ({"erreur": "x"}, "results"),
        ({"results": None, "total_results": 0}, "results"), ({"results": [3], "total_results": 1}, "results"),
        ({"results": []}, "total_results"), ({"results": [], "total_results": "3"}, "total_results"),
        ({"results": [], "total_results": -1}, "total_results"),
        ({"results": [], "total_results": True}, "total_results"),
        ({"results": [without("siren")], "total_results": 1}, "siren"),
        ({"results": [without("siege")], "total_results": 1}, "siege"),
        ({"results": [without("matching_etablissements")], "total_results": 1}, "matching_etablissements"),
        ({"results": [without("complements")], "total_results": 1}, "complements"),
        ({"results": [unit(complements={})], "total_results": 1}, "est_ess"),
        ({"results": [unit(complements={"est_ess": None})], "total_results": 1}, "est_ess"),
        ({"results": [unit(nombre_etablissements="3")], "total_results": 1}, "nombre_etablissements"),
        ({"results": [unit(matching_etablissements=[{"siret": "1"}])], "total_results": 1}, "commune"),
        ({"results": [unit(matching_etablissements=[None])], "total_results": 1}, "siret"),
        ({"results": [without("statut_diffusion")], "total_results": 1}, "statut_diffusion"),
        ({"results": [unit(matching_etablissements=[without_status()])], "total_results": 1},
         "statut_diffusion_etablissement"),
        ({"results": [unit(siege=without_status())], "total_results": 1}, "statut_diffusion_etablissement"),
    ],
)  # fmt: skip
def test_answer_of_another_shape_is_a_changed_service(content, word):
    """An answer without what is needed is an error that names it, never zero results."""
    with pytest.raises(SourceError, match=word) as caught:
        read_answer(json.dumps(content).encode())
    assert "ne répond plus comme prévu" in str(caught.value)


def test_obedient_answer_passes():
    """The example follows what is asked; a large unit need not show itself in the commune asked."""
    check_obeyed(answer(unit()), ASKED)
    check_obeyed(answer(), ASKED)
    away = unit(siege={}, nombre_etablissements=101, matching_etablissements=[site(commune="75056")])
    check_obeyed(answer(away), ASKED)


@pytest.mark.parametrize(
    ("said", "asked", "name"),
    [
        ({"complements": {"est_ess": False}}, {}, "est_ess"),
        ({"etat_administratif": "C"}, {}, "etat_administratif"),
        ({}, {"section_activite_principale": "S"}, "section_activite_principale"),
        ({}, {"activite_principale": "94.99Z,93.12Z"}, "activite_principale"),
        ({"nature_juridique": None}, {"nature_juridique": "9220"}, "nature_juridique"),
        ({}, {"code_commune": "31149"}, "code_commune"),
        ({}, {"code_postal": "31200,31300"}, "code_postal"),
        (
            {"matching_etablissements": [site()] * 10},
            {"limite_matching_etablissements": "9"},
            "limite_matching_etablissements",
        ),
        ({}, {"page": "2"}, "page"),
        ({}, {"per_page": "20"}, "per_page"),
    ],
)
def test_ignored_filter_is_an_error(said, asked, name):
    """The service ignores what it does not know: a row that a filter should have kept out stops the read."""
    with pytest.raises(SourceError, match=f"« ?{name} ?»".replace(" ?", ".")):
        check_obeyed(answer(unit(**said)), {**ASKED, **asked})
    place = {key: value for key, value in ASKED.items() if key != "code_commune"}
    with pytest.raises(SourceError, match="departement"):
        check_obeyed(answer(unit()), {**place, "departement": "09"})


def test_postcode_that_is_hidden_may_be_the_one_asked_for():
    """A masked establishment does not show where it is: it is no sign that a filter was ignored."""
    hidden = unit(siege={}, matching_etablissements=[site(code_postal=MASK, statut_diffusion_etablissement="P")])
    check_obeyed(answer(hidden), {**ASKED, "code_postal": "31200"})
    check_obeyed(answer(unit()), {**ASKED, "code_postal": "31000"})


def test_flag_that_is_ignored_gives_two_halves_alike():
    """With and without a flag the same units come first: refused; one that moved meanwhile is not."""
    check_parted(["1", "2", "3"], ["3", "4", "5"], "est_association")
    check_parted([], ["3"], "est_association")
    with pytest.raises(SourceError, match="est_association"):
        check_parted(["1", "2", "3"], ["3", "2", "5", "6"], "est_association")


def test_persons_are_told_from_legal_persons():
    """A partial legal person keeps its name, and is no natural person."""
    assert not is_natural_person(unit(statut_diffusion="P", sigle=MASK))
    assert not is_natural_person(unit(nature_juridique=None))
    assert department_of("97411") == "974"


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 40))
def test_packed_values_keep_their_order_and_fit(weights, full):
    """Groups hold all values in order, and none is too heavy unless it is alone."""
    values = [f"{number:03}" for number in range(len(weights))]
    weight = dict(zip(values, weights, strict=True))
    groups = packed(values, weight.__getitem__, full)
    assert [value for group in groups for value in group] == values
    assert all(len(group) == 1 or sum(weight[value] for value in group) <= full for group in groups)
    assert all(len(group) <= 150 for group in groups)


PLACES = Places(
    {"31555": "Toulouse", "31149": "Colomiers"}, {"31555": ("31000", "31100"), "31149": ("31770",)},
    {"31555": 5, "31149": 1},
)  # fmt: skip


def test_known_units_are_members_only_of_slices_that_surely_hold_them():
    """Commune, postcode of the same establishment, section and lists: all must fit; a flag tells nothing."""
    known = Known()
    known.add(answer(unit())["results"][0])
    whole = Slice("31", ("31149", "31555"))
    assert known.members(whole) == {"900000001"}
    assert known.members(Slice("31")) == {"900000001"}
    assert known.members(Slice("09")) == set()
    assert known.members(whole.of("section_activite_principale", "Q").of("code_postal", "31100")) == {"900000001"}
    assert known.members(whole.of("activite_principale", "88.99A,88.99B")) == {"900000001"}
    assert known.members(whole.of("section_activite_principale", "S")) == set()
    assert known.members(Slice("31", ("31555",), (("code_postal", "31770"),))) == set()
    assert known.members(whole.of("est_association", "true")) == set()


def test_slices_are_divided_by_communes_then_sections_then_postcodes():
    """Each way divides along one filter not used yet; many communes are first parted from each other."""
    known = Known()
    both = Slice("31", ("31149", "31555"))
    assert [[part.communes for part in way] for way in divisions(both, PLACES, known)] == [[("31149",), ("31555",)]]
    ways = list(divisions(Slice("31", ("31555",)), PLACES, known))
    assert [{part.filters[0][0] for part in way} for way in ways] == [{"section_activite_principale"}, {"code_postal"}]
    assert [part.filters[0][1] for part in ways[1]] == ["31000", "31100"]
    only = Slice("31", ("31149",)).of("section_activite_principale", "S")
    assert list(divisions(only, PLACES, known)) == []


def test_slices_are_described_in_french():
    """A shortfall says where: communes by name, filters in words."""
    part = Slice("31", ("31555",)).of("section_activite_principale", "S").of("code_postal", "31000")
    assert describe(part, PLACES) == "à Toulouse, section S, code postal 31000"
    assert describe(Slice("31", ("31149", "31555")), PLACES) == "dans 2 communes, de Colomiers à Toulouse"
    more = Slice("31").of("activite_principale", "94.99Z,93.12Z").of("nature_juridique", "9220").of("est_siae", "true")
    said = "dans le département, activité 94.99Z, 93.12Z, catégorie juridique 9220, filtre true"
    assert describe(more, PLACES) == said
