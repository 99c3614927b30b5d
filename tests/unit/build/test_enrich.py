"""Who may be whom: what is enough to keep a find, what sends it to somebody, and whom nobody asks for."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pandas as pd
import pytest

from essmap.build.enrich import Doubt, enrich, judge, questions, wanted_actors
from essmap.build.enrich_candidates import KEPT_FROM, Register, Wanted, candidates
from essmap.build.enrich_lines import Rules, line_of
from essmap.build.enrichment import FINE, NOTHING, mark_of
from essmap.build.names import search_texts
from essmap.build.starter import load_geography
from essmap.build.starter_files import read_starter
from essmap.schema.withheld import Entry, Withheld
from essmap.sources.search_answers import read_answer
from essmap.sources.search_names import Asked, Question
from standins.made_up_department import Site, Unit, with_key
from standins.search_api import SearchStandIn

TOULOUSE = ("31555", "TOULOUSE", "31000")
DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def geography():
    """Of Haute-Garonne: shared, read only."""
    return load_geography("31")


@pytest.fixture(scope="module")
def raw(geography) -> pd.DataFrame:
    """The gathered rows."""
    return read_starter("31", geography.communes).actors.frame


def unit(number: int, name: str, *sites: dict[str, Any], **said: Any) -> Unit:
    """Return a made-up association of Toulouse that employs people."""
    values = {"acronym": "", "nature": "9220", "naf": "94.99Z", "section": "S", "employer": "O", "band": "11", **said}
    siren = with_key(f"{94_000_000 + number:08}")
    made = Unit(siren, name, **values)
    for place, more in enumerate(sites or ({},), start=1):
        street = (str(number), "RUE", f"INVENTEE {number}")
        told = {"street": street, "is_seat": place == 1, "is_masked": made.is_masked, "lon": "1.4436", "lat": "43.6045"}
        made.sites.append(Site(with_key(f"{siren}{place:04}"), *TOULOUSE, **{**told, **more}))
    return made


def wanted(name: str = "Le Moulin Inventé", **said: Any) -> Wanted:
    """Return an actor of Toulouse, an association unless told otherwise."""
    return Wanted("moulin-31555", name, "31555", "Toulouse", "31", **{"family": "association", **said})


@pytest.fixture
def found(geography):
    """Return the candidates of an actor among some units, as the service would show them."""

    def among(actor: Wanted, *units: Unit, **rules: Any):
        answer = SearchStandIn(list(units), other_copy=0).answer({"code_commune": "31555"})[1]
        kept = read_answer(json.dumps(answer).encode())["results"]
        register = Register.of(kept, geography, show_non_employer_addresses=rules.get("shows_all", False))
        return candidates(actor, [one.siren for one in units], register)

    return among


def told(decision: object) -> object:
    """Return the rule of a decision, the reasons of a doubt, or nothing."""
    if isinstance(decision, Doubt):
        return decision.reasons
    return decision[1] if isinstance(decision, tuple) else None


CASES = {
    "the same name": ([unit(1, "LE MOULIN INVENTE")], {}, "name_commune"),
    "a legal form more": ([unit(1, "ASSOCIATION LE MOULIN INVENTE")], {}, "name_commune"),
    "the commune more": ([unit(1, "LE MOULIN INVENTE TOULOUSE")], {}, "name_commune"),
    "an acronym of its own": ([unit(1, "LE MOULIN INVENTE", acronym="LMI")], {}, "name_commune"),
    "a sign": ([unit(1, "LES GENS DU QUAI", {"sign": "LE MOULIN INVENTE"})], {}, "name_commune"),
    "another place": ([unit(1, "LE MOULIN INVENTE COMMINGES")], {}, ("score",)),
    "a kind more": ([unit(1, "CRECHE LE MOULIN INVENTE")], {}, ("score",)),
    "a number more": ([unit(1, "LE MOULIN INVENTE 2")], {}, None),
    "a word more": ([unit(1, "LES AMIS DU MOULIN INVENTE VOLANT")], {}, None),
    "two of the name": ([unit(1, "LE MOULIN INVENTE"), unit(2, "LE MOULIN INVENTE")], {}, ("several",)),
    "one nearly so beside": (
        [unit(1, "LE MOULIN INVENTE"), unit(2, "LE MOULIN INVENTE COMMINGES")], {}, "name_commune",
    ),
    "outside the ESS": ([unit(1, "LE MOULIN INVENTE", nature="5499", is_ess=False)], {}, ("not_ess",)),
    "outside the ESS beside": (
        [unit(1, "LE MOULIN INVENTE", nature="5499", is_ess=False), unit(2, "LE MOULIN INVENTE")], {}, "name_commune",
    ),
    "another family": ([unit(1, "LE MOULIN INVENTE", nature="9300")], {}, ("family",)),
    "another activity": (
        [unit(1, "LE MOULIN INVENTE", naf="88.91A")], {"domains": frozenset({"reemploi_dechets"})}, ("activity",),
    ),
    "the same activity": (
        [unit(1, "LE MOULIN INVENTE", naf="38.32Z")], {"domains": frozenset({"reemploi_dechets"})}, "name_commune",
    ),
    "another address": ([unit(1, "LE MOULIN INVENTE")], {"address": "9 place Ailleurs"}, ("address",)),
    "the same address": ([unit(1, "LE MOULIN INVENTE")], {"address": "1 rue Inventée 1"}, "name_address"),
    "the same address, nearly the name": (
        [unit(1, "CRECHE LE MOULIN INVENTE")], {"address": "1 rue Inventée 1"}, "name_address",
    ),
    "two of the name, one at the address": (
        [unit(1, "LE MOULIN INVENTE"), unit(2, "LE MOULIN INVENTE")], {"address": "2 rue Inventée 2"}, "name_address",
    ),
    "somebody else": ([unit(1, "LES GENS DU QUAI")], {}, None),
    "closed": ([unit(1, "LE MOULIN INVENTE", {"is_open": False})], {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("units", "said", "decision"), CASES.values(), ids=CASES)
def test_what_is_enough_and_what_is_not(found, units, said, decision):
    """Each difference, alone: kept with its rule, left to somebody with the reasons, or nobody."""
    actor = wanted(**said)
    outcome = judge(actor, found(actor, *units))
    assert told(outcome) == decision
    if decision == "name_commune":
        assert outcome[0].score >= KEPT_FROM or outcome[0].is_same_name


def test_list_that_is_cut_is_left_to_somebody(found):
    """Where more answer to the name than were read, even an exact name is not kept."""
    actor = wanted()
    assert told(judge(actor, found(actor, unit(1, "LE MOULIN INVENTE")), is_cut=True)) == ("cut",)


SITES = {
    "alone": ([{}], {}, 0),
    "two alike": ([{}, {"street": ("8", "RUE", "AUTRE")}], {}, None),
    "one by its sign": ([{}, {"sign": "LE MOULIN INVENTE", "street": ("8", "RUE", "AUTRE")}], {"unit": "LES GENS"}, 0),
    "one at the door": ([{}, {"street": ("8", "RUE", "AUTRE")}], {"address": "8 rue Autre"}, 0),
}


@pytest.mark.parametrize(("sites", "said", "place"), SITES.values(), ids=SITES)
def test_establishment_is_kept_only_where_one_can_be_meant(found, sites, said, place):
    """Several establishments of one unit in a commune: the unit alone, unless door or sign tells."""
    actor = wanted(address=said.get("address", ""))
    (candidate,) = found(actor, unit(1, said.get("unit", "LE MOULIN INVENTE"), *sites))
    assert candidate.site == place
    line = line_of(actor, candidate, "name_commune", DAY, Rules(NOTHING))
    assert line.siren == candidate.siren
    assert bool(line.siret) == bool(line.lon) == (place is not None)


HIDDEN = {
    "partial diffusion": ({"is_masked": True}, {}, {}, "partial_diffusion"),
    "partial diffusion of one establishment": ({}, {"is_masked": True}, {}, "partial_diffusion"),
    "a sensitive sign": ({}, {"sign": "FOYER DE FEMMES VICTIMES DE VIOLENCES"}, {}, "sensitive"),
    "chez": ({}, {"complement": "CHEZ MME INVENTEE"}, {}, "home"),
    "nobody employed": ({"employer": "N", "band": "NN"}, {}, {}, "non_employer"),
    "a home where the list says it is": (
        {"employer": None, "band": None}, {}, {"address": "1 rue Inventée 1"}, "same_home",
    ),
    "a home at the point of the list": (
        {"employer": None, "band": None}, {}, {"point": (1.4436, 43.6046)}, "same_home",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("of_unit", "of_site", "said", "reason"), HIDDEN.values(), ids=HIDDEN)
def test_nothing_finer_than_the_commune_is_kept_of_whom_we_do_not_show(found, of_unit, of_site, said, reason):
    """Neither number, address nor point; of a protected unit not even its activity."""
    actor = wanted(**said)
    (candidate,) = found(actor, unit(1, "LE MOULIN INVENTE", of_site, **of_unit))
    line = line_of(actor, candidate, "name_commune", DAY, Rules(NOTHING))
    assert line.hidden == reason
    assert [getattr(line, name) for name in FINE] == [""] * len(FINE)
    assert bool(line.naf) == (reason in {"home", "non_employer"})


def test_home_of_a_unit_hides_also_where_another_establishment_may_be_shown(found):
    """Where nobody can tell which establishment is meant, one that is hidden hides the find."""
    actor = wanted()
    (candidate,) = found(
        actor, unit(1, "LE MOULIN INVENTE", {"complement": "CHEZ MME INVENTEE"}, {"street": ("8", "RUE", "AUTRE")})
    )
    assert line_of(actor, candidate, "name_commune", DAY, Rules(NOTHING)).hidden == "home"


def test_setting_shows_addresses_of_associations_without_employee(found):
    """The deployer may show them; homes that say so stay hidden."""
    actor = wanted()
    (shown,) = found(actor, unit(1, "LE MOULIN INVENTE", employer="N", band="NN"), shows_all=True)
    assert line_of(actor, shown, "name_commune", DAY, Rules(NOTHING)).address == "1 rue Inventee 1"
    (home,) = found(actor, unit(1, "LE MOULIN INVENTE", {"complement": "CHEZ MME INVENTEE"}), shows_all=True)
    assert line_of(actor, home, "name_commune", DAY, Rules(NOTHING)).address == ""


def test_unit_that_objects_leaves_its_mark_and_nothing_else(found):
    """By SIREN or SIRET: the line says only that somebody is not to be shown."""
    actor = wanted()
    (candidate,) = found(actor, unit(1, "LE MOULIN INVENTE"))
    numbers = {"siren": candidate.siren, "siret": candidate.sites[0]["siret"]}
    for kind, value in numbers.items():
        line = line_of(actor, candidate, "name_commune", DAY, Rules(NOTHING, Withheld((Entry(kind, value),))))
        assert (line.hidden, line.naf, line.siren) == ("withheld", "", "")
        assert line.mark == mark_of(actor.actor_id, numbers["siren"], numbers["siret"])


def test_natural_persons_are_nobody(found):
    """A person of the same name is no candidate, not even for somebody to look at."""
    actor = wanted()
    assert found(actor, unit(1, "LE MOULIN INVENTE", is_person=True, nature="1000")) == []


def test_nobody_whom_we_do_not_show_is_asked_for(raw, geography):
    """Sensitive places, homes and who objects: no question holds their name; all others are asked for once."""
    home = raw.index[raw["is_sensitive"].eq("") & raw["address"].eq("")][0]
    rows = raw.copy()
    rows.loc[home, "address"] = "2 rue Haute, chez Mme Inventée"
    objects = str(raw["id"].iloc[-1])
    rules = Rules(NOTHING, Withheld((Entry("actor_id", objects),)))
    asked: list[Question] = []

    def ask(some):
        asked.extend(some)
        return Asked(dict.fromkeys(some))

    outcome = enrich(rows, geography, ask, rules)
    hidden = rows[rows["is_sensitive"].eq("yes") | rows["id"].isin([objects, rows.at[home, "id"]])]
    wanted_ids = {one.actor_id for one in wanted_actors(rows, geography, rules)[0]}
    assert not wanted_ids & set(hidden["id"])
    sent = {(question.text, question.commune_code) for question in asked}
    for row in hidden.to_dict("records"):
        assert (search_texts(row["name"], row["commune"], "31")[0], row["commune_code"]) not in sent
    assert outcome.outcomes["not_to_ask"] >= len(hidden)
    assert sum(outcome.outcomes.values()) == len(rows)
    assert outcome.outcomes["no_answer"] == len(wanted_ids)


def test_known_numbers_are_asked_for_by_number():
    """A SIRET is enough; a SIREN needs the name too, which shows the establishments of the commune."""
    siren = with_key("94000001")
    siret = with_key(f"{siren}0001")
    assert questions(wanted(siren=siren, siret=siret)) == [Question(siret)]
    assert questions(wanted(siren=siren)) == [Question(siren), Question("moulin invente", "31555")]
    assert questions(wanted()) == [Question("moulin invente", "31555")]


def test_actor_of_known_number_is_that_unit_whatever_the_names(found):
    """Its own SIREN or SIRET decides; a unit of its name and another number is not it."""
    units = [unit(1, "LES GENS DU QUAI", {}, {"street": ("8", "RUE", "AUTRE")}), unit(2, "LE MOULIN INVENTE")]
    siren, siret = units[0].siren, units[0].sites[1].siret
    actor = wanted(siren=siren, siret=siret)
    decision = judge(actor, [one for one in found(actor, *units) if one.siren == siren])
    assert told(decision) == "siret"
    line = line_of(actor, decision[0], "siret", DAY, Rules(NOTHING))
    assert (line.siret, line.score) == (siret, "1.00")


@pytest.mark.parametrize(
    ("name", "commune", "texts"),
    [
        ("La Sève (ressourcerie d'Aspet)", "Aspet", ["seve ressourcerie", "seve", "ressourcerie aspet"]),
        ("MJC de Pibrac", "Pibrac", ["mjc pibrac"]),
        ("Le 100ème Singe", "Castanet-Tolosan", ["singe"]),
        ("Recyclo'Bat", "Toulouse", ["recyclobat", "recyclo bat"]),
        ("Association La Scop", "Muret", ["association la scop"]),
    ],
)
def test_texts_looked_for_hold_what_a_register_has_too(name, commune, texts):
    """Little words, legal forms, ordinals and the commune are left out where something is left."""
    assert search_texts(name, commune, "31") == texts
