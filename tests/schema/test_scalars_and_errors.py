"""Unexpected exceptions are top-level errors; scalars validate their values."""

from typing import Any

import pytest

from records.errors import ContextOverflow
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph

SESSION = global_ids.encode("Session", 1)


@pytest.mark.parametrize("failure", [KeyError("a bug"), ContextOverflow("Too long.")])
async def test_a_failure_without_a_union_member_is_a_top_level_error(graph: InMemoryGraph, failure: Exception) -> None:
    graph.answers.failure = failure
    [error] = await graph.errors(
        'mutation ($s: ID!) { sendMessage(input: {sessionId: $s, content: "Hi"}) { __typename } }', s=SESSION
    )
    assert error.original_error is failure


async def test_field_names_are_not_suggested(graph: InMemoryGraph) -> None:
    [error] = await graph.errors("{ documnts { nodes { id } } }")
    assert "Did you mean" not in error.message


@pytest.mark.parametrize("value", [{"a": [1, None]}, [1, 2], "text", 1.5, True])
async def test_json_values_are_returned_unchanged(graph: InMemoryGraph, value: Any) -> None:
    fields = "... on UpdateDocumentSuccess { document { metadata } }"
    result = await graph.mutate("updateDocument", {"id": global_ids.encode("Document", 1), "metadata": value}, fields)
    assert result["document"]["metadata"] == value


async def test_json_values_can_be_written_as_literals(graph: InMemoryGraph) -> None:
    result = await graph.execute(
        """mutation { updateDocument(input: {id: "RG9jdW1lbnQ6MQ", metadata: {a: [1, {b: null}]}}) {
             ... on UpdateDocumentSuccess { document { metadata } } } }"""
    )
    assert result["updateDocument"]["document"]["metadata"] == {"a": [1, {"b": None}]}


async def test_an_upload_accepts_only_a_received_file(graph: InMemoryGraph) -> None:
    for value in ("bolts.txt", 1, {"path": "/etc/passwd"}, None):
        assert await graph.errors(
            "mutation ($f: Upload!) { uploadDocument(input: {file: $f}) { __typename } }", f=value
        )
    assert graph.intake.received == []
