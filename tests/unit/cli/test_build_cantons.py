"""`essmap build --cantons`: from the service once, then from disk; faults leave the snapshot in place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_cantons import send

from essmap.store import Store

TEST_ONLY = Path(__file__).resolve().parents[4] / "shared" / "data" / "test-only"
IGN_2018 = TEST_ONLY / "cantons_31_ign2018.geojson"


@pytest.fixture
def deployment(wfs, tmp_path, monkeypatch):
    """A deployment whose service is the stand-in: the folder of its snapshots."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESSMAP_WFS_URL", wfs.url)
    monkeypatch.setenv("ESSMAP_WFS_TIMEOUT", "10")
    monkeypatch.setenv("ESSMAP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ESSMAP_SNAPSHOTS", str(tmp_path / "snapshots"))
    return tmp_path / "snapshots"


@pytest.fixture
def ign(wfs):
    """The stand-in with the real cantons, as an edition of the service names their properties."""
    if not IGN_2018.is_file():
        pytest.skip(f"{IGN_2018.name} is not part of the project and is not at hand")
    found = json.loads(IGN_2018.read_text(encoding="utf-8"))["features"]
    for one in found:
        code, name = one["properties"]["code"], one["properties"]["nom"]
        one["properties"] = {"code_insee": f"31{code[-2:]}", "nom_officiel": name, "code_departement": "31"}
    wfs.features = found
    wfs.page_size = 10
    return wfs


def test_service_is_asked_once(cli, deployment, ign):
    """The first build asks the service, the second is offline and builds the same cantons."""
    assert cli("build", "--cantons", "ign").code == 0
    assert len(ign.requests) == 4
    first = Store(str(deployment)).load("31")
    ign.requests.clear()
    answer = cli("build", "--cantons", "ign")
    assert (answer.code, answer.err, ign.requests) == (0, "", [])
    second = Store(str(deployment)).load("31")
    assert first.manifest.build_id != second.manifest.build_id
    assert all(first.manifest.digests[name] == second.manifest.digests[name] for name in second.tables)
    record = next(source for source in second.manifest.sources if source.key == "canton_outlines")
    assert record.publisher == "IGN"
    assert record.fetched_at


def test_info_says_the_division(cli, deployment, ign):
    """What `info` prints and its JSON tell units from electoral cantons."""
    cli("build")
    assert "unités de communes entières" in cli("info").out
    assert json.loads(cli("info", "--json").out)["canton_division"] == "units"
    cli("build", "--cantons", "ign")
    answer = json.loads(cli("info", "--json").out)
    assert (answer["canton_division"], answer["cantons"], answer["population"]) == ("electoral", 27, 1_471_468)
    assert "cantons électoraux, avec leurs vrais contours" in cli("info").out


@pytest.mark.parametrize("fault", ["down", "html", "26", "twice", "metres"])
def test_faults_leave_the_snapshot_in_place(cli, deployment, ign, fault):
    """Whatever the service answers, one French sentence, exit code 4, and the current build is the old one."""
    cli("build")
    before = Store(str(deployment)).current("31")
    if fault == "down":
        ign.bad = [lambda h: send(h, 500, b"")] * 50
    elif fault == "html":
        ign.bad = [lambda h: send(h, 200, b"<html>")]
    elif fault == "26":
        del ign.features[3]
    elif fault == "twice":
        ign.features.append(ign.features[3] | {"id": "again"})
    else:
        ign.crs = "EPSG:2154"
    answer = cli("build", "--cantons", "ign")
    assert (answer.code, answer.out) == (4, "")
    assert "n’a pas changé" in answer.err
    assert Store(str(deployment)).builds("31") == [before]
    assert not (deployment.parent / "cache").exists()


def test_default_build_asks_nobody(cli, deployment, wfs):
    """Without the option nothing is fetched: 22 units."""
    assert cli("build").code == 0
    assert wfs.requests == []
    assert json.loads(cli("info", "--json").out)["cantons"] == 22


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--canton-populations", "p.csv"], 2, "ne sert qu’avec --cantons"),
        (["--cantons", "nowhere.geojson"], 4, "nowhere.geojson"),
        (["--cantons", "text.geojson"], 4, "GeoJSON ou un GeoPackage"),
        (["--cantons", "."], 4, "c’est un dossier"),
        (["--cantons", "empty.geojson"], 4, "Aucun contour"),
        (["--cantons", "crs.geojson"], 4, "système de coordonnées inconnu"),
        (["--cantons", "empty.geojson", "--canton-populations", "p.csv"], 4, "p.csv"),
        (["--cantons", "empty.geojson", "--canton-populations", "bad.csv"], 1, "bad.csv"),
    ],
)
def test_bad_files_are_said(cli, deployment, arguments, code, words):
    """Each bad file has its sentence and exit code."""
    Path("text.geojson").write_text("canton;31")
    Path("empty.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    Path("crs.geojson").write_text('{"crs": {"properties": {"name": "EPSG:1"}}, "features": []}')
    Path("bad.csv").write_text("canton_code,name,population,year,population_in_paris,colour\n3101,,x,2016,,red\n")
    answer = cli("build", *arguments)
    assert answer.code == code
    assert words in answer.err + answer.out
    assert not deployment.exists()
