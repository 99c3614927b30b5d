"""Supported projects in words: their table, and what is known of their amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from essmap import reference
from essmap.texts import t
from essmap.view import cards
from essmap.view.format import DASH, escape, euros, integer
from essmap.view.rows import each_row
from essmap.view.tables import Heading, Html, bar, html_table


def projects_table(
    projects: pd.DataFrame, communes: pd.DataFrame, caption: str, sources: Mapping[str, str] = cards.NOT_NAMED
) -> str:
    """Return the HTML table of some projects, latest first.

    Parameters
    ----------
    projects : DataFrame
        Rows of `essmap.schema.tables.PROJECTS`.
    communes : DataFrame
        `essmap.schema.tables.COMMUNES`.
    caption : str
    sources : mapping
        What people call each source, by its key.
    """
    names = communes.set_index("commune_code")["commune_name"]
    kinds = reference.support_kinds()["label"]
    headings = [
        Heading(t("supported.holder")),
        Heading(t("supported.commune")),
        Heading(t("supported.programme")),
        Heading(t("supported.kind")),
        Heading(t("supported.year"), is_number=True),
        Heading(t("supported.amount"), is_number=True),
        Heading(t("supported.source")),
    ]
    rows = [
        [
            _holder(row),
            _where(row, names),
            row.programme,
            str(kinds[row.support_kind]),
            _known(row.year, cards.year(row.year), "essmap-year"),
            _known(row.amount_eur, cards.amount(row.amount_eur), "essmap-amount"),
            _source(row, sources),
        ]
        for row in each_row(latest_first(projects))
    ]
    return html_table(caption, headings, rows)


def _source(row: Any, sources: Mapping[str, str]) -> str | Html:
    found = cards.support_source(row, t("supported.see"), sources, about=f"{row.holder_name}, {row.programme}")
    return Html(found) if found else DASH


def latest_first(projects: pd.DataFrame) -> pd.DataFrame:
    """Return projects from the latest to those without a known year, by holder within a year."""
    return projects.sort_values(["year", "holder_name"], ascending=[False, True], na_position="last", kind="stable")


def sums_table(heading: str, sums: pd.DataFrame, labels: Mapping[Any, str], caption: str, *, missing: str) -> str:
    """Return the table of how many projects and how much is known of them, by programme, axis, year or canton.

    Parameters
    ----------
    heading : str
        What the keys are.
    sums : DataFrame
        `essmap.analysis.portrait.sums_by`, in the order of the rows.
    labels : mapping
        Word for each key; a key without one stands for itself.
    caption : str
    missing : str
        Word for projects without key.
    """
    headings = [
        Heading(heading),
        Heading(t("supported.projects"), is_number=True),
        Heading(t("supported.known_sum"), is_number=True),
        Heading(t("supported.unknown_count"), is_number=True),
    ]
    longest = float(sums["projects"].max()) if len(sums) else 1.0
    rows: list[list[str | Html]] = [
        [
            missing if pd.isna(row.key) else labels.get(row.key, str(row.key)),
            bar(integer(row.projects), row.projects / longest),
            euros(row.known_eur) if row.known else DASH,
            integer(row.unknown),
        ]
        for row in each_row(sums)
    ]
    return html_table(caption, headings, rows)


def known_amounts(known_eur: float, known: int, unknown: int) -> str:
    """Return what is known of some amounts, as sentences: the sum of the known is never shown as a total.

    Parameters
    ----------
    known_eur : float
        Sum of the known amounts, euros.
    known, unknown : int
        How many projects have an amount, and how many have none.
    """
    if not known:
        return t("supported.no_amount", n=unknown, n_text=integer(unknown))
    first = t("supported.sum", n=known, n_text=integer(known), total=euros(known_eur))
    return f"{first} {t('supported.unknown', n=unknown, n_text=integer(unknown))}" if unknown else first


def _known(value: Any, words: str, kind: str) -> str | Html:
    """Return a number; that it is not known is said smaller, so that the words do not take the numbers' room."""
    return Html(f'<small class="{kind}">{escape(words)}</small>') if pd.isna(value) else words


def _where(project: Any, names: pd.Series[str]) -> str:
    """Return the commune of a project, and those that it serves besides."""
    served = [str(names[code]) for code in project.served_codes if code in names.index and code != project.commune_code]
    if isinstance(project.commune_code, str):
        served.insert(0, str(names.get(project.commune_code, t("supported.everywhere"))))
    return ", ".join(served) or t("supported.everywhere")


def _holder(project: Any) -> str | Html:
    """Return the holder's name, as a link to its card where it is one of the actors."""
    if not isinstance(project.actor_id, str):
        return str(project.holder_name)
    return Html(cards.card_link(project.actor_id, project.holder_name))
