"""Filters: what the address bar says, what the mask keeps, beside a row-by-row oracle."""

from __future__ import annotations

import random
import re
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essmap import reference
from essmap.schema.folding import fold
from essmap.view.filters import UNKNOWN_CANTON, WHERE_KINDS, Filters, SearchIndex, without

FILTERS_DRAWN = 150
LABELS = {**reference.domains()["label"], **reference.legal_forms()["label"]}
KNOWN = {
    "axe": [*reference.axes().index],
    "domaine": [*reference.domains().index],
    "famille": [*reference.families().index],
    "commune": ["31555", "31001"],
    "cp": ["31000", "31230"],
    "canton": ["3101", "3199"],
    "epci": ["243100518"],
}


def keys(name: str):
    return st.lists(st.sampled_from(KNOWN[name]), unique=True, max_size=4).map(tuple)


FILTERS = st.builds(
    Filters,
    words=st.text(st.characters(codec="utf-8"), max_size=100).map(str.strip),
    axes=keys("axe"),
    domains=keys("domaine"),
    families=keys("famille"),
    where=st.none() | st.sampled_from([(kind, code) for kind in WHERE_KINDS for code in KNOWN[kind]]),
    supported=st.booleans(),
    since=st.none() | st.integers(1000, 9999),
)


def test_bucket_of_a_shared_commune(starter_snapshot):
    """The actors of a shared commune without a canton are found under its bucket; its cantons hold the others."""
    actors = starter_snapshot.table("actors").copy()
    city = actors["commune_code"].eq("31555")
    located = city & actors["geo_precision"].isin(["housenumber", "street"])
    actors["canton_code"] = actors["canton_code"].where(~city, None).where(~located, "3117").astype("str")
    index = SearchIndex.build(actors, starter_snapshot.table("communes"), LABELS)
    assert index.mask(Filters(where=("canton", f"31555{UNKNOWN_CANTON}"))).tolist() == (city & ~located).tolist()
    assert index.mask(Filters(where=("canton", "3117"))).tolist() == located.tolist()
    assert index.mask(Filters(where=("commune", "31555"))).tolist() == city.tolist()


@given(FILTERS)
def test_address_bar_gives_back_what_was_asked(filters):
    """Any filters written to the address bar are read back the same; nothing empty is written."""
    query = filters.to_query()
    assert Filters.from_query(query, known=KNOWN) == filters
    assert all(query.values())
    assert (query == {}) == filters.is_empty


HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "<script>",
        "none,,none",
        "31555,31001",
        "'; drop",
        "0999",
        "٢٠٢٠",
        "20 20",
        "1e3",
        "-999",
        "oui,oui",
        "\0",
        "a" * 999,
    ]
)


@given(st.dictionaries(st.sampled_from([*KNOWN, "q", "soutenus", "depuis", "autre"]), HOSTILE))
def test_hostile_values_are_ignored(query):
    """Whatever the address bar says, only known values come through, and reading again changes nothing."""
    filters = Filters.from_query(query, known=KNOWN)
    assert set(filters.axes) <= set(KNOWN["axe"])
    assert set(filters.domains) <= set(KNOWN["domaine"])
    assert set(filters.families) <= set(KNOWN["famille"])
    assert filters.where is None or filters.where[1] in KNOWN[filters.where[0]]
    assert len(filters.words) <= 100
    assert filters.since is None or 1000 <= filters.since <= 9999
    assert Filters.from_query(filters.to_query(), known=KNOWN) == filters


@pytest.mark.parametrize("value", ["0999", "٢٠٢٠", "20200", "202", "+202", "2o20", " 2020", ""])
def test_only_years_of_four_digits_are_years(value):
    """Other digits, signs and lengths are no year."""
    assert Filters.from_query({"depuis": value}, known=KNOWN).since is None


def test_first_place_wins_and_repeats_are_dropped():
    """Two places keep the first kind; a key given twice counts once, in the order given."""
    query = {"cp": "31000", "commune": "31555", "axe": "insertion,none,insertion,nope"}
    filters = Filters.from_query(query, known=KNOWN)
    assert filters.where == ("commune", "31555")
    assert filters.axes == ("insertion", "none")


def bare(word: str) -> str:
    return re.sub("(?<=...)[sx]$", "", word)


def plain(text: object) -> str:
    if not isinstance(text, str):
        return ""
    text = text.replace("œ", "oe").replace("Œ", "oe")
    marks = unicodedata.normalize("NFKD", text.casefold())
    return "".join(mark if mark.isalnum() else " " for mark in marks if not unicodedata.combining(mark))


