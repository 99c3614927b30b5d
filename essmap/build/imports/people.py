"""Rows that are no structure: a person, somebody who asked not to be shown.

What says in plain words that it is a person, or has the whole shape of one (« Mme DURAND Marie »), is refused as one.
What may be a person or a structure (« M. Pouce ») is refused with what would tell: its legal form, or its number. A
known form of structures, a SIRET, or a word such as « association », tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from essmap.build.imports.given_names import is_given_and_family
from essmap.build.imports.lines import beside
from essmap.build.imports.rows import Rows
from essmap.build.imports.words import is_structure_form, read_legal_form
from essmap.schema.folding import fold
from essmap.schema.withheld import Withheld
from essmap.texts import t

PERSON: Final = "natural_person"
NAMED: Final = "named_person"
PERHAPS: Final = "perhaps_person"

#: Titles of persons, which begin the names of structures too (« M. Pouce »); « M.J.C. » and « M. J. C. » are none.
_TITLE: Final = re.compile(
    r"(?:(?:m|mr|monsieur)\.?\s+(?:et|&)\s+(?:mme|mlle|madame|m)\.?\s+"
    r"|m\.(?:\s+(?![a-z]\.\s?[a-z]\.)|(?=[^\W\d_]{2}))|mm\.\s*|mmes?\.?\s+|(?:mlle|melle|mle)s?\.?\s+|mrs?\.?\s+"
    r"|(?:messieurs|monsieur|mesdames|madame|mademoiselle)\s+"
    r"|(?:drs?|docteure?|pr)\.?\s+(?=[^\W\d_])|(?:me\.?|ma[iî]tre)\s+(?=[^\W\d_]))(?=\S)",
    re.IGNORECASE,
)
#: A title behind the name: « DUPONT Jean, M. ».
_TITLE_BEHIND: Final = re.compile(
    r"(.*?)\s*[,(]\s*(?:m|mr|mme|mlle|melle|monsieur|madame|mademoiselle)\.?\s*\)?\s*", re.IGNORECASE | re.DOTALL
)
#: A letter that may be a title.
_LETTER: Final = re.compile(r"mm?\s+(?=[^\W\d_])", re.IGNORECASE)
#: A letter to whoever holds an office: the holder is what stands behind, « Mme la Présidente du Comité des fêtes ».
_OFFICE: Final = re.compile(
    r"(?:m\.?|mrs?\.?|mmes?\.?|mlle\.?|messieurs|monsieur|mesdames|madame|mademoiselle)\s+(?:l[ea]s?\s+|l['’]\s?)"
    r"(?:(?:co|vice)[\s-]?)?(?:pr[ée]sidente?s?|directeurs?|directrices?|tr[ée]sori(?:er|[èe]re)s?|g[ée]rante?s?|"
    r"secr[ée]taires?|responsables?|administrateurs?|administratrices?|repr[ée]sentante?s?|d[ée]l[ée]gu[ée]e?s?|"
    r"principale?|proviseure?|(?P<mayor>maires?))(?:\s+g[ée]n[ée]rale?)?(?:\s+adjointe?)?\s*"
    r"(?:(?P<of>\bd(?:u|es|e\s+la|e\s+l['’]|e|['’])(?:(?<=['’])|\s)\s*)|[,:]\s*|\s[-–]\s)(?P<holder>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
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
    r"(?:\d+ |une? )?(?:personnes? physiques?|personnes? privees?|particuliers?)"
    r"(?: (?:anonymes?|anonymisee?s?|prives?|non communique.*|(?:(?:n|no|numero|nr) ?)?\d+))*"
    r"|(?:beneficiaires?|personnes?|porteurs?) (?:anonymes?|anonymisee?s?)|anonymes?"
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
#: So short a word in capitals is a name of structures, « ADMR », as well as of persons.
_ACRONYM: Final = 4
_CIVILITY: Final = re.compile(
    r"m|mr|mrs|mm|mme|mmes|mlle|melle|monsieur|madame|mademoiselle|dr|docteur|mesdames|messieurs"
)
_FORMS: Final = frozenset({"forme juridique", "forme", "forme sociale", "statut", "statut juridique"})
#: Headings that name a person as well as a structure.
_NAME_HEADINGS: Final = frozenset({"nom", "nom beneficiaire", "nom du beneficiaire", "nom du porteur", "nom porteur"})


def forms_beside(rows: Rows) -> list[str]:
    """Return, per row, the form of structures that stands under a heading that is none of ours; a person's is refused.

    Parameters
    ----------
    rows : Rows
    """
    cells = beside(rows, _FORMS)
    readings = [read_legal_form(cell) for cell in cells]
    for line, reading in zip(rows.lines, readings, strict=True):
        if reading.fault is not None:
            rows.refuse(line, "holder_name", "", reading.fault, reading.rule)
    return [cell if is_structure_form(cell) else "" for cell in cells]


def name_holders(rows: Rows, name: str) -> None:
    """Name the structure where a list names whoever speaks for it: « Monsieur le Président du Foyer rural ».

    Parameters
    ----------
    rows : Rows
    name : str
        Our column that names the structure.
    """
    for row, cell in enumerate(rows.values[name]):
        holder = behind_office(cell)
        if holder:
            rows.values[name][row] = holder
            rows.remark(rows.lines[row], name, cell, t("imports.remarks.office", name=holder))


def behind_office(cell: str) -> str:
    """Return the structure behind whoever speaks for it; the empty string: nobody does.

    Examples
    --------
    >>> behind_office("Monsieur le Président du Foyer rural"), behind_office("Mme la Directrice du CCAS")
    ('Foyer rural', 'CCAS')
    >>> behind_office("M. le Maire de Muret"), behind_office("Mme la Marquise")
    ('Commune de Muret', '')
    """
    found = _OFFICE.fullmatch(cell)
    if found is None:
        return ""
    if found["mayor"]:
        return t("imports.commune_of", of=f"{found['of']}{found['holder']}") if found["of"] else ""
    return found["holder"][:1].upper() + found["holder"][1:]


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
        Per row, its legal form where it is one of structures, else the empty string.
    is_place : callable
        Tells whether a word is a commune: « ENVIE Toulouse (EI) » is nobody.
    """
    name_holders(rows, name)
    is_person_heading = fold(rows.layout.heading(name)) in _NAME_HEADINGS
    given, civilities = beside(rows, _GIVEN_NAMES), beside(rows, _CIVILITIES)
    for row, (line, cell) in enumerate(zip(rows.lines, rows.values[name], strict=True)):
        is_structure = bool(forms[row])
        found = verdict(cell, number=numbers[row], is_structure=is_structure, is_place=is_place)
        has_title = _CIVILITY.fullmatch(fold(civilities[row])) is not None
        may_be = is_person_heading and not is_structure and not numbers[row] and not _says_structure(cell)
        if cell and may_be and (given[row] or has_title) and found in {"", PERHAPS}:
            found = PERSON if given[row] and _is_shaped(cell) else PERHAPS
        if found:
            rows.refuse(line, name, cell, t(f"imports.expected.{found}"), found)


