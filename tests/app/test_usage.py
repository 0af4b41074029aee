"""What a page reads of usage.jsonl: each sample once, as it comes."""

from __future__ import annotations

import json
from pathlib import Path

from app.jobs.usage import read_usage


def sample(at: float) -> str:
    return json.dumps({"at": at, "cpu_percent": 1.0}) + "\n"


def test_each_sample_is_read_once_as_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    nothing = read_usage(path, 1)
    assert (nothing.samples, nothing.is_whole) == ([], True)
    path.write_text(sample(10.0) + "no sample\n[1]\n" + sample(11.0) + sample(12.0)[:5])
    first = read_usage(path, 1, nothing)
    assert ([found["at"] for found in first.samples], first.is_whole, first.began_at) == ([10.0, 11.0], True, 10.0)
    with path.open("a") as file:
        file.write(sample(12.0)[5:])
    second = read_usage(path, 1, first)
    assert ([found["at"] for found in second.samples], second.is_whole, second.began_at) == ([12.0], False, 10.0)
    assert read_usage(path, 1, second).samples == []


def test_another_attempt_is_read_from_its_beginning(tmp_path: Path) -> None:
    for name, at in (("first", 10.0), ("second", 99.0)):
        (tmp_path / name).write_text(sample(at))
    another = read_usage(tmp_path / "second", 2, read_usage(tmp_path / "first", 1))
    assert ([found["at"] for found in another.samples], another.is_whole, another.began_at) == ([99.0], True, 99.0)
