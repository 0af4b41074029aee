"""One network that learns from its rows: batches enter, it changes a step at a time, and it predicts its validation rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from trainer.contract.recipes import RECIPES
from trainer.contract.settling import SettledSpec
from trainer.learning.batches import Batches, draw_blockwise
from trainer.learning.devices import is_mixed_precision
from trainer.learning.losses import balance_classes, compute_loss
from trainer.learning.optimisers import build_optimiser
from trainer.learning.out_of_memory import is_out_of_memory
from trainer.learning.schedule import Schedule
from trainer.networks import Network, forward
from trainer.networks.members import settle_members
from trainer.preparing.rows import Rows
from trainer.preparing.targets import REGRESSION, TargetCoding


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows as the network arranged them, which all folds share, and where among them those of one fold are.

    `targets` is [rows], int64 class numbers or float32 standardised values; `train` and `validation` are places [int64].
    """

    rows: Rows
    targets: torch.Tensor
    train: torch.Tensor
    validation: torch.Tensor
    is_mapped: bool = False  # from a file: neighbours are read together, and no copy is made

    @property
    def validation_targets(self) -> torch.Tensor:
        return self.targets[self.validation]


class Learner:
    """A network, its optimiser and its rows."""

    def __init__(self, network: Network, data: TrainingData, spec: SettledSpec, coding: TargetCoding) -> None:
        self.network, self.data = network, data
        self._spec, self._coding, self._recipe = spec, coding, RECIPES[spec.family]
        self._groups = network.parameter_groups()
        self.optimiser = build_optimiser(self._groups, spec, self._recipe.second_beta)
        is_balanced = spec.class_weight == "balanced"
        self.class_weights = balance_classes(data.targets[data.train], coding.outputs) if is_balanced else None
        self.steps_per_epoch = -(-len(data.train) // spec.batch_size)
        self.schedule = Schedule.over(spec.epochs * self.steps_per_epoch, spec.lr, spec.schedule)
        self._is_blockwise = data.is_mapped
        self.part_rows = -(-min(spec.batch_size, len(data.train)) // spec.accumulation)
        self._average = _build_average(network, spec.ema) if spec.ema else None
        self.on_smaller_parts: Callable[[int], None] = lambda _rows: None
        self._is_mixed = is_mixed_precision(spec, network)

    def start_epoch(self, generator: torch.Generator, epochs_done: int, steps_done: int) -> Batches:
        """The rows in the order of this epoch, of whose steps `steps_done` were taken already."""
        draw = draw_blockwise if self._is_blockwise else torch.randperm
        order = self.data.train[draw(len(self.data.train), generator=generator)].to(self.network.device)
        share = self.schedule.left(epochs_done * self.steps_per_epoch) if self._recipe.fades else 1.0
        parts_done = steps_done * -(-min(self._spec.batch_size, len(order)) // self.part_rows)
        self.network.prepare_epoch(generator, self.part_rows, parts_done, share)
        self.network.train()
        return Batches(self.data.rows, self.data.targets, order, copies=not self.data.is_mapped)

    def take_step(self, rows: Rows, targets: torch.Tensor, step: int) -> torch.Tensor:
        """The loss of this batch before the step, the `step`-th from 0."""
        self._set_pace(step)
        self.optimiser.zero_grad(set_to_none=True)
        loss = self._learn_in_parts(rows, targets)
        if self._spec.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._spec.clip, foreach=True)
        self.optimiser.step()
        if self._average is not None:
            self._average.update_parameters(self.network)
        return loss

    def _set_pace(self, step: int) -> None:
        rate = self.schedule.rate(step)
        decay = self._spec.weight_decay * (self.schedule.left(step) if self._recipe.fades else 1.0)
        for group, wanted in zip(self.optimiser.param_groups, self._groups, strict=True):
            group["lr"], group["weight_decay"] = rate * wanted.rate, decay * wanted.decay
            if wanted.own_rate is not None:
                group["lr"] = rate / self._spec.lr * wanted.own_rate
            if wanted.own_decay is not None:
                group["weight_decay"] = wanted.own_decay

    def _learn_in_parts(self, rows: Rows, targets: torch.Tensor) -> torch.Tensor:
        """In parts that are small enough for the memory there is: halved, and told, until they are."""
        while True:
            try:
                return self._learn(rows, targets)
            except Exception as error:
                if not is_out_of_memory(error) or self.part_rows == 1:
                    raise
            self.part_rows = -(-self.part_rows // 2)
            self.optimiser.zero_grad(set_to_none=True)
            if self.network.device.type == "cuda":
                torch.cuda.empty_cache()
            self.on_smaller_parts(self.part_rows)

    def _learn(self, rows: Rows, targets: torch.Tensor) -> torch.Tensor:
        """Add the gradients of this batch, part by part: the parts are as large as memory bears. Its loss."""
        if len(targets) <= self.part_rows:
            loss = self._compute_loss(rows, targets)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss.detach()
        total = torch.zeros((), device=targets.device)
        for start in range(0, len(targets), self.part_rows):
            part = slice(start, start + self.part_rows)
            loss = self._compute_loss(rows[part], targets[part]) * (self._weigh(targets[part]) / self._weigh(targets))
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _weigh(self, targets: torch.Tensor) -> torch.Tensor | int:
        """What these rows count, each as much as its class."""
        return len(targets) if self.class_weights is None else self.class_weights[targets].sum()

    def _compute_loss(self, rows: Rows, targets: torch.Tensor) -> torch.Tensor:
        with torch.autocast(self.network.device.type, torch.bfloat16, enabled=self._is_mixed):
            outputs = self.network(rows)
        return compute_loss(outputs.float(), targets, self._coding, self._spec.label_smoothing, self.class_weights)

    @property
    def result(self) -> Network:
        """The network that predicts: the average over its steps, where that is wanted."""
        return self.network if self._average is None else cast("Network", self._average.module)

    def predict_validation(self) -> torch.Tensor:
        """Outputs [rows, outputs] for the validation rows."""
        size, places = self.network.inference_rows, self.data.validation
        parts = [places[start : start + size] for start in range(0, len(places), size)]
        outputs = torch.cat([forward(self.result, self.data.rows[part]) for part in parts])
        return settle_members(outputs, is_regression=self._coding.task == REGRESSION)

    def copy_weights(self) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.result.state_dict().items()}

    def to_plain(self) -> dict[str, Any]:
        """What an exact resume needs to know of it."""
        return {
            "network": self.network.state_dict(),
            "average": None if self._average is None else self._average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.to_plain(),
            "part_rows": self.part_rows,
            "is_blockwise": self._is_blockwise,
        }

    def restore(self, plain: dict[str, Any], *, is_extended: bool) -> None:
        """Stand where `to_plain` was taken; epochs that a run was extended by get a cycle of their own."""
        self.network.load_state_dict(plain["network"])
        if self._average is not None:
            self._average.load_state_dict(plain["average"])
        self.optimiser.load_state_dict(plain["optimiser"])
        self.schedule = Schedule.from_plain(plain["schedule"])
        self.part_rows, self._is_blockwise = plain["part_rows"], plain["is_blockwise"]
        if is_extended:
            self.schedule.extend_to(self._spec.epochs * self.steps_per_epoch)


def _build_average(network: Network, decay: float) -> AveragedModel:
    """A copy whose weights follow those of `network`: each step, `decay` of them stays, and less in the first steps."""

    def follow(averaged: Any, weights: Any, steps: torch.Tensor | int) -> None:  # noqa: ANN401 - as torch calls it
        kept = min(decay, (1.0 + float(steps)) / (10.0 + float(steps)))
        get_ema_multi_avg_fn(kept)(averaged, weights, steps)  # type: ignore[no-untyped-call]

    return AveragedModel(network, multi_avg_fn=follow)
