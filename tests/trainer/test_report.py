"""report.json says what was decided and why, how well the model predicts, and what it took."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.trainer.conftest import ingest_file
from tests.trainer.test_loop import run_training
from trainer.contract import Message, RunFolder


def test_the_report_says_what_was_decided_and_what_it_took(visits: Path, folder: RunFolder) -> None:
    outcome, _ = run_training(visits, folder, epochs=2, target="mood", exclude=["tip"], network="mlp")
    report = json.loads(folder.report.read_text())
    assert outcome.report == report
    columns = report["columns"]
    assert columns["target"] == {**columns["target"], "column": "mood", "kind": "category"}
    assert [column["column"] for column in columns["used"]] == ["waited", "town", "is_guest", "day", "review"]
    assert [column["column"] for column in columns["left_out"]] == ["tip"]
    for column in columns["used"]:
        assert Message.from_dict(column["reason"]).english().endswith(".")
        assert Message.from_dict(column["as"]).english().endswith(".")
    assert "missing is the median, and marked" in Message.from_dict(columns["used"][0]["as"]).english()
    assert report["machine"]["device"] == "cpu"
    assert report["machine"]["versions"]["torch"] == torch.__version__
    effort = report["effort"]
    assert min(effort.values()) > 0
    assert report["seconds"] == pytest.approx(effort["preparing"] + effort["training"] + effort["comparing"])


def test_a_column_that_gives_the_target_away_is_in_the_report(tmp_path: Path, folder: RunFolder) -> None:
    rows = [f"{row % 2},{row % 2 + 0.001 * (row % 7):.3f},{row % 5}" for row in range(100)]
    (tmp_path / "leak.csv").write_text("kind,leak,other\n" + "\n".join(rows))
    outcome, _ = run_training(
        ingest_file(tmp_path / "leak.csv", tmp_path / "leak"), folder, epochs=1, target="kind", task="binary"
    )
    assert outcome.report is not None
    assert [warning["params"]["column"] for warning in outcome.report["warnings"]] == ["leak"]
