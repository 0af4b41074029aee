"""Starts keepers on this machine, each in a session of its own so that it outlives the web process.

A run folder and an order enter; a keeper on record in the folder leaves. A folder that has a keeper gets no second one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.jobs.launchers.zygote import MustStartCold, Zygote
from trainer.contract import ExitRecord, Limits, ProcessIdentity, RunFolder

SOURCE_ROOT = Path(__file__).resolve().parents[3]
POLL_SECONDS = 0.05
WARM_UP_SECONDS = 20.0  # a cold start loads what the zygote loads: while that takes long, so would a start without it
# What a worker may know of the operator's environment: no secret, no database address.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT")
THREAD_COUNTS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# Print at once and in UTF-8, print where a fatal signal struck, and import nothing from the working directory.
PYTHON = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "PYTHONFAULTHANDLER": "1", "PYTHONSAFEPATH": "1"}
_log = logging.getLogger(__name__)


class LocalLauncher:
    """Keepers of this machine: forked by the zygote while it `runs`, started cold otherwise."""

    def __init__(self, grace_seconds: float, source_root: Path = SOURCE_ROOT) -> None:
        self._grace_seconds = grace_seconds
        self._source_root = source_root
        self._children: list[subprocess.Popen[bytes]] = []
        self._one_by_one = asyncio.Lock()
        self._warm = asyncio.Event()
        self._warm.set()
        self.zygote = Zygote(source_root, self._worker_environment(1, {}))

    @property
    def is_warm(self) -> bool:
        """Whether the zygote has loaded, or is not worth waiting for: before that, every launch is a cold one."""
        return self._warm.is_set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep a zygote; keepers go on when it ends."""
        self._warm.clear()
        await asyncio.to_thread(self.zygote.open)
        warming_up = asyncio.create_task(self._warm_up(), name="warming up")
        try:
            yield
        finally:
            await asyncio.to_thread(self.zygote.close)
            await warming_up

    async def _warm_up(self) -> None:
        """Many cold starts at once, as after a restart of a busy server, would take minutes from one another."""
        try:
            await asyncio.to_thread(self.zygote.wait_until_ready, WARM_UP_SECONDS)
        finally:
            self._warm.set()

    async def launch(
        self,
        folder: RunFolder,
        order: Mapping[str, Any],
        threads: int = 1,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Write the order and start a keeper for it; returns as soon as the keeper is on record in the folder.

        A folder is worked in once: where a keeper is on record already, what is started here ends without a trace.
        `environment` is added to what workers are given; `limits` go into spec.json.
        """
        order = {**order, "limits": limits.as_dict()} if limits else order
        variables = self._worker_environment(threads, environment or {})
        async with self._one_by_one:
            await asyncio.to_thread(self._launch, folder, order, variables)

    def _launch(self, folder: RunFolder, order: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.write_spec(order)
        try:
            identity: ProcessIdentity | None = self.zygote.fork_keeper(folder, self._grace_seconds, environment)
        except MustStartCold as reason:
            _log.info("%s is started cold: %s", folder.path, reason)
            identity = self._start_cold(folder, environment)
        # A keeper that dies before it could say who it is must still be missed: its launcher says it for it.
        if identity and folder.read_identity("keeper") is None:
            folder.claim_identity("keeper", identity)

    def _start_cold(self, folder: RunFolder, environment: Mapping[str, str]) -> ProcessIdentity | None:
        command = [sys.executable, "-m", "trainer.keeper", str(folder.path), "--grace-seconds", str(self._grace_seconds)]
        with folder.log.open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=folder.path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(child)
        return ProcessIdentity.of(child.pid)

    def _worker_environment(self, threads: int, added: Mapping[str, str]) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {
            **passed_on,
            **dict.fromkeys(THREAD_COUNTS, str(threads)),
            "PYTHONPATH": str(self._source_root),
            **PYTHON,
            **added,
        }

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
