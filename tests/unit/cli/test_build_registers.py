"""`essmap build` from registers: what is asked for, what is refused, and that the old data stays whatever happens."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from made_up_register import establishment, register_read

from essmap.build.geocode import GeocodeReport
from essmap.build.starter import load_geography
from essmap.cli import build as module
from essmap.errors import SourceError
from essmap.reference import data_dir
from essmap.schema.withheld import Entry, withhold
from essmap.store import MANIFEST, Store

SEED = 31
MOMENTS = 3
#: Files of one build: nine tables, the report, the manifest and the pointer.
FILES = 12


class Registers:
    """Stand-ins for the sources: what they give, and how they were asked. Called as `essmap.cli.registers` is."""

    def __init__(self) -> None:
        self.rows = [establishment(number) for number in range(1, 11)]
        self.by_department: dict[str, list[dict[str, str]]] = {}
        self.error: Exception | None = None
        self.shortfalls: tuple[str, ...] = ()
        self.asked: list[object] = []
        self.geocoded = 0

    def read_service(self, _settings, geography, *, offline, tell):
        """Give the rows, or fail."""
        self.asked.append((geography.department_code, offline))
        tell(1, 2)
        if self.error is not None:
            raise self.error
        return register_read(self.rows, shortfalls=self.shortfalls)

    @contextmanager
    def open_stock(self, _settings, places, **_tell):
        """Give the stock, which is this object."""
        self.asked.append(places)
        yield self

    notes = ("Sans fichier de géolocalisation.",)

    def departments(self):
        """Return the departments of the stock."""
        return sorted(self.by_department)

    def gather(self, wanted):
        """Take note of what is to be read."""
        self.gathered = list(wanted)

    def read(self, code):
        """Return what a department has, or fail where it has nothing."""
        if not self.by_department[code]:
            raise SourceError(f"Aucun établissement du département {code}.")
        return register_read(self.by_department[code])

    def geocoder(self, _settings, **_options):
        """Return a geocoder that counts and changes nothing."""

        def look_up(actors, geography):
            self.geocoded += 1
            return actors, GeocodeReport({})

        return look_up


@pytest.fixture
def registers(monkeypatch):
    """Stand-ins in the place of the sources."""
    found = Registers()
    for name in ("read_service", "open_stock", "geocoder"):
        monkeypatch.setattr(module, name, getattr(found, name))
    return found


@pytest.fixture
def deployment(tmp_path, monkeypatch):
    """An empty deployment: the folder of its snapshots."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "snapshots"))
    monkeypatch.setenv("ESSMAP_WITHHOLD", str(tmp_path / "withheld.csv"))
    monkeypatch.setenv("ESSMAP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "snapshots"


def test_register_becomes_the_current_build(cli, deployment, registers):
    """The report says what was read and what it means; the JSON says the same; addresses were looked up."""
    answer = cli("build", "--source", "api", "--report", "report.json")
    assert (answer.code, answer.err) == (0, "")
    assert "Registre inventé" in answer.out
    assert "exhaustive" in answer.out
    assert "Précision des positions" in answer.out
    store = Store(str(deployment))
    assert len(store.load("31").table("actors")) == 10
    told = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert (told["build_id"], told["actors"]) == (store.current("31"), 10)
    assert told["report"]["source"] == "api"
    assert (registers.asked, registers.geocoded) == ([("31", False)], 1)
    assert json.loads(cli("info", "--json").out)["report"] == told["report"]
    assert "Précision des positions" in cli("info").out


def test_online_is_both(cli, deployment, registers):
    """`--online` is the register and the gathered list together."""
    assert cli("build", "--online", "--no-geocode", "--offline").code == 0
    snapshot = Store(str(deployment)).load("31")
    assert snapshot.report.source == "api+starter"
    assert len(snapshot.table("actors")) == 406
    assert (registers.asked, registers.geocoded) == ([("31", True)], 0)


def test_online_elsewhere_builds_without_a_gathered_list(cli, deployment, three):
    """No gathered list came with essmap for the department: the register alone is built, and that is said."""
    answer = cli("build", "--online", "--department", "09", "--geography", "geographies", "--no-geocode")
    assert (answer.code, answer.err) == (0, "")
    snapshot = Store(str(deployment)).load("09")
    assert len(snapshot.table("actors")) == 10
    assert [note for note in snapshot.manifest.notes if "aucune liste de départ" in note]


def test_gathered_list_that_is_missing_is_said_before_the_reading(cli, deployment, registers):
    """A folder given and not there ends the build before anybody is asked."""
    answer = cli("build", "--online", "--starter-dir", "nowhere")
    assert answer.code == 4
    assert registers.asked == []
    assert Store(str(deployment)).departments() == []


def test_build_that_loses_too_much_is_kept_aside(cli, deployment, registers):
    """It is written and is not in use; the sentence names the option, which puts the next one in use."""
    cli("build", "--source", "api")
    store = Store(str(deployment))
    before = store.current("31")
    registers.rows = registers.rows[:7]
    answer = cli("build", "--source", "api")
    assert answer.code == 1
    assert "10 à 7" in answer.err
    assert "--accept-drop" in answer.err
    assert store.current("31") == before
    aside = next(build for build in store.builds("31") if build != before)
    assert len(store.load("31", aside).report.refusals) == 1
    answer = cli("build", "--source", "api", "--accept-drop")
    assert answer.code == 0
    forced = store.load("31")
    assert (len(forced.table("actors")), forced.report.is_forced) == (7, True)
    assert forced.report.changes.gone.count == 3
    assert "Association Inventee 10" not in answer.out  # who is gone may have asked not to be shown


def test_partial_reading_is_warned_of_and_does_not_replace_a_complete_one(cli, deployment, registers):
    """As the first it is used, with a warning; against a complete list it is kept aside unless somebody insists."""
    registers.shortfalls = ("Muret : 3 sur 5.",)
    answer = cli("build", "--source", "api")
    assert answer.code == 0
    assert "1 partie de la source n’a pas pu être lue en entier" in answer.err
    store = Store(str(deployment))
    registers.shortfalls = ()
    assert cli("build", "--source", "api").err == ""
    before = store.current("31")
    registers.shortfalls = ("Muret : 3 sur 5.",)
    answer = cli("build", "--source", "api")
    assert (answer.code, store.current("31")) == (1, before)
    assert "La liste en service est complète, la nouvelle est partielle" in answer.err
    assert cli("build", "--source", "api", "--accept-drop").code == 0
    assert store.load("31").manifest.completeness["actors"].status == "partial"


def test_starter_build_does_not_replace_a_register_silently(cli, deployment, registers):
    """The guards hold for every source: a smaller list by hand is refused as well."""
    registers.rows = [establishment(number) for number in range(1, 600)]
    cli("build", "--source", "api")
    before = Store(str(deployment)).current("31")
    assert cli("build").code == 1
    assert Store(str(deployment)).current("31") == before


def test_damaged_current_build_is_no_obstacle(cli, deployment, registers):
    """A build in use that cannot be loaded is not compared with: that is said, and the new one is used."""
    cli("build", "--source", "api")
    store = Store(str(deployment))
    before = store.current("31")
    (deployment / "31" / before / "actors.parquet").unlink()
    answer = cli("build", "--source", "api")
    assert answer.code == 0
    assert "pas de comparaison" in answer.err
    assert "ce qui a changé n’est pas connu" in answer.out
    assert store.current("31") != before
    report = store.load("31").report
    assert (report.changes, report.is_comparable) == (None, False)


def damage_table(folder):
    (folder / "actors.parquet").unlink()


def write_other_version(folder):
    path = folder / MANIFEST
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "schema_version": 1, "sources": "autrement"}), encoding="utf-8")


