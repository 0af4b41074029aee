"""The tables, and the states a record can be in."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Index, TypeDecorator, UniqueConstraint
from sqlmodel import Field, SQLModel

ID_BYTES = 9


class UtcDateTime(TypeDecorator[datetime]):
    """Instants: stored in UTC, always read back with their zone (SQLite keeps none)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def now() -> datetime:
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """An id nobody can guess, such as job_Zk3v9..."""
    return f"{prefix}_{secrets.token_hex(ID_BYTES)}"


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class DatasetStatus(StrEnum):
    READING = "READING"
    READY = "READY"
    FAILED = "FAILED"


class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    STARTING = "STARTING"
    LOADING = "LOADING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL

    @property
    def is_live(self) -> bool:
        """Whether a worker is, or is about to be, at work."""
        return self in LIVE


TERMINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED})
LIVE = frozenset({JobStatus.STARTING, JobStatus.LOADING, JobStatus.RUNNING})


class Begin(StrEnum):
    """What an attempt begins with."""

    START = "START"  # the first step
    CHECKPOINT = "CHECKPOINT"  # the newest checkpoint of the attempts before it; the first step when there is none


class User(SQLModel, table=True):
    """A person with an account."""

    __tablename__ = "users"

    id: str = Field(default_factory=lambda: new_id("user"), primary_key=True)
    email: str = Field(unique=True, index=True, description="As given, in lower case.")
    name: str
    password_hash: str
    role: str = Role.USER
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Session(SQLModel, table=True):
    """A login; its id travels signed as bearer token and cookie, and dies here."""

    __tablename__ = "sessions"

    id: str = Field(default_factory=lambda: secrets.token_urlsafe(24), primary_key=True)
    user_id: str = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class Dataset(SQLModel, table=True):
    """One version of an uploaded file and the table read from it; the owner of a built-in sample is nobody.

    Versions of one series share name, description and sharing. A version that a run has used never changes.
    """

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("series_id", "version"),)

    id: str = Field(default_factory=lambda: new_id("data"), primary_key=True)
    series_id: str = Field(default_factory=lambda: new_id("series"))
    version: int = 1
    owner_id: str | None = Field(default=None, foreign_key="users.id", index=True, ondelete="CASCADE")
    name: str
    description: str = ""
    is_shared: bool = Field(default=False, description="Whether the whole team may read and reuse it.")
    filename: str
    type: str
    packing: str = Field(default="", description="gz, zip or nothing.")
    size: int = Field(sa_type=BigInteger, description="Bytes.")
    sha256: str = Field(default="", description="Of the original; known once it has been read, and never of a sample.")
    choices: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="ReadingChoices as plain values.")
    asked_choices: list[dict[str, Any]] | None = Field(
        default=None, sa_type=JSON, description="How it is tried to read it, in order, while it is being read."
    )
    reading: int = Field(default=0, description="Which of its readings is the table; 0 lies in the folder itself.")
    content_hash: str = Field(default="", description="Of the original and how it was read: what a run was trained on.")
    disk_bytes: int = Field(default=0, sa_type=BigInteger, description="What its folder takes, the original included.")
    status: str = DatasetStatus.READING
    rows: int | None = None
    columns: int | None = None
    is_profiled: bool = Field(default=True, description="False from when the table is there until its profile is.")
    unreadable_rows: int = Field(default=0, description="Rows that were found but could not be read.")
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    upload_id: str | None = Field(default=None, index=True, description="Of the upload in parts that brought the original.")
    uploaded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Job(SQLModel, table=True):
    """A training job with its latest snapshot; every step it took is in the event log of its attempt."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_queue", "status", "queue_rank"), Index("ix_jobs_owner", "owner_id", "created_at"))

    id: str = Field(default_factory=lambda: new_id("job"), primary_key=True)
    owner_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    dataset_id: str = Field(description="Not a foreign key: a job outlives its data set.")
    dataset_name: str
    dataset_version: int = 1
    dataset_reading: int = 0
    dataset_hash: str = Field(default="", description="The version's content_hash when the job was submitted.")
    status: str = JobStatus.QUEUED
    attempt: int = 0
    spec: dict[str, Any] = Field(sa_type=JSON)
    begins_with: str = Begin.START
    priority: int = Field(default=0, description="Higher goes first; set by administrators.")
    queue_rank: float = Field(default_factory=time.time, description="Lower goes first among one person's waiting jobs.")
    device: str = Field(default="cpu", description="Where the latest attempt runs: cpu, or cuda:<number>.")
    stop_requested: bool = False
    pause_requested: bool = False
    is_silent: bool = Field(default=False, description="Whether a running job has said nothing for suspiciously long.")
    last_event: int = Field(default=0, description="Number of the latest event that these figures stand for.")
    last_event_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    progress: float = 0.0
    epoch: int = 0
    step: int = 0
    total_steps: int = 0
    loss: float | None = None
    validation_loss: float | None = None
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    metrics: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)

    @property
    def state(self) -> JobStatus:
        return JobStatus(self.status)


class Attempt(SQLModel, table=True):
    """One run of a job by one worker, in one folder."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("job_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    job_id: str = Field(foreign_key="jobs.id", index=True, ondelete="CASCADE")
    number: int
    folder: str = Field(description="Relative to the data folder.")
    begins_with: str = Begin.START
    first_event: int = 1
    started_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    exit: dict[str, Any] | None = Field(default=None, sa_type=JSON)
