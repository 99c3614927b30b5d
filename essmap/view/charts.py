"""Charts: what a table beside them says in figures, drawn. Vega-Lite, served by Streamlit itself."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import pandas as pd

from essmap.analysis.funnel import Funnel
from essmap.texts import t
from essmap.view.format import decimal

HEIGHT: Final = 360

#: Numbers as French writes them: the chart library writes English ones by default.
LOCALE: Final = {"number": {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", "\u202f€"]}}

#: Colour and shape of a point, by the limits it lies outside of: told apart without colour too.
_OUTSIDE: Final = {"no": ("#6b7280", "circle"), "95": ("#b35c00", "diamond"), "998": ("#d1493f", "triangle-up")}

#: Above this many times, the horizontal axis goes by factors.
_WIDE: Final = 8.0


def funnel_chart(found: Funnel) -> Any:
    """Return the funnel of a theme: a point per territory amid what chance allows.

    Parameters
    ----------
    found : Funnel
        `essmap.analysis.funnel.funnel`.

    Returns
    -------
    altair.LayerChart
        Expected actors across, observed / expected up; limits of 95 % and 99.8 %.
    """
    points, limits = found.points, found.limits
    is_wide = bool(points["expected"].max() > _WIDE * max(points["expected"].min(), 1e-9))
    highest = max(2.0, 1.1 * float(points["ratio"].max()))
    x = alt.X(
        "expected:Q",
        title=t("gaps.funnel_x"),
        scale=alt.Scale(type="log" if is_wide else "linear", nice=False),
        axis=alt.Axis(format="~r", tickCount=6, grid=False),
    )
    scale = alt.Scale(domain=[0, highest], clamp=True)
    layers: list[Any] = [
        _limit(limits, x, scale, names=("low_998", "high_998"), label="998", dash=[2, 3]),
        _limit(limits, x, scale, names=("low_95", "high_95"), label="95", dash=[6, 3]),
        alt.Chart(pd.DataFrame({"ratio": [1.0]}))
        .mark_rule(strokeWidth=1.5, color="#6b7280")
        .encode(y=alt.Y("ratio:Q", scale=scale)),
        _points(points, x, scale),
    ]
    return alt.layer(*layers).properties(height=HEIGHT).configure(locale=LOCALE).configure_view(strokeWidth=0)


def _points(points: pd.DataFrame, x: alt.X, scale: alt.Scale) -> Any:
    words = {key: t(f"gaps.funnel_outside.{key}") for key in _OUTSIDE}
    frame = points.assign(
        where=points["outside"].map(words),
        observed_text=(points["ratio"] * points["expected"]).map(lambda value: decimal(value, 0)),
        expected_text=points["expected"].map(decimal),
        ratio_text=points["ratio"].map(lambda value: decimal(value, 2)),
    )
    domain = list(words.values())
    legend = alt.Legend(title=None, orient="top", direction="vertical", labelLimit=400)
    colours = alt.Scale(domain=domain, range=[colour for colour, _ in _OUTSIDE.values()])
    shapes = alt.Scale(domain=domain, range=[shape for _, shape in _OUTSIDE.values()])
    return (
        alt.Chart(frame)
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            x=x,
            y=alt.Y("ratio:Q", title=t("gaps.funnel_y"), scale=scale, axis=alt.Axis(format="~r")),
            color=alt.Color("where:N", scale=colours, legend=legend),
            shape=alt.Shape("where:N", scale=shapes, legend=legend),
            tooltip=[
                alt.Tooltip("name:N", title=t("gaps.funnel_name")),
                alt.Tooltip("observed_text:N", title=t("gaps.observed")),
                alt.Tooltip("expected_text:N", title=t("gaps.funnel_expected")),
                alt.Tooltip("ratio_text:N", title=t("gaps.ratio")),
            ],
        )
    )


def _limit(
    limits: pd.DataFrame, x: alt.X, scale: alt.Scale, *, names: tuple[str, str], label: str, dash: list[int]
) -> Any:
    """Return the two lines of one pair of limits."""
    lines = [
        alt.Chart(limits)
        .mark_line(strokeDash=dash, strokeWidth=1.4, color="#6b7280", interpolate="linear")
        .encode(x=x, y=alt.Y(f"{name}:Q", scale=scale))
        for name in names
    ]
    return alt.layer(*lines).properties(name=f"limits_{label}")
