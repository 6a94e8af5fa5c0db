"""A document of an older parser is parsed again after the start, and searchable with its old text until then."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from persistence.database.sqlite import FUNCTIONS
from tests.e2e.client import Client, Json
from tests.e2e.lifecycle.random_kills import check_stores
from tests.e2e.process import running_server
from tests.e2e.story import search, wait_for_document

pytestmark = pytest.mark.timeout(300)

TEXT = "\n\n".join(
    f"Paragraph {number} says that gear {number} turns {number * 7} times a minute." for number in range(60)
)


def make_outdated(data_dir: Path) -> int:
    """Make the stored documents look like those of an older parser; return the number of chunks."""
    with closing(sqlite3.connect(data_dir / "graphlore.db")) as database:
        for function in FUNCTIONS:
            database.create_function(function.__name__, 1, function, deterministic=True)
        database.execute("UPDATE documents SET parser_version = 0")
        database.execute("UPDATE chunks SET text = 'The older parser read gibberish.' WHERE position % 2 = 0")
        database.commit()
        return int(database.execute("SELECT count(*) FROM chunks").fetchone()[0])


def pending_outbox_entries(data_dir: Path) -> int:
    """Return the number of changes that were not applied to the vector index."""
    with closing(sqlite3.connect(data_dir / "graphlore.db")) as database:
        return int(database.execute("SELECT count(*) FROM outbox").fetchone()[0])


async def found(client: Client, words: str) -> list[Json]:
    return list((await search(client, words, mode="KEYWORD"))["hits"])


async def test_a_document_of_an_older_parser_is_parsed_again(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "gears.txt"
    file.write_text(TEXT)
    async with running_server(data_dir) as server, Client(server.url) as client:
        document_id = (await client.upload(file))["document"]["id"]
        await wait_for_document(client, document_id)
    chunks = make_outdated(data_dir)
    async with running_server(data_dir) as server, Client(server.url) as client:
        while await found(client, "gibberish"):
            status = (await client.run("query ($id: ID!) { document(id: $id) { status } }", id=document_id))["document"]
            assert status == {"status": "READY"}
            await asyncio.sleep(0.1)
        while pending_outbox_entries(data_dir):
            await asyncio.sleep(0.1)
        for number in (0, 31, 59):
            hits = await found(client, f"gear {number} turns {number * 7}")
            assert f"gear {number} turns" in hits[0]["chunk"]["text"]
    assert check_stores(data_dir) == chunks
