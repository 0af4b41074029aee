"""One network that learns from its rows: batches enter, it changes a step at a time, and it predicts its validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from trainer.contract.recipes import RECIPES
from trainer.contract.settling import SettledSpec
from trainer.learning.losses import compute_loss
from trainer.learning.schedule import Schedule
from trainer.networks import Network, ParameterGroup, forward
from trainer.networks.members import settle_members
from trainer.preparing.rows import Rows
from trainer.preparing.targets import REGRESSION, TargetCoding

FIRST_BETA = 0.9  # AdamW's


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows as the network arranged them, which all folds share, and where among them those of one fold are.

    `targets` is [rows], int64 class numbers or float32 standardised values; `train` and `validation` are places [int64].
    """

    rows: Rows
    targets: torch.Tensor
    train: torch.Tensor
    validation: torch.Tensor

    @property
    def validation_targets(self) -> torch.Tensor:
        return self.targets[self.validation]


class Learner:
    """A network, its optimiser and its rows."""

    def __init__(self, network: Network, data: TrainingData, spec: SettledSpec, coding: TargetCoding) -> None:
        self.network, self.data = network, data
        self._spec, self._coding, self._recipe = spec, coding, RECIPES[spec.family]
        self._groups = network.parameter_groups()
        self.optimiser = _build_optimiser(self._groups, spec, self._recipe.second_beta)
        self.steps_per_epoch = -(-len(data.train) // spec.batch_size)
        self.schedule = Schedule.over(spec.epochs * self.steps_per_epoch, spec.lr, self._recipe.schedule)

    def start_epoch(self, generator: torch.Generator, epochs_done: int, steps_done: int) -> tuple[Rows, torch.Tensor]:
        """One shuffled copy of the rows, from which batches are slices: faster than gathering every batch.

        `steps_done` of this epoch's steps were taken already.
        """
        order = self.data.train[torch.randperm(len(self.data.train), generator=generator)]
        share = self.schedule.left(epochs_done * self.steps_per_epoch) if self._recipe.fades else 1.0
        self.network.prepare_epoch(generator, min(self._spec.batch_size, len(order)), steps_done, share)
        self.network.train()
        order = order.to(self.network.device)
        return self.data.rows[order], self.data.targets[order]

    def take_step(self, rows: Rows, targets: torch.Tensor, step: int) -> torch.Tensor:
        """The loss of this batch before the step, the `step`-th from 0."""
        rate, recipe = self.schedule.rate(step), self._recipe
        decay = self._spec.weight_decay * (self.schedule.left(step) if recipe.fades else 1.0)
        for group, wanted in zip(self.optimiser.param_groups, self._groups, strict=True):
            group["lr"], group["weight_decay"] = rate * wanted.rate, decay * wanted.decay
            if wanted.own_rate is not None:
                group["lr"] = rate / self._spec.lr * wanted.own_rate
            if wanted.own_decay is not None:
                group["weight_decay"] = wanted.own_decay
        loss = compute_loss(self.network(rows), targets, self._coding, recipe.label_smoothing)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip, foreach=True)
        self.optimiser.step()
        return loss.detach()

    def predict_validation(self) -> torch.Tensor:
        """Outputs [rows, outputs] for the validation rows."""
        size, places = self.network.inference_rows, self.data.validation
        parts = [places[start : start + size] for start in range(0, len(places), size)]
        outputs = torch.cat([forward(self.network, self.data.rows[part]) for part in parts])
        return settle_members(outputs, is_regression=self._coding.task == REGRESSION)

    def copy_weights(self) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}

    def to_plain(self) -> dict[str, Any]:
        """What an exact resume needs to know of it."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.to_plain(),
        }

    def restore(self, plain: dict[str, Any], *, is_extended: bool) -> None:
        """Stand where `to_plain` was taken; epochs that a run was extended by get a cycle of their own."""
        self.network.load_state_dict(plain["network"])
        self.optimiser.load_state_dict(plain["optimiser"])
        self.schedule = Schedule.from_plain(plain["schedule"])
        if is_extended:
            self.schedule.extend_to(self._spec.epochs * self.steps_per_epoch)


def _build_optimiser(groups: list[ParameterGroup], spec: SettledSpec, second_beta: float) -> torch.optim.AdamW:
    plain = [{"params": list(group.parameters), "weight_decay": spec.weight_decay * group.decay} for group in groups]
    return torch.optim.AdamW(plain, lr=spec.lr, betas=(FIRST_BETA, second_beta), fused=True)
