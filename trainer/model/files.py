"""Tensors and plain values enter, a file that is never seen half-written leaves; on a full disk, nothing is left."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch


def save_atomically(path: Path, state: dict[str, Any]) -> Path:
    """`torch.save` so that a reader, or a power cut, sees the old file or the whole new one.

    Raises:
        OSError: it could not be written (the disk is full, perhaps); what was there before is untouched.
    """
    # torch's own writer turns the system's errors into others, and says no more which.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Make names that were given or taken in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
