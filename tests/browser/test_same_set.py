"""Map, list, count and export are one set of actors, whatever is asked; and hostile names are only text everywhere."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from test_pages import ROOT, count_in_words, drawn

from essmap.store import Store
from essmap.texts import t

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("same_set")]

DRAWS = 12
ON_MAP = "[...map.essmap.actors.shown].map((row) => map.essmap.actors.actors.name[row])"
HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><script>document.title='owned'</script>",
    "L'« Atelier » d'\"Ici\" & Cie",
    "\u202eאבג عربي\u202c",
    "🎈 Vélo 👩‍🌾",
    "Zé" + "x" * 298,
    "*a* _b_ [c](https://exemple.fr) $d$ :smile: {name}",
]


@pytest.fixture(scope="module")
def site(app_server, tmp_path_factory):
    """The app on the embedded data."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path_factory.mktemp("snapshots"))})


def drawn_questions(actors):
    """Return questions as address-bar parameters, each made of one actor's own values: few are empty."""
    chance = random.Random(65)  # noqa: S311  drawn, not secret
    for _ in range(DRAWS):
        actor = actors.iloc[chance.randrange(len(actors))]
        whole = {
            "axe": ",".join(actor["axes"]) or "none",
            "domaine": actor["domains"][0],
            "famille": actor["family"],
            chance.choice(["commune", "epci"]): None,
            "depuis": chance.choice(["2015", "2022", "2025"]),
            "soutenus": "oui",
        }
        for kind in ("commune", "epci"):
            if kind in whole:
                whole[kind] = actor[f"{kind}_code"]
        yield {name: whole[name] for name in chance.sample(sorted(whole), chance.choice([1, 1, 2, 2, 3]))}


def answers(actor, question):
    """Say whether an actor answers: the oracle, in plain Python."""
    tests = {
        "axe": lambda value: bool({*(actor["axes"] if len(actor["axes"]) else ["none"])} & {*value.split(",")}),
        "domaine": lambda value: value in list(actor["domains"]),
        "famille": lambda value: actor["family"] == value,
        "commune": lambda value: actor["commune_code"] == value,
        "epci": lambda value: actor["epci_code"] == value,
        "depuis": lambda value: actor["source_year"] is not None and actor["source_year"] >= int(value),
        "soutenus": lambda _: bool(actor["is_supported"]),
    }
    return all(tests[name](value) for name, value in question.items())


def test_map_list_count_and_export_are_one_set(page_at, site, starter_snapshot):
    """For drawn filters, what is drawn, counted, listed and downloaded are the rows that an oracle keeps, in order."""
    table = starter_snapshot.table("actors")
    rows = table.astype({"source_year": object}).where(table.notna(), None).to_dict("records")
    sizes = set()
    for question in drawn_questions(table):
        expected = [row for row in rows if answers(row, question)]
        names = [row["name"] for row in expected]
        page = drawn(page_at(f"{site.url}/?{urlencode(question)}").page)
        assert count_in_words(page) == len(expected), question
        inside = page.frame_locator("iframe")
        expect(inside.locator(f'.leaflet-container[data-drawn="{len(expected)}"]')).to_be_visible()
        frame = next(frame for frame in page.frames if frame.parent_frame)
        assert frame.evaluate(ON_MAP) == names, question
        assert page.locator(".essmap-row h3").all_text_contents() == names[:20], question
        if expected:
            page.get_by_role("button", name=t("opendata.menu.actors")).click()
            with page.expect_download() as download:
                page.get_by_role("button", name=t("opendata.format.csv")).click()
            content = Path(download.value.path()).read_text(encoding="utf-8-sig")
            lines = list(csv.DictReader(io.StringIO(content, newline=""), delimiter=";"))
            assert [line["Identifiant"] for line in lines] == [row["actor_id"] for row in expected], question
        sizes.add(len(expected))
        page.context.close()
    assert len(sizes) > DRAWS // 2


def test_hostile_names_are_only_text_on_the_page(app_server, page_at, fresh_snapshot, tmp_path):
    """Made-up hostile names are shown as they are: list, buttons, card, status, nearest actor, embedded map."""
    build = fresh_snapshot()
    actors = build.tables["actors"].copy()
    rows = actors.index[actors["commune_code"] == "31028"][: len(HOSTILE)]
    hostile = HOSTILE[: len(rows)]
    actors.loc[rows, "name"] = hostile
    Store(str(tmp_path)).save(replace(build, tables={**build.tables, "actors": actors}))
    site = app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path)})
    assert len(hostile) >= 5

    visit = page_at(f"{site.url}/?commune=31028")
    page = drawn(visit.page)
    names = page.locator(".essmap-row h3").all_text_contents()
    assert set(hostile) <= set(names)
    said = [node.get_attribute("aria-label") for node in page.get_by_role("button", name="Voir la fiche").all()]
    assert said == [f"Voir la fiche\u00a0: {name}" for name in names]
    for name in hostile:
        page.locator(".st-key-essmap_rows button").nth(2 * names.index(name) + 1).click()
        expect(page.locator(".essmap-card h2")).to_have_text(name.strip())
        expect(page.locator("#essmap-announcer")).to_contain_text(name.strip())
        assert page.locator('[data-testid="stMain"]').evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    assert page.locator(".essmap-row img, .essmap-card img, .essmap-card script").count() == 0
    assert "owned" not in page.title()

    for row, name in zip(rows, hostile, strict=True):
        identifier = actors.at[row, "actor_id"]
        caption = page_at(f"{site.url}/?embed=true&acteur={identifier}").page.locator(".essmap-embed span")
        expect(caption).to_have_text(name)
    word = "Zé" + "x" * 98
    for query, name in (("q=smile", HOSTILE[6]), (f"q={word}", HOSTILE[5]), ("q=onerror", HOSTILE[0])):
        if name in hostile:
            page = drawn(page_at(f"{site.url}/?{query}&commune=31020").page)
            expect(page.locator(".essmap-nearest")).to_contain_text(name)
            expect(page.locator(".st-key-open_nearest button")).to_have_text(re.compile(re.escape(name)))
    assert visit.errors == []
