"""The training loop: encoded rows and a specification enter, the weights of the best epoch leave.

It tells its progress in events, keeps a checkpoint, and stops after the step in which a stop was asked for.
Refused: a loss that is no longer finite.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from trainer.contract.events import DISK_FULL, EventWriter
from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.recipes import RECIPES
from trainer.contract.settling import SettledSpec
from trainer.learning.allowed_time import AllowedTime
from trainer.learning.checkpoint import Best, State, restore_random_states, save_checkpoint
from trainer.learning.learner import Learner
from trainer.learning.losses import choosing_score, compute_loss, primary_metric
from trainer.learning.schedule import PLATEAU
from trainer.networks import Network
from trainer.preparing.targets import TargetCoding

REPORT_SECONDS = 0.1  # between two metrics at first; the longer the run, the less a tenth of a second tells,
REPORTS_PER_AGE = 3000  # so that from 5 minutes on it is a 3000th of its age,
LONGEST_REPORT_SECONDS = 1.0  # and never more than this: somebody may watch
CHECKPOINT_SECONDS = 5.0
EPOCHS_ON_PLATEAU = 5
ONE_THREAD_WORK = 20_000_000  # multiplications per step below which a second thread costs more than it gives


@dataclass(frozen=True, slots=True)
class LoopResult:
    """How training ended; `best` is None when it was stopped before the end of the first epoch."""

    best: Best | None
    epochs: int
    steps: int
    stopped: bool
    is_saved: bool  # whether a checkpoint of its last step is on disk
    seconds: float  # in all attempts
    device: str
    threads: int


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where checkpoints go, how many of the newest are kept, and what they say of the data they belong to."""

    folder: Path
    keep: int = 2
    data_hash: str = ""


