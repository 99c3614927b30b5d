"""The report of a build on page Données: readable, complete, and harmless whatever the data holds."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from essmap.pages.data import _report, _sources
from essmap.schema.report import BuildReport, Change, Changes
from essmap.view.build_report import LISTED

HOSTILE = "<script>alert(1)</script>"


def drawn(snapshot, report: BuildReport) -> str:
    return _report(SimpleNamespace(manifest=snapshot.manifest), report)


def test_report_is_folded_and_has_a_table_per_part(starter_snapshot):
    """Sources, reasons, precision and changes: a table each, headed in French, in one part that unfolds."""
    nobody = Change(0)
    changes = Changes("20260101T000000Z-aaaaaa", Change(2, ("Les Amis",)), nobody, nobody, nobody)
    html = drawn(
        starter_snapshot, BuildReport("api", rejected={"closed": 3}, precisions={"street": 4}, changes=changes)
    )
    assert html.startswith("<details><summary>")
    assert html.count("<table>") == 4
    for words in ("établissement fermé", "Dans cette rue", "Les Amis…", "Structures qui n’y sont plus"):
        assert words in html
    assert "à qui le comparer" not in html


def test_text_of_the_data_is_escaped(starter_snapshot):
    """Names, reasons and titles of sources are text, never HTML."""
    named = Change(1, (HOSTILE,))
    report = BuildReport(
        "api",
        rejected={HOSTILE: 1},
        shortfalls=(HOSTILE,),
        refusals=(HOSTILE,),
        changes=Changes("x", named, named, named, named),
    )
    first, *others = starter_snapshot.manifest.sources
    manifest = replace(starter_snapshot.manifest, sources=(replace(first, title=HOSTILE), *others))
    html = drawn(SimpleNamespace(manifest=manifest), report)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 7  # who is gone is not named


def test_first_and_forced_builds_say_so(starter_snapshot):
    """Nothing to compare with is said; a build that somebody insisted on says why it was refused."""
    html = drawn(starter_snapshot, BuildReport("api", refusals=("Trop peu.",), is_forced=True))
    assert "à qui le comparer" in html
    assert "malgré les raisons suivantes" in html
    assert "Trop peu." in html


def test_source_whose_rows_are_not_counted_has_no_number(starter_snapshot):
    """A file that only tells more of the rows of another one shows no misleading zero."""
    first, *others = starter_snapshot.manifest.sources
    manifest = replace(starter_snapshot.manifest, sources=(replace(first, rows_in=0, rows_kept=0), *others))
    html = _sources(SimpleNamespace(manifest=manifest))
    assert html.count('<td class="number">–</td>') == 2


def test_what_a_person_should_look_at_is_listed(starter_snapshot):
    """Actors that could be several and decisions without effect have a table each; a long list says what is left."""
    contested = {f"id-{number:03}": f"Structure {number:03} {HOSTILE}" for number in range(LISTED + 2)}
    report = BuildReport("api", contested=contested, unused_decisions=(HOSTILE,), activities={"no_domain": 1200})
    html = drawn(starter_snapshot, report)
    assert f"id-{LISTED - 1:03}" in html
    assert f"id-{LISTED:03}" not in html
    assert "et 2 autres" in html
    assert "trop général" in html
    assert "<script" not in html
