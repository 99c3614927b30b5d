"""What a list that comes in does to those that are there: which one it takes the place of, and whose declarations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from essmap.errors import SettingsError, SourceError
from essmap.schema.folding import fold
from essmap.schema.tableschema import Kind
from essmap.settings import Settings
from essmap.texts import t

if TYPE_CHECKING:
    from essmap.build.imports.judge import Judged
    from essmap.build.locals import LocalList
    from essmap.schema.snapshot import Snapshot, Span


def older(settings: Settings, replaces: str | None, kind: Kind) -> LocalList | None:
    """Return the list that the new one takes the place of.

    Raises
    ------
    SettingsError
        If there is none of that identifier, or it is of another kind.
    """
    from essmap.build.locals import find_list

    if replaces is None:
        return None
    found = find_list(Path(settings.local_lists), settings.department, replaces)
    if found.kind != kind:
        said = {"id": found.import_id, "title": found.title, "kind": t(f"import_command.of_kind.{found.kind}")}
        raise SettingsError(t("import_command.replaces_other_kind", **said))
    return found


def stays(old: LocalList | None, one: LocalList, judged: Judged) -> bool:
    """Tell whether an older list is to stay: while rows of the new one are kept out, it may be all that says them."""
    from essmap.build.imports.complete import HARMLESS

    if old is None or old.import_id == one.import_id:
        return False
    return any(faults[0].rule not in HARMLESS for faults in judged.reasons.values())


def spans_gone(settings: Settings, one: LocalList, old: LocalList | None) -> list[Span]:
    """Return what the same list, or the one that is replaced, was declared complete for and this one is not."""
    ids = {one.import_id, *([old.import_id] if old is not None else [])}
    before = [span for list_ in _present(settings) if list_.import_id in ids for span in list_.spans]
    return [span for span in dict.fromkeys(before) if not any(_holds(own, span) for own in one.spans)]


def taken_over(settings: Settings, one: LocalList, old: LocalList | None) -> list[tuple[LocalList, Span]]:
    """Return what other lists declare complete and this one, which comes later, does too: from then on it counts."""
    ids = {one.import_id, *([old.import_id] if old is not None else [])}
    return [
        (list_, replace(span, first_year=max(span.first_year, own.first_year),
                        last_year=min(span.last_year, own.last_year)))
        for list_ in _present(settings)
        if list_.kind == one.kind and list_.import_id not in ids
        for span in list_.spans
        for own in one.spans
        if fold(own.programme) == fold(span.programme)
        and own.first_year <= span.last_year
        and span.first_year <= own.last_year
    ]  # fmt: skip


def _holds(own: Span, span: Span) -> bool:
    is_same = fold(own.programme) == fold(span.programme)
    return is_same and own.first_year <= span.first_year and span.last_year <= own.last_year


def _present(settings: Settings) -> tuple[LocalList, ...]:
    from essmap.build.locals import read_lists

    try:
        return read_lists(Path(settings.local_lists), settings.department).lists
    except SourceError:  # a list that was changed by hand stops the build, not the import of another one
        return ()


def without(snapshot: Snapshot, old: LocalList | None) -> Snapshot:
    """Return a snapshot without the supports and declarations of a list that is replaced.

    Structures stay: those of several sources are one, and no build tells what is left of them without the list.
    """
    if old is None or old.kind != "projects":
        return snapshot
    projects, manifest = snapshot.layer("projects"), snapshot.manifest
    tables: dict[str, Any] = {**snapshot.tables, "projects": projects[projects["source"].ne(old.key)]}
    said = manifest.completeness["projects"]
    left = tuple(span for span in said.spans if span not in old.spans)
    completeness = {**manifest.completeness, "projects": replace(said, spans=left)}
    return replace(snapshot, tables=tables, manifest=replace(manifest, completeness=completeness))
