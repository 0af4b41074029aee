"""How much work one training step is, in multiplications: decides between processor and GPU, and between one thread and more."""

from __future__ import annotations

from itertools import pairwise

from trainer.contract.spec import TrainingSpec

# Below this a step takes a processor about a millisecond, which is what a GPU takes to be told of its thirty-odd kernels.
GPU_WORK = 20_000_000


def is_work_for_gpu(spec: TrainingSpec, inputs: int) -> bool:
    """Whether a step of this network, which sees `inputs` numbers per row, is large enough to gain from a GPU."""
    widths = (inputs, *spec.hidden) if spec.network == "mlp" else (inputs, 1)
    return sum(first * second for first, second in pairwise(widths)) * spec.batch_size > GPU_WORK
