"""How an attempt ended, told in a sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.jobs.outcome import failure_of, final_status, is_resumable_pause
from app.records import JobStatus
from trainer.contract import EventWriter, ExitRecord, Message, Problem, ProcessIdentity, RunFolder


def an_exit(
    code: int | None, signal: str | None = None, *, stop: bool = False, lines: tuple[str, ...] = (), **more: Any
) -> ExitRecord:
    return ExitRecord(code, signal, stop, killed_after_grace=False, ended_at=0.0, last_lines=lines, **more)


def a_breach(limit: str, value: float, used: float, code: int | None = None, signal: str | None = None) -> ExitRecord:
    return an_exit(code, signal, limit=limit, limit_value=value, limit_used=used)


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
        (an_exit(71), JobStatus.FAILED),
        (an_exit(74), JobStatus.FAILED),
        (an_exit(76, stop=True), JobStatus.PAUSED),
        (a_breach("memory", 512, 600, signal="SIGKILL"), JobStatus.FAILED),
        (a_breach("disk", 512, 600, code=75), JobStatus.FAILED),
        (a_breach("log", 512, 600, signal="SIGTERM"), JobStatus.FAILED),
        (a_breach("disk", 512, 600, code=0), JobStatus.COMPLETED),
        (a_breach("time", 60, 61, code=75), JobStatus.STOPPED),
        (a_breach("time", 60, 61, signal="SIGKILL"), JobStatus.STOPPED),
        (a_breach("time", 60, 61, signal="SIGSEGV"), JobStatus.FAILED),
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


@pytest.mark.parametrize(
    ("record", "status"),
    [
        (an_exit(None, "SIGKILL", stop=True), JobStatus.PAUSED),
        (an_exit(None, "SIGTERM", stop=True), JobStatus.PAUSED),
        (an_exit(75, stop=True), JobStatus.STOPPED),
        (an_exit(None, "SIGSEGV", stop=True), JobStatus.FAILED),
        (an_exit(None, "SIGKILL"), JobStatus.FAILED),
        (a_breach("time", 60, 61, signal="SIGKILL"), JobStatus.STOPPED),
    ],
)
def test_a_worker_that_was_ended_while_it_paused_is_paused(record: ExitRecord, status: JobStatus) -> None:
    assert final_status(record, is_pause=True) == status


def test_a_pause_can_be_resumed_when_it_was_asked_for_and_there_is_a_checkpoint(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.checkpoint.mkdir()
    folder.pause.touch()
    assert not is_resumable_pause(folder)
    (folder.checkpoint / "step-000010.pt").touch()
    assert is_resumable_pause(folder)
    folder.pause.unlink()
    assert not is_resumable_pause(folder)


@pytest.mark.parametrize(
    ("job_spec", "advice"),
    [
        ({"batch_size": 32, "hidden": [8]}, "A batch size of 16 instead of 32 needs less."),
        ({"batch_size": 100, "hidden": [8]}, "A batch size of 32 instead of 100 needs less."),
        ({"batch_size": 1, "hidden": [8]}, "A smaller network needs less: fewer or narrower hidden layers."),
        ({"batch_size": 32, "hidden": [8192, 8192]}, "A smaller network needs less: fewer or narrower hidden layers."),
        (None, "Free some memory, or allow a run more."),
    ],
)
def test_too_much_memory_is_told_with_the_limit_and_what_to_change(
    tmp_path: Path, job_spec: dict[str, Any] | None, advice: str
) -> None:
    problem = failure_of(RunFolder(tmp_path), a_breach("memory", 1024, 1030.5, signal="SIGKILL"), job_spec).problems[0]
    assert problem.code == "memory_limit"
    assert (
        problem.message.english() == f"The run needed more than the 1024 MB of memory one run may take (JOB_MEMORY_MB). {advice}"
    )


def test_a_refused_allocation_is_told_with_what_the_run_held(tmp_path: Path) -> None:
    problem = failure_of(RunFolder(tmp_path), an_exit(71, peak_memory_mb=402.6), {"batch_size": 64}).problems[0]
    assert problem.code == "out_of_memory"
    assert problem.message.english() == (
        "The run asked for more memory than the machine had left: it held 403 MB. A batch size of 32 instead of 64 needs less."
    )


def test_a_kill_by_the_kernel_for_want_of_memory_is_named(tmp_path: Path) -> None:
    record = an_exit(None, "SIGKILL", is_system_out_of_memory=True, peak_memory_mb=9000.0)
    problem = failure_of(RunFolder(tmp_path), record, {"batch_size": 8}).problems[0]
    assert problem.code == "out_of_memory"
    assert problem.message.english() == (
        "The machine ran out of memory and ended the run, which held 9000 MB. A batch size of 4 instead of 8 needs less."
    )


@pytest.mark.parametrize(
    ("record", "code", "figures", "setting"),
    [
        (a_breach("time", 5400, 5401.2, code=75), "time_limit", ["90.0 minutes", "best model so far is kept"], "JOB_MINUTES"),
        (a_breach("disk", 10, 12.4, code=75), "disk_limit", ["12 MB", "10 MB"], "JOB_DISK_MB"),
        (a_breach("log", 256, 260.0, signal="SIGKILL"), "log_limit", ["260 MB", "256 MB"], "JOB_LOG_MB"),
        (an_exit(74), "disk_full", ["The disk is full"], ""),
    ],
)
def test_a_limit_is_told_with_its_figure_and_its_setting(
    tmp_path: Path, record: ExitRecord, code: str, figures: list[str], setting: str
) -> None:
    problem = failure_of(RunFolder(tmp_path), record).problems[0]
    assert problem.code == code
    assert all(part in problem.message.english() for part in [*figures, setting])


def test_what_became_of_a_run_without_a_record_is_told_apart(tmp_path: Path) -> None:
    folder, me = RunFolder(tmp_path), ProcessIdentity.of_this_process()
    assert code_without_record(folder) == "never_started"
    folder.write_identity("keeper", me)
    assert code_without_record(folder) == "never_started"
    folder.write_identity("worker", me)
    assert code_without_record(folder) == "keeper_vanished"
    folder.write_identity("keeper", replace(me, boot_id="an earlier boot"))
    assert code_without_record(folder) == "machine_restarted"


def code_without_record(folder: RunFolder) -> str:
    return failure_of(folder, None).problems[0].code
