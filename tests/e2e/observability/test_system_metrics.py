"""The numbers of `systemMetrics`, compared with the machine and the stores."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from tests.e2e.client import Client, Json
from tests.e2e.process import Server
from tests.e2e.story import create_session, send, upload_ready, wait_for_model, watch

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

FIELDS = """seq cpu { perCorePercent logicalCores } memory { totalBytes }
    process { pid residentBytes threads children { pid purpose state residentBytes restarts } }
    inference { status sequencesBusy sequencesTotal queueDepth cachedTokensUsed cachedTokensTotal }
    ingestion { queued running }
    storage { documents chunks vectors sessions messages databaseBytes originalsBytes }
    temperatures { sensor } gpus { name } unavailable"""
STATUS = f"{{ systemStatus {{ {FIELDS} }} }}"
METRICS = f"subscription {{ systemMetrics(intervalMs: 1) {{ {FIELDS} }} }}"
DELETE = """mutation ($input: DeleteDocumentInput!) { deleteDocument(input: $input) {
    __typename ... on Error { message } } }"""
CANCEL = """mutation ($input: CancelGenerationInput!) { cancelGeneration(input: $input) { __typename } }"""

ANSWERS = 12
"""More than the number of sequences."""


async def status(client: Client) -> Json:
    """Return a sample that was taken after this call."""
    await asyncio.sleep(0.2)
    return dict((await client.run(STATUS))["systemStatus"])


def changes(before: Json, after: Json) -> dict[str, int]:
    return {name: after["storage"][name] - before["storage"][name] for name in before["storage"]}


async def test_an_upload_and_a_deletion_change_the_storage_metrics(client: Client, tmp_path: Path) -> None:
    await wait_for_model(client)
    file = tmp_path / "torque.txt"
    file.write_text("\n\n".join(f"Bolt {n} is tightened with {n} Nm. " * 30 for n in range(40)), encoding="utf-8")
    empty = await status(client)
    document = await upload_ready(client, file)
    full = await status(client)
    grown = changes(empty, full)
    assert document["chunkCount"] > 10
    assert (grown["documents"], grown["chunks"], grown["vectors"]) == (
        1,
        document["chunkCount"],
        document["chunkCount"],
    )
    assert grown["originalsBytes"] == file.stat().st_size
    assert grown["databaseBytes"] > 0
    assert (full["ingestion"]["queued"], full["ingestion"]["running"]) == (0, 0)
    deleted = (await client.run(DELETE, input={"id": document["id"]}))["deleteDocument"]
    assert deleted["__typename"] == "DeleteDocumentSuccess", deleted
    gone = changes(empty, await status(client))
    assert (gone["documents"], gone["chunks"], gone["vectors"], gone["originalsBytes"]) == (0, 0, 0, 0)


async def test_answers_are_counted_as_running_and_as_queued(client: Client) -> None:
    await wait_for_model(client)
    before = await status(client)
    sessions = [await create_session(client, [], thinkingMode="DIRECT") for _ in range(ANSWERS)]
    story = "Count from one to a thousand in words, slowly."
    async with client.subscribe(METRICS) as samples:
        await anext(samples)
        sent = [await send(client, session, story, sampling={"maxTokens": 400}) for session in sessions]
        async for sample in samples:
            (model,) = sample["systemMetrics"]["inference"]
            # The model decides when an answer ends, so the number of queued answers is only known within bounds.
            if model["sequencesBusy"] > 1 and model["queueDepth"] and model["cachedTokensUsed"]:
                break
    assert model["sequencesBusy"] <= model["sequencesTotal"] == 8
    assert model["queueDepth"] <= ANSWERS - model["sequencesBusy"]
    assert model["cachedTokensUsed"] <= model["cachedTokensTotal"]
    for each in sent:
        await client.run(CANCEL, input={"messageId": each["answer"]["id"]})
        await watch(client, each["answer"]["id"])
    async with client.subscribe(METRICS) as samples:
        async for sample in samples:
            (model,) = sample["systemMetrics"]["inference"]
            if model["sequencesBusy"] == 0:
                break
    assert model["queueDepth"] == 0
    after = changes(before, await status(client))
    assert (after["sessions"], after["messages"]) == (ANSWERS, 2 * ANSWERS)


async def test_processes_are_the_child_processes_of_the_server_with_their_memory(
    client: Client, server: Server
) -> None:
    await wait_for_model(client)
    children = {child.pid: child for child in psutil.Process(server.pid).children()}
    sample = await status(client)
    assert sample["process"]["pid"] == server.pid
    reported = {child["pid"]: child for child in sample["process"]["children"]}
    assert set(reported) == set(children)
    assert {"INFERENCE", "VECTORS", "PROMPT_EMBEDDING"} <= {child["purpose"] for child in reported.values()}
    for pid, child in reported.items():
        assert child["residentBytes"] == pytest.approx(children[pid].memory_info().rss, rel=0.1)
        assert (child["state"], child["restarts"]) == ("RUNNING", 0)
    own = psutil.Process(server.pid)
    assert sample["process"]["residentBytes"] == pytest.approx(own.memory_info().rss, rel=0.1)
    assert sample["memory"]["totalBytes"] == psutil.virtual_memory().total
    assert len(sample["cpu"]["perCorePercent"]) == sample["cpu"]["logicalCores"] == os.cpu_count()


async def test_a_sensor_is_either_read_or_listed_as_unavailable(client: Client) -> None:
    sample = await status(client)
    named = " ".join(sample["unavailable"])
    assert bool(sample["temperatures"]) != ("temperatures: " in named)
    assert bool(sample["gpus"]) != ("gpus: " in named)


async def test_the_restart_of_a_killed_process_is_counted(client: Client) -> None:
    await wait_for_model(client)
    before = {child["purpose"]: child for child in (await status(client))["process"]["children"]}
    killed = before["VECTORS"]["pid"]
    psutil.Process(killed).kill()
    async with client.subscribe(METRICS) as samples:
        async for sample in samples:
            metrics = sample["systemMetrics"]
            vectors = [child for child in metrics["process"]["children"] if child["purpose"] == "VECTORS"]
            if vectors and vectors[0]["pid"] != killed and vectors[0]["state"] == "RUNNING":
                break
    assert vectors[0]["restarts"] == before["VECTORS"]["restarts"] + 1
    assert 'graphlore_worker_restarts_total{purpose="VECTORS"} 1.0' in (await client.get("/metrics")).text
