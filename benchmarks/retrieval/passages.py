"""Passages of real text with real vectors, up to 100,000: the texts of `fitz-gov`, divided in several ways.

A passage consists of two to twelve consecutive sentences. The first few thousand passages share no sentence. Later
ones consist of the same sentences, divided at other places: no two are equal, but many are more similar than passages
of a real library. Embedding 100,000 passages takes twenty minutes, so the vectors are stored in
`benchmarks/results/`.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.figures import RESULTS
from benchmarks.retrieval import fitz_gov
from engines.embedding import WorkerEmbedder

LENGTHS = (4, 7, 3, 10, 5, 2, 8, 6, 12, 9, 11)
"Sentences per passage of each division. Later divisions are used when more passages are needed."
BATCH_SIZE = 512
DIMENSIONS = 384
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|\n|$)", re.DOTALL)


def passages(count: int) -> list[str]:
    """Return the first `count` distinct passages, or all of them if the collection has fewer."""
    found: dict[str, None] = {}
    for passage in _passages():
        found[passage] = None
        if len(found) == count:
            break
    return list(found)


def _passages() -> Iterator[str]:
    sentences = [
        sentence.strip() for text in fitz_gov.texts() for sentence in _SENTENCE.findall(text) if len(sentence) > 20
    ]
    for number, length in enumerate(LENGTHS):
        for step in range(length if number else 1):
            for start in range(step, len(sentences) - length, length):
                yield " ".join(sentences[start : start + length])


async def vectors(embedder: WorkerEmbedder, texts: Sequence[str]) -> npt.NDArray[np.float16]:
    """Return one row per text. Vectors that were computed before are read from the file."""
    path = _vectors_path(texts[0])
    stored = np.fromfile(path, "<f2").reshape(-1, DIMENSIONS) if path.exists() else np.empty((0, DIMENSIONS), "<f2")
    await _check(embedder, texts, stored)
    for first in range(len(stored), len(texts), BATCH_SIZE):
        batch = await embedder.embed_documents(texts[first : first + BATCH_SIZE])
        with path.open("ab") as file:
            file.write(b"".join(batch))
        print(f"  embedded {first + len(batch):,} of {len(texts):,}", flush=True)
    return np.fromfile(path, "<f2").reshape(-1, DIMENSIONS)[: len(texts)]


async def _check(embedder: WorkerEmbedder, texts: Sequence[str], stored: npt.NDArray[np.float16]) -> None:
    """Raise `SystemExit` if the last stored vector does not belong to its passage."""
    last = min(len(stored), len(texts)) - 1
    if last >= 0:
        (again,) = await embedder.embed_documents([texts[last]])
        similarity = float(np.frombuffer(again, "<f2").astype(np.float32) @ stored[last].astype(np.float32))
        if similarity < 0.99:
            raise SystemExit(f"The vectors in {_vectors_path(texts[0])} belong to other passages. Remove that file.")


def _vectors_path(first: str) -> Path:
    """Return the file of the vectors; its name depends on the collection and on the divisions."""
    RESULTS.mkdir(exist_ok=True)
    return RESULTS / f"passages-{sha256(f'{LENGTHS}{first}'.encode()).hexdigest()[:12]}.f16"
