"""`essmap enrich` as somebody types it, against a register of this machine: found, reviewed, undone, built with."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from essmap.build.enrich import enrich
from essmap.build.enrich_lines import Rules
from essmap.build.enrichment import NOTHING, Line, read_enrichment
from essmap.build.starter import load_geography
from essmap.build.starter_files import read_starter
from essmap.sources.client import Manners
from essmap.sources.search_api import SearchService
from essmap.sources.search_names import ask_names
from essmap.store import Store
from standins.geocoder import GeocoderStandIn, Hit, geocoder_stand_in
from standins.made_up_department import Site, Unit, with_key
from standins.search_api import SearchStandIn, serve

TOULOUSE = ("31555", "TOULOUSE", "31000")
#: Gathered rows of Toulouse that have neither address nor point, and what the register holds of each.
EMPLOYER, NO_POINT, HOME, MASKED, TWICE, NEARLY, NETWORK = (
    "Tetaneutral.net", "Clémence Isaure", "Solagro", "Vélorution Toulouse", "Les Passeurs", "Mixagrumes",
    "Récup'Occitanie",
)  # fmt: skip
HIDDEN_STREET = ("7", "RUE", "DES MOTS-CACHES")


def unit(number: int, name: str, *sites: dict, **said: object) -> Unit:
    """Return a made-up association of Toulouse that employs people."""
    values = {"employer": "O", "band": "11", "rna": "", **said}
    siren = with_key(f"{92_000_000 + number:08}")
    made = Unit(siren, name.upper(), "", "9220", "94.99Z", "S", **values)  # type: ignore[arg-type]
    for place, more in enumerate(sites or ({},), start=1):
        street = (str(number), "RUE", f"INVENTEE {number}")
        told = {
            "street": street,
            "is_seat": place == 1,
            "is_masked": made.is_masked,
            "lon": "1.44360",
            "lat": "43.60450",
        }
        made.sites.append(Site(with_key(f"{siren}{place:04}"), *TOULOUSE, **{**told, **more}))
    return made


@pytest.fixture(scope="module")
def units() -> list[Unit]:
    """What the register holds of these rows."""
    hidden = {"street": HIDDEN_STREET}
    return [
        unit(1, "TETANEUTRAL NET"),
        unit(2, "CLEMENCE ISAURE", {"lon": "", "lat": ""}),
        unit(3, "SOLAGRO", hidden, employer="N", band="NN"),
        unit(4, "VELORUTION TOULOUSE", hidden, is_masked=True),
        unit(5, "LES PASSEURS"),
        unit(6, "LES PASSEURS"),
        unit(7, "MIXAGRUMES PYRENEES"),
        unit(9, "ATELIER ZINZOLIN"),
        unit(8, "RECUP OCCITANIE", {}, {"street": ("80", "AVENUE", "INVENTEE")}),
    ]


@dataclass
class Deployment:
    """A deployment whose services are on this machine, with the gathered list in use."""

    folder: Path
    register: SearchStandIn
    geocoder: GeocoderStandIn

    @property
    def lines(self) -> dict[str, Line]:
        """What is kept, by name."""
        return {line.name: line for line in read_enrichment(self.folder / "enrichment.csv").lines}

    @property
    def table(self) -> Path:
        """The table to fill in."""
        return self.folder / "enrichment-review.csv"

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the table to fill in."""
        return list(csv.DictReader(self.table.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))

    def actors(self) -> pd.DataFrame:
        """Return the actors in use, by name."""
        return Store(str(self.folder / "snapshots")).load("31").layer("actors").set_index("name")

    def decide(self, decisions: dict[str, str], **form: str) -> Path:
        """Fill in the table, as a spreadsheet saves it, by the name that was found."""
        path = self.folder / "decided.csv"
        rows = [{**row, "decision": decisions.get(row["found_name"], "")} for row in self.rows()]
        frame = pd.DataFrame(rows)
        path.write_bytes(frame.to_csv(index=False, sep=form.get("sep", ";")).encode(form.get("encoding", "cp1252")))
        return path


@dataclass
class Services:
    """Services of this machine, and what one run keeps of their answers."""

    register: SearchStandIn
    geocoder: GeocoderStandIn
    url: str
    answers: Path


