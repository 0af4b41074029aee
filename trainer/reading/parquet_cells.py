"""A Parquet file enters; its names as written and SQL that selects it as columns c0, c1, ... of six plain types leave.

The fields of a struct become columns of their own; deeper structs, lists and maps become JSON text.
Refused: what is no Parquet file, is cut off, damaged or encrypted, and more columns than are read.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_path; its names never do

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb
from duckdb.sqltypes import DuckDBPyType

from trainer.contract.messages import Message, Problem, Refusal
from trainer.reading.duckdb_session import quote_path
from trainer.reading.encoding import empty_file
from trainer.reading.json_rows import MAX_COLUMNS, too_many_columns

NOT_DAMAGE = (
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
    duckdb.PermissionException,
    duckdb.ResourceInUseException,
    duckdb.ParserException,
    duckdb.CatalogException,
    duckdb.BinderException,
)
LONG_INTEGERS = frozenset({"ubigint", "hugeint", "uhugeint"})
MOST_EXACT_DIGITS = 18  # of a decimal that surely fits BIGINT
_AS_INTEGER = ("BIGINT", "{value}::BIGINT")
_AS_NUMBER = ("DOUBLE", "{value}::DOUBLE")
_AS_MOMENT = ("TIMESTAMP", "CASE WHEN isfinite({value}) THEN {value}::TIMESTAMP END")
_AS_UTC = ("TIMESTAMP", "make_timestamp(epoch_us({value}::TIMESTAMPTZ))")
_AS_JSON = ("VARCHAR", "to_json({value})::VARCHAR")
_AS_TEXT = ("VARCHAR", "{value}::VARCHAR")
# DuckDB's types: the plain type for each, and SQL for a value as that type. All others become text.
_PLAIN_TYPES = {
    "boolean": ("BOOLEAN", "{value}"),
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "utinyint", "usmallint", "uinteger"), _AS_INTEGER),
    **dict.fromkeys(LONG_INTEGERS, _AS_INTEGER),
    "decimal": _AS_NUMBER,
    "float": ("DOUBLE", "CASE WHEN isfinite({value}) THEN {value}::VARCHAR::DOUBLE END"),  # 0.1 stays 0.1 by way of its text
    "double": ("DOUBLE", "CASE WHEN isfinite({value}) THEN {value} END"),
    "date": ("DATE", "CASE WHEN isfinite({value}) THEN {value} END"),
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), _AS_MOMENT),
    # As instants: casts to TIMESTAMP ask the machine's time zone.
    **dict.fromkeys(("timestamp with time zone", "timestamptz_ns"), _AS_UTC),
    "varchar": ("VARCHAR", "replace({value}, chr(0), '')"),
    **dict.fromkeys(("list", "array", "map", "struct", "union", "variant"), _AS_JSON),
}


@dataclass(frozen=True, slots=True)
class ParquetCells:
    """The columns' names as written, struct fields as `struct.field`; SQL that selects them as c0, c1, ...; their types.

    A type is BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP (in UTC) or VARCHAR. Damage inside a file shows only where it is
    read: run `select` within `refuse_broken_parquet`.
    """

    names: list[str]
    select: str
    types: list[str]


@dataclass(frozen=True, slots=True)
class _Column:
    """One value of every row: its name as written, SQL for it and DuckDB's type of it."""

    name: str
    sql: str
    type: DuckDBPyType


def describe_parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> ParquetCells:
    """Look at the file's own description; rows are read only where bytes may be text.

    Raises:
        Refusal: `empty_file`, `broken_parquet` or `too_many_columns`.
    """
    if not path.stat().st_size:
        raise empty_file()
    with refuse_broken_parquet():
        file = f"read_parquet({quote_path(path)}, hive_partitioning = false)"
        written = _written_names(connection, path)
        _refuse_too_many(len(written))  # before DuckDB takes seconds to look at them
        described = connection.sql(f"SELECT * FROM {file}")
        columns = _flatten(described, written)
        _refuse_too_many(len(columns))
        # Positions stand for the names of the file, which may be alike, empty, or hold quotes.
        source = f"{file} AS cells({', '.join(f'k{index}' for index in range(len(described.columns)))})"
        typed = [_as_plain_type(connection, source, column) for column in columns]
    cells = ", ".join(f"{sql} AS c{index}" for index, (_, sql) in enumerate(typed))
    return ParquetCells([column.name for column in columns], f"SELECT {cells} FROM {source}", [plain for plain, _ in typed])


