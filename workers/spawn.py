"""The operating-system process of a worker, from its start to its end.

The child inherits one end of a socketpair by `pass_fds`; its stdout and stderr are kept in a ring buffer. The child
stays in the server's session, because in a session of its own SCHED_IDLE would have an effect only inside that session
(autogroups of Linux). Ctrl-C therefore reaches the child, too, and the child ignores it.
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

import anyio

from workers import frames
from workers.channel import Channel
from workers.crash_output import OutputRing
from workers.spec import WorkerSpec

CLOSE_GRACE = 5.0
"Seconds in which a child must exit after its socket was closed; then it gets SIGTERM."
TERMINATE_GRACE = 2.0
"Seconds in which a child must exit after SIGTERM; then it is killed."
_ROOT = Path(__file__).resolve().parent.parent


class ChildProcess:
    """A running process with the parent's end of its socketpair."""

    def __init__(self, process: Process, channel: Channel, output: OutputRing) -> None:
        self._process = process
        self.channel = channel
        self.output = output

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Send SIGKILL if the process is still running."""
        if self._process.returncode is None:
            self._process.kill()

    async def read_output(self) -> None:
        """Read stdout and stderr to their end."""
        assert self._process.stdout is not None
        await self.output.read_from(self._process.stdout)

    async def end(self) -> None:
        """End the process and wait until it has exited.

        The socket is closed first. If the process does not exit in time, it gets SIGTERM, and finally SIGKILL.
        """
        try:
            self.channel.close()
            if await self._ends_within(CLOSE_GRACE):
                return
            self._process.terminate()
            await self._ends_within(TERMINATE_GRACE)
        finally:
            self.channel.abort()
            self.kill()
        await self._process.wait()

    async def _ends_within(self, seconds: float) -> bool:
        with anyio.move_on_after(seconds):
            await self._process.wait()
        return self._process.returncode is not None

    def describe_end(self) -> str:
        """Return a text that completes the sentence "The process …", such as `was ended by SIGKILL`."""
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
async def open_child(spec: WorkerSpec) -> AsyncIterator[ChildProcess]:
    """Start the process and send its first frame. It is ended gracefully when the block is left, even by cancellation."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = await _spawn(spec, theirs.fileno())
        channel = await Channel.open(ours)
    except BaseException:
        ours.close()
        raise
    child = ChildProcess(process, channel, OutputRing())
    try:
        channel.send(frames.Start(frames.raw(spec.start), os.getpid(), spec.idle_priority, spec.address_space_bytes))
        yield child
    finally:
        with anyio.CancelScope(shield=True):
            await child.end()


async def _spawn(spec: WorkerSpec, descriptor: int) -> Process:
    # -P keeps the working directory out of the import path; PYTHONPATH leads to the packages from any directory.
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
