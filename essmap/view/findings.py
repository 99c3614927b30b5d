"""What a comparison of territories says (`essmap.analysis.coverage`): words, colours of the map, tables, files.

On a list that may not be judged nothing here says more than how many were seen and how many the population would give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from essmap import reference
from essmap.analysis.coverage import INHABITANTS, Level, Theme
from essmap.analysis.units import OUTSIDE, UNKNOWN
from essmap.texts import t
from essmap.view.format import DASH, decimal, escape, integer, listing, signed
from essmap.view.layers import ratio_class
from essmap.view.legend import Entry, legend_html
from essmap.view.map import RATIO_FILLS
from essmap.view.places import territory_link
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, bar, html_table

#: More names than this do not make a sentence.
NAMED_AT_MOST: Final = 6

#: Ends of the scale of ratios, on which 1 is in the middle.
SCALE: Final = (0.25, 4.0)

_VERDICTS: Final = ("under", "over")
_SILENT: Final = ("inconclusive", "not_assessable")

#: Columns of the file for people, in order; those of a description, then those that a computation adds.
_DESCRIBED: Final = (
    "code", "name", "population", "denominator", "denominator_value", "observed_all", "observed_employers",
    "observed_unknown", "observed", "reference_rate", "rate_per_10k", "expected", "difference", "ratio",
)  # fmt: skip
_JUDGED: Final = (
    "ratio_low", "ratio_high", "poisson_low", "poisson_high", "p_value", "q_value", "phi", "class", "shortfall",
    "missing_to_overturn", "to_conclude", "eb_rate_per_10k",
)  # fmt: skip
_PLACES: Final = 6
_WORDS: Final = {"status": "status", "completeness": "complete", "level": "by", "count": "counts"}
_ABOUT: Final = ("status", "completeness", "level", "theme", "count")


def class_word(key: str) -> str:
    """Return a class of `CLASSES` in words."""
    return t(f"coverage.classes.{key}")


def listed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `coverage` that a table shows: all but the actors that no population answers to."""
    return table[(table["code"] != OUTSIDE) | table["population"].notna()]


def fills(table: pd.DataFrame, *, is_judged: bool) -> dict[str, dict[str, str]]:
    """Return how each territory is drawn (`essmap.view.map.MapState`): colour by ratio, hatching, a thick line.

    Parameters
    ----------
    table : DataFrame
        `essmap.analysis.coverage.coverage`.
    is_judged : bool
        Whether the list is judged: then a territory of which nothing may be concluded is hatched, and an established
        difference has a thick outline.
    """
    found = {}
    for row in each_row(table.rename(columns={"class": "finding"})):
        klass = ratio_class(row.ratio)
        if klass == "none":
            continue
        words = {"name": row.name, "observed": integer(row.observed), "expected": decimal(row.expected)}
        fill = {"class": klass, "label": t("gaps.tooltip", n=int(row.observed), **words)}
        if is_judged:
            fill["label"] += t("gaps.tooltip_finding", finding=class_word(row.finding))
        if is_judged and row.finding in _SILENT:
            fill["pattern"] = "hatch"
        elif row.finding in _VERDICTS:
            fill["mark"] = "established"
        found[row.code] = fill
    return found


def legend(*, is_judged: bool, is_partial: bool) -> str:
    """Return the legend of the map in words."""
    entries = [Entry(t(f"gaps.class_{key}"), colour) for key, colour in RATIO_FILLS.items()]
    if is_judged:
        entries += [
            Entry(t("gaps.legend_hatch"), mark="hatch"),
            Entry(t("gaps.legend_established"), mark="established"),
        ]
    return legend_html(t("gaps.legend_partial" if is_partial else "gaps.legend"), entries)


def summary(table: pd.DataFrame, level: Level) -> list[str]:
    """Return what the whole table says, one plain sentence each.

    Parameters
    ----------
    table : DataFrame
        `essmap.analysis.coverage.coverage`, its last rows that are no territory left out.
    level : {"canton", "epci", "commune"}
    """
    total, observed = len(table), int(table["observed"].sum())
    if observed == 0:
        return [t("gaps.nobody")]
    kinds = table["class"].value_counts()
    if not kinds.drop("not_assessable", errors="ignore").sum():
        return [_having(table, level)]
    said = [_named(t(f"gaps.found_{kind}"), table.loc[table["class"] == kind, "name"]) for kind in _VERDICTS]
    for kind in ("inconclusive", "not_assessable"):
        if n := int(kinds.get(kind, 0)):
            said.append(t(f"gaps.found_{kind}", n=n, n_text=integer(n), total=integer(total)))
    is_even = table["eb_rate_per_10k"].dropna().nunique() == 1
    if is_even and not any(kinds.get(kind, 0) for kind in _VERDICTS) and kinds.get("inconclusive", 0) < total:
        said.append(t("gaps.found_chance"))
    return said


