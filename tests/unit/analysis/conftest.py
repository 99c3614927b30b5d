"""Made-up departments for the analysis: whole, split and empty ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from essmap.analysis.units import Tables


def actors_in(places: Sequence[tuple[str, str | None, str | None]], **columns: object) -> pd.DataFrame:
    """Return one actor per (commune, canton, EPCI), without theme unless ``columns`` say otherwise."""
    frame = pd.DataFrame(
        {
            "commune_code": pd.Series([place[0] for place in places], dtype="str"),
            "canton_code": pd.Series([place[1] for place in places], dtype="str"),
            "epci_code": pd.Series([place[2] for place in places], dtype="str"),
            "axes": pd.Series([[] for _ in places], dtype=object),
            "domains": pd.Series([[] for _ in places], dtype=object),
            "is_employer": pd.Series([pd.NA] * len(places), dtype="boolean"),
        }
    )
    for name, values in columns.items():
        frame[name] = pd.Series(list(values), dtype="boolean" if name == "is_employer" else object)
    return frame


@pytest.fixture(scope="session")
def department() -> Callable[..., Tables]:
    """Make a department: communes of a population, each its own canton, and so many actors in each."""

    def make(population: Sequence[int], observed: Sequence[int], completeness: str = "exhaustive") -> Tables:
        codes = [f"31{number:03}" for number in range(len(population))]
        communes = pd.DataFrame(
            {
                "commune_code": pd.Series(codes, dtype="str"),
                "canton_code": pd.Series([f"C{code}" for code in codes], dtype="str"),
                "epci_code": pd.Series([f"E{number // 3}" for number in range(len(codes))], dtype="str"),
                "population": np.asarray(population, dtype="int64"),
            }
        )
        places = communes.loc[np.repeat(np.arange(len(codes)), observed), ["commune_code", "canton_code", "epci_code"]]
        return Tables(actors_in(list(places.itertuples(index=False, name=None))), communes, completeness)

    return make
