"""Understand what people write in a cell: amounts, years, numbers of the register, addresses of the web.

Each function takes one cell and returns a `Reading`: the value in the one way essmap writes it, or what was expected.
None guesses: what can be read in two ways is a fault that says so.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from essmap.schema.folding import fold
from essmap.texts import t


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a cell.

    Attributes
    ----------
    value : str
        As essmap writes it; the empty string: nothing is said.
    fault : str or None
        What was expected, in French; the value is then not used.
    rule : str
        Key of the rule that was broken.
    remark : str or None
        What was set aside or set right, in French, where the value is used all the same.
    """

    value: str = ""
    fault: str | None = None
    rule: str = ""
    remark: str | None = None


NOTHING: Final = Reading()

#: Ways to say that something is not known.
_UNKNOWN: Final = frozenset(
    {"nc", "n c", "nr", "n r", "na", "n a", "n d", "nd", "non communique", "non connu", "non connue", "inconnu",
     "inconnue", "non renseigne", "sans objet", "neant", "null", "none", "nan", "vide"}
)  # fmt: skip
#: What a spreadsheet writes where a formula fails, in French and in English.
_ERROR: Final = re.compile(
    r"#(?:N/?A|N/?D|REF|DIV/0|VALEUR|VALUE|NOM|NAME|NULL?|NUM|NOMBRE|SPILL|CALC|GETTING_DATA)[!?]?", re.IGNORECASE
)
_SPACES: Final = re.compile(r"\s+")
#: What a spreadsheet or an export puts before a text so that it is no formula.
_GUARDED: Final = re.compile(r"^'(?=\s*[=+\-@＝＋－＠])")

_CURRENCY: Final = re.compile(r"(?:€|\beuros?\b|\beur\b|\bttc\b|\bht\b)", re.IGNORECASE)
_THOUSANDS: Final = {"k": 1_000, "m": 1_000_000}
_MULTIPLE: Final = re.compile(r"^(.*\d)\s*([kKmM])$")
#: What stands behind an amount and says nothing of it: a mark of a footnote, « ,- » for no cents.
_BEHIND_AMOUNT: Final = re.compile(r"\s*(?:\(\*+\)|\*+|(?<=\d)[,.][-–—]+)\s*$")
_PLAIN: Final = re.compile(r"-?\d+(?:\.\d+)?")
_GROUPED: Final = re.compile(r"-?\d{1,3}(?:[ .,]\d{3})+")
_MAX_AMOUNT: Final = 10_000_000_000

_MONTHS: Final = {
    "janvier": 1, "janv": 1, "fevrier": 2, "fevr": 2, "fev": 2, "mars": 3, "avril": 4, "avr": 4, "mai": 5, "juin": 6,
    "juillet": 7, "juil": 7, "aout": 8, "septembre": 9, "sept": 9, "octobre": 10, "oct": 10, "novembre": 11, "nov": 11,
    "decembre": 12, "dec": 12,
}  # fmt: skip
_YEAR: Final = re.compile(r"(?:19|20)\d{2}")
_ISO: Final = re.compile(r"((?:19|20)\d{2})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_FRENCH: Final = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ]((?:19|20)?\d{2})(?:[T ].*)?")
_IN_WORDS: Final = re.compile(r"(?:(\d{1,2})(?:er)? )?([a-z]+) ((?:19|20)\d{2})")
_WORDS_SHORT: Final = re.compile(r"(?:(\d{1,2})(?:er)? )?([a-z]+) (\d{2})")
_MONTH_FIRST: Final = re.compile(r"(\d{1,2})[-/. ]((?:19|20)\d{2})")
_YEAR_FIRST: Final = re.compile(r"((?:19|20)\d{2})[-/.](\d{1,2})")
#: A date within words: « CP du 12/03/2024 ».
_WITHIN: Final = re.compile(
    r"(?<![\d/.-])(?:\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d{2}|(?:19|20)\d{2}-\d{2}-\d{2})(?![\d/.-])"
    r"|\b\d{1,2}(?:er)? [^\W\d_]+ (?:19|20)\d{2}\b"
)
_SEVERAL_YEARS: Final = re.compile(r"(?:19|20)\d{2}\D{1,4}(?:(?:19|20)?\d{2})")
#: Day 0 of the calendar of spreadsheets, and the days of it that are taken for a date: 1954 to 2064.
_DAY_ZERO: Final = date(1899, 12, 30)
_SERIAL: Final = range(20_000, 60_000)

