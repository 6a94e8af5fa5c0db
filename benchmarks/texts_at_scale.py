"""As many passages as wanted, of real text with real vectors: the texts of `fitz-gov`, cut in several ways, embedded once.

A passage is two to twelve sentences in a row. The first some thousand share none; those beyond are made of the same
sentences, cut elsewhere: no two are the same, but many resemble each other more than passages of a real library would.
Vectors are kept in `benchmarks/results/`, since 100,000 take twenty minutes.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import fitz_gov
from benchmarks.figures import RESULTS
from engines.embedding import WorkerEmbedder

LENGTHS = (4, 7, 3, 10, 5, 2, 8, 6, 12, 9, 11)
"Sentences of a passage, one way of cutting after the other."
BLOCK = 512
DIMENSIONS = 384
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|\n|$)", re.DOTALL)


def passages(count: int) -> list[str]:
    """The first `count` distinct ones; fewer where the collection does not give so many."""
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
    """One row for each text; what was embedded before is read from the file."""
    path = _kept(texts[0])
    known = np.fromfile(path, "<f2").reshape(-1, DIMENSIONS) if path.exists() else np.empty((0, DIMENSIONS), "<f2")
    await _check(embedder, texts, known)
    for first in range(len(known), len(texts), BLOCK):
        block = await embedder.embed_documents(texts[first : first + BLOCK])
        with path.open("ab") as file:
            file.write(b"".join(block))
        print(f"  embedded {first + len(block):,} of {len(texts):,}", flush=True)
    return np.fromfile(path, "<f2").reshape(-1, DIMENSIONS)[: len(texts)]


async def _check(embedder: WorkerEmbedder, texts: Sequence[str], known: npt.NDArray[np.float16]) -> None:
    """The last vector that was kept must still be that of its passage."""
    last = min(len(known), len(texts)) - 1
    if last >= 0:
        (again,) = await embedder.embed_documents([texts[last]])
        likeness = float(np.frombuffer(again, "<f2").astype(np.float32) @ known[last].astype(np.float32))
        if likeness < 0.99:
            raise SystemExit(f"The vectors in {_kept(texts[0])} are of other passages: remove that file.")


def _kept(first: str) -> Path:
    """Another collection, or another way of cutting, is another file."""
    RESULTS.mkdir(exist_ok=True)
    return RESULTS / f"passages-{sha256(f'{LENGTHS}{first}'.encode()).hexdigest()[:12]}.f16"
