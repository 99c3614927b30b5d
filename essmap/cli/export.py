"""The command ``essmap export``: actors, supported projects and comparisons as open data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from essmap.cli.report import err, out
from essmap.cli.themes import THEMES, read_theme
from essmap.errors import SettingsError
from essmap.schema.withheld import read_withheld, shown
from essmap.settings import load_settings
from essmap.store import locate
from essmap.texts import t

if TYPE_CHECKING:
    from essmap.analysis.coverage import Count, Level, Question
    from essmap.schema.snapshot import Snapshot
    from essmap.view.filters import Filters
    from essmap.view.opendata.content import Content
    from essmap.view.opendata.package import Format

_FORMATS: Final = ("csv", "xlsx", "geojson", "gpkg", "parquet")
_WHATS: Final = ("actors", "projects", "gaps")
_ZIP: Final = ".zip"
_Keys = list[str] | None


def export(  # noqa: PLR0913  one parameter per option of the command line
    output: Annotated[list[str], typer.Option("--format", help=t("export.format"), metavar=t("cli.metavars.format"))],
    what: Annotated[_Keys, typer.Option(help=t("export.what"), metavar=t("export.metavars.what"))] = None,
    path: Annotated[Path, typer.Option("--out", help=t("export.out"), metavar=t("export.metavars.path"))] = Path(),
    machine: Annotated[bool, typer.Option("--machine", help=t("export.machine"))] = False,
    force: Annotated[bool, typer.Option("--force", help=t("export.force"))] = False,
    axis: Annotated[_Keys, typer.Option(help=t("export.axis"), metavar=t("export.metavars.key"))] = None,
    domain: Annotated[_Keys, typer.Option(help=t("export.domain"), metavar=t("export.metavars.key"))] = None,
    family: Annotated[_Keys, typer.Option(help=t("export.family"), metavar=t("export.metavars.key"))] = None,
    commune: Annotated[str | None, typer.Option(help=t("export.commune"), metavar=t("cli.metavars.code"))] = None,
    canton: Annotated[str | None, typer.Option(help=t("export.canton"), metavar=t("cli.metavars.code"))] = None,
    epci: Annotated[str | None, typer.Option(help=t("export.epci"), metavar=t("cli.metavars.code"))] = None,
    supported: Annotated[bool, typer.Option("--supported", help=t("export.supported"))] = False,
    since: Annotated[
        int | None, typer.Option(help=t("export.since"), metavar=t("export.metavars.year"), min=1000, max=9999)
    ] = None,
    words: Annotated[str, typer.Option(help=t("export.words"), metavar=t("export.metavars.words"))] = "",
    level: Annotated[str, typer.Option(help=t("cli.gaps_level"), metavar=t("cli.metavars.level"))] = "canton",
    theme: Annotated[str, typer.Option(help=t("cli.gaps_theme", **THEMES), metavar=t("cli.metavars.theme"))] = "all",
    count: Annotated[str | None, typer.Option(help=t("cli.gaps_count"), metavar=t("cli.metavars.count"))] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help=t("cli.gaps_exercise"))] = False,
    snapshot: Annotated[str | None, typer.Option(help=t("cli.snapshot"), metavar=t("cli.metavars.folder"))] = None,
) -> None:
    """Write tables of the snapshot as open data, with what has to be said of them.

    Raises
    ------
    SettingsError
        If an option makes no sense, or a file is there already and ``--force`` is not given.
    """
    from essmap.view.opendata.guard import require_masked
    from essmap.view.opendata.package import Publisher, as_zip, package, write_files

    formats, whats = _formats(output), _whats(what)
    places = [(kind, code) for kind, code in (("commune", commune), ("canton", canton), ("epci", epci)) if code]
    asked = _Asked(axis or [], domain or [], family or [], places, supported, since, words)
    asked.require_sense(whats)
    question = _question(level, theme, count, exercise, whats)
    settings = load_settings()
    store, department, build_id = locate(snapshot or settings.snapshots, settings.department)
    withheld = read_withheld(Path(settings.withhold))
    loaded = shown(store.load(department, build_id), withheld)
    require_masked(loaded, withheld)
    filters = asked.filters(loaded)
    contents = [content for one in whats for content in _contents(loaded, one, filters, question)]
    target = _Target.of(path, formats, whats)
    publisher = Publisher(settings.publisher, settings.site_url)
    files = package(contents, formats, for_machines=machine, publisher=publisher, stem=target.stem)
    if target.archive is not None:
        files = {target.archive: as_zip(files, loaded.manifest.built_at)}
    for written in write_files(target.folder, files, overwrite=force):
        out.print(str(written), markup=False)
    for sentence in dict.fromkeys(sentence for content in contents for sentence in content.said):
        err.print(sentence, markup=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The filters as they were typed."""

    axes: Sequence[str]
    domains: Sequence[str]
    families: Sequence[str]
    places: Sequence[tuple[str, str]]
    supported: bool
    since: int | None
    words: str

    def require_sense(self, whats: Sequence[str]) -> None:
        """Refuse unknown keys, several places, and filters that a table has not: none is ignored.

        Raises
        ------
        SettingsError
            If there are any.
        """
        from essmap import reference

        pseudo = {reference.SEVERAL_AXES}
        _among("--axis", self.axes, [str(key) for key in reference.axes().index if key not in pseudo])
        _among("--domain", self.domains, [str(key) for key in reference.domains().index])
        _among("--family", self.families, [str(key) for key in reference.families().index])
        if len(self.places) > 1:
            raise SettingsError(t("export.one_place"))
        given = {
            "--axis": self.axes, "--domain": self.domains, "--family": self.families, "--supported": self.supported,
            "--since": self.since, "--words": self.words, **{f"--{kind}": code for kind, code in self.places},
        }  # fmt: skip
        used = {name for name, value in given.items() if value}
        foreign = {"gaps": used, "projects": used & {"--family", "--supported"}, "actors": set()}
        for what in whats:
            if foreign[what]:
                names = ", ".join(sorted(foreign[what]))
                hint = t("export.foreign_gaps", **THEMES) if what == "gaps" else t("export.foreign_projects")
                raise SettingsError(f"{t('export.foreign', what=what, names=names)} {hint}")

    def filters(self, snapshot: Snapshot) -> Filters:
        """Return the filters of the pages.

        Raises
        ------
        SettingsError
            If the place is none of the department.
        """
        from essmap.view.filters import UNKNOWN_CANTON, Filters, Where

        for kind, code in self.places:
            layer = {"commune": "communes", "canton": "cantons", "epci": "epci"}[kind]
            column = "commune" if kind == "canton" and code.endswith(UNKNOWN_CANTON) else kind
            layer = "communes" if column == "commune" else layer
            known = snapshot.table(layer)[f"{column}_code"]
            if not known.eq(code.removesuffix(UNKNOWN_CANTON)).any():
                raise SettingsError(t("export.no_place", kind=kind, code=code))
        return Filters(
            words=self.words.strip(),
            axes=tuple(self.axes),
            domains=tuple(self.domains),
            families=tuple(self.families),
            where=cast("tuple[Where, str]", tuple(self.places[0])) if self.places else None,
            supported=self.supported,
            since=self.since,
        )


