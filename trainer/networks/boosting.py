"""Boosted trees of scikit-learn, written as tensors: what every network is measured against, and may lose against.

Encoded training rows and targets enter, a `Network` that nothing trains any more leaves; it predicts as scikit-learn does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from trainer.networks.family import Network, NetworkShape
from trainer.networks.topics import Topics, fit_topics
from trainer.preparing.rows import Rows

SIZES = ("trees", "nodes", "bitsets", "depth", "topic_tokens")
MOST_STEPS, PATIENCE = 400, 20
MOST_TREES = 5_000  # one per step and class
TREES_AT_ONCE = 20  # between looks at the time
MOST_PLACES_AT_ONCE = 4_000_000  # rows times trees
MOST_PLACES = 255  # of a category, as scikit-learn has it; one with more is a number, the most frequent level the lowest
BITS = 32
BINARY = 2


class BoostedTrees(Network):
    """Trees of one step each for every output, all of them padded to the nodes of the largest.

    Texts are told to them as a few numbers, by the topics of the training rows (latent semantic analysis).
    """

    def __init__(self, sizes: Mapping[str, int], outputs: int) -> None:
        super().__init__()
        trees, nodes, bitsets, depth, topic_tokens = (sizes[name] for name in SIZES)
        self._outputs, self._depth = outputs, depth
        self.register_buffer("feature", torch.zeros(trees, nodes, dtype=torch.int32))
        self.register_buffer("threshold", torch.zeros(trees, nodes, dtype=torch.float64))
        self.register_buffer("left", torch.zeros(trees, nodes, dtype=torch.int16))
        self.register_buffer("right", torch.zeros(trees, nodes, dtype=torch.int16))
        self.register_buffer("value", torch.zeros(trees, nodes, dtype=torch.float64))
        self.register_buffer("bitset", torch.full((trees, nodes), -1, dtype=torch.int32))  # of a node that asks for a category
        self.register_buffer("levels", torch.zeros(bitsets + 1, MOST_PLACES + 1, dtype=torch.bool))  # who goes left
        self.register_buffer("start", torch.zeros(1 if outputs == BINARY else outputs, dtype=torch.float64))
        self.topics = Topics(topic_tokens)

    @classmethod
    def of(cls, shape: NetworkShape) -> BoostedTrees:
        """Room for the trees whose sizes `shape` tells."""
        return cls(shape.fitted, shape.outputs)

    @property
    def device(self) -> torch.device:
        return self.get_buffer("value").device

    def forward(self, rows: Rows) -> torch.Tensor:
        """[rows, outputs] float32: values, or what softmax makes probabilities of."""
        at_once = max(1, MOST_PLACES_AT_ONCE // len(self.get_buffer("value")))
        return torch.cat([self._sum_trees(_cells(part, self.topics)) for part in rows.split(at_once)])

    def _sum_trees(self, cells: torch.Tensor) -> torch.Tensor:
        trees = torch.arange(len(self.get_buffer("value")), device=cells.device)
        place = torch.zeros(len(cells), len(trees), dtype=torch.int64, device=cells.device)
        for _ in range(self._depth):
            place = self._descend(cells, trees, place)
        outputs = self.get_buffer("start").numel()
        sums = self.get_buffer("value")[trees, place].view(len(cells), len(trees) // outputs, outputs).sum(dim=1)
        raw = sums + self.get_buffer("start")
        return (torch.cat([torch.zeros_like(raw), raw], dim=1) if self._outputs == BINARY else raw).float()

    def _descend(self, cells: torch.Tensor, trees: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        cell = cells.gather(1, self.get_buffer("feature")[trees, place].long())
        bitset = self.get_buffer("bitset")[trees, place].long()
        is_member = self.get_buffer("levels")[bitset, cell.clamp(0, MOST_PLACES).long()]
        goes_left = torch.where(bitset >= 0, is_member, cell <= self.get_buffer("threshold")[trees, place])
        return torch.where(goes_left, self.get_buffer("left")[trees, place], self.get_buffer("right")[trees, place]).long()


def _cells(rows: Rows, topics: Topics) -> torch.Tensor:
    return torch.cat([rows.numbers.double(), topics(rows), rows.categories.double()], dim=1)


def fit_boosting(
    training: tuple[Rows, torch.Tensor],
    validation: tuple[Rows, torch.Tensor],
    shape: NetworkShape,
    seed: int,
    has_time: Callable[[], bool] = lambda: True,
    *,
    is_balanced: bool = False,
) -> tuple[BoostedTrees, NetworkShape]:
    """Boosted trees on encoded rows and coded targets [rows], until more of them bring the validation rows nothing.

    `has_time` is asked every few steps; when it turns false, the trees that are there are all. `is_balanced`: all classes count
    the same.
    """
    topics = fit_topics(training[0], shape.vocabulary, seed)
    cells, targets = _cells(training[0], topics).numpy(), training[1].numpy()
    categorical = [
        column for column, places in enumerate(shape.places, cells.shape[1] - len(shape.places)) if places <= MOST_PLACES
    ]
    trees_per_step = 1 if shape.is_regression or shape.outputs == BINARY else shape.outputs
    most_steps = min(MOST_STEPS, max(1, MOST_TREES // trees_per_step))
    kind: Any = HistGradientBoostingRegressor if shape.is_regression else HistGradientBoostingClassifier
    balance = {"class_weight": "balanced"} if is_balanced else {}
    model = kind(
        **balance,
        categorical_features=categorical or None,
        early_stopping=True,
        max_iter=0,
        n_iter_no_change=PATIENCE,
        random_state=seed,
        warm_start=True,
    )
    judged_by = {"X_val": _cells(validation[0], topics).numpy(), "y_val": validation[1].numpy()}
    steps_at_once = max(1, TREES_AT_ONCE // trees_per_step)
    for steps in range(steps_at_once, most_steps + steps_at_once, steps_at_once):
        model.set_params(max_iter=min(steps, most_steps)).fit(cells, targets, **judged_by)
        if model.n_iter_ < steps or not has_time():
            break
    network, shape = _as_tensors(model, cells, categorical, dataclasses.replace(shape, fitted={"topic_tokens": len(topics)}))
    network.topics.load_state_dict(topics.state_dict())
    return network, shape


def _as_tensors(
    model: Any,  # noqa: ANN401 - either of two classes
    cells: NDArray[numpy.float64],
    categorical: list[int],
    shape: NetworkShape,
) -> tuple[BoostedTrees, NetworkShape]:
    trees = [tree for step in model._predictors for tree in step]  # noqa: SLF001 - scikit-learn has no other way in
    # It puts categories before numbers, and counts the levels that it has seen.
    order = [*categorical, *(column for column in range(cells.shape[1]) if column not in set(categorical))]
    levels = [numpy.unique(cells[:, column]).astype(int) for column in categorical]
    sizes = {
        "trees": len(trees),
        "nodes": max(len(tree.nodes) for tree in trees),
        "bitsets": sum(len(tree.raw_left_cat_bitsets) for tree in trees),
        "depth": max(int(tree.nodes["depth"].max()) for tree in trees),
        "topic_tokens": shape.fitted["topic_tokens"],
    }
    shape = dataclasses.replace(shape, hidden=(), dropout=0.0, fitted={**sizes, "steps": int(model.n_iter_)})
    network = BoostedTrees.of(shape)
    state = {name: buffer.numpy() for name, buffer in network.named_buffers()}
    state["start"][:] = model._baseline_prediction.ravel()  # noqa: SLF001
    first = 0
    for position, tree in enumerate(trees):
        found, count = tree.nodes, len(tree.nodes)
        # A leaf is its own child, so that a row which has arrived stays.
        own = numpy.arange(count)
        is_leaf = found["is_leaf"].astype(bool)
        state["left"][position, :count] = numpy.where(is_leaf, own, found["left"])
        state["right"][position, :count] = numpy.where(is_leaf, own, found["right"])
        state["feature"][position, :count] = numpy.take(order, numpy.where(is_leaf, 0, found["feature_idx"]))
        state["threshold"][position, :count] = found["num_threshold"]
        state["value"][position, :count] = numpy.where(is_leaf, found["value"], 0.0)
        for node in numpy.flatnonzero(found["is_categorical"].astype(bool) & ~is_leaf):
            place = first + int(found["bitset_idx"][node])
            state["bitset"][position, node] = place
            state["levels"][place] = bool(found["missing_go_to_left"][node])
            bits = tree.raw_left_cat_bitsets[found["bitset_idx"][node]]
            for ordinal, level in enumerate(levels[found["feature_idx"][node]]):
                state["levels"][place, level] = bits[ordinal // BITS] >> (ordinal % BITS) & 1
        first += len(tree.raw_left_cat_bitsets)
    return network, shape
