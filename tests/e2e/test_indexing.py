"""Background indexing with real second embedders, in a real server: complete, interrupted, killed, changed, deleted."""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e import deep
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import create_session, search, send, wait_for_document, wait_for_model, watch

pytestmark = pytest.mark.timeout(300)

DEEP_ROWS = "SELECT count(*), count(DISTINCT embedder_id) FROM deep_embeddings"


@pytest.mark.parametrize("kind", ["gguf", "folder"])
async def test_a_run_completes_and_searches_use_what_it_made(data_dir: Path, tmp_path: Path, kind: str) -> None:
    model = deep.gguf_embedder(tmp_path) if kind == "gguf" else deep.folder_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        kept = await deep.import_sentences(client, "gears.txt", 12)
        gone = await deep.import_sentences(client, "pumps.txt", 6)
        before = await deep.deep_leg(client, "wheel 12")
        assert (before["state"], before["message"]) == (
            "SKIPPED",
            "The deep embedder has not indexed any document in scope yet.",
        )
        chunks = kept["chunkCount"] + gone["chunkCount"]
        assert (await deep.status(client))["pendingChunks"] == chunks
        assert (await deep.index_all(client))["doneChunks"] == chunks
        metrics = (await client.get("/metrics")).text
        assert 'graphlore_indexing_documents{progress="done"} 2.0\n' in metrics
        assert f'graphlore_indexing_chunks{{progress="done"}} {chunks}.0\n' in metrics
        assert f"graphlore_indexing_embedded_chunks_total {chunks}.0\n" in metrics
        index = await deep.deep_index(client, kept["id"])
        assert (index["model"], index["embeddedChunks"], index["complete"]) == (model.name, kept["chunkCount"], True)
        for mode in ("HYBRID", "SEMANTIC"):
            leg = await deep.deep_leg(client, "In pumps.txt, wheel 4 turns 28 times a minute.", mode=mode, topK=3)
            assert (leg["state"], leg["candidates"]) == ("RAN", chunks)
            assert "wheel 4 turns 28" in " ".join(leg["texts"])
        within = await deep.deep_leg(client, "wheel 4", documentIds=[kept["id"]])
        assert within["candidates"] == kept["chunkCount"]
        words = await deep.deep_leg(client, "wheel 4", mode="KEYWORD")
        assert words["state"] == "SKIPPED"

        receipt = (await client.run(deep.DELETE, id=gone["id"]))["deleteDocument"]["receipt"]
        assert receipt == {"chunks": gone["chunkCount"], "vectors": 2 * gone["chunkCount"]}
        leg = await deep.deep_leg(client, "In pumps.txt, wheel 4 turns 28 times a minute.", topK=50)
        assert (leg["state"], leg["candidates"]) == ("RAN", kept["chunkCount"])
        assert not any("pumps" in text for text in leg["texts"])
        assert deep.rows(data_dir, DEEP_ROWS) == [(kept["chunkCount"], 1)]

        await deep.import_sentences(client, "belts.txt", 6)
        leg = await deep.deep_leg(client, "In belts.txt, wheel 4 turns 28 times a minute.", topK=3)
        assert leg["state"] == "RAN"
        assert "In belts.txt, wheel 4 turns 28" in leg["texts"][0], "though the deep embedder has not come to it"


async def test_a_prompt_interrupts_at_once_and_it_goes_on_where_it_was(data_dir: Path, tmp_path: Path) -> None:
    model = deep.gguf_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        await wait_for_model(client)
        document = await deep.import_sentences(client, "gears.txt", 150)
        others = await deep.embedding_pids(client)
        assert (await deep.start(client))["indexing"]["state"] == "RUNNING"
        at_work = await deep.wait_for_status(client, lambda now: now["doneChunks"] >= 16)
        assert at_work["state"] == "RUNNING"
        [own] = await deep.embedding_pids(client) - others
        session = await create_session(client, [document["id"]], thinkingMode="DIRECT")
        sent = await send(client, session, "Tell me about wheels.", sampling={"maxTokens": 200})
        interrupted = await deep.wait_for_status(client, lambda now: now["state"] == "WAITING_FOR_IDLE")
        with pytest.raises(ProcessLookupError):
            os.kill(own, 0)
        while own in await deep.embedding_pids(client):
            await asyncio.sleep(0.1)
        assert interrupted["doneChunks"] >= at_work["doneChunks"]
        assert (await watch(client, sent["answer"]["id"])).end["__typename"] == "MessageCompleted"
        further = await deep.wait_for_status(client, lambda now: now["doneChunks"] > interrupted["doneChunks"])
        assert further["pendingChunks"] + further["doneChunks"] == document["chunkCount"]
        stopped = await deep.stop(client)
        assert stopped["indexing"]["state"] == "IDLE"
        assert await deep.embedding_pids(client) <= others, "a stop has ended the process when it answers"


async def test_a_killed_worker_is_started_again_and_nothing_stored_is_lost(data_dir: Path, tmp_path: Path) -> None:
    model = deep.gguf_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 40)
        others = await deep.embedding_pids(client)
        await deep.start(client)
        at_work = await deep.wait_for_status(client, lambda now: now["doneChunks"] >= 16)
        assert at_work["pendingChunks"] > 0
        [own] = await deep.embedding_pids(client) - others
        os.kill(own, signal.SIGKILL)
        done = await deep.wait_for_status(client, lambda now: now["state"] in ("IDLE", "FAILED"))
        assert (done["state"], done["doneChunks"]) == ("IDLE", document["chunkCount"])


