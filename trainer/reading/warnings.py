"""What a profile holds so far enters, what a statistician would warn of leaves, the worst first, and the duplicate rows.

Each is a sentence with figures, and what one can do about it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from trainer.contract.messages import Message, Scalar
from trainer.contract.target import LEAST_ROWS_PER_CLASS, USELESS_KINDS
from trainer.reading.column_warnings import Finding, find_in_column, find_in_numbers
from trainer.reading.profiled_table import ProfiledTable
from trainer.reading.schema import Column

SEVERITIES = ("bad", "warn", "info")  # the worst first
MOST_OF_A_CODE = 5
MOST_NAMED = 20
FEW_ROWS = 50
LEAST_ROWS_PER_COLUMN = 10
MAJORITY = 0.8
RARE_CLASS_ROWS = 10
FEW_DUPLICATES = 0.01
Known = Mapping[str, Any]
NO_STRAYS: Mapping[str, Message] = {}


def find_warnings(
    table: ProfiledTable, columns: Sequence[Column], known: Known, strays: Mapping[str, Message] = NO_STRAYS
) -> dict[str, Any]:
    """`warnings` and `duplicate_rows`; `known` are the pieces of the profile that came before.

    `strays` tells, by column, which few cells keep it from being numbers or dates.
    """
    duplicates = table.count_duplicate_rows()
    target = next((column for column in columns if column.statistics.name == known["suggested"]["target"]), None)
    findings = [
        *_leaks(known["associations"]),
        *_few_rows(table.rows, columns, target),
        *(_in_target(table, target, known) if target else ()),
        *_empty_rows(table, columns),
        *_duplicates(duplicates, table.rows),
        *_alike(known["alike"]),
    ]
    for column in columns:
        name = column.statistics.name
        if name in strays:
            findings.append(
                Finding("stray_values", "warn", Message("“{column}”: {note}", {"column": name, "note": strays[name]}), name)
            )
        elif column is not target:
            findings += find_in_column(
                column, _distribution(known, column), partial(table.count_rows_with, column.statistics.name)
            )
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return {"warnings": [finding.as_dict() for finding in _shorten(findings)], "duplicate_rows": duplicates}


def _distribution(known: Known, column: Column) -> Mapping[str, Any]:
    described: Mapping[str, Any] = known["distributions"]["columns"].get(column.statistics.name, {})
    return described


def _leaks(associations: Known) -> Iterator[Finding]:
    for entry in associations["columns"]:
        if not entry["leak"]:
            continue
        text = "“{column}” alone nearly gives “{target}” away ({measure}: {value}). If it is known only afterwards, leave it out."
        measure, value = Message.from_dict(entry["leak"]["measure"]), f"{entry['leak']['value']:.3f}"
        params: dict[str, Scalar | Message] = {"column": entry["name"], "target": associations["target"]}
        yield Finding("leakage", "bad", Message(text, {**params, "measure": measure, "value": value}), entry["name"])


def _few_rows(rows: int, columns: Sequence[Column], target: Column | None) -> Iterator[Finding]:
    inputs = sum(column.kind not in USELESS_KINDS and column is not target for column in columns)
    if rows < LEAST_ROWS_PER_COLUMN * inputs:
        text = (
            "{rows} rows are few for {columns} columns: with fewer than {least} rows per column, a model learns coincidences."
            " Add rows, or leave out columns that you do not believe in."
        )
        params: dict[str, Scalar] = {"rows": rows, "columns": inputs, "least": LEAST_ROWS_PER_COLUMN}
        yield Finding("too_few_rows", "bad" if rows < inputs else "warn", Message(text, params))
    elif rows < FEW_ROWS:
        text = "{rows} rows are few: how good a model is cannot be told from a handful of test rows. Add rows if you can."
        yield Finding("too_few_rows", "warn", Message(text, {"rows": rows}))


def _in_target(table: ProfiledTable, target: Column, known: Known) -> Iterator[Finding]:
    statistics = target.statistics
    if statistics.missing:
        text = (
            "“{column}”, the column to predict, is missing in {missing} of {rows} rows, which cannot be learnt from."
            " Fill it in where you can."
        )
        params: dict[str, Scalar] = {"column": statistics.name, "missing": statistics.missing, "rows": statistics.rows}
        yield Finding("target_missing", "warn", Message(text, params), statistics.name)
    distribution = _distribution(known, target)
    if target.task == "regression" and distribution.get("highest"):
        yield from find_in_numbers(target, distribution, partial(table.count_rows_with, statistics.name))
    elif target.task in {"binary", "multiclass"}:
        yield from _in_classes(statistics.name, table.value_counts(statistics.name))


def _in_classes(name: str, classes: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    """`classes` with their rows, the most frequent first."""
    rows = sum(count for _label, count in classes)
    label, most = classes[0]
    if most >= MAJORITY * rows:
        text = (
            "“{column}” is “{label}” in {count} of {rows} rows, so a model that always says so looks good."
            " Judge it by the balanced accuracy, and collect more of the others if you can."
        )
        params: dict[str, Scalar] = {"column": name, "label": label, "count": most, "rows": rows}
        yield Finding("imbalance", "warn", Message(text, params), name)
    rare = [(label, count) for label, count in classes if count < RARE_CLASS_ROWS]
    if rare:
        text = (
            "Classes of “{column}” with fewer than {least} rows: {count} of {classes}; the rarest, “{label}”, has {rows}."
            " That is too few to learn and to test. Merge such classes, or collect more rows."
        )
        label, fewest = rare[-1]
        params = {"column": name, "least": RARE_CLASS_ROWS, "count": len(rare), "classes": len(classes), "label": label}
        severity = "bad" if fewest < LEAST_ROWS_PER_CLASS else "warn"
        yield Finding("rare_classes", severity, Message(text, {**params, "rows": fewest}), name)


def _empty_rows(table: ProfiledTable, columns: Sequence[Column]) -> Iterator[Finding]:
    if all(column.statistics.missing for column in columns) and (count := table.count_empty_rows()):
        text = "Rows without a single value: {count} of {rows}. Nothing can be learnt from them; remove them."
        yield Finding("empty_rows", "warn", Message(text, {"count": count, "rows": table.rows}))


def _duplicates(duplicates: int, rows: int) -> Iterator[Finding]:
    if duplicates:
        text = (
            "Rows that repeat an earlier row exactly: {count} of {rows}. Unless they were really seen twice, remove them:"
            " copies among the training rows and the test rows make a model look better than it is."
        )
        severity = "warn" if duplicates > FEW_DUPLICATES * rows else "info"
        yield Finding("duplicate_rows", severity, Message(text, {"count": duplicates, "rows": rows}))


def _alike(pairs: Sequence[Known]) -> Iterator[Finding]:
    for pair in pairs:
        column, other = pair["columns"]
        params: dict[str, Scalar] = {"column": column, "other": other}
        if pair["r"] is None:
            text = "“{column}” and “{other}” say the same in every row, perhaps in other words. One of them is enough."
            yield Finding("alike", "warn", Message(text, params), other)
        else:
            text = "“{column}” and “{other}” say nearly the same (r = {value}). One of them is enough."
            yield Finding("alike", "warn", Message(text, {**params, "value": f"{pair['r']:.3f}"}), other)


def _shorten(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Hundreds of columns with the same fault are named together, after the first few."""
    total, seen = Counter(finding.code for finding in findings), Counter[str]()
    others: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= MOST_OF_A_CODE or total[finding.code] == MOST_OF_A_CODE + 1:
            yield finding
            continue
        others[finding.code].append(finding)
        if seen[finding.code] == total[finding.code]:
            yield _together(others[finding.code])


def _together(findings: Sequence[Finding]) -> Finding:
    names = list(dict.fromkeys(finding.column or "" for finding in findings))
    shown = ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
    text = "The same goes for {count} more columns: {columns}"
    return Finding(findings[0].code, findings[0].severity, Message(text, {"count": len(names), "columns": shown}))
