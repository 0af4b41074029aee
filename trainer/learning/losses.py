"""What a network's outputs cost, and what they are worth: for one row's values or probabilities, or those of several members."""

from __future__ import annotations

import torch
from torch.nn import functional

from trainer.networks.members import MEMBERS
from trainer.preparing.targets import REGRESSION, TargetCoding


def compute_loss(
    outputs: torch.Tensor,
    targets: torch.Tensor,
    coding: TargetCoding,
    label_smoothing: float = 0.0,
    class_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Mean squared error of the standardised target, or cross entropy; a scalar. Each member of an ensemble learns for itself.

    `class_weights` is [classes]: how much a row of each class counts.
    """
    if outputs.ndim == MEMBERS:
        members = outputs.shape[1]
        outputs, targets = outputs.flatten(0, 1), targets.repeat_interleave(members, dim=0)
    if coding.task == REGRESSION:
        return functional.mse_loss(outputs[:, 0], targets)
    return functional.cross_entropy(outputs, targets, weight=class_weights, label_smoothing=label_smoothing)


def balance_classes(targets: torch.Tensor, classes: int) -> torch.Tensor:
    """Weights [classes] under which all classes among `targets` [rows] count the same, and a row counts one on average."""
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    return len(targets) / (classes * counts.float())


def primary_metric(outputs: torch.Tensor, targets: torch.Tensor, coding: TargetCoding) -> tuple[str, float]:
    """What a run is named by, of outputs [rows, outputs]: RMSE in the target's own units, or accuracy."""
    if coding.task == REGRESSION:
        return "rmse", functional.mse_loss(outputs[:, 0].double(), targets.double()).sqrt().item() * coding.scale
    return "accuracy", (outputs.argmax(dim=1) == targets).double().mean().item()


def choosing_score(loss: float, name: str, value: float) -> tuple[float, ...]:
    """What orders epochs by their metric, the best lowest; among equals, the loss decides."""
    return (value, loss) if name == "rmse" else (-value, loss)
