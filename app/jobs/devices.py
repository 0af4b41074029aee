"""Where jobs may run: so many places on the processor, and on each GPU one place or several, by memory.

Enters what the machine has; leaves the first free place and what a worker's environment must say about it. Refused: a job
that asks for a GPU on a machine without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.errors import refuse
from app.records import Job
from trainer.contract import Message, SettledSpec, is_work_for_gpu

CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as the driver names it."""

    uuid: str
    name: str
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Places:
    """All places of one machine."""

    cpu: int
    gpus: Sequence[Gpu] = ()
    gpu_job_memory_mb: int = 0

    def settle(self, spec: SettledSpec, inputs: int) -> SettledSpec:
        """Decide for "auto" whether a job on a table of `inputs` columns waits for a GPU or for a processor.

        Raises:
            Refusal: it asks for a GPU, and there is none.
        """
        if spec.device == "gpu" and not self.gpus:
            text = "This machine has no GPU. Choose “cpu”, or “auto”, which takes a GPU where there is one."
            raise refuse("no_gpu", Message(text), "device")
        if spec.device != "auto":
            return spec
        return replace(spec, device="gpu" if self.gpus and is_work_for_gpu(spec, inputs) else "cpu")

    def is_for_gpu(self, job: Job) -> bool:
        """Whether a job waits for a GPU. Once the machine has none any more, it is started all the same, and says so."""
        return bool(self.gpus) and job.spec.get("device") == "gpu"

    def count(self, *, on_gpus: bool) -> int:
        return self.total - self.cpu if on_gpus else self.cpu

    @property
    def total(self) -> int:
        return self.cpu + sum(self._places_on(gpu) for gpu in self.gpus)

    def find_free(self, taken: Iterable[str], wants_gpu: bool = False) -> str | None:
        """A device with a free place, "cpu" or "cuda:<number>"; the emptiest GPU first; None when all are taken."""
        counts = Counter(taken)
        if not wants_gpu:
            return CPU if counts[CPU] < self.cpu else None
        free = [
            (counts[name], name)
            for number, gpu in enumerate(self.gpus)
            if counts[name := f"cuda:{number}"] < self._places_on(gpu)
        ]
        return min(free)[1] if free else None

    def environment_for(self, device: str) -> Mapping[str, str]:
        """What makes a worker see its own device and no other."""
        if device == CPU:
            return {"CUDA_VISIBLE_DEVICES": ""}
        return {"CUDA_VISIBLE_DEVICES": self.gpus[int(device.partition(":")[2])].uuid}

    def _places_on(self, gpu: Gpu) -> int:
        return max(1, gpu.memory_mb // self.gpu_job_memory_mb) if self.gpu_job_memory_mb else 1
