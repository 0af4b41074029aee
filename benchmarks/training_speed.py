"""`python -m benchmarks.training_speed`: how many rows per second go through our loop, and through those that others use?

Side by side in one run, round after round: a network 108-width-width-2 with GELU and dropout, 32,561 rows, the same batches
and epochs, on the processor. Ours is the whole loop of a run, events and checkpoints included. The others are a loop over a
DataLoader, skorch and Lightning (`pip install skorch lightning`; left out where they are missing), and scikit-learn's
MLPClassifier, which knows no dropout. "Products alone" are the matrix products of a step, forwards and backwards, and nothing
else: the most that could be reached. Exit code 1: a factor that is wanted was not reached.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import logging
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from sklearn.neural_network import MLPClassifier
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainer.contract import EventWriter, SettledSpec
from trainer.learning.learner import Learner, TrainingData
from trainer.learning.loop import Checkpoints, TrainingLoop, choose_threads
from trainer.networks import NetworkShape, build_network
from trainer.preparing.rows import Rows
from trainer.preparing.targets import TargetCoding

ROWS, INPUTS, CLASSES = 32_561, 108, 2
DROPOUT, RATE = 0.1, 0.001
SIZES = ((32, 64), (256, 256), (1024, 512))  # rows per batch, width
EPOCHS = {32: 1, 256: 2, 1024: 2}
ROUNDS = 5
WANTED = {"Lightning": 2.5, "skorch": 2.0, "DataLoader": 1.5, "MLPClassifier": 1.0}
Timed = Callable[[int, int], float]  # (rows per batch, width) -> seconds for the epochs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    contestants = _find_contestants()
    print(f"{os.cpu_count()} processors; missing: {', '.join(set(WANTED) - set(contestants)) or 'nothing'}")
    reached = [_compare(contestants, batch, width, arguments.rounds) for batch, width in SIZES]
    return 0 if all(reached) else 1


def _compare(contestants: Mapping[str, Timed], batch: int, width: int, rounds: int) -> bool:
    """Every contestant in turn, several times; the medians are compared."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _, (name, train) in itertools.product(range(rounds), contestants.items()):
        torch.set_num_threads(os.cpu_count() or 1)
        seconds[name].append(train(batch, width))
    rows = ROWS * EPOCHS[batch]
    speeds = {name: rows / statistics.median(times) for name, times in seconds.items()}
    shown = ", ".join(f"{name} {speed:,.0f}" for name, speed in speeds.items())
    print(f"batch {batch}, width {width}, rows/s: {shown}")
    factors = {name: speeds["ours"] / speeds[name] for name in WANTED if name in speeds}
    shown = ", ".join(f"{factor:.2f} times {name} (wanted {WANTED[name]})" for name, factor in factors.items())
    print(f"  ours: {shown}; {speeds['ours'] / speeds['products alone']:.0%} of the products alone", flush=True)
    return all(factor >= WANTED[name] for name, factor in factors.items())


def _find_contestants() -> dict[str, Timed]:
    found: dict[str, Timed] = {
        "ours": _time_ours,
        "DataLoader": _time_data_loader,
        "MLPClassifier": _time_scikit_learn,
        "products alone": _time_products,
    }
    with contextlib.suppress(ImportError):
        import skorch  # noqa: F401, PLC0415

        found["skorch"] = _time_skorch
    with contextlib.suppress(ImportError):
        import lightning  # noqa: F401, PLC0415

        found["Lightning"] = _time_lightning
    return found


def _make_rows() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(ROWS, INPUTS, generator=generator)
    return rows, (rows[:, 0] + torch.randn(ROWS, generator=generator) > 0).long()


def _plain_network(width: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(INPUTS, width), nn.GELU(), nn.Dropout(DROPOUT)),
        *(nn.Linear(width, width), nn.GELU(), nn.Dropout(DROPOUT)),
        nn.Linear(width, CLASSES),
    )


