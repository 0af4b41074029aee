"""What is known of objects in an object enters, whether they are the rows or the columns of a table leaves.

pandas writes tables both ways; so do people who keep records by a name. Other objects of objects, such as the sections of
a file of settings, are no table: their keys differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from trainer.reading.json_columns import number_name
from trainer.reading.json_refusals import MAX_COLUMNS
from trainer.reading.json_survey import NUMBER, TEXT, TRUTH, FoundObjects

LABELS = "index"  # what pandas calls them, too
LEAST_FILLED = 0.7  # of the cells of a table whose labels do not just count; sections of settings share fewer keys
Orientation = Literal["rows", "columns"]


def find_orientation(objects: FoundObjects) -> Orientation | None:
    """What the objects are; None when they are neither rows nor columns."""
    if not objects.has_plain:
        return None
    orientation = _by_numbers(objects) or _by_size(objects) or _by_kinds(objects)
    is_counted = objects.outer.are_counted if orientation == "rows" else objects.are_alike and are_counted(objects)
    is_table = objects.outer.count > 1 and objects.width > 1
    is_filled = objects.cells >= LEAST_FILLED * objects.outer.count * objects.width
    return orientation if is_counted or (is_table and is_filled) else None


def are_counted(objects: FoundObjects) -> bool:
    """Whether the keys of the objects are 0, 1, 2, ..., as those of one tell of all."""
    return objects.most_counted == objects.end


def name_labels(names: Iterable[str]) -> str:
    """A name for the column of labels beside these columns."""
    taken = {name.casefold() for name in names}
    return number_name(LABELS, taken) if LABELS in taken else LABELS


def _by_numbers(objects: FoundObjects) -> Orientation | None:
    """Rows are numbered, columns have names."""
    if objects.outer.are_numbers == objects.are_numbers:
        return None
    return "rows" if objects.outer.are_numbers else "columns"


def _by_size(objects: FoundObjects) -> Orientation | None:
    if objects.has_too_many_keys:
        return "columns"
    return "rows" if objects.outer.count > MAX_COLUMNS else None


def _by_kinds(objects: FoundObjects) -> Orientation:
    """The values of a column are of one kind; where that tells nothing, there are more rows than columns.

    With as many of both, numbers are as pandas writes them and names as people do.
    """
    are_mixed_across = any(kinds not in {0, TEXT, NUMBER, TRUTH} for kinds in objects.kinds.values())
    if objects.are_mixed != are_mixed_across:
        return "rows" if objects.are_mixed else "columns"
    if objects.outer.count == objects.width:
        return "columns" if objects.are_numbers else "rows"
    return "rows" if objects.outer.count > objects.width else "columns"