async def test_a_killed_server_goes_on_with_what_was_left(data_dir: Path, tmp_path: Path) -> None:
    model = deep.gguf_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 40)
        await deep.start(client)
        told = await deep.wait_for_status(client, lambda now: now["doneChunks"] >= 16)
        await server.kill()
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        again = await deep.status(client)
        assert again["doneChunks"] >= told["doneChunks"]
        assert again["pendingChunks"] + again["doneChunks"] == document["chunkCount"]
        assert (await deep.index_all(client))["doneChunks"] == document["chunkCount"]
        leg = await deep.deep_leg(client, "wheel 30 turns")
        assert (leg["state"], leg["candidates"]) == ("RAN", document["chunkCount"])


async def test_vectors_of_a_former_deep_embedder_are_never_used_and_erased_later(
    data_dir: Path, tmp_path: Path
) -> None:
    first, second = deep.folder_embedder(tmp_path, "first"), deep.folder_embedder(tmp_path, "second")
    async with running_server(data_dir, deep_embedder=str(first)) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 30)
        chunks = document["chunkCount"]
        await deep.index_all(client)
    async with running_server(data_dir, deep_embedder=str(second)) as server, Client(server.url) as client:
        now = await deep.status(client)
        assert (now["deepEmbedder"], now["doneChunks"], now["pendingChunks"]) == ("second", 0, chunks)
        assert (await deep.deep_leg(client, "wheel 4"))["state"] == "SKIPPED"
        index = await deep.deep_index(client, document["id"])
        assert (index["model"], index["embeddedChunks"], index["complete"]) == ("second", 0, False)
        assert deep.rows(data_dir, DEEP_ROWS) == [(chunks, 1)]
        await deep.index_all(client)
        assert deep.rows(data_dir, DEEP_ROWS) == [(chunks, 1)]
        assert deep.rows(data_dir, "SELECT name FROM embedders WHERE role = 'DEEP'") == [("second",)]
        leg = await deep.deep_leg(client, "wheel 4")
        assert (leg["state"], leg["candidates"]) == ("RAN", chunks)


async def test_an_idle_machine_begins_by_itself(data_dir: Path, tmp_path: Path) -> None:
    """By bounds that any machine keeps: the server's own processes are not counted, and they use some of it."""
    model = deep.folder_embedder(tmp_path)
    bounds = {"idle_threshold_seconds": "0", "gpu_idle_percent": "100"}
    async with running_server(data_dir, deep_embedder=str(model), **bounds) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 12)
        done = await deep.wait_for_status(client, lambda now: now["doneChunks"] == document["chunkCount"])
        assert done["error"] is None


@pytest.mark.parametrize("wanted", ["/no/such/place/large.gguf", "no-such-model"])
async def test_a_deep_embedder_that_is_not_there_is_said_and_search_goes_on(data_dir: Path, wanted: str) -> None:
    async with running_server(data_dir, deep_embedder=wanted) as server, Client(server.url) as client:
        now = await deep.status(client)
        assert now["state"] == "FAILED"
        assert "There is no embedding model" in now["error"]
        assert "/no/such/place" not in now["error"]
        assert (await deep.start(client))["message"] == now["error"]
        await deep.import_sentences(client, "gears.txt", 9)
        found = await search(client, "wheel 4", mode="HYBRID")
        assert found["hits"]
        assert [leg["name"] for leg in found["trace"]["legs"]] == ["keyword", "dense", "fusion"]


async def test_a_model_that_cannot_be_loaded_fails_with_its_reason(data_dir: Path, tmp_path: Path) -> None:
    model = deep.folder_embedder(tmp_path)
    (model / "model.safetensors").write_bytes(b"\0" * 1000)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        await deep.import_sentences(client, "gears.txt", 9)
        await deep.start(client)
        failed = await deep.wait_for_status(client, lambda now: now["state"] == "FAILED")
        assert "'second-minilm' cannot be used" in failed["error"]
        assert (await search(client, "wheel 4"))["hits"]


async def test_vectors_of_another_light_embedder_are_made_anew_while_words_find(data_dir: Path) -> None:
    async with running_server(data_dir) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 30)
    with closing(sqlite3.connect(data_dir / "graphlore.db")) as database:
        database.execute("UPDATE embedders SET name = 'an earlier one' WHERE role = 'LIGHT'")
        database.commit()
    async with running_server(data_dir) as server, Client(server.url) as client:
        found = await search(client, "wheel 4", mode="KEYWORD")
        assert any("wheel 4 " in hit["chunk"]["text"] for hit in found["hits"])
        again = await wait_for_document(client, document["id"])
        assert again["status"] == "READY"
        found = await search(client, "wheel 4 turns", mode="SEMANTIC")
        assert found["hits"]
        assert "vectors are made anew" in await asyncio.to_thread(server.output.read_text)
    assert deep.rows(data_dir, "SELECT count(*) FROM chunks WHERE embedding IS NULL") == [(0,)]
