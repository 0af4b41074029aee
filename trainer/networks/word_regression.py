"""What texts alone are compared with: logistic or ridge regression of scikit-learn on the same tokens (TF-IDF).

Encoded training rows and targets enter, a network that nothing trains any more leaves: the one of text_fast, with these weights.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from trainer.networks.family import NetworkShape
from trainer.networks.joined import TableWithTexts
from trainer.networks.linear import Linear
from trainer.networks.topics import as_matrix
from trainer.preparing.rows import Rows

BINARY = 2
ROUNDS, MOST_FITS = 50, 20  # of the solver, between looks at the time


def fit_word_regression(
    rows: Rows,
    targets: torch.Tensor,
    shape: NetworkShape,
    has_time: Callable[[], bool] = lambda: True,
    *,
    is_balanced: bool = False,
) -> tuple[TableWithTexts, NetworkShape]:
    """The weights that fit these rows and targets [rows] best, at scikit-learn's own strength of regularisation.

    `has_time` is asked now and then; when it turns false, the weights are as they are. `is_balanced`: all classes count the same.
    """
    assert rows.tokens is not None, "rows of texts have tokens"
    matrix = as_matrix(rows.tokens, shape.vocabulary)
    shape = dataclasses.replace(shape, hidden=(), dropout=0.0, fitted={})
    weight = "balanced" if is_balanced else None
    model: Any = Ridge(solver="sparse_cg")
    if not shape.is_regression:
        model = LogisticRegression(max_iter=ROUNDS, class_weight=weight, warm_start=True)
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):  # it goes on where it was
        for _ in range(MOST_FITS):
            model.fit(matrix, targets.numpy())
            if shape.is_regression or int(numpy.max(model.n_iter_)) < ROUNDS or not has_time():
                break
    weights, biases = torch.from_numpy(numpy.atleast_2d(model.coef_)).T, torch.from_numpy(numpy.atleast_1d(model.intercept_))
    if shape.outputs == BINARY and not shape.is_regression:  # scikit-learn only says how much more likely the second class is
        weights, biases = (torch.cat([torch.zeros_like(part), part], dim=-1) for part in (weights, biases))
    reader = Linear(shape)  # of the columns beside the texts, of which there are none: it has only a bias
    network = TableWithTexts(reader, shape)
    with torch.no_grad():
        network.words.weight.copy_(weights)
        reader.bias.copy_(biases)
    return network, shape
