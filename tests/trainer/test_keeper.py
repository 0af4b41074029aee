from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trainer.keepers import Keepers, end_of, exists, keep_command, noted_pids, wait_until
from trainer.contract import ExitRecord, ProcessIdentity, RunFolder, WorkerExit
from trainer.keeping.descendants import find_children
from trainer.keeping.exit_file import RESERVED_BYTES, ExitFile
from trainer.keeping.ladder import StopLadder

# A family that wants to stay: deaf to SIGTERM, over two generations, in sessions of their own, one a daemon.
DEAF_FAMILY = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for generation in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note()
            wait()
        note()
        wait()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        note()
        wait()
    os._exit(0)
note()
wait()
"""
DEAF_FAMILY_SIZE = 6


@pytest.mark.parametrize(
    ("script", "code", "signal_name"),
    [
        ("", 0, None),
        ("sys.exit(7)", 7, None),
        ("os.kill(os.getpid(), signal.SIGSEGV)", None, "SIGSEGV"),
        ("import ctypes; ctypes.string_at(0)", None, "SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", None, "SIGKILL"),
    ],
)
def test_the_true_end_is_recorded(keepers: Keepers, script: str, code: int | None, signal_name: str | None) -> None:
    record = keepers.keep(script)
    assert (record.code, record.signal, record.stop_requested, record.limit) == (code, signal_name, False, None)
    assert not record.is_system_out_of_memory
    assert record.peak_memory_mb is not None


def test_an_exception_leaves_its_last_lines(keepers: Keepers) -> None:
    assert keepers.keep("raise ValueError('no such thing')").last_lines[-1] == "ValueError: no such thing"


@pytest.mark.parametrize("by_signal", [True, False])
def test_a_worker_that_listens_ends_by_itself(keepers: Keepers, by_signal: bool) -> None:
    script = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))\nnote()\nwait()"
    keeper, folder = keepers.start(script, grace_seconds=60)
    noted_pids(folder, 1)
    if by_signal:
        keeper.send_signal(signal.SIGTERM)
    else:
        folder.stop.touch()
    record = end_of(keeper, folder)
    assert (record.code, record.stop_requested, record.killed_after_grace) == (WorkerExit.STOPPED, True, False)


def test_after_the_grace_a_second_sigterm_ends_a_worker_that_heard_the_first(keepers: Keepers) -> None:
    script = "signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))\nnote()\nwait()"
    keeper, folder = keepers.start(script, grace_seconds=0.3)
    noted_pids(folder, 1)
    folder.stop.touch()
    record = end_of(keeper, folder)
    assert (record.signal, record.stop_requested, record.killed_after_grace) == ("SIGTERM", True, True)


def test_a_deaf_family_leaves_nothing_behind(keepers: Keepers) -> None:
    keeper, folder = keepers.start(DEAF_FAMILY, grace_seconds=0.3)
    pids = noted_pids(folder, DEAF_FAMILY_SIZE)
    folder.stop.touch()
    record = end_of(keeper, folder)
    assert (record.signal, record.killed_after_grace) == ("SIGKILL", True)
    assert [pid for pid in pids if exists(pid)] == []


def test_the_ladder_has_ended_everything_within_the_grace_and_one_second() -> None:
    ladder = StopLadder()
    assert ladder.next_signal(99.0) is None
    ladder.ask(100.0, grace_seconds=10)
    ladder.ask(105.0, grace_seconds=10)  # asked twice: the first deadline holds
    sent = [(now, due) for now in (100.0, 100.1, 109.9, 110.0, 110.9, 111.0, 120.0) if (due := ladder.next_signal(now))]
    assert sent == [(100.0, signal.SIGTERM), (110.0, signal.SIGTERM), (111.0, signal.SIGKILL)]
    assert ladder.has_insisted
    assert ladder.has_killed


def test_a_kill_skips_the_rungs_and_is_sent_once() -> None:
    ladder = StopLadder()
    ladder.ask(100.0, grace_seconds=10)
    ladder.kill(100.0)
    assert ladder.next_signal(100.0) == signal.SIGKILL
    ladder.kill(101.0)
    assert ladder.next_signal(101.0) is None


def test_a_daemon_that_a_completed_worker_left_is_ended(keepers: Keepers) -> None:
    script = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        note()
        wait()
    os._exit(0)
while not os.path.exists("pids"):
    time.sleep(0.01)
"""
    keeper, folder = keepers.start(script)
    (daemon,) = noted_pids(folder, 1)
    assert end_of(keeper, folder).code == 0
    assert not exists(daemon)


def test_a_family_that_never_stops_forking_is_ended(keepers: Keepers) -> None:
    script = """
note()
if os.fork() == 0:
    while True:
        os.setsid()
        note()
        if os.fork():
            os._exit(0)
time.sleep(0.3)
"""
    keeper, folder = keepers.start(script)
    assert end_of(keeper, folder).code == 0
    assert [pid for pid in noted_pids(folder, 3) if exists(pid)] == []


