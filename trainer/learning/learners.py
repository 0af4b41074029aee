"""Prepared rows enter, learners leave: the network of each fold before its first step, on the device where it is trained."""

from __future__ import annotations

import numpy
import torch

from trainer.learning.devices import choose_device
from trainer.learning.learner import Learner, TrainingData
from trainer.learning.shapes import ENCODED_BYTES, fit_shape, rows_within
from trainer.networks import Network, NetworkShape, build_network
from trainer.networks.flat import flat_width
from trainer.preparing.preparation import Prepared
from trainer.preparing.rows import Rows
from trainer.preparing.storage import Storage

INITIAL_ROWS = 200_000  # of the training rows that first weights are found by
ROWS_AT_ONCE = 100_000


def build_learners(prepared: Prepared, storage: Storage) -> tuple[list[NetworkShape], list[Learner]]:
    """The network of each fold before its first step, where it is trained; all of them learn from one copy of the rows."""
    spec, folds = prepared.spec, prepared.split.folds
    encoded = prepared.encode_learnt(storage.make)
    places = [(encoded.find(fold.train), encoded.find(fold.validation)) for fold in folds]
    few = rows_within(ENCODED_BYTES, prepared.features)  # a shape is found by
    shapes = [fit_shape(prepared, encoded.rows[train[:few]], encoded.targets[train]) for train, _ in places]
    networks = [build_network(spec.family, shape, spec.seed + number) for number, shape in enumerate(shapes)]
    rows, is_mapped = _arrange(networks[0], encoded.rows, storage)
    for number, (network, (train, _)) in enumerate(zip(networks, places, strict=True)):
        first = train[: min(few, INITIAL_ROWS)]
        network.initialise(rows[first], encoded.targets[first], torch.Generator().manual_seed(spec.seed + number))
    device = choose_device(spec, flat_width(shapes[0]))
    is_mapped = is_mapped and device.type == "cpu"
    rows, targets = rows.to(device), encoded.targets.to(device)
    # In the order of the rows, whose neighbours a mapped file gives together: every epoch shuffles them anyway.
    ordered = [(train.sort().values.to(device), validation.to(device)) for train, validation in places]
    data = [TrainingData(rows, targets, train, validation, is_mapped) for train, validation in ordered]
    learners = [Learner(network.to(device), part, spec, prepared.coding) for network, part in zip(networks, data, strict=True)]
    return shapes, learners


def _arrange(network: Network, rows: Rows, storage: Storage) -> tuple[Rows, bool]:
    """What the network takes of these rows, made part by part; whether any of it is in a mapped file, for want of memory."""
    few = network.arrange(rows[:1])
    made = [storage.make((len(rows), part.shape[1]), part.numpy().dtype) for part in (few.numbers, few.categories)]
    numbers, categories = map(torch.from_numpy, made)
    for start, part in zip(range(0, len(rows), ROWS_AT_ONCE), rows.split(ROWS_AT_ONCE), strict=True):
        arranged, place = network.arrange(part), slice(start, start + len(part))
        numbers[place], categories[place] = arranged.numbers, arranged.categories
    return Rows(numbers, categories, rows.tokens), any(isinstance(part, numpy.memmap) for part in made)
