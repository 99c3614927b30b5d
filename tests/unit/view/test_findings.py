"""What a comparison says in words, colours, tables and files: described, judged, with nobody, with hostile names."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest

from benchmarks.made_up import made_up_snapshot
from essmap.analysis.coverage import Question, Tables, Theme, coverage
from essmap.analysis.robustness import badges
from essmap.texts import t
from essmap.view import findings
from essmap.view.exports import people_csv

VERDICTS = [findings.class_word(key) for key in ("under", "over", "to_confirm_low", "inconclusive", "average")]


@pytest.fixture(scope="module")
def tables():
    """A complete made-up department."""
    return Tables.of(made_up_snapshot(4_000, is_exhaustive=True))


@pytest.fixture(scope="module")
def judged(tables):
    """One theme, judged."""
    return coverage(tables, Question("canton", Theme("domain", "sport_loisirs"), "all"))


@pytest.fixture(scope="module")
def described(tables):
    """The same theme on the same rows, declared partial."""
    partial = Tables(tables.actors, tables.communes, "partial", tables.names, tables.parts)
    return coverage(partial, Question("canton", Theme("domain", "sport_loisirs"), "all"))


@pytest.fixture(scope="module")
def nobody(tables):
    """A theme that nobody has."""
    none = Tables(tables.actors.iloc[:0], tables.communes, "exhaustive", tables.names, tables.parts)
    return coverage(none, Question("canton", Theme(), "all"))


def test_hatching_and_thick_lines_say_what_colour_does_not(judged):
    """Territories where nothing can be concluded are hatched, established differences have a thick outline."""
    fills = findings.fills(judged, is_judged=True)
    kinds = judged.set_index("code")["class"]
    assert set(fills) == set(kinds.index)
    assert {code for code, fill in fills.items() if fill.get("pattern") == "hatch"} == set(
        kinds.index[kinds.isin(["inconclusive", "not_assessable"])]
    )
    assert {code for code, fill in fills.items() if fill.get("mark")} == set(kinds.index[kinds.isin(["under", "over"])])
    assert any(fill.get("mark") for fill in fills.values())
    for code, fill in fills.items():
        assert findings.class_word(kinds[code]) in fill["label"]


def test_a_description_never_says_a_finding(described):
    """On a partial list no word of a finding, no test and no mark stands in the map, the table, the file."""
    assert all(set(fill) == {"class", "label"} for fill in findings.fills(described, is_judged=False).values())
    shown = findings.description(described, "Légende", "canton", total=described)
    file = people_csv(findings.findings_frame(described, {}, is_judged=False)).decode("utf-8-sig")
    said = " ".join([shown, file, *findings.summary(described, "canton")])
    assert [word for word in VERDICTS if word in said] == []
    assert t("gaps.columns.p_value") not in file.splitlines()[0].split(";")
    row = next(described.rename(columns={"class": "finding"}).itertuples())
    assert t("gaps.one_status.described") in findings.one_sentence(row)


def test_the_summary_names_what_is_established(judged):
    """Each established difference is named, and how many territories cannot be concluded on is said."""
    said = " ".join(findings.summary(judged, "canton"))
    for name in judged.loc[judged["class"].isin(["under", "over"]), "name"]:
        assert name in said
    n = int((judged["class"] == "inconclusive").sum())
    assert (t("gaps.found_inconclusive", n=n, n_text=n, total=len(judged)) in said) == (n > 0)


def test_every_class_has_its_sentence(judged):
    """Each territory has a sentence with its numbers, and nothing in it is left to fill or is not a number."""
    for row in judged.rename(columns={"class": "finding"}).itertuples():
        said = findings.one_sentence(row)
        assert row.name in said
        assert not re.search(r"[{}]|\bnan\b|<NA>|None", said)


def test_a_theme_that_nobody_has_is_a_sentence(nobody):
    """No number that is not one: the map is empty, the table shows dashes, the sentence says why."""
    assert findings.fills(nobody, is_judged=True) == {}
    assert findings.summary(nobody, "canton") == [t("gaps.nobody")]
    shown = findings.description(nobody, "Légende", "canton", total=nobody)
    assert not re.search(r"\bnan\b|<NA>|None|inf", shown)
    row = next(nobody.rename(columns={"class": "finding"}).itertuples())
    assert findings.one_sentence(row) == t("gaps.one_no_ratio", name=row.name)


def test_the_table_draws_each_interval_and_what_would_change_it(tables, judged):
    """One row per territory: dot and line stay on the scale, findings carry their sign, badges say against what."""
    question = Question("canton", Theme("domain", "sport_loisirs"), "all")
    shown = findings.findings(judged, badges(tables, question), "Légende", "canton")
    assert shown.count("<tr>") == len(judged) + 1
    places = [float(value) for value in re.findall(r"--(?:at|low|high):(-?[\d.]+)%", shown)]
    assert len(places) == 3 * len(judged)
    assert all(0 <= value <= 100 for value in places)
    for low, at, high in zip(
        *(re.findall(rf"--{name}:([\d.]+)%", shown) for name in ("low", "at", "high")), strict=True
    ):
        assert float(low) <= float(at) <= float(high)
    assert shown.count("essmap-finding-under") == int((judged["class"] == "under").sum())


def test_the_department_is_never_short_against_itself(tables):
    """The last line is the department's own number, whatever falls in no territory, and the file has those rows."""
    lost = tables.actors.copy()
    lost.loc[lost.index[:40], "commune_code"] = "99999"
    lost.loc[lost.index[:40], "canton_code"] = None
    table = coverage(Tables(lost, tables.communes, "partial", tables.names, tables.parts), Question(count="all"))
    shown = findings.description(findings.listed(table), "Légende", "canton", total=table)
    last = re.findall(r'<td class="number">(.*?)</td>', shown.split('class="essmap-total"')[1])
    assert [re.sub(r"\W", "", cell) for cell in last[1:]] == [str(len(lost) - 40), f"{len(lost) - 40}0", "00", "100"]
    file = pd.read_csv(
        io.BytesIO(people_csv(findings.findings_frame(table, {}, is_judged=False))), sep=";", decimal=","
    )
    assert file[t("gaps.columns.observed")].sum() == len(lost)


