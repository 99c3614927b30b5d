"""Colours of the theme and of our style sheet, measured with the WCAG 2.2 formula, in light and in dark."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from essmap import reference
from essmap.view.cards import axis_style_sheet

ROOT = Path(__file__).resolve().parents[3]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
STYLE = (ROOT / "essmap" / "pages" / "web" / "style.css").read_text(encoding="utf-8")
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 1.4.3 and 1.4.11, level AA
OPACITIES = sorted({float(found) for found in re.findall(r"opacity: (0\.\d+)", STYLE)})

Colour = tuple[float, float, float]


def rgb(code: str) -> Colour:
    red, green, blue = (int(code[i : i + 2], 16) for i in (1, 3, 5))
    return (red, green, blue)


def mixed(over: Colour, under: Colour, share: float) -> Colour:
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(over, under, strict=True))
    return (red, green, blue)


def luminance(colour: Colour) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [c / 255 for c in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def grounds(scheme: str) -> list[Colour]:
    """Return what text stands on: the page, fields, the panel of filters and the partial banner."""
    theme = THEME[scheme]
    page = rgb(theme["backgroundColor"])
    panel = mixed((128, 128, 128), page, 0.10)
    return [page, rgb(theme["secondaryBackgroundColor"]), panel, mixed((179, 92, 0), page, 0.10)]


def test_formula_gives_the_published_values():
    """Black on white is 21:1; #767676 on white is the grey known to be just enough."""
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(rgb("#767676"), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(scheme):
    """Text, links and text made fainter by the style sheet reach 4.5:1 on everything they stand on."""
    text = rgb(THEME[scheme]["textColor"])
    assert OPACITIES
    for ground in grounds(scheme):
        assert contrast(text, ground) >= TEXT
        assert contrast(rgb(THEME[scheme]["linkColor"]), ground) >= TEXT
        for opacity in OPACITIES:
            assert contrast(mixed(text, ground, opacity), ground) >= TEXT, opacity


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_and_drawings_can_be_seen(scheme):
    """Edges of fields, the colour of choices and the drawing of each axis reach 3:1 on the page."""
    theme = THEME[scheme]
    page = rgb(theme["backgroundColor"])
    drawn = {key: colour for key, colour in reference.axes()["colour"].items() if f"--axis: {colour}" in STYLES}
    assert len(drawn) == len(reference.axes())
    for colour in [theme["borderColor"], theme["primaryColor"], *drawn.values()]:
        assert contrast(rgb(colour), page) >= GRAPHIC, colour


STYLES = axis_style_sheet()


def test_each_axis_is_drawn_by_its_own_rule():
    """The style sheet has one rule per axis, with a shape that no other axis has."""
    rules = re.findall(r"\.axis-(\w+)::before \{ --axis: (#\w+); (.*) \}", STYLES)
    assert [key for key, _, _ in rules] == list(reference.axes().index)
    assert len({shape for _, _, shape in rules}) == len(rules)
