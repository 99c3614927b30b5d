"""The command ``essmap build``: read, build, and put in use unless something speaks against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from essmap.cli.build_plan import ALL, STARTER, Plan, check_departments, check_gathered, geography_folder, territory_of
from essmap.cli.progress import Steps, progress_bar
from essmap.cli.put_in_use import put_in_use, raise_unfinished
from essmap.cli.registers import (
    StockPlaces,
    geocoder,
    open_stock,
    read_decisions,
    read_found,
    read_service,
    with_geography,
)
from essmap.cli.report import as_json, err, print_report
from essmap.errors import EssmapError, SettingsError
from essmap.schema.atomic import write_whole
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import read_withheld
from essmap.settings import Settings, load_settings
from essmap.store import Store
from essmap.texts import t
from essmap.texts.system import system_reason

if TYPE_CHECKING:
    from essmap.build.geography import Geography
    from essmap.build.live import LiveOptions
    from essmap.sources.stock import Stock

ONLINE: Final = "api+starter"
SOURCES: Final = (STARTER, "api", "stock", ONLINE, "stock+starter")

_FOLDER: Final = t("cli.metavars.folder")
_FILE: Final = t("cli.metavars.file")


def build(  # noqa: PLR0913  one parameter per option
    department: Annotated[
        str | None, typer.Option(help=t("build_command.department"), metavar=t("cli.metavars.code"))
    ] = None,
    source: Annotated[
        str | None, typer.Option(help=t("build_command.source"), metavar=t("cli.metavars.source"))
    ] = None,
    online: Annotated[bool, typer.Option("--online", help=t("build_command.online"))] = False,
    out_dir: Annotated[str | None, typer.Option("--out", help=t("cli.out"), metavar=_FOLDER)] = None,
    starter_dir: Annotated[Path | None, typer.Option(help=t("cli.starter_dir"), metavar=_FOLDER)] = None,
    geography: Annotated[Path | None, typer.Option(help=t("build_command.geography"), metavar=_FOLDER)] = None,
    cantons: Annotated[str | None, typer.Option(help=t("cli.cantons"), metavar=t("cli.metavars.cantons"))] = None,
    canton_populations: Annotated[Path | None, typer.Option(help=t("cli.canton_populations"), metavar=_FILE)] = None,
    stock_establishments: Annotated[
        str | None, typer.Option(help=t("build_command.establishments"), metavar=_FILE)
    ] = None,
    stock_units: Annotated[str | None, typer.Option(help=t("build_command.units"), metavar=_FILE)] = None,
    stock_dinum: Annotated[str | None, typer.Option(help=t("build_command.dinum"), metavar=_FILE)] = None,
    stock_geolocation: Annotated[str | None, typer.Option(help=t("build_command.geolocation"), metavar=_FILE)] = None,
    memory: Annotated[str, typer.Option(help=t("build_command.memory"), metavar=t("cli.metavars.memory"))] = "2GB",
    offline: Annotated[bool, typer.Option("--offline", help=t("build_command.offline"))] = False,
    geocode: Annotated[bool | None, typer.Option("--geocode/--no-geocode", help=t("build_command.geocode"))] = None,
    overrides: Annotated[Path | None, typer.Option(help=t("build_command.overrides"), metavar=_FILE)] = None,
    accept_drop: Annotated[bool, typer.Option("--accept-drop", help=t("build_command.accept_drop"))] = False,
    report: Annotated[Path | None, typer.Option(help=t("build_command.report"), metavar=_FILE)] = None,
) -> None:
    """Build a snapshot and put it in use, unless it loses too much.

    Raises
    ------
    SettingsError
        If the options do not go together.
    DataError
        If a build is refused; it is kept beside the current one.
    SourceError
        If departments among several could not be built; the others are.
    """
    source = _source(source, online=online)
    stock = _stock(source, stock_establishments, stock_units, stock_dinum, stock_geolocation, memory)
    live_only = {"--offline": offline, "--geocode": bool(geocode), "--overrides": overrides is not None}
    if source == STARTER and (alone := [name for name, given in live_only.items() if given]):
        raise SettingsError(t("build_command.live_alone", names=", ".join(alone)))
    if canton_populations is not None and cantons is None:
        raise SettingsError(t("cantons.errors.alone"))
    if report is not None and report.is_dir():
        raise SettingsError(t("build_command.report_unwritable", path=str(report), reason=t("errors.system.folder")))
    settings, departments = _where(source, department, out_dir)
    plan = Plan(
        settings, source, departments, starter_dir, geography, cantons, canton_populations, stock, overrides,
        offline, geocode is not False, accept_drop,
    )  # fmt: skip
    store = Store(settings.snapshots)
    with progress_bar() as steps:
        done, failed = _build_each(plan, store, steps)
    for snapshot in done:
        stored = store.manifest(snapshot.manifest.department, snapshot.manifest.build_id)
        print_report(stored, settings.snapshots, snapshot.report)
    if report is not None:
        _write_report(report, done, is_list=plan.is_several)
    raise_unfinished(done, failed)


def _source(given: str | None, *, online: bool) -> str:
    if online and given not in {None, ONLINE}:
        raise SettingsError(t("build_command.online_and_source"))
    source = ONLINE if online else given or STARTER
    if source not in SOURCES:
        raise SettingsError(t("build_command.source_unknown", source=source, known=", ".join(SOURCES)))
    return source


def _stock(
    source: str, establishments: str | None, units: str | None, dinum: str | None, geolocation: str | None, memory: str
) -> StockPlaces | None:
    """Return where the files of the stock are; they go with that source and it goes with them."""
    given = {
        "--stock-establishments": establishments,
        "--stock-units": units,
        "--stock-dinum": dinum,
        "--stock-geolocation": geolocation,
    }
    if not source.startswith("stock"):
        if alone := [name for name, value in given.items() if value is not None]:
            raise SettingsError(t("build_command.stock_alone", names=", ".join(alone)))
        return None
    if establishments is None or units is None:
        missing = [name for name in ("--stock-establishments", "--stock-units") if given[name] is None]
        raise SettingsError(t("build_command.stock_missing", names=", ".join(missing)))
    return StockPlaces(establishments, units, dinum, geolocation, memory)


def _where(source: str, department: str | None, out_dir: str | None) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings and the departments to build."""
    from essmap import reference

    overridden = {} if out_dir is None else {"snapshots": out_dir}
    if department is None:
        settings = load_settings(**overridden)
        return settings, (settings.department,)
    wanted = tuple(dict.fromkeys(code.strip() for code in department.split(",")))
    if len(wanted) == 1 and wanted != (ALL,):
        return load_settings(department=wanted[0], **overridden), wanted
    if not source.startswith("stock"):
        raise SettingsError(t("build_command.one_department", source=source))
    known = reference.departments().index
    if wanted != (ALL,) and (unknown := [code for code in wanted if code not in known]):
        raise SettingsError(t("build_command.department_unknown", code=", ".join(unknown)))
    return load_settings(**overridden), wanted