_NAF: Final = re.compile(r"\b(\d{2})[\s.]?(\d{2})\s?([A-Z])(?![^\W_])", re.IGNORECASE)
_POSTCODE: Final = re.compile(r"(?<!\d)\d{5}(?!\d)")
_PARTED_POSTCODE: Final = re.compile(r"(?<![\d.,])(\d{2})\s(\d{3})(?![\d.,])")
_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_DIGITS: Final = {"siren": 9, "siret": 14}
#: A spreadsheet drops the zeros that a number begins with; more than three is another number.
_LOST_ZEROS: Final = 3


def clean(text: str) -> str:
    r"""Return a cell without what nobody sees: control signs, signs of no width, spaces in a row, a guard of formulas.

    Examples
    --------
    >>> clean("\ufeff  Les\u00a0amis \u200bdu  bois ")
    'Les amis du bois'
    >>> clean("'=1+1")
    '=1+1'
    """
    plain = unicodedata.normalize("NFC", text)
    kept = "".join(" " if sign.isspace() else sign for sign in plain if sign.isspace() or sign.isprintable())
    return _GUARDED.sub("", _SPACES.sub(" ", kept).strip())


def is_unknown(text: str) -> bool:
    """Tell whether a cell says that something is not known: empty, « NC », « non renseigné », dashes.

    Examples
    --------
    >>> is_unknown("n.c."), is_unknown(" – "), is_unknown("Muret")
    (True, True, False)
    """
    folded = fold(text)
    return not folded or folded in _UNKNOWN


def is_no_text(text: str) -> bool:
    """Tell whether a cell is no text that says anything: not known, blank but for signs, an error of a formula.

    Examples
    --------
    >>> is_no_text("#REF!"), is_no_text("?"), is_no_text("NC"), is_no_text("Muret")
    (True, True, True, False)
    """
    return is_unknown(text) or _ERROR.fullmatch(clean(text)) is not None


def read_amount(text: str) -> Reading:
    """Read an amount in euros; the value is a plain decimal number.

    Examples
    --------
    >>> read_amount("15 000,50 €").value, read_amount("1,5 M€").value, read_amount("15.000,00").value
    ('15000.5', '1500000', '15000')
    >>> read_amount("15.000").rule, read_amount("1 000 €*").value, read_amount("15 000,-").value
    ('ambiguous_amount', '1000', '15000')
    """
    if is_unknown(text) and not any(sign.isdigit() for sign in text):
        return NOTHING
    plain = _BEHIND_AMOUNT.sub("", clean(text).replace("\u2212", "-"))
    plain = _BEHIND_AMOUNT.sub("", _SPACES.sub(" ", _CURRENCY.sub(" ", plain)).strip(" "))
    factor = 1
    if (multiple := _MULTIPLE.fullmatch(plain)) is not None:
        plain, factor = multiple[1], _THOUSANDS[multiple[2].lower()]
    number = _decimal(plain)
    if number is None:
        is_ambiguous = _GROUPED.fullmatch(plain) is not None
        rule = "ambiguous_amount" if is_ambiguous else "amount"
        return Reading(fault=t(f"imports.expected.{rule}"), rule=rule)
    value = round(float(number) * factor, 2)
    if not 0 < value <= _MAX_AMOUNT:
        return Reading(fault=t("imports.expected.amount"), rule="amount")
    return Reading(str(int(value)) if value.is_integer() else repr(value))


