"""How busy the GPU of a run is, and how full: the whole of it, whoever else uses it; nothing for a run without."""

from __future__ import annotations

import contextlib
from types import ModuleType
from typing import Any

BYTES_PER_MB = 1 << 20


class GpuGauge:
    """Asks NVIDIA's driver about one GPU."""

    def __init__(self, visible_devices: str) -> None:
        """`visible_devices`: the worker's CUDA_VISIBLE_DEVICES, the identifier of one GPU; "" or "-1" for a run without."""
        self._driver: ModuleType | None = None
        self._gpu: Any = None
        if visible_devices in {"", "-1"} or "," in visible_devices:
            return
        with contextlib.suppress(ImportError):
            import pynvml  # noqa: PLC0415 - a run on the processor needs none of it

            with contextlib.suppress(pynvml.NVMLError):  # no driver: the worker will say so better than we can
                pynvml.nvmlInit()
                self._gpu = pynvml.nvmlDeviceGetHandleByUUID(visible_devices)
                self._driver = pynvml

    def read(self) -> dict[str, float]:
        """{"gpu_percent", "gpu_memory_mb"}; empty without a GPU, or while its driver does not answer."""
        if self._driver is None:
            return {}
        try:
            use, memory = self._driver.nvmlDeviceGetUtilizationRates(self._gpu), self._driver.nvmlDeviceGetMemoryInfo(self._gpu)
        except self._driver.NVMLError:
            return {}
        return {"gpu_percent": float(use.gpu), "gpu_memory_mb": round(memory.used / BYTES_PER_MB, 1)}
