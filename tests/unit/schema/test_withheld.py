"""Who asked not to be shown: read, changed and obeyed, and never ignored because of a mistake in the file."""

from __future__ import annotations

import threading

import geopandas as gpd
import pandas as pd
import pytest

from essmap.errors import DataError, SourceError
from essmap.schema import withheld as module
from essmap.schema.folding import fold
from essmap.schema.tables import MERGES
from essmap.schema.withheld import NOBODY, Entry, read_withheld, show_again, shown, withhold


@pytest.fixture
def path(tmp_path):
    """Where a list may be: nothing is there yet, nor its folder."""
    return tmp_path / "local" / "withheld.csv"


def test_list_that_is_not_there_withholds_nobody(path):
    """No file is an empty list, and reading makes none."""
    assert read_withheld(path) is NOBODY
    assert not path.parent.exists()


def test_entries_come_back_as_they_were_put(path):
    """Numbers lose their spaces; the same entry twice is there once; order and reasons are kept."""
    assert withhold(path, Entry("siret", "900 000 001 00011", "demande, écrite", "2026-11-01"))
    assert withhold(path, Entry("actor_id", "les-amis-31555"))
    assert not withhold(path, Entry("siret", "90000000100011", "autre raison"))
    assert read_withheld(path).entries == (
        Entry("siret", "90000000100011", "demande, écrite", "2026-11-01"), Entry("actor_id", "les-amis-31555"),
    )  # fmt: skip
    assert path.read_text(encoding="utf-8").startswith("kind,value,reason,date\n")


def test_digest_tells_lists_apart(path):
    """Another list has another digest; no list has none."""
    digests = {read_withheld(path).digest}
    for number in ("900000001", "900000002"):
        withhold(path, Entry("siren", number))
        digests.add(read_withheld(path).digest)
    assert len(digests) == 3
    assert "" in digests


def test_entry_is_taken_off(path):
    """Who is taken off is shown again; who was not there changes nothing."""
    withhold(path, Entry("siren", "900000001"))
    before = path.read_bytes()
    assert not show_again(path, "siren", "900000002")
    assert path.read_bytes() == before
    assert show_again(path, "siren", "900 000 001")
    assert read_withheld(path).entries == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("siret,123,,", "14 chiffres"),
        ("siren,90000000A,,", "9 chiffres"),
        ("siren,٩٠٠٠٠٠٠٠١,,", "9 chiffres"),
        ("name,Les Amis,,", "actor_id, siren, siret"),
        ("actor_id,,,", "identifiant"),
    ],
)
def test_line_that_is_not_understood_stops_everything(path, line, words):
    """A mistake is said with its line; no part of the list is used."""
    path.parent.mkdir()
    path.write_text(f"kind,value,reason,date\nsiren,900000001,,\n\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError) as told:
        read_withheld(path)
    assert [problem.row for problem in told.value.problems] == [4]
    assert words in str(told.value.problems[0])


def test_header_of_another_table_is_refused(path):
    """A file with other columns is not taken for a list, nor for an empty one."""
    path.parent.mkdir()
    path.write_text("siren;raison\n900000001;x\n", encoding="utf-8")
    with pytest.raises(DataError):
        read_withheld(path)


@pytest.mark.parametrize("content", [b"kind,value\nsiren,\xff\n", None])
def test_unreadable_list_is_an_error(path, content):
    """A file that is no text, or a folder in its place, is an error: never an empty list."""
    if content is None:
        path.mkdir(parents=True)
    else:
        path.parent.mkdir()
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"withheld\.csv"):
        read_withheld(path)


def test_wrong_entry_is_not_put(path):
    """An entry that could not be read again is refused before anything is written."""
    with pytest.raises(DataError):
        withhold(path, Entry("siret", "12"))
    assert not path.exists()


def test_disk_that_fails_leaves_the_list_as_it_was(path, monkeypatch):
    """A write that fails is said, and the old list is there."""
    withhold(path, Entry("siren", "900000001"))

    def full(_path, _content):
        raise OSError(28, "full")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(SourceError, match="n’a pas changé"):
        withhold(path, Entry("siren", "900000002"))
    assert [entry.value for entry in read_withheld(path).entries] == ["900000001"]


def test_changes_at_once_lose_nothing(path):
    """Many people at once: every entry is there."""
    numbers = [f"9000000{n:02d}" for n in range(20)]
    threads = [threading.Thread(target=withhold, args=(path, Entry("siren", number))) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.value for entry in read_withheld(path).entries) == numbers


def test_rows_match_by_identifier_siren_or_siret():
    """A SIREN withholds its establishments, also where only the identifier tells the number."""
    frame = pd.DataFrame(
        {
            "actor_id": ["a", "b", "siret-90000000100011", "siret-90000000200011", "e", "f"],
            "siren": [None, "900000001", None, None, None, "900000009"],
            "siret": [None, None, None, None, "90000000300011", None],
        },
        dtype="str",
    )
    listed = module.Withheld(
        (Entry("actor_id", "a"), Entry("siren", "900000001"), Entry("siret", "90000000200011"),
         Entry("siren", "900000003"))
    )  # fmt: skip
    assert listed.matches(frame).tolist() == [True, True, True, True, True, False]
    assert not NOBODY.matches(frame).any()