@contextmanager
def refuse_broken_parquet() -> Iterator[None]:
    """What DuckDB says of damage while it reads becomes a refusal; want of memory or of disk space stays what it is.

    Raises:
        Refusal: `broken_parquet`.
    """
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, NOT_DAMAGE) or os.strerror(errno.ENOSPC) in str(error):
            raise
        message = Message(
            "The file is not a Parquet file that can be read: it is cut off, damaged or encrypted."
            " Write it again, without encryption, and upload that."
        )
        raise Refusal(Problem("broken_parquet", message)) from error


def _refuse_too_many(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise too_many_columns(columns)


def _flatten(described: duckdb.DuckDBPyRelation, written: list[tuple[str, list[str]]]) -> list[_Column]:
    """One column per value. DuckDB renames names that are alike apart from case; `written` are those before that."""
    columns = []
    for index, (known, sql_type) in enumerate(zip(described.columns, described.types, strict=True)):
        name, field_names = written[index] if len(written) == len(described.columns) else (known, [])
        if sql_type.id != "struct":
            columns.append(_Column(name, f"k{index}", sql_type))
            continue
        fields = cast("list[tuple[str, DuckDBPyType]]", sql_type.children)
        names = field_names if len(field_names) == len(fields) else [field for field, _ in fields]
        for position, (field_name, (_, field_type)) in enumerate(zip(names, fields, strict=True), start=1):
            columns.append(_Column(f"{name}.{field_name}", f"struct_extract_at(k{index}, {position})", field_type))
    return columns


def _written_names(connection: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, list[str]]]:
    """Every name of the file's first level, with the names one level below it; the file lists its schema depth first."""
    rows = connection.execute(f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({quote_path(path)})").fetchall()
    names: list[tuple[str, list[str]]] = []
    awaited = [children for _, children in rows[:1]]  # how many are still to come, for every group around the row
    for name, children in rows[1:]:
        if len(awaited) == 1:
            names.append((name, []))
        elif len(awaited) == 2:  # noqa: PLR2004 one level below the first
            names[-1][1].append(name)
        awaited[-1] -= 1
        if children:
            awaited.append(children)
        while awaited and awaited[-1] <= 0:
            awaited.pop()
        if not awaited:
            break
    return names


def _as_plain_type(connection: duckdb.DuckDBPyConnection, source: str, column: _Column) -> tuple[str, str]:
    """The plain type that holds every value of the column, and SQL for the value as that type."""
    plain, sql = _PLAIN_TYPES.get(column.type.id, _AS_TEXT)
    may_be_long = column.type.id in LONG_INTEGERS
    if column.type.id == "decimal":
        size = dict(cast("list[tuple[str, int]]", column.type.children))
        plain, sql = _AS_NUMBER if size["scale"] else _AS_INTEGER
        may_be_long = not size["scale"] and size["precision"] > MOST_EXACT_DIGITS
    elif column.type.id == "blob":
        sql = "replace(decode({value}), chr(0), '')" if _is_text(connection, source, column.sql) else "hex({value})"
    if may_be_long and _are_too_long(connection, source, column.sql):
        plain, sql = _AS_TEXT
    return plain, sql.format(value=column.sql)


def _are_too_long(connection: duckdb.DuckDBPyConnection, source: str, sql: str) -> bool:
    """Whether an integer of a column takes more than 64 bits: as a number it would no longer be exact."""
    query = f"SELECT 1 FROM {source} WHERE {sql} IS NOT NULL AND TRY_CAST({sql} AS BIGINT) IS NULL LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _is_text(connection: duckdb.DuckDBPyConnection, source: str, sql: str) -> bool:
    """Whether all bytes of a column are UTF-8: older programs do not mark text as such. Stops at the first that are not."""
    try:
        connection.execute(f"SELECT count(decode({sql})) FROM {source}").fetchall()
    except duckdb.ConversionException:
        return False
    return True
