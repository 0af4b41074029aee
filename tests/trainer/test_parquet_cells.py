from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from trainer.contract import Refusal
from trainer.reading.duckdb_session import open_duckdb
from trainer.reading.parquet_cells import ParquetCells, describe_parquet, refuse_broken_parquet

Row = tuple[Any, ...]
EVERYTHING = (
    "SELECT i, i * 0.5 AS half, 'text ' || i AS t, {'x': i, 'y': ['q' || i]} AS s, [i, i + 1] AS l, MAP {'k': i} AS m,"
    " ('b' || i)::BLOB AS b, i::FLOAT AS f, i::DECIMAL(10, 2) AS d, i % 2 = 0 AS is_even, DATE '2024-01-01' + i::INTEGER AS day,"
    " TIMESTAMPTZ '2024-01-01 00:00:00+00' AS moment, uuid() AS u, INTERVAL 1 DAY AS v, CASE WHEN i % 3 = 0 THEN i END AS holes"
    " FROM range(200) AS numbers(i)"
)


def write_parquet(path: Path, query: str, options: str = "", settings: str = "") -> Path:
    with duckdb.connect() as connection:
        connection.execute(settings)
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet {options})")
    return path


def read(path: Path) -> tuple[ParquetCells, list[Row]]:
    """What is said of the file, and its rows; every column really has the type that is said."""
    with open_duckdb([path], None, memory_mb=500, threads=1) as connection:
        cells = describe_parquet(connection, path)
        with refuse_broken_parquet():
            connection.execute(f"CREATE TABLE cells AS {cells.select}")
        rows = connection.execute("SELECT * FROM cells").fetchall()
        described = connection.execute("DESCRIBE cells").fetchall()
    assert [name for name, *_ in described] == [f"c{index}" for index in range(len(cells.names))]
    assert [sql_type for _, sql_type, *_ in described] == cells.types
    return cells, rows


Value = Callable[[str], tuple[str, Any]]


@pytest.fixture
def value(tmp_path: Path) -> Value:
    """The plain type and the value that SQL for one value comes out as, by way of a file."""

    def run(sql: str) -> tuple[str, Any]:
        cells, rows = read(write_parquet(tmp_path / "value.parquet", f"SELECT {sql} AS value"))
        assert cells.names == ["value"]
        return cells.types[0], rows[0][0]

    return run


