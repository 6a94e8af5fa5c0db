"""Uploads, as graphql-multipart-request-spec says: `operations`, then `map`, then the files.

Since the order is held, it is known what a file is for before its first byte is taken; what is too large is refused while it
arrives.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from records.document import ReceivedFile
from records.errors import DiskFull, TooLarge
from records.settings import Limits
from transport.http.bodies import announced, too_large
from transport.http.requests import GraphQLRequest, read_json, read_request
from transport.security.refusals import RequestRefused
from transport.uploads.incoming import IncomingFile, IncomingFiles, shown_name
from transport.uploads.multipart import PartBegins, PartData, PartEvent, read_parts

MAX_FILES = 10
MAX_PLACES = 100
INDEX = re.compile(r"0|[1-9][0-9]{0,6}")
"""One spelling for each place, so that none can be named twice."""
OVERHEAD = 64 << 10
"""Bytes that boundaries and headers of parts may have beside what they carry."""

Place = Callable[[ReceivedFile], None]


@asynccontextmanager
async def receive_upload(request: Request, incoming: IncomingFiles, limits: Limits) -> AsyncIterator[GraphQLRequest]:
    """The request with its files in place. Files that are still in `incoming` when the block is left are removed."""
    with ExitStack() as files:
        upload = _Upload(incoming, limits, files, announced(request))
        try:
            async with aclosing(read_parts(request)) as parts:  # type: ignore[type-var]  # it is a generator
                async for event in parts:
                    await upload.take(event)
        except DiskFull as failure:
            status = HTTPStatus.INSUFFICIENT_STORAGE
            raise RequestRefused(failure.message, status=status, code=failure.code) from None
        yield upload.request()


class _Upload:
    """The parts of one body, one after the other."""

    def __init__(self, incoming: IncomingFiles, limits: Limits, files: ExitStack, announced_bytes: int) -> None:
        self._incoming = incoming
        self._limits = limits
        self._files = files
        self._announced = announced_bytes
        self._operations: Any = None
        self._request: GraphQLRequest | None = None
        self._places: dict[str, list[Place]] | None = None
        self._text: bytearray | None = None
        self._file: IncomingFile | None = None
        self._part = ""
        self._filename: str | None = None
        self._content_type: str | None = None

    def request(self) -> GraphQLRequest:
        if self._request is None or self._places is None:
            raise RequestRefused("A multipart request begins with the parts `operations` and `map`.")
        if self._places:
            raise RequestRefused("A file that `map` names is missing.")
        return self._request

    async def take(self, event: PartEvent) -> None:
        if isinstance(event, PartBegins):
            self._begin(event)
        elif isinstance(event, PartData):
            await self._take_data(event.data)
        elif self._file is not None:
            await self._place_file(self._file)
        else:
            self._end_text()

    def _begin(self, part: PartBegins) -> None:
        self._part = part.name
        expected = "operations" if self._request is None else "map" if self._places is None else None
        if expected == part.name:
            self._text = bytearray()
        elif expected is not None:
            raise RequestRefused("A multipart request begins with the parts `operations` and `map`, in this order.")
        elif part.name not in (self._places or {}):
            raise RequestRefused("A part is not in `map`, or comes twice.")
        else:
            self._filename, self._content_type = part.filename, part.content_type
            self._file = self._incoming.create()
            self._files.callback(self._file.remove)

    async def _take_data(self, data: bytes) -> None:
        if self._file is not None:
            try:
                await self._file.write(data)
            except TooLarge:
                raise too_large(self._limits.max_upload_bytes, "A file") from None
        elif self._text is not None:
            self._text += data
            if len(self._text) > self._limits.max_request_bytes:
                raise too_large(self._limits.max_request_bytes, f"`{self._part}`")

    def _end_text(self) -> None:
        assert self._text is not None
        value = read_json(self._text, f"`{self._part}`")
        self._text = None
        if self._request is None:
            self._request = read_request(value)
            self._operations = {"variables": self._request.variables}
        else:
            self._places = read_map(value, self._operations)
            most = len(self._places) * self._limits.max_upload_bytes + 2 * self._limits.max_request_bytes + OVERHEAD
            if self._announced > most:
                raise too_large(self._limits.max_upload_bytes, "A file")

    async def _place_file(self, file: IncomingFile) -> None:
        assert self._places is not None
        received = await file.finish(shown_name(self._filename), self._content_type)
        for place in self._places.pop(self._part):
            place(received)
        self._file = None


def read_map(value: object, operations: Any) -> dict[str, list[Place]]:
    """Where each file goes. Every place must exist, be null, and be named once."""
    if not isinstance(value, dict) or not value:
        raise RequestRefused("`map` must be an object that says where each file belongs.")
    if len(value) > MAX_FILES:
        raise RequestRefused(f"A request may bring {MAX_FILES} files at most.")
    seen: set[str] = set()
    for paths in value.values():
        if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
            raise RequestRefused("`map` must say for each file a list of paths, such as variables.input.file.")
        if len(seen) + len(paths) > MAX_PLACES or len(seen | {*paths}) < len(seen) + len(paths):
            raise RequestRefused("`map` names a place twice, or too many.")
        seen |= {*paths}
    return {name: [_place(operations, path) for path in paths] for name, paths in value.items()}


def _place(operations: Any, path: str) -> Place:
    *steps, last = path.split(".")
    if steps[:1] != ["variables"]:
        raise _no_place()
    container = operations
    for step in steps:
        container = container[_key(container, step)]
    key = _key(container, last)
    if container[key] is not None:
        raise _no_place()

    def put(file: ReceivedFile) -> None:
        container[key] = file

    return put


def _key(container: Any, step: str) -> Any:
    """The key that a step of a path stands for, in an object or a list that has it."""
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list) and INDEX.fullmatch(step) and int(step) < len(container):
        return int(step)
    raise _no_place()


def _no_place() -> RequestRefused:
    return RequestRefused("A path in `map` must lead to a variable, or a part of one, that is null.")
