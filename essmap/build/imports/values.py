"""Understand what people write in a cell: amounts, years, yes and no, numbers of the register, words for our keys.

Each function takes one cell and returns a `Reading`: the value in the one way essmap writes it, or what was expected.
None guesses: what can be read in two ways is a fault that says so.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from essmap import reference
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
_SPACES: Final = re.compile(r"\s+")
#: What a spreadsheet or an export puts before a text so that it is no formula.
_GUARDED: Final = re.compile(r"^'(?=\s*[=+\-@＝＋－＠])")

_CURRENCY: Final = re.compile(r"(?:€|\beuros?\b|\beur\b|\bttc\b|\bht\b)", re.IGNORECASE)
_THOUSANDS: Final = {"k": 1_000, "m": 1_000_000}
_MULTIPLE: Final = re.compile(r"^(.*\d)\s*([kKmM])$")
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
_SEVERAL_YEARS: Final = re.compile(r"(?:19|20)\d{2}\D{1,4}(?:(?:19|20)?\d{2})")
#: Day 0 of the calendar of spreadsheets, and the days of it that are taken for a date: 1954 to 2064.
_DAY_ZERO: Final = date(1899, 12, 30)
_SERIAL: Final = range(20_000, 60_000)

#: Words that tell the form wherever they stand in the cell, the most telling first.
_TELLING_FORMS: Final = ("scic", "scop", "association", "asso", "mutuelle", "fondation", "cooperative")

_SCIENTIFIC: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_DIGITS: Final = {"siren": 9, "siret": 14}
#: A spreadsheet drops the zeros that a number begins with; more than three is another number.
_LOST_ZEROS: Final = 3

#: How alike a word must be to one of ours to be proposed, 0 to 100.
_WORTH_SAYING: Final = 72
_LIST_SEPARATORS: Final = re.compile(r"[;|\n\r]+")
_SMALL_SEPARATORS: Final = re.compile(r"[;|,/+\n\r]+|\s-\s|\s&\s")


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


def read_amount(text: str) -> Reading:
    """Read an amount in euros; the value is a plain decimal number.

    Examples
    --------
    >>> read_amount("15 000,50 €").value, read_amount("1,5 M€").value, read_amount("15.000,00").value
    ('15000.5', '1500000', '15000')
    >>> read_amount("15.000").rule
    'ambiguous_amount'
    """
    if is_unknown(text) and not any(sign.isdigit() for sign in text):
        return NOTHING
    plain = _SPACES.sub(" ", _CURRENCY.sub(" ", clean(text).replace("\u2212", "-"))).strip(" ")
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
    >>> read_year("2023-2024", first=1900, last=2026).rule
    'several_years'
    """
    cell = clean(text).removesuffix(".0")
    if is_unknown(cell) and not any(sign.isdigit() for sign in cell):
        return NOTHING
    found = int(cell) if _YEAR.fullmatch(cell) else _year_of_date(cell, last)
    if found is not None and first <= found <= last:
        return Reading(str(found))
    if _SEVERAL_YEARS.fullmatch(cell) or len(_YEAR.findall(cell)) > 1:
        return Reading(fault=t("imports.expected.one_year"), rule="several_years")
    return Reading(fault=t("imports.expected.year", first=first, last=last), rule="year")


def _year_of_date(cell: str, last: int) -> int | None:
    if (iso := _ISO.fullmatch(cell)) is not None:
        return _real(int(iso[1]), int(iso[2]), int(iso[3]))
    if (french := _FRENCH.fullmatch(cell)) is not None:
        year = int(french[3])
        if year < 100:
            year += 2000 if 2000 + year <= last else 1900
        return _real(year, int(french[2]), int(french[1]))
    if (words := _IN_WORDS.fullmatch(fold(cell))) is not None and words[2] in _MONTHS:
        return _real(int(words[3]), _MONTHS[words[2]], int(words[1] or 1))
    if cell.isascii() and cell.isdecimal() and int(cell) in _SERIAL:
        return (_DAY_ZERO + timedelta(days=int(cell))).year
    return None


def _real(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).year
    except ValueError:
        return None


def read_flag(text: str) -> Reading:
    """Read yes or no; the value is ``yes``, ``no`` or empty.

    Examples
    --------
    >>> [read_flag(cell).value for cell in ("Oui", "X", "faux", "")]
    ['yes', 'yes', 'no', '']
    """
    key = fold(clean(text).removesuffix(".0"))
    if not key and not clean(text):
        return NOTHING
    found = _words("yes_no").get(key)
    if found is None and is_unknown(text):
        return NOTHING
    return Reading(found) if found else Reading(fault=t("imports.expected.flag"), rule="flag")


