"""What becomes of files by their names, said before they are sent: a data set of its own, or a version of one that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from urllib.parse import unquote, urlsplit

from app.datasets.uploads import check_name, clean_filename
from app.records import Dataset
from components.upload_form import NamedFile, Naming
from locales import Translator
from trainer.contract import Refusal


@dataclass(slots=True)
class _Taken:
    """The latest version of a name, and whether it is shared; without a data set, it is a file further up in the list."""

    version: int
    is_shared: bool = False
    is_dataset: bool = True


def name_files(_: Translator, files: Sequence[NamedFile], own: Sequence[Dataset]) -> Mapping[str, Naming]:
    """By key, what becomes of each file that waits to be sent; `own` are the latest versions of the person's data sets."""
    taken = {record.name: _Taken(record.version, record.is_shared) for record in own}
    for file in files:
        if not file.is_chosen:  # it is on its way, and its data set perhaps there already
            taken.setdefault(_name_of(file), _Taken(1))
    namings: dict[str, Naming] = {}
    for file in files:
        if not file.is_chosen:
            continue
        if file.is_pasted and not file.name:
            name = next(name for name in _pasted_names(_) if name not in taken)
            namings[file.key] = Naming(name=name)
        else:
            name = _name_of(file)
            namings[file.key] = Naming(joins=_describe(_, name, taken[name]) if name in taken else "")
        before = taken.get(name)
        taken[name] = _Taken(before.version + 1, before.is_shared, before.is_dataset) if before else _Taken(1, is_dataset=False)
    return namings


def _describe(_: Translator, name: str, taken: _Taken) -> str:
    number = taken.version + 1
    if taken.is_shared:
        return _(
            "A data set called “{name}” exists already, and is shared with the team: this becomes version {number} of it,"
            " which the team sees as well. Give it another name to keep it to yourself.",
            name=name,
            number=number,
        )
    if taken.is_dataset:
        return _(
            "A data set called “{name}” exists already: this becomes version {number} of it."
            " Give it another name to keep them apart.",
            name=name,
            number=number,
        )
    return _(
        "Another file in this list is called “{name}” as well: this becomes version {number} of the same data set."
        " Give it another name to keep them apart.",
        name=name,
        number=number,
    )


def _pasted_names(_: Translator) -> Iterator[str]:
    yield _("Pasted table")
    for number in count(2):
        yield _("Pasted table {number}", number=number)


def _name_of(file: NamedFile) -> str:
    """As the data set will be called; from an address only as far as it tells."""
    filename = file.filename or unquote(urlsplit(file.address).path)
    try:
        return check_name(file.name, clean_filename(filename))
    except Refusal:  # the upload will be refused in words
        return ""
