"""What may be kept of the address of an establishment, from the API Recherche d'entreprises, even on disk.

The service gives the head office its parts apart, but of the other establishments one line, at the front of which the
complement stands: often the name of somebody. Number and street begin where a kind of way says so; where none does, no
address is kept. That an address is somebody's home stays known, whose home it is does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

#: What stays of a complement that says that an address is somebody's home.
AT_HOME: Final = "CHEZ"
#: Of an establishment with partial diffusion nothing finer than the commune is kept, nor its signs.
_PROTECTED: Final = frozenset({
    "adresse", "numero_voie", "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie",
    "complement_adresse", "code_postal", "latitude", "longitude", "nom_commercial", "liste_enseignes",
})  # fmt: skip
_PARTS: Final = ("numero_voie", "dernier_numero_voie", "indice_repetition", "type_voie", "libelle_voie")

#: Kinds of ways and the abbreviations that Sirene uses (INSEE, variable typeVoieEtablissement), before a name.
_KIND: Final = (
    r"(?:ALL(?:[EÉ]ES?)?|AV(?:E|ENUE)?|B(?:OULEVAR|L?V?)D|CAR(?:REFOUR)?|CH(?:E|EM|EMIN)?|CHAUSS[EÉ]E|CHS|CIT[EÉ]"
    r"|CLOS|COR(?:NICHE)?|C(?:OU)?RS|CTRE?|CENTRE|C[OÔ]TE|COUR|DOM(?:AINE)?|ESP(?:LANADE)?|FBG|FAUBOURG|FG|GR"
    r"|GRANDE RUE"
    r"|HAM(?:EAU)?|HLE|IMP(?:ASSE)?|LD|LIEU[ -]DIT|LOT(?:ISSEMENT)?|MAIL|MAR|MONT[EÉ]E|MTE|PAS(?:SAGE)?|PARC|PARVIS"
    r"|PL(?:ACE|N|T)?|PLAINE|PLATEAU|PORT|PROM?(?:ENADE)?|PRV|QU(?:A|AI|ARTIER)?|RUE|R|R[EÉ]S(?:IDENCE)?|RLE|RUELLE"
    r"|ROC(?:ADE)?|RPT|ROND[ -]POINT|R(?:OU)?TE|SEN(?:TE|TIER)?|SQ(?:UARE)?|TPL|TRA(?:VERSE)?|VOIE|VLA|VLGE|VILLAGE"
    r"|ZAC?|ZI|ZONE)"
)
#: Kinds that are no surname and no single letter, so that they begin a street without a number too.
_SURE: Final = (
    r"(?:ALL[EÉ]ES?|AVENUE|BOULEVARD|CARREFOUR|CHEMIN|CHAUSS[EÉ]E|ESPLANADE|FAUBOURG|HAMEAU|IMPASSE|LIEU[ -]DIT"
    r"|LOTISSEMENT|MONT[EÉ]E|PASSAGE|PLACE|PROMENADE|QUAI|QUARTIER|R[EÉ]SIDENCE|ROCADE|ROND[ -]POINT|ROUTE|RTE|RUE"
    r"|RUELLE|SENTIER|SQUARE|TRAVERSE|ZAC?|ZI|ZONE)"
)
_NUMBER: Final = r"\d+ ?[A-Z]?(?: ?(?:-|/|,|A|ET) ?\d+ ?[A-Z]?)?(?: (?:BIS|TER|QUATER))?,? "
_NUMBERED: Final = re.compile(rf"(?<!\S){_NUMBER}{_KIND}(?!\S)", re.IGNORECASE)
_UNNUMBERED: Final = re.compile(rf"(?<!\S){_SURE}(?!\S)", re.IGNORECASE)
_SAYS_HOME: Final = re.compile(r"\bCHEZ\b|\bC\s*[/⁄\\]\s*O\b|℅|\bAUX (?:BONS )?SOINS DE\b|\bDOMICILE\b", re.IGNORECASE)
#: The title of somebody, followed by a name.
_SOMEBODY: Final = re.compile(
    r"(?<!\S)(?:MME|MMES|MLLE|MELLE|MLE|MADAME|MADEMOISELLE|MONSIEUR|MR|MM|(?:^M))\.? \w{2,}", re.IGNORECASE
)

#: A name of a street that is none, where no kind of way stands before it.
_BEGINS_AT_SOMEBODY: Final = re.compile(rf"{_SAYS_HOME.pattern}|{_SOMEBODY.pattern}", re.IGNORECASE)


def split_line(line: str) -> tuple[str, str]:
    """Return what stands before number and street on an address line, and number and street.

    Parameters
    ----------
    line : str

    Returns
    -------
    before, street : str
        The street is empty where no kind of way tells where it begins, unless the line begins with a number.

    Examples
    --------
    >>> split_line("MME DUPONT MARIE 12 RUE DES LILAS")
    ('MME DUPONT MARIE', '12 RUE DES LILAS')
    >>> split_line("DUPONT MARIE LES HAUTS")
    ('DUPONT MARIE LES HAUTS', '')
    """
    text = " ".join(line.split())
    found = _NUMBERED.search(text) or _UNNUMBERED.search(text)
    if found:
        before, street = text[: found.start()].strip(), text[found.start() :]
    else:
        before, street = ("", text) if text[:1].isdigit() else (text, "")
    return (text, "") if _SOMEBODY.search(street) and not found else (before, street)


def is_of_somebody(text: str) -> bool:
    """Tell whether a complement or an address names somebody, or says that it is somebody's home.

    Examples
    --------
    >>> is_of_somebody("CHEZ LE PRESIDENT"), is_of_somebody("MME DUPONT"), is_of_somebody("BATIMENT M 2")
    (True, True, False)
    """
    return bool(_SAYS_HOME.search(text) or _SOMEBODY.search(text))


def kept_of_site(site: Mapping[str, Any], *, is_hidden: bool) -> dict[str, Any]:
    """Return what may be kept of an establishment; what was kept once stays as it is.

    Parameters
    ----------
    site : mapping
        Fields of the service.
    is_hidden : bool
        Whether nothing finer than its commune may be known.

    Returns
    -------
    dict
        Without the line where there are parts; the line alone without what stood before its street, a name as often
        as a building; a complement that names somebody is `AT_HOME`.
    """
    if is_hidden:
        return {name: value for name, value in site.items() if name not in _PROTECTED}
    kept = dict(site)
    complement = str(kept.get("complement_adresse") or "")
    if any(kept.get(name) for name in _PARTS):
        kept.pop("adresse", None)
        street = str(kept.get("libelle_voie") or "")
        if not kept.get("type_voie") and _BEGINS_AT_SOMEBODY.match(street):
            complement, kept["libelle_voie"] = AT_HOME, split_line(street)[1]
    elif isinstance(kept.get("adresse"), str):
        before, kept["adresse"] = split_line(kept["adresse"])
        complement = complement or (AT_HOME if is_of_somebody(before) else "")
    if complement:
        kept["complement_adresse"] = AT_HOME if is_of_somebody(complement) else complement
    return kept
