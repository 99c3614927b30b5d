"""Page Méthode: every method of the analysis has its section, whose numbers come from the code."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from essmap import analysis, reference
from essmap.analysis.coverage import CLASSES
from essmap.analysis.similar import FEATURES
from essmap.pages import method, navigation
from essmap.texts import page, t
from essmap.view.markup import outline

#: Where each module of the analysis is explained.
SECTIONS = {
    "access": ["acces", "score-acces"],
    "clusters": ["regroupements"],
    "coverage": ["structures", "employeurs", "completude", "ecarts", "constats"],
    "distances": ["acces"],
    "elsewhere": ["acces"],
    "funding": ["programmes"],
    "exact": ["hasard", "intervalle", "surdispersion", "plusieurs", "combien", "manquantes", "entonnoir"],
    "funnel": ["entonnoir"],
    "nearest": ["acces"],
    "needed": ["combien"],
    "portrait": ["territoire", "projets"],
    "priority": ["priorite"],
    "seen": ["completude"],
    "robustness": ["robustesse"],
    "similar": ["semblables"],
    "siting": ["implantation"],
    "smoothing": ["taux-lisse"],
    "units": ["cantons"],
}
#: Sections that say no method.
PLAIN = {"essentiel", "limites", "reproduire"}
#: Numbers that the text may hold: they are of the language or of mathematics, and no constant of the code.
TYPED = {"0", "1", "2", "63", "75", "100"}

TEXTS = Path(__file__).resolve().parents[3] / "essmap" / "texts" / "fr"
FENCE = re.compile(r"^```math\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANCHORS = [place.anchor for place in outline(page("method"))]


def data_with(name: str = "Grande-Ville") -> SimpleNamespace:
    """Return what the page reads of a made-up snapshot of two communes."""
    communes = pd.DataFrame(
        {"commune_code": ["31001", "31002"], "commune_name": ["Petit-Bourg", name], "population": [300, 700]}
    )
    sentence = SimpleNamespace(sentence="La liste d’essai est <partielle>.")
    return SimpleNamespace(
        snapshot=SimpleNamespace(table=lambda _name: communes),
        in_department="en Essai",
        manifest=SimpleNamespace(completeness={"actors": sentence, "projects": sentence}),
    )


def html_of(data: SimpleNamespace) -> str:
    return "".join(piece.content for piece in method.pieces(data) if piece.kind == "html")


def sections() -> dict[str, str]:
    """Return the HTML of each section by its anchor."""
    parts = re.split(r'(?=<h2 id="[a-z-]+">)', html_of(data_with()))
    return {re.match(r'<h2 id="([a-z-]+)">', part)[1]: part for part in parts if part.startswith("<h2")}


def test_every_module_of_the_analysis_is_explained():
    """Each public module of the analysis has at least one section, and every section but the plain ones is used."""
    folder = Path(analysis.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert set(SECTIONS) == modules
    named = {anchor for anchors in SECTIONS.values() for anchor in anchors}
    assert named <= set(ANCHORS)
    assert set(ANCHORS) - named == PLAIN | {"themes", "classement"}


def test_anchors_are_unique_and_on_the_page():
    """Each heading of level 2 has an identifier of its own."""
    html = html_of(data_with())
    assert len(ANCHORS) == len(set(ANCHORS)) > 20
    assert re.findall(r'id="([^"]+)"', html) == ANCHORS
    assert len(re.findall("<h2", html)) == len(ANCHORS)


@pytest.mark.parametrize("path", [*TEXTS.glob("*.md"), *TEXTS.glob("*.toml")], ids=lambda path: path.name)
def test_links_to_a_section_exist(path):
    """Every text that links to a section of the page links to one that is there."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(rf"{method.ADDRESS}#([\w-]+)", text)
    if path.name == "method.md":
        found += re.findall(r"\]\(#([\w-]+)\)", text)
        assert found
    assert [anchor for anchor in found if anchor not in ANCHORS] == []


@pytest.mark.parametrize("anchor", [anchor for anchor in ANCHORS if anchor not in PLAIN])
def test_a_section_tells_computes_and_limits(anchor):
    """A section opens with one plain paragraph, says how it is computed, then what it does not say."""
    html = sections()[anchor]
    opening = re.match(r"<h2[^>]*>.*?</h2>\n<p>(.*?)</p>", html, re.DOTALL)[1]
    assert len(re.sub("<[^>]+>", "", opening)) < 300
    assert "=" not in opening
    titles = re.findall(r"<h3>(.*?)</h3>", html)
    assert titles[:2] == ["Comment c’est calculé", "Ce que cela ne dit pas"]
    assert titles[2:] in ([], ["Références"])


