"""The command ``essmap sheet``: the PDF sheets of territories, as the page *Mon territoire* gives them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.progress import track

from essmap.cli.report import err, out
from essmap.errors import DataError, Problem, SettingsError
from essmap.schema.withheld import read_withheld, shown
from essmap.settings import load_settings
from essmap.store import locate
from essmap.texts import t

if TYPE_CHECKING:
    from essmap.analysis.coverage import Level
    from essmap.schema.snapshot import Snapshot

_PARIS: Final = ZoneInfo("Europe/Paris")
#: Layer of a snapshot, column of the code and column of the name, per level.
_LAYERS: Final[dict[Level, tuple[str, str, str]]] = {
    "canton": ("cantons", "canton_code", "label"),
    "epci": ("epci", "epci_code", "epci_name"),
    "commune": ("communes", "commune_code", "commune_name"),
}


def sheet(
    folder: Annotated[Path, typer.Option("--out", help=t("cli.sheet_out"), metavar=t("cli.metavars.folder"))],
    codes: Annotated[
        list[str] | None, typer.Argument(help=t("cli.sheet_codes"), metavar=t("cli.metavars.codes"))
    ] = None,
    every: Annotated[bool, typer.Option("--all", help=t("cli.sheet_all"))] = False,
    exercise: Annotated[bool, typer.Option("--exercise", help=t("cli.sheet_exercise"))] = False,
    snapshot: Annotated[str | None, typer.Option(help=t("cli.snapshot"), metavar=t("cli.metavars.folder"))] = None,
) -> None:
    """Write the PDF sheet of some territories, or of every canton.

    Raises
    ------
    SettingsError
        If nothing is asked for.
    DataError
        If a code is that of no territory; nothing is written then.
    """
    from essmap.schema.atomic import write_whole
    from essmap.view.format import file_name

    if bool(codes) == every:
        raise SettingsError(t("cli.sheet_nothing"))
    settings = load_settings()
    store, department, build_id = locate(snapshot or settings.snapshots, settings.department)
    loaded = shown(store.load(department, build_id), read_withheld(Path(settings.withhold)))
    wanted: list[tuple[Level, str]] = []
    problems = []
    if every:
        wanted = [("canton", code) for code in loaded.table("cantons")["canton_code"]]
    for code in codes or ():
        level = _level_of(loaded, code)
        if level is None:
            problems.append(Problem("essmap sheet", None, None, code, t("cli.sheet_expected"), "unknown_territory"))
        else:
            wanted.append((level, code))
    if problems:
        raise DataError(t("cli.sheet_unknown", n=len(problems)), problems)
    site = settings.site_url.rstrip("/")
    for level, code in track(wanted, description="", console=err, transient=True, disable=not err.is_terminal):
        label, pdf = _sheet(loaded, level, code, site=site, title=settings.site_title, exercise=exercise)
        path = folder / f"{file_name(label)}-{code}.pdf"
        write_whole(path, pdf)
        out.print(str(path), markup=False)


def _level_of(snapshot: Snapshot, code: str) -> Level | None:
    """Return the level of a code: those of cantons, EPCI and communes never meet."""
    for level, (layer, key, _) in _LAYERS.items():
        if snapshot.table(layer)[key].eq(code).any():
            return level
    return None


def _sheet(snapshot: Snapshot, level: Level, code: str, *, site: str, title: str, exercise: bool) -> tuple[str, bytes]:
    from essmap.analysis.coverage import Tables
    from essmap.view.format import day
    from essmap.view.places import territory_name
    from essmap.view.sheet import axis_gaps, sheet_content, sheet_pdf

    layer, key, name = _LAYERS[level]
    label = territory_name(level, snapshot.table(layer).set_index(key)[name][code])
    is_exercise = exercise and snapshot.manifest.completeness["actors"].status == "partial"
    content = sheet_content(
        snapshot,
        level,
        code,
        label=label,
        gaps=axis_gaps(Tables.of(snapshot), level, code, exercise=is_exercise),
        built_on=day(datetime.fromisoformat(snapshot.manifest.built_at).astimezone(_PARIS)),
        site_title=title,
        page_url=f"{site}/mon-territoire?{level}={code}" if site else "",
        exercise=is_exercise,
    )
    return label, sheet_pdf(content)
