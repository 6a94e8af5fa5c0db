"""Documents in GraphQL: upload, import, list, update, reprocess, delete."""

from pathlib import Path
from typing import Any

import pytest

from records.document import Chunking, DocumentStatus, ReceivedFile
from records.errors import Busy, Conflict, DiskFull, TooLarge, Unsupported
from records.ids import DocumentId
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.support.builders import make_document

ONE = global_ids.DOCUMENT.encode(DocumentId(1))
FILE = ReceivedFile(Path("/data/incoming/x.part"), "bolts.txt", 120, "0" * 64)


async def test_an_upload_stores_the_file_with_its_validated_details(graph: InMemoryGraph) -> None:
    result = await graph.mutate(
        "uploadDocument",
        {
            "file": FILE,
            "name": " Bolts ",
            "tags": ["a", "b", "a "],
            "metadata": {"year": 2026},
            "chunking": {"maxTokens": 128},
        },
        "... on UploadDocumentSuccess { duplicate document { name tags } }",
    )
    assert result == {
        "__typename": "UploadDocumentSuccess",
        "duplicate": False,
        "document": {"name": "Bolts", "tags": ["a", "b"]},
    }
    [(kind, content, details)] = graph.intake.received
    assert (kind, content) == ("file", FILE)
    assert details["metadata"] == {"year": 2026}
    assert details["chunking"] == Chunking(128, 0)


async def test_an_idempotency_key_does_not_change_an_upload(graph: InMemoryGraph) -> None:
    """Uploads of the same bytes always return the same document, with and without a key."""
    for key in ({}, {"idempotencyKey": "k1"}, {"idempotencyKey": None}):
        result = await graph.mutate("uploadDocument", {"file": FILE, **key})
        assert result["__typename"] == "UploadDocumentSuccess"
    assert graph.intake.received == graph.intake.received[:1] * 3


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": ""}, ["input", "name"]),
        ({"name": "x" * 301}, ["input", "name"]),
        ({"name": "two\nlines"}, ["input", "name"]),
        ({"name": None}, ["input", "name"]),
        ({"tags": None}, ["input", "tags"]),
        ({"tags": ["x"] * 51}, ["input", "tags"]),
        ({"tags": ["fine", "x" * 101]}, ["input", "tags", "1"]),
        ({"tags": [" "]}, ["input", "tags", "0"]),
        ({"chunking": {"maxTokens": 15}}, ["input", "chunking", "maxTokens"]),
        ({"chunking": {"maxTokens": 257}}, ["input", "chunking", "maxTokens"]),
        ({"chunking": {"maxTokens": 64, "overlapTokens": 33}}, ["input", "chunking", "overlapTokens"]),
    ],
)
async def test_an_invalid_upload_is_rejected_and_its_file_removed(
    graph: InMemoryGraph, fields: dict[str, Any], path: list[str]
) -> None:
    result = await graph.mutate("uploadDocument", {"file": FILE, **fields})
    assert (result["__typename"], result["path"]) == ("InvalidInputError", path)
    assert graph.originals.discarded == [FILE]
    assert graph.intake.received == []


@pytest.mark.parametrize(
    ("failure", "member"),
    [
        (Unsupported("No reader.", "image/x"), {"__typename": "UnsupportedError", "mediaType": "image/x"}),
        (TooLarge("Too many bytes.", 5_000_000_000), {"__typename": "TooLargeError", "limitBytes": 5_000_000_000}),
        (
            Busy("The queue is full.", queue_depth=64, retry_after_ms=2000),
            {"__typename": "BusyError", "queueDepth": 64, "retryAfterMs": 2000},
        ),
    ],
)  # fmt: skip
async def test_an_expected_failure_of_the_union_is_data(
    graph: InMemoryGraph, failure: Exception, member: dict[str, Any]
) -> None:
    graph.intake.failure = failure
    fields = """... on UnsupportedError { mediaType } ... on TooLargeError { limitBytes }
                ... on BusyError { queueDepth retryAfterMs }"""
    result = await graph.mutate("uploadDocument", {"file": FILE}, fields)
    assert result.items() >= member.items()
    assert result["message"] == str(failure)


async def test_an_expected_failure_outside_the_union_is_a_top_level_error(graph: InMemoryGraph) -> None:
    graph.intake.failure = DiskFull()
    [error] = await graph.errors("mutation ($f: Upload!) { uploadDocument(input: {file: $f}) { __typename } }", f=FILE)
    assert isinstance(error.original_error, DiskFull)


@pytest.mark.parametrize(("kind", "source"), [("text", "A text."), ("url", "https://a.example/b"), ("path", "/in/b")])
async def test_a_document_is_imported_from_a_text_a_url_or_a_path(graph: InMemoryGraph, kind: str, source: str) -> None:
    result = await graph.mutate("importDocument", {"source": {kind: source}, "name": "B"})
    assert result["__typename"] == "ImportDocumentSuccess"
    [(received_kind, content, _)] = graph.intake.received
    assert (received_kind, content) == (kind, source)


