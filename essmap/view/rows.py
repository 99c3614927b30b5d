"""Walk a frame row by row where a page or a payload is written out; analysis never does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd


def each_row(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as named tuples: the schema, not the type checker, knows the type of a cell."""
    yield from frame.itertuples()
