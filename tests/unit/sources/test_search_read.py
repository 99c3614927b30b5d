"""Reading a whole department from the search service, whatever it does: exactly the true set, or a clear word."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
from datetime import UTC, datetime, timedelta

import httpx
import pandas as pd
import pytest

from essmap.errors import SourceError
from essmap.sources import search_networks, search_reading, search_sweep
from essmap.sources.client import Client, Manners
from essmap.sources.search_api import SearchService, read_api
from standins import search_api as search_stand_in
from standins.made_up_department import CITY, FORMER_COMMUNE, MadeUp, truth
from standins.search_api import FAULTS, FakeClock, SearchStandIn, serve

MANNERS = Manners(contact="contact@exemple.fr")


@pytest.fixture(scope="module")
def large():
    """12,000 units, 10,300 of them in one commune."""
    return MadeUp(12_000, 10_300).units


@pytest.fixture(scope="module")
def small():
    """500 units with the same traps."""
    return MadeUp(500, 300, seed=7).units


def read(stand_in, folder, communes, **said):
    """Read the department from a stand-in, without network or waiting."""
    stand_in.clock = stand_in.clock or FakeClock()
    transport = said.pop("transport", None) or stand_in.transport()
    progress = said.pop("progress", lambda _done, _expected: None)
    service = SearchService("https://service.exemple.fr", folder, MANNERS, **said)
    with Client(MANNERS, transport=transport, clock=stand_in.clock, seed=1) as client:
        return read_api(service, "31", communes, client=client, progress=progress)


def assert_exact(found, units):
    pd.testing.assert_frame_equal(found.frame, truth(units))
    assert found.is_complete
    assert found.shortfalls == ()
    assert found.rows_in == len(found.frame) + sum(found.rejected.values())


def most_in_a_second(times):
    return max(sum(start <= moment <= start + 1 for moment in times[place : place + 50])
               for place, start in enumerate(times))  # fmt: skip


def test_large_department_is_read_exactly_under_all_faults(large, communes, tmp_path, capsys):
    """12,000 units, one commune over the cap, every fault at once: the true rows, politely, in under 2,000 requests."""
    stand_in = SearchStandIn(large, other_copy=0.06, faults=FAULTS, fault_share=0.03)
    steps = []
    found = read(stand_in, tmp_path, communes, progress=lambda *step: steps.append(step))
    assert_exact(found, large)
    assert set(stand_in.served) == set(FAULTS)
    fastest = most_in_a_second(stand_in.times)
    with capsys.disabled():
        print(f"\n12,000 units: {len(stand_in.times)} requests, at most {fastest} in a second")  # noqa: T201
    assert fastest <= 7
    assert len(stand_in.times) == found.figures["requests"] < 2_000
    assert found.figures["units"] == 12_000
    assert found.rejected["closed"] > 0
    assert found.rejected["natural_person"] > 0
    assert found.figures["elsewhere"] > 0
    assert {FORMER_COMMUNE[0], CITY} <= set(found.frame["commune_code"])
    assert all(done < expected for done, expected in steps[:-1])
    assert steps[-1] == (found.figures["answers"], found.figures["answers"])
    assert not any("PERSONNE" in path.read_text(encoding="utf-8") for path in (tmp_path / "search-api").iterdir())
    assert all("essmap/" in agent and "contact@exemple.fr" in agent for agent in stand_in.agents)


@pytest.mark.parametrize("other_copy", [0.0, 0.2, 0.5])
def test_pages_that_repeat_and_skip_are_made_whole(small, communes, tmp_path, other_copy):
    """Whatever share of pages comes from another copy of the index, nothing is missing in the end."""
    assert_exact(read(SearchStandIn(small, other_copy=other_copy), tmp_path, communes), small)


@pytest.mark.parametrize("seed", range(2))
def test_slices_over_the_limit_are_divided(small, communes, tmp_path, monkeypatch, seed):
    """With a low limit all ways to divide are used, and together they find everything."""
    monkeypatch.setattr(search_sweep, "DEEPEST", 30)
    stand_in = SearchStandIn(small, other_copy=0.3, seed=seed)
    assert_exact(read(stand_in, tmp_path, communes), small)
    assert {"section_activite_principale", "code_postal"} <= set().union(*stand_in.queries)


@pytest.fixture(scope="module")
def in_quarters(small):
    """The same units, parted evenly by what the service computes: below a low cap, all of them can be counted."""
    units = copy.deepcopy(small)
    for number, unit in enumerate(units):
        unit.flags = (number % 2 == 0, number % 4 < 2)
    return units


@pytest.fixture
def low_cap(monkeypatch):
    """A service that gives no more than 200 units for one question, and a reader that knows it."""
    for module in (search_sweep, search_reading, search_stand_in):
        monkeypatch.setattr(module, "CAP", 200)
    monkeypatch.setattr(search_sweep, "DEEPEST", 60)


def test_commune_over_the_cap_is_counted_by_halves_and_read_by_parts(in_quarters, communes, tmp_path, low_cap):
    """No question about the city as a whole goes beyond the cap, yet all of it is found."""
    stand_in = SearchStandIn(in_quarters, other_copy=0.2)
    assert_exact(read(stand_in, tmp_path, communes), in_quarters)
    assert "convention_collective_renseignee" in set().union(*stand_in.queries)


def test_loss_in_a_commune_over_the_cap_is_said(small, communes, tmp_path, low_cap):
    """Where the whole cannot be counted at once, a part that is short is not forgotten."""
    lost = [unit.siren for unit in small if unit.section == "Q" and {site.commune for site in unit.sites} == {CITY}
            and unit.is_ess and unit.is_open]  # fmt: skip
    found = read(SearchStandIn(small, lost=frozenset(lost[:8])), tmp_path, communes)
    assert not found.is_complete
    assert any("Toulouse, section Q" in sentence for sentence in found.shortfalls)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_is_survived(small, communes, tmp_path, fault):
    """Every kind of bad moment, on one request in eight."""
    stand_in = SearchStandIn(small, faults=(fault,), fault_share=0.12)
    assert_exact(read(stand_in, tmp_path, communes), small)
    assert stand_in.served[fault] > 10
    assert most_in_a_second(stand_in.times) <= 7


class KilledError(BaseException):
    """What no code catches."""


@pytest.fixture(scope="module")
def undisturbed(small, communes, tmp_path_factory):
    """A read that nothing stopped, and how many requests it took."""
    stand_in = SearchStandIn(small, other_copy=0.2)
    return read(stand_in, tmp_path_factory.mktemp("undisturbed"), communes), len(stand_in.times)


@pytest.mark.parametrize("after", [0, 7, 60, 150])
def test_read_that_was_killed_goes_on_and_ends_the_same(small, communes, tmp_path, after, undisturbed):
    """Killed at any request and started again, twice: the same rows, and no answer is asked for twice."""
    expected, requests = undisturbed
    stand_in = SearchStandIn(small, other_copy=0.2, clock=FakeClock())
    inner = stand_in.transport()
    for limit in (after, after + 30):
        count = itertools.count()

        def handle(request, limit=limit, count=count):
            if next(count) >= limit:
                raise KilledError
            return inner.handle_request(request)

        with pytest.raises(KilledError):
            read(stand_in, tmp_path / "killed", communes, transport=httpx.MockTransport(handle))
    found = read(stand_in, tmp_path / "killed", communes)
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    assert found.files[0].sha256 == expected.files[0].sha256
    assert len(stand_in.times) == requests
    assert found.figures["answers_from_disk"] == 2 * after + 30


def test_finished_read_is_replayed_offline(small, communes, tmp_path):
    """Offline, years later, the same rows come from the disk without one request; the vintage stays that of then."""
    first = read(SearchStandIn(small), tmp_path, communes)
    later = SearchStandIn(small, clock=FakeClock())
    later.clock.start += timedelta(days=1000)
    again = read(later, tmp_path, communes, offline=True)
    assert later.times == []
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert again.files == first.files
    assert (first.files[0].vintage, first.files[0].fetched_at) == ("2026-09-01", "2026-09-01")
    assert again.figures["requests"] == 0


def test_missing_answer_offline_is_said(small, communes, tmp_path):
    """One answer gone from the disk: a sentence that says what to do, and no request."""
    read(SearchStandIn(small), tmp_path, communes)
    next((tmp_path / "search-api").iterdir()).unlink()
    alone = SearchStandIn(small)
    with pytest.raises(SourceError, match=r"Hors connexion.*relancer avec le réseau"):
        read(alone, tmp_path, communes, offline=True)
    assert alone.times == []


def test_old_and_damaged_answers_are_asked_for_again(small, communes, tmp_path):
    """After the age limit everything is asked again; a damaged file alone is asked again alone."""
    first = SearchStandIn(small)
    expected = read(first, tmp_path, communes)
    next((tmp_path / "search-api").iterdir()).write_bytes(b"{}")
    second = SearchStandIn(small)
    pd.testing.assert_frame_equal(read(second, tmp_path, communes).frame, expected.frame)
    assert len(second.times) == 1
    third = SearchStandIn(small, clock=FakeClock())
    third.clock.start += timedelta(days=1, minutes=1)
    found = read(third, tmp_path, communes)
    assert len(third.times) == len(first.times)
    assert found.files[0].fetched_at == "2026-09-02"


def test_units_that_are_counted_but_never_shown_are_said(small, communes, tmp_path):
    """A service that loses one slice for good: the rest is read, and a sentence says where and how many lack."""
    in_one_place = [
        unit.siren
        for unit in small
        if {site.commune for site in unit.sites} == {CITY} and unit.section == "R" and unit.is_ess and unit.is_open
    ]
    stand_in = SearchStandIn(small, lost=frozenset(in_one_place[5:]))
    found = read(stand_in, tmp_path, communes)
    assert not found.is_complete
    assert any("Toulouse" in sentence and "section R" in sentence for sentence in found.shortfalls)
    there = truth(small)
    assert set(there["siret"]) - set(found.frame["siret"]) == set(there["siret"][there["siren"].isin(in_one_place[5:])])


def test_loss_of_a_few_units_in_a_large_slice_is_said(small, communes, tmp_path):
    """Fewer than the tolerance of the slice they were first asked in: smaller slices, whose totals are exact, tell."""
    few = [unit.siren for unit in small if {site.commune for site in unit.sites} == {"31149"} and unit.is_ess
           and unit.is_open]  # fmt: skip
    found = read(SearchStandIn(small, lost=frozenset(few[:1])), tmp_path, communes)
    assert not found.is_complete
    assert any("Colomiers" in sentence for sentence in found.shortfalls)


def test_commune_that_never_answers_is_said_and_the_rest_is_read(small, communes, tmp_path):
    """Every request that names a commune fails: what is only there is missing, a sentence names the commune."""
    stand_in = SearchStandIn(small, dead_communes=frozenset({"31149"}), other_copy=0)
    found = read(stand_in, tmp_path, communes)
    assert not found.is_complete
    assert any("Colomiers" in sentence for sentence in found.shortfalls)
    missing = truth(small).set_index("siret").drop(found.frame["siret"])
    assert set(missing["commune_code"]) <= {"31149"}
    again = read(SearchStandIn(small), tmp_path, communes, offline=True)
    pd.testing.assert_frame_equal(again.frame, found.frame)
    assert again.shortfalls == found.shortfalls
    mended = read(SearchStandIn(small), tmp_path, communes)
    assert_exact(mended, small)


def test_service_that_is_down_is_an_error(small, communes, tmp_path):
    """Nothing answers from the start, or from some moment on: an error that says to come back, soon enough."""
    stand_in = SearchStandIn(small, faults=("503",), fault_share=1)
    with pytest.raises(SourceError, match=r"réponse 503.*relancer plus tard"):
        read(stand_in, tmp_path, communes)
    assert len(stand_in.times) == MANNERS.attempts
    dying = SearchStandIn(small, clock=FakeClock())
    inner, count = dying.transport(), itertools.count()

    def handle(request):
        if next(count) > 60:
            raise httpx.ConnectError("refused", request=request)
        return inner.handle_request(request)

    with pytest.raises(SourceError, match="injoignable"):
        read(dying, tmp_path / "dying", communes, transport=httpx.MockTransport(handle))
    assert next(count) < 150


@pytest.mark.parametrize("name", ["est_ess", "etat_administratif", "code_commune", "per_page", "page"])
def test_service_that_ignores_a_filter_is_an_error(small, communes, tmp_path, name):
    """A filter that the service no longer knows would make the result silently wrong: it stops the read, by name."""
    with pytest.raises(SourceError, match=f"filtre.*{name}"):
        read(SearchStandIn(small, ignored=frozenset({name})), tmp_path, communes)


@pytest.mark.parametrize("name", ["code_postal", "est_association", "convention_collective_renseignee"])
def test_service_that_ignores_what_only_large_communes_need_is_an_error(in_quarters, communes, tmp_path, low_cap, name):
    """Postcodes and flags part what is over the cap: a service that no longer knows them is found out too."""
    with pytest.raises(SourceError, match=f"filtre.*{name}"):
        read(SearchStandIn(in_quarters, ignored=frozenset({name})), tmp_path, communes)


def test_service_that_ignores_how_many_establishments_to_show_is_an_error(small, communes, tmp_path):
    """Ten establishments of a unit that has more: the service is asked for nine, and shows ten."""
    name = "limite_matching_etablissements"
    with pytest.raises(SourceError, match=f"filtre.*{name}"):
        read(SearchStandIn(small, ignored=frozenset({name})), tmp_path, communes)
    assert_exact(read(SearchStandIn(small), tmp_path, communes), small)


def test_unit_that_truly_shows_ten_establishments_is_believed(communes, tmp_path):
    """Ten of eleven establishments are here: one more request proves that the service obeys, and is replayed too."""
    units = [unit for unit in MadeUp(60, 30, seed=3).units if len(unit.sites) < 10]
    site = next(site for unit in units if unit.is_ess and unit.is_open and not unit.is_person
                and not unit.is_masked for site in unit.sites if site.commune == CITY)  # fmt: skip
    unit = next(unit for unit in units if site in unit.sites)
    unit.sites[:] = [dataclasses.replace(site, siret=f"{unit.siren}{number:05}", commune=CITY if number else "09122",
                                         is_seat=not number) for number in range(11)]  # fmt: skip
    found = read(SearchStandIn(units), tmp_path, communes)
    assert_exact(found, units)
    asked = SearchStandIn(units)
    assert read(asked, tmp_path, communes, offline=True).files == found.files
    assert asked.times == []


def test_service_that_changed_is_an_error(communes, tmp_path):
    """JSON of another shape is no empty department."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=json.dumps({"resultats": []})))
    with pytest.raises(SourceError, match="ne répond plus comme prévu"):
        read(SearchStandIn([]), tmp_path, communes, transport=transport)


