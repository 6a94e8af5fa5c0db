"""The guard of host names: rejects requests for unknown host names, to prevent DNS rebinding."""

from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


def allowed_hosts(names: Iterable[str]) -> list[str]:
    """Return this machine's own names and `names`, without ports, as Starlette's middleware expects them.

    Wildcards are not allowed, because a foreign domain that resolves to this machine could match one (DNS rebinding).
    """
    return ["localhost", "127.0.0.1", "[::1]", *(_without_port(name) for name in names)]


def _without_port(name: str) -> str:
    bare = name.strip().lower()
    if bare.count(":") > 1 and not bare.startswith("["):
        return f"[{bare}]"
    return bare if bare.endswith("]") else bare.rpartition(":")[0] or bare


class HostGuard(TrustedHostMiddleware):
    """Rejects requests with an unknown or a repeated `Host`, except for the paths that are open to every host.

    A repeated `Host` is rejected because a proxy may have checked one header and this server would use the other. Health
    checks are open to every host: probes use the address of a container, and HTTP/1.0 requests may have no `Host`.
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
