"""What a build makes of the starter data."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import shapely

from essmap import reference
from essmap.build.starter import build_starter, new_build_id
from essmap.errors import DataError, SourceError
from essmap.schema.tables import TABLES, validate
from essmap.sources.starter import (
    ACTORS_FILE,
    FIGURES_FILE,
    PROJECTS_FILE,
    read_actors,
    read_figures,
    read_projects,
    starter_folder,
)

ACTORS, PROJECTS, COMMUNES, CANTONS, EPCI, POPULATION = 396, 68, 586, 22, 18, 1_471_468
#: Actors of the starter file with a position finer than their commune.
LOCATED = 76


@pytest.fixture(scope="module")
def raw():
    return read_actors(starter_folder("31")).frame.reset_index(drop=True)


@pytest.fixture(scope="module")
def raw_projects():
    return read_projects(starter_folder("31")).frame.reset_index(drop=True)


@pytest.fixture
def actors(starter_snapshot):
    return starter_snapshot.layer("actors")


@pytest.fixture
def projects(starter_snapshot):
    return starter_snapshot.layer("projects")


def test_build_then_info_give_the_published_numbers(essmap, tmp_path):
    """The two commands, in their own processes, count what the starter data holds and what became of it."""
    root = tmp_path / "snapshots"
    built = essmap("build", "--out", root)
    assert (built.code, built.err) == (0, "")
    answer = essmap("info", "--snapshot", root, "--json")
    assert (answer.code, answer.err) == (0, "")
    said = json.loads(answer.out)
    assert said["rows_in"] == ACTORS
    assert said["actors"] == said["rows_in"] - said["merged"] - said["rejected"]
    assert [said[name] for name in ("projects", "cantons", "communes", "epci", "population")] == [
        PROJECTS, CANTONS, COMMUNES, EPCI, POPULATION,
    ]  # fmt: skip
    assert said["completeness"] == {"actors": "partial", "projects": "partial"}
    assert said["department"] == "31"
    report = essmap("info", "--snapshot", root)
    assert all(f"{number}" in report.out for number in (ACTORS, PROJECTS, CANTONS, COMMUNES, EPCI))
    assert report.out.count("partielle") >= 2


def test_every_table_keeps_its_schema(starter_snapshot):
    """All tables are there, each valid."""
    assert set(starter_snapshot.tables) == set(TABLES)
    for name, table in TABLES.items():
        validate(starter_snapshot.tables[name], table)


def test_counts_of_the_manifest_are_those_of_the_tables(starter_snapshot):
    """Counts, rows and sources of the manifest add up."""
    manifest = starter_snapshot.manifest
    assert manifest.counts == {name: len(frame) for name, frame in starter_snapshot.tables.items()}
    assert manifest.population == POPULATION == starter_snapshot.table("communes")["population"].sum()
    assert manifest.rows_in == manifest.counts["actors"] + manifest.merged + manifest.rejected
    for source in manifest.sources:
        assert source.rows_in == source.rows_kept + source.rows_merged + sum(source.rows_rejected.values()), source.key
        assert source.sha256
        assert source.licence


def test_no_row_is_lost_nor_renamed(actors, projects, raw, raw_projects):
    """Identifiers, names and titles are those of the files, in their order."""
    assert actors["actor_id"].tolist() == raw["id"].tolist()
    assert actors["name"].tolist() == raw["name"].tolist()
    assert projects["project_id"].tolist() == raw_projects["project_id"].tolist()
    assert projects["title"].tolist() == raw_projects["title"].tolist()


def test_positions_are_those_given_unless_masked(actors, raw, communes):
    """A given position is kept with its precision; every other row stands on its commune's reference point."""
    masked = actors["is_sensitive"] | (raw["address"].ne("") & actors["address"].isna())
    kept = raw["lon"].ne("") & ~masked
    finer = actors["geo_precision"].ne("municipality")
    assert finer.tolist() == kept.tolist()
    assert int(finer.sum()) == LOCATED == int(raw["lon"].ne("").sum()) - int((raw["lon"].ne("") & masked).sum())
    assert actors["geo_precision"][kept].tolist() == raw["geo_precision"][kept].tolist()
    given = shapely.points(raw["lon"][kept].astype(float), raw["lat"][kept].astype(float))
    assert shapely.equals(actors.geometry[kept].to_numpy(), given).all()
    centres = communes.set_index("commune_code").loc[actors["commune_code"][~kept]]
    assert actors.geometry[~kept].x.tolist() == centres["point_lon"].tolist()
    assert actors.geometry[~kept].y.tolist() == centres["point_lat"].tolist()


