"""Which rows of several sources are one support: what must hold whatever the lists say. All rows are made up."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from essmap.build.same_supports import Kept, Supports, once
from essmap.schema.snapshot import Span
from essmap.schema.spans import is_in

_ROW = st.fixed_dictionaries(
    {
        "project_id": st.sampled_from(["liste-1", "liste-2", "p001-a"]),
        "actor_id": st.sampled_from([None, "a", "b"]),
        "holder_name": st.sampled_from(["A", "B"]),
        "programme": st.sampled_from(["P", "p", "Q"]),
        "year": st.sampled_from([pd.NA, 2023, 2024]),
        "amount_eur": st.sampled_from([float("nan"), 1.0, 2.0]),
        "title": st.sampled_from(["P", "Un", "Deux"]),
        "commune_code": st.sampled_from([None, "31395", "31069"]),
        "note": st.sampled_from([None, "Décision 1", "x ; Décision 2"]),
    }
)
_SPANS = st.lists(st.sampled_from([Span("P", 2023, 2023), Span("P", 2023, 2024), Span("Q", 2024, 2024)]), max_size=2)
_SOURCES = st.lists(st.tuples(st.lists(_ROW, max_size=5), _SPANS), min_size=1, max_size=4)


def sources(given_rows: list[tuple[list[dict[str, object]], list[Span]]]) -> list[Supports]:
    """Return what was gathered, and lists after it."""
    columns = [
        "project_id",
        "actor_id",
        "holder_name",
        "programme",
        "year",
        "amount_eur",
        "title",
        "commune_code",
        "note",
    ]
    found = []
    for number, (rows, spans) in enumerate(given_rows):
        frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns).astype({"year": "Int64"}))
        told = tuple(spans) if number else ()
        found.append(Supports(f"s{number}", f"Source {number}", frame, told, is_list=number > 0))
    return found


def is_declared(spans: tuple[Span, ...], row: pd.DataFrame) -> bool:
    return any(bool(is_in(span, row).iloc[0]) for span in spans)


def fates(kept: list[Kept]) -> list[tuple[int, int, str]]:
    """Source and position of every row, and what became of it."""
    found = []
    for number, one in enumerate(kept):
        for place, label in enumerate(one.supports.frame.index):
            gone = [name for name, rows in (("same", one.same), ("covered", one.covered)) if place in rows]
            stays = ["kept"] if label in one.frame.index else []
            assert len(gone) + len(stays) == 1  # each row has one fate
            found.append((number, place, (gone + stays)[0]))
    return found


@given(_SOURCES)
def test_what_takes_a_place_is_there_itself_and_rows_add_up(given_rows):
    """No support gives way to one that is not in the result; of a source, kept + gave way are all."""
    given_sources = sources(given_rows)
    kept = once(given_sources)
    stays = {(number, place) for number, place, fate in fates(kept) if fate == "kept"}
    for one in kept:
        assert len(one.frame) + one.lost == len(one.supports.frame)
        assert stays >= set(one.same.values())
        taken = Counter(one.same.values())
        assert all(n == 1 for n in taken.values())  # a row takes the place of one row of each source at most


@given(_SOURCES)
def test_complete_lists_keep_their_rows_against_lists_that_declare_nothing(given_rows):
    """A row within its own list's span gives way only to a later list that declares it too; others leave the span."""
    given_sources = sources(given_rows)
    kept = once(given_sources)
    for number, place, fate in fates(kept):
        row = given_sources[number].frame.iloc[[place]]
        own = is_declared(given_sources[number].spans, row)
        earlier = any(is_declared(one.spans, row) for one in given_sources[:number])
        later = any(is_declared(one.spans, row) for one in given_sources[number + 1 :])
        assert (fate == "covered") == (later or (earlier and not own))
        if own and fate == "same":
            assert is_declared(given_sources[kept[number].same[place][0]].spans, row)


@given(_SOURCES)
def test_nothing_of_one_source_alone_gives_way(given_rows):
    """Rows of one list are never one, however alike."""
    for one in sources(given_rows):
        (kept,) = once([one])
        assert kept.lost == 0


@given(_SOURCES)
def test_a_list_that_is_given_twice_counts_once(given_rows):
    """Brought in again as it is, a dated row takes the place of itself: as many rows stay as one list has."""
    for one in sources(given_rows)[1:]:
        dated = one.frame[one.frame["year"].notna()]
        first, second = (Supports(key, key, dated, one.spans) for key in ("x", "y"))
        kept = once([first, second])
        assert [len(each.frame) for each in kept] == [0, len(dated)]


def test_an_identifier_that_came_back_takes_nothing_out_of_a_complete_list():
    """The same gathered identifier under another programme: the row of the complete list stays."""
    row = {"project_id": "p001-a", "actor_id": "a", "holder_name": "A", "programme": "P", "year": 2024,
           "amount_eur": 1.0, "title": "P", "commune_code": None, "note": None}  # fmt: skip
    span = Span("P", 2024, 2024)
    complete, later = sources([([], []), ([row], [span]), ([{**row, "programme": "Q", "title": "Q"}], [])])[1:]
    assert [one.lost for one in once([complete, later])] == [0, 0]
    assert [one.lost for one in once([Supports("z", "Z", complete.frame), later])] == [1, 0]
