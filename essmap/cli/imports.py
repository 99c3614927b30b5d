"""The commands ``essmap import``, ``essmap imports`` and ``essmap template``: local lists, in and out again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from essmap.cli.french import FrenchCommand, FrenchGroup
from essmap.cli.report import err, out
from essmap.errors import DataError, EssmapError, SettingsError
from essmap.schema.atomic import write_whole
from essmap.schema.spans import years_of
from essmap.schema.tableschema import KINDS, Kind, schema_file
from essmap.schema.withheld import read_withheld
from essmap.settings import Settings, load_settings
from essmap.texts import t
from essmap.texts.system import system_reason
from essmap.view.format import integer

if TYPE_CHECKING:
    from essmap.build.imports.judge import Judged, Wanted
    from essmap.build.locals import LocalList

_FILE: Final = t("cli.metavars.file")
#: Remarks that are printed; the report has them all.
_REMARKS_SHOWN: Final = 20

imports: Final = typer.Typer(
    cls=FrenchGroup,
    help=t("cli.commands.imports"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    options_metavar=t("cli.metavars.options"),
    subcommand_metavar=t("cli.metavars.command"),
)


def import_list(  # noqa: PLR0913  one parameter per option
    file: Annotated[Path, typer.Argument(help=t("import_command.file"), metavar=_FILE)],
    kind: Annotated[str, typer.Option(help=t("import_command.kind"), metavar=t("import_command.kinds"))],
    sheet: Annotated[
        str | None, typer.Option(help=t("import_command.sheet"), metavar=t("import_command.sheet_name"))
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--map", help=t("import_command.map"), metavar=t("import_command.map_pair"))
    ] = None,
    complete_for: Annotated[
        tuple[str, str] | None,
        typer.Option(help=t("import_command.complete_for"), metavar=t("import_command.complete_for_pair")),
    ] = None,
    programme: Annotated[
        str, typer.Option(help=t("import_command.programme"), metavar=t("import_command.programme_name"))
    ] = "",
    title: Annotated[str, typer.Option(help=t("import_command.title"), metavar=t("import_command.text"))] = "",
    publisher: Annotated[str, typer.Option(help=t("import_command.publisher"), metavar=t("import_command.text"))] = "",
    licence: Annotated[str, typer.Option(help=t("import_command.licence"), metavar=t("import_command.text"))] = "",
    department: Annotated[str | None, typer.Option(help=t("cli.department"), metavar=t("cli.metavars.code"))] = None,
    geography: Annotated[
        Path | None, typer.Option(help=t("build_command.geography"), metavar=t("cli.metavars.folder"))
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=t("import_command.dry_run"))] = False,
    report: Annotated[Path | None, typer.Option(help=t("import_command.report"), metavar=_FILE)] = None,
    annotated: Annotated[Path | None, typer.Option(help=t("import_command.annotated"), metavar=_FILE)] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("cli.json"))] = False,
) -> None:
    """Bring a list in: what is sound is kept for the next builds, what is not is reported row by row.

    Raises
    ------
    DataError
        If rows are kept out; the others came in.
    """
    from essmap.build.imports.judge import judge
    from essmap.build.locals import About, as_list, keep_list
    from essmap.sources.spreadsheet import read_file

    settings = _settings(department)
    wanted = _wanted(_kind(kind), sheet, column or [], complete_for, programme)
    book = read_file(file)
    communes = _communes(settings, geography)
    withheld = read_withheld(Path(settings.withhold))
    judged = judge(book, wanted, communes, settings.department, withheld=withheld)
    one = as_list(judged, About(title, publisher, licence), datetime.now(UTC))
    told = judged.as_dict()
    if judged.frame.empty:
        _write_copies(judged, told, report, annotated)
        raise DataError(t("locals.nothing", file=book.file), judged.faults)
    if not dry_run:
        told["outcome"] = keep_list(Path(settings.local_lists), settings.department, one)
        told["import_id"] = one.import_id
    _write_copies(judged, told, report, annotated)
    if as_json:
        print(json.dumps(told, ensure_ascii=False, indent=2))  # noqa: T201  machines read it
    else:
        _tell(judged, told, one, settings)
    if judged.faults:
        lost = len(judged.reasons)
        said = t("import_command.rejected", n=lost, n_text=integer(lost), rows=integer(judged.rows_in))
        hint = "" if annotated is not None else f" {t('import_command.hint_annotated')}"
        raise DataError(said + hint, () if as_json else judged.faults)


@imports.command("list", cls=FrenchCommand, help=t("import_command.list"), options_metavar=t("cli.metavars.options"))
def list_imports(
    department: Annotated[str | None, typer.Option(help=t("cli.department"), metavar=t("cli.metavars.code"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=t("cli.json"))] = False,
) -> None:
    """Say which lists are part of every build."""
    from essmap.build.locals import read_lists

    settings = _settings(department)
    lists = read_lists(Path(settings.local_lists), settings.department).lists
    if as_json:
        print(json.dumps([_described(one) for one in lists], ensure_ascii=False, indent=2))  # noqa: T201
        return
    if not lists:
        _say(t("import_command.no_list"))
    for one in lists:
        when = datetime.fromisoformat(one.imported_at)
        counts = {"n": len(one.rows), "n_text": integer(len(one.rows)), "rows": integer(one.rows_in)}
        kind = t(f"import_command.of_kind.{one.kind}")
        _say(t("import_command.line", id=one.import_id, when=f"{when:%d/%m/%Y %H:%M}", kind=kind, title=one.title))
        _say("  " + t("import_command.line_rows", **counts))
        for span in one.spans:
            _say("  " + t("import_command.line_span", programme=span.programme, years=years_of(span)))


@imports.command("undo", cls=FrenchCommand, help=t("import_command.undo"), options_metavar=t("cli.metavars.options"))
def undo(
    identifier: Annotated[
        str, typer.Argument(help=t("import_command.identifier"), metavar=t("import_command.identifier_name"))
    ],
    department: Annotated[str | None, typer.Option(help=t("cli.department"), metavar=t("cli.metavars.code"))] = None,
) -> None:
    """Take a list away again."""
    from essmap.build.locals import undo_import

    settings = _settings(department)
    gone = undo_import(Path(settings.local_lists), settings.department, identifier)
    _say(t("import_command.undone", title=gone.title, n=len(gone.rows), n_text=integer(len(gone.rows))))


def template(
    kind: Annotated[str, typer.Option(help=t("import_command.kind"), metavar=t("import_command.kinds"))],
    out_file: Annotated[
        Path | None, typer.Option("--out", help=t("import_command.template_out"), metavar=_FILE)
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help=t("import_command.schema"))] = False,
    department: Annotated[str | None, typer.Option(help=t("cli.department"), metavar=t("cli.metavars.code"))] = None,
) -> None:
    """Write the workbook to fill in, or the Table Schema.

    Raises
    ------
    SettingsError
        If it cannot be written.
    """
    from essmap.view.template import template as workbook

    known = _kind(kind)
    if schema:
        path, content = out_file or Path(f"essmap-{known}.schema.json"), schema_file(known).read_bytes()
    else:
        communes = _communes(_settings(department), None)
        path = out_file or Path(t("import_command.template_name", kind=t(f"import_command.file_of_kind.{known}")))
        content = workbook(known, communes["commune_name"].tolist())
    _write(path, content)
    _say(t("import_command.written", path=str(path)))


def _settings(department: str | None) -> Settings:
    return load_settings(**({} if department is None else {"department": department}))


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise SettingsError(t("cli.kind_bad", kind=kind))
    return kind


def _wanted(
    kind: Kind, sheet: str | None, pairs: Sequence[str], complete_for: tuple[str, str] | None, programme: str
) -> Wanted:
    from essmap.build.imports.judge import Wanted, read_span

    mapping = {}
    for pair in pairs:
        heading, equals, name = pair.rpartition("=")
        if not equals or not heading.strip() or not name.strip():
            raise SettingsError(t("imports.map_bad", value=pair))
        mapping[heading.strip()] = name.strip()
    spans = () if complete_for is None else (read_span(*complete_for),)
    return Wanted(kind, sheet, mapping, " ".join(programme.split()), spans)


def _communes(settings: Settings, geography: Path | None) -> Any:
    from essmap.build.geography_files import read_geography
    from essmap.build.starter import load_geography

    found = load_geography(settings.department) if geography is None else read_geography(geography)
    if found.department_code != settings.department:
        said = {"found": found.department_code, "department": settings.department}
        raise SettingsError(t("build_command.other_geography", **said))
    return found.communes


def _write_copies(judged: Judged, told: dict[str, Any], report: Path | None, annotated: Path | None) -> None:
    if report is not None:
        _write(report, (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode())
    if annotated is not None:
        from essmap.build.imports.annotated import annotated_copy

        if annotated.suffix.lower() != ".xlsx":
            raise SettingsError(t("import_command.annotated_form", path=annotated.name))
        _write(annotated, annotated_copy(judged))


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise SettingsError(t("import_command.unwritable", path=path.name, reason=system_reason(error))) from error


def _tell(judged: Judged, told: dict[str, Any], one: LocalList, settings: Settings) -> None:
    """Say how the list was read, what came in, and what is to be looked at."""
    from essmap.build.imports.annotated import remark_text

    for note in judged.book.notes:
        _say(note)
    if judged.layout.grid.sheet:
        _say(t("import_command.sheet_read", sheet=judged.layout.grid.sheet, line=judged.layout.header + 1))
    for heading, near in judged.layout.unknown:
        if near:
            _say(t("import_command.unknown_near", heading=heading, field=near))
        else:
            _say(t("import_command.unknown", heading=heading))
    if judged.layout.dropped:
        _say(t("import_command.dropped", names=", ".join(judged.layout.dropped)))
    for remark in judged.remarks[:_REMARKS_SHOWN]:
        _say(t("import_command.remark", line=remark.row, said=remark_text(remark)))
    if (more := len(judged.remarks) - _REMARKS_SHOWN) > 0:
        _say(t("import_command.more_remarks", n=more, n_text=integer(more)))
    _tell_effect(one, settings)
    counts = {"n": len(judged.frame), "n_text": integer(len(judged.frame)), "rows": integer(judged.rows_in)}
    outcome = told.get("outcome")
    _say(t(f"import_command.outcome.{outcome}" if outcome else "import_command.dry", id=one.import_id, **counts))


def _tell_effect(one: LocalList, settings: Settings) -> None:
    """Say what the list changes in the data in use; nothing where there is none that can be read."""
    from essmap.build.imports.effect import effect_of
    from essmap.store import Store

    try:
        snapshot = Store(settings.snapshots).load(settings.department)
        found = effect_of(one, snapshot, withheld=read_withheld(Path(settings.withhold)))
    except EssmapError:
        err.print(t("import_command.not_compared"), markup=False)
        return
    counts = {"added": integer(found.added), "merged": integer(found.merged), "contested": integer(found.contested)}
    _say(t(f"import_command.effect.{one.kind}", **counts))
    for said in found.gave_way:
        _say(said)


def _described(one: LocalList) -> dict[str, Any]:
    return {
        "import_id": one.import_id,
        "kind": one.kind,
        "title": one.title,
        "file": one.file,
        "sheet": one.sheet,
        "imported_at": one.imported_at,
        "sha256": one.sha256,
        "rows_in": one.rows_in,
        "rows": len(one.rows),
        "rejected": dict(one.rejected),
        "complete_for": [
            {"programme": span.programme, "first_year": span.first_year, "last_year": span.last_year}
            for span in one.spans
        ],
    }


def _say(line: str) -> None:
    out.print(line, markup=False)
