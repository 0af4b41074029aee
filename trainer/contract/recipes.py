"""How each network family is trained unless a person says otherwise: fixed habits, and first settings by the size of the table.

The form shows these settings, the trainer fills in what was left open. Sources stand beside each recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SMALL_TABLE_ROWS = 2_000
MEDIUM_TABLE_ROWS = 20_000
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The habits of a family, and `settings(rows, is_regression)`: epochs, batch size, learning rate, widths, dropout, decay."""

    settings: Callable[[int, bool], Settings]
    schedule: str = "one_cycle"  # of the learning rate: one_cycle | four_cosines | constant
    second_beta: float = 0.999  # AdamW's
    clip: float | None = None  # the longest gradient
    patience: int | None = None  # epochs that may bring nothing better before training ends
    label_smoothing: float = 0.0
    fades: bool = False  # dropout and weight decay stay for half of the steps, then go down to nothing by half a cosine
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
    return {**_plain_settings(rows, is_regression), "lr": 0.03}


def _realmlp_settings(_rows: int, is_regression: bool) -> Settings:
    rate = 0.2 if is_regression else 0.04
    return {"epochs": 256, "batch_size": 256, "lr": rate, "weight_decay": 0.02, "dropout": 0.15, "hidden": (256, 256, 256)}


def _tabm_settings(rows: int, _is_regression: bool) -> Settings:
    bounds = {2_800: 32, 4_500: 64, 6_400: 128, 32_000: 256, 108_000: 512}
    batch = next((size for bound, size in bounds.items() if rows < bound), 1024)
    return {"epochs": 200, "batch_size": batch, "lr": 0.002, "weight_decay": 0.0003, "dropout": 0.1, "hidden": (128, 128)}


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
    "tabm": Recipe(_tabm_settings, schedule="constant", clip=1.0, patience=16),
}


def suggest_settings(rows: int, network: str = "mlp", *, is_regression: bool = False) -> Settings:
    """Sensible settings for a table of `rows` rows."""
    return RECIPES[network].settings(rows, is_regression)
