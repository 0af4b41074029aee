"""An original of any format enters, a DuckDB relation `cells` leaves: columns c0, c1, ... of text, or of types from Parquet.

Refused: what `unpack`, `decode_original`, `open_csv`, `write_rows_as_csv`, `write_sheet_as_csv` and `describe_parquet`
refuse, and a file without rows. Nothing here decides what a cell means.
"""

# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.reading import ENDINGS, ReadingChoices
from trainer.reading.aligned_text import align
from trainer.reading.cell_text import quote_list
from trainer.reading.column_names import tidy_names
from trainer.reading.csv_cells import CELLS, SAMPLED, CsvCells, open_csv
from trainer.reading.decimal_marks import find_decimals
from trainer.reading.encoding import DecodedText, decode_original, is_ascii_text
from trainer.reading.json_rows import MAX_CSV_ROW_BYTES, write_rows_as_csv
from trainer.reading.missing_words import MISSING_WORDS
from trainer.reading.other_texts import refuse_other_text
from trainer.reading.parquet_cells import describe_parquet, refuse_broken_parquet
from trainer.reading.quote_trouble import find_better
from trainer.reading.rejected_rows import SHOWN_REJECTS, RejectedRow
from trainer.reading.separators import SAMPLED_ROWS as DECIMAL_ROWS
from trainer.reading.set_aside import find_about
from trainer.reading.unpacking import unpack
from trainer.reading.workbook import write_sheet_as_csv

SAMPLED_ROWS = 20_000
# How our own writers write rows: everything quoted, so that nothing has to be guessed.
FLAT = ReadingChoices(delimiter=",", quote='"', comment="", skip_lines=0)


@dataclass(slots=True)
class Cells:
    """What the relation `cells` holds, and how it was found."""

    names: list[str]
    types: list[str]
    decimals: list[str]
    missing: tuple[str, ...]
    is_ascii: bool
    dialect: dict[str, Any]
    notes: list[Message] = field(default_factory=list)
    csv: CsvCells | None = None
    rejected_before: tuple[int, list[RejectedRow]] = (0, [])

    @property
    def columns(self) -> list[str]:
        return [f"c{index}" for index in range(len(self.names))]

    def is_nameless(self, index: int) -> bool:
        """Whether the row of names has nothing above this column; where there is no such row, nothing is to be said."""
        names = self.csv.beginning.names if self.csv is not None else []
        return bool(names) and not names[index].strip()

    def leave_out_end(self, width: int) -> None:
        """Keep the first `width` columns alone: those behind them have neither names nor values."""
        count = len(self.names) - width
        if not count:
            return
        self.notes = [note for note in self.notes if not _is_about_column_behind(note, width)]
        if count == 1:
            self.notes.append(Message("The last column has neither a name nor a value, so it was left out."))
        else:
            text = "The last {count} columns have neither names nor values, so they were left out."
            self.notes.append(Message(text, {"count": count}))
        self.names, self.types, self.decimals = self.names[:width], self.types[:width], self.decimals[:width]

    def refusing_damage(self) -> AbstractContextManager[None]:
        """Turns into a refusal what reading the relation finds to be damaged: Parquet tells it no sooner."""
        return refuse_broken_parquet() if self.dialect["format"] == "parquet" else nullcontext()

    def sample(self, connection: duckdb.DuckDBPyConnection, workspace: Path) -> str:
        """A relation of the first rows: a look at a text of gigabytes would begin with reading tens of megabytes."""
        if self.csv is not None:
            relation = self.csv.define_sample(connection, workspace)
            if self.drop_repeated_names(connection, relation):
                self.csv.define_sample(connection, workspace)
            return relation
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {SAMPLED} AS SELECT * FROM {CELLS} LIMIT {SAMPLED_ROWS}")
        return SAMPLED

    def quick(self, connection: duckdb.DuckDBPyConnection) -> tuple[str, tuple[str, ...]]:
        """The relation that is read in the least time, and the words for missing that are still text in it."""
        if self.csv is None:
            return CELLS, ()
        relation = self.csv.define_quick(connection)
        return relation, self.csv.unseen if relation != CELLS else ()

    def mend(self, connection: duckdb.DuckDBPyConnection, workspace: Path) -> bool:
        """Mend what DuckDB could not read at all, if it can be mended; whether it was."""
        if self.csv is None or self.csv.is_mended:
            return False
        self.csv = self.csv.mend(workspace)
        self.csv.define(connection)
        return True

    def drop_repeated_names(self, connection: duckdb.DuckDBPyConnection, relation: str = CELLS) -> bool:
        """Set aside rows that say the names again, if `relation` holds one."""
        other = self.csv.without_repeated_names(connection, relation) if self.csv is not None else None
        if other is None:
            return False
        self.csv = other
        return True

    def find_rejected(self, connection: duckdb.DuckDBPyConnection) -> tuple[int, list[RejectedRow]]:
        """How many rows could not be read, and the first of them; once the relation was read."""
        count, rows = self.rejected_before
        if self.csv is None:
            return count, rows
        more, first = self.csv.find_rejected(connection)
        return count + more, [*rows, *first][:SHOWN_REJECTS]

    def settle_quotes(self, connection: duckdb.DuckDBPyConnection, workspace: Path, *, may_be_letters: bool) -> bool:
        """Read the text another way where quotes keep rows from being read; whether it is so. Once the relation was read."""
        other = None
        if self.csv is not None and self.csv.has_quote_trouble(connection):
            other = find_better(self.csv, connection, workspace, may_be_letters=may_be_letters)
        if other is None:
            return False
        self.csv = other
        self.dialect |= {"quote": other.dialect.quote, "escape": other.dialect.escape}
        return True


