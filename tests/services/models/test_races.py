"""Operations on models at the same time: each interleaving ends in a consistent state, and closing never hangs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from engines.inference.hardware import AvailableMemory
from records.errors import Conflict, ExpectedError, InsufficientMemory, ModelNotReady, NotFound, ServerStopping
from records.model import LoadRequest, ModelRecord, ModelStatus
from records.session import SamplingSettings
from tests.services.models.harness import AMPLE_MEMORY, ModelsHarness, open_harness

READY, LOADING, UNLOADED = ModelStatus.READY, ModelStatus.LOADING, ModelStatus.UNLOADED
MAX_STEPS = 60
"""More steps of the event loop than any operation takes until it waits for a process or has ended."""

Outcome = object
Operation = Callable[[ModelsHarness], Awaitable[Outcome]]


async def outcome_of(call: Awaitable[Outcome]) -> Outcome:
    """Return the result of a call, or its expected failure."""
    try:
        return await call
    except ExpectedError as failure:
        return failure


async def run_all_after(on: ModelsHarness, operations: Sequence[Operation], steps: int) -> list[Outcome]:
    """Start each operation `steps` steps of the event loop after the previous one; return all outcomes in order."""

    async def late(number: int, operation: Operation) -> Outcome:
        for _ in range(number * steps):
            await anyio.lowlevel.checkpoint()
        return await outcome_of(operation(on))

    return list(await asyncio.gather(*(late(number, each) for number, each in enumerate(operations))))


async def run_after(on: ModelsHarness, first: Operation, second: Operation, steps: int) -> tuple[Outcome, Outcome]:
    """Start `second` `steps` steps of the event loop after `first`; return both outcomes."""
    one, two = await run_all_after(on, (first, second), steps)
    return one, two


def load(name: str, **settings: int) -> Operation:
    return lambda on: on.models.load_model(on.ids[name], LoadRequest(**settings))  # type: ignore[arg-type]


def unload(name: str) -> Operation:
    return lambda on: on.models.unload_model(on.ids[name])


def delete(name: str) -> Operation:
    return lambda on: on.models.delete_model(on.ids[name])


def update(name: str, **settings: int) -> Operation:
    return lambda on: on.models.update_model_settings(on.ids[name], LoadRequest(**settings))  # type: ignore[arg-type]


async def scan(on: ModelsHarness) -> Outcome:
    return await on.models.list_models()


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21, 34])
async def test_the_second_of_two_deletions_does_not_find_the_model(folder: Path, steps: int) -> None:
    async with open_harness(folder) as on:
        size = (folder / "alpha.gguf").stat().st_size
        outcomes = await run_after(on, delete("alpha"), delete("alpha"), steps)
        assert outcomes[0] == size
        assert isinstance(outcomes[1], NotFound)
        on.check_consistency()


@pytest.mark.parametrize("steps", range(0, MAX_STEPS, 3))
async def test_a_model_is_either_deleted_or_loaded(folder: Path, steps: int) -> None:
    for first, second in ((delete("alpha"), load("alpha")), (load("alpha"), delete("alpha"))):
        (folder / "alpha.gguf").write_bytes((folder / "beta.gguf").read_bytes())
        async with open_harness(folder) as on:
            won, lost = await run_after(on, first, second, steps)
            assert not isinstance(won, ExpectedError)
            assert isinstance(lost, NotFound | Conflict), (steps, lost)
            await on.settle()
            on.check_consistency()


@pytest.mark.parametrize("steps", range(0, MAX_STEPS, 5))
async def test_one_of_two_deletions_and_a_load_at_once_succeeds(folder: Path, steps: int) -> None:
    content = (folder / "alpha.gguf").read_bytes()
    for position in range(3):
        operations = [delete("alpha"), delete("alpha")]
        operations.insert(position, load("alpha"))
        (folder / "alpha.gguf").write_bytes(content)
        async with open_harness(folder) as on:
            outcomes = await run_all_after(on, operations, steps)
            failures = [type(each) for each in outcomes if isinstance(each, ExpectedError)]
            assert len(failures) == 2, outcomes
            assert {*failures} <= {NotFound, Conflict}
            await on.settle()
            on.check_consistency()


PAIRS: dict[str, tuple[Operation, Operation]] = {
    "load of two models": (load("alpha"), load("beta")),
    "load and unload": (load("alpha"), unload("alpha")),
    "load and scan": (load("alpha"), scan),
    "delete and scan": (delete("alpha"), scan),
    "delete and load of another": (delete("alpha"), load("beta")),
    "update and load": (update("alpha", context_length=512), load("alpha", batch_size=64)),
    "update and unload": (update("beta", context_length=512), unload("beta")),
    "update and delete": (update("alpha", context_length=512), delete("alpha")),
    "reload and unload": (load("beta", context_length=512), unload("beta")),
    "unload and unload": (unload("beta"), unload("beta")),
    "unload and reload": (unload("beta"), load("beta", context_length=512)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("is_loaded", [False, True], ids=["nothing loaded", "beta loaded"])
async def test_any_two_operations_at_once_end_in_a_consistent_state(folder: Path, name: str, is_loaded: bool) -> None:
    content = (folder / "alpha.gguf").read_bytes()
    for pair in (PAIRS[name], PAIRS[name][::-1]):
        for steps in range(0, MAX_STEPS, 7):
            (folder / "alpha.gguf").write_bytes(content)
            async with open_harness(folder) as on:
                if is_loaded:
                    await on.models.load_model(on.ids["beta"])
                    await on.settle()
                await run_after(on, *pair, steps)
                await on.settle()
                on.check_consistency()


async def test_settings_that_are_changed_at_the_same_time_are_all_kept(folder: Path) -> None:
    async with open_harness(folder) as on:
        changes = [{"context_length": 512}, {"batch_size": 64}, {"parallel_sequences": 2}, {"threads": 3}]
        await asyncio.gather(*(update("alpha", **change)(on) for change in changes))
        expected = LoadRequest(context_length=512, batch_size=64, parallel_sequences=2, threads=3)
        assert on.store.saved[on.ids["alpha"]][0] == expected
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        settings = on.models.get(on.ids["alpha"]).load_settings
        assert settings is not None
        assert (settings.context_length, settings.batch_size, settings.threads) == (512, 64, 3)


@pytest.mark.parametrize("steps", range(0, MAX_STEPS, 2))
async def test_an_answer_that_starts_while_another_model_is_prepared_keeps_its_model(folder: Path, steps: int) -> None:
    async with open_harness(folder) as on:
        beta, is_load_over, is_started = on.ids["beta"], anyio.Event(), False
        await on.models.load_model(beta)
        await on.settle()

        async def load_alpha(on: ModelsHarness) -> Outcome:
            outcome = await outcome_of(load("alpha")(on))
            is_load_over.set()
            return outcome

        async def answer(on: ModelsHarness) -> Outcome:
            nonlocal is_started
            await on.models.wait_ready(beta)
            inference = on.models.inference(beta)
            async with on.models.use(beta):
                is_started = True
                await is_load_over.wait()
                assert on.models.inference(beta) is inference
            return "answered"

        loaded, answered = await run_after(on, load_alpha, answer, steps)
        if is_started:
            assert answered == "answered"
            assert isinstance(loaded, Conflict)
            assert (on.status("alpha"), on.status("beta")) == (UNLOADED, READY)
        else:
            assert isinstance(answered, ModelNotReady)
            assert isinstance(loaded, ModelRecord)
        await on.settle()
        on.check_consistency()


async def test_a_model_can_be_unloaded_while_its_settings_are_applied(folder: Path) -> None:
    async with open_harness(folder) as on:
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        on.workers.are_paused = True
        async with anyio.create_task_group() as tasks:
            failures: list[Outcome] = []

            async def change() -> None:
                failures.append(await outcome_of(update("alpha", context_length=512)(on)))

            tasks.start_soon(change)
            while on.ids["alpha"] not in on.store.saved:
                await anyio.lowlevel.checkpoint()
            (worker,) = on.workers.alive
            worker.crash()
            await on.models.unload_model(on.ids["alpha"])
        assert isinstance(failures[0], ExpectedError)
        assert on.status("alpha") is UNLOADED
        assert on.store.saved[on.ids["alpha"]] == (LoadRequest(), SamplingSettings()), "stored as it was before"


@pytest.mark.parametrize("steps", range(0, MAX_STEPS, 3))
@pytest.mark.parametrize("operation", [load("alpha"), load("beta", context_length=512), delete("alpha"), scan])
async def test_closing_during_an_operation_ends_all_processes(folder: Path, operation: Operation, steps: int) -> None:
    async with open_harness(folder) as on, anyio.create_task_group() as tasks:
        await on.models.load_model(on.ids["beta"])
        await on.settle()
        on.workers.are_paused = True

        async def request() -> None:
            outcome = await outcome_of(operation(on))
            assert not isinstance(outcome, ExpectedError) or isinstance(outcome, ServerStopping)

        tasks.start_soon(request)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()


async def test_a_load_after_closing_is_refused(folder: Path) -> None:
    async with open_harness(folder) as on:
        models, alpha = on.models, on.ids["alpha"]
    assert models.get(alpha).status is UNLOADED
    with pytest.raises(ServerStopping):
        await models._loader.load(models._registry.get(alpha), LoadRequest(), force=False)


async def test_a_deletion_that_fails_keeps_the_model(folder: Path) -> None:
    async with open_harness(folder) as on:
        content = (folder / "alpha.gguf").read_bytes()
        (folder / "alpha.gguf").unlink()
        (folder / "alpha.gguf").mkdir()  # cannot be removed like a file
        with pytest.raises(Conflict, match="alpha cannot be deleted: Is a directory"):
            await on.models.delete_model(on.ids["alpha"])
        (folder / "alpha.gguf").rmdir()
        (folder / "alpha.gguf").write_bytes(content)
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        assert on.status("alpha") is READY


async def test_memory_of_models_that_would_be_unloaded_counts_as_free(folder: Path) -> None:
    free = [AMPLE_MEMORY]
    async with open_harness(folder, memory=lambda: free[0]) as on:
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        needed = (await on.models.fit(on.ids["beta"])).total_bytes
        free[0] = AvailableMemory(needed // 2)
        assert (await on.models.fit(on.ids["beta"])).available_ram_bytes > needed
        await on.models.load_model(on.ids["beta"])
        await on.settle()
        assert on.status("beta") is READY


async def test_a_model_that_fits_the_gpu_loads_although_ram_is_too_small(folder: Path) -> None:
    free = [AvailableMemory(ram=0)]
    async with open_harness(folder, memory=lambda: free[0]) as on:
        with pytest.raises(InsufficientMemory):
            await on.models.load_model(on.ids["alpha"])
        free[0] = AvailableMemory(ram=0, vram=AMPLE_MEMORY.ram)
        await on.models.load_model(on.ids["alpha"])
        await on.settle()
        assert on.status("alpha") is READY
