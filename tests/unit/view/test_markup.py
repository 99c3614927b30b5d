"""Long pages: named headings, parts, English words, formulas between pieces of HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from essmap.view.markup import Piece, Place, latex, outline, page_html, page_pieces
from essmap.view.tables import Html

PAGE = """## First {#first}

One {word}.

# A part

## *Second* thing {#second-one}

Before.

```math
x = \\frac{a}{$size}
```

{block}

After, see _The Journal_ and *this*.

## Unnamed
"""


def test_a_heading_gets_its_anchor():
    """The mark at the end of a heading becomes the element's identifier and is not read."""
    assert page_html("## Les *écarts* {#les-ecarts}", {}) == '<h2 id="les-ecarts">Les <em>écarts</em></h2>\n'
    assert page_html("## Sans", {}) == "<h2>Sans</h2>\n"
    assert page_html("Un {#mot}", {}) == "<p>Un {#mot}</p>\n"


def test_english_is_told_from_stress():
    """Underscores mean English, asterisks only stress."""
    assert page_html("_The Lancet_, *x*", {}) == '<p><em lang="en">The Lancet</em>, <em>x</em></p>\n'


def test_outline_names_the_places_of_each_part():
    """Named headings are listed in order, with the part they are in."""
    places = [Place("", "First", "first"), Place("A part", "*Second* thing", "second-one")]
    assert outline(PAGE) == places


def test_pieces_keep_their_order():
    """HTML, formula, HTML: a block is no paragraph, a part is not read, values are put in both."""
    pieces = page_pieces(PAGE, {"word": "<b>", "size": "1\u202f234,5\u202f%", "block": Html("<table></table>")})
    assert [piece.kind for piece in pieces] == ["html", "formula", "html"]
    assert "<p>One &lt;b&gt;.</p>" in pieces[0].content
    assert "A part" not in pieces[0].content
    assert pieces[1] == Piece("formula", r"x = \frac{a}{1\,234{,}5\,\%}")
    assert pieces[2].content.startswith("<table></table>")
    assert "<p><table>" not in pieces[2].content


@pytest.mark.parametrize("text", ["```math\n$missing\n```\n", "{missing}\n", "Text {missing}.\n"])
def test_a_value_that_nobody_gives_is_an_error(text):
    """No page is shown with a hole, be it in a formula, a block or a sentence."""
    with pytest.raises(KeyError, match="missing"):
        page_pieces(text, {})


@given(value=some.text())
def test_a_value_adds_no_piece(value):
    """Whatever a value holds, it is text of the one piece it stands in."""
    (piece,) = page_pieces("Un {mot} ici.", {"mot": value})
    assert piece.kind == "html"
    assert piece.content.count("<") == 2


@given(whole=some.integers(0, 10**9), cents=some.integers(1, 99))
def test_latex_keeps_the_digits(whole, cents):
    """Only separators change on the way from French to LaTeX."""
    text = f"{whole},{cents:02d}"
    assert latex(text).replace("{,}", ",") == text
