"""What people write in a cell is understood, or refused with what was expected: nothing is guessed."""

from __future__ import annotations

import doctest
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from essmap import reference
from essmap.build.imports import headings, identifiers, places, values, words
from essmap.build.imports.values import (
    clean,
    is_no_text,
    is_unknown,
    read_amount,
    read_naf,
    read_number,
    read_postcode,
    read_website,
    read_year,
)
from essmap.build.imports.words import (
    nearest,
    read_choice,
    read_domains,
    read_flag,
    read_legal_form,
    read_sensitive,
)

NARROW, WIDE = "\u202f", "\u00a0"


@pytest.mark.parametrize("module", [values, words, identifiers, places, headings])
def test_examples_of_the_docstrings_hold(module):
    """What the docstrings show is what the functions do."""
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


AMOUNTS = st.integers(min_value=1, max_value=99_999_999_99).map(lambda cents: cents / 100)


def grouped(value: float, separator: str, mark: str) -> str:
    return f"{value:,.2f}".replace(",", "#").replace(".", mark).replace("#", separator)


@given(AMOUNTS, st.sampled_from([" ", NARROW, WIDE]), st.sampled_from(["", " €", "€", " euros", f"{NARROW}€"]))
def test_french_amounts_come_out_as_they_were(value, space, unit):
    """Thousands parted by any space, a decimal comma, a unit: the same amount."""
    reading = read_amount(grouped(value, space, ",") + unit)
    assert reading.fault is None
    assert float(reading.value) == value


@given(AMOUNTS, st.sampled_from([(",", "."), (".", ",")]))
def test_amounts_with_both_signs_come_out_as_they_were(value, signs):
    """« 1,234,567.89 » and « 1.234.567,89 » leave no doubt."""
    assume(value >= 1000)
    assert float(read_amount(grouped(value, *signs)).value) == value


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from([".", ","]))
def test_three_decimals_alone_are_never_guessed(whole, rest, mark):
    """« 15.000 » is a fault that says how to write it."""
    assert read_amount(f"{whole}{mark}{rest:03}").rule == "ambiguous_amount"


@given(AMOUNTS)
def test_an_amount_that_is_read_is_read_again_as_itself(value):
    """What is stored is a way to write it."""
    once = read_amount(f"{value:.2f}".replace(".", ",")).value
    assert read_amount(once).value == once


@pytest.mark.parametrize(
    ("cell", "value"),
    [("15 k€", "15000"), ("1,5 M€", "1500000"), ("NC", ""), ("-", ""), ("non communiqué", ""), ("1500.5", "1500.5"),
     ("0,50", "0.5"), ("1 000 000", "1000000"), ("1 000 €*", "1000"), ("15 000,-", "15000"), ("15 000 € (*)", "15000")],
)  # fmt: skip
def test_amounts_people_write(cell, value):
    """Usual ways to write an amount, or that there is none."""
    assert (read_amount(cell).value, read_amount(cell).fault) == (value, None)


@pytest.mark.parametrize(
    "cell", ["quinze mille", "0", "-200", "15 00", "1,2,3", "10 %", "2 x 500", "99999999999", "12/03"]
)
def test_amounts_that_are_none_are_faults(cell):
    """Words, zero, losses and sums are refused."""
    assert read_amount(cell).rule == "amount"


@given(st.text(max_size=30))
def test_no_cell_breaks_a_reader(cell):
    """Whatever a cell holds, each reader answers."""
    for read in (read_amount, read_flag, read_legal_form, read_domains, read_website):
        assert isinstance(read(cell), values.Reading)
    for kind in ("siren", "siret"):
        reading = read_number(cell, kind)
        assert reading.value == "" or reading.fault is None
    assert isinstance(read_year(cell, first=1900, last=2026), values.Reading)
    assert clean(clean(cell)) == clean(cell)


MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
          "décembre"]  # fmt: skip


@given(st.dates(date(1970, 1, 1), date(2026, 12, 31)))
def test_a_date_gives_its_year_however_it_is_written(day):
    """Figures, ISO, words and the days of spreadsheets: the same year."""
    ways = [
        day.isoformat(),
        f"{day:%d/%m/%Y}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day:%d-%m-%Y} 00:00:00",
        f"{day.isoformat()}T08:00:00",
        f"{day.day} {MONTHS[day.month - 1]} {day.year}",
        f"{MONTHS[day.month - 1].upper()} {day.year}",
        str((day - date(1899, 12, 30)).days),
        f"{day.year}",
        f"{day.year}.0",
    ]
    assert {read_year(way, first=1900, last=2026).value for way in ways} == {str(day.year)}