def test_orphans_that_end_are_no_zombies_while_the_run_goes_on(keepers: Keepers) -> None:
    script = """
for orphan in range(5):
    if os.fork() == 0:
        if os.fork() == 0:
            note()
            os._exit(0)
        os._exit(0)
    os.wait()
wait()
"""
    keeper, folder = keepers.start(script)
    noted_pids(folder, 5)
    worker = folder.read_identity("worker")
    assert worker is not None
    wait_until(lambda: find_children(keeper.pid) == [worker.pid])
    folder.stop.touch()
    end_of(keeper, folder)


@pytest.mark.parametrize("field", ["started", "boot_id"])
def test_a_stranger_with_a_recycled_pid_is_never_signalled(field: str) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        identity = ProcessIdentity.of(stranger.pid)
        assert identity is not None
        planted = ProcessIdentity(**{**identity.as_dict(), field: "another"})  # type: ignore[arg-type]
        assert not planted.is_alive()
        assert not planted.send_signal(signal.SIGKILL)
        assert identity.is_alive()
        assert identity.send_signal(signal.SIGKILL)
    finally:
        stranger.kill()
        stranger.wait()


def test_the_exit_is_recorded_on_a_full_disk(tmp_path: Path) -> None:
    fill = """
print("filling", flush=True)
with open("filling", "wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 512)
    except OSError:
        time.sleep(2.5)  # long enough for samples that find no place
        os._exit(7)
"""
    left = keep_on_a_small_disk(tmp_path, fill)
    assert (left.code, left.last_lines) == (7, ("filling",))


def test_a_keeper_that_finds_the_disk_full_starts_nothing_and_says_so(tmp_path: Path) -> None:
    left = keep_on_a_small_disk(tmp_path, "open('pids', 'w')", leave_kilobytes=8)
    assert (left.code, left.signal, left.stop_requested) == (WorkerExit.DISK_FULL, None, False)


def keep_on_a_small_disk(tmp_path: Path, script: str, leave_kilobytes: int | None = None) -> ExitRecord:
    """Keep a script in a folder on a tmpfs of one megabyte, nobody else's to see; only its exit.json is brought out."""
    small, out = tmp_path / "small", tmp_path / "out"
    small.mkdir()
    out.mkdir()
    folder = small / "run"
    keep = ["import os, subprocess, sys", f"os.mkdir({str(folder)!r})"]
    keep += [f"open({str(folder / 'spec.json')!r}, 'w').write('{{}}')"]
    if leave_kilobytes is not None:
        keep += [f"size = (lambda s: s.f_bavail * s.f_bsize)(os.statvfs({str(small)!r})) - {leave_kilobytes * 1024}"]
        keep += [f"open({str(small / 'filling')!r}, 'wb').write(b'x' * size)"]
    keep += [f"subprocess.run({keep_command(folder, script)!r}, check=True)"]
    keep += [f"open({str(out / 'exit.json')!r}, 'w').write(open({str(folder / 'exit.json')!r}).read())"]
    mount = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3"'
    own_disks = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    program = ["sh", "-c", mount, "sh", str(small), sys.executable, "\n".join(keep)]
    subprocess.run([*own_disks, *program], check=True, timeout=60)
    record = RunFolder(out).read_exit()
    assert record is not None
    return record


def test_a_record_always_fits_into_what_was_reserved(folder: RunFolder) -> None:
    file = ExitFile(folder)
    file.reserve()
    file.write(ExitRecord(1, None, False, False, 0.0, ("first", *["\x01" * 2000] * 11)))
    assert folder.exit.stat().st_size <= RESERVED_BYTES
    record = folder.read_exit()
    assert record is not None
    assert set(record.last_lines) == {"\x01" * 2000}
    assert [path.name for path in folder.path.iterdir()] == ["exit.json"]


def test_a_keeper_holds_no_more_descriptors_than_it_opened(keepers: Keepers) -> None:
    keeper, folder = keepers.start("note()\nprint(sorted(os.listdir('/proc/self/fd')), flush=True)\nwait()")
    noted_pids(folder, 1)
    wait_until(lambda: folder.log.exists() and folder.log.read_text().endswith("]\n"))
    assert len(json.loads(folder.log.read_text().replace("'", '"'))) == 4, "in, out, error, and the folder that lists them"
    folder.stop.touch()
    end_of(keeper, folder)


def test_waiting_costs_a_keeper_next_to_no_processor_time(keepers: Keepers) -> None:
    keeper, folder = keepers.start("note()\nwait()")
    noted_pids(folder, 1)
    before, began = cpu_seconds(keeper.pid), time.monotonic()
    wait_until(lambda: time.monotonic() - began > 3)
    assert cpu_seconds(keeper.pid) - before < 0.3
    folder.stop.touch()
    end_of(keeper, folder)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
