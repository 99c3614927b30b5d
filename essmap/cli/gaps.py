"""The command ``essmap gaps``: territories beside what their population would give, as CSV, JSON or a table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
from rich.table import Table

from essmap.cli.frames import print_csv, print_json, records
from essmap.cli.report import err, out
from essmap.cli.themes import THEMES, read_theme
from essmap.errors import SettingsError
from essmap.schema.withheld import read_withheld, shown
from essmap.settings import load_settings
from essmap.store import locate
from essmap.texts import t

if TYPE_CHECKING:
    import pandas as pd

    from essmap.analysis.coverage import Question, Tables, Theme
    from essmap.schema.indicator import Indicator

#: Columns for people: all that a description says, and what a computation adds.
_DESCRIBED: Final = ("territory", "observed", "expected", "difference", "ratio")
_JUDGED: Final = ("territory", "observed", "expected", "ratio", "interval", "q_value", "finding")


def gaps(
    level: Annotated[str, typer.Option(help=t("cli.gaps_level"), metavar=t("cli.metavars.level"))] = "canton",
    theme: Annotated[str, typer.Option(help=t("cli.gaps_theme", **THEMES), metavar=t("cli.metavars.theme"))] = "all",
    count: Annotated[str | None, typer.Option(help=t("cli.gaps_count"), metavar=t("cli.metavars.count"))] = None,
    denominator: Annotated[
        Path | None, typer.Option(help=t("cli.gaps_denominator"), metavar=t("cli.metavars.file"))
    ] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help=t("cli.gaps_exercise"))] = False,
    snapshot: Annotated[str | None, typer.Option(help=t("cli.snapshot"), metavar=t("cli.metavars.folder"))] = None,
    output: Annotated[str, typer.Option("--format", help=t("cli.gaps_format"), metavar=t("cli.metavars.format"))] = (
        "table"
    ),
) -> None:
    """Compare territories with what their population would give.

    Raises
    ------
    SettingsError
        If an option has a value that does not exist.
    """
    from essmap.analysis.coverage import Count, Level, Question, Tables, coverage

    _among("--level", level, ["canton", "epci", "commune"])
    _among("--format", output, ["table", "csv", "json"])
    if count is not None:
        _among("--count", count, ["all", "employers"])
    question = Question(cast("Level", level), read_theme(theme), cast("Count | None", count), exercise)
    settings = load_settings()
    store, department, build_id = locate(snapshot or settings.snapshots, settings.department)
    tables = Tables.of(shown(store.load(department, build_id), read_withheld(Path(settings.withhold))))
    indicator = _indicator(denominator, tables, question)
    table = coverage(tables, question, indicator=indicator)
    if output == "table":
        _print(table, tables, question, indicator)
    elif output == "csv":
        print_csv(table)
    else:
        print_json(records(table))


def _among(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise SettingsError(t("cli.gaps_choice", name=name, value=value, known=", ".join(known)))


def _indicator(path: Path | None, tables: Tables, question: Question) -> Indicator | None:
    """Read the target population, check that it fits the level, and say how much of it is used."""
    if path is None:
        return None
    from essmap.analysis.units import membership
    from essmap.sources.indicator import read_indicator

    found = read_indicator(path)
    if found.level not in {"commune", question.level}:
        words = {"found": t(f"coverage.levels.{found.level}"), "level": t(f"coverage.levels.{question.level}")}
        raise SettingsError(t("cli.gaps_indicator_level", title=found.title, **words))
    codes = set(membership(tables, question.level)["code" if found.level == question.level else "commune_code"])
    known = set(found.values.dropna().index) & codes
    said = {"used": len(known), "total": len(codes), "ignored": len(set(found.values.index) - codes)}
    about = {"title": found.title, "year": found.year, "source": found.source}
    err.print(t("cli.gaps_indicator_codes", **about, **said), markup=False)
    return found


def _print(table: pd.DataFrame, tables: Tables, question: Question, indicator: Indicator | None) -> None:
    """Print a table for people: first what may be concluded from it."""
    denominator = t("coverage.inhabitants") if indicator is None else indicator.title
    for line in _head(table, tables, question, denominator):
        out.print(line, markup=False)
    is_judged = bool(table["status"].isin(["assessed", "exercise"]).any())
    grid = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    headings = _JUDGED if is_judged else _DESCRIBED
    for name in headings:
        is_name, is_text = name == "territory", name in {"territory", "finding"}
        grid.add_column(
            t(f"coverage.{name}"), justify="left" if is_text else "right", no_wrap=not is_name, overflow="fold"
        )
    for row in table.to_dict("records"):
        cells = _cells({str(name): value for name, value in row.items()})
        grid.add_row(*(_plain(cells[name]) for name in headings))
    out.print(grid, soft_wrap=False, no_wrap=False, crop=False)


def _plain(text: str) -> Any:
    """Return text that the terminal shows as it is, whatever the data hold."""
    from rich.text import Text

    return Text("".join(sign if sign.isprintable() else " " for sign in text))


def _head(table: pd.DataFrame, tables: Tables, question: Question, denominator: str) -> list[str]:
    """Return the lines above the table: what it counts, and what may be concluded."""
    from essmap.analysis.coverage import employers_known
    from essmap.view.format import decimal, integer

    total = len(tables.actors)
    scope = t("coverage.scope_full")
    if tables.completeness == "partial":
        scope = t("coverage.scope", n=total, n_text=integer(total))
    level = t(f"coverage.levels.{question.level}")
    lines = [t("coverage.title", theme=_theme_name(question.theme), level=level, scope=scope)]
    status = set(table["status"])
    if tables.completeness == "partial" and not question.exercise:
        lines.append(t("coverage.described"))
    else:
        lines.append(t("coverage.exercise" if tables.completeness == "partial" else "coverage.assessed"))
    if "employers_unknown" in status:
        lines.append(t("coverage.employers_unknown", known=integer(100 * employers_known(tables.actors))))
    elif "employers" in set(table["count"]):
        lines.append(t("coverage.employers"))
    if "employers_unknown" not in status and not table["observed"].sum():
        lines.append(t("coverage.nobody"))
    lines.append(t("coverage.expected_by", denominator=denominator))
    phi = table["phi"].dropna()
    if len(phi):
        lines.append(t("coverage.phi", phi=decimal(float(phi.iloc[0]), 2)))
    return [*lines, ""]


def _theme_name(theme: Theme) -> str:
    from essmap import reference

    if theme.kind == "all":
        return t("coverage.theme_all")
    labels = (reference.axes() if theme.kind == "axis" else reference.domains())["label"]
    name = f"«\u202f{labels[theme.key]}\u202f»"
    return t("coverage.theme_axis", name=name) if theme.kind == "axis" else t("coverage.theme_domain", name=name)


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """Return the cells of a territory as people read them; what is not said is a dash."""
    import pandas as pd

    from essmap.view.format import DASH, decimal, integer, signed

    def shown(name: str, places: int = 1) -> str:
        return DASH if pd.isna(row[name]) else decimal(float(row[name]), places)

    return {
        "territory": row["name"],
        "observed": integer(row["observed"]),
        "expected": shown("expected"),
        "difference": DASH if pd.isna(row["difference"]) else signed(float(row["difference"])),
        "ratio": shown("ratio", 2),
        "interval": DASH if pd.isna(row["ratio_low"]) else f"{shown('ratio_low', 2)} à {shown('ratio_high', 2)}",
        "q_value": shown("q_value", 3),
        "finding": t(f"coverage.classes.{row['class']}"),
    }
