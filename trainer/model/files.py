"""Tensors and plain values enter, a file that is never seen half-written leaves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save_atomically(path: Path, state: dict[str, Any]) -> Path:
    """`torch.save` so that a reader, or a power cut, sees the old file or the whole new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    return temporary.replace(path)
