"""An original (CSV, JSON, JSONL) enters, a DuckDB table `cells` leaves: every cell as text, columns c0, c1, ...

Rows that do not fit the header are set aside with their line and reason. Refused: no rows, too many columns, a file
most of whose rows cannot be read. Names from the file never become SQL here.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from trainer.contract.messages import Message, Problem, Refusal
from trainer.reading.column_names import tidy_names
from trainer.reading.duckdb_session import quote_path, quote_text
from trainer.reading.json_rows import MAX_COLUMNS, too_many_columns, write_rows_as_csv
from trainer.reading.original import check_text

FORMATS = ("csv", "json", "jsonl")
DELIMITERS = (",", ";", "\t", "|")
MISSING_WORDS = "na|n/a|null|nan|[?]"  # a regular expression, in any case
MAX_HEADER_BYTES = 16 << 20
MAX_ROW_BYTES = 16 << 20
SHOWN_REJECTS = 50
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that could not be read: its line in the file, why, and how it begins."""

    line: int
    reason: Message
    text: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written."""

    delimiter: str
    quote: str
    escape: str

    def as_dict(self) -> dict[str, Any]:
        return {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape}


@dataclass(frozen=True, slots=True)
class TextTable:
    """What is known of the table `cells`: its column names by position, its rows, and what was changed or left out."""

    names: list[str]
    rows: int
    dialect: dict[str, Any]
    notes: list[Message] = field(default_factory=list)
    rejected_count: int = 0
    rejected: list[RejectedRow] = field(default_factory=list)

    def rejected_as_dict(self) -> dict[str, Any]:
        rows = [{"line": row.line, "reason": row.reason.as_dict(), "text": row.text} for row in self.rejected]
        return {"count": self.rejected_count, "rows": rows}


def read_text_table(connection: duckdb.DuckDBPyConnection, path: Path, file_format: str, workspace: Path) -> TextTable:
    """Fill the table `cells`. `workspace` is a folder for passing files.

    Raises:
        Refusal: see `check_text`, `write_rows_as_csv`, and the codes `no_rows`, `too_many_columns`, `unreadable_rows`.
    """
    check_text(path)
    if file_format == "csv":
        return _read_csv(connection, path)
    flat = workspace / ".flat.csv"
    try:
        keys = write_rows_as_csv(path, file_format, flat)
        names, notes = tidy_names(keys)
        if not names:
            raise _no_rows()
        _load(connection, flat, Dialect(",", '"', '"'), len(names), skip=0)
    finally:
        flat.unlink(missing_ok=True)
    return _describe_load(connection, names, {"format": file_format}, notes)


def clean_cell(column: str) -> str:
    """SQL for a cell without surrounding space; NULL when it is empty or one of `MISSING_WORDS`.

    One plain expression: DuckDB makes a join of each IN and takes apart each CASE, minutes for a thousand columns.
    """
    return f"nullif(regexp_replace(trim({column}, ' \t\r\n'), '^(?i:{MISSING_WORDS})$', ''), '')"


def _read_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> TextTable:
    skip, start = _first_lines(path)
    dialect = _sniff(connection, path, skip, start)
    written = _header(start, dialect)
    if len(written) > MAX_COLUMNS:
        raise too_many_columns(len(written))
    names, notes = tidy_names(written)
    _load(connection, path, dialect, len(names), skip)
    return _describe_load(connection, names, {"format": "csv", **dialect.as_dict()}, notes)


def _describe_load(
    connection: duckdb.DuckDBPyConnection, names: list[str], dialect: dict[str, Any], notes: list[Message]
) -> TextTable:
    """What was read, and every row that could not be: nothing is dropped silently."""
    rows, rejected_count = _count(connection, "cells"), _count(connection, _REJECTED_LINES)
    rejected = _rejected_rows(connection)
    if rejected_count > rows:
        raise _unreadable(rejected_count, rejected[0])
    if not rows:
        raise _no_rows()
    return TextTable(names, rows, dialect, notes, rejected_count, rejected)


def _first_lines(path: Path) -> tuple[int, str]:
    """How many blank lines come first, and the text after them, enough to hold a header."""
    with path.open("rb") as file:
        text = file.read(MAX_HEADER_BYTES).decode("utf-8-sig", errors="ignore")
    body = text.lstrip("\r\n")
    blank = text[: len(text) - len(body)]
    return max(blank.count("\n"), blank.count("\r")), body


def _sniff(connection: duckdb.DuckDBPyConnection, path: Path, skip: int, start: str) -> Dialect:
    """DuckDB's guess; where it finds no delimiter or one column, the delimiter that the header holds most often."""
    header = start.splitlines()[0]
    by_header = max(DELIMITERS, key=header.count)
    try:
        sniffed = connection.execute(
            f"SELECT Delimiter, Quote, Escape, len(Columns) FROM sniff_csv({quote_path(path)}, header = true,"
            f" all_varchar = true, ignore_errors = true, comment = '', skip = {skip}, max_line_size = {MAX_ROW_BYTES})"
        ).fetchone()
    except duckdb.Error:
        sniffed = None  # mixed line endings and the like: reading with a plain dialect says more than this refusal
    if sniffed is None or sniffed[3] == 1 or sniffed[0] not in header:
        return Dialect(by_header, '"', '"')
    quote = "'" if sniffed[1] == "'" else '"'
    return Dialect(sniffed[0], quote, "\\" if sniffed[2] == "\\" else quote)


