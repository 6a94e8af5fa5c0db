"""The exchange of an HTTP request and its response, as far as log-ins need it: the client, its page and cookies."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie of a response. An empty value deletes the cookie."""

    value: str
    max_age_seconds: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with the cookies of its response, for the operations that log in and out.

    Resolvers put cookies into `response_cookies`; the transport sends them with the response.
    """

    address: str | None = None
    "IP address of the client; None if it is unknown."
    client: str = ""
    "The name that the browser or program sends: its `User-Agent`."
    is_own_page: bool = False
    "True if the request comes from a page of this server, or of an allowed origin, and has the preflight header."
    has_cookies: bool = False
    "True if the response can set cookies: false over a WebSocket."
    cookies: Mapping[str, str] = field(default_factory=dict)
    response_cookies: dict[str, Cookie] = field(default_factory=dict)
