from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.conftest import write_flowers, write_houses


def run_trainer(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "trainer", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"})


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_train_on_the_suggested_target_then_predict(tmp_path: Path) -> None:
    data, model = write_flowers(tmp_path / "flowers.csv"), tmp_path / "model.pt"
    trained = run_trainer("train", "--data", data, "--out", model, "--epochs", 30, "--folds", 1, "--lr", "0.01")
    assert trained.returncode == 0, trained.stderr
    for words in ("Target: “kind”", "accuracy", "trivial", "96 train, 24 validation, 30 test"):
        assert words in trained.stdout
    predicted = run_trainer("predict", "--model", model, "--data", data)
    assert (predicted.returncode, predicted.stderr) == (0, "")
    rows, original = read_csv(predicted.stdout), read_csv(data.read_text())
    assert [{name: row[name] for name in original[0]} for row in rows] == original
    assert sum(row["kind"] == row["kind_predicted"] for row in rows) >= 0.9 * len(rows)
    assert all(1 / 3 <= float(row["probability"]) <= 1 for row in rows)

    strange, out = tmp_path / "rows.json", tmp_path / "predictions.csv"
    strange.write_text('[{"size": "wide", "colour": "green", "note": "keep me"}]')
    predicted = run_trainer("predict", "--model", model, "--data", strange, "--out", out)
    assert (predicted.returncode, predicted.stdout) == (0, "")
    assert all(word in predicted.stderr for word in ("“wide”", "“green”", "“height”"))
    (row,) = read_csv(out.read_text())
    assert row["note"] == "keep me"
    assert row["kind_predicted"].startswith("kind ")


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["--epochs", "0", "--lr", "abc", "--batch-size", "0"], ["“epochs”", "“batch_size”", "“lr”"]),
        (["--data", "none.csv"], ["There is no file “none.csv”"]),
        (["--data", "table.pdf"], ["“table.pdf”"]),
        (["--out", "no/such/folder/model.pt"], ["cannot be written"]),
    ],
)
def test_bad_input_is_one_sentence_per_problem_and_exit_two(tmp_path: Path, arguments: list[str], sentences: list[str]) -> None:
    done = run_trainer("train", "--data", write_houses(tmp_path / "houses.csv", 30), "--out", tmp_path / "model.pt", *arguments)
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert len(lines) == len(sentences)
    assert all(sentence in line for sentence, line in zip(sentences, lines, strict=True))
    assert not (tmp_path / "model.pt").exists()


def test_ingest_writes_table_and_profile(tmp_path: Path) -> None:
    done = run_trainer("ingest", "--data", write_houses(tmp_path / "houses.csv", 30), "--out", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"table.parquet", "profile.json"}
    assert "suggested target: price" in done.stdout


def test_interrupt_stops_after_the_step_and_keeps_the_best_model_so_far(tmp_path: Path) -> None:
    data, model = write_flowers(tmp_path / "flowers.csv"), tmp_path / "model.pt"
    arguments = ["--data", str(data), "--out", str(model), "--network", "mlp", "--epochs", "1000", "--batch-size", "1"]
    command = [sys.executable, "-m", "trainer", "train", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("validation loss" in line for line in process.stdout), "an epoch is finished before the end of the output"
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
    assert "the best model so far" in rest
    assert model.is_file()