@pytest.fixture(scope="module")
def services(units: list[Unit], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The services, and the answers that a run got from them: asking once is enough for all tests."""
    register, cache = SearchStandIn(units), tmp_path_factory.mktemp("answers")
    geography = load_geography("31")
    raw = read_starter("31", geography.communes).actors.frame
    with serve(register) as url, geocoder_stand_in(default=Hit(1.4436, 43.6045)) as geocoder:
        service = SearchService(url, cache, Manners(rate=1000))
        enrich(raw, geography, lambda questions: ask_names(service, questions), Rules(NOTHING))
        yield Services(register, geocoder, url, cache)


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services) -> Deployment:
    """An empty deployment whose settings name these services, at the speed of a mirror of one's own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(services.answers, tmp_path / "cache")
    services.register.times.clear()
    services.geocoder.forms.clear()
    services.geocoder.files.clear()
    for name, value in {
        "SNAPSHOTS": tmp_path / "snapshots", "CACHE": tmp_path / "cache", "WITHHOLD": tmp_path / "withheld.csv",
        "LOCAL_LISTS": tmp_path / "lists",
        "API_RATE": 1000, "API_URL": services.url, "GEOCODER_URL": services.geocoder.url,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"ESSMAP_{name}", str(value))
    return Deployment(tmp_path, services.register, services.geocoder)


def test_found_structures_are_kept_and_the_next_build_shows_them(cli, deployment):
    """Numbers, activity, employer and position are kept with rule, score and date; nothing else of the row changes."""
    assert cli("build").code == 0
    before = deployment.actors()
    answer = cli("enrich")
    assert (answer.code, answer.err) == (0, "")
    assert "essmap build" in answer.out
    line = deployment.lines[EMPLOYER]
    assert (line.rule, line.score, line.naf, line.employer) == ("name_commune", "1.00", "94.99Z", "O")
    assert (line.address, line.geo_precision) == ("1 rue Inventee 1", "street")
    assert cli("build").code == 0
    after = deployment.actors()
    actor = after.loc[EMPLOYER]
    assert (actor["siret"], actor["siren"], actor["naf"]) == (line.siret, line.siret[:9], "94.99Z")
    assert bool(actor["is_employer"])
    assert (actor["geo_precision"], round(actor.geometry.x, 4)) == ("street", 1.4436)
    assert "registre national" in actor["source_note"]
    kept = ["actor_id", "legal_form", "activity", "website", "source", "commune_code"]
    same = after.index != MASKED
    pd.testing.assert_frame_equal(pd.DataFrame(after.loc[same, kept]), pd.DataFrame(before.loc[same, kept]))
    others = ~after.index.isin(list(deployment.lines))
    assert after.loc[others, "siret"].isna().all()


def test_structures_of_local_lists_are_looked_for_too(cli, deployment):
    """What somebody brought in is asked for like the gathered list; the build uses both, and no line is stale."""
    (deployment.folder / "liste.csv").write_text("Nom;Commune\nAtelier Zinzolin;Toulouse\n", encoding="utf-8")
    assert cli("import", "liste.csv", "--kind", "actors").code == 0
    assert cli("enrich").code == 0
    line = deployment.lines["Atelier Zinzolin"]
    assert (line.rule, line.employer) == ("name_commune", "O")
    built = cli("build")
    assert built.code == 0
    assert "ne servent plus" not in built.out
    actors = deployment.actors()
    actor = actors.loc["Atelier Zinzolin"]
    assert (actor["siret"], actor["naf"], actor["geo_precision"]) == (line.siret, "94.99Z", "street")
    assert actor["source"].startswith("list_")
    assert bool(actors.loc[EMPLOYER, "is_employer"])
    assert cli("withhold", line.siren, "--reason", "essai").code == 0
    assert cli("build").code == 0
    assert "Atelier Zinzolin" not in deployment.actors().index


def test_address_without_point_is_looked_up(cli, deployment):
    """Where the register has no point the geocoder places the address; only what may be shown is sent there."""
    cli("enrich")
    line = deployment.lines[NO_POINT]
    assert (line.geo_precision, line.lon) == ("housenumber", "1.443600")
    assert deployment.geocoder.asked == ["2 rue Inventee 2"]


def test_nothing_fine_is_kept_of_whom_we_do_not_show(cli, deployment):
    """Of a home only its activity; of partial diffusion not even that; the actor itself is shown at its commune."""
    cli("enrich")
    home, masked = deployment.lines[HOME], deployment.lines[MASKED]
    assert (home.hidden, home.naf, home.employer) == ("non_employer", "94.99Z", "N")
    assert (masked.hidden, masked.naf, masked.employer) == ("partial_diffusion", "", "")
    everything = "".join(
        path.read_text(encoding="utf-8-sig", errors="replace") for path in deployment.folder.glob("enrichment*.csv")
    )
    for number in (3, 4):
        assert with_key(f"{92_000_000 + number:08}") not in everything
    assert "MOTS" not in everything.upper()
    cli("build")
    actors = deployment.actors()
    for name in (HOME, MASKED):
        actor = actors.loc[name]
        assert actor["geo_precision"] == "municipality"
        assert actor[["siren", "siret", "address", "postcode"]].isna().all()
    assert not actors.loc[HOME, "is_employer"]


def test_unit_of_several_establishments_gives_its_siren_alone(cli, deployment):
    """Nothing tells which establishment is meant: the unit's number, and no position."""
    cli("enrich")
    line = deployment.lines[NETWORK]
    assert (line.siren != "", line.siret, line.address, line.lon) == (True, "", "", "")


def test_doubts_go_to_a_table_that_comes_back(cli, deployment):
    """Homonyms and names nearly alike are listed; « oui » keeps one, « non » never lists it again."""
    first = cli("enrich")
    assert "enrichment-review.csv" in first.out
    assert not {TWICE, NEARLY} & deployment.lines.keys()
    rows = deployment.rows()
    assert {(row["name"], row["why"]) for row in rows} >= {
        (TWICE, "une autre unité porte ce nom"), (NEARLY, "nom approchant"),
    }  # fmt: skip
    before = deployment.lines
    review = deployment.decide({"Mixagrumes Pyrénées": "Oui"})
    answer = cli("enrich", "--review", review)
    assert (answer.code, answer.err) == (0, "")
    assert deployment.lines[NEARLY].rule == "review"
    assert {name: line for name, line in deployment.lines.items() if name != NEARLY} == before
    refused = deployment.decide({"Les Passeurs": "non"}, sep=",", encoding="utf-8")
    assert cli("enrich", "--review", refused).code == 0
    deployment.table.unlink()
    cli("enrich")
    assert not deployment.table.exists()


def test_second_run_asks_for_nothing_that_is_known(cli, deployment):
    """Answers are on disk and finds are kept: the same command again sends no request, and changes nothing."""
    shutil.rmtree(deployment.folder / "cache")
    cli("enrich")
    assert len(deployment.register.times) > 500
    asked, kept = len(deployment.register.times), (deployment.folder / "enrichment.csv").read_bytes()
    answer = cli("enrich")
    assert (answer.code, len(deployment.register.times)) == (0, asked)
    assert (deployment.folder / "enrichment.csv").read_bytes() == kept
    assert cli("enrich", "--offline").code == 0
    assert len(deployment.register.times) == asked


def test_offline_without_answers_finds_nothing_and_asks_nobody(cli, deployment):
    """Offline, what is not on disk is counted; nothing is written."""
    shutil.rmtree(deployment.folder / "cache")
    answer = cli("enrich", "--offline")
    assert (answer.code, deployment.register.times) == (0, [])
    assert "sans réponse" in answer.out
    assert not (deployment.folder / "enrichment.csv").exists()


def test_dry_run_writes_nothing(cli, deployment):
    """A trial counts and says so; neither finds nor a table are written."""
    answer = cli("enrich", "--dry-run")
    assert answer.code == 0
    assert "rien n’a été écrit" in answer.out
    assert "structures trouvées avec leur établissement" in answer.out
    assert list(deployment.folder.glob("enrichment*")) == []


def test_undone_find_is_neither_used_nor_proposed(cli, deployment):
    """`--undo` takes a find away for good; an unknown one is an error of usage."""
    cli("enrich")
    line = deployment.lines[EMPLOYER]
    assert cli("enrich", "--undo", line.actor_id).code == 0
    deployment.table.unlink()
    cli("enrich")
    assert [one.rule for one in read_enrichment(deployment.folder / "enrichment.csv").lines
            if one.name == EMPLOYER] == ["refused"]  # fmt: skip
    cli("build")
    assert pd.isna(deployment.actors().loc[EMPLOYER, "siret"])
    answer = cli("enrich", "--undo", line.actor_id)
    assert (answer.code, answer.out) == (2, "")


def test_an_opposition_outlives_the_find_that_it_came_by(cli, deployment):
    """Who objects by a number that enrichment found stays hidden when somebody takes that find back."""
    cli("enrich")
    line = deployment.lines[EMPLOYER]
    cli("build")
    assert cli("withhold", line.siren, "--reason", "courrier").code == 0
    assert cli("enrich", "--undo", line.actor_id).code == 0
    assert cli("build").code == 0
    assert EMPLOYER not in deployment.actors().index


def test_deleted_line_is_undone(cli, deployment):
    """Who deletes a line of the file undoes it; the next build shows the row as it was gathered."""
    cli("enrich")
    path = deployment.folder / "enrichment.csv"
    left = [line for line in path.read_text(encoding="utf-8").splitlines() if EMPLOYER not in line]
    path.write_text("\n".join(left) + "\n", encoding="utf-8")
    assert cli("build").code == 0
    actor = deployment.actors().loc[EMPLOYER]
    assert pd.isna(actor["siret"])
    assert actor["geo_precision"] == "municipality"


def test_decisions_that_were_not_taken_in_are_not_written_over(cli, deployment):
    """A table that somebody began to fill in stays; the command says what to do with it."""
    cli("enrich")
    deployment.table.write_bytes(deployment.decide({"Mixagrumes Pyrénées": "oui"}).read_bytes())
    begun = deployment.table.read_bytes()
    answer = cli("enrich")
    assert (answer.code, answer.out) == (2, "")
    assert "--review" in answer.err
    assert deployment.table.read_bytes() == begun


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (lambda row: {**row, "decision": "peut-être"}, 2, "oui, non"),
        (lambda row: {**row, "decision": "oui", "actor_id": "personne-31555"}, 2, "une structure du département"),
        (lambda row: {**row, "decision": "oui", "candidate": "c-0000"}, 2, "propose encore"),
    ],
)
def test_wrong_lines_of_a_table_are_located_and_nothing_is_taken_in(cli, deployment, change, line, words):
    """Each fault is said with its line; what was kept stays as it was."""
    cli("enrich")
    rows = deployment.rows()
    path = deployment.folder / "decided.csv"
    pd.DataFrame([change(rows[0]), *rows[1:]]).to_csv(path, index=False)
    kept = (deployment.folder / "enrichment.csv").read_bytes()
    answer = cli("enrich", "--review", path)
    assert answer.code == 1
    assert f"ligne {line}" in answer.out
    assert words in answer.out
    assert (deployment.folder / "enrichment.csv").read_bytes() == kept


