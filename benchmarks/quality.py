"""`python -m benchmarks.quality FOLDER`: how well do the defaults predict the rows that were kept for the test?

Nothing is tuned per table: each is trained with the network "auto", or another for all, once per seed, on 64 % of the rows with
16 % to choose by, or on 80 % in folds. On the same split, taught by all of the 80 %: LightGBM with its defaults, where it is
installed (`pip install lightgbm`) and there is more than text. FOLDER holds california.csv, diamonds.csv, penguins.csv,
titanic.csv and mpg.csv as scikit-learn and seaborn give them, movie_reviews.csv (text, sentiment: Pang and Lee, 2005) and
snappfood.csv (comment, label: 7,000 orders' reviews in Persian). Exit code 1: one of the figures that are wanted was not reached.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from trainer.contract import AUTO, NETWORKS, EventWriter, IngestOrder, RunFolder, TrainingSpec, TrainOrder
from trainer.learning.metrics import measure
from trainer.learning.training import train
from trainer.preparing.preparation import prepare
from trainer.preparing.table import load_table
from trainer.preparing.targets import REGRESSION
from trainer.reading.ingest import TABLE_FILE, ingest

SEEDS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """One table, and what must be reached: a figure of the test rows, or at least that of boosted trees (None)."""

    name: str
    target: str
    figure: float | None
    exclude: tuple[str, ...] = ()


TABLES = (
    Wanted("california", "median_house_value", 45_500.0),
    Wanted("diamonds", "price", 530.0),
    Wanted("penguins", "species", 0.97),
    Wanted("titanic", "survived", None, ("alive",)),
    Wanted("mpg", "mpg", None, ("name",)),
    Wanted("movie_reviews", "sentiment", 0.785),
    Wanted("snappfood", "label", 0.855),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", choices=(AUTO, *NETWORKS), default=AUTO)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", nargs="*", default=[wanted.name for wanted in TABLES])
    arguments = parser.parse_args()
    missed = [
        wanted.name
        for wanted in TABLES
        if wanted.name in arguments.only and not _is_reached(wanted, arguments.folder, arguments.network, range(arguments.seeds))
    ]
    print("missed: " + ", ".join(missed) if missed else "all reached")
    return 1 if missed else 0


def _is_reached(wanted: Wanted, folder: Path, network: str, seeds: Sequence[int]) -> bool:
    with tempfile.TemporaryDirectory(prefix="tamrin-quality-") as workspace:
        data = Path(workspace) / "data"
        ingest(IngestOrder(str(folder / f"{wanted.name}.csv"), "csv", str(data), threads=_threads()))
        found = [_train(wanted, data / TABLE_FILE, network, seed) for seed in seeds]
    names = list(found[0])
    means = {name: statistics.fmean(figures[name] for figures in found) for name in names}
    is_error = means["is_error"]
    figure = means["boosting"] if wanted.figure is None else wanted.figure
    reached = means["model"] <= figure if is_error else means["model"] >= figure
    shown = "  ".join(f"{name} {means[name]:.4g}" for name in names if name != "is_error")
    print(f"{wanted.name}, mean of {len(found)}: {shown}; wanted {'at most' if is_error else 'at least'} {figure:.4g}: {reached}")
    return bool(reached)


def _train(wanted: Wanted, table: Path, network: str, seed: int) -> dict[str, float]:
    spec = TrainingSpec(target=wanted.target, exclude=wanted.exclude, network=network, seed=seed)
    with tempfile.TemporaryDirectory(prefix="tamrin-quality-") as workspace:
        events = EventWriter(Path(workspace) / "events.jsonl")
        began = time.perf_counter()
        report = train(TrainOrder(str(table), spec, _threads()), RunFolder(Path(workspace)), events, lambda: False).report
        seconds = time.perf_counter() - began
        assert report is not None
        metric = report["primary"]
        figures = {"model": report["test"][metric]}
        figures |= {name: parts["test"][metric] for name, parts in report["compared"].items()}
        figures["lightgbm"] = _fit_lightgbm(table, spec, events, metric)
        figures["trivial"] = report["trivial"][metric]
        events.close()
    is_error = metric == "rmse"
    print(
        f"  {wanted.name} seed {seed}: {metric} " + "  ".join(f"{name} {value:.4g}" for name, value in figures.items()),
        f"  the model is {report['model']['is']} ({report['network']['family']}, epoch {report['best_epoch']} of"
        f" {report['epochs']}); {seconds:.0f} s",
        flush=True,
    )
    return {**figures, "seconds": seconds, "is_error": float(is_error)}


def _fit_lightgbm(table: Path, spec: TrainingSpec, events: EventWriter, metric: str) -> float:
    """What LightGBM's defaults reach on the same test rows; not a number where it is not installed, or there is only text."""
    try:
        import lightgbm  # noqa: PLC0415
    except ImportError:
        return float("nan")
    prepared = prepare(load_table(table, _threads()), spec, events)
    split, coding = prepared.split, prepared.coding
    learnt = numpy.concatenate([split.train, split.validation])
    (rows, targets), (others, _) = (prepared.encode(positions).take(positions) for positions in (learnt, split.test))
    if rows.numbers.shape[1] + rows.categories.shape[1] == 0:
        return float("nan")
    cells, other_cells = (torch.cat([part.numbers, part.categories], dim=1).numpy() for part in (rows, others))
    is_regression = coding.task == REGRESSION
    kind: Callable[..., Any] = lightgbm.LGBMRegressor if is_regression else lightgbm.LGBMClassifier
    width = rows.numbers.shape[1]
    categorical = list(range(width, width + rows.categories.shape[1]))
    model = kind(random_state=spec.seed, verbose=-1, n_jobs=_threads())
    model.fit(cells, targets.numpy(), categorical_feature=categorical)
    predicted = model.predict(other_cells) * coding.scale + coding.mean if is_regression else model.predict_proba(other_cells)
    return float(measure(coding, prepared.true(split.test), predicted)[metric] or 0.0)


def _threads() -> int:
    return os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
