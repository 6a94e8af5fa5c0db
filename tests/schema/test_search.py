"""Search in GraphQL."""

from typing import Any

import pytest

from records.ids import DocumentId
from records.retrieval import SearchedDocuments, SearchMode
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.schema.samples import HIT

SEARCH = """query ($input: SearchInput!) { search(input: $input) { __typename ... on Error { code path }
    ... on NotFoundError { missingId } ... on SearchResults { mode hits { rank score chunk { text } document { name }
    snippet { text matches { start end } } } } } }"""


async def search(graph: InMemoryGraph, **input: Any) -> Any:
    return (await graph.execute(SEARCH, input=input))["search"]


async def test_hits_include_their_chunk_document_and_snippet(graph: InMemoryGraph) -> None:
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


async def test_omitted_fields_have_their_defaults(graph: InMemoryGraph) -> None:
    await search(graph, query="bolt", documentIds=None)
    query = graph.retriever.last_query
    assert query is not None
    assert (query.mode, query.top_k, query.searched, query.tags, query.rerank) == (
        SearchMode.HYBRID, 5, None, None, False,
    )  # fmt: skip


@pytest.mark.parametrize(("top_k", "clamped"), [(0, 1), (-3, 1), (100, 100), (101, 100)])
async def test_the_number_of_hits_is_clamped(graph: InMemoryGraph, top_k: int, clamped: int) -> None:
    await search(graph, query="bolt", topK=top_k)
    assert graph.retriever.last_query is not None
    assert graph.retriever.last_query.top_k == clamped


async def test_an_empty_list_of_documents_searches_none(graph: InMemoryGraph) -> None:
    await search(graph, query="bolt", documentIds=[])
    assert graph.retriever.last_query is not None
    assert graph.retriever.last_query.searched == SearchedDocuments()


async def test_an_unpaired_surrogate_is_searched_as_text(graph: InMemoryGraph) -> None:
    await search(graph, query="bolt \ud83d")
    assert graph.retriever.last_query is not None
    assert graph.retriever.last_query.text == "bolt ?"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"query": ""}, ["input", "query"]),
        ({"query": " \n"}, ["input", "query"]),
        ({"query": "x" * 10_001}, ["input", "query"]),
        ({"query": "bolt", "minSimilarity": 1.5}, ["input", "minSimilarity"]),
        ({"query": "bolt", "minSimilarity": -0.1}, ["input", "minSimilarity"]),
    ],
)
async def test_an_invalid_query_is_rejected(graph: InMemoryGraph, fields: dict[str, Any], path: list[str]) -> None:
    found = await search(graph, **fields)
    assert (found["__typename"], found["code"], found["path"]) == ("InvalidInputError", "INVALID_INPUT", path)
    assert graph.retriever.last_query is None


async def test_a_query_of_ten_thousand_characters_is_accepted(graph: InMemoryGraph) -> None:
    assert (await search(graph, query="x" * 10_000))["__typename"] == "SearchResults"


async def test_an_id_of_another_type_is_not_found(graph: InMemoryGraph) -> None:
    wrong = global_ids.encode("Session", 1)
    found = await search(graph, query="bolt", documentIds=[global_ids.DOCUMENT.encode(DocumentId(1)), wrong])
    assert (found["__typename"], found["missingId"]) == ("NotFoundError", wrong)
    assert found["path"] == ["input", "documentIds", "1"]
