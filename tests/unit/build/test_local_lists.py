"""The folder of local lists: whole whatever happens, dated, undone, and part of every build. All rows are made up."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_register import establishment, register_read

from essmap.build.live import LiveOptions, build_live
from essmap.build.locals import NO_LISTS, About, LocalLists, as_list, keep_list, read_lists, undo_import
from essmap.build.starter import build_starter, is_embedded_only, is_outdated, load_geography
from essmap.errors import DataError, SettingsError, SourceError
from essmap.schema import atomic
from essmap.schema.folding import fold
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import Entry, Withheld
from essmap.store import Store
from essmap.view.opendata.guard import require_masked
from made_up_lists import NOW, judged_text, local_list

SIRET = "73282932000074"
ONE = (
    f"Nom;Commune;SIRET;Adresse;Site\nLa Roue inventée;Muret;{SIRET};1 rue Inventée;exemple.fr\n"
    "Le Fil inventé;Blagnac;;;\n"
)
OTHER = "Nom;Commune\nLa Roue inventée;Muret\nLe Pain inventé;Seysses\n"


def test_a_list_is_kept_as_it_came_in(tmp_path):
    """What is read back is what was kept: rows, lines, date and where it came from."""
    one = local_list(ONE)
    assert keep_list(tmp_path, "31", one) == "new"
    assert read_lists(tmp_path, "31").lists == (one,)
    assert read_lists(tmp_path, "09") == NO_LISTS
    assert one.imported_at == "2026-11-20T08:00:00+00:00"
    assert one.frame().index.tolist() == [2, 3]


def test_the_same_list_again_changes_nothing(tmp_path):
    """Same content on another day under another name: not one byte changes, the first date stays."""
    keep_list(tmp_path, "31", local_list(ONE))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*.json")}
    again = replace(local_list(ONE, day=25), file="copie.csv")
    assert keep_list(tmp_path, "31", again) == "same"
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*.json")} == before


def test_the_same_list_with_other_wishes_takes_its_own_place(tmp_path):
    """A new title is a change of the one list, not a second list."""
    keep_list(tmp_path, "31", local_list(ONE))
    renamed = replace(local_list(ONE, day=21), about=About("Annuaire inventé"))
    assert keep_list(tmp_path, "31", renamed) == "replaced"
    assert read_lists(tmp_path, "31").lists == (renamed,)


def test_lists_come_in_the_order_of_their_dates(tmp_path):
    """The oldest first, whatever the names of the files."""
    for day, text in ((22, ONE), (21, OTHER)):
        keep_list(tmp_path, "31", local_list(text, day=day))
    assert [one.imported_at[8:10] for one in read_lists(tmp_path, "31").lists] == ["21", "22"]


def test_a_list_is_undone_by_its_identifier_or_its_beginning(tmp_path):
    """What was taken away is said; what is left stays."""
    one, other = local_list(ONE), local_list(OTHER)
    for each in (one, other):
        keep_list(tmp_path, "31", each)
    assert undo_import(tmp_path, "31", one.import_id.partition("-")[2]) == one
    assert read_lists(tmp_path, "31").lists == (other,)
    assert undo_import(tmp_path, "31", other.import_id[:12]) == other
    assert read_lists(tmp_path, "31") == NO_LISTS


@pytest.mark.parametrize("identifier", ["", "actors", "nothing", "../secret"])
def test_an_identifier_that_names_no_one_list_is_refused(identifier, tmp_path):
    """None or several: nothing is taken away, and those that are there are named."""
    one, other = local_list(ONE), local_list(OTHER)
    for each in (one, other):
        keep_list(tmp_path, "31", each)
    with pytest.raises(SettingsError, match=one.import_id):
        undo_import(tmp_path, "31", identifier)
    assert len(read_lists(tmp_path, "31").lists) == 2


def test_a_list_of_nothing_is_not_kept(tmp_path):
    """A list without a sound row leaves the folder as it was."""
    judged = judged_text("Nom;Commune\nInventée;Atlantis\n", "actors")
    with pytest.raises(DataError):
        keep_list(tmp_path / "lists", "31", as_list(judged, About(), NOW))
    assert not (tmp_path / "lists").exists()


def test_a_file_changed_by_hand_stops_whoever_reads_it(tmp_path):
    """A list is never half obeyed: what was changed, cut or put there by hand is named."""
    keep_list(tmp_path, "31", local_list(ONE))
    (path,) = tmp_path.rglob("*.json")
    sound = path.read_bytes()
    content = json.loads(sound)
    content["content"]["rows"][0][1] = "Autre nom"
    for changed in (json.dumps(content).encode(), sound[:-40], b"[]", b"", b'{"digest": 1}'):
        path.write_bytes(changed)
        with pytest.raises(SourceError, match=path.name):
            read_lists(tmp_path, "31")
    path.write_bytes(sound)
    path.rename(path.with_name("actors-000000000000.json"))
    with pytest.raises(SourceError, match="actors-000000000000"):
        read_lists(tmp_path, "31")


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_failure_at_any_step_leaves_the_folder_as_it_was(step, tmp_path, monkeypatch):
    """Disk full while opening, while waiting for the disk, while taking the place: the old list, and nothing else."""
    keep_list(tmp_path, "31", local_list(ONE))
    before = {path.name: path.read_bytes() for path in (tmp_path / "31").iterdir()}

    opened = Path.open

    def full(*arguments, **options):
        if step == "open" and "xb" not in arguments:
            return opened(*arguments, **options)
        raise OSError(errno.ENOSPC, "full")

    target = {"open": (Path, "open"), "fsync": (atomic.os, "fsync"), "replace": (Path, "replace")}[step]
    renamed = replace(local_list(ONE), about=About("Autre titre"))
    with monkeypatch.context() as patch:
        patch.setattr(*target, full)
        with pytest.raises(SourceError, match="disque plein"):
            keep_list(tmp_path, "31", renamed)
    assert {path.name: path.read_bytes() for path in (tmp_path / "31").iterdir()} == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_crash_at_any_moment_leaves_a_whole_list(tmp_path):
    """A process that keeps and undoes lists is killed at random moments: what is read is one of the states it wrote."""
    states = [local_list(ONE), replace(local_list(ONE), about=About("Autre titre")), local_list(OTHER)]
    chance = random.Random(31)  # noqa: S311  moments, not secrets
    for _ in range(40):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover  it is killed
            try:
                while True:
                    for state in states:
                        os.write(tell, b".")
                        keep_list(tmp_path, "31", state)
                    undo_import(tmp_path, "31", states[0].import_id)
            finally:
                os._exit(1)
        for _ in range(chance.randrange(1, 12)):
            os.read(told, 1)
        for _ in range(chance.randrange(0, 20_000)):
            pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(told)
        os.close(tell)
        found = read_lists(tmp_path, "31").lists
        assert all(one in states for one in found)
        assert len({one.import_id for one in found}) == len(found)


GEOGRAPHY = load_geography("31")


def built(*lists, withheld: Withheld | None = None) -> Snapshot:
    return build_starter(
        "31", geography=GEOGRAPHY, lists=LocalLists(lists), **({} if withheld is None else {"withheld": withheld})
    )


def of_name(snapshot: Snapshot, name: str) -> dict[str, object]:
    actors = snapshot.table("actors")
    (row,) = actors[actors["name"] == name].to_dict("records")
    return row


def test_a_list_is_part_of_the_next_build_with_its_own_source():
    """Its rows are actors, with what they say; its entry counts what became of each; nothing else changed."""
    snapshot = built(local_list(ONE))
    row = of_name(snapshot, "La Roue inventée")
    (record,) = [one for one in snapshot.manifest.sources if one.key.startswith("list_")]
    assert (row["siret"], row["address"], row["website"]) == (SIRET, "1 rue Inventée", "https://exemple.fr")
    assert (row["source"], row["source_kind"], row["source_note"]) == (record.key, "list", "Liste locale (liste.csv)")
    assert (record.rows_in, record.rows_kept, record.rows_merged, record.vintage) == (2, 2, 0, "2026-11-20")
    plain = build_starter("31")
    assert len(snapshot.table("actors")) == len(plain.table("actors")) + 2
    assert set(plain.table("actors")["actor_id"]) <= set(snapshot.table("actors")["actor_id"])
    assert "listes locales" in snapshot.manifest.completeness["actors"].sentence
    assert not is_embedded_only(snapshot.manifest.as_dict())
    assert not is_outdated(snapshot.manifest)


def test_a_list_that_quotes_a_register_confirms_nobody():
    """« Registre public » in a list is what the list says; nobody is confirmed, and nobody is called unconfirmed."""
    judged = judged_text("Nom;Commune;Genre de source\nLa Roue inventée;Muret;Registre public\n", "actors")
    assert [remark.column for remark in judged.remarks] == ["Genre de source"]
    snapshot = built(as_list(judged, About(), NOW))
    assert of_name(snapshot, "La Roue inventée")["source_kind"] == "list"
    assert snapshot.table("actors")["is_confirmed"].isna().all()


def test_undone_means_gone_from_the_next_build(tmp_path):
    """After undo a build is what it was before the list came in."""
    one = local_list(ONE)
    keep_list(tmp_path, "31", one)
    undo_import(tmp_path, "31", one.import_id)
    snapshot = build_starter("31", lists=read_lists(tmp_path, "31"))
    assert snapshot.manifest.counts == build_starter("31").manifest.counts


def test_a_row_of_a_known_structure_is_put_together_with_it(starter_snapshot):
    """Name and commune of a gathered structure: one actor, under its identifier, that keeps its page."""
    known = starter_snapshot.table("actors").set_index("actor_id").loc["la-cafetiere-31028"]
    snapshot = built(local_list("Nom;Commune;Employeur\nLA CAFETIERE;Aurignac;oui\n"))
    row = snapshot.table("actors").set_index("actor_id").loc["la-cafetiere-31028"]
    assert (row["source_url"], row["is_employer"]) == (known["source_url"], True)
    assert snapshot.table("merges")[["kept_id", "rule"]].to_numpy().tolist() == [["la-cafetiere-31028", "name_commune"]]
    assert len(snapshot.table("actors")) == len(starter_snapshot.table("actors"))


def test_domains_that_a_list_does_not_say_are_read_from_its_words():
    """Name and activity tell a domain where the list names none; where it names some, these stay."""
    text = "Nom;Commune;Activité;Domaines\nRessourcerie inventée;Muret;;\nLe Fil inventé;Muret;;Mobilité\n"
    snapshot = built(local_list(text))
    assert list(of_name(snapshot, "Ressourcerie inventée")["domains"]) == ["reemploi_dechets"]
    assert list(of_name(snapshot, "Le Fil inventé")["axes"]) == ["bifurcation_ecologique"]


PROTECTED = (
    "Nom;Commune;Adresse;SIRET;Site;Lat;Lon\n"
    f"Foyer de femmes victimes de violences;Toulouse;78901 rue des Mots-Cachés;{SIRET};mots-caches.fr;43.6045;1.4442\n"
    "Le Fil inventé;Muret;78901 rue des Mots-Cachés, chez Mme Unetelle;;mots-caches.fr;;\n"
)
SECRETS = ("78901", "mots-caches", "mots cachés", "unetelle", SIRET, SIRET[:9], "43.6045", "1.4442")


def test_protected_rows_of_a_list_show_nothing_finer_than_their_commune(tmp_path):
    """A sensitive place and a home: no value finer than the commune in any table, manifest or report."""
    snapshot = built(local_list(PROTECTED))
    Store(str(tmp_path)).save(snapshot)
    texts = [frame.astype(str).to_csv() for frame in snapshot.tables.values()]
    texts += [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.json")]
    actors = snapshot.table("actors")
    mine = actors[actors["source"].str.startswith("list_")]
    assert len(mine) == 2
    assert set(mine["geo_precision"]) == {"municipality"}
    named = " ".join(texts).lower()
    assert [secret for secret in SECRETS if secret in named and secret not in {"43.6045", "1.4442"}] == []


def test_a_list_does_not_show_what_the_register_hides():
    """A unit of partial diffusion stays at its commune, though a list gives its address under the same number."""
    hidden = establishment(71, siren=SIRET[:9], siret=SIRET, diffusion="P")
    read = register_read([hidden, establishment(72)])
    one = local_list(
        f"Nom;Commune;SIRET;Adresse;Lat;Lon\nLe Fil inventé;Toulouse;{SIRET};78901 rue Cachée;43.6045;1.4442\n"
    )
    snapshot = build_live(read, "31", LiveOptions("api", lists=LocalLists((one,))))
    actors = snapshot.table("actors")
    assert len(actors) == 2
    (found,) = actors[actors["name"] == "Le Fil inventé"].to_dict("records")
    assert found["geo_precision"] == "municipality"
    assert [secret for secret in ("78901", SIRET, SIRET[:9]) if secret in str(found)] == []


OPPOSITIONS = [Entry("siren", SIRET[:9]), Entry("siret", SIRET), Entry("actor_id", "liste-la-roue-inventee-31395")]


@pytest.mark.parametrize("entry", OPPOSITIONS)
def test_who_objects_after_a_list_came_in_is_left_out(entry):
    """An opposition is obeyed by the next build, and counted."""
    snapshot = built(local_list(ONE), withheld=Withheld((entry,), "x"))
    assert "La Roue inventée" not in set(snapshot.table("actors")["name"])
    (record,) = [one for one in snapshot.manifest.sources if one.key.startswith("list_")]
    assert (record.rows_kept, dict(record.rows_rejected)) == (1, {"withheld": 1})


def test_who_objects_by_a_number_that_is_not_shown_is_left_out():
    """A sensitive place shows no number; an opposition by that number still counts."""
    snapshot = built(local_list(PROTECTED), withheld=Withheld((Entry("siret", SIRET),), "x"))
    assert not snapshot.table("actors")["name"].str.startswith("Foyer de femmes victimes").any()


def test_rows_add_up_for_every_source():
    """rows_in = kept + merged + rejected, for each source and in all."""
    snapshot = built(local_list(ONE), local_list(OTHER, day=21))
    for source in snapshot.manifest.sources:
        if source.key.startswith(("list_", "starter_")):
            assert source.rows_in == source.rows_kept + source.rows_merged + sum(source.rows_rejected.values())
    manifest = snapshot.manifest
    assert manifest.rows_in == manifest.counts["actors"] + manifest.merged + manifest.rejected


def test_a_row_whose_commune_is_gone_is_counted_not_lost():
    """A list outlives the division of its year: what no longer fits is left out under a reason."""
    one = local_list(OTHER)
    place = one.columns.index("commune_code")
    gone = tuple("31999" if n == place else cell for n, cell in enumerate(one.rows[0]))
    snapshot = built(replace(one, rows=(gone, one.rows[1])))
    (record,) = [each for each in snapshot.manifest.sources if each.key.startswith("list_")]
    assert (record.rows_kept, dict(record.rows_rejected)) == (1, {"unknown_commune": 1})


def test_two_lists_that_give_one_identifier_to_two_numbers_are_told_apart():
    """Two establishments of one name in one commune stay two actors."""
    first = local_list(f"Nom;Commune;SIRET\nLa Roue inventée;Muret;{SIRET}\n")
    second = local_list("Nom;Commune;SIRET\nLa Roue inventée;Muret;35600000000048\n", day=21)
    actors = built(first, second).table("actors")
    assert actors[actors["name"] == "La Roue inventée"]["actor_id"].tolist() == [
        "liste-la-roue-inventee-31395", told_apart("liste-la-roue-inventee-31395", fold(second.title)),
    ]  # fmt: skip


def test_what_was_kept_out_is_told_in_the_notes():
    """The build says how many rows of a list were refused when it came in."""
    judged = judged_text("Nom;Commune\nLa Roue inventée;Muret\nAutre;Atlantis\n", "actors")
    snapshot = built(as_list(judged, About("Annuaire inventé"), NOW))
    assert any("Annuaire inventé" in note and "1 ligne sur 2" in note for note in snapshot.manifest.notes)


def test_a_register_and_a_list_are_put_together_by_number():
    """A row with the SIRET of an establishment is that establishment; the register confirms it."""
    one = local_list(f"Nom;Commune;SIRET\nLa Roue inventée;Toulouse;{SIRET}\n")
    read = register_read([establishment(72, siren=SIRET[:9], siret=SIRET)])
    snapshot = build_live(read, "31", LiveOptions("api", lists=LocalLists((one,))))
    actors = snapshot.table("actors")
    assert (len(actors), actors["siret"].iloc[0], bool(actors["is_confirmed"].iloc[0])) == (1, SIRET, True)
    assert snapshot.table("merges")["rule"].tolist() == ["siret"]


def test_a_list_of_which_no_row_fits_any_more_builds_all_the_same():
    """Nothing of it is left, and each row is counted."""
    one = local_list(OTHER)
    place = one.columns.index("commune_code")
    rows = tuple(tuple("31999" if n == place else cell for n, cell in enumerate(row)) for row in one.rows)
    (record,) = [each for each in built(replace(one, rows=rows)).manifest.sources if each.key.startswith("list_")]
    assert (record.rows_kept, dict(record.rows_rejected)) == (0, {"unknown_commune": 2})


def told_apart(identifier: str, mark: str) -> str:
    """Return an identifier as it is told apart from the same one in an earlier list."""
    return f"{identifier}--{hashlib.sha256(mark.encode()).hexdigest()[:8]}"


def with_ids(one, *ids):
    """Return a list whose rows have other identifiers, as lists kept by an earlier version may."""
    place = one.columns.index("id")
    rows = [(*row[:place], id_, *row[place + 1 :]) for row, id_ in zip(one.rows, ids, strict=True)]
    return replace(one, rows=tuple(rows))


def test_two_lists_that_number_their_rows_stay_two_lists():
    """Row 1 of each is another structure of another commune: four rows, four actors, and none called by a rank."""
    text = "Identifiant;Nom;Commune\n1;La Roue inventée;Muret\n2;Le Fil inventé;Blagnac\n"
    other = "Identifiant;Nom;Commune\n1;Le Pain inventé;Seysses\n2;Le Bois inventé;Toulouse\n"
    actors = built(local_list(text), local_list(other, day=21)).table("actors")
    mine = actors[actors["source"].str.startswith("list_")]
    assert sorted(mine["name"]) == ["La Roue inventée", "Le Bois inventé", "Le Fil inventé", "Le Pain inventé"]
    assert mine["actor_id"].str.startswith("liste-").all()


def test_kept_lists_that_number_their_rows_are_told_apart_without_a_siret():
    """One identifier, two names or two communes: two actors; the same name in the same commune is one."""
    first = with_ids(local_list("Nom;Commune\nLa Roue inventée;Muret\nLe Fil inventé;Muret\n"), "1", "2")
    second = with_ids(local_list("Nom;Commune\nLe Pain inventé;Muret\nLe Fil inventé;Muret\n", day=21), "1", "2")
    third = with_ids(local_list("Nom;Commune\nLa Roue inventée;Seysses\n", day=22), "1")
    snapshot = built(first, second, third)
    actors = snapshot.table("actors")
    mine = actors[actors["source"].str.startswith("list_")].sort_values("actor_id")
    names = dict(zip(mine["actor_id"], mine["name"], strict=True))
    assert names == {
        "1": "La Roue inventée", told_apart("1", fold(second.title)): "Le Pain inventé",
        told_apart("1", third.key): "La Roue inventée", "2": "Le Fil inventé",
    }  # fmt: skip
    assert snapshot.table("merges")["rule"].tolist() == ["same_id"]


@pytest.mark.parametrize("identifier", [SIRET, f"asso-{SIRET}", f"siret-{SIRET}", f"{SIRET[:9]}-31395"])
def test_a_protected_row_has_no_number_for_a_name(identifier, tmp_path):
    """A home and a sensitive place of a list kept before: the number is in no identifier, table or report."""
    snapshot = built(with_ids(local_list(PROTECTED), identifier, f"{identifier}x"))
    Store(str(tmp_path)).save(snapshot)
    texts = [frame.astype(str).to_csv() for frame in snapshot.tables.values()]
    texts += [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.json")]
    assert len(snapshot.table("actors")[lambda actors: actors["source"].str.startswith("list_")]) == 2
    assert not any(SIRET[:9] in text for text in texts)
    require_masked(snapshot)


def test_a_list_does_not_tell_the_address_of_a_home_in_its_words(tmp_path):
    """Activity and address of a sensitive place, a home by a title, a home that the activity tells."""
    text = (
        "Nom;Commune;Adresse;Activité;Sensible\n"
        "Le Fil inventé;Muret;;Accueil au 78901 rue des Mots-Cachés;oui\n"
        "La Roue inventée;Muret;Mme Unetelle, 78901 rue des Mots-Cachés;Vélos;\n"
        "Le Pain inventé;Muret;78901 rue des Mots-Cachés;Fournil chez M. Unetelle;\n"
    ).replace("78901", "789")
    snapshot = built(local_list(text))
    named = " ".join(frame.astype(str).to_csv() for frame in snapshot.tables.values()).lower()
    assert not any(secret in named for secret in ("mots-cachés", "unetelle"))
    assert of_name(snapshot, "La Roue inventée")["activity"] == "Vélos"
    require_masked(snapshot)


DOORS = "Nom;Commune;SIRET;Adresse;Sensible;Lat;Lon\n"
DOOR = "5 avenue des Mots-Cachés"


@pytest.mark.parametrize(
    "masked",
    [f"Maison inventée;Muret;{SIRET};{DOOR};oui;;", f'Maison inventée;Muret;{SIRET};"chez M. Untel, {DOOR}";;;'],
    ids=["sensitive", "home"],
)
@pytest.mark.parametrize("day", [19, 21])
def test_another_list_under_another_name_does_not_show_the_door_of_a_masked_row(masked, day):
    """The number that the masked row no longer shows says that both are one: one actor, at its commune."""
    other = local_list(f"{DOORS}Atelier Oméga;Muret;{SIRET};{DOOR};;43.465;1.325\n", day=day)
    snapshot = built(local_list(f"{DOORS}{masked}\n", day=20), other)
    mine = snapshot.table("actors")[lambda actors: actors["source"].str.startswith("list_")]
    assert len(mine) == 1
    assert (mine["geo_precision"].iloc[0], mine["siret"].isna().all()) == ("municipality", True)
    texts = " ".join(frame.astype(str).to_csv() for frame in snapshot.tables.values())
    assert not any(secret in texts for secret in ("Mots-Cachés", SIRET, SIRET[:9]))
    records = [one for one in snapshot.manifest.sources if one.key.startswith("list_")]
    assert sorted((one.rows_kept, one.rows_merged) for one in records) == [(0, 1), (1, 0)]
    require_masked(snapshot)


def test_the_register_does_not_show_the_door_of_a_masked_row_of_a_list():
    """The same beside a register that knows the unit under another name."""
    one = local_list(f"{DOORS}Maison inventée;Toulouse;{SIRET};{DOOR};oui;;\n")
    read = register_read([establishment(71, siren=SIRET[:9], siret=SIRET), establishment(72)])
    actors = build_live(read, "31", LiveOptions("api", lists=LocalLists((one,)))).table("actors")
    assert len(actors) == 2
    (found,) = actors[actors["is_sensitive"]].to_dict("records")
    assert found["geo_precision"] == "municipality"
    assert SIRET[:9] not in str(found)


NAMESAKES = [
    replace(local_list(f"Nom;Commune;SIRET\nFoyer inventé;Muret;{number}\n", day=day), about=About(title=title))
    for day, number, title in ((19, "35600000000048", "Liste de mai"), (20, SIRET, "Liste de juin"))
]


def test_an_identifier_told_apart_is_the_same_whatever_lists_stand_between():
    """It is no rank: one list more changes nothing. It does not tell the number either."""
    more = local_list("Nom;Commune;SIRET\nFoyer inventé;Muret;55208131766522\n", day=19)
    ids = [
        {row.siret: row.actor_id for row in built(*lists).table("actors").itertuples() if row.siret == SIRET}
        for lists in (NAMESAKES, [NAMESAKES[0], more, NAMESAKES[1]])
    ]
    assert ids[0] == ids[1] == {SIRET: told_apart("liste-foyer-invente-31395", "liste de juin")}


@pytest.mark.parametrize(("opposed", "left"), [(0, 1), (1, 0)])
def test_an_opposition_does_not_slide_onto_a_namesake(opposed, left):
    """Written with its number: the other one is shown, with both lists and with either alone."""
    numbers = ["35600000000048", SIRET]
    actors = built(*NAMESAKES).table("actors")
    (id_,) = actors.loc[actors["siret"].eq(numbers[opposed]), "actor_id"]
    withheld = Withheld((Entry("actor_id", id_), Entry("siret", numbers[opposed], came_with=id_)), "x")
    for lists in (NAMESAKES, [NAMESAKES[opposed]], [NAMESAKES[left]]):
        found = set(built(*lists, withheld=withheld).table("actors")["siret"].dropna())
        assert (numbers[opposed] in found, numbers[left] in found) == (False, NAMESAKES[left] in lists)


def test_a_list_of_names_replaces_nothing_that_a_source_says(starter_snapshot):
    """Page, hand-read domains and form of a known structure stay; what the list alone says is taken."""
    actors = starter_snapshot.table("actors")
    known = actors[actors["source_url"].notna() & ~actors["is_sensitive"]]
    rows = known[known["legal_form"].isin(["scic", "scop"])].head(5)
    lines = "".join(f'"{row.name}";{row.commune_code};Association\n' for row in rows.itertuples(index=False))
    after = built(local_list(f"Nom;Code INSEE de la commune;Forme juridique\n{lines}")).table("actors")
    assert len(after) == len(actors)
    columns = ["legal_form", "family", "source", "source_url", "source_note", "source_kind"]
    for name in columns:
        assert after.set_index("actor_id")[name].loc[rows["actor_id"]].tolist() == rows[name].tolist()
    for one in rows.itertuples():
        assert list(after.set_index("actor_id")["domains"][one.actor_id]) == list(one.domains)


def test_units_that_an_export_does_not_show_come_back_one_by_one():
    """They have one name and no number, and identifiers of ours: none is repeated, and none gets a note of its own."""
    rows = "".join(f"commune-31395-foyer-invente{rank};Foyer inventé;Muret\n" for rank in ("", "--2", "--3"))
    again = "commune-31395-foyer-invente;Foyer inventé;Muret\n;Foyer inventé;Muret\n"
    snapshot = built(local_list(f"Identifiant;Nom;Commune\n{rows}"))
    mine = snapshot.table("actors")[lambda actors: actors["source"].str.startswith("list_")]
    assert len(mine) == 3
    assert mine["source_note"].isna().all()
    require_masked(snapshot)
    judged = judged_text(f"Identifiant;Nom;Commune\n{rows}{again}", "actors")
    assert {one.row for one in judged.faults} >= {6}
    assert len(judged.frame) + len({one.row for one in judged.faults}) == 5


def test_a_support_that_an_export_does_not_name_does_not_come_in():
    """The holder is not shown: the row says nothing that the build does not know."""
    text = "Porteur;Commune;Programme;Année\nTitulaire non affiché;Muret;Vélo;2024\nLe Fil inventé;Muret;Vélo;2024\n"
    judged = judged_text(text, "projects")
    assert [(one.row, one.rule) for one in judged.faults] == [(2, "withheld")]
    assert "export" in judged.faults[0].expected
    assert judged.frame["holder_name"].tolist() == ["Le Fil inventé"]