class TrainingLoop:
    """One run: a network, or several that each leave another fold of the rows out. They learn side by side, epoch by epoch."""

    def __init__(
        self,
        learners: Sequence[Learner],
        spec: SettledSpec,
        coding: TargetCoding,
        events: EventWriter,
        checkpoints: Checkpoints,
        should_stop: Callable[[], bool],
    ) -> None:
        self.learners, self.spec, self._recipe = learners, spec, RECIPES[spec.family]
        self.generator = torch.Generator().manual_seed(spec.seed)
        self.epoch_generator_state = self.generator.get_state()
        self.step = self.epochs_done = 0
        self.is_ended = False
        self.patient_since = 0  # something better is waited for from this epoch on
        self.dropped_at = 0  # the epoch after which the learning rate was lowered last
        self.steps_per_epoch = sum(learner.steps_per_epoch for learner in learners)
        self._planned_steps = self.total_steps = spec.epochs * self.steps_per_epoch
        self._time = AllowedTime(spec.max_minutes)
        self.losses = torch.zeros(self.steps_per_epoch, device=self.device)  # of this epoch; read only when reported
        self.best: Best | None = None
        self.data_hash = checkpoints.data_hash
        self._coding, self._events = coding, events
        # How often it is right says little where classes are to count the same.
        self._chooses_by_metric = self._recipe.chooses_by == "metric" and spec.class_weight == "none"
        self._validation_targets = torch.cat([learner.data.validation_targets for learner in learners])
        self._checkpoints, self._should_stop = checkpoints, should_stop
        self._is_unsaved_told = False
        for learner in learners:
            learner.on_smaller_parts = self._tell_smaller_parts
        self._started = self._saved_at = time.monotonic()
        self._report_at = 0.0  # the first step is reported at once, so that a viewer sees life
        self._rows, self._rows_since = 0, time.monotonic()

    @property
    def device(self) -> torch.device:
        return self.learners[0].network.device

    @property
    def seconds(self) -> float:
        """How long it has trained, in all attempts."""
        return self._time.spent

    @property
    def epoch_now(self) -> float:
        """Epochs done so far; 3.5 is the middle of the fourth."""
        return round(self.step / self.steps_per_epoch, 4)

    def restore(self, state: State) -> None:
        """Stand where the checkpoint was taken: what follows is, to the last bit, what would have followed then."""
        is_extended = state["is_extended"] and state["epoch"] < self.spec.epochs
        for learner, plain in zip(self.learners, state["learners"], strict=True):
            learner.restore(plain, is_extended=is_extended)
        self.step, self.epochs_done = state["step"], state["epoch"]
        self.losses[: state["step_in_epoch"]] = state["losses"]
        is_between_epochs = state["step_in_epoch"] == 0
        self.epoch_generator_state = state["epoch_generator"]
        self.generator.set_state(state["generator"] if is_between_epochs else state["epoch_generator"])
        if state["best"]:
            self.best = Best(**state["best"])
        # Who lets a run that was over go on wants so many epochs, whether or not they bring anything.
        self.patient_since = self.spec.epochs if is_extended else state["patient_since"]
        self.dropped_at = state["dropped_at"]
        self.is_ended = state["is_ended"] and not is_extended
        self._time.begin(self.step, state["seconds"] if not is_extended else 0.0)
        restore_random_states(state["random_states"])

    def run(self) -> LoopResult:
        """Train `spec.epochs` epochs of `steps_per_epoch` steps each, as far as there is time, or until a stop is asked for.

        Raises:
            Refusal: `diverged`.
        """
        self._rows_since = time.monotonic()
        self._time.begin(self.step, self._time.spent_before)
        is_between_epochs = self.epochs_done > 0 and self.step == self.epochs_done * self.steps_per_epoch
        if is_between_epochs and self._has_learnt_enough(self.epochs_done):
            self.is_ended = True  # it was interrupted before it could see that
        for epoch in range(self.epochs_done + 1, self.spec.epochs + 1) if not self.is_ended else ():
            if not self._train_epoch(epoch):
                return self._stop(epoch)
            self._finish_epoch(epoch)
            if self._is_out_of_time() or self._has_learnt_enough(epoch):
                break
        return self._end(stopped=False)

    def _train_epoch(self, epoch: int) -> bool:
        """Take an epoch's steps that are not taken yet and that there is time for, one learner after the other.

        False: a stop was asked for.
        """
        self.epoch_generator_state = self.generator.get_state()
        done, place = self.step - self.epochs_done * self.steps_per_epoch, 0
        for learner in self.learners:
            first = min(max(done - place, 0), learner.steps_per_epoch)
            batches = learner.start_epoch(self.generator, self.epochs_done, first)
            for position in range(first, learner.steps_per_epoch):
                rows, targets = batches[position * self.spec.batch_size : (position + 1) * self.spec.batch_size]
                step = self.epochs_done * learner.steps_per_epoch + position
                self.losses[place + position] = learner.take_step(rows, targets, step)
                self.step += 1
                self._rows += len(targets)
                if self._should_stop() and self.step < self.total_steps:
                    return False
                steps = place + position + 1
                if time.monotonic() >= self._report_at and steps < self.steps_per_epoch:
                    self._report_steps(epoch, steps)
                    if self._keep_to_time():
                        return True
            place += learner.steps_per_epoch
        return True

    def _keep_to_time(self) -> bool:
        """Plan as many steps as there is time for, whole epochs if it suffices for one; whether it is over."""
        fitting, size = self._time.fit(self.step, self._planned_steps), self.steps_per_epoch
        is_whole = self.step % size == 0
        if not is_whole and (len(self.learners) > 1 or (self.epochs_done and not self._time.is_over)):
            return False  # planned when the epoch began; networks that learn one after the other all finish it
        self.total_steps = max(self.step, fitting - fitting % size if fitting >= size else fitting)
        for learner in self.learners:
            learner.schedule.shorten_to(-(-self.total_steps * learner.steps_per_epoch // size))
        return self.step >= self.total_steps

    def _is_out_of_time(self) -> bool:
        if not self._keep_to_time() or self.step >= self._planned_steps:
            return False
        text = "The time allowed, {minutes} minutes, suffices for no further epoch: training ends after {epoch} epochs."
        self._events.log(Message(text, {"minutes": self.spec.max_minutes or 0.0, "epoch": round(self.epoch_now, 2)}))
        return True

    def _has_learnt_enough(self, epoch: int) -> bool:
        patience, best = self._recipe.patience, self.best
        if patience is None or best is None or epoch == self.spec.epochs:
            return False
        if epoch - max(best.epoch, self.patient_since) < patience:
            return False
        text = "No epoch has been better than epoch {best} since, so training ended after epoch {epoch}."
        self._events.log(Message(text, {"best": best.epoch, "epoch": epoch}))
        return True

    def _finish_epoch(self, epoch: int) -> None:
        steps = self.step - self.epochs_done * self.steps_per_epoch  # fewer than an epoch's when the time is over
        train_loss = self._mean_loss(epoch, steps)
        outputs, targets = torch.cat([learner.predict_validation() for learner in self.learners]), self._validation_targets
        loss = compute_loss(outputs, targets, self._coding, class_weights=self.learners[0].class_weights).item()
        if not math.isfinite(loss):
            raise self._diverged(epoch, steps)
        name, value = primary_metric(outputs, targets, self._coding)
        score = choosing_score(loss, name, value) if self._chooses_by_metric else (loss,)
        if self.best is None or score < self.best.score:
            self.best = Best(epoch, loss, score, [learner.copy_weights() for learner in self.learners])
        self.epochs_done += steps == self.steps_per_epoch
        self._lower_rate(epoch)
        self._emit_metric(self.epoch_now, {"train_loss": train_loss, "validation_loss": loss, name: value})
        self._save_now_and_then()

    def _lower_rate(self, epoch: int) -> None:
        """Where that is wanted, take smaller steps once nothing becomes better with these."""
        assert self.best is not None, "an epoch is finished"
        patience = min(EPOCHS_ON_PLATEAU, (self._recipe.patience or 2 * EPOCHS_ON_PLATEAU) // 2)
        if self.spec.schedule != PLATEAU or epoch - max(self.best.epoch, self.dropped_at) < patience:
            return
        self.dropped_at = epoch
        for learner in self.learners:
            learner.schedule.drop_at(self.epochs_done * learner.steps_per_epoch)

    def _report_steps(self, epoch: int, steps: int) -> None:
        loss = self._mean_loss(epoch, steps)
        self._emit_metric(round(epoch - 1 + steps / self.steps_per_epoch, 4), {"train_loss": loss})
        self._save_now_and_then()

    def _mean_loss(self, epoch: int, steps: int) -> float:
        losses = self.losses[:steps]
        mean = losses.mean().item()
        if not math.isfinite(mean):
            broken = (~losses.isfinite()).nonzero()
            raise self._diverged(epoch, int(broken[0].item()) + 1 if len(broken) else steps)
        return mean

    def _emit_metric(self, epoch: float, values: dict[str, float]) -> None:
        now = time.monotonic()
        speed = round(self._rows / max(now - self._rows_since, 1e-9), 1)
        place = {"epoch": epoch, "step": self.step, "total_steps": self.total_steps}
        self._events.emit("metric", **place, rows_per_second=speed, values=values)
        if not self._report_at:
            self._events.flush()
        age = now - self._started
        self._report_at = now + min(LONGEST_REPORT_SECONDS, max(REPORT_SECONDS, age / REPORTS_PER_AGE))
        self._rows, self._rows_since = 0, now

    def _stop(self, epoch: int) -> LoopResult:
        steps = self.step - self.epochs_done * self.steps_per_epoch
        if steps == self.steps_per_epoch:
            self._finish_epoch(epoch)
        else:
            loss = self._mean_loss(epoch, steps)  # a run that diverged is refused, not kept
            self._emit_metric(self.epoch_now, {"train_loss": loss})  # what is known of the run is where it will go on
        return self._end(stopped=True)

    def _end(self, *, stopped: bool) -> LoopResult:
        self.is_ended = not stopped
        is_saved = self._save()
        epochs = max(self.epochs_done, self.best.epoch if self.best else 0)  # there may have been no time for a whole one
        ended = (self.seconds, self.device.type, torch.get_num_threads())
        return LoopResult(self.best, epochs, self.step, stopped, is_saved, *ended)

    def _save_now_and_then(self) -> None:
        if time.monotonic() - self._saved_at >= CHECKPOINT_SECONDS:
            self._save()

    def _save(self) -> bool:
        """Keep a checkpoint; a full disk is told once until there is space again, and training goes on."""
        try:
            save_checkpoint(self._checkpoints.folder, self, self._checkpoints.keep)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            if not self._is_unsaved_told:
                self._events.log(Message("The disk is full: no checkpoint could be kept. Training goes on."), "warning")
            self._is_unsaved_told = True
        else:
            self._is_unsaved_told = False
        self._saved_at = time.monotonic()
        return not self._is_unsaved_told

    def _tell_smaller_parts(self, rows: int) -> None:
        text = "There was not enough memory for a batch at once: it is learnt from {rows} rows at a time."
        self._events.log(Message(text, {"rows": rows}), "warning")

    def _diverged(self, epoch: int, step: int) -> Refusal:
        message = Message(
            "The loss became infinite at epoch {epoch}, step {step}, with learning rate {lr};"
            " try a smaller one, such as {smaller}.",
            {"epoch": epoch, "step": step, "lr": f"{self.spec.lr:g}", "smaller": f"{max(self.spec.lr / 10, 1e-5):g}"},
        )
        return Refusal(Problem("diverged", message, "lr"))


def choose_threads(network: Network, batch_rows: int, most: int) -> int:
    """One thread for small networks, which run faster so; decided by arithmetic, not by timing, so that runs repeat."""
    return most if network.work_per_row * batch_rows > ONE_THREAD_WORK else 1