def _build_each(plan: Plan, store: Store, steps: Steps) -> tuple[list[Snapshot], dict[str, EssmapError]]:
    """Return the snapshots written, and by department why others could not be: one of several holds up none."""
    done, failed = [], {}
    for department, make in _jobs(plan, steps):
        try:
            snapshot = make()
            steps.say(t("build.write"))
            done.append(put_in_use(store, snapshot, plan.settings, source=plan.source, is_forced=plan.is_forced))
        except EssmapError as error:
            if not plan.is_several:
                raise
            failed[department] = error
    return done, failed


def _jobs(plan: Plan, steps: Steps) -> Iterator[tuple[str, Callable[[], Snapshot]]]:
    """Yield each department with what makes its snapshot; what can be found wrong early is, before the long reading."""
    if not plan.register:
        yield plan.departments[0], lambda: _starter_snapshot(plan, steps)
        return
    options = _options(plan, steps)
    if plan.stock is None:
        department = plan.departments[0]
        territory = territory_of(plan, department, steps)
        check_gathered(plan.settings, territory, options)
        steps.say(t("build_command.reading"))
        read = read_service(plan.settings, territory, offline=plan.is_offline, tell=steps.tell)
        yield department, lambda: _live_snapshot(read, territory, options, plan.settings, steps)
        return
    if plan.departments != (ALL,):
        check_departments(plan, plan.departments, options, steps)
    steps.say(t("build_command.reading"))
    with open_stock(plan.settings, plan.stock, offline=plan.is_offline, tell=steps.tell) as stock:
        options = replace(options, notes=stock.notes)
        wanted = _wanted(plan, stock)
        if plan.departments == (ALL,):
            check_departments(plan, wanted, options, steps)
        steps.say(t("build_command.reading"))
        stock.gather(wanted)
        for department in wanted:
            yield department, partial(_stock_snapshot, stock, department, plan, options, steps)


