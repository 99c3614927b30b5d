"""Several columns of a file that are one of ours: which is read, which is set aside, and when that is for a person."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from essmap.build.imports.heading_words import DROPPED, JOINED, date_rank, is_certain
from essmap.schema.folding import fold
from essmap.schema.tableschema import FIELDS, Kind
from essmap.sources.spreadsheet_worker import GEOMETRY_COLUMNS

#: Columns of ours of which each one of the file is read: any of them may say that a place is not to be shown.
EACH: Final = frozenset({"is_sensitive"})
#: Columns of which the one that has our very name is the whole: « source » is another one in what essmap writes.
_ALONE: Final = frozenset({"source_note"})
#: One place is written with other numbers in another system; which year counts, the order of dates says; « Source »
#: beside the page of the source names it.
_MAY_DIFFER: Final = frozenset({"lon", "lat", "year", "source_url", "source_note"})
#: Headings that may be the name of a person beside that of a structure, and those that are of a structure alone.
_BARE: Final = frozenset({"nom", "noms", "nom complet", "titre"})
_OF_STRUCTURE: Final = re.compile(
    r"(?:nom (?:de l |de la |d |du |des )?)?"
    r"(?:association|structure|denomination|organisme|entreprise|etablissement|cooperative|tiers lieu)s?\b.*"
    r"|raisons? sociales?\b.*"
)
#: Headings that make a bare « Nom » beside the name of a structure that of a person.
_OF_PERSON: Final = re.compile(r"(?:prenoms?|civilites?|civ|titre de civilite)\b.*")
_NAMES: Final = frozenset({"name", "holder_name"})
_YEAR: Final = re.compile(r"(?:19|20)\d{2}")
_NO_SIGN: Final = re.compile(r"\W")

#: Position and text of the headings of each column of ours.
Found = dict[str, list[tuple[int, str]]]


def settle(
    found: Found, rows: Sequence[Sequence[str]], kind: Kind, mapped: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Leave one heading of each column of ours; return those that are set aside, each with the one that is read.

    Where nothing says which one is meant, or a row says two things, all stay: the list is refused.

    Parameters
    ----------
    found : dict
        Per column of ours its headings; those that are not known under the empty string. It is changed.
    rows : sequence of sequences of str
        The rows below the header.
    kind : {"actors", "projects"}
    mapped : collection of str
        Folded headings of which somebody said what they are.
    """
    doubles = []
    for name, headings in list(found.items()):
        is_joined = name in JOINED and name not in _ALONE
        if name in {"", DROPPED} or name in EACH or is_joined or len(headings) == 1:
            continue
        if name in _NAMES:
            headings = _without_persons(found, headings, mapped)
        found[name] = plain = _preferred(name, headings, kind, mapped)
        if len(plain) > 1:
            continue
        others = [one for one in headings if one != plain[0]]
        if not _is_plain(name, plain[0], mapped) and any(_differ(rows, name, plain[0], one) for one in others):
            found[name] = headings
            continue
        for place, text in others:
            if is_certain(text, kind) or text in GEOMETRY_COLUMNS:
                doubles.append((text, plain[0][1]))
            else:  # another date beside that of the decision
                found.setdefault("", []).append((place, text))
    return tuple(doubles)


def _without_persons(found: Found, headings: list[tuple[int, str]], mapped: Collection[str]) -> list[tuple[int, str]]:
    """Return the headings of names, without « Nom » where a first name and the name of a structure stand beside it."""
    known = [text for place_and_text in found.values() for _, text in place_and_text]
    has_structure = any(_OF_STRUCTURE.fullmatch(fold(text)) for _, text in headings)
    if not has_structure or not any(_OF_PERSON.fullmatch(fold(text)) for text in known):
        return headings
    persons = [one for one in headings if fold(one[1]) in _BARE and fold(one[1]) not in mapped]
    found.setdefault(DROPPED, []).extend(persons)
    return [one for one in headings if one not in persons]


def _is_plain(name: str, chosen: tuple[int, str], mapped: Collection[str]) -> bool:
    """Tell whether a heading is read whatever the others say: somebody said so, or it alone names a structure."""
    folded = fold(chosen[1])
    return folded in mapped or name in _MAY_DIFFER or (name in _NAMES and bool(_OF_STRUCTURE.fullmatch(folded)))


def _preferred(
    name: str, headings: list[tuple[int, str]], kind: Kind, mapped: Collection[str]
) -> list[tuple[int, str]]:
    """Return the headings that say most plainly that they are a column of ours."""
    if len(headings) == 1:
        return headings
    one = next((one for one in FIELDS[kind] if one.name == name), None)
    own = {fold(one.name), fold(one.title(kind))} if one else set()
    first = min(date_rank(text) for _, text in headings)
    structures = [item for item in headings if name in _NAMES and _OF_STRUCTURE.fullmatch(fold(item[1]))]
    if structures:
        own -= _BARE
    for plain in (
        [item for item in headings if fold(item[1]) in mapped],
        [item for item in headings if item[1] not in GEOMETRY_COLUMNS],
        [item for item in headings if fold(item[1]) in own],
        [item for item in headings if name == "year" and date_rank(item[1]) == first],
        structures if all(item in structures or fold(item[1]) in _BARE for item in headings) else [],
        [item for item in headings if is_certain(item[1], kind)],
    ):
        if len(plain) == 1:
            return plain
    return headings


def _differ(rows: Sequence[Sequence[str]], name: str, one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Tell whether two columns say two things in a row; a column of positions that the file has of itself is none."""
    if {one[1], other[1]} & set(GEOMETRY_COLUMNS):
        return False
    return any(a != b for a, b in ((_said(cells, name, one), _said(cells, name, other)) for cells in rows) if a and b)


def _said(cells: Sequence[str], name: str, heading: tuple[int, str]) -> str:
    cell = cells[heading[0]] if heading[0] < len(cells) else ""
    years = _YEAR.findall(cell) if name == "source_year" else []
    return years[-1] if years else _NO_SIGN.sub("", fold(cell).removesuffix(".0"))
