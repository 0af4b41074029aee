"""The relation `cells` enters, a Parquet file of typed columns leaves: in one pass where the first rows told the truth.

A whole column decides its type, never a sample: a cell that does not fit the guess ends the first pass, and then every
cell is looked at before the second.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.reading import ReadingChoices
from trainer.reading.cell_text import CellRules, clean_cell
from trainer.reading.cells import Cells
from trainer.reading.column_facts import ColumnRules
from trainer.reading.column_formats import ColumnFormat, find_formats, typed_cell
from trainer.reading.csv_cells import CELLS, WIDE_COLUMNS
from trainer.reading.duckdb_session import quote_name, quote_path, quote_text
from trainer.reading.set_aside import COMPARED_NAMES
from trainer.reading.strays import TextColumn, find_strays

ROW_GROUP_ROWS = 20_480  # ten of DuckDB's vectors: a page of rows reads one group and not a hundred thousand rows
# Whoever reads a page holds a row group of each column, so long cells make groups shorter. Ordinary cells never do, however
# many columns there are: of a wide table the list of so many pieces would be long itself.
ROW_GROUP_BYTES = 1 << 25
ORDINARY_CELL_BYTES = 16
REWRITTEN_WEIGHT = 4  # how many plain columns one takes the memory of whose cells are written in another way
TEXT = "VARCHAR"  # the type of cells that are still to be understood


class TypedTable:
    """Decides the formats of all columns and writes the table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, cells: Cells, choices: ReadingChoices, workspace: Path) -> None:
        self.formats: list[ColumnFormat] = []
        self._connection = connection
        self._cells = cells
        self._workspace = workspace
        self._rules = {
            column: CellRules(cells.is_ascii, decimal, cells.missing)
            for column, decimal in zip(cells.columns, cells.decimals, strict=True)
        }
        self._wanted = {f"c{index}": choices.kinds[name] for index, name in enumerate(cells.names) if name in choices.kinds}

    def write(self, path: Path) -> int:
        """Write the table and return its number of rows.

        Raises:
            Refusal: `unreadable_rows`: DuckDB cannot read the text at all.
        """
        rows = None if self._wanted else self._write_as_sampled(path)
        if rows is None:
            rows = self._write_after_all(path)
        elif self._repeats_names(path) and self._cells.drop_repeated_names(self._connection):
            return self.write(path)
        return rows

    def tell_strays(self, path: Path) -> None:
        """Add to the formats what keeps columns of the written table from being numbers or dates."""
        described = zip(self._cells.columns, self._cells.names, self._cells.types, self.formats, strict=True)
        columns = {
            name: TextColumn(quote_name(name), form, self._rules[column])
            for column, name, sql_type, form in described
            if TEXT == form.sql_type == sql_type and column not in self._wanted
        }
        strays = find_strays(self._connection, f"read_parquet({quote_path(path)})", columns)
        for index, (name, form) in enumerate(zip(self._cells.names, self.formats, strict=True)):
            if name in strays:
                self.formats[index] = dataclasses.replace(form, strays=strays[name])

    def _repeats_names(self, path: Path) -> bool:
        """Whether a row that was written may say the names again, which fit it where every column is text."""
        if self._cells.csv is None or any(form.sql_type != TEXT for form in self.formats):
            return False
        names = self._cells.csv.beginning.names[:COMPARED_NAMES]
        if not names:
            return False
        cells = zip(names, self._rules.values(), strict=False)
        asked = ", ".join(clean_cell(quote_text(name), rules) for name, rules in cells)
        stored = self._connection.execute(f"SELECT {asked}").fetchone()
        assert stored is not None, "a query without a table gives one row"
        same = " AND ".join(
            f"{quote_name(name)} IS NOT DISTINCT FROM {'NULL' if cell is None else quote_text(cell)}"
            for name, cell in zip(self._cells.names[: self._width], stored, strict=False)
        )
        return bool(self._connection.execute(f"SELECT 1 FROM read_parquet({quote_path(path)}) WHERE {same} LIMIT 1").fetchone())

    def select_typed(self) -> str:
        """SQL for all rows in their types, each decided by the whole column."""
        self._cells.drop_repeated_names(self._connection)
        self.formats = self._find_formats(CELLS)
        return self._select(CELLS, self._rules)

    def leave_out_end(self) -> None:
        """Forget the columns that were not written."""
        self._cells.leave_out_end(self._width)
        self.formats = self.formats[: self._width]

    @property
    def _width(self) -> int:
        """How many columns the table has: those that a separator too many makes at the end of every line are none."""
        width = len(self.formats)
        while width > 1 and self.formats[width - 1].is_empty and self._cells.is_nameless(width - 1):
            width -= 1
        return width

    def misfits(self) -> list[Message]:
        """What to tell about cells that are not of the kind that their column is wanted to be."""
        named = zip(self._cells.names, self.formats, strict=True)
        text = "“{column}”: {note}"
        return [Message(text, {"column": name, "note": form.notes[-1]}) for name, form in named if form.misfits]

    def write_sample(self, path: Path) -> int:
        """Write the first rows alone, and return their number."""
        relation = self._find_sampled_formats()
        rows = self._copy_query(self._select(relation, self._rules), path)
        self.leave_out_end()
        return rows

    def _find_sampled_formats(self) -> str:
        relation = self._cells.sample(self._connection, self._workspace)
        self.formats = self._find_formats(relation)
        return relation

    def _write_as_sampled(self, path: Path) -> int | None:
        """None when a later cell did not fit, or the text cannot be read at all."""
        try:
            self._find_sampled_formats()
            relation, unseen = self._cells.quick(self._connection)
            rules = {column: dataclasses.replace(rules, unseen=unseen) for column, rules in self._rules.items()}
            return self._copy(path, relation, rules, is_strict=True)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            return None

    def write_written(self, path: Path) -> None:
        """Write how cells were written, for columns whose values look different from that; no file when none does."""
        kept = [index for index, column in enumerate(self.formats) if column.keeps_written]
        if kept:
            selected = ", ".join(f"c{index} AS {quote_name(self._cells.names[index])}" for index in kept)
            self._copy_query(f"SELECT {selected} FROM {CELLS}", path)

    def _write_after_all(self, path: Path) -> int:
        try:
            if self._cells.drop_repeated_names(self._connection):
                return self.write(path)
            self.formats = self._find_formats(CELLS)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            if self._cells.csv is None:
                raise
            if not self._cells.mend(self._connection, self._workspace):
                raise _unreadable() from error
            return self.write(path)
        return self._copy(path, CELLS, self._rules, is_strict=False)

    def _find_formats(self, relation: str) -> list[ColumnFormat]:
        cells = self._cells
        texts = [column for column, sql_type in zip(cells.columns, cells.types, strict=True) if sql_type == TEXT]
        found = dict(zip(texts, find_formats(self._connection, relation, texts, self._rules, self._wanted), strict=True))
        return [found.get(column) or ColumnFormat(sql_type) for column, sql_type in zip(cells.columns, cells.types, strict=True)]

    def _copy(self, path: Path, relation: str, rules: ColumnRules, *, is_strict: bool) -> int:
        if self._width <= WIDE_COLUMNS:
            return self._copy_query(self._select(relation, rules, is_strict=is_strict), path)
        parts = []
        for columns in self._split_columns():
            parts.append(f"part_{columns[0]}")
            selected = self._select(relation, rules, columns, is_strict=is_strict)
            self._connection.execute(f"CREATE OR REPLACE TABLE {parts[-1]} AS {selected}")
        rows = self._copy_query(f"SELECT * FROM {' POSITIONAL JOIN '.join(parts)}", path)
        for part in parts:
            self._connection.execute(f"DROP TABLE {part}")
        return rows

    def _split_columns(self) -> Iterator[Sequence[int]]:
        """The columns of a wide table in parts: a query of many takes long to prepare, and of rewritten ones much memory."""
        part: list[int] = []
        weight = 0
        for index, form in enumerate(self.formats[: self._width]):
            added = REWRITTEN_WEIGHT if form.keeps_written else 1
            if weight + added > WIDE_COLUMNS:
                yield part
                part, weight = [], 0
            part.append(index)
            weight += added
        yield part

    def _select(self, relation: str, rules: ColumnRules, columns: Sequence[int] | None = None, *, is_strict: bool = False) -> str:
        """SQL for the rows of `relation` in their types; of all columns, or of some."""
        chosen = range(self._width) if columns is None else columns
        typed = (f"{self._typed(index, rules, is_strict)} AS {quote_name(self._cells.names[index])}" for index in chosen)
        left_out = range(self._width, len(self.formats)) if is_strict else ()  # where a value ends the query, too
        checked = "".join(f" AND ({self._typed(index, rules, is_strict)}) IS NULL" for index in left_out)
        return f"SELECT {', '.join(typed)} FROM {relation} WHERE true{checked}"

    def _typed(self, index: int, rules: ColumnRules, is_strict: bool) -> str:
        if self._cells.types[index] != TEXT:
            return f"c{index}"
        return typed_cell(f"c{index}", self.formats[index], rules[f"c{index}"], is_strict)

    def _copy_query(self, query: str, path: Path) -> int:
        """Write the rows of `query`; renamed into place, so that a table is there whole or not at all."""
        temporary = path.with_name(f".{path.name}.tmp")
        size = max(ROW_GROUP_BYTES, ROW_GROUP_ROWS * ORDINARY_CELL_BYTES * len(self._cells.names))
        how = f"FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP_ROWS}, ROW_GROUP_SIZE_BYTES {size}"
        try:
            copied = self._connection.execute(f"COPY ({query}) TO {quote_text(str(temporary))} ({how})").fetchone()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        temporary.replace(path)
        assert copied is not None, "COPY tells how many rows it wrote"
        return int(copied[0])


def _unreadable() -> Refusal:
    message = Message("The file cannot be read as CSV. Save the table again as CSV with commas, or as JSON.")
    return Refusal(Problem("unreadable_rows", message))
