"""How an attempt ended, told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.jobs.outcome import failure_of, final_status
from app.records import JobStatus
from trainer.contract import EventWriter, ExitRecord, Message, Problem, RunFolder


def an_exit(code: int | None, signal: str | None = None, *, stop: bool = False, lines: tuple[str, ...] = ()) -> ExitRecord:
    return ExitRecord(code, signal, stop, killed_after_grace=False, ended_at=0.0, last_lines=lines)


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (an_exit(0), JobStatus.COMPLETED),
        (an_exit(0, stop=True), JobStatus.COMPLETED),
        (an_exit(75, stop=True), JobStatus.STOPPED),
        (an_exit(None, "SIGKILL", stop=True), JobStatus.STOPPED),
        (an_exit(None, "SIGKILL"), JobStatus.FAILED),
        (an_exit(None, "SIGSEGV", stop=True), JobStatus.FAILED),
        (an_exit(7), JobStatus.FAILED),
        (an_exit(65), JobStatus.FAILED),
        (None, JobStatus.FAILED),
    ],
)
def test_an_exit_stands_for_one_state(record: ExitRecord | None, status: JobStatus) -> None:
    assert final_status(record) == status


def test_a_crash_shows_its_last_line(tmp_path: Path) -> None:
    problem = failure_of(RunFolder(tmp_path), an_exit(1, lines=("Traceback", "ValueError: no such thing"))).problems[0]
    assert problem.code == "worker_failed"
    assert "ValueError: no such thing" in problem.message.english()


def test_a_signal_is_named(tmp_path: Path) -> None:
    assert "SIGSEGV" in str(failure_of(RunFolder(tmp_path), an_exit(None, "SIGSEGV")))


def test_a_refusal_is_told_in_the_workers_own_words(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    writer = EventWriter(folder.events)
    writer.problem(Problem("target_constant", Message("“{column}” is constant.", {"column": "x"}), "target"))
    writer.close()
    problem = failure_of(folder, an_exit(65)).problems[0]
    assert (problem.code, problem.field, problem.message.english()) == ("target_constant", "target", "“x” is constant.")


def test_a_vanished_keeper_is_said_to_have_vanished(tmp_path: Path) -> None:
    assert failure_of(RunFolder(tmp_path), None).problems[0].code == "keeper_vanished"
