"""Actors observed in each territory beside what its population would give, and what may be concluded from it.

On a table declared ``partial`` this is a description: a territory with few rows is not a territory with little ESS. No
test, no interval, no class, unless the computation is asked for as an exercise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from essmap.analysis import exact
from essmap.analysis.smoothing import empirical_bayes
from essmap.analysis.units import OUTSIDE, UNKNOWN, Tables, membership, outside_department, placed, territories
from essmap.schema.indicator import LEVEL_COLUMN, Indicator, Level
from essmap.texts import t

__all__ = [
    "CLASSES",
    "LEVEL_COLUMN",
    "PER_INHABITANTS",
    "RATIO_BREAKS",
    "Count",
    "Level",
    "Question",
    "Tables",
    "Theme",
    "classify",
    "coverage",
    "default_count",
    "employers_known",
    "names_of",
]

#: Which actors count: all, or those known to employ somebody.
Count = Literal["all", "employers"]

PER_INHABITANTS: Final = 10_000

#: Breaks of observed / expected, the same for every theme so that maps compare (field notes 3.9).
RATIO_BREAKS: Final = (0.5, 0.8, 1.25, 2.0)

#: What may be said of a territory, in the order in which it is decided: the first that holds.
CLASSES: Final = (
    "not_assessable",
    "no_actor",
    "under",
    "over",
    "inconclusive",
    "to_confirm_low",
    "to_confirm_high",
    "average",
)

#: Employers are told apart only where it is known of this share of the actors.
EMPLOYERS_KNOWN: Final = 0.8

#: Denominator of a question that names no other population.
INHABITANTS: Final = "inhabitants"


@dataclass(frozen=True, slots=True)
class Theme:
    """Which actors count: all of them, those of an axis, or those of a domain."""

    kind: Literal["all", "axis", "domain"] = "all"
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> Theme:
        """Read ``all``, ``axis:KEY`` or ``domain:KEY``.

        Raises
        ------
        ValueError
            If the text is none of these.
        """
        kind, _, key = text.partition(":")
        if kind == "all" and not key:
            return cls()
        if kind == "axis" and key:
            return cls("axis", key)
        if kind == "domain" and key:
            return cls("domain", key)
        raise ValueError(text)

    def __str__(self) -> str:
        """Return what `parse` reads."""
        return f"{self.kind}:{self.key}" if self.key else self.kind

    def mask(self, actors: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Tell which actors have the theme; an actor with several domains counts once.

        Parameters
        ----------
        actors : DataFrame, n rows
            Needs ``axes`` and ``domains`` (lists).

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        if self.kind == "all":
            return np.ones(len(actors), dtype=bool)
        column = actors["axes" if self.kind == "axis" else "domains"]
        return np.fromiter((self.key in list(values) for values in column), dtype=bool, count=len(actors))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes
    ----------
    level : {"canton", "epci", "commune"}
    theme : Theme
    count : {"all", "employers"} or None
        None: employers where they are known (`default_count`).
    exercise : bool
        Compute on a partial table as if it were exhaustive: to learn the method, never to conclude.
    """

    level: Level = "canton"
    theme: Theme = Theme()
    count: Count | None = None
    exercise: bool = False


def employers_known(actors: pd.DataFrame) -> float:
    """Return of which share of the actors it is known whether they employ somebody; 0 without actors."""
    return float(actors["is_employer"].notna().mean()) if len(actors) else 0.0


def default_count(actors: pd.DataFrame) -> Count:
    """Return which actors count unless something else is asked: employers where 80 % are known, else all."""
    return "employers" if employers_known(actors) >= EMPLOYERS_KNOWN else "all"


