"""The report of a build tells what changed, and survives the disk."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from shapely.geometry import Point

from essmap.build.report import MOVED_M, NAMED, changes, with_report
from essmap.errors import SnapshotError
from essmap.schema.report import BuildReport, Change, Changes
from essmap.schema.snapshot import Snapshot
from essmap.store import MANIFEST, REPORT, Store
from essmap.texts import t
from essmap.view.build_report import sections


def changed(snapshot: Snapshot, edit) -> Snapshot:
    actors = snapshot.layer("actors").copy()
    result = edit(actors)
    actors = actors if result is None else result
    tables = {**snapshot.tables, "actors": actors.reset_index(drop=True)}
    counts = {**snapshot.manifest.counts, "actors": len(actors)}
    return Snapshot(replace(snapshot.manifest, counts=counts), tables)


def test_same_actors_are_no_change(starter_snapshot):
    """A build of the same rows changed nothing, whatever the order of its rows."""
    found = changes(starter_snapshot, changed(starter_snapshot, lambda actors: actors.iloc[::-1]))
    assert [one.count for one in (found.new, found.gone, found.changed, found.moved)] == [0, 0, 0, 0]
    assert found.against == starter_snapshot.manifest.build_id


def test_each_kind_of_change_is_told(starter_snapshot):
    """New, gone, described otherwise and moved: each once, under its name, and nothing else."""

    def edit(actors):
        actors = actors.iloc[1:].copy()
        actors.loc[actors.index[0], "name"] = "Autre nom"
        actors.at[actors.index[1], "domains"] = ["culture_medias"]
        actors.loc[actors.index[2], "geometry"] = Point(1.0, 43.0)
        added = actors.iloc[[5]].assign(actor_id="siret-1", name="Nouvelle")
        return pd.concat([actors, added])

    after = changed(starter_snapshot, edit)
    found = changes(starter_snapshot, after)
    names = starter_snapshot.table("actors")["name"]
    assert (found.new.count, found.new.names) == (1, ("Nouvelle",))
    assert (found.gone.count, found.gone.names) == (1, ())
    assert (found.changed.count, set(found.changed.names)) == (2, {"Autre nom", names[2]})
    assert (found.moved.count, found.moved.names) == (1, (names[3],))


@pytest.mark.parametrize(("metres", "is_moved"), [(MOVED_M - 5, False), (MOVED_M + 5, True)])
def test_small_moves_are_none(starter_snapshot, metres, is_moved):
    """A point that is nearly where it was has not moved: 1 m is 1/111 320 degree of latitude."""

    def edit(actors):
        point = actors.geometry.iloc[0]
        actors.loc[actors.index[0], "geometry"] = Point(point.x, point.y + metres / 111_320)

    assert changes(starter_snapshot, changed(starter_snapshot, edit)).moved.count == int(is_moved)


def test_missing_values_are_no_change(starter_snapshot):
    """Missing before and missing after, in whatever form parquet gives it, is the same."""

    def edit(actors):
        actors["naf"] = actors["naf"].astype(object).where(actors["naf"].notna(), None)

    assert changes(starter_snapshot, changed(starter_snapshot, edit)).changed.count == 0


def test_a_handful_is_named(starter_snapshot):
    """However many are new, the report names few; those that are gone are counted only."""
    fewer = changed(starter_snapshot, lambda actors: actors.iloc[:100])
    found = changes(fewer, starter_snapshot)
    assert found.new.count == 296
    assert len(found.new.names) == NAMED
    assert list(found.new.names) == sorted(found.new.names)
    assert changes(starter_snapshot, fewer).gone == Change(296, ())


def test_people_are_told_why_the_gone_have_no_names(starter_snapshot):
    """A report that an older version wrote with names is shown without them."""
    nobody = Change(0, ())
    found = Changes("x", new=nobody, gone=Change(1, ("Les Disparus",)), changed=nobody, moved=nobody)
    shown = sections(starter_snapshot.manifest, BuildReport("api", changes=found))
    cells = [cell for section in shown for row in section.rows for cell in row]
    assert not any("Disparus" in str(cell) for cell in cells)
    assert any(t("report.gone_unnamed") in str(cell) for cell in cells)


def test_report_is_stored_beside_the_manifest(starter_snapshot, fresh_snapshot, tmp_path):
    """It comes back as it was; a build without one, as older versions wrote them, is read all the same."""
    store = Store(str(tmp_path))
    store.save(starter_snapshot)
    assert store.load("31").report is None
    new = with_report(fresh_snapshot(), store.load("31"), source="starter")
    store.save(new)
    read = store.load("31")
    assert read.report == new.report
    assert read.report.changes.new.count == 0
    assert sum(read.report.precisions.values()) == 396
    assert (tmp_path / "31" / new.manifest.build_id / REPORT).is_file()


@pytest.mark.parametrize("content", [None, b"{}", b"["])
def test_damaged_report_is_said(fresh_snapshot, tmp_path, content):
    """A report that is missing or is not what was written makes the build unreadable, as any of its files does."""
    store = Store(str(tmp_path))
    snapshot = with_report(fresh_snapshot(), None, source="starter")
    store.save(snapshot)
    path = tmp_path / "31" / snapshot.manifest.build_id / REPORT
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(SnapshotError, match=REPORT):
        store.load("31")
    assert (path.parent / MANIFEST).is_file()


def test_refusals_are_part_of_the_report(starter_snapshot):
    """A build that loses too much says so; forced, it says that somebody insisted."""
    small = changed(starter_snapshot, lambda actors: actors.iloc[:100])
    refused = with_report(small, starter_snapshot, source="starter").report
    forced = with_report(small, starter_snapshot, source="starter", is_forced=True).report
    calm = with_report(starter_snapshot, starter_snapshot, source="starter", is_forced=True).report
    assert (len(refused.refusals), refused.is_forced) == (1, False)
    assert (len(forced.refusals), forced.is_forced) == (1, True)
    assert (calm.refusals, calm.is_forced) == ((), False)


def test_people_read_every_count(starter_snapshot):
    """Every part of a report has its section in French, and a key without words is shown as it is."""
    report = BuildReport(
        "api",
        rejected={"closed": 1200, "strange_reason": 1},
        hidden={"partial_diffusion": 3},
        unused_positions={"outside_commune": 2},
        precisions={"street": 4},
        figures={"requests": 5},
        geocoding={"asked": 6},
        shortfalls=("Il manque une tranche.",),
        refusals=("Trop peu.",),
    )
    found = {section.title: section for section in sections(starter_snapshot.manifest, report)}
    assert len(found) == 9
    assert found["Lignes laissées de côté"].rows == (("établissement fermé", "1\u202f200"), ("strange_reason", "1"))
    assert BuildReport.from_dict(report.as_dict()) == report
    assert [len(row) for section in found.values() for row in section.rows] == [
        len(section.headings) for section in found.values() for _ in section.rows
    ]
