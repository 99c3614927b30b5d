"""Finding the patterns of a table in short texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.build.words import LITTLE_WORDS, WordFinder, phrase_expression, telling_words
from essmap.schema.folding import fold

PATTERNS = ("ecole", "ecole* musique", "jardin* insertion", "velo", "recycl*", "insertion")


def found(text: str, patterns: tuple[str, ...] = PATTERNS) -> list[str]:
    return [patterns[place] for place in WordFinder(patterns).find(telling_words(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("École", ["ecole"]),
        ("Les ÉCOLES de musiques", ["ecole* musique"]),
        ("École et musique", ["ecole* musique"]),
        ("École, vélo, musique", ["ecole", "velo"]),
        ("Jardins d’Insertion", ["jardin* insertion"]),
        ("Jardin", []),
        ("Vélos, vélo, velours", ["velo"]),
        ("La Recyclerie", ["recycl*"]),
        ("Upcyclage", []),
        ("Insertion, école", ["insertion", "ecole"]),
        ("", []),
    ],
)
def test_longest_pattern_wins_and_each_comes_once(text, expected) -> None:
    """Whole words, plurals, beginnings and several words are found in the order of the text."""
    assert found(text) == expected


def test_pattern_that_says_nothing_is_a_programming_error() -> None:
    """A pattern of little words only cannot be looked for."""
    with pytest.raises(ValueError, match="de la"):
        WordFinder(["velo", "de la"])


@given(st.lists(st.sampled_from(PATTERNS), min_size=1), st.sampled_from(sorted(LITTLE_WORDS)))
def test_little_words_between_words_change_nothing(patterns, little) -> None:
    """« école musique » and « école de la musique » are read the same."""
    words = " ".join(patterns).replace("*", "")
    assert found(words) == found(f" {little} ".join(words.split()))


def test_every_pattern_of_the_table_is_found_in_its_own_words() -> None:
    """No pattern of the table is hidden by another: each is found, alone, in the text that it writes."""
    patterns = [str(pattern) for pattern in reference.name_words().index]
    finder = WordFinder(patterns)
    hidden = [
        pattern
        for place, pattern in enumerate(patterns)
        if finder.find(telling_words(pattern.replace("*", ""))) != [place]
    ]
    assert hidden == []


def test_patterns_are_written_folded() -> None:
    """Patterns and voiding words are in lower case, without accents nor signs, so that people see what is read."""
    for table in (reference.name_words(), reference.form_words()):
        cells = [*table.index, *(phrase for cell in table["unless"] for phrase in cell.split(";"))]
        assert [cell for cell in cells if fold(cell.replace("*", "")) != cell.replace("*", "")] == []


def test_phrases_keep_little_words_and_whole_words() -> None:
    """A phrase is found as it is, its star standing for the end of a word; no phrase finds nothing."""
    expression = phrase_expression(["des scop", "logement*"])
    assert expression.search("union des scop")
    assert expression.search("les logements")
    assert not expression.search("scop des champs")
    assert not expression.search("des scopal")
    assert not phrase_expression([]).search("")
