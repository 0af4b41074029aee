"""A data set's table enters, a CSV file to take away leaves: with a mark that tells spreadsheets its encoding.

Texts that a spreadsheet would take for a formula get an apostrophe before them (OWASP, CSV injection).
"""

from __future__ import annotations

import codecs
import secrets
from pathlib import Path

import duckdb

MEMORY_LIMIT = "512MB"
FORMULA_STARTS = "=+-@\t\r"
CSV_TYPE = "text/csv; charset=utf-8"
PARQUET_TYPE = "application/vnd.apache.parquet"


def export_csv(table: Path, folder: Path) -> Path:
    """Write the table into `folder` under a name of its own; blocking. Whoever asked removes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}.csv"
    rows = path.with_suffix(".rows")
    try:
        with duckdb.connect(config={"threads": 1, "memory_limit": MEMORY_LIMIT}) as connection:
            source = connection.read_parquet(str(table))
            columns = [
                f"{_defused(name) if str(kind) == 'VARCHAR' else _quoted(name)} AS {_quoted(_defused_name(name))}"
                for name, kind in zip(source.columns, source.types, strict=True)
            ]
            source.project(", ".join(columns)).write_csv(str(rows), header=True)
        with path.open("wb") as target, rows.open("rb") as lines:
            target.write(codecs.BOM_UTF8)
            while block := lines.read(1 << 20):
                target.write(block)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        rows.unlink(missing_ok=True)
    return path


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _defused_name(name: str) -> str:
    return f"'{name}" if name.startswith(tuple(FORMULA_STARTS)) else name


def _defused(name: str) -> str:
    """SQL for a text, with an apostrophe before what a spreadsheet would compute."""
    starts = " OR ".join(f"starts_with({_quoted(name)}, chr({ord(sign)}))" for sign in FORMULA_STARTS)
    return f"CASE WHEN {starts} THEN chr(39) || {_quoted(name)} ELSE {_quoted(name)} END"
