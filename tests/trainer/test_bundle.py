from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas
import pytest
import torch

from trainer.contract import EventWriter, Refusal, RunFolder, TrainingSpec, TrainOrder
from trainer.learning.training import train
from trainer.model.bundle import load_bundle, publish_bundle
from trainer.model.predict import predict
from trainer.preparing.table import load_table


@pytest.fixture
def model(flowers: Path, folder: RunFolder, events: EventWriter) -> Path:
    train(TrainOrder(str(flowers), TrainingSpec(target="kind", epochs=5)), folder, events, lambda: False)
    return folder.model


def test_model_is_tensors_and_plain_values_that_a_fresh_process_reads(model: Path) -> None:
    code = """
import sys, torch
plain = torch.load(sys.argv[1], weights_only=True)
def check(value):
    if isinstance(value, dict):
        return all(isinstance(key, str) and check(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(check, value))
    return value is None or type(value) in (str, int, float, bool, torch.Tensor)
assert check(dict(plain)), plain
print(plain["format"], plain["version"])
"""
    done = subprocess.run([sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "tamrin-model 4\n"), done.stderr


def test_fresh_process_gives_the_same_predictions(model: Path, flowers: Path) -> None:
    frame = load_table(flowers).everything()
    expected = predict(load_bundle(model), frame)
    code = """
import json, sys
from pathlib import Path
from trainer.model.bundle import load_bundle
from trainer.model.predict import predict
from trainer.preparing.table import load_table
prediction = predict(load_bundle(Path(sys.argv[1])), load_table(Path(sys.argv[2])).everything())
print(json.dumps([prediction.values, prediction.probabilities.tolist()]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(model), str(flowers)], capture_output=True, text=True, check=True)
    values, probabilities = json.loads(done.stdout)
    assert expected.probabilities is not None
    assert values == expected.values
    assert probabilities == [pytest.approx(row) for row in expected.probabilities.tolist()]


def test_report_and_model_tell_the_same_metrics(model: Path, folder: RunFolder) -> None:
    report = json.loads(folder.report.read_text())
    bundle = load_bundle(model)
    assert bundle.metrics["test"] == report["test"]
    assert bundle.spec.target == "kind"
    assert bundle.schema == [
        {"name": "size", "kind": "number"},
        {"name": "colour", "kind": "category"},
        {"name": "height", "kind": "number"},
    ]


def test_rows_without_target_with_unknown_values_and_missing_columns_are_predicted(model: Path) -> None:
    frame = pandas.DataFrame({"size": ["2.0", "wide", None], "colour": ["green", "red", None], "more": [1, 2, 3]})
    prediction = predict(load_bundle(model), frame)
    assert len(prediction.values) == 3
    chosen = prediction.chosen_probability
    assert chosen is not None
    assert all(1 / 3 <= value <= 1 for value in chosen)
    notes = [note.english() for note in prediction.notes]
    assert any("“height”" in note for note in notes)
    assert any("“wide”" in note for note in notes)
    assert any("“green”" in note for note in notes)


def test_unproven_model_is_never_published(model: Path, flowers: Path) -> None:
    bundle = load_bundle(model)
    before = model.read_bytes()
    handle = bundle.trained.network.register_forward_hook(lambda _module, _rows, outputs: outputs + 1.0)
    with pytest.raises(RuntimeError, match="predicts otherwise"):
        publish_bundle(bundle, model, load_table(flowers).everything())
    handle.remove()
    assert model.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"rubbish", b"PK\x03\x04"])
def test_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.pt"
    path.write_bytes(content)
    with pytest.raises(Refusal, match=r"other\.pt” is not a model"):
        load_bundle(path)


def test_other_torch_files_and_missing_ones_are_refused(tmp_path: Path) -> None:
    torch.save({"format": "something else"}, tmp_path / "other.pt")
    for name in ("other.pt", "none.pt"):
        with pytest.raises(Refusal, match="is not a model"):
            load_bundle(tmp_path / name)