@pytest.mark.parametrize(
    ("cell", "rule"),
    [("31/02/2024", "year"), ("2031", "year"), ("1875", "year"), ("hier", "year"), ("13/13/2024", "year"),
     ("2023-2024", "several_years"), ("2023/24", "several_years"), ("2022, 2023 et 2024", "several_years"),
     ("2003-04", "several_years"), ("CP du 12/03/2023 et du 13/02/2024", "several_years"), ("24 mars", "year"),
     ("BP 2023, CP du 12/03/2024", "several_years"), ("1900-01-00", "year")],
)  # fmt: skip
def test_years_that_make_no_sense_are_faults(cell, rule):
    """A day that does not exist, a year to come, several years in one cell."""
    assert read_year(cell, first=1900, last=2026).rule == rule


@pytest.mark.parametrize(
    "cell",
    ["mars-24", "03/2024", "2024-03", "CP du 12/03/2024", "3-2024", "12 mars 24", "vote du 1er mars 2024", "03.2024"],
)
def test_months_and_dates_within_words_give_their_year(cell):
    """What spreadsheets make of a month, and the date of a session."""
    assert read_year(cell, first=1900, last=2026).value == "2024"


def test_two_figures_are_a_year_of_this_century_or_the_last():
    """« 12/03/24 » is 2024, « 12/03/98 » is 1998."""
    assert [read_year(f"12/03/{two}", first=1900, last=2026).value for two in ("24", "98")] == ["2024", "1998"]


def made_up_siret(siren: int, office: int) -> str:
    """Return a number whose two check digits are right."""
    whole = next(f"{siren:08}{digit}" for digit in range(10) if siren_number.is_valid(f"{siren:08}{digit}"))
    return next(number for digit in range(10) if siret_number.is_valid(number := f"{whole}{office:04}{digit}"))


SIRETS = st.builds(made_up_siret, st.integers(1, 10**8 - 1), st.integers(1, 9999))


@given(SIRETS, st.sampled_from(["", " ", ".", WIDE]))
def test_a_siret_is_read_through_spaces_and_lost_zeros(number, separator):
    """Any grouping is read; up to three zeros that a spreadsheet dropped are put back, and said."""
    typed = separator.join((number[:3], number[3:6], number[6:9], number[9:]))
    assert read_number(typed, "siret").value == number
    stripped = number.lstrip("0")
    lost = 14 - len(stripped)
    reading = read_number(stripped, "siret")
    assert reading.value == (number if lost <= 3 else "")
    assert (reading.remark is not None) == (1 <= lost <= 3)


@pytest.mark.parametrize(
    ("cell", "rule"), [("732829321", "siren"), ("7328", "siren"), ("7,33E+13", "shortened_number"), ("abc", "siren")]
)
def test_wrong_numbers_are_faults(cell, rule):
    """A wrong check digit, a cut number, one that the spreadsheet shortened."""
    assert read_number(cell, "siren").rule == rule


@pytest.mark.parametrize(
    ("cell", "form"),
    [("Asso loi 1901", "association"), ("SCIC SA à capital variable", "scic"),
     ("Société coopérative", "other_cooperative"), ("SARL", "unknown"), ("Fonds de dotation", "foundation"),
     ("5710", "unknown"), ("9300", "foundation"), ("", ""), ("Assoc. loi 1901", "association"), ("Ass.", "association"),
     ("Association déclarée", "association"), ("loi 1901", "association"), ("SCIC SARL", "scic"), ("NC", "unknown"),
     ("coop", "other_cooperative"), ("Éts public", "unknown"), ("Régie de quartier", "unknown"), ("EPCI", "unknown"),
     ("Commune", "unknown"), ("9220 - Association déclarée", "association"), ("SAS (non coopérative)", "unknown"),
     ("SAS au capital de 1 000 €", "unknown")],
)  # fmt: skip
def test_legal_forms_people_write(cell, form):
    """Usual words; a company that does not say more stays unknown."""
    reading = read_legal_form(cell)
    assert (reading.value, reading.fault, reading.remark) == (form, None, None)


def test_a_form_that_is_not_understood_keeps_its_row_and_is_said():
    """The row is worth more than its form."""
    reading = read_legal_form("Structure sui generis")
    assert (reading.value, reading.fault) == ("unknown", None)
    assert "non comprise" in str(reading.remark)