def coverage(tables: Tables, question: Question, *, indicator: Indicator | None = None) -> pd.DataFrame:
    """Compare each territory with the department's own average.

    With O actors of the theme and a denominator of P in the department, a territory of denominator p is expected to
    hold E = p O / P: the department's own average, not a norm. Its count is judged given O (`essmap.analysis.exact`).

    Parameters
    ----------
    tables : Tables
    question : Question
    indicator : Indicator or None
        The target population to compare with; None: inhabitants.

    Returns
    -------
    DataFrame, one row per territory, sorted by code; last, where they are needed, `UNKNOWN` and `OUTSIDE`
        Nothing is NaN; what is not said is NA. Where the status is neither ``assessed`` nor ``exercise``, and where
        nobody has the theme, there is no interval, p, q, phi, shortfall, number of missing actors nor smoothed rate.

        - ``code``, ``name``, ``population`` (inhabitants);
        - ``denominator`` (``inhabitants``, or the title of the indicator), ``denominator_value``;
        - ``observed_all``, ``observed_employers``, ``observed_unknown`` (not known whether it employs),
          ``observed`` (those that the question counts);
        - ``reference_rate``, ``rate_per_10k`` (per 10,000 of the denominator), ``expected``, ``ratio`` (O / E);
        - ``ratio_low``, ``ratio_high`` (exact 95 %, widened by phi), ``poisson_low``, ``poisson_high`` (textbook check,
          not widened), ``p_value``, ``q_value``, ``phi`` (as measured; it widens where above 1);
        - ``class`` (`CLASSES`), ``shortfall`` (max(0, E - O)), ``missing_to_overturn``
          (`exact.missing_to_overturn`), ``eb_rate_per_10k`` (`empirical_bayes`);
        - ``status``: the first that holds of ``outside_coverage``, ``canton_unknown``, ``no_denominator``,
          ``no_population``, ``unlocated`` (more than 10 % of the actors of a split commune have no canton),
          ``employers_unknown``, ``described`` (partial table), ``exercise``, ``assessed``; and ``completeness``;
        - ``difference`` (O - E), ``to_conclude`` (actors the department would need, for ``inconclusive``),
          ``base`` (the part of the denominator that the rate and the expected number are computed on: all of it,
          except in split communes), ``reference_observed``, ``reference_base`` (O and P), ``level``, ``theme``,
          ``count``.

        Sums of ``observed`` and ``expected`` are equal, actors of other departments and territories without known
        denominator left out.

    Raises
    ------
    ValueError
        If the indicator does not add up to the level.
    """
    question = replace(question, count=question.count or default_count(tables.actors))
    if indicator is not None:
        return _coverage(tables, question, indicator)
    if question not in tables.memo:
        tables.memo[question] = _coverage(tables, question, None)
    found: pd.DataFrame = tables.memo[question]
    return found.copy()


def _coverage(tables: Tables, question: Question, indicator: Indicator | None) -> pd.DataFrame:
    count = cast("Count", question.count)
    frame, total, base = _counted(tables, question, count, indicator)
    frame["reference_rate"] = PER_INHABITANTS * total / base if base > 0 else np.nan
    frame["rate_per_10k"] = PER_INHABITANTS * frame["observed"] / frame["base"].where(frame["base"] > 0)
    frame["expected"] = frame["base"] * (total / base) if base > 0 else frame["base"] * 0.0
    frame["ratio"] = frame["observed"] / frame["expected"].where(frame["expected"] > 0)
    frame["difference"] = frame["observed"] - frame["expected"]
    is_known = count == "all" or employers_known(tables.actors) >= EMPLOYERS_KNOWN
    frame["status"] = _status(frame, tables, question, is_known=is_known)
    frame["completeness"] = tables.completeness
    frame["reference_observed"], frame["reference_base"] = total, base
    frame["level"], frame["count"] = question.level, count
    frame["theme"] = str(question.theme)
    return _ordered(_judged(frame, total))


