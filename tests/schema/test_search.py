"""Search in GraphQL."""

from typing import Any

import pytest

from records.ids import DocumentId
from records.retrieval import SearchMode
from schema import ids
from tests.schema.conftest import Graph
from tests.schema.samples import HIT

SEARCH = """query ($input: SearchInput!) { search(input: $input) { __typename ... on Error { code path }
    ... on NotFoundError { missingId } ... on SearchResults { mode hits { rank score chunk { text } document { name }
    snippet { text matches { start end } } } } } }"""


async def search(graph: Graph, **given: Any) -> Any:
    return (await graph.run(SEARCH, input=given))["search"]


async def test_hits_come_with_their_passages(graph: Graph) -> None:
    graph.retriever.hits = (HIT,)
    found = await search(graph, query="bolt")
    assert found["mode"] == "HYBRID"
    assert found["hits"] == [
        {
            "rank": 1,
            "score": 1.0,
            "chunk": {"text": "Bolt A takes 35 Nm."},
            "document": {"name": "bolts.txt"},
            "snippet": {"text": "Bolt A takes 35 Nm.", "matches": [{"start": 0, "end": 4}]},
        }
    ]


async def test_what_is_left_out_has_its_default(graph: Graph) -> None:
    await search(graph, query="bolt", documentIds=None)
    asked = graph.retriever.asked
    assert asked is not None
    assert (asked.mode, asked.top_k, asked.document_ids, asked.tags, asked.rerank) == (
        SearchMode.HYBRID, 5, None, None, False,
    )  # fmt: skip


@pytest.mark.parametrize(("given", "clamped"), [(0, 1), (-3, 1), (100, 100), (101, 100)])
async def test_the_number_of_hits_is_clamped(graph: Graph, given: int, clamped: int) -> None:
    await search(graph, query="bolt", topK=given)
    assert graph.retriever.asked is not None
    assert graph.retriever.asked.top_k == clamped


async def test_no_documents_are_not_all_documents(graph: Graph) -> None:
    await search(graph, query="bolt", documentIds=[])
    assert graph.retriever.asked is not None
    assert graph.retriever.asked.document_ids == ()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"query": ""}, ["input", "query"]),
        ({"query": " \n"}, ["input", "query"]),
        ({"query": "x" * 10_001}, ["input", "query"]),
        ({"query": "a\ud800b"}, ["input", "query"]),
        ({"query": "bolt", "minSimilarity": 1.5}, ["input", "minSimilarity"]),
        ({"query": "bolt", "minSimilarity": -0.1}, ["input", "minSimilarity"]),
    ],
)
async def test_a_query_that_makes_no_sense_is_invalid(graph: Graph, given: dict[str, Any], path: list[str]) -> None:
    found = await search(graph, **given)
    assert (found["__typename"], found["code"], found["path"]) == ("InvalidInputError", "INVALID_INPUT", path)
    assert graph.retriever.asked is None


async def test_a_query_of_ten_thousand_characters_is_looked_for(graph: Graph) -> None:
    assert (await search(graph, query="x" * 10_000))["__typename"] == "SearchResults"


async def test_an_id_of_another_type_is_not_found(graph: Graph) -> None:
    wrong = ids.to_global("Session", 1)
    found = await search(graph, query="bolt", documentIds=[ids.DOCUMENT.of(DocumentId(1)), wrong])
    assert (found["__typename"], found["missingId"]) == ("NotFoundError", wrong)
    assert found["path"] == ["input", "documentIds", "1"]
