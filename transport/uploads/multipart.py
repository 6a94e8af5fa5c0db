"""A multipart body as a stream of parts, over python-multipart's push parser: nothing is held back but a part's headers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from transport.security.refusals import RequestRefused

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


MOST_LEFT_OVER = 64 << 10
"""Bytes behind the last boundary. They mean nothing, so there may not be endlessly many of them."""


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
    """Raises `RequestRefused` where the body is not multipart, or ends too early."""
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary")
    if not boundary:
        raise RequestRefused("The multipart body's boundary is missing in `Content-Type`.")
    parts, left_over = _Parts(), 0
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in request.stream():
            left_over += len(chunk) if parts.ended else 0
            if left_over > MOST_LEFT_OVER:
                raise RequestRefused("The multipart body goes on behind its end.")
            parser.write(chunk)
            for event in parts.take():
                yield event
    except FormParserError:
        raise RequestRefused("The body is not the multipart that its `Content-Type` announces.") from None
    if not parts.ended:
        raise RequestRefused("The multipart body ends too early.")


@dataclass(slots=True)
class _Parts:
    """What the parser tells, as events."""

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
            "on_header_end": self._header_ends,
            "on_headers_finished": self._part_begins,
            "on_part_data": lambda data, start, end: self._events.append(PartData(data[start:end])),
            "on_part_end": lambda: self._events.append(PartEnds()),
            "on_end": self._end,
        }

    def take(self) -> list[PartEvent]:
        events, self._events = self._events, []
        return events

    def _header_ends(self) -> None:
        # Browsers and curl write file names in UTF-8; parse_options_header takes and gives Latin-1.
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name.clear()
        self._value.clear()

    def _part_begins(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        filename = options.get(b"filename")
        self._events.append(
            PartBegins(
                name=options.get(b"name", b"").decode("utf-8", "replace"),
                filename=None if filename is None else filename.decode("utf-8", "replace"),
                content_type=self._headers.get("content-type"),
            )
        )

    def _end(self) -> None:
        self.ended = True
