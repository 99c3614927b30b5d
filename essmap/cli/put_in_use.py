"""How ``essmap build`` puts a snapshot in use: compared with the current one, written, refused where it loses much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from essmap.cli.report import err, out
from essmap.errors import DataError, EssmapError, SnapshotError, SourceError
from essmap.schema.snapshot import Snapshot
from essmap.schema.withheld import read_withheld
from essmap.settings import Settings
from essmap.store import Store
from essmap.texts import t
from essmap.view.format import integer

if TYPE_CHECKING:
    from essmap.build.guards import Before


def put_in_use(store: Store, snapshot: Snapshot, settings: Settings, *, source: str, is_forced: bool) -> Snapshot:
    """Write a snapshot; it becomes the current one unless something speaks against it and nobody insists.

    Parameters
    ----------
    store : Store
    snapshot : Snapshot
    settings : Settings
    source : str
        What was asked for.
    is_forced : bool
        Whether somebody insists.

    Returns
    -------
    Snapshot
        With its report complete.

    Raises
    ------
    SnapshotError
        If it cannot be written.
    DataError
        If the list of who is withheld is not understood.
    """
    from essmap.build.report import with_report

    previous, before = _current(store, snapshot.manifest.department)
    withheld = read_withheld(Path(settings.withhold))
    complete = with_report(
        snapshot, previous, source=source, before=before, withheld=withheld, is_forced=is_forced
    )  # fmt: skip
    if complete.report is not None and (parts := len(complete.report.shortfalls)):
        said = t("build_command.shortfalls", n=parts, n_text=integer(parts), department=snapshot.manifest.department)
        err.print(said, markup=False)
    store.save(complete, make_current=not _is_refused(complete))
    return complete


def _current(store: Store, department: str) -> tuple[Snapshot | None, Before | None]:
    """Return the current snapshot of a department; where it cannot be loaded, what is known of it all the same."""
    from essmap.build.guards import Before

    try:
        if store.current(department) is None:
            return None, None
        return store.load(department), None
    except SnapshotError:
        err.print(t("build_command.not_compared"), markup=False)
    try:
        other = store.written_by_another_version(department)
        return None, Before.of(store.manifest(department)) if other is None else Before.written(other)
    except SnapshotError:
        return None, Before(actors=None)


def _is_refused(snapshot: Snapshot) -> bool:
    report = snapshot.report
    return report is not None and bool(report.refusals) and not report.is_forced


def raise_unfinished(snapshots: Sequence[Snapshot], failed: Mapping[str, EssmapError]) -> None:
    """End in an error where a build was not put in use, or could not be made.

    Parameters
    ----------
    snapshots : sequence of Snapshot
        Those that were written.
    failed : mapping
        By department, why there is none.

    Raises
    ------
    SourceError
        If a department could not be built.
    DataError
        If builds were kept aside only.
    """
    from essmap.build.guards import OVERRIDE

    refused = [
        t(
            "build_command.refused",
            build=snapshot.manifest.build_id,
            reasons=" ".join(snapshot.report.refusals),
            option=OVERRIDE,
        )
        for snapshot in snapshots
        if snapshot.report is not None and _is_refused(snapshot)
    ]
    for error in failed.values():
        for problem in error.problems if isinstance(error, DataError) else ():
            out.print(str(problem), markup=False)
    lost = [t("build_command.not_built", department=code, reason=str(error)) for code, error in failed.items()]
    if lost:
        raise SourceError("\n".join([*refused, *lost]))
    if refused:
        raise DataError("\n".join(refused))
