"""The made-up snapshot of trials: valid, said to be made up, and with the lacks it names."""

from __future__ import annotations

import pytest

from benchmarks.made_up import EXCESS, LACK, NO_PAGE, made_up_snapshot, made_up_tilts, main
from essmap.analysis.coverage import Question, Tables, Theme, coverage
from essmap.store import Store

ROWS = 12_000


@pytest.fixture(scope="module")
def snapshot():
    """The exhaustive one."""
    return made_up_snapshot(ROWS, is_exhaustive=True)


def test_everything_says_that_it_is_made_up(snapshot):
    """Manifest, sources, names and pages: nobody can take a row for a real one."""
    assert snapshot.manifest.is_made_up
    made = [source for source in snapshot.manifest.sources if source.key.startswith("made_up")]
    assert all("inventées" in source.title for source in made)
    assert len(made) == 2
    assert snapshot.table("actors")["name"].str.contains("inventée").all()
    projects = snapshot.table("projects")
    assert all(projects[name].str.contains("invent").all() for name in ("title", "programme", "note"))
    assert set(projects["source_url"]) == {NO_PAGE}
    assert all(item.status == "exhaustive" for item in snapshot.manifest.completeness.values())


def test_rows_fit_the_pages(snapshot):
    """Employers are known for all, some amounts are not, and who is supported is who a project names."""
    actors, projects = snapshot.table("actors"), snapshot.table("projects")
    assert len(actors) == ROWS == snapshot.manifest.counts["actors"]
    assert actors["is_employer"].notna().all()
    assert set(actors.loc[actors["is_supported"], "actor_id"]) == set(projects["actor_id"].dropna())
    assert 0 < projects["amount_eur"].isna().mean() < 0.3
    assert projects["programme"].nunique() > 1


def test_lacks_and_excesses_are_there(snapshot):
    """Each pair that the notes name is far from what the population would give, on the side they say."""
    tilts = made_up_tilts(snapshot.table("cantons"))
    assert {LACK, EXCESS} < set(tilts.values())
    for (canton, domain), factor in tilts.items():
        theme = Theme("domain", domain) if domain else Theme()
        table = coverage(Tables.of(snapshot), Question("canton", theme, count="all"))
        ratio = float(table.set_index("code").at[canton, "ratio"])
        assert (ratio < 0.75) if factor < 1 else (ratio > 1.25), (canton, domain, ratio)
    assert len(snapshot.manifest.notes) == len(tilts)


def test_command_keeps_a_snapshot_that_loads(tmp_path, capsys):
    """What the command makes is the current snapshot of its folder; partial unless asked."""
    main(["--rows", "300", "--projects", "20", "--out", str(tmp_path)])
    kept = Store(str(tmp_path)).load("31")
    assert len(kept.table("actors")) == 300
    assert kept.manifest.is_made_up
    assert kept.manifest.completeness["actors"].status == "partial"
    assert kept.manifest.build_id in capsys.readouterr().out
