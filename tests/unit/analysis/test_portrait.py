"""What a territory holds: counts add up to the department's, supports in their commune, else where their holder is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from essmap.analysis.coverage import LEVEL_COLUMN, Tables
from essmap.analysis.portrait import is_inside, population_of, profile, sums_by, supports_of, where_supported

LEVELS = list(LEVEL_COLUMN)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("by", ["axis", "domain", "family"])
def test_territories_of_a_level_add_up_to_the_department(starter_snapshot, level, by):
    tables = Tables.of(starter_snapshot)
    actors, communes = tables.actors, tables.communes
    codes = communes[LEVEL_COLUMN[level]].dropna().unique()
    found = [profile(actors, is_inside(tables, level, code), by) for code in codes]
    assert (sum(table["here"] for table in found) == found[0]["department"]).all()
    assert found[0]["department"].sum() >= len(actors)


def test_family_shares_sum_to_one_and_an_empty_territory_has_none(starter_snapshot):
    actors = starter_snapshot.table("actors")
    everything = np.ones(len(actors), dtype=bool)
    assert profile(actors, everything, "family")["share_here"].sum() == pytest.approx(1)
    nobody = profile(actors, ~everything, "family")
    assert nobody["here"].eq(0).all()
    assert nobody["share_here"].isna().all()


def test_actor_counts_once_per_axis_and_under_none_without(starter_snapshot):
    actors = starter_snapshot.table("actors")
    counts = profile(actors, np.ones(len(actors), dtype=bool), "axis")["here"]
    for key in counts.index.drop("none"):
        assert counts[key] == sum(key in list(axes) for axes in actors["axes"])
    assert counts["none"] == sum(len(axes) == 0 for axes in actors["axes"])


def test_population_gives_rank_and_share(starter_snapshot):
    tables = Tables.of(starter_snapshot)
    toulouse = population_of(tables, "canton", "3199")
    assert (toulouse.rank, toulouse.territories, toulouse.communes) == (1, 22, 1)
    assert toulouse.department == 1471468
    assert toulouse.share == pytest.approx(514819 / 1471468)
    ranks = [population_of(tables, "epci", code).rank for code in tables.communes["epci_code"].dropna().unique()]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))


def test_population_of_an_unknown_territory_is_an_error(starter_snapshot):
    with pytest.raises(KeyError):
        population_of(Tables.of(starter_snapshot), "canton", "9999")


def test_equal_populations_share_a_rank_and_nobody_has_no_share():
    communes = pd.DataFrame({"commune_code": ["A", "B", "C"], "population": [5, 5, 0]})
    actors = pd.DataFrame({"commune_code": pd.Series(dtype="str")})
    assert [population_of(Tables(actors, communes, "partial"), "commune", code).rank for code in "ABC"] == [1, 1, 3]
    empty = pd.DataFrame({"commune_code": ["A"], "population": [0]})
    assert population_of(Tables(actors, empty, "partial"), "commune", "A").share == 0


@pytest.mark.parametrize("level", LEVELS)
def test_every_project_is_in_one_territory_or_everywhere(starter_snapshot, level):
    tables, projects = Tables.of(starter_snapshot), starter_snapshot.table("projects")
    codes = tables.communes[LEVEL_COLUMN[level]].dropna().unique()
    found = [supports_of(projects, tables, level, code) for code in codes]
    placed = [identifier for supports in found for identifier in supports.projects["project_id"]]
    assert len(placed) == len(set(placed))
    assert len(placed) + found[0].everywhere == len(projects)
    assert sum(supports.known_eur for supports in found) <= projects["amount_eur"].sum()
    assert all(supports.unknown == supports.projects["amount_eur"].isna().sum() for supports in found)


def test_project_lies_in_its_commune_else_where_its_holder_does():
    actors = pd.DataFrame({"actor_id": ["a"], "commune_code": ["X"]})
    communes = pd.DataFrame({"commune_code": ["X", "Y"], "population": [1, 1]})
    projects = pd.DataFrame(
        {
            "project_id": ["p", "q", "r", "s"],
            "holder_name": ["A", "B", "C", "A"],
            "actor_id": ["a", None, None, "a"],
            "commune_code": [None, "Y", None, "Y"],
            "year": [2024, None, 2020, 2023],
            "amount_eur": [100.0, np.nan, 7.0, 5.0],
        }
    )
    at_holder = supports_of(projects, Tables(actors, communes, "partial"), "commune", "X")
    assert list(at_holder.projects["project_id"]) == ["p"]
    assert (at_holder.known_eur, at_holder.known, at_holder.unknown, at_holder.everywhere) == (100.0, 1, 0, 1)
    elsewhere = supports_of(projects, Tables(actors, communes, "partial"), "commune", "Y")
    assert list(elsewhere.projects["project_id"]) == ["s", "q"]
    assert (elsewhere.known_eur, elsewhere.unknown) == (5.0, 1)


def test_sums_add_only_what_is_known_and_keep_what_has_no_key():
    projects = pd.DataFrame({"amount_eur": [100.0, np.nan, 50.0, np.nan]})
    keys = pd.Series([["a", "b"], ["a"], [], ["b"]])
    sums = sums_by(projects, keys)
    assert sums["key"].tolist()[:2] == ["a", "b"]
    assert pd.isna(sums["key"].iloc[2])
    assert sums["projects"].tolist() == [2, 2, 1]
    assert sums["known"].tolist() == [1, 1, 1]
    assert sums["known_eur"].tolist() == [100.0, 100.0, 50.0]
    assert sums["unknown"].tolist() == [1, 1, 0]


@pytest.mark.parametrize("level", LEVELS)
def test_every_project_is_placed_once_or_not_at_all(starter_snapshot, level):
    tables, projects = Tables.of(starter_snapshot), starter_snapshot.table("projects")
    where = where_supported(projects, tables, level)
    assert where.index.equals(projects.index)
    known = where.dropna()
    assert set(known) <= set(tables.communes[LEVEL_COLUMN[level]].dropna())
    assert len(known) >= projects["commune_code"].notna().sum()
