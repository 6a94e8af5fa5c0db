"""Vectors of deep embedders: stored separately for each embedder and deleted with their chunks."""

from collections.abc import Sequence

import pytest

from persistence.database.database import Database
from persistence.database.sqlite import execute, fetch_value
from persistence.embeddings.deep_embeddings import DeepVectors
from persistence.embeddings.embedders import adopt_deep, adopt_light
from persistence.embeddings.outbox import Outbox
from records.document import ChunkRecord, DocumentRecord, DocumentStatus
from records.ids import ChunkId
from records.indexing import IndexCounts
from tests.access import LOCAL, SYSTEM
from tests.persistence.stores import Stores

VECTOR = b"\x00\x3c" + b"\x00\x00" * 7


async def deep(database: Database, name: str = "large", fingerprint: str = "a") -> DeepVectors:
    return DeepVectors(database, await adopt_deep(database, name, fingerprint, 8), SYSTEM)


async def ready(stores: Stores, *texts: str, name: str = "bolts.txt") -> DocumentRecord:
    document = await stores.ingest(*texts, name=name)
    await stores.embed(document.id)
    return await stores.ingested.set_status(document.id, DocumentStatus.READY, progress=1.0)


async def fill(vectors: DeepVectors, batch: int = 2) -> int:
    """Embed all chunks and return the number of batches."""
    batches = 0
    while chunks := await vectors.next_batch(batch):
        await vectors.store([(chunk, VECTOR) for chunk in chunks])
        batches += 1
    return batches


async def rows(database: Database, table: str) -> int:
    async with database.reading() as reader:
        return int(await fetch_value(reader, f"SELECT count(*) FROM {table}"))


async def test_batches_contain_the_chunks_of_ready_documents_in_order(database: Database, stores: Stores) -> None:
    first = await ready(stores, "one", "two", "three")
    second = await ready(stores, "four", name="nuts.txt")
    await stores.ingest("not ready", name="later.txt")
    vectors = await deep(database)
    assert await vectors.counts() == IndexCounts(2, 4, 0)
    batch = await vectors.next_batch(2)
    assert [chunk.text for chunk in batch] == ["one", "two"]
    await vectors.store([(chunk, VECTOR) for chunk in batch])
    assert await vectors.counts() == IndexCounts(2, 2, 2, 0)
    assert await fill(vectors) == 2
    assert await vectors.counts() == IndexCounts(0, 0, 4, 2)
    assert await vectors.embedded(LOCAL, [first.id, second.id]) == {first.id: 3, second.id: 1}


async def test_storing_a_batch_again_changes_nothing(database: Database, stores: Stores) -> None:
    document = await ready(stores, "one", "two")
    vectors = await deep(database)
    batch = await vectors.next_batch(2)
    for _ in range(2):
        await vectors.store([(chunk, VECTOR) for chunk in batch])
    assert await vectors.embedded(LOCAL, [document.id]) == {document.id: 2}


async def test_stored_deep_vectors_are_queued_in_the_deep_outbox_only(database: Database, stores: Stores) -> None:
    await ready(stores, "one", "two")
    vectors = await deep(database)
    light = await stores.outbox.pending()
    await fill(vectors)
    assert await Outbox(database, deep=True).pending() == 2
    assert await stores.outbox.pending() == light


async def test_a_chunk_that_changed_meanwhile_gets_no_vector_of_its_old_text(
    database: Database, stores: Stores
) -> None:
    document = await ready(stores, "one", "two")
    vectors = await deep(database)
    batch = await vectors.next_batch(2)
    async with database.writing() as transaction:
        await execute(transaction, "UPDATE chunks SET text = 'other' WHERE id = ?", [batch[0].id])
    await vectors.store([(chunk, VECTOR) for chunk in batch])
    assert await vectors.embedded(LOCAL, [document.id]) == {document.id: 1}
    assert [chunk.text for chunk in await vectors.next_batch(2)] == ["other"]


async def test_storing_vectors_of_a_deleted_document_stores_nothing(database: Database, stores: Stores) -> None:
    document = await ready(stores, "one", "two")
    vectors = await deep(database)
    batch = await vectors.next_batch(2)
    await stores.documents.mark_deleting(LOCAL, document.id)
    await stores.ingested.erase(document.id)
    await vectors.store([(chunk, VECTOR) for chunk in batch])
    assert await rows(database, "deep_embeddings") == 0
    assert await rows(database, "deep_progress") == 0