@pytest.fixture
def _far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tehran")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_from_utc")
@pytest.mark.parametrize(
    ("sql", "plain_type", "expected"),
    [
        ("true", "BOOLEAN", True),
        ("(-128)::TINYINT", "BIGINT", -128),
        ("4294967295::UINTEGER", "BIGINT", 4294967295),
        ("9223372036854775807", "BIGINT", 9223372036854775807),
        ("18446744073709551615::UBIGINT", "VARCHAR", "18446744073709551615"),
        ("7::UBIGINT", "BIGINT", 7),
        ("1::HUGEINT", "DOUBLE", 1.0),
        ("0.1::FLOAT", "DOUBLE", 0.1),
        ("16777217.5::FLOAT", "DOUBLE", 16777218.0),
        ("0.1", "DOUBLE", 0.1),
        ("0.1::DOUBLE", "DOUBLE", 0.1),
        ("999999999999999999::DECIMAL(18, 0)", "BIGINT", 999999999999999999),
        ("3::DECIMAL(19, 0)", "BIGINT", 3),
        ("12345678901234567890::DECIMAL(38, 0)", "VARCHAR", "12345678901234567890"),
        ("1.5::DECIMAL(4, 2)", "DOUBLE", 1.5),
        ("'nan'::DOUBLE", "DOUBLE", None),
        ("'-inf'::DOUBLE", "DOUBLE", None),
        ("'inf'::FLOAT", "DOUBLE", None),
        ("DATE '2024-01-31'", "DATE", date(2024, 1, 31)),
        ("'infinity'::DATE", "DATE", None),
        ("TIMESTAMP '2024-01-31 10:20:30.123456'", "TIMESTAMP", datetime(2024, 1, 31, 10, 20, 30, 123456)),
        ("'2024-01-31 10:20:30'::TIMESTAMP_S", "TIMESTAMP", datetime(2024, 1, 31, 10, 20, 30)),
        ("'2024-01-31 10:20:30.123'::TIMESTAMP_MS", "TIMESTAMP", datetime(2024, 1, 31, 10, 20, 30, 123000)),
        ("'2024-01-31 10:20:30.123456'::TIMESTAMP_NS", "TIMESTAMP", datetime(2024, 1, 31, 10, 20, 30, 123456)),
        ("'infinity'::TIMESTAMP", "TIMESTAMP", None),
        ("TIMESTAMPTZ '2024-01-31 10:20:30+03:30'", "TIMESTAMP", datetime(2024, 1, 31, 6, 50, 30)),
        ("TIMESTAMPTZ '2024-01-31 10:20:30+03:30'::TIMESTAMPTZ_NS", "TIMESTAMP", datetime(2024, 1, 31, 6, 50, 30)),
        ("'-infinity'::TIMESTAMPTZ", "TIMESTAMP", None),
        ("TIME '10:20:30'", "VARCHAR", "10:20:30"),
        ("INTERVAL '1 day 2 hours'", "VARCHAR", "1 day 02:00:00"),
        ("'5ce54c0e-d3d0-4848-8d0c-b45bab482d03'::UUID", "VARCHAR", "5ce54c0e-d3d0-4848-8d0c-b45bab482d03"),
        ("'y'::ENUM('x', 'y')", "VARCHAR", "y"),
        ("'سارا' || chr(0)", "VARCHAR", "سارا"),
        ("encode('سارا' || chr(0))", "VARCHAR", "سارا"),
        ("'\\xFF\\x00a'::BLOB", "VARCHAR", "FF0061"),
        ("[1, NULL, 3]", "VARCHAR", "[1,null,3]"),
        ("MAP {'a': 1}", "VARCHAR", '{"a":1}'),
        ("[{'a': 'x\"y'}]", "VARCHAR", '[{"a":"x\\"y"}]'),
        ("NULL::INTEGER[]", "VARCHAR", None),
        ("NULL::INTEGER", "BIGINT", None),
        ("1::VARIANT", "VARCHAR", "1"),
        ("'POINT (1 2)'::GEOMETRY", "VARCHAR", "POINT (1 2)"),
    ],
)
def test_every_type_becomes_one_of_six(value: Value, sql: str, plain_type: str, expected: object) -> None:
    assert value(sql) == (plain_type, expected)


def test_bytes_are_text_only_where_the_whole_column_is(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet", "SELECT encode('a') AS a, encode('a') AS b UNION ALL SELECT encode('b'), '\\xFF'"
    )
    assert read(path)[1] == [("a", "61"), ("b", "FF")]


def test_struct_gives_a_column_for_each_field_and_what_is_deeper_is_json(tmp_path: Path) -> None:
    query = "SELECT 1 AS id, {'x': 0.5::FLOAT, 'y': {'z': [1]}, 'b': 'q'::BLOB} AS a UNION ALL SELECT 2, NULL"
    cells, rows = read(write_parquet(tmp_path / "a.parquet", query))
    assert cells.names == ["id", "a.x", "a.y", "a.b"]
    assert cells.types == ["BIGINT", "DOUBLE", "VARCHAR", "VARCHAR"]
    assert rows == [(1, 0.5, '{"z":[1]}', "q"), (2, None, None, None)]


def test_names_never_become_sql(tmp_path: Path) -> None:
    names = ["a'b", 'a"; DROP TABLE cells; --', "c0", "k1", " ", "نام", "a.b", "line\nbreak", "{value}", "a" * 500]
    written = ", ".join(f'{index} AS "{name.replace(chr(34), chr(34) * 2)}"' for index, name in enumerate(names))
    fields = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}': {index}" for index, name in enumerate(names))
    cells, rows = read(write_parquet(tmp_path / "a.parquet", f"SELECT {written}, {{{fields}}} AS s"))
    assert cells.names == [*names, *(f"s.{name}" for name in names)]
    assert rows == [(*range(len(names)), *range(len(names)))]


@pytest.mark.parametrize("alike", [b"xage", b"Xage"])
def test_names_that_are_alike_stay_as_they_were_written(tmp_path: Path, alike: bytes) -> None:
    query = "SELECT 1 AS xage, 2 AS yage, {'xage': 4, 'yage': 5, 'xage_1': {'yage': 6}} AS s, 7 AS xage_1"
    path = write_parquet(tmp_path / "a.parquet", query)
    path.write_bytes(path.read_bytes().replace(b"yage", alike))
    cells, rows = read(path)
    second = alike.decode()
    assert cells.names == ["xage", second, "s.xage", f"s.{second}", "s.xage_1", "xage_1"]
    assert rows == [(1, 2, 4, 5, f'{{"{second}":6}}', 7)]


