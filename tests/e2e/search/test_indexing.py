"""Background indexing with real deep embedders in the real server: completed, interrupted, killed, changed, deleted."""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.search import deep_embedder as deep
from tests.e2e.story import create_session, search, send, wait_for_document, wait_for_model, watch

pytestmark = pytest.mark.timeout(300)

DEEP_ROWS = "SELECT count(*), count(DISTINCT embedder_id) FROM deep_embeddings"


@pytest.mark.parametrize("kind", ["gguf", "folder"])
async def test_a_completed_run_is_used_by_searches(data_dir: Path, tmp_path: Path, kind: str) -> None:
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
        assert "In belts.txt, wheel 4 turns 28" in leg["texts"][0], "although the deep embedder has not indexed it yet"


async def test_a_prompt_interrupts_indexing_at_once_and_it_continues_afterwards(data_dir: Path, tmp_path: Path) -> None:
    model = deep.gguf_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        await wait_for_model(client)
        document = await deep.import_sentences(client, "gears.txt", 150)
        others = await deep.embedding_pids(client)
        assert (await deep.start(client))["indexing"]["state"] == "RUNNING"
        running = await deep.wait_for_status(client, lambda now: now["doneChunks"] >= 16)
        assert running["state"] == "RUNNING"
        [own] = await deep.embedding_pids(client) - others
        session = await create_session(client, [document["id"]], thinkingMode="DIRECT")
        sent = await send(client, session, "Tell me about wheels.", sampling={"maxTokens": 200})
        interrupted = await deep.wait_for_status(client, lambda now: now["state"] == "WAITING_FOR_IDLE")
        with pytest.raises(ProcessLookupError):
            os.kill(own, 0)
        while own in await deep.embedding_pids(client):
            await asyncio.sleep(0.1)
        assert interrupted["doneChunks"] >= running["doneChunks"]
        assert (await watch(client, sent["answer"]["id"])).end["__typename"] == "MessageCompleted"
        further = await deep.wait_for_status(client, lambda now: now["doneChunks"] > interrupted["doneChunks"])
        assert further["pendingChunks"] + further["doneChunks"] == document["chunkCount"]
        stopped = await deep.stop(client)
        assert stopped["indexing"]["state"] == "IDLE"
        assert await deep.embedding_pids(client) <= others, "the process has ended when `stopIndexing` returns"


async def test_a_killed_worker_is_started_again_and_nothing_stored_is_lost(data_dir: Path, tmp_path: Path) -> None:
    model = deep.gguf_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 40)
        others = await deep.embedding_pids(client)
        await deep.start(client)
        running = await deep.wait_for_status(client, lambda now: now["doneChunks"] >= 16)
        assert running["pendingChunks"] > 0
        [own] = await deep.embedding_pids(client) - others
        os.kill(own, signal.SIGKILL)
        done = await deep.wait_for_status(client, lambda now: now["state"] in ("IDLE", "FAILED"))
        assert (done["state"], done["doneChunks"]) == ("IDLE", document["chunkCount"])


async def test_a_killed_server_continues_indexing_after_its_restart(data_dir: Path, tmp_path: Path) -> None:
    model = deep.gguf_embedder(tmp_path)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 40)
        await deep.start(client)
        before = await deep.wait_for_status(client, lambda now: now["doneChunks"] >= 16)
        await server.kill()
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        again = await deep.status(client)
        assert again["doneChunks"] >= before["doneChunks"]
        assert again["pendingChunks"] + again["doneChunks"] == document["chunkCount"]
        assert (await deep.index_all(client))["doneChunks"] == document["chunkCount"]
        leg = await deep.deep_leg(client, "wheel 30 turns")
        assert (leg["state"], leg["candidates"]) == ("RAN", document["chunkCount"])


async def test_vectors_of_a_former_deep_embedder_are_not_used_and_erased_later(data_dir: Path, tmp_path: Path) -> None:
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


async def test_indexing_starts_by_itself_when_the_machine_is_idle(data_dir: Path, tmp_path: Path) -> None:
    """Use thresholds that every machine reaches; the server's own processes are not counted."""
    model = deep.folder_embedder(tmp_path)
    bounds = {"idle_threshold_seconds": "0", "gpu_idle_percent": "100"}
    async with running_server(data_dir, deep_embedder=str(model), **bounds) as server, Client(server.url) as client:
        document = await deep.import_sentences(client, "gears.txt", 12)
        done = await deep.wait_for_status(client, lambda now: now["doneChunks"] == document["chunkCount"])
        assert done["error"] is None


@pytest.mark.parametrize("setting", ["/no/such/place/large.gguf", "no-such-model"])
async def test_a_missing_deep_embedder_is_reported_and_search_works_without_it(data_dir: Path, setting: str) -> None:
    async with running_server(data_dir, deep_embedder=setting) as server, Client(server.url) as client:
        now = await deep.status(client)
        assert now["state"] == "FAILED"
        assert "There is no embedding model" in now["error"]
        assert "/no/such/place" not in now["error"]
        assert (await deep.start(client))["message"] == now["error"]
        await deep.import_sentences(client, "gears.txt", 9)
        found = await search(client, "wheel 4", mode="HYBRID")
        assert found["hits"]
        assert [leg["name"] for leg in found["trace"]["legs"]] == ["keyword", "dense", "fusion"]


async def test_a_deep_embedder_that_cannot_be_loaded_fails_with_a_reason(data_dir: Path, tmp_path: Path) -> None:
    model = deep.folder_embedder(tmp_path)
    (model / "model.safetensors").write_bytes(b"\0" * 1000)
    async with running_server(data_dir, deep_embedder=str(model)) as server, Client(server.url) as client:
        await deep.import_sentences(client, "gears.txt", 9)
        await deep.start(client)
        failed = await deep.wait_for_status(client, lambda now: now["state"] == "FAILED")
        assert "'second-minilm' cannot be used" in failed["error"]
        assert (await search(client, "wheel 4"))["hits"]


async def test_vectors_of_another_light_embedder_are_computed_again_while_keyword_search_works(data_dir: Path) -> None:
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
        assert "vectors are computed again" in await asyncio.to_thread(server.output.read_text)
    assert deep.rows(data_dir, "SELECT count(*) FROM chunks WHERE embedding IS NULL") == [(0,)]
