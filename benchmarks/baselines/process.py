"""Runs the programs of the baselines. A program loads its library once, and measures one round for each request."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_MAX_LINE_BYTES = 64 * 1024 * 1024


class Baseline:
    """A program that replies to each line of JSON with one line of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def request(self, **fields: Any) -> Any:
        """Send the fields and return the reply. Raises `RuntimeError` if the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(fields).encode() + b"\n")
        await self._process.stdin.drain()
        reply = await self._process.stdout.readline()
        if not reply:
            raise RuntimeError("the process of the baseline has ended; its error output is above")
        return json.loads(reply)


@asynccontextmanager
async def open_baseline(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Baseline]:
    """Start the program `benchmarks.baselines.<module>` and stop it at the end.

    The program writes errors to the stderr of this process. `environment` is added to the environment of this process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"benchmarks.baselines.{module}", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_ROOT, limit=_MAX_LINE_BYTES,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        yield Baseline(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