def test_name_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", "SELECT 1 AS xage")
    path.write_bytes(path.read_bytes().replace(b"xage", b"\xff\xfexx"))
    assert refused(path) == "broken_parquet"


def test_folder_of_the_file_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "key=5" / "[a]*?'"
    folder.mkdir(parents=True)
    cells, rows = read(write_parquet(tmp_path / "a.parquet", "SELECT 1 AS a").rename(folder / "original"))
    assert (cells.names, rows) == (["a"], [(1,)])


def test_rows_keep_their_order_over_row_groups(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", "SELECT i, i % 3 AS j FROM range(9999) AS n(i)", ", ROW_GROUP_SIZE 2048")
    assert read(path)[1] == [(number, number % 3) for number in range(9999)]


def test_file_without_rows_has_columns(tmp_path: Path) -> None:
    cells, rows = read(write_parquet(tmp_path / "a.parquet", "SELECT 1 AS a, 'x' AS b WHERE false"))
    assert (cells.names, cells.types, rows) == (["a", "b"], ["BIGINT", "VARCHAR"], [])


def refused(path: Path) -> str:
    with pytest.raises(Refusal) as caught:
        read(path)
    return caught.value.problems[0].code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"PAR1", "broken_parquet"),
        (b"PAR1" + bytes(100) + b"PAR1", "broken_parquet"),
        (b"PAR1" + bytes(100) + b"\xff\xff\xff\xffPAR1", "broken_parquet"),
        (b"PAR1" + bytes(100) + b"PARE", "broken_parquet"),
        (b"a,b\n1,2\n" * 100, "broken_parquet"),
        (b"PK\x03\x04" + bytes(100), "broken_parquet"),
    ],
)
def test_what_is_no_parquet_file_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    assert refused(tmp_path / "a.parquet") == code


def test_encrypted_file_is_refused(tmp_path: Path) -> None:
    settings = "SET force_mbedtls_unsafe = 'true'; PRAGMA add_parquet_key('key', '0123456789abcdef')"
    query, options = "SELECT 1 AS a", ", ENCRYPTION_CONFIG {footer_key: 'key'}"
    assert refused(write_parquet(tmp_path / "a.parquet", query, options, settings)) == "broken_parquet"


def test_too_many_columns_are_refused_before_they_are_looked_at(tmp_path: Path) -> None:
    flat = ", ".join(f"{index} AS a{index}" for index in range(5_001))
    assert refused(write_parquet(tmp_path / "a.parquet", f"SELECT {flat}")) == "too_many_columns"


def test_fields_of_structs_count_as_columns(tmp_path: Path) -> None:
    fields = ", ".join(f"'a{index}': {index}" for index in range(5_001))
    assert refused(write_parquet(tmp_path / "a.parquet", f"SELECT {{{fields}}} AS a, {{{fields}}} AS b")) == "too_many_columns"


@pytest.mark.parametrize("options", [", COMPRESSION uncompressed", ", COMPRESSION zstd, PARQUET_VERSION v2"])
def test_damaged_copies_end_in_a_refusal_or_in_a_table(tmp_path: Path, options: str) -> None:
    whole = write_parquet(tmp_path / "whole.parquet", EVERYTHING, options).read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    generator = random.Random(6)
    codes = []
    for turn in range(120):
        damaged = bytearray(whole)
        for _ in range(generator.choice((1, 1, 2, 8))):
            place = generator.randrange(footer if generator.random() < 0.5 else 0, len(damaged))
            damaged[place] = generator.choice((damaged[place] ^ 1 << generator.randrange(8), generator.randrange(256)))
        if turn % 10 == 0:
            del damaged[generator.randrange(len(damaged)) :]
        (tmp_path / "a.parquet").write_bytes(damaged)
        try:
            read(tmp_path / "a.parquet")
        except Refusal as refusal:
            codes.append(refusal.problems[0].code)
    assert set(codes) <= {"broken_parquet", "empty_file", "too_many_columns"}
    assert 20 < len(codes) < 120


@pytest.mark.parametrize(
    "error", [duckdb.OutOfMemoryException("no memory"), duckdb.IOException(f"IO Error: {os.strerror(28)}"), OSError(28, "full")]
)
def test_want_of_memory_or_of_disk_space_is_not_taken_for_damage(error: Exception) -> None:
    with pytest.raises(type(error)), refuse_broken_parquet():
        raise error
