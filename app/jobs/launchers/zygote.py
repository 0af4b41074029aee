"""The web process's end of the zygote: a run folder enters, the identity of a keeper forked for it leaves.

It starts the zygote, starts it again when it died or when the code that it imported has changed, and ends it.
Refused, with the reason: a launch that had to wait for it; it is then started cold.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from trainer.contract import ProcessIdentity, RunFolder

MOMENT_SECONDS = 0.1  # for a zygote that is nearly ready; a cold start takes ten times as long
ANSWER_SECONDS = 5.0  # a fork takes milliseconds, on a machine that is not out of memory
RETRY_SECONDS = 30.0  # between two zygotes that cannot even load
RECEIVE_BYTES = 4096
Fingerprint = tuple[tuple[str, int, int], ...]  # path, bytes, nanoseconds of its last change
_log = logging.getLogger(__name__)


class MustStartCold(Exception):
    """No keeper was forked, or none that is known of; the text says why."""


class Zygote:
    """At most one zygote process; safe to call from several threads."""

    def __init__(self, source_root: Path, environment: Mapping[str, str]) -> None:
        """`environment` is all that the process is given; secrets in it could be read by every worker."""
        self._source_root = source_root
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self._fingerprint: Fingerprint = ()
        self._is_open = False
        self._is_ready = False
        self._may_start_at = 0.0

    @property
    def identity(self) -> ProcessIdentity | None:
        """The zygote's process, once it answers."""
        return ProcessIdentity.of(self._process.pid) if self._process and self._is_ready else None

    def open(self) -> None:
        """Start the process, where the system forks safely; returns at once, and loads meanwhile."""
        with self._lock:
            self._is_open = sys.platform.startswith("linux")
            if self._is_open:
                self._start()

    def close(self) -> None:
        """End the process; the keepers it forked go on."""
        with self._lock:
            self._is_open = False
            self._end()

    def fork_keeper(self, folder: RunFolder, grace_seconds: float, environment: Mapping[str, str]) -> ProcessIdentity:
        """Have a keeper forked for this folder. Blocking, for `MOMENT_SECONDS` unless something is wrong.

        Raises:
            MustStartCold: it could not be; a keeper may run all the same when the zygote died over it.
        """
        request = {"folder": str(folder.path), "grace_seconds": grace_seconds, "environment": dict(environment)}
        with self._lock:
            if not self._is_open:
                raise MustStartCold("there is no zygote")
            self._check_process()
            self._check_ready()
            return self._ask(request)

    def wait_until_ready(self, timeout_seconds: float) -> bool:
        """Wait until it can fork; False at once when it cannot even load, or was closed. Blocking."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            with self._lock, contextlib.suppress(MustStartCold):
                if self._is_ready:
                    return True
                if not self._is_open or (self._process is None and time.monotonic() < self._may_start_at):
                    return False
                self._check_process()
                self._check_ready()
        return False

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._connection, self._is_ready = ours, False
        self._fingerprint = fingerprint_code(self._source_root)
        command = [sys.executable, "-m", "trainer.zygote", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                cwd=self._source_root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        _log.info("The zygote is loading, as process %s", self._process.pid)

    def _end(self) -> None:
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None
        self._is_ready = False

    def _check_process(self) -> None:
        """See that the process is there and made of the code as it is now; start another when it is not."""
        if self._process is None:
            if time.monotonic() < self._may_start_at:
                raise MustStartCold("the zygote could not load")
            self._start()
            return
        if (code := self._process.poll()) is not None:
            self._lose(f"the zygote has ended with code {code}")
        elif fingerprint_code(self._source_root) != self._fingerprint:
            self._end()
            self._start()
            raise MustStartCold("the code has changed")

    def _check_ready(self) -> None:
        assert self._connection is not None, "a started zygote has a connection"
        if self._is_ready:
            return
        if not select.select([self._connection], [], [], MOMENT_SECONDS)[0]:
            raise MustStartCold("the zygote is still loading")
        self._is_ready = self._receive().get("ready") is True

    def _ask(self, request: Mapping[str, Any]) -> ProcessIdentity:
        assert self._connection is not None, "a started zygote has a connection"
        try:
            self._connection.settimeout(ANSWER_SECONDS)
            self._connection.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            self._lose(f"the zygote cannot be reached: {error}")
        answer = self._receive()
        if "keeper" not in answer:
            self._lose(f"the zygote cannot fork: {answer.get('error')}")
        return ProcessIdentity(**answer["keeper"])

    def _receive(self) -> dict[str, Any]:
        assert self._connection is not None, "a started zygote has a connection"
        line = b""
        try:
            while not line.endswith(b"\n"):
                received = self._connection.recv(RECEIVE_BYTES)
                if not received:
                    self._lose("the zygote has died")
                line += received
        except OSError as error:
            self._lose(f"the zygote does not answer: {error}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _lose(self, reason: str) -> NoReturn:
        """Start another in the place of one that failed; one that could not even load is left alone for a while."""
        could_load = self._is_ready
        self._end()
        if could_load:
            self._start()
        else:
            self._may_start_at = time.monotonic() + RETRY_SECONDS
        raise MustStartCold(reason)


def fingerprint_code(source_root: Path) -> Fingerprint:
    """What tells one state of the trainer's code, and of the libraries installed beside torch, from another."""
    paths = sorted((source_root / "trainer").rglob("*.py"))
    torch = importlib.util.find_spec("torch")
    if torch and torch.origin:
        package = Path(torch.origin)
        paths += [package, package.parents[1]]  # a folder changes when something is installed into it, or removed
    states = ((path, path.stat()) for path in paths)
    return tuple((str(path), state.st_size, state.st_mtime_ns) for path, state in states)
