"""`essmap withhold` as the person types it who answers those that ask not to be shown."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from stdnum.fr import siret

from essmap.pages import loaded as pages
from essmap.schema.folding import fold
from essmap.schema.withheld import Entry, read_withheld
from essmap.settings import default_enrichment_file, default_withhold_file, load_settings
from essmap.store import Store
from essmap.view import assets
from standins.made_up_department import with_key

ROOT = Path(__file__).resolve().parents[3]
UNKNOWN = with_key("95000001")


@pytest.fixture
def folder(tmp_path, monkeypatch, fresh_snapshot):
    """A deployment with the gathered list in use."""
    for name in ("SNAPSHOTS", "WITHHOLD", "CACHE"):
        monkeypatch.setenv(f"ESSMAP_{name}", str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    Store(str(tmp_path / "snapshots")).save(fresh_snapshot())
    return tmp_path


@pytest.fixture
def actor(starter_snapshot):
    """A holder of supports, as the pages show it."""
    projects, actors = starter_snapshot.table("projects"), starter_snapshot.table("actors")
    holder = projects["actor_id"].dropna().value_counts().index[0]
    return actors.set_index("actor_id", drop=False).loc[holder]


@pytest.fixture
def numbered(starter_snapshot):
    """An actor that shows its SIREN."""
    actors = starter_snapshot.table("actors")
    return actors[actors["siren"].notna()].iloc[0]


def test_hiding_says_whom_it_hides_and_when(cli, folder, actor):
    """Name, commune and the supports that stay; the reason and the day are kept for those who keep the list."""
    answer = cli("withhold", actor["actor_id"], "--reason", "courrier du 2 novembre")
    assert (answer.code, answer.err) == (0, "")
    assert f"{actor['name']}, {actor['commune_name']}" in answer.out
    assert "sans nom" in answer.out
    assert "tout de suite" in answer.out
    (entry,) = read_withheld(folder / "withhold").entries
    assert (entry.kind, entry.value, entry.reason) == ("actor_id", actor["actor_id"], "courrier du 2 novembre")
    assert entry.date == pd.Timestamp.now(tz="UTC").date().isoformat()
    assert "courrier" not in answer.out


def test_number_hides_the_actors_that_show_it(cli, folder, numbered):
    """A SIREN, with or without spaces, names every actor of the unit."""
    spaced = " ".join(numbered["siren"][n : n + 3] for n in (0, 3, 6))
    answer = cli("withhold", spaced, "--reason", "téléphone")
    assert answer.code == 0
    assert numbered["name"] in answer.out
    assert read_withheld(folder / "withhold").entries[0].kind == "siren"


def test_pages_obey_at_once(cli, folder, actor, monkeypatch):
    """The running app shows the actor no more without any build, and again once it is taken off the list."""
    caches = (pages._current, pages._load, pages._geography, pages._withheld)
    chosen = load_settings()
    monkeypatch.setattr(pages, "settings", lambda: chosen)
    monkeypatch.setattr(pages, "spare_collector", lambda: None)
    monkeypatch.setattr(assets, "REGISTRY", assets.Registry())
    for cache in caches:
        cache.clear()
    assert actor["actor_id"] in pages.loaded().actor_ids
    cli("withhold", actor["actor_id"], "--reason", "courrier")
    seen = pages.loaded()
    assert actor["actor_id"] not in seen.actor_ids
    said = " ".join(seen.snapshot.table(name).to_csv() for name in ("actors", "projects", "merges"))
    assert fold(actor["name"]) not in fold(said)
    cli("withhold", actor["actor_id"], "--undo")
    assert actor["actor_id"] in pages.loaded().actor_ids
    for cache in caches:
        cache.clear()


def test_the_report_of_a_build_names_it_no_more(cli, folder, actor, starter_copy):
    """Who objects to a new row is not named among what is new, by no command, before any build."""
    from essmap.sources.starter import ACTORS_FILE

    lines = starter_copy.lines(ACTORS_FILE)
    new = dict(zip(lines[0], lines[1], strict=True)) | {"id": "nouvelle-inventee-31555", "name": "Nouvelle Inventée"}
    new |= {"commune_code": "31555", "commune": "Toulouse", "postcode": "31000", "address": "", "lon": "", "lat": ""}
    lines.append([new[column] if column != "geo_precision" else "" for column in lines[0]])
    starter_copy.write(ACTORS_FILE, lines)
    assert cli("build", "--starter-dir", starter_copy.path).code == 0
    assert "Nouvelle Inventée" in cli("info").out
    cli("withhold", "nouvelle-inventee-31555", "--reason", "courrier")
    for arguments in (("info",), ("info", "--json")):
        answer = cli(*arguments)
        assert answer.code == 0
        assert "Nouvelle Inventée" not in answer.out


def test_every_later_build_leaves_it_out_and_keeps_no_trace(cli, folder, actor):
    """After the next build neither identifier nor name is in any table, nor is the list itself."""
    cli("withhold", actor["actor_id"], "--reason", "motif-a-ne-pas-montrer")
    assert cli("build").code == 0
    store = Store(str(folder / "snapshots"))
    build = store.current("31")
    texts = []
    for path in (folder / "snapshots" / "31" / build).iterdir():
        cells = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
        texts.append(fold(cells))
    assert len(texts) > 5
    for secret in (actor["actor_id"], actor["name"], "motif-a-ne-pas-montrer"):
        assert not [text for text in texts if fold(secret) in text]
    for name in ("info", "gaps"):
        answer = cli(name)
        assert answer.code == 0
        assert "motif-a-ne-pas-montrer" not in answer.out


def test_what_nobody_has_is_hidden_all_the_same(cli, folder):
    """A number that no actor shows is kept for later builds, and the person learns that nothing changes on screen."""
    answer = cli("withhold", UNKNOWN, "--reason", "courriel")
    assert answer.code == 0
    assert "Rien n’est connu" in answer.out
    assert read_withheld(folder / "withhold").entries[0].value == UNKNOWN


def test_identifier_nearly_right_is_kept_and_those_like_it_are_named(cli, folder, actor):
    """A mistyped identifier hides nobody, and says who may be meant."""
    answer = cli("withhold", actor["actor_id"].replace("-3", "-9"), "--reason", "courrier")
    assert answer.code == 0
    assert "Rien n’est connu" in answer.out
    assert actor["actor_id"] in answer.out


def test_without_any_snapshot_it_works_too(cli, tmp_path, monkeypatch):
    """Before the first build, or with an unreadable one, the opposition is kept."""
    for name in ("SNAPSHOTS", "WITHHOLD"):
        monkeypatch.setenv(f"ESSMAP_{name}", str(tmp_path / name.lower()))
    assert cli("withhold", UNKNOWN, "--reason", "courrier").code == 0
    assert [entry.value for entry in read_withheld(tmp_path / "withhold").entries] == [UNKNOWN]


def test_twice_is_once_and_undone_once(cli, folder, actor):
    """The same entry again changes nothing; taken off twice is an error of usage."""
    for words in ("est sur la liste", "était déjà"):
        assert words in cli("withhold", actor["actor_id"], "--reason", "courrier").out
    assert len(read_withheld(folder / "withhold").entries) == 1
    answer = cli("withhold", actor["actor_id"], "--undo")
    assert answer.code == 0
    assert actor["name"] in answer.out
    answer = cli("withhold", actor["actor_id"], "--undo")
    assert (answer.code, answer.out) == (2, "")
    assert "--list" in answer.err


def test_list_says_who_is_on_it(cli, folder, actor):
    """Kind, value, day, reason and the name that is known."""
    cli("withhold", actor["actor_id"], "--reason", "courrier")
    cli("withhold", UNKNOWN, "--reason", "courriel")
    answer = cli("withhold", "--list")
    assert answer.code == 0
    first, second = [line for line in answer.out.splitlines() if line.startswith("- ")]
    assert all(words in first for words in ("actor_id", actor["actor_id"], "courrier", actor["name"]))
    assert "rien de connu" in second


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--list"),
        (["x-31555"], "--reason"),
        (["x-31555", "--reason", " "], "--reason"),
        (["12345", "--reason", "r"], "9 chiffres"),
        ([UNKNOWN[:8] + str((int(UNKNOWN[8]) + 1) % 10), "--reason", "r"], "clé"),
        (["Les Amis de Toulouse", "--reason", "r"], "identifiant"),
        (["x-31555", "--undo", "--reason", "r"], "--undo"),
        (["x-31555", "--list"], "--list"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(cli, folder, arguments, words):
    """Exit code 2 and a French sentence; the list is not touched."""
    answer = cli("withhold", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
    assert not (folder / "withhold").exists()


def test_list_with_a_mistake_is_not_written_over(cli, folder):
    """An unreadable line stops the command; what was there stays to be mended."""
    path = folder / "withhold"
    path.write_text("kind,value,reason,date\nsiret,12,,\n", encoding="utf-8")
    answer = cli("withhold", UNKNOWN, "--reason", "courrier")
    assert answer.code == 1
    assert "ligne 2" in answer.out
    assert "siret,12" in path.read_text(encoding="utf-8")


def test_help_says_to_whom_it_is_and_what_it_does(cli):
    """The help page tells what identifies somebody, when it takes effect, and that the list is not published."""
    words = " ".join(cli("withhold", "--help").out.split())
    for said in ("Signaler", "tout de suite", "ni publiée, ni exportée"):
        assert said in words


def test_lists_stay_outside_the_package_and_out_of_git():
    """By default both files are in a folder that neither git nor a built package takes."""
    with_default = [Path(default_withhold_file()), Path(default_enrichment_file({}))]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    for path in with_default:
        place = path.relative_to(ROOT).parts
        assert place[0] not in {*project["wheel"]["packages"], *project["wheel"]["force-include"]}
        assert place[0] not in project["sdist"]["include"]
        ignored = subprocess.run(["git", "check-ignore", "-q", str(path)], cwd=ROOT, check=False)
        assert ignored.returncode in {0, 128}  # 128: not a git checkout


def test_two_entries_of_one_unit_are_two(cli, folder, numbered):
    """An actor hidden by number and by identifier is shown again only when both are taken off."""
    cli("withhold", numbered["actor_id"], "--reason", "r")
    cli("withhold", numbered["siren"], "--reason", "r")
    assert read_withheld(folder / "withhold").entries[1] == Entry(
        "siren", numbered["siren"], "r", pd.Timestamp.now(tz="UTC").date().isoformat()
    )
    cli("withhold", numbered["siren"], "--undo")
    cli("build")
    ids = set(Store(str(folder / "snapshots")).load("31").table("actors")["actor_id"])
    assert numbered["actor_id"] not in ids


@pytest.fixture
def sited(folder, fresh_snapshot):
    """An actor that shows its SIRET, in the snapshot in use alone."""
    snapshot = fresh_snapshot()
    actors = snapshot.layer("actors")
    is_first = actors["actor_id"].eq(actors["actor_id"].iloc[0])
    unit = f"{UNKNOWN}0001"
    number = next(f"{unit}{key}" for key in range(10) if siret.is_valid(f"{unit}{key}"))
    told = actors.assign(siret=actors["siret"].where(~is_first, number))
    Store(str(folder / "snapshots")).save(replace(snapshot, tables={**snapshot.tables, "actors": told}))
    return told.iloc[0]


def test_an_identifier_brings_its_number_and_takes_it_away(cli, folder, sited):
    """The SIRET that the actor shows is written too, with the reason and the day, and goes with it after any build."""
    answer = cli("withhold", sited["actor_id"], "--reason", "courrier")
    assert sited["siret"] in answer.out
    first, second = read_withheld(folder / "withhold").entries
    assert (second.kind, second.value, second.came_with) == ("siret", sited["siret"], first.value)
    assert (second.reason, second.date) == (first.reason, first.date)
    assert cli("build", "--accept-drop").code == 0
    assert cli("withhold", sited["actor_id"], "--undo").code == 0
    assert read_withheld(folder / "withhold").entries == ()


def test_a_number_that_somebody_asked_for_stays_when_the_identifier_goes(cli, folder, sited):
    """Asked for before or after: it is no companion."""
    for order in ((sited["actor_id"], sited["siret"]), (sited["siret"], sited["actor_id"])):
        for value in order:
            cli("withhold", value, "--reason", "courrier")
        cli("withhold", sited["actor_id"], "--undo")
        (left,) = read_withheld(folder / "withhold").entries
        assert (left.kind, left.value, left.came_with) == ("siret", sited["siret"], "")
        cli("withhold", sited["siret"], "--undo")
