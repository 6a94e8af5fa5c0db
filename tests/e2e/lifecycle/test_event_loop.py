"""The event loop is never blocked: by parsing, embedding, Chroma or file copies."""

import asyncio
import re
from pathlib import Path

import pytest

from services.metrics.loop_lag import open_loop_lag
from tests.e2e.client import Client
from tests.e2e.process import running_server
from tests.e2e.story import ask, create_session, wait_for_document, wait_for_model
from tests.support.documents import files
from tests.support.supervisor import open_test_supervisor

PAGES = 20
MAX_LAG = re.compile(r"^graphlore_event_loop_lag_max_seconds (\S+)$", re.MULTILINE)


@pytest.mark.timeout(600)
async def test_the_event_loop_is_never_blocked_for_half_a_second_while_20_pages_are_ingested(
    data_dir: Path, tmp_path: Path
) -> None:
    """The loop of this process is measured beside the server's: its lag is that of a busy machine."""
    report = files.write_long_pdf(tmp_path / "report.pdf", pages=PAGES)
    async with (
        open_test_supervisor() as supervisor,
        open_loop_lag(supervisor) as own_lag,
        running_server(data_dir) as server,
        Client(server.url) as client,
    ):
        await wait_for_model(client)
        session = await create_session(client, [], thinkingMode="DIRECT")
        uploaded = await client.upload(report)
        ready = asyncio.ensure_future(wait_for_document(client, uploaded["document"]["id"]))
        answers = 0
        while not ready.done():
            answer = await ask(client, session, "Tell me about rivers.", sampling={"maxTokens": 50})
            assert answer.end["__typename"] == "MessageCompleted", answer.end
            answers += 1
        document = await ready
        assert document["status"] == "READY"
        assert document["pageCount"] == PAGES
        assert answers > 0
        maximum = MAX_LAG.search((await client.get("/metrics")).text)
        assert maximum is not None
        assert float(maximum.group(1)) < 0.5 + 2 * own_lag.longest
