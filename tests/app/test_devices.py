"""Places: as many on the processor as are allowed, on a GPU one or as many as its memory holds."""

from __future__ import annotations

import pytest

from app.jobs.devices import Gpu, Places
from app.records import Job
from trainer.contract import Refusal, SettledSpec

LARGE, SMALL = Gpu("GPU-1", "Large", 80_000), Gpu("GPU-2", "Small", 8_000)


def test_a_processor_has_so_many_places_and_no_more() -> None:
    places = Places(cpu=2)
    assert places.find_free(["cpu"]) == "cpu"
    assert places.find_free(["cpu", "cpu"]) is None
    assert places.find_free([], wants_gpu=True) is None


def test_every_gpu_takes_one_job_when_nothing_else_is_said() -> None:
    places = Places(2, [LARGE, SMALL])
    assert places.total == 4
    assert places.find_free([], wants_gpu=True) == "cuda:0"
    assert places.find_free(["cuda:0"], wants_gpu=True) == "cuda:1"
    assert places.find_free(["cuda:0", "cuda:1"], wants_gpu=True) is None
    assert places.find_free(["cuda:0", "cuda:1"]) == "cpu"


def test_a_gpu_takes_as_many_jobs_as_its_memory_holds() -> None:
    places = Places(1, [LARGE, SMALL], gpu_job_memory_mb=20_000)
    assert places.total == 1 + 4 + 1
    assert places.find_free(["cuda:0", "cuda:1"], wants_gpu=True) == "cuda:0"
    assert places.find_free(["cuda:0"] * 4 + ["cuda:1"], wants_gpu=True) is None


def test_a_worker_sees_its_own_gpu_and_no_other() -> None:
    places = Places(1, [LARGE, SMALL])
    assert places.environment_for("cuda:1") == {"CUDA_VISIBLE_DEVICES": "GPU-2"}
    assert places.environment_for("cpu") == {"CUDA_VISIBLE_DEVICES": ""}


@pytest.mark.parametrize(
    ("gpus", "asked", "hidden", "settled"),
    [
        ([LARGE], "auto", (4096, 4096), "gpu"),
        ([LARGE], "auto", (128, 128), "cpu"),
        ([], "auto", (4096, 4096), "cpu"),
        ([LARGE], "cpu", (4096, 4096), "cpu"),
        ([LARGE], "gpu", (128, 128), "gpu"),
    ],
)
def test_only_large_networks_take_a_gpu_unless_somebody_asks(
    gpus: list[Gpu], asked: str, hidden: tuple[int, ...], settled: str
) -> None:
    assert Places(1, gpus).settle(SettledSpec(device=asked, hidden=hidden, batch_size=64), inputs=10).device == settled


def test_who_asks_for_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        Places(1).settle(SettledSpec(device="gpu"), inputs=10)
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("no_gpu", "device")]


def test_a_job_never_waits_for_a_gpu_that_is_gone() -> None:
    job = Job(owner_id="u", dataset_id="d", dataset_name="D", spec={"epochs": 1, "device": "gpu"})
    assert Places(1, [LARGE]).is_for_gpu(job)
    assert not Places(1).is_for_gpu(job)
