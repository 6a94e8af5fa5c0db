"""The vectors worker with the vectors of a deep embedder: it never searches vectors of another embedder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from persistence.database.database import Database, open_database
from persistence.embeddings.deep_embeddings import DeepVectors
from persistence.embeddings.embedders import EmbedderId, adopt_deep
from persistence.embeddings.outbox import Outbox
from persistence.vectors import ChromaIndex, open_vector_index, vector_worker
from records.document import DocumentStatus
from records.ids import DocumentId
from tests.access import LOCAL, SYSTEM
from tests.persistence.stores import Stores
from tests.support.supervisor import open_test_supervisor

DIMENSIONS = 8
QUERY = np.eye(DIMENSIONS, dtype="<f4")[0].tobytes()


def pointing(along: int) -> bytes:
    """Return a unit vector along one axis."""
    return bytes(np.eye(DIMENSIONS, dtype="<f2")[along].tobytes())


async def ready(stores: Stores, *texts: str, name: str) -> DocumentId:
    document = await stores.ingest(*texts, name=name)
    await stores.ingested.set_status(document.id, DocumentStatus.READY)
    return document.id


async def fill(vectors: DeepVectors, along: int) -> None:
    while batch := await vectors.next_batch(16):
        await vectors.store([(chunk, pointing(along)) for chunk in batch])


@asynccontextmanager
async def opened(database: Database, folder: Path, own: EmbedderId) -> AsyncIterator[ChromaIndex]:
    spec = vector_worker(database.path, folder / "chroma-deep", f"embedder-{own}", DIMENSIONS, own)
    async with (
        open_test_supervisor() as supervisor,
        open_vector_index(supervisor, spec, Outbox(database, deep=True)) as index,
    ):
        yield index


async def scores(index: ChromaIndex, *document_ids: DocumentId) -> list[float]:
    return [round(hit.score, 3) for hit in await index.search(QUERY, 10, document_ids or None)]


async def test_only_vectors_of_the_current_embedder_are_searched(tmp_path: Path) -> None:
    async with open_database(tmp_path / "x.db") as database:
        stores = Stores(database)
        await ready(stores, "one", "two", name="a.txt")
        former = await adopt_deep(database, "former", "f", DIMENSIONS)
        await fill(DeepVectors(database, former, SYSTEM), along=0)
        present = await adopt_deep(database, "present", "p", DIMENSIONS)
        async with opened(database, tmp_path, present) as index:
            assert await index.count() == 0
            assert await scores(index) == []
            vectors = DeepVectors(database, present, SYSTEM)
            [first, *_] = await vectors.next_batch(1)
            await vectors.store([(first, pointing(1))])
            assert await index.drain() == 1
            assert await scores(index) == [0.0], "the former one's vectors would score 1"
            assert await index.count() == 1


async def test_vectors_of_a_deleted_document_are_not_found_before_the_outbox_is_applied(tmp_path: Path) -> None:
    async with open_database(tmp_path / "x.db") as database:
        stores = Stores(database)
        gone, kept = await ready(stores, "one", name="a.txt"), await ready(stores, "two", name="b.txt")
        own = await adopt_deep(database, "present", "p", DIMENSIONS)
        vectors = DeepVectors(database, own, SYSTEM)
        async with opened(database, tmp_path, own) as index:
            await fill(vectors, along=0)
            await index.drain()
            assert await scores(index) == [1.0, 1.0]
            await stores.documents.mark_deleting(LOCAL, gone)
            assert await scores(index, gone) == []
            assert await scores(index) == [1.0]
            assert (await stores.ingested.erase(gone)).vectors == 1
            await index.drain()
            assert (await index.count(gone), await index.count(kept)) == (0, 1)


async def test_a_restart_reads_all_vectors_from_the_database(tmp_path: Path) -> None:
    async with open_database(tmp_path / "x.db") as database:
        await ready(Stores(database), *(f"text {number}" for number in range(40)), name="a.txt")
        own = await adopt_deep(database, "present", "p", DIMENSIONS)
        await fill(DeepVectors(database, own, SYSTEM), along=0)
        assert await adopt_deep(database, "present", "p", DIMENSIONS) == own
        assert await Outbox(database, deep=True).pending() == 0
        async with opened(database, tmp_path, own) as index:
            assert await index.count() == 40
            assert await scores(index) == [1.0] * 10
