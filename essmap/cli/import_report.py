"""What ``essmap import`` says of a list, and where it may write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from essmap.cli.import_older import without
from essmap.cli.report import err, out
from essmap.errors import EssmapError, SettingsError
from essmap.schema.spans import years_of
from essmap.schema.withheld import read_withheld
from essmap.settings import Settings
from essmap.texts import t
from essmap.view.format import integer

if TYPE_CHECKING:
    from essmap.build.imports.judge import Judged
    from essmap.build.locals import LocalList
    from essmap.schema.snapshot import Span

#: Remarks that are printed; the report has them all.
_REMARKS_SHOWN: Final = 20


def check_targets(file: Path, report: Path | None, annotated: Path | None) -> None:
    """Refuse what could not be written, or would take the place of the list, before anything is done.

    Raises
    ------
    SettingsError
        If a target is the list or the other target, cannot be written, or has a name of another form.
    """
    if annotated is not None and annotated.suffix.lower() != ".xlsx":
        raise SettingsError(t("import_command.annotated_form", path=annotated.name))
    taken = [file]
    for target in (report, annotated):
        if target is None:
            continue
        if any(_is_same(target, other) for other in taken):
            raise SettingsError(t("import_command.target_taken", path=target.name))
        taken.append(target)
        folder = next(one for one in target.absolute().parents if one.exists())
        if target.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            reason = t("import_command.is_folder" if target.is_dir() else "import_command.closed_folder")
            raise SettingsError(t("import_command.unwritable", path=target.name, reason=reason))


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def licence_key(one: LocalList) -> str:
    """Return how the licence of a list was understood: ``etalab-2.0``, ``ODbL-1.0`` or ``notspecified``."""
    from essmap.schema.snapshot import SourceRecord
    from essmap.view.opendata.licences import licence_of

    said = one.about.licence or t("locals.licence")
    record = SourceRecord(one.key, one.title, "", "", said, "", None, one.sha256, 0, 0)
    return licence_of(record).name


def licence_said(one: LocalList) -> str:
    """Return the sentence on the licence of a list: as given, and as it was understood."""
    from essmap.view.opendata.licences import ODBL, OPEN

    kind = {OPEN.name: "open", ODBL.name: "odbl"}.get(licence_key(one), "unknown")
    understood = t(f"import_command.licence_kinds.{kind}")
    return t("import_command.licence_read", given=one.about.licence or t("locals.licence"), understood=understood)


def tell_reading(judged: Judged) -> None:
    """Say how a list was read: notes, sheet, columns that are not known or not kept."""
    from essmap.build.imports.headings import map_option

    for note in judged.notes:
        say(note)
    if judged.layout.grid.sheet:
        say(t("import_command.sheet_read", sheet=judged.layout.grid.sheet, line=judged.layout.header + 1))
    for heading, near in judged.layout.unknown:
        key = "unknown_near" if near else "unknown"
        option = map_option(heading, near or t("import_command.field_name"))
        say(t(f"import_command.{key}", heading=heading, option=option))
    if judged.layout.dropped:
        say(t("import_command.dropped", names=", ".join(judged.layout.dropped)))


def tell(
    judged: Judged,
    told: dict[str, Any],
    one: LocalList,
    settings: Settings,
    gone: Sequence[Span],
    old: LocalList | None = None,
) -> None:
    """Say how the list was read, what came in, and what is to be looked at."""
    from essmap.build.imports.annotated import remark_text

    tell_reading(judged)
    for remark in judged.remarks[:_REMARKS_SHOWN]:
        said = remark_text(remark)
        where = "remark" if remark.row is not None else "remark_on_all"
        say(t(f"import_command.{where}", line=remark.row, said=said))
    if (more := len(judged.remarks) - _REMARKS_SHOWN) > 0:
        say(t("import_command.more_remarks", n=more, n_text=integer(more)))
    say(licence_said(one))
    _tell_effect(one, settings, old)
    for span in gone:
        said = "span_gone" if "outcome" in told else "span_would_go"
        say(t(f"import_command.{said}", programme=span.programme, years=years_of(span)))
    counts = {"n": len(judged.frame), "n_text": integer(len(judged.frame)), "rows": integer(judged.rows_in)}
    outcome = told.get("outcome")
    for key in ("replaced", "would_replace", "replaced_stays"):
        if key in told:
            say(t(f"import_command.{key}_list", id=told[key], title=told["replaced_title"]))
    said = "import_command.not_kept" if "replaced_stays" in told else "import_command.dry"
    say(t(f"import_command.outcome.{outcome}" if outcome else said, id=one.import_id, **counts))


def _tell_effect(one: LocalList, settings: Settings, old: LocalList | None) -> None:
    """Say what the list changes in the data in use; nothing where there is none that can be read."""
    from essmap.build.imports.effect import effect_of
    from essmap.store import Store

    try:
        snapshot = Store(settings.snapshots).load(settings.department)
        found = effect_of(one, without(snapshot, old), withheld=read_withheld(Path(settings.withhold)))
    except EssmapError:
        err.print(t("import_command.not_compared"), markup=False)
        return
    counts = {"added": integer(found.added), "merged": integer(found.merged), "contested": integer(found.contested)}
    say(t(f"import_command.effect.{one.kind}", **counts))
    for said in found.gave_way:
        say(said)


def say(line: str) -> None:
    """Print a line as it is."""
    out.print(line, markup=False)
