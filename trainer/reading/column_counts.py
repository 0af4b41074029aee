"""A table enters, what can be counted of each column leaves: missing and different values, ends, mean, frequent values.

Exact for tables of up to 200,000 rows. Above, the number of different values is an estimate unless a kind may hang on it.
"""

# ruff: noqa: S608 columns are called c0, c1, ... here

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainer.contract.target import MOST_CLASSES
from trainer.reading.profiled_table import LOADED_ROWS, SHOWN_CHARACTERS, Part, ProfiledTable, TypedColumn
from trainer.reading.schema import ColumnStatistics, may_be_identifier

TOP_VALUES = 10
EXAMPLES = 5
EXAMPLE_ROWS = 8_000
FLAT_ROWS = 5_000  # of so few rows, all columns at once are counted quicker than one after the other
# DuckDB's estimate of different values is off by a tenth, seldom by a third: columns this near to a border are counted.
FEW_VALUES = 2 * MOST_CLASSES
REPEATING_SHARE = 0.3
UNIQUE_SHARE = 0.5
ESTIMATE_DIGITS = 2
MOST_BITS, DENSE_BITS = 1_000_000_000, 8
TEXT_BYTES = 4  # where they stand among the figures
NUMBERS, MOMENTS = ("BIGINT", "DOUBLE"), ("DATE", "TIMESTAMP")
TEXT_OVERHEAD_BYTES = 58  # a Python text beside its letters, and the pointer to it


@dataclass(frozen=True, slots=True)
class SmallestClass:
    """The rarest value, its rows, and how many other values are as rare."""

    value: str
    rows: int
    others: int


@dataclass(frozen=True, slots=True)
class TopValues:
    """The most frequent values with their rows, out of `rows` rows with a value."""

    values: tuple[tuple[str, int], ...]
    rows: int


@dataclass(frozen=True, slots=True)
class ColumnCounts:
    """What was counted of one column; `text_bytes` is what its texts take, and zero for every other type."""

    statistics: ColumnStatistics
    top: TopValues
    smallest_class: SmallestClass | None
    text_bytes: float

    @property
    def memory_bytes(self) -> float:
        """Roughly what a pandas column takes."""
        if self.statistics.sql_type == "VARCHAR":
            return self.statistics.rows * TEXT_OVERHEAD_BYTES + self.text_bytes
        return self.statistics.rows * (1 if self.statistics.sql_type == "BOOLEAN" and not self.statistics.missing else 8)


def count_columns(table: ProfiledTable) -> list[ColumnCounts]:
    """Count every column of the table, in its order."""
    counted: list[ColumnCounts] = []
    for part in table.parts(table.columns):
        by_cell = count_values(part) if part.is_loaded else _count_in_place(part)
        counted += [by_cell[cell] for cell in part.columns]
    return counted


def count_values(part: Part) -> dict[str, ColumnCounts]:
    """Exact counts of every column of a part."""
    counted: dict[str, ColumnCounts] = {cell: _nothing(column, part.rows) for cell, column in part.columns.items()}
    for sql_type in dict.fromkeys(column.sql_type for column in part.columns.values()):
        cells = part.of_types(sql_type)
        for cell, *values in part.connection.execute(_count_query(cells, sql_type)).fetchall():
            counted[cell] = _as_counts(part.columns[cell], part.rows, values)
    return counted


def _count_query(part: Part, sql_type: str) -> str:
    """One row per column that has values: only different values are looked at, each with the number of its rows."""
    pairs = f"min(struct_pack(rank := -n, value := value), {TOP_VALUES})"
    top = f"list_transform({pairs}, lambda pair: struct_pack(value := {_shown('pair.value')}, n := -pair.rank))"
    rarest = f"{_shown('min(struct_pack(n := n, value := value)).value')}, min(n), map_extract(histogram(n), min(n))[1]"
    return (
        f"WITH groups AS ({_groups(part)}) SELECT cell, sum(n), count(*), {_figures(sql_type, 'value', 'n')}, {top}, {rarest}"
        " FROM groups GROUP BY cell"
    )


def _groups(part: Part) -> str:
    """Each value of each column with its rows: (cell, value, n)."""
    if part.rows <= FLAT_ROWS:
        cells = ", ".join(part.columns)
        flat = f"UNPIVOT (SELECT {cells} FROM {part.relation}) ON {cells} INTO NAME cell VALUE value"
        return f"SELECT cell, value, count(*) AS n FROM ({flat}) GROUP BY cell, value"
    return " UNION ALL ".join(
        f"SELECT '{cell}' AS cell, {cell} AS value, count(*) AS n FROM {part.relation} WHERE {cell} IS NOT NULL GROUP BY {cell}"
        for cell in part.columns
    )


def _shown(value: str) -> str:
    return f"left({value}::VARCHAR, {SHOWN_CHARACTERS})"


def _figures(sql_type: str, value: str, weight: str | None = None) -> str:
    """Lowest, highest, mean, whether all are whole, bytes of text, and words on average, of rows or of weighted values."""
    times, total = (f" * {weight}", f"sum({weight})") if weight else ("", f"count({value})")
    if sql_type in NUMBERS:
        whole = "true" if sql_type == "BIGINT" else f"bool_and({value} = floor({value}))"
        return f"min({value}), max({value}), sum({value}::DOUBLE{times}) / {total}, {whole}, NULL, NULL"
    if sql_type in MOMENTS:
        return f"min({value}), max({value}), NULL, NULL, NULL, NULL"
    if sql_type == "BOOLEAN":
        return f"NULL, NULL, sum({value}::INT{times}) / {total}, NULL, NULL, NULL"
    # Splitting every text of a tall table would take longer than everything else.
    words = rf"sum(len(regexp_split_to_array({value}, '\s+')){times}) / {total}" if weight else "NULL"
    return f"NULL, NULL, NULL, NULL, sum(strlen({value}){times}), {words}"


