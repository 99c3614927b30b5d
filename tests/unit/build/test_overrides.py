"""The file of decisions on merges: what is right is read, every wrong line is located."""

from __future__ import annotations

import pytest

from essmap.build.overrides import Override, read_overrides
from essmap.errors import DataError, SourceError


@pytest.fixture
def decisions(tmp_path):
    """Write a file of decisions and return its path."""

    def write(*lines, header="action,left,right,reason"):
        path = tmp_path / "merges.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def test_decisions_are_read(decisions):
    """Each line is a pair to merge or to keep apart, with its line in the file."""
    read = read_overrides(decisions("merge,a,b,même adresse", "", "keep_apart,a,c,deux associations"))
    assert read.merged == (Override("a", "b", 2),)
    assert read.kept_apart == (Override("a", "c", 4),)
    assert read.file == "merges.csv"


@pytest.mark.parametrize(
    ("lines", "located"),
    [
        (["fusion,a,b,x"], [(2, "action", "unknown_action")]),
        (["merge,,b,x", "merge,a,,x"], [(2, "left", "required"), (3, "right", "required")]),
        (["merge,a,b,"], [(2, "reason", "required")]),
        (["merge,a,a,x"], [(2, "right", "same_actor")]),
        (["merge,a,b,x", "keep_apart,b,a,x"], [(3, "right", "repeated_pair")]),
        (["merge,a,b,x", "merge,b,c,x", "keep_apart,c,a,x"], [(4, "right", "contradiction")]),
        (["merge,a,b"], [(2, None, "cell_count")]),
        ([",,,x"], [(2, "action", "unknown_action"), (2, "left", "required"), (2, "right", "required")]),
    ],
)
def test_wrong_lines_are_located(decisions, lines, located):
    """Every fault says its line, its column and its rule; nothing is read."""
    with pytest.raises(DataError, match=r"merges\.csv") as told:
        read_overrides(decisions(*lines))
    assert [(one.row, one.column, one.rule) for one in told.value.problems] == located


def test_missing_column_is_said(decisions):
    """A file without one of the columns is refused for that alone."""
    with pytest.raises(DataError) as told:
        read_overrides(decisions("merge,a,b", header="action,left,right"))
    assert [(one.column, one.rule) for one in told.value.problems] == [("reason", "missing_column")]


def test_missing_file_is_said(tmp_path):
    """A file that is not there is a sentence."""
    with pytest.raises(SourceError, match="introuvable"):
        read_overrides(tmp_path / "nothing.csv")


def test_decisions_on_actors_that_are_gone_are_reported(decisions):
    """A decision on an actor that no source has is not an error: it is located and said."""
    read = read_overrides(decisions("merge,a,gone,x", "keep_apart,b,a,y"))
    assert [(one.row, one.column, one.value) for one in read.unused({"a", "b"})] == [(2, "right", "gone")]
