"""Names of communes as people write them: postcodes, articles, short words, codes and departments beside them."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from essmap import reference
from essmap.build.imports.values import clean, joined_postcode
from essmap.schema.folding import fold, fold_place

_ARTICLES: Final = ("le", "la", "les", "l")
_NOT_NAME: Final = re.compile(
    r"^\s*(?:0?\d{2}|2[ab])\s*[-–:]\s*(?=[^\W\d_])|[\s_-]\d{1,2}(?:er|e|ere|eme|è|ère|ème)\.?(?:\s*arr[a-zé]*\.?)?\s*$|"
    r"\bcedex\b(?:\s*\d{1,2}\b)?|^\s*(?:f\s*-\s*)?\d{5}\b|\b\d{5}\s*$|\((?:\d{2,5}|haute[- ]garonne)\)|\bfrance\s*$",
    re.IGNORECASE,
)
_ARTICLE_BEHIND: Final = re.compile(r"^(.*?)[\s,]*\(?\b(l['’]?|le|la|les)\)?\s*$", re.IGNORECASE)
_SHORT_WORDS: Final = {
    "s": "sur",
    "ss": "sous",
    "les": "les",
    "lez": "les",
    "lès": "les",
    "gd": "grand",
    "ste": "sainte",
}
#: « 31395 - Muret ».
_CODE_AND_NAME: Final = re.compile(r"\(?(\d[0-9AB]\d{3})\)?\s*[-–:,]?\s*([^\W\d_].*)", re.DOTALL)


def department_of(code: str) -> str:
    """Return the department that an INSEE code or a postcode begins with.

    Examples
    --------
    >>> department_of("31395"), department_of("97411"), department_of("2A004")
    ('31', '974', '2A')
    """
    return code[:3] if code.startswith(("97", "98")) else code[:2]


@cache
def department_names() -> dict[str, str]:
    """Return the code of each department by its folded name."""
    table = reference.departments()
    return {fold(str(name)): str(code) for code, name in table["name"].items()}


def code_and_name(text: str) -> tuple[str, str]:
    """Return an INSEE code and the name beside it, which may be empty: « 31395 - Muret ».

    Examples
    --------
    >>> code_and_name("31395 - Muret"), code_and_name("31395"), code_and_name("31395.0")
    (('31395', 'Muret'), ('31395', ''), ('31395', ''))
    """
    plain = clean(text).removesuffix(".0")
    if (found := _CODE_AND_NAME.fullmatch(plain)) is not None:
        return found[1], found[2]
    code = plain.upper()
    return (f"0{code}" if re.fullmatch(r"[1-9]\d{3}", code) else code), ""


def plain_place(name: str) -> str:
    """Return a place name as names are compared: without postcode, cedex, brackets; article in front; words in full.

    Examples
    --------
    >>> plain_place("31000 TOULOUSE CEDEX 9"), plain_place("Fousseret (Le)"), plain_place("Rouffiac s/ Tolosan")
    ('toulouse', 'le fousseret', 'rouffiac sur tolosan')
    >>> plain_place("Toulouse 3e"), plain_place("31 - Muret")
    ('toulouse', 'muret')
    """
    bare, before = joined_postcode(clean(name)), ""
    while bare != before:
        bare, before = _NOT_NAME.sub(" ", bare).strip(" ,-–"), bare
    behind = _ARTICLE_BEHIND.fullmatch(bare)
    if behind is not None and behind[1].strip():
        bare = f"{behind[2]} {behind[1]}"
    words = fold_place(bare).split()
    return " ".join(_SHORT_WORDS.get(word, word) if place else word for place, word in enumerate(words))


def without_article(name: str) -> str:
    """Return a folded place name without the article it begins with.

    Examples
    --------
    >>> without_article("L'Isle-en-Dodon")
    'isle en dodon'
    """
    words = fold_place(name).split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in _ARTICLES else words)
