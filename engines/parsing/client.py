"""The server's side of parsing: a worker that reads files, and plain reasons where it cannot.

A parser cannot be interrupted in the middle of a file; where it takes too long, or nobody wants its result any more,
its process is ended and the next file gets a fresh one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import structlog

from engines.parsing.limits import Limits, above_limit
from engines.parsing.protocol import Event, Parse, Parsed, ParseProgress, Start
from records.codes import ErrorCode
from records.document import Chunking, ParsedDocument
from records.errors import DocumentUnreadable
from records.system import WorkerPurpose
from workers import CallStream, Worker, WorkerCallFailed, WorkerCrashed, WorkerGivenUp, WorkerSpec, open_worker

log = structlog.get_logger("graphlore.parsing")

RECYCLE_AFTER = 200
IDLE_SECONDS = 60.0
CANCEL_SECONDS = 2.0
SILENCE_SECONDS = 300.0
"""Long: a parser may hold Python's lock for minutes, and this process only gets what the others leave."""
_BROKE_DOWN = {
    "SIGXCPU": "Reading the document takes more computing time than it may.",
    "did not respond": "Reading the document takes longer than it may.",
    **dict.fromkeys(
        ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "exit status"),
        "The program that reads such files broke down over this one; it may be damaged or too large.",
    ),
}
"""Ends that the file brought about, so that another try would end alike. SIGKILL is none: it comes from outside."""
_EXPECTED = frozenset(ErrorCode) - {ErrorCode.INTERNAL}
_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}

_EVENT = cast(type[Event], Event)
"""A union is no type to mypy, but one to msgspec."""


@asynccontextmanager
async def open_parser(limits: Limits | None = None, *, recognize: bool = True) -> AsyncIterator["Parser"]:
    """A worker that starts with the first file and ends after a minute without one.

    `recognize`: text in pictures, where the extra for that is installed.
    """
    limits = limits or Limits()
    spec = WorkerSpec(
        purpose=WorkerPurpose.PARSING,
        module="engines.parsing.worker.main",
        start=Start(limits, recognize),
        idle_priority=True,
        idle_seconds=IDLE_SECONDS,
        recycle_calls=RECYCLE_AFTER,
        address_space_bytes=limits.address_space_bytes,
        silence_limit=SILENCE_SECONDS,
        cancel_limit=CANCEL_SECONDS,
        environment=_ENVIRONMENT,
    )
    async with open_worker(spec) as worker:
        yield Parser(worker, limits)


class Parser:
    def __init__(self, worker: Worker, limits: Limits) -> None:
        self.worker = worker
        self._limits = limits

    @asynccontextmanager
    async def parse(self, path: Path, media_type: str, name: str, chunking: Chunking) -> AsyncIterator["Parsing"]:
        """Text, chunks and progress as they come. Leaving the block early ends the work on this file.

        One file at a time: a second one would wait, and its time would count.
        """
        request = Parse(str(path), media_type, name, chunking.max_tokens, chunking.overlap_tokens)
        async with AsyncExitStack() as stack:
            try:
                # Only the entering: inside the block, failures of other workers are the caller's.
                stream = await stack.enter_async_context(self.worker.stream(request, _EVENT, Parsed))
            except (WorkerCrashed, WorkerGivenUp) as failure:
                raise unreadable(failure) from failure
            yield Parsing(stream, self.worker, self._limits.seconds)


class Parsing:
    """A document that is being parsed: an iterator of what comes out; `parsed` once it has ended.

    Iterating raises `DocumentUnreadable`, also above the limit of time, which counts only while the worker is waited for,
    and anew from every page that was recognized: who gets stuck is given up, and a long scan is not.
    """

    def __init__(self, stream: CallStream[Event, Parsed], worker: Worker, seconds: float) -> None:
        self._stream = stream
        self._worker = worker
        self._seconds = self._seconds_left = seconds
        self._pages_looked_at = 0

    @property
    def parsed(self) -> ParsedDocument:
        return self._stream.reply.document

    def __aiter__(self) -> "Parsing":
        return self

    async def __anext__(self) -> Event:
        event = await self._next()
        if isinstance(event, ParseProgress) and event.pages_looked_at > self._pages_looked_at:
            self._pages_looked_at, self._seconds_left = event.pages_looked_at, self._seconds
        return event

    async def _next(self) -> Event:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(self._seconds_left):
                return await anext(self._stream)
        except TimeoutError as error:
            self._worker.restart()
            raise above_limit("Reading the document took longer than it may; it was given up.") from error
        except (WorkerCallFailed, WorkerCrashed, WorkerGivenUp) as failure:
            if isinstance(failure, WorkerCrashed):
                self._worker.reset()  # It was the file: the next ones must not wait for a worker that is given up.
            raise unreadable(failure) from failure
        finally:
            self._seconds_left -= loop.time() - begun


def unreadable(failure: WorkerCallFailed | WorkerCrashed | WorkerGivenUp) -> DocumentUnreadable:
    """What a failure of the worker means for the document."""
    if isinstance(failure, WorkerGivenUp):
        return DocumentUnreadable(ErrorCode.WORKER_CRASHED, failure.message, retryable=True)
    if isinstance(failure, WorkerCrashed):
        log.warning("parser crashed", reason=failure.reason)
        return _crashed(failure)
    if failure.code in _EXPECTED:
        return DocumentUnreadable(ErrorCode(failure.code), failure.message)
    return DocumentUnreadable(
        ErrorCode.CORRUPT_DOCUMENT, "The file is damaged, or its parser cannot cope with it: reading it failed."
    )


def _crashed(failure: WorkerCrashed) -> DocumentUnreadable:
    for sign, message in _BROKE_DOWN.items():
        if sign in failure.reason:
            return above_limit(message)
    return DocumentUnreadable(ErrorCode.WORKER_CRASHED, failure.message, retryable=True)
