"""The made-up stock that is measured: plain pandas, which shares no line with the reader, finds the same."""

from __future__ import annotations

import pytest
from stdnum.fr import siret

from benchmarks.stock import make_files, read_all, read_ours, read_pandas
from essmap.sources.stock import open_stock
from essmap.sources.stock_columns import LAYOUTS


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stock")
    return folder, make_files(folder, 20_000)


def test_plain_pandas_finds_the_same_establishments(measured):
    """One department, all of them, and pandas: the same rows of the department."""
    folder, files = measured
    ours, plain, every = (reading(folder, files) for reading in (read_ours, read_pandas, read_all))
    assert ours["rows"] == plain["rows"]
    assert ours["digest"] == plain["digest"] == every["digest"]
    assert every["departments"] == 101


def test_made_up_stock_is_well_formed_and_says_so(measured):
    """Numbers pass their check digit, nothing is malformed, and no name could be taken for a real one."""
    folder, files = measured
    with open_stock(files, memory_limit="512MB", temp_dir=folder / "work") as stock:
        found = stock.read("31")
    assert len(found.frame) > 3
    assert found.frame["siret"].map(siret.is_valid).all()
    assert found.frame["name"].str.contains("INVENTEE").all()
    assert not {"malformed", "repeated"} & set(found.rejected)
    assert {"closed", "natural_person"} <= set(found.rejected)
    assert set(files.given()) == set(LAYOUTS)
