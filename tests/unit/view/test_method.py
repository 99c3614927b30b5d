"""Numbers and tables of *Méthode*: read from the code, in French."""

from __future__ import annotations

import re
import tomllib
from fractions import Fraction
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as some

from essmap import reference
from essmap.analysis import access, clusters, coverage, distances, exact, funnel, needed, priority, robustness, siting
from essmap.analysis import units as territories
from essmap.reference.scores import ClassificationScores, Score
from essmap.texts import page, t
from essmap.view import method
from essmap.view.format import escape, integer

RULES = tomllib.loads(files("essmap.texts").joinpath("fr", "method.toml").read_text(encoding="utf-8"))["classes"]

#: Where a constant lives, another value for it, and how the page must then print it.
CONSTANTS = [
    (exact, "ALPHA", 0.031, ["0,031", "0,0155", "0,9845", "96,9\u202f%", "3,1\u202f%"]),
    (exact, "WINSORISED", 0.17, ["17\u202f%"]),
    (coverage, "PER_INHABITANTS", 12_345, ["12\u202f345"]),
    (coverage, "EMPLOYERS_KNOWN", 0.77, ["77\u202f%"]),
    (coverage, "RATIO_BREAKS", (0.41, 0.72, 1.33, 2.4), ["0,41", "0,72", "1,33", "2,4"]),
    (funnel, "LIMITS", {"95": 0.07, "998": 0.003}, ["93\u202f%", "99,7\u202f%", "0,07", "0,003"]),
    (territories, "UNLOCATED_AT_MOST", 0.13, ["13\u202f%"]),
    (robustness, "MOST", 0.61, ["61\u202f%"]),
    (clusters, "PERMUTATIONS", 8_888, ["8\u202f888"]),
    (clusters, "SEED", 424_242, ["424242"]),
    (clusters, "ALPHA", 0.017, ["0,017"]),
    (priority, "DRAWS", 2_345, ["2\u202f345"]),
    (priority, "SEED", 171_717, ["171717"]),
    (priority, "QUARTER", 0.19, ["19\u202f%"]),
    (siting, "NODE_LIMIT", 31_415, ["31\u202f415"]),
    (distances, "MEAN_OF_DISC", 11 / 13, ["11", "13"]),
    (access, "CATCHMENTS", {"km": (3.0, 7.5, 21.0), "minutes": (9.0, 19.0, 29.0)}, ["3", "7,5", "21", "9, 19 et 29"]),
    (access, "WEIGHTS", (0.97, 0.66, 0.23, 0.01), ["0,97", "0,66", "0,23", "0,01"]),
    (access, "BORDER_KM", 17.5, ["17,5"]),
]


@pytest.mark.parametrize(
    ("module", "name", "value", "printed"), CONSTANTS, ids=[f"{row[0].__name__}.{row[1]}" for row in CONSTANTS]
)
def test_a_constant_that_changes_changes_the_text(monkeypatch, module, name, value, printed):
    """Each constant of the analysis reaches the page from the code: another value prints otherwise."""
    before = method.figures().values()
    monkeypatch.setattr(module, name, value)
    after = method.figures().values()
    assert [text for text in printed if text not in after] == []
    assert sorted(before) != sorted(after)


def test_every_figure_is_used_in_the_text():
    """No figure is computed for nothing."""
    text = page("method") + "".join(RULES.values())
    named = set(re.findall(r"[{$]([a-z_]+)", text))
    assert [name for name in method.figures() if name not in named] == []


def test_every_class_is_explained_in_the_order_of_the_code():
    """Each class has its name and its rule, in the order in which the code decides."""
    html = method.tables(method.figures(), reference.classification_scores())["table_classes"].code
    names = re.findall(r"<li><p><strong>(.*?)</strong>\u00a0: (.+?)</p></li>", html)
    assert [name for name, _ in names] == [escape(t(f"coverage.classes.{key}")) for key in coverage.CLASSES]
    assert set(RULES) == set(coverage.CLASSES)
    assert "{" not in html


def test_rules_print_the_limits_of_the_code():
    """The rules give the level of the test and the breaks that `classify` uses."""
    html = method.tables(method.figures(), reference.classification_scores())["table_classes"].code
    for value in (exact.ALPHA, *coverage.RATIO_BREAKS[1:3]):
        assert method.number(value) in html


def test_table_of_ratios_is_computed():
    """The table gives, for each ratio, the first counts that the analysis tells from chance."""
    html = method.tables(method.figures(), reference.classification_scores())["table_ratios"].code
    for ratio in method.RATIOS:
        first = needed.counts_at(ratio, float(method.EXAMPLE))[-1]
        assert f'<td class="number">{first.expected}</td><td class="number">{first.observed}</td>' in html
    assert '<td class="number">16</td><td class="number">8</td>' in html


def test_table_of_totals_is_computed():
    """The table gives the totals of `actors_to_conclude`."""
    html = method.tables(method.figures(), reference.classification_scores())["table_totals"].code
    for total in exact.actors_to_conclude(method.SHARES):
        assert f'<td class="number">{integer(total)}</td>' in html


def test_the_table_of_axes_has_every_domain_with_its_axis():
    """All domains stand in the table beside their axis; those without come last."""
    html = method.tables(method.figures(), reference.classification_scores())["table_axes"].code
    axes, domains = reference.axes()["label"], reference.domains()
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td>', html)
    expected = {escape(row.label): escape(axes[row.axis or reference.NO_AXIS]) for row in domains.itertuples()}
    assert dict(rows) == expected
    assert rows[-1][1] == escape(axes[reference.NO_AXIS])


def test_scores_are_a_table_with_what_they_were_measured_on():
    """Each measure is a row with its three scores, and the caption says of when the rows are."""
    measured = ClassificationScores("2026-03-01", 7, {"name": Score(11, 3, 0.25, 0.5, 1 / 3)})
    html = method.tables(method.figures(), measured)["table_scores"].code
    assert re.findall(r'<td class="number">(.*?)</td>', html) == ["11", "3", "0,25", "0,50", "0,33"]
    assert "1er mars 2026" in html


@given(value=some.floats(-1e9, 1e9, allow_nan=False))
def test_a_number_is_read_back(value):
    """What is printed is the number, to a millionth, and has no needless zero."""
    text = method.number(value)
    read = float(text.replace("\u202f", "").replace("\u2212", "-").replace(",", "."))
    assert read == pytest.approx(value, abs=1.1e-6, rel=1e-9)
    assert "," not in text or not text.endswith("0") or len(text.partition(",")[2]) == 6


def test_fractions_are_named():
    """Each ratio of the table has its words."""
    assert Fraction(1, 2) in method.RATIOS
    assert {f"r{r.numerator}_{r.denominator}" for r in method.RATIOS} == set(
        tomllib.loads(files("essmap.texts").joinpath("fr", "method.toml").read_text(encoding="utf-8"))["ratios"]
    )
