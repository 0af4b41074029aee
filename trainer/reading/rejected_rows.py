"""A row that could not be read: its line in the file, why, and how it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainer.contract.messages import Message

SHOWN_REJECTS = 50
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """`text` is at most 200 characters long."""

    line: int
    reason: Message
    text: str

    def as_dict(self) -> dict[str, Any]:
        return {"line": self.line, "reason": self.reason.as_dict(), "text": self.text}