def _header(start: str, dialect: Dialect) -> list[str]:
    escape = None if dialect.escape == dialect.quote else dialect.escape
    csv.field_size_limit(MAX_HEADER_BYTES)
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=escape)
    return next(reader)


def _load(connection: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, columns: int, skip: int) -> None:
    """Fill `cells`; files that mix line endings are against the strict rules and are read by the loose ones."""
    types = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(columns))
    command = (
        f"CREATE TABLE cells AS SELECT * FROM read_csv({quote_path(path)}, auto_detect = false, columns = {{{types}}},"
        f" header = true, skip = {skip}, delim = {quote_text(dialect.delimiter)}, quote = {quote_text(dialect.quote)},"
        f" escape = {quote_text(dialect.escape)}, comment = '', max_line_size = {MAX_ROW_BYTES},"
        " store_rejects = true, rejects_limit = 0, strict_mode = {strict})"
    )
    try:
        connection.execute(command.replace("{strict}", "true"))
    except duckdb.InvalidInputException:
        try:
            connection.execute(command.replace("{strict}", "false"))
        except duckdb.InvalidInputException as error:
            raise _unreadable_file(path) from error


def _unreadable_file(path: Path) -> Refusal:
    message = Message("“{name}” cannot be read as CSV. Save the table again as CSV with commas, or as JSON.", {"name": path.name})
    return Refusal(Problem("unreadable_rows", message))


_REJECTED_LINES = "(SELECT DISTINCT line FROM reject_errors)"


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    assert row is not None, "count(*) always gives a row"
    return int(row[0])


def _rejected_rows(connection: duckdb.DuckDBPyConnection) -> list[RejectedRow]:
    found = connection.execute(
        "SELECT line, first(error_type::VARCHAR), first(error_message), first(csv_line)"
        f" FROM reject_errors GROUP BY line ORDER BY line LIMIT {SHOWN_REJECTS}"
    ).fetchall()
    return [RejectedRow(int(line), _reason(kind, text), str(row or "")[:SHOWN_CHARACTERS]) for line, kind, text, row in found]


def _reason(kind: str, detail: str) -> Message:
    counts = [int(word) for word in detail.split() if word.isdigit()]
    if kind in {"MISSING COLUMNS", "TOO MANY COLUMNS"} and len(counts) == len(("expected", "found")):
        return Message("The header has {expected} columns, this row has {found}.", {"expected": counts[0], "found": counts[1]})
    if kind == "UNQUOTED VALUE":
        return Message("A quoted value is not closed, or text follows its closing quote.")
    if kind == "LINE SIZE OVER MAXIMUM":
        return Message("The row is longer than {most} bytes.", {"most": MAX_ROW_BYTES})
    return Message("The row cannot be read.")


def _unreadable(count: int, first: RejectedRow) -> Refusal:
    message = Message(
        "Most rows cannot be read ({count} of them; the first in line {line}: {reason}) Correct the file and upload it again.",
        {"count": count, "line": first.line, "reason": first.reason},
    )
    return Refusal(Problem("unreadable_rows", message))


def _no_rows() -> Refusal:
    return Refusal(Problem("no_rows", Message("The file has no rows. Add at least one row of values.")))


def find_format(path: Path) -> str:
    """The format that a file's name promises.

    Raises:
        Refusal: `unknown_format`.
    """
    suffix = path.suffix.lower().removeprefix(".")
    file_format = {"tsv": "csv", "txt": "csv", "ndjson": "jsonl"}.get(suffix, suffix)
    if file_format not in FORMATS:
        message = Message(
            "“{name}” is no table that can be read. Give a file that ends in {formats}.",
            {"name": path.name, "formats": ", ".join(f".{name}" for name in FORMATS)},
        )
        raise Refusal(Problem("unknown_format", message))
    return file_format


def describe_rejects(table: TextTable) -> Sequence[Message]:
    """One note for the reader when rows were left out."""
    if not table.rejected:
        return ()
    first = table.rejected[0]
    text = "{count} rows could not be read and were left out; the first is in line {line}."
    return (Message(text, {"count": table.rejected_count, "line": first.line}),)
