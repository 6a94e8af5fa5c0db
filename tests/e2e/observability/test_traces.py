"""The spans of the real server, from the operation to the decoding of the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from bootstrap import Inputs, open_components, open_data_folder
from records.tracing import Tracer
from schema.build import build_schema
from server import create_app, transport_settings
from services.metrics import RequestCounters
from settings import read_settings
from tests.e2e.client import Client
from tests.e2e.story import create_session, send, upload_ready, wait_for_model, watch
from tests.support.recorded_spans import RecordedSpans, attributes
from tests.support.supervisor import open_test_supervisor
from transport import HTTPServer, Observer, bind_sockets
from transport.http_server import format_address

CANARY = "CANARY-5772156649"


@asynccontextmanager
async def serving(folder: Path, tracer: Tracer) -> AsyncIterator[str]:
    """Run the server in this process, so that the test has its tracer."""
    settings = read_settings(["--data-dir", str(folder), "--port", "0"])
    requests = RequestCounters()
    transport = transport_settings(settings, Observer(tracer, requests))
    inputs = Inputs(settings, transport.limits, tracer, requests, "0")
    sockets = bind_sockets(settings.host, settings.port)
    with open_data_folder(settings):
        async with (
            open_test_supervisor() as supervisor,
            open_components(supervisor, inputs) as components,
            anyio.create_task_group() as tasks,
        ):
            server = HTTPServer(create_app(components, build_schema(), transport))
            tasks.start_soon(server.serve, sockets)
            while not server.started:
                await anyio.sleep(0.05)
            yield format_address(sockets[0])
            server.stop()


@pytest.mark.timeout(300)
async def test_an_answer_is_a_tree_of_spans_without_any_text(tmp_path: Path) -> None:
    recorded = RecordedSpans()
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
    generation = answer.end["message"]["generation"]

    chat = next(span for span in recorded.spans if span.name.startswith("chat "))
    (operation,) = [span for span in recorded.spans if "answer" in recorded.tree(span)]
    assert (operation.name, attributes(operation)["graphql.operation.type"]) == ("mutation", "mutation")
    phases = recorded.tree(chat)
    assert {"prefill", "decode"} <= set(phases) <= {"queue", "prefill", "decode"}
    assert recorded.tree(operation) == {
        "answer": {"wait for model": {}, "retrieval": {}, "build prompt": {}, chat.name: phases}
    }

    chat_attributes = attributes(chat)
    assert chat.name == f"chat {chat_attributes['gen_ai.request.model']}"
    assert chat_attributes["gen_ai.operation.name"] == "chat"
    assert (chat_attributes["gen_ai.request.max_tokens"], chat_attributes["gen_ai.request.temperature"]) == (8, 0.5)
    assert chat_attributes["gen_ai.usage.input_tokens"] == generation["usage"]["promptTokens"]
    assert chat_attributes["gen_ai.usage.output_tokens"] == generation["usage"]["completionTokens"]
    assert chat_attributes["gen_ai.response.finish_reasons"] == (generation["finishReason"].lower(),)
    found = attributes(recorded.named("retrieval"))
    assert (found["graphlore.retrieval.hits"], found["graphlore.retrieval.keyword"]) == (1, "RAN")
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
