"""/api/datasets: list, look at, page through, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.api.auth import current_user
from app.api.responses import StrictRoute
from app.datasets.table_query import TableQuery, read_filters
from app.platform import Platform

MOST_ROWS = 1000


def create_router(platform: Platform) -> APIRouter:
    router = APIRouter(prefix="/api/datasets", tags=["data sets"], route_class=StrictRoute)
    datasets = platform.datasets

    @router.get("")
    @router.get("/", include_in_schema=False)
    async def list_datasets(request: Request) -> dict[str, Any]:
        """My data sets, newest first."""
        return {"ok": True, "datasets": [datasets.describe(record) for record in await datasets.list(current_user(request))]}

    @router.get("/samples")
    async def list_samples() -> dict[str, Any]:
        """The built-in sample data."""
        return {"ok": True, "datasets": [datasets.describe(record) for record in await platform.samples.list()]}

    @router.get("/{dataset_id}")
    async def get_dataset(dataset_id: str, request: Request) -> dict[str, Any]:
        """One data set; while it waits to be read, `readings_before` counts the files that are begun before it."""
        return {"ok": True, "dataset": datasets.describe(await datasets.get(current_user(request), dataset_id))}

    @router.get("/{dataset_id}/profile")
    async def get_profile(dataset_id: str, request: Request) -> dict[str, Any]:
        """What was found out about its columns: kinds, missing and distinct values, a suggested target."""
        return {"ok": True, "profile": await datasets.profile(await datasets.get_ready(current_user(request), dataset_id))}

    @router.get("/{dataset_id}/rows")
    async def get_rows(
        dataset_id: str,
        request: Request,
        *,
        offset: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 50,
        sort: str | None = None,
        descending: bool = False,
        search: str = "",
        filters: str = "",
        columns: Annotated[tuple[str, ...], Query()] = (),
    ) -> dict[str, Any]:
        """A page of its rows: of the `total` that match, in the order of a column, or of the table.

        `filters` is a JSON list such as [{"column": "price", "operator": "at_least", "value": 5}].
        """
        query = TableQuery(offset, limit, sort, descending, search, read_filters(filters), columns)
        page = await datasets.rows(await datasets.get_ready(current_user(request), dataset_id), query)
        found = {"offset": page.offset, "total": page.total, "table_rows": page.table_rows}
        return {"ok": True, "columns": page.columns, "rows": page.rows, **found}

    @router.delete("/{dataset_id}")
    async def delete_dataset(dataset_id: str, request: Request) -> dict[str, bool]:
        """Delete the file and everything read from it."""
        await datasets.delete(current_user(request), dataset_id)
        return {"ok": True}

    return router
