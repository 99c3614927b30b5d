"""Cities whose districts the register names, and units that no section holds: nobody is lost without a word."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pandas as pd
import pytest

from essmap.sources import search_reading, search_sweep
from essmap.sources.client import Client, Manners
from essmap.sources.search_api import SearchService, read_api
from essmap.sources.search_slices import Places, Slice, with_districts
from standins import search_api as search_stand_in
from standins.made_up_department import FORMER_COMMUNE, MadeUp, Site, Unit, truth, with_key
from standins.search_api import FakeClock, SearchStandIn

MANNERS = Manners(contact="contact@exemple.fr")
CITIES = {
    "75": ("75056", "Paris", [f"{code}" for code in range(75101, 75121)], "750"),
    "69": ("69123", "Lyon", [f"{code}" for code in range(69381, 69390)], "690"),
    "13": ("13055", "Marseille", [f"{code}" for code in range(13201, 13217)], "130"),
}


def read(units, folder, department, communes):
    clock = FakeClock(datetime(2026, 9, 1, 8, tzinfo=UTC))
    stand_in = SearchStandIn(units, clock=clock)
    service = SearchService("https://service.exemple.fr", folder, MANNERS)
    with Client(MANNERS, transport=stand_in.transport(), clock=clock, seed=1) as client:
        return read_api(service, department, communes, client=client)


def unit(number, commune, postcode, **said):
    """A made-up unit with one establishment."""
    siren = with_key(f"{90_000_000 + number:08}")
    values = {"nature": "9220", "naf": "94.99Z", "section": "S", "employer": "O", "band": "01", **said}
    made = Unit(siren, f"ASSOCIATION INVENTÉE N° {number}", "", **values)
    made.sites.append(Site(with_key(f"{siren}0001"), commune, "VILLE", postcode, ("1", "RUE", "X"), is_seat=True))
    return made


@pytest.mark.parametrize("department", CITIES)
def test_each_district_of_a_city_is_read(tmp_path, monkeypatch, department):
    """The geography knows the city, the register its districts: all are there, even if nothing can be counted whole."""
    for module in (search_sweep, search_reading, search_stand_in):
        monkeypatch.setattr(module, "CAP", 50)
    monkeypatch.setattr(search_sweep, "DEEPEST", 25)
    city, name, districts, start = CITIES[department]
    codes = [(district, f"{start}{number:02}") for number, district in enumerate(districts, 1)]
    units = [unit(20 * place + more, *code) for place, code in enumerate(codes) for more in range(12)]
    communes = pd.DataFrame({
        "commune_code": [city], "commune_name": [name], "postcodes": [[postcode for _, postcode in codes]],
        "population": [1_000_000],
    })  # fmt: skip
    found = read(units, tmp_path, department, communes)
    assert set(found.frame["commune_code"]) == set(districts)
    assert len(found.frame) == len(units)
    assert not found.is_complete  # more than the cap under every flag: nobody can say that this is all
    assert any("n’a pas dit combien" in sentence for sentence in found.shortfalls)


def test_districts_have_their_own_postcodes():
    """Of the postcodes of a city each district has those that end with its number; other communes stay as they are."""
    given = Places(
        {"75056": "Paris", "31555": "Toulouse"}, {"75056": ("75001", "75016", "75116"), "31555": ("31000",)},
        {"75056": 2_000_000, "31555": 5},
    )  # fmt: skip
    places = with_districts(given)
    assert len(places.names) == 22
    assert (places.names["75101"], places.postcodes["75101"]) == ("Paris 1er", ("75001",))
    assert places.postcodes["75116"] == ("75016", "75116")
    assert sum(places.population.values()) == sum(given.population.values())


def test_unit_without_section_in_no_known_commune_is_found(tmp_path, communes):
    """The count of the department tells what neither communes nor sections do."""
    units = MadeUp(120, 60, seed=3).units
    units.append(unit(9_999_99, FORMER_COMMUNE[0], FORMER_COMMUNE[2], naf=None, section=None))
    found = read(units, tmp_path, "31", communes)
    assert found.is_complete
    assert found.frame["siret"].tolist() == truth(units)["siret"].tolist()


def test_part_that_nobody_can_count_is_said(tmp_path, communes, monkeypatch):
    """A section over the cap under every flag: the read is partial, never whole for lack of a count."""
    units = copy.deepcopy(MadeUp(200, 120, seed=3).units)
    for one in units:
        one.flags, one.nature, one.section, one.naf = (False, False), "9220", "S", "94.99Z"
    for module in (search_sweep, search_reading, search_stand_in):
        monkeypatch.setattr(module, "CAP", 50)
    found = read(units, tmp_path, "31", communes)
    assert not found.is_complete
    assert any("section S" in sentence for sentence in found.shortfalls)
    assert Slice("31").parameters["departement"] == "31"
