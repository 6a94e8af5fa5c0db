"""Request bodies, with a limit that is enforced while they arrive."""

from contextlib import aclosing
from email.message import Message
from http import HTTPStatus

from starlette.requests import Request

from records.codes import ErrorCode
from transport.errors import RequestRejected


def content_type(request: Request) -> tuple[str, str]:
    """Return the media type and the charset in lower case; both empty if `Content-Type` is missing or repeated."""
    values = request.headers.getlist("content-type")
    if len(values) != 1:
        return "", ""
    message = Message()
    message["content-type"] = values[0]
    return message.get_content_type(), str(message.get_param("charset", "")).lower()


def announced_bytes(request: Request) -> int:
    """Return the length of the body in bytes from `Content-Length`; 0 if the header is missing or invalid."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def read_body(request: Request, limit: int) -> bytearray:
    """Read the whole body. Raises `RequestRejected` with 413 as soon as its announced or received size exceeds `limit`."""
    body = bytearray()
    if announced_bytes(request) <= limit:
        async with aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > limit:
                    break
            else:
                return body
    raise too_large(limit, "The body of a request without files")


def too_large(limit: int, subject: str) -> RequestRejected:
    """Return the error for a body or a file of more than `limit` bytes."""
    return RequestRejected(
        f"{subject} must not exceed {limit:,} bytes.",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code=ErrorCode.TOO_LARGE,
    )
