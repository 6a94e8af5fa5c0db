import pytest

from persistence.vectors.worker.replicas import Embedding
from persistence.vectors.worker.source_vectors import SourceVectors
from records.document import BoundingBox, DocumentStatus, NewChunk
from records.errors import NotFound
from records.ids import ChunkId
from records.page import PageRequest
from tests.access import LOCAL
from tests.persistence.stores import VECTOR, Stores, cite, parsed


async def test_a_stored_chunk_is_returned_unchanged(stores: Stores) -> None:
    document = await stores.add()
    new = NewChunk(0, "35 Nm.", "Bolts › Torque", ("Bolts", "Torque"), 3, 9, 1, 2, 4, BoundingBox(1, 0.5, 1, 2, 3))
    await stores.ingested.add_chunks(document.id, [new])
    await stores.ingested.finish_parsing(document.id, parsed(9))
    [chunk] = await stores.ingested.unembedded(document.id, 5)
    assert chunk == await stores.chunks.get(LOCAL, chunk.id)
    for part in NewChunk.__slots__:
        assert getattr(chunk, part) == getattr(new, part)


async def test_chunks_are_hidden_until_their_document_is_parsed(stores: Stores) -> None:
    document = await stores.add()
    await stores.fill(document.id, ["Bolt A takes 35 Nm."])
    [chunk] = await stores.ingested.unembedded(document.id, 5)
    assert await stores.found("bolt") == []
    assert await stores.chunks.find_many(LOCAL, [chunk.id]) == {}
    assert await stores.chunks.count(LOCAL, document.id) == 0
    await stores.ingested.finish_parsing(document.id, parsed(9))
    assert await stores.found("bolt") == ["Bolt A takes 35 Nm."]


async def test_an_unknown_chunk_raises_not_found(stores: Stores) -> None:
    with pytest.raises(NotFound) as raised:
        await stores.chunks.get(LOCAL, ChunkId(404))
    assert raised.value.kind == "chunk"


async def test_neighbours_belong_to_the_same_document(stores: Stores) -> None:
    document = await stores.ingest("one", "two", "three")
    await stores.ingest("other", name="other.txt")
    first, second, third = (await stores.chunks.page(LOCAL, document.id, PageRequest(first=5))).items
    assert await stores.chunks.neighbour(LOCAL, second, 1) == third
    assert await stores.chunks.neighbour(LOCAL, third, -2) == first
    assert await stores.chunks.neighbour(LOCAL, third, 1) is None


async def test_embeddings_are_stored_in_batches_and_update_the_progress(stores: Stores) -> None:
    document = await stores.ingest("one", "two", "three")
    batch = await stores.ingested.unembedded(document.id, 2)
    assert [chunk.text for chunk in batch] == ["one", "two"]
    stored = await stores.ingested.store_embeddings(document.id, [(chunk.id, VECTOR) for chunk in batch])
    assert (stored.embedded_chunks, stored.progress, stored.status) == (2, 2 / 3, DocumentStatus.EMBEDDING)
    assert [chunk.text for chunk in await stores.ingested.unembedded(document.id, 2)] == ["three"]
    assert [entry.chunk_id for entry in await stores.outbox.read(10)] == [chunk.id for chunk in batch]


async def test_applied_entries_are_removed_from_the_outbox(stores: Stores) -> None:
    document = await stores.ingest("one", "two", "three")
    await stores.embed(document.id)
    entries = await stores.outbox.read(2)
    await stores.outbox.done([entry.id for entry in entries])
    assert [entry.chunk_id for entry in await stores.outbox.read(10)] == [entries[-1].chunk_id + 1]
    assert await stores.outbox.pending(document.id) == await stores.outbox.pending() == 1


async def test_the_vectors_worker_reads_stored_embeddings(stores: Stores) -> None:
    document, hidden = await stores.ingest("one", "two"), await stores.ingest("three", name="hidden.txt")
    [one] = await stores.embed(document.id, 1)
    [three] = await stores.embed(hidden.id)
    truth = SourceVectors(stores.database.path, len(VECTOR) // 2)
    assert truth.embeddings([one, three]) == [Embedding(one, document.id, VECTOR), Embedding(three, hidden.id, VECTOR)]
    await stores.documents.mark_deleting(LOCAL, hidden.id)
    assert truth.embeddings([one, three], searchable=True) == [Embedding(one, document.id, VECTOR)]
    truth._database.close()


async def test_answers_that_cite_a_chunk_are_listed(stores: Stores) -> None:
    document = await stores.ingest("one", "two")
    one, two = (await stores.chunks.page(LOCAL, document.id, PageRequest(first=5))).items
    session = await stores.session()
    _, first = await stores.exchange(session.id, "?", "[1]", cite(document, one.id))
    _, second = await stores.exchange(session.id, "?", "[1][2]", cite(document, one.id), cite(document, two.id, 2))
    assert (await stores.chunks.cited_by(LOCAL, one.id, PageRequest(first=5))).items == (second, first)
    assert await stores.chunks.count_cited_by(LOCAL, two.id) == 1


async def test_neighbours_of_many_chunks_are_returned_by_one_call(stores: Stores) -> None:
    one = await stores.ingest("a", "b", "c", name="one")
    other = await stores.ingest("d", name="other")
    a, b, c = [chunk.id for chunk in (await stores.chunks.page(LOCAL, one.id, PageRequest(first=3))).items]
    (d,) = [chunk.id for chunk in (await stores.chunks.page(LOCAL, other.id, PageRequest(first=3))).items]
    assert await stores.chunks.neighbours(LOCAL, [a, b, d]) == {a: (b,), b: (a, c)}
    assert await stores.chunks.neighbours(LOCAL, [c]) == {c: (b,)}
    assert await stores.chunks.neighbours(LOCAL, []) == {}


async def test_pages_are_known_by_chunk(stores: Stores) -> None:
    first, second = await stores.ingest("a", "b"), await stores.ingest("c", name="other.txt")
    chunk_ids = [*await stores.embed(first.id), *await stores.embed(second.id)]
    assert await stores.chunks.pages_of(LOCAL, [*chunk_ids, ChunkId(99)]) == dict(
        zip(chunk_ids, ((first.id, 1), (first.id, 1), (second.id, 1)), strict=True)
    )
