"""The sheet as a PDF: tagged, in French, one or two pages, light, honest, and deaf to hostile text."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
import shapely
from pypdf import PdfReader

from benchmarks.made_up import made_up_actors
from essmap import reference
from essmap.schema.snapshot import Snapshot
from essmap.view.sheet import Gap, sheet_content, sheet_pdf
from essmap.view.sheet.drawing import territory_svg

GAPS = [Gap(axis, 3, 4.25) for axis in list(reference.axes().index)[:4]]
TERRITORIES = [
    ("canton", "3199"),
    ("canton", "3102"),
    ("epci", "243100518"),
    ("commune", "31395"),
    ("commune", "31002"),
]


def content_of(snapshot: Snapshot, level: str, code: str, **options):
    options = {
        "label": f"{level} {code}",
        "gaps": GAPS,
        "built_on": "24 novembre 2026",
        "site_title": "essmap",
    } | options
    return sheet_content(snapshot, level, code, **options)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in read(pdf).pages)


def structure(pdf: bytes, key: str) -> list[str]:
    """Return one attribute of the nodes of the structure tree, in reading order."""
    found: list[str] = []

    def walk(node) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif hasattr(node, "get"):
            if key in node:
                found.append(str(node[key]))
            if "/K" in node:
                walk(node["/K"])

    walk(read(pdf).trailer["/Root"]["/StructTreeRoot"])
    return found


@pytest.mark.parametrize(("level", "code"), TERRITORIES)
def test_sheet_is_tagged_french_short_and_light(starter_snapshot, level, code):
    pdf = sheet_pdf(content_of(starter_snapshot, level, code, label="Un territoire"))
    reader = read(pdf)
    root = reader.trailer["/Root"]
    assert str(root["/Lang"]).lower().startswith("fr")
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata.title == "Un territoire"
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    assert len(reader.pages) <= 2
    assert len(pdf) < 1_000_000
    tags = structure(pdf, "/S")
    assert tags.count("/H1") == 1
    assert {"/Table", "/TH", "/TD", "/H2", "/Figure"} <= set(tags)


def test_map_has_an_alternative_text(starter_snapshot):
    content = content_of(starter_snapshot, "canton", "3102", label="Canton de Luchon")
    assert "Canton de Luchon" in content.map["alt"]
    assert content.map["alt"] in structure(sheet_pdf(content), "/Alt")


def test_every_figure_has_its_limits_source_and_date(starter_snapshot):
    text = text_of(sheet_pdf(content_of(starter_snapshot, "canton", "3102")))
    for words in ("396 structures", "partiel", "24 novembre 2026", "Sources", "33 129", "Aucun montant communiqué"):
        assert words in text, words
    assert "sous-doté" not in text


def test_territory_without_actor_or_project_says_so(starter_snapshot):
    actors, communes = starter_snapshot.table("actors"), starter_snapshot.table("communes")
    empty = next(code for code in communes["commune_code"] if code not in set(actors["commune_code"]))
    text = text_of(sheet_pdf(content_of(starter_snapshot, "commune", empty)))
    assert "Aucune structure relevée" in text
    assert "Aucun projet connu de cet outil" in text


def test_exercise_and_made_up_data_are_written_across_the_pages(starter_snapshot):
    exercise = content_of(starter_snapshot, "canton", "3102", exercise=True)
    assert exercise.watermark == "CALCUL D’EXERCICE"
    assert "CALCUL D’EXERCICE" in text_of(sheet_pdf(exercise))
    made_up = replace(starter_snapshot, manifest=replace(starter_snapshot.manifest, is_made_up=True))
    assert content_of(made_up, "canton", "3102").watermark == "DONNÉES INVENTÉES"
    assert content_of(starter_snapshot, "canton", "3102").watermark is None


def test_verdict_column_comes_only_with_a_verdict(starter_snapshot):
    without = content_of(starter_snapshot, "canton", "3102")
    judged = content_of(
        starter_snapshot, "canton", "3102", gaps=[replace(gap, verdict="dans la moyenne") for gap in GAPS]
    )
    assert len(judged.axes.table.columns) == len(without.axes.table.columns) + 1
    assert "dans la moyenne" in text_of(sheet_pdf(judged))


def test_hostile_names_are_only_text(starter_snapshot):
    actors = starter_snapshot.layer("actors").copy()
    names = [
        '#import "/etc/passwd"',
        "$x^2$ *gras* _it_",
        "<script>alert(1)</script>",
        "#panic()",
        "\u202eabc مرحبا 🎉",
        "x" * 300,
    ]
    rows = actors.index[actors["canton_code"] == "3102"][: len(names)]
    actors.loc[rows, "name"] = names
    snapshot = replace(starter_snapshot, tables={**starter_snapshot.tables, "actors": actors})
    text = text_of(sheet_pdf(content_of(snapshot, "canton", "3102", label="#panic() <script>")))
    assert '#import "/etc/passwd"' in text
    assert "#panic() <script>" in text
    assert "*gras*" in text
    assert "🎉" not in text
    assert "abc □" in text


def test_same_data_gives_the_same_bytes(starter_snapshot):
    first, second = (sheet_pdf(content_of(starter_snapshot, "canton", "3102")) for _ in range(2))
    assert first == second


def test_unknown_territory_is_an_error(starter_snapshot):
    with pytest.raises(KeyError):
        content_of(starter_snapshot, "canton", "9999")


def test_drawing_escapes_names_and_stays_in_its_frame(starter_snapshot):
    communes = starter_snapshot.layer("communes").head(3).copy()
    communes["commune_name"] = "<script>&"
    shape = shapely.union_all(communes.geometry)
    none = starter_snapshot.layer("actors").head(0)
    svg = territory_svg(shape, communes, communes.head(0), none, 2154)
    assert "<script>" not in svg
    assert "&lt;script&gt;&amp;" in svg
    assert "href" not in svg


def test_structures_in_one_place_are_drawn_as_their_number(starter_snapshot):
    communes = starter_snapshot.layer("communes")
    own = communes[communes["commune_code"] == "31483"]
    actors = starter_snapshot.layer("actors")
    here = actors[actors["commune_code"] == "31483"].copy()
    here["geometry"] = here.geometry.iloc[0]
    svg = territory_svg(own.geometry.iloc[0], own, communes.head(0), here, 2154)
    assert f">{len(here)}</text>" in svg
    alone = territory_svg(own.geometry.iloc[0], own, communes.head(0), here.head(1), 2154)
    assert ">1</text>" not in alone


def test_a_crowd_leaves_few_marks_and_none_is_lost(starter_snapshot):
    communes = starter_snapshot.layer("communes")
    crowd = made_up_actors(3_000, communes)
    department = starter_snapshot.layer("department").geometry.iloc[0]
    svg = territory_svg(department, communes, communes.head(0), crowd, 2154)
    numbers = [int(re.sub(r"\D", "", text)) for text in re.findall(r'font-weight="600"[^>]*>([^<]*)</text>', svg)]
    alone = svg.count("<g transform")
    assert len(numbers) + alone <= 70
    assert sum(numbers) + alone == 3_000


def test_made_up_data_is_said_before_any_figure(starter_snapshot):
    made_up = replace(starter_snapshot, manifest=replace(starter_snapshot.manifest, is_made_up=True))
    text = text_of(sheet_pdf(content_of(made_up, "canton", "3102")))
    assert text.index("Données inventées pour les essais") < text.index("Chiffres clés")
