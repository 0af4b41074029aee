"""Python's collector of circular garbage, kept from stopping every page: it looks at what is new, and seldom at everything.

Left to itself it looks through all that open windows hold every few seconds: with fifty of them, a fifth of a second in
which nobody is answered. How long a look takes is a matter of how many objects there are: about two million a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

REST_SECONDS = 2.0
MOST_LOOKED_AT = 50_000  # objects, that is, some 25 milliseconds: of a quiet server, all that came since the start
# As many may have been set aside since the last look at everything: some 80 MB, of which any part may be garbage by now.
LEAST_SETTLED = 600_000
LONGEST_SECONDS = 900.0  # between two looks at everything, if there is anything to look at
NEVER = 2**31 - 1


@asynccontextmanager
async def collecting_rarely() -> AsyncIterator[None]:
    """Full collections are made by us meanwhile, the small ones by Python as ever."""
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
    """Set aside what a look leaves once that is much, so that the next need not look at it, until there is so much of it."""
    first = gc.get_freeze_count()
    settled, before, most, looked_at = 0, first, LEAST_SETTLED, time.monotonic()
    while True:
        await asyncio.sleep(REST_SECONDS)
        if settled >= most:  # at most: some of it has gone by itself, and to count it takes longer than to add it up
            settled = max(0, gc.get_freeze_count() - before)
        is_late = time.monotonic() - looked_at > LONGEST_SECONDS
        is_everything = settled >= most or (settled > 0 and is_late)
        if is_everything:
            gc.unfreeze()
        gc.collect()
        left = len(gc.get_objects())
        if is_everything:  # as much again may come before the next: so these looks take a steady share of the time
            settled, before, most, looked_at = 0, left, max(LEAST_SETTLED, left - first), time.monotonic()
            gc.freeze()
        elif left > MOST_LOOKED_AT:
            settled += left
            gc.freeze()