def verdict(cell: str, *, number: str, is_structure: bool, is_place: Callable[[str], bool]) -> str:
    """Return what a name is: a key of a rule, or the empty string for a structure.

    ``natural_person`` says so in plain words, ``named_person`` has the shape of a person's name beside a title or a
    word of sole traders, ``perhaps_person`` may be either.

    Parameters
    ----------
    cell : str
        As `essmap.build.imports.values.clean` leaves it.
    number : str
        SIREN or SIRET, valid; the empty string where none is said.
    is_structure : bool
        Whether the legal form says that it is one.
    is_place : callable

    Examples
    --------
    >>> names = ("Particulier n°4", "Mme DURAND Marie", "M. Pouce", "Mr Bricolage")
    >>> [verdict(one, number="", is_structure=False, is_place=lambda _: False) for one in names]
    ['natural_person', 'named_person', 'perhaps_person', '']
    >>> verdict("M. Pouce", number="73282932000074", is_structure=False, is_place=lambda _: False)
    ''
    """
    if _WHOLE.fullmatch(fold(cell)):
        return PERSON
    if (title := _TITLE.match(cell)) is not None:
        return _titled(cell[title.end() :], is_known=is_structure, number=number)
    if is_structure:
        return ""
    if (behind := _TITLE_BEHIND.fullmatch(cell)) is not None and not _says_structure(cell):
        return _titled(behind[1], is_known=False, number=number)
    if _TRADER.search(cell):
        return _trader(cell)
    if _says_structure(cell):
        return ""
    return _by_shape(cell, number, is_place)


def _titled(rest: str, *, is_known: bool, number: str) -> str:
    """Return what a name is whose rest stands beside a title."""
    if _NO_PERSON.intersection(fold(rest).split()[:1]):
        return ""
    words = rest.split()
    if _is_named(rest) or (rest.isupper() and 2 <= len(words) <= 3 and _may_be_named(rest) and not _is_article(words)):
        return "" if _says_structure(rest) else NAMED
    if is_known:
        return ""
    # « M. Jean Dupont » with a number is a sole trader or a company: its form would tell.
    is_full = len(words) > 1 and _may_be_named(rest) and not _is_article(words) and not _says_structure(rest)
    return PERHAPS if is_full or not number else ""


def _trader(cell: str) -> str:
    """Return what a name is beside « auto-entrepreneur »; a number tells nothing, for sole traders have one."""
    words = fold(cell).split()
    if not _NO_TRADER.isdisjoint(words):
        return ""
    rest = _TRADER.sub(" ", cell).strip(" ,;:-–()")
    return NAMED if _is_named(rest) else PERHAPS


def _by_shape(cell: str, number: str, is_place: Callable[[str], bool]) -> str:
    """Return what a name is that has but a letter or « EI » beside it, or nothing."""
    if (letter := _LETTER.match(cell)) is not None:
        rest = cell[letter.end() :]
        if _is_named(rest):
            return NAMED
        return PERHAPS if not number and _may_be_named(rest) else ""
    rest = _EI.sub(" ", cell).strip()
    is_placed = any(is_place(word) for word in rest.split())
    if rest != cell:
        if _is_named(rest) and not is_placed:
            return NAMED
        return PERHAPS if not is_placed and len(rest.split()) > 1 and _may_be_named(rest) else ""
    return PERHAPS if not number and not is_placed and is_given_and_family(cell) else ""


def _is_article(words: Sequence[str]) -> bool:
    """Tell whether a name goes on with an article: « Mme la Marquise »."""
    return fold(words[0]) in {"le", "la", "les", "l"} if words else False


def _is_shaped(text: str) -> bool:
    """Tell whether a cell beside a first name may be a family name: one or two words, no article."""
    words = text.split()
    is_acronym = len(text) <= _ACRONYM and text.isupper()
    return len(words) <= 2 and _may_be_named(text) and not _is_article(words) and not is_acronym


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
