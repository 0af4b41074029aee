"""/datasets: where tables are uploaded, the tables one has, and the built-in samples."""

from __future__ import annotations

from functools import partial

from fastapi import Request

from app.platform import Platform
from components.elements import notice, text
from pages.dataset_lists import DatasetLists, Shelf
from pages.upload import draw_upload, fetch_intake
from pages.visitor import framed, page_at, welcome, while_open

# A window that was cut off for longer than it is remembered begins anew, and uploads with it.
LONGEST_OFFLINE_SECONDS = 300.0
GONE = "gone"  # somebody comes from the page of a data set that is not there for them any more
GONE_ADDRESS = f"/datasets?{GONE}"


def register(platform: Platform) -> None:
    """Offer /datasets."""

    @page_at("/datasets", reconnect_seconds=LONGEST_OFFLINE_SECONDS)
    async def datasets(request: Request) -> None:
        visitor = welcome(platform, request)
        _ = visitor.translator
        lists = DatasetLists(visitor)

        def draw_lists(shelves: tuple[Shelf, Shelf, Shelf]) -> None:
            lists.draw()
            lists.show(shelves)
            while_open(lists.follow)

        with framed(visitor, _("Data"), "/datasets"):
            text("h1", _("Data"))
            if GONE in request.query_params:
                gone = _("The data set you were looking at is gone: it was deleted, or is no longer shared with you.")
                notice(gone, "warn").props["role"] = "status"
            await visitor.load(partial(fetch_intake, platform), lambda intake: draw_upload(visitor, intake, lists.show_added))
            await visitor.load(lists.fetch, draw_lists)
