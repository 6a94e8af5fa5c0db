import pytest

from persistence.vectors.worker.replicas import Embedding
from persistence.vectors.worker.source_vectors import Truth
from records.document import BoundingBox, DocumentStatus, NewChunk
from records.errors import NotFound
from records.ids import ChunkId
from records.page import PageRequest
from tests.persistence.shelf import VECTOR, Shelf, cite, parsed


async def test_a_chunk_comes_back_as_it_was_made(shelf: Shelf) -> None:
    document = await shelf.add()
    new = NewChunk(0, "35 Nm.", "Bolts › Torque", ("Bolts", "Torque"), 3, 9, 1, 2, 4, BoundingBox(1, 0.5, 1, 2, 3))
    await shelf.chunks.add(document.id, [new])
    await shelf.documents.finish_parsing(document.id, parsed(9))
    [chunk] = await shelf.chunks.unembedded(document.id, 5)
    assert chunk == await shelf.chunks.get(chunk.id)
    for part in NewChunk.__slots__:
        assert getattr(chunk, part) == getattr(new, part)


async def test_chunks_are_hidden_until_their_document_is_parsed(shelf: Shelf) -> None:
    document = await shelf.add()
    await shelf.fill(document.id, ["Bolt A takes 35 Nm."])
    [chunk] = await shelf.chunks.unembedded(document.id, 5)
    assert await shelf.found("bolt") == []
    assert await shelf.chunks.find_many([chunk.id]) == {}
    assert await shelf.chunks.count(document.id) == 0
    await shelf.documents.finish_parsing(document.id, parsed(9))
    assert await shelf.found("bolt") == ["Bolt A takes 35 Nm."]


async def test_a_missing_chunk_is_named(shelf: Shelf) -> None:
    with pytest.raises(NotFound) as raised:
        await shelf.chunks.get(ChunkId(404))
    assert raised.value.kind == "chunk"


async def test_neighbours_stand_in_the_same_document(shelf: Shelf) -> None:
    document = await shelf.ingest("one", "two", "three")
    await shelf.ingest("other", name="other.txt")
    first, second, third = (await shelf.chunks.page(document.id, PageRequest(first=5))).items
    assert await shelf.chunks.neighbour(second, 1) == third
    assert await shelf.chunks.neighbour(third, -2) == first
    assert await shelf.chunks.neighbour(third, 1) is None


async def test_embedding_goes_batch_by_batch(shelf: Shelf) -> None:
    document = await shelf.ingest("one", "two", "three")
    batch = await shelf.chunks.unembedded(document.id, 2)
    assert [chunk.text for chunk in batch] == ["one", "two"]
    stored = await shelf.chunks.store_embeddings(document.id, [(chunk.id, VECTOR) for chunk in batch])
    assert (stored.embedded_chunks, stored.progress, stored.status) == (2, 2 / 3, DocumentStatus.EMBEDDING)
    assert [chunk.text for chunk in await shelf.chunks.unembedded(document.id, 2)] == ["three"]
    assert [entry.chunk_id for entry in await shelf.outbox.read(10)] == [chunk.id for chunk in batch]


async def test_applied_entries_leave_the_outbox(shelf: Shelf) -> None:
    document = await shelf.ingest("one", "two", "three")
    await shelf.embed(document.id)
    entries = await shelf.outbox.read(2)
    await shelf.outbox.done([entry.id for entry in entries])
    assert [entry.chunk_id for entry in await shelf.outbox.read(10)] == [entries[-1].chunk_id + 1]
    assert await shelf.outbox.pending(document.id) == await shelf.outbox.pending() == 1


async def test_the_vectors_worker_reads_the_embeddings(shelf: Shelf) -> None:
    document, hidden = await shelf.ingest("one", "two"), await shelf.ingest("three", name="hidden.txt")
    [one] = await shelf.embed(document.id, 1)
    [three] = await shelf.embed(hidden.id)
    truth = Truth(shelf.database.path, len(VECTOR) // 2)
    assert truth.embeddings([one, three]) == [Embedding(one, document.id, VECTOR), Embedding(three, hidden.id, VECTOR)]
    await shelf.documents.mark_deleting(hidden.id)
    assert truth.embeddings([one, three], searchable=True) == [Embedding(one, document.id, VECTOR)]
    truth._database.close()


async def test_answers_that_cite_a_chunk_are_found(shelf: Shelf) -> None:
    document = await shelf.ingest("one", "two")
    one, two = (await shelf.chunks.page(document.id, PageRequest(first=5))).items
    session = await shelf.session()
    _, first = await shelf.exchange(session.id, "?", "[1]", cite(document, one.id))
    _, second = await shelf.exchange(session.id, "?", "[1][2]", cite(document, one.id), cite(document, two.id, 2))
    assert (await shelf.chunks.cited_by(one.id, PageRequest(first=5))).items == (second, first)
    assert await shelf.chunks.count_cited_by(two.id) == 1


async def test_neighbours_of_many_chunks_are_read_at_once(shelf: Shelf) -> None:
    one = await shelf.ingest("a", "b", "c", name="one")
    other = await shelf.ingest("d", name="other")
    a, b, c = [chunk.id for chunk in (await shelf.chunks.page(one.id, PageRequest(first=3))).items]
    (d,) = [chunk.id for chunk in (await shelf.chunks.page(other.id, PageRequest(first=3))).items]
    assert await shelf.chunks.neighbours([a, b, d]) == {a: (b,), b: (a, c)}
    assert await shelf.chunks.neighbours([c]) == {c: (b,)}
    assert await shelf.chunks.neighbours([]) == {}
