"""Steps with the real server that several benchmarks take."""

import asyncio
import re
from typing import Any

from tests.e2e.client import Client

IMPORT = """mutation ($input: ImportDocumentInput!) { importDocument(input: $input) {
    __typename ... on ImportDocumentSuccess { document { id } } ... on Error { code message } } }"""
DELETE = """mutation ($input: DeleteDocumentInput!) { deleteDocument(input: $input) { __typename } }"""
COUNTS = "query ($filter: DocumentFilter) { documents(first: 1, filter: $filter) { totalCount } }"
BUCKET = re.compile(r'^graphlore_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
LONGEST = re.compile(r"^graphlore_event_loop_lag_max_seconds (\S+)$", re.MULTILINE)


async def import_text(client: Client, text: str, name: str | None = None, **more: Any) -> str:
    """The new document's id. A queue that is full is waited for."""
    more |= {} if name is None else {"name": name}
    while True:
        imported = (await client.run(IMPORT, input={"source": {"text": text}, **more}))["importDocument"]
        if imported["__typename"] == "ImportDocumentSuccess":
            return str(imported["document"]["id"])
        assert imported["code"] == "BUSY", imported
        await asyncio.sleep(1)


async def until_ready(client: Client, count: int) -> None:
    """Until `count` documents are READY; one that failed ends it."""
    while (await _count(client, "READY")) < count:
        assert not await _count(client, "FAILED")
        await asyncio.sleep(1)


async def _count(client: Client, status: str) -> int:
    return int((await client.run(COUNTS, filter={"status": [status]}))["documents"]["totalCount"])


async def lag(client: Client) -> tuple[dict[float, float], float]:
    """The event loop's lag so far: looks at or under each bound in seconds, and the longest."""
    text = (await client.get("/metrics")).text
    longest = LONGEST.search(text)
    assert longest is not None
    return {float(bound): float(count) for bound, count in BUCKET.findall(text)}, float(longest[1])
