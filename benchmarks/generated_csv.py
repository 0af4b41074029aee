"""A CSV file of any size, as people have them: numbers, categories, dates, short texts. The same for the same size."""

from __future__ import annotations

import random
from pathlib import Path

MEGABYTE = 1_000_000
BLOCK_ROWS = 20_000
HEADER = "id,city,age,price,score,ordered_on,is_new,note,amount,share\n"
CITIES = ("Tehran", "Yazd", "Shiraz", "Isfahan", "Tabriz", "Rasht")


def write_csv(path: Path, megabytes: int) -> int:
    """Write about so many megabytes; returns the number of rows. Blocks repeat, apart from the ids."""
    chance = random.Random(7)  # noqa: S311 - nothing secret
    rows = [_row(chance) for _ in range(BLOCK_ROWS)]
    number = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while file.tell() < megabytes * MEGABYTE:
            file.write("".join(f"{number + offset}{row}" for offset, row in enumerate(rows)))
            number += BLOCK_ROWS
    return number


def _row(chance: random.Random) -> str:
    day = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    return (
        f",{chance.choice(CITIES)},{chance.randint(1, 90)},{chance.random() * 1e6:.2f},{chance.gauss(0, 1):.6f},{day},"
        f"{chance.choice(('true', 'false'))},order {chance.randint(1, 99_999)} came late,{chance.randint(0, 10**9)},"
        f"{chance.random():.5f}\n"
    )
