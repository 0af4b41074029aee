"""A worker gives way: enters the process as it was started, leaves it behind everything that somebody waits for.

Twenty runs on two processors would otherwise take twenty parts of every one that the pages get. Alone, a run is as fast.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LAST_IN_LINE = 19  # setpriority(2): about a seventieth of a usual process's share
AUTOGROUP = Path("/proc/self/autogroup")


def give_way() -> None:
    """Take the lowest priority, for this process and all it starts.

    Linux may share the processors among sessions first (sched(7), autogroup): there the priority that counts is the session's.
    A keeper has one of its own; anybody else's, such as that of a terminal, is not ours to change.
    """
    os.nice(LAST_IN_LINE)
    if os.getsid(0) == os.getppid():
        with contextlib.suppress(OSError):  # there are none on this kernel, or a sandbox hides them
            AUTOGROUP.write_text(str(LAST_IN_LINE), encoding="utf-8")