def _as_counts(column: TypedColumn, rows: int, found: Sequence[Any]) -> ColumnCounts:
    """From the values of `_count_query`, without the cell."""
    present, distinct, *figures, top, rarest, least, as_rare = found
    pairs = tuple((str(pair["value"]), int(pair["n"])) for pair in top)
    examples = tuple(value for value, _ in pairs[:EXAMPLES])
    smallest = SmallestClass(str(rarest), least, as_rare - 1) if 1 < distinct <= MOST_CLASSES else None
    statistics = replace(_statistics(column, rows, present, distinct, figures), examples=examples)
    return ColumnCounts(statistics, TopValues(pairs, int(present)), smallest, float(figures[TEXT_BYTES] or 0))


def _statistics(column: TypedColumn, rows: int, present: int, distinct: int, figures: Sequence[Any]) -> ColumnStatistics:
    low, high, mean, are_whole, _text_bytes, mean_words = figures
    return ColumnStatistics(
        name=column.name,
        sql_type=column.sql_type,
        rows=rows,
        missing=rows - int(present),
        distinct=distinct,
        low=_json_value(low),
        high=_json_value(high),
        mean=_json_value(mean),
        are_whole=bool(are_whole),
        mean_words=mean_words or 0.0,
    )


def _nothing(column: TypedColumn, rows: int) -> ColumnCounts:
    """The counts of a column without a single value."""
    statistics = ColumnStatistics(column.name, column.sql_type, rows=rows, missing=rows, distinct=0)
    return ColumnCounts(statistics, TopValues((), 0), None, 0.0)


def _count_in_place(part: Part) -> dict[str, ColumnCounts]:
    """Of a tall table: exact where values are few or the kind hangs on their number, else estimated."""
    rough = _estimate(part)
    few = [cell for cell, counts in rough.items() if _is_counted_quickly(counts.statistics)]
    many = part.only([cell for cell in part.columns if cell not in few])
    counted = count_values(part.only(few))
    looked_at = count_values(many.load_spread_rows(EXAMPLE_ROWS)) if many.columns else {}
    return counted | {cell: _complete(part, cell, rough[cell], found) for cell, found in looked_at.items()}


def _is_counted_quickly(statistics: ColumnStatistics) -> bool:
    return statistics.distinct <= FEW_VALUES or statistics.present <= LOADED_ROWS


def _estimate(part: Part) -> dict[str, ColumnCounts]:
    """One look at every row of every column."""
    selected = ", ".join(
        f"count({cell}), approx_count_distinct({cell}), {_figures(column.sql_type, cell)}"
        for cell, column in part.columns.items()
    )
    ((rows, *found),) = part.query(f"count(*), {selected}")
    width = len(found) // len(part.columns)
    rough = {}
    for position, (cell, column) in enumerate(part.columns.items()):
        present, estimate, *figures = found[position * width : (position + 1) * width]
        statistics = _statistics(column, rows, present, _round_estimate(estimate, present), figures)
        rough[cell] = ColumnCounts(statistics, TopValues((), 0), None, float(figures[TEXT_BYTES] or 0))
    return rough


def _complete(part: Part, cell: str, rough: ColumnCounts, looked_at: ColumnCounts) -> ColumnCounts:
    """Add what some of the rows tell, and count the different values where their exact number matters."""
    statistics = replace(rough.statistics, mean_words=looked_at.statistics.mean_words, examples=looked_at.statistics.examples)
    if _must_be_exact(statistics):
        ((distinct,),) = part.query(_count_distinct(cell, statistics))
        statistics = replace(statistics, distinct=distinct)
    else:
        statistics = replace(statistics, distinct_is_exact=False)
    return replace(rough, statistics=statistics, top=looked_at.top)


def _count_distinct(cell: str, statistics: ColumnStatistics) -> str:
    """Of whole numbers that lie close together a bit each will do, of texts 64 bits of hash: a table of them all is large."""
    low, high = statistics.low, statistics.high
    if isinstance(low, int) and isinstance(high, int) and high - low < min(MOST_BITS, DENSE_BITS * statistics.rows):
        return f"bit_count(bitstring_agg({cell}, {low}, {high}))"
    return (
        f"count(DISTINCT hash({cell})) FILTER ({cell} IS NOT NULL)"
        if statistics.sql_type == "VARCHAR"
        else f"count(DISTINCT {cell})"
    )


def _must_be_exact(statistics: ColumnStatistics) -> bool:
    share = statistics.distinct / max(1, statistics.present)
    if statistics.sql_type == "VARCHAR":
        return share >= REPEATING_SHARE
    return share >= UNIQUE_SHARE and may_be_identifier(statistics)


def _round_estimate(estimate: int, present: int) -> int:
    """To two digits, for no more is known; never more values than rows."""
    if estimate <= FEW_VALUES:
        return estimate
    return min(present, round(estimate, ESTIMATE_DIGITS - len(str(estimate))))


def _json_value(value: object) -> float | int | str | None:
    if isinstance(value, datetime.date):  # a datetime is a date too
        return value.isoformat()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value if isinstance(value, float | int) else None
