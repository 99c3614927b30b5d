"""Write the names of a register for people: it writes all capitals, without accents and mostly without apostrophes.

A name that already has a small letter is left as it is. Acronyms and accents come from
``data/reference/capitals.csv``; nothing else is guessed, so that the same name is always written the same way.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

import pandas as pd

from essmap.reference import capitals
from essmap.schema.folding import fold

#: Words that stay small inside a name.
_SMALL: Final = frozenset({
    "a", "au", "aux", "avec", "chez", "dans", "de", "des", "du", "en", "et", "la", "le", "les", "ou", "par", "pour",
    "qui", "sans", "ses", "son", "sous", "sur", "un", "une", "vers",
})  # fmt: skip
#: Letters that are a word only before an apostrophe.
_ELIDED: Final = frozenset({"c", "d", "j", "l", "m", "n", "qu", "s", "t"})
#: Words without a vowel that are no acronym.
_SPOKEN: Final = frozenset({"st", "mr", "mgr", "dr", "ft"})
#: Kinds of ways, small wherever they stand in an address.
_WAYS: Final = frozenset({
    "all", "allee", "allees", "avenue", "av", "boulevard", "bd", "chemin", "che", "cours", "esplanade", "faubourg",
    "fbg", "fg",
    "impasse", "imp", "lieu", "dit", "lieudit", "lotissement", "passage", "place", "pl", "promenade", "quai",
    "residence", "rond", "point", "route", "rte", "rue", "ruelle", "sentier", "square", "traverse", "voie", "zone",
    "bis", "ter", "quater",
})  # fmt: skip
#: A letter after one of these names a part of a building: « Bât A ».
_BUILDINGS: Final = frozenset({"bat", "batiment", "bloc", "entree", "esc", "escalier", "hall", "porte"})
#: Articles that begin the name itself after what it is: « Crèche Les Lutins », « SCOP La Volte ».
_ARTICLES: Final = frozenset({"la", "le", "les", "l"})
_KINDS: Final = frozenset({
    "association", "cafe", "cie", "club", "collectif", "compagnie", "cooperative", "creche", "ecole", "epicerie",
    "ferme", "foyer", "librairie", "residence", "theatre",
})  # fmt: skip
#: Words of a sign that say which site it is and not who is there.
_GENERIC: Final = frozenset({
    "agence", "annexe", "antenne", "atelier", "boutique", "bureau", "bureaux", "depot", "entrepot", "etablissement",
    "local", "magasin", "principal", "secondaire", "siege", "site", "social",
})  # fmt: skip

_TOKEN: Final = re.compile(r"[^\W_]+|[\W_]+")
_DOTTED: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}[^\W\d_]?(?![^\W_])")
_ROMAN: Final = re.compile(r"(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3})")
_ORDINAL: Final = re.compile(r"\d+(?:ER|ERE|E|EME|IEME|ND|NDE)")
#: A lone « D » or « L » before a vowel or an H lost its apostrophe.
_LOST_APOSTROPHE: Final = re.compile(r"(?<![^\W_])([DL]) (?=[AEIOUYHÀÂÉÈÊËÎÏÔÖÙÛÜŒÆ][^\W\d_]{2})")
_NOT_AFTER_ELISION: Final = re.compile(r"(?:AVEC|AUX|AU|EN|ET|OU|UN|UNE)\b")


def readable_name(name: str, acronym: str = "") -> str:
    """Return a name as people write it.

    Parameters
    ----------
    name : str
        As the register writes it.
    acronym : str
        The unit's own, which keeps its capitals inside the name.

    Returns
    -------
    str
        The same words. A name with a small letter is only rid of doubled spaces.

    Examples
    --------
    >>> readable_name("FOYER RURAL DE L ISLE-EN-DODON")
    "Foyer Rural de l'Isle-en-Dodon"
    >>> readable_name("MJC ST EXUPERY"), readable_name("La Volte")
    ('MJC St Exupery', 'La Volte')
    """
    text = " ".join(name.split())
    if not _is_shouted(text):
        return text
    return _write(text, frozenset({acronym.strip()} if len(acronym.strip()) > 1 else ()), frozenset())


def readable_address(address: str) -> str:
    """Return an address as people write it: kinds of ways and small words in small letters.

    Examples
    --------
    >>> readable_address("1 BIS RUE DE L EGLISE"), readable_address("4 av. Foch")
    ("1 bis rue de l'Église", '4 av. Foch')
    """
    text = " ".join(address.split())
    return _write(text, frozenset(), _WAYS) if _is_shouted(text) else text


def chosen_names(rows: pd.DataFrame) -> pd.Series[str]:
    """Return the name to show for each establishment, as the register writes it.

    Parameters
    ----------
    rows : DataFrame of str
        ``siren``, ``name`` and ``sign``, one row per establishment.

    Returns
    -------
    Series of str, same index
        The sign where it tells establishments of one unit from each other, or where there is no name; else the name.
    """
    sign = rows["sign"].map(fold)
    is_generic = pd.Series([_is_generic(text) for text in sign], index=rows.index, dtype=bool)
    is_telling = sign.ne("") & sign.ne(rows["name"].map(fold)) & ~is_generic
    is_one_of_several = rows["siren"].duplicated(keep=False)
    is_alone = ~pd.DataFrame({"siren": rows["siren"], "sign": sign}).duplicated(keep=False)
    return rows["sign"].where((is_telling & is_one_of_several & is_alone) | rows["name"].eq(""), rows["name"])


def _is_generic(folded: str) -> bool:
    return all(word in _GENERIC or word.isdecimal() for word in folded.split())


def _is_shouted(text: str) -> bool:
    return text.isupper()


@cache
def _written() -> dict[str, str]:
    return {str(word): str(written) for word, written in capitals()["written"].items()}


def _write(text: str, kept: frozenset[str], ways: frozenset[str]) -> str:
    """Return a text of capitals in small letters where they belong."""
    text = _LOST_APOSTROPHE.sub(
        lambda found: found[0] if _NOT_AFTER_ELISION.match(text, found.end()) else f"{found[1]}'", text
    )
    dotted = [found.span() for found in _DOTTED.finditer(text)]
    written: list[str] = []
    opens = True  # the next word begins the name or a part of it
    for found in _TOKEN.finditer(text):
        token = found[0]
        if not token[0].isalnum():
            opens = opens or _opens_part(token)
            written.append(token)
            continue
        follows = text[found.end() : found.end() + 1]
        if any(start <= found.start() < end for start, end in dotted) or token in kept:
            written.append(token)
        else:
            is_opening = opens or (not ways and _begins_name(token, written))
            word = _word(token, opens=is_opening, elides=follows in {"'", "’"}, ways=ways, before=written)
            written.append(_preposition(word, written, is_last=not follows) if not opens else word)
        opens = False
    return "".join(written)


def _begins_name(token: str, before: list[str]) -> bool:
    """Tell whether an article begins the name: after an acronym, or after the kind with which the text begins."""
    if token.lower() not in _ARTICLES or len(before) < 2 or before[-1] != " ":
        return False
    last = before[-2]
    return (len(last) > 1 and last.isalpha() and last.isupper()) or (len(before) == 2 and _folded(last) in _KINDS)


def _preposition(word: str, before: list[str], *, is_last: bool) -> str:
    """Return a lone « a » as « à », or as a letter at the end of a text and after a number or a building."""
    if word != "a":
        return word
    last = before[-2] if len(before) > 1 else ""
    return "A" if is_last or last.isdecimal() or _folded(last) in _BUILDINGS else "à"


def _opens_part(marks: str) -> bool:
    """Tell whether marks begin a new part of a name: a bracket, a colon or a dash with spaces; not a hyphen."""
    return any(mark in '()[]"«»:;/&+!?–—' for mark in marks) or " - " in marks


@lru_cache(maxsize=50_000)
def _folded(word: str) -> str:
    """Fold a word: the same few thousand make up the names of a department."""
    return fold(word)


def _word(token: str, *, opens: bool, elides: bool, ways: frozenset[str], before: list[str]) -> str:
    """Return one word in its letters."""
    small = token.lower()
    if any(sign.isdecimal() for sign in token):
        is_small = _ORDINAL.fullmatch(token) or (ways and token[:-1].isdecimal())
        return small.replace("eme", "ème") if is_small else token
    if elides and small in _ELIDED:
        return token if opens else small
    if len(before) >= 2 and before[-1] in {"'", "’"} and before[-2].lower() not in _ELIDED - {"c"}:
        return small  # « Aujourd'hui », « c'est »
    if _folded(token) in ways or (_folded(token) in _SMALL and not opens):
        return small
    known = _written().get(token)
    if known is not None:
        return known if known[0].isupper() else known[0].upper() + known[1:]
    return token if _keeps_capitals(token) else token[0] + small[1:]


def _keeps_capitals(token: str) -> bool:
    """Tell whether a word is a single letter, a Roman figure or, for lack of a vowel, an acronym."""
    is_acronym = not re.search("[AEIOUYŒÆ]", _folded(token).upper()) and token.lower() not in _SPOKEN
    return len(token) == 1 or is_acronym or _ROMAN.fullmatch(token) is not None
