"""Jobs for a GPU wait for its places and for no others; the GPUs are pretended, the queue and the workers are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from app.jobs.devices import Gpu
from app.machine import Gpus
from app.platform import Platform
from app.records import Job, User
from app.settings import Settings
from tests.prepared_samples import put_samples

WAIT_SECONDS = 60.0
QUICK = {"epochs": 1, "batch_size": 64, "lr": 0.01}
ENDLESS = {"epochs": 1000, "batch_size": 1, "lr": 0.01}


class PretendedGpus(Gpus):
    """Two GPUs of different sizes that no driver knows, so that PyTorch sees none."""

    def list(self) -> tuple[Gpu, ...]:
        return (Gpu("GPU-large", "Large", 40_000), Gpu("GPU-small", "Small", 8_000))


@pytest.fixture
async def platform(settings: Settings) -> AsyncIterator[Platform]:
    put_samples(settings.data_dir)
    platform = Platform(settings.model_copy(update={"max_running_jobs": 1, "gpu_job_memory_mb": 20_000}), PretendedGpus())
    async with platform.running():
        yield platform


@pytest.fixture
async def sara(platform: Platform) -> User:
    return (await platform.accounts.register("sara@example.com", "a passphrase", "Sara")).user


async def wait_until_ended(platform: Platform, user: User, job: Job) -> Job:
    async with asyncio.timeout(WAIT_SECONDS):
        while not (latest := await platform.jobs.get(user, job.id)).state.is_terminal:
            subscription = platform.feed.subscribe(job.id)
            with suppress(TimeoutError):
                await asyncio.wait_for(subscription.changed(), 0.5)
            subscription.close()
    return latest


async def test_a_job_for_a_gpu_passes_those_that_wait_for_the_processor(platform: Platform, sara: User) -> None:
    at_work = await platform.jobs.submit(sara, {**ENDLESS, "device": "cpu"})
    waiting = await platform.jobs.submit(sara, {**QUICK, "device": "cpu"})
    on_gpu = await platform.jobs.submit(sara, {**QUICK, "device": "gpu"})
    ended = await wait_until_ended(platform, sara, on_gpu)
    assert ended.device == "cuda:0", "the larger GPU comes first"
    # No GPU is really there: that the worker says so shows that it was sent to one, and that nothing falls back silently.
    assert (ended.status, (ended.problem or {})["code"]) == ("FAILED", "no_gpu")
    place = await platform.job_control.queue_place(await platform.jobs.get(sara, waiting.id))
    assert place is not None
    assert (place.position, place.waiting) == (1, 1)
    for job in (waiting, at_work):
        await platform.job_control.stop(sara, job.id)
    assert (await wait_until_ended(platform, sara, at_work)).device == "cpu"


async def test_a_small_network_on_auto_stays_on_the_processor(platform: Platform, sara: User) -> None:
    job = await platform.jobs.submit(sara, QUICK)
    assert job.spec["device"] == "cpu"
    assert (await wait_until_ended(platform, sara, job)).status == "COMPLETED"
