"""Legal form, domains and employer of register rows: decided cases, every official code, and what never changes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.build import word_tables
from essmap.build.classify import domains_of, is_employer, legal_form, naf_domains
from essmap.errors import DataError

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "test-only"
#: Beginnings of the legal categories that are outside the ESS by form, on purpose: natural persons and bodies without
#: personality, foreign law, public law, GIE, civil companies, social security, works councils, unions, co-ownership...
OUTSIDE = ("0", "1", "2", "3", "4", "62", "65", "69", "7", "81", "83", "84", "85", "91", "9224", "9240", "99")
#: A company says nothing by its form: its name, a list or the ESS flag do.
COMPANY = "5"


def text(*values: object) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def form(category: str, name: str = "", **more: str) -> str:
    return legal_form(text(category), text(name), **{key: text(value) for key, value in more.items()}).iat[0]


def domains(naf: str = "", name: str = "", activity: str = "") -> list[str]:
    return domains_of(text(naf), text(name), text(activity)).iat[0]


def official(name: str) -> list[str]:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} is not at hand beside this checkout")
    return sorted(json.loads(path.read_text(encoding="utf-8")))


def test_every_legal_category_is_classified_or_outside_on_purpose() -> None:
    """Each INSEE category has a form, is a company that other signs decide, or begins like one named as outside."""
    codes = pd.Series(official("natures-juridiques.json"))
    found = legal_form(codes, pd.Series("", index=codes.index))
    assert set(found) <= set(reference.legal_forms().index)
    undecided = codes[found == "unknown"]
    assert undecided.str.startswith((*OUTSIDE, COMPANY)).all()
    assert (
        not codes[found != "unknown"].str.startswith(OUTSIDE).sum() - codes[found != "unknown"].str[:2].eq("65").sum()
    )


def test_ess_flag_makes_every_undecided_company_and_nothing_else_commercial() -> None:
    """With the flag, no company stays unknown, and no row that is not a company changes."""
    codes = pd.Series(official("natures-juridiques.json"))
    names = pd.Series("Maison Imaginaire", index=codes.index)
    plain = legal_form(codes, names)
    flagged = legal_form(codes, names, ess=pd.Series("yes", index=codes.index))
    assert set(flagged[codes.str.startswith(COMPANY)]) == {"scop", "other_cooperative", "commercial_ess"}
    assert flagged[plain != flagged].eq("commercial_ess").all()
    assert codes[plain != flagged].str.startswith(COMPANY).all()
    assert legal_form(codes, names, ess=pd.Series("no", index=codes.index)).equals(plain)


@pytest.mark.parametrize(
    ("category", "name", "expected"),
    [
        ("5710", "SCIC LES CHAMPS INVENTES", "scic"),
        ("5710", "Les Champs Inventés S.C.I.C.", "scic"),
        ("5710", "SOCIETE COOPERATIVE D'INTERET COLLECTIF FEINTE", "scic"),
        ("5460", "Société coopérative d’intérêt collectif à responsabilité limitée Feinte", "scic"),
        ("5560", "FEINTE SCIC SA", "scic"),
        ("5560", "FEINTE", "other_cooperative"),
        ("5710", "FEINTE SCOP", "scop"),
        ("5710", "FEINTE, SOCIETE COOPERATIVE ET PARTICIPATIVE", "scop"),
        ("5499", "Société coopérative ouvrière de production Feinte", "scop"),
        ("5599", "FEINTE SOCIETE COOPERATIVE DE PRODUCTION D'HLM", "other_cooperative"),
        ("5458", "FEINTE", "scop"),
        ("5458", "FEINTE SCIC", "scop"),
        ("5710", "COOPERATIVE DES LIEUX FEINTS", "other_cooperative"),
        ("5710", "APPUI AUX SCOP", "unknown"),
        ("5710", "SERVICES AUX COOPERATIVES", "unknown"),
        ("5710", "SCOPAL", "unknown"),
        ("5710", "FEINTE", "unknown"),
        ("9220", "UNION REGIONALE DES SCOP", "association"),
        ("9220", "SCOP", "association"),
        ("9300", "FONDATION SCIC", "foundation"),
        ("6540", "SCI LA SCOP", "unknown"),
        ("7210", "COMMUNE DE SCIC", "unknown"),
        ("5785", "SELAS SCOP", "unknown"),
        ("5432", "SICA FEINTE", "other_cooperative"),
        ("", "SCOP FEINTE", "unknown"),
    ],
)
def test_name_gives_a_cooperative_form_only_where_the_category_allows(category, name, expected) -> None:
    """A SCIC or a SCOP is read off the name of a company, never off that of an association or of a mention."""
    assert form(category, name) == expected


def test_cooperative_word_comes_before_the_ess_flag() -> None:
    """A company of the ESS is a cooperative when its name says so, a commercial company otherwise."""
    assert form("5710", "SCOP FEINTE", ess="yes") == "scop"
    assert form("5710", "COOPERATIVE FEINTE", ess="yes") == "other_cooperative"
    assert form("5710", "FEINTE", ess="yes") == "commercial_ess"
    assert form("6540", "FEINTE", ess="yes") == "unknown"
    assert form("9240", "FEINTE", ess="yes") == "unknown"


def test_listed_company_has_the_form_of_the_list_and_its_page() -> None:
    """A SIREN of the list decides for a company; every line has a form, nine digits and a page."""
    table = reference.listed_forms()
    siren = table.index[0]
    assert form("5710", "Feinte", siren=siren, ess="yes") == table.loc[siren, "legal_form"]
    assert form("9220", "Feinte", siren=siren) == "association"
    assert table.index.str.fullmatch("[0-9]{9}").all()
    assert set(table["legal_form"]) <= {"scop", "scic", "other_cooperative"}
    assert table["source_url"].str.fullmatch(r"https?://\S+").all()


@pytest.mark.parametrize(
    ("naf", "name", "activity", "expected"),
    [
        ("88.91A", "LES JARDINS DE FEINTE", "", ["petite_enfance_jeunesse"]),
        ("88.91A", "MULTI ACCUEIL FEINT", "", ["petite_enfance_jeunesse"]),
        ("94.99Z", "LES JARDINS DE FEINTE", "", ["alimentation_agriculture"]),
        ("94.99Z", "FEINTE", "", []),
        ("88.99B", "FEINTE", "", ["inclusion_lien_social"]),
        ("88.99B", "RESSOURCERIE FEINTE", "", ["reemploi_dechets"]),
        ("88.99Y", "FEINTE", "", []),
        ("", "AAPPMA FEINTE", "", ["sport_loisirs", "environnement_biodiversite"]),
        ("", "Auto-école Feinte", "", ["mobilite"]),
        ("", "École de musique", "", ["culture_medias", "education_formation"]),
        ("", "CREDIT AGRICOLE FEINT", "", ["accompagnement_financement"]),
        ("", "HARMONIE FEINTE", "", ["culture_medias"]),
        ("", "HARMONIE MUTUELLE", "", ["sante_handicap"]),
        ("", "Feinte", "Aide à domicile", ["bien_vieillir", "sante_handicap"]),
        ("", "", "", []),
        (None, None, None, []),
        ("<script>", "<script>alert('vélo')</script>", "\x00\ud800", ["mobilite"]),
    ],
)
def test_domains_of_decided_rows(naf, name, activity, expected) -> None:
    """Codes, names and activities give the decided domains, the most telling first."""
    assert domains(naf, name, activity) == expected


def test_row_has_at_most_three_domains_and_keeps_the_strongest() -> None:
    """A row that names five fields keeps three."""
    found = domains(activity="Théâtre, ressourcerie, crèche, vélo, photovoltaïque et théâtre musical")
    assert len(found) == 3
    assert found[0] == "culture_medias"


def test_every_naf_code_gives_known_domains_or_is_counted_as_none() -> None:
    """A code alone gives the domains of the table, a mere hint its first; weights are 0 exactly without domain."""
    codes = pd.Series(official("codes-NAF.json"))
    read = naf_domains(codes)
    nothing = pd.Series("", index=codes.index)
    expected = [keys[:1] if weight == 1 else keys for keys, weight in zip(read["domains"], read["weight"], strict=True)]
    assert domains_of(codes, nothing, nothing).tolist() == expected
    assert set(read["status"]) == {"mapped", "no_domain"}
    assert (read["weight"].gt(0) == read["domains"].map(bool)).all()


def test_naf_2025_is_read_only_where_the_old_code_is_missing() -> None:
    """An equal 2025 code counts as the old one, another is unknown, and none is told apart from both."""
    old, new = text("88.91A", "", "", "", None), text("94.99Z", "88.91A", "88.99Y", "", None)
    read = naf_domains(old, new)
    assert read["status"].tolist() == ["mapped", "mapped", "unknown_code", "not_said", "not_said"]
    assert read["domains"].map(bool).tolist() == [True, True, False, False, False]
    found = domains_of(old, text("", "", "", "", ""), text("", "", "", "", ""), naf25=new)
    assert found.tolist() == read["domains"].tolist()


def test_domains_of_rows_with_one_code_are_not_shared() -> None:
    """Changing the list of one row changes no other."""
    read = naf_domains(text("88.91A", "88.91A"))["domains"]
    read.iat[0].append("x")
    assert read.iat[1] == ["petite_enfance_jeunesse"]


@pytest.mark.parametrize(
    ("employer", "band", "expected"),
    [
        ("O", "", True),
        ("o", "NN", True),
        ("N", "", False),
        ("N", "11", False),
        ("", "NN", False),
        ("", "00", True),
        ("", "01", True),
        ("", "53", True),
        ("", "", None),
        ("", "99", None),
        (None, None, None),
        ("[ND]", "[ND]", None),
    ],
)
def test_employer_follows_insee(employer, band, expected) -> None:
    """What INSEE says outright wins over an older band; an unknown code stays missing."""
    found = is_employer(text(employer), text(band))
    assert found.dtype == "boolean"
    assert (None if found.isna().iat[0] else bool(found.iat[0])) is expected


WORDS = st.sampled_from(
    ["vélo", "École", "de musique", "CRÈCHE", "Ehpad", "jardins", "d’insertion", "SCOP", "club", "été", "l’", "œuvre"]
)
TEXTS = st.one_of(st.text(), st.lists(WORDS, max_size=6).map(" ".join), st.none())
CODES = st.one_of(
    st.sampled_from(["88.91A", "94.99Z", "88.99B", "90.01Z", "88.99Y", ""]), st.text(max_size=7), st.none()
)
ROWS = st.lists(st.tuples(CODES, TEXTS, TEXTS), max_size=6)


def _read(rows: list[tuple]) -> list[list[str]]:
    columns = [pd.Series([row[place] for row in rows], dtype=object, index=["x"] * len(rows)) for place in range(3)]
    return domains_of(*columns).tolist()


@given(ROWS)
def test_domains_are_always_few_and_known_and_rows_do_not_matter_to_each_other(rows) -> None:
    """Whatever the values: 0 to 3 distinct known domains per row, the same whatever the order of the rows."""
    known = set(reference.domains().index)
    found = _read(rows)
    assert len(found) == len(rows)
    assert all(len(keys) <= 3 and len(set(keys)) == len(keys) and set(keys) <= known for keys in found)
    assert _read(rows[::-1]) == found[::-1]


@given(st.lists(WORDS, max_size=8), CODES)
def test_case_and_accents_never_change_what_is_read(words, code) -> None:
    """A name in capitals without accents, as registers write, is read like the name with them."""
    name = " ".join(words)
    bare = name.translate(str.maketrans({"é": "e", "è": "e", "É": "E", "È": "E", "œ": "oe", "’": "'"}))
    assert domains(code, name) == domains(code, name.upper()) == domains(code, bare.upper())
    assert form("5710", name) == form("5710", bare.lower())


@given(st.lists(st.tuples(st.one_of(st.text(), st.none()), st.one_of(st.text(), st.none())), max_size=6))
def test_forms_and_employers_never_fail_on_a_value(pairs) -> None:
    """Any text gives a known form and true, false or missing, on the same index."""
    left, right = (pd.Series([pair[place] for pair in pairs], dtype=object) for place in range(2))
    found = legal_form(left, right, ess=right, siren=left)
    assert set(found) <= set(reference.legal_forms().index)
    assert found.index.equals(left.index)
    assert len(is_employer(left, right)) == len(pairs)


@pytest.fixture
def unread():
    """Forget the tables of words around a test that breaks them."""
    yield
    word_tables.word_senses.cache_clear()
    word_tables.form_rules.cache_clear()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [("weights", "4", "weights"), ("weights", "", "weights"), ("domains", "jardinage", "weights")],
)
def test_broken_word_is_refused_with_its_line(column, value, rule, monkeypatch, unread) -> None:
    """A weight that is none, or a domain nobody knows, stops the build and says where."""
    table = reference.name_words().iloc[:3].copy()
    table.iloc[1, table.columns.get_loc(column)] = value
    monkeypatch.setattr(reference, "name_words", lambda: table)
    word_tables.word_senses.cache_clear()
    with pytest.raises(DataError, match=r"name_words\.csv") as caught:
        word_tables.word_senses()
    assert [(problem.rule, problem.row) for problem in caught.value.problems] == [(rule, 3)]


def test_pattern_without_a_word_is_refused(monkeypatch, unread) -> None:
    """A pattern of little words only is refused, since it would be found nowhere."""
    table = reference.name_words().rename(index={"velo": "de la *"})
    monkeypatch.setattr(reference, "name_words", lambda: table)
    word_tables.word_senses.cache_clear()
    with pytest.raises(DataError, match="de la") as caught:
        word_tables.word_senses()
    assert [problem.rule for problem in caught.value.problems] == ["pattern"]


def test_form_word_with_an_unknown_form_is_refused(monkeypatch, unread) -> None:
    """A form that is in no table stops the build."""
    table = reference.form_words()
    table.iloc[0, table.columns.get_loc("legal_form")] = "kolkhoz"
    monkeypatch.setattr(reference, "form_words", lambda: table)
    word_tables.form_rules.cache_clear()
    with pytest.raises(DataError, match="kolkhoz"):
        word_tables.form_rules()