def _decimal(text: str) -> str | None:
    """Return a number written the French, the English or the plain way with a decimal point; None: it is none."""
    if _PLAIN.fullmatch(text):
        # « 15.000 » is fifteen for a program and fifteen thousand for many people.
        return None if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text) else text
    if re.fullmatch(r"-?\d{1,3}(?: \d{3})+(?:[.,]\d+)?", text):
        return text.replace(" ", "").replace(",", ".")
    if re.fullmatch(r"-?\d+,\d+", text):
        return None if re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", text) else text.replace(",", ".")
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d+|-?\d{1,3}(?:\.\d{3}){2,}", text):
        return text.replace(".", "").replace(",", ".")
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+\.\d+|-?\d{1,3}(?:,\d{3}){2,}", text):
        return text.replace(",", "")
    return None


def read_year(text: str, *, first: int, last: int) -> Reading:
    """Read the year of a date, however the date is written.

    Parameters
    ----------
    text : str
    first, last : int
        Years that make sense.

    Examples
    --------
    >>> [read_year(cell, first=1900, last=2026).value for cell in ("2024", "12/03/24", "mars 2024", "45363")]
    ['2024', '2024', '2024', '2024']
    >>> [read_year(cell, first=1900, last=2026).value for cell in ("mars-24", "03/2024", "2024-03", "CP du 12/03/2024")]
    ['2024', '2024', '2024', '2024']
    >>> read_year("2023-2024", first=1900, last=2026).rule, read_year("2003-04", first=1900, last=2026).rule
    ('several_years', 'several_years')
    """
    cell = clean(text).removesuffix(".0")
    if is_unknown(cell) and not any(sign.isdigit() for sign in cell):
        return NOTHING
    if _is_span(cell):
        return Reading(fault=t("imports.expected.one_year"), rule="several_years")
    found = int(cell) if _YEAR.fullmatch(cell) else _year_of_date(cell, last) or _year_within(cell, last)
    if found is not None and first <= found <= last:
        return Reading(str(found))
    if found is None and (_SEVERAL_YEARS.fullmatch(cell) or len(_YEAR.findall(cell)) > 1):
        return Reading(fault=t("imports.expected.one_year"), rule="several_years")
    return Reading(fault=t("imports.expected.year", first=first, last=last), rule="year")


def _is_span(cell: str) -> bool:
    """Tell whether a cell may be two years in a row: « 2003-04 » is a school year or a month."""
    found = _YEAR_FIRST.fullmatch(cell)
    return found is not None and len(found[2]) == 2 and int(found[2]) == (int(found[1]) + 1) % 100


def _year_of_date(cell: str, last: int) -> int | None:
    if (iso := _ISO.fullmatch(cell)) is not None:
        return _real(int(iso[1]), int(iso[2]), int(iso[3]))
    if (french := _FRENCH.fullmatch(cell)) is not None:
        return _real(_century(int(french[3]), last), int(french[2]), int(french[1]))
    if (month := _MONTH_FIRST.fullmatch(cell)) is not None:
        return _real(int(month[2]), int(month[1]), 1)
    if (month := _YEAR_FIRST.fullmatch(cell)) is not None:
        return _real(int(month[1]), int(month[2]), 1)
    folded = fold(cell)
    words = _IN_WORDS.fullmatch(folded) or _WORDS_SHORT.fullmatch(folded)
    if words is not None and words[2] in _MONTHS:
        return _real(_century(int(words[3]), last), _MONTHS[words[2]], int(words[1] or 1))
    if cell.isascii() and cell.isdecimal() and int(cell) in _SERIAL:
        return (_DAY_ZERO + timedelta(days=int(cell))).year
    return None


def _year_within(cell: str, last: int) -> int | None:
    """Return the year of the dates that stand among other words, where it is the one year of the cell."""
    years = {_year_of_date(found, last) for found in _WITHIN.findall(cell)}
    others = {int(year) for year in _YEAR.findall(_WITHIN.sub(" ", cell))}
    return years.pop() if len(years) == 1 and others <= years else None


