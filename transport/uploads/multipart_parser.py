"""Reads a multipart body as a stream of events, by the push parser of python-multipart. Only headers are buffered."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from transport.errors import RequestRejected
from transport.uploads.file_names import parse_disposition

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


MAX_EPILOGUE = 64 << 10
"""Maximum number of bytes after the last boundary. They are ignored, but a client could send them without end."""


@dataclass(frozen=True, slots=True)
class PartBegins:
    name: str
    filename: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class PartData:
    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnds:
    pass


PartEvent = PartBegins | PartData | PartEnds


async def read_parts(request: Request) -> AsyncIterator[PartEvent]:
    """Parse the body of a request and yield its parts as events.

    Raises `RequestRejected` if the body is not multipart or ends too early.
    """
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary")
    if not boundary:
        raise RequestRejected("`Content-Type` must contain the boundary of the multipart body.")
    parts, epilogue = _Parts(), 0
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async with aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                epilogue += len(chunk) if parts.ended else 0
                if epilogue > MAX_EPILOGUE:
                    raise RequestRejected("The multipart body continues after its last boundary.")
                parser.write(chunk)
                for event in parts.take_events():
                    yield event
    except FormParserError:
        raise RequestRejected("The body is not valid multipart/form-data.") from None
    if not parts.ended:
        raise RequestRejected("The multipart body ends before its last boundary.")


@dataclass(slots=True)
class _Parts:
    """Converts the callbacks of the parser to events."""

    ended: bool = False
    _events: list[PartEvent] = field(default_factory=list)
    _headers: dict[str, str] = field(default_factory=dict)
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_part,
            "on_part_data": lambda data, start, end: self._events.append(PartData(data[start:end])),
            "on_part_end": lambda: self._events.append(PartEnds()),
            "on_end": self._end,
        }

    def take_events(self) -> list[PartEvent]:
        """Return the events since the last call."""
        events, self._events = self._events, []
        return events

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name.clear()
        self._value.clear()

    def _begin_part(self) -> None:
        disposition = parse_disposition(self._headers.get("content-disposition", ""))
        self._events.append(PartBegins(disposition.name, disposition.filename, self._headers.get("content-type")))

    def _end(self) -> None:
        self.ended = True