async def test_an_import_accepts_exactly_one_source(graph: InMemoryGraph) -> None:
    both = await graph.errors('mutation { importDocument(input: {source: {text: "a", url: "b"}}) { __typename } }')
    assert both
    assert graph.intake.received == []


async def test_an_empty_text_is_rejected(graph: InMemoryGraph) -> None:
    result = await graph.mutate("importDocument", {"source": {"text": "  "}})
    assert (result["__typename"], result["path"]) == ("InvalidInputError", ["input", "source", "text"])


async def test_an_update_changes_only_the_provided_fields_and_is_published(graph: InMemoryGraph) -> None:
    fields = "... on UpdateDocumentSuccess { document { name tags metadata } }"
    await graph.mutate("updateDocument", {"id": ONE, "tags": ["a"], "metadata": [1]})
    renamed = await graph.mutate("updateDocument", {"id": ONE, "name": "New"}, fields)
    assert renamed["document"] == {"name": "New", "tags": ["a"], "metadata": [1]}
    cleared = await graph.mutate("updateDocument", {"id": ONE, "metadata": None, "tags": []}, fields)
    assert cleared["document"] == {"name": "New", "tags": [], "metadata": None}
    assert [document.name for document in graph.document_events.published] == ["bolts.txt", "New", "New"]


@pytest.mark.parametrize("field", ["name", "tags"])
async def test_a_field_that_is_never_null_cannot_be_cleared(graph: InMemoryGraph, field: str) -> None:
    result = await graph.mutate("updateDocument", {"id": ONE, field: None})
    assert (result["__typename"], result["path"]) == ("InvalidInputError", ["input", field])


@pytest.mark.parametrize("mutation", ["updateDocument", "reprocessDocument", "cancelIngestion", "deleteDocument"])
@pytest.mark.parametrize("wrong", ["nonsense", global_ids.DOCUMENT.encode(DocumentId(99)), "Q2h1bms6MQ"])
async def test_a_mutation_of_an_unknown_document_returns_its_id(
    graph: InMemoryGraph, mutation: str, wrong: str
) -> None:
    result = await graph.mutate(mutation, {"id": wrong})
    assert (result["__typename"], result["code"]) == ("NotFoundError", "NOT_FOUND")
    assert result["missingId"] == wrong


async def test_reprocessing_applies_new_limits_to_those_of_the_document(graph: InMemoryGraph) -> None:
    result = await graph.mutate("reprocessDocument", {"id": ONE, "chunking": {"overlapTokens": 20}})
    assert result["__typename"] == "ReprocessDocumentSuccess"
    assert graph.ingestion.chunking == Chunking(256, 20)


async def test_a_conflict_is_data(graph: InMemoryGraph) -> None:
    graph.ingestion.failure = Conflict("Nothing to cancel.", field="id")
    result = await graph.mutate("cancelIngestion", {"id": ONE})
    assert (result["__typename"], result["path"]) == ("ConflictError", ["input", "id"])


async def test_a_receipt_counts_bytes_in_64_bits(graph: InMemoryGraph) -> None:
    fields = "... on DeleteDocumentSuccess { deletedId receipt { chunks originals bytes } }"
    result = await graph.mutate("deleteDocument", {"id": ONE}, fields)
    assert result["deletedId"] == ONE
    assert result["receipt"] == {"chunks": 2, "originals": 1, "bytes": 5_000_000_000}


async def test_offset_and_length_of_a_text_are_clamped(graph: InMemoryGraph) -> None:
    query = "query ($id: ID!, $o: Int!, $l: Int!) { document(id: $id) { text(offset: $o, length: $l) } }"
    found = await graph.execute(query, id=ONE, o=-5, l=0)
    assert found["document"]["text"] == "B"
    await graph.execute(query, id=ONE, o=0, l=2_000_000)
    assert graph.documents.text_range == (0, 1_000_000)


async def test_the_text_of_a_document_is_empty_until_it_is_completely_parsed(graph: InMemoryGraph) -> None:
    """The store has the first part of the text already."""
    graph.documents.put(make_document(status=DocumentStatus.PARSING, character_count=None))
    found = await graph.execute("query ($id: ID!) { document(id: $id) { text } }", id=ONE)
    assert found["document"]["text"] == ""


async def test_filters_and_orders_are_passed_to_the_store_as_records(graph: InMemoryGraph) -> None:
    await graph.execute(
        """{ documents(first: 500, filter: {status: [READY, FAILED], tags: ["a"], nameContains: "b",
             mediaType: null, sessionId: "nonsense"}, orderBy: {field: NAME, direction: ASC}) { nodes { id } } }"""
    )
    chosen, order, request = graph.documents.page_arguments
    assert chosen.status == (DocumentStatus.READY, DocumentStatus.FAILED)
    assert (chosen.tags, chosen.name_contains, chosen.media_type) == (("a",), "b", None)
    assert chosen.session_id == 0, "an unknown session matches no document"
    assert (order.field, order.descending, request.first) == ("NAME", False, 100)