def _stock_snapshot(stock: Stock, department: str, plan: Plan, options: LiveOptions, steps: Steps) -> Snapshot:
    territory = territory_of(plan, department, steps)
    return _live_snapshot(stock.read(department), territory, options, plan.settings, steps)


def _starter_snapshot(plan: Plan, steps: Steps) -> Snapshot:
    from essmap.build.locals import read_lists
    from essmap.build.starter import build_starter

    department = plan.departments[0]
    return build_starter(
        department,
        folder=plan.starter_folder,
        geography=territory_of(plan, department, steps),
        withheld=read_withheld(Path(plan.settings.withhold)),
        enrichment=read_found(plan.settings),
        lists=read_lists(Path(plan.settings.local_lists), department),
        progress=steps.say,
    )


def _live_snapshot(read: Any, territory: Geography, options: LiveOptions, settings: Settings, steps: Steps) -> Snapshot:
    from essmap.build.live import build_live
    from essmap.build.locals import read_lists

    department = territory.department_code
    options = replace(options, lists=read_lists(Path(settings.local_lists), department))
    return build_live(read, department, options, geography=territory, progress=steps.say)


def _options(plan: Plan, steps: Steps) -> LiveOptions:
    from essmap.build.live import LiveOptions

    settings = plan.settings
    return LiveOptions(
        source=plan.source,
        with_starter=plan.source.endswith("+starter"),
        starter_folder=plan.starter_folder,
        geocode=geocoder(settings, offline=plan.is_offline, tell=steps.tell) if plan.is_geocoded else None,
        overrides=read_decisions(plan.overrides),
        withheld=read_withheld(Path(settings.withhold)),
        enrichment=read_found(settings),
        show_non_employer_addresses=settings.show_non_employer_addresses,
    )


def _wanted(plan: Plan, stock: Stock) -> list[str]:
    """Return the departments to read from the stock; all: those of which the geography is there, and say the others."""
    if plan.departments != (ALL,):
        return list(plan.departments)
    kept, others = with_geography(stock.departments(), lambda code: geography_folder(plan, code) is not None)
    if others:
        codes = ", ".join(others)
        err.print(t("build_command.without_geography", n=len(others), codes=codes), markup=False)
    return kept


def _write_report(path: Path, snapshots: Sequence[Snapshot], *, is_list: bool) -> None:
    """Write the reports as JSON: an object, or a list of them for several departments."""
    found = [as_json(snapshot.manifest, snapshot.report) for snapshot in snapshots]
    content = found if is_list else found[0]
    try:
        write_whole(path, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        raise SettingsError(
            t("build_command.report_unwritable", path=path.name, reason=system_reason(error))
        ) from error
