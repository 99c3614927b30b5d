"""Analyse des écarts in a real browser: a partial list is described, a complete one judged, an exercise marked."""

from __future__ import annotations

import io
import re
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import expect
from test_pages import ROOT, VERDICT, drawn, settled

from benchmarks.made_up import made_up_snapshot
from essmap.analysis.coverage import Question, Tables, Theme, coverage
from essmap.store import Store
from essmap.texts import t

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gaps")]

#: Words of findings, besides those of `VERDICT`: none may stand on a partial list outside the exercise.
FINDING = re.compile("|".join(map(re.escape, ("non concluant", "dans la moyenne", "à confirmer", "thème absent"))))
MADE_UP = 6_000
LACKING = "domaine=sport_loisirs&comptage=toutes"


@pytest.fixture(scope="module")
def partial(app_server, tmp_path_factory):
    """The app on the embedded, partial data."""
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(tmp_path_factory.mktemp("snapshots"))})


@pytest.fixture(scope="module")
def complete_snapshot():
    """A made-up list declared exhaustive."""
    return made_up_snapshot(MADE_UP, is_exhaustive=True)


@pytest.fixture(scope="module")
def complete(app_server, tmp_path_factory, complete_snapshot):
    """The app on the made-up complete list."""
    root = tmp_path_factory.mktemp("complete")
    Store(str(root)).save(complete_snapshot)
    return app_server(ROOT / "app.py", env={"ESSMAP_SNAPSHOTS": str(root)})


def main_text(page):
    return page.locator('[data-testid="stMain"]').inner_text()


def choose(page, label):
    """Choose an option of a radio group or of the questions, by what is seen."""
    page.locator('[data-testid="stMain"] label, [data-testid="stMain"] button').filter(
        has_text=re.compile(rf"^{re.escape(label)}$")
    ).first.click()
    settled(page)


@pytest.mark.parametrize("query", ["", "?niveau=epci&axe=insertion", "?niveau=commune", "?analyse=acces"])
def test_a_partial_list_is_described_at_every_level(page_at, partial, query):
    """No word of a finding stands on the page, its numbers are headed as partial, and nothing went wrong."""
    visit = page_at(f"{partial.url}/ecarts{query}")
    page = drawn(visit.page)
    text = main_text(page)
    assert "dans ce jeu de données partiel (396 structures relevées)" in text
    assert VERDICT.search(text) is None
    assert FINDING.search(text) is None
    assert not re.search(r"\bnan\b|<NA>|\bNone\b", text)
    assert visit.errors == []


@pytest.mark.parametrize("view", ["ou-agir", "zones", "priorites"])
def test_questions_without_an_honest_answer_are_refused(page_at, partial, view):
    """On a partial list they say why instead of answering: no map, no order of places."""
    page = settled(page_at(f"{partial.url}/ecarts?analyse={view}").page)
    expect(page.get_by_text("pas de réponse honnête")).to_be_visible()
    expect(page.locator("iframe")).to_have_count(0)
    expect(page.locator(".essmap-table")).to_have_count(0)
    assert VERDICT.search(main_text(page)) is None


def test_the_exercise_is_one_button_and_marks_everything(page_at, partial, tmp_path):
    """The button opens it, the page and the file say what it is, no link opens it, and one can leave."""
    page = drawn(page_at(f"{partial.url}/ecarts?axe=inclusion").page)
    page.get_by_role("button", name=t("gaps.exercise_open")).click()
    expect(page.locator(".st-key-essmap_exercise .essmap-warning")).to_contain_text("CALCUL D’EXERCICE")
    settled(page)
    watermark = page.locator(".st-key-essmap_exercise").evaluate("node => getComputedStyle(node).backgroundImage")
    assert "CALCUL" in watermark
    expect(page.locator(".essmap-finding").first).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {"axe": ["inclusion"]}
    page.get_by_role("button", name=t("opendata.menu.gaps")).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=t("opendata.format.csv")).click()
    page.keyboard.press("Escape")
    assert waiting.value.suggested_filename.startswith("exercice-")
    waiting.value.save_as(tmp_path / "file.csv")
    table = pd.read_csv(tmp_path / "file.csv", sep=";", decimal=",")
    assert table[t("gaps.columns.worth")].str.startswith("CALCUL D’EXERCICE").all()
    assert set(table[t("gaps.columns.status")]) == {t("gaps.status.exercise")}
    choose(page, t("gaps.views.siting"))
    expect(page.locator(".st-key-essmap_exercise .essmap-warning")).to_be_visible()
    again = drawn(page_at(page.url.replace("analyse=ou-agir", "")).page)
    expect(again.locator(".st-key-essmap_exercise")).to_have_count(0)
    page.get_by_role("button", name=t("gaps.exercise_leave")).click()
    expect(page.get_by_text("pas de réponse honnête")).to_be_visible()


def test_a_complete_list_is_judged_on_map_table_and_funnel(page_at, complete, complete_snapshot):
    """The map has hatching and thick outlines where the analysis says so; table and funnel are there."""
    visit = page_at(f"{complete.url}/ecarts?{LACKING}")
    page = drawn(visit.page)
    found = coverage(Tables.of(complete_snapshot), Question("canton", Theme("domain", "sport_loisirs"), "all"))
    kinds = found["class"].value_counts()
    frame = page.frame_locator("iframe")
    expect(frame.locator("path.essmap-filled")).to_have_count(22)
    n = int(kinds.get("under", 0) + kinds.get("over", 0))
    assert n > 0
    expect(frame.locator("path.essmap-established")).to_have_count(n)
    expect(page.locator(".essmap-finding-under")).to_have_count(int(kinds.get("under", 0)))
    expect(page.locator(".essmap-whisker")).to_have_count(22)
    expect(
        page.locator('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg').first
    ).to_be_visible()
    link = page.get_by_role("link", name=t("gaps.method_link"))
    assert link.get_attribute("href") == "./methode#ecarts"
    assert visit.errors == []
    assert visit.hosts() == {urlsplit(complete.url).netloc}


