"""What nobody expected is never taken for data; scalars hold their bounds."""

from typing import Any

import pytest

from records.errors import ContextOverflow
from schema import ids
from tests.schema.conftest import Graph

SESSION = ids.to_global("Session", 1)


@pytest.mark.parametrize("surprise", [KeyError("a bug"), ContextOverflow("Too long.")])
async def test_what_is_not_in_a_union_goes_on_as_an_error(graph: Graph, surprise: Exception) -> None:
    graph.answers.refusal = surprise
    [error] = await graph.errors(
        'mutation ($s: ID!) { sendMessage(input: {sessionId: $s, content: "Hi"}) { __typename } }', s=SESSION
    )
    assert error.original_error is surprise


async def test_names_are_not_suggested(graph: Graph) -> None:
    [error] = await graph.errors("{ documnts { nodes { id } } }")
    assert "Did you mean" not in error.message


@pytest.mark.parametrize("value", [{"a": [1, None]}, [1, 2], "text", 1.5, True])
async def test_open_data_comes_back_as_it_went_in(graph: Graph, value: Any) -> None:
    fields = "... on UpdateDocumentSuccess { document { metadata } }"
    answered = await graph.change("updateDocument", {"id": ids.to_global("Document", 1), "metadata": value}, fields)
    assert answered["document"]["metadata"] == value


async def test_open_data_can_stand_in_the_operation_itself(graph: Graph) -> None:
    answered = await graph.run(
        """mutation { updateDocument(input: {id: "RG9jdW1lbnQ6MQ", metadata: {a: [1, {b: null}]}}) {
             ... on UpdateDocumentSuccess { document { metadata } } } }"""
    )
    assert answered["updateDocument"]["document"]["metadata"] == {"a": [1, {"b": None}]}


async def test_only_a_received_file_is_a_file(graph: Graph) -> None:
    for value in ("bolts.txt", 1, {"path": "/etc/passwd"}, None):
        assert await graph.errors(
            "mutation ($f: Upload!) { uploadDocument(input: {file: $f}) { __typename } }", f=value
        )
    assert graph.arrivals.taken == []
