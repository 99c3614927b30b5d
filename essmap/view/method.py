"""What the page *Méthode* says that is no prose: the constants of the code as people read them, and its tables.

Every number that the text shares with the code is read here from the module that uses it, when the page is drawn, so
that the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Final

from essmap import reference
from essmap.analysis import access, clusters, coverage, distances, exact, funnel, needed, priority, robustness, siting
from essmap.analysis import units as territories
from essmap.reference.scores import ClassificationScores
from essmap.texts import t
from essmap.view.format import NARROW, day, integer, listing
from essmap.view.format import decimal as _decimal
from essmap.view.markup import page_html
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, html_table

#: The territory of the examples: one inhabitant in 25 lives there, as in a middling canton.
EXAMPLE: Final = Fraction(1, 25)

#: Observed / expected of the first table: from none at all to twice as many.
RATIOS: Final = tuple(Fraction(*pair) for pair in ((0, 1), (1, 4), (1, 2), (2, 3), (3, 4), (3, 2), (2, 1)))

#: Parts of the inhabitants of the second table: from a village to a large canton.
SHARES: Final = (0.001, 0.005, 0.01, 0.02, 0.04, 0.1)

_HALF: Final = Fraction(1, 2)


def number(value: float) -> str:
    """Return a number without needless decimals.

    Examples
    --------
    >>> number(0.8), number(1.25), number(2.0), number(10_000)
    ('0,8', '1,25', '2', '10\u202f000')
    """
    places = next(places for places in range(7) if places == 6 or round(value, places) == round(value, 9))
    return _decimal(value, places)


def percent(value: float) -> str:
    """Return a share as a percentage without needless decimals.

    Examples
    --------
    >>> percent(0.998)
    '99,8\u202f%'
    """
    return f"{number(100 * value)}{NARROW}%"


def figures() -> dict[str, str]:
    """Return the constants that the text names, as people read them.

    Returns
    -------
    dict of str to str
        By placeholder of ``texts/fr/method.md`` and ``method.toml``.
    """
    half_low, low, high, twice = coverage.RATIO_BREAKS
    before, first = needed.counts_at(_HALF, float(EXAMPLE))[-2:]
    return {
        "alpha": number(exact.ALPHA),
        "alpha_percent": percent(exact.ALPHA),
        "half_alpha": number(exact.ALPHA / 2),
        "upper_alpha": number(1 - exact.ALPHA / 2),
        "confidence": percent(1 - exact.ALPHA),
        "winsorised": percent(exact.WINSORISED),
        "per": number(coverage.PER_INHABITANTS),
        "employers_known": percent(coverage.EMPLOYERS_KNOWN),
        "break_half": number(half_low),
        "break_low": number(low),
        "break_high": number(high),
        "break_twice": number(twice),
        "limit_inner": percent(1 - funnel.LIMITS["95"]),
        "limit_outer": percent(1 - funnel.LIMITS["998"]),
        "limit_inner_level": number(funnel.LIMITS["95"]),
        "limit_outer_level": number(funnel.LIMITS["998"]),
        "unlocated": percent(territories.UNLOCATED_AT_MOST),
        "most": percent(robustness.MOST),
        "permutations": integer(clusters.PERMUTATIONS),
        "permutations_seed": str(clusters.SEED),
        "clusters_alpha": number(clusters.ALPHA),
        "draws": integer(priority.DRAWS),
        "draws_seed": str(priority.SEED),
        "quarter": percent(priority.QUARTER),
        "nodes": integer(siting.NODE_LIMIT),
        **_catchments(),
        "example_share": percent(float(EXAMPLE)),
        "example_one_in": integer(float(1 / EXAMPLE)),
        "not_told": t("method.pair", observed=integer(before.observed), expected=integer(before.expected)),
        "not_told_p": _decimal(before.p, 3),
        "told": t("method.pair", observed=integer(first.observed), expected=integer(first.expected)),
        "told_p": _decimal(first.p, 3),
    }


def _catchments() -> dict[str, str]:
    disc = Fraction(distances.MEAN_OF_DISC).limit_denominator(100)
    near, middle, far = access.CATCHMENTS["km"]
    weights = [number(weight) for weight in access.WEIGHTS]
    return {
        "disc_above": str(disc.numerator),
        "disc_below": str(disc.denominator),
        "km_near": number(near),
        "km_middle": number(middle),
        "km_far": number(far),
        "km": listing([number(upper) for upper in access.CATCHMENTS["km"]]),
        "minutes": listing([number(upper) for upper in access.CATCHMENTS["minutes"]]),
        "weight_near": weights[0],
        "weight_middle": weights[1],
        "weight_far": weights[2],
        "weight_beyond": weights[3],
        "border": number(access.BORDER_KM),
    }


def tables(values: Mapping[str, str], scores: ClassificationScores) -> dict[str, Html]:
    """Return the blocks that the text places between its paragraphs.

    Parameters
    ----------
    values : mapping of str to str
        `figures`.
    scores : ClassificationScores
        `essmap.reference.classification_scores`.

    Returns
    -------
    dict of str to Html
        By placeholder of ``texts/fr/method.md``.
    """
    return {
        "table_axes": _axes(),
        "table_classes": _classes(values),
        "table_ratios": _ratios(),
        "table_totals": _totals(),
        "table_scores": _scores(scores),
    }


def _axes() -> Html:
    """Return which axis each domain belongs to; those without axis come last."""
    labels = reference.axes()["label"]
    domains = reference.domains().replace({"axis": {"": reference.NO_AXIS}})
    domains["place"] = domains["axis"].map({str(key): place for place, key in enumerate(labels.index)})
    rows = [
        [str(row.label), str(labels[row.axis]), str(row.explanation)]
        for row in each_row(domains.sort_values(["place", "order"]))
    ]
    headings = [Heading(t("method.domain")), Heading(t("method.axis")), Heading(t("method.explanation"))]
    return Html(html_table(t("method.axes_caption"), headings, rows))


def _classes(values: Mapping[str, str]) -> Html:
    """Return the classes in the order in which they are decided, each with its rule."""
    rules = {t(f"coverage.classes.{key}"): t(f"method.classes.{key}", **values) for key in coverage.CLASSES}
    items = "".join(f"<li>{page_html(f'**{name}**{rule}', {}).strip()}</li>" for name, rule in rules.items())
    return Html(f'<ol class="essmap-classes">{items}</ol>')


def _ratios() -> Html:
    rows = []
    for ratio in RATIOS:
        first = needed.counts_at(ratio, float(EXAMPLE))[-1]
        name = t(f"method.ratios.r{ratio.numerator}_{ratio.denominator}")
        rows.append([name, integer(first.expected), integer(first.observed), _decimal(first.p, 3)])
    numbers = (t("method.expected"), t("method.observed"), t("method.p"))
    headings = [Heading(t("method.ratio")), *(Heading(label, is_number=True) for label in numbers)]
    one_in = integer(float(1 / EXAMPLE))
    return Html(html_table(t("method.ratios_caption", one_in=one_in), headings, rows))


def _totals() -> Html:
    found = exact.actors_to_conclude(SHARES)
    rows = [[percent(share), integer(total)] for share, total in zip(SHARES, found, strict=True)]
    headings = [Heading(t("method.share"), is_number=True), Heading(t("method.total"), is_number=True)]
    return Html(html_table(t("method.totals_caption"), headings, rows))


def _scores(scores: ClassificationScores) -> Html:
    """Return how well domains are found again, by what they are read from."""
    names = ("scored", "with_naf", "precision", "recall", "f1")
    headings = [Heading(t("method.read_from")), *(Heading(t(f"method.{name}"), is_number=True) for name in names)]
    rows = [
        [
            t(f"method.reads.{key}"),
            integer(score.n),
            integer(score.with_naf),
            *(_decimal(value, 2) for value in (score.precision, score.recall, score.f1)),
        ]
        for key, score in scores.scores.items()
    ]
    caption = t(
        "method.scores_caption", date=day(datetime.fromisoformat(scores.data_date)), tuned=integer(scores.tuned_on)
    )
    return Html(html_table(caption, headings, rows))
