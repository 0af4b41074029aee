from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trainer.keepers import Keepers, end_of, exists, noted_pids
from trainer.contract import Limits, RunFolder, WorkerExit
from trainer.keeping.limits import Breach, LimitWatch
from trainer.keeping.memory_cap import SLACK_BYTES, MemoryGroup, cap_memory, find_group_parent

# Memory that no limit on mappings counts, so that only watching finds it.
GROW_UNSEEN = """
import mmap
while True:
    block = mmap.mmap(-1, 1 << 20)
    block.write(os.urandom(1 << 20))
    globals().setdefault("blocks", []).append(block)
    time.sleep(0.002)
"""
SAVE_WHEN_ASKED = """
def save(*_):
    open("saved", "w").close()
    sys.exit(75)
signal.signal(signal.SIGTERM, save)
"""


@pytest.fixture
def keepers(tmp_path: Path) -> Iterator[Keepers]:
    made = Keepers(tmp_path)
    yield made
    made.clean_up()


def test_memory_that_grows_past_its_limit_ends_the_run(keepers: Keepers) -> None:
    record = keepers.keep(GROW_UNSEEN, limits=Limits(memory_mb=64))
    assert (record.signal, record.limit, record.limit_value) == ("SIGKILL", "memory", 64)
    assert record.limit_used is not None
    assert record.peak_memory_mb is not None
    assert record.peak_memory_mb >= record.limit_used > 64
    assert (record.stop_requested, record.is_system_out_of_memory) == (False, False)


def test_memory_counts_whoever_holds_it(keepers: Keepers) -> None:
    keeper, folder = keepers.start("if os.fork():\n    wait()\nos.setsid()\nnote()\n" + GROW_UNSEEN, limits=Limits(memory_mb=64))
    record = end_of(keeper, folder)
    assert record.limit == "memory"
    assert [pid for pid in noted_pids(folder, 1) if exists(pid)] == []


def test_one_allocation_far_past_the_limit_is_refused_and_the_worker_can_say_so(keepers: Keepers) -> None:
    script = "try:\n    bytearray(1 << 30)\nexcept MemoryError:\n    sys.exit(71)"
    record = keepers.keep(script, limits=Limits(memory_mb=64))
    assert (record.code, record.limit, record.limit_value) == (WorkerExit.OUT_OF_MEMORY, "memory", 64)


def test_the_cap_is_over_and_above_what_was_mapped_already() -> None:
    script = "import sys; block = bytearray(200 << 20); print(flush=True); sys.stdin.read()"
    worker = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdout.readline()
        assert cap_memory(worker.pid, 100, group_parent=None).refuses_allocations
        soft, hard = resource.prlimit(worker.pid, resource.RLIMIT_DATA)
        assert soft == hard
        assert (300 << 20) <= soft - SLACK_BYTES < (400 << 20)
    finally:
        worker.stdin.close()
        worker.stdout.close()
        worker.wait()


def test_a_run_out_of_memory_leaves_its_siblings_alive(keepers: Keepers) -> None:
    sibling, sibling_folder = keepers.start("note()\nwhile not os.path.exists('go'):\n    time.sleep(0.01)", name="sibling")
    noted_pids(sibling_folder, 1)
    assert keepers.keep(GROW_UNSEEN, limits=Limits(memory_mb=64)).limit == "memory"
    assert sibling.poll() is None
    (sibling_folder.path / "go").touch()
    assert end_of(sibling, sibling_folder).code == 0


def test_a_worker_without_a_limit_that_runs_out_of_memory_met_none(keepers: Keepers) -> None:
    assert keepers.keep("sys.exit(71)").limit is None


