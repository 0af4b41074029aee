"""The product as its users run it: `python main.py` in a process of its own, on a free port and a data folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.prepared_samples import put_samples

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
UNEXPECTED = "unexpected problem"  # which the supervisor survives, and a test must not


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running_server(folder: Path, port: int | None = None, wrapper: Sequence[str] = (), **environment: str) -> Iterator[Server]:
    """Start a server as `new_server` does, in whose data folder the built-in samples are already."""
    put_samples(folder / "data")
    with new_server(folder, port, wrapper, **environment) as running:
        yield running


@contextmanager
def new_server(folder: Path, port: int | None = None, wrapper: Sequence[str] = (), **environment: str) -> Iterator[Server]:
    """Start a server with its data in `folder`/data, wait until it answers, and end it afterwards.

    `wrapper` is a command that prepares the process and then becomes what follows it.
    """
    port = port or free_port()
    data_dir = folder / "data"
    known = {"PORT": str(port), "HOST": "127.0.0.1", "DATA_DIR": str(data_dir), "STOP_GRACE_SECONDS": "5"}
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONWARNINGS") if name in os.environ}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*wrapper, sys.executable, str(ROOT / "main.py")],
            cwd=folder,  # away from any .env of the developer
            env={**inherited, **known, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", data_dir, process)
    try:
        _wait_until_it_answers(server, folder / "server.log")
        yield server
    finally:
        stop(process)
    said = (folder / "server.log").read_text()
    assert UNEXPECTED not in said, said


def stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(number)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert server.process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            if httpx.get(f"{server.url}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
