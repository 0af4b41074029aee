"""How each network family is trained unless a person says otherwise: fixed habits, and first settings by the size of the table.

The form shows these settings, the trainer fills in what was left open. Sources stand beside each recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SMALL_TABLE_ROWS = 2_000
MEDIUM_TABLE_ROWS = 20_000
TEXTS_TO_SEE = 30_000
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The habits of a family, and `settings(rows, is_regression)`: epochs, batch size, learning rate, widths, dropout, decay."""

    settings: Callable[[int, bool], Settings]
    schedule: str = "one_cycle"  # of the learning rate, one of contract.spec.SCHEDULES
    second_beta: float = 0.999  # AdamW's
    clip: float | None = None  # the longest gradient
    patience: int | None = None  # epochs that may bring nothing better before training ends
    label_smoothing: float = 0.0
    fades: bool = False  # dropout and weight decay stay for half of the steps, then go down to nothing by half a cosine
    reads_pieces: bool = False  # of texts, in their order, rather than which words and letters there are
    chooses_by: str = "loss"  # loss | metric: what the best epoch is best in, on the validation rows


def _plain_settings(rows: int, _is_regression: bool) -> Settings:
    """Small tables need small batches to take enough steps; large ones need fewer passes."""
    others = {"hidden": (128, 128), "dropout": 0.1, "weight_decay": 0.01}
    if rows < SMALL_TABLE_ROWS:
        return {"epochs": 60, "batch_size": 32, "lr": 0.003, **others}
    if rows < MEDIUM_TABLE_ROWS:
        return {"epochs": 40, "batch_size": 128, "lr": 0.003, **others}
    return {"epochs": 25, "batch_size": 256, "lr": 0.003, **others}


def _linear_settings(rows: int, is_regression: bool) -> Settings:
    """One layer bears larger steps."""
    return {**_plain_settings(rows, is_regression), "lr": 0.03, "hidden": (), "dropout": 0.0}


def _realmlp_settings(_rows: int, is_regression: bool) -> Settings:
    rate = 0.2 if is_regression else 0.04
    return {"epochs": 256, "batch_size": 256, "lr": rate, "weight_decay": 0.02, "dropout": 0.15, "hidden": (256, 256, 256)}


def _tabm_settings(rows: int, _is_regression: bool) -> Settings:
    bounds = {2_800: 32, 4_500: 64, 6_400: 128, 32_000: 256, 108_000: 512}
    batch = next((size for bound, size in bounds.items() if rows < bound), 1024)
    return {"epochs": 200, "batch_size": batch, "lr": 0.002, "weight_decay": 0.0003, "dropout": 0.1, "hidden": (128, 128)}


def _text_fast_settings(rows: int, is_regression: bool) -> Settings:
    """Measured on reviews of films in English and of meals in Persian; fewer rows need more passes to take enough steps."""
    batch = 64 if rows < MEDIUM_TABLE_ROWS else 256
    epochs = min(60, max(6, round(TEXTS_TO_SEE / max(1, rows))))
    rate, decay = pace_of_texts(is_regression=is_regression)
    return {"epochs": epochs, "batch_size": batch, "lr": rate, "weight_decay": decay, "dropout": 0.0, "hidden": ()}


def pace_of_texts(*, is_regression: bool) -> tuple[float, float]:
    """Learning rate and weight decay of the layer that reads texts, whatever reads the rest of the table."""
    return (0.01, 0.1) if is_regression else (0.005, 0.5)


def _text_cnn_settings(_rows: int, _is_regression: bool) -> Settings:
    """As Kim (2014), but for the optimiser."""
    return {"epochs": 12, "batch_size": 64, "lr": 0.0005, "weight_decay": 0.01, "dropout": 0.5, "hidden": ()}


def _text_transformer_settings(_rows: int, _is_regression: bool) -> Settings:
    return {"epochs": 10, "batch_size": 64, "lr": 0.0005, "weight_decay": 0.05, "dropout": 0.2, "hidden": ()}


def _ft_transformer_settings(_rows: int, _is_regression: bool) -> Settings:
    return {"epochs": 100, "batch_size": 256, "lr": 0.0001, "weight_decay": 0.00001, "dropout": 0.1, "hidden": ()}


RECIPES: Mapping[str, Recipe] = {
    "linear": Recipe(_linear_settings),
    "mlp": Recipe(_plain_settings),
    # RealMLP-TD: Holzmüller et al. (2024), as in pytabkit's default parameters.
    "realmlp": Recipe(
        _realmlp_settings,
        schedule="four_cosines",
        second_beta=0.95,
        label_smoothing=0.1,
        fades=True,
        chooses_by="metric",
    ),
    # TabM: Gorishniy et al. (2025); narrower and fewer members than there, for processors. The loss chooses: accuracies of a few
    # hundred rows jump, and probabilities were better so on each of five splits of the Titanic table.
    "text_fast": Recipe(_text_fast_settings, schedule="cosine"),
    "text_cnn": Recipe(_text_cnn_settings, clip=1.0, patience=4, reads_pieces=True),
    "text_transformer": Recipe(_text_transformer_settings, clip=1.0, patience=4, reads_pieces=True),
    # FT-Transformer: Gorishniy et al. (2021).
    "ft_transformer": Recipe(_ft_transformer_settings, schedule="constant", clip=1.0, patience=16),
    "tabm": Recipe(_tabm_settings, schedule="constant", clip=1.0, patience=16),
}


def suggest_settings(rows: int, network: str = "mlp", *, is_regression: bool = False) -> Settings:
    """Sensible settings for a table of `rows` rows."""
    return RECIPES[network].settings(rows, is_regression)
