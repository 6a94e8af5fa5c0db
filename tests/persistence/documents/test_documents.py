from dataclasses import replace
from functools import partial

import pytest

from records.codes import ErrorCode
from records.document import (
    Chunking,
    DocumentChanges,
    DocumentSource,
    DocumentStatus,
    EraseReceipt,
    IngestionError,
    NewDocument,
)
from records.errors import NotFound
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import PageRequest
from records.retrieval import SearchedDocuments
from tests.access import LOCAL
from tests.persistence.stores import Stores, cite, make_chunk, parsed

ALL = PageRequest(first=100)
BY_NAME = Order("NAME", descending=False)


async def names(stores: Stores, filter: DocumentFilter) -> list[str]:
    page = await stores.documents.page(LOCAL, filter, BY_NAME, ALL)
    assert await stores.documents.count(LOCAL, filter) == len(page.items)
    return [document.name for document in page.items]


async def test_a_stored_document_is_returned_unchanged(stores: Stores) -> None:
    new = NewDocument(
        "Über Schrauben.pdf", "application/pdf", 5_000_000_000, "a" * 64, DocumentSource.URL, "https://x.example/y",
        ("b", "a"), {"n": 10**30, "s": ["\ud800", None]}, Chunking(128, 16),
    )  # fmt: skip
    document, known = await stores.documents.add(LOCAL, new)
    assert not known
    assert document.status is DocumentStatus.PENDING
    for part in ("name", "media_type", "byte_size", "sha256", "source", "source_uri", "tags", "metadata", "chunking"):
        assert getattr(document, part) == getattr(new, part)
    assert document.created_at.utcoffset() is not None
    assert await stores.documents.get(LOCAL, document.id) == document


async def test_equal_bytes_are_one_document(stores: Stores) -> None:
    first = await stores.add("bolts.txt")
    again, known = await stores.documents.add(
        LOCAL, NewDocument("other.txt", "text/plain", 9, first.sha256, DocumentSource.UPLOAD)
    )
    assert known
    assert again == first


async def test_the_bytes_of_a_document_in_deleting_can_be_added_again(stores: Stores) -> None:
    first = await stores.add("bolts.txt")
    await stores.documents.mark_deleting(LOCAL, first.id)
    second = await stores.add("bolts.txt")
    assert second.id != first.id
    await stores.ingested.erase(first.id)
    assert await stores.ingested.original_in_use(second.sha256)


async def test_ids_are_not_reused(stores: Stores) -> None:
    first = await stores.add("bolts.txt")
    await stores.ingested.erase(first.id)
    assert (await stores.add("bolts.txt")).id > first.id


async def test_an_unknown_document_raises_not_found(stores: Stores) -> None:
    missing = DocumentId(404)
    assert await stores.documents.find(LOCAL, missing) is None
    for call in (
        stores.documents.get(LOCAL, missing),
        stores.documents.update(LOCAL, missing, DocumentChanges(name="x")),
        stores.ingested.restart(missing),
        stores.documents.mark_deleting(LOCAL, missing),
        stores.ingested.append_text(missing, 0, "x"),
        stores.ingested.add_chunks(missing, [make_chunk(0, "x")]),
        stores.documents.update(LOCAL, missing, DocumentChanges(tags=("a",))),
        stores.documents.resolve_scope(LOCAL, SearchedDocuments((missing,)), None),
        stores.sessions.create(LOCAL, "x", [missing], (await stores.session()).settings),
    ):
        with pytest.raises(NotFound) as raised:
            await call
        assert raised.value.kind == "document"


async def test_an_update_changes_the_provided_fields_only(stores: Stores) -> None:
    document = await stores.add(tags=("a",), metadata={"k": 1})
    assert (await stores.documents.update(LOCAL, document.id, DocumentChanges(name="nuts.txt"))).metadata == {"k": 1}
    assert (await stores.documents.update(LOCAL, document.id, DocumentChanges(tags=("c", "b", "c")))).tags == ("c", "b")
    assert (await stores.documents.update(LOCAL, document.id, DocumentChanges(metadata=None))).metadata is None
    assert (await stores.documents.get(LOCAL, document.id)).name == "nuts.txt"


