"""Page Données. Its question: what is loaded, from whom, since when, how complete, and what it cannot prove."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from essmap import reference
from essmap.pages import frame, trial
from essmap.pages.downloads import everything
from essmap.pages.loaded import Loaded
from essmap.schema.report import BuildReport
from essmap.texts import t
from essmap.view.build_report import Section, sections
from essmap.view.cards import source_page
from essmap.view.format import DASH, day, escape, integer
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, html_table


def show(data: Loaded) -> None:
    """Draw the page."""
    manifest = data.manifest
    frame.heading(t("data.title"), t("data.lead", date=data.built_on))
    st.html(f"<h2>{escape(t('data.loaded'))}</h2>{_tables(data)}")
    st.html("".join(f'<p class="essmap-partial">{escape(c.sentence)}</p>' for c in manifest.completeness.values()))
    rows = t(
        "data.rows_report",
        rows=integer(manifest.rows_in),
        merged=integer(manifest.merged),
        rejected=integer(manifest.rejected),
    )
    st.html(f"<p>{escape(rows)}</p>")
    st.html(f"<h2>{escape(t('opendata.all_title'))}</h2><p>{escape(t('opendata.all_lead'))}</p>")
    everything(data)
    st.html(f"<h2>{escape(t('data.published'))}</h2>{_figures(data)}")
    st.html(f"<h2>{escape(t('data.precision'))}</h2>{_precision(data)}")
    st.html(f"<h2>{escape(t('data.sources'))}</h2>{_sources(data)}")
    trial.show(data)
    if data.snapshot.report is not None:
        st.html(_report(data, data.snapshot.report))
    notes = "".join(f"<li>{escape(note)}</li>" for note in manifest.notes)
    st.html(f"<details><summary>{escape(t('data.limits'))}</summary><ul>{notes}</ul></details>")
    st.html(
        f"<p class='essmap-meta'>{escape(t('data.build', build=manifest.build_id, version=manifest.code_version))}</p>"
    )


def _tables(data: Loaded) -> str:
    manifest = data.manifest
    rows = []
    for name in ("actors", "projects", "communes", "cantons", "epci"):
        found = manifest.completeness.get(name)
        state = t(f"data.{found.status}") if found else _coverage(data, name)
        rows.append([t(f"data.table_{name}"), integer(manifest.counts[name]), state])
    headings = [Heading(t("data.table")), Heading(t("data.rows"), is_number=True), Heading(t("data.completeness"))]
    return html_table(t("data.loaded_caption"), headings, rows)


def _coverage(data: Loaded, table: str) -> str:
    """Say how many communes a level leaves out; a level that covers them all is whole."""
    column = {"cantons": "canton_code", "epci": "epci_code"}.get(table)
    communes = data.snapshot.table("communes")
    in_parts = set(data.snapshot.table("canton_parts")["commune_code"]) if table == "cantons" else set()
    without = int((communes[column].isna() & ~communes["commune_code"].isin(in_parts)).sum()) if column else 0
    return t("data.not_covered", n=without, n_text=integer(without)) if without else t("data.whole")


def _figures(data: Loaded) -> str:
    figures = data.snapshot.table("figures")
    lines = "".join(f"<li>{_figure(row)}</li>" for row in each_row(figures[figures["is_shown"]]))
    if not lines:
        return f"<p>{escape(t('data.no_figure'))}</p>"
    n = data.manifest.counts["actors"]
    return f"<ul>{lines}</ul><p>{escape(t('data.beside', n=n, n_text=integer(n)))}</p>"


def _figure(row: Any) -> str:
    """Return the page's own words, where they stand and when they were published."""
    words = row.note.split(" ; ")[0] if isinstance(row.note, str) else row.indicator
    site = source_page(row.source_url, row.source_url.split("/")[2].removeprefix("www."))
    return f"{escape(words)} ({site}, {escape(t('data.published_in', year=row.year))})"


def _precision(data: Loaded) -> str:
    counts = data.snapshot.table("actors")["geo_precision"].value_counts()
    positions = reference.positions()
    rows = [[str(row.label), integer(counts.get(row.Index, 0)), str(row.explanation)] for row in each_row(positions)]
    headings = [Heading(t("data.position")), Heading(t("data.actors"), is_number=True), Heading(t("data.meaning"))]
    return html_table(t("data.precision_caption"), headings, rows)


def _sources(data: Loaded) -> str:
    headings = [
        Heading(t("data.source")),
        Heading(t("data.publisher")),
        Heading(t("data.licence")),
        Heading(t("data.vintage")),
        Heading(t("data.rows_read"), is_number=True),
        Heading(t("data.rows_kept"), is_number=True),
    ]
    rows: list[list[str | Html]] = [
        [
            Html(source_page(source.url, source.title)),
            source.publisher,
            source.licence,
            _vintage(source.vintage),
            *(integer(count) if source.rows_in else DASH for count in (source.rows_in, source.rows_kept)),
        ]
        for source in data.manifest.sources
    ]
    return html_table(t("data.sources_caption"), headings, rows)


def _report(data: Loaded, report: BuildReport) -> str:
    """Return the report of the build, folded: few people want it, and those who answer for the data all of it."""
    tables = "".join(
        f"<h3>{escape(section.title)}</h3>" + html_table(section.title, _headings(section), section.rows)
        for section in sections(data.manifest, report)
    )
    why = "no_comparison" if report.is_comparable else "not_comparable"
    compared = "" if report.changes is not None else f"<p>{escape(t(f'report.{why}'))}</p>"
    forced = f'<p class="essmap-partial">{escape(t("report.forced"))}</p>' if report.is_forced else ""
    lead = f"<p>{escape(t('report.lead'))}</p>"
    return f"<details><summary>{escape(t('report.title'))}</summary>{lead}{forced}{compared}{tables}</details>"


def _headings(section: Section) -> list[Heading]:
    return [Heading(label, is_number=place in section.numbers) for place, label in enumerate(section.headings)]


def _vintage(text: str) -> str:
    """Return a date in words where the vintage is a day; anything else as it is."""
    try:
        return day(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC))
    except ValueError:
        return text
