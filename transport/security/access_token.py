"""The access token: one secret that permits every operation and every path."""

import secrets
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from records.codes import ErrorCode
from transport.errors import RequestRejected
from transport.security.signed_links import Links, set_user_of_link


class AccessToken:
    """The access token of the server; None permits every request. Tokens are compared in constant time."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def require(self, connection: HTTPConnection) -> None:
        """Raise `RequestRejected` with 401 if the header `Authorization` does not contain the token."""
        if not self.accepts(connection.headers.get("authorization")):
            raise RequestRejected(
                "This server requires its access token. Send it as `Authorization: Bearer …`.",
                status=HTTPStatus.UNAUTHORIZED,
                code=ErrorCode.UNAUTHENTICATED,
                headers={"WWW-Authenticate": "Bearer"},
            )

    def accepts(self, authorization: object) -> bool:
        """Return whether the value of an `Authorization` header contains the token."""
        if self._token is None:
            return True
        scheme, _, given = authorization.partition(" ") if isinstance(authorization, str) else ("", "", "")
        is_right = secrets.compare_digest(given.strip().encode("utf-8", "replace"), self._token.encode())
        return is_right and scheme.lower() == "bearer"

    def accepts_socket(self, connection: HTTPConnection, payload: Mapping[str, Any]) -> bool:
        """Return whether a WebSocket's header or its `connection_init` payload contains the token.

        Browsers cannot set headers of a WebSocket; they send `authorization` in the payload.
        """
        given = [value for name, value in payload.items() if name.lower() == "authorization"]
        return self.accepts(connection.headers.get("authorization")) or any(self.accepts(value) for value in given)


class TokenGuard:
    """Middleware that rejects a request without the access token, except for a signed link and for the open paths.

    WebSockets and `/graphql` check the token themselves.
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
            except RequestRejected as rejection:
                response = JSONResponse({"errors": rejection.errors}, rejection.status, rejection.headers)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path: str = scope["path"]
        is_listed = any(
            path.startswith(each) if each.endswith("/") and each != "/" else path == each for each in self._open_paths
        )
        if is_listed:
            return True
        user_id = self._links.find_user(scope["method"], path, HTTPConnection(scope).query_params)
        if user_id is not None:
            set_user_of_link(scope, user_id)
        return user_id is not None
