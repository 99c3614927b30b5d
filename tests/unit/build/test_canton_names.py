"""Codes and names of cantons are understood however people write them, and never mistaken for another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.build.canton_names import CantonNames

CANTONS = dict(reference.electoral_cantons("31").itertuples(index=False))
NAMES = CantonNames("31", CANTONS)
ROMAN = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI"]
#: Made-up names that look like figures, or begin and end alike.
ODD = CantonNames(
    "2A", {"2A01": "Saint-Louis-X", "2A02": "Les Vi", "2A03": "L'Isle", "2A04": "Vic-1", "2A05": "Vic-10"}
)


def test_there_are_the_cantons_of_the_decree():
    """27 cantons, Toulouse-1 to Toulouse-11 being the 15th to the 25th."""
    assert len(CANTONS) == 27
    assert [CANTONS[f"31{14 + number}"] for number in range(1, 12)] == [f"Toulouse-{n}" for n in range(1, 12)]


@given(st.sampled_from(sorted(CANTONS)), st.sampled_from(["", " ", "-", "_", ".", "/"]), st.booleans(), st.booleans())
def test_codes_of_every_publisher(code, apart, has_zero, has_three):
    """3115, 31015, 031-15, 31 15… are the same canton."""
    written = f"{'0' if has_zero else ''}31{apart}{'0' if has_three else ''}{code[2:]}"
    assert NAMES.code(f" {written} ") == code


@given(st.sampled_from(sorted(CANTONS)), st.sampled_from([str.upper, str.lower, str.title, str]), st.booleans())
def test_names_whatever_the_case(code, case, with_words):
    """A name is understood in any case, with hyphens or spaces, after « canton de »."""
    name = f"canton de {CANTONS[code]}" if with_words else CANTONS[code]
    assert NAMES.code(case(name)) == code
    assert NAMES.code(case(name.replace("-", " "))) == code


@given(
    st.integers(1, 11),
    st.sampled_from(
        ["Toulouse-{}", "Toulouse {}", "TOULOUSE - {}", "Canton de Toulouse-{}", "Toulouse n° {}", "toulouse_{}"]
    ),
    st.sampled_from(["{n}", "{n:02}", "{roman}"]),
)
def test_numbered_names(number, pattern, figures):
    """Arabic and Roman numbering mean the same canton."""
    assert NAMES.code(pattern.format(figures.format(n=number, roman=ROMAN[number]))) == f"31{14 + number}"


@given(
    st.integers(1, 11), st.sampled_from(["Toulouse ({} canton)", "Toulouse, {} canton", "Toulouse-{}"]), st.booleans()
)
def test_ordinals(number, pattern, is_roman):
    """« Toulouse (1er canton) », « Toulouse, IIe canton »."""
    figure = ROMAN[number] if is_roman else str(number)
    ends = ["er"] if number == 1 else ["e", "ème", "eme"]
    for end in ends:
        assert NAMES.code(pattern.format(f"{figure}{end}")) == f"31{14 + number}"


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "0", "15", "3100", "3128", "31128", "311500", "0915", "09-15", "Toulouse", "Toulouse-0",
     "Toulouse-12", "Toulouse XV", "Toulouse-111", "Toulouse IIII", "Aspet", "Rieux", "Toulouse-1-2",
     "٣١١٥", "Toulouse-IVX", "3115x"],
)  # fmt: skip
def test_what_is_no_canton_is_none(text):
    """Another department, a number too far, a canton of before 2015 or nonsense is no canton."""
    assert NAMES.code(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_known_canton_or_none(text):
    """Nothing makes it fail, and it never makes a code up."""
    assert NAMES.code(text) in {None, *CANTONS}
    assert NAMES.code_of_number(text) in {None, *CANTONS}
    assert NAMES.is_numbered_beyond(text) in {True, False}


@pytest.mark.parametrize(
    ("text", "code"), [("1", "3101"), ("01", "3101"), ("27", "3127"), ("28", None), ("0", None), ("015", None)]
)
def test_bare_numbers(text, code):
    """A bare number is a canton of the department only where the caller asks so."""
    assert NAMES.code_of_number(text) == code
    assert NAMES.code(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("St-Louis-X", "2A01"), ("LES VI", "2A02"), ("Vi", "2A02"), ("isle", "2A03"), ("Vic I", "2A04"), ("Vic X", "2A05"),
     ("2A-05", "2A05"), ("02A01", "2A01"), ("2a005", "2A05")],
)  # fmt: skip
def test_names_that_look_like_figures(text, code):
    """A name that ends like a Roman figure is a name first."""
    assert ODD.code(text) == code


@pytest.mark.parametrize(
    ("text", "is_beyond"), [("Toulouse XV", True), ("TOULOUSE-12", True), ("Toulouse-11", False), ("Muret-2", False)]
)
def test_numbers_beyond_today(text, is_beyond):
    """Toulouse had 15 cantons before 2015: a number above 11 tells the old division."""
    assert NAMES.is_numbered_beyond(text) is is_beyond
