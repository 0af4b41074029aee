"""`realmlp`: a multilayer perceptron with the defaults that Holzmüller et al. (2024) found on 118 tables, RealMLP-TD.

Every number also enters as a small periodic embedding, every input has a scale of its own, and the first weights fit the data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import cast

import torch
from torch import nn
from torch.nn import functional

from trainer.networks.dropout import MaskedDropout
from trainer.networks.family import Family, Fitted, Network, NetworkShape, ParameterGroup, clamp_outputs
from trainer.networks.flat import bend, one_hot
from trainer.preparing.encoders import QUARTILE_RANGE
from trainer.preparing.rows import Rows

WIDTHS = (256, 256, 256)
MOST_ONE_HOT = 9 + 2  # places; levels beyond nine share an embedding
EMBEDDING_WIDTH = 8
FREQUENCIES, FREQUENCY_SCALE, PERIODIC_WIDTH = 16, 0.1, 3
CORNERS = 5  # training rows that a first bias is put between
FRONT_RATE, SLOW_RATE = 6.0, 0.1
LEAST_SPREAD = 1e-6
INITIAL_ROWS = 10_000  # enough to see how far the first weights spread them


class RealMlp(Network):
    """Embeddings, a scale per input, and hidden layers."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self._shape = shape
        self._embedded = [places for places in shape.places if places > MOST_ONE_HOT]
        self.periodic = PeriodicEmbedding(shape.numbers)
        self.embeddings = nn.ModuleList(nn.Embedding(places, EMBEDDING_WIDTH) for places in self._embedded)
        one_hots = sum(places for places in shape.places if places <= MOST_ONE_HOT)
        inputs = shape.numbers * (PERIODIC_WIDTH + 1) + shape.flags + one_hots + EMBEDDING_WIDTH * len(self._embedded)
        self.front = nn.Parameter(torch.ones(inputs))
        widths = [inputs, *(shape.hidden or WIDTHS)]
        self.layers = nn.ModuleList(ScaledLinear(narrow, wide) for narrow, wide in pairwise(widths))
        self.activations = nn.ModuleList(LearntActivation(width, is_smooth=shape.is_regression) for width in widths[1:])
        self.dropouts = nn.ModuleList(MaskedDropout(width, shape.dropout) for width in widths[1:])
        self.output = ScaledLinear(widths[-1], shape.outputs)

    def arrange(self, rows: Rows) -> Rows:
        numbers, flags = rows.numbers[:, : self._shape.numbers], rows.numbers[:, self._shape.numbers :]
        columns = list(enumerate(self._shape.places))
        one_hots = [one_hot(rows.categories[:, column], places) for column, places in columns if places <= MOST_ONE_HOT]
        embedded = [column for column, places in columns if places > MOST_ONE_HOT]
        return Rows(torch.cat([bend(numbers / QUARTILE_RANGE), flags, *one_hots], dim=1), rows.categories[:, embedded])

    def forward(self, rows: Rows) -> torch.Tensor:
        seen = self._enter(rows)
        for layer, activation, dropout in zip(self.layers, self.activations, self.dropouts, strict=True):
            seen = dropout(activation(layer(seen)))
        return self._leave(self.output(seen))

    def _enter(self, rows: Rows) -> torch.Tensor:
        numbers = rows.numbers[:, : self._shape.numbers]
        parts = [self.periodic(numbers), rows.numbers]
        parts += [embedding(rows.categories[:, column]) for column, embedding in enumerate(self.embeddings)]
        return torch.cat(parts, dim=1) * self.front

    def _leave(self, outputs: torch.Tensor) -> torch.Tensor:
        """Nothing outside of what was seen is predicted; clamped only afterwards, as a clamped output learns nothing.

        What texts add comes before that.
        """
        return outputs if self.training or self._shape.vocabulary else clamp_outputs(outputs, self._shape)

    @torch.no_grad()
    def initialise(self, rows: Rows, _targets: torch.Tensor, generator: torch.Generator) -> None:
        """Weights that keep the spread of these rows, biases that put the bends of each unit where rows are."""
        seen = self._enter(rows[:INITIAL_ROWS])
        for layer, activation in zip(self.layers, self.activations, strict=True):
            seen = activation(cast("ScaledLinear", layer).fit(seen, generator))
        self.output.fit(seen, generator)

    def parameter_groups(self) -> list[ParameterGroup]:
        linear = [*cast("Iterable[ScaledLinear]", self.layers), self.output]
        activations = cast("Iterable[LearntActivation]", self.activations)
        return [
            ParameterGroup([layer.weight for layer in linear]),
            ParameterGroup([layer.bias for layer in linear], rate=SLOW_RATE, decay=0.0),
            ParameterGroup([self.front], rate=FRONT_RATE),
            ParameterGroup([activation.share for activation in activations], rate=SLOW_RATE),
            ParameterGroup(list(self.periodic.parameters()), rate=SLOW_RATE),
            ParameterGroup(list(self.embeddings.parameters())),
        ]


class PeriodicEmbedding(nn.Module):
    """PBLD without its last part, the number itself: cosines of each number at learnt frequencies, mixed to a few values."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(FREQUENCY_SCALE * torch.randn(numbers, FREQUENCIES))
        self.phases = nn.Parameter(math.pi * (2 * torch.rand(numbers, FREQUENCIES) - 1))
        bound = 1 / math.sqrt(FREQUENCIES)
        self.weight = nn.Parameter(bound * (2 * torch.rand(numbers, FREQUENCIES, PERIODIC_WIDTH) - 1))
        self.bias = nn.Parameter(bound * (2 * torch.rand(numbers, PERIODIC_WIDTH) - 1))

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        waves = torch.cos(2 * math.pi * numbers[:, :, None] * self.frequencies + self.phases)
        return (torch.einsum("rnf,nfw->rnw", waves, self.weight) + self.bias).flatten(1)


class ScaledLinear(nn.Module):
    """A linear layer whose weights are of size one, the sum being divided instead (neural tangent parametrisation)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self._scale = 1 / math.sqrt(max(1, inputs))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self.bias, rows, self.weight, alpha=self._scale)

    def fit(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Scale the weights to a spread of one over `rows`, put each bias at minus a place between some of them."""
        self.weight.div_((rows @ self.weight * self._scale).std(dim=0, correction=0).clamp(min=LEAST_SPREAD))
        sums = rows @ self.weight * self._scale
        chosen = torch.randint(len(sums), (CORNERS, sums.shape[1]), generator=generator)
        shares = torch.empty(CORNERS, sums.shape[1]).exponential_(generator=generator)
        corners = sums.gather(0, chosen.to(sums.device))
        self.bias.copy_(-(corners * (shares / shares.sum(dim=0)).to(sums.device)).sum(dim=0))
        return sums + self.bias


class LearntActivation(nn.Module):
    """Mish or SELU, each unit mixing it with the identity as it learns to."""

    def __init__(self, width: int, *, is_smooth: bool) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.ones(width))
        self._activate = functional.mish if is_smooth else functional.selu

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.lerp(rows, self._activate(rows), self.share.to(rows.dtype))


def _fit(_rows: Rows, targets: torch.Tensor, _shape: NetworkShape) -> Fitted:
    if not targets.is_floating_point():
        return {}
    return {"low": targets.amin(dim=0).tolist(), "high": targets.amax(dim=0).tolist()}


REALMLP = Family(RealMlp, _fit)
