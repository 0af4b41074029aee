"""A worker gives way: enters the process as it was started, leaves it behind everything that somebody waits for.

Twenty runs on two processors would otherwise take twenty parts of every one that the pages get. Alone, a run is as fast.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

# setpriority(2): about a seventieth of a usual process's share, and about a tenth.
LAST_IN_LINE, BEHIND_PAGES = 19, 10
AUTOGROUP = Path("/proc/self/autogroup")
MOST_TRIES = 50
TRY_SECONDS = (0.05, 0.15)


def give_way(priority: int = LAST_IN_LINE) -> None:
    """Take a low priority, for this process and all it starts.

    Linux may share the processors among sessions first (sched(7), autogroup): there the priority that counts is the session's.
    A keeper has one of its own; anybody else's, such as that of a terminal, is not ours to change.
    """
    os.nice(priority)
    if os.getsid(0) == os.getppid():
        set_session_priority(AUTOGROUP, priority)


def set_session_priority(autogroup: Path, priority: int = LAST_IN_LINE) -> None:
    """Give the session a priority. The kernel lets all but root do so ten times a second in all: others may start as well."""
    for _ in range(MOST_TRIES):
        try:
            autogroup.write_text(str(priority), encoding="utf-8")
        except BlockingIOError:
            time.sleep(random.uniform(*TRY_SECONDS))  # noqa: S311 - so that those who met do not meet again
        except OSError:  # there are none on this kernel, or a sandbox hides them
            return
        else:
            return
