"""What the operator may set, from the environment or a file `.env`; wrong values are refused at start with a sentence."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

KEY_FILE = "secret.key"
SECRET_BYTES = 48
SHORTEST_SECRET = 32


class InvalidSettings(Exception):
    """A setting has a value that cannot be used; the text names each with its value."""


class Settings(BaseSettings):
    """Read once at start and passed to whoever needs it."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    port: int = Field(3001, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 serves the whole network.")
    data_dir: Path = Field(Path("data"), description="Folder for the database, uploads, runs and the secret.")
    database_url: str = Field("", description="SQLAlchemy URL of the database; empty means SQLite in the data folder.")
    secret_key: str = Field("", description="Signs the session tokens; empty means one is generated and kept in the data folder.")
    max_upload_mb: int = Field(100, ge=1, description="Largest upload, in megabytes.")
    max_unpacked_mb: int = Field(2000, ge=1, description="What a packed upload (.gz, .zip, .xlsx) may unpack to, in megabytes.")
    user_quota_mb: int = Field(
        0, ge=0, description="Disk space for one person's data sets and unfinished uploads, in megabytes; 0 is no limit."
    )
    free_space_mb: int = Field(
        500, ge=0, description="Uploads are refused that would leave less than this free on the data folder's disk, in megabytes."
    )
    allow_url_import: str = Field(
        "off",
        pattern="^(off|public|any)$",
        description="Whether the server fetches tables from web addresses for people: off, from public hosts, or from any host.",
    )
    max_running_jobs: int = Field(2, ge=1, le=256, description="How many training jobs run at the same time.")
    threads_per_job: int = Field(
        0, ge=0, le=1024, description="CPU threads of one job; 0 shares the processors among the running jobs."
    )
    running_jobs_per_user: int = Field(0, ge=0, description="How many of these one person may have; 0 is as many as there are.")
    waiting_jobs_per_user: int = Field(100, ge=1, description="How many jobs of one person may wait in the queue.")
    job_memory_mb: int = Field(
        0, ge=0, description="Memory one job may take, in megabytes; 0 shares most of the machine's among the running jobs."
    )
    job_minutes: float = Field(0, ge=0, description="How long one job may run, in minutes; 0 is as long as it takes.")
    job_disk_mb: int = Field(10_240, ge=0, description="Disk space one job's folder may take, in megabytes; 0 is no limit.")
    job_log_mb: int = Field(256, ge=0, description="How much one job may print into its log, in megabytes; 0 is no limit.")
    checkpoints_kept: int = Field(2, ge=1, le=1000, description="How many of its latest checkpoints a job keeps.")
    silent_minutes: float = Field(10.0, gt=0, description="A running job is marked when it has said nothing for so many minutes.")
    resume_interrupted: bool = Field(
        False, description="Whether jobs cut off by a restart of the machine go on by themselves from their checkpoint."
    )
    gpu_job_memory_mb: int = Field(
        0, ge=0, description="GPU memory set aside for one job, in megabytes; 0 gives every job a GPU of its own."
    )
    ingest_memory_mb: int = Field(1024, ge=256, description="Memory that reading one upload may take, in megabytes.")
    stop_grace_seconds: float = Field(
        10.0, ge=0.1, le=3600, description="How long a stopped job may take to finish its step and save."
    )
    registration_open: bool = Field(True, description="Whether anybody who reaches the server may register.")
    default_language: str = Field(
        "en", pattern="^(en|fa)$", description="Language for visitors whose browser asks for neither: en or fa."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="How much the server logs.")

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < SHORTEST_SECRET:
            raise ValueError(f"must have at least {SHORTEST_SECRET} characters")
        return value

    @classmethod
    def load(cls) -> Settings:
        """Read the environment.

        Raises:
            InvalidSettings: naming every setting that cannot be used, its value and what is expected.
        """
        try:
            return cls()
        except ValidationError as error:
            raise InvalidSettings("\n".join(_sentence(item) for item in error.errors(include_url=False))) from None

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'tamrin.db'}"

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1_000_000

    @property
    def user_quota_bytes(self) -> int:
        return self.user_quota_mb * 1_000_000

    @property
    def free_space_bytes(self) -> int:
        return self.free_space_mb * 1_000_000

    def resolve_secret(self) -> str:
        """The signing secret: the operator's, or one generated once and readable by its owner alone."""
        if self.secret_key:
            return self.secret_key
        path = self.data_dir / KEY_FILE
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES))
        return path.read_text(encoding="ascii").strip()


def _sentence(item: object) -> str:
    assert isinstance(item, dict)
    name = str(item["loc"][0]).upper() if item["loc"] else "settings"
    shown = "…" if name == "SECRET_KEY" else repr(item["input"])
    return f"{name}={shown} cannot be used: {item['msg'].removeprefix('Value error, ')}."
