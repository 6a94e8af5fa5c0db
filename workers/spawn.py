"""One operating-system process of a worker, from its start to its end.

The child gets one end of a socketpair by `pass_fds`; its stdout and stderr go into a ring. It stays in the server's
session on purpose: with Linux's autogroups a session of its own would make SCHED_IDLE count only inside that session.
So a Ctrl-C reaches it too, and the child ignores it.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from workers import frames
from workers.channel import Channel
from workers.output import OutputRing
from workers.spec import WorkerSpec

CLOSE_GRACE = 5.0
TERMINATE_GRACE = 2.0
_ROOT = Path(__file__).resolve().parent.parent


class Child:
    """A running process and the parent's end of its socket."""

    def __init__(self, process: Process, channel: Channel, output: OutputRing) -> None:
        self._process = process
        self.channel = channel
        self.output = output

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def follow_output(self) -> None:
        assert self._process.stdout is not None
        await self.output.follow(self._process.stdout)

    async def end(self) -> None:
        """Close the socket, wait, terminate, kill; whatever happens, no process is left behind."""
        try:
            self.channel.close()
            if await self._ended_within(CLOSE_GRACE):
                return
            self._process.terminate()
            await self._ended_within(TERMINATE_GRACE)
        finally:
            self.channel.abort()
            self.kill()
        await self._process.wait()

    async def _ended_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    def describe_end(self) -> str:
        """Say how it ended, as the rest of a sentence: `was ended by SIGKILL`."""
        code = self._process.returncode
        if code is None:
            return "does not end"
        return f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with exit status {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@asynccontextmanager
async def open_child(spec: WorkerSpec) -> AsyncIterator[Child]:
    """Start the process and send it its first frame; at the end of the block it is ended gracefully."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = await _spawn(spec, theirs.fileno())
        channel = await Channel.open(ours)
    except BaseException:
        ours.close()
        raise
    child = Child(process, channel, OutputRing())
    try:
        channel.send(frames.Start(frames.raw(spec.start), os.getpid(), spec.idle_priority, spec.address_space_bytes))
        yield child
    finally:
        await child.end()


async def _spawn(spec: WorkerSpec, descriptor: int) -> Process:
    # -P keeps the working directory out of the import path; the rooms are found by PYTHONPATH, wherever we stand.
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "workers", spec.module, str(descriptor),
        pass_fds=(descriptor,), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=_environment(spec),
    )  # fmt: skip


def _environment(spec: WorkerSpec) -> dict[str, str]:
    path = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": f"{_ROOT}{os.pathsep}{path}" if path else str(_ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        **spec.environment,
    }