def damage_manifest(folder):
    (folder / MANIFEST).write_text("{", encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "words"),
    [(damage_table, "10 à 7"), (write_other_version, "10 à 7"), (damage_manifest, "rien ne dit")],
)
def test_guards_hold_against_a_current_build_that_cannot_be_loaded(cli, deployment, registers, damage, words):
    """Damaged or of another version, its count of actors still holds; where even that is lost somebody must insist."""
    cli("build", "--source", "api")
    store = Store(str(deployment))
    before = store.current("31")
    damage(deployment / "31" / before)
    registers.rows = registers.rows[:7]
    answer = cli("build", "--source", "api")
    assert (answer.code, store.current("31")) == (1, before)
    assert words in answer.err
    assert cli("build", "--source", "api", "--accept-drop").code == 0
    assert store.current("31") != before


@pytest.mark.parametrize("error", [SourceError("Le service ne répond pas."), ValueError("bug"), KeyboardInterrupt()])
def test_failure_while_reading_leaves_the_old_build(cli, deployment, registers, error):
    """Whatever stops the reading, nothing new is there and the old build is in use."""
    cli("build", "--source", "api")
    store = Store(str(deployment))
    before = store.current("31")
    registers.error = error
    assert cli("build", "--source", "api").code != 0
    assert (store.current("31"), store.builds("31")) == (before, [before])


