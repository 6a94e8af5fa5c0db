"""A Chroma collection of unit vectors by chunk id, without texts, metadata and embedding function.

Errors of Chroma are raised as `ChromaError`. Only one process may open the directory.
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
from chromadb.errors import ChromaError as ChromaLibraryError

from persistence.vectors.protocol import BATCH
from persistence.vectors.worker.replicas import Embedding

PAGE = 500
_PROBE = "probe"
_PROBE_LIMIT = 5000
"""Hits that the probe asks for. Chroma keeps up to 1,000 vectors outside of its index, which hides a lost index."""
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 24}
"""Parameters of the HNSW index, fixed at its creation. With the defaults, recall@10 was 0.93 for 100,000 vectors."""


Item = TypeVar("Item")


class ChromaError(Exception):
    """A failure of Chroma: its directory or index cannot be used."""


class ChromaCollection:
    """The collection of one embedder."""

    def __init__(self, directory: Path, embedder: str, dimensions: int) -> None:
        """Open or create the collection. Raises `ChromaError`, also if the index returns too few vectors.

        Some corrupt indexes end the process.
        """
        self._directory = directory
        self._dimensions = dimensions
        self._name = collection_name(embedder, dimensions)
        SharedSystemClient.clear_system_cache()  # a failed attempt would be used again; checked with chromadb 1.5.9
        with _named_errors():
            self._client = chromadb.PersistentClient(path=str(directory), settings=Settings(anonymized_telemetry=False))
        try:
            with _named_errors():
                self._collection = self._client.get_or_create_collection(
                    self._name, embedding_function=None, configuration={"hnsw": _HNSW}
                )
                self._probe()
        except ChromaError:
            self.close()
            raise

    def __len__(self) -> int:
        with _named_errors():
            return int(self._collection.count())

    @property
    def exists(self) -> bool:
        """True if the directory still contains its database."""
        return (self._directory / "chroma.sqlite3").exists()

    def missing(self, chunk_ids: Sequence[int]) -> list[int]:
        with _named_errors():
            found = set(self._collection.get(ids=[str(chunk_id) for chunk_id in chunk_ids], include=[])["ids"])
        return [chunk_id for chunk_id in chunk_ids if str(chunk_id) not in found]

    def pages(self) -> Iterator[list[int]]:
        """Return ids by offset. Deletions between the pages may hide ids until the next call."""
        offset = 0
        while True:
            with _named_errors():
                ids = self._collection.get(limit=PAGE, offset=offset, include=[])["ids"]
            if not ids:
                return
            yield _numbers(ids)
            offset += len(ids)

    def upsert(self, embeddings: Sequence[Embedding]) -> None:
        for batch in _batches(embeddings):
            vectors = np.frombuffer(b"".join(each.vector for each in batch), "<f2").astype(np.float32)
            with _named_errors():
                self._collection.upsert(
                    ids=[str(each.chunk_id) for each in batch], embeddings=vectors.reshape(len(batch), -1)
                )

    def delete(self, chunk_ids: Iterable[int]) -> None:
        for batch in _batches(list(chunk_ids)):
            with _named_errors():
                self._collection.delete(ids=[str(chunk_id) for chunk_id in batch])

    def nearest(self, vector: bytes, count: int) -> list[int]:
        """Return about the `count` nearest ids, best first. `vector` is float32, little-endian."""
        with _named_errors():
            ids = self._query(np.frombuffer(vector, "<f4"), count)
        return _numbers(ids)

    def drop_others(self) -> None:
        """Remove the collections of other embedders. Call it when this collection is complete."""
        with _named_errors():
            for collection in self._client.list_collections():
                if collection.name != self._name:
                    self._client.delete_collection(collection.name)

    def close(self) -> None:
        with _named_errors():
            self._client.close()

    def _probe(self) -> None:
        """Write, search and delete a vector. Many lost or damaged indexes fail only then."""
        vector = np.full(self._dimensions, self._dimensions**-0.5, np.float32)
        self._collection.upsert(ids=[_PROBE], embeddings=vector[np.newaxis])
        expected = min(self._collection.count(), _PROBE_LIMIT)
        if 2 * len(self._query(vector, _PROBE_LIMIT)) < expected:
            raise ChromaError("The index has lost vectors.")
        self._collection.delete(ids=[_PROBE])

    def _query(self, vector: npt.NDArray[np.float32], count: int) -> list[str]:
        found: list[list[str]] = self._collection.query(
            query_embeddings=vector[np.newaxis], n_results=count, include=[]
        )["ids"]
        return found[0]


def collection_name(embedder: str, dimensions: int) -> str:
    """Return a valid name: 3 to 512 letters, digits, dots, dashes and underscores, with a letter or digit at both ends."""
    plain = re.sub(r"[^a-zA-Z0-9._-]+", "-", embedder)[:400]
    return f"chunks-{plain}-{dimensions}"


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except (ChromaLibraryError, OSError, ValueError, RuntimeError, AttributeError) as error:
        raise ChromaError(f"{type(error).__name__}: {error}") from error


def _numbers(ids: list[str]) -> list[int]:
    """Return the chunk ids, without the id of the probe."""
    return [int(text) for text in ids if text.isdigit()]


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), BATCH):
        yield items[first : first + BATCH]
