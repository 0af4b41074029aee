"""Tables that memory does not bear: they stay on the disk and are learnt from there."""

from __future__ import annotations

import dataclasses
import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
import torch

from tests.trainer.test_resume import SPEC, Laboratory, after, assert_same
from trainer.contract import EventWriter, RunFolder, TrainingSpec
from trainer.learning import training
from trainer.learning.batches import BLOCK, WINDOW, Batches, draw_blockwise
from trainer.preparing import table as table_module
from trainer.preparing.preparation import prepare
from trainer.preparing.rows import Rows
from trainer.preparing.storage import Storage, available_memory, choose_storage
from trainer.preparing.table import HeldTable, StoredTable, load_table


@pytest.fixture
def laboratory(tmp_path: Path, visits: Path) -> Callable[[str], Laboratory]:
    return lambda name: Laboratory(tmp_path / name, visits)


@pytest.fixture
def maps_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "choose_storage", lambda folder: Storage(folder, -1.0))


def test_a_column_on_the_disk_is_as_one_in_memory(visits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = load_table(visits)
    monkeypatch.setattr(table_module, "MOST_CELLS_HELD", 0)
    stored = load_table(visits, threads=2)
    assert isinstance(held, HeldTable)
    assert isinstance(stored, StoredTable)
    for name in held.columns:
        assert held.read(name).equals(stored.read(name)), name
    some = numpy.array([7, 3, 5])
    assert stored.select(some)["review"].tolist() == held.frame["review"].iloc[some].tolist()
    assert len(stored.everything()) == 120


def test_a_table_on_the_disk_is_prepared_as_one_in_memory(
    visits: Path, events: EventWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec(target="mood", network="tabm", folds=2)
    held = prepare(load_table(visits), spec, events)
    monkeypatch.setattr(table_module, "MOST_CELLS_HELD", 0)
    stored = prepare(load_table(visits), spec, events)
    assert held.hash() == stored.hash()
    one, other = held.encode_learnt(), stored.encode_learnt()
    assert torch.equal(one.rows.numbers, other.rows.numbers)
    assert torch.equal(one.targets, other.targets)


@pytest.mark.parametrize("network", ["mlp", "tabm", "realmlp"])
@pytest.mark.usefixtures("maps_everything")
def test_mapped_rows_teach_as_well_and_leave_no_file(laboratory: Callable[[str], Laboratory], network: str) -> None:
    place = laboratory("mapped")
    spec = TrainingSpec(target="mood", network=network, epochs=15, batch_size=16)
    report = place.attempt(spec).report
    assert report is not None
    assert report["compared"]["network"]["test"]["accuracy"] > 0.8
    left = {path.name for path in place.folders[-1].path.iterdir()}
    assert left == {"events.jsonl", "checkpoint", "model.pt", "report.json"}


@pytest.mark.parametrize("folds", [1, 2])
def test_what_is_mapped_is_resumed_exactly_even_where_it_fits_into_memory_then(
    laboratory: Callable[[str], Laboratory], folds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = dataclasses.replace(SPEC, target="mood", folds=folds, epochs=4)
    whole, parts = laboratory("whole"), laboratory("parts")
    with monkeypatch.context() as patch:
        patch.setattr(training, "choose_storage", lambda folder: Storage(folder, -1.0))
        whole.attempt(spec)
        parts.attempt(spec, after(7 + 2))
    parts.attempt(spec)
    assert_same(whole.newest_state(), parts.newest_state())


@pytest.mark.parametrize("rows", [1, 63, 64, 1000, 3 * WINDOW + 17])
def test_an_order_in_blocks_has_every_row_once_and_neighbours_near(rows: int) -> None:
    order = draw_blockwise(rows, generator=torch.Generator().manual_seed(1))
    assert torch.equal(order.sort().values, torch.arange(rows))
    if rows > WINDOW:
        first = order[:WINDOW]
        assert len(torch.unique(first // BLOCK)) <= WINDOW // BLOCK + 1
        assert first.float().std() > rows / 5, "blocks come from everywhere"
        assert (first[1:] - first[:-1]).abs().float().mean() > rows / 6, "and their rows are shuffled among each other"


@pytest.mark.parametrize("copies", [True, False])
def test_batches_are_the_rows_in_their_order(copies: bool) -> None:
    rows = Rows(torch.arange(20.0)[:, None], torch.zeros(20, 0, dtype=torch.long))
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))[:15]
    batches = Batches(rows, torch.arange(20), order, copies=copies)
    taken = [batches[start : start + 4] for start in range(0, 15, 4)]
    assert torch.cat([targets for _, targets in taken]).tolist() == order.tolist()
    assert torch.cat([part.numbers for part, _ in taken])[:, 0].tolist() == order.tolist()


def test_what_is_too_large_is_a_file_without_a_name(tmp_path: Path) -> None:
    storage = Storage(tmp_path, 1000.0)
    assert not isinstance(storage.make((10, 10), numpy.float32), numpy.memmap)
    mapped = storage.make((100, 10), numpy.int64)
    assert isinstance(mapped, numpy.memmap)
    mapped[99, 9] = 5
    assert torch.from_numpy(mapped)[99, 9] == 5
    assert mapped.sum() == 5
    assert list(tmp_path.iterdir()) == []
    assert storage.make((0, 10), numpy.int64).shape == (0, 10)


def test_a_limit_of_the_process_counts(tmp_path: Path) -> None:
    assert available_memory() > 0
    found = tmp_path / "found"
    if (child := os.fork()) == 0:
        limit = 3 << 30
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        found.write_text(str(available_memory()))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert float(found.read_text()) < 3 << 30


def test_a_run_folder_is_where_mapped_rows_are(folder: RunFolder) -> None:
    storage = choose_storage(folder.path)
    assert storage.folder == folder.path
    assert 0 < storage.most_bytes < 1 << 50
