"""Cookies of log-ins: read from a request into its exchange, and sent with its response."""

from starlette.requests import Request
from starlette.responses import Response

from records.access import Exchange
from transport.security.origin_guard import has_preflight_header

NAMES = {"refresh": "graphlore_refresh", "device": "graphlore_device"}
"""The names of the cookies. Over TLS they have the prefix `__Secure-`: browsers then store them from TLS pages only."""
SECURE = "__Secure-"


def read_exchange(request: Request) -> Exchange:
    """Return what a log-in needs to know of a request. The guard of origins has rejected pages of other sites before."""
    prefix = SECURE if _is_secure(request) else ""
    found = {name: request.cookies.get(prefix + cookie) for name, cookie in NAMES.items()}
    return Exchange(
        address=request.client.host if request.client else None,
        client=request.headers.get("user-agent", ""),
        is_own_page="origin" in request.headers and has_preflight_header(request),
        has_cookies=True,
        cookies={name: value for name, value in found.items() if value},
    )


def send_cookies(response: Response, exchange: Exchange, request: Request, path: str) -> None:
    """Add the cookies of an exchange to the response, for requests to `path`.

    Scripts cannot read them, and other sites cannot have them sent.
    """
    is_secure = _is_secure(request)
    for name, cookie in exchange.response_cookies.items():
        response.set_cookie(
            (SECURE if is_secure else "") + NAMES[name],
            cookie.value,
            max_age=cookie.max_age_seconds,
            path=path,
            secure=is_secure,
            httponly=True,
            samesite="strict",
        )


def _is_secure(request: Request) -> bool:
    """Return whether the client uses TLS. A proxy may terminate it; the page's origin then still has `https`."""
    return request.url.scheme == "https" or request.headers.get("origin", "").lower().startswith("https://")
