"""NVIDIA's driver as its bindings (pynvml) show it, with two GPUs, for machines without.

`python -m tests.pretended_gpus PYTHON SCRIPT`: runs the script in a process that believes in them.
"""

from __future__ import annotations

import runpy
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

GIGABYTE = 1 << 30
GPUS = ("GPU-large", "GPU-small")


class PretendedDriver(ModuleType):
    """The functions that we ask, under the driver's own names; a handle is the GPU's identifier."""

    class NVMLError(Exception):
        pass

    is_answering = True

    def nvmlInit(self) -> None:  # noqa: N802
        pass

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(GPUS)

    def nvmlDeviceGetHandleByIndex(self, number: int) -> str:  # noqa: N802
        return GPUS[number]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802
        if uuid not in GPUS:
            raise self.NVMLError
        return uuid

    def nvmlDeviceGetUUID(self, gpu: str) -> str:  # noqa: N802
        return gpu

    def nvmlDeviceGetName(self, gpu: str) -> str:  # noqa: N802
        return gpu.removeprefix("GPU-").title()

    def nvmlDeviceGetUtilizationRates(self, _gpu: str) -> Any:  # noqa: N802
        if not self.is_answering:
            raise self.NVMLError
        return SimpleNamespace(gpu=37)

    def nvmlDeviceGetMemoryInfo(self, gpu: str) -> Any:  # noqa: N802
        return SimpleNamespace(used=3 * GIGABYTE, total=(80 if gpu == GPUS[0] else 8) * GIGABYTE)


def main() -> None:
    sys.modules["pynvml"] = PretendedDriver("pynvml")
    _python, script = sys.argv[1:]
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
