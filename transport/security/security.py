"""The guards at the door: which hosts and origins are served, who may come in, what browsers must not do with an answer."""

import re
import secrets
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from records.codes import ErrorCode
from transport.security.refusals import RequestRefused
from transport.security.signing import Links

HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
ORIGIN = re.compile(rf"(?P<scheme>https?)://{HOST.pattern}")
USUAL_PORTS = {"http": 80, "https": 443}
FOREIGN_ORIGIN = "Pages of this origin may not use this server."
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


def host_patterns(names: Iterable[str]) -> list[str]:
    """This machine's own names and the given ones, as Starlette's guard of hosts takes them: without ports.

    A foreign name that points to this machine must open nothing (DNS rebinding), so the names in `Host` are a list.
    """
    return ["localhost", "127.0.0.1", "[::1]", *(_pattern(name) for name in names)]


def _pattern(name: str) -> str:
    bare = name.strip().lower()
    if bare.count(":") > 1 and not bare.startswith("["):
        return f"[{bare}]"
    return bare if bare.endswith("]") else bare.rpartition(":")[0] or bare


class HostGuard(TrustedHostMiddleware):
    """Starlette's guard, for requests with one `Host`: of two, a proxy in front of us may have looked at the other one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and len(Headers(scope=scope).getlist("host")) > 1:
            await PlainTextResponse("Invalid host header", HTTPStatus.BAD_REQUEST)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class OriginGuard:
    """Refuses with 403 what a page of another site makes a browser send here.

    A request that tells its origin must come from the host and port that it is sent to, or from an origin that is allowed.
    One that tells none, but which site it comes from, must be this one's own, or a person who follows a link.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = {origin.lower().rstrip("/") for origin in origins}

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
        own = all(origin in self._origins or _is_of(origin, host) for origin in origins)
        return own if origins else _is_no_page_of_another_site(headers)


def _is_of(origin: str, host: str) -> bool:
    """Whether `Origin` names what `Host` names. Its scheme may differ: a proxy may have taken TLS off."""
    theirs, ours = ORIGIN.fullmatch(origin), HOST.fullmatch(host)
    if theirs is None or ours is None:
        return False
    usual = USUAL_PORTS[theirs["scheme"]]
    return (theirs["name"], int(theirs["port"] or usual)) == (ours["name"], int(ours["port"] or usual))


def _is_no_page_of_another_site(headers: Headers) -> bool:
    """By what browsers say of themselves; who says nothing is no browser of these years, or no browser."""
    follows_a_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin") or follows_a_link


class TokenGuard:
    """Closes every path but the open ones to who brings neither the token nor a signed link to that very path.

    Sockets and `/graphql` ask for the token themselves.
    """

    def __init__(self, app: ASGIApp, token: AccessToken, links: Links, open_paths: Iterable[str]) -> None:
        self._app = app
        self._token = token
        self._links = links
        self._open_paths = tuple(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_open(scope):
            try:
                self._token.require(HTTPConnection(scope))
            except RequestRefused as refusal:
                response = JSONResponse({"errors": refusal.errors}, refusal.status, refusal.headers)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path: str = scope["path"]
        listed = any(
            path.startswith(each) if each.endswith("/") and each != "/" else path == each for each in self._open_paths
        )
        return listed or self._links.opens(scope["method"], path, HTTPConnection(scope).query_params)


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
