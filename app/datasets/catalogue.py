"""Data sets in the database: versions in series, whose they are, and which runs use them. All of it runs in a transaction.

A series is what a person sees as one data set: its versions share name, description and sharing.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, and_, col, func, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from app.datasets.uploads import CONTROLS
from app.errors import Conflict, NotAllowed, NotFound, refuse
from app.records import Dataset, DatasetStatus, Job, Role, User
from trainer.contract import Message, ReadingChoices

REFERENCE_PREFIX = "datasets/"
READING_RULES = 5  # counted up when the same original would be read otherwise: then it is another content
LONGEST_DESCRIPTION = 4_000
LEAVE_OUT = "leave_out_unreadable"  # of the choices, the one that is about these rows alone


def add_version(session: Session, record: Dataset) -> Dataset:
    """Record an upload: the next version of the owner's data set of that name, or the first of a new one.

    What was chosen about reading the version before it is taken over, and tried first.
    """
    same_name = select(Dataset).where(Dataset.owner_id == record.owner_id, Dataset.name == record.name)
    latest = session.exec(same_name.order_by(col(Dataset.version).desc()).limit(1)).first()
    if latest is not None:
        _continue_series(record, latest)
        record.choices = _without_leaving_out(latest.choices)
    record.asked_choices = [record.choices, {}] if record.choices else [{}]
    session.add(record)
    return record


def add_reading(session: Session, source: Dataset, record: Dataset, choices: ReadingChoices) -> Dataset:
    """Record a version that is the original of `source`, to be read by `choices`."""
    in_series = select(Dataset).where(Dataset.series_id == source.series_id)
    latest = session.exec(in_series.order_by(col(Dataset.version).desc()).limit(1)).one()
    _continue_series(record, latest)
    record.asked_choices = [choices.as_dict()]
    session.add(record)
    return record


def ways_to_read(record: Dataset) -> Sequence[ReadingChoices]:
    """How a record that is being read is to be tried; one that has its table, and no profile yet, as it was read."""
    asked = [_without_leaving_out(record.choices)] if record.asked_choices is None else record.asked_choices
    return [ReadingChoices.parse(choices) for choices in asked]


def _without_leaving_out(choices: Mapping[str, Any]) -> dict[str, Any]:
    """What was decided about lost rows is decided anew."""
    return {name: value for name, value in choices.items() if name != LEAVE_OUT}


def _continue_series(record: Dataset, latest: Dataset) -> None:
    record.series_id, record.version = latest.series_id, latest.version + 1
    record.name, record.description, record.is_shared = latest.name, latest.description, latest.is_shared
    record.owner_id = latest.owner_id


def content_hash(original_sha256: str, choices: dict[str, Any]) -> str:
    """What a run was trained on: the original, and how it was read."""
    told = json.dumps([READING_RULES, original_sha256, _without_leaving_out(choices)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def readable_by(user: User) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy's
    """The data sets that this person may look at and train on."""
    return or_(Dataset.owner_id == user.id, col(Dataset.owner_id).is_(None), col(Dataset.is_shared))


def shared_by_others(user: User) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy's
    """The data sets that the team has and this person did not upload."""
    return and_(col(Dataset.is_shared), col(Dataset.owner_id) != user.id)


def check_changeable(user: User, record: Dataset) -> None:
    """Whether somebody who may read a data set may change or delete it as well.

    Raises:
        NotAllowed: it is a built-in sample, or shared by somebody else.
    """
    if record.owner_id is None:
        text = "“{name}” is built in and stays."
        raise NotAllowed("sample_is_built_in", Message(text, {"name": record.name}))
    if record.owner_id != user.id and user.role != Role.ADMIN:
        text = "“{name}” is shared with you to read and use. Only its owner can change or delete it."
        raise NotAllowed("not_the_owner", Message(text, {"name": record.name}))


def check_decided(record: Dataset) -> None:
    """Whether it is decided what becomes of rows that could not be read.

    Raises:
        Conflict: it is not.
    """
    if record.unreadable_rows and not record.choices.get(LEAVE_OUT):
        text = (
            "{count} rows of “{name}” could not be read. Look at them on the page of the data set, and leave them out or"
            " read the file another way."
        )
        raise Conflict("rows_undecided", Message(text, {"count": record.unreadable_rows, "name": record.name}), "dataset")


def select_latest() -> SelectOfScalar[Dataset]:
    """Only the latest version of every series."""
    newest = select(Dataset.series_id, func.max(Dataset.version).label("version")).group_by(col(Dataset.series_id)).subquery()
    matches = and_(col(Dataset.series_id) == newest.c.series_id, col(Dataset.version) == newest.c.version)
    return select(Dataset).join(newest, matches)


def count_uses(session: Session, dataset_ids: Sequence[str]) -> dict[str, int]:
    """How many runs, whatever became of them, were started on each of these versions."""
    counted = select(Job.dataset_id, func.count()).where(col(Job.dataset_id).in_(dataset_ids)).group_by(col(Job.dataset_id))
    return dict(session.exec(counted).all())


def edit_series(session: Session, record: Dataset, values: Mapping[str, Any]) -> Sequence[Dataset]:
    """Change what all versions share; returns them.

    Raises:
        Conflict: another of the owner's data sets has the name. NotFound: it has just been deleted.
    """
    if "name" in values:
        _check_name_is_free(session, record, values["name"])
    if values:
        session.exec(update(Dataset).where(col(Dataset.series_id) == record.series_id).values(**values))
    versions = session.exec(select(Dataset).where(Dataset.series_id == record.series_id)).all()
    if record.id not in {version.id for version in versions}:
        raise unknown_dataset(record.id)
    return versions


def _check_name_is_free(session: Session, record: Dataset, name: str) -> None:
    others = select(Dataset.id).where(
        Dataset.owner_id == record.owner_id, Dataset.name == name, Dataset.series_id != record.series_id
    )
    if session.exec(others.limit(1)).first():
        text = "You have another data set called “{name}”. Choose another name."
        raise Conflict("name_taken", Message(text, {"name": name}), "name")


def is_used(session: Session, record: Dataset) -> bool:
    """Whether a run has used this version, so that it must stay as it is."""
    return session.exec(select(Job.id).where(Job.dataset_id == record.id).limit(1)).first() is not None


class UsedByRun(Exception):
    """A run has used this version, so it must stay as it is."""


def begin_reading_again(session: Session, record: Dataset, choices: ReadingChoices) -> None:
    """Mark a version as being read anew by `choices`, and bring `record` up to date.

    Raises:
        UsedByRun: it must stay as it is. Conflict: it is being read already, or deleted.
    """
    if is_used(session, record):
        raise UsedByRun
    query = update(Dataset).where(col(Dataset.id) == record.id, col(Dataset.status) != DatasetStatus.READING)
    changed = session.exec(query.values(status=DatasetStatus.READING, asked_choices=[choices.as_dict()]))
    if changed.rowcount == 0:
        raise being_read(record.name)
    record.sqlmodel_update(session.get_one(Dataset, record.id).model_dump())


def check_description(description: str) -> str:
    """What somebody wrote about a data set.

    Raises:
        Refusal: it is too long as given; a text of any length is not looked through.
    """
    given = description.strip()
    if len(given) > LONGEST_DESCRIPTION:
        text = "The description has {length} characters. It may have at most {longest}."
        params = {"length": len(given), "longest": LONGEST_DESCRIPTION}
        raise refuse("description_too_long", Message(text, params), "description")
    return "".join(letter for letter in given if letter == "\n" or unicodedata.category(letter) not in CONTROLS).strip()


def being_read(name: str) -> Conflict:
    text = "The data set “{name}” is still being read. Wait until that is done."
    return Conflict("dataset_being_read", Message(text, {"name": name}))


def unknown_dataset(reference: str) -> NotFound:
    """The answer for a data set that is not there, is somebody else's, or has just been deleted."""
    text = "There is no data set “{dataset}”. Choose one of yours, or a built-in sample."
    return NotFound("dataset_not_found", Message(text, {"dataset": reference[:80]}), "dataset")


def table_gone() -> NotFound:
    """The answer for a table that vanished between asking for it and reading it."""
    text = "This table is not there any more: its data set was deleted or read anew. Open the data set again."
    return NotFound("table_gone", Message(text))


def describe_dataset(record: Dataset) -> dict[str, Any]:
    """The `dataset` object of the REST interface."""
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "filename": record.filename,
        "path": f"{REFERENCE_PREFIX}{record.id}",
        "size": record.size,
        "type": record.type,
        "uploaded_at": record.uploaded_at.isoformat(),
        "status": record.status,
        "rows": record.rows,
        "columns": record.columns,
        "sha256": record.sha256,
        "series": record.series_id,
        "version": record.version,
        "content_hash": record.content_hash,
        "choices": record.choices,
        "shared": record.is_shared,
        "unreadable_rows": record.unreadable_rows,
        "sample": record.owner_id is None,
        "error": record.problem,
    }