@pytest.mark.parametrize("cell", [
    "Auto-entrepreneur", "Entreprise individuelle", "EI", "1000", "micro entreprise", "Personne physique (association)",
    "Entreprise individuelle coopérative",
])  # fmt: skip
def test_persons_are_told_from_structures(cell):
    """A form that is a person's alone has a rule of its own."""
    assert read_legal_form(cell).rule == "natural_person"


@given(st.lists(st.sampled_from(sorted(reference.domains().index)), min_size=1, max_size=3, unique=True))
def test_domains_are_read_by_key_and_by_label(keys):
    """Keys and labels, in any case, parted by a semicolon or a line: the same keys in the same order."""
    labels = reference.domains()["label"]
    for way in (
        ";".join(keys),
        " ; ".join(labels[key].upper() for key in keys),
        "\n".join(labels[key] for key in keys),
    ):
        assert read_domains(way).value == ";".join(keys)


def test_an_unknown_domain_is_named_with_the_nearest():
    """The word is said, and what was perhaps meant."""
    fault = read_domains("culture ; mobilitée").fault
    assert fault is not None
    assert "mobilitée" in fault
    assert "Mobilité\u202f»" in fault


def test_a_choice_proposes_the_nearest():
    """A typing error is no value: it is told what is near."""
    labels = {"grant": "Aide financière", "label": "Label"}
    assert read_choice("Aide financiere", "support_kind", labels).value == "grant"
    reading = read_choice("Aide finançère", "support_kind", labels)
    assert reading.rule == "support_kind"
    assert "Vouliez-vous dire «\u202fAide financière" in str(reading.fault)
    assert nearest("zzz", labels) == []


@pytest.mark.parametrize(
    ("cell", "value"),
    [("www.exemple.fr", "https://www.exemple.fr"), ("http://exemple.fr/a", "http://exemple.fr/a"), ("", "")],
)
def test_web_addresses_people_write(cell, value):
    """One without http:// gets https://."""
    assert read_website(cell).value == value


@pytest.mark.parametrize(
    "cell", ["contact@exemple.fr", "javascript:alert(1)", "deux sites", "a.fr b.fr", "file:///a.b"]
)
def test_what_is_no_web_address_is_set_aside_and_said(cell):
    """A mail, a script or two addresses never come in; the row does."""
    reading = read_website(cell)
    assert (reading.value, reading.fault) == ("", None)
    assert reading.remark


def test_flags_people_write():
    """Yes and no in usual ways; anything else is a fault."""
    assert [read_flag(cell).value for cell in ("OUI", "x", "1", "Vrai", "non", "0", "", "NC")] == [
        "yes", "yes", "yes", "yes", "no", "no", "", "",
    ]  # fmt: skip
    assert read_flag("peut-être").rule == "flag"


def test_ways_to_say_that_nothing_is_known():
    """Empty, dashes and abbreviations are no value."""
    assert all(is_unknown(cell) for cell in ("", " – ", "NC", "n.r.", "Non renseigné", "/"))
    assert not is_unknown("Nanterre")


def test_a_place_is_sensitive_or_not_or_the_cell_is_a_fault():
    """« NC » and « ? » do not mean that anybody may be told where it is."""
    assert [read_sensitive(cell).value for cell in ("oui", "non", "", " ")] == ["yes", "no", "", ""]
    assert [read_sensitive(cell).rule for cell in ("NC", "?", "-", "peut-être", "à vérifier")] == ["flag"] * 5


def test_activity_codes_people_write():
    """The code with or without its point and its words; other words are set aside and said."""
    assert [read_naf(cell).value for cell in ("88.99B", "8899b", "8899B - action sociale", "88 99 B", "NC")] == [
        "88.99B", "88.99B", "88.99B", "88.99B", "",
    ]  # fmt: skip
    for cell in ("action sociale", "88", "8899B, 8710A", "8899BX"):
        assert (read_naf(cell).value, bool(read_naf(cell).remark)) == ("", True)


def test_postcodes_people_write():
    """A space inside, a lost zero, the city behind; a number too long is set aside and said."""
    cells = ("31600", "31 600", "9000", "31600.0", "31600 Muret", "")
    assert [read_postcode(cell).value for cell in cells] == ["31600", "31600", "09000", "31600", "31600", ""]
    assert (read_postcode("316000").value, bool(read_postcode("316000").remark)) == ("", True)


def test_cells_that_are_no_text():
    """Errors of formulas in both languages, signs alone; words are text."""
    assert all(is_no_text(cell) for cell in ("#N/A", "#REF!", "#DIV/0!", "#VALEUR!", "#NOM?", "?", "-", "NC", ""))
    assert not any(is_no_text(cell) for cell in ("#Solidaires", "Nom", "12"))