@pytest.mark.parametrize(("kills_afterwards", "is_recognised"), [(8, True), (7, False)])
def test_a_kill_by_the_kernel_for_want_of_memory_is_recognised(
    keepers: Keepers, tmp_path: Path, kills_afterwards: int, is_recognised: bool
) -> None:
    vmstat = tmp_path / "vmstat"
    vmstat.write_text("nr_free_pages 1000\noom_kill 7\n")
    script = (
        "while not os.path.exists('usage.jsonl'):\n    time.sleep(0.01)\n"
        f"open({str(vmstat)!r}, 'w').write('nr_free_pages 1\\noom_kill {kills_afterwards}\\n')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    record = end_of(*keepers.start(script, vmstat=vmstat))
    assert (record.signal, record.limit, record.is_system_out_of_memory) == ("SIGKILL", None, is_recognised)


def test_time_that_is_up_is_a_stop_that_lets_the_worker_save(keepers: Keepers) -> None:
    keeper, folder = keepers.start(SAVE_WHEN_ASKED + "note()\nwait()", grace_seconds=60, limits=Limits(wall_seconds=1.5))
    record = end_of(keeper, folder)
    assert (record.code, record.limit, record.limit_value) == (WorkerExit.STOPPED, "time", 1.5)
    assert record.limit_used is not None
    assert record.limit_used >= 1.5
    assert (record.stop_requested, record.killed_after_grace) == (False, False)
    assert (folder.path / "saved").exists()


def test_a_worker_deaf_to_the_end_of_its_time_is_killed(keepers: Keepers) -> None:
    script = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwait()"
    record = keepers.keep(script, grace_seconds=0.3, limits=Limits(wall_seconds=0.5))
    assert (record.signal, record.limit, record.killed_after_grace, record.stop_requested) == ("SIGKILL", "time", True, False)


def test_a_run_that_fills_its_folder_is_ended(keepers: Keepers) -> None:
    script = "os.mkdir('checkpoint')\nopen('checkpoint/large', 'wb').write(os.urandom(5 << 20))\nwait()"
    record = keepers.keep(script, limits=Limits(disk_mb=3))
    assert (record.limit, record.limit_value) == ("disk", 3)
    assert record.limit_used is not None
    assert 5 <= record.limit_used < 7


def test_a_run_that_prints_without_end_is_ended(keepers: Keepers) -> None:
    script = "while True:\n    print('x' * 1000)\n    open('events.jsonl', 'a').write('{}\\n')"
    record = keepers.keep(script, limits=Limits(log_mb=1))
    assert (record.limit, record.limit_value) == ("log", 1)
    assert record.limit_used is not None
    assert record.limit_used > 1


def test_a_stop_that_came_before_a_limit_stays_a_stop(keepers: Keepers) -> None:
    script = """
def save(*_):
    sys.stdout.write("x" * (3 << 20))
    sys.stdout.flush()
    asked = os.stat("usage.jsonl").st_size
    while os.stat("usage.jsonl").st_size == asked:  # until the keeper has looked again
        time.sleep(0.01)
    sys.exit(75)
while not os.path.exists("usage.jsonl"):
    time.sleep(0.01)
signal.signal(signal.SIGTERM, save)
note()
wait()
"""
    keeper, folder = keepers.start(script, grace_seconds=60, limits=Limits(log_mb=1))
    noted_pids(folder, 1)
    folder.stop.touch()
    record = end_of(keeper, folder)
    assert (record.code, record.stop_requested, record.limit) == (WorkerExit.STOPPED, True, None)


def test_without_limits_nothing_is_a_breach(folder: RunFolder) -> None:
    folder.log.write_bytes(b"x" * (1 << 20))
    assert LimitWatch(Limits(), folder, started=0.0).check(memory_mb=1e9, now=1e9) is None


def test_the_most_urgent_limit_is_named_with_its_figure(folder: RunFolder) -> None:
    folder.log.write_bytes(b"x" * (2 << 20))
    watch = LimitWatch(Limits(memory_mb=100, wall_seconds=60, disk_mb=1, log_mb=1), folder, started=1000.0)
    assert watch.check(memory_mb=100.5, now=1100.0) == Breach("memory", 100, 100.5)
    assert watch.check(memory_mb=100.0, now=1100.0) == Breach("time", 60, 100.0)
    assert watch.check(memory_mb=100.0, now=1059.0) == Breach("log", 1, 2.0)
    folder.log.unlink()
    (folder.path / "model.pt").write_bytes(b"x" * (2 << 20))
    assert watch.check(memory_mb=100.0, now=1059.0) == Breach("disk", 1, 2.0)


def make_cgroups(root: Path, controllers: str = "cpu memory pids") -> Path:
    """A tree as cgroup v2 shows it: a delegated group, and below it the one this process is said to be in."""
    service = root / "system.slice" / "tamrin.service"
    (service / "main").mkdir(parents=True)
    for name, content in {
        "memory.max": "max\n",
        "cgroup.controllers": f"{controllers}\n",
        "cgroup.subtree_control": "\n",
        "cgroup.procs": "",
    }.items():
        (service / name).write_text(content)
    return service


def own_cgroup(tmp_path: Path, path: str) -> Path:
    file = tmp_path / "own"
    file.write_text(f"0::{path}\n")
    return file


def test_a_delegated_control_group_is_found_and_shares_out_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    service = make_cgroups(tmp_path)
    own = own_cgroup(tmp_path, "/system.slice/tamrin.service/main")
    assert find_group_parent(tmp_path, own) == service
    assert (service / "cgroup.subtree_control").read_text() == "+memory"


@pytest.mark.parametrize("flaw", ["no memory controller", "no group above", "the machine's root", "root's but not delegated"])
def test_a_control_group_that_is_not_ours_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flaw: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0 if flaw.startswith("root") else 1000)
    service = make_cgroups(tmp_path, "cpu pids" if flaw == "no memory controller" else "cpu memory pids")
    if flaw == "the machine's root":
        (service / "memory.max").unlink()
    own = own_cgroup(tmp_path, "/" if flaw == "no group above" else "/system.slice/tamrin.service/main")
    assert find_group_parent(tmp_path, own) is None
    assert (service / "cgroup.subtree_control").read_text() == "\n"


def test_a_worker_is_put_into_a_control_group_of_its_own(tmp_path: Path) -> None:
    group = cap_memory(4711, 256, group_parent=make_cgroups(tmp_path)).group
    assert group is not None
    (path,) = tmp_path.glob("*/*/tamrin-4711")
    assert (path / "memory.max").read_text() == str(256 * 2**20)
    assert (path / "cgroup.procs").read_text() == "4711"
    assert group.count_oom_kills() == 0
    (path / "memory.events").write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 3\noom_group_kill 1\n")
    assert group.count_oom_kills() == 3


def test_the_control_groups_of_this_machine_are_usable_where_they_are_found() -> None:
    """Where this account was delegated one, a limit can be set in it; everywhere else the answer is none."""
    parent = find_group_parent()
    if parent is not None:
        group = MemoryGroup.create(parent, f"tamrin-test-{os.getpid()}", 64)
        group.remove()
    assert parent is None or "memory" in (parent / "cgroup.subtree_control").read_text().split()