def test_department_without_any_unit_is_read_too(communes, tmp_path):
    """Nothing anywhere is a whole and empty read."""
    found = read(SearchStandIn([]), tmp_path, communes)
    assert (len(found.frame), found.is_complete, found.rows_in) == (0, True, 0)


@pytest.mark.parametrize("inner_pages", [False, True])
def test_units_of_more_than_100_establishments_are_completed(small, communes, tmp_path, inner_pages):
    """A federation, a national union and a network of one commune: all that is here is found, by whatever way works."""
    found = read(SearchStandIn(small, inner_pages=inner_pages), tmp_path, communes)
    networks = [unit for unit in small if len(unit.sites) > 100]
    assert len(networks) == found.figures["networks"] == 3
    there = truth(networks)
    assert len(there) > 200
    ours = found.frame[found.frame["siren"].isin(there["siren"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, there)


def test_large_unit_that_cannot_be_completed_is_said(small, communes, tmp_path, monkeypatch):
    """Where too many SIRET would have to be asked for, a sentence counts the units and names none."""
    monkeypatch.setattr(search_networks, "_LOOKUPS_AT_MOST", 0)
    found = read(SearchStandIn(small), tmp_path, communes)
    assert not found.is_complete
    assert any("organisme" in sentence and "fichiers Sirene" in sentence for sentence in found.shortfalls)
    large = [unit for unit in small if len(unit.sites) > 100]
    assert not any(unit.name in said or unit.siren in said for unit in large for said in found.shortfalls)


def test_unit_that_leaves_while_the_department_is_read_is_no_shortfall(small, communes, tmp_path):
    """A unit that leaves the index between two answers: the read ends whole, and it hides at most one other."""
    gone = next(unit for unit in small if unit.is_ess and unit.is_open and len(unit.sites) == 1
                and unit.sites[0].commune == CITY)  # fmt: skip
    before = SearchStandIn(small, other_copy=0, clock=FakeClock())
    after = SearchStandIn([unit for unit in small if unit is not gone], other_copy=0, clock=before.clock)
    inner, outer, count = before.transport(), after.transport(), itertools.count()

    def handle(request):
        return (inner if next(count) < 25 else outer).handle_request(request)

    found = read(before, tmp_path, communes, transport=httpx.MockTransport(handle))
    assert found.is_complete
    assert len(set(truth(after.units)["siret"]) - set(found.frame["siret"])) <= 1


def test_department_is_read_over_real_http(small, communes, tmp_path):
    """Over a real connection, cut and broken now and then, the same rows."""
    faults = tuple(fault for fault in FAULTS if fault not in {"slow", "500", "503"})
    stand_in = SearchStandIn(small, faults=faults, fault_share=0.05, retry_after=0)
    clock = FakeClock(datetime.now(UTC))
    with serve(stand_in) as url, Client(Manners(rate=1000), clock=clock, seed=1) as client:
        service = SearchService(url, tmp_path, MANNERS)
        assert_exact(read_api(service, "31", communes, client=client), small)
    assert set(stand_in.served) == set(faults)


def test_answer_that_never_ends_over_real_http_is_given_up(small, communes, tmp_path):
    """A connection that stays silent is left after the time it may take."""
    stand_in = SearchStandIn(small, faults=("slow",), fault_share=1)
    with serve(stand_in) as url:
        manners = dataclasses.replace(MANNERS, timeout_s=0.05, attempts=2)
        with Client(manners, clock=FakeClock(), seed=1) as client, pytest.raises(SourceError, match="trop lente"):
            read_api(SearchService(url, tmp_path, manners), "31", communes, client=client)
    assert len(stand_in.times) == 2
