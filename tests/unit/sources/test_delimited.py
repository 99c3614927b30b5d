"""A delimited file is read as it is: nothing repaired, nothing dropped, every broken row said."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.errors import SourceError
from essmap.sources.delimited import read_delimited, read_header

COLUMNS = ["id", "name"]


def file_of(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def found(folder: Path, content: str | bytes) -> list[tuple[str, int | None, str | None, str]]:
    problems = read_delimited(file_of(folder, content), COLUMNS).problems
    return [(p.rule, p.row, p.column, p.value) for p in problems]


def test_cells_are_stripped_strings_indexed_by_spreadsheet_line(tmp_path):
    """Codes keep their zeros, quotes and commas are read, a byte order mark and CRLF change nothing."""
    content = b'\xef\xbb\xbfid,name\r\n 007 ,"Dupont, ""fils"""\r\n,\xc3\x89cole\r\n'
    table = read_delimited(file_of(tmp_path, content), COLUMNS)
    assert table.problems == ()
    assert table.frame.index.tolist() == [2, 3]
    assert table.frame.to_numpy().tolist() == [["007", 'Dupont, "fils"'], ["", "École"]]
    assert table.sha256 == hashlib.sha256(content).hexdigest()
    assert table.file == "table.csv"


def test_nothing_looks_missing_but_the_empty_cell(tmp_path):
    """Words that pandas takes for missing values stay words."""
    table = read_delimited(file_of(tmp_path, "id,name\nNA,null\nnan,None\n,\n1,\n"), COLUMNS)
    assert table.frame.to_numpy().tolist() == [["NA", "null"], ["nan", "None"], ["1", ""]]


def test_lines_are_counted_as_a_spreadsheet_counts_them(tmp_path):
    """A cell of several lines is one row; blank rows are no rows but keep their number."""
    content = 'id,name\n1,"two\nlines"\n\n , \n2,b\n3\n'
    assert read_delimited(file_of(tmp_path, content), COLUMNS).frame.index.tolist() == [2, 5, 6]
    assert found(tmp_path, content) == [("cell_count", 6, None, "1")]


def test_rows_of_another_length_are_reported_and_kept(tmp_path):
    """A row with too many or too few cells is said, and stays in the frame."""
    content = "id,name\n1,a,extra\n2\n3,c\n"
    assert found(tmp_path, content) == [("cell_count", 2, None, "3"), ("cell_count", 3, None, "1")]
    assert read_delimited(file_of(tmp_path, content), COLUMNS).frame["id"].tolist() == ["1", "2", "3"]


def test_header_faults_are_reported_on_line_one(tmp_path):
    """Missing, unknown and repeated columns are each said once; the frame has the columns asked for."""
    content = "id,nom,id\n1,a,9\n"
    assert found(tmp_path, content) == [
        ("missing_column", 1, "name", "id, nom, id"),
        ("unknown_column", 1, "nom", "nom"),
        ("repeated_column", 1, "id", "id"),
    ]
    frame = read_delimited(file_of(tmp_path, content), COLUMNS).frame
    assert frame.columns.tolist() == COLUMNS
    assert frame.to_numpy().tolist() == [["1", ""]]


def test_columns_may_come_in_any_order(tmp_path):
    """The frame has the columns in the order asked for."""
    table = read_delimited(file_of(tmp_path, "name,id\na,1\n"), COLUMNS)
    assert (table.problems, table.frame.to_numpy().tolist()) == ((), [["1", "a"]])


def test_header_alone_is_an_empty_table(tmp_path):
    """A file with a header and no row gives no row and no fault."""
    table = read_delimited(file_of(tmp_path, "id,name\n"), COLUMNS)
    assert (len(table.frame), table.problems, table.frame.columns.tolist()) == (0, (), COLUMNS)


def test_header_after_a_blank_line_is_refused(tmp_path):
    """The header is line 1: a blank one misses every column."""
    rules = [problem[0] for problem in found(tmp_path, "\nid,name\n1,a\n")]
    assert rules.count("missing_column") == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "est vide"),
        (b"\xef\xbb\xbf", "est vide"),
        (b"\n\n\n", "est vide"),
        ("id,name\n1,Castéra\n2,Âne\n".encode("latin-1"), "(ligne 2)"),
        ("id,name\n".encode("utf-16"), "UTF-8"),
        (b'id,name\n1,"open\n', "guillemets mal fermés"),
        (b'id,name\n1,"a"b\n', "guillemets mal fermés"),
        (b"id;name\n1;a\n", "virgule"),
        (b"id\tname\n1\ta\n", "virgule"),
    ],
)
def test_unreadable_content_is_a_french_sentence(tmp_path, content, words):
    """What cannot be read at all names the file, what is wrong and what to do; the header alone says the same."""
    path = file_of(tmp_path, content)
    with pytest.raises(SourceError) as told:
        read_delimited(path, COLUMNS)
    assert "table.csv" in str(told.value)
    assert words in str(told.value)
    assert str(tmp_path) not in str(told.value)
    with pytest.raises(SourceError, match=r"table\.csv"):
        read_header(path)


def test_missing_file_and_folder_are_told_apart(tmp_path):
    """A missing file and a folder in its place are two sentences, without the path of the machine."""
    with pytest.raises(SourceError, match="introuvable dans le dossier") as told:
        read_delimited(tmp_path / "none.csv", COLUMNS)
    assert f"«\u202f{tmp_path.name}\u202f»" in str(told.value)
    with pytest.raises(SourceError, match="c’est un dossier"):
        read_delimited(tmp_path, COLUMNS)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)


@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=6))
def test_what_a_spreadsheet_writes_is_read_back(tmp_path_factory, rows):
    """Any table written as CSV comes back, cell by cell, blank rows apart."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([COLUMNS, *rows])
    path = file_of(tmp_path_factory.mktemp("csv"), stream.getvalue())
    table = read_delimited(path, COLUMNS)
    expected = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    assert table.problems == ()
    assert table.frame.to_numpy().tolist() == expected