def _is_about_column_behind(note: Message, width: int) -> bool:
    position = note.params.get("position", 0)
    return isinstance(position, int) and position > width


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: its format ("" when only its packed name tells), how it is packed ("" is not), and the person's choices."""

    path: Path
    format: str
    packing: str
    choices: ReadingChoices
    most_bytes: int  # what a packed file may grow to


def open_cells(connection: duckdb.DuckDBPyConnection, source: Source, workspace: Path) -> Cells:
    """Create the relation `cells`; files that are needed while it is read are written into the folder `workspace`.

    Raises:
        Refusal: see above.
    """
    path, file_format = _unpack(source, workspace)
    missing = source.choices.missing if source.choices.missing is not None else MISSING_WORDS
    if file_format == "parquet":
        return _open_parquet(connection, path, source.choices, missing)
    if file_format == "xlsx":
        return _open_workbook(connection, path, source, missing, workspace)
    text = decode_original(path, source.choices.encoding, workspace)
    cells = _open_text(connection, text, file_format, source, missing, workspace)
    if text.is_guess:
        note = "The file does not say its encoding, so it was read as {encoding}. If letters look wrong, choose another one."
        cells.notes.insert(0, Message(note, {"encoding": text.encoding}))
    return cells


def _open_text(
    connection: duckdb.DuckDBPyConnection,
    text: DecodedText,
    file_format: str,
    source: Source,
    missing: Sequence[str],
    workspace: Path,
) -> Cells:
    about: dict[str, Any] = {"format": file_format, "encoding": text.encoding}
    if file_format == "csv":
        refuse_other_text(text.path)
        path, choices = align(text.path, source.choices, workspace), source.choices
        csv = open_csv(path, choices if path == text.path else choices.replace(delimiter=" "), missing)
        csv = csv.mend(workspace) if csv.beginning.has_mixed_ends else csv
        return _define(connection, csv, text.is_ascii, about)
    flat, decimal, keep_all_rows = workspace / ".flat.csv", source.choices.decimal, source.choices.keep_all_rows
    table = write_rows_as_csv(text.path, file_format, flat, source.choices.records, decimal or ".")
    if not table.names:
        raise no_rows()
    about |= {"records": table.records, "record_choices": table.record_choices}
    written = FLAT.replace(header=True, decimal=decimal or ".", keep_all_rows=keep_all_rows)
    csv = open_csv(flat, written, missing, MAX_CSV_ROW_BYTES).named(table.names)
    # The text itself may be ASCII and its cells not: JSON spells letters as \u0633, too.
    cells = _define(connection, csv, is_ascii_text(flat), about)
    if not decimal:  # numbers have a point, texts may have a comma
        cells.decimals = find_decimals(csv.beginning.rows, csv.width, fallback=".")[1]
    cells.rejected_before = (table.rejected_count, table.rejected)
    return cells


def no_rows() -> Refusal:
    return Refusal(Problem("no_rows", Message("The file has no rows. Add at least one row of values.")))


