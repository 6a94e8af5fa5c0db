"""Operations on the running server that several benchmarks share."""

import asyncio
import re
from typing import Any

from tests.e2e.client import Client

IMPORT = """mutation ($input: ImportDocumentInput!) { importDocument(input: $input) {
    __typename ... on ImportDocumentSuccess { document { id } } ... on Error { code message } } }"""
DELETE = """mutation ($input: DeleteDocumentInput!) { deleteDocument(input: $input) { __typename } }"""
COUNTS = "query ($filter: DocumentFilter) { documents(first: 1, filter: $filter) { totalCount } }"
BUCKET = re.compile(r'^graphlore_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
MAX_LAG = re.compile(r"^graphlore_event_loop_lag_max_seconds (\S+)$", re.MULTILINE)


async def import_text(client: Client, text: str, name: str | None = None, **more: Any) -> str:
    """Import the text and return the id of the document; retry once a second while the server is busy.

    Slashes in the name, which the server rejects, become hyphens.
    """
    more |= {} if name is None else {"name": name.replace("/", "-").replace("\\", "-")}
    while True:
        imported = (await client.run(IMPORT, input={"source": {"text": text}, **more}))["importDocument"]
        if imported["__typename"] == "ImportDocumentSuccess":
            return str(imported["document"]["id"])
        assert imported["code"] == "BUSY", imported
        await asyncio.sleep(1)


async def wait_until_ready(client: Client, count: int) -> None:
    """Wait until `count` documents are READY. Raises `AssertionError` if one has failed."""
    while (await _count(client, "READY")) < count:
        assert not await _count(client, "FAILED")
        await asyncio.sleep(1)


async def _count(client: Client, status: str) -> int:
    return int((await client.run(COUNTS, filter={"status": [status]}))["documents"]["totalCount"])


async def event_loop_lag(client: Client) -> tuple[dict[float, float], float]:
    """Return the lag of the event loop since the start: a cumulative histogram by bound in seconds, and the maximum."""
    text = (await client.get("/metrics")).text
    maximum = MAX_LAG.search(text)
    assert maximum is not None
    return {float(bound): float(count) for bound, count in BUCKET.findall(text)}, float(maximum[1])
