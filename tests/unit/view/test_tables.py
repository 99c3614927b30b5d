"""HTML tables: real headers, a caption, nothing unescaped."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.view.tables import Heading, Html, html_table

HEADINGS = [Heading("Canton"), Heading("Observées", is_number=True)]


class Reader(HTMLParser):
    """Collect elements with their attributes, and the text of each."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(code)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Read the start of an element."""
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)
        self.texts.append("")

    def handle_endtag(self, tag):
        """Read the end of an element."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Read text."""
        if self.texts:
            self.texts[-1] += data


def test_table_has_caption_headers_and_cells():
    """A caption, column headers with a scope, and a row header; the region can be reached and is named."""
    read = Reader(html_table("Par canton", HEADINGS, [["Auterive", "3"], ["Muret", Html("<b>4</b>")]]))
    assert read.open == []
    names = [name for name, _ in read.elements]
    assert names == [
        "div",
        "table",
        "caption",
        "thead",
        "tr",
        "th",
        "th",
        "tbody",
        "tr",
        "th",
        "td",
        "tr",
        "th",
        "td",
        "b",
    ]
    region = read.elements[0][1]
    assert (region["role"], region["tabindex"], region["aria-label"]) == ("region", "0", "Par canton")
    headers = [attributes for name, attributes in read.elements if name == "th"]
    assert [header["scope"] for header in headers] == ["col", "col", "row", "row"]
    assert [header.get("class") for header in headers] == [None, "number", None, None]
    assert [text for text in read.texts if text] == ["Par canton", "Canton", "Observées", "Auterive", "3", "Muret", "4"]


def test_empty_table_keeps_its_headers():
    """No row: caption and headers stay."""
    read = Reader(html_table("Rien", HEADINGS, []))
    assert [name for name, _ in read.elements].count("th") == 2
    assert "td" not in [name for name, _ in read.elements]


@given(st.text(), st.text(), st.text())
def test_no_text_can_leave_its_cell(caption, label, cell):
    """Whatever a caption, a heading or a cell holds, the table has the same elements and attributes."""
    read = Reader(html_table(caption, [Heading(label)], [[cell]]))
    assert [name for name, _ in read.elements] == ["div", "table", "caption", "thead", "tr", "th", "tbody", "tr", "th"]
    assert {key for _, attributes in read.elements for key in attributes} == {
        "class", "role", "tabindex", "aria-label", "scope",
    }  # fmt: skip
    assert read.open == []


def test_row_of_another_length_is_refused():
    """A row that does not fit its headings is a programming error."""
    with pytest.raises(ValueError, match="zip"):
        html_table("x", HEADINGS, [["only one"]])
