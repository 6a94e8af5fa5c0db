"""Uploads by the GraphQL multipart request specification: the part `operations`, then `map`, then the files.

The order is enforced, so that the variable of each file is known before its first byte is written. A file that is too large
is rejected while it arrives.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from records.configuration import Limits
from records.document import ReceivedFile
from records.errors import DiskFull, TooLarge
from transport.errors import RequestRejected
from transport.http.graphql_request import GraphQLRequest, read_json, read_request
from transport.http.request_body import announced_bytes, too_large
from transport.uploads.file_names import display_name
from transport.uploads.incoming_file import IncomingFile, IncomingFiles
from transport.uploads.multipart_parser import PartBegins, PartData, PartEvent, read_parts

MAX_FILES = 10
"""Maximum number of files of one request."""
MAX_PATHS = 100
"""Maximum number of paths in the `map` of one request. Each names a variable that a file is assigned to."""
INDEX = re.compile(r"0|[1-9][0-9]{0,6}")
"""The only spelling of an index in a list, so that two different paths never name the same variable."""
OVERHEAD = 64 << 10
"""Maximum number of bytes of the boundaries and headers of all parts together."""

Assign = Callable[[ReceivedFile], None]
"""Assigns a file to a variable."""


@asynccontextmanager
async def receive_upload(request: Request, incoming: IncomingFiles, limits: Limits) -> AsyncIterator[GraphQLRequest]:
    """Receive a request with its files. Files that are still in `incoming` when the block is left are removed.

    Raises `RequestRejected` if the request is invalid, too large, or cannot be stored because the disk is full, and
    `PersistedQueryNotSupported` if it contains the hash of a persisted query instead of a query.
    """
    with ExitStack() as files:
        upload = _Upload(incoming, limits, files, announced_bytes(request))
        try:
            async with aclosing(read_parts(request)) as parts:  # type: ignore[type-var]  # it is a generator
                async for event in parts:
                    await upload.handle(event)
        except DiskFull as failure:
            status = HTTPStatus.INSUFFICIENT_STORAGE
            raise RequestRejected(failure.message, status=status, code=failure.code) from None
        yield upload.request()


class _Upload:
    """Handles the parts of one multipart body in the order in which they arrive."""

    def __init__(self, incoming: IncomingFiles, limits: Limits, files: ExitStack, body_bytes: int) -> None:
        self._incoming = incoming
        self._limits = limits
        self._files = files
        self._body_bytes = body_bytes
        self._operations: Any = None
        self._request: GraphQLRequest | None = None
        self._assignments: dict[str, list[Assign]] | None = None
        self._text: bytearray | None = None
        self._file: IncomingFile | None = None
        self._part = ""
        self._filename: str | None = None
        self._content_type: str | None = None

    def request(self) -> GraphQLRequest:
        """Return the request with its files. Raises `RequestRejected` if a part is missing."""
        if self._request is None or self._assignments is None:
            raise RequestRejected("A multipart request must begin with the parts `operations` and `map`.")
        if self._assignments:
            raise RequestRejected("A file that `map` names is missing.")
        return self._request

    async def handle(self, event: PartEvent) -> None:
        if isinstance(event, PartBegins):
            self._begin(event)
        elif isinstance(event, PartData):
            await self._append(event.data)
        elif self._file is not None:
            await self._assign(self._file)
        else:
            self._end_text()

    def _begin(self, part: PartBegins) -> None:
        self._part = part.name
        expected = "operations" if self._request is None else "map" if self._assignments is None else None
        if expected == part.name:
            self._text = bytearray()
        elif expected is not None:
            raise RequestRejected(
                "A multipart request must begin with the parts `operations` and `map`, in this order."
            )
        elif part.name not in (self._assignments or {}):
            raise RequestRejected("A part is not named in `map`, or is sent twice.")
        else:
            self._filename, self._content_type = part.filename, part.content_type
            self._file = self._incoming.create()
            self._files.callback(self._file.remove)

    async def _append(self, data: bytes) -> None:
        if self._file is not None:
            try:
                await self._file.write(data)
            except TooLarge:
                raise too_large(self._limits.max_upload_bytes, "A file") from None
        elif self._text is not None:
            self._text += data
            if len(self._text) > self._limits.max_request_bytes:
                raise too_large(self._limits.max_request_bytes, f"The part `{self._part}`")

    def _end_text(self) -> None:
        assert self._text is not None
        value = read_json(self._text, f"The part `{self._part}`")
        self._text = None
        if self._request is None:
            self._request = read_request(value)
            self._operations = {"variables": self._request.variables}
        else:
            self._assignments = read_map(value, self._operations)
            max_files_bytes = len(self._assignments) * self._limits.max_upload_bytes
            if self._body_bytes > max_files_bytes + 2 * self._limits.max_request_bytes + OVERHEAD:
                raise too_large(self._limits.max_upload_bytes, "A file")

    async def _assign(self, file: IncomingFile) -> None:
        assert self._assignments is not None
        received = await file.finish(display_name(self._filename), self._content_type)
        for assign in self._assignments.pop(self._part):
            assign(received)
        self._file = None


def read_map(value: object, operations: Any) -> dict[str, list[Assign]]:
    """Return, for each file's part name, the functions that assign the file to the variables that `map` lists for it.

    `value` is the part `map`, such as `{"0": ["variables.input.file"]}`. The functions change `operations`. Raises
    `RequestRejected` unless every path names an existing variable that is null, and no path occurs twice.
    """
    if not isinstance(value, dict) or not value:
        raise RequestRejected("`map` must be an object with the variables of each file.")
    if len(value) > MAX_FILES:
        raise RequestRejected(f"A request must not have more than {MAX_FILES} files.")
    seen: set[str] = set()
    for paths in value.values():
        if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
            raise RequestRejected("`map` must contain a list of paths for each file, such as variables.input.file.")
        if len(seen) + len(paths) > MAX_PATHS or len(seen | {*paths}) < len(seen) + len(paths):
            raise RequestRejected(f"`map` must not name a path twice, nor more than {MAX_PATHS} paths.")
        seen |= {*paths}
    return {name: [_assignment(operations, path) for path in paths] for name, paths in value.items()}


def _assignment(operations: Any, path: str) -> Assign:
    """Return a function that assigns a file to the variable at `path`. Raises `RequestRejected` for an invalid path."""
    *steps, last = path.split(".")
    if steps[:1] != ["variables"]:
        raise _invalid_path()
    container = operations
    for step in steps:
        container = container[_key(container, step)]
    key = _key(container, last)
    if container[key] is not None:
        raise _invalid_path()

    def assign(file: ReceivedFile) -> None:
        container[key] = file

    return assign


def _key(container: Any, step: str) -> Any:
    """Return `step`, one component of a path, as the key of an object or as the index of a list.

    Raises `RequestRejected` if `container` has no such element.
    """
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list) and INDEX.fullmatch(step) and int(step) < len(container):
        return int(step)
    raise _invalid_path()


def _invalid_path() -> RequestRejected:
    return RequestRejected("A path in `map` must lead to a variable, or to a part of one, that is null.")