def test_an_interval_beyond_the_scale_says_so():
    """A dot or an end that the scale cannot hold is marked, and one that it holds is not."""
    assert "essmap-below" in findings.whisker(0.06, 0.01, 0.22).code
    assert "essmap-above" in findings.whisker(3.0, 1.5, 6.0).code
    inside = findings.whisker(0.8, 0.5, 1.3).code
    assert "essmap-below" not in inside
    assert "essmap-above" not in inside


def test_names_that_hold_commas_are_parted_by_semicolons():
    """Three names stay three."""
    assert findings.joined(["Muret", "Revel"]) == "Muret et Revel"
    assert findings.joined(["Colomiers, Pibrac et Brax", "Revel", "Muret"]).count("\u202f;") == 2


def test_one_stands_in_the_middle_of_the_scale():
    """The scale is symmetric by factors: 1 in the middle, half and double at the same distance from it."""
    place = {value: float(re.search(r"--at:([\d.]+)%", findings.whisker(value, value, value).code)[1]) for value in
             (0.5, 1.0, 2.0)}  # fmt: skip
    assert place[1.0] == pytest.approx(50)
    assert place[1.0] - place[0.5] == pytest.approx(place[2.0] - place[1.0], abs=0.11)
    assert findings.whisker(pd.NA, pd.NA, pd.NA).code == "–"


def test_the_file_gives_every_number_and_its_worth_on_every_row(judged):
    """The CSV holds each territory with its finding in words; text that a spreadsheet would run is disarmed."""
    hostile = judged.assign(name=["=cmd|' /C calc'!A1", *judged["name"].iloc[1:]])
    content = people_csv(findings.findings_frame(hostile, {"Note": "=1+1"}, is_judged=True))
    table = pd.read_csv(io.BytesIO(content), sep=";", decimal=",", dtype=str, keep_default_na=False)
    assert len(table) == len(judged)
    assert table[t("gaps.columns.name")].iloc[0].startswith("'=")
    assert set(table["Note"]) == {"'=1+1"}
    assert set(table[t("gaps.columns.class")]) == {findings.class_word(key) for key in judged["class"]}
    assert set(table[t("gaps.columns.status")]) == {t("gaps.status.assessed")}


def test_names_are_text_not_html(judged, tables):
    """A hostile name is shown as it is written, in every part."""
    hostile = judged.assign(name="<script>alert(1)</script>")
    question = Question("canton", Theme("domain", "sport_loisirs"), "all")
    shown = findings.findings(hostile, badges(tables, question), "<b>", "canton")
    shown += findings.description(hostile, "<b>", "canton", total=hostile)
    assert "<script>" not in shown
    assert "<b>" not in shown
