"""The zygote: imports once what every worker needs, then forks a keeper, and that its worker, in milliseconds.

`python -m trainer.zygote FD`: one line of JSON per launch enters through that socket, one with the keeper's identity
leaves; it ends with the socket. Refused: to fork beside a second thread, whose locks the fork would hold for ever.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from trainer.contract.process import ProcessIdentity
from trainer.contract.run_folder import RunFolder
from trainer.keeper import Keeper

# What workers import, and what libraries import only when they are used first: a worker would wait for each of them.
MODULES = (
    "trainer.worker",
    "trainer.learning.training",
    "trainer.reading.ingest",
    "trainer.reading.preview",
    "trainer.reading.samples",
    "clevercsv.detect",  # by the first CSV file
    "encodings.utf_8_sig",
    "encodings.cp1252",
    "encodings.cp1256",
    "encodings.utf_16_le",
    "pandas.core.reshape.reshape",
    "torch._dynamo",  # by the first optimiser
    "torch.profiler._cupti_monitor",  # by the first optimiser step
    "torch.utils.serialization.config",  # by torch.save
)
# A numerical library starts its threads when it is loaded, and no thread survives a fork: workers set their own number.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
HUGE_PAGE = 1 << 21  # bytes
MADV_COLLAPSE = 25  # asm-generic/mman-common.h


def serve(requests: socket.socket) -> None:
    """Say that all is loaded, then answer every request for a keeper until the other end closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel then reaps ended keepers: none is left as a zombie
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page of what was loaded
    _join_pages()
    with requests.makefile("rb") as lines:
        _answer(requests, {"ready": True})
        for line in lines:
            _answer(requests, _fork_keeper(json.loads(line), requests))


def count_threads() -> int:
    """How many threads this process has, those of libraries included."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def load_modules() -> None:
    """Import everything, with one thread.

    Raises:
        RuntimeError: a module started another thread.
    """
    os.environ.update(ONE_THREAD)
    for name in MODULES:
        importlib.import_module(name)
    if (threads := count_threads()) != 1:
        raise RuntimeError(f"The imports left {threads} threads; a process forks safely with one.")


def fork_worker(folder: RunFolder) -> int:
    """Start the worker of a forked keeper as a fork of it: the keeper's own environment, a process group of its own."""
    # A stop that arrives before the child listens must wait, or the keeper's handler in the child would swallow it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    pid = os.fork()
    if pid == 0:
        _end_with(lambda: _become_worker(folder))
    with contextlib.suppress(PermissionError, ProcessLookupError):  # the child was faster, and may have ended
        os.setpgid(pid, pid)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    return pid


def _fork_keeper(request: Mapping[str, Any], requests: socket.socket) -> dict[str, Any]:
    if (threads := count_threads()) != 1:
        return {"error": f"it has {threads} threads"}
    pid = os.fork()
    if pid == 0:
        _end_with(lambda: _become_keeper(request, requests))
    identity = ProcessIdentity.of(pid)
    return {"keeper": identity.as_dict()} if identity else {"error": "the keeper ended at once"}


def _become_keeper(request: Mapping[str, Any], requests: socket.socket) -> None:
    """Leave everything of the zygote behind but its memory."""
    folder = RunFolder(Path(request["folder"]))
    os.setsid()
    _redirect(folder)
    os.close(requests.detach())
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(folder.path)
    faulthandler.enable()
    _name_process("keeper")
    Keeper(folder, request["grace_seconds"], fork_worker).run()


def _become_worker(folder: RunFolder) -> int:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    _name_process("worker")
    import numpy  # noqa: PLC0415 - loaded long ago, with the number of threads set before

    from trainer.worker import run_worker  # noqa: PLC0415

    numpy.random.seed()  # Python reseeds `random` in a fork; NumPy's own state would be the same in every worker
    return run_worker(folder.path)


def _redirect(folder: RunFolder) -> None:
    """Nothing to read; what is printed goes to the log."""
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(nothing)


def _end_with(work: Callable[[], int | None]) -> NoReturn:
    """Do the work of a fork and end the process as an interpreter would, but never return into the zygote's frames."""
    code = 1
    try:
        code = work() or 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    except BaseException:  # noqa: BLE001 - reported as the interpreter would
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):  # a full disk takes no more of the log
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _name_process(name: str) -> None:
    """Name it for `ps` and `top`: a fork keeps the command line of the zygote."""
    Path("/proc/self/comm").write_text(name, encoding="ascii")


def _join_pages() -> None:
    """Ask for huge pages: a fork copies the table of pages, which takes a quarter of the time when they are few.

    Not every kernel does (Linux 6.1 and later, where huge pages are not switched off); forks work just as well without.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        span, rights, _offset, _device, _inode, *name = line.split(maxsplit=5)
        if rights != "rw-p" or name not in ([], ["[heap]"]):
            continue
        first, last = (int(address, 16) // HUGE_PAGE for address in span.split("-"))
        if first + 1 < last:
            madvise((first + 1) * HUGE_PAGE, (last - first - 1) * HUGE_PAGE, MADV_COLLAPSE)


def _answer(requests: socket.socket, answer: Mapping[str, Any]) -> None:
    requests.sendall(json.dumps(answer).encode() + b"\n")


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        _name_process("zygote")
        load_modules()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the web process ended while we were loading
            serve(requests)
    os._exit(0)  # nothing to tidy up, and libraries that were never used complain when they are taken down


if __name__ == "__main__":
    main()