def _unpack(source: Source, workspace: Path) -> tuple[Path, str]:
    if not source.packing:
        return source.path, source.format
    unpacked = unpack(source.path, source.packing, workspace, source.most_bytes)
    ending = PurePosixPath((unpacked.name or "").lower()).suffix.removeprefix(".")
    file_format = ENDINGS.get(ending, "") or source.format  # what is packed knows better than what packs it
    if not file_format:
        text = "The archive holds “{name}”, which is not a kind of file that can be read. Pack a file that ends in {endings}."
        params = {"name": unpacked.name or "–", "endings": ", ".join(f".{name}" for name in ENDINGS)}
        raise Refusal(Problem("unknown_format", Message(text, params)))
    return unpacked.path, file_format


def _open_parquet(connection: duckdb.DuckDBPyConnection, path: Path, choices: ReadingChoices, missing: Sequence[str]) -> Cells:
    """Columns have types already; one whose kind a person chose is read from the text of its values."""
    found = describe_parquet(connection, path)
    names, notes = tidy_names(found.names)
    are_texts = [name in choices.kinds or sql_type == "VARCHAR" for name, sql_type in zip(names, found.types, strict=True)]
    columns = [f"c{index}" for index in range(len(names))]
    selected = ", ".join(
        _present(column, missing) if is_text else column for column, is_text in zip(columns, are_texts, strict=True)
    )
    connection.execute(f"CREATE OR REPLACE VIEW {CELLS} AS SELECT {selected} FROM ({found.select})")
    types = ["VARCHAR" if is_text else sql_type for is_text, sql_type in zip(are_texts, found.types, strict=True)]
    dialect = {"format": "parquet", "missing": list(missing)}
    beginning = connection.execute(f"SELECT * FROM {CELLS} LIMIT {DECIMAL_ROWS}").fetchall() if "VARCHAR" in found.types else []
    texts = [[cell if isinstance(cell, str) else "" for cell in row] for row in beginning]
    return Cells(names, types, find_decimals(texts, len(names), fallback=".")[1], tuple(missing), False, dialect, notes)


def _present(column: str, missing: Sequence[str]) -> str:
    return f"CASE WHEN NOT list_contains({quote_list(missing)}, {column}::VARCHAR) THEN {column}::VARCHAR END AS {column}"


def _open_workbook(
    connection: duckdb.DuckDBPyConnection, path: Path, source: Source, missing: Sequence[str], workspace: Path
) -> Cells:
    flat = workspace / ".flat.csv"
    given = source.choices
    sheet = write_sheet_as_csv(path, flat, given.sheet, source.most_bytes, given.decimal)
    choices = FLAT.replace(
        header=given.header, skip_lines=given.skip_lines, decimal=given.decimal or ".", keep_all_rows=given.keep_all_rows
    )
    about = {"format": "xlsx", "sheet": sheet.name, "sheets": sheet.choices}
    csv = dataclasses.replace(open_csv(flat, choices, missing), lines_before=sheet.first_row)
    cells = _define(connection, csv, is_ascii_text(flat), about)
    cells.decimals = [*sheet.decimals, *cells.decimals[sheet.width :]]
    if sheet.notes and csv.beginning.names and sheet.rows_written == 1:
        raise Refusal(Problem("no_rows", sheet.notes[0]))
    cells.notes += sheet.notes
    return cells


def _define(connection: duckdb.DuckDBPyConnection, csv: CsvCells, is_ascii: bool, about: dict[str, Any]) -> Cells:
    if not csv.width:
        raise no_rows()
    csv.define(connection)
    names, notes = tidy_names(csv.beginning.names or [""] * csv.width)
    if not csv.beginning.names:
        notes = [Message("The first row is no row of names, so the columns are called column_1, column_2 and so on.")]
    rejected, about_titles = find_about(csv.beginning, csv.lines_before)
    notes += about_titles
    words = Counter(cell.strip() for row in csv.beginning.rows for cell in row if cell.strip() in csv.missing)
    about |= csv.dialect.as_dict() | {"keep_all_rows": csv.has_every_row}
    dialect = {**about, "missing": list(csv.missing), "missing_found": dict(words.most_common())}
    types, before = ["VARCHAR"] * csv.width, (len(rejected), rejected)
    return Cells(names, types, csv.beginning.decimals, csv.missing, is_ascii, dialect, notes, csv, before)