def test_two_yes_for_one_structure_and_missing_columns_are_refused(cli, deployment):
    """Of one structure only one find can be right; a file of other columns is no table of decisions."""
    cli("enrich")
    path = deployment.decide({"Les Passeurs": "oui"})
    answer = cli("enrich", "--review", path)
    assert answer.code == 1
    assert "un seul oui" in answer.out
    path.write_text("nom;oui\nx;y\n", encoding="utf-8")
    answer = cli("enrich", "--review", path)
    assert answer.code == 1
    assert "decision" in answer.out
    assert cli("enrich", "--review", deployment.folder / "missing.csv").code == 4


@pytest.mark.parametrize(
    "arguments", [("--undo", "x", "--dry-run"), ("--review", "a.csv", "--out", "b.csv")], ids=" ".join
)
def test_options_that_do_not_go_together_are_refused(cli, arguments):
    """Usage errors end with exit code 2, before anything is asked."""
    answer = cli("enrich", *arguments)
    assert (answer.code, answer.out) == (2, "")


def test_who_objects_by_number_is_shown_no_more(cli, deployment):
    """A unit whose number nobody shows objects: the structure that it was found to be goes, at once and when built."""
    cli("enrich")
    cli("build")
    siren = with_key(f"{92_000_000 + 3:08}")
    assert HOME in deployment.actors().index
    answer = cli("withhold", siren, "--reason", "courrier")
    assert answer.code == 0
    assert HOME in answer.out
    assert cli("build").code == 0
    assert HOME not in deployment.actors().index
    # What was written because of the number goes with it.
    answer = cli("withhold", siren, "--undo")
    assert (answer.code, "Reste" in answer.out) == (0, False)
    cli("build")
    assert HOME in deployment.actors().index


