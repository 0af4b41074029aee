"""The described columns of a table enter, the one that people most likely want to predict leaves, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.contract.messages import Message
from trainer.reading.schema import Column, fold, has_word

# The more telling first; a name that is exactly one of these goes before a name that has a word of TARGET_WORDS in it.
TARGET_NAMES = (
    "target", "label", "labels", "هدف", "برچسب", "outcome", "survived", "species", "diagnosis", "churn", "churned", "exited",
    "attrition", "fraud", "is_fraud", "spam", "default", "approved", "saleprice", "price", "قیمت", "sentiment", "احساس",
    "quality", "کیفیت", "class", "کلاس", "دسته", "category", "income", "salary", "حقوق", "درآمد", "rating", "امتیاز", "score",
    "نمره", "grade", "result", "نتیجه", "response", "mpg", "charges", "sales", "فروش", "value", "y",
)  # fmt: skip
TARGET_WORDS = (
    "target", "هدف", "label", "برچسب", "outcome", "diagnosis", "churn", "price", "قیمت", "نتیجه", "value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The column to predict; None where no column can be."""

    target: str | None
    task: str | None
    reason: Message


def suggest_target(columns: Sequence[Column], known: str | None = None) -> Suggestion:
    """The `known` target, else the most telling name, else the last column that can be predicted."""
    usable = {column.statistics.name: column for column in columns if column.task}
    if known in usable:
        return Suggestion(known, usable[known].task, Message("This is what the table was made for."))
    telling = next((name for word in TARGET_NAMES for name in usable if fold(name.strip()) == word), None)
    telling = telling or next((name for word in TARGET_WORDS for name in usable if has_word(name, frozenset({word}))), None)
    if telling:
        return Suggestion(
            telling, usable[telling].task, Message("Its name, “{name}”, is one that targets have.", {"name": telling})
        )
    if usable:
        last = list(usable)[-1]
        return Suggestion(last, usable[last].task, Message("It is the last column that can be predicted."))
    return Suggestion(None, None, Message("No column can be predicted: none is a number or has values that repeat."))