def one_sentence(row: Any) -> str:
    """Return what may be said of one territory: a row of `coverage` whose ``class`` is called ``finding``."""
    words = {"name": row.name, "observed": integer(row.observed), "expected": decimal(row.expected)}
    said = t("gaps.one", n=int(row.observed), **words)
    if pd.isna(row.ratio):
        return t("gaps.one_no_ratio", name=row.name)
    if row.finding in {"not_assessable", "no_actor"}:
        return f"{said} {t(f'gaps.one_status.{row.status}')}"
    interval = {"ratio": decimal(row.ratio, 2), "low": decimal(row.ratio_low, 2), "high": decimal(row.ratio_high, 2)}
    return f"{said} {t('gaps.one_interval', **interval)} {t(f'gaps.one_class.{row.finding}', **_changes(row))}"


def description(table: pd.DataFrame, caption: str, level: Level, *, total: pd.DataFrame) -> str:
    """Return the table of a list that may not be judged: what was seen, what the population would give.

    Parameters
    ----------
    table : DataFrame
        Rows of `essmap.analysis.coverage.coverage` to show, in order.
    caption, level : str
    total : DataFrame
        All rows of the comparison, for the last line and the length of the bars.
    """
    headings = [
        Heading(t(f"gaps.territory.{level}")),
        *(Heading(t(f"gaps.{name}"), is_number=True)
          for name in ("population", "observed", "expected", "difference", "ratio")),
    ]  # fmt: skip
    longest = max(1.0, float(total["observed"].max()), float(total["expected"].max()))
    rows: list[list[str | Html]] = [
        [
            _name(row, level),
            _population(row.population),
            bar(integer(row.observed), row.observed / longest),
            _expected_bar(row.expected, longest),
            DASH if pd.isna(row.difference) else signed(row.difference),
            _ratio(row.ratio),
        ]
        for row in each_row(table)
    ]
    observed = int(total["reference_observed"].iloc[0])
    sums: list[str | Html] = [
        t("gaps.total"),
        integer(total["population"].sum()),
        integer(observed),
        decimal(observed),
        signed(0.0),
        _ratio(1.0 if observed else None),
    ]
    return html_table(caption, headings, rows, total=sums)


def findings(table: pd.DataFrame, badges: pd.DataFrame, caption: str, level: Level) -> str:
    """Return the table of a list that is judged: ratio with its interval, test, finding, and what would change it.

    Parameters
    ----------
    table : DataFrame
        Rows of `essmap.analysis.coverage.coverage`, in the order to show.
    badges : DataFrame
        `essmap.analysis.robustness.badges` of the same question.
    caption, level : str
    """
    numbers = ("population", "observed", "expected", "ratio_interval", "q")
    headings = [
        Heading(t(f"gaps.territory.{level}")),
        *(Heading(t(f"gaps.{name}"), is_number=True) for name in numbers),
        *(Heading(t(f"gaps.{name}")) for name in ("finding", "changes", "firm")),
    ]
    firm = {str(row.code): _firmness(row) for row in each_row(badges)}
    rows: list[list[str | Html]] = [
        [
            _name(row, level),
            _population(row.population),
            integer(row.observed),
            DASH if pd.isna(row.expected) else decimal(row.expected),
            whisker(row.ratio, row.ratio_low, row.ratio_high),
            DASH if pd.isna(row.q_value) else _small(row.q_value),
            Html(f'<span class="essmap-finding essmap-finding-{row.finding}">{escape(class_word(row.finding))}</span>'),
            _change(row),
            firm.get(row.code, DASH),
        ]
        for row in each_row(table.rename(columns={"class": "finding"}))
    ]
    return html_table(caption, headings, rows)


def whisker(ratio: Any, low: Any, high: Any) -> Html:
    """Return a ratio with its interval in figures, and drawn as a dot and a line on a scale where 1 is the middle."""
    if pd.isna(ratio):
        return Html(DASH)
    figures = escape(decimal(ratio, 2))
    if pd.isna(low) or pd.isna(high):
        return Html(figures)
    between = escape(t("gaps.between", low=decimal(low, 2), high=decimal(high, 2)))
    at, start, end = (_position(value) for value in (ratio, low, high))
    marks = {"below": low < SCALE[0], "above": high > SCALE[1], "off": not SCALE[0] <= ratio <= SCALE[1]}
    beyond = "".join(f" essmap-{name}" for name, holds in marks.items() if holds)
    style = f"--at:{at:.1f}%;--low:{start:.1f}%;--high:{end:.1f}%"
    drawn = f'<span class="essmap-whisker{beyond}" style="{style}" aria-hidden="true"></span>'
    return Html(f'{figures} <small class="essmap-between">{between}</small>{drawn}')