def _century(year: int, last: int) -> int:
    if year >= 100:
        return year
    return year + (2000 if 2000 + year <= last else 1900)


def _real(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).year
    except ValueError:
        return None


def read_number(text: str, kind: str) -> Reading:
    """Read a SIREN or a SIRET; zeros that a spreadsheet dropped are put back where the check digit proves them.

    Parameters
    ----------
    text : str
    kind : {"siren", "siret"}

    Examples
    --------
    >>> read_number("732 829 320", "siren").value
    '732829320'
    >>> read_number("7,32829E+13", "siret").rule
    'shortened_number'
    """
    cell = clean(text)
    if is_unknown(cell):
        return NOTHING
    if _SCIENTIFIC.fullmatch(cell):
        return Reading(fault=t("imports.expected.shortened_number"), rule="shortened_number")
    digits = re.sub(r"[\s.\-_/]", "", cell.removesuffix(".0"))
    length = _DIGITS[kind]
    if digits and not digits.strip("0"):  # how some programs write that it is not known
        return NOTHING
    lost = length - len(digits)
    if digits.isascii() and digits.isdecimal() and 0 <= lost <= _LOST_ZEROS:
        padded = digits.zfill(length)
        if (siren_number if kind == "siren" else siret_number).is_valid(padded):
            return Reading(padded, remark=t("imports.remarks.zeros", number=padded) if lost else None)
    return Reading(fault=t(f"check.{kind}"), rule=kind)


def read_website(text: str) -> Reading:
    """Read an address of the web; one without http:// gets https://, several or none of the web are set aside.

    Examples
    --------
    >>> read_website("www.exemple.fr/page").value
    'https://www.exemple.fr/page'
    """
    from essmap.build.check import is_web_address

    cell = clean(text)
    if is_unknown(cell):
        return NOTHING
    whole = cell if re.match(r"[a-z][a-z0-9+.-]*:", cell, re.IGNORECASE) else f"https://{cell}"
    if is_web_address(whole) and "@" not in whole:
        return Reading(whole)
    return Reading(remark=t("imports.remarks.website"))


def read_naf(text: str) -> Reading:
    """Read the code of an activity; words behind it are left, and one that is not understood is set aside and said.

    Examples
    --------
    >>> read_naf("8899B - action sociale").value, read_naf("88.99B").value, read_naf("Action sociale").value
    ('88.99B', '88.99B', '')
    """
    cell = clean(text)
    if is_unknown(cell):
        return NOTHING
    found = _NAF.match(cell)
    if found is None or _NAF.search(cell, found.end()):
        return Reading(remark=t("imports.remarks.naf"))
    return Reading(f"{found[1]}.{found[2]}{found[3].upper()}")


def joined_postcode(text: str) -> str:
    """Return a text whose postcodes are written without the space that some put into them: « 31 000 ».

    Examples
    --------
    >>> joined_postcode("31 000 Toulouse"), joined_postcode("31000")
    ('31000 Toulouse', '31000')
    """
    return _PARTED_POSTCODE.sub(r"\1\2", text)


def read_postcode(text: str) -> Reading:
    """Read a postcode; a zero that a spreadsheet dropped is put back, and what is none is set aside and said.

    Examples
    --------
    >>> read_postcode("31 000").value, read_postcode("9000").value, read_postcode("31000 Toulouse").value
    ('31000', '09000', '31000')
    >>> read_postcode("316000").value
    ''
    """
    cell = joined_postcode(clean(text).removesuffix(".0"))
    if is_unknown(cell):
        return NOTHING
    if (found := _POSTCODE.search(cell)) is not None:
        return Reading(found[0])
    if re.fullmatch(r"[1-9]\d{3}", cell):
        return Reading(f"0{cell}")
    return Reading(remark=t("imports.remarks.no_postcode"))
