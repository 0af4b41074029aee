"""A worker steps back behind everything that somebody waits for, and pushes nobody else back with it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trainer.giving_way import AUTOGROUP, LAST_IN_LINE

# As a keeper and its worker are: the second is a child of the first.
SCRIPT = """
import os
from trainer.giving_way import AUTOGROUP, give_way
if os.fork() == 0:
    give_way()
    session = AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else ""
    print(os.getpriority(os.PRIO_PROCESS, 0), session, flush=True)
    os._exit(0)
os.wait()
"""


def priorities(*, is_session_its_own: bool) -> list[str]:
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=is_session_its_own
    ).stdout.split()


def test_a_worker_and_the_session_made_for_it_go_last() -> None:
    mine, *session = priorities(is_session_its_own=True)
    assert mine == str(LAST_IN_LINE)
    assert session in ([str(LAST_IN_LINE)], [])


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel shares out the processors without regard to sessions")
def test_a_session_that_others_live_in_stays_as_it_is() -> None:
    before = AUTOGROUP.read_text()
    mine, session = priorities(is_session_its_own=False)
    assert (mine, session) == (str(LAST_IN_LINE), before.split()[-1])
    assert AUTOGROUP.read_text() == before