def test_who_objected_before_is_not_found(cli, deployment):
    """A unit on the list gives nothing; the structure whose unit it surely is objects too."""
    siret = with_key(f"{with_key('92000001')}0001")
    assert cli("withhold", siret, "--reason", "courrier").code == 0
    answer = cli("enrich")
    assert "demandé à ne pas paraître" in answer.out
    line = deployment.lines[EMPLOYER]
    assert (line.hidden, line.siren, line.naf, line.lon) == ("withheld", "", "", "")
    cli("build")
    assert EMPLOYER not in deployment.actors().index
    cli("withhold", siret, "--undo")
    deployment.table.unlink()
    cli("enrich")
    assert deployment.lines[EMPLOYER].siret == siret


def test_register_and_enriched_rows_are_one(cli, deployment):
    """With the register too, what was found makes row and establishment one actor, by its number."""
    cli("enrich")
    assert cli("build", "--online", "--no-geocode").code == 0
    snapshot = Store(str(deployment.folder / "snapshots")).load("31")
    line = deployment.lines[EMPLOYER]
    merges = snapshot.table("merges").set_index("merged_id")
    assert merges.loc[f"siret-{line.siret}", ["kept_id", "rule"]].tolist() == [line.actor_id, "siret"]
    assert "enrichment" in {source.key for source in snapshot.manifest.sources}
    masked = snapshot.layer("actors").set_index("name").loc[MASKED]
    assert masked["geo_precision"] == "municipality"
