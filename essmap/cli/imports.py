"""The commands ``essmap import``, ``essmap imports`` and ``essmap template``: local lists, in and out again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from essmap.cli.french import FrenchCommand, FrenchGroup
from essmap.cli.import_older import older, spans_gone, stays, taken_over
from essmap.cli.import_report import check_targets, licence_key, licence_said, say, tell, tell_reading
from essmap.errors import DataError, SettingsError, SourceError
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
    from essmap.schema.snapshot import Span

_FILE: Final = t("cli.metavars.file")
_COMPLETE: Final = "--complete-for"
#: Between the programme and the years of a pair: no text that somebody types holds it.
_PARTED: Final = "\x1f"

imports: Final = typer.Typer(
    cls=FrenchGroup,
    help=t("cli.commands.imports"),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    options_metavar=t("cli.metavars.options"),
    subcommand_metavar=t("cli.metavars.command"),
)


class ImportCommand(FrenchCommand):
    """``essmap import``: ``--complete-for`` takes two words, and may come more than once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line; the two words of a pair become one value, for typer repeats single values only."""
        left, found = list(args), []
        while left:
            word = left.pop(0)
            if word == _COMPLETE and left:
                word = f"{word}={left.pop(0)}"
            if word.startswith(f"{_COMPLETE}=") and left:
                word = f"{word}{_PARTED}{left.pop(0)}"
            found.append(word)
        return super().parse_args(ctx, found)


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
        list[str] | None,
        typer.Option(help=t("import_command.complete_for"), metavar=t("import_command.complete_for_pair")),
    ] = None,
    programme: Annotated[
        str, typer.Option(help=t("import_command.programme"), metavar=t("import_command.programme_name"))
    ] = "",
    title: Annotated[str, typer.Option(help=t("import_command.title"), metavar=t("import_command.text"))] = "",
    publisher: Annotated[str, typer.Option(help=t("import_command.publisher"), metavar=t("import_command.text"))] = "",
    licence: Annotated[str, typer.Option(help=t("import_command.licence"), metavar=t("import_command.text"))] = "",
    replaces: Annotated[
        str | None, typer.Option(help=t("import_command.replaces"), metavar=t("import_command.identifier_name"))
    ] = None,
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
    from essmap.build.locals import About, as_list

    settings = _settings(department)
    old = older(settings, replaces, _kind(kind))
    wanted = _wanted(_kind(kind), sheet, column or [], complete_for or [], programme)
    check_targets(file, report, annotated)
    communes = _communes(settings, geography)
    judged = _judge(file, wanted, communes, settings, report, annotated, as_json=as_json)
    one = as_list(judged, About(title, publisher, licence), datetime.now(UTC))
    told = {**judged.as_dict(), "import_id": one.import_id, "licence_read": licence_key(one)}
    if judged.frame.empty:
        said = t("locals.nothing", file=judged.book.file)
        _give(told, judged, report, annotated, as_json=as_json, refused=said)
        raise DataError(_hinted(said, annotated), () if as_json else judged.faults)
    gone, over = spans_gone(settings, one, old), taken_over(settings, one, old)
    told["complete_for_gone"] = [_span(span) for span in gone]
    told["complete_for_taken_over"] = [{"import_id": list_.import_id, **_span(span)} for list_, span in over]
    told |= _of_older(old, one, judged, is_dry=dry_run)
    for list_, span in () if as_json else over:
        years = years_of(span)
        say(t("import_command.taken_over", title=list_.title, programme=span.programme, years=years))
    if annotated is not None:
        _write(annotated, _annotated(judged))
    if not dry_run and "replaced_stays" not in told:
        told |= _kept(settings, one, old)
    _give(told, judged, report, None, as_json=as_json)
    if not as_json:
        tell(judged, told, one, settings, gone, old)
    if judged.faults:
        lost = len(judged.reasons)
        said = t("import_command.rejected", n=lost, n_text=integer(lost), rows=integer(judged.rows_in))
        raise DataError(_hinted(said, annotated), () if as_json else judged.faults)


def _judge(
    file: Path,
    wanted: Wanted,
    communes: Any,
    settings: Settings,
    report: Path | None,
    annotated: Path | None,
    *,
    as_json: bool,
) -> Judged:
    """Read and judge a list; whatever refuses it as a whole is in the report and the copy too.

    Raises
    ------
    DataError
        If it is no list, or is declared complete and is not.
    """
    from essmap.build.imports.judge import NotCompleteError, judge
    from essmap.sources.spreadsheet import read_file

    withheld = read_withheld(Path(settings.withhold))
    told: dict[str, Any] = {"file": file.name, "kind": wanted.kind}
    try:
        return judge(read_file(file), wanted, communes, settings.department, withheld=withheld)
    except NotCompleteError as error:
        _give(error.judged.as_dict(), error.judged, report, annotated, as_json=as_json, refused=str(error))
        raise DataError(_hinted(str(error), annotated), () if as_json else error.problems) from error
    except DataError as error:
        told["faults"] = [one.as_dict() for one in error.problems]
        _give(told, None, report, None, as_json=as_json, refused=str(error))
        raise DataError(str(error), () if as_json else error.problems) from error
    except (SourceError, SettingsError) as error:
        _give(told, None, report, None, as_json=as_json, refused=str(error))
        raise


def _of_older(old: LocalList | None, one: LocalList, judged: Judged, *, is_dry: bool) -> dict[str, Any]:
    """Return what is said of an older list: it would go, or it stays and the new one is not kept."""
    if old is None or old.import_id == one.import_id:
        return {}
    if stays(old, one, judged):
        return {"replaced_stays": old.import_id, "replaced_title": old.title}
    return {"would_replace": old.import_id, "replaced_title": old.title} if is_dry else {}


def _kept(settings: Settings, one: LocalList, old: LocalList | None) -> dict[str, Any]:
    """Keep a list, then take the older one away: a crash in between leaves both, never none. Return what was done."""
    from essmap.build.locals import keep_list, undo_import

    folder = Path(settings.local_lists)
    done: dict[str, Any] = {"outcome": keep_list(folder, settings.department, one)}
    if old is not None and old.import_id != one.import_id:
        undo_import(folder, settings.department, old.import_id)
        done |= {"replaced": old.import_id, "replaced_title": old.title}
    return done


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
        say(t("import_command.no_list"))
    for one in lists:
        when = datetime.fromisoformat(one.imported_at)
        counts = {"n": len(one.rows), "n_text": integer(len(one.rows)), "rows": integer(one.rows_in)}
        kind = t(f"import_command.of_kind.{one.kind}")
        say(t("import_command.line", id=one.import_id, when=f"{when:%d/%m/%Y %H:%M}", kind=kind, title=one.title))
        say("  " + t("import_command.line_rows", **counts))
        say("  " + t("import_command.line_publisher", name=one.about.publisher or t("import_command.not_said")))
        say("  " + licence_said(one))
        for span in one.spans:
            say("  " + t("import_command.line_span", programme=span.programme, years=years_of(span)))


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
    say(t("import_command.undone", title=gone.title, n=len(gone.rows), n_text=integer(len(gone.rows))))


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
    say(t("import_command.written", path=str(path)))


def _settings(department: str | None) -> Settings:
    return load_settings(**({} if department is None else {"department": department}))


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise SettingsError(t("cli.kind_bad", kind=kind))
    return kind


def _wanted(kind: Kind, sheet: str | None, pairs: Sequence[str], complete_for: Sequence[str], programme: str) -> Wanted:
    from essmap.build.imports.judge import Wanted, read_span

    mapping = {}
    for pair in pairs:
        heading, equals, name = pair.rpartition("=")
        if not equals or not heading.strip() or not name.strip():
            raise SettingsError(t("imports.map_bad", value=pair))
        mapping[heading.strip()] = name.strip()
    spans = []
    for value in complete_for:
        named, _, years = value.partition(_PARTED)
        spans.append(read_span(named, years))
    return Wanted(kind, sheet, mapping, " ".join(programme.split()), tuple(spans))


def _communes(settings: Settings, geography: Path | None) -> Any:
    from essmap.build.geography_files import read_geography
    from essmap.build.starter import load_geography

    found = load_geography(settings.department) if geography is None else read_geography(geography)
    if found.department_code != settings.department:
        said = {"found": found.department_code, "department": settings.department}
        raise SettingsError(t("build_command.other_geography", **said))
    return found.communes


def _give(
    told: dict[str, Any],
    judged: Judged | None,
    report: Path | None,
    annotated: Path | None,
    *,
    as_json: bool,
    refused: str = "",
) -> None:
    """Write the copies that were asked for and print the report for programs; of a refusal, say how it was read."""
    if refused:
        told = {**told, "refused": refused}
    text = json.dumps(told, ensure_ascii=False, indent=2)
    if report is not None:
        _write(report, f"{text}\n".encode())
    if annotated is not None and judged is not None:
        _write(annotated, _annotated(judged))
    if as_json:
        print(text)  # noqa: T201  machines read it
    elif refused and judged is not None:
        tell_reading(judged)


def _annotated(judged: Judged) -> bytes:
    """Return the annotated copy of a list."""
    from essmap.build.imports.annotated import annotated_copy

    return annotated_copy(judged)


def _hinted(said: str, annotated: Path | None) -> str:
    return said if annotated is not None else f"{said} {t('import_command.hint_annotated')}"


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise SettingsError(t("import_command.unwritable", path=path.name, reason=system_reason(error))) from error


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
        "publisher": one.about.publisher,
        "licence": one.about.licence,
        "licence_read": licence_key(one),
        "complete_for": [_span(span) for span in one.spans],
    }


def _span(span: Span) -> dict[str, Any]:
    return {"programme": span.programme, "first_year": span.first_year, "last_year": span.last_year}
