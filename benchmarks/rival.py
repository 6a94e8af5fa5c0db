"""What we are held against runs in a process of its own, loaded once, and is asked for one round at a time."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_MOST_BYTES = 64 * 1024 * 1024


class Rival:
    """A program that answers each line of JSON with one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, **question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the rival's process has ended")
        return json.loads(answer)


@asynccontextmanager
async def open_rival(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Rival]:
    """`module` is one of `benchmarks.rivals`; its stderr is ours. `environment` is added to ours."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"benchmarks.rivals.{module}", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_ROOT, limit=_MOST_BYTES,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    try:
        yield Rival(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
