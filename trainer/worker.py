"""What a keeper runs: enters a run folder with spec.json, leaves events and files in it, and an exit code.

SIGTERM asks for a stop: the running step is finished, a checkpoint kept, the best model so far published.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from trainer.contract.events import DISK_FULL, EventWriter
from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.orders import IngestOrder, Order, SamplesOrder, TrainOrder, read_order
from trainer.contract.run_folder import RunFolder, WorkerExit
from trainer.giving_way import BEHIND_PAGES, LAST_IN_LINE, give_way
from trainer.learning.out_of_memory import is_out_of_memory

STDOUT = 1
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
    try:
        return _work(folder, stop)
    except Exception as error:
        code = _recognise(error)
        if code is None:
            raise
        print_line("ERROR", f"{type(error).__name__}: {error}")
        return code


def _work(folder: RunFolder, stop: StopRequest) -> int:
    """The log is opened before the order is checked: what is wrong with an order is told in it, too."""
    spec = json.loads(folder.spec.read_text(encoding="utf-8"))
    events = WorkerEvents(folder.events, spec.get("first_event", 1))
    try:
        code = _carry_out(read_order(folder.spec), folder, events, stop)
    except Refusal as refusal:
        for problem in refusal.problems:
            events.problem(problem)
        code = WorkerExit.REFUSED
    finally:
        is_complete = events.close()
    return code if is_complete else WorkerExit.DISK_FULL


class WorkerEvents(EventWriter):
    """An event log whose sentences are also printed, in English: worker.log then tells the whole story of an attempt."""

    def log(self, message: Message, level: str = "info") -> None:
        super().log(message, level)
        print_line(level.upper(), message.english())

    def problem(self, problem: Problem) -> None:
        super().problem(problem)
        print_line("ERROR", problem.message.english())

    def state(self, state: str) -> None:
        super().state(state)
        print_line("INFO", state)


def print_line(level: str, text: str) -> None:
    """One line of worker.log; where it cannot be written, the run goes on without it."""
    line = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {level} {' '.join(text.splitlines())}\n"
    with contextlib.suppress(OSError):
        os.write(STDOUT, line.encode(errors="backslashreplace"))  # a buffer that cannot be emptied would change the exit code


def _recognise(error: Exception) -> WorkerExit | None:
    """Whether the machine, and not the program, is at fault."""
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return WorkerExit.DISK_FULL
    return WorkerExit.OUT_OF_MEMORY if is_out_of_memory(error) else None


def _carry_out(order: Order, folder: RunFolder, events: EventWriter, stop: StopRequest) -> int:
    """Imports are made here, so that reading a file never waits for torch."""
    if stop():
        return _stopped(is_paused=folder.pause.exists())
    give_way(BEHIND_PAGES if isinstance(order, IngestOrder) else LAST_IN_LINE)  # somebody waits for a file to be read
    if not isinstance(order, TrainOrder):
        # Nothing here is worth keeping half done, and one long query would not look at a flag.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        events.state("LOADING")
        events.state("RUNNING")
    if isinstance(order, IngestOrder):
        _read(order, events)
        return WorkerExit.COMPLETED
    if isinstance(order, SamplesOrder):
        from trainer.reading.samples import write_samples  # noqa: PLC0415

        write_samples(order)
        return WorkerExit.COMPLETED
    from trainer.learning.training import train  # noqa: PLC0415

    outcome = train(order, folder, events, stop)
    if not outcome.stopped:
        return WorkerExit.COMPLETED
    if outcome.report is None and not outcome.is_saved:
        return WorkerExit.DISK_FULL  # neither a checkpoint nor a model: nothing is there to go on from
    return _stopped(outcome.is_paused)


def _read(order: IngestOrder, events: EventWriter) -> None:
    from trainer.reading.ingest import ingest  # noqa: PLC0415
    from trainer.reading.preview import preview  # noqa: PLC0415

    def tell(stage: str) -> None:
        events.emit("stage", stage=stage)
        events.flush()

    if order.is_preview:
        preview(order)
    else:
        ingest(order, tell)


def _stopped(is_paused: bool) -> WorkerExit:
    """A stop may be meant as a pause; the one who asked for it says so in the folder."""
    return WorkerExit.PAUSED if is_paused else WorkerExit.STOPPED


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
