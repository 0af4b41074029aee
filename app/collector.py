"""Python's collector of circular garbage, kept from stopping every page: full collections take about a hundredth of the time.

Left to itself it looks through everything that open windows hold every few seconds: with fifty of them, a fifth of a second
in which nobody is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SHORTEST_REST_SECONDS = 5.0
LONGEST_REST_SECONDS = 30.0  # what is left lying meanwhile makes the next pause longer
RESTS_PER_PAUSE = 100.0
NEVER = 2**31 - 1


@asynccontextmanager
async def collecting_rarely() -> AsyncIterator[None]:
    """Full collections are made by us meanwhile, the small ones by Python as ever; what is there at the start stays."""
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds[:2], NEVER)
    collecting = asyncio.create_task(_collect_again_and_again(), name="collector")
    try:
        yield
    finally:
        collecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await collecting
        gc.set_threshold(*thresholds)
        gc.unfreeze()


async def _collect_again_and_again() -> None:
    pause = 0.0
    while True:
        await asyncio.sleep(min(LONGEST_REST_SECONDS, max(SHORTEST_REST_SECONDS, RESTS_PER_PAUSE * pause)))
        began = time.perf_counter()
        gc.collect()
        pause = time.perf_counter() - began
