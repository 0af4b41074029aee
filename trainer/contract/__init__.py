"""What the web process and its workers agree on, in the standard library alone.

Sentences and problems, the training specification, work orders, the event log and the layout of a run folder.
Everything here is cheap to import: the web process and the keeper never load torch.
"""

from trainer.contract.events import DISK_FULL, EventLog, EventWriter, JsonObject, find_event, read_events
from trainer.contract.messages import Message, Problem, Refusal, Scalar
from trainer.contract.orders import IngestOrder, Limits, SamplesOrder, TrainOrder, read_order
from trainer.contract.process import ProcessIdentity
from trainer.contract.reading import (
    DECIMALS,
    ENCODINGS,
    ENDINGS,
    FORMATS,
    KINDS,
    PACKINGS,
    ReadingChoices,
)
from trainer.contract.recipes import suggest_settings
from trainer.contract.run_folder import ExitRecord, RunFolder, WorkerExit, write_json_atomically
from trainer.contract.settling import SettledSpec, settle, suggest
from trainer.contract.spec import (
    AUTO,
    DEVICES,
    FIELDS,
    NETWORKS,
    OPTIMISERS,
    PRECISIONS,
    SCHEDULES,
    TASKS,
    THRESHOLDS,
    SpecField,
    TrainingSpec,
)
from trainer.contract.target import settle_target
from trainer.contract.work import is_work_for_gpu

__all__ = [
    "AUTO",
    "DECIMALS",
    "DEVICES",
    "DISK_FULL",
    "ENCODINGS",
    "ENDINGS",
    "FIELDS",
    "FORMATS",
    "KINDS",
    "NETWORKS",
    "OPTIMISERS",
    "PACKINGS",
    "PRECISIONS",
    "SCHEDULES",
    "TASKS",
    "THRESHOLDS",
    "EventLog",
    "EventWriter",
    "ExitRecord",
    "IngestOrder",
    "JsonObject",
    "Limits",
    "Message",
    "Problem",
    "ProcessIdentity",
    "ReadingChoices",
    "Refusal",
    "RunFolder",
    "SamplesOrder",
    "Scalar",
    "SettledSpec",
    "SpecField",
    "TrainOrder",
    "TrainingSpec",
    "WorkerExit",
    "find_event",
    "is_work_for_gpu",
    "read_events",
    "read_order",
    "settle",
    "settle_target",
    "suggest",
    "suggest_settings",
    "write_json_atomically",
]
