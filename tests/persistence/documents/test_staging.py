"""Reparsing: staged content is hidden until the switch, which updates vectors and citations."""

from dataclasses import replace

import pytest

from persistence.database.database import Database
from persistence.documents.staging import Staging
from persistence.embeddings.outbox import Outbox
from records.document import DocumentRecord, DocumentStatus
from records.errors import NotFound
from records.ids import ChunkId
from records.indexing import IndexCounts
from records.page import PageRequest
from tests.access import LOCAL, SYSTEM
from tests.persistence.embeddings.test_deep_embeddings import deep, fill, ready
from tests.persistence.stores import VECTOR, Stores, cite, make_chunk, parsed


@pytest.fixture
def staging(database: Database) -> Staging:
    return Staging(database, SYSTEM)


async def stage(staging: Staging, document: DocumentRecord, *texts: str) -> int:
    """Stage texts as chunks and return the number of paired chunks."""
    await staging.begin(document.id)
    start = 0
    for index, text in enumerate(texts):
        await staging.append_text(document.id, start, text)
        await staging.add(document.id, [make_chunk(index, text, start)])
        start += len(text)
    kept = await staging.keep_unchanged(document.id)
    while waiting := await staging.unembedded(document.id, 2):
        await staging.store_embeddings([(chunk, VECTOR) for chunk in waiting])
    return kept


async def drain(outbox: Outbox) -> list[int]:
    """Remove all entries of the outbox and return their chunk ids in order."""
    entries = await outbox.read(1000)
    await outbox.done([entry.id for entry in entries])
    return [int(entry.chunk_id) for entry in entries]


async def test_staged_content_is_hidden_until_the_switch(stores: Stores, staging: Staging) -> None:
    document = await ready(stores, "old bolts", "same nuts")
    assert await stage(staging, document, "new bolts", "same nuts", "more screws") == 1
    assert await stores.found("old") == ["old bolts"]
    assert await stores.found("new") == []
    switched = await staging.switch(document.id, parsed(31, parser_version=2))
    assert switched is not None
    assert (switched.status, switched.chunk_count, switched.embedded_chunks) == (DocumentStatus.READY, 3, 3)
    assert await stores.found("old") == []
    assert await stores.found("new") == ["new bolts"]
    assert await stores.documents.text(LOCAL, document.id, 0, 100) == "new boltssame nutsmore screws"


async def test_equal_chunks_are_paired_one_to_one(database: Database, stores: Stores, staging: Staging) -> None:
    document = await ready(stores, "same", "same", "other")
    first, second, other = await ids(stores, document)
    assert await stage(staging, document, "same", "other", "same", "same") == 3
    await staging.switch(document.id, parsed(17))
    after = await ids(stores, document)
    assert after[:3] == [first, other, second]
    assert after[3] not in (first, second, other)


async def ids(stores: Stores, document: DocumentRecord) -> list[ChunkId]:
    """Return the ids of a document's chunks in their order."""
    return [chunk.id for chunk in (await stores.chunks.page(LOCAL, document.id, PageRequest(first=100))).items]


async def test_the_switch_queues_vectors_of_both_embedders(
    database: Database, stores: Stores, staging: Staging
) -> None:
    document = await ready(stores, "old bolts", "same nuts")
    old, same = await ids(stores, document)
    vectors = await deep(database)
    await fill(vectors)
    light, deeper = Outbox(database), Outbox(database, deep=True)
    await drain(light)
    await drain(deeper)
    await stage(staging, document, "same nuts", "new bolts")
    assert await drain(light) == [], "nothing changed so far"
    await staging.switch(document.id, parsed(18))
    kept, new = await ids(stores, document)
    assert kept == same
    assert sorted(await drain(light)) == sorted([old, new])
    assert await drain(deeper) == [old]
    assert await vectors.counts() == IndexCounts(1, 1, 1), "the new chunk waits for idle hours"
    assert [chunk.text for chunk in await vectors.next_batch(10)] == ["new bolts"]


async def test_a_document_that_is_not_ready_is_not_switched(stores: Stores, staging: Staging) -> None:
    document = await ready(stores, "old bolts")
    await stage(staging, document, "new bolts")
    await stores.documents.mark_deleting(LOCAL, document.id)
    assert await staging.switch(document.id, parsed(9)) is None
    with pytest.raises(NotFound):
        await staging.begin(document.id)


async def test_documents_are_outdated_until_the_current_parser_has_parsed_them(
    stores: Stores, staging: Staging
) -> None:
    document = await ready(stores, "old bolts")
    other = await ready(stores, "old nuts", name="nuts.txt")
    assert [each for each, _ in await staging.outdated(1)] == []
    assert [each for each, _ in await staging.outdated(2)] == [document.id, other.id]
    await stage(staging, document, "new bolts")
    await staging.switch(document.id, parsed(9, parser_version=2))
    assert [each for each, _ in await staging.outdated(2)] == [other.id]
    waiting = await stores.add("waiting.txt")
    assert await staging.outdated(2) == (), "new documents go first"
    await stores.ingested.set_status(waiting.id, DocumentStatus.FAILED)
    await staging.leave(other.id, 2)
    assert await staging.outdated(2) == ()


async def test_citations_of_paired_chunks_move_and_others_lose_their_span(stores: Stores, staging: Staging) -> None:
    document = await ready(stores, "header", "same nuts", "old bolts")
    _, same, old = await ids(stores, document)
    session = await stores.session("Bolts", document.id)
    cited = [replace(cite(document, same), start_offset=6, end_offset=10), replace(cite(document, old, 2), quote="old")]
    _, answer = await stores.exchange(session.id, "?", "[1][2]", *cited)
    await stage(staging, document, "same nuts", "new bolts")
    await staging.switch(document.id, parsed(18))
    kept, gone = (await stores.messages.get(LOCAL, answer.id)).citations
    assert (kept.chunk_id, kept.start_offset, kept.end_offset) == (same, 0, 4)
    assert await stores.documents.text(LOCAL, document.id, 0, 4) == "same"
    assert (gone.chunk_id, gone.start_offset, gone.end_offset, gone.quote) == (None, None, None, "old")
