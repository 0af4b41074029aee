"""What is said inside other sentences: the names of form fields, and what a file was found to hold."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.contract import Message

FIELD_NAMES: Mapping[str, Message] = {
    "accumulation": Message("Gradient accumulation"),
    "batch_size": Message("Batch size"),
    "class_weight": Message("Class weights"),
    "clip": Message("Gradient clipping"),
    "comment": Message("Comments"),
    "dataset": Message("Data set"),
    "decimal": Message("Decimal mark"),
    "keep_all_rows": Message("Totals, units, repeated names"),
    "delimiter": Message("Between the columns"),
    "deterministic": Message("Deterministic"),
    "device": Message("Where to train"),
    "dropout": Message("Dropout"),
    "ema": Message("Averaged weights (EMA)"),
    "email": Message("E-mail address"),
    "encoding": Message("Encoding"),
    "epochs": Message("Epochs"),
    "exclude": Message("Columns to leave out"),
    "group_column": Message("Keep rows together by"),
    "threshold": Message("Decision threshold"),
    "time_column": Message("Divide rows in time by"),
    "file": Message("File"),
    "folds": Message("Folds"),
    "header": Message("Names in the first row"),
    "hidden": Message("Hidden layers"),
    "label_smoothing": Message("Label smoothing"),
    "lr": Message("Learning rate"),
    "max_minutes": Message("Minutes at most"),
    "missing": Message("Words for “missing”"),
    "name": Message("Name"),
    "network": Message("Network"),
    "optimiser": Message("Optimiser"),
    "password": Message("Password"),
    "precision": Message("Precision"),
    "quote": Message("Around texts"),
    "records": Message("List that holds the rows"),
    "schedule": Message("Schedule"),
    "seed": Message("Seed"),
    "sheet": Message("Sheet"),
    "skip_lines": Message("Lines to skip at the top"),
    "target": Message("Column to predict"),
    "task": Message("Kind of prediction"),
    "weight_decay": Message("Weight decay"),
}

# The worker names these in the place {found}; here they become known to the catalogues.
FOUND = (
    Message("one object"),
    Message("an array"),
    Message("a text"),
    Message("true"),
    Message("false"),
    Message("null"),
    Message("a number"),
)
