"""What a keeper runs: enters a run folder with spec.json, leaves events and files in it, and an exit code.

SIGTERM asks for a stop: the running step is finished, a checkpoint kept, the best model so far published.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from trainer.contract.events import EventWriter
from trainer.contract.messages import Refusal
from trainer.contract.orders import IngestOrder, Order, SamplesOrder, TrainOrder, read_order
from trainer.contract.run_folder import RunFolder, WorkerExit

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class StopRequest:
    """Whether a signal asked for a stop; calling it tells."""

    def __init__(self) -> None:
        self._is_made = False

    def __call__(self) -> bool:
        return self._is_made

    def listen(self, signal_number: int) -> None:
        """Take this signal as the request; made a second time, it ends the process at once."""
        signal.signal(signal_number, self._on_signal)

    def _on_signal(self, signal_number: int, _frame: FrameType | None) -> None:
        self._is_made = True
        signal.signal(signal_number, signal.SIG_DFL)


def work(folder: RunFolder) -> int:
    """Do what spec.json asks.

    An unexpected exception is left to end the process, so that its traceback reaches worker.log.
    """
    stop = StopRequest()
    stop.listen(signal.SIGTERM)
    _die_with_keeper(folder)
    events = EventWriter(folder.events)
    events.state("LOADING")
    try:
        return _carry_out(read_order(folder.spec), folder, events, stop)
    except Refusal as refusal:
        for problem in refusal.problems:
            events.problem(problem)
        return WorkerExit.REFUSED
    finally:
        events.close()


def _carry_out(order: Order, folder: RunFolder, events: EventWriter, stop: StopRequest) -> int:
    """Imports are made here, so that reading a file never waits for torch."""
    if stop():
        return WorkerExit.STOPPED
    if not isinstance(order, TrainOrder):
        # Nothing here is worth keeping half done, and one long query would not look at a flag.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        events.state("RUNNING")
    if isinstance(order, IngestOrder):
        from trainer.reading.ingest import ingest  # noqa: PLC0415

        ingest(order)
        return WorkerExit.COMPLETED
    if isinstance(order, SamplesOrder):
        from trainer.reading.samples import write_samples  # noqa: PLC0415

        write_samples(order)
        return WorkerExit.COMPLETED
    from trainer.learning.training import train  # noqa: PLC0415

    outcome = train(order, folder, events, stop)
    return WorkerExit.STOPPED if outcome.stopped else WorkerExit.COMPLETED


def _die_with_keeper(folder: RunFolder) -> None:
    """Ask Linux to kill this process when its keeper dies, and notice a keeper that died before the question."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    keeper = folder.read_identity("keeper")
    if keeper and keeper.pid != os.getppid():
        sys.exit("The keeper of this run folder is gone.")


def run_worker(path: Path) -> int:
    """The verb `work`."""
    return work(RunFolder(path.absolute()))
