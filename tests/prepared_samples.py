"""The built-in samples as an earlier start of a server left them: made once, so that not every server has to make them anew.

What a first start does is tested where a `new_server` is started, by most journeys, and by servers on a small disk.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
WRITE = """
import sys
from trainer.contract import SamplesOrder
from trainer.reading.samples import write_samples

write_samples(SamplesOrder(sys.argv[1]))
"""


def put_samples(data_dir: Path) -> None:
    """Lay them into a data folder where there is none yet, or an empty one."""
    if not (data_dir / "samples").exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # as the server makes it
        shutil.copytree(_written_samples(), data_dir / "samples")


@cache
def _written_samples() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="samples-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run([sys.executable, "-c", WRITE, str(folder)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    return folder
