"""`essmap build` as somebody types it, against services of this machine that keep their contracts, or do not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pandas as pd
import pytest
import shapely

from essmap.build.live_completeness import LARGEST_LOST
from essmap.build.register import PARTIAL
from essmap.schema.snapshot import Snapshot
from essmap.store import Store
from standins.geocoder import GeocoderStandIn, Hit, geocoder_stand_in
from standins.made_up_department import MadeUp, Unit, truth
from standins.search_api import SearchStandIn, serve

#: Found for any address: right in Toulouse, refused elsewhere.
CAPITOLE = Hit(1.4436, 43.6045)
#: Tables whose rows a build decides.
DECIDED = ("actors", "merges", "projects")


@pytest.fixture(scope="module")
def units() -> list[Unit]:
    """300 units with every trap of the register."""
    return MadeUp(300, 160, seed=11).units


@dataclass
class Deployment:
    """An empty deployment whose settings name services of this machine."""

    folder: Path
    setting: Callable[[str, str], None]
    geocoder: GeocoderStandIn
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def store(self) -> Store:
        """Its snapshots."""
        return Store(str(self.folder / "snapshots"))

    def serve(self, found: list[Unit], **manners: object) -> SearchStandIn:
        """Serve units from now on."""
        stand_in = SearchStandIn(found, **manners)
        self.setting("ESSMAP_API_URL", self._open.enter_context(serve(stand_in)))
        return stand_in

    def use_another_cache(self, name: str) -> None:
        """Forget what was answered so far."""
        self.setting("ESSMAP_CACHE", str(self.folder / name))


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment at the speed of a mirror of one's own: the speed for the service itself is looked at in one test."""
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SNAPSHOTS": "snapshots", "CACHE": "cache", "WITHHOLD": "withheld.csv", "API_RATE": "1000",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"ESSMAP_{name}", value if value.isdigit() else str(tmp_path / value))
    with ExitStack() as stack:
        geocoder = stack.enter_context(geocoder_stand_in(default=CAPITOLE))
        monkeypatch.setenv("ESSMAP_GEOCODER_URL", geocoder.url)
        yield Deployment(tmp_path, monkeypatch.setenv, geocoder, stack)


def assert_true_set(snapshot: Snapshot, units: list[Unit], communes: pd.DataFrame) -> None:
    """Nobody is missing, nobody is there who should not be: those who are shown by number, the others counted."""
    rows = truth(units)
    known = rows[rows["commune_code"].isin(communes["commune_code"])]
    report, actors = snapshot.report, snapshot.table("actors")
    assert report.rejected["unknown_commune"] == len(rows) - len(known) > 0
    assert len(actors) == len(known)
    shown = set(actors["siret"].dropna())
    is_partial, is_home = known["diffusion"].eq("P"), known["complement"].str.contains("CHEZ")
    assert is_partial.any()
    hidden = set(known.loc[is_partial | is_home, "siret"])
    at_home = set(known.loc[is_home, "siren"])
    certain = known[~is_partial & known["employer"].eq("O") & ~known["siren"].isin(list(at_home))]
    assert set(certain["siret"]) <= shown <= set(known["siret"]) - hidden
    assert len(shown) + sum(report.hidden.values()) == len(known)
    assert report.hidden[PARTIAL] == is_partial.sum()
    lost = len(rows) - len(known)
    completeness = snapshot.manifest.completeness["actors"]
    assert completeness.status == ("partial" if lost > LARGEST_LOST * len(rows) else "exhaustive")
    assert f"{lost} établissement" in completeness.sentence


def assert_same_tables(one: Snapshot, other: Snapshot) -> None:
    for name in DECIDED:
        left, right = (pd.DataFrame(each.table(name)) for each in (one, other))
        pd.testing.assert_frame_equal(left, right)


def most_in_a_second(times: list[float]) -> int:
    return max(sum(start <= moment < start + 1 for moment in times) for start in times)


