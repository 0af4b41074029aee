"""Which words stand for no value: those that are chosen, whatever they hold, or none at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from trainer.contract import IngestOrder, ReadingChoices
from trainer.reading.ingest import ingest

ROWS = 'city,price\nYazd,"n,a"\nShiraz,NA\nTabriz,"say ""no"""\nQom,5\n'


def prices(tmp_path: Path, content: str = ROWS, **choices: Any) -> list[object]:
    original = tmp_path / "original.csv"
    original.write_text(content)
    ingest(IngestOrder(str(original), "csv", str(tmp_path / "data"), choices=ReadingChoices.parse(choices)))
    with duckdb.connect() as connection:
        return [price for (price,) in connection.execute(f"SELECT price FROM '{tmp_path}/data/table.parquet'").fetchall()]  # noqa: S608


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (None, ["n,a", None, 'say "no"', "5"]),
        ([], ["n,a", "NA", 'say "no"', "5"]),
        (["n,a"], [None, "NA", 'say "no"', "5"]),
        (["n,a", "NA", 'say "no"'], [None, None, None, 5]),
    ],
)
def test_the_chosen_words_are_missing_and_no_others(tmp_path: Path, missing: list[str] | None, expected: list[object]) -> None:
    assert prices(tmp_path, missing=missing) == expected


def test_a_word_that_holds_the_separator_is_missing_beyond_the_first_rows(tmp_path: Path) -> None:
    rows = "".join(f"Yazd,{number}\n" for number in range(100_000))
    values = prices(tmp_path, f'city,price\n{rows}Qom,"n,a"\n', missing=["n,a"])
    assert values == [*range(100_000), None]


def test_lines_that_are_comments_stay_so(tmp_path: Path) -> None:
    content = "city,price\n#x,7\n" + ROWS.partition("\n")[2]
    assert prices(tmp_path, content, missing=["n,a", "#x,7"], comment="#") == [None, "NA", 'say "no"', "5"]
