"""The six colours of the axes, measured: contrast, grey and colour blindness, with published formulas."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from essmap import reference

LIGHT, DARK = "#ffffff", "#0e1117"

# sRGB (IEC 61966-2-1) to XYZ, D65.
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
_DEFICIENCIES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def _linear(colour: str) -> np.ndarray:
    """Return the three linear channels (0 to 1) of ``#rrggbb``."""
    channels = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    return float(_TO_XYZ[1] @ _linear(colour))


def _contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _lightness(luminance: float) -> float:
    """Return CIE L* (0 to 100) of a relative luminance above 0.0089."""
    return 116 * luminance ** (1 / 3) - 16


def _lab(linear: np.ndarray) -> np.ndarray:
    ratio = _TO_XYZ @ linear / _TO_XYZ.sum(axis=1)
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """Return the CIEDE2000 difference of two L*a*b* colours (CIE 142-2001)."""
    mean_chroma = (np.hypot(*one[1:]) + np.hypot(*other[1:])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    a = np.array([one[1], other[1]]) * stretch
    b = np.array([one[2], other[2]])
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a)) % 360
    turn = (hue[1] - hue[0] + 180) % 360 - 180
    lightness = (one[0] + other[0]) / 2
    mean = chroma.mean()
    mean_hue = hue.mean() if abs(hue[0] - hue[1]) <= 180 else (hue.mean() + 180) % 360
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_hue - 30))
        + 0.24 * np.cos(np.radians(2 * mean_hue))
        + 0.32 * np.cos(np.radians(3 * mean_hue + 6))
        - 0.20 * np.cos(np.radians(4 * mean_hue - 63))
    )
    d_lightness = (other[0] - one[0]) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    d_chroma = (chroma[1] - chroma[0]) / (1 + 0.045 * mean)
    d_hue = 2 * np.sqrt(chroma.prod()) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * mean * t)
    rotation = (
        -2 * np.sqrt(mean**7 / (mean**7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((mean_hue - 275) / 25) ** 2))))
    )
    return float(np.sqrt(d_lightness**2 + d_chroma**2 + d_hue**2 + rotation * d_chroma * d_hue))


def test_ciede2000_gives_the_published_values() -> None:
    """The difference used here gives four values of the test data of Sharma, Wu and Dalal (2005)."""
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ]
    for one, other, expected in pairs:
        assert _ciede2000(np.array(one, float), np.array(other, float)) == pytest.approx(expected, abs=1e-4)


def test_colours_stand_out_on_light_and_dark_pages() -> None:
    """Each colour has a contrast of at least 3:1 with white and with the dark background."""
    for key, colour in reference.axes()["colour"].items():
        assert _contrast(colour, LIGHT) >= 3, key
        assert _contrast(colour, DARK) >= 3, key


def test_colours_are_as_far_apart_in_grey_as_both_pages_allow() -> None:
    """In grey the six follow each other by 3.8 L* or more, of the 4.2 that both contrasts leave room for."""
    steps = np.diff(sorted(_lightness(_luminance(colour)) for colour in reference.axes()["colour"]))
    darkest = _lightness(3 * (_luminance(DARK) + 0.05) - 0.05)
    lightest = _lightness((_luminance(LIGHT) + 0.05) / 3 - 0.05)
    assert (lightest - darkest) / 5 == pytest.approx(4.2, abs=0.05)
    assert steps.min() >= 3.8


@pytest.mark.parametrize("sight", sorted(_DEFICIENCIES))
def test_colours_differ_for_every_sight(sight: str) -> None:
    """Two colours always differ by a CIEDE2000 distance of at least 15, whatever the colour vision."""
    seen = {
        key: _lab(np.clip(_DEFICIENCIES[sight] @ _linear(colour), 0, 1))
        for key, colour in reference.axes()["colour"].items()
    }
    for one, other in combinations(seen, 2):
        assert _ciede2000(seen[one], seen[other]) >= 15, (one, other)


def test_shapes_say_the_axis_without_colour() -> None:
    """Each axis has a shape of its own among the six that are drawn."""
    shapes = reference.axes()["shape"]
    assert sorted(shapes) == ["circle", "diamond", "ring", "square", "star", "triangle"]
