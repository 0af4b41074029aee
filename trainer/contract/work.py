"""How much work one training step is, in multiplications: decides between processor and GPU, and between one thread and more."""

from __future__ import annotations

from itertools import pairwise

from trainer.contract.settling import SettledSpec

# Below this a step takes a processor about a millisecond, which is what a GPU takes to be told of its thirty-odd kernels.
GPU_WORK = 20_000_000
PARTS_PER_ROW = {"realmlp": (1, 4), "tabm": (16, 16)}  # members that each row goes through, and numbers made of each input
ALWAYS_MUCH = frozenset({"ft_transformer", "text_cnn", "text_transformer"})  # each row is many steps of a sequence to them


def is_work_for_gpu(spec: SettledSpec, inputs: int) -> bool:
    """Whether a step of this network, which sees `inputs` numbers per row, is large enough to gain from a GPU."""
    if spec.family in ALWAYS_MUCH:
        return True
    copies, numbers_per_input = PARTS_PER_ROW.get(spec.family, (1, 1))
    widths = (inputs * numbers_per_input, *spec.hidden, 1)
    return copies * sum(first * second for first, second in pairwise(widths)) * spec.batch_size > GPU_WORK
