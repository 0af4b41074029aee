"""DuckDB, fenced in: enters a list of paths it may touch, leaves a connection that can reach nothing else.

Names and values from a user's file become SQL only through `quote_name`, `quote_text` and `quote_path`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb


@contextmanager
def open_duckdb(
    readable: Sequence[Path], writable: Path | None, memory_mb: int, threads: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database that reads only `readable` files and writes only below the folder `writable`.

    It spills to `writable` past `memory_mb`, loads no extension, and its settings are locked afterwards, so that no text
    of a file can widen them.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        if writable:
            connection.execute(f"SET temp_directory = {quote_text(str(writable / '.spill'))}")
            connection.execute(f"SET allowed_directories = [{_spell([writable])}]")
        # It makes a join of each search in a list of words, and rows leave a join in any order when several threads work.
        connection.execute("SET disabled_optimizers = 'in_clause'")
        connection.execute(f"SET allowed_paths = [{_spell(readable)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def quote_name(name: str) -> str:
    """An identifier as SQL; a quote inside it is doubled."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A text literal as SQL; a quote inside it is doubled."""
    return "'" + text.replace("'", "''") + "'"


def quote_path(path: Path) -> str:
    """A path to read as SQL text; DuckDB takes * ? [ for patterns unless they stand in brackets."""
    return quote_text("".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path)))


def _spell(paths: Sequence[Path]) -> str:
    """DuckDB checks a path both as it is written in a query and as the file that is then opened."""
    return ", ".join(f"{quote_text(str(path))}, {quote_path(path)}" for path in paths)
