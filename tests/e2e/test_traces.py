"""The spans of the real server, from the operation down to the decoding of the answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn

from records.tracing import Tracer
from server import create_app
from settings import read_settings
from tests.e2e.client import Client
from tests.e2e.story import create_session, send, upload_ready, wait_for_model, watch
from tests.support.spans import Recorded, attributes

CANARY = "CANARY-5772156649"


@asynccontextmanager
async def serving(folder: Path, tracer: Tracer) -> AsyncIterator[str]:
    """The server in this process, so that a test can hold its tracer."""
    settings = read_settings(["--data-dir", str(folder)])
    (folder / "incoming").mkdir(parents=True)
    config = uvicorn.Config(create_app(settings, tracer), log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server._serve([listening]))
            while not server.started:
                await asyncio.sleep(0.05)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            server.should_exit = True


@pytest.mark.timeout(300)
async def test_an_answer_is_a_tree_of_spans_that_holds_no_text(tmp_path: Path) -> None:
    recorded = Recorded()
    file = tmp_path / f"{CANARY}-name.txt"
    file.write_text(f"The {CANARY}-document holds the torque: 35 Nm for the main bolt.", encoding="utf-8")
    async with serving(tmp_path / "data", recorded.tracer) as url, Client(url) as client:
        await wait_for_model(client)
        document = await upload_ready(client, file)
        session = await create_session(client, [document["id"]], thinkingMode="RAG")
        prompt = f"{CANARY}-prompt: how tight is the main bolt?"
        sent = await send(client, session, prompt, sampling={"maxTokens": 8, "temperature": 0.5})
        answer = await watch(client, sent["answer"]["id"])
        assert answer.end["__typename"] == "MessageCompleted", answer.end
    made = answer.end["message"]["generation"]

    chat = next(span for span in recorded.spans if span.name.startswith("chat "))
    (operation,) = [span for span in recorded.spans if "answer" in recorded.tree(span)]
    assert (operation.name, attributes(operation)["graphql.operation.type"]) == ("mutation", "mutation")
    phases = recorded.tree(chat)
    assert {"prefill", "decode"} <= set(phases) <= {"queue", "prefill", "decode"}
    assert recorded.tree(operation) == {
        "answer": {"wait for model": {}, "retrieval": {}, "build prompt": {}, chat.name: phases}
    }

    told = attributes(chat)
    assert chat.name == f"chat {told['gen_ai.request.model']}"
    assert told["gen_ai.operation.name"] == "chat"
    assert (told["gen_ai.request.max_tokens"], told["gen_ai.request.temperature"]) == (8, 0.5)
    assert told["gen_ai.usage.input_tokens"] == made["usage"]["promptTokens"]
    assert told["gen_ai.usage.output_tokens"] == made["usage"]["completionTokens"]
    assert told["gen_ai.response.finish_reasons"] == (made["finishReason"].lower(),)
    found = attributes(recorded.named("retrieval"))
    assert (found["graphlore.retrieval.hits"], found["graphlore.retrieval.words"]) == (1, "RAN")
    assert attributes(recorded.named("build prompt"))["graphlore.prompt.passages"] == 1

    parsing = recorded.named("parse document")
    assert parsing.parent is None
    assert attributes(parsing) == {
        "graphlore.document.id": 1,
        "graphlore.document.media_type": "text/plain",
        "graphlore.document.bytes": file.stat().st_size,
        "graphlore.document.chunks": 1,
    }
    assert "embed chunks" in {span.name for span in recorded.spans}
    assert CANARY not in recorded.everything()
    assert "35 Nm" not in recorded.everything()
