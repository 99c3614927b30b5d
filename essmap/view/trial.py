"""What came of trying a list, in words and tables; and what a list is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from essmap.errors import Problem
from essmap.schema.tableschema import FIELDS, Kind, choices_of
from essmap.schema.trial import Trial
from essmap.texts import t
from essmap.view.format import escape, integer, one_line
from essmap.view.tables import Heading, Html, html_table

#: Rows of a table of faults: more are in the annotated copy.
SHOWN: Final = 100
#: Lines that are named of those that have the same fault.
_LINES: Final = 12


def trial_summary(found: Trial) -> str:
    """Return what would become of the rows, as a sentence."""
    counts = {
        "n": found.accepted,
        "n_text": integer(found.accepted),
        "rows": integer(found.rows_in),
        "added": integer(found.added),
        "merged": integer(found.merged),
        "rejected": integer(found.rejected),
    }
    said = t(f"trial.summary.{found.kind}", **counts)
    if found.contested:
        said += " " + t("trial.contested", n=found.contested, n_text=integer(found.contested))
    return said


def trial_notes(found: Trial) -> str:
    """Return how the list was read, as HTML."""
    said = list(found.notes)
    for heading, near in found.unknown:
        if near:
            said.append(t("trial.unknown_near", heading=heading, field=near))
        else:
            said.append(t("trial.unknown", heading=heading))
    if found.dropped:
        said.append(t("trial.dropped", names=", ".join(found.dropped)))
    return f"<ul>{''.join(f'<li>{escape(one_line(line))}</li>' for line in said)}</ul>" if said else ""


def problems_table(problems: tuple[Problem, ...], caption: str, last: str) -> str:
    """Return the HTML table of faults or remarks with their places, equal ones once; the first `SHOWN` of them.

    Parameters
    ----------
    problems : tuple of Problem
    caption : str
    last : str
        Heading of what was expected, or was done.
    """
    headings = [
        Heading(t("trial.lines")),
        Heading(t("trial.column")),
        Heading(t("trial.value")),
        Heading(last),
    ]
    lines: dict[tuple[str, str, str], list[int]] = {}
    for one in problems:
        of_one = lines.setdefault((one.column or "", one_line(one.value), one.expected), [])
        of_one += [one.row] if one.row is not None else []
    rows: list[list[str | Html]] = [
        [_lines(where), column, value, expected] for (column, value, expected), where in list(lines.items())[:SHOWN]
    ]
    table = html_table(caption, headings, rows)
    if (more := len(lines) - SHOWN) > 0:
        table += f"<p>{escape(t('trial.more', n=more, n_text=integer(more)))}</p>"
    return f'<div class="essmap-problems">{table}</div>'


def _lines(found: list[int]) -> str:
    """Return lines as people list them, the first `_LINES` of them."""
    said = ", ".join(integer(line) for line in found[:_LINES])
    return said if len(found) <= _LINES else t("trial.more_lines", lines=said, n_text=integer(len(found) - _LINES))


def trial_fills(by_commune: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """Return what the map says of each commune where rows would come in (`essmap.view.map.MapState.fills`)."""
    return {
        code: {"class": "in", "label": t("trial.here", n=count, n_text=integer(count))}
        for code, count in by_commune.items()
    }


def fields_table(kind: Kind) -> str:
    """Return the HTML table of the columns of a list: heading, name for programs, meaning, allowed values."""
    headings = [Heading(t(f"trial.fields.{name}")) for name in ("title", "name", "meaning", "values", "example")]
    rows: list[list[str | Html]] = [
        [
            one.title(kind),
            Html(f"<code>{escape(one.name)}</code>" + (f"<br>SCDL {escape(one.scdl)}" if one.scdl else "")),
            one.description(kind),
            ", ".join(choices_of(one).values()),
            one.example(kind),
        ]
        for one in FIELDS[kind]
    ]
    return html_table(t(f"trial.fields.caption_{kind}"), headings, rows)
