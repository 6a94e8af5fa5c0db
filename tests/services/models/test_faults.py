"""Models survive stores that fail in any call, processes killed at any step, and clients that disconnect at any await."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from records.codes import ErrorCode
from records.errors import DiskFull, ExpectedError
from records.model import LoadRequest, ModelStatus
from records.session import SamplingSettings
from tests.fakes.faults import CancelAfter, Faults, cancel_by_scope_after, cancel_natively_after
from tests.services.models.harness import ModelsHarness, open_harness
from workers import WorkerCallFailed

READY, UNLOADED, FAILED = ModelStatus.READY, ModelStatus.UNLOADED, ModelStatus.FAILED
OPENING_CALLS = 3
"""Calls of the store when the models are opened: the default model, and the settings of both."""

SMALL = LoadRequest(context_length=512)
COLD = SamplingSettings(temperature=0.25)

Step = Callable[[ModelsHarness], Awaitable[object]]
SESSION: tuple[Step, ...] = (
    lambda on: on.models.update_model_settings(on.ids["alpha"], SMALL, COLD),
    lambda on: on.models.load_model(on.ids["alpha"], LoadRequest(batch_size=64), make_default=True),
    lambda on: on.settle(),
    lambda on: on.models.update_model_settings(on.ids["alpha"], LoadRequest(context_length=1024), reload=True),
    lambda on: on.models.load_model(on.ids["beta"], SMALL),
    lambda on: on.settle(),
    lambda on: on.models.unload_model(on.ids["beta"]),
)
"""Requests of a user with two models, one after the other."""


@pytest.mark.parametrize("error", [DiskFull(), OSError("I/O error")], ids=lambda error: type(error).__name__)
async def test_a_store_that_fails_in_any_call_fails_one_request_only(folder: Path, error: Exception) -> None:
    fail_at, has_failed = OPENING_CALLS, True
    while has_failed:
        faults = Faults()
        faults.fail_call(fail_at, error)
        async with open_harness(folder, faults) as on:
            for step in SESSION:
                try:
                    await step(on)
                except type(error):
                    await on.settle()
                    on.check_consistency()
                    await step(on)
            await on.settle()
            on.check_consistency()
            check_stored_settings(on)
        fail_at, has_failed = fail_at + 1, faults.are_injected
    assert fail_at > OPENING_CALLS + 5, "each call failed once"


def check_stored_settings(on: ModelsHarness) -> None:
    """Check that the settings in memory are those in the store."""
    alpha, beta = on.ids["alpha"], on.ids["beta"]
    expected = LoadRequest(context_length=1024, batch_size=64)
    assert (on.store.saved[alpha], on.store.saved[beta][0]) == ((expected, COLD), SMALL)
    for model_id, requested in ((alpha, expected), (beta, SMALL)):
        values = {each.name: each.value for each in on.models.parameters(on.models.get(model_id))}
        assert values["context_length"] == requested.context_length
    assert on.store.default == on.models.default_id() == alpha


async def test_a_full_disk_refuses_new_settings_and_changes_nothing(folder: Path) -> None:
    faults = Faults()
    faults.fail_call(OPENING_CALLS, DiskFull())
    async with open_harness(folder, faults) as on:
        before = on.models.get(on.ids["alpha"])
        with pytest.raises(DiskFull):
            await on.models.load_model(on.ids["alpha"], SMALL)
        assert on.models.get(on.ids["alpha"]) == before
        await on.models.load_model(on.ids["alpha"], SMALL)
        await on.settle()
        assert on.status("alpha") is READY


@pytest.mark.parametrize("steps", range(8))
async def test_a_process_that_is_killed_while_loading_makes_the_model_fail(folder: Path, steps: int) -> None:
    async with open_harness(folder) as on:
        on.workers.are_paused = True
        await on.models.load_model(on.ids["alpha"])
        while not (on.workers.alive and on.workers.alive[0].is_loading):
            await anyio.lowlevel.checkpoint()
        (worker,) = on.workers.alive
        for _ in range(steps):
            on.workers.resumed.pulse()
            await anyio.lowlevel.checkpoint()
        worker.crash()
        await on.settle()
        record = on.models.get(on.ids["alpha"])
        assert record.error is not None
        assert (record.status, record.error.code) == (FAILED, ErrorCode.WORKER_CRASHED)
        on.check_consistency()
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        assert on.status("alpha") is READY


async def test_a_process_that_is_killed_when_ready_is_loaded_again(folder: Path) -> None:
    async with open_harness(folder) as on:
        await on.models.load_model(on.ids["alpha"], SMALL)
        await on.settle()
        (worker,) = on.workers.alive
        worker.crash()
        with anyio.fail_after(10):
            while worker.restarts == 0 or on.status("alpha") is not READY:
                await anyio.sleep(0.01)
        on.check_consistency()
        settings = on.models.get(on.ids["alpha"]).load_settings
        assert settings is not None
        assert settings.context_length == 512


@pytest.mark.parametrize("steps", range(0, 40, 3))
async def test_a_process_that_is_killed_during_any_operation_blocks_nothing(folder: Path, steps: int) -> None:
    for operation in SESSION[3:5]:
        async with open_harness(folder) as on:
            await on.models.load_model(on.ids["alpha"])
            await on.settle()
            (worker,) = on.workers.alive

            async def kill(worker: object = worker) -> None:
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
                worker.crash()  # type: ignore[attr-defined]

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(kill)
                with contextlib.suppress(ExpectedError):
                    await operation(on)
            await anyio.sleep(0.15)  # the state of the process is read every 0.1 s
            await on.settle()
            on.check_consistency()
            await on.models.load_model(on.ids["beta"])
            await on.settle()
            assert on.status("beta") is READY


async def test_an_unexpected_failure_of_a_process_is_reported_by_its_incident_id(folder: Path) -> None:
    async with open_harness(folder) as on:
        on.workers.failure = WorkerCallFailed("INTERNAL", "The worker met an unexpected KeyError.", "a traceback")
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        record = on.models.get(on.ids["alpha"])
        assert record.error is not None
        assert (record.status, record.error.code) == (FAILED, ErrorCode.INTERNAL)
        on.workers.failure = None
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        assert on.status("alpha") is READY


REQUESTS: dict[str, Step] = {
    "load": lambda on: on.models.load_model(on.ids["alpha"], SMALL, make_default=True),
    "load of another model": lambda on: on.models.load_model(on.ids["beta"]),
    "update": lambda on: on.models.update_model_settings(on.ids["alpha"], SMALL, COLD),
    "reload": lambda on: on.models.update_model_settings(on.ids["alpha"], LoadRequest(use_mmap=False), reload=True),
    "unload": lambda on: on.models.unload_model(on.ids["alpha"]),
    "delete": lambda on: on.models.delete_model(on.ids["beta"]),
    "list": lambda on: on.models.list_models(),
    "fit": lambda on: on.models.fit(on.ids["beta"], SMALL),
    "wait": lambda on: on.models.wait_ready(on.ids["alpha"]),
}
DEFAULT_CONTEXT = 4096
"""Context length of the tiny models."""
MAX_STEPS = 120


def check_settings_in_effect(on: ModelsHarness) -> None:
    """Check that the settings of a loaded model are the stored ones: a change is made completely or not at all."""
    for record in on.records():
        if record.load_settings is not None:
            stored = on.store.saved.get(record.id, (LoadRequest(), SamplingSettings()))[0]
            assert record.load_settings.context_length == (stored.context_length or DEFAULT_CONTEXT)


@pytest.mark.parametrize("cancel_after", [cancel_natively_after, cancel_by_scope_after])
@pytest.mark.parametrize("name", REQUESTS)
async def test_a_client_that_disconnects_at_any_await_blocks_nothing(
    folder: Path, cancel_after: CancelAfter, name: str
) -> None:
    content = (folder / "beta.gguf").read_bytes()
    steps, was_running = 0, True
    while was_running and steps < MAX_STEPS:
        (folder / "beta.gguf").write_bytes(content)
        async with open_harness(folder) as on:
            await on.models.load_model(on.ids["alpha"])
            await on.settle()
            was_running = await cancel_after(partial(REQUESTS[name], on), steps)
            await on.finish_operations()
            await on.models.scan()
            on.check_consistency()
            check_settings_in_effect(on)
            await on.models.load_model(on.ids["alpha"], LoadRequest(context_length=768))
            await on.settle()
            settings = on.models.get(on.ids["alpha"]).load_settings
            assert settings is not None
            assert settings.context_length == 768
        steps += 4 if steps > 8 else 1
