"""Coverage: sums agree, order and scale do not matter, one class always, and nothing is judged that may not be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from essmap import reference
from essmap.analysis import exact
from essmap.analysis.coverage import (
    CLASSES,
    LEVEL_COLUMN,
    PER_INHABITANTS,
    Question,
    Tables,
    Theme,
    classify,
    coverage,
    default_count,
)
from essmap.analysis.seen import how_it_was_seen
from essmap.analysis.smoothing import empirical_bayes
from essmap.analysis.units import OUTSIDE, UNKNOWN, membership
from essmap.schema.indicator import Indicator

#: Each example compares whole tables: fewer of them.
few = settings(max_examples=40)

CANTONS = ["A", "B", "C", None]
AXES, DOMAINS = ["inclusion", "insertion"], ["numerique", "mobilite", "tiers_lieu"]
THEMES = [Theme(), Theme("axis", "inclusion"), Theme("domain", "numerique"), Theme("domain", "inconnu")]
STATUSES = {
    *("outside_coverage", "canton_unknown", "no_denominator", "no_population", "unlocated", "employers_unknown"),
    *("described", "exercise", "assessed"),
}
INFERRED = [
    *("ratio_low", "ratio_high", "poisson_low", "poisson_high", "p_value", "q_value", "phi", "shortfall"),
    *("missing_to_overturn", "eb_rate_per_10k", "to_conclude"),
]
ALWAYS = [
    *("code", "name", "denominator", "observed_all", "observed_employers", "observed_unknown", "observed", "class"),
    *("status", "completeness", "level", "theme", "count"),
]
ORDER = ["under", "to_confirm_low", "average", "to_confirm_high", "over"]


@st.composite
def tables(draw, completeness=None):
    """A department: some communes without canton or inhabitants, perhaps one split in two, actors here and there."""
    count = draw(st.integers(1, 7))
    codes = [f"310{n:02}" for n in range(count)]
    cantons = draw(st.lists(st.sampled_from(CANTONS), min_size=count, max_size=count))
    population = draw(st.lists(st.just(0) | st.integers(1, 600_000), min_size=count, max_size=count))
    parts = None
    if draw(st.booleans()):  # the first commune is shared by A and S
        cantons[0] = None
        first = draw(st.integers(0, population[0]))
        parts = pd.DataFrame(
            {
                "canton_code": ["A", "S"],
                "commune_code": codes[:1] * 2,
                "population": [first, population[0] - first],
            }
        )
    communes = pd.DataFrame(
        {
            "commune_code": pd.Series(codes, dtype="str"),
            "canton_code": pd.Series(cantons, dtype="str"),
            "epci_code": pd.Series(["E"] * count, dtype="str"),
            "population": np.asarray(population, dtype="int64"),
        }
    )
    places = draw(st.lists(st.integers(0, count - 1), max_size=25))
    actors = communes.loc[places, ["commune_code", "canton_code", "epci_code"]].reset_index(drop=True)
    if parts is not None:
        inside = [draw(st.sampled_from(["A", "S", "S", None])) if place == 0 else cantons[place] for place in places]
        actors["canton_code"] = pd.Series(inside, dtype="str")
    actors["axes"] = pd.Series([draw(st.lists(st.sampled_from(AXES), max_size=3)) for _ in places], dtype=object)
    actors["domains"] = pd.Series([draw(st.lists(st.sampled_from(DOMAINS), max_size=3)) for _ in places], dtype=object)
    actors["is_employer"] = pd.Series([draw(st.sampled_from([True, False, None])) for _ in places], dtype="boolean")
    status = completeness or draw(st.sampled_from(["partial", "exhaustive"]))
    return Tables(actors, communes, status, parts=parts)


QUESTIONS = st.builds(
    Question,
    level=st.sampled_from(list(LEVEL_COLUMN)),
    theme=st.sampled_from(THEMES),
    count=st.sampled_from([None, "all", "employers"]),
    exercise=st.booleans(),
)


@few
@given(tables(), QUESTIONS)
def test_every_territory_has_one_defined_result(data, question):
    """One row per territory, exactly one class and status each, and never a NaN or an infinity."""
    table = coverage(data, question)
    territories = set(data.communes[LEVEL_COLUMN[question.level]].dropna())
    if question.level == "canton" and data.parts is not None:
        territories |= {"A", "S"}
    assert table["code"].is_unique
    assert set(table["code"]) - {UNKNOWN, OUTSIDE} == territories
    assert not table[ALWAYS].isna().any(axis=None)
    assert set(table["class"]) <= set(CLASSES)
    assert set(table["status"]) <= STATUSES
    for name in table.select_dtypes(["Float64", "float64"]):
        known = table[name].dropna().to_numpy(dtype="float64")
        assert np.isfinite(known).all()
    assert not any(isinstance(value, float) and np.isnan(value) for value in table.astype(object).to_numpy().ravel())


@few
@given(tables(), QUESTIONS)
def test_totals_are_kept(data, question):
    """Actors of the theme, inhabitants and expected numbers sum to those of the department, at any level."""
    table = coverage(data, question)
    chosen = data.actors[question.theme.mask(data.actors)]
    assert table["observed_all"].sum() == len(chosen)
    assert table["observed_employers"].sum() == chosen["is_employer"].eq(True).sum()
    assert table["observed_unknown"].sum() == chosen["is_employer"].isna().sum()
    counted = "observed_employers" if table["count"].iloc[0] == "employers" else "observed_all"
    assert table["observed"].tolist() == table[counted].tolist()
    inhabitants = int(data.communes["population"].sum())
    assert table["population"].sum() == inhabitants
    if inhabitants:
        assert table["expected"].sum() == pytest.approx(table["observed"].sum())
        assert table["base"].sum() == pytest.approx(inhabitants)


@few
@given(tables("exhaustive"), QUESTIONS, st.integers(2, 40))
def test_only_shares_of_population_matter(data, question, factor):
    """Every population times the same number changes the rates by that number, and nothing else."""
    before = coverage(data, question)
    grown = replace(
        data,
        communes=data.communes.assign(population=data.communes["population"] * factor),
        parts=None if data.parts is None else data.parts.assign(population=data.parts["population"] * factor),
    )
    after = coverage(grown, question)
    assert after["class"].tolist() == before["class"].tolist()
    for name in ("expected", "ratio", "ratio_low", "ratio_high", "p_value", "q_value", "phi", "missing_to_overturn"):
        pd.testing.assert_series_equal(after[name], before[name])
    for name in ("rate_per_10k", "reference_rate", "eb_rate_per_10k"):
        pd.testing.assert_series_equal(after[name] * factor, before[name], rtol=1e-6)


@few
@given(tables(), QUESTIONS, st.integers(0, 99))
def test_order_of_rows_does_not_matter(data, question, seed):
    """Shuffled tables, whatever their index, give the same result."""
    shuffled = replace(
        data,
        actors=data.actors.sample(frac=1, random_state=seed),
        communes=data.communes.sample(frac=1, random_state=seed),
        parts=None if data.parts is None else data.parts.sample(frac=1, random_state=seed),
    )
    pd.testing.assert_frame_equal(coverage(shuffled, question), coverage(data, question))


@few
@given(tables("partial"), QUESTIONS)
def test_a_partial_table_is_described_never_judged(data, question):
    """On a partial table there is no class, test or interval, unless the exercise is asked for, which says so."""
    table = coverage(data, replace(question, exercise=False))
    assert set(table["class"]) <= {"not_assessable"}
    assert table[INFERRED].isna().all(axis=None)
    assert not set(table["status"]) & {"assessed", "exercise"}
    exercise = coverage(data, replace(question, exercise=True))
    judged = exercise["class"] != "not_assessable"
    assert set(exercise.loc[judged, "status"]) <= {"exercise"}
    whole = coverage(replace(data, completeness="exhaustive"), question)
    pd.testing.assert_frame_equal(
        exercise.drop(columns=["status", "completeness"]), whole.drop(columns=["status", "completeness"])
    )


@few
@given(tables("exhaustive"), QUESTIONS)
def test_class_is_the_first_that_holds(data, question):
    """Each class follows from the columns beside it, in the order of the list."""
    table = coverage(data, question)
    total = int(table["reference_observed"].iloc[0])
    for row in table.to_dict("records"):
        if row["status"] != "assessed":
            wanted = "not_assessable"
        elif total == 0:
            wanted = "no_actor"
        elif row["q_value"] < 0.05:
            wanted = "under" if row["observed"] < row["expected"] else "over"
        elif exact.two_sided(0, total, row["expected"] / total, phi=row["phi"]) >= 0.05:
            wanted = "inconclusive"
        elif row["ratio"] < 0.8:
            wanted = "to_confirm_low"
        else:
            wanted = "to_confirm_high" if row["ratio"] > 1.25 else "average"
        assert row["class"] == wanted
        assert pd.isna(row["to_conclude"]) == (wanted != "inconclusive")
        lives_alone = row["expected"] == total  # nobody lives elsewhere: no number of actors here is enough
        assert pd.isna(row["missing_to_overturn"]) == (wanted not in {"under", "over"} or lives_alone)
        assert pd.isna(row["p_value"]) == (wanted in {"not_assessable", "no_actor"})


@few
@given(
    st.integers(1, 200),
    st.floats(0.002, 0.998),
    st.lists(st.floats(0, 1), max_size=8),
    st.none() | st.floats(0.5, 8),
)
def test_class_is_monotone_in_the_number_observed(total, share, others, phi):
    """The more actors a territory has, all else equal, the further its class goes from too few to many."""
    found = []
    for observed in range(total + 1):
        p = float(exact.two_sided(observed, total, share, phi=phi))
        q = exact.false_discovery([p, *others])[:1]
        found.append(str(classify([observed], [share], total=total, q=q, phi=phi)[0]))
    middle = set(found) & {"inconclusive"}
    ranks = [2 if kind in middle else ORDER.index(kind) for kind in found]
    assert ranks == sorted(ranks)
    if middle:
        assert "under" not in found


COMMUNES = pd.DataFrame(
    {
        "commune_code": ["31001", "31002", "31003"],
        "canton_code": ["A", "A", "B"],
        "epci_code": "E",
        "population": [10_000, 20_000, 10_000],
    }
)


def frame_of(*rows: tuple[str, list[str], list[str]]) -> pd.DataFrame:
    """Return actors of (canton, axes, domains)."""
    home = {"A": "31001", "B": "31003"}
    return pd.DataFrame(
        {
            "commune_code": pd.Series([home[row[0]] for row in rows], dtype="str"), "epci_code": "E",
            "canton_code": pd.Series([row[0] for row in rows], dtype="str"),
            "axes": pd.Series([row[1] for row in rows], dtype=object),
            "domains": pd.Series([row[2] for row in rows], dtype=object),
            "is_employer": pd.Series([None] * len(rows), dtype="boolean"),
        }
    )  # fmt: skip


def describe(actors, question=Question(), communes=COMMUNES):  # noqa: B008  frozen
    return coverage(Tables(actors, communes, "exhaustive"), question).set_index("code")


def test_numbers_of_a_small_case():
    """Three of four inhabitants live in A: of two actors, one and a half are expected there."""
    table = describe(frame_of(("A", [], []), ("B", [], [])))
    assert table["expected"].tolist() == [1.5, 0.5]
    assert table["difference"].tolist() == [-0.5, 0.5]
    assert table["ratio"].tolist() == [pytest.approx(2 / 3), 2.0]
    assert table["rate_per_10k"].tolist() == [pytest.approx(PER_INHABITANTS / 30_000), 1.0]
    assert table["reference_rate"].tolist() == [0.5, 0.5]
    assert table["shortfall"].tolist() == [0.5, 0]
    assert table["p_value"].tolist() == [pytest.approx(2 * 7 / 16), pytest.approx(2 * 7 / 16)]  # 1 - (3/4)^2 = 7/16
    assert table["class"].tolist() == ["inconclusive", "inconclusive"]
    assert table["to_conclude"].tolist() == [3, 13]  # (1/4)^3 < 0.025 and (3/4)^13 < 0.025


def test_verdicts_of_a_clear_case(department):
    """Of ten equal cantons one has a tenth of its due and one three times: those two, and no other, are told."""
    table = coverage(department([10_000] * 10, [50, 50, 50, 5, 50, 50, 150, 50, 50, 50]), Question())
    kinds = table["class"].tolist()
    assert (kinds[3], kinds[6]) == ("under", "over")
    assert set(kinds) - {"under", "over"} == {"average"}
    assert table["missing_to_overturn"].notna().sum() == 2
    assert (table["ratio_low"] <= table["ratio"]).all()
    assert (table["ratio"] <= table["ratio_high"]).all()


def test_rates_are_those_of_the_smoother(department):
    """The smoothed rate is the empirical-Bayes rate of the territories that can be assessed."""
    people, actors = [5_000, 12_000, 900, 40_000], [9, 4, 3, 20]
    table = coverage(department(people, actors), Question())
    wanted = PER_INHABITANTS * empirical_bayes(actors, people).rates
    assert table["eb_rate_per_10k"].tolist() == pytest.approx(wanted.tolist())


def test_an_actor_counts_once_whatever_its_domains():
    """Several domains of one axis, or one written twice, count one actor."""
    actors = frame_of(
        ("A", ["inclusion"], ["numerique", "sante_handicap"]), ("A", ["inclusion"], ["numerique", "numerique"])
    )
    for theme in (Theme("axis", "inclusion"), Theme("domain", "numerique")):
        assert describe(actors, Question(theme=theme))["observed"].tolist() == [2, 0]


def test_employers_are_the_default_where_they_are_known():
    """With 80 % known, employers are counted; below it, all are, and asked for employers nothing is assessed."""
    actors = frame_of(*[("A", [], [])] * 10)
    known = actors.assign(is_employer=pd.Series([True] * 3 + [False] * 5 + [None] * 2, dtype="boolean"))
    less = actors.assign(is_employer=pd.Series([True] * 3 + [False] * 4 + [None] * 3, dtype="boolean"))
    assert (default_count(known), default_count(less), default_count(actors[:0])) == ("employers", "all", "all")
    table = describe(known)
    assert (table["observed"].tolist(), table["count"].iloc[0], table["status"].iloc[0]) == (
        [3, 0],
        "employers",
        "assessed",
    )
    assert table.loc["A", ["observed_all", "observed_employers", "observed_unknown"]].tolist() == [10, 3, 2]
    asked = describe(less, Question(count="employers"))
    assert set(asked["status"]) == {"employers_unknown"}
    assert set(asked["class"]) == {"not_assessable"}


@pytest.mark.parametrize("level", list(LEVEL_COLUMN))
def test_nobody_anywhere(level):
    """No actor, no inhabitant or no commune: a defined result, and nothing fails."""
    question = Question(level=level)
    table = describe(frame_of(), question)
    assert (table["observed"].sum(), table["expected"].sum(), set(table["class"])) == (0, 0.0, {"no_actor"})
    assert table[["ratio", "p_value", "phi"]].isna().all(axis=None)
    empty = describe(frame_of(("A", [], [])), question, COMMUNES.assign(population=0))
    assert set(empty["status"]) == {"no_population"}
    assert empty[["rate_per_10k", "ratio", "reference_rate"]].isna().all(axis=None)
    assert describe(frame_of(), question, COMMUNES[:0]).empty


def test_everybody_lives_here_and_some_actors_do_not():
    """Against the one territory with inhabitants, actors elsewhere are an impossible excess: defined all the same."""
    communes = COMMUNES.assign(population=[10_000, 20_000, 0])
    table = describe(frame_of(*[("B", [], [])] * 9, ("A", [], [])), communes=communes)
    assert table["class"].tolist() == ["under", "not_assessable"]
    assert table["missing_to_overturn"].isna().all()


def test_one_actor():
    """One actor alone proves nothing, anywhere."""
    assert set(describe(frame_of(("A", [], [])))["class"]) == {"inconclusive"}


def test_a_territory_without_inhabitants_is_not_assessable():
    """Nobody lives in B: its actors count for the department, and nothing is said of it."""
    communes = COMMUNES.assign(population=[10_000, 20_000, 0])
    table = describe(frame_of(("A", [], []), ("B", [], [])), communes=communes)
    assert table["status"].tolist() == ["assessed", "no_population"]
    assert table["expected"].tolist() == [2, 0]


def test_what_the_level_does_not_cover_is_a_row_of_its_own():
    """Communes without canton, and actors of another department, are counted apart and never judged."""
    communes = COMMUNES.assign(canton_code=pd.Series(["A", "A", None], dtype="str"))
    actors = frame_of(("A", [], []), ("A", [], []), ("B", [], []), ("A", [], [])).assign(
        canton_code=["A", "A", None, None]
    )
    actors.loc[3, "commune_code"] = "09001"
    table = describe(actors, communes=communes)
    assert table.index.tolist() == ["A", OUTSIDE]
    assert table.loc[OUTSIDE, ["population", "observed", "class", "status"]].tolist() == [
        10_000,
        2,
        "not_assessable",
        "outside_coverage",
    ]
    assert table["reference_observed"].iloc[0] == 3  # the actor of Ariège is no part of the reference
    assert table["expected"].tolist() == pytest.approx([2.25, 0.75])


SPLIT = pd.DataFrame(
    {
        "canton_code": ["T1", "T2", "B"],
        "commune_code": ["31001", "31001", "31003"],
        "population": [6_000, 4_000, 10_000],
    }
)
SHARED = COMMUNES.assign(canton_code=pd.Series([None, "B", "B"], dtype="str"))


def of_split(cantons: list[str | None]) -> pd.DataFrame:
    """Return actors of the split commune with these cantons, and ten of B."""
    frame = pd.concat([frame_of(*[("A", [], [])] * len(cantons)), frame_of(*[("B", [], [])] * 10)], ignore_index=True)
    return frame.assign(canton_code=pd.Series([*cantons, *["B"] * 10], dtype="str"))


def split_coverage(cantons: list[str | None], **changes) -> pd.DataFrame:
    data = Tables(of_split(cantons), SHARED, "exhaustive", {"commune": pd.Series({"31001": "Toulouse"})}, SPLIT)
    return coverage(data, Question(**changes)).set_index("code")


def test_a_split_commune_expects_what_could_be_placed():
    """One in twenty actors of the split commune has no canton: its parts expect 95 %, the rest is a row of its own."""
    table = split_coverage(["T1"] * 12 + ["T2"] * 7 + [None])
    assert table.index.tolist() == ["B", "T1", "T2", UNKNOWN]
    assert table["observed"].tolist() == [10, 12, 7, 1]
    assert table["base"].tolist() == pytest.approx([30_000, 5_700, 3_800, 500])
    assert table["expected"].tolist() == pytest.approx([22.5, 4.275, 2.85, 0.375])
    assert table["population"].dropna().tolist() == [30_000, 6_000, 4_000]
    assert table["rate_per_10k"]["T1"] == pytest.approx(12 * PER_INHABITANTS / 5_700)
    assert table.loc[UNKNOWN, ["name", "class", "status"]].tolist() == [
        "Toulouse, canton inconnu",
        "not_assessable",
        "canton_unknown",
    ]
    assert set(table.loc[["B", "T1", "T2"], "status"]) == {"assessed"}


@pytest.mark.parametrize(("lost", "status"), [(2, "assessed"), (3, "unlocated")])
def test_more_than_a_tenth_without_position_is_not_assessable(lost, status):
    """Two of twenty may lack a canton; three make every canton that shares the commune not assessable, no other."""
    table = split_coverage(["T1"] * (20 - lost) + [None] * lost)
    assert table.loc[["T1", "T2"], "status"].tolist() == [status] * 2
    assert table.loc["B", "status"] == "assessed"
    assert table["observed"].sum() == 30
    assert table["expected"].sum() == pytest.approx(30)


def test_a_split_commune_is_one_at_other_levels():
    """The commune itself needs no position inside it."""
    table = split_coverage(["T1", None, None], level="commune")
    assert table["observed"].to_dict() == {"31001": 3, "31002": 0, "31003": 10}


def test_a_target_population_replaces_inhabitants():
    """Expected numbers follow the indicator; where it is not known nothing is said, and 0 is not unknown."""
    values = pd.Series({"31001": 100.0, "31002": 300.0, "31003": 400.0})
    indicator = Indicator("Habitants de 75 ans et plus", "commune", 2022, "INSEE", values)
    data = Tables(frame_of(("A", [], []), ("B", [], [])), COMMUNES, "exhaustive")
    table = coverage(data, Question(), indicator=indicator)
    assert table["denominator"].unique().tolist() == ["Habitants de 75 ans et plus"]
    assert table["denominator_value"].tolist() == [400, 400]
    assert table["expected"].tolist() == [1, 1]
    unknown = coverage(data, Question(), indicator=replace(indicator, values=values.drop("31002")))
    assert unknown["status"].tolist() == ["no_denominator", "assessed"]
    assert unknown["expected"].isna().tolist() == [True, False]
    assert unknown["expected"][1] == 1
    none = coverage(data, Question(), indicator=replace(indicator, values=values * [0, 0, 1]))
    assert none["status"].tolist() == ["no_population", "assessed"]
    cantons = replace(indicator, level="canton", values=pd.Series({"A": 100.0, "B": 300.0}))
    assert coverage(data, Question(), indicator=cantons)["expected"].tolist() == pytest.approx([0.5, 1.5])
    with pytest.raises(ValueError, match="canton do not add up to epci"):
        coverage(data, Question("epci"), indicator=cantons)


def test_a_target_population_is_spread_inside_a_split_commune():
    """The parts of a split commune have the target population in proportion of their inhabitants."""
    indicator = Indicator("x", "commune", 2022, "y", pd.Series({"31001": 100.0, "31002": 0.0, "31003": 50.0}))
    data = Tables(of_split(["T1", "T2"]), SHARED, "exhaustive", parts=SPLIT)
    table = coverage(data, Question(), indicator=indicator).set_index("code")
    assert table["denominator_value"].to_dict() == {"B": 50, "T1": 60, "T2": 40}


def test_starter_data_is_described_never_judged(starter_snapshot):
    """The starter data has 22 cantons, all not assessable, and every actor is in one, at any level and theme."""
    data = Tables.of(starter_snapshot)
    table = coverage(data, Question())
    assert (len(table), set(table["class"]), table["observed"].sum()) == (22, {"not_assessable"}, 396)
    assert table["population"].sum() == 1_471_468
    assert table["expected"].sum() == pytest.approx(396, abs=1e-6)
    assert set(table["status"]) == {"described"}
    for axis in reference.axes().index[:4]:
        wanted = sum(axis in axes for axes in data.actors["axes"])
        for level, rows in (("canton", 22), ("epci", 18), ("commune", 586)):
            found = coverage(data, Question(level, Theme("axis", axis), exercise=True))
            assert (len(found), found["observed"].sum()) == (rows, wanted)
            assert set(found["status"]) == {"exercise"}


@few
@given(tables())
def test_what_was_seen_adds_up(data):
    """Counts of rows, positions, years and kinds of source per territory are those of the actors."""
    actors = data.actors.assign(
        source_year=pd.Series(range(1990, 1990 + len(data.actors)), dtype="Int64"),
        source_kind="press",
        geo_precision=["street", "municipality"] * (len(data.actors) // 2) + ["street"] * (len(data.actors) % 2),
    )
    actors.loc[actors.index % 3 == 0, "source_year"] = pd.NA
    data = replace(data, actors=actors)
    for question in (Question(), Question(count="all", theme=Theme("axis", "inclusion")), Question(count="employers")):
        seen = how_it_was_seen(data, question).set_index("code")
        table = coverage(data, question).set_index("code")
        observed = table["observed"][lambda counts: counts.gt(0)]
        assert seen["actors"][lambda counts: counts.gt(0)].to_dict() == observed.to_dict()
        assert set(seen.index) >= set(table.index) - {UNKNOWN, OUTSIDE}
        assert (seen["located"] <= seen["actors"]).all()
        assert (seen["undated"] <= seen["actors"]).all()
    seen = how_it_was_seen(data, Question(count="all")).set_index("code")
    assert seen["actors"].sum() == len(actors)
    assert seen["located"].sum() == (actors["geo_precision"] != "municipality").sum()
    assert seen["undated"].sum() == actors["source_year"].isna().sum()
    kinds = [name for name in seen.columns if name.startswith("source_")]
    assume(kinds)
    assert seen[kinds].sum(axis=1).tolist() == seen["actors"].tolist()


@pytest.mark.parametrize(
    ("text", "theme"),
    [("all", Theme()), ("axis:inclusion", Theme("axis", "inclusion")), ("domain:x", Theme("domain", "x"))],
)
def test_themes_are_read(text, theme):
    """A theme is all, an axis or a domain, and is written as it is read."""
    assert Theme.parse(text) == theme
    assert str(theme) == text


@pytest.mark.parametrize("text", ["", "all:x", "axis", "axis:", "domain:", "family:x", "AXIS:x"])
def test_other_themes_are_refused(text):
    """Anything else is no theme."""
    with pytest.raises(ValueError, match=f"^{text}$"):
        Theme.parse(text)


def test_what_a_caller_does_to_a_table_changes_no_later_answer():
    """Answers are worked out once per question and given as copies: nobody can spoil those of another."""
    data = Tables(of_split(["T1", "T2"]), SHARED, "exhaustive", parts=SPLIT)
    question = Question("canton", count="all")
    first = coverage(data, question)
    spoilt = coverage(data, question)
    spoilt["observed"] = -1
    members = membership(data, "canton")
    members["population"] = -1
    pd.testing.assert_frame_equal(coverage(data, question), first)
    pd.testing.assert_frame_equal(coverage(replace(data), question), first)
    assert coverage(replace(data, actors=data.actors.iloc[:1]), question)["observed"].sum() == 1
