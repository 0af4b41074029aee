"""Every process that a worker started, however it tried to leave: found, ended and reaped.

On Linux the keeper adopts what loses its parent, so a daemon, or a session of its own, is still below it. Only unreaped
children of this process are ever signalled: nobody else can be given their pids.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
EAGER_ROUNDS = 200
PAUSE_SECONDS = 0.002
_HAS_LISTS_OF_CHILDREN = Path("/proc/thread-self/children").exists()
_PARENT_FIELD = 1  # of /proc/<pid>/stat, counted after the command name


def adopt_orphans() -> None:
    """Become the parent of each descendant whose own parent ends (Linux alone knows this)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def find_children(pid: int) -> list[int]:
    """The children of all threads of a process, zombies included; none where the system cannot tell or it is gone."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - four times a second
    except (FileNotFoundError, ProcessLookupError):
        return []
    children: list[int] = []
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb", buffering=0) as file:  # noqa: PTH123 - four times a second
                children.extend(map(int, file.read().split()))
        except (FileNotFoundError, ProcessLookupError):
            if not _HAS_LISTS_OF_CHILDREN:
                return _scan_for_children(pid)
    return children


def _scan_for_children(pid: int) -> list[int]:
    """The same from the list of all processes, for kernels built without lists of children."""
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
            if int(fields[_PARENT_FIELD]) == pid:
                children.append(int(path.parent.name))
    return children


def find_descendants(pid: int) -> list[int]:
    """Children, their children and so on; a snapshot that may be old a moment later."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = find_children(waiting.pop())
        found += children
        waiting += children
    return found


def reap_orphans(worker: int) -> None:
    """Collect adopted processes that have ended, but leave the worker."""
    for child in find_children(os.getpid()):
        if child != worker:
            _reap(child)


def end_descendants(worker: int | None = None) -> None:
    """Kill and reap until nothing is left below this process but the ended, unreaped `worker`.

    The death of each makes its children ours, so a round reaches one generation; it returns after the last.
    """
    rounds = 0
    while children := [child for child in find_children(os.getpid()) if child != worker]:
        for child in children:
            with contextlib.suppress(ProcessLookupError):  # not reached for a child of ours, but never worth dying for
                os.kill(child, signal.SIGKILL)
            _reap(child)
        rounds += 1
        if rounds > EAGER_ROUNDS:  # one that waits for a disk takes its time to die; the first rounds outrun those that fork
            time.sleep(PAUSE_SECONDS)


def signal_group(group: int, signal_number: int) -> None:
    """Signal the process group of an unreaped child; nothing happens when the group is empty."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal_number)


def _reap(child: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG)