def test_every_point_is_in_its_commune(actors, projects, communes):
    """No actor and no project stands outside the outline of its commune."""
    outlines = communes.set_index("commune_code").geometry
    for frame in (actors, projects[projects["commune_code"].notna() & projects["actor_id"].isna()]):
        assert shapely.covers(outlines.loc[frame["commune_code"]].to_numpy(), frame.geometry.to_numpy()).all()


def test_territories_are_those_of_the_commune(actors, communes):
    """Commune name, canton and intercommunality of an actor are those of its commune."""
    place = communes.set_index("commune_code").loc[actors["commune_code"]]
    for column in ("commune_name", "canton_code", "epci_code"):
        assert actors[column].tolist() == place[column].tolist()


def test_what_is_not_known_stays_missing(actors, projects, raw, raw_projects):
    """An empty year or amount is missing, never zero; a given one is kept as it is."""
    for built, cells in ((actors["source_year"], raw["source_year"]), (projects["year"], raw_projects["year"])):
        assert built.isna().tolist() == cells.eq("").tolist()
        assert built.dropna().tolist() == [int(cell) for cell in cells if cell]
    amounts, cells = projects["amount_eur"], raw_projects["amount_eur"]
    assert amounts.isna().tolist() == cells.eq("").tolist()
    assert amounts.dropna().tolist() == [float(cell) for cell in cells if cell]
    assert 0 < amounts.isna().sum() < len(amounts)
    assert actors["is_employer"].isna().all()
    plain = projects.drop(columns="source_url")  # no page is the empty string: a list, or a protected holder
    assert not any((frame.select_dtypes("str") == "").any().any() for frame in (actors, plain))
    sensitive = actors.loc[actors["is_sensitive"], "actor_id"]
    assert set(projects.loc[projects["source_url"].eq(""), "actor_id"]) <= set(sensitive)


def test_axes_follow_domains(actors, projects):
    """The axes of a row are those of its domains in the reference table, each once, in its order."""
    axis_of, order = reference.domains()["axis"], list(reference.axes().index)
    for frame in (actors, projects):
        for domains, axes in zip(frame["domains"], frame["axes"], strict=True):
            assert 1 <= len(domains) <= 3
            assert axes == sorted({axis_of[key] for key in domains} - {""}, key=order.index)


def test_families_follow_legal_forms(actors):
    """The family of an actor is that of its legal form."""
    assert actors["family"].tolist() == reference.legal_forms()["family"].loc[actors["legal_form"]].tolist()


def test_supported_are_those_that_a_project_names(actors, projects):
    """An actor is supported if and only if a project names it."""
    named = set(projects["actor_id"].dropna())
    assert named
    assert set(actors["actor_id"][actors["is_supported"]]) == named


def test_projects_are_never_finer_than_their_holder(actors, projects, communes):
    """A project stands where its holder stands, else on its commune's reference point, else nowhere."""
    holders = actors.set_index("actor_id").geometry
    centres = communes.set_index("commune_code")
    kinds = set()
    for project in projects.itertuples():
        if isinstance(project.actor_id, str):
            kinds.add("holder")
            assert project.geometry.equals(holders[project.actor_id])
        elif isinstance(project.commune_code, str):
            kinds.add("commune")
            centre = centres.loc[project.commune_code]
            assert (project.geometry.x, project.geometry.y) == (centre["point_lon"], centre["point_lat"])
        else:
            kinds.add("department")
            assert project.geometry is None
    assert kinds >= {"holder", "department"}


