"""The made-up department as a build from a register leaves it: nobody in it exists, and its manifest says so."""

from __future__ import annotations

from dataclasses import replace

from essmap.build.live import LiveOptions, build_live
from essmap.build.report import with_report
from essmap.schema.register import RegisterFile, RegisterRead
from essmap.schema.snapshot import Snapshot
from standins.made_up_department import MadeUp, truth


def made_up_register_snapshot(size: int = 12_000, in_the_city: int = 10_300) -> Snapshot:
    """Return what `essmap build --source api+starter` makes of a department of so many units, declared exhaustive.

    Parameters
    ----------
    size, in_the_city : int
        As `standins.made_up_department.MadeUp`.
    """
    rows = truth(MadeUp(size, in_the_city).units)
    file = RegisterFile(
        "api_search", "Registre inventé", "Personne", "https://example.org/", "aucune", "2026-11-20", "2026-11-20",
        "0" * 64,
    )  # fmt: skip
    read = RegisterRead(rows, len(rows), {}, (file,), is_complete=True)
    snapshot = build_live(read, "31", LiveOptions("api+starter", with_starter=True))
    snapshot = with_report(snapshot, None, source="api+starter")
    return replace(snapshot, manifest=replace(snapshot.manifest, is_made_up=True))
