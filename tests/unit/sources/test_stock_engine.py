"""DuckDB as it is opened for the stock: what it may use, what it must not reach for."""

from __future__ import annotations

import pytest

from essmap.errors import SourceError
from essmap.sources.stock_columns import Column, text_of
from essmap.sources.stock_engine import open_engine


@pytest.fixture
def engine(tmp_path):
    with open_engine(memory_limit="300MB", temp_dir=tmp_path, threads=1) as one:
        yield one


def test_no_extension_is_fetched(engine):
    """Nothing may be installed while it runs: an address is no file to it."""
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"):
        assert engine.query(f"SELECT current_setting('{setting}')") == [(False,)]
    with pytest.raises(Exception, match="httpfs"):
        engine.query("SELECT * FROM read_parquet('https://exemple.invalid/a.parquet')")


def test_limits_are_those_asked(engine, tmp_path):
    """Memory, threads and the folder to spill to."""
    ((memory, threads, spill),) = engine.query(
        "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
    )
    assert (memory, threads) == ("286.1 MiB", 1)
    assert str(spill).startswith(str(tmp_path))


def test_more_than_the_memory_spills(tmp_path):
    """A table larger than the limit goes to the disk, and comes back whole."""
    with open_engine(memory_limit="60MB", temp_dir=tmp_path, threads=1) as engine:
        engine.query("CREATE TABLE t AS SELECT md5(CAST(i AS VARCHAR)) || md5('x' || i) AS a FROM range(1200000) r(i)")
        assert sum(file.stat().st_size for file in tmp_path.rglob("*.tmp")) > 10_000_000
        assert engine.query("SELECT count(DISTINCT a[1:3]), count(*) FROM t") == [(4096, 1_200_000)]


def test_fault_of_ours_is_no_fault_of_a_file(engine):
    """A statement that makes no sense is not told as a damaged file."""
    with pytest.raises(Exception, match="nothing") as caught:
        engine.query("SELECT nothing")
    assert not isinstance(caught.value, SourceError)


@pytest.mark.parametrize(
    ("value", "width", "expected"),
    [
        ("9220::INTEGER", 4, "9220"), ("0::SMALLINT", 4, "0000"), ("1234567::UINTEGER", 9, "001234567"),
        ("12345::BIGINT", 4, "12345"), ("9220.0::DOUBLE", 4, "9220"), ("'nan'::DOUBLE", 4, ""),
        ("NULL::INTEGER", 4, ""), ("12.0::DOUBLE", 0, "12"), ("DATE '2026-08-01'", 0, "2026-08-01"),
        ("TIMESTAMP '2026-08-01 10:00:00'", 0, "2026-08-01"), ("true", 0, "true"), ("NULL::BOOLEAN", 0, ""),
        ("['ACI', 'EI']", 0, "ACI, EI"), ("[1, 2]", 0, "1, 2"), ("NULL::VARCHAR[]", 0, ""), ("' a '", 0, "a"),
        ("'[ND]'", 0, ""), ("' [NON-DIFFUSIBLE] '", 0, ""), ("NULL::VARCHAR", 0, ""), ("'7654321'", 9, "7654321"),
    ],
)  # fmt: skip
def test_any_type_becomes_text(engine, value, width, expected):
    """Numbers get their zeros back, text is never padded; masks, missing values and no numbers are empty."""
    ((sql_type,),) = engine.query(f"SELECT typeof({value})")
    text = text_of(Column("key", "name", width), str(sql_type))
    assert engine.query(f'SELECT {text} FROM (SELECT {value} AS "key")') == [(expected,)]  # noqa: S608


def test_column_that_is_not_there_is_empty():
    """An optional column of a file that comes without it."""
    assert text_of(Column("key", "name"), None) == "''"
