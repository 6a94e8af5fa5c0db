"""The guard of host names: requests are served only under the names of the server (DNS rebinding)."""

from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def allowed_hosts(names: Iterable[str]) -> list[str]:
    """Return this machine's own names and the given ones, in the form of Starlette's middleware: without ports.

    Patterns are not allowed: a foreign name that resolves to this machine must not give access to it (DNS rebinding).
    """
    return ["localhost", "127.0.0.1", "[::1]", *(_without_port(name) for name in names)]


def _without_port(name: str) -> str:
    bare = name.strip().lower()
    if bare.count(":") > 1 and not bare.startswith("["):
        return f"[{bare}]"
    return bare if bare.endswith("]") else bare.rpartition(":")[0] or bare


class HostGuard(TrustedHostMiddleware):
    """Rejects requests with an unknown or a repeated `Host`, except for the paths that are open to every host.

    Of two `Host` headers, a proxy in front of the server may have checked the other one. Health checks are open to every
    host: probes name the address of a container, and HTTP/1.0 names no host.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str], any_host_paths: Iterable[str] = ()) -> None:
        super().__init__(app, allowed_hosts=list(hosts), www_redirect=False)
        self._any_host_paths = frozenset(any_host_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in self._any_host_paths:
            await self.app(scope, receive, send)
        elif scope["type"] in ("http", "websocket") and len(Headers(scope=scope).getlist("host")) > 1:
            await PlainTextResponse("Invalid host header", HTTPStatus.BAD_REQUEST)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
