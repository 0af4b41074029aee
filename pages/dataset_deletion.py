"""Asks before a data set is deleted, one version or all of them, and says which runs used it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from app.datasets.removal import Uses
from app.records import Dataset, User
from components.confirm import confirm
from locales import Translator
from pages.visitor import Visitor
from trainer.contract import Refusal

MOST_NAMED = 10  # runs


async def confirm_deletion(visitor: Visitor, record: Dataset) -> bool:
    """Ask, saying what uses it, then delete this version; whether it was deleted."""
    _, datasets = visitor.translator, visitor.platform.datasets
    runs = (await datasets.count_uses([record.id])).get(record.id, 0)
    sentences = [
        _("“{name}”, version {number}, and everything read from it will be deleted.", name=record.name, number=record.version)
    ]
    if runs:
        sentences.append(
            _.plural(
                "{count} run was trained on it: its model stays, but it cannot be trained further.",
                "{count} runs were trained on it: their models stay, but they cannot be trained further.",
                runs,
            )
        )
    if not await confirm(_("Delete this data set?"), " ".join(sentences), yes=_("Delete"), no=_("Keep")):
        return False
    return await _delete(visitor, record, datasets.delete)


async def confirm_deletion_of_all(visitor: Visitor, record: Dataset) -> bool:
    """Ask, saying how many versions there are and which runs used them, then delete them all; whether they were deleted."""
    _, datasets = visitor.translator, visitor.platform.datasets
    uses = await datasets.removal.uses(await visitor.user(), record)
    sentences = [
        _.plural(
            "{count} version of “{name}”, and everything read from it, will be deleted.",
            "All {count} versions of “{name}”, and everything read from them, will be deleted.",
            uses.versions,
            name=record.name,
        ),
        *_describe_runs(_, uses),
    ]
    if not await confirm(_("Delete all versions?"), " ".join(sentences), yes=_("Delete all"), no=_("Keep")):
        return False
    return await _delete(visitor, record, datasets.delete_all)


def _describe_runs(_: Translator, uses: Uses) -> list[str]:
    own, sentences = len(uses.own_runs), list[str]()
    named = _.listed(uses.own_runs[:MOST_NAMED])
    if own > MOST_NAMED:
        sentences.append(_("{count} runs of yours were trained on them, the latest of them {runs}.", count=own, runs=named))
    elif own:
        sentences.append(
            _.plural(
                "{count} run of yours was trained on them: {runs}.",
                "{count} runs of yours were trained on them: {runs}.",
                own,
                runs=named,
            )
        )
    if uses.other_runs:
        sentences.append(
            _.plural(
                "{count} run of others was trained on them.", "{count} runs of others were trained on them.", uses.other_runs
            )
        )
    if own or uses.other_runs:
        sentences.append(_("What was learnt stays, but cannot be trained further."))
    return sentences


async def _delete(visitor: Visitor, record: Dataset, delete: Callable[[User, str], Awaitable[object]]) -> bool:
    try:
        await delete(await visitor.user(), record.id)
    except Refusal as refusal:
        visitor.tell(refusal)
        return False
    _ = visitor.translator
    ui.notify(_("“{name}” was deleted.", name=record.name), type="positive")
    return True
