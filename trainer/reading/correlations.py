"""Sampled columns enter, the coefficients of every pair of numbers leave, and the pairs that say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy

from trainer.reading.measures import correlate, correlate_ranks, rank
from trainer.reading.sampled_values import Quantity, Values

MOST_CORRELATED = 30
DECIMALS = 4
ALIKE = 0.99
LEAST_ROWS = 30
Coefficients = list[list[float | None]]


def correlate_numbers(columns: Iterable[Values], ranking: Sequence[str]) -> dict[str, Any]:
    """`columns` (at most thirty, those that stand first in `ranking`), `pearson` and `spearman`, and how many were left out.

    The coefficients are symmetric lists of lists in the order of the table, with None where there is none.
    """
    numbers = [column for column in columns if isinstance(column, Quantity) and not column.is_moment]
    places = {name: place for place, name in enumerate(ranking)}
    by_place = sorted(numbers, key=lambda column: places.get(column.name, len(places)))
    names = {column.name for column in by_place[:MOST_CORRELATED]}
    chosen = [column for column in numbers if column.name in names]
    return {"columns": [column.name for column in chosen], "left_out": len(numbers) - len(chosen), **_coefficients(chosen)}


def _coefficients(columns: Sequence[Quantity]) -> dict[str, Coefficients]:
    ranks = [rank(column.numbers) for column in columns]
    are_complete = [bool(numpy.isfinite(column.numbers).all()) for column in columns]
    size = len(columns)
    pearson: Coefficients = [[1.0 if i == j else None for j in range(size)] for i in range(size)]
    spearman: Coefficients = [list(row) for row in pearson]
    for i, j in combinations(range(size), 2):
        first, second = columns[i].numbers, columns[j].numbers
        rho = correlate(ranks[i], ranks[j]) if are_complete[i] and are_complete[j] else correlate_ranks(first, second)
        pearson[i][j] = pearson[j][i] = _rounded(correlate(first, second))
        spearman[i][j] = spearman[j][i] = _rounded(rho)
    return {"pearson": pearson, "spearman": spearman}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)


def find_alike(columns: Sequence[Values], correlations: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pairs that say the same: in other words (`r` is None), or as numbers on nearly one line."""
    found: dict[tuple[str, str], float | None] = {}
    first_of: dict[bytes, str] = {}
    for column in columns:
        key = _fingerprint(column)
        if key is not None and (first := first_of.setdefault(key, column.name)) != column.name:
            found[first, column.name] = None
    names, compared = correlations["columns"], {column.name for column in columns}
    for i, j in combinations(range(len(names)), 2):
        r = correlations["pearson"][i][j]
        if r is not None and abs(r) >= ALIKE and compared.issuperset((names[i], names[j])):
            found.setdefault((names[i], names[j]), r)
    return [{"columns": list(pair), "r": r} for pair, r in found.items()]


def _fingerprint(column: Values) -> bytes | None:
    """Equal for columns whose values go together one to one; None where that would be no wonder."""
    codes = column.codes
    levels = int(codes.max(initial=-1)) + 1
    if len(codes) < LEAST_ROWS or levels < len(("a", "b")):
        return None
    if levels <= len(codes) / 2:
        return codes.tobytes()
    return column.numbers.tobytes() if isinstance(column, Quantity) else None
