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
    searchers = Searchers(client, documents)
    async with asyncio.TaskGroup() as group:
        for number in range(SEARCHERS):
            group.create_task(searchers.search(number * len(documents) // SEARCHERS))
        for document_id, _ in documents:
            reply = (await client.run(DELETE, input={"id": document_id}))["deleteDocument"]
            assert reply["__typename"] == "DeleteDocumentSuccess", reply
            searchers.deleted_ids.add(document_id)
        searches = searchers.searches
        while searchers.searches < searches + len(documents):
            await asyncio.sleep(0.05)
        searchers.is_finished = True
    assert searchers.found_before, "no search found a document before its deletion: the figure would be meaningless"
    return at_most(
        "R10", "hits of a document after the reply of its deletion", float(searchers.hits_after), 0,
        documents=len(documents), searches=searchers.searches,
    )  # fmt: skip


class Searchers:
    """Tasks that search for documents in turn, and count the hits before and after the deletion of each document."""

    def __init__(self, client: Client, documents: Sequence[tuple[str, str]]) -> None:
        self._client = client
        self._documents = documents
        self.deleted_ids: set[str] = set()
        self.searches = self.found_before = self.hits_after = 0
        self.is_finished = False

    async def search(self, position: int) -> None:
        """Search for one document after the other, starting at `position`, until `is_finished` is set."""
        while not self.is_finished:
            document_id, text = self._documents[position % len(self._documents)]
            results = (await self._client.run(SEARCH, input={"query": text[:300], "topK": 10}))["search"]["hits"]
            self.searches += 1
            self.found_before += any(hit["document"]["id"] == document_id for hit in results)
            self.hits_after += sum(hit["document"]["id"] in self.deleted_ids for hit in results)
            position += 1
