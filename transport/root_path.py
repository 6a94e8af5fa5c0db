"""The path under which a reverse proxy serves the server, such as `/graphlore`."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Middleware that removes the root path from the path of a request, unless a proxy has already removed it.

    A request for the root path without a slash at its end is redirected to the path with a slash, because the relative
    addresses of the GraphiQL page need it.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not self._root_path:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if scope["type"] == "http" and path == self._root_path:
            await RedirectResponse(f"{self._root_path}/")(scope, receive, send)
        elif path.startswith(f"{self._root_path}/"):
            await self._app({**scope, "path": path[len(self._root_path) :]}, receive, send)
        else:
            await self._app(scope, receive, send)
