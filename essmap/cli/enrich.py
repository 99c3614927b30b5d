"""The command ``essmap enrich``: find gathered structures in the national register, and keep what nobody can doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from essmap.cli.progress import Steps, progress_bar
from essmap.cli.registers import geocoder, read_found, service_of
from essmap.cli.report import out
from essmap.errors import SettingsError, SourceError
from essmap.schema.atomic import write_whole
from essmap.schema.withheld import read_withheld
from essmap.settings import Settings, load_settings
from essmap.texts import t
from essmap.texts.system import system_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from essmap.build.enrich import Ask, Enriched
    from essmap.build.enrich_lines import Rules
    from essmap.build.enrichment import Line
    from essmap.build.geography import Geography

_FILE: Final = t("cli.metavars.file")
#: Name of the table to fill in, beside the file of what was found.
REVIEW_FILE: Final = "enrichment-review.csv"


@dataclass(frozen=True, slots=True)
class _Run:
    """What one run works with."""

    settings: Settings
    geography: Geography
    raw: pd.DataFrame
    rules: Rules
    ask: Ask
    steps: Steps
    is_offline: bool


def enrich(
    review: Annotated[Path | None, typer.Option(help=t("enrich.help.review"), metavar=_FILE)] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help=t("enrich.help.out"), metavar=_FILE)] = None,
    undo: Annotated[str | None, typer.Option(help=t("enrich.help.undo"), metavar=t("enrich.metavar"))] = None,
    offline: Annotated[bool, typer.Option("--offline", help=t("enrich.help.offline"))] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("enrich.help.dry_run"))] = False,
) -> None:
    """Find gathered structures in the register, or take in what somebody decided.

    Raises
    ------
    SettingsError
        If the options do not go together, or nothing was found of whom to undo.
    """
    settings = load_settings()
    if undo is not None:
        if review is not None or out_file is not None or dry_run or offline:
            raise SettingsError(t("enrich.undo_alone"))
        _undo(settings, undo.strip())
        return
    if review is not None and out_file is not None:
        raise SettingsError(t("enrich.review_alone"))
    table = out_file or Path(settings.enrichment).with_name(REVIEW_FILE)
    if review is None and not dry_run:
        _require_free(table)
    with progress_bar() as steps:
        run = _prepared(settings, steps, is_offline=offline)
        if review is not None:
            lines = _decided(run, review, is_dry=dry_run)
            found = None
        else:
            found = _found(run)
            lines = _kept(run, found.lines, is_dry=dry_run)
    if found is None:
        _say(t("enrich.decided", n=len(lines)))
    else:
        _report(found)
        if found.doubts and not dry_run:
            _write_table(table, found)
    if dry_run:
        _say(t("enrich.dry_run"))
    elif lines:
        _say(t("enrich.next", file=Path(settings.enrichment).name))


def _require_free(table: Path) -> None:
    """Refuse to write over decisions that were not taken in yet."""
    from essmap.build.enrich_review import has_decisions

    if has_decisions(table):
        raise SettingsError(t("enrich.table_in_use", file=table.name))


def _prepared(settings: Settings, steps: Steps, *, is_offline: bool) -> _Run:
    from essmap.build.enrich_lines import Rules
    from essmap.build.starter import load_geography
    from essmap.sources.search_names import ask_names

    steps.say(t("build.geography"))
    geography = load_geography(settings.department)
    raw = _gathered(settings, geography, steps)
    rules = Rules(read_found(settings), read_withheld(Path(settings.withhold)), settings.show_non_employer_addresses)
    service = service_of(settings, offline=is_offline)
    return _Run(
        settings,
        geography,
        raw,
        rules,
        lambda questions: ask_names(service, questions, progress=steps.tell),
        steps,
        is_offline,
    )


def _gathered(settings: Settings, geography: Geography, steps: Steps) -> pd.DataFrame:
    """Return the gathered actors of the department and those of its local lists, each identifier once."""
    import pandas as pd

    from essmap.build.local_actors import local_rows
    from essmap.build.locals import read_lists
    from essmap.build.starter_files import has_starter, read_starter

    lists = read_lists(Path(settings.local_lists), settings.department)
    local = [one.raw for one in local_rows(lists, geography.communes)]
    tables = [*local]
    if has_starter(settings.department) or not local:  # without either, say what is missing
        tables.insert(0, read_starter(settings.department, geography.communes, progress=steps.say).actors.frame)
    return pd.concat(tables, ignore_index=True).fillna("").drop_duplicates("id", ignore_index=True)


def _found(run: _Run) -> Enriched:
    from essmap.build.enrich import enrich as enriched

    run.steps.say(t("enrich.asking"))
    return enriched(run.raw, run.geography, run.ask, run.rules)


def _decided(run: _Run, review: Path, *, is_dry: bool) -> list[Line]:
    from essmap.build.enrich_review import decided, read_decisions

    decisions = read_decisions(review)
    run.steps.say(t("enrich.asking"))
    return _kept(run, decided(review, decisions, run.raw, run.geography, run.ask, run.rules), is_dry=is_dry)


def _kept(run: _Run, lines: Sequence[Line], *, is_dry: bool) -> list[Line]:
    """Look up what has no position, and write."""
    from essmap.build.enrich import together
    from essmap.build.enrich_places import place_lines
    from essmap.build.enrichment import write_enrichment

    run.steps.say(t("live.geocode"))
    if is_dry or not lines:
        return list(lines)
    look_up = geocoder(run.settings, offline=run.is_offline, tell=run.steps.tell)
    placed, _ = place_lines(lines, run.raw, run.geography, look_up)
    write_enrichment(Path(run.settings.enrichment), together(run.rules.enrichment, placed))
    return placed


def _undo(settings: Settings, actor_id: str) -> None:
    from essmap.build.enrich_lines import without
    from essmap.build.enrichment import write_enrichment

    lines = without(read_found(settings), actor_id, datetime.now(UTC).date())
    if lines is None:
        raise SettingsError(t("enrich.undo_unknown", name=actor_id))
    write_enrichment(Path(settings.enrichment), lines)
    _say(t("enrich.undone", name=actor_id))


def _report(found: Enriched) -> None:
    for name, count in found.outcomes.items():
        if count:
            _say("- " + t(f"enrich.outcomes.{name}", n=count, n_text=count))
    _say(t("enrich.asked", n=found.asked.requests, kept=found.asked.from_disk))


def _write_table(path: Path, found: Enriched) -> None:
    """Write the table to fill in, as French spreadsheets open it.

    Raises
    ------
    SourceError
        If it cannot be written.
    """
    from essmap.build.enrich_review import review_table
    from essmap.view.exports import people_csv

    try:
        write_whole(path, people_csv(review_table(found.doubts)))
    except OSError as error:
        raise SourceError(t("enrich.unwritable", path=path.name, reason=system_reason(error))) from error
    _say(t("enrich.table", n=len(found.doubts), file=str(path)))


def _say(line: str) -> None:
    out.print(line, markup=False)
