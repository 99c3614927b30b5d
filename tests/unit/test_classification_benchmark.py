"""The measure of the classification: its bar, and the committed scores that people read."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from benchmarks import classification
from essmap import reference
from essmap.errors import SourceError
from essmap.reference import scores


@pytest.fixture(scope="module")
def measured() -> scores.ClassificationScores:
    return classification.measure()


def test_name_and_activity_reach_the_bar_on_rows_kept_out(measured) -> None:
    """On the rows that were not tuned on, name and activity find the domains with a micro-F1 of 0.65 or more."""
    score = measured.scores["name_activity"]
    assert score.n > 150
    assert score.f1 >= 0.65


def test_committed_scores_are_those_measured(measured) -> None:
    """The file that people read holds exactly what the rows and the tables of today give."""
    assert reference.classification_scores() == measured
    path = reference.data_dir() / "reference" / scores.SCORES_FILE
    assert path.read_text(encoding="utf-8") == classification.written(measured)


def test_halves_are_apart_and_depend_on_the_id_alone() -> None:
    """Each row is in one half whatever its place; both halves are large; two digests worked out by hand agree."""
    ids = classification.starter_rows()["id"]
    held = classification.is_held_out(ids)
    assert held.sum() > 150
    assert (~held).sum() > 150
    assert classification.is_held_out(ids[::-1])[::-1].tolist() == held.tolist()
    # printf a | sha256sum ends in bb (odd), printf c | sha256sum ends in e6 (even)
    assert classification.is_held_out(pd.Series(["a", "c"])).tolist() == [True, False]


def test_micro_average_counts_pairs_of_row_and_domain() -> None:
    """Two right of three found and four given: precision 2/3, recall 1/2, F1 4/7."""
    score = classification.micro([{"a", "b"}, {"c", "d"}, set()], [["a", "x"], ["c"], []])
    assert (score.n, score.precision, score.recall, score.f1) == (3, 0.667, 0.5, 0.571)
    assert classification.micro([set()], [[]]).f1 == 0


def test_confusions_pair_what_was_missed_with_what_was_wrong() -> None:
    """A domain missed stands beside each wrong one of its row, or beside nothing; a right row counts nothing."""
    counts = classification.confusions([{"a", "b"}, {"c"}, {"d"}, {"e"}], [["a", "x"], [], ["d", "y"], ["e"]])
    assert counts == {("b", "x"): 1, ("c", "rien"): 1, ("rien", "y"): 1}


def test_stated_codes_are_real_certain_and_few() -> None:
    """Every code that a text makes sure of has a domain; only a part of the rows has one, and the measure says it."""
    table = pd.read_csv(classification.STATED_NAF, dtype="str")
    assert set(reference.naf_to_domains(table["naf"])["status"]) == {"mapped"}
    assert table["why"].notna().all()
    rows = pd.DataFrame({"name": ["Crèche", "Vélo", "Crèche"], "activity": ["", "", "Esat"]})
    assert classification.stated_naf(rows).tolist() == ["88.91A", "", ""]


def test_made_up_register_rows_are_the_same_each_time() -> None:
    """The made-up rows depend on the seed alone, and their shares add up to one."""
    assert classification.made_up_register(50).equals(classification.made_up_register(50))
    assert sum(share for _, share, _ in classification.MADE_UP) == pytest.approx(1)


def test_measure_prints_scores_confusions_and_shares(capsys) -> None:
    """What is printed names the three scores, the confusions, and that the register rows are made up."""
    classification.main([])
    printed = capsys.readouterr().out
    assert all(key in printed for key in ("name_activity", "name_naf", "Confusions by name", "invented"))


@pytest.mark.parametrize(
    "content", ["", "[]", '{"scores": {}}', '{"data_date": "x", "tuned_on": 1, "scores": {"a": 1}}']
)
def test_broken_scores_are_a_source_error(content, tmp_path, monkeypatch) -> None:
    """A file of scores that is missing or not of this version is named in a French error."""
    (tmp_path / "reference").mkdir()
    monkeypatch.setattr(scores, "data_dir", lambda: tmp_path)
    with pytest.raises(SourceError, match=r"classification_scores\.json"):
        reference.classification_scores()
    (tmp_path / "reference" / scores.SCORES_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=r"classification_scores\.json"):
        reference.classification_scores()


def test_scores_of_the_page_are_shares(measured) -> None:
    """The scores are shares of the rows scored, and every one says how many rows it read."""
    assert set(measured.scores) == {"name", "name_activity", "name_naf"}
    for score in measured.scores.values():
        assert 0 <= score.with_naf <= score.n
        assert all(0 <= share <= 1 for share in (score.precision, score.recall, score.f1))
    assert json.loads(classification.written(measured))["tuned_on"] == measured.tuned_on
