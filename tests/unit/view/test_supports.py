"""What is known of supported projects, in tables and files: sums of the known only, text that stays text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from essmap.analysis.portrait import sums_by
from essmap.view.exports import harmless, people_csv
from essmap.view.supports import known_amounts, projects_table, sums_table


@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    cell = harmless(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert cell.isprintable() or cell == ""


def test_numbers_keep_their_sign_and_get_a_comma():
    import pandas as pd

    assert people_csv(pd.DataFrame({"n": [-1.5, None]})).decode("utf-8-sig") == 'n\r\n-1,5\r\n""\r\n'


def test_hostile_names_are_escaped(starter_snapshot):
    projects = starter_snapshot.table("projects").head(2).copy()
    projects["holder_name"] = "<script>alert(1)</script>"
    projects["programme"] = "<img src=x onerror=alert(1)>"
    html = projects_table(projects, starter_snapshot.table("communes"), "Titre <b>")
    html += sums_table("P", sums_by(projects, projects["programme"]), {}, "x", missing="–")
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html


def test_sum_is_never_called_a_total_while_one_is_unknown():
    assert "pas un total" in known_amounts(100.0, 1, 2)
    assert "pas un total" not in known_amounts(100.0, 2, 0)
    assert "100" not in known_amounts(0.0, 0, 3)
