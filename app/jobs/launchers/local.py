"""Starts keepers on this machine, each in a session of its own so that it outlives the web process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.contract import ExitRecord, ProcessIdentity, RunFolder

SOURCE_ROOT = Path(__file__).resolve().parents[3]
POLL_SECONDS = 0.05
# What a worker may know of the operator's environment: no secret, no database address.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT")


class LocalLauncher:
    """Keepers of this machine."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._children: list[subprocess.Popen[bytes]] = []

    async def launch(self, folder: RunFolder, order: Mapping[str, Any], threads: int = 1) -> None:
        """Write the order and start a keeper for it; returns as soon as the keeper's process exists."""
        await asyncio.to_thread(self._launch, folder, order, threads)

    def _launch(self, folder: RunFolder, order: Mapping[str, Any], threads: int) -> None:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.write_spec(order)
        command = [sys.executable, "-m", "trainer.keeper", str(folder.path), "--grace-seconds", str(self._grace_seconds)]
        with folder.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=folder.path,
                env=_worker_environment(threads),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # A keeper that dies before it could say who it is must still be missed: its launcher says it for it.
        identity = ProcessIdentity.of(child.pid)
        if identity:
            folder.write_identity("keeper", identity)
        self._children.append(child)

    def reap(self) -> None:
        """Collect ended keepers so that none is left as a zombie."""
        self._children = [child for child in self._children if child.poll() is None]

    async def run(self, folder: RunFolder, order: Mapping[str, Any], timeout_seconds: float) -> ExitRecord | None:
        """Launch and wait for the end, as `wait` does."""
        await self.launch(folder, order)
        return await self.wait(folder, timeout_seconds)

    async def wait(self, folder: RunFolder, timeout_seconds: float) -> ExitRecord | None:
        """Wait for the end of what was launched, by whomever; asks for a stop after the timeout. None: the keeper vanished."""
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while (record := folder.read_exit()) is None:
            if not is_keeper_alive(folder):
                return folder.read_exit()
            if asyncio.get_running_loop().time() > deadline:
                folder.stop.touch()
            await asyncio.sleep(POLL_SECONDS)
        return record


def is_keeper_alive(folder: RunFolder) -> bool:
    keeper = folder.read_identity("keeper")
    return keeper is not None and keeper.is_alive()


def _worker_environment(threads: int) -> dict[str, str]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    return {**environment, **limits, "PYTHONPATH": str(SOURCE_ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
