"""What leaves as open data comes back as itself: each format of `essmap export`, read by `essmap import`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from essmap import reference
from essmap.build.imports.judge import Judged, Wanted, judge
from essmap.build.locals import About, LocalLists, as_list
from essmap.build.starter import build_starter, load_geography
from essmap.schema.snapshot import Snapshot
from essmap.schema.tables import TABLES
from essmap.schema.tableschema import KINDS, Kind
from essmap.sources.spreadsheet import read_bytes
from essmap.sources.starter import starter_folder
from essmap.view.opendata.content import actors_content, projects_content
from essmap.view.opendata.package import FORMATS, one_file

#: Degrees: what points leave with (`essmap.view.opendata.content.DEGREES`).
ROUNDED = 5e-8
#: Headings: French for people where the format has both, else the names of the schema.
CASES = [("csv", False), ("xlsx", False), *((file_format, True) for file_format in FORMATS)]


def came_back(snapshot: Snapshot, kind: Kind, file_format: str, *, for_machines: bool) -> Judged:
    """Return a table as the import reads the file that the export makes of it."""
    [content] = actors_content(snapshot) if kind == "actors" else projects_content(snapshot)
    book = read_bytes(one_file(content, file_format, for_machines=for_machines), f"export.{file_format}")
    return judge(book, Wanted(kind), load_geography("31").communes, "31")


@pytest.fixture(scope="module")
def nothing_gathered(tmp_path_factory) -> Path:
    """A folder of gathered files without a row: what a build shows then comes from lists alone."""
    folder = tmp_path_factory.mktemp("nothing")
    for file in starter_folder("31").glob("*.csv"):
        header = file.read_text(encoding="utf-8-sig").split("\n")[0]
        (folder / file.name).write_text(f"{header}\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(("file_format", "for_machines"), CASES)
def test_the_starter_tables_come_back_as_themselves(file_format, for_machines, starter_snapshot, nothing_gathered):
    """Every cell of both tables: no fault, no remark, no heading unknown, nothing that differs but the source."""
    lists = []
    for kind in KINDS:
        judged = came_back(starter_snapshot, kind, file_format, for_machines=for_machines)
        assert (judged.faults, judged.remarks, judged.layout.unknown) == ((), (), ())
        lists.append(as_list(judged, About(), datetime(2026, 11, 20, tzinfo=UTC)))
    back = build_starter("31", folder=nothing_gathered, lists=LocalLists(tuple(lists)))
    for kind in KINDS:
        key = TABLES[kind].key
        before = starter_snapshot.layer(kind).set_index(key).sort_index()
        after = back.layer(kind).set_index(key).sort_index()
        if not for_machines and kind == "actors":  # people get no link to some kinds of pages, as on the cards
            is_linked = before["source_kind"].map(reference.source_kinds()["is_linked"]).astype(bool)
            before["source_url"] = before["source_url"].where(is_linked)
            assert not is_linked.all()
        assert_same(before, after)
        assert set(after["source"]) == {one.key for one in lists if one.kind == kind}


def assert_same(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> None:
    """Hold two tables side by side: identifiers, every column but the source, points to a centimetre."""
    shapes = ["geometry", "source"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(before.drop(columns=shapes)), pd.DataFrame(after.drop(columns=shapes)), check_dtype=False
    )
    both = before.geometry.notna()
    assert after.geometry.notna().equals(both)
    assert before.geometry[both].geom_equals_exact(after.geometry[both], ROUNDED).all()


def test_a_table_that_differs_is_seen(starter_snapshot):
    """The comparison can fail: one letter of one cell, one point moved by a metre."""
    before = starter_snapshot.layer("actors").set_index("actor_id")
    other = before.copy()
    other.iloc[7, other.columns.get_loc("name")] += "x"
    with pytest.raises(AssertionError):
        assert_same(before, other)
    moved = before.copy()
    moved.loc[moved.index[7], "geometry"] = moved.geometry.iloc[7].buffer(1e-5).exterior.interpolate(0)
    with pytest.raises(AssertionError):
        assert_same(before, moved)