async def test_lists_are_filtered(stores: Stores) -> None:
    first = await stores.add("ÄPFEL 100%.txt", tags=("fruit", "red"))
    await stores.add("pears_.md", tags=("fruit",), media_type="text/markdown")
    await stores.ingested.set_status(first.id, DocumentStatus.FAILED)
    session = await stores.session("x", first.id)
    assert await names(stores, DocumentFilter()) == ["pears_.md", "ÄPFEL 100%.txt"]
    assert await names(stores, DocumentFilter(name_contains="äpfel 100%")) == ["ÄPFEL 100%.txt"]
    assert await names(stores, DocumentFilter(name_contains="_")) == ["pears_.md"]
    assert await names(stores, DocumentFilter(tags=("fruit", "red"))) == ["ÄPFEL 100%.txt"]
    assert await names(stores, DocumentFilter(media_type=("text/markdown", "x/y"))) == ["pears_.md"]
    assert await names(stores, DocumentFilter(status=(DocumentStatus.FAILED,))) == ["ÄPFEL 100%.txt"]
    assert await names(stores, DocumentFilter(session_id=session.id)) == ["ÄPFEL 100%.txt"]
    assert await names(stores, DocumentFilter(status=())) == []


async def test_documents_with_a_status_are_returned_oldest_first(stores: Stores) -> None:
    ids = [(await stores.add(f"{n}.txt")).id for n in range(4)]
    await stores.ingested.set_status(ids[1], DocumentStatus.READY)
    waiting = await stores.ingested.with_status((DocumentStatus.PENDING,), limit=2)
    assert [document.id for document in waiting] == [ids[0], ids[2]]


async def test_an_error_is_stored_until_the_next_status(stores: Stores) -> None:
    document = await stores.add()
    error = IngestionError(DocumentStatus.PARSING, ErrorCode.CORRUPT_DOCUMENT, "It is damaged.", retryable=False)
    failed = await stores.ingested.set_status(document.id, DocumentStatus.FAILED, error=error)
    assert failed.error == error
    assert (await stores.ingested.set_status(document.id, DocumentStatus.PARSING, progress=0.5)).error is None


async def test_text_is_read_by_code_points_across_pieces(stores: Stores) -> None:
    document = await stores.add()
    whole, start = "", 0
    for piece in ("Bolt 🔩 A", " takes ", "35\u00a0Nm.", "中文"):
        await stores.ingested.append_text(document.id, start, piece)
        whole, start = whole + piece, start + len(piece)
    for offset in range(len(whole) + 2):
        for length in range(len(whole) + 2):
            assert await stores.documents.text(LOCAL, document.id, offset, length) == whole[offset : offset + length]


