"""A table of journeys is read whole or refused with every fault."""

from __future__ import annotations

import pandas as pd
import pytest

from essmap.build.journeys import read_journeys
from essmap.errors import DataError, SourceError

COMMUNES = pd.DataFrame({"commune_code": ["31001", "31002"]})


def written(tmp_path, text):
    path = tmp_path / "trajets.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("unit", ["km", "minutes"])
def test_a_right_table_is_read(tmp_path, unit):
    """Codes stay text, values become numbers, communes of elsewhere may be named."""
    path = written(tmp_path, f"{unit},origin,destination\n12.5,31001,31002\n0,31002,2A004\n")
    frame = read_journeys(path, COMMUNES)
    assert frame[["origin", "destination", unit]].to_numpy().tolist() == [
        ["31001", "31002", 12.5],
        ["31002", "2A004", 0.0],
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("origin,destination\n31001,31002\n", {(1, "unit"), (1, "missing_column")}),
        ("origin,destination,km,minutes\n31001,31002,1,1\n", {(1, "unit"), (1, "unknown_column")}),
        ("origin,km\n31001,1\n", {(1, "missing_column")}),
        ("origin,destination,km\n1001,31002,1\n", {(2, "code")}),
        ("origin,destination,km\n31001,31002,-1\n31001,31001,nan\n31002,31001,\n", {(2, "number"), (3, "number"),
                                                                                  (4, "number")}),
        ("origin,destination,km\n31001,31002,\"1,5\"\n31001,31002,inf\n", {(2, "number"), (3, "number"),
                                                                         (3, "repeated")}),
        ("origin,destination,km\n31001,31002,1\n31001,31002,1\n", {(3, "repeated")}),
        ("origin,destination,km\n09001,31002,1\n", {(None, "elsewhere")}),
        ("origin,destination,km\n", {(None, "elsewhere")}),
        ("origin,destination,km\n31001,31002\n", {(2, "cell_count")}),
    ],
)  # fmt: skip
def test_each_fault_is_found_where_it_is(tmp_path, text, found):
    """Line and rule of every fault."""
    with pytest.raises(DataError) as refused:
        read_journeys(written(tmp_path, text), COMMUNES)
    assert {(problem.row, problem.rule) for problem in refused.value.problems} == found
    assert "rien n’a été calculé" in str(refused.value)


def test_a_file_full_of_faults_is_not_printed_whole(tmp_path):
    """The first hundred faults are listed, all are counted."""
    with pytest.raises(DataError) as refused:
        read_journeys(written(tmp_path, "origin,destination,km\n" + "x,31001,1\n" * 150), COMMUNES)
    assert len(refused.value.problems) == 100
    assert "299 défauts" in str(refused.value)  # 150 codes, 149 repeated pairs


def test_no_file(tmp_path):
    """A missing file is an error of the source."""
    with pytest.raises(SourceError, match="introuvable"):
        read_journeys(tmp_path / "rien.csv", COMMUNES)
