"""The verbs for people: train, predict and ingest, each from parsed arguments to printed lines and an exit code."""

# ruff: noqa: T201 to print is the task of these verbs
# ruff: noqa: S608 what a file says becomes SQL only through quote_name and quote_text

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from trainer.contract.messages import Message, Problem, Refusal
from trainer.contract.orders import IngestOrder, TrainOrder
from trainer.contract.reading import ENDINGS, PACKINGS, ReadingChoices
from trainer.contract.run_folder import RunFolder
from trainer.contract.spec import AUTO, FIELDS, TrainingSpec
from trainer.reading.cells import Cells, Source
from trainer.reading.ingest import TABLE_FILE, ingest
from trainer.terminal import TerminalEvents, format_report

MEMORY_MB = 1024
MOST_UNPACKED_BYTES = 2_000_000_000
USAGE_EXIT = 2
STOPPED_EXIT = 130  # what shells report for Ctrl-C


def run_ingest(arguments: argparse.Namespace) -> int:
    """Write table.parquet and profile.json, and print what each column is."""
    profile = _ingest(arguments.data, arguments.out)
    _print_notes(profile)
    for column in profile["columns"]:
        print(f"{column['name']}: {column['kind']}. {Message.from_dict(column['reason']).english()}")
    print(f"{profile['rows']} rows; suggested target: {profile['suggested']['target'] or 'none'}")
    return 0


def run_train(arguments: argparse.Namespace) -> int:
    """Ingest into a passing folder, train with a live line, and leave the model at `--out`."""
    given = {name: value for name in FIELDS if (value := getattr(arguments, name)) is not None}
    TrainingSpec.parse(_plain_values(given))  # all problems of the settings at once, before the file is read
    _refuse_bad_output(arguments.out)
    with tempfile.TemporaryDirectory(prefix="tamrin-") as workspace:
        profile = _ingest(arguments.data, Path(workspace) / "data")
        _print_notes(profile)
        suggested = profile["suggested"]
        if "target" not in given and suggested["target"]:
            print(f"Target: “{suggested['target']}”. {Message.from_dict(suggested['reason']).english()}")
        spec = TrainingSpec.parse({"network": AUTO, **_plain_values(given)})
        order = TrainOrder(str(Path(workspace) / "data" / TABLE_FILE), spec, _threads())
        return _train(order, RunFolder(Path(workspace)), arguments.out)


def _train(order: TrainOrder, folder: RunFolder, output: Path) -> int:
    from trainer.learning.training import train  # noqa: PLC0415 torch takes seconds that a refused file need not wait for
    from trainer.worker import StopRequest  # noqa: PLC0415

    stop = StopRequest()
    stop.listen(signal.SIGINT)
    events = TerminalEvents(folder.events, sys.stdout)
    try:
        outcome = train(order, folder, events, stop)
    finally:
        events.end_line()
        events.close()
    if outcome.report is None:
        print("Stopped before the first epoch was finished; there is no model yet.", file=sys.stderr)
        return STOPPED_EXIT
    _copy_into_place(folder.model, output)
    print(format_report(outcome.report))
    print(f"{'Stopped; the best model so far is' if outcome.stopped else 'Model'}: {output}")
    return STOPPED_EXIT if outcome.stopped else 0


def run_predict(arguments: argparse.Namespace) -> int:
    """Write the rows of `--data` with a column of predictions."""
    find_format(arguments.data)
    _refuse_missing(arguments.data)
    if arguments.out:
        _refuse_bad_output(arguments.out)

    from trainer.model.bundle import load_bundle  # noqa: PLC0415
    from trainer.model.predict import predict  # noqa: PLC0415

    bundle = load_bundle(arguments.model)
    kinds = {str(column["name"]): str(column["kind"]) for column in bundle.schema}
    notes, written, typed = _read_rows(arguments.data, kinds)
    prediction = predict(bundle, typed)
    for note in (*notes, *prediction.notes):
        print(note.english(), file=sys.stderr)
    name = f"{bundle.coding.name}_predicted"
    written[name] = prediction.values
    probability = prediction.chosen_probability
    if probability is not None:
        written["probability" if "probability" not in written else f"{name}_probability"] = probability
    written.to_csv(arguments.out or sys.stdout, index=False, lineterminator="\n")
    return 0


