"""Sentences that travel untranslated from where they arise to where they are read.

A `Message` is an English sentence with {named} places; the sentence is also the key of its translation.
A `Problem` adds a stable code and the field at fault. A `Refusal` carries one or more problems to the reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for a person: `text` holds {named} places that `params` fill, with values or with sentences."""

    text: str
    params: Mapping[str, Scalar | Message] = field(default_factory=dict)

    def english(self) -> str:
        filled = {name: value.english() if isinstance(value, Message) else value for name, value in self.params.items()}
        return self.text.format_map(filled)

    def as_dict(self) -> dict[str, Any]:
        plain = {name: value.as_dict() if isinstance(value, Message) else value for name, value in self.params.items()}
        return {"text": self.text, "params": plain}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Message:
        params = dict(data.get("params") or {})
        return cls(str(data["text"]), {name: cls.from_dict(v) if isinstance(v, Mapping) else v for name, v in params.items()})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, with which value, and what to do instead."""

    code: str
    message: Message
    field: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "field": self.field, **self.message.as_dict(), "message": self.message.english()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Problem:
        return cls(str(data["code"]), Message.from_dict(data), data.get("field"))


class Refusal(Exception):
    """Input that cannot be used; every problem found is reported together, the first one leads."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(" ".join(problem.message.english() for problem in self.problems))
