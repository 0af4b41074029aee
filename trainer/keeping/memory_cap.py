"""The memory limit as the kernel itself holds it, so that one large allocation fails before it harms the machine.

A control group of the worker's own (cgroup v2) where one was delegated to this account, else RLIMIT_DATA on the worker.
The first kills everything in the group; the second refuses the allocation, which the worker can still report.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

from trainer.keeping.gauges import read_data_bytes

CGROUP_ROOT = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
# What a run maps beside its data: thread stacks of 8 MB each, gaps of the allocator. It is mapped, hardly ever filled.
SLACK_BYTES = 128 << 20
GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd")


class MemoryGroup:
    """A control group that holds one worker and whatever it starts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, parent: Path, name: str, limit_mb: int) -> MemoryGroup:
        """Make the group below `parent`.

        Raises:
            OSError: the system does not allow it.
        """
        group = cls(parent / name)
        group._path.mkdir()
        try:
            (group._path / "memory.max").write_text(str(limit_mb << 20), encoding="ascii")
            (group._path / "memory.oom.group").write_text("1", encoding="ascii")
            with contextlib.suppress(OSError):  # there is no such file on a machine without swap accounting
                (group._path / "memory.swap.max").write_text("0", encoding="ascii")
        except OSError:
            group.remove()
            raise
        return group

    def add(self, pid: int) -> None:
        (self._path / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def count_oom_kills(self) -> int:
        """How many processes of the group the kernel ended because the limit was reached."""
        return _read_count(self._path / "memory.events", "oom_kill")

    def remove(self) -> None:
        """Remove the empty group; one that still dies is left to the next boot."""
        with contextlib.suppress(OSError):
            self._path.rmdir()


@dataclass(frozen=True, slots=True)
class MemoryCap:
    """What holds a worker to its limit: a group, or the refusal of allocations, or neither."""

    group: MemoryGroup | None = None
    refuses_allocations: bool = False


def cap_memory(worker: int, limit_mb: int, group_parent: Path | None) -> MemoryCap:
    """Hold an unreaped child to a limit, over and above what it has mapped already."""
    if group_parent is not None:
        with contextlib.suppress(OSError):
            return MemoryCap(group=_move_into_group(worker, limit_mb, group_parent))
    if not sys.platform.startswith("linux") or _sees_gpu():
        return MemoryCap()
    most = read_data_bytes(worker) + (limit_mb << 20) + SLACK_BYTES
    try:
        resource.prlimit(worker, resource.RLIMIT_DATA, (most, most))
    except (OSError, ValueError):  # it has ended, or a lower limit holds already
        return MemoryCap()
    return MemoryCap(refuses_allocations=True)


def _move_into_group(worker: int, limit_mb: int, parent: Path) -> MemoryGroup:
    group = MemoryGroup.create(parent, f"tamrin-{worker}", limit_mb)
    try:
        group.add(worker)
    except OSError:
        group.remove()
        raise
    return group


def find_group_parent(root: Path = CGROUP_ROOT, own: Path = OWN_CGROUP) -> Path | None:
    """Where this process may make control groups with a memory limit; None where nobody delegated it such a place.

    That is the group above the one this process is in (systemd: `Delegate=memory` with `DelegateSubgroup=`), for a group
    that holds processes itself cannot share out memory.
    """
    try:
        line = next(line for line in own.read_text(encoding="utf-8").splitlines() if line.startswith("0::"))
        parent = (root / line.removeprefix("0::").strip("/")).parent
        # The file memory.max exists in every group but the machine's root; an administrator's groups are not ours to use.
        if not parent.is_relative_to(root) or not (parent / "memory.max").exists() or not _is_delegated(parent):
            return None
        if "memory" not in (parent / "cgroup.controllers").read_text(encoding="ascii").split():
            return None
        shared = parent / "cgroup.subtree_control"
        if "memory" not in shared.read_text(encoding="ascii").split():
            shared.write_text("+memory", encoding="ascii")
    except (OSError, StopIteration):
        return None
    return parent


def _is_delegated(group: Path) -> bool:
    """Whether the group was given to this account: it can write there, which proves nothing for root, or systemd says so."""
    if not (os.access(group, os.W_OK) and os.access(group / "cgroup.procs", os.W_OK)):
        return False
    if os.geteuid() != 0:
        return True
    try:
        return os.getxattr(group, "user.delegate") == b"1"
    except OSError:
        return False


def count_system_oom_kills(vmstat: Path) -> int:
    """How many processes the kernel has ended for want of memory since it started; 0 where it does not tell."""
    return _read_count(vmstat, "oom_kill")


def _sees_gpu() -> bool:
    """A GPU's driver maps far more than it uses, so a limit on mappings would end every run there."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}:
        return False
    return any(Path(device).exists() for device in GPU_DEVICES)


def _read_count(path: Path, name: str) -> int:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)