def _read_rows(path: Path, kinds: dict[str, str]) -> tuple[list[Message], Any, Any]:
    """The cells as they were written, and in the kinds that the model has learnt; two frames, and what is to be told."""
    from trainer.reading.cells import open_cells  # noqa: PLC0415
    from trainer.reading.duckdb_session import open_duckdb, quote_name  # noqa: PLC0415
    from trainer.reading.typed_table import TypedTable  # noqa: PLC0415

    file_format, packing = find_format(path)
    with tempfile.TemporaryDirectory(prefix="tamrin-") as workspace:
        folder = Path(workspace).absolute()
        with open_duckdb([path.absolute()], folder, MEMORY_MB, _threads()) as connection:
            choices = ReadingChoices(kinds=kinds)
            source = Source(path.absolute(), file_format, packing, choices, MOST_UNPACKED_BYTES)
            cells = open_cells(connection, source, folder)
            table = TypedTable(connection, cells, choices, folder)
            typed = connection.execute(table.select_typed()).df()
            names = [f"{cell} AS {quote_name(name)}" for cell, name in zip(cells.columns, cells.names, strict=True)]
            written = connection.execute(f"SELECT {', '.join(names)} FROM cells").df()
            notes = [*cells.notes, *_describe_rejected(cells, connection), *table.misfits()]
            return notes, written, typed


def _describe_rejected(cells: Cells, connection: Any) -> list[Message]:  # noqa: ANN401 - DuckDB takes long to import
    count, rows = cells.find_rejected(connection)
    text = "{count} rows could not be read and were left out; the first is in line {line}."
    return [Message(text, {"count": count, "line": rows[0].line})] if rows else []


def find_format(path: Path) -> tuple[str, str]:
    """The format that a file's name promises, and how it is packed.

    Raises:
        Refusal: `unknown_format`.
    """
    packing = path.suffix.lower().removeprefix(".")
    name = path.with_suffix("") if packing in PACKINGS else path
    file_format = ENDINGS.get(name.suffix.lower().removeprefix("."), "")
    if file_format or packing == "zip":
        return file_format, packing if packing in PACKINGS else ""
    message = Message(
        "“{name}” is no table that can be read. Give a file that ends in {formats}.",
        {"name": path.name, "formats": ", ".join(f".{ending}" for ending in ENDINGS)},
    )
    raise Refusal(Problem("unknown_format", message))


def _ingest(path: Path, output: Path) -> dict[str, Any]:
    file_format, packing = find_format(path)
    _refuse_missing(path)
    return ingest(IngestOrder(str(path), file_format, str(output), packing, memory_mb=MEMORY_MB, threads=_threads()))


def _print_notes(profile: dict[str, Any]) -> None:
    for note in profile["notes"]:
        print(Message.from_dict(note).english(), file=sys.stderr)
    rejected = profile["rejected"]
    if rejected["count"]:
        first = rejected["rows"][0]
        reason = Message.from_dict(first["reason"]).english()
        print(f"{rejected['count']} rows could not be read; the first is in line {first['line']}: {reason}", file=sys.stderr)


def _plain_values(given: dict[str, Any]) -> dict[str, Any]:
    """Command-line text as the plain values that `TrainingSpec.parse` checks; what is no number stays text, to be refused."""
    return {name: _plain_value(FIELDS[name].kind, text) for name, text in given.items()}


def _plain_value(kind: str, text: str) -> object:
    if kind == "names":
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind == "widths":
        return [_number(part.strip()) for part in text.split(",")]
    return _number(text) if kind in {"integer", "number"} else text


def _number(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise Refusal(Problem("file_not_found", Message("There is no file “{path}”.", {"path": str(path)}), "data"))


def _refuse_bad_output(path: Path) -> None:
    if path.is_dir() or not path.absolute().parent.is_dir():
        message = Message("“{path}” cannot be written: give a file name in a folder that exists.", {"path": str(path)})
        raise Refusal(Problem("cannot_write", message, "out"))


def _copy_into_place(source: Path, destination: Path) -> None:
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.tmp")
    temporary.write_bytes(source.read_bytes())
    temporary.replace(destination)


def _threads() -> int:
    return max(1, min(4, (os.cpu_count() or 1)))


def print_refusal(refusal: Refusal) -> int:
    """One sentence per problem."""
    for problem in refusal.problems:
        print(problem.message.english(), file=sys.stderr)
    return USAGE_EXIT
