"""Graphlore's inference worker in its own process, called over its socket as the server does."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from benchmarks.inference.engine import Messages, Reply
from engines.inference import WorkerInference
from engines.inference.protocol import CompletionDelta, EngineStatistics, Load, Loaded, LoadProgress, Start, Statistics
from records.model import LoadRequest
from records.session import SamplingSettings
from records.system import WorkerPurpose
from services.models.model_process import ENVIRONMENT
from workers import Caller, Worker, WorkerCallFailed, WorkerCrashed, WorkerSpec, open_worker

PROGRAM = "engines.inference.worker.main"
NAME = "graphlore"


class GraphloreEngine:
    """An engine that loaded through Graphlore's inference worker."""

    def __init__(self, worker: Worker, inference: WorkerInference) -> None:
        self.name = NAME
        self.inference = inference
        assert worker.pid is not None
        self.process = psutil.Process(worker.pid)

    async def ask(
        self, messages: Messages, tokens: int, conversation: str = "", *, reply: Reply | None = None
    ) -> Reply:
        reply = reply or Reply()
        sampling = SamplingSettings(max_tokens=tokens, temperature=0.0)
        try:
            async with self.inference.generate(messages, sampling, conversation, salt="") as generation:
                async for event in generation:
                    if isinstance(event, CompletionDelta):
                        reply.arrive(event.text)
                finished = generation.finished
        except (WorkerCallFailed, WorkerCrashed):
            reply.is_complete = False
            return reply.end()
        reply.tokens = finished.completion_tokens
        reply.prompt_tokens, reply.cached_tokens = finished.prompt_tokens, finished.cached_tokens
        return reply.end()

    async def statistics(self) -> EngineStatistics:
        return await self.inference.statistics()


@asynccontextmanager
async def open_graphlore(model: Path, settings: LoadRequest) -> AsyncIterator[GraphloreEngine]:
    loaded: list[Loaded] = []

    async def prepare(caller: Caller) -> None:
        load = Load(os.fsencode(model), settings, SamplingSettings())
        async with caller.stream(load, LoadProgress, Loaded) as stream:
            async for _ in stream:
                pass
            loaded.append(stream.reply)

    spec = WorkerSpec(WorkerPurpose.INFERENCE, PROGRAM, Start(), environment=ENVIRONMENT, prepare=prepare)
    async with open_worker(spec) as worker:
        await worker.call(Statistics(), EngineStatistics)
        yield GraphloreEngine(worker, WorkerInference(worker, loaded[-1]))
