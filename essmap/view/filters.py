"""What the visitor asked for: one value, read from and written to the address bar, decided once as a mask.

Map, list and counts all take the same mask, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, Literal

import numpy as np
import pandas as pd

from essmap.schema.folding import fold

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Where = Literal["commune", "cp", "canton", "epci"]

#: Ends the canton code of the actors of a shared commune whose canton is not known: « 31555-inconnu ».
UNKNOWN_CANTON: Final = "-inconnu"

#: Axis key of actors that no axis claims.
NO_AXIS: Final = "none"
WHERE_KINDS: Final[tuple[Where, ...]] = ("commune", "cp", "canton", "epci")
_MAX_WORDS: Final = 100
_YEAR: Final = re.compile("[1-9][0-9]{3}")


@dataclass(frozen=True, slots=True)
class Filters:
    """One question to the actor table. Empty means everything; values of one filter widen, filters narrow.

    Attributes
    ----------
    words : str
        Every word must be found, whatever case and accents, in name, activity, commune, domains or legal form.
    axes, domains, families : tuple of str
        Keys of the reference tables; ``none`` among axes: actors outside the four axes.
    where : tuple (kind, code) or None
        A commune, postcode, canton or EPCI. The code of a shared commune followed by `UNKNOWN_CANTON` is, among
        cantons, its actors whose canton is not known.
    supported : bool
        Only actors that a supported project names.
    since : int or None
        Only actors a source names in that year or later.
    """

    words: str = ""
    axes: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    where: tuple[Where, str] | None = None
    supported: bool = False
    since: int | None = None

    def to_query(self) -> dict[str, str]:
        """Return the filters as address-bar parameters; what is not asked is absent."""
        query = {
            "q": self.words,
            "axe": ",".join(self.axes),
            "domaine": ",".join(self.domains),
            "famille": ",".join(self.families),
            "soutenus": "oui" if self.supported else "",
            "depuis": str(self.since) if self.since is not None else "",
        }
        if self.where is not None:
            query[self.where[0]] = self.where[1]
        return {key: value for key, value in query.items() if value}

    @classmethod
    def from_query(cls, query: Mapping[str, str], *, known: Mapping[str, Iterable[str]]) -> Filters:
        """Read filters from an address bar; what is not understood is ignored, never an error.

        Parameters
        ----------
        query : mapping
            Address-bar parameters; others than ours are left alone.
        known : mapping
            Allowed values of ``axe``, ``domaine``, ``famille``, ``commune``, ``cp``, ``canton``, ``epci``.
        """

        def keys(name: str) -> tuple[str, ...]:
            allowed = set(known[name])
            return tuple(dict.fromkeys(key for key in query.get(name, "").split(",") if key in allowed))

        where = next(((kind, query[kind]) for kind in WHERE_KINDS if query.get(kind) in set(known[kind])), None)
        since = query.get("depuis", "")
        return cls(
            words=query.get("q", "")[:_MAX_WORDS].strip(),
            axes=keys("axe"),
            domains=keys("domaine"),
            families=keys("famille"),
            where=where,
            supported=query.get("soutenus") == "oui",
            since=int(since) if _YEAR.fullmatch(since) else None,
        )

    @property
    def is_empty(self) -> bool:
        """Whether everything is asked."""
        return self == Filters()


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """Columns prepared once per snapshot so that a filter costs a few vector operations.

    Attributes
    ----------
    actors : DataFrame, n rows
    text : Series of str, n rows
        Folded name, activity, commune, labels and postcodes.
    axes, domains : dict
        Key to the mask of the actors that have it; `NO_AXIS` to those that have no axis.
    postcodes : dict
        Postcode to the codes of its communes.
    """

    actors: pd.DataFrame
    text: pd.Series[str]
    axes: Mapping[str, Mask]
    domains: Mapping[str, Mask]
    postcodes: Mapping[str, frozenset[str]]

    @classmethod
    def build(cls, actors: pd.DataFrame, communes: pd.DataFrame, labels: Mapping[str, str]) -> SearchIndex:
        """Prepare the index.

        Parameters
        ----------
        actors, communes : DataFrame
            Snapshot tables.
        labels : mapping
            French label of each domain and legal form key.
        """
        columns = [_folded(actors[name]) for name in ("name", "activity", "commune_name")]
        words = {key: fold(label) for key, label in labels.items()}
        postcodes_of = dict(zip(communes["commune_code"], map(" ".join, communes["postcodes"]), strict=True))
        places = {code: fold(postcodes) for code, postcodes in postcodes_of.items()}
        keys = zip(actors["domains"], actors["legal_form"], actors["commune_code"], strict=True)
        rows = zip(*columns, keys, strict=True)
        # Folding part by part is folding the whole: parts are joined by what a fold keeps between words.
        text = [
            " ".join(filter(None, (*row, *[words.get(key, "") for key in (*domains, form)], places.get(code, ""))))
            for *row, (domains, form, code) in rows
        ]
        postcodes: dict[str, set[str]] = {}
        for code, values in zip(communes["commune_code"], communes["postcodes"], strict=True):
            for postcode in values:
                postcodes.setdefault(postcode, set()).add(code)
        folded = pd.Series(text, index=actors.index, dtype="str")
        return cls(
            actors=actors,
            text=folded,
            axes=_members(actors["axes"])
            | {NO_AXIS: np.array([len(keys) == 0 for keys in actors["axes"]], dtype=bool)},
            domains=_members(actors["domains"]),
            postcodes={postcode: frozenset(codes) for postcode, codes in postcodes.items()},
        )

    def mask(self, filters: Filters) -> Mask:
        """Return which actors answer the filters, shape (n,)."""
        result = np.ones(len(self.actors), dtype=bool)
        for part in self._parts(filters).values():
            result &= part()
        return result

    def relaxations(self, filters: Filters) -> list[tuple[str, int]]:
        """Return, for each single filter that could be dropped, how many actors would then answer; best first."""
        parts = {name: part() for name, part in self._parts(filters).items()}
        counts = []
        for name in parts:
            others = [mask for other, mask in parts.items() if other != name]
            kept = np.logical_and.reduce(others) if others else np.ones(len(self.actors), dtype=bool)
            counts.append((name, int(kept.sum())))
        return sorted(counts, key=lambda pair: -pair[1])

    def _parts(self, filters: Filters) -> dict[str, Callable[[], Mask]]:
        parts: dict[str, Callable[[], Mask]] = {}
        if filters.words:
            parts["words"] = lambda: self._has_words(filters.words)
        if filters.axes:
            parts["axes"] = lambda: self._any(self.axes, filters.axes)
        if filters.domains:
            parts["domains"] = lambda: self._any(self.domains, filters.domains)
        if filters.families:
            parts["families"] = lambda: self.actors["family"].isin(list(filters.families)).to_numpy(dtype=bool)
        if (where := filters.where) is not None:
            parts["where"] = lambda: self._is_in(*where)
        if filters.supported:
            parts["supported"] = lambda: self.actors["is_supported"].to_numpy(dtype=bool)
        if (since := filters.since) is not None:
            parts["since"] = lambda: self.actors["source_year"].ge(since).fillna(False).to_numpy(dtype=bool)
        return parts

    def _has_words(self, words: str) -> Mask:
        result = np.ones(len(self.actors), dtype=bool)
        for word in map(singular, fold(words).split()):
            result &= self.text.str.contains(word, regex=False).to_numpy(dtype=bool)
        return result

    def _any(self, members: Mapping[str, Mask], keys: tuple[str, ...]) -> Mask:
        result = np.zeros(len(self.actors), dtype=bool)
        for key in keys:
            if key in members:
                result |= members[key]
        return result

    def _is_in(self, kind: Where, code: str) -> Mask:
        if kind == "canton" and code.endswith(UNKNOWN_CANTON):
            of_commune = self.actors["commune_code"].eq(code.removesuffix(UNKNOWN_CANTON))
            return (of_commune & self.actors["canton_code"].isna()).to_numpy(dtype=bool)
        if kind != "cp":
            return self.actors[f"{kind}_code"].eq(code).fillna(False).to_numpy(dtype=bool)
        # An actor without a shown postcode belongs to every postcode of its commune.
        known = self.actors["postcode"]
        of_commune = self.actors["commune_code"].isin(self.postcodes.get(code, frozenset()))
        return (known.eq(code).fillna(False) | (known.isna() & of_commune)).to_numpy(dtype=bool)


def _folded(texts: pd.Series[str]) -> list[str]:
    """Return a text column folded, each distinct text once; missing becomes the empty string."""
    rows, distinct = pd.factorize(texts.fillna(""))
    folded = [fold(text) for text in distinct]
    return [folded[row] for row in rows]


def _members(lists: pd.Series[list[str]]) -> dict[str, Mask]:
    """Return, for each key of a column of lists, the mask of the rows whose list holds it."""
    rows = np.repeat(np.arange(len(lists)), [len(keys) for keys in lists])
    codes, keys = pd.factorize(np.array(list(chain.from_iterable(lists)), dtype=object))
    masks = np.zeros((len(keys), len(lists)), dtype=bool)
    masks[codes, rows] = True
    return dict(zip(keys, masks, strict=True))


def singular(word: str) -> str:
    """Return a folded word without the mark of its plural: who types « jardins » also means « jardin ».

    Examples
    --------
    >>> singular("jardins"), singular("jeux"), singular("bus")
    ('jardin', 'jeu', 'bus')
    """
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def without(filters: Filters, name: str) -> Filters:
    """Return the filters with one of them dropped (a field name of `Filters`)."""
    return replace(filters, **{name: getattr(Filters(), name)})
