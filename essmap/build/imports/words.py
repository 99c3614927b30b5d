"""Understand the words of a cell: yes and no, words for our keys, legal forms, domains."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process

from essmap import reference
from essmap.build.imports.values import NOTHING, Reading, clean, is_unknown
from essmap.schema.folding import fold
from essmap.schema.tableschema import MAX_DOMAINS
from essmap.texts import t

#: Words that tell the form wherever they stand in the cell, the most telling first.
_TELLING_FORMS: Final = (
    *("scic", "scop", "association", "asso", "assoc", "ass", "mutuelle", "fondation", "cooperative", "coop"),
)
#: Phrases that do so.
_TELLING_PHRASES: Final = ("loi 1901", "loi de 1901", "loi 1908")
#: What turns the next word into its contrary: « SAS (non coopérative) ».
_NOT: Final = frozenset({"non", "pas", "hors", "sans", "ni"})
#: Forms that are a person's alone, whatever else the cell says: « Personne physique (association) ».
_PERSONS: Final = (
    *("personne physique", "personnes physiques", "entreprise individuelle", "entrepreneur individuel", "eirl"),
    *("entrepreneuse individuelle", "auto entrepreneur", "auto entrepreneuse", "autoentrepreneur", "auto entreprise"),
    *("micro entrepreneur", "micro entrepreneuse", "micro entreprise", "microentreprise", "profession liberale"),
    *("travailleur independant", "travailleuse independante", "artisan individuel"),
)

#: Words for a form that a sole trader may bear as well, or that say none.
_VAGUE: Final = frozenset(
    {"autre", "autres", "divers", "entreprise", "entreprises", "etablissement", "forme non connue", "inconnue", "nc",
     "non", "non connue", "non renseigne", "prive", "public", "unknown"}
)  # fmt: skip

#: How alike a word must be to one of ours to be proposed, 0 to 100.
_WORTH_SAYING: Final = 72
_LIST_SEPARATORS: Final = re.compile(r"[;|\n\r]+")
_SMALL_SEPARATORS: Final = re.compile(r"[;|,/+\n\r]+|\s-\s|\s&\s")


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


def read_sensitive(text: str) -> Reading:
    """Read whether a place is sensitive: anything but yes, no or nothing is a fault, for « NC » is not « no ».

    Examples
    --------
    >>> read_sensitive("oui").value, read_sensitive("").value, read_sensitive("NC").rule
    ('yes', '', 'flag')
    """
    reading = read_flag(text)
    if clean(text) and not reading.value and not reading.fault:
        return Reading(fault=t("imports.expected.flag"), rule="flag")
    return reading


def read_legal_form(text: str) -> Reading:
    """Read a legal form: our label, a word of ``reference/value_words.csv``, or an INSEE category of four digits.

    A form that is a person's alone (sole trader) is a fault of its own, ``natural_person``: such a row is never kept.
    One that is not understood is a remark: the row is worth more than its form.

    Examples
    --------
    >>> read_legal_form("Association loi 1901").value, read_legal_form("SARL SCOP").value, read_legal_form("9220").value
    ('association', 'scop', 'association')
    >>> read_legal_form("auto-entrepreneur").rule
    'natural_person'
    >>> read_legal_form("SAS (non coopérative)").value
    'unknown'
    """
    cell = clean(text)
    labels = {str(key): label for key, label in reference.legal_forms()["label"].items()}
    if (category := re.fullmatch(r"(\d{4})(?:\s*[-–:]?\s+\D.*)?", cell)) is not None:
        if cell.startswith("1"):
            return Reading(fault=t("imports.expected.natural_person"), rule="natural_person")
        return Reading(str(reference.legal_categories()["legal_form"].get(category[1], "unknown")))
    folded, words = fold(cell), _words("legal_form")
    if words.get(folded) == "natural_person" or any(f" {phrase} " in f" {folded} " for phrase in _PERSONS):
        return Reading(fault=t("imports.expected.natural_person"), rule="natural_person")
    if (found := _key(cell, "legal_form", labels) or _told_form(folded)) is not None:
        return Reading(found)
    if is_unknown(cell):
        return NOTHING
    near = nearest(cell, labels)
    said = t("imports.remarks.legal_form", label=labels["unknown"])
    return Reading(
        "unknown", remark=t("imports.expected.perhaps", expected=said, near=labels[near[0]]) if near else said
    )


def is_structure_form(text: str) -> bool:
    """Tell whether a legal form is known to be that of a structure, be it none of ours: a SARL is one too.

    Examples
    --------
    >>> is_structure_form("Association"), is_structure_form("SARL"), is_structure_form("5499")
    (True, True, True)
    >>> is_structure_form("Autre"), is_structure_form("auto-entrepreneur"), is_structure_form("Bidule")
    (False, False, False)
    """
    reading = read_legal_form(text)
    if reading.fault or not reading.value:
        return False
    folded = fold(clean(text))
    first = folded.split()[:1]
    is_told = bool(first) and (first[0].isdecimal() or _words("legal_form").get(first[0]) == "unknown")
    is_listed = _words("legal_form").get(folded) == "unknown"
    return reading.value != "unknown" or ((is_told or is_listed) and _VAGUE.isdisjoint([folded, *first]))


def _told_form(folded: str) -> str | None:
    """Return the form that a word of a cell tells; None: none does."""
    words, pieces = _words("legal_form"), folded.split()
    for telling in _TELLING_FORMS:
        for place, piece in enumerate(pieces):
            if piece == telling and (place == 0 or pieces[place - 1] not in _NOT):
                return words[telling]
    if any(f" {phrase} " in f" {folded} " for phrase in _TELLING_PHRASES):
        return "association"
    # A company or a public body that says more than its form: « SAS au capital de 10 000 € », « Commune de Muret ».
    return "unknown" if pieces and words.get(pieces[0]) == "unknown" else None


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
    keys = list(dict.fromkeys(found))
    if len(keys) > MAX_DOMAINS:
        return Reading(fault=t("check.domains_max", n=MAX_DOMAINS), rule="too_many_domains")
    return Reading(";".join(keys))


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
