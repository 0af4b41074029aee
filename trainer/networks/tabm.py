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
from trainer.networks.family import Family, Fitted, Network, NetworkShape
from trainer.networks.flat import bend, flat_width, flatten
from trainer.preparing.rows import Rows

MEMBERS = 16  # the authors take 32: a processor takes twice as long for little more
BINS = 48
EMBEDDING_WIDTH = 16


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
        self.layers = nn.ModuleList(nn.Linear(narrow, wide) for narrow, wide in pairwise(widths))
        self.dropouts = nn.ModuleList(MaskedDropout(width, shape.dropout, MEMBERS) for width in shape.hidden)
        self.output = LinearEnsemble(widths[-1], shape.outputs, k=MEMBERS)

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
    edges = numpy.unique(numpy.quantile(column, numpy.linspace(0.0, 1.0, BINS + 1)).astype(numpy.float32))
    if len(edges) == 1:
        return [float(edges[0]) - 1.0, float(edges[0]) + 1.0]
    return [float(edge) for edge in edges]


TABM = Family(TabM, _fit)
