"""What a run page says: its figures, its settings, its place in the queue and what it uses, in the reader's words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from app.jobs.forecast import QueuePlace
from app.jobs.usage import Usage
from app.records import Job, JobStatus
from components.line_chart import Point
from components.run_view import RunFigures
from components.usage_view import USAGE_CHARTS
from locales import Translator
from pages.run_story import RunStory
from pages.words import CHOICES, NETWORKS, name_of, sentence_of, state_of
from trainer.contract import AUTO, FIELDS, JsonObject

SETTINGS = tuple(name for name in FIELDS if name != "exclude")
# What most runs leave as it is: shown where somebody chose otherwise.
QUIET = frozenset(
    {
        "optimiser",
        "accumulation",
        "ema",
        "precision",
        "class_weight",
        "threshold",
        "deterministic",
        "time_column",
        "group_column",
        "clip",
        "label_smoothing",
    }
)
SECONDS_PER_MINUTE = 60
SHORT_HASH = 12  # characters of a content hash that a person compares
BYTES_PER_MB = 1 << 20  # of the keeper's samples
MEGABYTE = 1_000_000  # of what is shown


def describe(_: Translator, job: Job, story: RunStory, place: QueuePlace | None) -> RunFigures:
    """The figures that change, in words."""
    status, tone = state_of(_, job)
    sentence = sentence_of(_, job)
    is_live = job.state.is_live
    speed = story.speed.latest if is_live else story.speed.mean
    stats = (
        _("{done} / {total}", done=job.epoch, total=job.spec["epochs"]),
        _("{done} / {total}", done=job.step, total=job.total_steps) if job.total_steps else "–",
        _elapsed(_, job),
        _remaining(_, job, story),
        _.number(job.loss) if job.loss is not None else "–",
        _.number(job.validation_loss) if job.validation_loss is not None else "–",
        _.number(round(speed)) if speed is not None else "–",
    )
    fraction = job.progress / 100
    return RunFigures(
        status=status,
        tone=tone,
        sentence="" if job.problem else sentence,
        failure=sentence if job.problem else "",
        failure_tone="bad" if job.status == JobStatus.FAILED else "warn",
        notice=describe_silence(_, job) if is_live and job.is_silent else describe_place(_, place),
        notice_tone="warn" if is_live and job.is_silent else "",
        progress=fraction,
        percent=_.percent(fraction),
        stats=stats,
    )


def describe_place(_: Translator, place: QueuePlace | None) -> str:
    """Where a waiting run stands, and when it will probably start."""
    if place is None:
        return ""
    where = _("Place {position} of {waiting} in the queue.", position=place.position, waiting=place.waiting)
    if place.starts_in_seconds is None:
        return f"{where} {_('When it starts cannot be said yet.')}"
    if place.starts_in_seconds < SECONDS_PER_MINUTE:
        return f"{where} {_('It is expected to start in less than a minute.')}"
    minutes = round(place.starts_in_seconds / SECONDS_PER_MINUTE)
    about = _.plural(
        "It is expected to start in about {count} minute.", "It is expected to start in about {count} minutes.", minutes
    )
    return f"{where} {about}"


def describe_silence(_: Translator, job: Job) -> str:
    silent = (datetime.now(UTC) - job.last_event_at).total_seconds() if job.last_event_at else 0
    sentence = "This run has said nothing for {time}. It may hang: look at its complete log, or stop it."
    return _(sentence, time=_.clock(silent))


def describe_settings(_: Translator, job: Job) -> list[tuple[str, str]]:
    """(label, value) of every setting, as it was used."""
    separator = "، " if _.is_persian else ", "
    shown: list[tuple[str, str]] = []
    if job.dataset_hash:  # built-in samples have no versions
        version = _("{number} (content {hash})", number=job.dataset_version, hash=job.dataset_hash[:SHORT_HASH])
        shown.append((_("Version of the data set"), version))
    for name in (*SETTINGS, "exclude"):
        value = job.spec.get(name)
        if name in QUIET and value in (None, 0, FIELDS[name].default):
            continue
        match value:
            case list():
                words = (
                    separator.join(_.number(item) if isinstance(item, int) else f"\u2068{item}\u2069" for item in value) or "–"
                )
            case float() | int():
                words = _.typed(value) if name == "seed" else _.number(value)
            case _ if name == "network":
                words = _network(_, job)
            case _ if name in CHOICES:
                words = name_of(_, CHOICES[name], None if value == AUTO else value)
            case _:
                words = str(value) if value else "–"
        shown.append((_.field_name(name), words))
    return shown


def _network(_: Translator, job: Job) -> str:
    if job.spec["network"] != AUTO:
        return name_of(_, NETWORKS, job.spec["network"])
    trained = (job.metrics or {}).get("network")
    suggested = _("As the data suggests")
    return f"{suggested}: {name_of(_, NETWORKS, trained['family'])}" if trained else suggested


def describe_usage(_: Translator, sample: JsonObject) -> str:
    """A sample in words."""
    words = _(
        "Processor: {cpu} of one core. Memory: {memory}. Disk: {disk}.",
        cpu=_.percent(sample["cpu_percent"] / 100),
        memory=_.file_size(int(sample["memory_mb"] * BYTES_PER_MB)),
        disk=_.file_size(int(sample["disk_mb"] * BYTES_PER_MB)),
    )
    if "gpu_percent" not in sample:
        return words
    gpu = _(
        "GPU, all runs on it: {use}, {memory}.",
        use=_.percent(sample["gpu_percent"] / 100),
        memory=_.file_size(int(sample["gpu_memory_mb"] * BYTES_PER_MB)),
    )
    return f"{words} {gpu}"


def usage_lines(usage: Usage) -> dict[str, list[Point]]:
    """Each figure over seconds, in the units that are written beside it; those of a GPU only for a run that has one."""

    def measured(sample: JsonObject, name: str) -> float:
        return float(sample[name] * BYTES_PER_MB / MEGABYTE if name.endswith("_mb") else sample[name])

    return {
        name: [(round(sample["at"] - usage.began_at, 2), measured(sample, name)) for sample in usage.samples if name in sample]
        for name in USAGE_CHARTS
        if any(name in sample for sample in usage.samples)
    }


def copy_address(_: Translator, job: Job) -> str:
    """The form for a new run, filled in like this one."""
    typed: dict[str, str | Sequence[str]] = {"dataset": job.dataset_id}
    for name, value in job.spec.items():
        if name == "exclude":
            typed[name] = value
        elif isinstance(value, list):
            typed[name] = ", ".join(_.typed(item) for item in value)
        elif value is not None:
            typed[name] = value if isinstance(value, str) else _.typed(value)
    return f"/runs/new?{urlencode(typed, doseq=True)}"


def _elapsed(_: Translator, job: Job) -> str:
    if job.started_at is None or job.status in {JobStatus.QUEUED, JobStatus.PAUSED}:
        return "–"
    return _.clock(((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds())


def _remaining(_: Translator, job: Job, story: RunStory) -> str:
    seconds = story.remaining_seconds(job.total_steps) if job.total_steps and job.state.is_live else None
    if seconds is None or story.latest_metric is None:
        return "–"
    return _.clock(max(0.0, seconds - (time.time() - story.latest_metric[0])))
