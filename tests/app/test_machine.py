"""How busy the machine is."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from app import machine
from app.machine import Gpus, Machine

BUSY = "while True: pass"


async def no_jobs() -> tuple[int, int]:
    return (0, 0)


async def test_a_busy_machine_is_never_called_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SAMPLE_SECONDS", 0.2)
    watched = Machine(tmp_path, Gpus(), no_jobs, lambda: 0.0)
    busy = await asyncio.create_subprocess_exec(sys.executable, "-c", BUSY)
    sampling = asyncio.create_task(watched.run())
    try:
        async with asyncio.timeout(60):
            while len(watched.samples()) < 6:
                await asyncio.gather(*(asyncio.to_thread(Path.cwd) for _ in range(8)))  # other work takes turns with it
    finally:
        sampling.cancel()
        busy.kill()
        await busy.wait()
    assert all(sample.cpu_percent > 0 for sample in watched.samples()), watched.samples()
