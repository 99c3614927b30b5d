"""Rows that are no structure: a person, somebody who asked not to be shown.

What can only be a person is refused as one. What may be a person or a structure (« M Dupont ») is refused with what
would tell: its legal form, or its whole name. A known form of structures, or a word such as « association », tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from essmap.build.imports.lines import beside
from essmap.build.imports.rows import Rows
from essmap.schema.folding import fold
from essmap.schema.withheld import Withheld
from essmap.texts import t

PERSON: Final = "natural_person"
PERHAPS: Final = "perhaps_person"

#: Titles that only persons bear; « M.J.C. » and « M. J. C. » are no title.
_TITLE: Final = re.compile(
    r"(?:m\.(?:\s+(?![a-z]\.\s?[a-z]\.)|(?=[^\W\d_]{2}))|mm\.\s*|mmes?\.?\s+|(?:mlle|melle)s?\.?\s+|m\s+et\s+m(?:me|lle|\.)?\s+)"
    r"\S",
    re.IGNORECASE,
)
#: A title behind the name: « DUPONT Jean, M. ».
_TITLE_BEHIND: Final = re.compile(
    r".*[,(]\s*(?:m|mr|mme|mlle|melle|monsieur|madame|mademoiselle)\.?\s*\)?\s*", re.IGNORECASE | re.DOTALL
)
_MR: Final = re.compile(r"mrs?\.?\s+(\S+)", re.IGNORECASE)
#: Titles written in full, that may begin the name of a structure too: « Madame Bidule ».
_TITLE_IN_FULL: Final = re.compile(r"(?:messieurs|monsieur|mesdames|madame|mademoiselle)\s+(?=\S)", re.IGNORECASE)
#: A letter that may be a title, or a doctor.
_LETTER: Final = re.compile(r"mm?\s+(?=[^\W\d_])", re.IGNORECASE)
_DOCTOR: Final = re.compile(r"drs?\.?\s+(?=[^\W\d_])", re.IGNORECASE)
#: Names of shops and stories that begin with a title.
_NO_PERSON: Final = frozenset({"bricolage", "propre", "loyal"})
#: A sole trader beside a name; « EI » is an « entreprise d’insertion » as well.
_TRADER: Final = re.compile(
    r"\b(?:auto|micro)[\s-]?entrepr(?:eneure?|eneuse|ise)\b"
    r"|\b(?:entrepreneure?|entrepreneuse|entreprise) individuelle?\b|\bprofession lib[ée]rale\b|\bEIRL\b",
    re.IGNORECASE,
)
_EI: Final = re.compile(r"^E\.?I\.?\s+|\s*\(\s*E\.?I\.?\s*\)\s*|\s*[-–,]?\s+E\.?I\.?$")
_WHOLE: Final = re.compile(
    r"(?:une? )?(?:personnes? physiques?|personnes? privees?|particuliers?)"
    r"(?: (?:anonymes?|anonymisee?s?|prives?|non communique.*))?"
    r"|m|mme|mlle|monsieur|madame|m et mme|m mme|mme m"
)
_CAPITALS: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’\-]+")
_CAPITAL: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿœ]+(?:-[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿœ]+)*")
#: Words of structures: no person is called so.
_NO_TRADER: Final = frozenset(
    {"association", "asso", "assoc", "associations", "collectif", "collective", "compagnie", "cie", "union", "les",
     "federation", "club", "theatre", "maison", "atelier", "ateliers", "cooperative", "coop", "scop", "scic", "cae",
     "reseau", "centre", "foyer", "ecole", "mutuelle", "fondation", "groupe", "groupement", "comite", "amicale",
     "syndicat", "ferme", "jardin", "jardins", "cafe", "cafes", "epicerie", "librairie", "institut", "sarl", "sas",
     "regie", "ressourcerie", "recyclerie", "creche", "mjc", "mairie", "commune", "lycee", "college", "office",
     "couveuse", "chantier", "chantiers", "ensemble", "orchestre", "cinema", "festival", "radio", "tiers", "lieu",
     "lieux", "conseil", "formation"}
)  # fmt: skip
_STRUCTURE: Final = _NO_TRADER | {"societe", "sa", "sci", "entreprise", "entreprises", "insertion", "services"}
_GIVEN_NAMES: Final = frozenset(
    {"prenom", "prenoms", "prenom du beneficiaire", "prenom beneficiaire", "prenom du porteur", "prenom porteur"}
)
_CIVILITIES: Final = frozenset({"civilite", "civ", "titre de civilite", "civilite du beneficiaire"})
_CIVILITY: Final = re.compile(
    r"m|mr|mrs|mm|mme|mmes|mlle|melle|monsieur|madame|mademoiselle|dr|docteur|mesdames|messieurs"
)
#: Headings that name a person as well as a structure.
_NAME_HEADINGS: Final = frozenset({"nom", "nom beneficiaire", "nom du beneficiaire", "nom du porteur", "nom porteur"})


def refuse_persons(
    rows: Rows, name: str, *, numbers: Sequence[str], forms: Sequence[str], is_place: Callable[[str], bool]
) -> None:
    """Keep out rows that name a person rather than a structure.

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    numbers : sequence of str
        Per row, its SIREN or SIRET: with one, « Madame » may begin the name of a structure.
    forms : sequence of str
        Per row, its legal form: that of a structure says that it is one.
    is_place : callable
        Tells whether a word is a commune: « ENVIE Toulouse (EI) » is nobody.
    """
    has_given = _beside_name(rows, name)
    for row, (line, cell) in enumerate(zip(rows.lines, rows.values[name], strict=True)):
        is_structure = forms[row] not in {"", "unknown"}
        found = verdict(cell, number=numbers[row], is_structure=is_structure, is_place=is_place)
        if not found and has_given[row] and not is_structure and not _says_structure(cell):
            found = PERSON
        if found:
            rows.refuse(line, name, cell, t(f"imports.expected.{found}"), found)


def verdict(cell: str, *, number: str, is_structure: bool, is_place: Callable[[str], bool]) -> str:
    """Return what a name is: ``natural_person``, ``perhaps_person``, or the empty string for a structure.

    Parameters
    ----------
    cell : str
        As `essmap.build.imports.values.clean` leaves it.
    number : str
        SIREN or SIRET; the empty string where none is said.
    is_structure : bool
        Whether the legal form says that it is one.
    is_place : callable

    Examples
    --------
    >>> [verdict(one, number="", is_structure=False, is_place=lambda _: False) for one in ("M. Dupont", "M Dupont")]
    ['natural_person', 'perhaps_person']
    >>> verdict("Mr Bricolage", number="", is_structure=False, is_place=lambda _: False)
    ''
    """
    if _WHOLE.fullmatch(fold(cell)):
        return PERSON
    if (mister := _MR.match(cell)) is not None:
        return "" if is_structure or fold(mister[1]) in _NO_PERSON else PERSON
    if _TITLE.match(cell):
        return "" if _NO_PERSON.intersection(fold(cell).split()[1:2]) else PERSON
    if (title := _TITLE_IN_FULL.match(cell)) is not None:
        rest = cell[title.end() :]
        is_shaped = _is_named(rest) or (rest.isupper() and 2 <= len(rest.split()) <= 3 and not _says_structure(rest))
        may_be = is_structure or (number and not is_shaped) or _NO_PERSON.intersection(fold(rest).split()[:1])
        return "" if may_be else PERSON
    if is_structure:
        return ""
    if _TITLE_BEHIND.fullmatch(cell) and not _says_structure(cell):
        return PERSON
    if _TRADER.search(cell) and _NO_TRADER.isdisjoint(fold(cell).split()):
        return PERSON
    if _says_structure(cell):
        return ""
    return _by_shape(cell, number, is_place)


def _by_shape(cell: str, number: str, is_place: Callable[[str], bool]) -> str:
    """Return what a name is that has but a letter or « EI » beside it."""
    if (doctor := _DOCTOR.match(cell)) is not None:
        rest = cell[doctor.end() :]
        return PERSON if _is_named(rest) or (not number and _may_be_named(rest)) else ""
    if (letter := _LETTER.match(cell)) is not None:
        rest = cell[letter.end() :]
        if _is_named(rest):
            return PERSON
        return PERHAPS if not number and _may_be_named(rest) else ""
    rest = _EI.sub(" ", cell).strip()
    if rest != cell and not any(is_place(word) for word in rest.split()):
        if _is_named(rest):
            return PERSON
        return PERHAPS if len(rest.split()) > 1 and _may_be_named(rest) else ""
    return ""


def _is_named(text: str) -> bool:
    """Tell whether a text has the shape of a name: « DUPONT Jean », « Jean DUPONT »."""
    words = text.split()
    capitals = [word for word in words if _CAPITALS.fullmatch(word)]
    others = [word for word in words if _CAPITAL.fullmatch(word)]
    is_shaped = bool(capitals and others) and len(capitals) + len(others) == len(words)
    return is_shaped and 2 <= len(words) <= 4 and not _says_structure(text)


def _may_be_named(text: str) -> bool:
    """Tell whether a text may be a name: one to three words, each with a capital."""
    words = text.split()
    return 1 <= len(words) <= 3 and all(_CAPITALS.fullmatch(word) or _CAPITAL.fullmatch(word) for word in words)


def _says_structure(text: str) -> bool:
    return not _STRUCTURE.isdisjoint(fold(text).split())


def _beside_name(rows: Rows, name: str) -> list[bool]:
    """Tell per row whether a first name or a title stands beside a name that may be a person's."""
    if fold(rows.layout.heading(name)) not in _NAME_HEADINGS:
        return [False] * len(rows.lines)
    given, titles = beside(rows, _GIVEN_NAMES), beside(rows, _CIVILITIES)
    return [bool(one) or _CIVILITY.fullmatch(fold(title)) is not None for one, title in zip(given, titles, strict=True)]


def refuse_withheld(rows: Rows, frame: pd.DataFrame, withheld: Withheld) -> None:
    """Keep out structures that asked not to be shown.

    Parameters
    ----------
    rows : Rows
    frame : DataFrame
        ``actor_id``, ``siren``, ``siret``, indexed by line.
    withheld : Withheld
    """
    told = {fault.row for fault in rows.faults if fault.rule == "withheld"}
    for line in frame.index[withheld.matches(frame)].difference(list(told)):
        rows.refuse(int(line), "name", "", t("imports.expected.not_withheld"), "withheld")
