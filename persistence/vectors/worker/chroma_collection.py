"""One Chroma collection of unit vectors by chunk id: no texts, no metadata, no embedding function of its own.

What Chroma raises becomes `ChromaBroken`. This process must be the only one on the directory.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import chromadb
import numpy as np
import numpy.typing as npt
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings
from chromadb.errors import ChromaError

from persistence.vectors.protocol import BATCH
from persistence.vectors.worker.replicas import Embedding

PAGE = 500
_PROBE = "probe"
_PROBED = 5000
"Up to a thousand vectors Chroma holds outside its index: a lost index shows only where more are asked for."
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 24}
"Fixed when the collection is made. The defaults found .93 of the ten nearest in 100,000 real vectors."


Item = TypeVar("Item")


class ChromaBroken(Exception):
    """The directory or its index cannot be used."""


class Chroma:
    def __init__(self, directory: Path, embedder: str, dimensions: int) -> None:
        """Raises `ChromaBroken`, also where an index answers too little; some corrupt ones end the process."""
        self._directory = directory
        self._dimensions = dimensions
        self._name = collection_name(embedder, dimensions)
        SharedSystemClient.clear_system_cache()  # an attempt that failed is remembered half-made
        with _broken():
            self._client = chromadb.PersistentClient(path=str(directory), settings=Settings(anonymized_telemetry=False))
        try:
            with _broken():
                self._collection = self._client.get_or_create_collection(
                    self._name, embedding_function=None, configuration={"hnsw": _HNSW}
                )
                self._probe()
        except ChromaBroken:
            self.close()
            raise

    def __len__(self) -> int:
        with _broken():
            return int(self._collection.count())

    @property
    def is_there(self) -> bool:
        """Whether the directory still has its database."""
        return (self._directory / "chroma.sqlite3").exists()

    def missing(self, chunk_ids: Sequence[int]) -> list[int]:
        with _broken():
            found = set(self._collection.get(ids=[str(chunk_id) for chunk_id in chunk_ids], include=[])["ids"])
        return [chunk_id for chunk_id in chunk_ids if str(chunk_id) not in found]

    def pages(self) -> Iterator[list[int]]:
        """Ids as they come, by offset: what is deleted meanwhile may hide others until the next time."""
        offset = 0
        while True:
            with _broken():
                ids = self._collection.get(limit=PAGE, offset=offset, include=[])["ids"]
            if not ids:
                return
            yield _numbers(ids)
            offset += len(ids)

    def upsert(self, embeddings: Sequence[Embedding]) -> None:
        for batch in _batches(embeddings):
            vectors = np.frombuffer(b"".join(each.vector for each in batch), "<f2").astype(np.float32)
            with _broken():
                self._collection.upsert(
                    ids=[str(each.chunk_id) for each in batch], embeddings=vectors.reshape(len(batch), -1)
                )

    def delete(self, chunk_ids: Iterable[int]) -> None:
        for batch in _batches(list(chunk_ids)):
            with _broken():
                self._collection.delete(ids=[str(chunk_id) for chunk_id in batch])

    def nearest(self, vector: bytes, count: int) -> list[int]:
        """About the `count` nearest, best first; `vector` is float32, little-endian."""
        with _broken():
            ids = self._query(np.frombuffer(vector, "<f4"), count)
        return _numbers(ids)

    def drop_others(self) -> None:
        """Remove the collections of other embedders; to be called when this one is complete."""
        with _broken():
            for collection in self._client.list_collections():
                if collection.name != self._name:
                    self._client.delete_collection(collection.name)

    def close(self) -> None:
        with _broken():
            self._client.close()

    def _probe(self) -> None:
        """Write, search and delete once: a lost or damaged index often shows only then."""
        vector = np.full(self._dimensions, self._dimensions**-0.5, np.float32)
        self._collection.upsert(ids=[_PROBE], embeddings=vector[np.newaxis])
        expected = min(self._collection.count(), _PROBED)
        if 2 * len(self._query(vector, _PROBED)) < expected:
            raise ChromaBroken("Its index has lost vectors.")
        self._collection.delete(ids=[_PROBE])

    def _query(self, vector: npt.NDArray[np.float32], count: int) -> list[str]:
        found: list[list[str]] = self._collection.query(
            query_embeddings=vector[np.newaxis], n_results=count, include=[]
        )["ids"]
        return found[0]


def collection_name(embedder: str, dimensions: int) -> str:
    """Chroma takes 3 to 512 of letters, digits, dots, dashes and underscores, with a letter or digit at both ends."""
    plain = re.sub(r"[^a-zA-Z0-9._-]+", "-", embedder)[:400]
    return f"chunks-{plain}-{dimensions}"


@contextmanager
def _broken() -> Iterator[None]:
    try:
        yield
    except (ChromaError, OSError, ValueError, RuntimeError, AttributeError) as error:
        raise ChromaBroken(f"{type(error).__name__}: {error}") from error


def _numbers(ids: list[str]) -> list[int]:
    """Chunk ids alone, without the probe's."""
    return [int(text) for text in ids if text.isdigit()]


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), BATCH):
        yield items[first : first + BATCH]
