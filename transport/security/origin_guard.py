"""The guard of origins, against cross-site request forgery (CSRF), and CORS for the allowed origins."""

import re
from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from records.codes import ErrorCode
from transport.errors import RequestRejected

HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
ORIGIN = re.compile(rf"(?P<scheme>https?)://{HOST.pattern}")
DEFAULT_PORTS = {"http": 80, "https": 443}
FOREIGN_ORIGIN = "Pages of this origin may not use this server. Its administrator can allow the origin."
PREFLIGHT_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
EXPOSED_HEADERS = ("X-Request-Id", "Content-Disposition", "Content-Range", "Accept-Ranges", "ETag", "Retry-After")
"""Headers of responses that pages of allowed origins can read."""


def require_preflight(request: Request) -> None:
    """Raise `RequestRejected` with 403 if the request has none of the headers that need a preflight.

    A form on a page of another site can send a multipart request without a preflight, but cannot set these headers.
    """
    if not has_preflight_header(request):
        message = (
            "Uploads need the header GraphQL-Require-Preflight with any value, which forms of other pages cannot send."
        )
        raise RequestRejected(message, status=HTTPStatus.FORBIDDEN, code=ErrorCode.FORBIDDEN)


def has_preflight_header(request: Request) -> bool:
    """Return whether a request has a header that a page of another site can send only after a preflight."""
    return any(request.headers.get(name) for name in PREFLIGHT_HEADERS)


class OriginGuard:
    """Middleware that rejects, with 403, requests that a page of another site makes a browser send.

    A request with `Origin` must come from the host and port that it is sent to, or from an allowed origin. A request
    without `Origin`, but with Fetch Metadata, must be same-origin, or a navigation by a link.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] in ("http", "websocket") else Headers()
        if self._allows(headers):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": FOREIGN_ORIGIN})
        else:
            error = {"message": FOREIGN_ORIGIN, "extensions": {"code": ErrorCode.FORBIDDEN}}
            await JSONResponse({"errors": [error]}, HTTPStatus.FORBIDDEN)(scope, receive, send)

    def _allows(self, headers: Headers) -> bool:
        origins = [origin.lower() for origin in headers.getlist("origin")]
        host = headers.get("host", "").lower()
        are_known = all(origin in self._origins or _is_same_origin(origin, host) for origin in origins)
        return are_known if origins else not _is_sent_by_another_site(headers)


def _is_same_origin(origin: str, host: str) -> bool:
    """Return whether `Origin` and `Host` name the same host and port. The scheme is ignored: a proxy may terminate TLS."""
    theirs, ours = ORIGIN.fullmatch(origin), HOST.fullmatch(host)
    if theirs is None or ours is None:
        return False
    default = DEFAULT_PORTS[theirs["scheme"]]
    return (theirs["name"], int(theirs["port"] or default)) == (ours["name"], int(ours["port"] or default))


def _is_sent_by_another_site(headers: Headers) -> bool:
    """Return whether Fetch Metadata shows that another site caused the request.

    Return False without these headers: the client is then an old browser or not a browser.
    """
    follows_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not follows_link


class AllowedOriginsCORS(CORSMiddleware):
    """Middleware that answers preflight requests of allowed origins, and permits their pages to read responses.

    An allowed origin may send every header, because clients and their tracing libraries add many
    (`apollographql-client-name`, `traceparent`, `baggage`, `sentry-trace`, `x-datadog-trace-id`). No header but
    `Authorization` grants access.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "POST"),
            allow_headers=("*",),
            expose_headers=EXPOSED_HEADERS,
            allow_private_network=True,
            max_age=600,
        )

    def is_allowed_origin(self, origin: str) -> bool:
        return origin.lower() in self.allow_origins
