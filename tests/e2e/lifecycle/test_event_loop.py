"""The event loop is never blocked: by parsing, embedding, Chroma or file copies."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import ask, create_session, wait_for_document, wait_for_model
from tests.support import files

LONGEST = re.compile(r"^graphlore_event_loop_lag_max_seconds (\S+)$", re.MULTILINE)


@pytest.mark.timeout(600)
async def test_the_event_loop_is_never_blocked_for_half_a_second_while_200_pages_are_ingested(
    data_dir: Path, tmp_path: Path
) -> None:
    report = files.write_long_pdf(tmp_path / "report.pdf", pages=200)
    async with running_server(data_dir) as server, Client(server.url) as client:
        await wait_for_model(client)
        session = await create_session(client, [], thinkingMode="DIRECT")
        uploaded = await client.upload(report)
        ready = asyncio.ensure_future(wait_for_document(client, uploaded["document"]["id"]))
        answers = 0
        while not ready.done():
            answer = await ask(client, session, "Tell me about rivers.", sampling={"maxTokens": 100})
            assert answer.end["__typename"] == "MessageCompleted", answer.end
            answers += 1
        document = await ready
        assert document["status"] == "READY"
        assert document["pageCount"] == 200
        assert answers > 0
        longest = LONGEST.search((await client.get("/metrics")).text)
        assert longest is not None
        assert float(longest.group(1)) < 0.5
