"""Request bodies, bounded while they arrive."""

from email.message import Message
from http import HTTPStatus

from starlette.requests import Request

from records.codes import ErrorCode
from transport.security.refusals import RequestRefused


def content_type(request: Request) -> tuple[str, str]:
    """The media type, in small letters, and the charset; both empty where they are not given, or given twice."""
    given = request.headers.getlist("content-type")
    if len(given) != 1:
        return "", ""
    message = Message()
    message["content-type"] = given[0]
    return message.get_content_type(), str(message.get_param("charset", "")).lower()


def announced(request: Request) -> int:
    """Bytes of the body as the client says; 0 where it does not."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def read_body(request: Request, limit: int) -> bytearray:
    """The whole body. Raises `RequestRefused` with 413 as soon as it is known to be beyond `limit` bytes."""
    body = bytearray()
    if announced(request) <= limit:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                break
        else:
            return body
    raise too_large(limit, "A request without files")


def too_large(limit: int, what: str) -> RequestRefused:
    return RequestRefused(
        f"{what} may have {limit:,} bytes at most.",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code=ErrorCode.TOO_LARGE,
    )