@pytest.fixture(scope="module")
def tables(starter_snapshot):
    return starter_snapshot.table("actors"), starter_snapshot.table("communes")


@pytest.fixture(scope="module")
def index(tables):
    return SearchIndex.build(*tables, LABELS)


def answers(actor, communes: dict[str, list[str]], filters: Filters) -> dict[str, bool]:
    """Say, filter by filter, whether one actor answers: the oracle, in plain Python."""
    keys = [*actor.domains, actor.legal_form]
    words = [
        actor.name,
        actor.activity,
        actor.commune_name,
        *(LABELS[key] for key in keys),
        *communes[actor.commune_code],
    ]
    text = " ".join(map(plain, words))
    said: dict[str, bool] = {}
    if filters.words:
        said["words"] = all(bare(word) in text for word in plain(filters.words).split())
    if filters.axes:
        said["axes"] = bool(set(filters.axes) & set(actor.axes)) or ("none" in filters.axes and not len(actor.axes))
    if filters.domains:
        said["domains"] = bool(set(filters.domains) & set(actor.domains))
    if filters.families:
        said["families"] = actor.family in filters.families
    if filters.where:
        kind, code = filters.where
        if kind == "cp":
            own = actor.postcode if isinstance(actor.postcode, str) else None
            said["where"] = own == code if own else code in communes[actor.commune_code]
        else:
            said["where"] = getattr(actor, f"{kind}_code") == code
    if filters.supported:
        said["supported"] = bool(actor.is_supported)
    if filters.since is not None:
        said["since"] = not pd.isna(actor.source_year) and actor.source_year >= filters.since
    return said


def drawn_filters(actors: pd.DataFrame) -> list[Filters]:
    chance = random.Random(31)  # noqa: S311  drawn, not secret
    words = sorted({word for name in actors["name"] for word in name.split()} | {"", "ÉCOLE", "crèche vélo", "zzz"})

    def some(values: list[str], most: int) -> tuple[str, ...]:
        return tuple(chance.sample(values, chance.choice([0, 0, 1, most])))

    drawn = []
    for _ in range(FILTERS_DRAWN):
        actor = actors.iloc[chance.randrange(len(actors))]
        kind = chance.choice([None, None, *WHERE_KINDS])
        code = chance.choice(["31000", "31100", "31200"]) if kind == "cp" else actor[f"{kind}_code"] if kind else ""
        drawn.append(
            Filters(
                words=chance.choice([chance.choice(words), "", ""]),
                axes=some(KNOWN["axe"], 2),
                domains=some(KNOWN["domaine"], 4),
                families=some(KNOWN["famille"], 3),
                where=(kind, code) if kind else None,
                supported=chance.random() < 0.2,
                since=chance.choice([None, None, 2015, 2024]),
            )
        )
    return drawn


def test_mask_and_relaxations_are_those_of_the_oracle(tables, index):
    """Over many drawn filters, the mask keeps the rows the oracle keeps, and each relaxation counts as it does."""
    actors, communes = tables[0], dict(zip(tables[1]["commune_code"], tables[1]["postcodes"], strict=True))
    rows = list(actors.itertuples())
    sizes = set()
    for filters in drawn_filters(actors):
        said = [answers(row, communes, filters) for row in rows]
        mask = index.mask(filters)
        assert mask.dtype == bool
        assert mask.tolist() == [all(one.values()) for one in said], filters
        relaxed = index.relaxations(filters)
        expected = {name: sum(all(v for k, v in one.items() if k != name) for one in said) for name in said[0]}
        assert dict(relaxed) == expected
        assert [n for _, n in relaxed] == sorted(expected.values(), reverse=True)
        for name, count in relaxed:
            assert index.mask(without(filters, name)).sum() == count
        sizes.add(int(mask.sum()))
    assert len(sizes) > 20


def straightforward_text(actors: pd.DataFrame, communes: pd.DataFrame, labels) -> list[str]:
    """Fold everything that is searched, row by row, as one text."""
    codes = dict(zip(communes["commune_code"], communes["postcodes"], strict=True))
    rows = []
    for actor in actors.fillna({"name": "", "activity": "", "commune_name": ""}).itertuples():
        words = [labels.get(key, "") for key in (*actor.domains, actor.legal_form)]
        parts = (actor.name, actor.activity, actor.commune_name, *words, *codes.get(actor.commune_code, ()))
        rows.append(fold(" ".join(parts)))
    return rows


def test_text_of_the_starter_data_is_the_straightforward_one(tables, index):
    """Folding each distinct part once gives, on the real rows, what folding each row gives."""
    assert index.text.tolist() == straightforward_text(*tables, LABELS)
    assert index.text.str.len().min() > 10