async def test_results_of_parsing_are_stored(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.", "Bolt B takes 40 Nm.")
    assert (document.status, document.chunk_count, document.title) == (DocumentStatus.EMBEDDING, 2, "Bolts")
    assert document.coverage is not None
    assert document.coverage.warnings == ("one warning",)
    assert [heading.text for heading in await stores.documents.outline(LOCAL, document.id)] == ["Bolts", "Torque"]


async def test_a_restart_erases_ingested_content(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    embedded = await stores.embed(document.id)
    await stores.outbox.done([entry.id for entry in await stores.outbox.read(10)])
    again = await stores.ingested.restart(document.id, Chunking(64, 8))
    assert (again.status, again.chunk_count, again.embedded_chunks) == (DocumentStatus.PENDING, 0, 0)
    assert again.chunking == Chunking(64, 8)
    assert await stores.documents.text(LOCAL, document.id, 0, 100) == ""
    assert await stores.documents.outline(LOCAL, document.id) == ()
    assert await stores.found("bolt") == []
    assert [entry.chunk_id for entry in await stores.outbox.read(10)] == embedded


async def test_a_document_in_deleting_keeps_its_status(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    await stores.documents.mark_deleting(LOCAL, document.id)
    assert (await stores.ingested.set_status(document.id, DocumentStatus.READY)).status is DocumentStatus.DELETING
    assert await names(stores, DocumentFilter()) == []
    assert await names(stores, DocumentFilter(status=(DocumentStatus.DELETING,))) == ["bolts.txt"]
    with pytest.raises(NotFound):
        await stores.ingested.restart(document.id)


async def test_a_document_in_deleting_is_hidden_at_once(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    [chunk] = await stores.ingested.unembedded(document.id, 1)
    session = await stores.session("x", document.id)
    await stores.documents.mark_deleting(LOCAL, document.id)
    assert await stores.found("bolt") == []
    assert await stores.chunks.find(LOCAL, chunk.id) is None
    assert await stores.sessions.document_ids(LOCAL, session.id) == ()
    with pytest.raises(NotFound):
        await stores.documents.resolve_scope(LOCAL, SearchedDocuments((document.id,)), None)


async def test_the_receipt_of_an_erasure_counts_erased_items(stores: Stores) -> None:
    kept = await stores.ingest("Nuts too.", name="nuts.txt")
    texts = [f"Bolt {n} takes 35 Nm." for n in range(1203)]
    document = await stores.ingest(*texts)
    await stores.embed(document.id, 700)
    session = await stores.session("x", document.id, kept.id)
    [chunk] = (await stores.chunks.page(LOCAL, document.id, PageRequest(first=1))).items
    _, answer = await stores.exchange(session.id, "What?", "35 Nm [1]", cite(document, chunk.id), cite(kept, None, 2))
    await stores.documents.mark_deleting(LOCAL, document.id)
    receipt = await stores.ingested.erase(document.id)
    assert (receipt.chunks, receipt.keyword_entries) == (1203, 1203)
    assert receipt.bytes >= 2 * sum(len(text) for text in texts)
    assert await stores.documents.find(LOCAL, document.id) is None
    assert await stores.sessions.document_ids(LOCAL, session.id) == (kept.id,)
    assert await stores.outbox.pending(document.id) == 1400
    assert (await stores.messages.get(LOCAL, answer.id)).citations == (
        replace(cite(document, None), document_id=None, start_offset=None, end_offset=None),
        replace(cite(kept, None, 2), start_offset=None, end_offset=None),
    )
    assert await stores.found("nuts") == ["Nuts too."]


async def test_the_receipt_of_a_second_erasure_is_empty(stores: Stores) -> None:
    document = await stores.ingest("Bolt A takes 35 Nm.")
    await stores.ingested.erase(document.id)
    assert await stores.ingested.erase(document.id) == EraseReceipt()


async def test_a_scope_contains_searchable_documents_only(stores: Stores) -> None:
    red = await stores.ingest("one", name="1", tags=("red", "small"))
    await stores.add("2", tags=("red", "small"))
    blue = await stores.ingest("three", name="3", tags=("blue",))
    scope = partial(stores.documents.resolve_scope, LOCAL)
    assert await scope(None, None) is None
    assert await scope(None, ()) is None
    assert await scope(SearchedDocuments(), None) == ()
    assert await scope(None, ("red", "small")) == (red.id,)
    assert await scope(SearchedDocuments((red.id, blue.id)), ("red",)) == (red.id,)
    assert await scope(SearchedDocuments((red.id, blue.id)), None) == (red.id, blue.id)


async def test_citations_of_an_erased_text_lose_their_position_until_the_same_chunk_is_parsed_again(
    stores: Stores,
) -> None:
    document = await stores.ingest("header", "same nuts", "old bolts", "same nuts")
    _, same, old, _ = (chunk.id for chunk in (await stores.chunks.page(LOCAL, document.id, ALL)).items)
    session = await stores.session("Bolts", document.id)
    cited = [
        replace(cite(document, same), quote="same nuts", start_offset=6, end_offset=15),
        replace(cite(document, old, 2), quote="old bolts", start_offset=15, end_offset=24),
    ]
    _, answer = await stores.exchange(session.id, "?", "[1][2]", *cited)
    assert (await stores.messages.get(LOCAL, answer.id)).citations == tuple(cited)

    await stores.ingested.restart(document.id)
    for citation in (await stores.messages.get(LOCAL, answer.id)).citations:
        assert (citation.chunk_id, citation.start_offset, citation.end_offset) == (None, None, None)

    await stores.fill(document.id, ("same nuts", "new bolts", "same nuts"))
    await stores.ingested.finish_parsing(document.id, parsed(27))
    kept, gone = (await stores.messages.get(LOCAL, answer.id)).citations
    first = (await stores.chunks.page(LOCAL, document.id, ALL)).items[0]
    assert (kept.chunk_id, kept.start_offset, kept.end_offset, kept.quote) == (first.id, 0, 9, "same nuts")
    assert (gone.chunk_id, gone.start_offset, gone.end_offset, gone.quote) == (None, None, None, "old bolts")