@pytest.mark.parametrize("moment", random.Random(SEED).sample(range(FILES), MOMENTS))  # noqa: S311
def test_crash_while_writing_leaves_the_old_build(cli, deployment, registers, monkeypatch, moment):
    """Cut at any file, the old build is in use and whole; the next run puts a new one in use."""
    cli("build", "--source", "api", "--no-geocode")
    store = Store(str(deployment))
    before = store.current("31")
    original, left = Store._write, [moment]

    def cut(self, path, content):
        left[0] -= 1
        if left[0] < 0:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).with_name(f".{Path(path).name}.part").write_bytes(content[: len(content) // 2])
            raise KeyboardInterrupt
        original(self, path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write", cut)
        assert cli("build", "--source", "api", "--no-geocode").code == 130
    assert store.current("31") == before
    assert len(store.load("31").table("actors")) == 10
    assert cli("build", "--source", "api", "--no-geocode").code == 0
    assert store.current("31") != before


def test_withhold_list_is_obeyed_by_every_build(cli, deployment, registers):
    """Register and gathered rows alike; a list that is not understood stops the build."""
    path = Path("withheld.csv").absolute()
    withhold(path, Entry("siren", "900000003"))
    withhold(path, Entry("actor_id", "arbres-et-paysages-d-autan-31004"))
    assert cli("build", "--source", "api", "--no-geocode").code == 0
    store = Store(str(deployment))
    assert "900000003" not in set(store.load("31").table("actors")["siren"])
    assert store.load("31").report.rejected == {"withheld": 1}
    assert cli("build", "--accept-drop").code == 0
    assert "arbres-et-paysages-d-autan-31004" not in set(store.load("31").table("actors")["actor_id"])
    current = store.current("31")
    path.write_text("kind,value\nsiren,12\n")
    answer = cli("build", "--source", "api")
    assert (answer.code, store.current("31")) == (1, current)
    assert "withheld.csv, ligne 2" in answer.out


@pytest.fixture
def three(deployment, registers):
    """A stock with three departments, of which two have a geography: those of their codes in one folder."""
    source = data_dir() / "departments" / "31" / "geography"
    for code in ("09", "32"):
        folder = Path("geographies") / code
        shutil.copytree(source, folder)
        frame = load_geography("31").department.assign(department_code=code)
        frame.to_parquet(folder / "department.parquet", index=False)
    registers.by_department = {code: [establishment(number) for number in (1, 2)] for code in ("09", "32", "65")}
    return registers


STOCK = ("--stock-establishments", "e.csv", "--stock-units", "u.csv", "--no-geocode")


def test_stock_builds_one_partition_per_department(cli, deployment, three):
    """A list of departments: a build each, with what the reading lacks among its limits."""
    answer = cli("build", "--source", "stock", "--department", "09, 32", "--geography", "geographies", *STOCK)
    assert (answer.code, answer.err) == (0, "")
    store = Store(str(deployment))
    assert store.departments() == ["09", "32"]
    assert "Sans fichier de géolocalisation." in store.load("32").manifest.notes
    places = three.asked[0]
    assert (places.establishments, places.units, places.dinum, places.memory) == ("e.csv", "u.csv", None, "2GB")


def test_all_says_which_departments_have_no_geography(cli, deployment, three):
    """Every department of the stock that can be built is; the others are named, never dropped in silence."""
    everywhere = ("--department", "all", "--geography", "geographies", "--report", "all.json")
    answer = cli("build", "--source", "stock", *everywhere, *STOCK)
    assert answer.code == 0
    assert "65" in answer.err
    assert Store(str(deployment)).departments() == ["09", "32"]
    assert [one["department"] for one in json.loads(Path("all.json").read_text())] == ["09", "32"]


def test_one_refused_department_does_not_hold_up_the_others(cli, deployment, three):
    """Each department is judged on its own; the end says which was kept aside."""
    arguments = ("build", "--source", "stock", "--department", "09,32", "--geography", "geographies", *STOCK)
    cli(*arguments)
    store = Store(str(deployment))
    before = {code: store.current(code) for code in ("09", "32")}
    three.by_department["09"] = three.by_department["09"][:1]
    answer = cli(*arguments)
    assert answer.code == 1
    assert store.current("09") == before["09"]
    assert store.current("32") != before["32"]


def test_one_department_that_fails_does_not_hold_up_the_others(cli, deployment, three):
    """The others are built and reported; the end names the one that is not, and no sentence says that nothing was."""
    three.by_department["09"] = []
    several = ("--department", "09,32", "--geography", "geographies", "--report", "r.json")
    answer = cli("build", "--source", "stock", *several, *STOCK)
    assert answer.code == 4
    assert "Département 09 non construit. Aucun établissement" in answer.err
    assert "Rien n’a été remplacé" not in answer.err
    assert Store(str(deployment)).departments() == ["32"]
    assert "Registre inventé" in answer.out
    assert [one["department"] for one in json.loads(Path("r.json").read_text(encoding="utf-8"))] == ["32"]


def test_missing_geography_among_several_is_said_before_the_reading(cli, deployment, three):
    """Nothing is read for departments of which one cannot be built at all."""
    several = ("--department", "09,65", "--geography", "geographies")
    answer = cli("build", "--source", "stock", *several, *STOCK)
    assert answer.code == 4
    assert "géographie du département 65" in answer.err
    assert (three.asked, Store(str(deployment)).departments()) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--source", "sirene"), 2, "Sources possibles"),
        (("--online", "--source", "stock"), 2, "l’un ou l’autre"),
        (("--source", "stock"), 2, "--stock-establishments, --stock-units"),
        (("--source", "stock", "--stock-units", "u.csv"), 2, "demande --stock-establishments"),
        (("--source", "api", "--stock-dinum", "d.csv"), 2, "--stock-dinum"),
        (("--offline",), 2, "--offline"),
        (("--geocode",), 2, "--geocode"),
        (("--overrides", "o.csv"), 2, "--overrides"),
        (("--source", "api", "--department", "31,32"), 2, "un département à la fois"),
        (("--source", "api", "--department", "all"), 2, "un département à la fois"),
        (("--source", "stock", "--department", "31,99", *STOCK), 2, "99"),
        (("--source", "api", "--department", "09"), 4, "géographie du département 09"),
        (("--source", "api", "--geography", "nowhere"), 4, "géographie du département 31"),
        (("--source", "api", "--report", "."), 2, "rapport"),
    ],
)
def test_options_that_do_not_go_together_are_said(cli, deployment, registers, arguments, code, words):
    """Each has its sentence and its exit code."""
    answer = cli("build", *arguments)
    assert answer.code == code
    assert words in answer.err


def test_geography_of_another_department_is_refused(cli, deployment, registers):
    """A folder that holds another department is not used in its place."""
    folder = data_dir() / "departments" / "31" / "geography"
    answer = cli("build", "--source", "api", "--department", "09", "--geography", folder)
    assert answer.code == 4
    assert "du département 31, pas du 09" in answer.err
