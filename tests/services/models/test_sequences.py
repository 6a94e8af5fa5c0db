"""Random sequences of overlapping operations, crashes and changed files: all ends are consistent and nothing hangs."""

import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.lowlevel
from hypothesis import given, settings
from hypothesis import strategies as st

from records.errors import ExpectedError
from records.ids import ModelId
from records.model import LoadRequest, ModelStatus
from records.session import SamplingSettings
from tests.services.models.harness import ModelsHarness, open_harness
from tests.support.models.tiny_gguf import write_tiny_gguf

NAMES = ("alpha", "beta", "gamma")
NO_MODEL = ModelId("0" * 16)

Action = Callable[[ModelsHarness, str], Awaitable[object]]


def write_file(folder: Path, name: str) -> None:
    (folder / f"{name}.gguf").write_bytes((folder.parent / "original.gguf").read_bytes())


async def add_file(on: ModelsHarness, name: str) -> None:
    write_file(on.folder, name)


async def remove_file(on: ModelsHarness, name: str) -> None:
    (on.folder / f"{name}.gguf").unlink(missing_ok=True)


async def crash(on: ModelsHarness, name: str) -> None:
    for worker in on.workers.alive:
        worker.crash()


async def pause(on: ModelsHarness, name: str) -> None:
    on.workers.are_paused = True


async def resume(on: ModelsHarness, name: str) -> None:
    on.workers.resume()


async def answer(on: ModelsHarness, name: str) -> None:
    """Use a model for 20 steps of the event loop, as an answer does, and check that it stays loaded."""
    model_id = on.ids.get(name, NO_MODEL)
    await on.models.wait_ready(model_id)
    on.models.inference(model_id)
    async with on.models.use(model_id):
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
            assert on.models.get(model_id).status is not ModelStatus.UNLOADED, "a model in use was unloaded"


ACTIONS: dict[str, Action] = {
    "load": lambda on, name: on.models.load_model(on.ids.get(name, NO_MODEL)),
    "load smaller": lambda on, name: on.models.load_model(on.ids.get(name, NO_MODEL), LoadRequest(context_length=512)),
    "unload": lambda on, name: on.models.unload_model(on.ids.get(name, NO_MODEL)),
    "delete": lambda on, name: on.models.delete_model(on.ids.get(name, NO_MODEL)),
    "update": lambda on, name: on.models.update_model_settings(
        on.ids.get(name, NO_MODEL), LoadRequest(batch_size=64), SamplingSettings(top_k=3)
    ),
    "reload": lambda on, name: on.models.update_model_settings(
        on.ids.get(name, NO_MODEL), LoadRequest(use_mmap=False), reload=True
    ),
    "list": lambda on, name: on.refresh_ids(),
    "answer": answer,
    "add file": add_file,
    "remove file": remove_file,
    "crash": crash,
    "pause": pause,
    "resume": resume,
}

SEQUENCES = st.lists(
    st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(NAMES), st.integers(0, 12)), min_size=1, max_size=25
)
"""Actions. Each has a name, the name of a model, and the number of steps of the event loop until the next action."""


@settings(max_examples=80, deadline=None)
@given(SEQUENCES)
def test_any_sequence_of_operations_ends_in_a_consistent_state(sequence: list[tuple[str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        anyio.run(run_sequence, Path(folder), sequence)


async def run_sequence(root: Path, sequence: list[tuple[str, str, int]]) -> None:
    write_tiny_gguf(root / "original.gguf")
    folder = root / "models"
    folder.mkdir()
    for name in NAMES[:2]:
        write_file(folder, name)
    async with open_harness(folder) as on:
        async with anyio.create_task_group() as tasks:
            for action, name, steps in sequence:
                tasks.start_soon(run_action, ACTIONS[action], on, name)
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
            on.workers.resume()
        await anyio.sleep(0.15)  # the state of a process is read every 0.1 s
        await on.settle()
        await on.refresh_ids()
        await on.settle()
        on.check_consistency()
        await load_any(on)


async def run_action(action: Action, on: ModelsHarness, name: str) -> None:
    with contextlib.suppress(ExpectedError):
        await action(on, name)


async def load_any(on: ModelsHarness) -> None:
    """Check that a model can still be loaded."""
    if on.ids:
        model_id = next(iter(on.ids.values()))
        await on.models.load_model(model_id)
        await on.settle()
        assert on.models.get(model_id).status is ModelStatus.READY
