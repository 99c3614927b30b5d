"""The files of ``data/reference``: complete, consistent with one another, and readable by anybody."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyproj
import pytest

from essmap import reference
from essmap.errors import DataError, SettingsError, SourceError
from essmap.reference import tables
from essmap.reference.scores import SCORES_FILE

REPO = Path(__file__).resolve().parents[3]
SHARED = REPO.parent / "shared" / "data"

# The plan's own list: the 21 domains and the axis of each ("" for none).
EXPECTED_DOMAINS = {
    "bien_vieillir": ("bien_vieillir",),
    "inclusion": (
        "inclusion_lien_social",
        "sante_handicap",
        "habitat_logement",
        "petite_enfance_jeunesse",
        "numerique",
    ),
    "insertion": ("insertion_emploi", "education_formation"),
    "bifurcation_ecologique": (
        "alimentation_agriculture",
        "reemploi_dechets",
        "energie_climat",
        "mobilite",
        "environnement_biodiversite",
    ),
    "": (
        "culture_medias",
        "sport_loisirs",
        "tiers_lieu",
        "accompagnement_financement",
        "artisanat_batiment",
        "industrie_services",
        "commerce_consommation",
        "tourisme_patrimoine",
    ),
}
LABELLED = {
    "axes": reference.axes,
    "domains": reference.domains,
    "families": reference.families,
    "legal_forms": reference.legal_forms,
    "positions": reference.positions,
    "source_kinds": reference.source_kinds,
    "support_kinds": reference.support_kinds,
}
# Words that would betray an untranslated label; none of them is a French word in these tables.
ENGLISH = {
    *("the", "of", "and", "by", "for", "from", "with", "none", "several", "unknown", "other", "housing"),
    *("food", "health", "energy", "cooperative", "mutual", "foundation", "commercial", "company", "grant"),
    *("support", "technical", "street", "address", "list", "press", "register", "own", "people", "work"),
    *("elderly", "waste", "reuse", "climate", "news", "learning", "trade", "building", "near", "business"),
}


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower()))


@pytest.mark.parametrize("name", sorted(LABELLED))
def test_labels_are_short_french_and_never_empty(name: str) -> None:
    """Every label has 1 to 32 characters, every explanation 1 to 160, and neither holds an English word."""
    frame = LABELLED[name]()
    assert not frame["label"].duplicated().any()
    for row in frame.itertuples():
        assert 0 < len(row.label) <= 32, row
        assert 0 < len(row.explanation) <= 160, row
        assert row.label == row.label.strip()
        assert row.explanation.endswith((".", "…")), row
        assert not (_words(row.label) | _words(row.explanation)) & ENGLISH, row


@pytest.mark.parametrize("name", sorted(tables._LAYOUTS))
def test_french_typography_has_no_plain_space_before_double_signs(name: str) -> None:
    """No text of a table has an ordinary space before ; : ! ? or inside guillemets, nor three dots."""
    text = (reference.data_dir() / "reference" / f"{name}.csv").read_text(encoding="utf-8")
    assert not re.findall(r" [;:!?»]|« |\.\.\.", text)
    assert "\r" not in text


@pytest.mark.parametrize("name", sorted(tables._LAYOUTS))
def test_every_table_is_in_the_readme(name: str) -> None:
    """The README of the folder has a row for every table and names all its columns."""
    readme = (reference.data_dir() / "reference" / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith(f"| `{name}.csv`")]
    assert len(rows) == 1
    assert ", ".join(tables._LAYOUTS[name].columns) in rows[0]


def test_folder_holds_only_known_tables() -> None:
    """Every CSV of the folder is a table the loader knows; beside them lie the README and the scores."""
    names = {path.name for path in (reference.data_dir() / "reference").iterdir()}
    assert names == {f"{name}.csv" for name in tables._LAYOUTS} | {"README.md", SCORES_FILE}


def test_domains_are_the_21_of_the_plan() -> None:
    """The domains, their axes and their order within an axis are those of the plan."""
    frame = reference.domains()
    found = {axis: tuple(frame.index[frame["axis"] == axis]) for axis in EXPECTED_DOMAINS}
    assert found == EXPECTED_DOMAINS
    assert len(frame) == 21


def test_axes_are_the_four_and_the_two_pseudo_axes() -> None:
    """The axes come in their order, the pseudo axes last, and ``none`` is a named choice."""
    frame = reference.axes()
    real = [axis for axis in EXPECTED_DOMAINS if axis]
    assert list(frame.index) == [*real, "several", "none"]
    assert frame.loc["none", "label"] == "Hors des quatre axes"


def test_legal_tables_point_at_each_other() -> None:
    """Every form has a known family and every category a known form of that same family."""
    families, forms, categories = (
        reference.families(),
        reference.legal_forms(),
        reference.legal_categories(),
    )
    assert set(forms["family"]) == set(families.index)
    assert set(categories["legal_form"]) <= set(forms.index)
    assert (forms.loc[categories["legal_form"], "family"].to_numpy() == categories["family"].to_numpy()).all()
    assert list(families.index[~families["in_ess_law"]]) == ["unknown"]
    assert categories.index.str.fullmatch("[0-9]{4}").all()


def test_unknown_categories_are_argued() -> None:
    """A category kept ``unknown`` on purpose says why in its note."""
    categories = reference.legal_categories()
    undecided = categories[categories["family"] == "unknown"]
    assert set(undecided.index) == {"5710", "9224", "9240"}
    assert undecided["note"].str.startswith("Décision").all()


def test_naf_patterns_are_prefixes_with_valid_domains() -> None:
    """Every pattern is a division, group, class or code, with at most three distinct known domains."""
    patterns = reference.naf_patterns()
    assert patterns.index.str.fullmatch(r"[0-9]{2}(\.[0-9]{1,2}[A-FZ]?)?").all()
    known = set(reference.domains().index)
    for pattern, keys in patterns["domains"].items():
        listed = keys.split(";") if keys else []
        assert len(listed) <= 3, pattern
        assert len(set(listed)) == len(listed), pattern
        assert set(listed) <= known, pattern
    assert (patterns["note"] != "").all()
    assert patterns["weight"].isin([0, 1, 2, 3]).all()
    assert ((patterns["weight"] == 0) == (patterns["domains"] == "")).all()


def test_only_public_pages_are_linked() -> None:
    """People get a link to official pages, own sites and press articles, and to nothing else."""
    kinds = reference.source_kinds()
    assert list(kinds.index[kinds["is_linked"]]) == ["official", "own_site", "press"]


def test_positions_have_three_looks() -> None:
    """The four precisions are drawn exact, near, approximate and approximate."""
    assert reference.positions()["look"].to_dict() == {
        "housenumber": "exact",
        "street": "near",
        "locality": "approximate",
        "municipality": "approximate",
    }


# A point in each kind of department (longitude, latitude), to check that its system covers it.
PLACES = {
    "31": (1.44, 43.6),
    "2A": (8.74, 41.93),
    "2B": (9.45, 42.7),
    "971": (-61.5, 16.2),
    "972": (-61.0, 14.6),
    "973": (-52.3, 4.9),
    "974": (55.5, -21.1),
    "976": (45.2, -12.8),
}


@pytest.mark.parametrize("code", sorted(PLACES))
def test_projected_crs_is_metric_and_covers_the_department(code: str) -> None:
    """The system of a department is projected, in metres, current, and covers a point of it."""
    crs = pyproj.CRS.from_epsg(reference.projected_crs(code))
    assert crs.is_projected
    assert {axis.unit_name for axis in crs.axis_info} == {"metre"}
    assert not crs.is_deprecated
    west, south, east, north = crs.area_of_use.bounds
    longitude, latitude = PLACES[code]
    assert west <= longitude <= east
    assert south <= latitude <= north


def test_departments_are_101_and_only_overseas_leaves_lambert_93() -> None:
    """There are 101 departments and exactly the five overseas ones have another system than 2154."""
    frame = reference.departments()
    assert len(frame) == 101
    assert set(frame.index[frame["projected_epsg"] != 2154]) == {"971", "972", "973", "974", "976"}
    assert frame.loc["31", ["name", "of_form", "in_form"]].tolist() == [
        "Haute-Garonne",
        "de la Haute-Garonne",
        "en Haute-Garonne",
    ]
    for row in frame.itertuples():
        name = re.escape(row.name.replace("'", "’"))
        assert re.fullmatch(r"(de |du |des |d’|de la |de l’)" + name, row.of_form), row
        assert re.fullmatch(r"(en |à |dans (le |la |les |l’))" + name, row.in_form), row


def test_projected_crs_accepts_any_case_and_refuses_the_rest() -> None:
    """A code in lower case works; an unknown one is named in a French error."""
    assert reference.projected_crs("2a") == 2154
    with pytest.raises(SettingsError, match="99"):
        reference.projected_crs("99")


def test_tables_come_as_copies() -> None:
    """Changing what a loader returned changes nothing for the next caller."""
    frame = reference.axes()
    frame.loc[:, "label"] = "x"
    assert "x" not in set(reference.axes()["label"])


@pytest.mark.parametrize(("table", "column", "keys"), [
    ("starter_actors.csv", "legal_form", reference.legal_forms),
    ("starter_actors.csv", "domains", reference.domains),
    ("starter_actors.csv", "geo_precision", reference.positions),
    ("starter_actors.csv", "source_kind", reference.source_kinds),
    ("starter_projects.csv", "domains", reference.domains),
    ("starter_projects.csv", "support_kind", reference.support_kinds),
])  # fmt: skip
def test_starter_rows_use_known_keys(table, column, keys) -> None:
    """Every key that a starter row uses is a row of its reference table."""
    path = SHARED / table
    if not path.is_file():
        pytest.skip(f"{table} is not at hand beside this checkout")
    values = pd.read_csv(path, dtype=str)[column].dropna().str.split(";").explode()
    assert len(values) > 0
    assert set(values) <= set(keys().index)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Provide an empty stand-in for ``data/`` and forget cached tables around the test."""
    (tmp_path / "reference").mkdir()
    monkeypatch.setattr(tables, "data_dir", lambda: tmp_path)
    tables._table.cache_clear()
    yield tmp_path / "reference"
    tables._table.cache_clear()


