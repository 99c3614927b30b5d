"""Texts are compared without case, accents, hyphens and ligatures."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap.schema.folding import fold, fold_place, fold_series


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", ""), ("  ", ""), ("!?…", ""),
        ("L'Isle-en-DODON", "l isle en dodon"), ("L’Isle–en_Dodon", "l isle en dodon"),
        ("Cœur ŒUVRE æther", "coeur oeuvre aether"), ("É\u0301cole", "ecole"),
        ("Straße", "strasse"), ("½ ﬁn", "1 2 fin"),
        ("31\u202f000 €", "31 000"), ("Кафе", "кафе"), ("İstanbul", "istanbul"),
    ],
)  # fmt: skip
def test_fold_of(text, folded):
    """Each text is reduced to its plain words."""
    assert fold(text) == folded


@given(st.text())
def test_folding_again_changes_nothing(text):
    """A folded text is its own fold: plain words, single spaces."""
    once = fold(text)
    assert fold(once) == once
    assert once == " ".join(once.split())


@given(st.text(st.characters(codec="latin-1")))
def test_case_does_not_matter(text):
    """Capitals fold like small letters."""
    assert fold(text.upper()) == fold(text.lower()) or "µ" in text


@pytest.mark.parametrize(
    ("one", "other"),
    [("St-Gaudens", "SAINT GAUDENS"), ("Ste Foy", "Sainte-Foy"), ("l'Union", "L’UNION"), ("Le Born", "le born")],
)
def test_places_written_two_ways_are_the_same(one, other):
    """« St » is « Saint », « Ste » is « Sainte »."""
    assert fold_place(one) == fold_place(other)


@pytest.mark.parametrize(("one", "other"), [("Born", "Le Born"), ("Stade", "Saintade"), ("Brax", "Brux")])
def test_other_places_stay_apart(one, other):
    """Articles and letters count; « st » inside a word is no abbreviation."""
    assert fold_place(one) != fold_place(other)


def test_columns_are_folded_on_their_index():
    """A column keeps its index, and what is missing becomes empty."""
    texts = pd.Series(["Été", None], index=[7, 3], dtype="str")
    folded = fold_series(texts)
    assert folded.to_dict() == {7: "ete", 3: ""}
