"""Populations of electoral cantons as a table gives them; `essmap.build.canton_parts` judges and uses them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from essmap.errors import SourceError
from essmap.reference import canton_populations_file
from essmap.sources.delimited import RawTable, read_delimited, read_header
from essmap.texts import t

#: Columns every table must have. ``population_in_<commune>`` (name or INSEE code) gives the part that lives in a
#: commune shared between cantons; ``communes``, their number, may be there and serves nothing.
COLUMNS: Final = ["canton_code", "name", "population", "year"]
PART_PREFIX: Final = "population_in_"
_COUNT: Final = "communes"


def read_canton_populations(department: str, path: Path | None = None) -> RawTable:
    """Return the populations of the cantons of a department as found.

    Parameters
    ----------
    department : str
        INSEE code.
    path : Path or None
        None: the table that essmap carries.

    Returns
    -------
    RawTable
        `COLUMNS`, then the columns of parts; other columns are among its problems.

    Raises
    ------
    SourceError
        If the file cannot be read, or essmap carries none for the department.
    """
    if path is None:
        path = canton_populations_file(department)
        if path is None:
            raise SourceError(t("cantons.errors.no_populations", department=department))
    parts = [name for name in dict.fromkeys(read_header(path)) if name.startswith(PART_PREFIX)]
    known = [*COLUMNS, *parts]
    return read_delimited(path, [*known, _COUNT] if _COUNT in read_header(path) else known)
