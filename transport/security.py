"""The guards at the door: which hosts and origins are served, who may come in, what browsers must not do with an answer."""

import secrets
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from records.codes import ErrorCode
from transport.refusals import RequestRefused

OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
PREFLIGHT_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}


def require_preflight(request: Request) -> None:
    """A form of another page can send multipart without the browser asking first; none of these headers can it send."""
    if not any(request.headers.get(name) for name in PREFLIGHT_HEADERS):
        message = (
            "Uploads need the header GraphQL-Require-Preflight with any value, so that no other page can send them."
        )
        raise RequestRefused(message, status=HTTPStatus.FORBIDDEN, code=ErrorCode.FORBIDDEN)


class AccessToken:
    """The one token that opens everything; None where the server is open to who reaches it. Compared in constant time."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def require(self, connection: HTTPConnection) -> None:
        """Raises `RequestRefused` with 401."""
        if not self.opens(connection.headers.get("authorization")):
            raise RequestRefused(
                "This server needs its access token: Authorization: Bearer …",
                status=HTTPStatus.UNAUTHORIZED,
                code=ErrorCode.UNAUTHENTICATED,
                headers={"WWW-Authenticate": "Bearer"},
            )

    def opens(self, authorization: object) -> bool:
        if self._token is None:
            return True
        scheme, _, given = authorization.partition(" ") if isinstance(authorization, str) else ("", "", "")
        right = secrets.compare_digest(given.strip().encode("utf-8", "replace"), self._token.encode())
        return right and scheme.lower() == "bearer"

    def opens_socket(self, connection: HTTPConnection, payload: Mapping[str, Any]) -> bool:
        """Browsers cannot set headers of a WebSocket: the token may come as `authorization` in the payload instead."""
        given = [value for name, value in payload.items() if name.lower() == "authorization"]
        return self.opens(connection.headers.get("authorization")) or any(self.opens(value) for value in given)


class HostAndOriginGuard:
    """Refuses, with 400 and 403, what a page of another site can make a browser send here.

    The names in `Host` are held against a list, so that a foreign name that points to this machine opens nothing (DNS
    rebinding). A request that tells its origin must come from the same host and port, or from an origin that is allowed.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = OWN_NAMES | {_name(host.lower()) for host in hosts}
        self._origins = {origin.lower().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refusal := self._refusal(Headers(scope=scope))):
            await _refuse(scope, receive, send, refusal)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, headers: Headers) -> tuple[HTTPStatus, str] | None:
        hosts = headers.getlist("host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if _name(host) not in self._hosts:
            return HTTPStatus.BAD_REQUEST, "This server is not known by this name."
        for origin in headers.getlist("origin"):
            if not self._allowed(origin.lower(), host):
                return HTTPStatus.FORBIDDEN, "Pages of this origin may not use this server."
        return None

    def _allowed(self, origin: str, host: str) -> bool:
        if origin in self._origins:
            return True
        try:
            parts = urlsplit(origin)
            own = urlsplit(f"{parts.scheme}://{host}")
            return parts.scheme in ("http", "https") and (parts.hostname, _port(parts)) == (own.hostname, _port(own))
        except ValueError:
            return False


def _port(parts: Any) -> int:
    port: int | None = parts.port
    return port or {"http": 80, "https": 443}[parts.scheme]


def _name(host: str) -> str | None:
    """The name in a `Host` header, without port and brackets."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
        return parts.hostname if parts.path == "" and "@" not in host else None
    except ValueError:
        return None


class TokenGuard:
    """Closes every path but the open ones to who does not bring the token. Sockets and `/graphql` ask for it themselves."""

    def __init__(self, app: ASGIApp, token: AccessToken, open_paths: Iterable[str]) -> None:
        self._app = app
        self._token = token
        self._open_paths = tuple(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_open(scope["path"]):
            try:
                self._token.require(HTTPConnection(scope))
            except RequestRefused as refusal:
                response = JSONResponse({"errors": refusal.errors}, refusal.status, refusal.headers)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return any(
            path.startswith(each) if each.endswith("/") and each != "/" else path == each for each in self._open_paths
        )


class SecurityHeaders:
    """Sets what is not set already; pages bring a policy of their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: tuple[HTTPStatus, str]) -> None:
    status, message = refusal
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": message})
        return
    code = ErrorCode.FORBIDDEN if status == HTTPStatus.FORBIDDEN else "BAD_REQUEST"
    response = JSONResponse({"errors": [{"message": message, "extensions": {"code": code}}]}, status)
    await response(scope, receive, send)
