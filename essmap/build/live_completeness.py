"""What may be concluded from a list that was made from a register, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from essmap.build.geography_notes import format_number
from essmap.schema.register import RegisterRead
from essmap.schema.snapshot import Completeness
from essmap.texts import t

#: Reasons for which an establishment that should be on the map is not.
LOST: Final = ("unknown_commune", "commune_without_point", "no_name", "malformed")
#: The largest share of the establishments that may be lost so in a list that is said to be complete; a choice of ours.
LARGEST_LOST: Final = 0.001

#: Files that say who is of the ESS by the union of ESS France's list and the flag of Sirene.
_UNION: Final = ("api", "dinum")
_ISO_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def completeness_of(read: RegisterRead, rejected: Mapping[str, int], actors: int) -> Completeness:
    """Return what may be concluded: everything only where the whole register was read and next to no row was lost.

    Parameters
    ----------
    read : RegisterRead
    rejected : mapping
        Rows of the register left out by the reading or the build, by reason.
    actors : int
        Actors in the list.

    Returns
    -------
    Completeness
        Lost rows are said whatever their number; above `LARGEST_LOST` of the establishments the list is partial.
    """
    perimeter = "union" if any(file.key.startswith(_UNION) for file in read.files) else "sirene"
    said = {
        "n": actors,
        "n_text": format_number(actors),
        "date": dates_in_words(read.files[0].vintage),
        "perimeter": t(f"live.perimeter.{perimeter}"),
    }
    lost = sum(rejected.get(reason, 0) for reason in LOST)
    more = " " + t("live.lost", n=lost, n_text=format_number(lost)) if lost else ""
    if not read.is_complete or read.shortfalls:
        return Completeness("partial", t("live.partial", **said, parts=max(len(read.shortfalls), 1)) + more)
    if lost > LARGEST_LOST * (len(read.frame) + read.rejected.get("malformed", 0)):
        return Completeness("partial", t("live.partial_rows", **said) + more)
    return Completeness("exhaustive", t("live.exhaustive", **said) + more)


def dates_in_words(vintage: str) -> str:
    """Return a text with its ISO dates as French people write them in figures.

    Examples
    --------
    >>> dates_in_words("du 2026-11-25 au 2026-11-26")
    'du 25/11/2026 au 26/11/2026'
    """
    return _ISO_DAY.sub(lambda found: _day(found[0]), vintage)


def _day(text: str) -> str:
    try:
        return f"{date.fromisoformat(text):%d/%m/%Y}"
    except ValueError:
        return text