def read_choice(text: str, column: str, labels: dict[str, str]) -> Reading:
    """Read a word for one of our keys.

    Parameters
    ----------
    text : str
    column : str
        Column of ``reference/value_words.csv``.
    labels : dict of str
        Label of each key that may be chosen.

    Returns
    -------
    Reading
        A key of ``labels``.
    """
    cell = clean(text)
    if is_unknown(cell) and fold(cell) not in _words(column):
        return NOTHING
    if (key := _key(cell, column, labels)) is not None:
        return Reading(key)
    choices = ", ".join(labels.values())
    return Reading(fault=_with_proposal(t("imports.expected.choice", choices=choices), cell, labels), rule=column)


def read_legal_form(text: str) -> Reading:
    """Read a legal form: our label, a word of ``reference/value_words.csv``, or an INSEE category of four digits.

    A form that is a person's alone (sole trader) is a fault of its own, ``natural_person``: such a row is never kept.

    Examples
    --------
    >>> read_legal_form("Association loi 1901").value, read_legal_form("SARL SCOP").value, read_legal_form("9220").value
    ('association', 'scop', 'association')
    >>> read_legal_form("auto-entrepreneur").rule
    'natural_person'
    """
    cell = clean(text)
    labels = {str(key): label for key, label in reference.legal_forms()["label"].items()}
    if re.fullmatch(r"\d{4}", cell):
        if cell.startswith("1"):
            return Reading(fault=t("imports.expected.natural_person"), rule="natural_person")
        return Reading(str(reference.legal_categories()["legal_form"].get(cell, "unknown")))
    words = _words("legal_form")
    found = words.get(fold(cell)) or next(
        (words[word] for word in _TELLING_FORMS if word in fold(cell).split()),
        None,
    )
    if found == "natural_person":
        return Reading(fault=t("imports.expected.natural_person"), rule="natural_person")
    return Reading(found) if found in labels else read_choice(cell, "legal_form", labels)


def read_domains(text: str) -> Reading:
    """Read one or several domains; the value is our keys, parted by ``;``, each once.

    Examples
    --------
    >>> read_domains("Éducation et formation ; Culture et médias").value
    'education_formation;culture_medias'
    >>> read_domains("culture, vélo").value
    'culture_medias;mobilite'
    """
    labels = {str(key): label for key, label in reference.domains()["label"].items()}
    found: list[str] = []
    for part in (clean(part) for part in _LIST_SEPARATORS.split(text)):
        if is_unknown(part):
            continue
        whole = _key(part, "domains", labels)
        for piece in [part] if whole else [clean(piece) for piece in _SMALL_SEPARATORS.split(part)]:
            if is_unknown(piece):
                continue
            key = _key(piece, "domains", labels)
            if key is None:
                expected = t("imports.expected.domain", unknown=piece, choices=", ".join(labels.values()))
                return Reading(fault=_with_proposal(expected, piece, labels), rule="unknown_domain")
            found.append(key)
    return Reading(";".join(dict.fromkeys(found)))


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


def nearest(word: str, labels: dict[str, str], *, limit: int = 1) -> list[str]:
    """Return the keys whose label is nearest to a word, the nearest first; none where none is near.

    Parameters
    ----------
    word : str
    labels : dict of str
        Label by key.
    limit : int
    """
    folded = {key: fold(label) for key, label in labels.items()}
    found = process.extract(fold(word), folded, scorer=fuzz.WRatio, limit=limit, score_cutoff=_WORTH_SAYING)
    return [str(key) for _, _, key in found]


def _with_proposal(expected: str, cell: str, labels: dict[str, str]) -> str:
    near = nearest(cell, labels)
    return t("imports.expected.perhaps", expected=expected, near=labels[near[0]]) if near else expected


def _key(cell: str, column: str, labels: dict[str, str]) -> str | None:
    folded = fold(cell)
    for key, label in labels.items():
        if folded in {fold(label), fold(key)}:
            return key
    found = _words(column).get(folded)
    return found if found in labels else None


@cache
def _words(column: str) -> dict[str, str]:
    table = reference.value_words()[column]
    return {str(word): str(key) for word, key in table.items() if key}
