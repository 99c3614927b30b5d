"""Observed beside expected: sums agree, order and scale do not matter, nothing is hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.analysis.coverage import (
    LEVEL_COLUMN,
    PER_INHABITANTS,
    Theme,
    how_it_was_seen,
    observed_and_expected,
    outside_level,
    territories,
)

CANTONS = ["A", "B", "C", None]
AXES, DOMAINS = ["inclusion", "insertion"], ["numerique", "mobilite", "tiers_lieu"]
DECLARED_NULLABLE = {"ratio", "rate_per_10k"}
STATUSES = {"not_assessable", "no_actor", "described"}
THEMES = [Theme(), Theme("axis", "inclusion"), Theme("domain", "numerique"), Theme("domain", "inconnu")]


def some(keys: list[str]):
    return st.lists(st.sampled_from(keys), max_size=3)


@st.composite
def departments(draw):
    """Communes with population and canton (null where the level does not cover them), and actors in them."""
    count = draw(st.integers(1, 8))
    communes = pd.DataFrame(
        {
            "commune_code": [f"310{n:02}" for n in range(count)],
            "canton_code": pd.Series(
                draw(st.lists(st.sampled_from(CANTONS), min_size=count, max_size=count)), dtype="str"
            ),
            "epci_code": pd.Series(["E"] * count, dtype="str"),
            "population": draw(st.lists(st.integers(0, 600_000), min_size=count, max_size=count)),
        }
    )
    places = draw(st.lists(st.integers(0, count - 1), max_size=25))
    actors = communes.iloc[places][["commune_code", "canton_code", "epci_code"]].reset_index(drop=True)
    actors["axes"] = pd.Series([draw(some(AXES)) for _ in places], dtype=object)
    actors["domains"] = pd.Series([draw(some(DOMAINS)) for _ in places], dtype=object)
    years = [draw(st.none() | st.integers(1990, 2026)) for _ in places]
    actors["source_year"] = pd.Series(years, dtype="Int64")
    actors["source_kind"] = pd.Series([draw(st.sampled_from(["press", "official"])) for _ in places], dtype="str")
    actors["geo_precision"] = pd.Series(
        [draw(st.sampled_from(["street", "municipality"])) for _ in places], dtype="str"
    )
    return communes, actors


LEVELS = st.sampled_from(list(LEVEL_COLUMN))
COMPLETENESS = st.sampled_from(["partial", "exhaustive"])


def describe(communes, actors, level="canton", theme=THEMES[0], completeness="exhaustive"):
    return observed_and_expected(actors, communes, level=level, theme=theme, completeness=completeness)


@given(data=departments(), level=LEVELS, theme=st.sampled_from(THEMES), completeness=COMPLETENESS)
def test_sums_agree_and_nothing_is_undeclared(data, level, theme, completeness):
    """Observed and expected sum to the same; each territory has one row and one status; no value is missing unsaid."""
    communes, actors = data
    table = describe(communes, actors, level, theme, completeness)
    assert table["code"].tolist() == sorted(communes[LEVEL_COLUMN[level]].dropna().unique())
    inhabitants = table["population"].sum()
    if inhabitants:
        assert table["expected"].sum() == pytest.approx(table["observed"].sum())
        assert table["difference"].sum() == pytest.approx(0, abs=1e-6)
    assert not table.drop(columns=list(DECLARED_NULLABLE)).isna().any(axis=None)
    assert table["ratio"].isna().tolist() == (table["expected"] == 0).tolist()
    assert table["rate_per_10k"].isna().tolist() == (table["population"] == 0).tolist()
    assert set(table["status"]) <= STATUSES
    assert (table["completeness"] == completeness).all()
    total = int(theme.mask(actors).sum())
    assert table["observed"].sum() + outside_level(actors, level=level, theme=theme) == total


@given(data=departments(), theme=st.sampled_from(THEMES), factor=st.integers(2, 50))
def test_only_shares_of_population_matter(data, theme, factor):
    """Every population times the same number gives the same expectation; the rate shrinks by that number."""
    communes, actors = data
    before = describe(communes, actors, theme=theme)
    after = describe(communes.assign(population=communes["population"] * factor), actors, theme=theme)
    assert after["observed"].tolist() == before["observed"].tolist()
    np.testing.assert_allclose(after["expected"], before["expected"])
    np.testing.assert_allclose(
        after["rate_per_10k"].astype(float) * factor, before["rate_per_10k"].astype(float), equal_nan=True
    )


@given(data=departments(), theme=st.sampled_from(THEMES), seed=st.integers(0, 99))
def test_order_of_rows_does_not_matter(data, theme, seed):
    """Shuffled tables, whatever their index, give the same description."""
    communes, actors = data
    shuffled = [frame.sample(frac=1, random_state=seed) for frame in (communes, actors)]
    pd.testing.assert_frame_equal(describe(*shuffled, theme=theme), describe(communes, actors, theme=theme))
    pd.testing.assert_frame_equal(
        how_it_was_seen(shuffled[1], shuffled[0], level="canton"), how_it_was_seen(actors, communes, level="canton")
    )


@given(data=departments())
def test_what_was_seen_adds_up(data):
    """Counts of rows, positions, years and kinds of source per territory are those of the actors."""
    communes, actors = data
    seen = how_it_was_seen(actors, communes, level="canton").set_index("code")
    covered = actors[actors["canton_code"].notna()]
    assert seen["actors"].sum() == len(covered)
    assert seen["located"].sum() == (covered["geo_precision"] != "municipality").sum()
    assert seen["undated"].sum() == covered["source_year"].isna().sum()
    kinds = [name for name in seen.columns if name.startswith("source_")]
    assert seen[kinds].sum(axis=1).tolist() == seen["actors"].tolist()
    for code, row in seen.iterrows():
        years = covered["source_year"][covered["canton_code"] == code].dropna()
        assert (pd.isna(row["latest_year"]) and years.empty) or row["latest_year"] == years.max()


@given(data=departments(), completeness=COMPLETENESS, theme=st.sampled_from(THEMES))
def test_status_is_the_first_that_holds(data, completeness, theme):
    """A partial table or an empty territory is never assessed; then nobody has the theme; then it is described."""
    communes, actors = data
    table = describe(communes, actors, theme=theme, completeness=completeness)
    total = table["observed"].sum()
    for row in table.itertuples():
        if completeness == "partial" or row.population == 0:
            assert row.status == "not_assessable"
        else:
            assert row.status == ("described" if total else "no_actor")


def frame_of(*rows: tuple[str | None, list[str], list[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "commune_code": "31001", "epci_code": "E",
            "canton_code": pd.Series([row[0] for row in rows], dtype="str"),
            "axes": pd.Series([row[1] for row in rows], dtype=object),
            "domains": pd.Series([row[2] for row in rows], dtype=object),
        }
    )  # fmt: skip


COMMUNES = pd.DataFrame(
    {
        "commune_code": ["31001", "31002", "31003"],
        "canton_code": ["A", "A", "B"],
        "epci_code": "E",
        "population": [10_000, 20_000, 10_000],
    }
)


def test_numbers_of_a_small_case():
    """Three of four inhabitants live in A: of two actors, one and a half are expected there."""
    table = describe(COMMUNES, frame_of(("A", [], []), ("B", [], [])))
    assert table["code"].tolist() == ["A", "B"]
    assert table["expected"].tolist() == [1.5, 0.5]
    assert table["difference"].tolist() == [-0.5, 0.5]
    assert table["ratio"].tolist() == [pytest.approx(2 / 3), 2.0]
    assert table["rate_per_10k"].tolist() == [PER_INHABITANTS / 30_000, 1.0]


def test_an_actor_counts_once_whatever_its_domains():
    """Several domains of one axis, or one written twice, count one actor."""
    actors = frame_of(
        ("A", ["inclusion"], ["numerique", "sante_handicap"]), ("A", ["inclusion"], ["numerique", "numerique"])
    )
    assert describe(COMMUNES, actors, theme=Theme("axis", "inclusion"))["observed"].tolist() == [2, 0]
    assert describe(COMMUNES, actors, theme=Theme("domain", "numerique"))["observed"].tolist() == [2, 0]


def test_actors_outside_the_level_are_counted_apart():
    """An actor without canton is in no row, and is said."""
    actors = frame_of((None, [], []), ("A", [], []))
    assert describe(COMMUNES, actors)["observed"].sum() == 1
    assert outside_level(actors, level="canton", theme=Theme()) == 1


def test_nobody_anywhere():
    """Without actors, or without a level, there is nothing to divide by and nothing fails."""
    nobody = frame_of()
    table = describe(COMMUNES, nobody)
    assert (table["observed"].sum(), table["expected"].sum(), set(table["status"])) == (0, 0.0, {"no_actor"})
    no_level = COMMUNES.assign(canton_code=pd.Series([None] * 3, dtype="str"))
    assert describe(no_level, nobody).empty
    empty = COMMUNES.assign(population=0)
    assert set(describe(empty, frame_of(("A", [], [])))["status"]) == {"not_assessable"}


def test_starter_data_is_described_never_judged(starter_snapshot):
    """The starter data has 22 cantons, all not assessable, and every actor is in one."""
    actors, communes = starter_snapshot.table("actors"), starter_snapshot.table("communes")
    table = describe(communes, actors, completeness="partial")
    assert (len(table), set(table["status"]), table["observed"].sum()) == (22, {"not_assessable"}, 396)
    assert table["population"].sum() == 1_471_468
    assert len(territories(communes, "commune")) == 586
    for axis in reference.axes().index[:4]:
        wanted = sum(axis in axes for axes in actors["axes"])
        assert describe(communes, actors, theme=Theme("axis", axis))["observed"].sum() == wanted


@pytest.mark.parametrize(
    ("text", "theme"),
    [("all", Theme()), ("axis:inclusion", Theme("axis", "inclusion")), ("domain:x", Theme("domain", "x"))],
)
def test_themes_are_read(text, theme):
    """A theme is all, an axis or a domain."""
    assert Theme.parse(text) == theme


@pytest.mark.parametrize("text", ["", "all:x", "axis", "axis:", "domain:", "family:x", "AXIS:x"])
def test_other_themes_are_refused(text):
    """Anything else is no theme."""
    with pytest.raises(ValueError, match=f"^{text}$"):
        Theme.parse(text)
