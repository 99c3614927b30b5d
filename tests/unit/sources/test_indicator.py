"""Indicator tables: what they say is read, and each fault is said with its line."""

from __future__ import annotations

import math

import pytest

from essmap.errors import DataError, SourceError
from essmap.sources.indicator import read_indicator

HEAD = "# title: Habitants de 75 ans, et plus\n# level: commune\n# Year: 2022\n# source: INSEE (made up)\n"


@pytest.fixture
def written(tmp_path):
    """Write a table."""

    def write(text: str):
        path = tmp_path / "age.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_table_is_read(written):
    """Title, level, year, source and values; an empty value is not known, which is not 0."""
    found = read_indicator(written(HEAD + "code,value\n31001,12\n31002,\n31003,0\n31004,1.5\n"))
    assert (found.title, found.level, found.year, found.source) == (
        "Habitants de 75 ans, et plus",
        "commune",
        2022,
        "INSEE (made up)",
    )
    assert found.values.drop("31002").to_dict() == {"31001": 12, "31003": 0, "31004": 1.5}
    assert math.isnan(found.values["31002"])


def test_a_table_saved_by_a_spreadsheet_is_read(written):
    """Commas that a spreadsheet adds to the first lines and Windows line ends change nothing."""
    text = HEAD.replace(", et plus", "").replace("\n", ",\r\n") + "code,value\r\n31001,12\r\n"
    assert read_indicator(written(text)).title == "Habitants de 75 ans"


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("code,value\n31001,1\n", None, "indicator_title"),
        (HEAD.replace("commune", "iris") + "code,value\n", None, "indicator_level"),
        (HEAD.replace("2022", "22") + "code,value\n", None, "indicator_year"),
        (HEAD.replace("INSEE (made up)", "") + "code,value\n", None, "indicator_source"),
        (HEAD + "code,number\n31001,1\n", 5, "missing_column"),
        (HEAD + "code,value\n31001,-1\n", 6, "indicator_value"),
        (HEAD + 'code,value\n31001,"1,5"\n', 6, "indicator_value"),
        (HEAD + "code,value\n31001,nan\n", 6, "indicator_value"),
        (HEAD + "code,value\n31001,1\n31001,2\n", 7, "indicator_code"),
        (HEAD + "code,value\n,1\n", 6, "indicator_code"),
    ],
)
def test_faults_are_said_with_their_line(written, text, line, rule):
    """Each fault is a problem with its line and rule, in French."""
    with pytest.raises(DataError, match="indicateur") as caught:
        read_indicator(written(text))
    assert (line, rule) in {(problem.row, problem.rule) for problem in caught.value.problems}


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "code;value\n31001;1\n"])
def test_what_is_no_table_is_refused(written, text):
    """An empty file, and cells apart by something else, are refused with what to do."""
    with pytest.raises(SourceError):
        read_indicator(written(text))