def findings_frame(table: pd.DataFrame, about: Mapping[str, str], *, is_judged: bool) -> pd.DataFrame:
    """Return a table of `coverage` as people read it in a file, with what may be concluded from it on every row.

    Parameters
    ----------
    table : DataFrame
    about : mapping
        Heading to text that is the same on every row: source, date, warning.
    is_judged : bool
        Without it the tests are left out, not left empty.
    """
    names = [*_DESCRIBED, *(_JUDGED if is_judged else ()), *_ABOUT]
    frame = table[names].copy()
    numbers = frame.select_dtypes("Float64").columns
    frame[numbers] = frame[numbers].round(_PLACES)
    if is_judged:
        frame["class"] = frame["class"].map(class_word)
    for name in ("status", "completeness", "level", "count"):
        frame[name] = frame[name].map({key: t(f"gaps.{_WORDS[name]}.{key}") for key in frame[name].unique()})
    frame["theme"] = [theme_name(Theme.parse(text)) for text in frame["theme"]]
    frame["denominator"] = frame["denominator"].replace({INHABITANTS: t("gaps.population")})
    frame.columns = pd.Index([t(f"gaps.columns.{name}") for name in names])
    return frame.assign(**dict(about))


def theme_name(theme: Theme) -> str:
    """Return a theme as a heading says it."""
    if theme.kind == "all":
        return t("gaps.theme_all")
    labels = (reference.axes() if theme.kind == "axis" else reference.domains())["label"]
    return t(f"gaps.theme_{theme.kind}", name=labels[theme.key])


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence lists them, parted by semicolons where a name has commas or « et » of its own."""
    if any(", " in name or " et " in name for name in names):
        return t("gaps.separator").join(names)
    return listing(names)


def _name(row: Any, level: Level) -> str | Html:
    return row.name if row.code in {UNKNOWN, OUTSIDE} else territory_link(level, row.code, row.name)


def _population(value: Any) -> str:
    return DASH if pd.isna(value) else integer(value)


def _expected_bar(value: Any, longest: float) -> Html:
    return Html(DASH) if pd.isna(value) else bar(decimal(value), value / longest, is_reference=True)


def _having(table: pd.DataFrame, level: Level) -> str:
    observed = int(table["observed"].sum())
    empty = table.loc[table["observed"] == 0, "name"].tolist()
    words = {"having": integer(len(table) - len(empty)), "territories": integer(len(table))}
    said = t("gaps.sentence", n=observed, n_text=integer(observed), level=t(f"gaps.some.{level}"), **words)
    if not empty or len(empty) > NAMED_AT_MOST:
        return said
    return f"{said} {t('gaps.without', names=joined(empty))}"


def _named(head: str, names: pd.Series[str]) -> str:
    if names.empty:
        return t("gaps.found_none", head=head)
    shown = names.tolist()
    if more := max(0, len(shown) - NAMED_AT_MOST):
        shown = [*shown[:NAMED_AT_MOST], t("gaps.and_more", n=more, n_text=integer(more))]
    return t("gaps.found_some", head=head, n=integer(len(names)), names=joined(shown))


def _ratio(value: Any) -> str:
    return DASH if pd.isna(value) else decimal(value, 2)


def _small(value: float) -> str:
    return t("gaps.below", value=decimal(0.001, 3)) if value < 0.001 else decimal(value, 3)


def _position(ratio: float) -> float:
    """Return where a ratio stands on the scale, in per cent of its length."""
    low, high = (math.log(end) for end in SCALE)
    return 100 * (math.log(min(max(float(ratio), SCALE[0]), SCALE[1])) - low) / (high - low)


def _changes(row: Any) -> dict[str, str]:
    """Return how many actors would change what is said, as words of a sentence."""
    return {
        "missing": DASH if pd.isna(row.missing_to_overturn) else integer(row.missing_to_overturn),
        "needed": DASH if pd.isna(row.to_conclude) else integer(row.to_conclude),
    }


def _change(row: Any) -> str:
    """Return what would change the finding of a territory, where a number says it."""
    if not pd.isna(row.missing_to_overturn):
        n = int(row.missing_to_overturn)
        return t(f"gaps.change_{row.finding}", n=n, n_text=integer(n))
    if not pd.isna(row.to_conclude):
        n = int(row.to_conclude)
        return t("gaps.change_inconclusive", n=n, n_text=integer(n))
    return DASH


def _firmness(row: Any) -> str:
    """Return how many other ways to ask give the same verdict, and which do not."""
    if row.asked == 0:
        return DASH
    names = ("level_canton", "level_epci", "level_commune", "count", "reference")
    against = [t(f"gaps.badges.{name}") for name in names if not pd.isna(value := getattr(row, name)) and not value]
    said = t("gaps.firm_of", survived=row.survived, asked=row.asked)
    return t("gaps.firm_but", said=said, names=", ".join(against)) if against else said


def finding_order(kinds: pd.Series[str]) -> pd.Series[int]:
    """Return the rank of each class in the order of a report: what lacks for sure first, what cannot be said last."""
    order = ("under", "to_confirm_low", "over", "to_confirm_high", "average", "inconclusive", "no_actor")
    return kinds.map({key: place for place, key in enumerate((*order, "not_assessable"))}).astype("int64")
