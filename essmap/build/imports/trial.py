"""Try a list in memory: everything that an import would say of it, and nothing of it kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from essmap.build.imports.annotated import annotated_copy
from essmap.build.imports.effect import effect_of
from essmap.build.imports.judge import Judged, Wanted, judge
from essmap.build.locals import About, as_list
from essmap.errors import DataError, EssmapError
from essmap.schema.snapshot import Snapshot
from essmap.schema.tableschema import Kind
from essmap.schema.trial import Trial
from essmap.schema.withheld import Withheld
from essmap.sources.spreadsheet import MIB, Limits, read_bytes

#: What a visitor of the site may drop: the command line takes more.
LIMITS: Final = Limits(
    max_bytes=5 * MIB,
    max_rows=5_000,
    max_columns=200,
    max_unpacked=100 * MIB,
    max_memory=1024 * MIB,
    max_seconds=30,
)


def try_list(content: bytes, file: str, kind: Kind, snapshot: Snapshot, withheld: Withheld) -> Trial:
    """Try a list against the data in use.

    Parameters
    ----------
    content : bytes
    file : str
        Its name, for messages.
    kind : {"actors", "projects"}
    snapshot : Snapshot
        As it is shown.
    withheld : Withheld
        Who asked not to be shown.

    Returns
    -------
    Trial
        A file that cannot be used is a refusal, not an error.
    """
    manifest = snapshot.manifest
    try:
        book = read_bytes(content, file, LIMITS)
        judged = judge(book, Wanted(kind), snapshot.layer("communes"), manifest.department, withheld=withheld)
    except EssmapError as error:
        problems = error.problems if isinstance(error, DataError) else ()
        return Trial(kind, refusal=str(error), faults=problems)
    return _told(judged, snapshot, withheld)


def _told(judged: Judged, snapshot: Snapshot, withheld: Withheld) -> Trial:
    frame = judged.frame
    one = as_list(judged, About(), datetime.now(UTC))
    found = effect_of(one, snapshot, withheld=withheld) if len(frame) else None
    codes = frame.loc[frame["commune_code"].ne(""), "commune_code"]
    return Trial(
        kind=judged.wanted.kind,
        notes=(*judged.notes, *(found.gave_way if found else ())),
        rows_in=judged.rows_in,
        accepted=len(frame),
        added=found.added if found else 0,
        merged=found.merged if found else 0,
        contested=found.contested if found else 0,
        faults=judged.faults,
        remarks=judged.remarks,
        unknown=judged.layout.unknown,
        dropped=judged.layout.dropped,
        by_commune={str(code): int(count) for code, count in codes.value_counts().items()},
        annotated=annotated_copy(judged),
    )
