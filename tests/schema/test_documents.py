"""Documents in GraphQL: taken in, listed, changed, erased."""

from pathlib import Path
from typing import Any

import pytest

from records.document import Chunking, DocumentStatus, ReceivedFile
from records.errors import Busy, Conflict, DiskFull, TooLarge, Unsupported
from records.ids import DocumentId
from schema import ids
from tests.schema.conftest import Graph

ONE = ids.DOCUMENT.of(DocumentId(1))
FILE = ReceivedFile(Path("/data/incoming/x.part"), "bolts.txt", 120, "0" * 64)


async def test_an_upload_is_taken_in_with_what_was_said_of_it(graph: Graph) -> None:
    answered = await graph.change(
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
    assert answered == {
        "__typename": "UploadDocumentSuccess",
        "duplicate": False,
        "document": {"name": "Bolts", "tags": ["a", "b"]},
    }
    [(way, what, details)] = graph.arrivals.taken
    assert (way, what) == ("file", FILE)
    assert details["metadata"] == {"year": 2026}
    assert details["chunking"] == Chunking(128, 0)


async def test_a_key_may_be_sent_with_an_upload_and_changes_nothing(graph: Graph) -> None:
    """The same bytes are the same document anyway: `tests/services/ingestion/test_arrivals.py`."""
    for key in ({}, {"idempotencyKey": "k1"}, {"idempotencyKey": None}):
        answered = await graph.change("uploadDocument", {"file": FILE, **key})
        assert answered["__typename"] == "UploadDocumentSuccess"
    assert graph.arrivals.taken == graph.arrivals.taken[:1] * 3


@pytest.mark.parametrize(
    ("given", "path"),
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
async def test_an_upload_that_makes_no_sense_is_refused_and_its_file_removed(
    graph: Graph, given: dict[str, Any], path: list[str]
) -> None:
    answered = await graph.change("uploadDocument", {"file": FILE, **given})
    assert (answered["__typename"], answered["path"]) == ("InvalidInputError", path)
    assert graph.originals.discarded == [FILE]
    assert graph.arrivals.taken == []


@pytest.mark.parametrize(
    ("refusal", "member"),
    [
        (Unsupported("No reader.", "image/x"), {"__typename": "UnsupportedError", "mediaType": "image/x"}),
        (TooLarge("Too many bytes.", 5_000_000_000), {"__typename": "TooLargeError", "limitBytes": 5_000_000_000}),
        (
            Busy("All places are taken.", queue_depth=64, retry_after_ms=2000),
            {"__typename": "BusyError", "queueDepth": 64, "retryAfterMs": 2000},
        ),
    ],
)  # fmt: skip
async def test_why_a_file_was_refused_is_data(graph: Graph, refusal: Exception, member: dict[str, Any]) -> None:
    graph.arrivals.refusal = refusal
    fields = """... on UnsupportedError { mediaType } ... on TooLargeError { limitBytes }
                ... on BusyError { queueDepth retryAfterMs }"""
    answered = await graph.change("uploadDocument", {"file": FILE}, fields)
    assert answered.items() >= member.items()
    assert answered["message"] == str(refusal)


async def test_an_expected_failure_outside_the_union_is_a_top_level_error(graph: Graph) -> None:
    graph.arrivals.refusal = DiskFull()
    [error] = await graph.errors("mutation ($f: Upload!) { uploadDocument(input: {file: $f}) { __typename } }", f=FILE)
    assert isinstance(error.original_error, DiskFull)


@pytest.mark.parametrize(("kind", "source"), [("text", "A text."), ("url", "https://a.example/b"), ("path", "/in/b")])
async def test_a_document_comes_from_a_text_a_url_or_a_path(graph: Graph, kind: str, source: str) -> None:
    answered = await graph.change("importDocument", {"source": {kind: source}, "name": "B"})
    assert answered["__typename"] == "ImportDocumentSuccess"
    [(way, what, _)] = graph.arrivals.taken
    assert (way, what) == (kind, source)


async def test_an_import_takes_exactly_one_source(graph: Graph) -> None:
    both = await graph.errors('mutation { importDocument(input: {source: {text: "a", url: "b"}}) { __typename } }')
    assert both
    assert graph.arrivals.taken == []


async def test_an_empty_text_is_no_document(graph: Graph) -> None:
    answered = await graph.change("importDocument", {"source": {"text": "  "}})
    assert (answered["__typename"], answered["path"]) == ("InvalidInputError", ["input", "source", "text"])


async def test_an_update_changes_what_is_given_alone_and_is_told(graph: Graph) -> None:
    fields = "... on UpdateDocumentSuccess { document { name tags metadata } }"
    await graph.change("updateDocument", {"id": ONE, "tags": ["a"], "metadata": [1]})
    renamed = await graph.change("updateDocument", {"id": ONE, "name": "New"}, fields)
    assert renamed["document"] == {"name": "New", "tags": ["a"], "metadata": [1]}
    cleared = await graph.change("updateDocument", {"id": ONE, "metadata": None, "tags": []}, fields)
    assert cleared["document"] == {"name": "New", "tags": [], "metadata": None}
    assert [document.name for document in graph.feed.told] == ["bolts.txt", "New", "New"]


@pytest.mark.parametrize("field", ["name", "tags"])
async def test_what_is_never_null_cannot_be_cleared(graph: Graph, field: str) -> None:
    answered = await graph.change("updateDocument", {"id": ONE, field: None})
    assert (answered["__typename"], answered["path"]) == ("InvalidInputError", ["input", field])


@pytest.mark.parametrize("mutation", ["updateDocument", "reprocessDocument", "cancelIngestion", "deleteDocument"])
@pytest.mark.parametrize("wrong", ["nonsense", ids.DOCUMENT.of(DocumentId(99)), "Q2h1bms6MQ"])
async def test_a_mutation_of_an_unknown_document_says_which(graph: Graph, mutation: str, wrong: str) -> None:
    answered = await graph.change(mutation, {"id": wrong})
    assert (answered["__typename"], answered["code"]) == ("NotFoundError", "NOT_FOUND")
    assert answered["missingId"] == wrong


async def test_reprocessing_takes_new_bounds_over_the_documents_own(graph: Graph) -> None:
    answered = await graph.change("reprocessDocument", {"id": ONE, "chunking": {"overlapTokens": 20}})
    assert answered["__typename"] == "ReprocessDocumentSuccess"
    assert graph.ingestion.chunking == Chunking(256, 20)


async def test_a_conflict_is_data(graph: Graph) -> None:
    graph.ingestion.refusal = Conflict("Nothing to cancel.", field="id")
    answered = await graph.change("cancelIngestion", {"id": ONE})
    assert (answered["__typename"], answered["path"]) == ("ConflictError", ["input", "id"])


async def test_erasing_counts_in_64_bits(graph: Graph) -> None:
    fields = "... on DeleteDocumentSuccess { deletedId receipt { chunks originals bytes } }"
    answered = await graph.change("deleteDocument", {"id": ONE}, fields)
    assert answered["deletedId"] == ONE
    assert answered["receipt"] == {"chunks": 2, "originals": 1, "bytes": 5_000_000_000}


async def test_text_is_clamped_to_its_bounds(graph: Graph) -> None:
    query = "query ($id: ID!, $o: Int!, $l: Int!) { document(id: $id) { text(offset: $o, length: $l) } }"
    found = await graph.run(query, id=ONE, o=-5, l=0)
    assert found["document"]["text"] == "B"
    await graph.run(query, id=ONE, o=0, l=2_000_000)
    assert graph.documents.asked_text == (0, 1_000_000)


async def test_filters_and_orders_reach_the_store_as_values(graph: Graph) -> None:
    await graph.run(
        """{ documents(first: 500, filter: {status: [READY, FAILED], tags: ["a"], nameContains: "b",
             mediaType: null, sessionId: "nonsense"}, orderBy: {field: NAME, direction: ASC}) { nodes { id } } }"""
    )
    chosen, order, request = graph.documents.asked
    assert chosen.status == (DocumentStatus.READY, DocumentStatus.FAILED)
    assert (chosen.tags, chosen.name_contains, chosen.media_type) == (("a",), "b", None)
    assert chosen.session_id == 0, "an unknown session has no documents"
    assert (order.field, order.descending, request.first) == ("NAME", False, 100)
