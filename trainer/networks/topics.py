"""Tokens of texts enter, a few numbers per row leave: where a text stands among the topics of the training rows.

Latent semantic analysis (Deerwester et al., 1990): a truncated singular value decomposition, of the most frequent tokens alone.
"""

from __future__ import annotations

import numpy
import torch
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from torch import nn
from torch.nn import functional

from trainer.preparing.rows import Rows, Tokens

TOPICS = 16
MOST_TOKENS = 30_000  # that have a say in them: more hardly change them, and fill model files
MOST_ROWS = 50_000  # that they are found by


class Topics(nn.Module):
    """Of no token, no topic: rows without texts get no number."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.register_buffer("token", torch.zeros(tokens, dtype=torch.int32))
        self.register_buffer("direction", torch.zeros(tokens, TOPICS))

    def __len__(self) -> int:
        return len(self.get_buffer("token"))

    def forward(self, rows: Rows) -> torch.Tensor:
        """[rows, topics] float64; [rows, 0] where there are no texts."""
        token, direction = self.get_buffer("token"), self.get_buffer("direction")
        if rows.tokens is None or not len(token) or not len(rows):
            return torch.zeros(len(rows), TOPICS if len(token) else 0, dtype=torch.float64)
        store, weights, begins = rows.tokens.pack()
        # A token without a say shares the last line, of zeros.
        places = torch.full((max(int(store.max()) if len(store) else 0, int(token.max())) + 1,), len(token), dtype=torch.int32)
        places[token.long()] = torch.arange(len(token), dtype=torch.int32)
        table = functional.pad(direction, (0, 0, 0, 1))
        return functional.embedding_bag(
            places[store.long()], table, begins.int(), mode="sum", per_sample_weights=weights
        ).double()


def fit_topics(rows: Rows, vocabulary: int, seed: int) -> Topics:
    """The topics of these rows, of which some may be enough."""
    if rows.tokens is None:
        return Topics(0)
    tokens = rows.tokens[:MOST_ROWS]
    matrix = as_matrix(tokens, vocabulary)
    occurring = numpy.bincount(matrix.indices, minlength=vocabulary)
    chosen = numpy.sort(numpy.argsort(-occurring, kind="stable")[:MOST_TOKENS])
    components = min(TOPICS, len(chosen) - 1, len(tokens) - 1)
    if components < 1:
        return Topics(0)
    found = TruncatedSVD(components, random_state=seed).fit(matrix[:, chosen])
    topics = Topics(len(chosen))
    topics.get_buffer("token").copy_(torch.from_numpy(chosen))
    topics.get_buffer("direction")[:, : len(found.components_)] = torch.from_numpy(found.components_.T)
    return topics


def as_matrix(tokens: Tokens, vocabulary: int) -> csr_matrix:
    """[rows, vocabulary] of weights, as scikit-learn takes it."""
    store, weights, begins = tokens.pack()
    pointers = numpy.append(begins.numpy(), len(store))
    return csr_matrix((weights.numpy(), store.numpy(), pointers), shape=(len(tokens), vocabulary))
