"""Starts a client's program and keeps what it told: see `clients/telling.mjs` and `clients/story.mjs`."""

import asyncio
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.node import HERE, NODE, ROOT
from tests.conformance.operations import operations

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
SECONDS = 240
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """The lines of a client, in order."""

    client: str
    lines: tuple[Json, ...]

    def got(self, operation: str) -> list[Any]:
        """What each run of a query or mutation gave: the value of its one field; of a subscription, its events."""
        found = [line["got"] for line in self.lines if line.get("operation") == operation and "failed" not in line]
        return [each if isinstance(each, list) else next(iter(each.values())) for each in found]

    def warnings(self) -> list[str]:
        return [line["warning"] for line in self.lines if "warning" in line]

    def failures(self) -> list[Json]:
        return [line for line in self.lines if "failed" in line]

    def driven(self) -> set[str]:
        return {line["operation"] for line in self.lines if "operation" in line and "failed" not in line}

    def cached(self, query: str, behind: str) -> list[Json | None]:
        """What the cache had for a query behind a mutation."""
        return [line["got"] for line in self.lines if (line.get("cached"), line.get("behind")) == (query, behind)]


def write_documented(folder: Path) -> None:
    """The modules of docs/clients.md, as files."""
    for name, text in re.findall(r"^```js file=(\S+)\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")


async def tell(client: str, folder: Path, **given: Any) -> Told:
    """Run a client's program to its end. `folder` has the documented modules and what else the client imports.

    Libraries warn of mistakes in their builds for development alone.
    """
    texts = {operation.name: operation.text for operation in operations()}
    given |= {"name": client, "folder": str(folder), "operations": texts}
    process = await asyncio.create_subprocess_exec(
        NODE,
        "--conditions=development",
        HERE / "clients" / f"{client}.mjs",
        env=os.environ | {"NODE_ENV": "development"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complaints = await asyncio.wait_for(process.communicate(json.dumps(given).encode()), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = tuple(json.loads(line) for line in said.decode().splitlines())
    ended = f"{client}'s program ended with {process.returncode}:\n{complaints.decode()}"
    assert process.returncode == 0, f"{ended}\n{[line for line in lines if 'failed' in line]}"
    return Told(client, lines)