def test_the_address_says_the_question_and_opens_it_again(page_at, complete):
    """Question, theme, level and count travel in the address; the back button takes a choice back."""
    page = drawn(page_at(f"{complete.url}/ecarts?{LACKING}").page)
    choose(page, t("gaps.levels.epci"))
    expect(page).to_have_url(re.compile("niveau=epci"))
    expect(page.locator(".essmap-table caption").first).to_contain_text("par intercommunalité")
    again = drawn(page_at(page.url).page)
    expect(again.locator(".essmap-table caption").first).to_contain_text("par intercommunalité")
    heading = page.get_by_role("heading", level=2).first
    expect(again.get_by_role("heading", level=2).first).to_have_text(heading.inner_text())
    page.go_back()
    expect(page.locator(".essmap-table caption").first).to_contain_text("par canton")


def test_a_click_on_the_map_says_one_territory_in_a_sentence(page_at, complete):
    """A click chooses a territory: its sentence appears, and the address keeps it."""
    page = drawn(page_at(f"{complete.url}/ecarts?{LACKING}").page)
    box = page.frame_locator("iframe").locator(".leaflet-container")
    box.scroll_into_view_if_needed()
    size = box.bounding_box()
    box.click(position={"x": size["width"] * 0.42, "y": size["height"] * 0.62})
    expect(page).to_have_url(re.compile("territoire="))
    expect(page.locator(".essmap-nearest")).to_contain_text("attendues selon la population")


def test_supports_can_be_laid_over_the_gaps(page_at, partial):
    """The layer shows the supported structures, and only those."""
    page = drawn(page_at(f"{partial.url}/ecarts").page)
    choose(page, t("gaps.supports"))
    frame = page.frame_locator("iframe").last  # while the map with actors comes, the one without still stands
    frame.locator(".leaflet-container[data-drawn]").wait_for()
    expect(frame.locator("path.essmap-filled")).to_have_count(22)


def test_sites_and_what_a_commune_would_bring(page_at, complete):
    """The plan has as many sites as asked; a commune in the address is answered with its gain and rank."""
    address = f"{complete.url}/ecarts?analyse=ou-agir&domaine=numerique&nouvelles=2&km=5&ici=31483"
    page = drawn(page_at(address).page)
    table = page.locator("table").filter(has=page.locator("caption", has_text=t("reach.optimal")))
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".essmap-nearest")).to_contain_text("Et si c’était ici, Saint-Gaudens")
    expect(page.locator(".essmap-said").first).to_contain_text("Optimum prouvé")
    frame = page.frame_locator("iframe")
    expect(frame.locator("path.essmap-established")).to_have_count(1)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["nouvelles"], query["km"], query["ici"]) == (["2"], ["5"], ["31483"])


@pytest.mark.parametrize("view", ["acces", "zones", "priorites"])
def test_the_other_questions_answer_with_a_map_and_a_file(page_at, complete, view, tmp_path):
    """Each draws its map, says its answer, and gives the same numbers as a file marked made up."""
    visit = page_at(f"{complete.url}/ecarts?analyse={view}&axe=insertion")
    page = drawn(visit.page)
    expect(page.frame_locator("iframe").locator("path.essmap-filled").first).to_be_attached()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=t("gaps.csv")).click()
    content = waiting.value.path().read_bytes()
    table = pd.read_csv(io.BytesIO(content), sep=";", decimal=",")
    assert len(table) in {22, 586}
    assert waiting.value.suggested_filename.startswith("donnees-inventees-")
    assert not re.search(r"\bnan\b|<NA>|\bNone\b", main_text(page))
    assert visit.errors == []


def test_the_back_button_takes_back_a_proposal(page_at, complete):
    """What a question adds to the address follows the back button, and nonsense in it is left out."""
    nonsense = f"nouvelles={'9' * 5000}&km=abc&ici=%3Cscript%3E"
    page = drawn(page_at(f"{complete.url}/ecarts?analyse=ou-agir&domaine=numerique&{nonsense}").page)
    expect(page).to_have_url(re.compile("nouvelles=3&km=10$"))
    box = page.get_by_role("combobox", name=t("siting.here"))
    box.fill("Revel")
    page.get_by_role("option", name="Revel", exact=True).click()
    expect(page).to_have_url(re.compile("ici=31451"))
    expect(page.locator(".essmap-nearest")).to_contain_text("Revel")
    page.go_back()
    expect(page.locator(".essmap-nearest")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("ici="))


def test_a_territory_can_be_taken_back(page_at, complete):
    """Clearing the box clears the sentence and the address."""
    page = drawn(page_at(f"{complete.url}/ecarts?{LACKING}&territoire=3109").page)
    expect(page.locator(".essmap-nearest")).to_contain_text("attendues selon la population")
    page.locator('[data-testid="stSelectbox"]').filter(has_text=t("gaps.one_box")).get_by_role("button").first.click()
    expect(page.locator(".essmap-nearest")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("territoire"))


def test_opening_the_exercise_takes_the_reader_there(page_at, partial):
    """The warning has the focus, so that keyboard and screen reader go on from it."""
    page = drawn(page_at(f"{partial.url}/ecarts").page)
    page.get_by_role("button", name=t("gaps.exercise_open")).click()
    expect(page.locator(".essmap-warning")).to_be_focused()
