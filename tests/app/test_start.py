"""Starting the server with settings that cannot be used: a sentence, an exit code, no stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT


def start_with(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder / "data")}
    command = [sys.executable, str(ROOT / "main.py")]
    return subprocess.run(
        command, cwd=folder, env={**known, **environment}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORT": "abc"}, "PORT='abc'"),
        ({"MAX_UPLOAD_MB": "-1"}, "MAX_UPLOAD_MB='-1'"),
        ({"DATA_DIR": "/proc/nowhere"}, "DATA_DIR=/proc/nowhere"),
        ({"DATABASE_URL": "not a database"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////proc/nowhere/x.db"}, "DATABASE_URL"),
        ({"PORT": "abc", "HOST": ""}, "HOST=''"),
    ],
)
def test_a_wrong_setting_is_refused_at_start_with_a_sentence(tmp_path: Path, environment: dict[str, str], named: str) -> None:
    ended = start_with(tmp_path, **environment)
    assert ended.returncode == 1
    assert named in ended.stderr
    assert "cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr
