"""Authentication of requests. The application decides who the viewer is; the transport rejects what needs one."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from records.access import Viewer
from records.codes import ErrorCode
from transport.errors import RequestRejected
from transport.security.signed_links import Links, set_link_holder

Authenticate: TypeAlias = Callable[[str | None], Awaitable[Viewer]]
"""Returns the viewer of a request with this value of the header `Authorization`; nobody without valid credentials."""


def unauthenticated(message: str) -> RequestRejected:
    """Return the rejection of a request that needs credentials: 401."""
    return RequestRejected(
        message,
        status=HTTPStatus.UNAUTHORIZED,
        code=ErrorCode.UNAUTHENTICATED,
        headers={"WWW-Authenticate": "Bearer"},
    )


def require_viewer(viewer: Viewer) -> None:
    """Raise `RequestRejected` with 401 and the reason if the viewer is nobody."""
    if viewer.is_nobody:
        raise unauthenticated(viewer.problem or "The request has no credentials.")


async def authenticate_socket(
    authenticate: Authenticate, connection: HTTPConnection, payload: Mapping[str, Any]
) -> Viewer:
    """Return the viewer of a WebSocket by its header, or by the `authorization` in its `connection_init` payload.

    Browsers cannot set headers of a WebSocket.
    """
    viewer = await authenticate(connection.headers.get("authorization"))
    for name, value in payload.items():
        if viewer.is_nobody and name.lower() == "authorization" and isinstance(value, str):
            viewer = await authenticate(value)
    return viewer


class AccessGuard:
    """Middleware that rejects a request without valid credentials, except for a signed link and for the open paths.

    WebSockets and `/graphql` are authenticated by their endpoints. `admin_paths` are for administrators only.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Authenticate,
        links: Links | None,
        open_paths: Iterable[str],
        admin_paths: Iterable[str] = (),
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._links = links
        self._open_paths = tuple(open_paths)
        self._admin_paths = frozenset(admin_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_open(scope):
            try:
                await self._check(scope)
            except RequestRejected as rejection:
                response = JSONResponse({"errors": rejection.errors}, rejection.status, rejection.headers)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope) -> None:
        viewer = await self._authenticate(HTTPConnection(scope).headers.get("authorization"))
        require_viewer(viewer)
        if scope["path"] in self._admin_paths and not viewer.scope.is_admin:
            message = "Only administrators may read this."
            raise RequestRejected(message, status=HTTPStatus.FORBIDDEN, code=ErrorCode.FORBIDDEN)

    def _is_open(self, scope: Scope) -> bool:
        path: str = scope["path"]
        is_listed = any(
            path.startswith(each) if each.endswith("/") and each != "/" else path == each for each in self._open_paths
        )
        if is_listed or self._links is None:
            return is_listed
        holder = self._links.find_holder(scope["method"], path, HTTPConnection(scope).query_params)
        if holder is not None:
            set_link_holder(scope, holder)
        return holder is not None