BROKEN = {
    "columns": ("key,label\na,A\n", "columns", 1),
    "empty key": ("key,label,explanation,order\n,A,B,1\n", "key", 2),
    "twice": ("key,label,explanation,order\na,A,B,1\na,C,D,2\n", "unique", 3),
    "order": ("key,label,explanation,order\na,A,B,first\n", "number", 2),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_broken_table_is_refused_with_its_line(case, folder) -> None:
    """A table that breaks a rule raises a DataError whose problem names the rule and the line."""
    text, rule, line = BROKEN[case]
    (folder / "support_kinds.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"support_kinds\.csv") as caught:
        reference.support_kinds()
    assert [(problem.rule, problem.row) for problem in caught.value.problems] == [(rule, line)]


def test_yes_no_columns_refuse_other_words(folder) -> None:
    """A cell that is neither yes nor no in a yes/no column is refused."""
    (folder / "source_kinds.csv").write_text("key,label,explanation,is_linked,order\na,A,B,oui,1\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        reference.source_kinds()
    assert [problem.value for problem in caught.value.problems] == ["oui"]


def test_missing_or_binary_table_is_a_source_error(folder) -> None:
    """A table that is absent or not UTF-8 raises a SourceError that names the file."""
    with pytest.raises(SourceError, match=r"axes\.csv"):
        reference.axes()
    (folder / "axes.csv").write_bytes(b"key,label\n\xff\xfe,1\n")
    with pytest.raises(SourceError, match=r"axes\.csv"):
        reference.axes()


def test_data_dir_finds_checkout_then_installed_package(tmp_path, monkeypatch) -> None:
    """The folder is found beside pyproject.toml, inside an installed package first, else it is an error."""
    package = tmp_path / "site" / "essmap"
    package.mkdir(parents=True)
    monkeypatch.setattr(tables, "_PACKAGE", package)
    (tmp_path / "site" / "data" / "reference").mkdir(parents=True)
    with pytest.raises(SourceError, match=r"pyproject\.toml"):
        tables.data_dir()
    (tmp_path / "site" / "pyproject.toml").touch()
    assert tables.data_dir() == tmp_path / "site" / "data"
    (package / "data" / "reference").mkdir(parents=True)
    assert tables.data_dir() == package / "data"
