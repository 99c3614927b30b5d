"""Which column of ours a heading is: by our name, our French title or a line of ``reference/header_words.csv``.

A heading that is not known is never guessed: it is proposed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from essmap import reference
from essmap.schema.folding import fold
from essmap.schema.tableschema import FIELDS, Kind

#: Marks a column that is known and not kept.
DROPPED: Final = "-"
#: A column of two numbers that say where: no column of ours, but read as longitude and latitude.
POINT: Final = "point"
#: Several columns of a file may be one of ours; what joins their cells.
JOINED: Final[Mapping[str, str]] = {
    "domains": ";", "communes_served": ";", "address": " ", "activity": " ", "note": " ; ", "source_note": " ; ",
}  # fmt: skip
_WORTH_SAYING: Final = 78
#: « Domaine 2 » is one more of its kind; « Montant 2024 » is an amount; « Année 2024 » may be anything.
_RANK_BEHIND: Final = re.compile(r" \d{1,2}$")
_YEAR_BEHIND: Final = re.compile(r"(?:^| )(?:19|20)\d{2}$")
_YEARLY: Final = frozenset({*JOINED, "amount_eur"})
#: Words that make « Date … » another date than that of a support.
_OTHER_DATES: Final = frozenset(
    {"naissance", "creation", "cree", "maj", "mise", "modification", "actualisation", "immatriculation", "publication",
     "declaration", "dissolution", "extraction", "export", "saisie", "fin", "echeance", "limite", "cloture", "depot",
     "demande", "debut", "versement", "paiement", "reception", "instruction", "solde"}
)  # fmt: skip
#: Words of dates of a support, the one that counts first: when it was decided, then when it was told or signed.
_DATES: Final = (
    {"cp", "commission", "permanente"}, {"vote"}, {"deliberation"}, {"decision"}, {"attribution"}, {"notification"},
    {"convention", "dateconvention"},
)  # fmt: skip


@lru_cache(maxsize=20_000)
def recognise(heading: str, kind: Kind) -> str:
    """Return the column of ours that a heading is, ``-`` where it is known and not kept, else the empty string.

    Examples
    --------
    >>> recognise("Raison sociale *", "actors"), recognise("Montants (€)", "projects"), recognise("Téléphone", "actors")
    ('name', 'amount_eur', '-')
    >>> [recognise(heading, "projects") for heading in ("Montant 2024", "Exercice 2024", "Date de CP")]
    ['amount_eur', '', 'year']
    """
    folded = fold(heading)
    if found := _plainly(folded, kind):
        return found
    for behind, names in ((_YEAR_BEHIND, _YEARLY), (_RANK_BEHIND, frozenset(JOINED))):
        if (name := _plainly(behind.sub("", folded), kind)) in names:
            return name
    return "year" if kind == "projects" and _is_date(folded) else ""


def is_certain(heading: str, kind: Kind) -> bool:
    """Tell whether a heading stands in our words, rather than merely beginning like one."""
    return bool(_plainly(fold(heading), kind))


def date_rank(heading: str) -> int:
    """Return which of several dates of a support counts: the lowest; a heading that is no date comes first.

    Examples
    --------
    >>> [date_rank(one) for one in ("Exercice", "Date de la CP", "Date de vote", "Date de notification", "Date")]
    [0, 1, 2, 6, 8]
    """
    words = fold(heading).split()
    if not words or not words[0].startswith("date"):
        return 0
    found = (rank for rank, group in enumerate(_DATES, start=1) if group & {*words, *map(_singular, words)})
    return next(found, len(_DATES) + 1)


def proposal(heading: str, kind: Kind) -> str:
    """Return the column of ours that an unknown heading is nearest to; the empty string where none is near.

    A heading that ends with a year, over the supports of that year, is most often an amount.

    Examples
    --------
    >>> proposal("Exercice 2024", "projects"), proposal("Code postall", "actors"), proposal("Couleur", "actors")
    ('amount_eur', 'postcode', '')
    """
    folded = fold(heading)
    if kind == "projects" and _YEAR_BEHIND.search(folded):
        return "amount_eur"
    words = {word: name for word, name in _known(kind).items() if name != DROPPED}
    found = process.extractOne(folded, list(words), scorer=fuzz.token_sort_ratio, score_cutoff=_WORTH_SAYING)
    return words[found[0]] if found else ""


def title_of(name: str, kind: Kind) -> str:
    """Return the French title of one of our columns."""
    return next((one.title(kind) for one in FIELDS[kind] if one.name == name), name)


def _plainly(folded: str, kind: Kind) -> str:
    return _known(kind).get(folded) or _singulars(kind).get(_singular(folded), "")


def _is_date(folded: str) -> bool:
    words = folded.split()
    return words[:1] in (["date"], ["dates"]) and not _OTHER_DATES & {*words, *map(_singular, words)}


def _singular(folded: str) -> str:
    """Return words without the mark of their plural: the same comes out of both forms, a word or not."""
    return " ".join(word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in folded.split())


@cache
def _known(kind: Kind) -> dict[str, str]:
    words = reference.header_words()[kind]
    known = {str(word): str(name) for word, name in words.items() if name}
    for one in FIELDS[kind]:
        known[fold(one.name)] = known[fold(one.title(kind))] = one.name
    return known


@cache
def _singulars(kind: Kind) -> dict[str, str]:
    """Return the words in the singular, but for those that are another column in the plural."""
    found: dict[str, set[str]] = {}
    for word, name in _known(kind).items():
        found.setdefault(_singular(word), set()).add(name)
    return {word: next(iter(names)) for word, names in found.items() if len(names) == 1}
