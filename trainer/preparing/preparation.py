"""A table and what is wanted of it enter; split, encoders and coded target leave, settled before the first step."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import torch
from numpy.typing import NDArray

from trainer.contract.events import EventWriter
from trainer.contract.messages import Message, Scalar
from trainer.contract.recipes import RECIPES
from trainer.contract.settling import SettledSpec, settle
from trainer.contract.spec import AUTO, TrainingSpec
from trainer.preparing.features import Features, Make
from trainer.preparing.folds import Positions
from trainer.preparing.leakage import find_leaks
from trainer.preparing.rows import Rows
from trainer.preparing.split import Split, split_rows
from trainer.preparing.table import Selection, Table
from trainer.preparing.targets import REGRESSION, TargetCoding, fit_target

LEAK_ROWS = 20_000  # that leaks are looked for in


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Some rows of the table, once for all folds that use them; `positions` tells where they are there, in ascending order.

    `targets` is [rows], int64 class numbers or float32 standardised values.
    """

    positions: Positions
    rows: Rows
    targets: torch.Tensor

    def find(self, positions: Positions) -> torch.Tensor:
        """Where these rows of the table are among those here [positions]."""
        return torch.from_numpy(numpy.searchsorted(self.positions, positions))

    def take(self, positions: Positions) -> tuple[Rows, torch.Tensor]:
        """A copy of these rows of the table, in this order, and their targets."""
        places = self.find(positions)
        return self.rows[places], self.targets[places]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is settled before the first step."""

    table: Table
    target: pandas.Series[Any]  # of all rows
    spec: SettledSpec
    coding: TargetCoding
    split: Split
    features: Features
    warnings: tuple[Message, ...] = ()  # of what looks suspicious

    def rows(self, positions: Positions) -> Selection:
        return self.table.select(positions)

    def encode(self, positions: Positions, make: Make = numpy.zeros) -> EncodedRows:
        """Features and coded targets of these rows; `make` makes the arrays that hold them."""
        positions = numpy.unique(positions)
        targets = torch.from_numpy(self.coding.encode(self.target.iloc[positions]))
        return EncodedRows(positions, self.features.encode(self.rows(positions), make), targets)

    def encode_learnt(self, make: Make = numpy.zeros) -> EncodedRows:
        """All rows that any fold learns from, or is chosen by."""
        return self.encode(numpy.concatenate([self.split.train, self.split.validation]), make)

    def with_grams(self) -> Prepared:
        """The same rows, with texts as collections of words and letters: as those read them that do not read in order."""
        training, spec = self.rows(self.split.train), self.spec
        features = Features.fit(training, self.table.columns, self.coding.name, _left_out(spec), self.coding.outputs * spec.folds)
        return dataclasses.replace(self, features=features)

    def hash(self) -> str:
        """What tells these rows, in this split and encoding, from any others."""
        settled = [self.spec.family, self.features.to_plain(), self.coding.to_plain()]
        digest = hashlib.sha256(json.dumps(settled, sort_keys=True, default=str).encode())
        for positions in (*(rows for fold in self.split.folds for rows in (fold.train, fold.validation)), self.split.test):
            digest.update(positions.tobytes())
        return digest.hexdigest()

    def true(self, positions: Positions) -> NDArray[Any]:
        """Class numbers, or the target in its own units: what metrics are measured against."""
        target = self.target.iloc[positions]
        return target.to_numpy(dtype=numpy.float64) if self.coding.task == REGRESSION else self.coding.encode(target)


def prepare(table: Table, given: TrainingSpec, events: EventWriter) -> Prepared:
    """Settle target, split and features; tell in the log what was left out and what looks suspicious."""
    spec = settle(given, table.profile)
    if given.network == AUTO:
        events.log(spec.reason)
    name, task = spec.target, spec.task
    values = table.read(name)
    split = _split(table, values, spec, events)
    if split.without_target:
        params: dict[str, Scalar] = {"rows": split.without_target, "target": name}
        events.log(Message("{rows} rows have no “{target}” and were left out.", params))
    training = table.select(split.train)
    used = numpy.concatenate([split.train, split.validation, split.test])
    coding = fit_target(name, task, values.iloc[used], values.iloc[split.train])
    outputs, reads_pieces = coding.outputs * spec.folds, RECIPES[spec.family].reads_pieces
    features = Features.fit(training, table.columns, name, _left_out(spec), outputs, reads_pieces=reads_pieces)
    for left_out in features.left_out:
        events.log(Message("“{column}” is not used: {reason}", {"column": left_out.column, "reason": left_out.reason}))
    some = numpy.random.default_rng(spec.seed).permutation(split.train)[:LEAK_ROWS]
    warnings = tuple(find_leaks(table.select(some), features.columns, coding))
    for warning in warnings:
        events.log(warning, "warning")
    return Prepared(table, values, spec, coding, split, features, warnings)


def _split(table: Table, target: pandas.Series[Any], spec: SettledSpec, events: EventWriter) -> Split:
    times, groups = (None if name is None else table.read(name) for name in (spec.time_column, spec.group_column))
    split = split_rows(target, spec.task, spec.seed, spec.folds, times=times, groups=groups)
    if spec.time_column is not None:
        text = "The rows are divided by “{column}”: the earliest are learnt from, the latest are kept for the test."
        events.log(Message(text, {"column": spec.time_column}))
    if spec.group_column is not None:
        text = "Rows with the same “{column}” stay together: the test is on values of it that were never seen."
        events.log(Message(text, {"column": spec.group_column}))
    if split.unlearnt:
        text = "{rows} rows were left out: divided so, there are no rows to learn their classes of “{target}” from."
        events.log(Message(text, {"rows": split.unlearnt, "target": spec.target}), "warning")
    return split


def _left_out(spec: SettledSpec) -> dict[str, Message]:
    """The columns that no network sees, and why."""
    reasons = dict.fromkeys(spec.exclude, Message("You left it out."))
    if spec.group_column is not None:
        reasons.setdefault(spec.group_column, Message("It says which rows belong together; those of the test have others."))
    return reasons
