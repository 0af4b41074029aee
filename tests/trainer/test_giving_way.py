"""A worker steps back behind everything that somebody waits for, and pushes nobody else back with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.giving_way import LAST_IN_LINE, set_session_priority

# A keeper leads its session and starts the worker: so the second process here is a child of the first, or of a child of it.
SCRIPT = """
import json, os, sys
from trainer.giving_way import AUTOGROUP, give_way

def session_priority():  # None where the processors are shared out without regard to sessions
    said = AUTOGROUP.read_text().split() if AUTOGROUP.exists() else []
    return int(said[-1]) if said else None

before = session_priority()
for _ in range(int(sys.argv[1])):
    if os.fork():
        os.wait()
        os._exit(0)
give_way()
print(json.dumps([os.getpriority(os.PRIO_PROCESS, 0), before, session_priority()]))
"""


def give_way(*, generations_below_the_leader: int) -> tuple[int, int | None, int | None]:
    """Priorities in a session of its own: the process's afterwards, the session's before and afterwards."""
    command = [sys.executable, "-c", SCRIPT, str(generations_below_the_leader)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True)
    mine, before, afterwards = json.loads(done.stdout)
    return mine, before, afterwards


def test_a_worker_and_the_session_made_for_it_go_last() -> None:
    mine, before, afterwards = give_way(generations_below_the_leader=1)
    assert mine == LAST_IN_LINE
    assert afterwards == (None if before is None else LAST_IN_LINE)


def test_a_session_that_others_live_in_stays_as_it_is() -> None:
    mine, before, afterwards = give_way(generations_below_the_leader=2)
    assert mine == LAST_IN_LINE
    assert afterwards == before != LAST_IN_LINE


def test_a_kernel_that_is_asked_too_often_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, refusals = Path.write_text, [BlockingIOError(), BlockingIOError()]

    def refuse_twice(path: Path, text: str, encoding: str) -> int:
        if refusals:
            raise refusals.pop()
        return write(path, text, encoding)

    monkeypatch.setattr(Path, "write_text", refuse_twice)
    set_session_priority(tmp_path / "autogroup")
    assert (tmp_path / "autogroup").read_text() == str(LAST_IN_LINE)
    set_session_priority(tmp_path / "no such kernel" / "autogroup")