def _counted(
    tables: Tables, question: Question, count: Count, indicator: Indicator | None
) -> tuple[pd.DataFrame, int, float]:
    """Return the territories with their actors, and O and P of the department."""
    actors, level = tables.actors, question.level
    members = membership(tables, level)
    codes = placed(tables, level)
    employs = actors["is_employer"].astype("boolean")
    is_employer, is_unknown = employs.to_numpy(dtype=bool, na_value=False), employs.isna().to_numpy()
    chosen = question.theme.mask(actors)
    is_counted = chosen & is_employer if count == "employers" else chosen
    homes = actors["commune_code"].to_numpy()
    counted = pd.DataFrame({"code": codes[is_counted], "commune_code": homes[is_counted]})
    frame = territories(members, level, indicator, counted, set(codes[chosen]))
    kinds = {
        "observed_all": chosen,
        "observed_employers": chosen & is_employer,
        "observed_unknown": chosen & is_unknown,
        "observed": is_counted,
    }
    row = frame.index.get_indexer(pd.Index(codes))  # every actor of the theme has one
    for name, which in kinds.items():
        frame[name] = np.bincount(row[which], minlength=len(frame))
    abroad = int((is_counted & outside_department(tables, codes)).sum())
    has_base = frame["base"].notna()
    inside = int(frame.loc[has_base, "observed"].sum()) - (abroad if has_base.get(OUTSIDE, default=False) else 0)
    split = set(homes[chosen & (codes == UNKNOWN)])
    frame.insert(0, "name", names_of(frame.index, tables, level, split))
    frame["denominator_value"] = frame["denominator"]
    frame["denominator"] = INHABITANTS if indicator is None else indicator.title
    return frame.rename_axis("code").reset_index(), inside, float(frame["base"].sum())


def names_of(codes: pd.Index[str], tables: Tables, level: Level, split: set[str]) -> list[str]:
    """Return the French names of territories, those of `UNKNOWN` and `OUTSIDE` too.

    Parameters
    ----------
    codes : Index of str
    tables : Tables
    level : {"canton", "epci", "commune"}
    split : set of str
        Communes of the actors whose canton is not known.
    """
    names = tables.names.get(level, pd.Series(dtype="str")).to_dict()
    communes = tables.names.get("commune", pd.Series(dtype="str")).to_dict() if split else {}
    listed = ", ".join(sorted(str(communes.get(code, code)) for code in split))
    names |= {UNKNOWN: t("coverage.canton_unknown", communes=listed), OUTSIDE: t("coverage.outside")}
    return [str(names.get(code, code)) for code in codes]


def _status(frame: pd.DataFrame, tables: Tables, question: Question, *, is_known: bool) -> pd.Series[str]:
    """Return why a territory can, or cannot, be assessed: the first reason that holds."""
    otherwise = "assessed" if tables.completeness == "exhaustive" else "exercise" if question.exercise else "described"
    every = np.ones(len(frame), dtype=bool)
    reasons = {
        "outside_coverage": frame["code"] == OUTSIDE,
        "canton_unknown": frame["code"] == UNKNOWN,
        "no_denominator": frame["denominator_value"].isna(),
        "no_population": frame["denominator_value"] == 0,
        "unlocated": frame["is_unlocated"],
        "employers_unknown": every & (not is_known),
    }
    found = np.select([np.asarray(holds, dtype=bool) for holds in reasons.values()], list(reasons), otherwise)
    return pd.Series(found, index=frame.index, dtype="str")


def _judged(frame: pd.DataFrame, total: int) -> pd.DataFrame:
    """Add tests, intervals and classes to the territories that can be assessed."""
    rows = frame["status"].isin(["assessed", "exercise"]).to_numpy()
    found: dict[str, npt.NDArray[Any]] = {"class": np.full(len(frame), "not_assessable", dtype=object)}
    found |= {name: np.full(len(frame), np.nan) for name in _JUDGED}
    if rows.any() and total == 0:
        found["class"][rows] = "no_actor"
    elif rows.any():
        for name, values in _verdicts(frame.loc[rows], total).items():
            found[name][rows] = values
    return frame.assign(**found)


