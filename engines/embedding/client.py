"""The embedder as the server sees it: two workers, one for each priority."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from engines.embedding.bundled_model import BUNDLED_MODEL, bundled_folder, read_dimensions
from engines.embedding.protocol import (
    Compared,
    CompareTokens,
    Describe,
    Described,
    EmbedDocuments,
    EmbedPrompt,
    Start,
    Vector,
    Vectors,
)
from records.system import WorkerPurpose
from records.values.text import encodable
from workers import Caller, Worker, WorkerSpec, open_worker
from workers.cores import usable_cores

PROMPT_THREADS = 2
"A prompt is short: more threads only wait for each other."

MOST_TEXTS = 256
"Texts of one call: enough to sort by length, few enough that a cancel or a crash costs seconds at most."

QUIET_SECONDS = 60.0

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
}

log = structlog.stdlib.get_logger("graphlore.embedding")


class Embedder(Protocol):
    """Vectors are little-endian and of unit length; texts are cut at the model's limit (256 tokens)."""

    @property
    def model(self) -> str: ...
    @property
    def dimensions(self) -> int: ...

    async def embed_prompt(self, text: str) -> bytes:
        """Give float32: 4 bytes a dimension."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        """Give float16, 2 bytes a dimension, for each text in order."""
        ...


class WorkerEmbedder:
    """Made by `open_embedder`. Its calls raise `WorkerCrashed` and `WorkerGivenUp`."""

    def __init__(self, prompts: Worker, documents: Worker, model: str, dimensions: int) -> None:
        self._prompts = prompts
        self._documents = documents
        self.model = model
        self.dimensions = dimensions

    @property
    def workers(self) -> tuple[Worker, ...]:
        return self._prompts, self._documents

    async def describe(self) -> Described:
        """How the worker for prompts runs: its precision and what the probe found."""
        return await self._prompts.call(Describe(), Described)

    async def embed_prompt(self, text: str) -> bytes:
        return (await self._prompts.call(EmbedPrompt(encodable(text)), Vector)).vector

    async def embed_documents(self, texts: Sequence[str]) -> list[bytes]:
        vectors: list[bytes] = []
        for first in range(0, len(texts), MOST_TEXTS):
            batch = [encodable(text) for text in texts[first : first + MOST_TEXTS]]
            vectors += (await self._documents.call(EmbedDocuments(batch), Vectors)).vectors
        return vectors

    async def compare(self, prompt: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the prompt, -1 to 1, by late interaction; prompts in between go first."""
        asked = CompareTokens(encodable(prompt), [encodable(text) for text in texts])
        return (await self._prompts.call(asked, Compared)).scores


@asynccontextmanager
async def open_embedder(prompts: WorkerSpec, documents: WorkerSpec) -> AsyncIterator[WorkerEmbedder]:
    """Own both workers. The first calls wait until their process has loaded the model, some seconds.

    Raises `EmbedderMissing`.
    """
    start = prompts.start
    assert isinstance(start, Start)
    folder = Path(start.folder)
    dimensions = read_dimensions(folder)
    async with open_worker(prompts) as prompt_embedding, open_worker(documents) as document_embedding:
        yield WorkerEmbedder(prompt_embedding, document_embedding, BUNDLED_MODEL, dimensions)


def prompt_worker(folder: Path | None = None) -> WorkerSpec:
    """Normal priority, always there: a person waits for its answers."""
    return WorkerSpec(
        purpose=WorkerPurpose.PROMPT_EMBEDDING,
        module="engines.embedding.worker.main",
        start=Start(str(folder or bundled_folder()), threads=min(PROMPT_THREADS, usable_cores())),
        environment=OFFLINE,
        prepare=partial(_log_description, WorkerPurpose.PROMPT_EMBEDDING),
    )


def document_worker(folder: Path | None = None) -> WorkerSpec:
    """What others leave of all cores, there only while there is work."""
    return WorkerSpec(
        purpose=WorkerPurpose.DOCUMENT_EMBEDDING,
        module="engines.embedding.worker.main",
        start=Start(str(folder or bundled_folder()), threads=usable_cores()),
        idle_priority=True,
        idle_seconds=QUIET_SECONDS,
        environment=OFFLINE,
        prepare=partial(_log_description, WorkerPurpose.DOCUMENT_EMBEDDING),
    )


async def _log_description(purpose: WorkerPurpose, caller: Caller) -> None:
    described = await caller.call(Describe(), Described)
    log.info(
        "embedder ready", purpose=purpose.value, precision=described.precision,
        bfloat16_speed=described.bfloat16_speed, threads=described.threads,
    )  # fmt: skip
