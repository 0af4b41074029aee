"""`python -m benchmarks.table_pages`: how long a page of a million rows takes, anywhere, sorted, filtered and searched.

The same questions are put to the function that answers them and to a running server. Exit code 1: the 95th percentile of a
page in the table's own order is slower than promised.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from app.datasets.table_pages import read_page
from app.datasets.table_query import TableQuery, read_filters
from app.datasets.table_sessions import TableSessions
from tests.journeys.conftest import Person, registered
from tests.servers import Server, running_server
from tests.stored_tables import store_table

ROWS, PAGES = 1_000_000, 25
ALLOWED_MS = 100.0
TABLE = """SELECT i AS id, CAST(random() * 1e6 AS BIGINT) AS amount, CASE WHEN random() > 0.05 THEN random() * 1000 END AS price,
    CAST(random() * 10 AS BIGINT) AS stars, random() AS share, random() < 0.5 AS paid,
    DATE '2000-01-01' + CAST(random() * 9000 AS INT) AS day,
    TIMESTAMP '2020-01-01' + to_seconds(CAST(random() * 1e8 AS BIGINT)) AS moment,
    ['تهران', 'شیراز', 'اصفهان', 'Tabriz', 'Qom'][1 + i % 5] AS city, md5(CAST(i AS VARCHAR)) AS code,
    'نام ' || CAST(random() * 1e5 AS INT) AS name, 'The quick brown fox number ' || CAST(random() * 1e6 AS INT) AS note
    FROM range({rows}) t(i)"""
WRITTEN = "SELECT id || ' تومان' AS amount FROM (SELECT i AS id FROM range({rows}) t(i))"
FILTER = json.dumps([{"column": "price", "operator": "at_least", "value": 990}])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pages", type=int, default=PAGES)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tamrin-pages-") as folder,
        running_server(Path(folder)) as server,
        registered(server, "sara") as sara,
    ):
        query, written = (text.format(rows=arguments.rows) for text in (TABLE, WRITTEN))
        dataset_id = store_table(server, query, "big", written)
        table = server.data_dir / "datasets" / dataset_id / "table.parquet"
        print(f"{arguments.rows:,} rows, 12 columns, {table.stat().st_size / 1e6:.0f} MB")
        slowest = max(
            asyncio.run(measure_function(table, arguments.rows, arguments.pages)),
            measure_server(server, sara, dataset_id, arguments.rows, arguments.pages),
        )
    print(f"95th percentile allowed for a page in the table's order: {ALLOWED_MS:.0f} ms; the slowest: {slowest:.0f} ms")
    return 0 if slowest <= ALLOWED_MS else 1


def questions(rows: int) -> dict[str, dict[str, Any]]:
    """What is asked, by name; those without a wish of their own must be fast."""
    plain = {f"from row {offset:,}": {"offset": offset} for offset in (0, rows // 2, rows - 25)}
    return {
        **plain,
        "sorted by a number": {"sort": "price", "descending": True},
        "sorted by a number, in the middle": {"sort": "price", "offset": rows // 2},
        "sorted by a text, in the middle": {"sort": "name", "offset": rows // 2},
        "filtered by a number": {"filters": FILTER},
        "searched, found everywhere": {"search": "quick"},
        "searched, found nowhere": {"search": "شيراز جنوبي"},
        "searched by a number": {"search": "98765"},
    }


async def measure_function(table: Path, rows: int, pages: int) -> float:
    """Prints percentiles; returns the slowest 95th of pages in the table's order, in milliseconds."""
    sessions, slowest = TableSessions(table.parent), 0.0
    for name, wishes in questions(rows).items():
        query = TableQuery(limit=25, **{**wishes, "filters": read_filters(wishes.get("filters", ""))})
        delays = []
        for _ in range(pages):
            started = time.perf_counter()
            page = await sessions.run(partial(read_page, table=table, query=query))
            delays.append((time.perf_counter() - started) * 1000)
        percentile = tell("function", name, delays, page.total)
        slowest = max(slowest, percentile) if wishes.keys() <= {"offset"} else slowest
    return slowest


def measure_server(server: Server, sara: Person, dataset_id: str, rows: int, pages: int) -> float:
    """The same through the REST interface."""
    process, slowest = psutil.Process(server.process.pid), 0.0
    for name, wishes in questions(rows).items():
        ask: Callable[[], Any] = partial(sara.client.get, f"/api/datasets/{dataset_id}/rows", params={"limit": 25, **wishes})
        delays = []
        for _ in range(pages):
            started = time.perf_counter()
            answer = ask()
            delays.append((time.perf_counter() - started) * 1000)
            answer.raise_for_status()
        percentile = tell("server", name, delays, answer.json()["total"])
        slowest = max(slowest, percentile) if wishes.keys() <= {"offset"} else slowest
    print(f"the server's memory afterwards: {process.memory_info().rss / 1e6:.0f} MB")
    return slowest


def tell(where: str, name: str, delays: list[float], total: int) -> float:
    percentile = statistics.quantiles(delays, n=20)[-1]
    print(
        f"{where}: {name}: median {statistics.median(delays):.0f} ms, 95th percentile {percentile:.0f} ms, {total:,} rows",
        flush=True,
    )
    return percentile


if __name__ == "__main__":
    sys.exit(main())