def test_headings_never_jump():
    """After the page's title come headings of level 2, and of level 3 below them."""
    levels = [1, *(int(level) for level in re.findall(r"<h([1-6])", html_of(data_with())))]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_no_constant_is_typed():
    """The prose and the formulas hold no number but those of the language; constants are placeholders."""
    text = page("method")
    typed = [number for formula in FENCE.findall(text) for number in re.findall(r"\d+", formula)]
    prose = re.sub(r"^### Références$.*?(?=^#|\Z)", "", FENCE.sub("", text), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`]*`|E2SFCA", "", prose)
    typed += re.findall(r"\d+(?:[,.]\d+)?", prose)
    assert set(typed) <= TYPED


def test_nothing_is_left_to_fill():
    """Every placeholder of text and formulas has its value, and none is empty."""
    pieces = method.pieces(data_with())
    left = [piece for piece in pieces if re.search(r"\{[a-z_]+\}" if piece.kind == "html" else r"\$", piece.content)]
    assert left == []
    assert re.search(r"\b(nan|none|inf)\b", html_of(data_with()), re.IGNORECASE) is None


def test_the_largest_commune_is_named_with_its_share():
    """The page names the commune that a badge leaves out, from the data, and its share."""
    html = html_of(data_with())
    assert "Grande-Ville compte 70\u202f% des habitants" in html


def test_data_cannot_inject():
    """The name of a commune and a sentence of the manifest are text."""
    html = html_of(data_with("<script>alert(1)</script>"))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;partielle&gt;" in html


def test_without_any_commune_there_is_still_a_page():
    """A snapshot without communes gives a page with words in place of the name, and no division by zero."""
    data = data_with()
    data.snapshot.table = lambda _name: pd.DataFrame({"commune_code": [], "commune_name": [], "population": []})
    html = html_of(data)
    assert t("method.largest") in html


def test_contents_lead_to_every_section():
    """The contents link to every section in their order, but to what stands above them."""
    html = method.contents(outline(page("method")))
    assert re.findall(r'href="#([a-z-]+)"', html) == ANCHORS[1:]


def test_page_runs_as_streamlit_runs_it(monkeypatch):
    """Drawn by Streamlit: one title first, every formula set, nothing raised."""
    monkeypatch.setattr(method, "TEST_DATA", data_with(), raising=False)
    run = AppTest.from_string("from essmap.pages import method\nmethod.show(method.TEST_DATA)\n").run()
    assert not run.exception
    assert len(run.latex) == len(FENCE.findall(page("method")))
    assert run.get("html")[0].proto.body.startswith('<header class="essmap-head"><h1')


def test_the_scores_of_the_classification_are_shown():
    """The page shows the scores that the reference measured."""
    measured = reference.classification_scores()
    shown = html_of(data_with())
    assert all(f"{score.f1:.2f}".replace(".", ",") in shown for score in measured.scores.values())


def test_the_menu_has_the_page_before_data():
    """The page stands in the menu, just before Données."""
    keys = [key for key, (_, _, in_menu) in navigation.PAGES.items() if in_menu]
    assert keys.index("method") == keys.index("data") - 1


def test_typography():
    """Double punctuation and guillemets have no ordinary space that could end a line; nothing is in straight quotes."""
    prose = re.sub(r"`[^`]*`", "", FENCE.sub("", page("method")))
    assert re.findall(r"[^\n] [;:!?»]|« |'|\"", prose) == []


def test_numbers_in_words_are_those_of_the_code():
    """« Huit constats », « trois caractères » and « quatre axes » are as many as the code has."""
    text = page("method")
    axes = [key for key in reference.axes().index if key not in {reference.NO_AXIS, reference.SEVERAL_AXES}]
    said = {
        "Les huit constats": len(CLASSES) == 8,
        "Trois caractères": len(FEATURES) == 3,
        "quatre axes": len(axes) == 4,
    }
    assert [words for words, holds in said.items() if words not in text or not holds] == []
