"""The deep embedder as the server sees it: two workers that are there only while they are used.

Prompts are embedded at normal priority by a process that starts in the background when the first one asks. Documents
are embedded at idle priority by one that can be ended at any moment, at once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

from engines.embedding.client import QUIET_SECONDS, WorkerEmbedder, document_worker, prompt_worker
from engines.embedding.model_discovery import DeepEmbedderUnusable, EmbeddingModel
from engines.embedding.protocol import Describe, Described
from records.system import WorkerState
from workers import Caller, Worker, WorkerCallFailed, WorkerGivenUp, WorkerSpec, open_worker

PROMPTS_QUIET_SECONDS = 600.0
"Its model is large and slow to load: it is kept while people search now and then."

GGUF_PROGRAM = "engines.embedding.worker.gguf_main"

SPINS_FOR_PROMPTS, SPINS_FOR_DOCUMENTS = "10000", "0"
"""How long llama.cpp's threads wait awake for each other. In an idle process that waits for a thread which others keep from
running: measured beside busy programs, two threads that spin took 47 s for what they did in 16 s without."""

Result = TypeVar("Result")


class DeepEmbedder:
    """Made by `open_deep_embedder`; an `Embedder`. Calls raise `DeepEmbedderUnusable` and `WorkerCrashed`."""

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
        """Whether a prompt would be embedded without waiting for the model to load."""
        return self._prompts.is_ready

    @property
    def failure(self) -> str | None:
        """Why prompts cannot be embedded for the time being, where loading the model failed again and again."""
        return self._reason(self._prompts) if self._prompts.state is WorkerState.GIVEN_UP else None

    def wake(self) -> None:
        """Have the model loaded for prompts; never waits."""
        self._prompts.wake()

    async def halt(self) -> None:
        """End the process for documents at once, whatever it is at."""
        await self._documents.halt()

    def reset(self) -> None:
        """Try again, though it was given up."""
        for worker in self.workers:
            worker.reset()

    async def embed_prompt(self, text: str) -> bytes:
        return await self._plainly(self._prompts, lambda: self._embedder.embed_prompt(text))

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        return await self._plainly(self._documents, lambda: self._embedder.embed_documents(texts))

    async def _plainly(self, worker: Worker, action: Callable[[], Awaitable[Result]]) -> Result:
        """Say why the model could not be loaded, where the program said it."""
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
    def __init__(self, said: int, given: int) -> None:
        self.message = f"Its files say that its vectors have {said} numbers, and they have {given}."
        super().__init__(self.message)


@asynccontextmanager
async def open_deep_embedder(model: EmbeddingModel) -> AsyncIterator[DeepEmbedder]:
    """Own both workers; none of them starts before it is needed."""
    async with (
        open_worker(deep_worker(model, for_prompts=True)) as prompts,
        open_worker(deep_worker(model, for_prompts=False)) as documents,
    ):
        yield DeepEmbedder(model, prompts, documents)


def deep_worker(model: EmbeddingModel, *, for_prompts: bool) -> WorkerSpec:
    light = prompt_worker(model.path) if for_prompts else document_worker(model.path)
    deep = replace(
        light,
        idle_seconds=PROMPTS_QUIET_SECONDS if for_prompts else QUIET_SECONDS,
        prepare=partial(_check, model),
    )
    if not model.is_gguf:
        return deep
    spins = {"GOMP_SPINCOUNT": SPINS_FOR_PROMPTS if for_prompts else SPINS_FOR_DOCUMENTS}
    return replace(deep, module=GGUF_PROGRAM, environment={**deep.environment, **spins})


async def _check(model: EmbeddingModel, caller: Caller) -> None:
    """Loads the model, as any first call would, before calls are let in."""
    described = await caller.call(Describe(), Described)
    if described.dimensions != model.dimensions:
        raise WrongDimensions(model.dimensions, described.dimensions)