async def test_an_erasure_removes_and_counts_deep_vectors(database: Database, stores: Stores) -> None:
    gone, kept = await ready(stores, "one", "two"), await ready(stores, "three", name="nuts.txt")
    vectors = await deep(database)
    await fill(vectors)
    outbox = Outbox(database, deep=True)
    await outbox.done([entry.id for entry in await outbox.read(100)])
    text_bytes = 6 + 2 * len(b"\x00" * 8)
    receipt = await stores.ingested.erase(gone.id)
    assert receipt.vectors == 2
    assert receipt.bytes >= text_bytes + 2 * len(VECTOR)
    assert await rows(database, "deep_embeddings") == 1
    assert await outbox.pending() == 2
    assert await vectors.embedded(LOCAL, [gone.id, kept.id]) == {kept.id: 1}


async def test_a_restarted_document_loses_its_deep_vectors(database: Database, stores: Stores) -> None:
    document = await ready(stores, "one", "two")
    vectors = await deep(database)
    await fill(vectors)
    await stores.ingested.restart(document.id)
    assert await vectors.embedded(LOCAL, [document.id]) == {}
    assert await rows(database, "deep_embeddings") == 0


async def test_vectors_of_a_former_deep_embedder_are_ignored_and_erased_in_steps(
    database: Database, stores: Stores
) -> None:
    await ready(stores, "one", "two", "three")
    await fill(await deep(database, "former"))
    vectors = await deep(database, "present")
    assert await vectors.counts() == IndexCounts(1, 3, 0)
    assert await vectors.covers(None) is False
    assert await rows(database, "deep_embeddings") == 3
    await fill(vectors)
    erased = 0
    while step := await vectors.erase_former(2):
        erased += step
    assert erased == 3
    assert await rows(database, "deep_embeddings") == 3
    assert await vectors.counts() == IndexCounts(0, 0, 3, 1)
    assert await rows(database, "embedders") == 1


async def test_a_model_whose_file_changed_is_another_embedder(database: Database, stores: Stores) -> None:
    await ready(stores, "one")
    await fill(await deep(database, "large", "a"))
    assert await (await deep(database, "large", "b")).counts() == IndexCounts(1, 1, 0)


async def test_an_embedder_that_is_used_again_keeps_its_vectors(database: Database, stores: Stores) -> None:
    await ready(stores, "one", "two", "three")
    first = await deep(database, "first")
    await first.store([(chunk, VECTOR) for chunk in await first.next_batch(2)])
    await fill(await deep(database, "second"))
    again = await deep(database, "first")
    assert await again.counts() == IndexCounts(1, 1, 2)
    assert [chunk.text for chunk in await again.next_batch(5)] == ["three"]


@pytest.mark.parametrize("texts", [(), ("one",)])
async def test_coverage_reports_the_chunks_with_deep_vectors(
    database: Database, stores: Stores, texts: Sequence[str]
) -> None:
    document = await ready(stores, "one", "two")
    other = await ready(stores, "three", name="nuts.txt")
    vectors = await deep(database)
    chunks: list[ChunkRecord] = [chunk for chunk in await vectors.next_batch(2) if chunk.text in texts]
    await vectors.store([(chunk, VECTOR) for chunk in chunks])
    assert await vectors.covers(None) is bool(texts)
    assert await vectors.covers([document.id]) is bool(texts)
    assert await vectors.covers([other.id]) is False
    ids = [ChunkId(number) for number in range(1, 4)]
    assert await vectors.lacking(ids) == frozenset(ids) - {chunk.id for chunk in chunks}


async def test_the_first_recorded_light_embedder_keeps_existing_vectors(database: Database, stores: Stores) -> None:
    document = await ready(stores, "one", "two")
    assert await adopt_light(database, "small", 4) == 0
    assert (await stores.documents.get(LOCAL, document.id)).status is DocumentStatus.READY
    assert await adopt_light(database, "small", 4) == 0


@pytest.mark.parametrize("other", [("other", 4), ("small", 8)])
async def test_another_light_embedder_discards_vectors_and_keyword_search_still_works(
    database: Database, stores: Stores, other: tuple[str, int]
) -> None:
    document = await ready(stores, "one bolt", "two bolts")
    waiting = await stores.ingest("three bolts", name="nuts.txt")
    await adopt_light(database, "small", 4)
    assert await adopt_light(database, *other) == 2
    again = await stores.documents.get(LOCAL, document.id)
    assert (again.status, again.embedded_chunks, again.progress) == (DocumentStatus.EMBEDDING, 0, 0.0)
    assert len(await stores.ingested.unembedded(document.id, 10)) == 2
    assert (await stores.documents.get(LOCAL, waiting.id)).status is DocumentStatus.EMBEDDING
    assert len(await stores.found("bolt")) == 3
    assert await adopt_light(database, *other) == 0


async def test_a_change_of_the_light_embedder_keeps_deep_vectors(database: Database, stores: Stores) -> None:
    await ready(stores, "one")
    vectors = await deep(database)
    await fill(vectors)
    await adopt_light(database, "small", 4)
    await adopt_light(database, "other", 4)
    assert await rows(database, "deep_embeddings") == 1
