"""Where encoded rows are kept: in memory, or, where they would take too much of it, in a file that is mapped into it.

Shapes enter, arrays of zeros leave. The system reads of such a file what is needed and lets go of what is not; nobody else sees
it, and it is gone when the worker is.
"""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import psutil
from numpy.typing import DTypeLike, NDArray

SHARE_OF_MEMORY = 0.25  # that one array may take: there are two or three of its size
OWN_CGROUP, CGROUP_ROOT = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Storage:
    """Arrays of more than `most_bytes` are files below `folder`."""

    folder: Path
    most_bytes: float

    def make(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        size = int(numpy.prod(shape)) * numpy.dtype(dtype).itemsize
        if size == 0 or size <= self.most_bytes:
            return numpy.zeros(shape, dtype=dtype)
        with tempfile.TemporaryFile(dir=self.folder) as file:  # the mapping keeps it, though it has no name any more
            _reserve(file.fileno(), size)
            return numpy.memmap(file, dtype=dtype, mode="r+", shape=shape)


def _reserve(descriptor: int, size: int) -> None:
    """Give the file its room now: a disk that is full says so here, and not as a signal when a page is written.

    Raises:
        OSError: there is no such room.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def choose_storage(folder: Path) -> Storage:
    return Storage(folder, SHARE_OF_MEMORY * available_memory())


def available_memory() -> float:
    """Bytes that this process may still take: of the machine, of its limit, of its control group's."""
    free = [float(psutil.virtual_memory().available)]
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit != resource.RLIM_INFINITY:
        free.append(limit - getattr(psutil.Process().memory_info(), "data", 0))
    with contextlib.suppress(OSError, ValueError, StopIteration):  # no such group, or one without a limit
        lines = OWN_CGROUP.read_text(encoding="utf-8").splitlines()
        group = CGROUP_ROOT / next(line.removeprefix("0::/") for line in lines if line.startswith("0::/"))
        free.append(int((group / "memory.max").read_text("utf-8")) - int((group / "memory.current").read_text("utf-8")))
    return max(0.0, min(free))
