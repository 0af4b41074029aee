from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.contract import FIELDS, EventWriter, Message, ProcessIdentity, Refusal, TrainingSpec, read_events, suggest_settings


@pytest.mark.parametrize(
    ("given", "field", "code", "words"),
    [
        ({"epochs": 0}, "epochs", "out_of_bounds", ["epochs", "1", "1000", "0"]),
        ({"epochs": 1001}, "epochs", "out_of_bounds", ["epochs", "1", "1000", "1001"]),
        ({"epochs": 2.5}, "epochs", "not_a_whole_number", ["epochs", "2.5"]),
        ({"epochs": True}, "epochs", "not_a_whole_number", ["True"]),
        ({"batch_size": 0}, "batch_size", "out_of_bounds", ["batch_size", "1", "0"]),
        ({"lr": "abc"}, "lr", "not_a_number", ["lr", "abc"]),
        ({"lr": 2}, "lr", "out_of_bounds", ["lr", "0.00001", "1", "2"]),
        ({"lr": float("nan")}, "lr", "not_a_number", ["nan"]),
        ({"dropout": 0.95}, "dropout", "out_of_bounds", ["0.9", "0.95"]),
        ({"seed": -1}, "seed", "out_of_bounds", ["-1"]),
        ({"task": "guess"}, "task", "not_a_choice", ["guess", "binary"]),
        ({"hidden": [8] * 9}, "hidden", "not_widths", ["hidden", "8"]),
        ({"hidden": [0]}, "hidden", "out_of_bounds", ["0"]),
        ({"exclude": "a,b"}, "exclude", "not_names", ["exclude"]),
        ({"target": 3}, "target", "not_text", ["target", "3"]),
        ({"colour": 1}, "colour", "unknown_field", ["colour", "epochs"]),
    ],
)
def test_refused_setting_names_field_value_and_bound(given: dict[str, Any], field: str, code: str, words: list[str]) -> None:
    with pytest.raises(Refusal) as caught:
        TrainingSpec.parse(given)
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == (field, code)
    assert all(word in problem.message.english() for word in words)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(Refusal) as caught:
        TrainingSpec.parse({"epochs": 0, "lr": "abc", "nonsense": 1}, required=("target",))
    assert [problem.field for problem in caught.value.problems] == ["nonsense", "target", "epochs", "lr"]


def test_defaults_are_those_of_the_table_of_fields() -> None:
    assert TrainingSpec().as_dict() == {
        name: list(field.default) if isinstance(field.default, tuple) else field.default for name, field in FIELDS.items()
    }


def test_bounds_themselves_are_accepted_and_survive_a_round_trip() -> None:
    spec = TrainingSpec.parse({"epochs": 1000, "batch_size": 1, "lr": 1e-5, "hidden": [4096], "seed": 2**32 - 1})
    assert TrainingSpec.parse(json.loads(json.dumps(spec.as_dict()))) == spec


@pytest.mark.parametrize("rows", [1, 1999, 2000, 20_000, 10**7])
def test_suggested_settings_are_valid(rows: int) -> None:
    TrainingSpec.parse(suggest_settings(rows))


def test_torn_last_line_is_never_returned_and_numbering_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    first = EventWriter(path)
    first.state("LOADING")
    first.log(Message("Hello “{name}”.", {"name": "سارا"}))
    first.close()
    with path.open("ab") as file:
        file.write(b'{"n":3,"type":"met')
    assert [event["n"] for event in read_events(path).events] == [1, 2]
    second = EventWriter(path)
    second.state("RUNNING")
    second.close()
    log = read_events(path)
    assert [(event["n"], event["type"]) for event in log.events] == [(1, "state"), (2, "log"), (3, "state")]
    assert log.events[1]["message"] == {"text": "Hello “{name}”.", "params": {"name": "سارا"}}
    assert log.end == path.stat().st_size


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.state("LOADING")
    seen = read_events(path)
    writer.state("RUNNING")
    writer.close()
    rest = read_events(path, seen.end, seen.last_number)
    assert [event["state"] for event in rest.events] == ["RUNNING"]


def test_a_line_that_is_no_event_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"n":1,"type":"state"}\nrubbish\n[1]\n{"n":"x","type":"log"}\n{"n":2,"type":"log"}\n')
    assert [event["n"] for event in read_events(path).events] == [1, 2]


def test_missing_log_is_an_empty_one(tmp_path: Path) -> None:
    assert read_events(tmp_path / "none.jsonl").events == []


def test_identity_of_another_start_is_not_alive() -> None:
    mine = ProcessIdentity.of_this_process()
    assert mine.is_alive()
    assert not ProcessIdentity(mine.pid, "12345", mine.boot_id).is_alive()
    assert not ProcessIdentity(mine.pid, "12345", mine.boot_id).send_signal(signal.SIGKILL)


def test_signal_reaches_exactly_that_process_and_a_dead_one_has_no_identity() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity.of(child.pid)
    assert identity is not None
    assert identity.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not identity.is_alive(), "a zombie counts as gone"
    child.communicate()
    assert not identity.send_signal(signal.SIGKILL)
