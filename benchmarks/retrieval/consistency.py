"""R10: hits of a deleted document. R11: quotes that differ from the text of their document."""

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


async def wrong_quotes(client: Client, questions: Sequence[str]) -> Figure:
    """Compare the passage of every hit with the text of its document, and its snippet with the passage."""
    quotes = wrong = 0
    for question in questions:
        for hit in (await client.run(HITS, input={"query": question, "topK": 10}))["search"]["hits"]:
            quotes += 2
            wrong += not await _is_exact(client, hit)
            wrong += hit["snippet"]["text"] not in hit["chunk"]["text"]
    return at_most("R11", "quotes that differ from their document", float(wrong), 0, quotes=quotes)


async def _is_exact(client: Client, hit: Json) -> bool:
    start, end = hit["chunk"]["startOffset"], hit["chunk"]["endOffset"]
    found = await client.run(TEXT, id=hit["document"]["id"], offset=start, length=end - start)
    return bool(found["document"]["text"] == hit["chunk"]["text"])


async def hits_after_deletion(client: Client, documents: Sequence[tuple[str, str]]) -> Figure:
    """Delete the documents while `SEARCHERS` tasks search for them without a pause.

    `documents` are ids, each with a query that finds the document. Counts the hits of a document in results that
    arrive after the reply of its deletion.
    """
    deleted_ids: set[str] = set()
    searches = found_before = hits = 0
    is_finished = False

    async def search(first: int) -> None:
        nonlocal searches, found_before, hits
        position = first
        while not is_finished:
            document_id, text = documents[position % len(documents)]
            found = (await client.run(SEARCH, input={"query": text[:300], "topK": 10}))["search"]["hits"]
            searches += 1
            found_before += any(hit["document"]["id"] == document_id for hit in found)
            hits += sum(hit["document"]["id"] in deleted_ids for hit in found)
            position += 1

    async with asyncio.TaskGroup() as group:
        for number in range(SEARCHERS):
            group.create_task(search(number * len(documents) // SEARCHERS))
        for document_id, _ in documents:
            deleted = (await client.run(DELETE, input={"id": document_id}))["deleteDocument"]
            assert deleted["__typename"] == "DeleteDocumentSuccess", deleted
            deleted_ids.add(document_id)
        seen = searches
        while searches < seen + len(documents):
            await asyncio.sleep(0.05)
        is_finished = True
    assert found_before, "no search found a document before its deletion: the figure would be meaningless"
    return at_most(
        "R10",
        "hits of a document after the reply of its deletion",
        float(hits),
        0,
        documents=len(documents),
        searches=searches,
    )
