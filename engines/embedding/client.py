"""Client of the embedding workers: one for prompts, one for documents."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from engines.embedding.bundled_model import BUNDLED_MODEL, bundled_folder, read_dimensions
from engines.embedding.protocol import (
    CompareTokens,
    Describe,
    Description,
    EmbedDocuments,
    EmbedPrompt,
    Similarities,
    Start,
    Vector,
    Vectors,
)
from records.system import WorkerPurpose
from records.values.text import encodable
from workers import Caller, Worker, WorkerSpec, open_worker
from workers.cores import usable_cores

PROGRAM = "engines.embedding.worker.main"

MAX_PROMPT_THREADS = 2
"""Threads of the worker for prompts. A prompt is short, so further threads would mostly wait for each other."""

MAX_TEXTS = 256
"""Texts in one call: enough to sort them by length, few enough that a cancellation or a crash costs only seconds."""

IDLE_SECONDS = 60.0
"""The process for documents ends after this time without a call."""

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Environment variables of the workers, with which the Hugging Face libraries use no network."""

log = structlog.stdlib.get_logger("graphlore.embedding")


class Embedder(Protocol):
    """Embeds texts. Vectors have unit length and little-endian numbers.

    Only the first tokens of a long text are embedded: 256 with the light embedder.
    """

    @property
    def model(self) -> str: ...
    @property
    def dimensions(self) -> int: ...

    async def embed_prompt(self, text: str) -> bytes:
        """Return the vector of a prompt in float32: 4 bytes for each dimension."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        """Return a vector for each text in order, in float16: 2 bytes for each dimension."""
        ...


class WorkerEmbedder:
    """An embedder in two worker processes. Created by `open_embedder`.

    Its methods raise `WorkerCrashed` and `WorkerGivenUp`.
    """

    def __init__(self, prompts: Worker, documents: Worker, model: str, dimensions: int) -> None:
        self._prompts = prompts
        self._documents = documents
        self.model = model
        self.dimensions = dimensions

    @property
    def workers(self) -> tuple[Worker, ...]:
        return self._prompts, self._documents

    async def describe(self) -> Description:
        """Return the description of the worker for prompts."""
        return await self._prompts.call(Describe(), Description)

    async def embed_prompt(self, text: str) -> bytes:
        return (await self._prompts.call(EmbedPrompt(encodable(text)), Vector)).vector

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        vectors: list[bytes] = []
        for first in range(0, len(texts), MAX_TEXTS):
            batch = [encodable(text) for text in texts[first : first + MAX_TEXTS]]
            vectors += (await self._documents.call(EmbedDocuments(batch), Vectors)).vectors
        return vectors

    async def compare(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """Return a score from -1 to 1 for each text, by late interaction with the prompt.

        The worker for prompts computes the scores. It handles one call at a time, so `embed_prompt` waits meanwhile.
        """
        request = CompareTokens(encodable(prompt), [encodable(text) for text in texts])
        return (await self._prompts.call(request, Similarities)).scores


@asynccontextmanager
async def open_embedder(prompts: WorkerSpec, documents: WorkerSpec) -> AsyncIterator[WorkerEmbedder]:
    """Open both workers. The first call of each waits some seconds until the worker has loaded the model.

    Raises `EmbedderMissing` if the configuration of the model cannot be read.
    """
    start = prompts.start
    assert isinstance(start, Start)
    dimensions = read_dimensions(Path(start.path))
    async with open_worker(prompts) as prompt_embedding, open_worker(documents) as document_embedding:
        yield WorkerEmbedder(prompt_embedding, document_embedding, BUNDLED_MODEL, dimensions)


def prompt_worker(model: Path | None = None) -> WorkerSpec:
    """Return the specification of the worker for prompts: normal priority, always running.

    `model` is the folder of the model; None selects the bundled model.
    """
    return WorkerSpec(
        purpose=WorkerPurpose.PROMPT_EMBEDDING,
        module=PROGRAM,
        start=Start(str(model or bundled_folder()), threads=min(MAX_PROMPT_THREADS, usable_cores())),
        environment=OFFLINE,
        prepare=partial(_log_description, WorkerPurpose.PROMPT_EMBEDDING),
    )


def document_worker(model: Path | None = None) -> WorkerSpec:
    """Return the specification of the worker for documents: idle priority on all cores, running only while it is used.

    `model` is the folder of the model; None selects the bundled model.
    """
    return WorkerSpec(
        purpose=WorkerPurpose.DOCUMENT_EMBEDDING,
        module=PROGRAM,
        start=Start(str(model or bundled_folder()), threads=usable_cores()),
        idle_priority=True,
        idle_seconds=IDLE_SECONDS,
        environment=OFFLINE,
        prepare=partial(_log_description, WorkerPurpose.DOCUMENT_EMBEDDING),
    )


async def _log_description(purpose: WorkerPurpose, caller: Caller) -> None:
    description = await caller.call(Describe(), Description)
    log.info(
        "embedder ready", purpose=purpose.value, precision=description.precision,
        bfloat16_speed=description.bfloat16_speed, threads=description.threads,
    )  # fmt: skip
