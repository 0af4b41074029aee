"""Where a network is trained: its settings and size enter, a torch device leaves. Refused: a GPU where torch sees none."""

from __future__ import annotations

import torch

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.settling import SettledSpec
from trainer.contract.work import is_work_for_gpu
from trainer.networks import Network

MIXED_WORK = 100_000_000  # multiplications of a step


def choose_device(spec: SettledSpec, inputs: int) -> torch.device:
    """The device for a network that sees `inputs` numbers per row.

    Raises:
        Refusal: `no_gpu`.
    """
    if spec.device == "cpu" or (spec.device == "auto" and not is_work_for_gpu(spec, inputs)):
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if spec.device == "auto":
        return torch.device("cpu")
    text = "There is no GPU here that PyTorch can use. Train on the processor, or install the build of PyTorch for your GPU."
    raise Refusal(Problem("no_gpu", Message(text), "device"))


def is_mixed_precision(spec: SettledSpec, network: Network) -> bool:
    """Whether products are computed in bfloat16: where somebody wants it, or the GPU gains from it.

    Processors without matrix units are slower at it, and small networks are not limited by products at all.
    """
    if spec.precision != "auto":
        return spec.precision == "bfloat16"
    if network.device.type != "cuda" or network.work_per_row * spec.batch_size < MIXED_WORK:
        return False
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))
