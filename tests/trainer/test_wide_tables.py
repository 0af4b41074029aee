"""Tables of hundreds of columns, most of whose cells are empty or written in another way than they are stored."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.read_files import read_file
from trainer.reading import column_facts

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ROWS = 300
# The type of a column, how its cells are written in turn, and what is read of them.
LATE: dict[str, tuple[str, list[str], list[Any]]] = {
    "whole": ("BIGINT", ["7", "12"], [7, 12]),
    "part": ("DOUBLE", ["7.5", "12.5"], [7.5, 12.5]),
    "persian": ("DOUBLE", ["۷٫۵", "۱۲٫۲۵"], [7.5, 12.25]),
    "day": ("DATE", ["2024-03-31", "2024-04-01"], [date(2024, 3, 31), date(2024, 4, 1)]),
    "jalali": ("DATE", ["۱۴۰۳/۰۱/۱۲", "1403/01/13"], [date(2024, 3, 31), date(2024, 4, 1)]),
    "truth": ("BOOLEAN", ["true", "false"], [True, False]),
    "word": ("VARCHAR", ["سبز", "yes"], ["سبز", "yes"]),
    "arabic": ("VARCHAR", ["علي", "علي"], ["علی", "علی"]),
    "mixed": ("VARCHAR", ["7", "x"], ["7", "x"]),
    "nothing": ("VARCHAR", ["", "N/A"], [None, None]),
}


@pytest.mark.parametrize("first", [0, 5, 150, ROWS - 1])
@pytest.mark.parametrize("deep_cells", [20, 500, 1_000_000])
def test_it_matters_nothing_how_late_a_column_has_its_first_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deep_cells: int, first: int
) -> None:
    monkeypatch.setattr(column_facts, "MOST_HEAD_ROWS", 2)
    monkeypatch.setattr(column_facts, "LEAST_HEAD_ROWS", 2)
    monkeypatch.setattr(column_facts, "DEEP_CELLS", deep_cells)
    lines = [",".join(["n", *LATE])]
    lines += [
        ",".join([f"{row}", *(texts[row % 2] if row >= first else "" for _, texts, _ in LATE.values())]) for row in range(ROWS)
    ]
    read = read_file(tmp_path, "\n".join(lines))
    assert read.types == {"n": "BIGINT"} | {name: sql_type for name, (sql_type, _, _) in LATE.items()}
    for name, (_, _, values) in LATE.items():
        assert read.column(name) == [values[row % 2] if row >= first else None for row in range(ROWS)], name
    assert "Jalali dates" in read.column_notes["jalali"]
    assert "Arabic" in read.column_notes["arabic"]


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_a_wide_table_of_few_values_is_what_it_was(tmp_path: Path, ending: str) -> None:
    chance = random.Random(1)
    names = [f"key_{number}" for number in range(1_000)]
    kinds: list[Any] = [lambda: chance.randint(1, 1_000), chance.random, lambda: chance.choice(["red", "green"])]
    rows = [{names[at]: kinds[at % 3]() for at in sorted(chance.sample(range(1_000), 10))} for _ in range(5_000)]
    rows[0] |= dict.fromkeys(names, "")
    content = json.dumps(rows)
    if ending == "csv":
        content = "\n".join([",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)])
    read = read_file(tmp_path, content, ending)
    assert len(read.rows) == 5_000
    assert [read.types[name] for name in names] == [["BIGINT", "DOUBLE", "VARCHAR"][number % 3] for number in range(1_000)]


def test_rewritten_columns_among_many_others_keep_their_places(tmp_path: Path) -> None:
    def is_rewritten(column: int) -> bool:
        return column % 3 == 0 or 100 < column < 200

    rows = [[row * 1_000 + column for column in range(450)] for row in range(20)]
    lines = [",".join(f"c{column}" for column in range(450))]
    lines += [
        ",".join(f"{cell}".translate(PERSIAN) if is_rewritten(at) else f"{cell}" for at, cell in enumerate(row)) for row in rows
    ]
    read = read_file(tmp_path, "\n".join(lines))
    assert read.names == [f"c{column}" for column in range(450)]
    assert [list(row) for row in read.rows] == rows
