"""SIGKILL of the working server: after the restart nothing acknowledged is lost, and no job is stuck."""

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.e2e.client import Client
from tests.e2e.process import Server, running_server
from tests.e2e.story import (
    create_session,
    search,
    send,
    wait_for_document,
    wait_for_model,
    watch,
)

pytestmark = pytest.mark.timeout(300)

MESSAGE = "query ($id: ID!) { message(id: $id) { status content error { code } session { messageCount } } }"


def write_long_text(path: Path, paragraphs: int) -> Path:
    lines = (
        f"Paragraph {number} says that gear {number} turns {number * 7} times a minute. " * 6
        for number in range(paragraphs)
    )
    path.write_text("\n\n".join(lines))
    return path


async def kill_with_children(server: Server) -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process(server.pid).children(recursive=True)
    await server.kill()
    return children


async def have_ended(processes: list[psutil.Process]) -> bool:
    """Wait for the end of processes; return whether all have ended within ten seconds."""
    for _ in range(100):
        if not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes):
            return True
        await asyncio.sleep(0.1)
    return False


async def test_an_interrupted_ingestion_is_continued_after_the_restart(data_dir: Path, tmp_path: Path) -> None:
    file = write_long_text(tmp_path / "long.txt", 1500)
    async with running_server(data_dir) as server, Client(server.url) as client:
        document_id = (await client.upload(file))["document"]["id"]
        at_work = await wait_for_document(client, document_id, until=("EMBEDDING",))
        assert at_work["status"] == "EMBEDDING"
        children = await kill_with_children(server)
        assert await have_ended(children), "no worker outlives the server"
    async with running_server(data_dir) as server, Client(server.url) as client:
        document = await wait_for_document(client, document_id)
        assert document["status"] == "READY", document
        found = await search(client, "gear 1234 turns how often", mode="HYBRID")
        assert any("gear 1234 turns" in hit["chunk"]["text"] for hit in found["hits"])
        storage = await client.run("{ systemStatus { storage { documents chunks vectors } } }")
        counts = storage["systemStatus"]["storage"]
        assert counts["chunks"] == counts["vectors"] == document["chunkCount"]
        assert counts["documents"] == 1


async def test_an_interrupted_answer_fails_and_keeps_its_text(data_dir: Path) -> None:
    async with running_server(data_dir) as server, Client(server.url) as client:
        await wait_for_model(client)
        session = await create_session(client, [], thinkingMode="DIRECT")
        sent = await send(client, session, "Tell me a very long story about a river.", sampling={"maxTokens": 2000})
        await _until_written(client, sent["answer"]["id"])
        await kill_with_children(server)
    async with running_server(data_dir) as server, Client(server.url) as client:
        message = (await client.run(MESSAGE, id=sent["answer"]["id"]))["message"]
        assert message["status"] == "FAILED"
        assert message["error"]["code"] == "INTERRUPTED"
        assert message["content"] != ""
        assert message["session"]["messageCount"] == 2
        replayed = await watch(client, sent["answer"]["id"])
        assert replayed.end["__typename"] == "MessageFailed"
        assert replayed.content == message["content"]
        await wait_for_model(client)
        again = await send(client, session, "Hello?", sampling={"maxTokens": 5})
        assert (await watch(client, again["answer"]["id"])).end["__typename"] == "MessageCompleted"


async def _until_written(client: Client, message_id: str) -> None:
    """Wait until a part of the answer is stored."""
    while not (await client.run(MESSAGE, id=message_id))["message"]["content"]:
        await asyncio.sleep(0.05)