def test_one_command_makes_the_whole_department(cli, deployment, units, communes):
    """Every establishment is there or counted, positions are within their commune, and the report says it all."""
    stand_in = deployment.serve(units, other_copy=0.1)
    answer = cli("build", "--source", "api", "--report", "report.json")
    assert (answer.code, answer.err) == (0, "")
    snapshot = deployment.store.load("31")
    assert_true_set(snapshot, units, communes)
    assert snapshot.report.figures["requests"] == len(stand_in.times)
    placed = snapshot.layer("actors")[snapshot.table("actors")["geo_precision"].ne("municipality")]
    outlines = communes.set_index("commune_code").geometry.loc[placed["commune_code"]]
    assert shapely.covers(outlines.to_numpy(), placed.geometry.to_numpy()).all()
    assert snapshot.report.geocoding["outcomes.housenumber"] > 0
    (geocoder,) = (source for source in snapshot.manifest.sources if source.key == "geocoder")
    assert (geocoder.publisher, geocoder.licence, geocoder.rows_in) == ("IGN", "Licence Ouverte 2.0", 0)
    assert "Base Adresse Nationale" in answer.out
    assert "a été lu en entier, mais la liste est partielle" in answer.out
    assert "demandes faites au service" in answer.out


def test_large_department_with_a_commune_over_the_cap(cli, deployment, communes, capsys):
    """12,000 units of which 10,300 in one commune: the true set, in under 2,000 requests; the speed is printed."""
    many = MadeUp(12_000, 10_300).units
    stand_in = deployment.serve(many, other_copy=0.05)
    start = time.monotonic()
    answer = cli("build", "--source", "api")
    spent = time.monotonic() - start
    assert (answer.code, answer.err) == (0, "")
    snapshot = deployment.store.load("31")
    assert_true_set(snapshot, many, communes)
    assert len(stand_in.times) < 2_000
    with capsys.disabled():
        print(f"\n12,000 units: {len(stand_in.times)} requests, {len(deployment.geocoder.files)} files geocoded, "  # noqa: T201
              f"{len(snapshot.table('actors'))} actors, {spent:.0f} s without waiting between requests")  # fmt: skip


def test_register_and_gathered_list_together(cli, deployment, units):
    """`--online` keeps every gathered identifier, adds the register and says what became of both."""
    deployment.serve(units)
    answer = cli("build", "--online")
    assert answer.code == 0
    snapshot = deployment.store.load("31")
    ids = set(snapshot.table("actors")["actor_id"])
    assert set(snapshot.table("projects")["actor_id"].dropna()) <= ids
    records = {source.key: source for source in snapshot.manifest.sources}
    both = [records["api_search"], records["starter_actors"]]
    assert sum(record.rows_kept for record in both) == len(ids)
    confirmed = snapshot.table("actors").set_index("source")["is_confirmed"]
    assert confirmed["api_search"].all()
    assert not confirmed["starter_actors"].fillna(value=False).all()


def test_part_that_is_lost_for_good_makes_the_list_partial(cli, deployment, units, waits):
    """Units that the service counts and never shows: the build says where, and what may not be concluded."""
    lost = [unit.siren for unit in units if unit.is_ess and unit.is_open and not unit.is_person
            and {site.commune for site in unit.sites} == {"31555"}][:3]  # fmt: skip
    deployment.serve(units, lost=frozenset(lost))
    answer = cli("build", "--source", "api", "--no-geocode")
    assert answer.code == 0
    snapshot = deployment.store.load("31")
    completeness = snapshot.manifest.completeness["actors"]
    assert completeness.status == "partial"
    assert "n’a pas pu être lu en entier" in completeness.sentence
    assert completeness.sentence in answer.out
    assert snapshot.report.shortfalls
    assert "n’a pas pu être lue en entier" in answer.err or "n’ont pas pu être lues en entier" in answer.err
    assert not set(lost) & set(snapshot.table("actors")["siren"].dropna())


WRONG = {
    "ignores the ESS": ({"ignored": frozenset({"est_ess"})}, "est_ess"),
    "ignores communes": ({"ignored": frozenset({"code_commune"})}, "code_commune"),
    "answers a page": ({"faults": ("html",), "fault_share": 1.0}, "DOCTYPE"),
    "is down": ({"faults": ("500",), "fault_share": 1.0}, "réponse 500"),
}


@pytest.mark.parametrize(("manners", "words"), WRONG.values(), ids=WRONG)
def test_service_that_is_not_what_it_was_changes_nothing(cli, deployment, units, waits, manners, words):
    """A clear sentence, an exit code, and the build in use stays the one in use."""
    assert cli("build").code == 0
    before = deployment.store.current("31")
    deployment.serve(units, **manners)
    answer = cli("build", "--source", "api")
    assert answer.code == 4
    assert words in answer.err
    assert "Étape suivante" in answer.err
    assert "Traceback" not in answer.err
    assert (deployment.store.current("31"), deployment.store.builds("31")) == (before, [before])


