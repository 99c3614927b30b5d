"""Codes and words to families, domains, axes and sensitive places."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.errors import DataError

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def _codes(name: str) -> pd.Series:
    path = SHARED / "test-only" / name
    if not path.is_file():
        pytest.skip(f"{name} is not at hand beside this checkout")
    return pd.Series(sorted(json.loads(path.read_text(encoding="utf-8"))))


def test_every_insee_legal_category_has_a_family_and_a_form() -> None:
    """All legal categories end in known keys, and every row of our table is a real category."""
    codes = _codes("natures-juridiques.json")
    found = reference.classify_legal_category(codes)
    assert set(found["family"]) <= set(reference.families().index)
    assert set(found["legal_form"]) <= set(reference.legal_forms().index)
    assert set(reference.legal_categories().index) <= set(codes)


def test_every_cooperative_label_is_classified_as_one() -> None:
    """Every category whose official label says cooperative is in the cooperative family."""
    path = SHARED / "test-only" / "natures-juridiques.json"
    if not path.is_file():
        pytest.skip("natures-juridiques.json is not at hand beside this checkout")
    labels = pd.Series(json.loads(path.read_text(encoding="utf-8")))
    named = labels.index[labels.str.contains("coopérati(?:ve|f)|SICA", case=False, regex=True)].to_series()
    assert len(named) > 40
    assert set(reference.classify_legal_category(named)["family"]) == {"cooperative"}


@pytest.mark.parametrize(
    ("code", "family", "form"),
    [
        ("5458", "cooperative", "scop"),
        ("5460", "cooperative", "other_cooperative"),
        ("5552", "cooperative", "other_cooperative"),
        ("5547", "cooperative", "other_cooperative"),
        ("6532", "cooperative", "other_cooperative"),
        ("6596", "cooperative", "other_cooperative"),
        ("5195", "cooperative", "other_cooperative"),
        ("6411", "mutual", "mutual"),
        ("8210", "mutual", "mutual"),
        ("9210", "association", "association"),
        ("9220", "association", "association"),
        (" 9230 ", "association", "association"),
        (9220, "association", "association"),
        (9220.0, "association", "association"),
        ("9300", "foundation", "foundation"),
        ("5710", "unknown", "unknown"),
        ("9224", "unknown", "unknown"),
        ("9240", "unknown", "unknown"),
        ("7210", "unknown", "unknown"),
        ("", "unknown", "unknown"),
        (None, "unknown", "unknown"),
        (float("nan"), "unknown", "unknown"),
        (10**400, "unknown", "unknown"),
    ],
)
def test_legal_category_gives_the_decided_family(code, family, form) -> None:
    """Hard and plain cases end where the table decides, whether text or number."""
    found = reference.classify_legal_category(pd.Series([code], index=["row"], dtype=object))
    assert found.loc["row"].tolist() == [family, form]


def test_every_naf_code_is_covered_and_every_pattern_serves() -> None:
    """All 732 codes of NAF rév. 2 have domains or a deliberate absence, and no pattern matches nothing."""
    codes = _codes("codes-NAF.json")
    found = reference.naf_to_domains(codes)
    assert set(found["status"]) == {"mapped", "no_domain"}
    known = set(reference.domains().index)
    assert all(set(keys) <= known for keys in found["domains"])
    assert ((found["status"] == "mapped") == found["domains"].map(bool)).all()
    assert all(codes.str.startswith(pattern).any() for pattern in reference.naf_patterns().index)


@pytest.mark.parametrize(
    ("code", "domains"),
    [
        ("88.10A", ["bien_vieillir", "sante_handicap"]),
        ("8810a", ["bien_vieillir", "sante_handicap"]),
        (" 88.99B ", ["inclusion_lien_social"]),
        ("47.79Z", ["reemploi_dechets", "commerce_consommation"]),
        ("46.31Z", ["alimentation_agriculture", "commerce_consommation"]),
        ("46.35Z", ["commerce_consommation"]),
        ("94.99Z", []),
        ("84.11Z", []),
    ],
)
def test_longest_naf_prefix_wins(code, domains) -> None:
    """A code follows its own row before its group, and its group before its division, dot or not."""
    assert reference.naf_to_domains(pd.Series([code])).loc[0, "domains"] == domains


def test_naf_status_tells_why_there_is_no_domain() -> None:
    """Too wide, malformed, of another nomenclature and missing are told apart from mapped."""
    codes = pd.Series(["88.91A", "94.99Z", "88.99Y", "91.3E", None, "04.00Z"], index=list("aabcde"))
    found = reference.naf_to_domains(codes)
    assert found["status"].tolist() == ["mapped", "no_domain", *["unknown_code"] * 4]
    assert found.index.tolist() == codes.index.tolist()


def test_naf_2025_code_follows_only_an_equal_code() -> None:
    """A 2025 code maps when it is written like a full code of the table; others and older ones do not."""
    codes = pd.Series(["88.91A", "88.99Y", "38.11Z", "88.91A"])
    names = pd.Series(["NAF25", "NAF2025", "NAF25", "NAFRev1"])
    found = reference.naf_to_domains(codes, nomenclature=names)
    assert found["status"].tolist() == ["mapped", "unknown_code", "unknown_code", "unknown_code"]
    assert found.loc[0, "domains"] == ["petite_enfance_jeunesse"]


def test_nomenclatures_of_another_length_are_refused() -> None:
    """One nomenclature too few is a programming error, not a silent shift."""
    with pytest.raises(ValueError, match="1 nomenclatures for 2 codes"):
        reference.naf_to_domains(pd.Series(["88.91A", "94.99Z"]), nomenclature=pd.Series(["NAFRev2"]))


_ANYTHING = st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans()), max_size=8)


@given(_ANYTHING)
def test_classification_never_fails_on_a_value(values) -> None:
    """Whatever the values, each classifier answers one row per value with keys of its tables."""
    series = pd.Series(values, dtype=object, index=["same"] * len(values))
    legal = reference.classify_legal_category(series)
    naf = reference.naf_to_domains(series)
    flags = reference.is_sensitive_text(series)
    assert len(legal) == len(naf) == len(flags) == len(values)
    assert set(legal["legal_form"]) <= set(reference.legal_forms().index)
    assert set(naf["status"]) <= {"mapped", "no_domain", "unknown_code"}
    assert flags.dtype == bool


@given(st.from_regex(r"[0-9]{2}\.[0-9]{2}[A-FZ]", fullmatch=True))
def test_dot_and_case_never_change_the_domains(code) -> None:
    """A code gives the same domains with or without dot, in capitals or not."""
    found = reference.naf_to_domains(pd.Series([code, code.replace(".", ""), code.lower()]))
    assert found.loc[0].tolist() == found.loc[1].tolist() == found.loc[2].tolist()


def test_domains_of_a_row_are_not_shared() -> None:
    """Changing the list of one row changes no other row nor the next call."""
    found = reference.naf_to_domains(pd.Series(["88.91A", "88.91A"]))
    found.loc[0, "domains"].append("x")
    assert found.loc[1, "domains"] == ["petite_enfance_jeunesse"]


def test_domain_axes_come_once_in_axis_order() -> None:
    """An actor has every axis of its domains, once, in the order of the table."""
    keys = ["mobilite", "culture_medias", "numerique", "energie_climat"]
    assert reference.domain_axes(keys) == ["inclusion", "bifurcation_ecologique"]
    assert reference.domain_axes(["culture_medias"]) == []
    assert reference.domain_axes([]) == []


def test_domain_axes_refuses_an_unknown_domain() -> None:
    """A domain that is in no table is named in the error."""
    with pytest.raises(DataError, match="jardinage"):
        reference.domain_axes(["mobilite", "jardinage"])


def test_main_axis_is_one_row_of_the_axes() -> None:
    """No axis, one axis and more give ``none``, that axis and ``several``, all drawn from the table."""
    assert reference.main_axis([]) == "none"
    assert reference.main_axis(["inclusion", "inclusion"]) == "inclusion"
    assert reference.main_axis(["inclusion", "insertion"]) == "several"
    assert {"none", "several"} <= set(reference.axes().index)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Aide aux femmes victimes de violences", True),
        ("VIOLENCES CONJUGALES 31", True),
        ("Centre d’hébergement d’urgence", True),
        ("Maison d'Enfants à Caractère Social", True),
        ("CADA de Toulouse", True),
        ("Mouvement pour la non-violence", False),
        ("Non-violence et aide aux victimes de violences", True),
        ("Fabrication d'hébergements d'urgence en palettes", False),
        ("Ensemble de violes de gambe", False),
        ("Académie de la cadabra", False),
        ("Crèche parentale", False),
        ("Association des parents d'élèves de l'école maternelle", False),
        ("Parents d'élèves de l'école Olympe de Gouges", False),
        (None, False),
    ],
)
def test_sensitive_words_match_whole_words_without_accents(text, flag) -> None:
    """Sensitive words are found whatever case, accents and apostrophes, and harmless uses are left alone."""
    assert reference.is_sensitive_text(pd.Series([text], dtype=object)).tolist() == [flag]


def test_sensitive_words_agree_with_the_reviewed_rows() -> None:
    """All 10 reviewed sensitive actors are found; exactly 4 of the 386 others are caught too."""
    path = SHARED / "starter_actors.csv"
    if not path.is_file():
        pytest.skip("starter_actors.csv is not at hand beside this checkout")
    actors = pd.read_csv(path, dtype=str)
    found = reference.is_sensitive_text(actors["name"] + " " + actors["activity"])
    reviewed = actors["is_sensitive"] == "yes"
    assert reviewed.sum() == 10
    assert found[reviewed].all()
    assert sorted(actors["name"][found & ~reviewed]) == [
        "AutonoMIE",
        "Enfanfare",
        "Entra'Mi (entraide migrants)",
        "Les Amis de l'Enfance – Centre André Bousquairol",
    ]
