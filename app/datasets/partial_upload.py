"""One upload that arrives in several requests: `<id>.part` holds what arrived, `<id>.json` whose it is and how long it will be.

Only whoever took the latest turn may append: a connection that broke unnoticed cannot write into its successor's bytes.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.datasets.uploads import PART_ENDING, IncomingFile, Room
from app.errors import Conflict, TooLarge
from app.records import Dataset
from trainer.contract import Message, write_json_atomically

PLAN_ENDING = ".json"


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What was said of an upload when it began; `metadata` is as it came, `modified` tells files of one name apart."""

    id: str
    owner_id: str
    length: int
    filename: str
    name: str
    modified: str
    metadata: str

    def path_in(self, folder: Path) -> Path:
        return folder / f"{self.id}{PART_ENDING}"


class Superseded(Conflict):
    """Another request has gone on with this upload, or it is gone."""

    def __init__(self) -> None:
        text = "Another request has gone on with this upload. Ask how much of it has arrived, and go on from there."
        super().__init__("upload_superseded", Message(text))


class PartialUpload:
    """The plan and the bytes so far. What touches the bytes is blocking: use it from a thread."""

    def __init__(self, plan: UploadPlan, folder: Path, floor_bytes: int) -> None:
        """Begin it in `folder`, or find what is there of it.

        Raises:
            TooLarge: there is more of it than was announced.
        """
        self.plan = plan
        self.finishing: asyncio.Task[Dataset] | None = None
        self.finished_at: float | None = None  # by the monotonic clock
        self.is_being_read = asyncio.Event()
        self.dataset_id = ""  # once it `is_being_read`
        self.is_receiving = False
        self._turn = 0
        self._writing = threading.Lock()
        self._plan_path = folder / f"{plan.id}{PLAN_ENDING}"
        self.file = IncomingFile(plan.path_in(folder), Room(plan.length, self.longer_than_announced(), floor_bytes))
        self.file.pause()
        if not self._plan_path.exists():
            write_json_atomically(self._plan_path, asdict(plan))

    @property
    def offset(self) -> int:
        """How many bytes have arrived."""
        return self.file.size

    @property
    def is_complete(self) -> bool:
        return self.offset == self.plan.length

    def take_turn(self, offset: int) -> int:
        """The number to append with, from `offset` on; whoever had a turn before loses it.

        Raises:
            Conflict: the bytes end elsewhere.
        """
        with self._writing:
            if offset != self.offset:
                text = "{arrived} bytes of this upload have arrived, so it cannot go on at byte {offset}. Go on at {arrived}."
                raise Conflict("wrong_offset", Message(text, {"arrived": self.offset, "offset": offset}))
            self._turn += 1
            self.is_receiving = True
            return self._turn

    def append(self, turn: int, pieces: Iterable[bytes]) -> None:
        """Add what arrived.

        Raises:
            Superseded: it is no longer this one's turn. TooLarge: more than was announced. Unavailable: the disk is nearly full.
        """
        with self._writing:
            if turn != self._turn:
                raise Superseded
            self.file.write(pieces)

    def end_turn(self, turn: int) -> None:
        """Let go of the file until more comes."""
        with self._writing:
            if turn == self._turn:
                self.is_receiving = False
                self.file.pause()

    def close(self) -> None:
        """Take nothing more."""
        with self._writing:
            self._turn += 1
            self.file.pause()

    def discard(self) -> None:
        """Take nothing more and leave nothing behind."""
        with self._writing:
            self._turn += 1
            self.file.discard()
            self._plan_path.unlink(missing_ok=True)

    def begin_reading(self, dataset_id: str) -> None:
        """Note which data set is being made of it."""
        self.dataset_id = dataset_id
        self.is_being_read.set()

    def longer_than_announced(self) -> TooLarge:
        text = "This upload was announced with {length} bytes but is longer, so it was given up. Begin it with its true length."
        return TooLarge("longer_than_announced", Message(text, {"length": self.plan.length}), "file")


def describe_upload(upload: PartialUpload) -> dict[str, Any]:
    """An unfinished upload as programs and the browser's form see it."""
    plan = upload.plan
    return {
        "id": plan.id,
        "filename": plan.filename,
        "name": plan.name,
        "modified": plan.modified,
        "size": plan.length,
        "received": upload.offset,
    }


def read_plans(folder: Path) -> Sequence[UploadPlan]:
    """The uploads that lie in `folder` with their bytes; what belongs to none of them is removed. Blocking."""
    folder.mkdir(parents=True, exist_ok=True)
    plans = {plan.id: plan for path in folder.glob(f"*{PLAN_ENDING}") if (plan := _read_plan(path)) is not None}
    whole = {upload_id: plan for upload_id, plan in plans.items() if plan.path_in(folder).exists()}
    for path in folder.iterdir():
        if path.suffix not in {PART_ENDING, PLAN_ENDING} or path.stem not in whole:
            path.unlink(missing_ok=True)
    return list(whole.values())


def _read_plan(path: Path) -> UploadPlan | None:
    """None when it is no plan of ours: a disk fault, a stranger's hand."""
    try:
        data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        plan = UploadPlan(**data)
    except (ValueError, TypeError):
        return None
    return plan if plan.id == path.stem and isinstance(plan.length, int) else None
