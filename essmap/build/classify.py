"""Legal form, domains and employer of register rows, by the tables of ``data/reference``. Pure functions.

A register says neither what a structure does nor, for many cooperatives, what they are: this is a reading, measured by
``benchmarks/classification.py``. What nothing tells stays ``unknown``, without domain, or missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from essmap import reference
from essmap.build.word_tables import FormRule, Sense, form_rules, word_senses
from essmap.build.words import WordFinder, telling_words
from essmap.reference.legal import UNKNOWN
from essmap.schema.folding import fold

#: An actor has at most this many domains (schema of the actors).
MOST_DOMAINS: Final = 3
#: What a word or a code of weight 3 counts: a register code and a name say what a structure is for, the text on its
#: activity also lists what it does beside. Set on the tuning half of the starter rows.
_NAF_COUNTS, _NAME_COUNTS, _ACTIVITY_COUNTS = 1.5, 1.5, 1.0
#: A second or third domain needs this many points, and this share of the points of the first.
_ENOUGH, _SHARE = 2.0, 0.3
#: A code of this weight says its domain: mere hints (words below it) are no longer read, a crèche called
#: « Les Jardins de… » grows nothing.
_CERTAIN: Final = 3

#: Company of commercial law: first digit of the legal category (INSEE, level I).
_COMPANY: Final = "5"
_ESS_COMPANY: Final = "commercial_ess"
_EMPLOYER, _NOT_EMPLOYER = "O", "N"
#: Workforce bands of INSEE (variable trancheEffectifsEtablissement): NN, no employee during the year of reference nor
#: on 31 December; 00, none on 31 December but some during the year; then 01 (1 or 2) to 53 (10,000 and more).
_BAND_NONE: Final = "NN"
_BANDS: Final = frozenset({"00", "01", "02", "03", "11", "12", "21", "22", "31", "32", "41", "42", "51", "52", "53"})


def legal_form(
    legal_category: pd.Series[str],
    name: pd.Series[str],
    *,
    ess: pd.Series[str] | None = None,
    siren: pd.Series[str] | None = None,
) -> pd.Series[str]:
    """Give each register row its legal form.

    The legal category decides where it can. A SCIC, and a SCOP that is a SAS, have no category of their own: a company
    is one when its SIREN is in ``listed_forms.csv``, else when its name says so (``form_words.csv``, with the
    categories where these words may count: an association that unites the SCOPs is none). A company of the ESS that
    says nothing of a cooperative is ``commercial_ess``; some are cooperatives whose name is silent, which no open list
    tells.

    Parameters
    ----------
    legal_category : Series of str, n rows
        Four digits; "" where not said.
    name : Series of str
        On the same index.
    ess : Series of str, optional
        ``yes`` where the register or a list says that the unit is of the ESS; on the same index.
    siren : Series of str, optional
        Nine digits; on the same index.

    Returns
    -------
    Series of str, on the index of ``legal_category``
        Keys of `essmap.reference.legal_forms`; ``unknown`` where nothing tells.

    Raises
    ------
    DataError
        If the table of words names a form or a category that cannot be.
    """
    category = _clean(legal_category)
    form = reference.classify_legal_category(category)["legal_form"]
    rules = form_rules()
    spoken = {code for rule in rules for code in rule.categories}
    is_open = category.isin(list(spoken)) | (form.eq(UNKNOWN) & category.str.startswith(_COMPANY))
    listed = reference.listed_forms()["legal_form"].to_dict()
    sirens = [""] * len(form) if siren is None else list(_clean(siren))
    is_ess = [False] * len(form) if ess is None else list(ess.eq("yes"))
    found = list(form)
    names, categories = list(name), [str(code) for code in category]
    for row, is_undecided in enumerate(is_open):
        if not is_undecided:
            continue
        said = listed.get(sirens[row]) or _form_in_name(fold(_text(names[row])), categories[row], rules)
        if said:
            found[row] = said
        elif found[row] == UNKNOWN and is_ess[row]:
            found[row] = _ESS_COMPANY
    return pd.Series(found, index=legal_category.index, dtype="str", name="legal_form")


def domains_of(
    naf: pd.Series[str], name: pd.Series[str], activity: pd.Series[str], *, naf25: pd.Series[str] | None = None
) -> pd.Series[list[str]]:
    """Give each row its domains, from its activity code, its name and what is said of its activity.

    Every domain gets points: the weight of the code, and of each pattern of ``name_words.csv`` found in the name and in
    the activity (once, the name counting more). The first domain is the one with most points, even few; others need
    enough of them. A precise code silences mere hints.

    Parameters
    ----------
    naf : Series of str, n rows
        NAF rév. 2; "" where not said.
    name, activity : Series of str
        On the same index; "" where not said.
    naf25 : Series of str, optional
        NAF 2025, read only where ``naf`` is empty (`naf_domains`).

    Returns
    -------
    Series of lists, on the index of ``naf``
        One to three keys of `essmap.reference.domains`, those with most points first (equal points: code before name
        before activity, then the order of the text); empty where nothing tells.

    Raises
    ------
    DataError
        If the table of words cannot be followed.
    """
    finder, senses = word_senses()
    codes = naf_domains(naf, naf25)
    rows = zip(codes["domains"], codes["weight"], name, activity, strict=True)
    found = [_decide(keys, weight, _text(title), _text(words), finder, senses) for keys, weight, title, words in rows]
    return pd.Series(found, index=naf.index, dtype=object, name="domains")


def naf_domains(naf: pd.Series[str], naf25: pd.Series[str] | None = None) -> pd.DataFrame:
    """Read the activity codes of register rows, NAF 2025 where rév. 2 is missing.

    Parameters
    ----------
    naf : Series of str, n rows
        NAF rév. 2; "" where not said.
    naf25 : Series of str, optional
        On the same index. A code that equals a whole code of the table counts as it; any other is unknown.

    Returns
    -------
    DataFrame, on the index of ``naf``
        As `essmap.reference.naf_to_domains`, ``status`` being ``not_said`` where there is no code: to be counted and
        told by the caller.
    """
    old = _clean(naf)
    new = pd.Series("", index=naf.index, dtype="str") if naf25 is None else _clean(naf25)
    is_new = old.eq("") & new.ne("")
    codes = old.where(~is_new, new)
    # Each pair is read once: there are 732 codes, and millions of rows.
    pairs = pd.MultiIndex.from_arrays([codes, is_new])
    places, distinct = pd.factorize(pairs)
    values = pd.Series([code for code, _ in distinct], dtype="str")
    books = pd.Series(["NAF25" if is_next else "NAFRev2" for _, is_next in distinct], dtype="str")
    read = reference.naf_to_domains(values, nomenclature=books)
    read["status"] = read["status"].where(values.ne(""), "not_said")
    found = read.iloc[places].set_axis(naf.index)
    found["domains"] = pd.Series([list(keys) for keys in found["domains"]], index=naf.index, dtype=object)
    return found


def is_employer(employer: pd.Series[str], workforce_band: pd.Series[str]) -> pd.Series[bool]:
    """Tell which establishments employ somebody.

    What INSEE says outright (``O``, ``N``) wins, since it is kept up to date; else the workforce band of a year that is
    one to three years old: ``NN`` is an establishment without employee that year, ``00`` one that had some during the
    year and none left on 31 December: an employer, as INSEE keeps it apart from the non-employers.

    Parameters
    ----------
    employer : Series of str, n rows
        ``O``, ``N`` or "".
    workforce_band : Series of str
        On the same index; "" where not said.

    Returns
    -------
    Series of nullable bool, on the index of ``employer``
        Missing where neither is said, or is a code that INSEE does not have.

    Notes
    -----
    Meaning of the bands: INSEE, Sirene, variable ``trancheEffectifsEtablissement`` (sirene.fr). An empty band is
    « donnée manquante », not a non-employer.
    """
    said, band = _clean(employer).str.upper(), _clean(workforce_band).str.upper()
    found = pd.Series(pd.NA, index=employer.index, dtype="boolean", name="is_employer")
    found[band.isin(list(_BANDS)).to_numpy()] = True
    found[band.eq(_BAND_NONE).to_numpy()] = False
    found[said.eq(_EMPLOYER).to_numpy()] = True
    found[said.eq(_NOT_EMPLOYER).to_numpy()] = False
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clean(texts: pd.Series[str]) -> pd.Series[str]:
    return texts.fillna("").astype("str").str.strip()


def _form_in_name(name: str, category: str, rules: Sequence[FormRule]) -> str | None:
    """Return the form of the first rule that a folded name follows, in the order of the table."""
    for rule in rules:
        if category in rule.categories and rule.words.search(name) and not rule.unless.search(name):
            return rule.legal_form
    return None


def _decide(
    keys: list[str], weight: int, name: str, activity: str, finder: WordFinder, senses: Sequence[Sense]
) -> list[str]:
    """Return the domains of one row; `points` keeps the order in which domains were met, which settles equal points."""
    points: dict[str, float] = {}
    for key in keys:
        points[key] = weight * _NAF_COUNTS
    least = _CERTAIN if weight >= _CERTAIN else 1
    met: set[int] = set()
    for text, counts in ((name, _NAME_COUNTS), (activity, _ACTIVITY_COUNTS)):
        for place in finder.find(telling_words(text)):
            if place in met or senses[place].is_void(name, activity):
                continue
            met.add(place)
            for key, word_weight in senses[place].domains:
                if word_weight >= least or key in keys:
                    points[key] = points.get(key, 0) + word_weight * counts
    return _kept(points)


def _kept(points: Mapping[str, float]) -> list[str]:
    """Return the domains with enough points, those with most first."""
    ranked = sorted(points, key=lambda key: -points[key])
    if not ranked:
        return []
    needed = max(_ENOUGH, _SHARE * points[ranked[0]])
    return ranked[:1] + [key for key in ranked[1:MOST_DOMAINS] if points[key] >= needed]
