"""Places: as many on the processor as are allowed, on a GPU one or as many as its memory holds."""

from __future__ import annotations

from app.jobs.devices import Gpu, Places

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