def test_geocoder_that_is_down_changes_nothing(cli, deployment, units, waits):
    """Positions are part of a build: without the geocoder nothing is put in use, and what was read is kept."""
    stand_in = deployment.serve(units)
    deployment.setting("ESSMAP_GEOCODER_URL", "http://127.0.0.1:1/geocodage")
    answer = cli("build", "--source", "api")
    assert answer.code == 4
    assert "injoignable" in answer.err
    assert deployment.store.departments() == []
    asked = len(stand_in.times)
    assert cli("build", "--source", "api", "--no-geocode").code == 0
    assert len(stand_in.times) == asked


def test_offline_nobody_is_asked_and_the_same_comes_out(cli, deployment, units):
    """A finished run is replayed from disk; where nothing is on disk that is said."""
    stand_in = deployment.serve(units)
    answer = cli("build", "--source", "api", "--offline")
    assert (answer.code, stand_in.times, deployment.geocoder.files) == (4, [], [])
    assert "Hors connexion" in answer.err
    cli("build", "--online")
    first = deployment.store.load("31")
    asked = len(stand_in.times), len(deployment.geocoder.files)
    answer = cli("build", "--online", "--offline")
    assert (answer.code, answer.err) == (0, "")
    again = deployment.store.load("31")
    assert again.manifest.build_id != first.manifest.build_id
    assert_same_tables(first, again)
    assert (len(stand_in.times), len(deployment.geocoder.files)) == asked
    assert (again.report.figures["requests"], again.report.geocoding["requests"]) == (0, 0)
    assert [change.count for change in (again.report.changes.new, again.report.changes.moved)] == [0, 0]


def test_offline_an_unknown_address_stays_at_its_commune(cli, deployment, units):
    """Without any answer of the geocoder on disk the build goes on, and counts whom it could not place."""
    deployment.serve(units)
    cli("build", "--source", "api", "--no-geocode")
    answer = cli("build", "--source", "api", "--offline")
    assert answer.code == 0
    report = deployment.store.load("31").report
    assert report.geocoding["outcomes.offline"] > 0
    assert deployment.geocoder.files == []
    assert "non demandées (construction hors ligne)" in answer.out
    assert "geocoder" not in {source.key for source in deployment.store.load("31").manifest.sources}


@pytest.mark.parametrize("moment", [3, 60, 200])
def test_interrupted_anywhere_and_run_again_it_ends_the_same(cli, deployment, units, monkeypatch, moment):
    """Stopped at a request, nothing is in use; the next run asks for the rest alone, and comes to the same tables."""
    deployment.serve(units)
    cli("build", "--source", "api")
    whole = deployment.store.load("31")
    deployment.use_another_cache("other")
    deployment.setting("ESSMAP_SNAPSHOTS", str(deployment.folder / "others"))
    original, left = httpx.Client.send, [moment]

    def interrupted(self, request, **options):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return original(self, request, **options)

    with monkeypatch.context() as patch:
        patch.setattr(httpx.Client, "send", interrupted)
        assert cli("build", "--source", "api").code == 130
    others = Store(str(deployment.folder / "others"))
    assert others.departments() == []
    assert cli("build", "--source", "api").code == 0
    resumed = others.load("31")
    assert resumed.report.figures["answers_from_disk"] == moment
    assert_same_tables(whole, resumed)


def test_killed_process_leaves_nothing_half_done(deployment, units, capsys):
    """The real command, killed by the system at full stride: no more than 7 requests in any second; then it goes on."""
    stand_in = deployment.serve(units)
    command = [sys.executable, "-m", "essmap.cli", "build", "--source", "api"]
    slow = {**os.environ, "ESSMAP_API_RATE": "7"}
    with subprocess.Popen(command, env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while len(stand_in.times) < 25 and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):  # it may have died: that is known at once
                process.wait(0.02)
        process.send_signal(signal.SIGKILL)
    before_kill = list(stand_in.times)
    assert process.returncode == -signal.SIGKILL
    assert deployment.store.departments() == []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert deployment.store.load("31").report.figures["answers_from_disk"] >= 24
    fastest = most_in_a_second(before_kill)
    with capsys.disabled():
        print(f"\nat the declared rate: {len(before_kill)} requests, at most {fastest} in a second")  # noqa: T201
    assert fastest <= 7
