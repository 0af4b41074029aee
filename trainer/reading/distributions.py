"""Counted columns of a table enter, how the values of each are spread leaves: quantiles, histogram, top values, lengths of text.

All rows of tables up to a million rows; of larger ones a sample, and `is_sample` says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
from numpy.typing import NDArray

from trainer.reading.column_counts import MOMENTS, NUMBERS, ColumnCounts, TopValues, count_values
from trainer.reading.histogram import count_moments, count_numbers
from trainer.reading.profiled_table import LOADED_CELLS, Part, ProfiledTable, TypedColumn
from trainer.reading.sampled_values import NUMBER_KINDS
from trainer.reading.schema import Column

MOST_ROWS = 1_000_000
SAMPLE_ROWS = 200_000
QUANTILES = (5, 25, 50, 75, 95)  # per cent
FEW_NUMBERS = 20  # numbers of so few values have top values, too
TOP_KINDS = frozenset({"category", "boolean", "text"})
LENGTH_KINDS = frozenset({"text", "identifier"})
Described = dict[str, Any]


def describe_distributions(table: ProfiledTable, counted: Sequence[ColumnCounts], columns: Sequence[Column]) -> Described:
    """Of `columns`, the first of the table: `columns` by name, the `rows` looked at, `is_sample`, and how many were left out."""
    is_sample = table.rows > MOST_ROWS
    by_name = {counts.statistics.name: (counts, column) for counts, column in zip(counted, columns, strict=False)}
    described: dict[str, Described] = {}
    looked_at = table.rows
    for part in table.parts(table.columns[: len(columns)], SAMPLE_ROWS if is_sample else None):
        looked_at = part.rows
        described |= _describe_part(part, by_name)
    return {
        "rows": looked_at,
        "is_sample": is_sample,
        "left_out": len(table.columns) - len(columns),
        "columns": {name: described[name] for name in by_name},
    }


def _describe_part(part: Part, by_name: Mapping[str, tuple[ColumnCounts, Column]]) -> dict[str, Described]:
    described: dict[str, Described] = {column.name: {} for column in part.columns.values()}
    kinds = {cell: by_name[column.name][1].kind for cell, column in part.columns.items()}
    drawn = [cell for cell, column in part.columns.items() if _is_number(column, kinds[cell]) or _is_moment(column, kinds[cell])]
    width = max(1, LOADED_CELLS // max(1, part.rows))
    for start in range(0, len(drawn), width):
        some = part.only(drawn[start : start + width])
        for cell, values in fetch_values(some).items():
            name = part.columns[cell].name
            described[name] = _describe_values(part.columns[cell], by_name[name][0], values)
    for cell, top in _top_values(part, kinds, by_name).items():
        described[part.columns[cell].name]["top"] = _describe_top(top)
    texts = [cell for cell in part.of_types("VARCHAR").columns if kinds[cell] in LENGTH_KINDS]
    for cell, lengths in _measure_lengths(part.only(texts)).items():
        described[part.columns[cell].name]["lengths"] = lengths
    return described


def _is_number(column: TypedColumn, kind: str) -> bool:
    return column.sql_type in NUMBERS and kind in NUMBER_KINDS


def _is_moment(column: TypedColumn, kind: str) -> bool:
    return column.sql_type in MOMENTS and kind == "date"


def fetch_values(part: Part) -> dict[str, NDArray[Any]]:
    """The values of each column that are there, in the order of the rows: float64, or datetime64."""
    columns = ", ".join(
        f"{cell}::DOUBLE AS {cell}" if column.sql_type in NUMBERS else cell for cell, column in part.columns.items()
    )
    fetched = part.connection.execute(f"SELECT {columns} FROM {part.relation}").fetchnumpy()  # noqa: S608 - c0, c1, ...
    return {cell: _known(numpy.ma.compressed(values)) for cell, values in fetched.items()}


def _known(values: NDArray[Any]) -> NDArray[Any]:
    known: NDArray[Any] = values[numpy.isfinite(values)]  # of moments, too
    return known


def _describe_values(column: TypedColumn, counts: ColumnCounts, values: NDArray[Any]) -> Described:
    if not len(values):
        return {}
    if column.sql_type in MOMENTS:
        return _describe_moments(values, are_days=column.sql_type == "DATE")
    return describe_numbers(values, are_whole=counts.statistics.are_whole)


def describe_numbers(values: NDArray[numpy.float64], *, are_whole: bool) -> Described:
    """Quantiles, spread, zeros and negatives, the two ends, and a histogram of at least one number."""
    values = numpy.sort(values)
    with numpy.errstate(over="ignore", invalid="ignore"):
        quantiles = numpy.quantile(values, [percent / 100 for percent in QUANTILES])
        deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    histogram = count_numbers(values, are_whole=are_whole)
    return {
        "rows": len(values),
        "quantiles": {str(percent): _finite(value) for percent, value in zip(QUANTILES, quantiles, strict=True)},
        "deviation": _finite(deviation),
        "zeros": int((values == 0).sum()),
        "negatives": int((values < 0).sum()),
        "lowest": _describe_end(values, values[0]),
        "highest": _describe_end(values[::-1], values[-1]),
        "histogram": histogram.as_dict() if histogram else None,
    }


def _describe_end(from_the_end: NDArray[numpy.float64], end: float) -> Described:
    """The value at an end of sorted numbers, its rows, and its neighbour."""
    rows = int(numpy.argmax(from_the_end != end)) or len(from_the_end)
    return {"value": float(end), "rows": rows, "next": float(from_the_end[rows]) if rows < len(from_the_end) else None}


def _describe_moments(moments: NDArray[numpy.datetime64], *, are_days: bool) -> Described:
    places = numpy.quantile(moments.astype(numpy.int64), [percent / 100 for percent in QUANTILES], method="nearest")
    shown = places.astype(moments.dtype).astype("datetime64[D]" if are_days else "datetime64[s]")
    return {
        "rows": len(moments),
        "quantiles": {str(percent): str(value) for percent, value in zip(QUANTILES, shown, strict=True)},
        "histogram": count_moments(moments, are_days=are_days).as_dict(),
    }


def _finite(value: float) -> float | None:
    return float(value) if numpy.isfinite(value) else None


def _top_values(part: Part, kinds: Mapping[str, str], by_name: Mapping[str, tuple[ColumnCounts, Column]]) -> dict[str, TopValues]:
    """As they were counted, or counted now where only some rows had been looked at."""
    counts = {cell: by_name[column.name][0] for cell, column in part.columns.items()}
    wanted = [cell for cell in part.columns if kinds[cell] in TOP_KINDS or _are_few_numbers(kinds[cell], counts[cell])]
    known = {cell: counts[cell].top for cell in wanted if counts[cell].top.rows == counts[cell].statistics.present}
    unknown = part.only([cell for cell in wanted if cell not in known])
    return known | {cell: found.top for cell, found in count_values(unknown).items()}


def _are_few_numbers(kind: str, counts: ColumnCounts) -> bool:
    return kind in NUMBER_KINDS and counts.statistics.distinct <= FEW_NUMBERS


def _describe_top(top: TopValues) -> Described:
    return {
        "rows": top.rows,
        "values": [{"value": value, "rows": rows} for value, rows in top.values],
        "others": top.rows - sum(rows for _value, rows in top.values),
    }


def _measure_lengths(part: Part) -> dict[str, Described]:
    """Characters and words of the texts, on average and at most."""
    if not part.columns:
        return {}
    selected = ", ".join(
        rf"avg(length({cell})), max(length({cell})), avg({words}), max({words})"
        for cell in part.columns
        for words in [rf"len(regexp_split_to_array(trim({cell}), '\s+'))"]
    )
    (found,) = part.query(selected)
    return {
        cell: {"characters": {"mean": found[at], "most": found[at + 1]}, "words": {"mean": found[at + 2], "most": found[at + 3]}}
        for cell, at in zip(part.columns, range(0, len(found), 4), strict=True)
    }