@contextlib.contextmanager
def _timed(seconds: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds.append(time.perf_counter() - began)


def _time_ours(batch: int, width: int) -> float:
    rows, targets = _make_rows()
    spec = SettledSpec(
        target="y", epochs=EPOCHS[batch], batch_size=batch, lr=RATE, hidden=(width, width), dropout=DROPOUT, weight_decay=0.01
    )
    shape = NetworkShape(INPUTS, 0, (), CLASSES, hidden=spec.hidden, dropout=DROPOUT)
    network = build_network(spec.family, shape, 0)
    arranged = network.arrange(Rows(rows, torch.zeros(ROWS, 0, dtype=torch.long)))
    coding = TargetCoding("y", "binary", ("a", "b"))
    torch.set_num_threads(choose_threads(network, batch, os.cpu_count() or 1))
    seconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="tamrin-speed-") as folder:
        events = EventWriter(Path(folder) / "events.jsonl")
        learner = Learner(network, TrainingData(arranged, targets, torch.arange(ROWS), torch.arange(1000)), spec, coding)
        loop = TrainingLoop([learner], spec, coding, events, Checkpoints(Path(folder)), lambda: False)
        with _timed(seconds):
            loop.run()
        events.close()
    return seconds[0]


def _time_data_loader(batch: int, width: int) -> float:
    loader = DataLoader(TensorDataset(*_make_rows()), batch_size=batch, shuffle=True)
    network = _plain_network(width)
    optimiser, compute_loss = torch.optim.AdamW(network.parameters(), lr=RATE), nn.CrossEntropyLoss()
    seconds: list[float] = []
    with _timed(seconds):
        for _ in range(EPOCHS[batch]):
            for rows, targets in loader:
                optimiser.zero_grad()
                compute_loss(network(rows), targets).backward()
                optimiser.step()
    return seconds[0]


def _time_scikit_learn(batch: int, width: int) -> float:
    rows, targets = (part.numpy() for part in _make_rows())
    model = MLPClassifier((width, width), batch_size=batch, max_iter=EPOCHS[batch], learning_rate_init=RATE, n_iter_no_change=100)
    seconds: list[float] = []
    with _timed(seconds):
        model.fit(rows, targets)
    return seconds[0]


def _time_skorch(batch: int, width: int) -> float:
    from skorch import NeuralNetClassifier  # noqa: PLC0415

    rows, targets = (part.numpy() for part in _make_rows())
    model = NeuralNetClassifier(
        _plain_network(width),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        lr=RATE,
        batch_size=batch,
        max_epochs=EPOCHS[batch],
        train_split=None,
        verbose=0,
        iterator_train__shuffle=True,
    )
    seconds: list[float] = []
    with _timed(seconds):
        model.fit(rows, targets)
    return seconds[0]


def _time_lightning(batch: int, width: int) -> float:
    import lightning  # noqa: PLC0415

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = _plain_network(width)

        def training_step(self, part: list[torch.Tensor], _number: int) -> torch.Tensor:
            return nn.functional.cross_entropy(self.network(part[0]), part[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=RATE)

    loader = DataLoader(TensorDataset(*_make_rows()), batch_size=batch, shuffle=True)
    quiet: dict[str, Any] = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )
    trainer = lightning.Trainer(max_epochs=EPOCHS[batch], accelerator="cpu", **quiet)
    seconds: list[float] = []
    with _timed(seconds):
        trainer.fit(Module(), loader)
    return seconds[0]


def _time_products(batch: int, width: int) -> float:
    """Forwards one product per layer; backwards two, but for the first layer, whose inputs learn nothing."""
    sizes = [(INPUTS, width), (width, width), (width, CLASSES)]
    weights = [torch.randn(*size) for size in sizes]
    rows = [torch.randn(batch, first) for first, _ in sizes]
    backs = [torch.randn(batch, second) for _, second in sizes]
    steps = EPOCHS[batch] * -(-ROWS // batch)
    seconds: list[float] = []
    with torch.inference_mode(), _timed(seconds):
        for _ in range(steps):
            for number, (weight, seen, back) in enumerate(zip(weights, rows, backs, strict=True)):
                torch.mm(seen, weight)
                torch.mm(seen.T, back)
                if number:
                    torch.mm(back, weight.T)
    return seconds[0]


if __name__ == "__main__":
    sys.exit(main())