def _verdicts(frame: pd.DataFrame, total: int) -> dict[str, Any]:
    """Return what tests, intervals and classes say of territories that can be assessed, column by column."""
    observed, expected, base = (frame[name].to_numpy(dtype="float64") for name in ("observed", "expected", "base"))
    share = expected / total
    phi = exact.overdispersion(observed, expected)
    p = exact.two_sided(observed, total, share, phi=phi)
    q = exact.false_discovery(p)
    kinds = classify(observed, share, total=total, q=q, phi=phi)
    ratio_low, ratio_high = exact.ratio_interval(observed, total, share, phi=phi)
    poisson_low, poisson_high = exact.poisson_interval(observed, expected)
    return {
        "class": kinds,
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
        "poisson_low": poisson_low,
        "poisson_high": poisson_high,
        "p_value": p,
        "q_value": q,
        "phi": np.nan if phi is None else phi,
        "shortfall": np.maximum(0.0, expected - observed),
        "missing_to_overturn": exact.missing_to_overturn(observed, total, share, q=q, phi=phi),
        "to_conclude": np.where(kinds == "inconclusive", exact.actors_to_conclude(share, phi=phi), np.nan),
        "eb_rate_per_10k": PER_INHABITANTS * empirical_bayes(observed, base).rates,
    }


def classify(
    observed: npt.ArrayLike, share: npt.ArrayLike, *, total: float, q: npt.ArrayLike, phi: float | None = None
) -> npt.NDArray[np.str_]:
    """Return what may be said of territories that can be assessed: the first class of `CLASSES` that holds.

    Parameters
    ----------
    observed : array of counts, shape (n,)
    share : array in ]0, 1], shape (n,)
        Expected / total.
    total : float
        Actors of the department; 0: ``no_actor`` everywhere.
    q : array, shape (n,)
    phi : float or None
        Overdispersion.

    Returns
    -------
    ndarray of str, shape (n,)
        ``under`` (q < 0.05, O < E), ``over`` (q < 0.05, O > E), ``inconclusive`` (even none at all here would not have
        reached p < 0.05), ``to_confirm_low`` (O / E < 0.8), ``to_confirm_high`` (O / E > 1.25) or ``average``.
    """
    o, part, found = (np.asarray(value, dtype=np.float64) for value in (observed, share, q))
    expected = part * total
    rules = {
        "no_actor": np.full(o.shape, total == 0),
        "under": (found < exact.ALPHA) & (o < expected),
        "over": (found < exact.ALPHA) & (o > expected),
        "inconclusive": exact.two_sided(0, total, part, phi=phi) >= exact.ALPHA,
        "to_confirm_low": o < RATIO_BREAKS[1] * expected,
        "to_confirm_high": o > RATIO_BREAKS[2] * expected,
    }
    return np.select(list(rules.values()), list(rules), "average")


#: Columns that are only there for territories that can be assessed.
_JUDGED: Final = [
    *("ratio_low", "ratio_high", "poisson_low", "poisson_high", "p_value", "q_value", "phi"),
    *("shortfall", "missing_to_overturn", "to_conclude", "eb_rate_per_10k"),
]
_COUNTS: Final = ["missing_to_overturn", "to_conclude"]
_COLUMNS: Final = [
    *("code", "name", "population", "denominator", "denominator_value"),
    *("observed_all", "observed_employers", "observed_unknown", "observed"),
    *("reference_rate", "rate_per_10k", "expected", "ratio", "ratio_low", "ratio_high", "poisson_low", "poisson_high"),
    *("p_value", "q_value", "phi", "class", "shortfall", "missing_to_overturn", "eb_rate_per_10k"),
    *("status", "completeness", "difference", "to_conclude", "base", "reference_observed", "reference_base"),
    *("level", "theme", "count"),
]


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns in their order; what is not said is NA, an infinite number of actors included."""
    return pd.DataFrame({name: _nullable(frame[name]) for name in _COLUMNS})


def _nullable(column: pd.Series[Any]) -> pd.Series[Any]:
    if column.dtype != np.float64:
        return column
    values = column.to_numpy(dtype=np.float64)
    is_missing = ~np.isfinite(values)
    if column.name in _COUNTS:
        whole = np.where(is_missing, 0, values).astype(np.int64)
        return pd.Series(pd.arrays.IntegerArray(whole, is_missing), index=column.index)
    return pd.Series(pd.arrays.FloatingArray(values, is_missing), index=column.index)
