"""What an indicator table is: one number per territory, for instance the people a theme is meant for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

Level = Literal["canton", "epci", "commune"]

#: Per level: the column of actors and communes that holds the territory's code.
LEVEL_COLUMN: Final[dict[Level, str]] = {"canton": "canton_code", "epci": "epci_code", "commune": "commune_code"}


@dataclass(frozen=True, slots=True, eq=False)
class Indicator:
    """A number per territory, with what it counts and who published it.

    Attributes
    ----------
    title : str
        What is counted, for instance « Habitants de 75 ans et plus ».
    level : {"canton", "epci", "commune"}
        Whose codes the values have.
    year : int
        The year they are about.
    source : str
        Who published them, and where.
    values : Series of float, indexed by code
        Never negative; NaN or absent: not known.
    """

    title: str
    level: Level
    year: int
    source: str
    values: pd.Series[float]
