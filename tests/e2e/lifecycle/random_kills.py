"""Imports and deletes documents while the server and its workers are killed at random, and checks the stores afterwards."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import chromadb
import httpx
import psutil
from chromadb.config import Settings

from persistence.database.sqlite import FUNCTIONS
from tests.e2e.client import Client, Json
from tests.e2e.process import Server, running_server
from tests.e2e.story import search

IMPORT = """mutation ($input: ImportDocumentInput!) { importDocument(input: $input) {
    __typename ... on ImportDocumentSuccess { document { id } } ... on Error { code message } } }"""
DELETE = """mutation ($input: DeleteDocumentInput!) { deleteDocument(input: $input) {
    __typename ... on Error { code message } } }"""
STATUS = (
    "query ($id: ID!) { document(id: $id) { status chunkCount text(offset: 0, length: 100000000) error { message } } }"
)
CUT_OFF = (httpx.TransportError, KeyError)
"""Exceptions of a client whose server is killed during a request."""


@dataclass
class Ledger:
    """The acknowledgements of the server: texts of imported and of deleted documents by their ids."""

    kept: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    "Documents whose deletion was requested but not acknowledged."
    number: int = 0

    def create_text(self, random: Random) -> str:
        """Return a text with a word that no other text has."""
        self.number += 1
        lines = random.choice((1, 20, 200))
        return "\n\n".join(f"Entry {line} of ledger{self.number}x says {random.random()}." for line in range(lines))


def word_of(text: str) -> str:
    return text.split(" says")[0].rsplit(" ", 1)[1]


async def run_round(data_dir: Path, ledger: Ledger, random: Random) -> str:
    """Run the server until it is killed; return the worker that was killed before."""
    async with running_server(data_dir) as server, Client(server.url) as client, asyncio.TaskGroup() as tasks:
        tasks.create_task(_import_and_delete(client, ledger, random))
        await asyncio.sleep(random.uniform(0.2, 4.0))
        killed = _kill_a_worker(server, random) if random.random() < 0.5 else "none"
        await asyncio.sleep(random.uniform(0.0, 2.0))
        await server.kill()
    return killed


def _kill_a_worker(server: Server, random: Random) -> str:
    workers = psutil.Process(server.pid).children()
    worker = workers[random.randrange(len(workers))]
    worker.kill()
    return str(worker.pid)


async def _import_and_delete(client: Client, ledger: Ledger, random: Random) -> None:
    """Import and delete documents until the server is killed."""
    try:
        while True:
            text = ledger.create_text(random)
            imported = (await client.run(IMPORT, input={"source": {"text": text}}))["importDocument"]
            if imported["__typename"] == "ImportDocumentSuccess":
                ledger.kept[imported["document"]["id"]] = text
            if ledger.kept and random.random() < 0.3:
                await _delete(client, ledger, random.choice(sorted(ledger.kept)))
            await asyncio.sleep(random.uniform(0.0, 0.3))
    except CUT_OFF:
        return


async def _delete(client: Client, ledger: Ledger, document_id: str) -> None:
    text = ledger.kept.pop(document_id)
    ledger.unsure.add(document_id)
    answer = (await client.run(DELETE, input={"id": document_id}))["deleteDocument"]
    assert answer["__typename"] == "DeleteDocumentSuccess", answer
    ledger.unsure.remove(document_id)
    ledger.deleted[document_id] = text


async def check_acknowledged(client: Client, ledger: Ledger) -> None:
    """Check that every acknowledged document is searchable, and that every deleted one is gone."""
    for document_id, text in ledger.kept.items():
        document = await _ended(client, document_id)
        assert document["status"] == "READY", document
        assert document["text"] == text
        hits = (await search(client, word_of(text), mode="KEYWORD"))["hits"]
        assert {hit["document"]["id"] for hit in hits} == {document_id}
        near = await search(client, text[:100], mode="SEMANTIC", documentIds=[document_id])
        assert len(near["hits"]) == min(5, document["chunkCount"])
    for document_id, text in ledger.deleted.items():
        assert (await client.run(STATUS, id=document_id))["document"] is None
        assert (await search(client, word_of(text), mode="KEYWORD"))["hits"] == []


async def _ended(client: Client, document_id: str) -> Json:
    while True:
        document = (await client.run(STATUS, id=document_id))["document"]
        assert document is not None, "an acknowledged document exists"
        if document["status"] in ("READY", "FAILED", "CANCELED"):
            return dict(document)
        await asyncio.sleep(0.2)


def check_stores(data_dir: Path) -> int:
    """Check that all stores of a stopped server agree; return the number of chunks."""
    with closing(sqlite3.connect(data_dir / "graphlore.db")) as database:
        for function in FUNCTIONS:
            database.create_function(function.__name__, 1, function, deterministic=True)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.execute("INSERT INTO chunks_fts(chunks_fts, rank) VALUES ('integrity-check', 1)")
        chunks = {row[0] for row in database.execute("SELECT id FROM chunks")}
        words = {row[0] for row in database.execute("SELECT rowid FROM chunks_fts")}
        hashes = {row[0] for row in database.execute("SELECT sha256 FROM documents")}
        orphans = database.execute("SELECT count(*) FROM chunks WHERE document_id NOT IN (SELECT id FROM documents)")
        assert orphans.fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    assert words == chunks
    assert _vectors(data_dir) == chunks
    assert {path.name for path in (data_dir / "originals").rglob("*") if path.is_file()} == hashes
    assert list((data_dir / "incoming").iterdir()) == []
    return len(chunks)


def _vectors(data_dir: Path) -> set[int]:
    client = chromadb.PersistentClient(path=str(data_dir / "chroma"), settings=Settings(anonymized_telemetry=False))
    try:
        (collection,) = client.list_collections()
        return {int(name) for name in collection.get(include=[])["ids"]}
    finally:
        client.close()
