"""The report of a build as people read it, on screen and in a terminal: the same sections, in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from essmap import reference
from essmap.schema.report import BuildReport, Change
from essmap.schema.snapshot import Manifest
from essmap.texts import t
from essmap.view.format import integer

#: Actors listed for somebody to look at; the JSON has them all.
LISTED: Final = 50


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the report.

    Attributes
    ----------
    title : str
    headings : tuple of str
    rows : tuple of tuple of str
        One cell per heading; text from data, not escaped.
    numbers : frozenset of int
        Columns that hold numbers.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


def sections(manifest: Manifest, report: BuildReport) -> list[Section]:
    """Return the tables of a report; those that would have no row are left out.

    Parameters
    ----------
    manifest : Manifest
    report : BuildReport
    """
    found = [
        _sources(manifest),
        _counted("rejected", report.rejected),
        _counted("hidden", report.hidden),
        _counted("unused", report.unused_positions),
        _counted("activities", report.activities),
        _precisions(report.precisions),
        _changes(report),
        _counted("figures", report.figures),
        _counted("geocoding", report.geocoding),
        _contested(report.contested),
        _sentences("unused_decisions", report.unused_decisions),
        _sentences("shortfalls", report.shortfalls),
        _sentences("refusals", report.refusals),
    ]
    return [section for section in found if section.rows]


def _sources(manifest: Manifest) -> Section:
    """Return what became of the rows of each source of which rows are counted."""
    rows = tuple(
        (
            source.title,
            integer(source.rows_in),
            integer(source.rows_kept),
            integer(source.rows_merged),
            integer(sum(source.rows_rejected.values())),
        )
        for source in manifest.sources
        if source.rows_in
    )
    headings = tuple(t(f"report.{name}") for name in ("source", "read", "kept", "merged", "rejected_rows"))
    return Section(t("report.sections.sources"), headings, rows, frozenset({1, 2, 3, 4}))


def _counted(name: str, counts: Mapping[str, int]) -> Section:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = tuple((_label(name, key), integer(count)) for key, count in ordered)
    return Section(t(f"report.sections.{name}"), (t("report.what"), t("report.count")), rows, frozenset({1}))


def _label(name: str, key: str) -> str:
    """Return the words for a key; a step may count what nobody has words for yet."""
    try:
        return t(f"report.words.{name}.{key}")
    except KeyError:
        return key


def _precisions(counts: Mapping[str, int]) -> Section:
    labels = reference.positions()["label"]
    rows = tuple((str(label), integer(counts.get(str(key), 0))) for key, label in labels.items()) if counts else ()
    return Section(t("report.sections.precisions"), (t("report.what"), t("report.count")), rows, frozenset({1}))


def _changes(report: BuildReport) -> Section:
    found = report.changes
    kinds = {} if found is None else {kind: getattr(found, kind) for kind in ("new", "gone", "changed", "moved")}
    rows = tuple(
        (t(f"report.changes.{kind}"), integer(one.count), _gone(one) if kind == "gone" else _names(one))
        for kind, one in kinds.items()
    )
    headings = (t("report.what"), t("report.count"), t("report.names"))
    return Section(t("report.sections.changes"), headings, rows, frozenset({1}))


def _contested(names: Mapping[str, str]) -> Section:
    """Return whom somebody should look at; the file of decisions asks for identifiers."""
    ordered = sorted(names.items(), key=lambda item: (item[1], item[0]))
    rows = [(name, identifier) for identifier, name in ordered[:LISTED]]
    if (more := len(ordered) - LISTED) > 0:
        rows.append((t("report.others", n=more, n_text=integer(more)), ""))
    return Section(t("report.sections.contested"), (t("report.what"), t("report.identifier")), tuple(rows))


def _gone(change: Change) -> str:
    """Return why those that are gone have no names, not even in reports that hold some: one may have asked to go."""
    return t("report.gone_unnamed") if change.count else ""


def _names(change: Change) -> str:
    listed = ", ".join(change.names)
    return f"{listed}…" if change.count > len(change.names) else listed


def _sentences(name: str, sentences: tuple[str, ...]) -> Section:
    return Section(t(f"report.sections.{name}"), (t("report.what"),), tuple((sentence,) for sentence in sentences))
