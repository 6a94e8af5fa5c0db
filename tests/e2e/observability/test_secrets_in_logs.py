"""The log of the real server at DEBUG, after a canary was sent in every text that a client can send."""

import json
import os
import signal
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.e2e.client import Client, Json
from tests.e2e.observability.canaries import mutations, served_schema
from tests.e2e.process import Server, running_server
from tests.e2e.story import MESSAGE_EVENTS, ask, create_session, search, send, upload_ready, wait_for_model, watch

CANARY = "CANARY8675309"
TOKEN = f"{CANARY}-access-token"


async def inference_pid(client: Client) -> int:
    status = await client.run("{ systemStatus { process { children { pid purpose } } } }")
    children = status["systemStatus"]["process"]["children"]
    return int(next(child["pid"] for child in children if child["purpose"] == "INFERENCE"))


async def use_addresses(server: Server, client: Client) -> None:
    """Send the canary in paths, query strings, headers and invalid bodies."""
    await client.get(f"/graphql?query={{systemStatus{{seq}}}}&x={CANARY}")
    await client.get(f"/documents/1/original?signature={CANARY}")
    await client.get(f"/sessions/1/export?signature={CANARY}")
    async with httpx.AsyncClient(base_url=server.url) as anonymous:
        await anonymous.post("/graphql", content=f'{{"query": "{CANARY}', headers={"Authorization": f"Bearer {CANARY}"})
        await anonymous.get("/metrics", headers={"Cookie": CANARY, "User-Agent": CANARY, "Host": CANARY})
    address = f"{server.url.replace('http', 'ws', 1)}/graphql?token={CANARY}"
    async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {TOKEN}"}}))
        await socket.recv()
        payload = {"query": f'subscription {{ messageEvents(messageId: "{CANARY}") {{ __typename }} }}'}
        await socket.send(json.dumps({"id": CANARY, "type": "subscribe", "payload": payload}))
        await socket.recv()
        await socket.send(f"[{CANARY}")


async def crash_while_answering(client: Client) -> None:
    """Crash the process that has prompts in its memory and in its output."""
    sessions = [await create_session(client, [], thinkingMode="DIRECT") for _ in range(3)]
    prompt, pid = f"{CANARY}: count to a thousand.", await inference_pid(client)
    sent = [await send(client, session, prompt, sampling={"maxTokens": 400}) for session in sessions]
    last = sent[-1]["answer"]["id"]
    async with client.subscribe(MESSAGE_EVENTS, id=last) as events:
        async for event in events:
            if event["messageEvents"].get("promptTokens"):
                break  # the process has prefilled this prompt, and decodes the others first
    os.kill(pid, signal.SIGSEGV)
    assert (await watch(client, last)).end["__typename"] == "MessageFailed"


async def use_everything(server: Server, client: Client, folder: Path) -> None:
    await wait_for_model(client)
    file = folder / f"{CANARY}.txt"
    file.write_text(f"The {CANARY} bolt takes 35 Nm.", encoding="utf-8")
    damaged = folder / f"{CANARY}.pdf"
    damaged.write_bytes(b"%PDF-1.7\n" + CANARY.encode() * 100)
    document = await upload_ready(client, file)
    await client.upload(damaged)
    session = await create_session(client, [document["id"]], systemPrompt=f"{CANARY} rules.", thinkingMode="RAG")
    await ask(client, session, f"How tight is the {CANARY} bolt?", sampling={"maxTokens": 8})
    await search(client, f'{CANARY} "bolt" AND (')
    await use_addresses(server, client)
    await crash_while_answering(client)
    for key in (CANARY, session, document["id"]):
        for _, operation, variables in mutations(served_schema(), CANARY, key):
            await client.raw(operation, **variables)


def lines(server: Server) -> list[Json]:
    return [json.loads(line) for line in server.output.read_text(encoding="utf-8").splitlines()]


@pytest.mark.timeout(300)
async def test_no_text_of_a_user_or_a_document_is_logged(tmp_path: Path) -> None:
    settings = {"log_level": "DEBUG", "log_format": "json", "access_token": TOKEN, "import_roots": str(tmp_path)}
    async with running_server(tmp_path / "data", **settings) as server, Client(server.url, TOKEN) as client:
        await use_everything(server, client, tmp_path)
        assert CANARY not in (await client.get("/metrics")).text
        await server.stop()
    written = lines(server)
    logged = {line["name"] for line in written if line["event"] == "operation"}
    assert {f"{name[0].upper()}{name[1:]}" for name, _, _ in mutations(served_schema(), CANARY, "")} <= logged
    crash = next(line for line in written if line["event"] == "worker crashed")
    assert (crash["purpose"], crash["reason"]) == ("INFERENCE", "was ended by SIGSEGV")
    assert crash["where"], "the place of the crash is logged"
    assert all({"event", "level", "timestamp"} <= set(line) for line in written)
    assert all("request_id" in line for line in written if line["event"] in ("operation", "request"))
    assert [line for line in written if CANARY in json.dumps(line)] == []
