"""Runs the program of a client in Node.js and collects what it reports: see `program.mjs` and `scenario.mjs`."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from tests.conformance.node import HERE, NODE
from tests.conformance.operations import operations
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
TIMEOUT_SECONDS = 240
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClientRun:
    """The reports of one run, in order: operations with their results, reads of the cache, and warnings."""

    client: str
    reports: tuple[Json, ...]

    def results(self, operation: str) -> list[Any]:
        """Return the results of each run of an operation: the value of the root field; of a subscription, its events."""
        found = [each["result"] for each in self.reports if each.get("operation") == operation and "failed" not in each]
        return [each if isinstance(each, list) else next(iter(each.values())) for each in found]

    def warnings(self) -> list[str]:
        return [each["warning"] for each in self.reports if "warning" in each]

    def failures(self) -> list[Json]:
        return [each for each in self.reports if "failed" in each]

    def executed(self) -> set[str]:
        """Return the names of the operations that succeeded."""
        return {each["operation"] for each in self.reports if "operation" in each and "failed" not in each}

    def cached(self, query: str, after: str) -> list[Json | None]:
        """Return what the cache had for a query after an operation."""
        return [each["result"] for each in self.reports if (each.get("cached"), each.get("after")) == (query, after)]


def write_modules(folder: Path) -> None:
    """Write the JavaScript modules of docs/clients.md into a folder."""
    for name, text in re.findall(r"^```js file=(\S+)\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL):
        (folder / name).write_text(text, encoding="utf-8")


async def run_client(client: str, folder: Path, **options: Any) -> ClientRun:
    """Run the program of a client to its end.

    `folder` has the modules of docs/clients.md and the packages that they import. The program runs in development mode, in
    which libraries warn of mistakes.
    """
    texts = {operation.name: operation.text for operation in operations()}
    options |= {"name": client, "folder": str(folder), "operations": texts}
    command = [str(NODE), "--conditions=development", str(HERE / "clients" / f"{client}.mjs")]
    environment = os.environ | {"NODE_ENV": "development"}
    with anyio.fail_after(TIMEOUT_SECONDS):
        run = await anyio.run_process(
            command, input=json.dumps(options).encode(), env=environment, stderr=subprocess.PIPE, check=False
        )
    reports = tuple(json.loads(line) for line in run.stdout.decode().splitlines())
    ending = f"the program of {client} ended with {run.returncode}:\n{run.stderr.decode()}"
    assert run.returncode == 0, f"{ending}\n{[each for each in reports if 'failed' in each]}"
    return ClientRun(client, reports)