@dataclass(frozen=True, slots=True)
class _Target:
    """Where files go: a folder with stable names, one file of a given name, or one zip."""

    folder: Path
    stem: str | None = None
    archive: str | None = None

    @classmethod
    def of(cls, path: Path, formats: Sequence[str], whats: Sequence[str]) -> _Target:
        """Understand ``--out``: an existing folder or a name without ending is a folder.

        Raises
        ------
        SettingsError
            If it names one file for several tables, or one of another format.
        """
        if path.suffix == _ZIP and not path.is_dir():
            return cls(path.parent, archive=path.name)
        if path.is_dir() or not path.suffix:
            return cls(path)
        if len(formats) > 1 or len(whats) > 1:
            raise SettingsError(t("export.one_file", path=path.name))
        if path.suffix != f".{formats[0]}":
            raise SettingsError(t("export.ending", path=path.name, expected=f".{formats[0]}"))
        return cls(path.parent, stem=path.stem)


def _formats(typed: Sequence[str]) -> list[Format]:
    _among("--format", typed, _FORMATS)
    return cast("list[Format]", list(dict.fromkeys(typed)))


def _whats(typed: Sequence[str] | None) -> list[str]:
    _among("--what", typed or (), _WHATS)
    return list(dict.fromkeys(typed or ("actors",)))


def _question(level: str, theme: str, count: str | None, exercise: bool, whats: Sequence[str]) -> Question:
    from essmap.analysis.coverage import Question

    _among("--level", [level], ("canton", "epci", "commune"))
    _among("--count", [count] if count else [], ("all", "employers"))
    question = Question(cast("Level", level), read_theme(theme), cast("Count | None", count), exercise)
    if "gaps" not in whats and question != Question():
        raise SettingsError(t("export.only_gaps"))
    return question


def _contents(snapshot: Snapshot, what: str, filters: Filters, question: Question) -> list[Content]:
    from essmap.analysis.coverage import Tables, coverage
    from essmap.view.opendata.choice import chosen_actors, chosen_projects
    from essmap.view.opendata.content import actors_content, gaps_content, projects_content

    if what == "actors":
        return actors_content(snapshot, chosen_actors(snapshot, filters), filters.to_query())
    if what == "projects":
        return projects_content(snapshot, chosen_projects(snapshot, filters), filters.to_query())
    return gaps_content(snapshot, coverage(Tables.of(snapshot), question), question)


def _among(name: str, values: Iterable[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise SettingsError(t("cli.gaps_choice", name=name, value=value, known=", ".join(known)))
