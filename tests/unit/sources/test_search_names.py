"""Looking for names in the register: every answer once, kept on disk, never too fast, and an honest end."""

from __future__ import annotations

import httpx
import pytest

from essmap.errors import SourceError
from essmap.sources.client import Client, Manners
from essmap.sources.search_api import SearchService
from essmap.sources.search_names import PAGES_AT_MOST, Question, ask_names
from standins.made_up_department import Site, Unit, with_key
from standins.search_api import FakeClock, SearchStandIn

MURET = ("31395", "MURET", "31600")


def unit(number: int, name: str, **said: object) -> Unit:
    """Return a made-up association of Muret."""
    siren = with_key(f"{93_000_000 + number:08}")
    made = Unit(siren, name, "", "9220", "94.99Z", "S", "O", "11", **said)  # type: ignore[arg-type]
    made.sites.append(Site(with_key(f"{siren}0001"), *MURET, (str(number), "RUE", "INVENTEE"), is_seat=True))
    return made


UNITS = [unit(number, f"JARDIN INVENTE {chr(65 + number)}") for number in range(20)] + [
    unit(50 + number, "CLUB INVENTE") for number in range(130)
]
QUESTIONS = [Question("jardin invente", "31395"), *(Question(f"jardin {chr(97 + n)}", "31395") for n in range(20))]


@pytest.fixture
def asking(tmp_path):
    """Ask a stand-in whose clock moves when somebody waits."""
    clock = FakeClock()
    stand_in = SearchStandIn(UNITS, clock=clock, other_copy=0)
    service = SearchService("http://stand.in/", tmp_path)

    def ask(questions, *, rate=1000, offline=False, **state):
        for name, value in state.items():
            setattr(stand_in, name, value)
        chosen = SearchService(service.url, service.cache, Manners(rate), service.max_age_days, offline)
        with Client(chosen.manners, transport=stand_in.transport(), clock=clock, seed=1) as client:
            return ask_names(chosen, questions, client=client)

    ask.stand_in = stand_in
    return ask


def test_every_word_must_be_there_in_the_commune(asking):
    """A question finds the units that have all its words, in its commune only; closed ones never."""
    found = asking([QUESTIONS[0], Question("jardin invente", "31555"), Question("jardin absent", "31395")]).found
    assert [len(answer.units) for answer in found.values()] == [20, 0, 0]
    assert {query["etat_administratif"] for query in asking.stand_in.queries} == {"A"}


def test_number_is_asked_alone_and_believed_only_if_it_is_that_one(asking):
    """A SIREN or SIRET is sent without any filter, which the service would ignore."""
    siren = UNITS[3].siren
    asked = asking([Question(siren), Question(UNITS[4].sites[0].siret), Question(with_key("99999999"))])
    assert [[one["siren"] for one in answer.units] for answer in asked.found.values()] == [
        [siren], [UNITS[4].siren], [],
    ]  # fmt: skip
    assert all("code_commune" not in query for query in asking.stand_in.queries)


def test_too_many_of_one_name_are_said_to_be_cut(asking):
    """More than the pages that are read: what was read is given, and that there is more."""
    answer = asking([Question("club invente", "31395")]).found[Question("club invente", "31395")]
    assert (len(answer.units), answer.is_cut) == (25 * PAGES_AT_MOST, True)
    assert len(asking.stand_in.times) == PAGES_AT_MOST


def test_repeated_questions_are_asked_once_and_kept(asking):
    """The same questions again, in the same run or the next, send nothing; offline neither."""
    first = asking([*QUESTIONS, *QUESTIONS])
    assert first.requests == len(QUESTIONS) == len(asking.stand_in.times)
    for offline in (False, True):
        again = asking(QUESTIONS, offline=offline)
        assert (again.requests, again.from_disk) == (0, len(QUESTIONS))
        assert [one.units for one in again.found.values()] == [one.units for one in first.found.values()]


def test_offline_what_is_not_on_disk_has_no_answer(asking):
    """Nobody is asked; the question stays open."""
    assert asking([QUESTIONS[0]], offline=True).found == {QUESTIONS[0]: None}
    assert asking.stand_in.times == []


def test_old_answers_are_asked_again(asking):
    """After the age that the settings give, the service is asked once more."""
    asking(QUESTIONS[:3])
    asking.stand_in.clock.sleep(2 * 86_400)
    assert asking(QUESTIONS[:3]).requests == 3


def test_declared_rate_is_kept(asking):
    """At 7 in a second no window of a second holds more, also while the service has bad moments."""
    asking(QUESTIONS, rate=7, faults=("429", "503"), fault_share=0.2)
    times = asking.stand_in.times
    assert max(sum(start <= moment < start + 1 for moment in times) for start in times) <= 7
    assert asking.stand_in.served


@pytest.mark.parametrize("moment", [1, 9, 20])
def test_interrupted_it_goes_on_where_it_stopped(asking, monkeypatch, moment):
    """Stopped at a request, the next run asks for the rest alone and has the same answers."""
    original, left = httpx.Client.send, [moment]

    def interrupted(self, request, **options):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return original(self, request, **options)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.Client, "send", interrupted)
        with pytest.raises(KeyboardInterrupt):
            asking(QUESTIONS)
    resumed = asking(QUESTIONS)
    assert (resumed.from_disk, resumed.requests) == (moment, len(QUESTIONS) - moment)
    assert len(resumed.found[QUESTIONS[0]].units) == 20


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"faults": ("500",), "fault_share": 1.0}, "réponse 500"),
        ({"faults": ("html",), "fault_share": 1.0}, "DOCTYPE"),
        ({"ignored": frozenset({"code_commune"})}, "code_commune"),
    ],
)
def test_service_that_is_not_what_it_was_is_an_error(asking, state, words):
    """Down, replaced by a page, or ignoring a filter: a sentence, never fewer answers."""
    elsewhere = unit(400, "JARDIN INVENTE AILLEURS")
    elsewhere.sites[0].commune = "31555"
    asking.stand_in.__init__([*UNITS, elsewhere], clock=asking.stand_in.clock, other_copy=0)
    with pytest.raises(SourceError, match=words):
        asking(QUESTIONS, **state)


def test_one_question_without_answer_does_not_stop_the_others(asking):
    """A commune for which the service fails each time is left open; the rest is answered."""
    questions = [QUESTIONS[0], Question("jardin", "31001"), QUESTIONS[1]]
    found = asking(questions, dead_communes=frozenset({"31001"})).found
    assert [answer is None for answer in found.values()] == [False, True, False]
