"""A configured cross-encoder in the real server: reported, used, killed and restarted."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.client import Client, Json
from tests.e2e.process import running_server
from tests.e2e.story import search, upload_ready
from tests.support.models.tiny_cross_encoder import write_cross_encoder

pytestmark = pytest.mark.timeout(300)

CHILDREN = "{ settings { reranker } systemStatus { process { children { pid purpose } } } }"


async def legs(client: Client) -> dict[str, Json]:
    found = await search(client, "What torque does bolt A take?", rerank=True)
    assert [hit["chunk"]["text"] for hit in found["hits"]] == ["Bolt A takes a torque of 35 Nm."]
    return {leg["name"]: leg for leg in found["trace"]["legs"]}


async def until_reranked(client: Client) -> None:
    """Search until the reranker has run: its model is loaded by the first search, which waits for a limited time."""
    while (reranker := (await legs(client))["rerank"])["state"] != "RAN":
        assert "still being loaded" in reranker["message"] or "Try again" in reranker["message"]


async def pid_of_reranker(client: Client) -> int:
    children = (await client.run(CHILDREN))["systemStatus"]["process"]["children"]
    return int(next(child["pid"] for child in children if child["purpose"] == "RERANKING"))


async def test_a_configured_cross_encoder_reranks_and_its_crash_affects_no_other_leg(
    data_dir: Path, tmp_path: Path
) -> None:
    folder = write_cross_encoder(tmp_path / "tiny-cross-encoder")
    text = tmp_path / "bolts.txt"
    text.write_text("Bolt A takes a torque of 35 Nm.")
    async with running_server(data_dir, reranker=str(folder)) as server, Client(server.url) as client:
        assert (await client.run(CHILDREN))["settings"]["reranker"] == "tiny-cross-encoder"
        await upload_ready(client, text)
        await until_reranked(client)
        os.kill(await pid_of_reranker(client), signal.SIGKILL)
        after = await legs(client)
        assert (after["keyword"]["state"], after["dense"]["state"]) == ("RAN", "RAN")
        await until_reranked(client)


async def test_without_a_cross_encoder_the_embedder_reranks(data_dir: Path, tmp_path: Path) -> None:
    text = tmp_path / "bolts.txt"
    text.write_text("Bolt A takes a torque of 35 Nm.")
    async with running_server(data_dir) as server, Client(server.url) as client:
        assert (await client.run(CHILDREN))["settings"]["reranker"] == "all-MiniLM-L6-v2, late interaction"
        await upload_ready(client, text)
        await until_reranked(client)