def test_project_of_a_masked_holder_is_masked_too(starter_copy):
    """Where the holder is sensitive, the project stands on the commune's reference point, as the holder does."""
    rows = starter_copy.rows(ACTORS_FILE)
    named = {row["actor_id"] for row in starter_copy.rows(PROJECTS_FILE).values()}
    line, row = next((line, row) for line, row in rows.items() if row["lon"] and row["id"] in named)
    before = build_starter("31", folder=starter_copy.path)
    starter_copy.change(ACTORS_FILE, line, is_sensitive="yes")
    after = build_starter("31", folder=starter_copy.path)
    point = next(project.geometry for project in after.layer("projects").itertuples() if project.actor_id == row["id"])
    commune = after.layer("communes").set_index("commune_code").loc[row["commune_code"]]
    assert (point.x, point.y) == (commune["point_lon"], commune["point_lat"])
    moved = ~before.layer("projects").geometry.geom_equals(after.layer("projects").geometry, align=False)
    moved &= before.layer("projects").geometry.notna()
    assert set(after.table("projects")["actor_id"][moved]) == {row["id"]}


def test_figures_are_read_with_their_page(starter_snapshot):
    """Published figures keep value, year and page; only those marked for it are shown."""
    raw = read_figures(starter_folder("31")).frame
    figures = starter_snapshot.table("figures")
    assert figures["value"].tolist() == pd.to_numeric(raw["value"]).tolist()
    assert figures["is_shown"].tolist() == raw["display"].eq("yes").tolist()
    assert figures["source_url"].tolist() == raw["source_url"].tolist()


def test_empty_starter_files_build_an_empty_snapshot(starter_copy):
    """Headers without a row give a snapshot with no actor, valid and true to its counts."""
    for name in (ACTORS_FILE, PROJECTS_FILE, FIGURES_FILE):
        starter_copy.write(name, starter_copy.lines(name)[:1])
    snapshot = build_starter("31", folder=starter_copy.path)
    assert (snapshot.manifest.counts["actors"], snapshot.manifest.counts["projects"]) == (0, 0)
    assert snapshot.manifest.counts["communes"] == COMMUNES


def test_faulty_rows_refuse_the_whole_build(starter_copy):
    """One fault stops the build and travels with the error."""
    starter_copy.change(FIGURES_FILE, 2, value="beaucoup")
    with pytest.raises(DataError, match="1 défaut dans") as told:
        build_starter("31", folder=starter_copy.path)
    assert [(p.file, p.row, p.rule) for p in told.value.problems] == [(FIGURES_FILE, 2, "figure_value")]


def test_missing_pieces_are_said(starter_copy, tmp_path):
    """A department without starter data or geography and a folder without a file each get a sentence."""
    with pytest.raises(SourceError, match="données de départ pour le département 09"):
        build_starter("09")
    with pytest.raises(SourceError, match="géographie du département 09"):
        build_starter("09", folder=starter_copy.path)
    (starter_copy.path / PROJECTS_FILE).unlink()
    with pytest.raises(SourceError, match=PROJECTS_FILE.replace(".", "[.]")):
        build_starter("31", folder=starter_copy.path)


def test_steps_are_told_in_order():
    """Progress names each step once."""
    steps: list[str] = []
    build_starter("31", progress=steps.append)
    assert len(steps) == len(set(steps)) == 5
    assert "479" in steps[2].replace("\u202f", "")


def test_build_identifiers_sort_by_time_and_never_collide():
    """Two builds of the same second have two identifiers; a later second sorts after."""
    now = pd.Timestamp("2026-03-01T10:00:00Z").to_pydatetime()
    same = {new_build_id(now) for _ in range(100)}
    assert len(same) == 100
    assert max(same) < new_build_id(now + pd.Timedelta(seconds=1))
