"""The server's side of parsing: sends files to the parsing worker and reports why a file could not be parsed.

The worker process cannot be interrupted within a file. If it exceeds the time limit, or if the caller cancels, the process
is ended, and the next file starts a new process.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import anyio
import structlog

from engines.parsing.parsing_limits import ParsingLimits, above_limit
from engines.parsing.protocol import ParseEvent, ParseProgress, ParseReply, ParseRequest, Start
from records.codes import ErrorCode
from records.document import Chunking, ParsedDocument
from records.errors import DocumentUnreadable
from records.system import WorkerPurpose
from workers import CallStream, Worker, WorkerCallFailed, WorkerCrashed, WorkerGivenUp, WorkerSpec, open_worker

log = structlog.get_logger("graphlore.parsing")

RECYCLE_AFTER = 200
"""Number of files after which the process is replaced, so that memory leaks of native libraries stay bounded."""
IDLE_SECONDS = 60.0
CANCEL_SECONDS = 2.0
SILENCE_SECONDS = 300.0
"""Seconds without a heartbeat after which the process is ended.

The value is high because a native library can keep Python's global lock for minutes, and because the process runs at idle
priority.
"""
_SPLIT = "Split the document into smaller files and upload those."
_CRASHED = "The parser crashed on this file, which may be damaged. Save it in another format and upload that."
_CRASHES_OF_THE_FILE = {
    "SIGXCPU": f"Parsing the document exceeded the limit of CPU time. {_SPLIT}",
    "did not respond": f"The parser stopped responding while it parsed the document. {_SPLIT}",
    **dict.fromkeys(
        ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "exit status"),
        _CRASHED,
    ),
}
"""Messages for crashes that the file caused, so that a retry would crash again. The key is a part of the crash reason.

SIGKILL is not in the table, because it has other causes: the kernel sends it, for example, when memory is low.
"""
_EXPECTED_CODES = frozenset(ErrorCode) - {ErrorCode.INTERNAL}
_ENVIRONMENT = {
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}

_EVENT = cast(type[ParseEvent], ParseEvent)
"""The union of event types. msgspec accepts a union as a type, mypy does not."""


@asynccontextmanager
async def open_parser(limits: ParsingLimits | None = None, *, ocr: bool = True) -> AsyncIterator["Parser"]:
    """Open a parser. Its process starts with the first file and ends after 60 idle seconds.

    With `ocr`, text in images is recognized if the OCR extra is installed.
    """
    limits = limits or ParsingLimits()
    spec = WorkerSpec(
        purpose=WorkerPurpose.PARSING,
        module="engines.parsing.worker.main",
        start=Start(limits, ocr),
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
    """Parses one file at a time in a worker process."""

    def __init__(self, worker: Worker, limits: ParsingLimits) -> None:
        self.worker = worker
        self._limits = limits

    @asynccontextmanager
    async def parse(self, path: Path, media_type: str, name: str, chunking: Chunking) -> AsyncIterator["ParseStream"]:
        """Parse a file and yield the stream of its events. Leaving the `async with` block early cancels the work.

        `name` is the client's name for the file. Parse one file at a time: the time that a second call waits for the worker
        counts against its time limit. Raises `DocumentUnreadable`.
        """
        request = ParseRequest(str(path), media_type, name, chunking.max_tokens, chunking.overlap_tokens)
        async with AsyncExitStack() as stack:
            try:
                # Only entering the stream is guarded: errors of other workers inside the block belong to the caller.
                stream = await stack.enter_async_context(self.worker.stream(request, _EVENT, ParseReply))
            except (WorkerCrashed, WorkerGivenUp) as failure:
                raise _document_error(failure) from failure
            yield ParseStream(stream, self.worker, self._limits.seconds)


class ParseStream:
    """The events of one file, in order. `parsed` is available when the iteration has ended.

    Iteration raises `DocumentUnreadable`; the code is PARSER_LIMIT if the time limit is exceeded. Only the time spent
    waiting for the worker counts. The time limit starts again after each page that was passed to OCR: a long scan may take
    hours, a single page may not.
    """

    def __init__(self, stream: CallStream[ParseEvent, ParseReply], worker: Worker, seconds: float) -> None:
        self._stream = stream
        self._worker = worker
        self._seconds = self._seconds_left = seconds
        self._ocr_pages = 0

    @property
    def parsed(self) -> ParsedDocument:
        """The parsed document's properties. Raises `RuntimeError` before the iteration has ended."""
        return self._stream.reply.document

    def __aiter__(self) -> "ParseStream":
        return self

    async def __anext__(self) -> ParseEvent:
        event = await self._next()
        if isinstance(event, ParseProgress) and event.ocr_pages > self._ocr_pages:
            self._ocr_pages, self._seconds_left = event.ocr_pages, self._seconds
        return event

    async def _next(self) -> ParseEvent:
        started_at = anyio.current_time()
        try:
            with anyio.fail_after(self._seconds_left):
                return await anext(self._stream)
        except TimeoutError as error:
            self._worker.restart()
            raise above_limit(
                f"Parsing the document exceeded the time limit of {self._seconds:,g} seconds. {_SPLIT}"
            ) from error
        except (WorkerCallFailed, WorkerCrashed, WorkerGivenUp) as failure:
            if isinstance(failure, WorkerCrashed):
                self._worker.reset()  # The file caused the crash, so the next files must not wait for a backoff.
            raise _document_error(failure) from failure
        finally:
            self._seconds_left -= anyio.current_time() - started_at


def _document_error(failure: WorkerCallFailed | WorkerCrashed | WorkerGivenUp) -> DocumentUnreadable:
    """Return the error to report for a document when the worker failed while parsing it."""
    if isinstance(failure, WorkerGivenUp):
        return DocumentUnreadable(ErrorCode.WORKER_CRASHED, failure.message, retryable=True)
    if isinstance(failure, WorkerCrashed):
        log.warning("parser crashed", reason=failure.reason)
        return _crash_error(failure)
    if failure.code in _EXPECTED_CODES:
        return DocumentUnreadable(ErrorCode(failure.code), failure.message)
    return DocumentUnreadable(
        ErrorCode.CORRUPT_DOCUMENT,
        "The file is damaged, or its parser does not support it. Save a new copy in its original program or in another "
        "format and upload that.",
    )


def _crash_error(failure: WorkerCrashed) -> DocumentUnreadable:
    for part_of_reason, message in _CRASHES_OF_THE_FILE.items():
        if part_of_reason in failure.reason:
            return above_limit(message)
    return DocumentUnreadable(ErrorCode.WORKER_CRASHED, failure.message, retryable=True)
