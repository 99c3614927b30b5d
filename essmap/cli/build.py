"""The command ``essmap build``: read, build, and put in use unless something speaks against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from essmap.cli.registers import (
    StockPlaces,
    geocoder,
    open_stock,
    read_decisions,
    read_service,
    with_geography,
)
from essmap.cli.report import as_json, err, print_report
from essmap.errors import DataError, SettingsError, SnapshotError, SourceError
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

STARTER: Final = "starter"
ONLINE: Final = "api+starter"
SOURCES: Final = (STARTER, "api", "stock", ONLINE, "stock+starter")
ALL: Final = "all"

_FOLDER: Final = t("cli.metavars.folder")
_FILE: Final = t("cli.metavars.file")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one run of the command is to do."""

    settings: Settings
    source: str
    departments: tuple[str, ...]  # (« all »,): every one of the stock
    starter_folder: Path | None
    geography: Path | None
    cantons: str | None
    canton_populations: Path | None
    stock: StockPlaces | None
    overrides: Path | None
    is_offline: bool
    is_geocoded: bool
    is_forced: bool

    @property
    def register(self) -> str:
        """``api``, ``stock``, or the empty string."""
        return "" if self.source == STARTER else self.source.partition("+")[0]


class _Steps:
    """What is said while a build goes on: the step, and how much of it is left where that is known."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def say(self, step: str) -> None:
        """Begin a step."""
        self._bar.reset(self._task, description=step, total=None)

    def tell(self, done: int, total: int | None) -> None:
        """Say how much of the step is done."""
        self._bar.update(self._task, completed=done, total=total)


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
    plan = _Plan(
        settings, source, departments, starter_dir, geography, cantons, canton_populations, stock, overrides,
        offline, geocode is not False, accept_drop,
    )  # fmt: skip
    store = Store(settings.snapshots)
    with _progress() as steps:
        done = [_put(store, snapshot, plan, steps) for snapshot in _snapshots(plan, steps)]
    for snapshot in done:
        stored = store.manifest(snapshot.manifest.department, snapshot.manifest.build_id)
        print_report(stored, settings.snapshots, snapshot.report)
    if report is not None:
        _write_report(report, done)
    _raise_refused(done)


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


@contextmanager
def _progress() -> Iterator[_Steps]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield _Steps(bar)


def _snapshots(plan: _Plan, steps: _Steps) -> Iterator[Snapshot]:
    """Yield the snapshot of each department, with its report complete."""
    if not plan.register:
        yield _starter_snapshot(plan, steps)
        return
    options = _options(plan, steps)
    if plan.stock is None:
        territory = _territory(plan, plan.departments[0], steps)
        steps.say(t("build_command.reading"))
        read = read_service(plan.settings, territory, offline=plan.is_offline, tell=steps.tell)
        yield _live_snapshot(read, territory, options, plan.settings, steps)
        return
    steps.say(t("build_command.reading"))
    with open_stock(plan.settings, plan.stock, offline=plan.is_offline, tell=steps.tell) as stock:
        options = replace(options, notes=stock.notes)
        for department, read in stock.read_each(_wanted(plan, stock)):
            yield _live_snapshot(read, _territory(plan, department, steps), options, plan.settings, steps)


def _starter_snapshot(plan: _Plan, steps: _Steps) -> Snapshot:
    from essmap.build.locals import read_lists
    from essmap.build.starter import build_starter

    department = plan.departments[0]
    return build_starter(
        department,
        folder=plan.starter_folder,
        geography=_territory(plan, department, steps),
        withheld=read_withheld(Path(plan.settings.withhold)),
        lists=read_lists(Path(plan.settings.local_lists), department),
        progress=steps.say,
    )


def _live_snapshot(
    read: Any, territory: Geography, options: LiveOptions, settings: Settings, steps: _Steps
) -> Snapshot:
    from essmap.build.live import build_live
    from essmap.build.locals import read_lists

    department = territory.department_code
    options = replace(options, lists=read_lists(Path(settings.local_lists), department))
    return build_live(read, department, options, geography=territory, progress=steps.say)


def _options(plan: _Plan, steps: _Steps) -> LiveOptions:
    from essmap.build.live import LiveOptions

    settings = plan.settings
    return LiveOptions(
        source=plan.source,
        with_starter=plan.source.endswith("+starter"),
        starter_folder=plan.starter_folder,
        geocode=geocoder(settings, offline=plan.is_offline, tell=steps.tell) if plan.is_geocoded else None,
        overrides=read_decisions(plan.overrides),
        withheld=read_withheld(Path(settings.withhold)),
        show_non_employer_addresses=settings.show_non_employer_addresses,
    )


def _wanted(plan: _Plan, stock: Any) -> list[str]:
    """Return the departments to read from the stock; all: those of which the geography is there, and say the others."""
    if plan.departments != (ALL,):
        return list(plan.departments)
    kept, others = with_geography(stock.departments(), lambda code: _geography_folder(plan, code) is not None)
    if others:
        codes = ", ".join(others)
        err.print(t("build_command.without_geography", n=len(others), codes=codes), markup=False)
    return kept


def _geography_folder(plan: _Plan, department: str) -> Path | None:
    """Return the folder of the geography of a department: the one given, the one of its code there, or our own."""
    from essmap.build.geography_files import PROVENANCE
    from essmap.reference import data_dir

    own = data_dir() / "departments" / department / "geography"
    given = plan.geography
    places = [own] if given is None else [given / department, given / department / "geography"]
    if given is not None and plan.departments == (department,):
        places.append(given)
    return next((place for place in places if (place / PROVENANCE).is_file()), None)


def _territory(plan: _Plan, department: str, steps: _Steps) -> Geography:
    """Return the geography of a department, with the cantons asked for.

    Raises
    ------
    SourceError
        If there is none, or the one given is that of another department.
    """
    from essmap.build.geography_files import read_geography

    steps.say(t("build.geography"))
    folder = _geography_folder(plan, department)
    if folder is None:
        raise SourceError(t("errors.no_geography", department=department))
    found = read_geography(folder)
    if found.department_code != department:
        raise SourceError(t("build_command.other_geography", found=found.department_code, department=department))
    if plan.cantons is None:
        return found
    steps.say(t("build.cantons"))
    return _with_cantons(found, plan.cantons, plan)


def _with_cantons(geography: Geography, cantons: str, plan: _Plan) -> Geography:
    """Return the geography with the electoral cantons of the service or of a file; keep what the service gave."""
    from essmap.build.electoral import Loaded, with_electoral_cantons
    from essmap.sources.canton_outlines import read_outlines
    from essmap.sources.canton_populations import read_canton_populations
    from essmap.sources.ign_cantons import Service, read_ign_cantons

    settings, populations = plan.settings, plan.canton_populations
    table = read_canton_populations(geography.department_code, populations)
    if cantons == "ign":
        contact = settings.contact_email or settings.site_url
        service = Service(settings.wfs_url, settings.wfs_timeout, Path(settings.cache), contact, plan.is_offline)
        outlines, keep = read_ign_cantons(service, geography.department_code)
    else:
        outlines, keep = read_outlines(Path(cantons)), lambda: None
    result = with_electoral_cantons(geography, Loaded(outlines, table, is_embedded=populations is None))
    keep()
    return result


def _put(store: Store, snapshot: Snapshot, plan: _Plan, steps: _Steps) -> Snapshot:
    """Write a snapshot; it becomes the current one unless something speaks against it and nobody insists."""
    from essmap.build.report import with_report

    previous = _previous(store, snapshot.manifest.department)
    withheld = read_withheld(Path(plan.settings.withhold))
    complete = with_report(snapshot, previous, source=plan.source, withheld=withheld, is_forced=plan.is_forced)
    steps.say(t("build.write"))
    store.save(complete, make_current=not _is_refused(complete))
    return complete


def _previous(store: Store, department: str) -> Snapshot | None:
    """Return the current snapshot of a department; None where none can be read."""
    try:
        if store.current(department) is None:
            return None
        return store.load(department)
    except SnapshotError:
        err.print(t("build_command.not_compared"), markup=False)
        return None


def _is_refused(snapshot: Snapshot) -> bool:
    report = snapshot.report
    return report is not None and bool(report.refusals) and not report.is_forced


def _write_report(path: Path, snapshots: Sequence[Snapshot]) -> None:
    """Write the reports as JSON: an object, or a list of them for several departments."""
    found = [as_json(snapshot.manifest, snapshot.report) for snapshot in snapshots]
    content = found[0] if len(found) == 1 else found
    try:
        write_whole(path, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    except OSError as error:
        raise SettingsError(
            t("build_command.report_unwritable", path=path.name, reason=system_reason(error))
        ) from error


def _raise_refused(snapshots: Sequence[Snapshot]) -> None:
    """End in an error where a build was not put in use.

    Raises
    ------
    DataError
        If there is one.
    """
    from essmap.build.guards import OVERRIDE

    said = [
        t(
            "build_command.refused",
            build=snapshot.manifest.build_id,
            reasons=" ".join(snapshot.report.refusals),
            option=OVERRIDE,
        )
        for snapshot in snapshots
        if snapshot.report is not None and _is_refused(snapshot)
    ]
    if said:
        raise DataError("\n".join(said))
