"""`tabm`: many perceptrons that share nearly all of their weights, trained together and averaged (Gorishniy et al., 2025).

TabM-mini with piecewise-linear embeddings of numbers, of the authors' packages `tabm` and `rtdl_num_embeddings`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy
import torch
from numpy.typing import NDArray
from rtdl_num_embeddings import PiecewiseLinearEmbeddings
from tabm import ElementwiseAffine, EnsembleView, LinearEnsemble
from torch import nn
from torch.nn import functional

from trainer.networks.dropout import MaskedDropout
from trainer.networks.family import INFERENCE_ROWS, Family, Fitted, Network, NetworkShape
from trainer.networks.flat import bend, flat_width, flatten
from trainer.preparing.rows import Rows

MEMBERS = 16  # the authors take 32: a processor takes twice as long for little more
BINS = 48
EMBEDDING_WIDTH = 16
LEAST_BIN = 1e-4  # narrower ones would explode what lies in them
FEWEST_EDGES = 2  # a bin alone would only say how far a number is
MOST_NUMBERS_AT_ONCE = 16_000_000


class TabM(Network):
    """Outputs are [rows, members, outputs]."""

    members = MEMBERS

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self._shape = shape
        edges = [torch.tensor(column) for column in shape.fitted["edges"]]
        self.embeddings = (
            PiecewiseLinearEmbeddings(edges, EMBEDDING_WIDTH, activation=False, version="B") if edges else nn.Identity()
        )
        others = flat_width(shape) - shape.numbers
        inputs = shape.numbers * EMBEDDING_WIDTH + others
        # What comes from one number is weakened or strengthened together, differently for each member.
        chunks = [EMBEDDING_WIDTH] * shape.numbers + [1] * others
        self.view = EnsembleView(k=MEMBERS)
        self.scales = ElementwiseAffine((MEMBERS, inputs), bias=False, scaling_init="normal", scaling_init_chunks=chunks)
        widths = [inputs, *shape.hidden]
        self._widest = max(widths)
        self.layers = nn.ModuleList(nn.Linear(narrow, wide) for narrow, wide in pairwise(widths))
        self.dropouts = nn.ModuleList(MaskedDropout(width, shape.dropout, MEMBERS) for width in shape.hidden)
        self.output = LinearEnsemble(widths[-1], shape.outputs, k=MEMBERS)

    @property
    def inference_rows(self) -> int:
        return max(1, min(INFERENCE_ROWS, MOST_NUMBERS_AT_ONCE // (MEMBERS * max(1, self._widest))))

    def arrange(self, rows: Rows) -> Rows:
        return flatten(rows, self._shape)

    def forward(self, rows: Rows) -> torch.Tensor:
        seen = rows.numbers
        numbers = self._shape.numbers
        if numbers:
            seen = torch.cat([self.embeddings(seen[:, :numbers]).flatten(1), seen[:, numbers:]], dim=1)
        seen = self.scales(self.view(seen)).flatten(0, 1)
        for layer, dropout in zip(self.layers, self.dropouts, strict=True):
            seen = dropout(functional.relu(layer(seen)))
        outputs: torch.Tensor = self.output(seen.unflatten(0, (-1, MEMBERS)))
        return outputs


def _fit(rows: Rows, _targets: torch.Tensor, shape: NetworkShape) -> Fitted:
    numbers = bend(rows.numbers[:, : shape.numbers]).numpy()
    return {"edges": [_edges(numbers[:, column]) for column in range(shape.numbers)]}


def _edges(column: NDArray[numpy.float32]) -> list[float]:
    """Where the bins of a number begin and end: as many rows in each, as far as they differ."""
    quantiles = numpy.unique(numpy.quantile(column, numpy.linspace(0.0, 1.0, BINS + 1)))
    edges = [float(quantiles[0])]
    for edge in map(float, quantiles[1:]):
        if edge - edges[-1] >= LEAST_BIN:
            edges.append(edge)
    if len(edges) == 1:
        edges = [edges[0] - 1.0, edges[0] + 1.0]
    return edges if len(edges) > FEWEST_EDGES else [edges[0], (edges[0] + edges[1]) / 2, edges[1]]


TABM = Family(TabM, _fit)
