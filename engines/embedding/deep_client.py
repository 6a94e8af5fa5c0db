"""Client of the deep embedder's workers, which run only while they are used.

Prompts are embedded at normal priority by a process that starts in the background at the first prompt. Documents are
embedded at idle priority by a process that can be ended immediately at any moment.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from engines.embedding.client import IDLE_SECONDS, WorkerEmbedder, document_worker, prompt_worker
from engines.embedding.model_discovery import DeepEmbedderUnusable, EmbeddingModel
from engines.embedding.protocol import Describe, Description
from records.system import WorkerState
from workers import Caller, Worker, WorkerCallFailed, WorkerGivenUp, WorkerSpec, open_worker

PROMPT_IDLE_SECONDS = 600.0
"""The process for prompts ends after this time without a call. Its model is large and slow to load."""

GGUF_PROGRAM = "engines.embedding.worker.gguf_main"

PROMPT_SPINS, DOCUMENT_SPINS = "10000", "0"
"""Iterations that llama.cpp's threads spin while they wait for each other (`GOMP_SPINCOUNT`). In a process at idle priority
they wait for a thread that other programs keep from running: measured beside busy programs, two spinning threads took 47 s
for work that took 16 s without spinning."""

Result = TypeVar("Result")


class DeepEmbedder:
    """The deep embedder; implements `Embedder`. Created by `open_deep_embedder`.

    Its methods raise `DeepEmbedderUnusable` and `WorkerCrashed`.
    """

    def __init__(self, model: EmbeddingModel, prompts: Worker, documents: Worker) -> None:
        self._prompts = prompts
        self._documents = documents
        self._embedder = WorkerEmbedder(prompts, documents, model.name, model.dimensions)
        self.model = model.name
        self.dimensions = model.dimensions

    @property
    def workers(self) -> tuple[Worker, ...]:
        return self._embedder.workers

    @property
    def is_ready(self) -> bool:
        """True if the worker for prompts has loaded the model, so that a prompt is embedded without delay."""
        return self._prompts.is_ready

    @property
    def failure(self) -> str | None:
        """The reason why prompts cannot be embedded, after loading the model failed repeatedly; else None."""
        return self._reason(self._prompts) if self._prompts.state is WorkerState.GIVEN_UP else None

    def wake(self) -> None:
        """Start loading the model for prompts in the background."""
        self._prompts.wake()

    async def halt(self) -> None:
        """End the process for documents immediately, even during a call."""
        await self._documents.halt()

    def reset(self) -> None:
        """Allow the workers to start again after loading the model failed repeatedly."""
        for worker in self.workers:
            worker.reset()

    async def embed_prompt(self, text: str) -> bytes:
        return await self._explained(self._prompts, lambda: self._embedder.embed_prompt(text))

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        return await self._explained(self._documents, lambda: self._embedder.embed_documents(texts))

    async def _explained(self, worker: Worker, action: Callable[[], Awaitable[Result]]) -> Result:
        """Run `action`, a call of `worker`, and return its result.

        Raises `DeepEmbedderUnusable` with the worker's reason if the model could not be loaded or rejected the call.
        """
        try:
            return await action()
        except WorkerGivenUp as failure:
            raise DeepEmbedderUnusable(self.model, self._reason(worker)) from failure
        except WorkerCallFailed as failure:
            raise DeepEmbedderUnusable(self.model, failure.message) from failure

    def _reason(self, worker: Worker) -> str:
        crash = worker.last_crash
        if crash is not None and isinstance(crash.cause, WorkerCallFailed | WrongDimensions):
            return crash.cause.message
        return f"Its process {crash.reason if crash else 'failed'} several times in a row."


class WrongDimensions(Exception):
    """The number of dimensions of the model's vectors differs from the number that the model's files declare."""

    def __init__(self, declared: int, actual: int) -> None:
        self.message = f"Its files declare {declared} dimensions, but its vectors have {actual}."
        super().__init__(self.message)


@asynccontextmanager
async def open_deep_embedder(model: EmbeddingModel) -> AsyncIterator[DeepEmbedder]:
    """Open the workers for prompts and for documents. Their processes start when they are needed."""
    async with (
        open_worker(deep_worker(model, for_prompts=True)) as prompts,
        open_worker(deep_worker(model, for_prompts=False)) as documents,
    ):
        yield DeepEmbedder(model, prompts, documents)


def deep_worker(model: EmbeddingModel, *, for_prompts: bool) -> WorkerSpec:
    """Return the specification of the deep embedder's worker for prompts, or of its worker for documents."""
    light = prompt_worker(model.path) if for_prompts else document_worker(model.path)
    deep = replace(
        light,
        idle_seconds=PROMPT_IDLE_SECONDS if for_prompts else IDLE_SECONDS,
        prepare=partial(_check_dimensions, model),
    )
    if not model.is_gguf:
        return deep
    spins = {"GOMP_SPINCOUNT": PROMPT_SPINS if for_prompts else DOCUMENT_SPINS}
    return replace(deep, module=GGUF_PROGRAM, environment={**deep.environment, **spins})


async def _check_dimensions(model: EmbeddingModel, caller: Caller) -> None:
    """Load the model, and raise `WrongDimensions` if its vectors do not have the declared dimensions."""
    description = await caller.call(Describe(), Description)
    if description.dimensions != model.dimensions:
        raise WrongDimensions(model.dimensions, description.dimensions)
