"""Who hears of a change: those who watch the data set, and those who may see it in their list."""

from __future__ import annotations

import asyncio

from app.datasets.watch import DatasetWatch
from app.records import Dataset


def dataset(owner_id: str | None, *, is_shared: bool = False) -> Dataset:
    return Dataset(id="data_1", owner_id=owner_id, is_shared=is_shared, name="flowers", filename="f.csv", type="csv", size=1)


def heard(event: asyncio.Event) -> bool:
    was_set = event.is_set()
    event.clear()
    return was_set


async def test_lists_hear_of_what_their_reader_may_see_and_of_nothing_else() -> None:
    watch = DatasetWatch()
    with watch.watching_list("sara") as saras, watch.watching_list("omid") as omids, watch.watching("data_1") as page:
        watch.tell(dataset("sara"))
        assert (heard(saras), heard(omids), heard(page)) == (True, False, True)
        watch.tell(dataset("sara", is_shared=True))
        assert (heard(saras), heard(omids), heard(page)) == (True, True, True)
        watch.tell(dataset("sara"), was_shared=True)
        assert (heard(saras), heard(omids), heard(page)) == (True, True, True)
        watch.tell(dataset(None))  # a built-in sample
        assert (heard(saras), heard(omids), heard(page)) == (True, True, True)
    watch.tell(dataset("sara", is_shared=True))
    assert (heard(saras), heard(omids), heard(page)) == (False, False, False)
    assert not watch._waiting, "nobody is kept who has left"
