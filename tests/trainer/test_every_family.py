"""What holds for every network family: its file works elsewhere, and any row gets an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from tests.trainer.conftest import ingest_file, write_visits
from trainer.contract import AUTO, NETWORKS, EventWriter, RunFolder, TrainingSpec, TrainOrder
from trainer.learning.training import train
from trainer.model.bundle import Bundle, load_bundle
from trainer.model.predict import Prediction, predict

ROWS = {
    "waited": [12.0, None, 55.5, 1e300, -1.0],
    "town": ["Yazd", "Tabriz", None, "never seen", "Yazd"],
    "is_guest": [True, False, None, True, "perhaps"],
    "day": ["2026-03-05", None, "1999-01-01", "no day", "2026-03-05"],
    "review": ["a lovely soup", "awful bread", None, "", "سوپ 🍲 lovely " * 2000],
    "more": [1, 2, 3, 4, 5],
}
ELSEWHERE = """
import json, sys
from pathlib import Path
import numpy, pandas
from trainer.model.bundle import load_bundle
from trainer.model.predict import predict
rows = pandas.DataFrame(json.loads(Path(sys.argv[1]).read_text("utf-8")))
shown = lambda found: found.values if found.probabilities is None else found.probabilities.tolist()
print(json.dumps({path: shown(predict(load_bundle(Path(path)), rows)) for path in sys.argv[2:]}))
"""
TARGETS = ("mood", "tip")


@dataclass(frozen=True)
class Models:
    """The file of every family, for a target of classes and one of numbers."""

    files: dict[tuple[str, str], Path]

    def load(self, network: str, target: str) -> Bundle:
        return load_bundle(self.files[network, target])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    root = tmp_path_factory.mktemp("families")
    table = ingest_file(write_visits(root / "visits.csv"), root / "visits")
    files = {}
    for network in (AUTO, *NETWORKS):
        for target in TARGETS:
            folder = RunFolder(root / f"{network}-{target}")
            folder.path.mkdir()
            exclude = tuple(other for other in TARGETS if other != target)
            spec = TrainingSpec(network=network, target=target, exclude=exclude, epochs=1, folds=2 if network == AUTO else 1)
            events = EventWriter(folder.events)
            train(TrainOrder(str(table), spec), folder, events, lambda: False)
            events.close()
            files[network, target] = folder.model
    return Models(files)


def shown(prediction: Prediction) -> Any:
    return prediction.values if prediction.probabilities is None else prediction.probabilities


def test_every_model_predicts_the_same_in_another_process(models: Models, tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps(ROWS), "utf-8")
    command = [sys.executable, "-c", ELSEWHERE, str(rows), *map(str, models.files.values())]
    there = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for path in models.files.values():
        here = shown(predict(load_bundle(path), pandas.DataFrame(ROWS)))
        assert numpy.allclose(there[str(path)], here, atol=1e-5), path.parent.name


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("network", [AUTO, *NETWORKS])
def test_any_row_gets_an_answer_and_what_was_not_understood_is_told(models: Models, network: str, target: str) -> None:
    bundle = models.load(network, target)
    found = predict(bundle, pandas.DataFrame(ROWS))
    assert numpy.isfinite(shown(found)).all()
    told = " ".join(note.english() for note in found.notes)
    assert all(word in told for word in ("never seen", "no day", "perhaps"))
    assert "review" not in told
    bare = predict(bundle, pandas.DataFrame({"review": [7.5, True], "unknown": [1, 2]}))
    assert numpy.isfinite(shown(bare)).all()
    assert len(bare.notes) == 4
    assert len(predict(bundle, pandas.DataFrame({"review": []})).values) == 0


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("network", [AUTO, *NETWORKS])
def test_a_row_is_predicted_alone_as_among_others(models: Models, network: str, target: str) -> None:
    bundle, rows = models.load(network, target), pandas.DataFrame(ROWS)
    together = shown(predict(bundle, rows))
    alone = [shown(predict(bundle, rows.iloc[place : place + 1]))[0] for place in range(len(rows))]
    assert numpy.allclose(together, alone, atol=1e-5)
