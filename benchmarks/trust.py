"""R10: hits of a document that was deleted. R11: quotes that are not byte for byte in their document."""

import asyncio
from collections.abc import Sequence

from benchmarks.figures import Figure, at_most
from tests.e2e.client import Client, Json
from tests.e2e.story import SEARCH

DELETE = """mutation ($input: DeleteDocumentInput!) { deleteDocument(input: $input) {
    __typename ... on Error { code message } } }"""
HITS = """query ($input: SearchInput!) { search(input: $input) { ... on SearchResults { hits {
    chunk { text startOffset endOffset } snippet { text matches { start end } } document { id } } } } }"""
TEXT = "query ($id: ID!, $offset: Int!, $length: Int!) { document(id: $id) { text(offset: $offset, length: $length) } }"
SEARCHERS = 4


async def misquoted(client: Client, questions: Sequence[str]) -> Figure:
    """Every hit's passage is read again from its document's text, and its snippet looked for in the passage."""
    quotes = wrong = 0
    for question in questions:
        for hit in (await client.run(HITS, input={"query": question, "topK": 10}))["search"]["hits"]:
            quotes += 2
            wrong += not await _stands(client, hit)
            wrong += hit["snippet"]["text"] not in hit["chunk"]["text"]
    return at_most("R11", "quotes that are not in their document", float(wrong), 0, quotes=quotes)


async def _stands(client: Client, hit: Json) -> bool:
    start, end = hit["chunk"]["startOffset"], hit["chunk"]["endOffset"]
    found = await client.run(TEXT, id=hit["document"]["id"], offset=start, length=end - start)
    return bool(found["document"]["text"] == hit["chunk"]["text"])


async def surviving(client: Client, doomed: Sequence[tuple[str, str]]) -> Figure:
    """`doomed`: ids with a text that finds them. Others search for all of them meanwhile, without a pause.

    What counts is a hit in an answer that arrives after the deletion's own.
    """
    gone: set[str] = set()
    searches = found_before = hits = 0
    is_over = False

    async def look(first: int) -> None:
        nonlocal searches, found_before, hits
        at = first
        while not is_over:
            document_id, text = doomed[at % len(doomed)]
            found = (await client.run(SEARCH, input={"query": text[:300], "topK": 10}))["search"]["hits"]
            searches += 1
            found_before += any(hit["document"]["id"] == document_id for hit in found)
            hits += sum(hit["document"]["id"] in gone for hit in found)
            at += 1

    async with asyncio.TaskGroup() as group:
        for number in range(SEARCHERS):
            group.create_task(look(number * len(doomed) // SEARCHERS))
        for document_id, _ in doomed:
            deleted = (await client.run(DELETE, input={"id": document_id}))["deleteDocument"]
            assert deleted["__typename"] == "DeleteDocumentSuccess", deleted
            gone.add(document_id)
        seen = searches
        while searches < seen + len(doomed):
            await asyncio.sleep(0.05)
        is_over = True
    assert found_before, "nobody ever found what was to be deleted: the figure would say nothing"
    return at_most(
        "R10",
        "hits of a document after its deletion's answer",
        float(hits),
        0,
        documents=len(doomed),
        searches=searches,
    )