# Words, marks that combine with what stands before, characters that decompose to several, and nothing at all.
PARTS = st.lists(st.sampled_from(["", " ", "É", "\u0301", "ﬁ", "œ", "ß", "_-'", "\u00a8", "½", "Σ", "각", "a"])).map(
    "".join
) | st.text(max_size=12)


@given(st.lists(st.tuples(PARTS, st.none() | PARTS, PARTS), max_size=6), st.lists(PARTS, min_size=2, max_size=2), PARTS)
def test_text_of_any_rows_is_the_straightforward_one(rows, labels, postcode):
    """Whatever letters and marks the parts hold, also at the seams."""
    names = ("name", "activity", "commune_name")
    actors = actor_rows(*(dict(zip(names, row, strict=True)) for row in rows))
    communes = pd.DataFrame({"commune_code": ["31555"], "postcodes": [[postcode, "31100"]]})
    labelled = dict(zip(("numerique", "association"), labels, strict=True))
    index = SearchIndex.build(actors, communes, labelled)
    assert index.text.tolist() == straightforward_text(actors, communes, labelled)


def test_no_filter_keeps_everyone(index):
    """Empty filters keep every row and have nothing to relax."""
    assert index.mask(Filters()).all()
    assert index.relaxations(Filters()) == []


@pytest.mark.parametrize("written", ["creche", "CRÈCHE", "crèche", "Cre\u0300che", "  crèche  "])
def test_case_and_accents_do_not_matter(index, written):
    """However a word is written, it finds the same rows, and there are some."""
    mask = index.mask(Filters(words=written))
    assert mask.any()
    assert mask.tolist() == index.mask(Filters(words="crèche")).tolist()


def test_words_of_another_alphabet_find_nothing(index):
    """A word that no row holds finds nothing, even in letters that French has not."""
    for words in ("кафе", "مقهى", "漢字", "crèche кафе"):
        assert not index.mask(Filters(words=words)).any()


def test_keys_of_the_code_are_not_searched(index):
    """Words that people never see find nothing."""
    for words in ("other_cooperative", "unknown", "housenumber"):
        assert not index.mask(Filters(words=words)).any()


def actor_rows(*rows: dict[str, object]) -> pd.DataFrame:
    base = {
        "name": "A", "activity": None, "commune_name": "Toulouse", "domains": ["numerique"], "axes": ["inclusion"],
        "family": "association", "legal_form": "association", "commune_code": "31555", "canton_code": None,
        "epci_code": None, "postcode": None, "is_supported": False, "source_year": pd.NA,
    }  # fmt: skip
    frame = pd.DataFrame([{**base, **row} for row in rows], columns=list(base))
    texts = [
        "name",
        "activity",
        "commune_name",
        "family",
        "legal_form",
        "commune_code",
        "canton_code",
        "epci_code",
        "postcode",
    ]
    return frame.astype({**dict.fromkeys(texts, "str"), "source_year": "Int64", "is_supported": bool})


COMMUNES = pd.DataFrame({"commune_code": ["31555", "31001"], "postcodes": [["31000", "31100"], ["31230"]]})


def test_postcode_finds_its_rows_and_those_that_show_none():
    """A shown postcode decides alone; without one, an actor belongs to every postcode of its commune."""
    actors = actor_rows({"postcode": "31000"}, {"postcode": "31100"}, {}, {"commune_code": "31001"})
    index = SearchIndex.build(actors, COMMUNES, {})
    assert index.mask(Filters(where=("cp", "31000"))).tolist() == [True, False, True, False]
    assert index.mask(Filters(where=("cp", "31230"))).tolist() == [False, False, False, True]
    assert not index.mask(Filters(where=("cp", "99999"))).any()


def test_unknown_year_and_canton_answer_no_filter():
    """A row without year or canton is not found by them, and nothing fails."""
    index = SearchIndex.build(actor_rows({}, {"source_year": 2020, "canton_code": "3101"}), COMMUNES, {})
    assert index.mask(Filters(since=1000)).tolist() == [False, True]
    assert index.mask(Filters(where=("canton", "3101"))).tolist() == [False, True]


def test_empty_table_answers_every_filter():
    """No actor: every mask is empty and every relaxation counts zero."""
    index = SearchIndex.build(actor_rows(), COMMUNES, {})
    full = Filters("mot", ("none",), ("numerique",), ("mutual",), ("cp", "31000"), supported=True, since=2000)
    assert index.mask(full).shape == (0,)
    assert index.relaxations(full) == [(name, 0) for name, _ in index.relaxations(full)]
    assert len(index.relaxations(full)) == 7
    assert np.asarray(index.mask(Filters())).dtype == bool