def test_snapshot_is_shown_without_them(starter_snapshot):
    """The actor is gone; its supports stay, name nobody and stand at their commune; the rest is untouched."""
    projects = starter_snapshot.layer("projects")
    holder = projects["actor_id"].dropna().iloc[0]
    seen = shown(starter_snapshot, module.Withheld((Entry("actor_id", holder),), "x"))
    assert holder not in set(seen.table("actors")["actor_id"])
    assert len(seen.table("actors")) == len(starter_snapshot.table("actors")) - 1 == seen.manifest.counts["actors"]
    after = seen.layer("projects")
    theirs = projects["actor_id"].eq(holder).fillna(False).to_numpy(dtype=bool)
    assert after.loc[theirs, "actor_id"].isna().all()
    assert set(after.loc[theirs, "holder_name"]) == {"titulaire non affiché"}
    for name in ("programme", "support_kind", "year", "amount_eur", "commune_code"):
        assert after.loc[theirs, name].equals(projects.loc[theirs, name])
    name = projects.loc[theirs, "holder_name"].iloc[0]
    told = fold(pd.DataFrame(after[theirs]).to_csv())
    assert fold(name) not in told
    assert fold(holder) not in told
    places = seen.layer("communes").set_index("commune_code")
    for project in after[theirs].itertuples():
        place = places.loc[project.commune_code]
        assert (project.geometry.x, project.geometry.y) == (place["point_lon"], place["point_lat"])
    assert after[~theirs].drop(columns="geometry").equals(projects[~theirs].drop(columns="geometry"))
    assert isinstance(after, gpd.GeoDataFrame)
    assert after.crs == projects.crs


def test_actor_is_withheld_by_what_was_merged_into_it(starter_snapshot):
    """An opposition to a row of the register holds for the actor it was merged into."""
    kept = starter_snapshot.table("actors")["actor_id"].iloc[0]
    row = [kept, "siret-90000000100011", "Nom", "api_search", "siret", 1.0]
    merges = pd.DataFrame([row], columns=MERGES.column_names)
    snapshot = module.replace(starter_snapshot, tables={**starter_snapshot.tables, "merges": merges})
    seen = shown(snapshot, module.Withheld((Entry("siren", "900000001"),), "x"))
    assert kept not in set(seen.table("actors")["actor_id"])
    assert len(seen.table("merges")) == 0


def test_supports_that_only_say_the_name_name_nobody_either(starter_snapshot):
    """A support that names its holder in words, without naming an actor, is no way around; identifiers stay unique."""
    actors, projects = starter_snapshot.table("actors"), starter_snapshot.layer("projects")
    first, second = projects["actor_id"].dropna().unique()[:2]
    loose = projects.assign(actor_id=projects["actor_id"].where(projects["actor_id"].ne(first), None))
    snapshot = module.replace(starter_snapshot, tables={**starter_snapshot.tables, "projects": loose})
    for holder in (first, second):
        snapshot = shown(snapshot, module.Withheld((Entry("actor_id", holder),), "x"))
    names = set(actors.loc[actors["actor_id"].isin([first, second]), "name"])
    assert not names & set(snapshot.table("projects")["holder_name"])
    assert snapshot.table("projects")["project_id"].is_unique
    assert len(snapshot.table("projects")) == len(projects)


def test_nobody_to_withhold_gives_the_same_snapshot(starter_snapshot):
    """Without anybody to leave out nothing is copied."""
    assert shown(starter_snapshot, NOBODY) is starter_snapshot
    assert shown(starter_snapshot, module.Withheld((Entry("siren", "999999999"),), "x")) is starter_snapshot


def test_what_came_with_an_entry_goes_with_it(path):
    """A file of an older version has no such column; one that needs none is written as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("kind,value,reason,date\nsiren,900000001,r,\n", encoding="utf-8")
    withhold(path, Entry("actor_id", "a"))
    assert path.read_text(encoding="utf-8").startswith("kind,value,reason,date\n")
    withhold(path, Entry("siret", "90000000200011", came_with="a"))
    withhold(path, Entry("siret", "90000000300011", came_with="b"))
    assert read_withheld(path).entries[2] == Entry("siret", "90000000200011", came_with="a")
    assert show_again(path, "actor_id", "a")
    assert [one.value for one in read_withheld(path).entries] == ["900000001", "90000000300011"]


def test_an_identifier_that_is_a_number_is_that_number():
    """« siret-N » and « siren-N » name rows of any source, by their numbers."""
    frame = pd.DataFrame(
        {"actor_id": ["x", "y", "z"], "siren": ["900000001", "900000002", None],
         "siret": ["90000000100011", "90000000200011", None]}
    )  # fmt: skip
    for value, found in (("siret-90000000200011", [False, True, False]), ("siren-900000001", [True, False, False])):
        assert module.Withheld((Entry("actor_id", value),)).matches(frame).tolist() == found


def test_an_identifier_of_a_list_written_with_a_number_names_nobody_else():
    """Another SIREN is a namesake; another establishment or no number may be the same; identifiers of ours are kept."""
    frame = pd.DataFrame(
        {"actor_id": ["liste-a-31395"] * 3, "siren": ["900000001", "900000002", None],
         "siret": ["90000000100029", "90000000200011", None]}
    )  # fmt: skip
    for id_, found in (("liste-a-31395", [True, False, True]), ("a-31395", [True, True, True])):
        entries = (Entry("actor_id", id_), Entry("siret", "90000000100011", came_with=id_))
        assert module.Withheld(entries).matches(frame.assign(actor_id=id_)).tolist() == found
